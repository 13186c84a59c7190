//! The log and a bundle before stock tools alone, with the very commands of the README; proofs before another
//! implementation; and what `log verify` says.
//!
//! `openssl` knows only the present, so these authorities are made now and not at a given time.

use super::present::{have, issued};
use super::support::{AUTHORITY, ENTRIES, Output, World};

/// The commands of a block of the README, which is marked `<!-- run: NAME -->`.
pub fn readme(block: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(&format!("<!-- run: {block} -->\n```sh\n")).expect(block);
    rest.split_once("```\n").unwrap().0.to_owned()
}

/// RFC 6962 section 2.1.1, of a tlog-proof that comes in on stdin: prints the root it leads to.
const OF_A_PROOF: &str = r#"
import base64, hashlib, sys
line, proof = open(sys.argv[1], "rb").read(), sys.stdin.read()
head, note = proof.split("\n\n", 1)
lines = head.split("\n")
assert lines[0] == "c2sp.org/tlog-proof@v1", lines[0]
index = int(lines[1].removeprefix("index "))
size, root = int(note.split("\n")[1]), note.split("\n")[2]
node, fn, sn = hashlib.sha256(b"\0" + line).digest(), index, size - 1
for sibling in map(base64.b64decode, lines[2:]):
    if fn % 2 or fn == sn:
        node = hashlib.sha256(b"\1" + sibling + node).digest()
        while fn and not fn % 2:
            fn, sn = fn >> 1, sn >> 1
    else:
        node = hashlib.sha256(b"\1" + node + sibling).digest()
    fn, sn = fn >> 1, sn >> 1
assert sn == 0 and base64.b64decode(root) == node, "the proof does not lead to the checkpoint's root"
print(index, size)
"#;

/// Runs commands as they are written, in a directory of the world; the first that fails ends them.
fn shell(world: &World, dir: &str, commands: &str) -> Output {
    world.tool("bash", &["-euo", "pipefail", "-c", &format!("cd {dir}\n{commands}")])
}

/// Flips the lowest bit of a byte of a file, counted from the end.
fn flip(world: &World, file: &str, from_end: usize) -> Vec<u8> {
    let before = world.read(file);
    let mut bytes = before.clone();
    let at = bytes.len() - 1 - from_end;
    bytes[at] ^= 1;
    world.write(file, bytes);
    before
}

#[test]
fn a_log_is_checked_with_stock_tools_alone_and_they_notice_a_changed_byte() {
    let (world, _) = issued("ecdsa-p256");
    world.write("authority/root-cert.pem", world.read("authority/public/root-cert.pem"));
    let said = shell(&world, AUTHORITY, &readme("log")).ok().stdout;
    assert!(said.contains("log/audit/1.pem: OK") && said.contains("Verified OK"), "{said}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/check-log.py");
    let said = world.tool("python3", &[script, "authority/log"]).ok().stdout;
    assert!(said.contains("entries chain, and their root is the checkpoint's"), "{said}");

    // The size of the tree is in the body that is signed.
    let note = String::from_utf8(world.read("authority/log/checkpoint")).unwrap();
    let size = note.lines().nth(1).unwrap();
    world.write("authority/log/checkpoint", note.replacen(size, "1", 1));
    assert_ne!(shell(&world, AUTHORITY, &readme("log")).code, Some(0));
    world.write("authority/log/checkpoint", &note);

    for from_end in [20, 500, 5000] {
        let before = flip(&world, ENTRIES, from_end);
        assert_eq!(world.tool("python3", &[script, "authority/log"]).code, Some(1), "{from_end} from the end");
        world.write(ENTRIES, before);
    }
}

