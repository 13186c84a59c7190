//! The checks of a certificate's fields. Each says what it observed and what was expected, or nothing.

use super::{Certificate, Issuer, Seen, seen};
use crate::name::Attribute;
use crate::profile::Role;
use crate::text;
use crate::x509::SignatureAlgorithm;
use crate::x509::read::{CertificateView, NameAttribute, show_name};
use jiff::Timestamp;

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
    let signer = c.authority()?.spki.spec();
    let wanted = SignatureAlgorithm::of(signer);
    match SignatureAlgorithm::from_oid(&c.view.signature_oid) {
        Ok(found) if found.fits(signer) => None,
        Ok(found) => seen(found.title(), wanted.title()),
        Err(_) => seen(&c.view.signature_oid, wanted.title()),
    }
}

pub(super) fn experimental(c: &Certificate<'_>) -> Option<Seen> {
    experiment(&c.view.signature_oid)
}

/// What is signed by a kind of key that no authority may rely on yet.
pub(super) fn experiment(signature_oid: &str) -> Option<Seen> {
    let algorithm = SignatureAlgorithm::MlDsa65;
    if signature_oid == algorithm.oid() { seen(algorithm.title(), "RSA, ECDSA or Ed25519") } else { None }
}

pub(super) fn signature_hash(c: &Certificate<'_>) -> Option<Seen> {
    let found = SignatureAlgorithm::from_oid(&c.view.signature_oid).ok()?;
    let sha256 = matches!(found, SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::EcdsaSha256);
    if sha256 || !c.profile.sha256_only { None } else { seen(found.title(), "SHA-256") }
}

pub(super) fn names(c: &Certificate<'_>) -> Option<Seen> {
    let wrong = c.view.subject.iter().chain(&c.view.issuer).find_map(name_fault);
    match wrong {
        Some((observed, expected)) => seen(observed, expected),
        None if c.view.subject.is_empty() => seen("an empty subject", "a subject"),
        None => None,
    }
}

fn name_fault(attribute: &NameAttribute) -> Option<(String, String)> {
    if let Some((_, c)) = text::first_deceptive(&attribute.value) {
        return Some((format!("U+{:04X} in {}", u32::from(c), attribute.label), "printable characters".to_owned()));
    }
    let known = Attribute::ALL.into_iter().find(|known| known.label() == attribute.label)?;
    let fits = match attribute.string_type.as_str() {
        "PrintableString" => true,
        "UTF8String" => !known.printable_only(),
        _ => false,
    };
    if !fits {
        let wanted = if known.printable_only() { "PrintableString" } else { "UTF8String or PrintableString" };
        return Some((format!("{} as {}", attribute.label, attribute.string_type), wanted.to_owned()));
    }
    let length = attribute.value.chars().count();
    if length == 0 || length > known.max_len() || (known == Attribute::Country && length != 2) {
        return Some((
            format!("{} of {}", attribute.label, text::count(length, "character")),
            format!("1 to {}", known.max_len()),
        ));
    }
    None
}

pub(super) fn names_unusual(c: &Certificate<'_>) -> Option<Seen> {
    let is_known = |a: &NameAttribute| Attribute::ALL.into_iter().any(|known| known.label() == a.label);
    if let Some(other) = c.view.subject.iter().chain(&c.view.issuer).find(|a| !is_known(a)) {
        return seen(format!("attribute {}", other.label), Attribute::ALL.map(Attribute::label).join(", "));
    }
    let multiple = [&c.view.subject, &c.view.issuer]
        .into_iter()
        .any(|name| name.iter().zip(name.iter().skip(1)).any(|(a, b)| a.rdn == b.rdn));
    if multiple { seen("several values in one part of a name", "one") } else { None }
}

pub(super) fn issuer(c: &Certificate<'_>) -> Option<Seen> {
    let wanted = c.authority()?;
    if c.view.issuer_der == wanted.subject_der {
        None
    } else {
        seen(show_name(&c.view.issuer), show_name(&wanted.subject))
    }
}

pub(super) fn subject_is_issuer(c: &Certificate<'_>) -> Option<Seen> {
    let (itself, root) = (c.view.is_self_issued(), c.profile.role == Role::Root);
    match (c.known.issuer, root) {
        (Issuer::Is(_), true) => seen("an issuer", "a root issues itself"),
        (Issuer::Itself, false) => seen("no issuer", "an issuer's certificate"),
        (Issuer::Unknown, true) if !itself => seen(show_name(&c.view.issuer), "a root issues itself"),
        (_, false) if itself => seen(show_name(&c.view.subject), "another name than the issuer's"),
        _ => None,
    }
}

pub(super) fn issuer_may_issue(c: &Certificate<'_>) -> Option<Seen> {
    let issuer = c.issuer()?;
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
    let issuer = c.issuer()?;
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
    let issuer = c.issuer()?;
    if issuer.spki.key_bits() == c.view.spki.key_bits() { seen("the issuer's own key", "another key") } else { None }
}

pub(super) fn key_kind(c: &Certificate<'_>) -> Option<Seen> {
    let titles = |keys: &[crate::key::KeySpec]| keys.iter().map(|k| k.title()).collect::<Vec<_>>().join(", ");
    let (own, profile) = (c.view.spki.spec(), c.profile);
    if !profile.keys.contains(&own) {
        return seen(own.title(), format!("for {}: {}", profile.name, titles(profile.keys)));
    }
    let signer = c.issuer()?.spki.spec();
    if profile.issuer_keys.contains(&signer) {
        return None;
    }
    seen(format!("an issuer's {}", signer.title()), format!("for {}: {}", profile.name, titles(profile.issuer_keys)))
}
