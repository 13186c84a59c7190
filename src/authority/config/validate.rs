//! What a configuration must be beyond its types: ranges, names, and that nothing contradicts anything.

use super::{AuthorityKind, ClusterConfig, Config, KeyOrigin, names};
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::name::{SubjectTemplate, check_label};
use crate::profile;
use crate::text;

/// The longest validity of a root, in days: 50 years; beyond it nobody will be there to answer for it.
const MAX_ROOT_DAYS: u32 = 18_263;

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
    if config.root.key == KeySpec::Rsa2048 {
        return Err(at("root", "key", "a root key of RSA-2048 is not made").wanted("rsa-3072 or better"));
    }
    if !(1..=MAX_ROOT_DAYS).contains(&config.root.validity_days) {
        return Err(at("root", "validity_days", "out of range")
            .saw(config.root.validity_days.to_string())
            .wanted(format!("1 to {MAX_ROOT_DAYS}")));
    }
    if !(1..=config.root.validity_days).contains(&config.intermediates.max_validity_days) {
        return Err(at("intermediates", "max_validity_days", "an intermediate cannot outlive its root")
            .saw(config.intermediates.max_validity_days.to_string())
            .wanted(format!("1 to {}, the root's", config.root.validity_days)));
    }
    if config.intermediates.keys.is_empty() {
        return Err(at("intermediates", "keys", "no kind of key is allowed"));
    }
    let profile = profile::by_name(&config.intermediates.profile).map_err(|error| {
        let found = at("intermediates", "profile", error.what()).saw(error.seen().unwrap_or_default());
        error.hints().iter().fold(found, |found, hint| found.hint(hint))
    })?;
    if matches!(profile.name, "root" | "audit" | "cross") {
        return Err(at("intermediates", "profile", "not a profile of intermediates").saw(profile.name));
    }
    for name in config.intermediates.dns_names.iter().flatten() {
        let fine = !name.is_empty()
            && name.len() <= 253
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        if !fine {
            return Err(at("intermediates", "dns_names", "not a DNS name")
                .saw(name)
                .wanted("lower-case letters, digits, hyphens and dots"));
        }
    }
    if !(1..=365).contains(&config.crl.validity_days) {
        return Err(at("crl", "validity_days", "a CRL of a root lives at most 12 months")
            .saw(config.crl.validity_days.to_string())
            .wanted("1 to 365"));
    }
    if config.roles.administrator == 0 || config.roles.witness == 0 {
        return Err(at("roles", "witness", "a ceremony needs an administrator and a witness").wanted("at least 1"));
    }
    for (name, cluster) in &config.clusters {
        validate_cluster(config, text, name, cluster)?;
    }
    Ok(())
}

fn validate_cluster(config: &Config, text: &str, name: &str, cluster: &ClusterConfig) -> Result<(), Error> {
    let table = format!("clusters.{name}");
    let at = |key: &str, what: &str| contradiction(text, &table, key, what);
    check_label("cluster name", name)
        .map_err(|error| at("", error.what()).saw(name).wanted(error.wants().unwrap_or_default()))?;
    check_label("environment", &cluster.environment).map_err(|error| {
        at("environment", error.what()).saw(&cluster.environment).wanted(error.wants().unwrap_or_default())
    })?;
    if let Some(days) = cluster.validity_days
        && !(1..=config.intermediates.max_validity_days).contains(&days)
    {
        return Err(at("validity_days", "a cluster may be stricter than [intermediates], never laxer")
            .saw(days.to_string())
            .wanted(format!("1 to {}", config.intermediates.max_validity_days)));
    }
    for key in cluster.keys.iter().flatten().chain(&cluster.algorithm) {
        if !config.intermediates.keys.contains(key) {
            return Err(at("keys", "a cluster may be stricter than [intermediates], never laxer")
                .saw(key.name())
                .wanted(names(&config.intermediates.keys)));
        }
    }
    match (cluster.key_origin, cluster.algorithm) {
        (KeyOrigin::Offline, None) => {
            Err(at("algorithm", "a key made here needs its kind").wanted("algorithm = \"ecdsa-p384\", for example"))
        }
        (KeyOrigin::Offline, Some(_)) if cluster.recipients.is_empty() => {
            Err(at("recipients", "a key made here needs at least one recipient to be sealed to")
                .wanted("recipients = [\"age1…\"]"))
        }
        (KeyOrigin::Cluster, Some(algorithm)) => Err(at("algorithm", "only for key_origin = \"offline\"")
            .saw(algorithm.name())
            .hint("the cluster chooses its own key's kind; restrict it by keys = […]")),
        _ => Ok(()),
    }
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
fn contradiction(text: &str, table: &str, key: &str, what: &str) -> Error {
    Error::new(Kind::Usage, format!("{}: {what}", place_of(text, table, key)))
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
