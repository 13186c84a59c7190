//! `ceremony script`: the paper of a ceremony, printed for an authority or for any.

use super::args::{Args, PrintScript};
use super::ceremony::read_script;
use super::room::{self, Found};
use super::terminal::Terminal;
use crate::ceremony::fitness;
use crate::ceremony::inbound;
use crate::ceremony::paper::script::{self, Authority, Expected, Native, Printout, Quorum, Software};
use crate::ceremony::script::{BUILT_IN, Script};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::request::KeyPolicy;
use crate::token::module::find_module;
use crate::words;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest PKCS#11 module, in bytes.
const MAX_MODULE: u64 = 1 << 28;

#[derive(Serialize)]
struct Printed {
    name: String,
    title: String,
    sha256: Digest,
    words: Vec<&'static str>,
    steps: usize,
    html: String,
}

/// `anchorite ceremony script`
pub fn print_script(args: &Args, a: &PrintScript, terminal: &mut Terminal) -> Result<(), Error> {
    if terminal.stdout_is_terminal() && !terminal.wants_json() {
        return Err(Error::new(Kind::Usage, "the paper is a page of HTML, and stdout is a terminal")
            .hint("end the command with > script.html, and print that file from a browser"));
    }
    let script = read_script(&a.script)?;
    let found = authority(args)?;
    let keys = found.as_ref().map(|found| KeyPolicy { keys: found.config.0.intermediates.keys.clone() });
    let agenda = a.agenda.as_deref().map(|dir| expected(dir, &keys.unwrap_or_default())).transpose()?;
    let html = page(found.as_ref(), &script, &file_name(&a.script), agenda)?;
    if terminal.wants_json() {
        let words = words::words(&script.sha256.0);
        let Script { name, title, sha256, steps, .. } = script;
        return terminal.json(&Printed { name, title, sha256, words, steps: steps.len(), html });
    }
    terminal.document(html.as_bytes())
}

/// A script's paper, for an authority or for any; `file` is the script's name on the supplies.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`]: the authority's log or the program itself cannot be read.
pub fn page(
    found: Option<&Found>,
    script: &Script,
    file: &str,
    agenda: Option<Vec<Expected>>,
) -> Result<String, Error> {
    let state = match found {
        Some(found) if found.folder.has_log()? => Some(found.folder.read_state()?.0),
        _ => None,
    };
    let in_force = found.map(|found| found.folder.read_adopted()).transpose()?.flatten();
    let in_force = in_force.map(|adopted| adopted.sha256);
    Ok(script::script(&Printout {
        script,
        file,
        authority: found
            .map(|found| {
                let (config, _, sha256) = &found.config;
                let quorum = config.custody.as_ref().map(|c| Quorum { threshold: c.threshold, of: c.custodians });
                Ok::<_, Error>(Authority { config, sha256: *sha256, in_force, quorum, native: native(found)? })
            })
            .transpose()?,
        software: software(found)?,
        last: state.map(|state| state.values).unwrap_or_default(),
        agenda,
    }))
}

/// The paper of a script for an authority, with what lies in a directory of requests.
///
/// # Errors
/// As [`page`], and [`Kind::Medium`] where the requests cannot be read.
pub fn page_with_agenda(found: &Found, script: &Script, agenda: Option<&Path>) -> Result<String, Error> {
    let keys = KeyPolicy { keys: found.config.0.intermediates.keys.clone() };
    let agenda = agenda.map(|dir| expected(dir, &keys)).transpose()?;
    page(Some(found), script, &format!("{}.toml", script.name), agenda)
}

/// The name of a script's file; those that ship have one too, in the supplies and in the source.
fn file_name(script: &str) -> String {
    match BUILT_IN.iter().any(|(name, _)| *name == script) {
        true => format!("{script}.toml"),
        false => Path::new(script).file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

/// The authority that is named, or that stands here; none is needed.
fn authority(args: &Args) -> Result<Option<Found>, Error> {
    let named = args.authority.is_some() || room::folder(args).config().exists();
    if named { room::find(args).map(Some) } else { Ok(None) }
}

/// What lies in a directory of requests that are expected.
fn expected(dir: &Path, keys: &KeyPolicy) -> Result<Vec<Expected>, Error> {
    // Which key a renewal is signed with is the ceremony's to judge, by the log of that day.
    let all = inbound::read_all(dir, keys, &|_| None)?;
    Ok(all.into_iter().map(Expected::from).collect())
}

/// What the profiles of an authority's tokens say of their vendors' own quorums.
fn native(found: &Found) -> Result<Vec<Native>, Error> {
    let config = &found.config.0;
    let audit = config.audit.as_ref().map(|audit| ("audit", &audit.token));
    let mut all = Vec::new();
    for (role, token) in [("root", &config.token)].into_iter().chain(audit) {
        let profile = room::profile_of(&found.folder, token)?;
        all.extend(profile.quorum.map(|quorum| Native { role, title: profile.title, quorum }));
    }
    Ok(all)
}

/// This program, and the modules of an authority's tokens where they are on this machine.
fn software(found: Option<&Found>) -> Result<Vec<Software>, Error> {
    let mut all = vec![Software { name: "anchorite".to_owned(), sha256: Some(fitness::own_binary()?) }];
    let Some(found) = found else { return Ok(all) };
    let (config, local) = (&found.config.0, &found.local);
    let audit = config.audit.as_ref().map(|audit| (&audit.token, &local.audit.token));
    let mut modules: BTreeMap<PathBuf, Option<Digest>> = BTreeMap::new();
    for (token, local) in [(&config.token, &local.token)].into_iter().chain(audit) {
        let profile = room::profile_of(&found.folder, token)?;
        let path = local.module.clone().or_else(|| find_module(&profile).ok());
        let path = path.or_else(|| profile.modules.first().map(PathBuf::from));
        modules.extend(path.map(|path| {
            // Paper is printed where there is a printer: that the module is not there is no fault.
            let sha256 = intake::read(&path, MAX_MODULE).ok().map(|bytes| Digest::of(&bytes));
            (path, sha256)
        }));
    }
    all.extend(modules.into_iter().map(|(path, sha256)| Software { name: path.display().to_string(), sha256 }));
    Ok(all)
}
