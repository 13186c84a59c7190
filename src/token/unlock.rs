//! Logging in: what can be known without spending a try is known first, and a PIN is tried once.
//!
//! Source: PKCS#11 v3.0 section 5.6 (C_Login), CK_TOKEN_INFO flags of section 3.2.

use crate::error::{Error, Kind};
use crate::token::module::{Module, Seen, Selection, slot_of};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::seen::describe;
use crate::token::{directory, fault, signer};
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::{Session, UserType};
use secrecy::SecretString;

/// How to log in.
#[derive(Debug)]
pub struct Login {
    /// The user PIN; `None` where it is typed on the token itself.
    pub pin: Option<SecretString>,
    /// Go on although the token says that the next wrong PIN locks it.
    pub final_try: bool,
}

impl Login {
    /// With a PIN, not at the final try.
    pub fn with_pin(pin: SecretString) -> Self {
        Self { pin: Some(pin), final_try: false }
    }
}

/// The way out where a token was initialised and nobody set its user PIN.
pub const SET_PIN: &str = "its security officer sets one with the token's own tool: pkcs11-tool --module MODULE \
     --slot SLOT --login --login-type so --init-pin";

/// Checks that a token can be logged in to at all: before a person is asked for the PIN, and again before it is tried.
///
/// # Errors
/// [`Kind::PinFinal`]: locked, or at its final try and `final_try` is false. [`Kind::Token`]: not initialised,
/// no user PIN, a PIN that must be changed first. No try was spent.
pub fn ready_for_login(seen: &Seen, final_try: bool) -> Result<(), Error> {
    let fault = |kind, what: &str| Err(Error::new(kind, what).saw(describe(seen)).truth("No try was spent."));
    if !seen.initialized {
        return fault(Kind::Token, "the token is not initialised");
    }
    if seen.pin.locked {
        return fault(Kind::PinFinal, "the token's PIN is locked")
            .map_err(|error| error.hint("its security officer can set a new one, where the vendor allows that"));
    }
    if seen.pin.final_try && !final_try {
        return fault(Kind::PinFinal, "the next wrong PIN locks the token")
            .map_err(|error| error.hint("look the PIN up, then use --final-try"));
    }
    if !seen.pin.set {
        return fault(Kind::Token, "the token has no user PIN").map_err(|error| error.hint(SET_PIN));
    }
    if seen.pin.to_be_changed {
        return fault(Kind::Token, "the token's PIN must be changed before use")
            .map_err(|error| error.hint("change it with the vendor's tool"));
    }
    Ok(())
}

impl Module {
    /// Logs in to a token. The PIN is tried once; before that its shape and the token's flags are checked, and
    /// the files of a token without hardware are copied.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the PIN's shape. [`Kind::PinRejected`]: wrong; one try is spent. [`Kind::PinFinal`]: locked
    /// or at its final try. [`Kind::Medium`]: no copy of its files. [`Kind::Token`]: anything else.
    pub fn unlock(&self, selection: &Selection, login: Login) -> Result<Pkcs11Token, Error> {
        let seen = self.select(selection)?;
        ready_for_login(&seen, login.final_try)?;
        match &login.pin {
            Some(pin) => self.profile.user_pin.check(pin)?,
            None if seen.pinpad => {}
            None => {
                return Err(Error::new(Kind::Usage, "the token has no keys of its own to type the PIN on")
                    .saw(describe(&seen))
                    .truth("No try was spent."));
            }
        }
        let files = super::module::token_files(&self.profile);
        if let (Some(kept_in), Some(tokens)) = (&self.snapshots, &files) {
            directory::check_whole(tokens, &seen.identity.serial, kept_in)?;
            directory::snapshot(tokens, &seen.identity.serial, kept_in)?;
        }
        let slot = slot_of(&seen)?;
        let context = &self.library.0;
        let session = context.open_rw_session(slot).map_err(|a| fault::refused("cannot open the token", &a))?;
        let pin = if seen.pinpad { None } else { login.pin.as_ref() };
        log_in(&session, pin).map_err(|answer| self.rejected(&seen, &answer))?;
        if let Some(tokens) = &files {
            // The login rewrote them: a power cut from here on must not find them half written.
            directory::sync(tokens, &seen.identity.serial)?;
        }
        let mechanisms = context
            .get_mechanism_list(slot)
            .map_err(|a| fault::refused("the token does not list its mechanisms", &a))?;
        let profile = &self.profile;
        let keeps = profile.reauthenticate || profile.login_per_key || may_ask_again(&session);
        let pin = login.pin.filter(|_| keeps && !seen.pinpad);
        Ok(Pkcs11Token::new(self, seen, slot, session, mechanisms, pin))
    }

