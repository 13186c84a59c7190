//! From bytes to a request: limits, one PEM block, strict DER, then every check.

use super::check::{self, KeyPolicy};
use super::file;
use crate::finding::{Finding, Severity, worst};
use crate::x509::read::{self, RequestView};
use crate::x509::{Spki, pem, strict};

/// The largest request that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most RDNs, attributes or extensions that a request may have.
const MAX_COUNT: usize = 32;
/// The most that a request may ask for, names of each extension counted: every one is a finding, and all of them
/// fit into one entry of the log, so that a request can be refused and struck whatever it asks for.
const MAX_ASKED: usize = 256;

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
/// The first rule of [`file`] that the bytes break, so that there is no request to check. A request that can
/// be read and must be refused is `Ok`, with a finding of severity refuse.
pub fn inspect(bytes: &[u8], policy: &KeyPolicy) -> Result<Inspected, Finding> {
    let der = decode(bytes)?;
    strict::walk(&der).map_err(|not_der| file::not_der(&not_der))?;
    if let Some(what) = private_key(&der) {
        return Err(file::private_key(what));
    }
    let view = read::request(&der).map_err(|error| file::no_request(&error))?;
    bounded("name attributes", view.subject.len(), MAX_COUNT)?;
    bounded("attributes", view.attributes.len(), MAX_COUNT)?;
    bounded("extensions", view.extensions.all.len(), MAX_COUNT)?;
    bounded("names and other things asked for", view.asked.len(), MAX_ASKED)?;
    let spki = Spki::from_der(&view.spki_der).ok();
    let findings = check::all(&view, spki.as_ref(), policy);
    Ok(Inspected { der, view, spki, findings })
}

/// The DER of the one block of a file that holds nothing else.
fn decode(bytes: &[u8]) -> Result<Vec<u8>, Finding> {
    if bytes.len() > MAX_BYTES {
        return Err(file::too_large(bytes.len()));
    }
    if let Some(what) = private_text(bytes) {
        return Err(file::private_key(what));
    }
    let labels = pem::labels(bytes).map_err(|error| file::not_pem(&error))?;
    match labels.as_slice() {
        [] if pem::is_der(bytes) => match strict::walk(bytes).ok().and_then(|()| private_key(bytes)) {
            Some(what) => Err(file::private_key(what)),
            None => Err(file::no_block(true)),
        },
        [] => Err(file::no_block(false)),
        [label] if [LABEL, OLD_LABEL].contains(&label.as_str()) => {
            pem::decode_one(bytes, label).map_err(|error| file::not_pem(&error))
        }
        [label] => Err(file::other_label(label)),
        several => Err(file::several_blocks(several.len())),
    }
}

/// The private key that a file holds in text form, whatever else is in it.
pub fn private_text(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let marks = [("PRIVATE KEY-----", "a PRIVATE KEY block"), ("AGE-SECRET-KEY-", "an age identity")];
    marks.into_iter().find(|(mark, _)| text.contains(mark)).map(|(_, what)| what)
}

/// The private key that strict DER is: PKCS#8, SEC 1 and PKCS#1 begin with a version where a request has a
/// structure; an encrypted PKCS#8 ends with an OCTET STRING.
fn private_key(der: &[u8]) -> Option<&'static str> {
    let outer = strict::only(der).ok().filter(|element| element.tag == strict::SEQUENCE)?;
    let parts: Vec<u8> = strict::children(outer.content).ok()?.iter().map(|part| part.tag).collect();
    match parts.as_slice() {
        [strict::INTEGER, strict::SEQUENCE, strict::OCTET_STRING, ..] => Some("a private key (PKCS#8)"),
        [strict::INTEGER, strict::OCTET_STRING, ..] => Some("a private key (SEC 1)"),
        [strict::INTEGER, rest @ ..] if rest.len() >= 8 && rest.iter().all(|tag| *tag == strict::INTEGER) => {
            Some("a private key (PKCS#1)")
        }
        [strict::SEQUENCE, strict::OCTET_STRING] => Some("an encrypted private key (PKCS#8)"),
        _ => None,
    }
}

fn bounded(what: &str, count: usize, most: usize) -> Result<(), Finding> {
    if count > most { Err(file::too_many(what, count, most)) } else { Ok(()) }
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
