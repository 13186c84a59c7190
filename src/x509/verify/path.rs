//! Issuers and paths (RFC 5280 section 6.1), as far as this program's own hierarchy needs them.
//!
//! Stricter than the standard where a certificate of ours cannot differ; never looks at the clock: the
//! time is an argument.

use super::signature;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::x509::read::{Certificate, CertificateView, Crl, show_name};
use jiff::Timestamp;

/// extKeyUsage documentSigning (RFC 9336): what an audit certificate is for.
pub const DOCUMENT_SIGNING: &str = "1.3.6.1.5.5.7.3.36";

/// The longest path that is tried, root and leaf included.
const MAX_PATH: usize = 6;

/// Checks that one certificate was issued by another: names byte for byte, key identifiers, the CA bit,
/// keyCertSign, a path length that leaves room, validity inside the issuer's, and the signature.
///
/// A self-signed root is issued by itself; it may lack an authorityKeyIdentifier. Time is not looked at.
///
/// # Errors
/// [`Kind::Verify`] names the first of these that does not hold.
pub fn issued_by(certificate: &Certificate, issuer: &Certificate) -> Result<(), Error> {
    let (subject, authority) = (&certificate.view, &issuer.view);
    let refuse = |what: &str| Error::new(Kind::Verify, format!("a certificate is not its issuer's: {what}"));
    if subject.issuer_der != authority.subject_der {
        return Err(refuse("the issuer's name differs")
            .saw(show_name(&subject.issuer))
            .wanted(show_name(&authority.subject)));
    }
    let itself = certificate.der == issuer.der;
    if !(itself && subject.authority_key_id.is_none()) && subject.authority_key_id != authority.subject_key_id {
        let show = |id: &Option<Hex>| id.as_ref().map_or_else(|| "none".to_owned(), |id| id.to_string());
        return Err(refuse("the authority key identifier differs")
            .saw(show(&subject.authority_key_id))
            .wanted(show(&authority.subject_key_id)));
    }
    may_issue(authority)?;
    if !itself && subject.is_ca() && !subject.is_self_issued() && authority.path_len() == Some(0) {
        return Err(refuse("a CA under an issuer with path length 0"));
    }
    if subject.not_before < authority.not_before || subject.not_after > authority.not_after {
        return Err(refuse("its validity is not inside the issuer's")
            .saw(format!("{} to {}", subject.not_before, subject.not_after))
            .wanted(format!("{} to {}", authority.not_before, authority.not_after)));
    }
    signature(&authority.spki, certificate.algorithm, &certificate.tbs, &certificate.signature)
        .map_err(|error| error.within("the issuer's signature on a certificate"))
}

/// Checks that a CRL was issued by a CA: name, key identifier, cRLSign and signature. Time is not looked at.
///
/// # Errors
/// [`Kind::Verify`] names the first of these that does not hold.
pub fn crl_issued_by(crl: &Crl, issuer: &Certificate) -> Result<(), Error> {
    let refuse = |what: &str| Error::new(Kind::Verify, format!("a CRL is not its issuer's: {what}"));
    if crl.view.issuer_der != issuer.view.subject_der {
        return Err(refuse("the issuer's name differs"));
    }
    if crl.view.authority_key_id.is_none() || crl.view.authority_key_id != issuer.view.subject_key_id {
        return Err(refuse("the authority key identifier differs"));
    }
    if !issuer.view.is_ca() || !issuer.view.may("cRLSign") {
        return Err(refuse("the issuer may not sign CRLs"));
    }
    signature(&issuer.view.spki, crl.algorithm, &crl.tbs, &crl.signature)
        .map_err(|error| error.within("the issuer's signature on a CRL"))
}

fn may_issue(issuer: &CertificateView) -> Result<(), Error> {
    if !issuer.is_ca() {
        return Err(Error::new(Kind::Verify, "the issuer is no CA").wanted("basicConstraints CA:TRUE"));
    }
    if !issuer.may("keyCertSign") {
        return Err(Error::new(Kind::Verify, "the issuer may not sign certificates").wanted("keyUsage keyCertSign"));
    }
    Ok(())
}

/// What the end of a path is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A CA: an intermediate, a cross-certificate, a root.
    Authority,
    /// An audit certificate: digitalSignature and extKeyUsage documentSigning, and nothing else.
    DocumentSigning,
}

