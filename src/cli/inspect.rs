//! `inspect`: looking at one file, needing neither token nor authority.

mod cacerts;
mod certificate;
mod crl;
mod request;
mod rules;

pub use cacerts::findings_screen;

use super::args::{Args, Inspect, InspectCommand};
use super::terminal::Terminal;
use crate::bundle;
use crate::digest::Digest;
use crate::error::Error;
use crate::files::intake;
use crate::log::note::{Checkpoint, SignedNote};
use crate::screen::Screen;
use crate::words;
use serde::Serialize;
use std::path::Path;

/// A file to look at, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;

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
        InspectCommand::Crl { file, issuer, last } => {
            crl::run(args, file, &crl::Question { issuer: issuer.as_deref(), last: last.as_deref() }, terminal)
        }
        InspectCommand::Bundle { dir } => bundle(dir, terminal),
        InspectCommand::Checkpoint { file } => checkpoint(file, terminal),
        InspectCommand::Rules => rules::run(terminal),
    }
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
