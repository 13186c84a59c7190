//! The tree and its signatures: chain, checkpoints, audit keys; and which line is to blame.
//!
//! A line that was changed no longer has the leaf hash that the next one carries, so a broken chain accuses two
//! lines. The line after them, or the checkpoint over them, tells which of the two is false.

use super::report::{self, Report, Stopwatch, Uncovered};
use super::signing::Signing;
use super::{Options, at_file, fingerprint, witnessed};
use crate::authority::State;
use crate::authority::inventory::Countersigned;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::chain::{Break, Chain};
use crate::log::merkle::Frontier;
use crate::log::note::{self, Checkpoint, SignedNote};
use crate::log::record::{KeyAdopted, KeyGenerated};
use crate::log::scan::{self, End, Examined};
use crate::log::{Entry, Record};
use crate::x509::Spki;
use std::collections::VecDeque;
use std::time::Duration;

type Fetch<'a> = Box<dyn FnMut(u64) -> Result<Vec<u8>, Error> + 'a>;

/// The streaming fold: lines in, in order, then the end.
pub(super) struct Verifier<'a> {
    chain: Chain,
    /// The tree without the last line, whose leaf hash is the chain's end.
    before: Frontier,
    /// Where the last line begins.
    last_offset: u64,
    /// A line that does not follow the one before it; the next one tells which of them is false.
    suspect: Option<(Examined, Error)>,
    state: State,
    pub(super) signing: Signing,
    pub(super) keys: Vec<AuditKey>,
    /// Generations of audit keys between which the log passed: from, to.
    pub(super) handed: Vec<(u32, u32)>,
    /// The newest checkpoint, as it stands, and what it says.
    newest: Option<(Checkpoint, Vec<u8>)>,
    /// Sizes of checkpoints that are still to come.
    sizes: VecDeque<u64>,
    /// The largest size that `checkpoints/` names.
    largest: u64,
    fetch: Fetch<'a>,
    /// The newest checkpoint so far: size and root.
    signed: (u64, Digest),
    checkpoints: u64,
    watch: Stopwatch<'a>,
    /// Position of the last `session.closed`.
    closed: Option<u64>,
}

/// An audit key that the log says was generated.
pub(super) struct AuditKey {
    pub(super) generation: u32,
    pub(super) spki: Spki,
    /// True once a checkpoint was signed with it.
    pub(super) used: bool,
}

impl<'a> Verifier<'a> {
    pub(super) fn new(
        newest: Option<Vec<u8>>,
        sizes: Vec<u64>,
        fetch: Fetch<'a>,
        monotonic: &'a dyn Fn() -> Duration,
    ) -> Result<Self, Error> {
        let newest = newest
            .map(|note| {
                let parsed = SignedNote::parse(&note).and_then(|parsed| Checkpoint::parse(&parsed.body));
                parsed
                    .map(|checkpoint| (checkpoint, note))
                    .map_err(|error| at_file(error, "checkpoint", "checkpoint.signature"))
            })
            .transpose()?;
        let largest = sizes.last().copied().unwrap_or_default();
        let mut sizes = VecDeque::from(sizes);
        match &newest {
            Some((newest, _)) if newest.size > largest => sizes.push_back(newest.size),
            _ => {}
        }
        Ok(Self {
            chain: Chain::default(),
            before: Frontier::default(),
            last_offset: 0,
            suspect: None,
            state: State::default(),
            signing: Signing::default(),
            keys: Vec::new(),
            handed: Vec::new(),
            newest,
            sizes,
            largest,
            fetch,
            signed: (0, Digest::of(b"")),
            checkpoints: 0,
            watch: Stopwatch::new(monotonic),
            closed: None,
        })
    }

    /// Folds the next line.
    pub(super) fn line(&mut self, line: &Examined) -> Result<(), Error> {
        if let Some((suspect, error)) = self.suspect.take() {
            // The line after the suspect carries the suspect's hash: so the suspect is as it was written.
            return Err(self.blame(&suspect, error, line.prev == suspect.leaf));
        }
        let last = (self.chain.next_seq() > 0).then(|| self.chain.last_leaf());
        match self.chain.follow(line) {
            Ok(()) => {}
            // A checkpoint already vouched for every line before this one.
            Err((Break::Previous, error)) if self.signed.0 < line.entry.seq => {
                self.suspect = Some((line.clone(), error));
                return Ok(());
            }
            Err((how, error)) => return Err(scan::at_line(error, self.chain.next_seq(), line.offset, how.rule())),
        }
        if let Some(last) = last {
            self.before.push(last);
        }
        self.last_offset = line.offset;
        self.entry(&line.entry, line.offset)?;
        while self.sizes.front() == Some(&self.chain.next_seq()) {
            self.sizes.pop_front();
            self.checkpoint()?;
        }
        Ok(())
    }

