//! `log verify` against damaged logs: whatever does not verify is refused, and the first bad line is named.

use crate::log_fixture::Fixture;
use anchorite::audit::{self, Options, Report, RootPin};
use anchorite::digest::Digest;
use anchorite::error::{Error, Kind};
use anchorite::key::KeySpec;
use anchorite::log::record::{Recovered, SignOutcome};
use anchorite::log::{Header, Record, entry, merkle};
use anchorite::store;
use anchorite::x509::keygen::LocalKey;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn verify(directory: &Path, root: RootPin, at_rest: bool) -> Result<Report, Error> {
    let material = store::material(directory)?;
    audit::verify(material, &Options { root, at_rest }, &|| Duration::ZERO)
}

/// A genesis and a session that signed one intermediate, at rest.
fn small() -> (TempDir, Fixture) {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    fixture.filler(3).unwrap();
    fixture.intermediate(&key).unwrap();
    fixture.checkpoint().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    (directory, fixture)
}

fn entries(directory: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(directory.join("log/entries.jsonl")).unwrap();
    bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

fn write_entries(directory: &Path, lines: &[Vec<u8>]) {
    fs::write(directory.join("log/entries.jsonl"), lines.concat()).unwrap();
}

/// The error must be exit code 40 and name this line, counted from 1.
fn assert_names(result: Result<Report, Error>, line: usize, what: &str) {
    let error = result.expect_err(what);
    assert_eq!(error.kind(), Kind::Verify, "{what}: {error}");
    assert!(error.to_string().starts_with(&format!("line {line} (byte ")), "{what}: wanted line {line}: {error}");
}

#[test]
fn a_log_at_rest_under_its_root_is_authenticated() {
    let (directory, fixture) = small();
    let pin = RootPin::Certificates(vec![fixture.root_certificate.clone()]);
    let report = verify(directory.path(), pin, true).unwrap();
    assert!(report.authenticated && report.warnings.is_empty(), "{report:?}");
    assert_eq!((report.certificates, report.crls), (3, 1));
    assert_eq!(report.size, report.entries);
    assert_eq!(report.root, fixture.log.root());
    assert_eq!(report.roots, [Digest::of(&fixture.root_certificate)]);

    let report = verify(&directory.path().join("log/entries.jsonl"), RootPin::None, true).unwrap();
    assert!(!report.authenticated);
    assert_eq!(report.verdict(), "consistent, NOT authenticated");

    let error = verify(directory.path(), RootPin::Fingerprint(Digest::of(b"another")), true).unwrap_err();
    assert!(error.to_string().contains("root.pin"), "{error}");
}

#[test]
fn each_byte_of_the_entries_that_is_changed_is_refused_and_its_line_named() {
    let (directory, _fixture) = small();
    let whole = entries(directory.path()).concat();
    let every = std::env::var_os("ANCHORITE_EVERY_BYTE").is_some();
    let mut line = 1;
    for at in 0..whole.len() {
        // Every byte takes most of a minute; `ANCHORITE_EVERY_BYTE=1` takes it.
        if at % 7 == 0 || whole[at] == b'\n' || every {
            let mut changed = whole.clone();
            changed[at] ^= 0x01;
            fs::write(directory.path().join("log/entries.jsonl"), &changed).unwrap();
            assert_names(verify(directory.path(), RootPin::None, false), line, &format!("byte {at} flipped"));
        }
        if whole[at] == b'\n' {
            line += 1;
        }
    }
}

#[test]
fn each_byte_of_a_checkpoint_or_audit_certificate_that_is_changed_is_refused() {
    let (directory, fixture) = small();
    let size = fixture.log.size();
    for name in ["checkpoint".to_owned(), format!("checkpoints/{size}"), "audit/1.pem".to_owned()] {
        let path = directory.path().join("log").join(&name);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                fs::write(&path, &changed).unwrap();
                let error = verify(directory.path(), RootPin::None, false).expect_err(&format!("{name} byte {at}"));
                assert_eq!(error.kind(), Kind::Verify);
            }
        }
        for cut in [0, 1, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            assert!(verify(directory.path(), RootPin::None, false).is_err(), "{name} cut at {cut}");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(verify(directory.path(), RootPin::None, true).is_ok());
}

#[test]
fn lines_removed_swapped_repeated_or_inserted_are_named() {
    let (directory, _fixture) = small();
    let whole = entries(directory.path());
    let last = whole.len() - 1;
    for at in 0..whole.len() {
        let mut removed = whole.clone();
        removed.remove(at);
        write_entries(directory.path(), &removed);
        assert_names(verify(directory.path(), RootPin::None, false), at + 1, "removed");

        let mut repeated = whole.clone();
        repeated.insert(at, whole[at].clone());
        write_entries(directory.path(), &repeated);
        assert_names(verify(directory.path(), RootPin::None, false), at + 2, "repeated");

        if at < last {
            let mut swapped = whole.clone();
            swapped.swap(at, at + 1);
            write_entries(directory.path(), &swapped);
            assert_names(verify(directory.path(), RootPin::None, false), at + 1, "swapped");
        }
        let mut inserted = whole.clone();
        inserted.insert(at, b"{\"v\":1}\n".to_vec());
        write_entries(directory.path(), &inserted);
        assert_names(verify(directory.path(), RootPin::None, false), at + 1, "inserted");
    }
}

#[test]
fn a_log_that_was_rewritten_from_a_line_on_is_refused() {
    let (directory, _fixture) = small();
    let lines = entries(directory.path());
    // Everything chains again; only the signed trees do not.
    let mut rewritten = Vec::new();
    let mut prev = Digest([0; 32]);
    for (seq, line) in lines.iter().enumerate() {
        let line = entry::parse_line(line.strip_suffix(b"\n").unwrap()).unwrap();
        let mut header = Header::clone(&line.entry().unwrap().header);
        if seq >= 2 {
            header.actors = vec!["somebody".into()];
        }
        let new = entry::write_line(&header, line.seq, &prev, &line.entry().unwrap().record).unwrap();
        prev = merkle::leaf_hash(&new);
        rewritten.push([&new[..], b"\n"].concat());
    }
    write_entries(directory.path(), &rewritten);
    let error = verify(directory.path(), RootPin::None, false).unwrap_err();
    assert!(error.to_string().contains("checkpoint.root"), "{error}");
    assert!(error.hints()[0].contains("lines 1 to "), "{error:?}");
}

#[test]
fn a_cut_tail_and_an_older_checkpoint_are_refused() {
    let (directory, fixture) = small();
    let whole = entries(directory.path());
    write_entries(directory.path(), &whole[..whole.len() - 1]);
    assert_names(verify(directory.path(), RootPin::None, false), whole.len(), "the last line cut off");
    let mut torn = whole.clone();
    torn.last_mut().unwrap().pop();
    write_entries(directory.path(), &torn);
    assert_names(verify(directory.path(), RootPin::None, false), whole.len(), "the last line end cut off");
    write_entries(directory.path(), &whole);

    let log = directory.path().join("log");
    let mut sizes: Vec<u64> = fs::read_dir(log.join("checkpoints"))
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().parse().unwrap())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes.last(), Some(&fixture.log.size()));
    let older = fs::read(log.join("checkpoints").join(sizes[0].to_string())).unwrap();
    fs::write(log.join("checkpoint"), older).unwrap();
    let error = verify(directory.path(), RootPin::None, false).unwrap_err();
    assert!(error.to_string().contains("checkpoint.newest"), "{error}");
    fs::remove_file(log.join("checkpoint")).unwrap();
    let error = verify(directory.path(), RootPin::None, false).unwrap_err();
    assert!(error.to_string().contains("checkpoint.newest"), "{error}");
}