/// Finds a path from a certificate to one of the roots at a time, and checks it (RFC 5280 section 6.1).
///
/// Returns the path, leaf first, root last. Paths of at most six certificates are tried. An issuer with
/// name constraints, policies or an unknown critical extension is refused: no issuer of this program has
/// any, and a constraint that is not evaluated must not be passed over. Revocation is not looked at.
///
/// # Errors
/// [`Kind::Verify`]: no path; the reason is that of the last path that was tried.
pub fn chain<'a>(
    leaf: &'a Certificate,
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
    at: Timestamp,
    purpose: Purpose,
) -> Result<Vec<&'a Certificate>, Error> {
    fit_for(&leaf.view, purpose)?;
    valid_at(&leaf.view, at)?;
    if let Some(unknown) = leaf.view.others.iter().find(|other| other.critical) {
        return Err(Error::new(Kind::Verify, "an unknown critical extension").saw(&unknown.oid));
    }
    let mut path = vec![leaf];
    climb(&mut path, intermediates, roots, at)?;
    Ok(path)
}

fn climb<'a>(
    path: &mut Vec<&'a Certificate>,
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
    at: Timestamp,
) -> Result<(), Error> {
    let Some(&last) = path.last() else { return Ok(()) };
    if roots.iter().any(|root| root.der == last.der) {
        return Ok(());
    }
    let mut failure =
        Error::new(Kind::Verify, "no path to a trusted root").saw(format!("issuer {}", show_name(&last.view.issuer)));
    if path.len() >= MAX_PATH {
        return Err(failure);
    }
    for issuer in roots.iter().chain(intermediates) {
        if issuer.view.subject_der != last.view.issuer_der || path.iter().any(|c| c.der == issuer.der) {
            continue;
        }
        if let Err(error) = step(path, last, issuer, at) {
            failure = error;
            continue;
        }
        path.push(issuer);
        match climb(path, intermediates, roots, at) {
            Ok(()) => return Ok(()),
            Err(error) => failure = error,
        }
        path.pop();
    }
    Err(failure)
}

/// One issuer above the path so far.
fn step(path: &[&Certificate], last: &Certificate, issuer: &Certificate, at: Timestamp) -> Result<(), Error> {
    issued_by(last, issuer)?;
    valid_at(&issuer.view, at)?;
    // Self-issued certificates do not count (RFC 5280 section 6.1.4 l). The end of the path does where it is
    // a CA, which the standard leaves out: it is there to issue.
    let below = path.iter().skip(1).filter(|c| !c.view.is_self_issued()).count();
    let leaf_is_ca = path.first().is_some_and(|leaf| leaf.view.is_ca() && !leaf.view.is_self_issued());
    let below = below + usize::from(leaf_is_ca);
    let room = issuer.view.path_len().map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    if below > room {
        return Err(Error::new(Kind::Verify, "more CAs below an issuer than its path length allows")
            .saw(below.to_string())
            .wanted(format!("at most {room}")));
    }
    let unknown = issuer.view.others.iter().any(|other| other.critical);
    let policies = issuer.view.policies.as_ref().is_some_and(|policies| policies.critical);
    if issuer.view.name_constraints.is_some() || unknown || policies {
        return Err(Error::new(Kind::Verify, "an issuer with constraints that are not evaluated here")
            .hint("check this path with: openssl verify -x509_strict"));
    }
    Ok(())
}

fn valid_at(view: &CertificateView, at: Timestamp) -> Result<(), Error> {
    if at < view.not_before || at > view.not_after {
        return Err(Error::new(Kind::Verify, "a certificate is not valid at this time")
            .saw(at.to_string())
            .wanted(format!("{} to {}", view.not_before, view.not_after)));
    }
    Ok(())
}

fn fit_for(view: &CertificateView, purpose: Purpose) -> Result<(), Error> {
    match purpose {
        Purpose::Authority => may_issue(view),
        Purpose::DocumentSigning => {
            let purposes = view.extended_key_usage.as_ref().map(|eku| eku.purposes.as_slice()).unwrap_or_default();
            if view.is_ca() || !view.may("digitalSignature") || purposes != [DOCUMENT_SIGNING] {
                let seen = match (view.is_ca(), purposes) {
                    (true, _) => "a CA".to_owned(),
                    (_, []) => "no extendedKeyUsage".to_owned(),
                    (_, purposes) => format!("extendedKeyUsage {}", purposes.join(", ")),
                };
                return Err(Error::new(Kind::Verify, "not an audit certificate")
                    .saw(seen)
                    .wanted("no CA, keyUsage digitalSignature, extendedKeyUsage documentSigning"));
            }
            Ok(())
        }
    }
}
