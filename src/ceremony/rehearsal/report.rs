//! How a rehearsal went, from its log: how long each step took against its minutes, what was left out, how many
//! deviations and breaks there were. Pure but for reading the log.

use crate::ceremony::script::Script;
use crate::ceremony::session::Folder;
use crate::digest::Digest;
use crate::error::Error;
use crate::log::Entry;
use crate::log::record::Record;
use crate::screen::Screen;
use crate::store;
use crate::text;
use jiff::Timestamp;
use serde::Serialize;

/// One step, as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTook {
    /// Its number on the paper.
    pub number: usize,
    /// Its id.
    pub step: String,
    /// How long it was planned to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_minutes: Option<u32>,
    /// How long it took, breaks between sessions apart.
    pub seconds: u64,
    /// True where it was left out.
    pub left_out: bool,
}

/// A rehearsal, as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The script's title.
    pub title: String,
    /// SHA-256 of the script.
    pub script_sha256: Digest,
    /// Its steps, as they were done.
    pub steps: Vec<StepTook>,
    /// Deviations that were written down.
    pub deviations: usize,
    /// Sessions it took: one more than it was interrupted.
    pub sessions: usize,
    #[serde(skip)]
    since: Option<Timestamp>,
}

impl Report {
    /// Reads the newest ceremony of this script from a log.
    ///
    /// # Errors
    /// [`Kind::Medium`](crate::error::Kind::Medium), [`Kind::Verify`](crate::error::Kind::Verify).
    pub fn read(folder: &Folder, script: &Script) -> Result<Self, Error> {
        let mut report = Self::new(script);
        store::read(&folder.log(), &mut |entry| {
            report.apply(entry, script);
            Ok(())
        })?;
        Ok(report)
    }

    fn new(script: &Script) -> Self {
        Self {
            title: script.title.clone(),
            script_sha256: script.sha256,
            steps: Vec::new(),
            deviations: 0,
            sessions: 0,
            since: None,
        }
    }

    fn apply(&mut self, entry: &Entry, script: &Script) {
        let time = entry.header.time;
        match &entry.record {
            Record::SessionOpened(opened) if opened.script_sha256 == script.sha256 => {
                if opened.resumes.is_none() {
                    *self = Self::new(script);
                }
                self.sessions += 1;
                self.since = Some(time);
            }
            Record::SessionOpened(_) => self.since = None,
            Record::StepDone(done) => self.step(script, &done.step, time, false),
            Record::StepSkipped(skipped) => self.step(script, &skipped.step, time, true),
            Record::Deviation(_) if self.since.is_some() => self.deviations += 1,
            _ => {}
        }
    }

    fn step(&mut self, script: &Script, id: &str, time: Timestamp, left_out: bool) {
        let Some(since) = self.since.replace(time) else { return };
        let Some(index) = script.steps.iter().position(|step| step.id == id) else { return };
        let seconds = u64::try_from(time.duration_since(since).as_secs()).unwrap_or(0);
        // Unlocking is done again after a break: its time counts, its line is one.
        if let Some(again) = self.steps.iter_mut().find(|step| step.number == index + 1) {
            again.seconds = again.seconds.saturating_add(seconds);
            return;
        }
        let planned_minutes = script.steps.get(index).and_then(|step| step.minutes);
        self.steps.push(StepTook { number: index + 1, step: id.to_owned(), planned_minutes, seconds, left_out });
    }

    /// For people: the steps in two columns, so that all of them are on one screen.
    pub fn screen(&self) -> Screen {
        let planned: u32 = self.steps.iter().filter_map(|step| step.planned_minutes).sum();
        let took = self.steps.iter().fold(0, |sum: u64, step| sum.saturating_add(step.seconds));
        let head = format!("{:<17}planned     took", "    step");
        let mut screen = Screen::new()
            .heading(format!("REHEARSED: {}", self.title), text::count(self.steps.len(), "step"))
            .verbatim(beside(&head, &head));
        let (first, second) = self.steps.split_at(self.steps.len().div_ceil(2));
        for (row, step) in first.iter().enumerate() {
            screen = screen.verbatim(beside(&cell(step), &second.get(row).map(cell).unwrap_or_default()));
        }
        let planned = if planned > 0 { format!(", planned were {planned} min") } else { String::new() };
        let of = |count: usize, noun: &str| if count == 0 { format!("no {noun}") } else { text::count(count, noun) };
        let breaks = of(self.sessions.saturating_sub(1), "interruption");
        let longer = if self.steps.iter().any(StepTook::is_longer) { " (* longer than planned)" } else { "" };
        screen.text(format!(
            "It took {} min{planned}{longer}. There was {} and {breaks}.",
            clock(took),
            of(self.deviations, "deviation")
        ))
    }
}

