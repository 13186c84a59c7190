//! The path that OpenSSL and Envoy's BoringSSL take from a certificate to a trusted root.
//!
//! They look among the trusted roots first, then in what the peer presented, take the first issuer whose name and
//! key identifiers fit, and never turn back (measured: Envoy 1.40). A search that tries every path would pass
//! over what breaks a mesh: a cross certificate behind the root, two roots of one name. Names and signatures only;
//! dates are the caller's.

use crate::x509::read::Foreign;
use crate::x509::verify::{self, Checked};

/// The longest path, leaf and root included.
const MAX_PATH: usize = 8;

/// The certificates from `leaf` to a root of `roots`, both included; only the leaf, where it is such a root.
///
/// # Errors
/// Why there is none, in words; names are escaped.
pub fn find<'a>(leaf: &'a Foreign, chain: &'a [Foreign], roots: &'a [Foreign]) -> Result<Vec<&'a Foreign>, String> {
    let mut path = vec![leaf];
    let mut last = leaf;
    while !roots.iter().any(|root| root.der == last.der) {
        if path.len() >= MAX_PATH {
            return Err(format!("more than {MAX_PATH} certificates in a row"));
        }
        let issuer = issuer_of(last, chain, roots)?;
        if verify::foreign(&issuer.key, &last.algorithm_oid, &last.tbs, &last.signature) == Checked::Bad {
            return Err(format!("{} did not sign {}: another key of that name did", issuer.subject, name(last)));
        }
        may_issue(issuer, &path)?;
        path.push(issuer);
        last = issuer;
    }
    Ok(path)
}

fn issuer_of<'a>(last: &Foreign, chain: &'a [Foreign], roots: &'a [Foreign]) -> Result<&'a Foreign, String> {
    let trusted: Vec<&Foreign> = roots.iter().filter(|root| fits(last, root)).collect();
    if let [first, others @ ..] = trusted.as_slice() {
        // Which of them a store hands out first, nobody promises.
        if others.iter().any(|other| other.key.der != first.key.der) {
            return Err(format!("two roots are named {}, and no key identifier tells which is meant", first.subject));
        }
        return Ok(first);
    }
    if is_self_signed(last) {
        return Err(format!("{} is not trusted", last.subject));
    }
    chain
        .iter()
        .find(|presented| presented.der != last.der && fits(last, presented))
        .ok_or_else(|| format!("nobody named {}, who issued {}", last.issuer, name(last)))
}

/// What comes after it is never looked at.
fn is_self_signed(certificate: &Foreign) -> bool {
    let Foreign { key, algorithm_oid, tbs, signature, .. } = certificate;
    certificate.is_self_issued() && verify::foreign(key, algorithm_oid, tbs, signature) != Checked::Bad
}

/// By name, and by key identifier where both have one.
fn fits(subject: &Foreign, issuer: &Foreign) -> bool {
    let identified = match (&subject.extensions.authority_key_id, &issuer.extensions.subject_key_id) {
        (Some(wanted), Some(there)) => wanted == there,
        _ => true,
    };
    identified && subject.issuer_der == issuer.subject_der
}

/// RFC 5280 section 6.1.4 k to n; a root of version 1 is a CA because it is trusted.
fn may_issue(issuer: &Foreign, below: &[&Foreign]) -> Result<(), String> {
    if issuer.version == 3 && !issuer.is_ca() {
        return Err(format!("{} is no CA", issuer.subject));
    }
    if issuer.must_not("keyCertSign") {
        return Err(format!("{} may not sign certificates", issuer.subject));
    }
    let authorities = below.iter().filter(|certificate| certificate.is_ca() && !certificate.is_self_issued()).count();
    match issuer.path_len() {
        Some(room) if usize::try_from(room).is_ok_and(|room| room < authorities) => {
            Err(format!("{} allows {room} CAs below it, and there are {authorities}", issuer.subject))
        }
        _ => Ok(()),
    }
}

fn name(certificate: &Foreign) -> &str {
    if certificate.subject.is_empty() { "the workload's certificate" } else { &certificate.subject }
}
