//! `mesh-crl`: the CRLs of a mesh, on the cluster's side: made, merged, looked after.
//!
//! Off unless somebody uses it: with CRLs a mesh fails closed, so every command here ends with the date at which
//! that would happen. Never here: a revocation, or a root's CRL; those are the authority's.

mod check;
mod merge;
mod opening;
mod renew;

pub use opening::{add, explain};

use super::args::{Args, MeshCrl, MeshCrlCommand};
use super::terminal::Terminal;
use crate::consumer::Found;
use crate::consumer::crl::{self, Row};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::text;
use crate::x509::pem;
use crate::x509::read::{self, Crl, Foreign};
use jiff::Timestamp;
use std::path::Path;

/// A file of CRLs, at the most, in bytes.
const MAX_CRLS: u64 = 16 << 20;
/// What everybody who begins with CRLs has to know.
const LIMITS: &str = "Istio reads ca-crl.pem from 1.27 on, ztunnel from 1.29 on, in the layout of four \
     files only; older ones ignore it. An empty ca-crl.pem takes CRLs away again from Istio 1.31.1 on.";

/// `anchorite mesh-crl …`
pub fn mesh_crl(args: &Args, a: &MeshCrl, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        MeshCrlCommand::Renew { dir, life } => renew::renew(args, dir, life.days, terminal),
        MeshCrlCommand::Merge { what, into, gone } => merge::merge(args, what, into, gone, terminal),
        MeshCrlCommand::Check { what, days } => check::check(args, what, *days, terminal),
    }
}

/// A file of a directory, where it is there.
fn optional(dir: &Path, name: &str, cap: u64) -> Result<Option<Vec<u8>>, Error> {
    let path = dir.join(name);
    intake::is_there(&path)?.then(|| intake::read(&path, cap)).transpose()
}

/// The certificates of a PEM file; none of them is trusted for being there.
fn certificates(name: &str, bytes: &[u8]) -> Result<Vec<Foreign>, Error> {
    let blocks = pem::decode_all(&pem::without_text(bytes), "CERTIFICATE").map_err(|error| error.within(name))?;
    blocks.iter().map(|der| read::foreign(der).map_err(|error| error.within(name))).collect()
}

/// The CRLs of a file that is there; one that was emptied holds none.
fn crls(name: &str, bytes: &[u8]) -> Result<Vec<Crl>, Error> {
    match bytes.iter().all(u8::is_ascii_whitespace) {
        true => Ok(Vec::new()),
        false => crl::read_file(bytes).map_err(|error| error.into_kind(Kind::Verify).within(name)),
    }
}

/// The CRLs of `DIR/ca-crl.pem` and `DIR/root.crl`, those that are there.
fn crls_of(dir: &Path) -> Result<Vec<Crl>, Error> {
    let mut all = Vec::new();
    for name in [crl::FILE, "root.crl"] {
        if let Some(bytes) = optional(dir, name, MAX_CRLS)? {
            all.extend(crls(&dir.join(name).display().to_string(), &bytes)?);
        }
    }
    Ok(all)
}

/// The CRLs of a file, one below the other, and when the mesh stops without newer ones.
fn rows_screen(title: &str, rows: &[Row], now: Timestamp) -> Screen {
    let mut screen = Screen::new().heading(title, text::count(rows.len(), "CRL"));
    for row in rows {
        let number = row.number.map_or_else(|| "no number".to_owned(), |number| format!("number {number}"));
        let lists = match row.revoked {
            0 => "nothing revoked".to_owned(),
            revoked => format!("{revoked} revoked"),
        };
        screen = screen
            .text(&row.ca)
            .noted("  until", row.next_update.to_string(), from_now(row.next_update, now))
            .noted("  holds", format!("{number}, {lists}"), format!("({})", row.from));
    }
    match rows.iter().min_by_key(|row| row.next_update) {
        Some(first) => screen.blank().text(format!(
            "All mTLS under {} stops at {} unless a newer CRL is in every cluster by then.",
            first.ca, first.next_update
        )),
        None => screen,
    }
}

fn from_now(end: Timestamp, now: Timestamp) -> String {
    let hours = end.duration_since(now).as_hours();
    match hours {
        0.. => format!("(in {})", text::count(usize::try_from(hours / 24).unwrap_or(usize::MAX), "day")),
        _ => "(expired)".to_owned(),
    }
}

/// True for the rules about CRLs: other findings are `inspect cacerts`' to say.
fn is_about_crls(found: &Found) -> bool {
    found.finding.id.starts_with("consumer.crl.") || found.finding.id == "consumer.across.crl"
}

/// A refusal that says each finding, as `manifest` does.
fn refusal(kind: Kind, what: &str, refused: &[&Found]) -> Error {
    let error = Error::new(kind, what).saw(text::count(refused.len(), "finding"));
    refused.iter().map(|found| &found.finding).fold(error, |error, finding| {
        error.hint(format!("{}: {}, wanted {}: {}", finding.id, finding.observed, finding.expected, finding.hint))
    })
}

/// What stops nobody yet, as talk.
fn warn(found: &[&Found], terminal: &mut Terminal) {
    for found in found {
        let finding = &found.finding;
        let (id, seen, then, hint) = (&finding.id, &finding.observed, found.then, &finding.hint);
        terminal.talk(&format!("note: {id}: {seen}; {then}. To do: {hint}"));
    }
}
