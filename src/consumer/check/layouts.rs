//! What consumers other than Istio want of the issuer's key and path length.

use super::{Consumer, Gathered};
use crate::consumer::rules::{CERT_MANAGER_KEY, LINKERD_ANCHOR, LINKERD_KEY, SPIRE_KEY, SPIRE_PATH};
use crate::key::KeySpec;
use crate::x509::SignatureAlgorithm;
use crate::x509::read::Foreign;

pub(super) fn check(own: &Foreign, roots: &[Foreign], gathered: &mut Gathered<'_>) {
    let spec = own.key.spki.as_ref().map(|spki| spki.spec());
    if gathered.asked.about(Consumer::Linkerd) {
        let sha256 = [SignatureAlgorithm::EcdsaSha256.oid(), SignatureAlgorithm::RsaSha256.oid()];
        if spec != Some(KeySpec::EcdsaP256) || !sha256.contains(&own.algorithm_oid.as_str()) {
            let seen = format!("{}, signed by {}", own.key.title, signed_by(own));
            gathered.add(&LINKERD_KEY, seen, "ECDSA P-256, signed with SHA-256");
        }
        for root in roots {
            let p256 = root.key.spki.as_ref().is_some_and(|spki| spki.spec() == KeySpec::EcdsaP256);
            if !p256 && root.key.rsa_bits.is_none() {
                gathered.add(&LINKERD_ANCHOR, format!("{}: {}", root.subject, root.key.title), "ECDSA P-256, or RSA");
            }
        }
    }
    let rsa_or_ec = own.key.rsa_bits.is_some() || own.key.title.starts_with("ECDSA");
    if gathered.asked.about(Consumer::Spire) {
        if own.path_len() == Some(0) {
            gathered.add(&SPIRE_PATH, "pathlen 0", "1 or more, or none");
        }
        if !rsa_or_ec {
            gathered.add(&SPIRE_KEY, &own.key.title, "RSA or ECDSA");
        }
    }
    if gathered.asked.about(Consumer::CertManager) && !rsa_or_ec {
        gathered.add(&CERT_MANAGER_KEY, &own.key.title, "RSA or ECDSA");
    }
}

fn signed_by(certificate: &Foreign) -> String {
    SignatureAlgorithm::from_oid(&certificate.algorithm_oid)
        .map_or_else(|_| certificate.algorithm_oid.clone(), |algorithm| algorithm.title().to_owned())
}
