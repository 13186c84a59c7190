//! Where a CRL is not what the log says: the one comparison behind the lint of a plan and the audit of a log.

use super::state::Listed;
use crate::digest::Hex;
use crate::x509::read::CrlView;
use std::collections::{BTreeMap, BTreeSet};

/// A way in which a CRL differs from what must be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch<'a> {
    /// It must be listed, and is not.
    Lost(&'a Listed),
    /// It is listed with another date or reason; the position of its entry.
    Changed(&'a Listed, usize),
    /// It is listed, and must not be.
    Foreign(&'a Hex),
}

/// Every difference between a CRL and what must be listed.
pub fn mismatches<'a>(crl: &'a CrlView, listed: &'a BTreeMap<Hex, Listed>) -> Vec<Mismatch<'a>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (position, (serial, date, reason)) in crl.revoked.iter().enumerate() {
        let Some(wanted) = listed.get(serial) else {
            found.push(Mismatch::Foreign(serial));
            continue;
        };
        seen.insert(serial);
        let says = (*date, reason.as_deref().unwrap_or("unspecified"), crl.invalidity.get(serial).copied());
        if says != (wanted.date_at(crl.this_update), wanted.reason.name(), wanted.invalid_from) {
            found.push(Mismatch::Changed(wanted, position));
        }
    }
    found.extend(listed.values().filter(|wanted| !seen.contains(&wanted.serial)).map(Mismatch::Lost));
    found
}
