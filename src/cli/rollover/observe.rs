//! `rollover observe`: which workloads are not ready for the next stage, from what their proxies hold.

use super::super::args::{Args, RolloverObserve};
use super::super::cluster::clock;
use crate::cli::terminal::Terminal;
use crate::error::{Error, Kind};
use crate::files::intake::{self, Shape};
use crate::rollover::Record;
use crate::rollover::observe::{Lack, Sight, Sought, Verdict, dump};
use crate::screen::Screen;
use crate::text;
use jiff::Timestamp;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What one proxy says, at the most, in bytes; a gateway has a certificate for each of its hosts.
const MAX_FILE: u64 = 16 << 20;
/// What is piped in, at the most, in bytes: the proxies of a cluster.
const MAX_PIPED: u64 = 32 << 20;
/// plan.json, at the most, in bytes.
const MAX_PLAN: u64 = 1 << 20;
/// Files in a directory, at the most.
const MAX_NAMES: usize = 20_000;
/// How it is piped in.
const PIPE: &str =
    "istioctl proxy-config secret POD.NAMESPACE -o json | anchorite rollover observe --stage N --plan OUT";

/// What `--json` prints: one object.
#[derive(Serialize)]
struct Report {
    /// 1 to 3.
    stage: u8,
    /// Every workload that was seen is ready: the next stage may begin.
    ready: bool,
    seen: usize,
    not_ready: usize,
    /// Those that are not ready first.
    workloads: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    /// Its file's name, or its SPIFFE ID where a file holds several; escaped.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    spiffe_id: Option<String>,
    ready: bool,
    /// Its certificate is signed by the new intermediate.
    under_new: bool,
    /// The end of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<Timestamp>,
    lacks: Vec<LackRow>,
    notes: Vec<String>,
}

#[derive(Serialize, PartialEq)]
struct LackRow {
    what: String,
    to_do: String,
}

/// `anchorite rollover observe`
pub fn observe(args: &Args, a: &RolloverObserve, terminal: &mut Terminal) -> Result<(), Error> {
    let sight = Sight::of(a.stage).ok_or_else(|| Error::new(Kind::Bug, "a stage out of range"))?;
    let plans = a.plan.iter().map(|path| plan(path)).collect::<Result<Vec<_>, _>>()?;
    let sought = Sought::of(&plans)?;
    let judging = Judging { sought: &sought, sight, now: clock(args).now() };
    let mut rows = Vec::new();
    if a.what.is_empty() || a.what == [Path::new("-")] {
        rows.extend(judging.document("stdin", &terminal.piped(MAX_PIPED, PIPE)?)?);
    }
    for path in a.what.iter().filter(|path| a.what.len() > 1 || *path != Path::new("-")) {
        for file in files(path)? {
            rows.extend(judging.file(&file));
        }
    }
    if rows.is_empty() {
        return Err(Error::new(Kind::Medium, "there are no workloads here").wanted("what proxies hold").hint(PIPE));
    }
    rows.sort_by(|a, b| (a.ready, &a.name).cmp(&(b.ready, &b.name)));
    let not_ready = rows.iter().filter(|row| !row.ready).count();
    let report = Report { stage: a.stage, ready: not_ready == 0, seen: rows.len(), not_ready, workloads: rows };
    match terminal.wants_json() {
        true => terminal.json(&report)?,
        false => terminal.result_screen(&screen(&report, sight))?,
    }
    if report.ready {
        return Ok(());
    }
    Err(Error::new(Kind::Refused, format!("the mesh is not ready for what follows {}", sight.title()))
        .saw(format!("{not_ready} of {} that lack something", text::count(report.seen, "workload")))
        .wanted("none")
        .hint("do what is said above, and look again; until then stay in this stage"))
}

fn plan(path: &Path) -> Result<Record, Error> {
    let file = if path.is_dir() { path.join("plan.json") } else { path.to_owned() };
    let absent =
        |error: Error| error.hint("--plan is the directory that `anchorite rollover plan` wrote, or its plan.json");
    Record::read(&intake::read(&file, MAX_PLAN).map_err(absent)?)
}

