//! What can be asked of a token before anybody logs in to it or initialises it: the mechanisms that it lists,
//! the lengths of keys that it says they take, and whether the files of one without hardware can be written.
//!
//! Claims, not proofs: a session key proves them once the token is open.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::module::{Module, Selection, slot_of, token_files};
use crate::token::{KeyId, attributes, directory, fault, keys, mechanism};
use crate::x509::{SignatureAlgorithm, Spki};
use cryptoki::error::Error as Answer;
use cryptoki::object::ObjectClass;

impl Module {
    /// Checks that a token, blank or not, lists what making such a key and signing with it needs. A blank one that
    /// lists nothing passes.
    ///
    /// # Errors
    /// [`Kind::Token`] names what it lacks.
    pub fn check_kind(&self, selection: &Selection, spec: KeySpec) -> Result<(), Error> {
        let seen = self.select(selection)?;
        let slot = slot_of(&seen)?;
        let context = &self.library.0;
        let about = |error: Error| {
            error
                .within(format!("the token cannot make a key {}", spec.title()))
                .hint("choose another kind of key in authority.toml, or another token")
                .hint("see what it lists with: pkcs11-tool --module MODULE --slot SLOT --list-mechanisms")
        };
        let have = match context.get_mechanism_list(slot) {
            Ok(have) => have,
            // Some tokens list nothing while they are blank (Kryoptic 1.5.4 answers 0x208): the session key will tell.
            Err(Answer::Pkcs11(..)) if !seen.initialized => return Ok(()),
            Err(answer) => return Err(fault::refused("the token does not list its mechanisms", &answer)),
        };
        let generation = mechanism::generation(spec);
        if !have.contains(&generation) {
            return Err(about(
                Error::new(Kind::Token, "no such mechanism in its list").wanted(mechanism::name(generation)),
            ));
        }
        mechanism::choose(SignatureAlgorithm::of(spec), &have, self.profile().hash).map_err(about)?;
        // Where a token does not say how long keys may be, the session key will tell.
        let Ok(info) = context.get_mechanism_info(slot, generation) else { return Ok(()) };
        takes_length(spec, info.min_key_size(), info.max_key_size()).map_err(about)
    }

    /// The public half of a key as the token shows it to everybody; `None` where it shows none.
    ///
    /// # Errors
    /// [`Kind::Token`]: it cannot be read, or there is more than one.
    pub fn public_half(&self, selection: &Selection, id: &KeyId) -> Result<Option<Spki>, Error> {
        let slot = slot_of(&self.select(selection)?)?;
        let session =
            self.library.0.open_ro_session(slot).map_err(|answer| fault::refused("cannot open a session", &answer))?;
        let public = keys::only(&session, id, ObjectClass::PUBLIC_KEY)?;
        public.map(|public| attributes::public_key(&session, public)).transpose()
    }

    /// Checks that the files of a token without hardware can be written and have room, and so have the copies
    /// that are made of them before each login.
    ///
    /// # Errors
    /// [`Kind::Medium`]. Nothing was changed.
    pub fn check_files(&self) -> Result<(), Error> {
        let Some(tokens) = token_files(self.profile()) else { return Ok(()) };
        directory::check_fit(tokens.directory())?;
        match &self.snapshots {
            Some(kept_in) if kept_in.exists() => directory::check_fit(kept_in),
            Some(kept_in) => kept_in.parent().map_or(Ok(()), directory::check_fit),
            None => Ok(()),
        }
    }
}

/// The lengths that a generation mechanism says it takes, in bits; tokens that say nothing say 0.
fn takes_length(spec: KeySpec, least: usize, most: usize) -> Result<(), Error> {
    let bits = match spec {
        KeySpec::EcdsaP256 => 256,
        KeySpec::EcdsaP384 => 384,
        KeySpec::EcdsaP521 => 521,
        // Edwards keys are 255 or 256 bits long, depending on whom one asks.
        // Of ML-DSA keys tokens tell bytes of the public key, or nothing (Kryoptic 1.5.4: 1312 to 2592).
        KeySpec::Ed25519 | KeySpec::MlDsa65 => return Ok(()),
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => spec.rsa_bits().unwrap_or_default(),
    };
    if most == 0 || (least..=most).contains(&bits) {
        return Ok(());
    }
    Err(Error::new(Kind::Token, "a length that it does not take")
        .saw(format!("{bits} bits"))
        .wanted(format!("{least} to {most} bits")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_the_token_does_not_take_is_known_before_a_key_is_made() {
        assert!(takes_length(KeySpec::EcdsaP521, 112, 521).is_ok());
        assert!(takes_length(KeySpec::Rsa4096, 0, 0).is_ok());
        assert!(takes_length(KeySpec::Ed25519, 256, 456).is_ok());
        let error = takes_length(KeySpec::EcdsaP521, 224, 384).unwrap_err();
        assert_eq!(error.to_string(), "a length that it does not take: saw 521 bits, wanted 224 to 384 bits");
        assert!(takes_length(KeySpec::Rsa4096, 2048, 3072).is_err());
    }
}