impl StepTook {
    fn is_longer(&self) -> bool {
        self.planned_minutes.is_some_and(|minutes| self.seconds > u64::from(minutes).saturating_mul(60))
    }
}

fn cell(step: &StepTook) -> String {
    let planned = step.planned_minutes.map(|minutes| format!("{minutes} min")).unwrap_or_default();
    let took = if step.left_out { "left out".to_owned() } else { clock(step.seconds) };
    let mark = if step.is_longer() { "*" } else { "" };
    format!("{:>2}  {:<13}{planned:>7} {took:>8}{mark}", step.number, text::ellipsis(&step.step, 13))
}

fn beside(left: &str, right: &str) -> String {
    format!("  {left:<37}{right}").trim_end().to_owned()
}

/// Minutes and seconds.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Header;
    use crate::log::record::{SessionOpened, StepDone, StepSkipped};
    use std::sync::Arc;

    const SCRIPT: &str = "cluster-retirement";

    fn told(story: &[(i64, Record)]) -> Report {
        let script = Script::built_in(SCRIPT).unwrap();
        let mut report = Report::new(&script);
        for (second, record) in story {
            let header = Header {
                log: String::new(),
                session: String::new(),
                time: Timestamp::from_second(*second).unwrap(),
                time_source: String::new(),
                actors: Vec::new(),
            };
            report.apply(&Entry { seq: 0, header: Arc::new(header), record: record.clone() }, &script);
        }
        report
    }

    fn opened(script_sha256: Digest, resumes: Option<&str>) -> Record {
        let opened = SessionOpened {
            ceremony: SCRIPT.to_owned(),
            script_sha256,
            version: String::new(),
            binary_sha256: script_sha256,
            module: String::new(),
            module_sha256: script_sha256,
            local_sha256: None,
            unattended: false,
            answers_sha256: None,
            resumes: resumes.map(str::to_owned),
        };
        opened.into()
    }

    fn done(step: &str) -> Record {
        StepDone { step: step.to_owned(), activity: String::new() }.into()
    }

    #[test]
    fn a_break_counts_for_no_step_and_a_step_that_was_done_twice_has_one_line() {
        let script = Script::built_in(SCRIPT).unwrap();
        let skipped = StepSkipped { step: "watch".to_owned(), activity: String::new(), reason: String::new() };
        let report = told(&[
            (0, opened(Digest::of(b"another script"), None)),
            (5, done("participants")),
            (100, opened(script.sha256, None)),
            (160, done("participants")),
            (170, skipped.into()),
            (200, done("unlock")),
            (9_000, opened(script.sha256, Some("first"))),
            (9_010, done("unlock")),
            (9_100, done("retire")),
        ]);
        let of = |step: &str| report.steps.iter().find(|took| took.step == step).unwrap();
        assert_eq!(report.steps.len(), 4);
        assert_eq!((of("participants").seconds, of("unlock").seconds, of("retire").seconds), (60, 40, 90));
        assert!(of("watch").left_out);
        assert_eq!((report.sessions, report.deviations), (2, 0));
        let shown = report.screen().render();
        assert!(shown.contains("It took 3:20 min, planned were "), "{shown}");
        assert!(shown.replace('\n', " ").contains("There was no deviation and 1 interruption."), "{shown}");
        assert!(shown.contains(" watch") && shown.contains("left out"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80) && shown.lines().count() < 8, "{shown}");
        // Begun anew: what was before does not count.
        assert_eq!(
            told(&[(0, opened(script.sha256, None)), (9, done("unlock")), (10, opened(script.sha256, None))]).steps,
            []
        );
    }
}
