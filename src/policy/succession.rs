//! How a CRL follows the one before it: rules over what the log says must be listed and over the last CRL. The lint
//! of a CRL sees it alone; these see its neighbours.

use crate::authority::listing::{Mismatch, mismatches};
use crate::authority::state::{Listed, State};
use crate::digest::Hex;
use crate::error::Error;
use crate::finding::{Finding, Rule, Severity};
use crate::x509::read::{self, CertificateView, CrlView, show_name};
use crate::x509::{Reason, verify};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a CRL is held against besides its issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// The last CRL of the same root; `None` before there is one.
    pub last: Option<CrlView>,
    /// What the log says must be listed, by serial number.
    pub listed: BTreeMap<Hex, Listed>,
}

impl Predecessor {
    /// What the log says of a root's next CRL.
    ///
    /// # Errors
    /// [`Kind::Verify`](crate::error::Kind::Verify): the last CRL in the log does not read.
    pub fn of(state: &State, generation: u32) -> Result<Self, Error> {
        let last = state.crls.get(&generation).map(|crl| read::crl(&crl.der)).transpose()?;
        Ok(Self { last: last.map(|crl| crl.view), listed: state.to_list(generation) })
    }
}

static NUMBER: Rule = Rule {
    id: "crl.succession.number",
    severity: Severity::Refuse,
    says: "A CRL's number is above that of the last one of its issuer.",
    source: "RFC 5280 section 5.2.3",
    hint: "this is the last CRL itself or an older one: use the newest, or have the next one issued (anchorite crl)",
};
static LOST: Rule = Rule {
    id: "crl.succession.lost",
    severity: Severity::Refuse,
    says: "A certificate that was revoked, or that a crash left unknown, is listed until a CRL that was issued after \
           its end has listed it.",
    source: "RFC 5280 section 3.3; CA/Browser Forum BR 4.10.1",
    hint: "who has this CRL accepts a revoked CA: issue one that lists it (anchorite crl), and publish that",
};
static FOREIGN: Rule = Rule {
    id: "crl.succession.foreign",
    severity: Severity::Refuse,
    says: "A CRL lists only certificates that its issuer issued and that were revoked, or that a crash left unknown.",
    source: "RFC 5280 section 5.1.2.6: entries are of the CRL's issuer unless an indirect CRL says otherwise",
    hint: "the serial number is of another issuer, or nobody revoked it here: anchorite log show names what was",
};
static CHANGED: Rule = Rule {
    id: "crl.succession.changed",
    severity: Severity::Refuse,
    says: "An entry has the date and the reason that the log has.",
    source: "RFC 5280 sections 5.3.1 and 5.3.2",
    hint: "issue the CRL again from the log: anchorite crl",
};
static EARLIER: Rule = Rule {
    id: "crl.succession.time",
    severity: Severity::Warn,
    says: "A CRL's thisUpdate is not before that of the last one.",
    source: "measured: OpenSSL takes the CRL with the latest thisUpdate",
    hint: "was the clock ahead when the last one was made? it is preferred until its thisUpdate is past: replace every \
           copy of it",
};
static GONE: Rule = Rule {
    id: "crl.succession.gone",
    severity: Severity::Warn,
    says: "What the last CRL lists is listed again, unless the certificate ended.",
    source: "RFC 5280 section 3.3",
    hint: "did the certificate end before the last CRL was made? the authority's log knows: add -C DIR",
};

static ISSUERS: Rule = Rule {
    id: "crl.succession.issuer",
    severity: Severity::Refuse,
    says: "A CRL follows one of the same issuer.",
    source: "RFC 5280 section 5.2.3: numbers rise for a CRL issuer",
    hint: "these are CRLs of two CAs: compare each with the last one of its own issuer",
};
static CURRENT: Rule = Rule {
    id: "crl.current",
    severity: Severity::Refuse,
    says: "A CRL counts from thisUpdate to nextUpdate.",
    source: "RFC 5280 section 5.1.2.5; measured: Envoy and ztunnel refuse every peer once it is over",
    hint: "get the newest one; where there is none, have it issued: anchorite crl. Or is the clock wrong? (date -u)",
};
static SIGNATURE: Rule = Rule {
    id: "crl.signature",
    severity: Severity::Refuse,
    says: "The issuer's key made the signature.",
    source: "RFC 5280 section 6.3.3 (g)",
    hint: "this issuer's certificate is another's, or the CRL was changed: use neither",
};

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&NUMBER, &LOST, &FOREIGN, &CHANGED, &EARLIER, &GONE, &ISSUERS, &CURRENT, &SIGNATURE];

