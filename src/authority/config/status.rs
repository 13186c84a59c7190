//! `[status]`: how early things are due that have no hard end, or whose lead people choose.

use crate::error::{Error, Kind};
use serde::Deserialize;

/// `[status]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusConfig {
    /// Days before a CRL's nextUpdate by which the next one is begun; never more than a third of its days.
    pub crl_days: u32,
    /// Days after which a copy of the root's token is proved again, where there are copies; 0 for never.
    pub backup_days: u32,
    /// Days after which a restore drill is held again; 0 for never.
    pub drill_days: u32,
}

impl Default for StatusConfig {
    fn default() -> Self {
        Self { crl_days: 30, backup_days: 365, drill_days: 365 }
    }
}

impl StatusConfig {
    /// Checks the ranges; the error's place is the caller's to add.
    ///
    /// # Errors
    /// The key that is out of range, and [`Kind::Usage`].
    pub(super) fn validate(&self) -> Result<(), (&'static str, Error)> {
        let out = |key, days: u32, least: u32| {
            let error = Error::new(Kind::Usage, "out of range").saw(days.to_string());
            Err((key, error.wanted(format!("{least} to 3650 days"))))
        };
        if !(1..=3650).contains(&self.crl_days) {
            return out("crl_days", self.crl_days, 1);
        }
        let apart = [("backup_days", self.backup_days), ("drill_days", self.drill_days)];
        match apart.into_iter().find(|(_, days)| *days > 3650) {
            Some((key, days)) => out(key, days, 0),
            None => Ok(()),
        }
    }
}
