//! Kinds of keys by the names people write in configuration.

use crate::error::{Error, Kind};
use crate::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A key type and size that this program knows how to make, judge and verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySpec {
    /// RSA, 2048 bits: for requests only, and only where the configuration lists it.
    Rsa2048,
    /// RSA, 3072 bits, exponent 65537.
    Rsa3072,
    /// RSA, 4096 bits, exponent 65537.
    Rsa4096,
    /// ECDSA on NIST P-256 (secp256r1).
    EcdsaP256,
    /// ECDSA on NIST P-384 (secp384r1).
    EcdsaP384,
    /// ECDSA on NIST P-521 (secp521r1).
    EcdsaP521,
    /// Ed25519 (RFC 8032, RFC 8410).
    Ed25519,
    /// ML-DSA-65 (FIPS 204, RFC 9881), an experiment: for the root of a test authority only, and only in a build
    /// with the feature `ml-dsa`. In any other, no name and no public key becomes one.
    MlDsa65,
}

/// The experiment's name in configuration, log and profiles.
const ML_DSA_65: &str = "ml-dsa-65";
/// Why a kind of key that is known is not taken.
pub const NOT_IN_THIS_BUILD: &str = "ML-DSA-65 is experimental and not in this build";

impl KeySpec {
    /// All of this build, weakest first within a family.
    pub const ALL: &[KeySpec] = &[
        KeySpec::Rsa2048,
        KeySpec::Rsa3072,
        KeySpec::Rsa4096,
        KeySpec::EcdsaP256,
        KeySpec::EcdsaP384,
        KeySpec::EcdsaP521,
        KeySpec::Ed25519,
        // Unit tests judge it in every build.
        #[cfg(any(feature = "ml-dsa", test))]
        KeySpec::MlDsa65,
    ];

    /// True where this build makes, judges and verifies such keys.
    pub fn is_in_this_build(self) -> bool {
        Self::ALL.contains(&self)
    }

    /// True for a kind of key that no authority may rely on yet.
    pub const fn is_experimental(self) -> bool {
        matches!(self, KeySpec::MlDsa65)
    }

    /// The name in configuration, log and profiles.
    pub const fn name(self) -> &'static str {
        match self {
            KeySpec::Rsa2048 => "rsa-2048",
            KeySpec::Rsa3072 => "rsa-3072",
            KeySpec::Rsa4096 => "rsa-4096",
            KeySpec::EcdsaP256 => "ecdsa-p256",
            KeySpec::EcdsaP384 => "ecdsa-p384",
            KeySpec::EcdsaP521 => "ecdsa-p521",
            KeySpec::Ed25519 => "ed25519",
            KeySpec::MlDsa65 => ML_DSA_65,
        }
    }

    /// The name on screens; what is an experiment says so wherever it is shown.
    pub const fn title(self) -> &'static str {
        match self {
            KeySpec::Rsa2048 => "RSA-2048",
            KeySpec::Rsa3072 => "RSA-3072",
            KeySpec::Rsa4096 => "RSA-4096",
            KeySpec::EcdsaP256 => "ECDSA P-256",
            KeySpec::EcdsaP384 => "ECDSA P-384",
            KeySpec::EcdsaP521 => "ECDSA P-521",
            KeySpec::Ed25519 => "Ed25519",
            KeySpec::MlDsa65 => "ML-DSA-65 (experimental)",
        }
    }

    /// The modulus length in bits, for RSA.
    pub const fn rsa_bits(self) -> Option<usize> {
        match self {
            KeySpec::Rsa2048 => Some(2048),
            KeySpec::Rsa3072 => Some(3072),
            KeySpec::Rsa4096 => Some(4096),
            _ => None,
        }
    }
}

impl fmt::Display for KeySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeySpec {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self, Error> {
        let names = || Self::ALL.iter().map(|spec| spec.name());
        Self::ALL.iter().copied().find(|spec| spec.name() == s).ok_or_else(|| {
            let what = if s == ML_DSA_65 { NOT_IN_THIS_BUILD } else { "no such kind of key" };
            let error =
                Error::new(Kind::Usage, what).saw(format!("\"{s}\"")).wanted(names().collect::<Vec<_>>().join(", "));
            match text::nearest(s, names()) {
                _ if s == ML_DSA_65 => error.hint("to try it: cargo build --release --features ml-dsa"),
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            }
        })
    }
}

impl Serialize for KeySpec {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for KeySpec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        name.parse().map_err(|error: Error| de::Error::custom(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_experiment_says_so_where_it_is_shown() {
        for spec in KeySpec::ALL {
            assert_eq!(spec.title().contains("experimental"), spec.is_experimental(), "{spec}");
            assert_eq!(spec.name().parse::<KeySpec>().unwrap(), *spec);
        }
    }
}
