//! What `[intermediates]` must be, and whether what every cluster gets of it can work at all.

use super::{contradicting_constraint, contradiction};
use crate::authority::config::{Config, NameConstraints, Terms, names};
use crate::dns;
use crate::error::Error;
use crate::key::KeySpec;
use crate::profile::{self, Profile, UriConstraints};
use std::collections::BTreeSet;

const TABLE: &str = "intermediates";
/// Names, subtrees or URLs in one list, at the most: an intermediate is shown on one screen.
const MAX_LIST: usize = 16;

pub(super) fn validate(config: &Config, text: &str) -> Result<(), Error> {
    let at = |key: &str, what: &str| contradiction(text, TABLE, key, what);
    let all = &config.intermediates;
    if !(1..=config.root.validity_days).contains(&all.max_validity_days) {
        return Err(at("max_validity_days", "an intermediate cannot outlive its root")
            .saw(all.max_validity_days.to_string())
            .wanted(format!("1 to {}, the root's", config.root.validity_days)));
    }
    let hours = all.max_validity_days.saturating_mul(24);
    if !(1..=hours).contains(&all.leaf_hours) {
        return Err(at("leaf_hours", "a workload's certificate cannot outlive the intermediate that issues it")
            .saw(all.leaf_hours.to_string())
            .wanted(format!("1 to {hours}, the days of max_validity_days")));
    }
    if all.keys.is_empty() {
        return Err(at("keys", "no kind of key is allowed"));
    }
    if all.hashes.is_empty() {
        return Err(at("hashes", "no hash is allowed").wanted("sha256, sha384, sha512, or some of them"));
    }
    let default = validate_profile(config, text, "profile", &all.profile)?;
    for name in &all.profiles {
        validate_profile(config, text, "profiles", name)?;
    }
    if let Some(key) = all.keys.iter().find(|key| !default.keys.contains(key)) {
        return Err(unusable(at("keys", &format!("{} cannot use this kind of key", default.name)), *key, default));
    }
    let chosen = || std::iter::once(default).chain(all.profiles.iter().filter_map(|name| profile::by_name(name).ok()));
    if let Some(n) = all.path_len
        && !chosen().any(|profile| profile.path_len.allows(Some(u32::from(n))))
    {
        let wanted: Vec<String> = chosen().map(|p| format!("{} for {}", p.path_len.show(), p.name)).collect();
        return Err(at("path_len", "no profile here has this path length")
            .saw(n.to_string())
            .wanted(wanted.join(", "))
            .hint("leave it out: only a subordinate's is open, from 0 to 2"));
    }
    if let Some(names) = &all.dns_names {
        check_list(names, dns::is_host_name)
            .map_err(|(what, saw)| host_names(at("dns_names", &format!("{what} DNS name")).saw(saw)))?;
    }
    check_subtrees(&all.name_constraints, text, TABLE)?;
    for (key, urls) in [("crl_urls", &all.crl_urls), ("ca_issuers_urls", &all.ca_issuers_urls)] {
        check_list(urls, |url| dns::http_url_fault(url).is_none()).map_err(|(what, saw)| {
            let fault = dns::http_url_fault(&saw).map_or_else(|| format!("{what} URL"), str::to_owned);
            at(key, &fault)
                .saw(saw)
                .wanted("http://host/path in ASCII, each once")
                .hint("what is fetched is signed itself; https would need the certificate that is being checked")
        })?;
    }
    check_terms(&config.terms("")?, text, TABLE)
}

/// A profile that clusters may have, whose consumer can verify this root and some kind of key of the list.
fn validate_profile(config: &Config, text: &str, key: &str, name: &str) -> Result<&'static Profile, Error> {
    let at = |what: &str| contradiction(text, TABLE, key, what);
    let profile = profile::by_name(name).map_err(|error| {
        let found = at(error.what()).saw(error.seen().unwrap_or_default());
        error.hints().iter().fold(found, |found, hint| found.hint(hint))
    })?;
    if !profile.is_for_clusters() {
        return Err(at("not a profile of intermediates").saw(profile.name));
    }
    if !profile.issuer_keys.contains(&config.root.key) {
        let error = at(&format!("{} cannot verify what this root signs", profile.name))
            .saw(format!("[root] key {}", config.root.key.name()))
            .wanted(names(profile.issuer_keys));
        return Err(match config.root.key.is_experimental() {
            true => error.hint("no mesh works under it yet; to try it: profile = \"subordinate\""),
            false => error,
        });
    }
    if !config.intermediates.keys.iter().any(|key| profile.keys.contains(key)) {
        let at = contradiction(text, TABLE, "keys", &format!("{} can use none of these kinds of key", profile.name));
        return Err(at.saw(names(&config.intermediates.keys)).wanted(names(profile.keys)));
    }
    Ok(profile)
}