    /// What a refused login means, with the flags as they are afterwards.
    fn rejected(&self, seen: &Seen, answer: &Answer) -> Error {
        let Answer::Pkcs11(code, _) = answer else { return fault::refused("cannot log in to the token", answer) };
        let kind = match code {
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => Kind::PinRejected,
            RvError::PinLocked => Kind::PinFinal,
            RvError::FunctionCanceled | RvError::Cancel if seen.pinpad => {
                return fault::refused("the PIN was not typed on the token's own keys", answer)
                    .into_kind(Kind::Declined)
                    .hint("type it there when the token asks for it, before its time is over")
                    .truth("No try was spent.");
            }
            // Who fails in the middle of a login does not say whether it counted the try.
            _ => {
                return fault::refused("cannot log in to the token", answer)
                    .truth("The token did not say whether a try of the PIN was spent; it was not tried again.");
            }
        };
        let now = slot_of(seen).ok().and_then(|slot| self.look(slot).ok()).map(|seen| seen.pin).unwrap_or_default();
        let locked = kind == Kind::PinFinal || now.locked;
        let what = if kind == Kind::PinFinal { "the token's PIN is locked" } else { "the token rejected the PIN" };
        fault::refused(what, answer)
            .into_kind(kind)
            .hint(match (locked, now.final_try) {
                (true, _) => match &self.profile.unlocking {
                    Some(way) => format!("it is locked now: {way}"),
                    None => {
                        "it is locked now: its security officer can set a new one, where the vendor allows that".into()
                    }
                },
                (false, true) => "the next wrong PIN locks it".into(),
                (false, false) => self.profile.user_pin.cost(),
            })
            .truth(match kind {
                Kind::PinFinal => "The PIN was not tried again.",
                _ => "One try was spent; it was not tried again.",
            })
    }
}

/// One login. A module that says that the user is logged in already has tried no PIN: somebody else's login in this
/// process is no proof of this one, so it ends and the PIN is tried.
fn log_in(session: &Session, pin: Option<&SecretString>) -> Result<(), Answer> {
    match session.login(UserType::User, pin) {
        Err(Answer::Pkcs11(RvError::UserAlreadyLoggedIn | RvError::UserAnotherAlreadyLoggedIn, _)) => {
            session.logout()?;
            session.login(UserType::User, pin)
        }
        answered => answered,
    }
}

/// True where a key of the token asks for the PIN at each signature, or there is none yet that could say so: the PIN is
/// kept until the token is closed then. Elsewhere it is forgotten once the token is open.
fn may_ask_again(session: &Session) -> bool {
    let keys = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]);
    keys.is_ok_and(|keys| keys.is_empty()) || signer::any_asks(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::module::PinState;

    fn token(pin: PinState) -> Seen {
        Seen { pin, ..Seen::ready() }
    }

    #[test]
    fn a_token_at_its_final_try_is_asked_only_when_someone_insists() {
        let seen = token(PinState { set: true, count_low: true, final_try: true, ..PinState::default() });
        let error = ready_for_login(&seen, false).unwrap_err();
        assert_eq!(error.kind(), Kind::PinFinal);
        assert_eq!(error.truths(), ["No try was spent."]);
        assert!(ready_for_login(&seen, true).is_ok());
    }

    #[test]
    fn a_locked_token_is_never_asked() {
        let seen = token(PinState { set: true, locked: true, ..PinState::default() });
        assert_eq!(ready_for_login(&seen, true).unwrap_err().kind(), Kind::PinFinal);
    }

    #[test]
    fn a_token_without_a_usable_pin_is_not_asked() {
        assert!(ready_for_login(&token(PinState::default()), false).is_err());
        let changed = PinState { set: true, to_be_changed: true, ..PinState::default() };
        assert!(ready_for_login(&token(changed), false).is_err());
        assert!(ready_for_login(&token(PinState { set: true, ..PinState::default() }), false).is_ok());
    }
}
