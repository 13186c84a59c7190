//! From bytes to a request: limits, one PEM block, strict DER, then every check.

use super::check::{self, KeyPolicy};
use crate::error::{Error, Kind};
use crate::finding::{Finding, Severity, worst};
use crate::x509::read::{self, RequestView};
use crate::x509::{Spki, pem};

/// The largest request that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most RDNs, attributes or extensions that a request may have.
const MAX_COUNT: usize = 32;

/// The label of RFC 7468.
const LABEL: &str = "CERTIFICATE REQUEST";
/// The label that older tools write.
const OLD_LABEL: &str = "NEW CERTIFICATE REQUEST";

/// A request that could be read, and what the checks found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The request, DER, exactly as it was read.
    pub der: Vec<u8>,
    /// What it says.
    pub view: RequestView,
    /// Its key, where it is of a kind that this program knows.
    pub spki: Option<Spki>,
    /// What the checks found, in the order of the rules.
    pub findings: Vec<Finding>,
}

/// Reads a request from the bytes of a file and checks it.
///
/// # Errors
/// [`Kind::Medium`]: the bytes cannot be read as one request (too large, not one PEM block, not strict DER).
/// A request that can be read and must be refused is `Ok`, with a finding of severity refuse.
pub fn inspect(bytes: &[u8], policy: &KeyPolicy) -> Result<Inspected, Error> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::new(Kind::Medium, "a request is too large")
            .saw(format!("{} bytes", bytes.len()))
            .wanted(format!("at most {MAX_BYTES} bytes")));
    }
    let der = decode(bytes)?;
    inspect_der(&der, policy)
}

/// As [`inspect`], for a request that is already DER (from the log, or made here).
///
/// # Errors
/// [`Kind::Medium`]: not strict DER, not a request, more parts than are read.
pub fn inspect_der(der: &[u8], policy: &KeyPolicy) -> Result<Inspected, Error> {
    let view = read::request(der)?;
    bounded("name attributes", view.subject.len())?;
    bounded("attributes", view.attributes.len())?;
    bounded("extensions", view.extensions.all.len())?;
    let spki = Spki::from_der(&view.spki_der).ok();
    let findings = check::all(&view, spki.as_ref(), policy);
    Ok(Inspected { der: der.to_vec(), view, spki, findings })
}

fn decode(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let old = pem::labels(bytes).is_ok_and(|labels| labels == [OLD_LABEL]);
    pem::decode_one(bytes, if old { OLD_LABEL } else { LABEL })
}

fn bounded(what: &str, count: usize) -> Result<(), Error> {
    if count > MAX_COUNT {
        return Err(Error::new(Kind::Medium, format!("a request with too many {what}"))
            .saw(count.to_string())
            .wanted(format!("at most {MAX_COUNT}")));
    }
    Ok(())
}

/// A request without a refusal: the only kind that can be planned. Made only by [`Inspected::verified`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRequest {
    der: Vec<u8>,
    view: RequestView,
    spki: Spki,
    findings: Vec<Finding>,
}

impl Inspected {
    /// The request as one that may be planned.
    ///
    /// # Errors
    /// Every finding, where one of them refuses the request. Nothing was signed.
    pub fn verified(self) -> Result<VerifiedRequest, Vec<Finding>> {
        match self.spki {
            Some(spki) if worst(&self.findings) != Some(Severity::Refuse) => {
                Ok(VerifiedRequest { der: self.der, view: self.view, spki, findings: self.findings })
            }
            // Without a key that is known, proof of possession is among the refusals.
            _ => Err(self.findings),
        }
    }
}

impl VerifiedRequest {
    /// The request, DER, exactly as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// Its key, whose private half signed it.
    pub fn spki(&self) -> &Spki {
        &self.spki
    }
    /// What it says.
    pub fn view(&self) -> &RequestView {
        &self.view
    }
    /// What the checks found; none refuses.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
