//! What people read when a log does not verify: a text for each rule of the audit, through the program.
//!
//! All of them are in `told.txt`, which is read like a screen; what differs in each run stands there as `…`.

use super::{Files, chained, files, line_of, small};
use crate::golden;
use crate::support::World;
use anchorite::audit::RULES;
use anchorite::key::KeySpec;
use anchorite::log::Record;
use anchorite::x509::Reason;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::read;
use std::collections::BTreeSet;

/// A golden authority's log.
fn kept(name: &str) -> Files {
    let golden = golden::all().into_iter().find(|golden| golden.ends_with(name)).unwrap();
    Files::of(&golden::log(&golden))
}

/// The log with a text in the first line of a type in the place of another; what is signed stays as it was.
fn changed(log: &Files, kind: &str, from: &str, to: &str) -> Files {
    let number = line_of(log, kind);
    let mut lines = log.lines();
    let text = String::from_utf8(lines[number - 1].clone()).unwrap();
    let at = text.find(from).unwrap_or_else(|| panic!("{from} is not in {text}"));
    lines[number - 1] = format!("{}{to}{}", &text[..at], &text[at + from.len()..]).into_bytes();
    log.with(&lines)
}

/// The log with a character of a base64 or hex text changed in the first line of a type: so far from the text's
/// beginning, or from its end if negative, where every remade authority has the same part of a certificate.
fn flipped(log: &Files, kind: &str, field: &str, place: isize) -> Files {
    let number = line_of(log, kind);
    let mut lines = log.lines();
    let line = &mut lines[number - 1];
    let text = String::from_utf8(line.clone()).unwrap();
    let start = text.find(&format!("\"{field}\":\"")).unwrap() + field.len() + 4;
    let end = start + text[start..].find('"').unwrap();
    let at = if place < 0 { end } else { start }.checked_add_signed(place).unwrap();
    line[at] = if line[at] == b'0' { b'1' } else { b'0' };
    log.with(&lines)
}

/// A note with a bit of its signature flipped.
fn note_flipped(log: &Files) -> Files {
    let mut log = log.clone();
    let newest = log.newest.as_mut().unwrap();
    let at = newest.len() - 20;
    newest[at] = if newest[at] == b'A' { b'B' } else { b'A' };
    log
}

/// A log that breaks each rule, and the arguments by which it is found.
fn cases() -> Vec<(&'static str, Files, Vec<&'static str>)> {
    let (custody, adopted) = (kept("custody"), kept("adopted"));
    let (backed_up, certified) = (kept("backed-up"), kept("certified"));
    let lines = custody.lines();
    let mut swapped = lines.clone();
    swapped.swap(6, 7);
    let spliced = [&lines[..9], &adopted.lines()[9..]].concat();
    let mut unwitnessed = custody.clone();
    let intent = u64::try_from(line_of(&custody, "sign.outcome")).unwrap();
    unwitnessed.checkpoints.remove(&(intent - 1));
    let rewritten = chained(&backed_up.lines(), 3, &|header| header.actors = vec!["somebody".into()]);
    let mut older = custody.clone();
    older.newest = older.checkpoints.values().next().cloned();
    let mut certificate = custody.clone();
    let pem = certificate.audit.get_mut(&1).unwrap();
    *pem = [&pem[..], b"\n"].concat();
    let pin = vec!["--root-fingerprint", "9a4d24644d1a95f27ed3bf4045a9a3a66ed3cb2cb4cb35c299ff829ac3c70d9f"];
    let mut torn = certified.clone();
    torn.entries.extend_from_slice(b"{\"v\":1");
    vec![
        ("entry.form", changed(&custody, "key.intent", "\"role\":", "\"role\":\"root\",\"role\":"), vec![]),
        ("chain.seq", custody.with(&swapped), vec![]),
        ("chain.log", custody.with(&spliced), vec![]),
        ("chain.prev", changed(&custody, "token.unlocked", "Mesh", "Mess"), vec![]),
        ("genesis.origin", changed(&custody, "genesis", "World Mesh", "World Mess"), vec![]),
        ("state", stateless(), vec![]),
        ("history.key", flipped(&adopted, "key.adopted", "certificate", -9), vec![]),
        ("history.signature", flipped(&adopted, "history.imported", "der", -9), vec![]),
        ("plan.tbs", changed(&custody, "plan.made", "\"what\":", "\"what\":\"crl\",\"what\":"), vec![]),
        ("intent.plan", changed(&custody, "sign.intent", "\"what\":\"root\"", "\"what\":\"cross\""), vec![]),
        ("outcome.checkpoint", unwitnessed, vec![]),
        ("outcome.bytes", flipped(&custody, "sign.outcome", "der", 28), vec![]),
        ("outcome.signature", flipped(&custody, "sign.outcome", "der", -9), vec![]),
        ("proof.statement", changed(&backed_up, "key_backup.proving", "\"nonce\":\"", "\"nonce\":\"00"), vec![]),
        ("proof.signature", flipped(&backed_up, "key_backup.proved", "signature", -9), vec![]),
        ("root.parent", flipped(&certified, "root.certified", "certificate", -9), vec![]),
        ("crl.list", unlisted(), vec![]),
        ("checkpoint.signature", note_flipped(&custody), vec![]),
        ("checkpoint.root", backed_up.with(&rewritten), vec![]),
        ("checkpoint.missing", custody.with(&lines[..lines.len() - 1]), vec![]),
        ("checkpoint.newest", older, vec![]),
        ("checkpoint.witnessed", countersigned(), vec![]),
        ("audit.rotation", flipped(&custody, "audit.rotated", "root", -1), vec![]),
        ("audit.certificate", certificate, vec![]),
        ("root.pin", custody.clone(), pin),
        ("intent.settled", unsettled(), vec![]),
        ("rest", torn, vec!["--at-rest"]),
    ]
}

