//! What a PIN may look like, checked before a try is spent on it. Pure; no error holds a PIN.

use crate::error::{Error, Kind};
use crate::token::PinState;
use crate::token::hsm_profile::HsmProfile;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The length of a derived PIN, where the token takes it.
const DERIVED: usize = 40;

/// What a PIN may look like, and what a wrong one costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinShape {
    /// The least length in characters. Where the greatest is 0 too the PIN is empty, and nobody is asked for it (NSS).
    pub min: usize,
    /// The greatest length in characters.
    pub max: usize,
    /// The characters.
    pub alphabet: PinAlphabet,
    /// Whether wrong tries lock it; left out where nothing says so.
    #[serde(default)]
    pub locks: Option<bool>,
    /// After how many wrong tries, where that is known.
    #[serde(default)]
    pub tries: Option<u32>,
    /// The one that it has from its maker, which everybody knows: it opens a blank token, and is never kept.
    #[serde(default)]
    pub factory: Option<String>,
}

/// The characters of a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PinAlphabet {
    /// `0` to `9`.
    Digits,
    /// `0` to `9` and `A` to `F`: a key that is typed.
    Hex,
    /// ASCII from `!` to `~`; no space, which people cannot see.
    Printable,
}

impl PinAlphabet {
    /// The characters in order.
    pub fn characters(self) -> impl Iterator<Item = char> + Clone {
        let (first, second) = match self {
            PinAlphabet::Digits => ('0'..='9', None),
            PinAlphabet::Hex => ('0'..='9', Some('A'..='F')),
            PinAlphabet::Printable => ('!'..='~', None),
        };
        first.chain(second.into_iter().flatten())
    }

    /// The name in profiles and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            PinAlphabet::Digits => "digits",
            PinAlphabet::Hex => "hex",
            PinAlphabet::Printable => "printable",
        }
    }

    /// The alphabet of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alphabet| alphabet.name() == name)
    }

    const ALL: [Self; 3] = [PinAlphabet::Digits, PinAlphabet::Hex, PinAlphabet::Printable];

    const fn describe(self) -> &'static str {
        match self {
            PinAlphabet::Digits => "digits",
            PinAlphabet::Hex => "hexadecimal digits, A to F in capitals",
            PinAlphabet::Printable => "printable ASCII characters without spaces",
        }
    }
}

impl PinShape {
    /// The PIN, where there is no choice: one that is empty.
    pub fn only(&self) -> Option<SecretString> {
        (self.max == 0).then(|| SecretString::from(String::new()))
    }

    /// What a PIN of this kind looks like, for people who choose one.
    pub fn says(&self) -> String {
        match self.min == self.max {
            true => format!("exactly {} {}", self.min, self.alphabet.describe()),
            false => format!("{} to {} {}", self.min, self.max, self.alphabet.describe()),
        }
    }

    /// The length of a PIN that nobody types, because it is derived: 40 characters, 132 bits of digits and as many
    /// of printable ones as the seed has, or the most that the token takes.
    pub fn derived_length(&self) -> usize {
        DERIVED.max(self.min).min(self.max)
    }

    /// What a wrong PIN costs, for the screen that asks and the error that reports.
    pub fn cost(&self) -> String {
        match (self.locks, self.tries) {
            (Some(false), _) => "this kind of token never locks its PIN".into(),
            (Some(true), Some(tries)) => format!("this kind of token locks its PIN after {tries} wrong tries"),
            (Some(true), None) => "this kind of token locks its PIN after some wrong tries".into(),
            (None, _) => "what a wrong one costs with this kind of token is not known: it may lock".into(),
        }
    }

    /// What a wrong PIN costs now. What the token says of its own PIN counts for more than what is known of its family.
    pub fn cost_now(&self, pin: &PinState) -> String {
        match pin {
            PinState { locked: true, .. } => "the token says that it is locked".into(),
            PinState { final_try: true, .. } => "the token says that the next wrong one locks it".into(),
            // That alone says nothing of a lock: SoftHSM 2.6.1, which never locks, says it too.
            PinState { count_low: true, .. } => format!("a wrong one was tried since the last login; {}", self.cost()),
            _ => self.cost(),
        }
    }

