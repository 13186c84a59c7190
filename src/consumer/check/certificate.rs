//! The certificates of the path below the root: what each says, and who stumbles over it.

use super::path::Path;
use super::{Asked, Gathered};
use crate::consumer::rules::{
    ALGORITHM, CRITICAL, DNS_OTHER, EARLY, EKU, EKU_CLIENT, EKU_START, EXPIRED, EXTENSION, ML_DSA, NEAR_END, NEGATIVE,
    NO_CERT_SIGN, NO_CRL_SIGN, NOT_CA, OUTLIVES, POLICIES, PSS, SHA1, URI, URI_OTHER, WEAK,
};
use crate::x509::SignatureAlgorithm;
use crate::x509::read::{CLIENT_AUTH, Foreign, NameConstraints, SERVER_AUTH};
use crate::x509::verify::is_sha1;

const ANY: &str = "2.5.29.37.0";
/// id-RSASSA-PSS: its hash is in its parameters.
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
/// The name in istiod's own certificate.
const ISTIOD: &str = "istiod.istio-system.svc";

pub(super) fn check(own: &Foreign, path: &Path, gathered: &mut Gathered<'_>) {
    for authority in path.below_root() {
        check_authority(authority, gathered);
        check_dates(authority, gathered);
        check_strength(authority, gathered);
    }
    // A root's constraints and key usages bind as well.
    for authority in &path.certificates {
        check_constraints(authority, gathered);
        check_purposes(authority, gathered);
    }
    let asked = gathered.asked;
    let left = own.not_after.duration_since(asked.now);
    if left.is_positive() && left < asked.leaf_ttl {
        gathered.add(
            &NEAR_END,
            format!("{} ends {}, in {} h", own.subject, own.not_after, left.as_hours()),
            format!("more than the {} h of a workload's certificate", asked.leaf_ttl.as_hours()),
        );
    }
    for (below, above) in path.certificates.iter().zip(path.certificates.iter().skip(1)) {
        if below.not_after > above.not_after {
            let seen = format!("{} ends {}", below.subject, below.not_after);
            gathered.add(&OUTLIVES, seen, format!("at most {}, when {} ends", above.not_after, above.subject));
        }
    }
}

fn check_authority(authority: &Foreign, gathered: &mut Gathered<'_>) {
    let who = &authority.subject;
    if !authority.is_ca() {
        gathered.add(&NOT_CA, format!("{who} is an end entity"), "CA:TRUE");
    }
    if authority.must_not("keyCertSign") {
        let usages = authority.extensions.key_usage.as_ref().map(|usage| usage.names.join(", ")).unwrap_or_default();
        gathered.add(&NO_CERT_SIGN, format!("{who}: keyUsage {usages}"), "keyCertSign in it");
    } else if authority.must_not("cRLSign") {
        gathered.add(&NO_CRL_SIGN, format!("{who}: keyUsage without it"), "cRLSign, if this CA shall sign CRLs");
    }
    for extension in authority.extensions.others.iter().filter(|extension| extension.critical) {
        gathered.add(&CRITICAL, format!("{who}: critical {}", extension.oid), "none but RFC 5280's");
    }
    for oid in &authority.extensions.duplicates {
        gathered.add(&EXTENSION, format!("{who}: extension {oid} twice"), "each extension once");
    }
    for oid in &authority.unreadable {
        gathered.add(&EXTENSION, format!("{who}: extension {oid} does not parse"), "DER of its type");
    }
    if authority.has_negative_serial() {
        gathered.add(&NEGATIVE, format!("{who}: serial {}", authority.serial.colons()), "a positive number");
    }
    if authority.extensions.policies.as_ref().is_some_and(|policies| policies.critical) {
        gathered.add(&POLICIES, format!("{who}: critical certificatePolicies"), "none, or not critical");
    }
}

fn check_dates(authority: &Foreign, gathered: &mut Gathered<'_>) {
    let Asked { now, .. } = gathered.asked;
    let who = &authority.subject;
    if now < authority.not_before {
        gathered.add(&EARLY, format!("{who}: valid from {}", authority.not_before), format!("valid at {now}"));
    }
    if now > authority.not_after {
        gathered.add(&EXPIRED, format!("{who}: expired {}", authority.not_after), format!("valid at {now}"));
    }
}