/// A file, or those of a directory.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let found = intake::list(path, MAX_NAMES)?;
    Ok(found.into_iter().filter(|file| file.shape != Shape::Directory).map(|file| file.path).collect())
}

struct Judging<'a> {
    sought: &'a Sought,
    sight: Sight,
    now: Timestamp,
}

impl Judging<'_> {
    /// A file that says nothing is a workload of which nothing is known: it stops nobody from seeing the others.
    fn file(&self, path: &Path) -> Vec<Row> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = name.strip_suffix(".json").unwrap_or(&name);
        let rows = intake::read(path, MAX_FILE).and_then(|bytes| self.document(name, &bytes));
        rows.unwrap_or_else(|error| vec![row(name.to_owned(), None, Verdict::unseen(&error))])
    }

    /// The workloads of one file or pipe.
    fn document(&self, name: &str, bytes: &[u8]) -> Result<Vec<Row>, Error> {
        let workloads = dump::read(bytes)?;
        let alone = workloads.len() == 1 && name != "stdin";
        let rows = workloads.into_iter().enumerate().map(|(number, workload)| {
            let verdict = self.sought.judge(&workload, self.sight, self.now);
            let named = match &workload.id {
                _ if alone => name.to_owned(),
                Some(id) => id.clone(),
                None => format!("{name}, document {}", number + 1),
            };
            row(named, workload.id.filter(|_| alone), verdict)
        });
        Ok(rows.collect())
    }
}

fn row(name: String, id: Option<String>, verdict: Verdict) -> Row {
    let lack = |lack: Lack| LackRow { what: text::escape(&lack.what), to_do: lack.to_do.to_owned() };
    Row {
        name: text::escape(&name),
        spiffe_id: id.map(|id| text::escape(&id)),
        ready: verdict.is_ready(),
        under_new: verdict.under_new,
        not_after: verdict.not_after,
        lacks: verdict.lacks.into_iter().map(lack).collect(),
        notes: verdict.notes.iter().map(|note| text::escape(note)).collect(),
    }
}

/// What is lacking, each with everybody who lacks it; then what is worth knowing.
fn screen(report: &Report, sight: Sight) -> Screen {
    let ready = report.seen - report.not_ready;
    let mut screen = Screen::new().heading(
        format!("Rollover · {}", sight.title()),
        format!("{ready} of {} ready", text::count(report.seen, "workload")),
    );
    let mut said: Vec<&LackRow> = Vec::new();
    for lack in report.workloads.iter().flat_map(|row| &row.lacks) {
        if !said.contains(&lack) {
            said.push(lack);
            screen = who(screen.blank().field("not ready", &lack.what), report, |row| row.lacks.contains(lack));
            screen = screen.field("to do", &lack.to_do);
        }
    }
    let mut known: Vec<&String> = Vec::new();
    for note in report.workloads.iter().flat_map(|row| &row.notes) {
        if !known.contains(&note) {
            known.push(note);
            screen = who(screen.blank().field("note", note), report, |row| row.notes.contains(note));
        }
    }
    screen = screen.blank();
    if let Some(first) = report.workloads.iter().filter_map(|row| row.not_after).min() {
        screen = screen.field("leaves", format!("the first that was seen ends {first}"));
    }
    screen
        .text(match (report.ready, sight) {
            (false, _) => "Stay in this stage.",
            (true, Sight::Both) => "Stage 2 may begin once every cluster of the mesh has come this far.",
            (true, Sight::Switch) => "Stage 3 may begin once every cluster of the mesh has come this far.",
            (true, Sight::Retire) => "The old root is gone: its keys can be destroyed, as the runbook says.",
        })
        .text("Only what was given was seen: istioctl proxy-status names every proxy.")
}

/// The workloads of which something holds, each with the end of its certificate.
fn who(screen: Screen, report: &Report, holds: impl Fn(&Row) -> bool) -> Screen {
    let rows = report.workloads.iter().filter(|row| holds(row));
    rows.enumerate().fold(screen, |screen, (number, row)| {
        let end = row.not_after.map(|end| format!(", until {end}")).unwrap_or_default();
        screen.field(if number == 0 { "who" } else { "" }, format!("{}{end}", row.name))
    })
}
