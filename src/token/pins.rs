//! Changing a token's PINs. Each act is announced in the log before it and proved by a login with the new PIN.
//!
//! Never tries a PIN twice. Source: PKCS#11 v3.0 sections 5.5.9 (C_SetPIN) and 5.6.8 (C_Login): one owner is logged
//! in at a time, so the user is logged out while the security officer's PIN is touched, and in again after it.

use crate::error::{Error, Kind};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{directory, fault, token_files};
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::session::UserType;
use secrecy::SecretString;

/// Changes the user PIN and logs in with the new one.
pub(super) fn change_user(token: &mut Pkcs11Token, old: &SecretString, new: &SecretString) -> Result<(), Error> {
    token.profile.user_pin.check(new)?;
    copy_files(token)?;
    token.session.set_pin(old, new).map_err(|a| refused("the token did not change its user PIN", &a))?;
    let _ = token.session.logout();
    token.session.login(UserType::User, Some(new)).map_err(|a| {
        fault::refused("the token changed its user PIN and does not take the new one", &a)
            .truth("The PIN may be the new one or the one before.")
    })?;
    if token.pin.is_some() {
        token.pin = Some(new.clone());
    }
    Ok(())
}

/// Changes the security officer's PIN and proves it; the user is logged in again with `user`.
pub(super) fn change_so(
    token: &mut Pkcs11Token,
    old: &SecretString,
    new: &SecretString,
    user: &SecretString,
) -> Result<(), Error> {
    token.profile.so_pin.check(new)?;
    as_officer(token, user, |token| {
        let session = &token.session;
        session.login(UserType::So, Some(old)).map_err(|a| refused("the security officer's PIN was not taken", &a))?;
        session.set_pin(old, new).map_err(|a| refused("the token did not change the security officer's PIN", &a))?;
        let _ = session.logout();
        session.login(UserType::So, Some(new)).map_err(|a| {
            fault::refused("the token changed the security officer's PIN and does not take the new one", &a)
                .truth("The PIN may be the new one or the one before.")
        })
    })
}

/// True where this is the security officer's PIN: one try. The user is logged in again with `user`.
pub(super) fn is_so(token: &mut Pkcs11Token, pin: &SecretString, user: &SecretString) -> Result<bool, Error> {
    as_officer(token, user, |token| match token.session.login(UserType::So, Some(pin)) {
        Ok(()) => Ok(true),
        Err(Answer::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => Ok(false),
        Err(answer) => Err(refused("the security officer's PIN was not taken", &answer)),
    })
}

/// Does something with nobody logged in, and logs the user in again whatever came of it.
pub(super) fn as_officer<T>(
    token: &mut Pkcs11Token,
    user: &SecretString,
    act: impl FnOnce(&Pkcs11Token) -> Result<T, Error>,
) -> Result<T, Error> {
    copy_files(token)?;
    let _ = token.session.logout();
    let done = act(token);
    let _ = token.session.logout();
    let back = token.session.login(UserType::User, Some(user)).map_err(|a| {
        fault::refused("the token does not log the user in again", &a).hint("start the command again: it goes on")
    });
    done.and_then(|done| back.map(|()| done))
}

/// Logs the user out and in again: what the token kept ready for him it lets go, and has room again.
pub(super) fn log_in_again(token: &Pkcs11Token) -> Result<(), Error> {
    copy_files(token)?;
    let _ = token.session.logout();
    token.session.login(UserType::User, token.pin.as_ref()).map_err(|answer| {
        fault::refused("the token does not log the user in again", &answer).hint("start the command again: it goes on")
    })
}

/// A login rewrites the files of a token without hardware: they are copied before it.
fn copy_files(token: &Pkcs11Token) -> Result<(), Error> {
    match (&token.snapshots, token_files(&token.profile)) {
        (Some(kept_in), Some(tokens)) => directory::snapshot(&tokens, token.serial(), kept_in).map(drop),
        _ => Ok(()),
    }
}

/// Copies of the token's files open to the PINs that the token had when they were made: only one that opens to the
/// new ones stays.
pub(super) fn renew_copies(token: &Pkcs11Token) -> Result<(), Error> {
    match (&token.snapshots, token_files(&token.profile)) {
        (Some(kept_in), Some(tokens)) => directory::renew(&tokens, token.serial(), kept_in),
        _ => Ok(()),
    }
}

pub(super) fn refused(what: &str, answer: &Answer) -> Error {
    let error = fault::refused(what, answer);
    match answer {
        Answer::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid, _) => {
            error.into_kind(Kind::PinRejected).truth("One try was spent; it was not tried again.")
        }
        Answer::Pkcs11(RvError::PinLocked, _) => error.into_kind(Kind::PinFinal),
        _ => error,
    }
}
