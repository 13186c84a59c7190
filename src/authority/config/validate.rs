//! What a configuration must be beyond its types: ranges, names, and that nothing contradicts anything.

mod cluster;
mod custody;
mod intermediates;

use super::{AuthorityKind, BackupMode, ClusterConfig, Config};
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::name::SubjectTemplate;
use crate::text;

/// The longest validity of a root, in days: 50 years; beyond it nobody will be there to answer for it.
const MAX_ROOT_DAYS: u32 = 18_263;
/// The units that only an authority's kind writes.
const MARKS: [&str; 2] = ["TEST", "REHEARSAL"];

/// Validates what types cannot say.
///
/// # Errors
/// [`Kind::Usage`] with line and column.
pub(super) fn validate(config: &Config, text: &str) -> Result<(), Error> {
    let at = |table: &str, key: &str, what: &str| contradiction(text, table, key, what);
    let name_len = config.name.chars().count();
    if name_len == 0 || name_len > 64 || text::first_deceptive(&config.name).is_some() {
        return Err(at("", "name", "a name of 1 to 64 printable characters is needed").saw(&config.name));
    }
    if !config.name.chars().any(|c| c.is_ascii_alphanumeric()) {
        return Err(
            at("", "name", "a name needs an ASCII letter or digit: the log's origin is made from it").saw(&config.name)
        );
    }
    if config.unattended && config.kind == AuthorityKind::Production {
        return Err(at("", "unattended", "a production authority is never unattended")
            .saw("unattended = true")
            .hint("set kind = \"test\" for pipelines"));
    }
    for (table, subject, suffix) in [
        // The audit certificate's subject is the root's, with the longest suffix that a common name gets.
        ("root", &config.root.subject, " audit 999"),
        ("intermediates", &config.intermediates.subject, ""),
    ] {
        validate_subject(subject, suffix)
            .map_err(|error| at(table, "subject", error.what()).saw(error.seen().unwrap_or_default()))?;
    }
    let own = |name: &String, c: &ClusterConfig| (format!("clusters.{name}"), c.organizational_unit.clone());
    let units = [("root", &config.root.subject), ("intermediates", &config.intermediates.subject)]
        .map(|(table, subject)| (table.to_owned(), subject.organizational_unit.clone()))
        .into_iter()
        .chain(config.clusters.iter().map(|(name, cluster)| own(name, cluster)));
    for (table, unit) in units {
        if let Some(unit) = unit.filter(|unit| MARKS.contains(&unit.as_str())) {
            let key = if table.starts_with("clusters") { "organizational_unit" } else { "subject" };
            return Err(at(&table, key, "this OU marks what is not the real thing")
                .saw(unit)
                .wanted("another OU")
                .hint("kind = \"test\" or \"rehearsal\" adds it to every subject"));
        }
    }
    if config.root.key == KeySpec::Rsa2048 {
        return Err(at("root", "key", "a root key of RSA-2048 is not made").wanted("rsa-3072 or better"));
    }
    if config.root.key.is_experimental() && config.kind == AuthorityKind::Production {
        return Err(at("root", "key", "this kind of key is experimental: no production authority has it")
            .saw(config.root.key.name())
            .wanted("rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519")
            .hint("to try it: kind = \"test\""));
    }
    if !(1..=MAX_ROOT_DAYS).contains(&config.root.validity_days) {
        return Err(at("root", "validity_days", "out of range")
            .saw(config.root.validity_days.to_string())
            .wanted(format!("1 to {MAX_ROOT_DAYS}")));
    }
    intermediates::validate(config, text)?;
    if !(1..=365).contains(&config.crl.validity_days) {
        return Err(at("crl", "validity_days", "a CRL of a root lives at most 12 months")
            .saw(config.crl.validity_days.to_string())
            .wanted("1 to 365"));
    }
    if config.crl.validity_days > config.root.validity_days {
        return Err(at("crl", "validity_days", "a CRL cannot outlive its issuer")
            .saw(config.crl.validity_days.to_string())
            .wanted(format!("1 to {}, the root's", config.root.validity_days)));
    }
    if config.roles.administrator == 0 || config.roles.witness == 0 {
        return Err(at("roles", "witness", "a ceremony needs an administrator and a witness").wanted("at least 1"));
    }
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
    if let Some(name) = config.ceremonies.keys().find(|name| !plain(name)) {
        return Err(at("ceremonies", name, "a script's name is lower-case letters, digits and hyphens").saw(name));
    }
    config.status.validate().map_err(|(key, error)| error.within(place_of(text, "status", key)))?;
    let misplaced = |(key, error): (&str, Error)| error.within(place_of(text, "countersigners", key));
    config.countersigners.validate().map_err(misplaced)?;
    config.preflight.validate().map_err(|error| error.within(place_of(text, "preflight", "must_pass")))?;
    custody::validate(config, text)?;
    wrapped(config, text)?;
    super::emergency::validate(config, text)?;
    for (name, cluster) in &config.clusters {
        cluster::validate(config, text, name, cluster)?;
    }
    Ok(())
}

