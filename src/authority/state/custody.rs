//! Custody in the log: which sets of shares exist, and which of them opens what. Part of the fold.

use crate::authority::rules::{broken, expect};
use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::log::record::{CustodyShareUsed, CustodySplit, PinChanged, PinChanging, PinForm};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the log says of custody.
#[derive(Debug, Clone, Default)]
pub struct Custody {
    sets: Vec<CustodySet>,
    pins: BTreeMap<(String, String), Pin>,
}

/// A set of shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodySet {
    /// Its id.
    pub set: Hex,
    /// The token's role.
    pub role: String,
    /// How many shares give the seed.
    pub threshold: u8,
    /// SHA-256 of each encoded share, by index from 1.
    pub commitments: Vec<Digest>,
    /// What the user PIN is derived as.
    pub user: PinForm,
    /// What the security officer's PIN is derived as.
    pub so: PinForm,
    /// Position of its entry.
    pub seq: u64,
    /// When it was split.
    pub at: Timestamp,
}

/// What a PIN is, as far as the log can know.
#[derive(Debug, Clone, Default)]
struct Pin {
    /// The set whose PIN it is; `None` where people chose it.
    set: Option<Hex>,
    /// The set that it is being changed to: it may be either.
    changing: Option<Hex>,
}

/// How a set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It opens the token.
    InForce,
    /// It was dealt, and the PINs are not all changed to it yet.
    Begun,
    /// Another one took its place.
    Replaced,
}

impl Standing {
    /// The name in JSON and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Standing::InForce => "in force",
            Standing::Begun => "begun",
            Standing::Replaced => "replaced",
        }
    }
}

impl Custody {
    /// Every set, oldest first.
    pub fn sets(&self) -> &[CustodySet] {
        &self.sets
    }

    /// The set of an id.
    pub fn set(&self, id: &Hex) -> Option<&CustodySet> {
        self.sets.iter().find(|set| set.set == *id)
    }

    /// The set whose PIN this one (`so` or `user`) is.
    pub fn of(&self, role: &str, which: &str) -> Option<&CustodySet> {
        self.set(self.pin(role, which)?.set.as_ref()?)
    }

    /// The set that a PIN may be of already: its change was announced and nobody knows whether it was made.
    pub fn unsure(&self, role: &str, which: &str) -> Option<&CustodySet> {
        self.set(self.pin(role, which)?.changing.as_ref()?)
    }

    /// Every PIN that a change was announced for and that may be changed or not: role, `so` or `user`, and the set.
    pub fn all_unsure(&self) -> impl Iterator<Item = (&str, &str, &Hex)> {
        let pins = self.pins.iter();
        pins.filter_map(|((role, which), pin)| Some((role.as_str(), which.as_str(), pin.changing.as_ref()?)))
    }

    /// The newest set of a role, where a PIN of the token is not known to be of it: a genesis or a change of
    /// custodians was interrupted.
    pub fn begun(&self, role: &str) -> Option<&CustodySet> {
        let newest = self.sets.iter().rev().find(|set| set.role == role)?;
        (self.standing(newest) == Standing::Begun).then_some(newest)
    }

    /// How a set stands.
    pub fn standing(&self, set: &CustodySet) -> Standing {
        let newest = self.sets.iter().rev().find(|other| other.role == set.role).is_some_and(|n| n.set == set.set);
        let is = |which| self.of(&set.role, which).is_some_and(|of| of.set == set.set);
        match (is("user") && is("so"), newest) {
            (true, _) => Standing::InForce,
            (false, true) => Standing::Begun,
            // While a change is under way, the old set still opens what is not changed.
            (false, false) if is("user") || is("so") => Standing::InForce,
            (false, false) => Standing::Replaced,
        }
    }

    fn pin(&self, role: &str, which: &str) -> Option<&Pin> {
        self.pins.get(&(role.to_owned(), which.to_owned()))
    }

    fn pin_mut(&mut self, role: &str, which: &str) -> &mut Pin {
        self.pins.entry((role.to_owned(), which.to_owned())).or_default()
    }

    pub(super) fn split(&mut self, seq: u64, at: Timestamp, split: &CustodySplit) -> Result<(), Error> {
        let shown = split.set.to_string();
        expect(self.set(&split.set).is_none(), "custody.set", "a set is split once", &shown)?;
        let count = split.commitments.len();
        let distinct = split.commitments.iter().collect::<BTreeSet<_>>().len() == count;
        expect(distinct, "custody.commitments", "each share has a commitment of its own", &shown)?;
        let sensible = split.threshold >= 2 && usize::from(split.threshold) <= count && count <= 255;
        let numbers = format!("{} of {count}", split.threshold);
        expect(sensible, "custody.threshold", "2 or more shares of those that exist open", &numbers)?;
        self.sets.push(CustodySet {
            set: split.set.clone(),
            role: split.role.clone(),
            threshold: split.threshold,
            commitments: split.commitments.clone(),
            user: split.user.clone(),
            so: split.so.clone(),
            seq,
            at,
        });
        Ok(())
    }

    /// A token was given both PINs of a set, or PINs that people chose.
    pub(super) fn initialized(&mut self, role: &str, set: Option<&Hex>) -> Result<(), Error> {
        if let Some(set) = set {
            self.known(set)?;
        }
        for which in ["so", "user"] {
            *self.pin_mut(role, which) = Pin { set: set.cloned(), changing: None };
        }
        Ok(())
    }

    pub(super) fn used(&mut self, used: &CustodyShareUsed) -> Result<(), Error> {
        let set = self.known(&used.set)?;
        let count = set.commitments.len();
        let exist = used.indexes.iter().all(|index| (1..=count).contains(&usize::from(*index)));
        let distinct = used.indexes.iter().collect::<BTreeSet<_>>().len() == used.indexes.len();
        let seen = used.indexes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        expect(exist && distinct, "custody.indexes", "each share is one of the set, once", &seen)?;
        let enough = used.indexes.len() >= usize::from(set.threshold);
        expect(enough, "custody.enough", "as many shares as the threshold says", &seen)?;
        let (role, id) = (set.role.clone(), set.set.clone());
        match used.purpose.as_str() {
            // The token accepted the set's user PIN: whatever was unsure is known.
            "unlock" => *self.pin_mut(&role, "user") = Pin { set: Some(id), changing: None },
            "initialize" | "change" => {}
            other => return Err(broken("custody.purpose", "unlock, initialize or change", other)),
        }
        Ok(())
    }

    pub(super) fn changing(&mut self, changing: &PinChanging) -> Result<(), Error> {
        self.known(&changing.set)?;
        which(&changing.which)?;
        self.pin_mut(&changing.role, &changing.which).changing = Some(changing.set.clone());
        Ok(())
    }

    pub(super) fn changed(&mut self, changed: &PinChanged) -> Result<(), Error> {
        let pin = self.pin_mut(&changed.role, &changed.which);
        let announced = pin.changing.as_ref() == Some(&changed.set);
        expect(announced, "pin.changing", "a change of a PIN is announced before it is made", &changed.which)?;
        *pin = Pin { set: Some(changed.set.clone()), changing: None };
        Ok(())
    }

    fn known(&self, id: &Hex) -> Result<&CustodySet, Error> {
        self.set(id).ok_or_else(|| broken("custody.known", "a set that was split", &id.to_string()))
    }
}

fn which(name: &str) -> Result<(), Error> {
    expect(["so", "user"].contains(&name), "pin.which", "so or user", name)
}

#[cfg(test)]
mod tests;
