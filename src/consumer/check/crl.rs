//! ca-crl.pem: what Istio demands of it since 1.27, which is more than it seems.

use super::path::MAX_SIGNATURES;
use super::{Checked, Form, Gathered};
use crate::consumer::rules::{
    CRL_EXPIRED, CRL_IGNORED, CRL_MISSING, CRL_OTHERS, CRL_REVOKED, CRL_SIGNATURE, CRL_UNREADABLE,
};
use crate::error::Error;
use crate::x509::pem;
use crate::x509::read::{self, Crl, Foreign};
use crate::x509::verify::{self, Checked as Signature};

/// Checks the CRLs; the Names (DER) of those who issued them.
pub(super) fn check(
    bytes: &[u8],
    own: &Foreign,
    read: &Checked,
    form: Form,
    gathered: &mut Gathered<'_>,
) -> Vec<Vec<u8>> {
    if form == Form::Tls {
        gathered.add(&CRL_IGNORED, "ca-crl.pem beside tls.crt", "the layout of four files");
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
        check_authority(authority, &crls, read, gathered);
    }
    let mut signatures = 0;
    for crl in &crls {
        check_crl(crl, &authorities, &mut signatures, gathered);
    }
    let covered = crls.len();
    gathered.add(&CRL_OTHERS, format!("{covered} in ca-crl.pem"), "one of every CA of every cluster, all current");
    crls.into_iter().map(|crl| crl.view.issuer_der).collect()
}

/// Every CA that is sent or trusted has its CRL, and stands on none.
fn check_authority(authority: &Foreign, crls: &[Crl], read: &Checked, gathered: &mut Gathered<'_>) {
    let sent = read.chain.iter().any(|certificate| certificate.der == authority.der);
    if sent && !crls.iter().any(|crl| crl.view.issuer_der == authority.subject_der) {
        gathered.add(&CRL_MISSING, format!("none of {}", authority.subject), "a CRL of every CA in cert-chain.pem");
    }
    let serial: &[u8] = match authority.serial.0.as_slice() {
        [0, magnitude @ ..] => magnitude,
        whole => whole,
    };
    let revoked = crls.iter().filter(|crl| crl.view.issuer_der == authority.issuer_der);
    if revoked.flat_map(|crl| &crl.view.revoked).any(|(number, _, _)| number.0 == serial) {
        gathered.add(&CRL_REVOKED, format!("{} is revoked", authority.subject), "a certificate that is not");
    }
}

/// `signatures` counts what all CRLs may cost: a hostile file names thousands of CAs of one name in each.
fn check_crl(crl: &Crl, authorities: &[&Foreign], signatures: &mut usize, gathered: &mut Gathered<'_>) {
    let now = gathered.asked.now;
    let who = read::show_name(&crl.view.issuer);
    if now > crl.view.next_update || now < crl.view.this_update {
        gathered.add(
            &CRL_EXPIRED,
            format!("the CRL of {who}: {} to {}", crl.view.this_update, crl.view.next_update),
            format!("current at {now}"),
        );
    }
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
