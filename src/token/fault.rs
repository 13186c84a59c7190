//! What a token answered, as an error people can act on. Names are those of PKCS#11 (`C_Sign: CKR_DEVICE_REMOVED`).

use crate::error::{Error, Kind};
use cryptoki::error::{Error as Answer, RvError};

/// The error for a call that a token refused; `what` says what was being done.
pub(super) fn refused(what: &str, answer: &Answer) -> Error {
    let error = Error::new(Kind::Token, what).saw(name(answer));
    match hint(answer) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// `C_Login: CKR_PIN_INCORRECT`.
pub(super) fn name(answer: &Answer) -> String {
    match answer {
        Answer::Pkcs11(RvError::VendorDefined(code) | RvError::UnknownErrorCode(code), function) => {
            format!("C_{function:?}: 0x{code:x}")
        }
        Answer::Pkcs11(code, function) => format!("C_{function:?}: {}", ckr(&format!("{code:?}"))),
        other => other.to_string(),
    }
}

/// True for the answers that mean "not with this template": the three of the standard, and the one that says nothing,
/// which NSS softokn 3.87 gives for an attribute that its database has no place for.
pub(super) fn rejects_template(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Pkcs11(
            RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::TemplateInconsistent
                | RvError::GeneralError,
            _
        )
    )
}

/// True for those, and for the two that say nothing: a token that finds out too late that it made another key than it was
/// asked for (tpm2-pkcs11 1.9) says no more. Only where a try costs nothing.
pub(super) fn may_reject_template(answer: &Answer) -> bool {
    rejects_template(answer) || matches!(answer, Answer::Pkcs11(RvError::GeneralError | RvError::FunctionFailed, _))
}

/// True when the token itself is gone, so that another session would not help.
pub(super) fn token_is_gone(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Pkcs11(RvError::DeviceRemoved | RvError::TokenNotPresent | RvError::CryptokiNotInitialized, _)
    )
}

fn hint(answer: &Answer) -> Option<&'static str> {
    let Answer::Pkcs11(code, _) = answer else { return None };
    Some(match code {
        RvError::DeviceRemoved | RvError::TokenNotPresent => "put the token back and start the command again",
        RvError::DeviceError => "take the token out, put it back and start the command again",
        RvError::DeviceMemory => "the token is full",
        RvError::TokenWriteProtected => "the token is write-protected",
        RvError::SessionCount => {
            "another program holds the token's sessions; end it, or lower `sessions` in the profile"
        }
        RvError::PinExpired => "the PIN must be changed first, with the vendor's tool",
        RvError::UserNotLoggedIn => "the login was lost: start the command again",
        _ => return None,
    })
}

/// `PinIncorrect` → `CKR_PIN_INCORRECT`.
fn ckr(camel: &str) -> String {
    let mut out = String::from("CKR");
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryptoki::context::Function;

    #[test]
    fn an_answer_has_its_standard_name_and_a_remedy() {
        let error = refused("cannot sign", &Answer::Pkcs11(RvError::DeviceRemoved, Function::Sign));
        assert_eq!(error.to_string(), "cannot sign: saw C_Sign: CKR_DEVICE_REMOVED");
        assert!(error.hints()[0].contains("put the token back"));
        let vendor = Answer::Pkcs11(RvError::VendorDefined(0x8000_0001), Function::Login);
        assert_eq!(name(&vendor), "C_Login: 0x80000001");
    }
}
