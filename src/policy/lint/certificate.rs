//! The checks of certificates. Each says what it observed and what was expected, or nothing.

use super::{Certificate, Seen, seen};
use crate::digest::Hex;
use crate::dns::{is_host_name, is_within};
use crate::name::Attribute;
use crate::profile::{PathLength, Role, UriConstraints};
use crate::text;
use crate::x509::SignatureAlgorithm;
use crate::x509::read::{CertificateView, NameAttribute, show_name};
use crate::x509::verify::DOCUMENT_SIGNING;
use jiff::Timestamp;

const SUBJECT_KEY_ID: &str = "2.5.29.14";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

pub(super) fn version(c: &Certificate<'_>) -> Option<Seen> {
    if c.view.version == 3 { None } else { seen(format!("version {}", c.view.version), "version 3") }
}

pub(super) fn serial(c: &Certificate<'_>) -> Option<Seen> {
    let serial = &c.view.serial.0;
    // The magnitude gains a sign octet in DER where its first bit is set.
    let sign = usize::from(serial.first().is_some_and(|first| *first >= 0x80));
    if (8..=20).contains(&(serial.len() + sign)) && serial.iter().any(|octet| *octet != 0) {
        return None;
    }
    seen(c.view.serial.colons(), "8 to 20 octets, above zero")
}

pub(super) fn signature_algorithm(c: &Certificate<'_>) -> Option<Seen> {
    let signer = c.issuer.unwrap_or(c.view).spki.spec();
    let wanted = SignatureAlgorithm::of(signer);
    if c.view.signature_oid == wanted.oid() { None } else { seen(&c.view.signature_oid, wanted.title()) }
}

pub(super) fn names(c: &Certificate<'_>) -> Option<Seen> {
    let wrong = c.view.subject.iter().chain(&c.view.issuer).find_map(name_fault);
    let multiple = [&c.view.subject, &c.view.issuer]
        .into_iter()
        .any(|name| name.iter().zip(name.iter().skip(1)).any(|(a, b)| a.rdn == b.rdn));
    match wrong {
        Some((observed, expected)) => seen(observed, expected),
        None if multiple => seen("several values in one part of a name", "one"),
        None if c.view.subject.is_empty() => seen("an empty subject", "a subject"),
        None => None,
    }
}

fn name_fault(attribute: &NameAttribute) -> Option<(String, String)> {
    let Some(known) = Attribute::ALL.into_iter().find(|known| known.label() == attribute.label) else {
        return Some((format!("attribute {}", attribute.label), Attribute::ALL.map(Attribute::label).join(", ")));
    };
    let wanted = if known.printable_only() { "PrintableString" } else { "UTF8String" };
    let length = attribute.value.chars().count();
    if attribute.string_type != wanted {
        return Some((format!("{} as {}", attribute.label, attribute.string_type), wanted.to_owned()));
    }
    if length == 0 || length > known.max_len() || (known == Attribute::Country && length != 2) {
        return Some((
            format!("{} of {}", attribute.label, text::count(length, "character")),
            format!("1 to {}", known.max_len()),
        ));
    }
    text::first_deceptive(&attribute.value)
        .map(|(_, c)| (format!("U+{:04X} in {}", u32::from(c), attribute.label), "printable characters".to_owned()))
}

pub(super) fn issuer(c: &Certificate<'_>) -> Option<Seen> {
    let wanted = c.issuer.unwrap_or(c.view);
    if c.view.issuer_der == wanted.subject_der {
        None
    } else {
        seen(show_name(&c.view.issuer), show_name(&wanted.subject))
    }
}

pub(super) fn subject_is_issuer(c: &Certificate<'_>) -> Option<Seen> {
    match (c.issuer, c.profile.role) {
        (Some(_), role) if role != Role::Root && c.view.is_self_issued() => {
            seen(show_name(&c.view.subject), "another name than the issuer's")
        }
        (Some(_), Role::Root) => seen("an issuer", "a root issues itself"),
        (None, role) if role != Role::Root => seen("no issuer", "an issuer's certificate"),
        _ => None,
    }
}

pub(super) fn issuer_may_issue(c: &Certificate<'_>) -> Option<Seen> {
    let issuer = c.issuer?;
    if issuer.is_ca() && issuer.may("keyCertSign") {
        None
    } else {
        seen("an issuer that is no CA", "CA:TRUE and keyCertSign")
    }
}