/// A wrapped backup needs the custodians' seed, which its wrapper is made of, and a key that tokens wrap.
fn wrapped(config: &Config, text: &str) -> Result<(), Error> {
    if config.key_backup.mode != BackupMode::Wrapped {
        return Ok(());
    }
    let at = |table: &str, key: &str, what: &str| contradiction(text, table, key, what);
    if config.custody.is_none() {
        return Err(at("key_backup", "mode", "a key is wrapped under a key that the custodians' shares give")
            .saw("no [custody]")
            .wanted("[custody] threshold and custodians")
            .hint("with a PIN that one person types: mode = \"clone\""));
    }
    if matches!(config.root.key, KeySpec::Ed25519 | KeySpec::MlDsa65) {
        return Err(at("root", "key", "tokens do not wrap a key of this kind")
            .saw(format!("{}, [key_backup] mode = \"wrapped\"", config.root.key.name()))
            .wanted("rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384 or ecdsa-p521"));
    }
    Ok(())
}

fn validate_subject(subject: &SubjectTemplate, suffix: &str) -> Result<(), Error> {
    for (attribute, value) in &subject.name(None, "").0 {
        let label = attribute.label();
        let room = if label == "CN" { attribute.max_len() - suffix.len() } else { attribute.max_len() };
        if value.trim() != value || value.is_empty() || value.chars().count() > room {
            return Err(Error::new(Kind::Usage, format!("{label} needs 1 to {room} characters without outer spaces"))
                .saw(value));
        }
        if text::first_deceptive(value).is_some() {
            return Err(Error::new(Kind::Usage, format!("{label} holds a character that does not print")).saw(value));
        }
        if label == "C" && !(value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase())) {
            return Err(Error::new(Kind::Usage, "C needs two upper-case letters").saw(value));
        }
    }
    Ok(())
}

/// An error at a key of a table, with line and column where the key can be found.
pub(super) fn contradiction(text: &str, table: &str, key: &str, what: &str) -> Error {
    Error::new(Kind::Usage, format!("{}: {what}", place_of(text, table, key)))
}

/// The same for a key of `name_constraints`, which is a table of its own or written in one line.
fn contradicting_constraint(text: &str, table: &str, key: &str, what: &str) -> Error {
    let own = format!("{table}.name_constraints");
    let written_apart = text.lines().any(|line| line.trim() == format!("[{own}]"));
    let (table, key) = if written_apart { (own.as_str(), key) } else { (table, "name_constraints") };
    contradiction(text, table, key, what)
}

/// Where a key of a table stands in `authority.toml`, for the beginning of an error.
pub fn place_of(text: &str, table: &str, key: &str) -> String {
    let mut current = String::new();
    let mut place = None;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if let Some(header) = trimmed.strip_prefix('[') {
            current = header.trim_end_matches(']').trim().to_owned();
            if current == table && place.is_none() {
                place = Some((number + 1, 1));
            }
        }
        let named = trimmed.split('=').next().map(str::trim) == Some(key) && trimmed.contains('=');
        if current == table && named && !key.is_empty() {
            let column = line.len() - line.trim_start().len() + 1;
            place = Some((number + 1, column));
            break;
        }
    }
    let name = if table.is_empty() { key.to_owned() } else { format!("[{table}] {key}") };
    let place = place.map(|(line, column)| format!(", line {line}, column {column}")).unwrap_or_default();
    format!("authority.toml{place}: {}", name.trim())
}
