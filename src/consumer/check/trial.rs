//! The trial: a workload's certificate is made under this key as istiod makes one, and validated with the
//! chain and roots by rustls-webpki, which is what ztunnel and Linkerd's proxies use.
//!
//! The leaf and its key exist only in memory, for the length of this call.

use super::{Asked, Checked, Consumer, Gathered, Trial};
use crate::consumer::rules::TRIAL;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::x509::SignatureAlgorithm;
use crate::x509::build::{self, CertificateTemplate, Usage};
use crate::x509::keygen::LocalKey;
use crate::x509::read::Foreign;
use jiff::{Timestamp, ToSpan};
use rustls_pki_types::{CertificateDer, UnixTime};
use std::time::Duration;

/// A Name of no attributes, DER.
const EMPTY_NAME: [u8; 2] = [0x30, 0x00];

/// The verdict of rustls-webpki, its own word for it; a finding only where no rule had said as much.
pub(super) fn check(
    own: &Foreign,
    key: &LocalKey,
    read: &Checked,
    gathered: &mut Gathered<'_>,
) -> Result<Option<Trial>, Error> {
    let leaf = trial_leaf(own, key, &gathered.asked)?;
    match webpki_accepts(&leaf, &read.chain, &read.roots, gathered.asked.now) {
        Ok(()) => Ok(Some(Trial::Accepted)),
        Err(why) => {
            if !gathered.found.iter().any(|found| found.stops.contains(&Consumer::Ztunnel)) {
                gathered.add(&TRIAL, format!("rustls-webpki: {why}"), "a path from the leaf to a root");
            }
            Ok(Some(Trial::Rejected(why)))
        }
    }
}

/// A workload's certificate, DER, as istiod issues one: an empty subject, the SPIFFE ID in a critical
/// subjectAltName, valid from two minutes ago for the lifetime that is asked about.
///
/// # Errors
/// [`Kind::Bug`]: it cannot be built.
pub fn trial_leaf(own: &Foreign, key: &LocalKey, asked: &Asked<'_>) -> Result<Vec<u8>, Error> {
    let workload = LocalKey::generate(KeySpec::EcdsaP256)?;
    let out_of_range = |_| Error::new(Kind::Bug, "a time out of range");
    let serial: [u8; 16] = Digest::of(workload.spki().der()).0.first_chunk().copied().unwrap_or_default();
    let algorithm = SignatureAlgorithm::of(key.spki().spec());
    let template = CertificateTemplate {
        serial: build::serial(serial),
        signature: algorithm,
        issuer: own.subject_der.clone(),
        not_before: asked.now.checked_sub(2.minutes()).map_err(out_of_range)?,
        not_after: asked.now.checked_add(asked.leaf_ttl).map_err(out_of_range)?,
        subject: EMPTY_NAME.to_vec(),
        spki: workload.spki().clone(),
        subject_key_id: workload.spki().key_identifier(),
        authority_key_id: own.extensions.subject_key_id.clone(),
        usage: Usage::Workload { spiffe_id: format!("spiffe://{}/ns/anchorite/sa/trial", asked.trust_domain) },
    };
    let tbs = build::certificate_tbs(&template)?;
    build::assemble(&tbs, algorithm, &key.sign(&tbs)?)
}

/// Validates a workload's certificate (DER) as a server's and as a client's, which each workload is, with the
/// chain that it presents and the roots that its peer trusts.
///
/// # Errors
/// rustls-webpki's own word for it.
pub fn webpki_accepts(leaf: &[u8], chain: &[Foreign], roots: &[Foreign], at: Timestamp) -> Result<(), String> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| "a time before 1970".to_owned())?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    validate(leaf, chain, roots, at).map_err(|why| why.to_string())
}

fn validate(leaf: &[u8], chain: &[Foreign], roots: &[Foreign], at: UnixTime) -> Result<(), webpki::Error> {
    let leaf = CertificateDer::from(leaf);
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|c| CertificateDer::from(c.der.as_slice())).collect();
    let roots: Vec<CertificateDer<'_>> = roots.iter().map(|c| CertificateDer::from(c.der.as_slice())).collect();
    let anchors = roots.iter().map(webpki::anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>()?;
    let end_entity = webpki::EndEntityCert::try_from(&leaf)?;
    for usage in [webpki::KeyUsage::server_auth(), webpki::KeyUsage::client_auth()] {
        end_entity.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &chain, at, usage, None, None)?;
    }
    Ok(())
}
