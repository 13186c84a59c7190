//! Why a certificate is revoked: the reason codes of RFC 5280 section 5.3.1, and which of them fit a CA.

use crate::error::{Error, Kind};
use crate::text;
use serde::{Deserialize, Serialize};

/// A reason of RFC 5280 section 5.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// No reason is given: on a CRL the extension is left out.
    #[serde(rename = "unspecified")]
    Unspecified,
    /// The private key of an end entity is, or may be, in other hands.
    #[serde(rename = "keyCompromise")]
    KeyCompromise,
    /// The private key of a CA is, or may be, in other hands.
    #[serde(rename = "cACompromise")]
    CaCompromise,
    /// Its name or owner changed.
    #[serde(rename = "affiliationChanged")]
    AffiliationChanged,
    /// Another certificate took its place.
    #[serde(rename = "superseded")]
    Superseded,
    /// It is needed no more.
    #[serde(rename = "cessationOfOperation")]
    CessationOfOperation,
    /// It is suspended.
    #[serde(rename = "certificateHold")]
    CertificateHold,
    /// It is suspended no more; on delta CRLs only.
    #[serde(rename = "removeFromCRL")]
    RemoveFromCrl,
    /// What it stands for was withdrawn.
    #[serde(rename = "privilegeWithdrawn")]
    PrivilegeWithdrawn,
    /// The key of an attribute authority is in other hands.
    #[serde(rename = "aACompromise")]
    AaCompromise,
}

use Reason::*;

/// Every reason: its code and its name.
const ALL: &[(Reason, u8, &str)] = &[
    (Unspecified, 0, "unspecified"),
    (KeyCompromise, 1, "keyCompromise"),
    (CaCompromise, 2, "cACompromise"),
    (AffiliationChanged, 3, "affiliationChanged"),
    (Superseded, 4, "superseded"),
    (CessationOfOperation, 5, "cessationOfOperation"),
    (CertificateHold, 6, "certificateHold"),
    (RemoveFromCrl, 8, "removeFromCRL"),
    (PrivilegeWithdrawn, 9, "privilegeWithdrawn"),
    (AaCompromise, 10, "aACompromise"),
];

impl Reason {
    /// The code in a CRL entry; 7 is not used.
    pub fn code(self) -> u8 {
        ALL.iter().find(|(reason, ..)| *reason == self).map_or(0, |(_, code, _)| *code)
    }

    /// The name of RFC 5280.
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(reason, ..)| *reason == self).map_or("unspecified", |(_, _, name)| name)
    }

    /// The reason of a code.
    pub fn of_code(code: u8) -> Option<Self> {
        ALL.iter().find(|(_, other, _)| *other == code).map(|(reason, ..)| *reason)
    }

    /// The reason of a name, as it stands in RFC 5280.
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.iter().find(|(.., other)| *other == name).map(|(reason, ..)| *reason)
    }

    /// Why this reason is not for a certificate that this authority issues; `None` where it is one.
    pub fn unfit(self) -> Option<&'static str> {
        match self {
            CertificateHold => Some(
                "a CA is not suspended: relying parties differ in what a hold means, and nothing lifts it everywhere",
            ),
            RemoveFromCrl => Some("it stands on delta CRLs only, and this authority issues full ones"),
            AaCompromise => Some("it is about attribute certificates, and this authority issues none"),
            _ => None,
        }
    }

    /// True where whoever holds the key may be another than its owner.
    pub fn is_compromise(self) -> bool {
        matches!(self, KeyCompromise | CaCompromise)
    }

    /// The reasons that a revocation here may have.
    pub fn offered() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(reason, ..)| *reason).filter(|reason| reason.unfit().is_none())
    }

    /// Reads a reason that people typed.
    ///
    /// # Errors
    /// [`Kind::Usage`]: there is none of this name, or it fits no certificate of a CA.
    pub fn parse(typed: &str) -> Result<Self, Error> {
        let wanted = || Self::offered().map(Self::name).collect::<Vec<_>>().join(", ");
        let refuse =
            |what: &str| Error::new(Kind::Usage, what).saw(typed).wanted(wanted()).truth("Nothing was signed.");
        let folded = typed.to_lowercase();
        let Some((reason, ..)) = ALL.iter().find(|(.., name)| name.to_lowercase() == folded) else {
            let error = refuse("no reason of a revocation has this name");
            return Err(match text::nearest(typed, Self::offered().map(Self::name)) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            });
        };
        match reason.unfit() {
            None => Ok(*reason),
            Some(why) => Err(refuse("this reason is not for a certificate of this authority").hint(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_the_name_and_code_of_the_standard_and_reads_back() {
        for (reason, code, name) in ALL {
            assert_eq!((reason.code(), reason.name()), (*code, *name));
            assert_eq!((Reason::of_code(*code), Reason::of_name(name)), (Some(*reason), Some(*reason)));
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("\"{name}\""));
        }
        assert_eq!(Reason::of_code(7), None);
    }

    #[test]
    fn a_hold_and_what_is_not_for_cas_is_not_offered_and_says_why() {
        let said = |typed: &str| {
            let error = Reason::parse(typed).unwrap_err();
            format!("{error} | {}", error.hints().join(" | "))
        };
        let offered = "unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, \
                       cessationOfOperation, privilegeWithdrawn";
        for (typed, why) in [
            (
                "certificateHold",
                "a CA is not suspended: relying parties differ in what a hold means, and nothing lifts it everywhere",
            ),
            ("removeFromCRL", "it stands on delta CRLs only, and this authority issues full ones"),
            ("aACompromise", "it is about attribute certificates, and this authority issues none"),
        ] {
            let what = "this reason is not for a certificate of this authority";
            assert_eq!(said(typed), format!("{what}: saw {typed}, wanted {offered} | {why}"));
        }
        let what = "no reason of a revocation has this name";
        assert_eq!(
            said("keyCompromised"),
            format!("{what}: saw keyCompromised, wanted {offered} | did you mean \"keyCompromise\"?")
        );
        assert_eq!(Reason::parse("KEYCOMPROMISE").unwrap(), Reason::KeyCompromise);
    }
}
