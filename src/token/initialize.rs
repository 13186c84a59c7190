//! Preparing a blank token. One that is initialised is never initialised again here: that destroys its keys.
//!
//! Source: PKCS#11 v3.0 sections 5.5 (C_InitToken) and 5.5.8 (C_InitPIN).

use crate::error::{Error, Kind};
use crate::token::module::{Module, Seen, Selection, slot_of, token_files};
use crate::token::seen::describe;
use crate::token::unlock::SET_PIN;
use crate::token::{PinShape, directory, fault};
use cryptoki::error::Error as Answer;
use cryptoki::session::UserType;
use secrecy::SecretString;

impl Module {
    /// Prepares a blank token: initialises it, sets the user PIN. Gives who it is afterwards. `None` for PINs that are
    /// typed on the token's own keys, where it has some.
    ///
    /// The slot of a SoftHSM token stays valid in this process and changes in the next: select by serial number.
    ///
    /// # Errors
    /// [`Kind::Token`]: the token is not blank, or refused; the error says how far it got. [`Kind::Usage`]: a
    /// PIN or label of a wrong shape.
    pub fn initialize(
        &self,
        selection: &Selection,
        so_pin: Option<&SecretString>,
        user_pin: Option<&SecretString>,
        label: &str,
    ) -> Result<Seen, Error> {
        let untouched = "The token was not changed.";
        let blank = self.select(selection)?;
        if blank.initialized {
            return Err(Error::new(
                Kind::Token,
                "the token is initialised already: initialising destroys what it holds",
            )
            .saw(describe(&blank))
            .wanted("a blank token")
            .truth(untouched));
        }
        if !self.profile.initialize {
            return Err(Error::new(Kind::Token, format!("{} is prepared with its vendor's tool", self.profile.title))
                .truth(untouched));
        }
        if label.is_empty() || label.len() > 32 || crate::text::first_deceptive(label).is_some() {
            return Err(Error::new(Kind::Usage, "a token cannot have this label")
                .saw(label)
                .wanted("1 to 32 bytes of text")
                .truth(untouched));
        }
        if so_pin.is_some() == blank.pinpad || user_pin.is_some() == blank.pinpad {
            return Err(Error::new(Kind::Bug, "PINs that are typed elsewhere than this token wants them")
                .saw(describe(&blank))
                .truth(untouched));
        }
        let shape = |shape: &PinShape, pin: Option<&SecretString>, whose| {
            pin.map_or(Ok(()), |pin| shape.check(pin)).map_err(|error| error.within(whose))
        };
        shape(&self.profile.so_pin, so_pin, "security officer's PIN")?;
        shape(&self.profile.user_pin, user_pin, "user PIN")?;
        let slot = slot_of(&blank)?;
        let context = &self.library.0;
        let raw = &self.library.1;
        // What opens a blank token: its maker's PIN where there is one, else the new one becomes it.
        let factory = self.profile.so_pin.factory.clone().filter(|_| !blank.pinpad).map(SecretString::from);
        let opens = factory.as_ref().or(so_pin);
        let made = opens.map_or_else(|| raw.init_token(slot, label), |pin| context.init_token(slot, pin, label));
        made.map_err(|answer| {
            let error = fault::refused("the token was not initialised", &answer).truth("The token may be blank still.");
            match factory {
                Some(_) => error.hint("a token that had its first security officer's PIN changed is prepared by him"),
                None => error,
            }
        })?;
        let half = |answer: Answer| {
            fault::refused("the token was initialised and its user PIN was not set", &answer)
                .hint(SET_PIN)
                .hint("then go on with it: anchorite root create --token-serial SERIAL")
                .truth("The token is no longer blank; it holds no key.")
        };
        let session = context.open_rw_session(slot).map_err(half)?;
        session.login(UserType::So, opens).map_err(half)?;
        if let (Some(factory), Some(so_pin)) = (&factory, so_pin) {
            session.set_pin(factory, so_pin).map_err(|answer| {
                half(answer).truth("Its security officer's PIN may still be the one that it has from its maker.")
            })?;
            // Proved before anything relies on it.
            let _ = session.logout();
            session.login(UserType::So, Some(so_pin)).map_err(half)?;
        }
        let set = user_pin.map_or_else(|| raw.init_pin(&session), |pin| session.init_pin(pin));
        let _ = session.logout();
        set.map_err(half)?;
        drop(session);
        let ready = self.look(slot).map_err(half)?;
        if !ready.initialized || ready.identity.serial.is_empty() {
            return Err(Error::new(Kind::Token, "the token does not say that it is initialised").saw(describe(&ready)));
        }
        if let Some(tokens) = token_files(&self.profile) {
            directory::sync(&tokens, &ready.identity.serial)?;
        }
        Ok(ready)
    }
}
