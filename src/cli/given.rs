//! CA files that somebody has: a directory, the JSON of a Secret in a file, or that JSON piped in.

use super::cluster::MAX_FILE;
use super::terminal::Terminal;
use crate::consumer::Given;
use crate::consumer::given::{KEYS, NAMES};
use crate::error::{Error, Kind};
use crate::files::intake::{self, Shape};
use std::path::Path;

/// A Secret as JSON, base64 and annotations included.
const MAX_JSON: u64 = 4 << 20;
/// Files in a directory, at the most.
const MAX_NAMES: usize = 4096;

/// Reads what is named, and says where it was; `pipe` is how a Secret is piped into this very command.
///
/// # Errors
/// [`Kind::Medium`]: not there, or nothing that istiod reads. [`Kind::Usage`]: `-`, and stdin is a terminal.
pub(super) fn read(path: &Path, pipe: &str, terminal: &Terminal) -> Result<(String, Given), Error> {
    let piped = path == Path::new("-");
    let from = if piped { "stdin".to_owned() } else { path.display().to_string() };
    let given = if piped {
        Given::from_secret(&terminal.piped(MAX_JSON, pipe)?)?
    } else if path.is_dir() {
        directory(path, pipe)?
    } else {
        let (json, _) = intake::read_exposed(path, MAX_JSON)?;
        Given::from_secret(&json).map_err(|error| error.hint("a directory of PEM files can be given as well"))?
    };
    if given.is_empty() {
        return Err(Error::new(Kind::Medium, "there are no CA files here")
            .saw(&from)
            .wanted("ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem; or tls.crt, tls.key, ca.crt")
            .hint("istiod reads files of exactly these names"));
    }
    Ok((from, given))
}

fn directory(dir: &Path, pipe: &str) -> Result<Given, Error> {
    let mut given = Given::default();
    for name in NAMES {
        let path = dir.join(name);
        if !intake::is_there(&path)? {
            continue;
        }
        let in_pod = |error: Error| match error.what().contains("symbolic link") {
            true => error.hint(format!("a mounted Secret is links: {pipe}")),
            false => error,
        };
        let (bytes, mode) = intake::read_exposed(&path, MAX_FILE).map_err(in_pod)?;
        if KEYS.contains(&name) && mode & 0o077 != 0 {
            given.exposed(name, mode);
        }
        given.add(name, bytes);
    }
    let pem = |name: &str| [".pem", ".crt", ".key", ".cer"].iter().any(|end| name.ends_with(end));
    for file in intake::list(dir, MAX_NAMES)? {
        if file.shape == Shape::File && pem(&file.shown) && !NAMES.contains(&file.shown.as_str()) {
            given.pass_over(&file.shown);
        }
    }
    Ok(given)
}
