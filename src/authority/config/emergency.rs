//! `[emergency]`: what an emergency revocation may do without, decided while nobody is in a hurry. Custodians' shares
//! are no part of it: what opens the token opens it always.

use super::Config;
use super::validate::contradiction;
use crate::error::{Error, Kind};
use crate::text;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest description of an alternate, in characters: it stands on one line of the paper.
const MAX_ALTERNATE: usize = 80;
/// Roles that nobody replaces and nobody leaves out, and why.
const FIXED: [(&str, &str); 2] = [
    ("administrator", "somebody holds the ceremony"),
    ("custodian", "the token opens to as many shares as its custody set says, in an emergency as well"),
];

/// `[emergency]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Roles that may be left out where nobody can take them.
    #[serde(default)]
    pub waivable: Vec<String>,
    /// Who may stand in for a role, by office: the log keeps this text, and no names.
    #[serde(default)]
    pub alternates: BTreeMap<String, String>,
}

impl Emergency {
    /// Whether a role may be left out of an emergency revocation.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the configuration does not say so.
    pub fn check_waivable(&self, role: &str) -> Result<(), Error> {
        if self.waivable.iter().any(|waivable| waivable == role) {
            return Ok(());
        }
        let error = Error::new(Kind::Usage, "the configuration does not let an emergency do without this role")
            .saw(role)
            .wanted(match self.waivable.as_slice() {
                [] => "none: [emergency] waivable is empty".to_owned(),
                all => all.join(", "),
            })
            .truth("Nothing was signed.");
        Err(match FIXED.iter().find(|(fixed, _)| *fixed == role) {
            Some((_, why)) => error.hint(*why),
            None => {
                error.hint("[emergency] of authority.toml names such roles; it is adopted in a ceremony, beforehand")
            }
        })
    }

    /// Who stands in for a role.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the configuration names nobody.
    pub fn alternate(&self, role: &str) -> Result<&str, Error> {
        self.alternates.get(role).map(String::as_str).ok_or_else(|| {
            Error::new(Kind::Usage, "the configuration names no alternate for this role")
                .saw(role)
                .wanted(match self.alternates.is_empty() {
                    true => "none: [emergency] alternates is empty".to_owned(),
                    false => self.alternates.keys().cloned().collect::<Vec<_>>().join(", "),
                })
                .hint("[emergency] of authority.toml names them; it is adopted in a ceremony, beforehand")
                .truth("Nothing was signed.")
        })
    }
}

/// Validates what types cannot say.
///
/// # Errors
/// [`Kind::Usage`] with line and column.
pub(super) fn validate(config: &Config, source: &str) -> Result<(), Error> {
    let Emergency { waivable, alternates } = &config.emergency;
    let at = |key: &str, what: &str| contradiction(source, "emergency", key, what);
    let is_role = |role: &str| !role.is_empty() && role.chars().all(|c| matches!(c, 'a'..='z' | '-'));
    for role in waivable {
        if let Some((_, why)) = FIXED.iter().find(|(fixed, _)| fixed == role) {
            return Err(at("waivable", "this role is never left out").saw(role).hint(*why));
        }
        if !is_role(role) {
            return Err(at("waivable", "a role's name is lower-case letters and hyphens").saw(role));
        }
    }
    for (role, who) in alternates {
        if role == "custodian" {
            return Err(at("alternates", "nobody stands in for a custodian")
                .saw(role)
                .hint("a share is its holder's; custody change deals new ones"));
        }
        if !is_role(role) {
            return Err(at("alternates", "a role's name is lower-case letters and hyphens").saw(role));
        }
        let length = who.chars().count();
        if who.trim().is_empty() || length > MAX_ALTERNATE || text::first_deceptive(who).is_some() {
            return Err(at("alternates", "who stands in is named by office").saw(who).wanted(format!(
                "1 to {MAX_ALTERNATE} printable characters, such as \"the security officer on call\""
            )));
        }
    }
    Ok(())
}