/// A kind of key that a profile's consumer does not read.
pub(super) fn unusable(error: Error, key: KeySpec, profile: &Profile) -> Error {
    let listed: Vec<String> = profile.keys.iter().map(|key| format!("\"{}\"", key.name())).collect();
    error.saw(key.name()).wanted(names(profile.keys)).hint(format!("keys = [{}]", listed.join(", ")))
}

/// Not more than fit on a screen, each of the form and each once; else what is wrong, and which.
pub(super) fn check_list(list: &[String], is_one: impl Fn(&str) -> bool) -> Result<(), (&'static str, String)> {
    let mut seen = BTreeSet::new();
    for (position, item) in list.iter().enumerate() {
        if !is_one(item) {
            return Err(("not a", item.clone()));
        }
        if !seen.insert(item) {
            return Err(("twice the same", item.clone()));
        }
        if position >= MAX_LIST {
            return Err(("more than 16: one too many", item.clone()));
        }
    }
    Ok(())
}

pub(super) fn host_names(error: Error) -> Error {
    error.wanted("labels of lower-case letters, digits and inner hyphens, with dots between")
}

/// The form of every subtree.
pub(super) fn check_subtrees(constraints: &NameConstraints, text: &str, table: &str) -> Result<(), Error> {
    let lists = [("permitted_dns", &constraints.permitted_dns), ("excluded_dns", &constraints.excluded_dns)];
    for (key, list) in lists {
        check_list(list, dns::is_host_name).map_err(|(what, saw)| {
            host_names(contradicting_constraint(text, table, key, &format!("{what} DNS subtree")).saw(saw))
        })?;
    }
    check_list(&constraints.permitted_uris, dns::is_uri_subtree).map_err(|(what, saw)| {
        contradicting_constraint(text, table, "permitted_uris", &format!("{what} host of URIs"))
            .saw(saw)
            .wanted("a host (a trust domain), or a dot and a host for those below it")
    })
}

/// What a cluster would get works for its consumer: constraints that it can bear, its own names permitted.
pub(super) fn check_terms(terms: &Terms, text: &str, table: &str) -> Result<(), Error> {
    let at = |key: &str, what: &str| contradicting_constraint(text, table, key, what);
    let (profile, constraints) = (&terms.profile, &terms.name_constraints);
    if let Some(uri) = constraints.permitted_uris.first() {
        let refused = |what: &str| at("permitted_uris", what).saw(format!("URI:{uri}"));
        match profile.uri_constraints {
            UriConstraints::Always | UriConstraints::SidecarsOnly => {}
            UriConstraints::UnlessAmbient => {
                return Err(refused("ztunnel rejects every URI constraint")
                    .hint("set sidecar_only = true where no ztunnel will ever verify; or constrain by permitted_dns"));
            }
            UriConstraints::Never => {
                return Err(refused(&format!("the profile {} bears no URI constraint", profile.name))
                    .hint("constrain by permitted_dns and excluded_dns"));
            }
        }
    }
    let own = terms.dns_names.iter().map(String::as_str).chain(profile.dns_names.iter().copied());
    for name in own {
        if let Some(tree) = constraints.excluded_dns.iter().find(|tree| dns::is_within(name, tree)) {
            return Err(at("excluded_dns", "this excludes a name that the consumer itself has")
                .saw(tree)
                .wanted(format!("a subtree without {name}")));
        }
        let permitted = &constraints.permitted_dns;
        if !permitted.is_empty() && !permitted.iter().any(|tree| dns::is_within(name, tree)) {
            return Err(at("permitted_dns", "this excludes a name that the consumer itself has")
                .saw(permitted.join(", "))
                .wanted(format!("also a subtree with {name}")));
        }
    }
    Ok(())
}
