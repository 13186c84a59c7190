//! Makes the golden authorities of this version. Not a test of anything: run it by `softhsm-test/golden.sh`.

use crate::adoption::past::adopted;
use crate::custody::unattended::{configured, participants, share_files, with_shares};
use crate::key_backup;
use crate::log_fixture::Fixture;
use crate::parent;
use crate::restoring;
use crate::support::{AUTHORITY, CREATE, World};
use anchorite::digest::{Base64, Digest, Hex};
use anchorite::key::KeySpec;
use anchorite::log::cosignature::message;
use anchorite::log::record::{CheckpointWitnessed, ConfigAdopted};
use anchorite::log::{Record, VerifierKey};
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::pem;
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Types that no unattended ceremony writes, or that only a mishap brings about: written by the library.
const WRITTEN: &[(&str, &str)] = &[
    ("preflight", r#"{"checks":[{"name":"network","result":"pass","seen":"no link"}]}"#),
    ("step.skipped", r#"{"step":"watch","do":"confirm-clock","reason":"nobody has a watch"}"#),
    ("deviation", r#"{"step":"watch","expected":"quiet","happened":"the telephone rang","decided":"go on"}"#),
    ("clock.set", r#"{"machine":"2026-11-21T12:00:00Z","watch":"2026-11-21T12:00:00Z"}"#),
    ("plan.expired", r#"{"plan_sha256":"0000000000000000000000000000000000000000000000000000000000000000"}"#),
    (
        "request.refused",
        r#"{"sha256":"0000000000000000000000000000000000000000000000000000000000000000","file":"x.csr","findings":[],"struck":true}"#,
    ),
];

#[test]
#[ignore = "makes tests/golden of this version anew: softhsm-test/golden.sh"]
fn the_golden_authorities_of_this_version() {
    let release = Path::new(super::GOLDEN).join(env!("CARGO_PKG_VERSION"));
    type Made = fn() -> World;
    let made: [(&str, Made); 6] = [
        ("custody", custody),
        ("adopted", adopted),
        ("restored", restored),
        ("backed-up", backed_up),
        ("certified", certified),
        ("made-anew", made_anew),
    ];
    for (name, made) in made {
        keep(&made(), &release.join(name));
    }
    written(&release.join("written"));
}

/// Keeps what is public of an authority, and its token.
fn keep(world: &World, golden: &Path) {
    let _ = fs::remove_dir_all(golden);
    fs::create_dir_all(golden.join("token")).unwrap();
    let copy = |from: &str, to: &str| {
        if world.path(from).exists() {
            fs::create_dir_all(golden.join(to).parent().unwrap()).unwrap();
            let done = Command::new("cp").arg("-r").arg(world.path(from)).arg(golden.join(to)).status().unwrap();
            assert!(done.success(), "{from}");
        }
    };
    for part in ["authority.toml", "log", "public/root-cert.pem"] {
        copy(&format!("authority/{part}"), &format!("authority/{part}"));
    }
    fs::remove_file(golden.join("authority/log/lock")).unwrap();
    for part in ["token/tokens", "shares", "medium"] {
        copy(part, part);
    }
    for cluster in fs::read_dir(world.path("clusters")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = cluster.file_name().unwrap().to_str().unwrap();
        for file in ["request.json", "ca-key.pem", "identity.age"] {
            copy(&format!("clusters/{name}/{file}"), &format!("clusters/{name}/{file}"));
        }
    }
    // Nothing in them is empty, or git would lose it.
    let _ = fs::remove_dir(golden.join("medium"));
}

/// A cluster that made its key, one whose key was made here, other custodians, a revocation, a retirement, another
/// root and the end of the first one's key.
fn custody() -> World {
    let world = configured();
    let recipient = crate::support::RECIPIENT;
    let configuration = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    let south = "[clusters.south]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p256\"\n";
    world.configure(&format!("{configuration}{south}recipients = [\"{recipient}\"]\n"));
    let reviewed = |world: &World| format!("\"sha256:{}\" = \"approve\"\n", world.sha256("authority/authority.toml"));
    let root = "[initialize]\nlabel = \"World Mesh Root\"\n[review]\n";
    world.write("answers-root.toml", format!("{}{root}{}", participants(3), reviewed(&world)));
    world.run(&with_shares(&CREATE)).ok();
    let holds = |now: &str, command: &[&str], answers: &str| {
        world.write("answers.toml", answers);
        let head = ["-C", AUTHORITY, "--now", now];
        world.run(&with_shares(&[&head, command, &["--answers", "answers.toml"]].concat())).ok();
    };
    let sign = ["sign", "--from", "requests", "--to", "medium"];
    let requests: Vec<String> = ["west", "east"].iter().map(|cluster| world.request(cluster)).collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    let answers = world.signing_answers(&requests, &[]).replacen(crate::support::PARTICIPANTS, &participants(2), 1);
    holds("2026-11-21T10:00:00Z", &sign, &format!("{answers}\"offline:south\" = \"approve\"\n"));
    fs::remove_dir_all(world.path("requests")).unwrap();
    fs::create_dir(world.path("requests")).unwrap();
    let third = world.request("north");
    let declined = world.signing_answers(&[&third], &[]).replacen(crate::support::PARTICIPANTS, &participants(2), 1);
    world.write("answers.toml", declined.replace("\"approve\"", "{ decline = \"not today\" }"));
    let head = ["-C", AUTHORITY, "--now", "2026-11-21T11:00:00Z"];
    let run = world.run(&with_shares(&[&head[..], &sign, &["--answers", "answers.toml"]].concat()));
    assert_eq!(run.code, Some(11), "{}", run.stderr);
    let old = share_files(&world);
    holds("2026-11-22T10:00:00Z", &["custody", "change"], &participants(3));
    old.iter().for_each(|path| fs::remove_file(path).unwrap());
    let revoked = "[revoke]\n\"east@1\" = { revoke = \"keyCompromise\" }\n[review]\n\"crl:1\" = \"approve\"\n";
    let revoked = format!("{}{revoked}", participants(2));
    holds("2026-11-23T10:00:00Z", &["revoke", "east", "--reason", "keyCompromise"], &revoked);
    let retired = format!("{}[retire]\neast = {{ retire = \"moved to west\" }}\n", participants(2));
    holds("2026-11-24T10:00:00Z", &["retire", "east"], &retired);
    let rollover = format!("{}[review]\n{}", participants(2), reviewed(&world));
    holds("2026-11-25T10:00:00Z", &["root", "rollover", "--cross"], &rollover);
    let name = "World Mesh Root";
    let end = format!(
        "{}[destroy]\nadministrator = \"{name}\"\nwitness = \"{name}\"\nreason = \"the meshes moved on\"\n\
         [review]\n\"crl:1\" = \"approve\"\n\"crl:2\" = \"approve\"\n",
        participants(2)
    );
    holds("2026-11-26T10:00:00Z", &["root", "retire", "1"], &end);
    world
}

/// What goes on in the place of a log that was lost.
fn restored() -> World {
    let world = restoring::lost();
    restoring::restore(&world, &["--checkpoint", "lost/public/checkpoint"]).ok();
    fs::rename(world.path(restoring::NEW), world.path(AUTHORITY)).unwrap();
    world
}

fn backed_up() -> World {
    let world = key_backup::backed_up();
    // Where the copy lies is of that machine.
    fs::remove_file(world.path("authority/local.toml")).unwrap();
    world
}

/// Keys that left their token once, in a file, and were made anew of it in another.
fn made_anew() -> World {
    let world = key_backup::wrapped::wrapped("ecdsa-p256");
    key_backup::wrapped::lose_token(&world);
    world.run(&with_shares(&key_backup::wrapped::RESTORE)).ok();
    fs::remove_file(world.path("authority/local.toml")).unwrap();
    world
}

fn certified() -> World {
    let world = parent::asked();
    parent::taken(&world);
    world.issued_at("west", "2026-11-21T13:00:00Z", &[]);
    world
}

/// A configuration that names a countersigner, and that they saw the log as it stood then.
fn countersigned(fixture: &mut Fixture) {
    let key = LocalKey::generate(KeySpec::Ed25519).unwrap();
    let by = VerifierKey::new("witness.example/golden", key.spki()).unwrap();
    let text = format!("name = \"Fixture Root\"\n[countersigners]\nkeys = [\"{by}\"]\n");
    fixture.append([ConfigAdopted { sha256: Digest::of(text.as_bytes()), text }]).unwrap();
    let signed = fixture.checkpoint().unwrap();
    let (size, root, at) =
        (signed.checkpoint.size, signed.checkpoint.root, Timestamp::from_second(1_795_260_000).unwrap());
    let signature = key.sign(message(&signed.checkpoint.body(), at).as_bytes()).unwrap();
    fixture.append([CheckpointWitnessed { size, root, by, at, signature: Base64(signature) }]).unwrap();
}

/// A log with the other types, written whole by the library: it has no token.
fn written(golden: &Path) {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::of(&directory.path().join("log"), KeySpec::EcdsaP256, Hex(vec![0x60; 16])).unwrap();
    crate::tampering::everything(directory.path(), &mut fixture);
    fixture.open("sign").unwrap();
    for (kind, data) in WRITTEN {
        let raw = RawValue::from_string((*data).to_owned()).unwrap();
        fixture.append([Record::parse(kind, raw.get()).unwrap_or_else(|error| panic!("{kind}: {error}"))]).unwrap();
    }
    countersigned(&mut fixture);
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let _ = fs::remove_dir_all(golden);
    fs::create_dir_all(golden.join("authority/public")).unwrap();
    let log: PathBuf = golden.join("authority/log");
    crate::tampering::Files::of(&directory.path().join("log")).put(&log);
    let root = pem::encode("CERTIFICATE", &fixture.root_certificate);
    fs::write(golden.join("authority/public/root-cert.pem"), root).unwrap();
}
