//! What `[clusters.<name>]` must be: stricter than `[intermediates]`, never laxer.

use super::intermediates::{check_list, check_subtrees, check_terms, host_names, unusable};
use super::{contradicting_constraint, contradiction, validate_subject};
use crate::authority::config::{ClusterConfig, Config, Hash, KeyOrigin, names};
use crate::dns;
use crate::error::Error;
use crate::name::{SubjectTemplate, check_label, check_trust_domain};
use crate::profile::{self, PathLength, Profile};
use crate::text;
use crate::x509::SignatureAlgorithm;

const NEVER_LAXER: &str = "a cluster may be stricter than [intermediates], never laxer";

pub(super) fn validate(config: &Config, text: &str, name: &str, cluster: &ClusterConfig) -> Result<(), Error> {
    let table = format!("clusters.{name}");
    let at = |key: &str, what: &str| contradiction(text, &table, key, what);
    check_label("a cluster name", name)
        .map_err(|error| at("", error.what()).saw(name).wanted(error.wants().unwrap_or_default()))?;
    check_label("an environment", &cluster.environment).map_err(|error| {
        at("environment", error.what()).saw(&cluster.environment).wanted(error.wants().unwrap_or_default())
    })?;
    check_trust_domain(&cluster.trust_domain).map_err(|error| {
        at("trust_domain", error.what()).saw(&cluster.trust_domain).wanted(error.wants().unwrap_or_default())
    })?;
    let profile = validate_profile(config, text, &table, cluster)?;
    if let Some(days) = cluster.validity_days
        && !(1..=config.intermediates.max_validity_days).contains(&days)
    {
        return Err(at("validity_days", NEVER_LAXER)
            .saw(days.to_string())
            .wanted(format!("1 to {}", config.intermediates.max_validity_days)));
    }
    validate_keys(config, text, name, cluster, profile)?;
    if let Some(unit) = &cluster.organizational_unit {
        let template =
            SubjectTemplate { organizational_unit: Some(unit.clone()), ..config.intermediates.subject.clone() };
        validate_subject(&template, "")
            .map_err(|error| at("organizational_unit", error.what()).saw(error.seen().unwrap_or_default()))?;
    }
    if let Some(list) = &cluster.dns_names {
        check_list(list, dns::is_host_name)
            .map_err(|(what, saw)| host_names(at("dns_names", &format!("{what} DNS name")).saw(saw)))?;
        let mut allowed = config.dns_names_of(profile);
        if profile.name != config.intermediates.profile {
            allowed.extend(config.intermediates.dns_names.iter().flatten().cloned());
        }
        if let Some(other) = list.iter().find(|name| !allowed.contains(name)) {
            let wanted = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
            return Err(at("dns_names", NEVER_LAXER)
                .saw(other)
                .wanted(wanted)
                .hint("list it in [intermediates] dns_names, where it may be for any cluster"));
        }
    }
    if let Some(n) = cluster.path_len {
        let most = config.path_len_of(profile);
        let open = matches!(profile.path_len, PathLength::Between { .. });
        if !profile.path_len.allows(Some(u32::from(n))) || (open && most.is_some_and(|most| n > most)) {
            let wanted = if open { format!("0 to {}", most.unwrap_or_default()) } else { profile.path_len.show() };
            return Err(at("path_len", NEVER_LAXER).saw(n.to_string()).wanted(wanted));
        }
    }
    narrows_constraints(config, text, &table, cluster)?;
    let terms = config.terms(name)?;
    check_terms(&terms, text, &table)?;
    let trees = &terms.name_constraints.permitted_uris;
    if !trees.is_empty() && !trees.iter().any(|tree| dns::uri_is_within(&cluster.trust_domain, tree)) {
        return Err(at("trust_domain", "the URI constraint excludes the cluster's own trust domain")
            .saw(&cluster.trust_domain)
            .wanted(trees.join(", ")));
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

/// One of the profiles that the authority offers.
fn validate_profile(
    config: &Config,
    text: &str,
    table: &str,
    cluster: &ClusterConfig,
) -> Result<&'static Profile, Error> {
    let all = &config.intermediates;
    let Some(name) = &cluster.profile else { return profile::by_name(&all.profile) };
    let offered = || std::iter::once(&all.profile).chain(&all.profiles).map(String::as_str);
    if offered().any(|offered| offered == name) {
        return profile::by_name(name);
    }
    let mut wanted: Vec<&str> = offered().collect();
    wanted.dedup();
    let at = contradiction(text, table, "profile", "not a profile that [intermediates] offers");
    Err(match text::nearest(name, offered()) {
        Some(near) => at.saw(name).wanted(wanted.join(", ")).hint(format!("did you mean \"{near}\"?")),
        None => at.saw(name).wanted(wanted.join(", ")).hint(format!("[intermediates] profiles = [\"{name}\", …]")),
    })
}

fn validate_keys(
    config: &Config,
    text: &str,
    name: &str,
    cluster: &ClusterConfig,
    profile: &Profile,
) -> Result<(), Error> {
    let table = format!("clusters.{name}");
    let at = |key: &str, what: &str| contradiction(text, &table, key, what);
    let all = &config.intermediates;
    if cluster.keys.as_ref().is_some_and(Vec::is_empty) {
        return Err(at("keys", "no kind of key is allowed"));
    }
    let of_algorithm = cluster.algorithm.iter().map(|key| ("algorithm", key));
    for (setting, key) in cluster.keys.iter().flatten().map(|key| ("keys", key)).chain(of_algorithm) {
        if !all.keys.contains(key) {
            return Err(at(setting, NEVER_LAXER).saw(key.name()).wanted(names(&all.keys)));
        }
        if !profile.keys.contains(key) {
            return Err(unusable(at(setting, &format!("{} cannot use this kind of key", profile.name)), *key, profile));
        }
    }
    let hashes = |hashes: &[Hash]| hashes.iter().map(|hash| hash.name()).collect::<Vec<_>>().join(", ");
    if cluster.hashes.as_ref().is_some_and(Vec::is_empty) {
        return Err(at("hashes", "no hash is allowed").wanted(hashes(&all.hashes)));
    }
    if let Some(hash) = cluster.hashes.iter().flatten().find(|hash| !all.hashes.contains(hash)) {
        return Err(at("hashes", NEVER_LAXER).saw(hash.name()).wanted(hashes(&all.hashes)));
    }
    let terms = config.terms(name)?;
    let own = cluster.algorithm.and_then(|key| Hash::of(SignatureAlgorithm::of(key)));
    match (own, cluster.algorithm) {
        (Some(hash), Some(key)) if !terms.hashes.contains(&hash) => {
            Err(at("algorithm", &format!("a key of this kind signs its request with {}", hash.name()))
                .saw(key.name())
                .wanted(format!("a kind that signs with {}", hashes(&terms.hashes))))
        }
        (_, Some(key)) if !terms.keys.contains(&key) => {
            Err(at("algorithm", "not one of the cluster's own keys").saw(key.name()).wanted(names(&terms.keys)))
        }
        _ => Ok(()),
    }
}

/// Permitted subtrees lie inside the authority's; excluded ones only add.
fn narrows_constraints(config: &Config, text: &str, table: &str, cluster: &ClusterConfig) -> Result<(), Error> {
    let (own, all) = (&cluster.name_constraints, &config.intermediates.name_constraints);
    check_subtrees(own, text, table)?;
    let wider = |trees: &[String], outer: &[String], within: fn(&str, &str) -> bool| {
        let outside = |tree: &&String| !outer.is_empty() && !outer.iter().any(|outer| within(tree, outer));
        trees.iter().find(outside).cloned()
    };
    let dns = wider(&own.permitted_dns, &all.permitted_dns, dns::is_within).map(|tree| ("permitted_dns", tree));
    let uri = wider(&own.permitted_uris, &all.permitted_uris, dns::uri_is_within).map(|tree| ("permitted_uris", tree));
    match dns.or(uri) {
        None => Ok(()),
        Some((key, tree)) => {
            let outer = if key == "permitted_dns" { &all.permitted_dns } else { &all.permitted_uris };
            Err(contradicting_constraint(text, table, key, NEVER_LAXER)
                .saw(tree)
                .wanted(format!("inside {}", outer.join(", "))))
        }
    }
}