    /// Checks a PIN's shape before a try is spent on it.
    ///
    /// # Errors
    /// [`Kind::Usage`]; no try was spent, and the error does not hold the PIN.
    pub fn check(&self, pin: &SecretString) -> Result<(), Error> {
        let length = pin.expose_secret().chars().count();
        let wanted = self.says();
        let fault = if length < self.min {
            "one that is too short"
        } else if length > self.max {
            "one that is too long"
        } else if !pin.expose_secret().chars().all(|c| self.alphabet.characters().any(|known| known == c)) {
            "one with a character that it cannot have"
        } else if self.factory.as_deref() == Some(pin.expose_secret()) {
            "the one that every such token has from its maker"
        } else {
            return Ok(());
        };
        Err(Error::new(Kind::Usage, "this cannot be a PIN of the token")
            .saw(fault)
            .wanted(wanted)
            .truth("No try was spent."))
    }
}

/// Checks a user PIN's shape before a try is spent on it.
///
/// # Errors
/// Those of [`PinShape::check`].
pub fn check_pin_shape(profile: &HsmProfile, pin: &SecretString) -> Result<(), Error> {
    profile.user_pin.check(pin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(locks: Option<bool>, tries: Option<u32>) -> PinShape {
        PinShape { min: 4, max: 8, alphabet: PinAlphabet::Digits, locks, tries, factory: None }
    }

    #[test]
    fn a_derived_pin_is_as_long_as_the_token_takes_up_to_forty() {
        let shape = |min, max| PinShape { min, max, ..digits(Some(false), None) };
        let lengths = [(4, 255), (6, 8), (64, 128), (40, 40)].map(|(min, max)| shape(min, max).derived_length());
        assert_eq!(lengths, [40, 8, 64, 40]);
        for alphabet in PinAlphabet::ALL {
            assert_eq!(PinAlphabet::named(alphabet.name()), Some(alphabet));
            let size = u32::try_from(alphabet.characters().count()).unwrap();
            assert!(f64::from(size).log2() * 40.0 >= 128.0);
        }
    }

    #[test]
    fn what_a_wrong_pin_costs_is_said_as_far_as_it_is_known() {
        let cost = |locks, tries| digits(locks, tries).cost();
        assert!(cost(Some(false), None).contains("never locks"));
        assert!(cost(Some(true), Some(3)).contains("after 3 wrong tries"));
        assert!(cost(Some(true), None).contains("after some wrong tries"));
        assert!(cost(None, None).contains("not known"));
    }

    #[test]
    fn what_a_token_says_of_its_pin_counts_for_more_than_its_family() {
        let never = digits(Some(false), None);
        let says = |pin: PinState| never.cost_now(&pin);
        let low = PinState { set: true, count_low: true, ..PinState::default() };
        assert_eq!(says(PinState { count_low: false, ..low }), never.cost());
        assert_eq!(says(low), format!("a wrong one was tried since the last login; {}", never.cost()));
        assert_eq!(says(PinState { final_try: true, ..low }), "the token says that the next wrong one locks it");
        assert_eq!(says(PinState { locked: true, final_try: true, ..low }), "the token says that it is locked");
    }

    #[test]
    fn a_pin_of_the_wrong_shape_is_refused_without_being_shown() {
        let digits = PinShape { min: 6, factory: Some("1234567".into()), ..digits(Some(true), Some(3)) };
        for wrong in ["12345", "123456789", "12345x", "12345 ", "1234567", ""] {
            let error = digits.check(&SecretString::from(wrong)).unwrap_err();
            assert!(wrong.is_empty() || !format!("{error:?}").contains(wrong), "{error:?}");
            assert_eq!(error.truths(), ["No try was spent."]);
        }
        assert!(digits.check(&SecretString::from("123456")).is_ok());
    }
}
