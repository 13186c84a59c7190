//! What a parent outside may have made of a root: a certificate over the root's own name and key that can stand above
//! its intermediates, and the parent's own certificates up to its root. Whether people want that parent is theirs.

use super::issued_by;
use crate::error::{Error, Kind};
use crate::x509::read::{self, Certificate, CertificateView, RequestInfo, show_name};
use jiff::Timestamp;

/// More certificates than a chain of workloads can carry.
const MAX_PATH: usize = 4;

/// True where a request is of a root's own name and key, and asks for extensions with its own key identifier.
pub fn asks_as_itself(own: &CertificateView, request: &RequestInfo) -> bool {
    request.subject_der == own.subject_der
        && request.spki_der == own.spki_der
        && request.subject_key_id == own.subject_key_id
        && request.attributes.len() == 1
}

/// Reads a path: the certificate that the parent issued, then the parent's own, DER.
///
/// # Errors
/// [`Kind::Refused`]: a certificate that this program does not read; too few or too many.
pub fn parent_path<'a>(ders: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Certificate>, Error> {
    let path: Vec<Certificate> =
        ders.map(read::certificate).collect::<Result<_, _>>().map_err(|error| error.into_kind(Kind::Refused))?;
    if (2..=MAX_PATH).contains(&path.len()) {
        return Ok(path);
    }
    Err(refuse("not a certificate of the root and its issuers")
        .saw(crate::text::count(path.len(), "certificate"))
        .wanted(format!("2 to {MAX_PATH}: the root's by the parent first, then its issuers, their own root last")))
}

/// Checks that a path is of a root and verifies, whatever the time.
///
/// # Errors
/// [`Kind::Refused`] names the first thing that does not hold; [`Kind::Verify`] the certificate that is not its
/// issuer's.
pub fn check_parent(path: &[Certificate], root: &Certificate) -> Result<(), Error> {
    let (Some(by_parent), Some(top)) = (path.first(), path.last()) else {
        return Err(refuse("no certificate of a parent"));
    };
    of_root(&by_parent.view, &root.view)?;
    may_stand_above(&by_parent.view)?;
    // Below each of the parent's own certificates are those before it, and an intermediate.
    for (below, (certificate, issuer)) in (2_u32..).zip(path.iter().zip(path.iter().skip(1))) {
        issued_by(certificate, issuer)?;
        if issuer.view.path_len().is_some_and(|room| room < below) {
            return Err(no_room(&issuer.view, below));
        }
    }
    issued_by(top, top).map_err(|error| error.within("the last certificate is no root"))
}

/// Checks that everything of a path is valid at a time.
///
/// # Errors
/// [`Kind::Refused`] names the first certificate that is not.
pub fn check_parent_at(path: &[Certificate], now: Timestamp) -> Result<(), Error> {
    match path.iter().find(|c| now < c.view.not_before || now > c.view.not_after) {
        None => Ok(()),
        Some(c) => Err(refuse(&format!("a certificate is not valid now: {}", show_name(&c.view.subject)))
            .saw(format!("valid {} to {}, and it is {now}", c.view.not_before, c.view.not_after))
            .hint("is the clock right? (date -u) If it is, have the parent issue another")),
    }
}

fn of_root(view: &CertificateView, root: &CertificateView) -> Result<(), Error> {
    if view.spki_der != root.spki_der {
        return Err(refuse("the first certificate is of another key than the root's")
            .saw(format!("spki sha256 {}", view.spki.sha256()))
            .wanted(format!("spki sha256 {}", root.spki.sha256())));
    }
    if view.subject_der != root.subject_der {
        return Err(refuse("the parent's certificate names another subject than the root")
            .saw(show_name(&view.subject))
            .wanted(show_name(&root.subject))
            .hint("the parent keeps the subject of the request, byte for byte: chains are found by it"));
    }
    if view.issuer_der == view.subject_der {
        return Err(refuse("the first certificate is the root's own, not the parent's"));
    }
    if view.subject_key_id != root.subject_key_id {
        let show = |view: &CertificateView| view.subject_key_id.as_ref().map_or("none".to_owned(), |id| id.colons());
        return Err(refuse("the parent's certificate has another subject key identifier than the root")
            .saw(show(view))
            .wanted(show(root))
            .hint(
                "intermediates name their issuer by it: the request asks for the root's, and a parent that copies what \
                 is asked for keeps it (openssl: copy_extensions = copy)",
            ));
    }
    Ok(())
}

/// RFC 5280 sections 4.2.1.3, 4.2.1.9, 4.2.1.10 and 4.2.1.12.
fn may_stand_above(view: &CertificateView) -> Result<(), Error> {
    if !view.is_ca() || !view.may("keyCertSign") || !view.may("cRLSign") {
        return Err(refuse("by the parent's certificate the root may not sign certificates and CRLs")
            .wanted("basicConstraints CA:TRUE; keyUsage keyCertSign, cRLSign"));
    }
    if view.path_len() == Some(0) {
        return Err(no_room(view, 1));
    }
    let unknown = view.others.iter().find(|other| other.critical).map(|other| other.oid.clone());
    let narrows = view.name_constraints.is_some().then(|| "nameConstraints".to_owned());
    let uses = view.extended_key_usage.is_some().then(|| "extKeyUsage".to_owned());
    match unknown.or(narrows).or(uses) {
        None => Ok(()),
        Some(narrower) => Err(refuse("the parent's certificate narrows what the root may issue")
            .saw(narrower)
            .wanted("no name constraints, no extended key usage, no unknown critical extension")
            .hint("workloads would be refused under the parent, and nowhere else")),
    }
}

fn no_room(view: &CertificateView, below: u32) -> Error {
    refuse("a path length leaves no room for intermediates below the root")
        .saw(format!("pathlen {} in {}", view.path_len().unwrap_or_default(), show_name(&view.subject)))
        .wanted(format!("{below} or more, or none"))
}

fn refuse(what: &str) -> Error {
    Error::new(Kind::Refused, what)
}
