//! rustls-webpki, which ztunnel and linkerd's proxy ask, on a workload's path to a root.

use crate::support::World;
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
