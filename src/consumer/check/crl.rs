//! ca-crl.pem: what Istio demands of it since 1.27, which is more than it seems.

use super::path::{MAX_SIGNATURES, Path};
use super::{Asked, Checked, Consumer, Form, Gathered};
use crate::consumer::rule::Found;
use crate::consumer::rules::{
    CRL_CLEARED, CRL_EXPIRED, CRL_FORM, CRL_IGNORED, CRL_MISSING, CRL_OTHERS, CRL_REVOKED, CRL_SIGNATURE, CRL_SOON,
    CRL_UNREADABLE,
};
use crate::error::Error;
use crate::x509::pem;
use crate::x509::read::{self, Crl, Foreign};
use crate::x509::verify::{self, Checked as Signature};

/// Checks the CRLs; the Names (DER) of those who issued them.
pub(super) fn check(
    bytes: &[u8],
    own: &Foreign,
    path: &Path,
    read: &Checked,
    form: Form,
    gathered: &mut Gathered<'_>,
) -> Vec<Vec<u8>> {
    if form == Form::Tls {
        gathered.add(&CRL_IGNORED, "ca-crl.pem beside tls.crt", "the layout of four files");
        return Vec::new();
    }
    if super::files::is_blank(bytes) {
        gathered.add(&CRL_CLEARED, "an empty ca-crl.pem", "CRLs, or no ca-crl.pem");
        return Vec::new();
    }
    let unreadable = |error: &Error| format!("ca-crl.pem: {error}");
    let wanted = "CRLs in PEM, each block on lines of its own";
    let blocks = match pem::decode_all(&pem::without_text(bytes), "X509 CRL") {
        Ok(blocks) => blocks,
        Err(error) => {
            gathered.add(&CRL_UNREADABLE, unreadable(&error), wanted);
            return Vec::new();
        }
    };
    let crls: Vec<Crl> = match blocks.iter().map(|der| read::crl(der)).collect() {
        Ok(crls) => crls,
        Err(error) => {
            let hint = "make it again with the CA's key and SHA-256 or better (openssl ca -gencrl -md sha256)";
            gathered.add_with(&CRL_UNREADABLE, unreadable(&error), "CRLs that every consumer reads", hint);
            return Vec::new();
        }
    };
    let mut authorities: Vec<&Foreign> = vec![own];
    authorities.extend(read.chain.iter().chain(&read.roots));
    for authority in &authorities {
        check_authority(authority, &crls, path, read, gathered);
    }
    let mut signatures = 0;
    for crl in &crls {
        check_crl(crl, &authorities, &mut signatures, gathered);
    }
    let earliest = crls.iter().map(|crl| crl.view.next_update).min();
    let until = earliest.map_or_else(String::new, |end| format!(", the earliest ends {end}"));
    let covered = format!("{} in ca-crl.pem{until}", crls.len());
    gathered.add(&CRL_OTHERS, covered, "one of every CA of every cluster, all current");
    crls.into_iter().map(|crl| crl.view.issuer_der).collect()
}

/// Every CA that is sent or trusted has its CRL, and stands on none.
fn check_authority(authority: &Foreign, crls: &[Crl], path: &Path, read: &Checked, gathered: &mut Gathered<'_>) {
    let among = |list: &[Foreign]| list.iter().any(|certificate| certificate.der == authority.der);
    let (sent, used) = (among(&read.chain), among(&path.certificates));
    if (sent || used) && !crls.iter().any(|crl| crl.view.issuer_der == authority.subject_der) {
        let wanted = "a CRL of every CA in cert-chain.pem, and of the root";
        let mut found = CRL_MISSING.found(format!("none of {}", authority.subject), wanted);
        // istiod asks for those of the chain file only, a verifier for those of the path, root included.
        if !sent {
            found.stops = &[Consumer::Envoy, Consumer::Ztunnel];
        }
        gathered.push(&CRL_MISSING, found);
    }
    let revoked = crls.iter().filter(|crl| crl.view.issuer_der == authority.issuer_der);
    if revoked.flat_map(|crl| &crl.view.revoked).any(|(number, _, _)| number.0 == magnitude(authority)) {
        gathered.add(&CRL_REVOKED, format!("{} is revoked", authority.subject), "a certificate that is not");
    }
}

/// A serial number's octets as a CRL's reader gives them: without the octet that keeps it positive.
pub(super) fn magnitude(certificate: &Foreign) -> &[u8] {
    match certificate.serial.0.as_slice() {
        [0, magnitude @ ..] => magnitude,
        whole => whole,
    }
}

/// What is said of CRLs without the certificates that they belong to: dates and form.
pub fn check_alone(crls: &[Crl], asked: &Asked<'_>) -> Vec<Found> {
    let mut gathered = Gathered { asked: *asked, found: Vec::new() };
    crls.iter().for_each(|crl| check_use(crl, &mut gathered));
    gathered.found
}

/// What is said of any CRL that is to be used: its dates, and whether it is whole.
pub(super) fn check_use(crl: &Crl, gathered: &mut Gathered<'_>) {
    let now = gathered.asked.now;
    let who = read::show_name(&crl.view.issuer);
    let end = crl.view.next_update;
    if now > end || now < crl.view.this_update {
        gathered.add(
            &CRL_EXPIRED,
            format!("the CRL of {who}: {} to {end}", crl.view.this_update),
            format!("current at {now}"),
        );
    } else if end.duration_since(now) <= gathered.asked.crl_notice {
        let days = gathered.asked.crl_notice.as_hours() / 24;
        gathered.add(
            &CRL_SOON,
            format!("all mTLS under {who} stops at {end}"),
            format!("a CRL that lasts longer than {days} days from {now}"),
        );
    }
    if !crl.view.is_whole() {
        gathered.add(&CRL_FORM, format!("the CRL of {who} is indirect, partial, a delta, or unknown"), "a plain CRL");
    }
}

/// `signatures` counts what all CRLs may cost: a hostile file names thousands of CAs of one name in each.
fn check_crl(crl: &Crl, authorities: &[&Foreign], signatures: &mut usize, gathered: &mut Gathered<'_>) {
    check_use(crl, gathered);
    let who = read::show_name(&crl.view.issuer);
    let is_named = |authority: &&&Foreign| authority.subject_der == crl.view.issuer_der;
    let named: Vec<&Foreign> = authorities.iter().filter(is_named).copied().collect();
    if named.is_empty() {
        return;
    }
    *signatures = signatures.saturating_add(named.len());
    if *signatures > MAX_SIGNATURES {
        let seen = format!("more than {MAX_SIGNATURES} signatures to try");
        gathered.add(&CRL_SIGNATURE, seen, "one current CRL of each CA");
        return;
    }
    let signed = |authority: &Foreign| {
        let signature = verify::foreign(&authority.key, crl.algorithm.oid(), &crl.tbs, &crl.signature);
        signature != Signature::Bad && !authority.must_not("cRLSign")
    };
    if !named.into_iter().any(signed) {
        gathered.add(&CRL_SIGNATURE, format!("the CRL of {who} is not this CA's"), "signed by it, with cRLSign");
    }
}
