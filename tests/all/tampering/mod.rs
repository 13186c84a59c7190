//! Logs that somebody altered: whatever does not verify is refused, and the first fault is named by line, byte and
//! rule. Logs are held in memory and handed to the audit as a disk would hand them; what people read of each refusal
//! is in `told`, through the program.

mod bytes;
mod checkpoints;
mod forgers;
mod forms;
mod lines;
mod live;
mod second_reader;
mod stock;
mod told;

use crate::log_fixture::Fixture;
use anchorite::audit::{self, Options, Report, RootPin};
use anchorite::authority::State;
use anchorite::authority::state::Listed;
use anchorite::error::{Error, Kind};
use anchorite::key::KeySpec;
use anchorite::log::{Header, Material, entry, merkle};
use anchorite::store;
use anchorite::x509::Reason;
use anchorite::x509::build::RevokedCertificate;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::read;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// The files of a log.
#[derive(Clone)]
pub struct Files {
    pub entries: Vec<u8>,
    pub newest: Option<Vec<u8>>,
    pub checkpoints: BTreeMap<u64, Vec<u8>>,
    pub audit: BTreeMap<u32, Vec<u8>>,
}

impl Files {
    /// Those of a log's directory.
    pub fn of(log: &Path) -> Self {
        let numbered = |dir: &str| -> Vec<(String, Vec<u8>)> {
            let files = fs::read_dir(log.join(dir)).unwrap().map(|file| file.unwrap());
            files.map(|f| (f.file_name().to_str().unwrap().to_owned(), fs::read(f.path()).unwrap())).collect()
        };
        Self {
            entries: fs::read(log.join("entries.jsonl")).unwrap(),
            newest: fs::read(log.join("checkpoint")).ok(),
            checkpoints: numbered("checkpoints").into_iter().map(|(n, bytes)| (n.parse().unwrap(), bytes)).collect(),
            audit: numbered("audit")
                .into_iter()
                .map(|(n, bytes)| (n.strip_suffix(".pem").unwrap().parse().unwrap(), bytes))
                .collect(),
        }
    }

    /// Writes them as a log's directory.
    pub fn put(&self, log: &Path) {
        let _ = fs::remove_dir_all(log);
        fs::create_dir_all(log.join("checkpoints")).unwrap();
        fs::create_dir_all(log.join("audit")).unwrap();
        fs::write(log.join("entries.jsonl"), &self.entries).unwrap();
        if let Some(newest) = &self.newest {
            fs::write(log.join("checkpoint"), newest).unwrap();
        }
        for (size, note) in &self.checkpoints {
            fs::write(log.join("checkpoints").join(size.to_string()), note).unwrap();
        }
        for (generation, pem) in &self.audit {
            fs::write(log.join("audit").join(format!("{generation}.pem")), pem).unwrap();
        }
    }

    /// Its lines, each with its line end.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        self.entries.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// The same log with these lines.
    pub fn with(&self, lines: &[Vec<u8>]) -> Self {
        Self { entries: lines.concat(), ..self.clone() }
    }

    /// The same log with `note` as its newest checkpoint and as the kept one of `size`.
    pub fn noted(&self, size: u64, note: &[u8]) -> Self {
        let mut files = self.clone();
        files.newest = Some(note.to_vec());
        files.checkpoints.insert(size, note.to_vec());
        files
    }

    /// Where a line begins; lines are counted from 1.
    pub fn offset(&self, line: usize) -> usize {
        self.lines()[..line - 1].iter().map(Vec::len).sum()
    }

    /// What `log verify` says of it.
    pub fn verify(&self, root: RootPin, at_rest: bool) -> Result<Report, Error> {
        let material = Material {
            entries: Box::new(&self.entries[..]),
            newest: self.newest.clone(),
            sizes: self.checkpoints.keys().copied().collect(),
            checkpoint: Box::new(|size| Ok(self.checkpoints[&size].clone())),
            audit_certificates: self.audit.clone().into_iter().collect(),
        };
        audit::verify(material, &Options { root, at_rest }, &|| Duration::ZERO)
    }

    /// Why it is refused, which it must be, with exit code 40.
    #[track_caller]
    pub fn refused(&self, what: &str) -> String {
        let error = match self.verify(RootPin::None, false) {
            Ok(report) => panic!("{what}: accepted: {report:?}"),
            Err(error) => error,
        };
        assert_eq!(error.kind(), Kind::Verify, "{what}: {error}");
        error.to_string()
    }

    /// It is refused, and the error names this line, counted from 1, its first byte and one of these rules.
    #[track_caller]
    pub fn names(&self, line: usize, offset: usize, rules: &[&str], what: &str) {
        let error = self.refused(what);
        let named = rules.iter().any(|rule| error.starts_with(&format!("line {line} (byte {offset}, rule {rule})")));
        assert!(named, "{what}: wanted line {line} (byte {offset}) and one of {rules:?}: {error}");
    }
}