pub(super) fn validity(c: &Certificate<'_>) -> Option<Seen> {
    let show = |view: &CertificateView| format!("{} to {}", view.not_before, view.not_after);
    if c.view.not_before >= c.view.not_after {
        return seen(show(c.view), "an end after the beginning");
    }
    let issuer = c.issuer?;
    if c.view.not_before < issuer.not_before || c.view.not_after > issuer.not_after {
        return seen(show(c.view), format!("inside the issuer's {}", show(issuer)));
    }
    None
}

pub(super) fn time_type(c: &Certificate<'_>) -> Option<Seen> {
    time_types([c.view.not_before, c.view.not_after], c.view.time_types)
}

/// Years to 2049 are UTCTime: 2050-01-01T00:00:00Z is second 2,524,608,000.
pub(super) fn time_types(times: [Timestamp; 2], types: [&str; 2]) -> Option<Seen> {
    let wanted = times.map(|at| if at.as_second() < 2_524_608_000 { "UTCTime" } else { "GeneralizedTime" });
    if wanted == types { None } else { seen(types.join(", "), wanted.join(", ")) }
}

pub(super) fn key_of_issuer(c: &Certificate<'_>) -> Option<Seen> {
    let issuer = c.issuer?;
    if issuer.spki.key_bits() == c.view.spki.key_bits() { seen("the issuer's own key", "another key") } else { None }
}

pub(super) fn key_kind(c: &Certificate<'_>) -> Option<Seen> {
    let titles = |keys: &[crate::key::KeySpec]| keys.iter().map(|k| k.title()).collect::<Vec<_>>().join(", ");
    let (own, profile) = (c.view.spki.spec(), c.profile);
    if !profile.keys.contains(&own) {
        return seen(own.title(), format!("for {}: {}", profile.name, titles(profile.keys)));
    }
    let signer = c.issuer?.spki.spec();
    if profile.issuer_keys.contains(&signer) {
        return None;
    }
    seen(format!("an issuer's {}", signer.title()), format!("for {}: {}", profile.name, titles(profile.issuer_keys)))
}

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
    match c.issuer?.path_len() {
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
    let wanted = &c.issuer.unwrap_or(c.view).subject_key_id;
    if is_critical(c, AUTHORITY_KEY_ID) {
        return seen("a critical authorityKeyIdentifier", "not critical");
    }
    if c.view.authority_key_id == *wanted || (c.issuer.is_none() && c.view.authority_key_id.is_none()) {
        return None;
    }
    seen(show(&c.view.authority_key_id), show(wanted))
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
    let allowed = |tree: &&String| match tree.split_once(':') {
        Some(("DNS", name)) => !is_host_name(name),
        Some(("URI", _)) => matches!(c.profile.uri_constraints, UriConstraints::Never | UriConstraints::UnlessAmbient),
        _ => true,
    };
    let wrong = constraints.permitted.iter().chain(&constraints.excluded).find(allowed)?;
    seen(wrong, "DNS names; URIs only where the profile allows them")
}

pub(super) fn excluded_own_name(c: &Certificate<'_>) -> Option<Seen> {
    let constraints = c.view.name_constraints.as_ref()?;
    let names = &c.view.san.as_ref()?.dns;
    let trees = |list: &[String]| -> Vec<String> {
        list.iter().filter_map(|tree| tree.strip_prefix("DNS:")).map(str::to_owned).collect()
    };
    let (permitted, excluded) = (trees(&constraints.permitted), trees(&constraints.excluded));
    let outside = names.iter().find(|name| {
        excluded.iter().any(|tree| is_within(name, tree))
            || (!permitted.is_empty() && !permitted.iter().any(|tree| is_within(name, tree)))
    })?;
    seen(outside, "a name that its own constraints permit")
}

pub(super) fn policies(c: &Certificate<'_>) -> Option<Seen> {
    match &c.view.policies {
        Some(policies) if policies.critical => seen("critical certificatePolicies", "not critical"),
        _ => None,
    }
}

pub(super) fn unknown_extension(c: &Certificate<'_>) -> Option<Seen> {
    if c.view.unique_ids {
        return seen("a unique identifier", "none");
    }
    let other = c.view.others.first()?;
    seen(format!("extension {}", other.oid), "none that the profile does not give")
}