#[test]
fn a_bundle_is_checked_with_stock_tools_alone_and_they_notice_a_changed_byte() {
    if !have("age") || !have("jq") {
        return;
    }
    let (world, bundle) = issued("ecdsa-p256");
    world.write(format!("{bundle}/root-cert.pem"), world.read("authority/public/root-cert.pem"));
    world.write(format!("{bundle}/identity.age"), world.read("clusters/cluster1/identity.age"));
    let said = shell(&world, &bundle, &readme("bundle")).ok().stdout;
    for part in ["signer.pem: OK", "critical", "Verified OK", "payload.age: OK", "ca-cert.pem: OK", "entry.json: OK"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for file in ["envelope.json", "envelope.sig", "payload.age", "checkpoint"] {
        let before = flip(&world, &format!("{bundle}/{file}"), 10);
        assert_ne!(shell(&world, &bundle, &format!("rm -rf files\n{}", readme("bundle"))).code, Some(0), "{file}");
        world.write(format!("{bundle}/{file}"), before);
    }
}

#[test]
fn a_proof_leads_to_the_checkpoint_by_another_implementation() {
    let (world, _) = issued("ecdsa-p256");
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    world.write("proof.py", OF_A_PROOF);
    for index in [0, 1, lines.len() / 2, lines.len() - 2, lines.len() - 1] {
        let proof = world.run(&["log", "prove", AUTHORITY, &index.to_string()]).ok().stdout;
        assert!(proof.ends_with(&String::from_utf8(world.read("authority/log/checkpoint")).unwrap()));
        world.write("proof", &proof);
        world.write("line", lines[index]);
        let said = shell(&world, ".", "python3 proof.py line < proof").ok().stdout;
        assert_eq!(said, format!("{index} {}\n", lines.len()));
        world.write("line", lines[index].replacen("20", "21", 1));
        assert_ne!(shell(&world, ".", "python3 proof.py line < proof").code, Some(0));
    }
    let beyond = world.run(&["log", "prove", AUTHORITY, &lines.len().to_string()]);
    assert_eq!(beyond.code, Some(2));
    assert!(beyond.stderr.contains("the entry is not under a checkpoint"), "{}", beyond.stderr);
}

#[test]
fn a_log_is_authenticated_only_by_a_pinned_root() {
    let (world, _) = issued("ecdsa-p256");
    let root = "authority/public/root-cert.pem";
    let der = world.tool("openssl", &["x509", "-in", root, "-noout", "-fingerprint", "-sha256"]).ok().stdout;
    let fingerprint = der.trim().split('=').next_back().unwrap().to_owned();

    let said = world.run(&["log", "verify", AUTHORITY]).ok().stdout;
    assert!(said.contains("consistent, NOT authenticated"), "{said}");
    assert!(said.contains("To authenticate it, pin the root"), "{said}");
    for pin in [["--root", root], ["--root-fingerprint", &fingerprint]] {
        let said = world.run(&["log", "verify", AUTHORITY, pin[0], pin[1], "--at-rest"]).ok().stdout;
        assert!(said.contains("consistent and authenticated") && !said.contains("NOT"), "{said}");
    }
    let other = format!("{}{}", if fingerprint.starts_with('0') { '1' } else { '0' }, &fingerprint[1..]);
    let refused = world.run(&["log", "verify", AUTHORITY, "--root-fingerprint", &other]);
    assert_eq!(refused.code, Some(40));
    assert!(refused.stderr.contains("the log is not of the pinned root"), "{}", refused.stderr);
    // DIR is an authority or its log/, FILE its entries.
    for what in ["authority/log", ENTRIES] {
        world.run(&["log", "verify", what, "--root", root, "--at-rest"]).ok();
    }
}

#[test]
fn what_a_live_log_may_leave_open_is_a_fault_of_a_log_at_rest() {
    let (world, _) = issued("ecdsa-p256");
    let entries = world.read(ENTRIES);
    let sizes: Vec<u64> = {
        let listed = std::fs::read_dir(world.path("authority/log/checkpoints")).unwrap();
        let mut sizes: Vec<u64> =
            listed.map(|entry| entry.unwrap().file_name().to_string_lossy().parse().unwrap()).collect();
        sizes.sort_unstable();
        sizes
    };
    let (newest, before) = (sizes[sizes.len() - 1], sizes[sizes.len() - 2]);
    let both = |warning: &str| {
        let live = world.run(&["log", "verify", AUTHORITY]).ok().stdout;
        let live = live.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(live.contains(warning), "{live}");
        let rest = world.run(&["log", "verify", AUTHORITY, "--at-rest"]);
        assert_eq!(rest.code, Some(40));
        let rest = rest.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(rest.contains("(rule rest)") && rest.contains(warning), "{rest}");
    };

    world.write(ENTRIES, [&entries[..], b"{\"v\":1"].concat());
    both(&format!("line {} is torn: 6 bytes from byte {}", newest + 1, entries.len()));
    world.write(ENTRIES, &entries);

    // A crash between the two places of a checkpoint.
    let kept = format!("authority/log/checkpoints/{newest}");
    let note = world.read(&kept);
    std::fs::remove_file(world.path(&kept)).unwrap();
    both("the newest checkpoint is not among checkpoints/");

    // And one before the newest was written at all.
    world.write("authority/log/checkpoint", world.read(format!("authority/log/checkpoints/{before}")));
    both(&format!("lines {} to {newest} are not under a checkpoint", before + 1));

    // An older `checkpoint` beside a newer kept one is nobody's crash.
    world.write(&kept, note);
    let refused = world.run(&["log", "verify", AUTHORITY]);
    assert_eq!(refused.code, Some(40));
    assert!(refused.stderr.contains("the newest checkpoint was replaced"), "{}", refused.stderr);
}
