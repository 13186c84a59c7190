//! How a CRL follows the one before it: rules over what the log says must be listed and over the last CRL. The lint
//! of a CRL sees it alone; these see its neighbours.

use crate::authority::listing::{Mismatch, mismatches};
use crate::authority::state::{Listed, State};
use crate::digest::Hex;
use crate::error::Error;
use crate::finding::{Finding, Rule, Severity};
use crate::x509::Reason;
use crate::x509::read::{self, CrlView};
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

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&NUMBER, &LOST, &FOREIGN, &CHANGED, &EARLIER, &GONE];

/// Judges a CRL against the log: nothing lost, nothing foreign, its number above the last.
pub fn lint_succession(new: &CrlView, before: &Predecessor) -> Vec<Finding> {
    let mut findings = before.last.as_ref().map(|last| follows(new, last)).unwrap_or_default();
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
    let gone = last.revoked.iter().filter(|(serial, ..)| entry(new, serial).is_none());
    findings.extend(gone.map(|(serial, ..)| {
        GONE.finding(format!("serial {}, which the last CRL lists, is gone", serial.colons()), "an entry for it")
    }));
    findings
}

fn follows(new: &CrlView, last: &CrlView) -> Vec<Finding> {
    let mut findings = Vec::new();
    if new.number <= last.number {
        let shown = |number: Option<u64>| number.map_or_else(|| "none".to_owned(), |number| number.to_string());
        let seen = format!("number {} after {}", shown(new.number), shown(last.number));
        findings.push(NUMBER.finding(seen, format!("above {}", shown(last.number))));
    }
    if new.this_update < last.this_update {
        findings.push(EARLIER.finding(new.this_update.to_string(), format!("not before {}", last.this_update)));
    }
    findings
}

fn entry<'a>(crl: &'a CrlView, serial: &Hex) -> Option<&'a (Hex, jiff::Timestamp, Option<String>)> {
    crl.revoked.iter().find(|(other, ..)| other == serial)
}

#[cfg(test)]
mod tests;
