//! `inspect`: looking at one file, needing neither token nor authority.

mod cacerts;
mod certificate;
mod request;
mod rules;

pub use cacerts::findings_screen;

use super::args::{Args, Inspect, InspectCommand};
use super::terminal::Terminal;
use crate::bundle;
use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::files::intake;
use crate::log::note::{Checkpoint, SignedNote};
use crate::plan::screen::validity;
use crate::screen::Screen;
use crate::text;
use crate::words;
use crate::x509::pem;
use crate::x509::read::{self, show_name};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// A file to look at, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// A CRL, at the most.
const MAX_CRL: u64 = 16 << 20;

/// `anchorite inspect …`
pub fn inspect(args: &Args, a: &Inspect, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        InspectCommand::Request { file } => request::run(file, terminal),
        InspectCommand::Cacerts { what, sidecar_only, leaf_ttl, trust_domain } => {
            let asked = cacerts::Question { sidecar_only: *sidecar_only, leaf_ttl: *leaf_ttl, trust_domain };
            cacerts::cacerts(args, what, &asked, terminal)
        }
        InspectCommand::Certificate { file, profile, issuer, sidecar_only } => {
            let asked = profile.as_deref().map(|name| certificate::Question {
                profile: name,
                issuer,
                sidecar_only: *sidecar_only,
            });
            certificate::run(file, asked, terminal)
        }
        InspectCommand::Crl { file } => crl(file, terminal),
        InspectCommand::Bundle { dir } => bundle(dir, terminal),
        InspectCommand::Checkpoint { file } => checkpoint(file, terminal),
        InspectCommand::Rules => rules::run(terminal),
    }
}

#[derive(Serialize)]
struct CrlRow {
    issuer: String,
    number: Option<u64>,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: Vec<Hex>,
}

fn crl(file: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let bytes = intake::read(file, MAX_CRL)?;
    let mut rows = Vec::new();
    for der in pem::decode_all(&bytes, "X509 CRL")? {
        let view = read::crl(&der)?.view;
        rows.push(CrlRow {
            issuer: show_name(&view.issuer),
            number: view.number,
            this_update: view.this_update,
            next_update: view.next_update,
            revoked: view.revoked.iter().map(|(serial, _, _)| serial.clone()).collect(),
        });
    }
    if terminal.wants_json() {
        return terminal.json(&rows);
    }
    let mut screen = Screen::new();
    for row in &rows {
        let number = row.number.map_or_else(|| "none".to_owned(), |n| n.to_string());
        screen = screen
            .heading("Certificate revocation list", format!("number {number}"))
            .field("issuer", &row.issuer)
            .field("valid", validity(row.this_update, row.next_update))
            .field("revokes", text::count(row.revoked.len(), "certificate"));
        for serial in &row.revoked {
            screen = screen.field("", serial.colons());
        }
        screen = screen.blank();
    }
    terminal.result_screen(&screen)
}

fn bundle(dir: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let files = bundle::load(dir)?;
    let outer = bundle::verify_outer(&files, &[])?;
    if terminal.wants_json() {
        return terminal.json(&outer.envelope);
    }
    let screen = Screen::new()
        .heading("Bundle", "consistent, NOT authenticated")
        .field("id", &outer.envelope.bundle_id)
        .field("created", outer.envelope.created.to_string())
        .field("log", format!("{} entries, {}", outer.checkpoint.size, outer.checkpoint.origin))
        .field("signer", outer.envelope.signer_spki_sha256.hex())
        .text("Whose it is and what is inside only its recipient can read. To authenticate it: anchorite verify BUNDLE --root root-cert.pem");
    terminal.result_screen(&screen)
}

#[derive(Serialize)]
struct CheckpointRow {
    origin: String,
    tree_size: u64,
    root: Digest,
    words: Vec<&'static str>,
    signed_by: Vec<String>,
}

fn checkpoint(file: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let note = SignedNote::parse(&intake::read(file, MAX_FILE)?)?;
    let checkpoint = Checkpoint::parse(&note.body)?;
    let row = CheckpointRow {
        words: words::words(checkpoint.root.0.get(..8).unwrap_or_default()),
        origin: checkpoint.origin,
        tree_size: checkpoint.size,
        root: checkpoint.root,
        signed_by: note.signatures.into_iter().map(|s| s.name).collect(),
    };
    if terminal.wants_json() {
        return terminal.json(&row);
    }
    let mut screen = Screen::new()
        .heading("Checkpoint", "signature not verified")
        .field("origin", &row.origin)
        .field("tree size", row.tree_size.to_string())
        .field("root hash", row.root.hex())
        .field("words 1-8", row.words.join(" "));
    for name in &row.signed_by {
        screen = screen.field("signed by", name);
    }
    terminal.result_screen(&screen)
}