/// The rules that a line which was changed may break: it is out of form, out of its chain, says what nothing before
/// it allows, or is the last one that a checkpoint covers.
pub const OF_A_LINE: &[&str] = &[
    "entry.form",
    "chain.seq",
    "chain.log",
    "chain.prev",
    "genesis.origin",
    "state",
    "history.key",
    "history.signature",
    "plan.tbs",
    "intent.plan",
    "outcome.checkpoint",
    "outcome.bytes",
    "outcome.signature",
    "proof.statement",
    "proof.signature",
    "root.parent",
    "crl.list",
    "audit.rotation",
    "checkpoint.signature",
    "checkpoint.root",
    "checkpoint.missing",
    "checkpoint.witnessed",
];

/// A genesis and a session that signed one intermediate, at rest.
pub fn small() -> (TempDir, Fixture) {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    signs(&mut fixture);
    (directory, fixture)
}

/// A session that signs one intermediate.
pub fn signs(fixture: &mut Fixture) {
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    fixture.filler(3).unwrap();
    fixture.intermediate(&key).unwrap();
    fixture.checkpoint().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
}

/// The same, then a session that was interrupted after its intent and one that recovered it, a revocation and its
/// CRL, and the hand-over to another audit key; at rest.
pub fn whole() -> (TempDir, Fixture) {
    let (directory, mut fixture) = small();
    everything(directory.path(), &mut fixture);
    (directory, fixture)
}

/// Appends to the log of a genesis, which is below a directory: a signing session that was interrupted and recovered,
/// a revocation, a CRL, a hand-over.
pub fn everything(directory: &Path, fixture: &mut Fixture) {
    let key = || LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    let der = fixture.intermediate(&key()).unwrap();
    let intent = fixture.intent_only(&key()).unwrap().range().start;
    fixture.open("sign").unwrap();
    fixture.recover(intent).unwrap();
    let serial = read::certificate(&der).unwrap().view.serial;
    fixture.revoke(&serial, Reason::KeyCompromise).unwrap();
    fixture.crl(2, due(directory)).unwrap();
    fixture.checkpoint().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    fixture.open("root-rollover").unwrap();
    let next = fixture.next_audit_key().unwrap();
    let statement = fixture.handover(&next, fixture.log.size(), fixture.log.root());
    fixture.append([statement]).unwrap();
    fixture.audit = next;
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
}

/// What the next CRL of this log must list.
fn due(directory: &Path) -> Vec<RevokedCertificate> {
    let mut state = State::default();
    store::read(directory, &mut |entry| state.apply(entry)).unwrap();
    let listed = state.to_list(1).into_values();
    let entry = |of: Listed| RevokedCertificate {
        serial: of.serial,
        date: of.date,
        reason: (of.reason != Reason::Unspecified).then(|| of.reason.code()),
        invalid_from: of.invalid_from,
    };
    listed.map(entry).collect()
}

/// The log of a fixture, in memory.
pub fn files(directory: &TempDir) -> Files {
    Files::of(&directory.path().join("log"))
}

/// The number of the first line of a type, counted from 1.
pub fn line_of(log: &Files, kind: &str) -> usize {
    let wanted = format!("\"type\":\"{kind}\"");
    log.lines().iter().position(|line| String::from_utf8_lossy(line).contains(&wanted)).unwrap() + 1
}

/// What `log verify` says of the log on disk.
pub fn verify(directory: &Path, root: RootPin, at_rest: bool) -> Result<Report, Error> {
    let material = store::material(directory)?;
    audit::verify(material, &Options { root, at_rest }, &|| Duration::ZERO)
}

/// The lines written again from one on (counted from 0), so that everything chains: `change` sees each header.
pub fn chained(lines: &[Vec<u8>], from: usize, change: &dyn Fn(&mut Header)) -> Vec<Vec<u8>> {
    let mut prev = anchorite::digest::Digest([0; 32]);
    let again = |(seq, line): (usize, &Vec<u8>)| {
        let line = line.strip_suffix(b"\n").unwrap();
        let parsed = entry::parse_line(line).unwrap().entry().unwrap();
        let mut header = Header::clone(&parsed.header);
        if seq >= from {
            change(&mut header);
        }
        let new = entry::write_line(&header, u64::try_from(seq).unwrap(), &prev, &parsed.record).unwrap();
        prev = merkle::leaf_hash(&new);
        [&new[..], b"\n"].concat()
    };
    lines.iter().enumerate().map(again).collect()
}
