//! `[countersigners]`: who elsewhere countersigns checkpoints, and how soon after a ceremony.

use crate::error::{Error, Kind};
use crate::log::VerifierKey;
use serde::Deserialize;

/// More keys than this nobody keeps track of.
const MOST: usize = 16;

/// `[countersigners]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Countersigners {
    /// Their keys, as `anchorite checkpoint key` or a witness of transparency logs prints them.
    pub keys: Vec<VerifierKey>,
    /// Days after a ceremony by which one of them has countersigned its closing checkpoint.
    pub within_days: u32,
}

impl Default for Countersigners {
    fn default() -> Self {
        Self { keys: Vec::new(), within_days: 30 }
    }
}

/// What the rules of the log need of any configuration that was ever adopted: nothing else of it is read, so that a
/// later version reads it too.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    countersigners: NamedKeys,
}

#[derive(Default, Deserialize)]
struct NamedKeys {
    #[serde(default)]
    keys: Vec<String>,
}

/// True where an adopted configuration's text names this key.
pub fn names_countersigner(text: &str, key: &VerifierKey) -> bool {
    let key = key.to_string();
    toml::from_str::<Named>(text).is_ok_and(|named| named.countersigners.keys.contains(&key))
}

impl Countersigners {
    /// Checks the ranges, and that no name and no key is there twice; the error's place is the caller's to add.
    ///
    /// # Errors
    /// The key that is at fault, and [`Kind::Usage`].
    pub(super) fn validate(&self) -> Result<(), (&'static str, Error)> {
        let out = |key, saw: String, wanted: &str| {
            Err((key, Error::new(Kind::Usage, "out of range").saw(saw).wanted(wanted)))
        };
        if self.keys.len() > MOST {
            return out("keys", format!("{} keys", self.keys.len()), "16 at most");
        }
        if !(1..=3650).contains(&self.within_days) {
            return out("within_days", self.within_days.to_string(), "1 to 3650 days");
        }
        let twice = self.keys.iter().enumerate().find(|(at, key)| {
            self.keys.iter().take(*at).any(|before| before.name() == key.name() || before.is_key_of(key))
        });
        match twice {
            Some((_, key)) => Err((
                "keys",
                Error::new(Kind::Usage, "a countersigner is named twice, or two have one key")
                    .saw(key.name())
                    .hint("a key of this kind says nothing of its name: one countersigner, one key"),
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "w.example/1+bcd5f9c1+BAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn a_key_counts_where_it_is_named_and_not_where_it_is_commented_out() {
        let key: VerifierKey = KEY.parse().unwrap_or_else(|error: Error| panic!("{error}"));
        assert!(names_countersigner(&format!("unknown = 1\n[countersigners]\nkeys = [\"{KEY}\"]\n"), &key));
        assert!(!names_countersigner(&format!("[countersigners]\n# keys = [\"{KEY}\"]\n"), &key));
        assert!(!names_countersigner("[root]\n", &key));
    }

    #[test]
    fn one_countersigner_has_one_key() {
        let key: VerifierKey = KEY.parse().unwrap();
        let twice = Countersigners { keys: vec![key.clone(), key], within_days: 30 };
        assert_eq!(twice.validate().unwrap_err().0, "keys");
        let never = Countersigners { keys: Vec::new(), within_days: 0 };
        assert_eq!(never.validate().unwrap_err().0, "within_days");
    }
}
