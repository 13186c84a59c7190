//! `verify` of what the log proves to others: a bundle against what was opened before, and one entry by its proof.

use super::args::{Args, Open, Verify};
use super::cluster;
use super::countersign::audit_key;
use super::terminal::Terminal;
use crate::bundle::{Opened, Receipt};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::log::entry::{MAX_LINE, parse_line};
use crate::log::note::MAX_NOTE;
use crate::log::{merkle, proof};
use crate::screen::Screen;
use crate::text;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Inside {
    bundle_id: String,
    cluster: String,
    generation: u32,
    sequence: u64,
    log: String,
    entry: u64,
    tree_size: u64,
    root: Digest,
    /// The size of the tree that was seen here before, which this one extends; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    extends: Option<u64>,
    root_fingerprint: Digest,
    notes: Vec<String>,
}

/// `verify BUNDLE --receipt DIR`: everything that `open --into DIR` checks, and nothing is written.
pub fn inside(args: &Args, a: &Verify, dir: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let (receipt, opened) = cluster::check(
        args,
        &Open {
            bundle: a.what.clone(),
            into: dir.to_owned(),
            identity: a.identity.clone(),
            root: a.pin.root.clone(),
            root_fingerprint: a.pin.root_fingerprint.clone(),
            accept_restore: None,
            allow_older: false,
            decrypted: None,
            with_crl: false,
            crl_days: None,
        },
    )?;
    let file = opened.files.iter().find(|(name, ..)| name == "entry.json").map(|(_, bytes, _)| bytes.as_slice());
    let entry = parse_line(file.unwrap_or_default())?.entry()?.seq;
    let Opened { manifest, receipt: now, .. } = &opened;
    let same = receipt.as_ref().filter(|before| before.log == now.log);
    let found = Inside {
        bundle_id: manifest.bundle_id.clone(),
        cluster: manifest.cluster.clone(),
        generation: manifest.generation,
        sequence: manifest.sequence,
        log: manifest.log.clone(),
        entry,
        tree_size: now.size,
        root: now.root,
        extends: same.map(|before| before.size),
        root_fingerprint: now.root_fingerprint,
        notes: opened.notes.clone(),
    };
    if terminal.wants_json() {
        return terminal.json(&found);
    }
    let number = match &receipt {
        Some(before) => format!("{}; {} was opened here", manifest.sequence, before.sequence),
        None => format!("{}; none was opened here", manifest.sequence),
    };
    let screen = Screen::new()
        .heading("Bundle", "whole and authenticated; nothing was written")
        .field("cluster", format!("{} ({}) generation {}", manifest.cluster, manifest.environment, manifest.generation))
        .field("number", number)
        .field("included", format!("entry {entry} is its certificate's, under the checkpoint of {} entries", now.size))
        .field("consistent", consistent(receipt.as_ref(), now))
        .field("root sha256", now.root_fingerprint.hex());
    terminal.result_screen(&opened.notes.iter().fold(screen, |screen, note| screen.field("note", note)))
}

fn consistent(before: Option<&Receipt>, now: &Receipt) -> String {
    match before {
        None => "nothing of this log was seen here before".to_owned(),
        Some(before) if before.log != now.log => {
            format!("another log, which accounts for the {} entries of the one that was seen here", before.size)
        }
        Some(before) if before.size == now.size => format!("the same {} entries that were seen here", before.size),
        Some(before) => format!("extends the {} entries that were seen here", before.size),
    }
}

#[derive(Serialize)]
struct Proved {
    origin: String,
    entry: u64,
    #[serde(rename = "type")]
    kind: String,
    leaf: Digest,
    tree_size: u64,
    root: Digest,
    authenticated: bool,
}

/// `verify PROOF --entry LINE --signer AUDIT`: a tlog-proof of one entry.
pub fn entry(args: &Args, a: &Verify, line: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let Some(signer) = &a.signer else {
        return Err(Error::new(Kind::Usage, "a proof leads to a checkpoint, and whose that is is not said")
            .wanted("--signer audit-cert.pem, and --root root-cert.pem that it leads to"));
    };
    let cap = u64::try_from(MAX_LINE + MAX_NOTE).unwrap_or(u64::MAX);
    let bytes = intake::read(&a.what, cap)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::new(Kind::Verify, "a proof is not text"))?;
    let read = intake::read(line, cap)?;
    let line = read.strip_suffix(b"\n").unwrap_or(&read);
    let parsed = parse_line(line)?;
    let (kind, seq) = (parsed.kind.to_owned(), parsed.entry()?.seq);
    let proof = proof::parse_inclusion(text)?;
    if proof.index != seq {
        return Err(Error::new(Kind::Verify, "the proof is for another entry")
            .saw(proof.index.to_string())
            .wanted(seq.to_string()));
    }
    let key = audit_key(signer, a.pin.root.as_deref(), cluster::clock(args).now())?;
    let leaf = merkle::leaf_hash(line);
    let checkpoint = proof.verify(&leaf, &key)?;
    let authenticated = a.pin.root.is_some();
    let proved = Proved {
        origin: checkpoint.origin,
        entry: seq,
        kind,
        leaf,
        tree_size: checkpoint.size,
        root: checkpoint.root,
        authenticated,
    };
    if terminal.wants_json() {
        return terminal.json(&proved);
    }
    let verdict = if authenticated { "included and authenticated" } else { "included, NOT authenticated" };
    let screen = Screen::new()
        .heading("Entry", verdict)
        .field("log", text::escape(&proved.origin))
        .field("entry", format!("{} of {}, {}", proved.entry, proved.tree_size, text::escape(&proved.kind)))
        .field("leaf hash", proved.leaf.hex())
        .field("root hash", proved.root.hex());
    terminal.result_screen(&match authenticated {
        true => screen,
        false => screen.text("To authenticate it: --root root-cert.pem, which came another way."),
    })
}
