//! What `rollover plan` wrote, read again: nothing may have been changed, and the stages must still fit each other.
//!
//! Reads files; writes none. A stage that was edited by hand is refused: the stages are proved together.

use super::ca::{Ca, Files, Which};
use super::record::{Change, Record, StageRow, digests};
use super::stages::{Plan, Stage};
use super::write;
use crate::consumer::check::Form;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::x509::pem;
use std::path::Path;

/// A file of a plan, at the most, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// A manifest with its base64.
const MAX_MANIFEST: u64 = 4 << 20;

/// Reads a plan's directory.
///
/// # Errors
/// [`Kind::Medium`]: no plan, or a file of it is not there. [`Kind::Verify`]: changed since it was planned, or its
/// stages do not fit each other.
pub fn load(dir: &Path) -> Result<Plan, Error> {
    let path = dir.join("plan.json");
    let bytes = intake::read(&path, MAX_FILE).map_err(|error| {
        error.hint(format!(
            "name what `anchorite rollover plan --out` wrote; without plan.json {} is unfinished",
            dir.display()
        ))
    })?;
    let record = Record::read(&bytes)?;
    let mut stages = Vec::with_capacity(record.stages.len());
    for row in &record.stages {
        let ca = stage(dir, row, &record)
            .map_err(|error| error.within(format!("{} of {}", row.directory, dir.display())))?;
        stages.push(Stage { number: row.stage, ca });
    }
    let plan = Plan { record, stages, notes: Vec::new() };
    fit_each_other(&plan).map_err(|error| error.within(dir.display().to_string()))?;
    Ok(plan)
}

fn stage(dir: &Path, row: &StageRow, record: &Record) -> Result<Ca, Error> {
    let within = dir.join(plain(&row.directory)?);
    let read = |name: &str| intake::read(&within.join(name), MAX_FILE);
    let keyed = row.stage > 0;
    let ca_key = match keyed && !record.redacted {
        true => Some(intake::read_private(&within.join("ca-key.pem"), MAX_FILE)?),
        false => None,
    };
    let files = Files {
        ca_cert: read("ca-cert.pem")?,
        ca_key,
        cert_chain: read("cert-chain.pem")?,
        root_cert: read("root-cert.pem")?,
    };
    for (name, seen) in digests(&files) {
        if row.files.get(&name) != Some(&seen) {
            return Err(changed(&name, row, &files));
        }
    }
    if keyed {
        let manifest = intake::read_exposed(&within.join("secret.yaml"), MAX_MANIFEST)?.0;
        if manifest.as_slice() != write::manifest(&files, record)?.as_bytes() {
            return Err(by_hand("secret.yaml").saw("another Secret than these files make"));
        }
    }
    let ca = Ca::read(files, Which::of(&row.signs))?;
    if ca.files.ca_key.is_some() {
        ca.key(Which::of(&row.signs))?;
    }
    Ok(ca)
}

/// A name of a directory beside plan.json, and nowhere else.
fn plain(name: &str) -> Result<&str, Error> {
    match name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !name.is_empty() {
        true => Ok(name),
        false => Err(Error::new(Kind::Verify, "plan.json names a directory that is none of a plan's").saw(name)),
    }
}

fn by_hand(name: &str) -> Error {
    Error::new(Kind::Verify, format!("{name} was changed since it was planned"))
        .hint("plan again into a new directory: the stages are proved together, and an edited one is not proved")
}

fn changed(name: &str, row: &StageRow, files: &Files) -> Error {
    let roots = || pem::decode_all(&pem::without_text(&files.root_cert), "CERTIFICATE").unwrap_or_default();
    let seen: Vec<Digest> = roots().iter().map(|der| Digest::of(der)).collect();
    let sorted = |list: &[Digest]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    if name == "root-cert.pem" && seen != row.roots && sorted(&seen) == sorted(&row.roots) {
        return by_hand("root-cert.pem")
            .saw("its roots in another order")
            .wanted("the order in which they were planned")
            .hint("agents up to Istio 1.29 compare roots by prefix: roots are only appended, never moved");
    }
    by_hand(name)
}

/// Independent of plan.json: who signs where, and that roots are only appended until the last stage.
fn fit_each_other(plan: &Plan) -> Result<(), Error> {
    let stages: Vec<&Stage> = plan.stages.iter().collect();
    let unfit = |what: &str| Error::new(Kind::Verify, what).hint("plan again into a new directory");
    let numbers: Vec<u8> = stages.iter().map(|stage| stage.number).collect();
    let wanted: &[u8] = match plan.record.kind {
        Change::Rollover => &[0, 1, 2, 3],
        Change::Renewal => &[0, 2],
    };
    if numbers != wanted {
        return Err(unfit("plan.json does not hold the stages of a switch")
            .saw(format!("{numbers:?}"))
            .wanted(format!("{wanted:?}")));
    }
    let [first, second, third, last] = stages.as_slice() else { return Ok(()) };
    if first.ca.own.der != second.ca.own.der || third.ca.own.der != last.ca.own.der {
        return Err(unfit("the stages change their CA elsewhere than in stage 2"));
    }
    for (below, above) in [(first, second), (second, third)] {
        if !above.ca.files.root_cert.starts_with(below.ca.files.root_cert.trim_ascii_end()) {
            return Err(unfit("the roots of a stage do not begin with those of the stage before")
                .saw(format!("stage {}", above.number))
                .hint("agents up to Istio 1.29 compare roots by prefix: roots are only appended, never moved"));
        }
    }
    if second.ca.files.root_cert == third.ca.files.root_cert {
        return Err(unfit("stage 2 has the very roots of stage 1")
            .hint("the changed bytes are what makes workloads ask for new certificates"));
    }
    Ok(())
}

/// The shape in which istiod reads this plan's Secret.
pub fn form(record: &Record) -> Form {
    if write::is_tls(&record.secret) { Form::Tls } else { Form::Four }
}