    /// The error of a line that is not well-formed, after all that were folded.
    pub(super) fn bad_line(&mut self, offset: u64, error: Error) -> Error {
        match self.suspect.take() {
            Some((suspect, broken)) => self.blame(&suspect, broken, false),
            None => scan::at_line(error, self.chain.next_seq(), offset, "entry.form"),
        }
    }

    /// Names the line that is false: the suspect, or the one before it.
    fn blame(&self, suspect: &Examined, error: Error, suspect_is_true: bool) -> Error {
        let rule = Break::Previous.rule();
        if suspect_is_true && suspect.entry.seq > 0 {
            let error = Error::new(Kind::Verify, "an entry was changed: the next one carries another leaf hash")
                .saw(format!("leaf hash {}", self.chain.last_leaf()))
                .wanted(format!("leaf hash {}", suspect.prev));
            return scan::at_line(error, suspect.entry.seq - 1, self.last_offset, rule);
        }
        scan::at_line(error, suspect.entry.seq, suspect.offset, rule)
    }

    fn entry(&mut self, entry: &Entry, offset: u64) -> Result<(), Error> {
        let seq = entry.seq;
        match &entry.record {
            Record::Genesis(genesis) => {
                let id = Hex::parse(&entry.header.log)?;
                let origin = note::origin(&genesis.name, &id);
                if genesis.origin != origin {
                    let error = Error::new(Kind::Verify, "genesis has the origin of another log");
                    return Err(scan::at_line(
                        error.saw(&genesis.origin).wanted(origin),
                        seq,
                        offset,
                        "genesis.origin",
                    ));
                }
            }
            Record::KeyGenerated(KeyGenerated { role, generation, spki, .. })
            | Record::KeyAdopted(KeyAdopted { role, generation, spki, .. })
                if role == "audit" =>
            {
                let spki = Spki::from_der(&spki.0).map_err(|error| {
                    scan::at_line(error.into_kind(Kind::Verify), seq, offset, "checkpoint.signature")
                })?;
                self.keys.push(AuditKey { generation: *generation, spki, used: false });
            }
            // What only the tree knows of it; the rest is the state's.
            Record::AuditRotated(rotated) if rotated.root != self.before.root() => {
                let error = Error::new(Kind::Verify, "a statement that hands the log over is about other entries");
                let error = error.saw(format!("root {}", rotated.root)).wanted(format!("root {}", self.before.root()));
                return Err(scan::at_line(error, seq, offset, "audit.rotation"));
            }
            Record::AuditRotated(rotated) => {
                let old = self.state.audit_in_force().map_or(1, |key| key.generation);
                self.handed.push((old, rotated.generation));
            }
            Record::CheckpointWitnessed(record) => {
                // Of those that were verified on the way here; a note that is kept under another name is none.
                let note = if record.size <= self.signed.0 { (self.fetch)(record.size)? } else { Vec::new() };
                witnessed::check(record, &self.state.origin, &note, &mut self.watch)
                    .map_err(|error| scan::at_line(error, seq, offset, "checkpoint.witnessed"))?;
            }
            Record::SessionClosed(_) => self.closed = Some(seq),
            _ => {}
        }
        self.signing
            .apply(entry, offset, &self.state, self.signed.0, &mut self.watch)
            .map_err(|(rule, error)| scan::at_line(error, seq, offset, rule))?;
        self.state.apply(entry).map_err(|error| scan::at_line(error.into_kind(Kind::Verify), seq, offset, "state"))
    }

    /// The root over the lines so far, with the last one's leaf hash as given.
    fn root_with(&self, last: Digest) -> Digest {
        let mut tree = self.before.clone();
        tree.push(last);
        tree.root()
    }