/// Judges a CRL against the log: nothing lost, nothing foreign, its number above the last.
pub fn lint_succession(new: &CrlView, before: &Predecessor) -> Vec<Finding> {
    let mut findings = before.last.as_ref().map(|last| follows(new, last)).unwrap_or_default();
    findings.extend(lists(new, before));
    findings
}

/// Nothing lost, nothing foreign, nothing changed.
fn lists(new: &CrlView, before: &Predecessor) -> Vec<Finding> {
    let mut findings = Vec::new();
    let on_last = |serial: &Hex| before.last.as_ref().is_some_and(|last| entry(last, serial).is_some());
    for mismatch in mismatches(new, &before.listed) {
        findings.push(match mismatch {
            Mismatch::Lost(listed) => {
                let seen = if on_last(&listed.serial) { "which the last CRL lists, is gone" } else { "is not listed" };
                LOST.finding(format!("serial {}, {seen}", listed.serial.colons()), "an entry for it")
            }
            Mismatch::Changed(listed, position) => {
                let says = new.revoked.get(position).map(|(_, date, reason)| {
                    format!("{} at {date}", reason.as_deref().unwrap_or(Reason::Unspecified.name()))
                });
                CHANGED.finding(
                    format!("serial {}: {}", listed.serial.colons(), says.unwrap_or_default()),
                    format!("{} at {}", listed.reason.name(), listed.date_at(new.this_update)),
                )
            }
            Mismatch::Foreign(serial) => {
                let wanted = "only what this root issued and the log has as revoked";
                FOREIGN.finding(format!("serial {}", serial.colons()), wanted)
            }
        });
    }
    findings
}

/// Judges a CRL against the last one alone, where the log is not at hand.
pub fn compare_crls(new: &CrlView, last: &CrlView) -> Vec<Finding> {
    let mut findings = follows(new, last);
    if new.issuer_der != last.issuer_der {
        return findings;
    }
    let gone = last.revoked.iter().filter(|(serial, ..)| entry(new, serial).is_none());
    findings.extend(gone.map(|(serial, ..)| {
        GONE.finding(format!("serial {}, which the last CRL lists, is gone", serial.colons()), "an entry for it")
    }));
    findings
}

/// Judges a CRL that is in use against what the log says now: the newest, with everything that was revoked since.
pub fn lint_in_use(crl: &CrlView, before: &Predecessor) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(newest) = before.last.as_ref().filter(|newest| crl.number < newest.number) {
        findings.push(NUMBER.finding(shown(crl.number), format!("{}, the newest", shown(newest.number))));
    }
    findings.extend(lists(crl, before));
    findings
}

/// The finding where a CRL is not yet or no longer valid.
pub fn lint_current(crl: &CrlView, now: Timestamp) -> Option<Finding> {
    let current = crl.this_update <= now && now <= crl.next_update;
    let seen = || format!("{} to {}", crl.this_update, crl.next_update);
    (!current).then(|| CURRENT.finding(seen(), format!("current at {now}")))
}

/// The finding where the issuer's key did not make the signature of a CRL; the lint itself sees only what is signed.
pub fn lint_crl_signature(crl: &read::Crl, issuer: &CertificateView) -> Option<Finding> {
    let error = verify::signature(&issuer.spki, crl.algorithm, &crl.tbs, &crl.signature).err()?;
    Some(SIGNATURE.finding(error.what(), "a signature by the issuer's key"))
}

fn shown(number: Option<u64>) -> String {
    number.map_or_else(|| "no number".to_owned(), |number| format!("number {number}"))
}

fn follows(new: &CrlView, last: &CrlView) -> Vec<Finding> {
    let mut findings = Vec::new();
    if new.issuer_der != last.issuer_der {
        return vec![ISSUERS.finding(show_name(&new.issuer), show_name(&last.issuer))];
    }
    if new.number <= last.number {
        let seen = format!("{} after {}", shown(new.number), shown(last.number));
        findings.push(NUMBER.finding(seen, format!("above {}", shown(last.number))));
    }
    if new.this_update < last.this_update {
        findings.push(EARLIER.finding(new.this_update.to_string(), format!("not before {}", last.this_update)));
    }
    findings
}

fn entry<'a>(crl: &'a CrlView, serial: &Hex) -> Option<&'a (Hex, Timestamp, Option<String>)> {
    crl.revoked.iter().find(|(other, ..)| other == serial)
}

#[cfg(test)]
mod tests;
