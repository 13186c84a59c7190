//! The chain: each line says its position, its log, and the leaf hash of the line before it.
//!
//! A chain is followed line by line and keeps only the last leaf hash, so a slice of a log is checked
//! with a few lines of shell. It says nothing about who wrote the lines: checkpoints do ([`super::note`]).

use super::scan::Examined;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};

/// How a line breaks the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Its `seq` is not its position.
    Position,
    /// Its `log` is not that of the lines before it, or not 16 bytes in hex.
    Log,
    /// Its `prev` is not the leaf hash of the line before it: one of the two was changed.
    Previous,
}

impl Break {
    /// The id of the rule that was broken.
    pub const fn rule(self) -> &'static str {
        match self {
            Break::Position => "chain.seq",
            Break::Log => "chain.log",
            Break::Previous => "chain.prev",
        }
    }
}

/// The end of the chain so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    next: u64,
    last: Digest,
    log: Option<String>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { next: 0, last: Digest([0; 32]), log: None }
    }
}

impl Chain {
    /// Of which log this chain is, where that is known before its first line.
    pub fn of(log: &Hex) -> Self {
        Self { log: Some(log.to_string()), ..Self::default() }
    }

    /// The position of the next line.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// The leaf hash of the last line, which the next line must carry as `prev`; zeros before the first.
    pub fn last_leaf(&self) -> Digest {
        self.last
    }

    /// The log id in hex, once a line was followed.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// Follows one line.
    ///
    /// # Errors
    /// [`Kind::Verify`] with the way in which the line breaks the chain; the chain stays where it was.
    pub fn follow(&mut self, line: &Examined) -> Result<(), (Break, Error)> {
        let (seq, log) = (line.entry.seq, &line.entry.header.log);
        if seq != self.next {
            return Err(broken(Break::Position, "an entry is out of its place", seq, self.next));
        }
        match &self.log {
            Some(known) if known == log => {}
            Some(known) => return Err(broken(Break::Log, "an entry is of another log", log, known)),
            None if is_log_id(log) => {}
            None => return Err(broken(Break::Log, "a log id is not in form", log, "32 lower-case hex digits")),
        }
        if line.prev != self.last {
            return Err(broken(Break::Previous, "an entry does not follow the one before it", line.prev, self.last));
        }
        if self.log.is_none() {
            self.log = Some(log.clone());
        }
        self.next += 1;
        self.last = line.leaf;
        Ok(())
    }
}

fn is_log_id(text: &str) -> bool {
    text.len() == 32 && Hex::parse(text).is_ok()
}

fn broken(how: Break, what: &str, saw: impl ToString, wanted: impl ToString) -> (Break, Error) {
    (how, Error::new(Kind::Verify, what).saw(saw.to_string()).wanted(wanted.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::record::StepDone;
    use crate::log::scan::examine;
    use crate::log::{Header, Record, entry};

    fn lines(log: &str) -> Vec<Examined> {
        let header = Header {
            log: log.to_owned(),
            session: "0123456789abcdef".to_owned(),
            time: "2026-11-21T09:30:00Z".parse().unwrap(),
            time_source: "given".to_owned(),
            actors: vec!["administrator".to_owned()],
        };
        let mut prev = Digest([0; 32]);
        (0..3)
            .map(|seq| {
                let record = Record::from(StepDone { step: "é \u{1f511}".into(), activity: "confirm".into() });
                let line = entry::write_line(&header, seq, &prev, &record).unwrap();
                let examined = examine(0, &line, &mut entry::LastHeader::default()).unwrap();
                assert_eq!(examined.entry.record, record);
                prev = examined.leaf;
                examined
            })
            .collect()
    }

    #[test]
    fn a_line_follows_the_one_before_it_and_nothing_else() {
        let (lines, others) = (lines(&"0a".repeat(16)), lines(&"0b".repeat(16)));
        let mut chain = Chain::default();
        chain.follow(&lines[0]).unwrap();
        let how = |chain: &mut Chain, line: &Examined| chain.follow(line).map_err(|(how, _)| how);
        assert_eq!(how(&mut chain, &lines[2]), Err(Break::Position));
        assert_eq!(how(&mut chain, &others[1]), Err(Break::Log));
        let forged = Examined { prev: Digest::of(b"another"), ..lines[1].clone() };
        assert_eq!(how(&mut chain, &forged), Err(Break::Previous));
        // Each refusal left the chain where it was.
        chain.follow(&lines[1]).unwrap();
        chain.follow(&lines[2]).unwrap();
        assert_eq!((chain.next_seq(), chain.last_leaf()), (3, lines[2].leaf));
    }
}
