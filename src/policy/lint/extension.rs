//! The checks of a certificate's extensions. Each says what it observed and what was expected, or nothing.

use super::{Certificate, Seen, seen};
use crate::digest::Hex;
use crate::dns::{http_url_fault, is_host_name, is_uri_subtree, is_within};
use crate::profile::{PathLength, Role, UriConstraints};
use crate::x509::read::{CLIENT_AUTH, SERVER_AUTH};
use crate::x509::verify::DOCUMENT_SIGNING;

const SUBJECT_KEY_ID: &str = "2.5.29.14";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";

pub(super) fn basic_constraints(c: &Certificate<'_>) -> Option<Seen> {
    match (c.profile.role, &c.view.basic_constraints) {
        (Role::Audit, None) => None,
        (Role::Audit, Some(basic)) if !basic.ca => None,
        (Role::Audit, Some(_)) => seen("CA:TRUE", "no CA"),
        (_, Some(basic)) if basic.critical && basic.ca => None,
        (_, Some(basic)) => seen(format!("critical {}, CA {}", basic.critical, basic.ca), "critical, CA:TRUE"),
        (_, None) => seen("no basicConstraints", "critical, CA:TRUE"),
    }
}

pub(super) fn path_length(c: &Certificate<'_>) -> Option<Seen> {
    let own = c.view.path_len();
    let shown = own.map_or_else(|| "no path length".to_owned(), |n| format!("path length {n}"));
    if !c.profile.path_len.allows(own) {
        return seen(shown, c.profile.path_len.show());
    }
    if c.profile.path_len == PathLength::NotACa {
        return None;
    }
    match c.issuer()?.path_len() {
        Some(0) => seen("a CA under an issuer with path length 0", "no CA there"),
        Some(limit) if own.is_none_or(|own| own >= limit) => seen(shown, format!("less than the issuer's {limit}")),
        _ => None,
    }
}

pub(super) fn key_usage(c: &Certificate<'_>) -> Option<Seen> {
    let wanted: &[&str] = match c.profile.role {
        Role::Audit => &["digitalSignature"],
        _ => &["keyCertSign", "cRLSign"],
    };
    let expected = format!("critical, {}", wanted.join(", "));
    match &c.view.key_usage {
        Some(usage) if usage.critical && usage.names == wanted => None,
        Some(usage) => seen(format!("critical {}, {}", usage.critical, usage.names.join(", ")), expected),
        None => seen("no keyUsage", expected),
    }
}

pub(super) fn extended_key_usage(c: &Certificate<'_>) -> Option<Seen> {
    let show = |purposes: &[String], critical: bool| format!("critical {critical}, {}", purposes.join(", "));
    match (c.profile.role, &c.view.extended_key_usage) {
        (Role::Audit, Some(usage)) if usage.critical && usage.purposes == [DOCUMENT_SIGNING] => None,
        (Role::Audit, Some(usage)) => seen(show(&usage.purposes, usage.critical), "critical, documentSigning"),
        (Role::Audit, None) => seen("no extKeyUsage", "critical, documentSigning"),
        (_, None) => None,
        (_, Some(usage)) => {
            let mut purposes: Vec<&str> = usage.purposes.iter().map(String::as_str).collect();
            purposes.sort_unstable();
            if purposes == [SERVER_AUTH, CLIENT_AUTH] && !usage.critical {
                return None;
            }
            seen(show(&usage.purposes, usage.critical), "none, or serverAuth and clientAuth, not critical")
        }
    }
}

fn is_critical(c: &Certificate<'_>, oid: &str) -> bool {
    c.view.extensions.iter().any(|e| e.oid == oid && e.critical)
}

pub(super) fn subject_key_id(c: &Certificate<'_>) -> Option<Seen> {
    match &c.view.subject_key_id {
        Some(id) if id.0.len() == 20 && !is_critical(c, SUBJECT_KEY_ID) => None,
        Some(id) => seen(format!("{} octets", id.0.len()), "20 octets, not critical"),
        None => seen("no subjectKeyIdentifier", "20 octets"),
    }
}

pub(super) fn authority_key_id(c: &Certificate<'_>) -> Option<Seen> {
    let show = |id: &Option<Hex>| id.as_ref().map_or_else(|| "none".to_owned(), Hex::to_string);
    if is_critical(c, AUTHORITY_KEY_ID) {
        return seen("a critical authorityKeyIdentifier", "not critical");
    }
    let found = &c.view.authority_key_id;
    if found.is_none() {
        return if c.profile.role == Role::Root { None } else { seen("none", "the issuer's subjectKeyIdentifier") };
    }
    let wanted = &c.authority()?.subject_key_id;
    if found == wanted { None } else { seen(show(found), show(wanted)) }
}