fn check_strength(authority: &Foreign, gathered: &mut Gathered<'_>) {
    let who = &authority.subject;
    if is_sha1(&authority.algorithm_oid) {
        gathered.add(&SHA1, format!("{who}: signed with SHA-1"), "SHA-256 or better");
        return;
    }
    let oid = authority.algorithm_oid.as_str();
    if oid == SignatureAlgorithm::MlDsa65.oid() {
        gathered.add(&ML_DSA, format!("{who}: signed with ML-DSA-65"), "RSA or ECDSA with SHA-256");
    } else if oid != RSA_PSS && SignatureAlgorithm::from_oid(oid).is_err() {
        gathered.add(&ALGORITHM, format!("{who}: algorithm {oid}"), "RSA or ECDSA with SHA-256");
    } else if !authority.known_parameters {
        gathered.add(&PSS, format!("{who}: RSA-PSS with parameters of its own"), "one hash, a salt of its length");
    }
    if authority.key.rsa_bits.is_some_and(|bits| bits < 2048) {
        gathered.add(&WEAK, format!("{who}: {}", authority.key.title), "RSA of 2048 bits or more, or ECDSA");
    }
}

fn check_purposes(authority: &Foreign, gathered: &mut Gathered<'_>) {
    let Some(eku) = &authority.extensions.extended_key_usage else { return };
    let has = |purpose: &str| eku.purposes.iter().any(|there| there == purpose);
    let seen = format!("{}: {}", authority.subject, eku.purposes.join(", "));
    if !has(SERVER_AUTH) && !has(ANY) {
        gathered.add(&EKU_START, &seen, "none, or serverAuth and clientAuth");
    }
    if !has(CLIENT_AUTH) && !has(ANY) {
        gathered.add(&EKU_CLIENT, &seen, "none, or serverAuth and clientAuth");
    }
    if !(has(SERVER_AUTH) && has(CLIENT_AUTH)) {
        gathered.add(&EKU, seen, "none, or serverAuth and clientAuth");
    }
}

fn check_constraints(authority: &Foreign, gathered: &mut Gathered<'_>) {
    let Some(constraints) = &authority.extensions.name_constraints else { return };
    let who = &authority.subject;
    let of = |kind: &'static str| {
        let all = constraints.permitted.iter().chain(&constraints.excluded);
        all.filter(move |name| name.starts_with(kind)).cloned().collect::<Vec<_>>().join(", ")
    };
    let uris = of("URI:");
    if !uris.is_empty() {
        gathered.add(&URI, format!("{who}: {uris}"), "no URI constraint");
        let trust_domain = gathered.asked.trust_domain;
        if !permits(constraints, "URI:", trust_domain) {
            gathered.add(&URI_OTHER, format!("{who}: {uris}"), format!("URI:{trust_domain}"));
        }
    }
    if !permits(constraints, "DNS:", ISTIOD) {
        gathered.add(&DNS_OTHER, format!("{who}: {}", of("DNS:")), format!("{ISTIOD} permitted"));
    }
}

/// RFC 5280 section 4.2.1.10: a DNS name is covered by itself and its parents; a URI's host by itself, or by
/// a constraint that begins with a dot.
fn permits(constraints: &NameConstraints, kind: &str, host: &str) -> bool {
    let covers = |constraint: &str| {
        let Some(name) = constraint.strip_prefix(kind) else { return false };
        let name = name.to_ascii_lowercase();
        let host = host.to_ascii_lowercase();
        match (name.strip_prefix('.'), kind) {
            (Some(_), _) => host.ends_with(&name),
            (None, "URI:") => host == name,
            (None, _) => name.is_empty() || host == name || host.ends_with(&format!(".{name}")),
        }
    };
    let of_kind = |list: &[String]| list.iter().any(|constraint| constraint.starts_with(kind));
    let permitted = !of_kind(&constraints.permitted) || constraints.permitted.iter().any(|c| covers(c));
    permitted && !constraints.excluded.iter().any(|c| covers(c))
}
