//! `verify`: a bundle without opening it, or a log; proofs are in [`proofs`].

use super::args::{Args, Verify};
use super::terminal::Terminal;
use super::{log, proofs};
use crate::audit::RootPin;
use crate::bundle;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::screen::Screen;
use crate::x509::read;
use serde::Serialize;

#[derive(Serialize)]
struct Verified {
    bundle_id: String,
    created: String,
    authenticated: bool,
    origin: String,
    tree_size: u64,
    payload_sha256: Option<Digest>,
}

/// `anchorite verify`
pub fn verify(args: &Args, a: &Verify, terminal: &mut Terminal) -> Result<(), Error> {
    if let Some(dir) = &a.receipt {
        return proofs::inside(args, a, dir, terminal);
    }
    if let Some(line) = &a.entry {
        return proofs::entry(args, a, line, terminal);
    }
    let pin = log::root_pin(&a.pin)?;
    let log = ["entries.jsonl", "log/entries.jsonl"].iter().any(|name| a.what.join(name).exists());
    if !log && !a.what.is_file() && !a.what.join("envelope.json").exists() {
        return Err(Error::new(Kind::Medium, "there is nothing to verify here")
            .saw(a.what.display().to_string())
            .wanted("a bundle's directory, an authority, a publication, or a log"));
    }
    if !a.what.join("envelope.json").exists() {
        return log::verify(&a.what, &a.pin, false, &a.paper, terminal);
    }
    if !a.paper.checkpoint_words.is_empty() || !a.paper.checkpoint_code.is_empty() {
        return Err(Error::new(Kind::Usage, "a paper is of a whole log, and this is a bundle")
            .hint("hold it against the publication, or the authority, that the bundle is of"));
    }
    let files = bundle::load(&a.what)?;
    let roots = match &pin {
        RootPin::Certificates(ders) => ders.iter().map(|der| read::certificate(der)).collect::<Result<_, _>>()?,
        RootPin::None => Vec::new(),
        RootPin::Fingerprint(_) => {
            return Err(Error::new(Kind::Usage, "the outside of a bundle does not hold the root")
                .wanted("--root root-cert.pem")
                .hint("the card's fingerprint pins the root in: anchorite open"));
        }
    };
    let outer = bundle::verify_outer(&files, &roots)?;
    let verified = Verified {
        bundle_id: outer.envelope.bundle_id.clone(),
        created: outer.envelope.created.to_string(),
        authenticated: !roots.is_empty(),
        origin: outer.checkpoint.origin.clone(),
        tree_size: outer.checkpoint.size,
        payload_sha256: outer.envelope.files.get("payload.age").map(|f| f.sha256),
    };
    if terminal.wants_json() {
        return terminal.json(&verified);
    }
    let verdict = if verified.authenticated { "whole and authenticated" } else { "consistent, NOT authenticated" };
    let mut screen = Screen::new()
        .heading("Bundle", verdict)
        .field("id", &verified.bundle_id)
        .field("created", &verified.created)
        .field("log", format!("{} entries, {}", verified.tree_size, verified.origin));
    if !verified.authenticated {
        screen = screen.text("To authenticate it: --root root-cert.pem, which came another way.");
    }
    terminal.result_screen(&screen)
}