pub(super) fn cross_key_id(c: &Certificate<'_>) -> Option<Seen> {
    let own = c.known.own_root.filter(|_| c.profile.role == Role::Cross)?;
    let show = |id: &Option<Hex>| id.as_ref().map_or_else(|| "none".to_owned(), Hex::to_string);
    if own.spki_der != c.view.spki_der || own.subject_der != c.view.subject_der {
        return seen("another name or key than the new root's", "the new root's own");
    }
    if own.subject_key_id == c.view.subject_key_id {
        return None;
    }
    seen(show(&c.view.subject_key_id), show(&own.subject_key_id))
}

pub(super) fn alternative_names(c: &Certificate<'_>) -> Option<Seen> {
    let san = c.view.san.as_ref()?;
    if c.profile.role != Role::Intermediate {
        return seen(san.all().join(", "), "no subjectAltName");
    }
    if san.critical {
        return seen("a critical subjectAltName", "not critical");
    }
    let only_dns = san.dns.len() == san.all().len() && !san.dns.is_empty();
    if only_dns && san.dns.iter().all(|name| is_host_name(name)) {
        None
    } else {
        seen(san.all().join(", "), "DNS names")
    }
}

pub(super) fn name_constraints(c: &Certificate<'_>) -> Option<Seen> {
    let constraints = c.view.name_constraints.as_ref()?;
    if c.profile.role != Role::Intermediate {
        return seen("nameConstraints", "none in this kind of certificate");
    }
    if !constraints.critical || (constraints.permitted.is_empty() && constraints.excluded.is_empty()) {
        return seen("nameConstraints that are not critical or empty", "critical, with a subtree");
    }
    let wrong = |tree: &&String| match tree.split_once(':') {
        Some(("DNS", name)) => !is_host_name(name),
        Some(("URI", host)) => !is_uri_subtree(host),
        _ => true,
    };
    let wrong = constraints.permitted.iter().chain(&constraints.excluded).find(wrong)?;
    seen(wrong, "DNS names and hosts of URIs")
}

fn uri_constraints(c: &Certificate<'_>) -> Option<String> {
    let constraints = c.view.name_constraints.as_ref()?;
    let all = || constraints.permitted.iter().chain(&constraints.excluded);
    all().find(|tree| tree.starts_with("URI:")).cloned()
}

pub(super) fn uri_constraint_refused(c: &Certificate<'_>) -> Option<Seen> {
    match c.profile.uri_constraints {
        UriConstraints::Always | UriConstraints::SidecarsOnly => None,
        UriConstraints::Never | UriConstraints::UnlessAmbient => {
            seen(uri_constraints(c)?, format!("none for {}", c.profile.name))
        }
    }
}

pub(super) fn uri_constraint(c: &Certificate<'_>) -> Option<Seen> {
    match c.profile.uri_constraints {
        UriConstraints::SidecarsOnly => seen(uri_constraints(c)?, "none, where a ztunnel verifies"),
        _ => None,
    }
}

pub(super) fn excluded_own_name(c: &Certificate<'_>) -> Option<Seen> {
    let constraints = c.view.name_constraints.as_ref()?;
    let trees = |list: &[String]| -> Vec<String> {
        list.iter().filter_map(|tree| tree.strip_prefix("DNS:")).map(str::to_owned).collect()
    };
    let (permitted, excluded) = (trees(&constraints.permitted), trees(&constraints.excluded));
    let own = c.view.dns_names().iter().map(String::as_str).chain(c.profile.dns_names.iter().copied());
    let outside = own.into_iter().find(|name| {
        excluded.iter().any(|tree| is_within(name, tree))
            || (!permitted.is_empty() && !permitted.iter().any(|tree| is_within(name, tree)))
    })?;
    seen(outside, "a name that the constraints permit")
}

pub(super) fn policies(c: &Certificate<'_>) -> Option<Seen> {
    match &c.view.policies {
        Some(policies) if policies.critical => seen("critical certificatePolicies", "not critical"),
        _ => None,
    }
}

pub(super) fn urls(c: &Certificate<'_>) -> Option<Seen> {
    let (crls, issuers) = (&c.view.crl_urls, &c.view.ca_issuers_urls);
    let first = crls.iter().chain(issuers).next();
    let critical = [CRL_DISTRIBUTION_POINTS, AUTHORITY_INFO_ACCESS].into_iter().find(|oid| is_critical(c, oid));
    if let Some(oid) = critical {
        return seen(format!("critical extension {oid}"), "not critical");
    }
    if let Some(url) = first.filter(|_| !c.is_below_a_root()) {
        return seen(url, "none in this kind of certificate");
    }
    let (url, fault) = crls.iter().chain(issuers).find_map(|url| http_url_fault(url).map(|fault| (url, fault)))?;
    seen(format!("{fault}: {url}"), "http://host/path")
}

pub(super) fn unknown_extension(c: &Certificate<'_>) -> Option<Seen> {
    if c.view.unique_ids {
        return seen("a unique identifier", "none");
    }
    let other = c.view.others.first()?;
    seen(format!("extension {}", other.oid), "none that the profile does not give")
}