/// A CRL with the number of the one before it.
fn stateless() -> Files {
    let (directory, mut fixture) = small();
    fixture.open("crl").unwrap();
    fixture.crl(1, Vec::new()).unwrap();
    fixture.checkpoint().unwrap();
    files(&directory)
}

/// A CRL that lacks what was revoked.
fn unlisted() -> Files {
    let (directory, mut fixture) = small();
    fixture.open("revocation").unwrap();
    let der = fixture.intermediate(&LocalKey::generate(KeySpec::EcdsaP256).unwrap()).unwrap();
    fixture.revoke(&read::certificate(&der).unwrap().view.serial, Reason::KeyCompromise).unwrap();
    fixture.crl(2, Vec::new()).unwrap();
    fixture.checkpoint().unwrap();
    files(&directory)
}

/// A countersignature of a tree that this log never had.
fn countersigned() -> Files {
    let (directory, mut fixture) = small();
    fixture.open("countersigned").unwrap();
    let (size, root) = (fixture.log.size() - 2, "00".repeat(32));
    let by = "w.example/1+bcd5f9c1+BAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    let json = format!(
        "{{\"size\":{size},\"root\":\"{root}\",\"by\":\"{by}\",\"at\":\"2026-11-21T12:00:00Z\",\"signature\":\"\"}}"
    );
    fixture.append([Record::parse("checkpoint.witnessed", &json).unwrap()]).unwrap();
    fixture.checkpoint().unwrap();
    files(&directory)
}

/// A session that began over an open intent and says nothing of it.
fn unsettled() -> Files {
    let (directory, mut fixture) = small();
    fixture.open("sign").unwrap();
    fixture.intent_only(&LocalKey::generate(KeySpec::EcdsaP256).unwrap()).unwrap();
    fixture.open("sign").unwrap();
    fixture.checkpoint().unwrap();
    files(&directory)
}

/// What differs from run to run as `…`: digests, keys, offsets, serial numbers.
fn masked(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ':', ')']);
        let bare = bare.rsplit('/').next().unwrap_or_default();
        let long = bare.len() >= 16 && bare.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        if long { word.replace(bare, "…") } else { word.to_owned() }
    };
    let line = |line: &str| {
        let line = line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        match line.split_once("byte ") {
            Some((head, tail)) => format!("{head}byte …{}", tail.trim_start_matches(|c: char| c.is_ascii_digit())),
            None => line,
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn each_rule_has_a_text_that_names_it_and_says_what_to_do() {
    let world = World::new();
    let cases = cases();
    let broken: BTreeSet<&str> = cases.iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(broken, RULES.iter().map(|(rule, _)| *rule).collect(), "a rule that nothing here breaks");
    let mut told = String::new();
    for (rule, log, more) in cases {
        log.put(&world.path("log"));
        let said = world.run(&[&["log", "verify", "log"][..], &more].concat());
        assert_eq!(said.code, Some(40), "{rule}: {}{}", said.stdout, said.stderr);
        assert!(said.stdout.is_empty(), "{rule}: {}", said.stdout);
        let words = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("rule {rule})")), "{rule}: {}", said.stderr);
        assert!(said.stderr.lines().all(|line| line.chars().count() <= 80), "{rule}: {}", said.stderr);
        told += &format!("{}\n", masked(&said.refusal()));
    }
    let wanted = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/tampering/told.txt");
    let kept = std::fs::read_to_string(wanted).unwrap();
    let new = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("told.txt");
    std::fs::write(&new, &told).unwrap();
    // Where a line breaks, a number decides that has one digit more in another run.
    let same = told.split_whitespace().eq(kept.split_whitespace());
    assert!(same, "what is told differs from {wanted}; it is in {}", new.display());
}
