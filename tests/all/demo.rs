//! The demo as a newcomer runs it, with this build's binary; and that its checks can fail.

use crate::judges::{AUDIT, CRL, judged};
use crate::present::ROOT;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(script: &str, out: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-test").join(script);
    Command::new(script).arg(out).env("ANCHORITE_BIN", env!("CARGO_BIN_EXE_anchorite")).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Changes a file, expects the checks to name what does not hold, and changes it back.
fn found(out: &Path, file: &str, change: impl Fn(&mut Vec<u8>), fault: &str) {
    let path = out.join(file);
    let before = fs::read(&path).unwrap();
    let mut bytes = before.clone();
    change(&mut bytes);
    assert_ne!(bytes, before);
    fs::write(&path, bytes).unwrap();
    let output = run("verify-demo.sh", out);
    fs::write(&path, before).unwrap();
    assert_eq!(output.status.code(), Some(1), "{file}: {}", said(&output));
    assert!(said(&output).contains(&format!("does not hold: {fault}")), "{file}: {}", said(&output));
}

#[test]
fn the_demo_succeeds_and_its_checks_find_what_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let output = run("demo.sh", &out);
    assert!(output.status.success(), "{}", said(&output));
    for part in [
        "authority/log/entries.jsonl",
        "medium/anchorite-medium.json",
        "requests/cluster1/request.json",
        "requests/cluster2.csr",
        "identities/cluster3/identity.age",
        "cluster1/ca-key.pem",
        "cluster2/cert-chain.pem",
        "cluster3/root-cert.pem",
        "cacerts-cluster1.yaml",
        "token/softhsm2.conf",
        "token/tokens",
        "pins/user",
        "pins/so",
        "answers",
        "env.sh",
    ] {
        assert!(out.join(part).exists(), "{part}");
    }

    let glue = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    found(&out, "cluster1/cert-chain.pem", glue, "cluster1: the chain is intermediate, then root");
    found(&out, "cluster2/ca-key.pem", glue, "cluster2: no PEM block is glued to another");
    let other = fs::read(out.join("cluster2/ca-key.pem")).unwrap();
    found(&out, "cluster1/ca-key.pem", |bytes| bytes.clone_from(&other), "cluster1: the key is the certificate's");
    let flip = |bytes: &mut Vec<u8>| *bytes.iter_mut().rev().nth(400).unwrap() ^= 1;
    found(&out, "authority/log/entries.jsonl", flip, "log: a second reader, in Python");
    let older = |bytes: &mut Vec<u8>| {
        let note = String::from_utf8_lossy(bytes).into_owned();
        let size: u64 = note.lines().nth(1).unwrap().parse().unwrap();
        *bytes = note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 1), 1).into_bytes();
    };
    found(&out, "authority/log/checkpoint", older, "log: the newest checkpoint, by openssl");
    let key = |bytes: &mut Vec<u8>| bytes.extend_from_slice(b"-----BEGIN PRIVATE KEY-----\n");
    found(&out, "answers/../authority/authority.toml", key, "no private key in authority, medium, requests");
    let name = |bytes: &mut Vec<u8>| {
        *bytes = String::from_utf8_lossy(bytes).replacen("data:", "data:\n  ca-cert.pem: AA==", 1).into()
    };
    found(&out, "cacerts-cluster1.yaml", name, "Secret: its data are the four files");
}

#[test]
fn other_implementations_accept_what_the_demo_makes_and_refuse_what_was_swapped() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let output = run("demo.sh", &out);
    assert!(output.status.success(), "{}", said(&output));
    let chains = ["cluster1/cert-chain.pem", "cluster2/cert-chain.pem", "cluster3/cert-chain.pem"];
    let ask = || judged(&out, Some(CRL), ROOT, &[&[AUDIT][..], &chains].concat());
    ask().accepted();
    fs::copy(out.join(AUDIT), out.join(ROOT)).unwrap();
    let verdicts = ask();
    for chain in chains {
        verdicts.refused_by_all(chain);
    }
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "mine").unwrap();
    let output = run("demo.sh", dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("nothing was touched"), "{}", said(&output));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(run("demo.sh", &dir.path().join("mine")).status.code(), Some(2));
}
