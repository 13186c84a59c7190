//! The trial: a workload's certificate is made under this key as istiod makes one, and validated with the
//! chain and roots by rustls-webpki, which is what ztunnel and Linkerd's proxies use.
//!
//! The leaf and its key exist only in memory, for the length of this call.

use super::{Checked, Consumer, Gathered, Trial};
use crate::consumer::rules::TRIAL;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::x509::SignatureAlgorithm;
use crate::x509::build::{self, CertificateTemplate, Usage};
use crate::x509::keygen::LocalKey;
use crate::x509::read::Foreign;
use jiff::ToSpan;
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
    let leaf = leaf(own, key, gathered)?;
    let Ok(now) = u64::try_from(gathered.asked.now.as_second()) else { return Ok(None) };
    match validate(&leaf, read, UnixTime::since_unix_epoch(Duration::from_secs(now))) {
        Ok(()) => Ok(Some(Trial::Accepted)),
        Err(why) => {
            if !gathered.found.iter().any(|found| found.stops.contains(&Consumer::Ztunnel)) {
                gathered.add(&TRIAL, format!("rustls-webpki: {why}"), "a path from the leaf to a root");
            }
            Ok(Some(Trial::Rejected(why.to_string())))
        }
    }
}

/// As istiod issues one: an empty subject, the SPIFFE ID in a critical subjectAltName.
fn leaf(own: &Foreign, key: &LocalKey, gathered: &Gathered<'_>) -> Result<Vec<u8>, Error> {
    let asked = gathered.asked;
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

/// Each workload is a server and a client.
fn validate(leaf: &[u8], read: &Checked, now: UnixTime) -> Result<(), webpki::Error> {
    let leaf = CertificateDer::from(leaf);
    let chain: Vec<CertificateDer<'_>> = read.chain.iter().map(|c| CertificateDer::from(c.der.as_slice())).collect();
    let roots: Vec<CertificateDer<'_>> = read.roots.iter().map(|c| CertificateDer::from(c.der.as_slice())).collect();
    let anchors = roots.iter().map(webpki::anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>()?;
    let end_entity = webpki::EndEntityCert::try_from(&leaf)?;
    for usage in [webpki::KeyUsage::server_auth(), webpki::KeyUsage::client_auth()] {
        end_entity.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &chain, now, usage, None, None)?;
    }
    Ok(())
}