#[test]
fn duplicate_keys_unknown_fields_types_and_versions_are_named() {
    let (directory, _fixture) = small();
    let whole = entries(directory.path());
    let text = String::from_utf8(whole[4].clone()).unwrap();
    for (from, to, says) in [
        ("{\"v\":1,", "{\"v\":1,\"v\":1,", "duplicate field `v`"),
        ("{\"v\":1,", "{\"v\":2,", "written by a newer anchorite"),
        ("{\"v\":1,", "{\"v\":1,\"extra\":1,", "unknown field `extra`"),
        ("\"type\":\"key.intent\"", "\"type\":\"key.sung\"", "written by a newer anchorite"),
        ("\"role\":\"audit\"", "\"role\":\"audit\",\"role\":\"audit\"", "duplicate field `role`"),
        ("\"role\":\"audit\"", "\"role\":\"audit\",\"mood\":\"good\"", "unknown field `mood`"),
        ("Z\",", ".000Z\",", "time is not in form"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let mut changed = whole.clone();
        changed[4] = text.replacen(from, to, 1).into_bytes();
        write_entries(directory.path(), &changed);
        let result = verify(directory.path(), RootPin::None, false);
        assert!(result.as_ref().unwrap_err().to_string().contains(says), "{result:?}");
        assert_names(result, 5, says);
    }
}

#[test]
fn a_live_log_has_warnings_and_at_rest_they_are_errors() {
    let (directory, mut fixture) = small();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    fixture.intent_only(&key).unwrap();
    let intent = fixture.log.size() - 1;
    fixture.filler(2).unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(directory.path().join("log/entries.jsonl"))
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"{\"v\":1,\"seq\":"))
        .unwrap();
    let warnings = verify(directory.path(), RootPin::None, false).unwrap().warnings;
    let all = warnings.join("; ");
    for part in ["is torn: 13 bytes", "are not under a checkpoint", "1 intents have no outcome"] {
        assert!(all.contains(part), "{all}");
    }
    let error = verify(directory.path(), RootPin::None, true).unwrap_err();
    assert!(error.to_string().contains("(rule rest)"), "{error}");

    // The next start moves what was torn aside; the next session says what became of the intent.
    drop(fixture.log);
    let opened = store::Log::open(&directory.path().join("log"), &mut |_| Ok(())).unwrap();
    let torn = opened.torn.unwrap();
    fixture.log = opened.log;
    fixture.open("sign").unwrap();
    assert_eq!(fs::read(directory.path().join("log").join(torn.aside())).unwrap(), b"{\"v\":1,\"seq\":");
    let report = verify(directory.path(), RootPin::None, false);
    let error = report.expect_err("a session began over the open intent and has not settled it").to_string();
    assert!(error.contains("rule intent.settled)"), "{error}");
    let found = vec!["an intent without outcome".to_owned()];
    let unknown = SignOutcome { intent, status: "unknown".into(), der: None, reason: Some("interrupted".into()) };
    fixture
        .append([
            Record::from(Recovered { session: Some("x".into()), found, torn_sha256: Some(torn.sha256) }),
            unknown.into(),
        ])
        .unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let report = verify(directory.path(), RootPin::Certificates(vec![fixture.root_certificate.clone()]), true).unwrap();
    assert!(report.authenticated);
}

