//! A cross certificate of a world's root below an older root, as the program's builder makes it.

use super::present::ROOT;
use super::support::World;
use anchorite::key::KeySpec;
use anchorite::name::{Attribute, DistinguishedName};
use anchorite::x509::build::{CertificateTemplate, Usage, assemble, certificate_tbs, name_der, serial};
use anchorite::x509::read::{self, Certificate};
use anchorite::x509::{LocalKey, SignatureAlgorithm, pem};
use secrecy::ExposeSecret;

/// Makes `old/` with the four files of an older root, and `old/cross.pem`.
pub fn old_root_and_cross(world: &World) {
    let new = read::certificate(&pem::decode_one(&world.read(ROOT), "CERTIFICATE").unwrap()).unwrap();
    let key = LocalKey::generate(KeySpec::EcdsaP384).unwrap();
    let old = old_root(&new, &key);
    let cross = cross(&new, &old, &key);
    for name in ["ca-cert.pem", "cert-chain.pem", "root-cert.pem"] {
        world.write(format!("old/{name}"), pem::encode("CERTIFICATE", &old.der));
    }
    world.write("old/ca-key.pem", key.to_pkcs8_pem().unwrap().expose_secret());
    world.write("old/cross.pem", pem::encode("CERTIFICATE", &cross.der));
}

/// The older root, in a key of this test: no token signs cross certificates yet.
fn old_root(new: &Certificate, key: &LocalKey) -> Certificate {
    let name = DistinguishedName::default().with(Attribute::CommonName, "Old Mesh Root CA");
    let name = name_der(&name).unwrap();
    let spki = key.spki().clone();
    let key_id = spki.key_identifier();
    issue(new, key, |template| CertificateTemplate {
        serial: serial([0x4f; 16]),
        issuer: name.clone(),
        subject: name,
        spki,
        subject_key_id: key_id,
        authority_key_id: None,
        ..template
    })
}

fn cross(new: &Certificate, old: &Certificate, key: &LocalKey) -> Certificate {
    issue(new, key, |template| CertificateTemplate {
        issuer: old.view.subject_der.clone(),
        authority_key_id: old.view.subject_key_id.clone(),
        ..template
    })
}

/// The program's own builder, beginning with what the new root's certificate says.
fn issue(
    new: &Certificate,
    key: &LocalKey,
    change: impl FnOnce(CertificateTemplate) -> CertificateTemplate,
) -> Certificate {
    let usage = Usage::Ca {
        path_len: None,
        dns_names: Vec::new(),
        permitted_dns: Vec::new(),
        excluded_dns: Vec::new(),
        permitted_uris: Vec::new(),
        crl_urls: Vec::new(),
        ca_issuers_urls: Vec::new(),
    };
    let template = change(CertificateTemplate {
        serial: serial([0x4e; 16]),
        signature: SignatureAlgorithm::of(key.spki().spec()),
        issuer: Vec::new(),
        not_before: new.view.not_before,
        not_after: new.view.not_after,
        subject: new.view.subject_der.clone(),
        spki: new.view.spki.clone(),
        subject_key_id: new.view.subject_key_id.clone().unwrap(),
        authority_key_id: None,
        usage,
    });
    let tbs = certificate_tbs(&template).unwrap();
    let der = assemble(&tbs, template.signature, &key.sign(&tbs).unwrap()).unwrap();
    read::certificate(&der).unwrap()
}
