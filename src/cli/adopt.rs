//! `root adopt`: takes over a root that was made elsewhere. What people bring is read and judged before a PIN is
//! asked for; the ceremony does the rest.

use super::args::{Adopt, Args};
use super::ceremonies;
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::authority::config::BackupMode;
use crate::authority::past::{MAX_CERTIFICATES, Past};
use crate::ceremony::room::Wishes;
use crate::ceremony::shares;
use crate::ceremony::takeover::{Adoption, check_findings};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::intake::{self, Shape};
use crate::policy::adoption;
use crate::text;
use crate::x509::{pem, read};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// A certificate file, at the most, in bytes.
const MAX_CERTIFICATE: u64 = 64 * 1024;
/// A list of what was issued, or a CRL, at the most, in bytes.
const MAX_LIST: u64 = 64 << 20;
/// The PEM labels that a private key has end with this.
const PRIVATE: &[u8] = b"PRIVATE KEY-----";

#[derive(Serialize)]
struct Adopted {
    changed: bool,
    root_fingerprint: Digest,
    imported: usize,
    revoked: usize,
    written: Vec<String>,
}

/// `anchorite root adopt`
pub fn adopt(args: &Args, a: &Adopt, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = ceremonies::script(&found, &a.own, "adopt")?;
    let begun = if found.folder.has_log()? { Some(found.folder.read_state()?.0) } else { None };
    if found.config.0.key_backup.mode == BackupMode::Wrapped {
        return Err(Error::new(
            Kind::Usage,
            "a key that exists is never wrapped: it was made so that it cannot leave its token",
        )
        .saw("[key_backup] mode = \"wrapped\"")
        .wanted("mode = \"none\" or \"clone\"")
        .truth("Nothing was adopted.")
        .truth("Nothing was signed."));
    }
    shares::check_token(&found.config.0, true, begun.as_ref())?;
    if let Some(state) = begun.filter(|state| state.is_founded()) {
        let root = state.certificate_of("root").and_then(|c| c.der.as_deref()).map(Digest::of);
        return Err(Error::new(Kind::Usage, "this authority has a root already")
            .saw(root.map(|root| format!("root {root}")).unwrap_or_default())
            .hint("another root is another authority: anchorite new DIR")
            .truth("Nothing was changed."));
    }
    let now = room::clock(args, &found.config.0)?.now();
    let adoption =
        read_all(a, now).map_err(|error| error.truth("Nothing was adopted.").truth("Nothing was signed."))?;
    let findings = adoption::judge_root(&found.config.0, &adoption.certificate, now);
    check_findings("the root to be adopted", &findings)?;
    let (fingerprint, (imported, revoked)) = (adoption.fingerprint(), adoption.past.counts());
    let wishes = Wishes {
        token_serial: Some(a.token_serial.clone()),
        final_try: a.attend.final_try,
        adoption: Some(Box::new(adoption)),
        ..Wishes::default()
    };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    if terminal.wants_json() {
        let outcome =
            Adopted { changed: true, root_fingerprint: fingerprint, imported, revoked, written: held.written };
        return terminal.json(&outcome);
    }
    terminal.done(
        &held.written,
        &[
            "put the CRL where the last one was published: it takes its place",
            "archive a copy of the old CA's files, and destroy the rest",
            "anchorite status          what was taken over, and what is due",
        ],
    );
    terminal.line(&format!("root   sha256 {fingerprint}"));
    Ok(())
}

fn read_all(a: &Adopt, now: Timestamp) -> Result<Adoption, Error> {
    let bytes = read(&a.certificate, MAX_CERTIFICATE)?;
    let named = a.certificate.display().to_string();
    let der = if pem::is_der(&bytes) {
        bytes.clone()
    } else {
        pem::decode_one(&bytes, "CERTIFICATE").map_err(|e| e.within(&named))?
    };
    let certificate = read::certificate(&der).map_err(|error| error.into_kind(Kind::Refused).within(&named))?;
    let mut past = Past::of(certificate.clone());
    past.source(&named, &bytes);
    for path in &a.issued {
        if path.is_dir() {
            let files = intake::list(path, MAX_CERTIFICATES)?;
            for file in files.iter().filter(|file| file.shape == Shape::File) {
                add(&mut past, &file.path)?;
            }
        } else {
            add(&mut past, path)?;
        }
    }
    if let Some(path) = &a.crl {
        let (bytes, named) = (read(path, MAX_LIST)?, path.display().to_string());
        let der = if pem::is_der(&bytes) {
            bytes.clone()
        } else {
            pem::decode_one(&bytes, "X509 CRL").map_err(|e| e.within(&named))?
        };
        past.set_crl(&named, &der)?;
        past.source(&named, &bytes);
    }
    past.settle(now)?;
    let key_id = a.key_id.as_deref().map(|typed| {
        Hex::parse(&typed.replace(':', "").to_lowercase()).map_err(|_| {
            Error::new(Kind::Usage, "--key-id is not hexadecimal").saw(typed).wanted("pairs of hex digits")
        })
    });
    Ok(Adoption { certificate, key_id: key_id.transpose()?, past, crl_number: a.crl_number })
}

/// A file of what was issued: certificates, or an index.
fn add(past: &mut Past, path: &Path) -> Result<(), Error> {
    let (bytes, named) = (read(path, MAX_LIST)?, path.display().to_string());
    if pem::is_der(&bytes) {
        past.add_certificate(&named, &bytes)?;
    } else if bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        let blocks =
            pem::decode_all(&pem::without_text(&bytes), "CERTIFICATE").map_err(|error| error.within(&named))?;
        blocks.iter().try_for_each(|der| past.add_certificate(&named, der))?;
    } else {
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            Error::new(Kind::Usage, "neither certificates nor the text of an index").saw(text::escape(&named))
        })?;
        past.add_index(&named, text)?;
    }
    past.source(&named, &bytes);
    Ok(())
}

/// A file, but for one that holds a private key: who had the file has the key.
fn read(path: &Path, max: u64) -> Result<Vec<u8>, Error> {
    let bytes = intake::read(path, max)?;
    if !bytes.windows(PRIVATE.len()).any(|window| window == PRIVATE) {
        return Ok(bytes);
    }
    Err(Error::new(Kind::Refused, "a private key in a file is not adopted")
        .saw(path.display().to_string())
        .wanted("a key in a token, and files without keys")
        .hint("whoever had the file has the key: make a new root, and roll over to it")
        .hint(
            "where that cannot be: import it into a token with the token's own tool, destroy every copy of the file, \
             and adopt it there; the ceremony asks why, and the log keeps the answer",
        ))
}