#[test]
fn a_signature_that_another_key_made_is_refused_though_logged_and_checkpointed() {
    let (directory, mut fixture) = small();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    fixture.root = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.intermediate(&key).unwrap();
    let line = usize::try_from(fixture.log.size()).unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let result = verify(directory.path(), RootPin::None, false);
    assert!(result.as_ref().unwrap_err().to_string().contains("outcome.signature"), "{result:?}");
    assert_names(result, line, "another issuer");
}

#[test]
fn an_outcome_before_its_checkpoint_is_refused() {
    let (directory, mut fixture) = small();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    let committed = fixture.intent_only(&key).unwrap();
    let unknown = |intent| SignOutcome { intent, status: "unknown".into(), der: None, reason: None };
    fixture.append([unknown(committed.range().start)]).unwrap();
    assert!(verify(directory.path(), RootPin::None, false).is_ok());
    // As if the checkpoint over the intent had never been there.
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    fs::remove_file(directory.path().join(format!("log/checkpoints/{}", committed.range().end))).unwrap();
    let result = verify(directory.path(), RootPin::None, false);
    assert!(result.unwrap_err().to_string().contains("outcome.checkpoint"));
}

#[test]
fn the_shipped_script_and_stock_openssl_agree() {
    let (directory, fixture) = small();
    let log = directory.path().join("log");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-test/check-log.py");
    let run = |log: &Path| std::process::Command::new("python3").arg(&script).arg(log).output().unwrap();
    let good = run(&log);
    assert!(good.status.success(), "{good:?}");
    assert!(String::from_utf8_lossy(&good.stdout).contains(&fixture.log.root().hex()), "{good:?}");

    fs::write(
        directory.path().join("root-cert.pem"),
        anchorite::x509::pem::encode("CERTIFICATE", &fixture.root_certificate),
    )
    .unwrap();
    let stock = r#"set -e
openssl verify -x509_strict -no_check_time -CAfile root-cert.pem log/audit/1.pem && openssl x509 -in log/audit/1.pem -noout -pubkey > audit.pub
sed '/^$/,$d' log/checkpoint > body
grep -F "— $(head -1 body) " log/checkpoint | cut -d' ' -f3 | base64 -d | tail -c +5 > sig
openssl dgst -sha256 -verify audit.pub -signature sig body"#;
    let openssl = std::process::Command::new("sh").arg("-c").arg(stock).current_dir(directory.path()).output().unwrap();
    assert!(openssl.status.success(), "{openssl:?}");
    assert!(String::from_utf8_lossy(&openssl.stdout).contains("Verified OK"), "{openssl:?}");

    let mut lines = entries(directory.path());
    let at = lines[3].len() - 5;
    lines[3][at] ^= 1;
    write_entries(directory.path(), &lines);
    assert!(!run(&log).status.success());
}