    /// Verifies the checkpoint of the size that was just reached: as kept, and as the newest.
    fn checkpoint(&mut self) -> Result<(), Error> {
        let size = self.chain.next_seq();
        let mut notes = Vec::new();
        if size <= self.largest {
            notes.push((format!("checkpoints/{size}"), (self.fetch)(size)?));
        }
        if let Some((newest, note)) = &self.newest
            && newest.size == size
            && notes.first().is_none_or(|(_, kept)| kept != note)
        {
            notes.push(("checkpoint".to_owned(), note.clone()));
        }
        let root = self.root_with(self.chain.last_leaf());
        for (file, note) in notes {
            let checkpoint =
                self.signed_by_audit_key(&note, size).map_err(|e| at_file(e, &file, "checkpoint.signature"))?;
            if checkpoint.size != size || checkpoint.origin != self.state.origin {
                let error = other_checkpoint(&checkpoint, size, &self.state.origin);
                return Err(at_file(error, &file, "checkpoint.signature"));
            }
            if checkpoint.root != root {
                // The chain holds up to here: this line was changed, or every line since the last checkpoint.
                let error = Error::new(Kind::Verify, "the entries are not those that the checkpoint covers")
                    .saw(format!("root {root}"))
                    .wanted(format!("root {} ({file})", checkpoint.root))
                    .hint(format!("what was changed is in lines {} to {size}", self.signed.0 + 1));
                return Err(scan::at_line(error, size - 1, self.last_offset, "checkpoint.root"));
            }
        }
        self.checkpoints += 1;
        self.signed = (size, root);
        Ok(())
    }

    /// Verifies a note of a size with the audit key that it names, of those the log has had so far: the one that
    /// the log was in the hands of.
    fn signed_by_audit_key(&mut self, note: &[u8], size: u64) -> Result<Checkpoint, Error> {
        let ids: Vec<[u8; 4]> = SignedNote::parse(note)?.signatures.iter().map(|s| s.key_id).collect();
        let in_force = self.state.audit_at(size).and_then(|key| key.spki.as_ref());
        let key = self.keys.iter_mut().find(|key| ids.contains(&note::key_id(&key.spki)));
        let key = key.ok_or_else(|| Error::new(Kind::Verify, "not signed by an audit key of this log"))?;
        if in_force != Some(&key.spki) {
            return Err(Error::new(Kind::Verify, "signed by an audit key that the log was not in the hands of")
                .saw(format!("audit key {}", key.generation)));
        }
        let checkpoint = self.watch.check(|| note::verify(note, &key.spki))?;
        key.used = true;
        Ok(checkpoint)
    }

    /// Checks what holds for the whole log.
    pub(super) fn finish(
        mut self,
        end: &End,
        certificates: Vec<(u32, Vec<u8>)>,
        options: &Options,
    ) -> Result<Report, Error> {
        if let Some((suspect, error)) = self.suspect.take() {
            let suspect_is_true = self.vouched(&suspect)?;
            return Err(self.blame(&suspect, error, suspect_is_true));
        }
        let entries = self.chain.next_seq();
        if entries == 0 {
            let error = Error::new(Kind::Verify, "the log is empty").saw(format!("{} torn bytes", end.torn.len()));
            return Err(scan::at_line(error, 0, 0, "entry.form"));
        }
        if let Some(size) = self.sizes.front().copied() {
            self.genuine(size)?;
            let error = Error::new(Kind::Verify, "entries are missing at the end of the log")
                .saw(format!("{entries} entries"))
                .wanted(format!("{size} entries, which a checkpoint covers"));
            return Err(scan::at_line(error, entries, end.length, "checkpoint.missing"));
        }
        let newest = self.newest.as_ref().map_or(0, |(newest, _)| newest.size);
        if newest < self.largest {
            self.genuine(newest)?;
            let error = Error::new(Kind::Verify, "the newest checkpoint was replaced by an older one, or removed")
                .saw(format!("{newest} entries"))
                .wanted(format!("{} entries, as checkpoints/ has", self.largest));
            return Err(at_file(error, "checkpoint", "checkpoint.newest"));
        }
        if let Some((seq, offset, (rule, error))) = self.signing.left_waiting() {
            return Err(scan::at_line(error, seq, offset, rule));
        }
        if let Some(seq) = self.state.unsettled() {
            let error = Error::new(Kind::Verify, "a session began over an intent that has no outcome")
                .saw(format!("an open intent at line {}", seq.saturating_add(1)));
            return Err(scan::at_line(error, entries - 1, self.last_offset, "intent.settled"));
        }
        let mut warnings = self.unfinished(end);
        let authenticated = self.authenticate(&certificates, options, &mut warnings)?;
        if options.at_rest
            && let Some(first) = warnings.first()
        {
            return Err(at_file(Error::new(Kind::Verify, first), "a log at rest", "rest"));
        }
        Ok(Report {
            countersigned: self.state.witnessed.newest().map(|(_, record)| Countersigned::of(record)).collect(),
            ended: self.state.ended(),
            authority: self.state.name,
            kind: self.state.kind,
            log: self.state.log.unwrap_or(Hex(Vec::new())),
            origin: self.state.origin,
            entries,
            size: self.signed.0,
            root: self.signed.1,
            checkpoints: self.checkpoints,
            certificates: self.signing.certificates,
            crls: self.signing.crls,
            roots: self.signing.roots.values().map(fingerprint).collect(),
            signatures: self.watch.count,
            signature_seconds: self.watch.spent.as_secs_f64(),
            uncovered: Uncovered::of(&self.state.history),
            warnings,
            authenticated,
        })
    }

