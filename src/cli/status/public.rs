//! `status` of public files: no authority, no key, no token.

use super::super::args;
use super::super::cluster::MAX_FILE;
use super::super::terminal::Terminal;
use super::{answer, due_screen, write_calendar};
use crate::authority::calendar::ics::Calendar;
use crate::authority::calendar::{self, Due, Task, date};
use crate::bundle::Receipt;
use crate::consumer::Given;
use crate::consumer::due::{self, Place};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::text;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::path::Path;

/// What is looked for in a directory; never a key.
const NAMES: [&str; 7] =
    ["ca-cert.pem", "tls.crt", "cert-chain.pem", "root-cert.pem", "ca.crt", "root.crl", "ca-crl.pem"];
/// A Secret as JSON, or a CRL, at the most, in bytes.
const MAX_LARGE: u64 = 16 << 20;
/// How a Secret is piped in.
const PIPE: &str = "kubectl -n istio-system get secret cacerts -o json | anchorite status - --check";

#[derive(Serialize)]
struct Report {
    places: Vec<Place>,
    due: Vec<Due>,
}

/// `anchorite status DIR…`
pub fn status(a: &args::Status, now: Timestamp, terminal: &mut Terminal) -> Result<(), Error> {
    let leaf = SignedDuration::from_hours(i64::from(a.leaf_ttl));
    let mut places = Vec::with_capacity(a.what.len());
    for path in &a.what {
        places.push(look(path, leaf, terminal)?);
    }
    let mut tasks: Vec<Task> = Vec::new();
    for task in places.iter().flat_map(Place::tasks) {
        // Clusters share their root and its CRL.
        if !tasks.iter().any(|other| other.id == task.id && other.by == task.by) {
            tasks.push(task.clone());
        }
    }
    let due = calendar::in_order(tasks, now);
    let report = Report { places, due };
    let names: Vec<&str> = report.places.iter().map(|place| place.name.as_str()).collect();
    let changed = report.places.iter().map(Place::changed).max().unwrap_or(now);
    let name = names.join(", ");
    let id = Digest::of(name.as_bytes()).short();
    let calendar = Calendar {
        name: &name,
        id: &id,
        changed,
        // Minutes, because an iCalendar integer has 31 bits.
        revision: u64::try_from(changed.as_second() / 60).unwrap_or_default(),
    };
    write_calendar(a, &calendar, &report.due, terminal)?;
    answer(a, &report, || screen(&report, now), &report.due, now, terminal)
}

fn look(path: &Path, leaf: SignedDuration, terminal: &Terminal) -> Result<Place, Error> {
    let shown = text::escape(&path.display().to_string());
    if path == Path::new("-") {
        return in_secret("stdin", &terminal.piped(MAX_LARGE, PIPE)?, leaf);
    }
    if path.is_dir() {
        return in_directory(path, &shown, leaf);
    }
    let (bytes, _) = intake::read_exposed(path, MAX_LARGE)?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        return in_secret(&shown, &bytes, leaf);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    due::look(&shown, None, &[(name, bytes.to_vec())], leaf)
}

fn in_directory(dir: &Path, shown: &str, leaf: SignedDuration) -> Result<Place, Error> {
    let mut files = Vec::new();
    for name in NAMES {
        let path = dir.join(name);
        if intake::is_there(&path)? {
            files.push((name.to_owned(), intake::read(&path, MAX_LARGE)?));
        }
    }
    let receipt = dir.join("receipt.json");
    let receipt = match intake::is_there(&receipt)? {
        true => Some(Receipt::read(&intake::read(&receipt, MAX_FILE)?)?),
        false => None,
    };
    if files.is_empty() && (intake::is_there(&dir.join("authority.toml"))? || intake::is_there(&dir.join("log"))?) {
        return Err(Error::new(Kind::Usage, "this is an authority, and its public files were asked about")
            .saw(shown)
            .hint(format!("the authority itself: anchorite -C {} status", text::shell(shown)))
            .hint(format!("its public files: anchorite status {}", text::shell(&format!("{shown}/public")))));
    }
    due::look(shown, receipt.as_ref().map(|receipt| receipt.cluster.as_str()), &files, leaf)
}

fn in_secret(shown: &str, json: &[u8], leaf: SignedDuration) -> Result<Place, Error> {
    let given =
        Given::from_secret(json).map_err(|error| error.hint("a directory, or PEM files, can be given as well"))?;
    let files = given.files();
    let [certificate, _, chain, root] = files.form.names();
    let parts =
        [(certificate, files.ca_cert), (chain, files.cert_chain), (root, files.root_cert), ("ca-crl.pem", files.crl)];
    let present = parts.into_iter().filter_map(|(name, bytes)| Some((name.to_owned(), bytes?.to_vec())));
    due::look(shown, None, &present.collect::<Vec<_>>(), leaf)
}

/// What is there, and what is due.
fn screen(report: &Report, now: Timestamp) -> Screen {
    let mut screen = Screen::new();
    for place in &report.places {
        screen = screen.heading(&place.name, "public files");
        for held in &place.certificates {
            screen = screen.noted(held.what, &held.subject, format!("until {}", date(held.not_after)));
        }
        for list in &place.crls {
            let number = list.number.map_or_else(String::new, |number| format!("number {number}, "));
            let trust = if list.verified { "" } else { "; NOT verified: its issuer is not here" };
            let place = if list.file == due::MESH_CRL { format!(", in {}", list.file) } else { String::new() };
            let until = date(list.next_update);
            screen = screen.noted("CRL", &list.issuer, format!("{number}until {until}{place}{trust}"));
        }
        screen = screen.blank();
    }
    screen.then(due_screen(&report.due, now))
}
