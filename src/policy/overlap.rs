//! The intermediate of before and the one to come: how long both are valid, and when that is too short.
//!
//! A mesh changes from one to the other while traffic flows. Leaves that the old one issued live on for their own
//! lifetime, so the two must be valid together for that long at least. Pure: what the log says, and two times.

use crate::authority::{Config, State};
use crate::digest::Hex;
use crate::finding::{Finding, Rule, Severity};
use crate::profile::BACKDATE;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

static OVERLAP: Rule = Rule {
    id: "policy.renewal.overlap",
    severity: Severity::Warn,
    says: "A cluster's new intermediate begins at least one lifetime of its leaves before the old one ends.",
    source: "measured: istiod clamps leaves to their CA from 1.29.3 only; before, and while it re-signs, they outlive it",
    hint: "the mesh loses workloads for a while: say in the reason who knows of it; and bring the new Secret at once",
};

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&OVERLAP];

/// The intermediate that another one follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Its generation.
    pub generation: u32,
    /// Its serial number.
    pub serial: Hex,
    /// The generation of the root key that issued it.
    pub issuer_generation: u32,
    /// End of its validity.
    pub not_after: Timestamp,
}

impl Replaced {
    /// The newest intermediate of a cluster; `None` where it has none yet, and where it is revoked: nobody may go
    /// on with that one until the new one is there.
    pub fn of(state: &State, cluster: &str) -> Option<Self> {
        let newest = state.newest_intermediate(cluster).filter(|newest| state.revoked(&newest.serial).is_none())?;
        Some(Self {
            generation: newest.generation?,
            serial: newest.serial.clone(),
            issuer_generation: newest.issuer_generation,
            not_after: newest.not_after,
        })
    }

    /// How long it and one that is valid from `from` to `until` are valid together, both ends included; zero or
    /// less where they never are.
    pub fn overlap(&self, from: Timestamp, until: Timestamp) -> SignedDuration {
        both_valid(self.not_after, from, until)
    }
}

/// How long one that ends at `old` and one that is valid from `from` to `until` are valid together.
pub fn both_valid(old: Timestamp, from: Timestamp, until: Timestamp) -> SignedDuration {
    old.min(until).duration_since(from) + SignedDuration::from_secs(1)
}

/// `354 days`, `11 hours`, `none`: an overlap as people read it, never more than it is.
pub fn show_overlap(overlap: SignedDuration) -> String {
    match overlap.as_hours() {
        _ if overlap <= SignedDuration::ZERO => "none".to_owned(),
        0 => "less than an hour".to_owned(),
        1 => "1 hour".to_owned(),
        hours @ 2..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

/// Too short an overlap of a cluster's intermediate and the one that would be made now.
pub fn overlap(config: &Config, state: &State, cluster: &str, now: Timestamp) -> Option<Finding> {
    let replaced = Replaced::of(state, cluster)?;
    let from = now - BACKDATE;
    // Its end is far: what cuts it short has a rule of its own.
    let overlap = replaced.overlap(from, Timestamp::MAX);
    let leaf = config.intermediates.leaf();
    (overlap < leaf).then(|| {
        let ends = replaced.not_after;
        let seen = format!("{}: the old one ends {ends}, the new one begins {from}", show_overlap(overlap));
        OVERLAP.finding(seen, format!("{} or more, which leaves live", show_overlap(leaf)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn both_ends_count_and_the_shorter_one_decides() {
        let old = Replaced {
            generation: 1,
            serial: Hex(vec![1]),
            issuer_generation: 1,
            not_after: at("2027-11-21T09:54:59Z"),
        };
        let shown = |from: &str, until: &str| show_overlap(old.overlap(at(from), at(until)));
        assert_eq!(shown("2027-11-11T09:55:00Z", "2028-11-11T09:55:00Z"), "10 days");
        assert_eq!(shown("2027-11-11T09:55:00Z", "2027-11-15T09:54:59Z"), "4 days");
        assert_eq!(shown("2027-11-20T09:55:00Z", "2028-11-11T09:55:00Z"), "24 hours");
        assert_eq!(shown("2027-11-20T09:55:01Z", "2028-11-11T09:55:00Z"), "23 hours");
        assert_eq!(shown("2027-11-21T09:54:59Z", "2028-11-11T09:55:00Z"), "less than an hour");
        assert_eq!(shown("2027-11-21T09:55:00Z", "2028-11-11T09:55:00Z"), "none");
        assert_eq!(shown("2028-11-21T09:55:00Z", "2029-11-11T09:55:00Z"), "none");
    }
}