    /// Refuses a note whose size no line reached where it is no checkpoint of this log at all: then nothing is said
    /// of entries that are missing. One by a key that the log does not know may be of entries that are.
    fn genuine(&mut self, size: u64) -> Result<(), Error> {
        let (file, note) = match &self.newest {
            Some((newest, note)) if newest.size == size => ("checkpoint".to_owned(), note.clone()),
            None if size == 0 => return Ok(()),
            _ => (format!("checkpoints/{size}"), (self.fetch)(size)?),
        };
        let bad = |error| at_file(error, &file, "checkpoint.signature");
        let ids: Vec<[u8; 4]> = SignedNote::parse(&note).map_err(bad)?.signatures.iter().map(|s| s.key_id).collect();
        let Some(key) = self.keys.iter().find(|key| ids.contains(&note::key_id(&key.spki))) else { return Ok(()) };
        let said = self.watch.check(|| note::verify(&note, &key.spki)).map_err(bad)?;
        if said.size == size && said.origin == self.state.origin {
            return Ok(());
        }
        Err(bad(other_checkpoint(&said, size, &self.state.origin)))
    }

    /// True where a checkpoint over the suspect, which is the last line, has the leaf hash that the suspect
    /// carries in its tree: then the line before it is the false one.
    fn vouched(&mut self, suspect: &Examined) -> Result<bool, Error> {
        let size = suspect.entry.seq.saturating_add(1);
        let note = match &self.newest {
            Some((newest, note)) if newest.size == size => note.clone(),
            _ if self.sizes.contains(&size) => (self.fetch)(size)?,
            _ => return Ok(false),
        };
        let mut tree = self.before.clone();
        tree.push(suspect.prev);
        tree.push(suspect.leaf);
        Ok(self.signed_by_audit_key(&note, size).is_ok_and(|checkpoint| checkpoint.root == tree.root()))
    }

    /// What a log that is being written may leave open.
    fn unfinished(&self, end: &End) -> Vec<String> {
        let mut found = Vec::new();
        let (entries, signed) = (self.chain.next_seq(), self.signed.0);
        if !end.torn.is_empty() {
            found.push(format!("line {} is torn: {} bytes from byte {}", entries + 1, end.torn.len(), end.length));
        }
        if signed < entries {
            found.push(report::unsigned(signed, entries));
        }
        if let Some(closed) = self.closed.filter(|closed| *closed >= signed) {
            found.push(format!("the session that line {} closes is not under a checkpoint", closed + 1));
        }
        if let Some((first, _)) = self.state.open_intents.first_key_value() {
            let count = self.state.open_intents.len();
            found.push(format!("{count} intents have no outcome, the first at line {}", first + 1));
        } else if self.state.session.is_some() {
            found.push(report::OPEN.to_owned());
        }
        if self.newest.as_ref().is_some_and(|(newest, _)| newest.size > self.largest) {
            found.push("the newest checkpoint is not among checkpoints/".to_owned());
        }
        found
    }
}

/// A note that stands in the place of another.
fn other_checkpoint(saw: &Checkpoint, size: u64, origin: &str) -> Error {
    Error::new(Kind::Verify, "a checkpoint of another size or log")
        .saw(format!("{} entries of {}", saw.size, saw.origin))
        .wanted(format!("{size} entries of {origin}"))
}
