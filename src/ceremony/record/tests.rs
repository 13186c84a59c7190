//! Nothing of a log is left out of its record, whatever the log says, and nothing that it says reaches a page raw.

use super::account::{Account, Checkpoint, Verified};
use super::course::{Course, Gatherer, Which};
use super::fill::{Beside, account};
use super::listed::Again;
use super::names::Names;
use super::{again, page};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::log::entry::write_line;
use crate::log::record::{KINDS, Record};
use crate::log::scan::{self, Examined};
use crate::log::{Entry, Header, merkle};
use crate::text::Sink;
use crate::words;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a medium could make of any string of a log.
const HOSTILE: &str = "<script>&\"'</style>\u{202e}\u{1b}[2J";
const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const TIME: &str = "2026-11-21T09:30:00Z";

/// A record of each type, by the step that it is of where it says one; `H` stands for a hostile string, `0` for a
/// digest, `T` for a time.
const SAMPLES: &[(&str, &str)] = &[
    ("genesis", r#"{"name":H,"kind":H,"origin":H,"version":H}"#),
    ("config.adopted", r#"{"sha256":0,"text":H}"#),
    ("script.adopted", r#"{"name":H,"sha256":0,"text":H}"#),
    (
        "session.opened",
        r#"{"ceremony":H,"script_sha256":0,"version":H,"binary_sha256":0,"module":H,"module_sha256":0,"local_sha256":0,
            "unattended":true,"answers_sha256":0}"#,
    ),
    ("session.closed", r#"{"outcome":H,"reason":H}"#),
    ("preflight", r#"{"checks":[{"name":H,"result":H,"seen":H}]}"#),
    ("step.done", r#"{"step":S,"do":H}"#),
    ("step.skipped", r#"{"step":S,"do":H,"reason":H}"#),
    ("deviation", r#"{"step":S,"expected":H,"happened":H,"decided":H}"#),
    ("clock.set", r#"{"machine":T,"watch":T,"back":true}"#),
    ("value.recorded", r#"{"step":S,"name":H,"value":H}"#),
    ("token.initialized", r#"{"role":H,"serial":H,"label":H,"manufacturer":H,"model":H}"#),
    (
        "token.unlocked",
        r#"{"role":H,"serial":H,"label":H,"manufacturer":H,"model":H,"firmware":H,"library":H,"profile":H}"#,
    ),
    ("token.quorum", r#"{"role":H,"serial":H,"profile":H,"says":[H]}"#),
    (
        "custody.split",
        r#"{"set":"00","role":H,"threshold":2,"commitments":[0,0],
            "user":{"alphabet":H,"length":32},"so":{"alphabet":H,"length":32},"sealed":[{"index":1,"recipient":H,"ciphertext_sha256":0,"ciphertext":""}]}"#,
    ),
    ("custody.share_used", r#"{"set":"00","indexes":[1,2],"purpose":H}"#),
    ("pin.changing", r#"{"role":H,"which":H,"set":"00"}"#),
    ("pin.changed", r#"{"role":H,"which":H,"set":"00"}"#),
    ("key.intent", r#"{"id":"00","role":H,"generation":1,"spec":"ecdsa-p256","token_serial":H}"#),
    (
        "key.generated",
        r#"{"id":"00","role":H,"generation":1,"spki":"","attributes":{"CKA_X":H},"dropped":[H],"mechanism":H}"#,
    ),
    (
        "key.attested",
        r#"{"id":"00","role":H,"generation":1,"name":H,"source":H,"of":H,"signed_by":0,"sha256":0,"bytes":""}"#,
    ),
    ("key.sealed", r#"{"cluster":H,"spki_sha256":0,"recipients":[H],"ciphertext":""}"#),
    (
        "audit.rotated",
        r#"{"generation":2,"old_spki":"","new_spki":"","size":7,"root":0,"old_signature":"","new_signature":""}"#,
    ),
    ("key.destroying", r#"{"id":"00","role":H,"generation":1,"token_serial":H,"reason":H}"#),
    ("key.destroyed", r#"{"id":"00","role":H,"generation":1,"token_serial":H,"backup":H,"shown":H}"#),
    (
        "key_backup.made",
        r#"{"name":H,"mode":H,"means":H,"serial":H,"label":H,"manufacturer":H,"model":H,"generations":[1]}"#,
    ),
    ("key_backup.proving", r#"{"backup":H,"generation":1,"nonce":"00","statement_sha256":0}"#),
    ("key_backup.proved", r#"{"proving":7,"signature":""}"#),
    ("key.locked", r#"{"id":"00","role":H,"generation":1,"attributes":{"CKA_EXTRACTABLE":H}}"#),
    (
        "key.restored",
        r#"{"id":"00","role":H,"generation":1,"token_serial":H,"backup":H,"attributes":{"CKA_ALWAYS_SENSITIVE":H}}"#,
    ),
    (
        "key.adopted",
        r#"{"id":"00","role":H,"generation":1,"token_serial":H,"spki":"","certificate":"","attributes":{"CKA_X":H},
            "findings":[],"reason":H}"#,
    ),
    (
        "history.imported",
        r#"{"of":H,"sources":[{"name":H,"sha256":0}],
            "certificates":[{"serial":"00","what":H,"subject":H,"not_after":T,"issuer_generation":1,"cluster":H,
                "revoked":{"date":T,"reason":"superseded"}}],
            "crls":[{"generation":1,"used":7}],
            "clusters":[{"name":H,"environment":H,"trust_domain":H,"recipients":[H],"profile":H,"key_origin":H,"since":T,
                "generation":1,"bundle":{"id":H,"generation":1,"sequence":1},"retired":{"at":T,"reason":H},
                "requests":[{"generation":1,"csr_sha256":0,"environment":H,"trust_domain":H,"recipients":[H],"profile":H}]}]}"#,
    ),
    (
        "restore",
        r#"{"log":"00","size":7,"root":0,"cited":8,"reason":H,"checkpoint":H,"before":[{"log":"00","cited":1}]}"#,
    ),
    (
        "cluster.enrolled",
        r#"{"cluster":H,"environment":H,"trust_domain":H,"recipients":[H],"profile":H,"key_origin":H,"spki_sha256":0,
            "words_of":0}"#,
    ),
    ("cluster.retired", r#"{"cluster":H,"reason":H}"#),
    (
        "request.imported",
        r#"{"sha256":0,"form":H,"cluster":H,"environment":H,"trust_domain":H,"recipients":[H],"words_of":0,"csr":"",
            "findings":[F]}"#,
    ),
    ("request.refused", r#"{"sha256":0,"file":H,"findings":[F],"struck":true}"#),
    ("plan.made", r#"{"sha256":0,"plan":{"any":H}}"#),
    ("plan.approved", r#"{"plan_sha256":0,"by":H,"reason":H}"#),
    ("plan.declined", r#"{"plan_sha256":0,"reason":H}"#),
    ("plan.expired", r#"{"plan_sha256":0}"#),
    (
        "sign.intent",
        r#"{"plan_sha256":0,"tbs_sha256":0,"what":H,"serial":"00","crl_number":1,"issuer_generation":1,"cluster":H,
            "generation":1,"not_after":T}"#,
    ),
    ("sign.outcome", r#"{"intent":1,"status":H,"der":"","reason":H}"#),
    ("certificate.revoked", r#"{"serial":"00","reason":"keyCompromise","date":T,"invalid_from":T}"#),
    ("root.certified", r#"{"generation":1,"certificate":"","parents":[""]}"#),
    (
        "bundle.exported",
        r#"{"bundle_id":H,"cluster":H,"generation":1,"sequence":1,"envelope_sha256":0,"manifest_sha256":0,
            "payload_sha256":0,"tree_size":1}"#,
    ),
    (
        "checkpoint.witnessed",
        r#"{"size":7,"root":0,"by":"w.example/1+bcd5f9c1+BAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f","at":T,"signature":""}"#,
    ),
    ("recovered", r#"{"session":H,"found":[H],"torn_sha256":0}"#),
];

/// A sample with its placeholders filled in; `step` is the step that it names.
fn sample(kind: &str, data: &str, step: &str) -> Record {
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    let finding = r#"{"id":H,"severity":"warn","observed":H,"expected":H,"source":H,"hint":H}"#;
    let mut json = String::new();
    let mut quoted = false;
    for c in data.replace("[F]", &format!("[{finding}]")).chars() {
        quoted ^= c == '"';
        match c {
            'H' if !quoted => json += &hostile,
            'S' if !quoted => json += &serde_json::to_string(step).unwrap(),
            'T' if !quoted => json += &format!("\"{TIME}\""),
            '0' if !quoted => json += &format!("\"{ZERO}\""),
            c => json.push(c),
        }
    }
    Record::parse(kind, &json).unwrap_or_else(|error| panic!("{kind}: {error}: {json}"))
}

fn entry(seq: u64, session: &str, record: Record) -> Entry {
    let header = Header {
        log: "00".repeat(16),
        session: session.to_owned(),
        time: TIME.parse().unwrap(),
        time_source: HOSTILE.to_owned(),
        actors: vec![HOSTILE.to_owned()],
    };
    Entry { seq, header: Arc::new(header), record }
}

fn gathered(entries: &[Entry], which: Which) -> Course {
    let mut gatherer = Gatherer::new(which);
    for entry in entries {
        let nowhere = Digest::of(b"");
        gatherer.line(&Examined { offset: 0, leaf: nowhere, prev: nowhere, entry: entry.clone() });
    }
    gatherer.finish().unwrap()
}

/// The entries of a log that nobody changes.
fn unchanged(entries: &[Entry]) -> Again {
    let entries = entries.to_vec();
    Box::new(move |at| Ok(entries[usize::try_from(at.seq).unwrap()].clone()))
}

fn recorded(course: &Course, again: Again) -> Account {
    recorded_or(course, again).unwrap()
}

fn recorded_or(course: &Course, again: Again) -> Result<Account, Error> {
    let checkpoint = Checkpoint {
        countersigned: Vec::new(),
        size: 7,
        root: Digest::of(b""),
        words: words::words(&[0; 8]),
        note: HOSTILE.to_owned(),
        closing: true,
    };
    let said = vec![HOSTILE.to_owned()];
    let verified = Verified { authenticated: false, roots: Vec::new(), entries: 7, was: said.clone(), was_not: said };
    account(course, Beside { names: Names::Found(BTreeMap::new()), checkpoint: Some(checkpoint), verified }, again)
}

/// The page of a record.
fn page_of(account: &Account) -> Result<String, Error> {
    let mut html = String::new();
    page::write(account, &mut |piece| {
        html.push_str(piece);
        Ok(())
    })?;
    Ok(html)
}

/// The positions of the entries that an account has, in sessions and at steps.
fn accounted(account: &Account) -> Vec<u64> {
    let acts = account.sessions.iter().map(|s| &s.acts).chain(account.steps.iter().map(|s| &s.acts));
    let mut seqs: Vec<u64> = Vec::new();
    for acts in acts {
        let before = seqs.len();
        acts.each(&mut |act| {
            seqs.push(act.entry);
            Ok(())
        })
        .unwrap();
        assert_eq!(seqs.len() - before, acts.len());
    }
    seqs.sort_unstable();
    seqs
}

#[test]
fn there_is_a_sample_of_every_type() {
    let sampled: Vec<&str> = SAMPLES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(sampled, KINDS);
}

#[test]
fn every_type_of_entry_is_on_the_page_with_its_number_and_nothing_raw() {
    let mut entries = vec![entry(0, "s1", sample("session.opened", SAMPLES[3].1, ""))];
    for (kind, data) in SAMPLES.iter().filter(|(kind, _)| *kind != "session.opened") {
        let seq = u64::try_from(entries.len()).unwrap();
        entries.push(entry(seq, "s1", sample(kind, data, "a-step")));
    }
    let account = recorded(&gathered(&entries, Which::Latest), unchanged(&entries));
    let html = page_of(&account).unwrap();
    for entry in &entries {
        assert!(html.contains(&format!(">entry {}<", entry.seq)), "{} is not on the page", entry.record.kind());
    }
    assert!(!html.contains("<script") && html.matches("</style>").count() == 1);
    assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}'));
    assert!(html.contains("&lt;script&gt;"));
}

/// Between verification and writing anybody who has the medium may write to it: there is no such page, and no such JSON.
#[test]
fn a_log_that_changed_after_it_was_verified_has_no_record() {
    let mut entries = vec![entry(0, "s1", sample("session.opened", SAMPLES[3].1, ""))];
    for kind in ["deviation", "sign.intent", "sign.outcome", "request.refused"] {
        let (kind, data) = SAMPLES.iter().find(|(sampled, _)| *sampled == kind).unwrap();
        let seq = u64::try_from(entries.len()).unwrap();
        entries.push(entry(seq, "s1", sample(kind, data, "a-step")));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("entries.jsonl");
    let (mut bytes, mut prev) = (Vec::new(), Digest([0; 32]));
    for entry in &entries {
        let header = Header { time_source: "given".to_owned(), actors: Vec::new(), ..Header::clone(&entry.header) };
        let line = write_line(&header, entry.seq, &prev, &entry.record).unwrap();
        prev = merkle::leaf_hash(&line);
        bytes.extend([line, b"\n".to_vec()].concat());
    }
    std::fs::write(&path, &bytes).unwrap();
    let mut gatherer = Gatherer::new(Which::Latest);
    let mut lines = Vec::new();
    scan::scan(&bytes[..], &mut |line| {
        gatherer.line(line);
        lines.push(line.located());
        Ok(())
    })
    .unwrap();
    let course = gatherer.finish().unwrap();
    for at in lines {
        std::fs::write(&path, &bytes).unwrap();
        let account = recorded(&course, again(directory.path()).unwrap());
        assert!(page_of(&account).is_ok());
        // One letter of one line, by whoever knows where it stands.
        let start = usize::try_from(at.offset).unwrap();
        let mut changed = bytes.clone();
        let letter = start + bytes[start..].iter().position(|b| *b == b's').unwrap();
        changed[letter] = b'S';
        std::fs::write(&path, &changed).unwrap();
        let made = recorded_or(&course, again(directory.path()).unwrap());
        let error = made.and_then(|account| page_of(&account)).unwrap_err();
        let expected = format!("entry {} changed on the medium since it was verified", at.seq);
        assert_eq!(error.what(), expected);
        // The same between the first reading and the page, and between that and the JSON.
        std::fs::write(&path, &bytes).unwrap();
        let account = recorded(&course, again(directory.path()).unwrap());
        std::fs::write(&path, &changed).unwrap();
        let target = directory.path().join("record.html");
        let mut make = |out: &mut Sink<'_>| page::write(&account, out);
        for error in [
            page_of(&account).unwrap_err(),
            account.write_json(&mut |_| Ok(())).unwrap_err(),
            deliver::replace_made(&target, 0o600, &mut make).unwrap_err(),
            deliver::write_new_made(&target, 0o600, &mut make).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.what()), (Kind::Medium, expected.as_str()));
        }
        assert!(!target.exists());
    }
}

proptest! {
    /// Whatever the order of entries, steps and sessions, each entry is in one ceremony's record, once.
    #[test]
    fn no_entry_is_left_out_and_none_is_said_twice(
        acts in prop::collection::vec((0..SAMPLES.len(), 0..4u8, any::<bool>()), 1..40)
    ) {
        let script = "[roles]\nadministrator = 1\n[[step]]\nid = \"a\"\ndo = \"participants\"\n\
                      [[step]]\nid = \"b\"\ndo = \"unlock-token\"\n[[step]]\nid = \"c\"\ndo = \"close\"\n";
        let script = format!("title = \"t\"\npurpose = \"p\"\nkind = \"export\"\n{script}");
        let sha256 = Digest::of(script.as_bytes());
        let adopted = serde_json::json!({"name": "x", "sha256": sha256, "text": script}).to_string();
        let adopted = Record::parse("script.adopted", &adopted).unwrap();
        let mut entries = vec![entry(0, "s0", adopted)];
        let mut sessions: Vec<String> = Vec::new();
        for (choice, step, goes_on) in acts {
            let (kind, data) = SAMPLES[choice];
            let seq = u64::try_from(entries.len()).unwrap();
            if kind == "session.opened" || sessions.is_empty() {
                let mut opened = sample("session.opened", SAMPLES[3].1, "");
                if let Record::SessionOpened(opened) = &mut opened {
                    opened.script_sha256 = sha256;
                    opened.resumes = sessions.last().filter(|_| goes_on).cloned();
                }
                sessions.push(format!("s{}", sessions.len()));
                entries.push(entry(seq, sessions.last().unwrap(), opened));
                continue;
            }
            let step = ["a", "b", "c", "stranger"][usize::from(step)];
            entries.push(entry(seq, sessions.last().unwrap(), sample(kind, data, step)));
        }
        if sessions.is_empty() {
            return Ok(());
        }
        let mut all: Vec<u64> = Vec::new();
        let mut known: Vec<String> = Vec::new();
        for session in &sessions {
            let course = gathered(&entries, Which::Session(session.clone()));
            if course.sessions.iter().any(|session| known.contains(session)) {
                continue;
            }
            known.extend(course.sessions.iter().cloned());
            let account = recorded(&course, unchanged(&entries));
            prop_assert_eq!(accounted(&account), course.entries.iter().map(|at| at.seq).collect::<Vec<_>>());
            prop_assert_eq!(account.steps.len(), 3);
            all.extend(accounted(&account));
        }
        all.sort_unstable();
        prop_assert_eq!(all, (0..u64::try_from(entries.len()).unwrap()).collect::<Vec<_>>());
    }
}
