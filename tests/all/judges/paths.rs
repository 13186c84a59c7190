//! rustls-webpki, which ztunnel and linkerd's proxy ask, on a workload's path to a root.

use crate::support::World;
use crate::workload::{CA, Workload, certify_ca, foreign_root};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

/// Validates a workload's chain, leaf first, now, for servers and for clients. Files are relative to the world.
pub fn valid(world: &World, root: &str, chain: &str) -> Result<(), Error> {
    let read = |file: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(&world.read(file)).map(Result::unwrap).collect()
    };
    let (roots, chain) = (read(root), read(chain));
    let anchors = [anchor_from_trusted_cert(&roots[0]).unwrap()];
    let leaf = EndEntityCert::try_from(&chain[0])?;
    for usage in [KeyUsage::server_auth(), KeyUsage::client_auth()] {
        leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &chain[1..], UnixTime::now(), usage, None, None)?;
    }
    Ok(())
}

/// What the profiles must not say, because ztunnel and Linkerd's proxy refuse what is below it; and that an
/// intermediate without keyCertSign is nothing to them, so that only others find it.
#[test]
fn webpki_refuses_what_the_profiles_leave_out() {
    let world = World::new();
    foreign_root(&world, "root");
    let verdict = |extension: &str| {
        certify_ca(&world, "root", "ca", &format!("{CA}{extension}\n"));
        let workload = Workload::under(&world, "ca", super::ID);
        valid(&world, "root/root-cert.pem", workload.file())
    };
    assert_eq!(verdict(""), Ok(()));
    assert_eq!(verdict("extendedKeyUsage=serverAuth,clientAuth"), Ok(()));
    for usages in ["serverAuth", "anyExtendedKeyUsage"] {
        let verdict = verdict(&format!("extendedKeyUsage={usages}"));
        assert!(matches!(verdict, Err(Error::RequiredEkuNotFoundContext(_))), "{usages}: {verdict:?}");
    }
    let policies = "certificatePolicies=critical,1.3.6.1.4.1.99999.1";
    assert_eq!(verdict(policies), Err(Error::UnsupportedCriticalExtension));
    // The workload's trust domain is the permitted one: webpki refuses every constraint of URIs.
    let constraint = "nameConstraints=critical,permitted;URI:cluster.local";
    assert_eq!(verdict(constraint), Err(Error::NameConstraintViolation));
    certify_ca(&world, "root", "ca", &CA.replace("keyCertSign,", ""));
    let workload = Workload::under(&world, "ca", super::ID);
    assert_eq!(valid(&world, "root/root-cert.pem", workload.file()), Ok(()));
}
