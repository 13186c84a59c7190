//! The token, before a genesis: that it is the right one, that it is ready, and that it can make and use each
//! kind of key that the configuration has a token make.

use crate::authority::config::names;
use crate::ceremony::people::{Noted, Stop};
use crate::ceremony::room::Room;
use crate::ceremony::steps::{initialize_token, unlock_token};
use crate::ceremony::wrapped;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::key::KeySpec;
use crate::screen::Screen;
use crate::token::module::Seen;
use crate::token::{HsmProfile, KeyRole, ready_for_login};

/// Every kind of key that a configuration has a token make, and in which role. Keys that are made offline for
/// a cluster are not among them: they are made in memory.
fn wanted(room: &Room<'_>) -> [(KeyRole, KeySpec); 2] {
    [(KeyRole::Root, room.config.root.key), (KeyRole::Audit, KeySpec::EcdsaP256)]
}

/// The token of a role, as it is to be found now.
fn seen(room: &mut Room<'_>, role: KeyRole) -> Result<Seen, Error> {
    if role == KeyRole::Audit && room.config.audit.is_some() {
        let serial = unlock_token::audit_serial(room)?;
        return room.tokens.find(role, &serial);
    }
    initialize_token::chosen(room)
}

/// The files of a token without hardware.
pub(super) fn files(room: &mut Room<'_>) -> Result<(), Error> {
    room.tokens.check_files(KeyRole::Root)?;
    room.tokens.check_files(KeyRole::Audit)
}

pub(super) fn ready(room: &mut Room<'_>) -> Result<(), Error> {
    let token = seen(room, KeyRole::Root)?;
    if room.config.custody.is_some() {
        unlock_token::takes_shares(&token)?;
    }
    fit(&token, room.tokens.profile(KeyRole::Root), room.wishes.final_try)?;
    if room.config.audit.is_some() {
        let audit = seen(room, KeyRole::Audit)?;
        fit(&audit, room.tokens.profile(KeyRole::Audit), room.wishes.final_try)?;
    }
    Ok(())
}

/// A token that can be written to, and initialised or logged in to.
fn fit(token: &Seen, profile: &HsmProfile, final_try: bool) -> Result<(), Error> {
    if token.write_protected {
        return Err(Error::new(Kind::Token, "the token is write-protected: no key can be made in it")
            .saw(format!("slot {}, label \"{}\"", token.slot, token.identity.label))
            .hint("take its write protection off, or use another token"));
    }
    if token.initialized {
        return ready_for_login(token, final_try);
    }
    if profile.initialize {
        return Ok(());
    }
    Err(Error::new(Kind::Token, format!("{} is prepared with its vendor's tool", profile.title))
        .saw(format!("a blank token in slot {}", token.slot))
        .wanted("an initialised token with a user PIN")
        .hint("initialise it with that tool, then: anchorite root create --token-serial SERIAL"))
}

pub(super) fn label(room: &mut Room<'_>) -> Result<(), Error> {
    let token = seen(room, KeyRole::Root)?;
    if token.initialized || !initialize_token::label_of(&room.config.name).is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "the token's label would be empty: it is the beginning of the authority's name")
        .saw(&room.config.name)
        .wanted("a name with ASCII letters among its first 32")
        .hint("change name in authority.toml"))
}

/// What profile and token say that they can make, before anything is tried.
pub(super) fn kinds(room: &mut Room<'_>) -> Result<(), Error> {
    wrapped::in_profile(&room.config, room.tokens.profile(KeyRole::Root))?;
    for (role, spec) in wanted(room) {
        in_profile(room, role, spec)?;
        let token = seen(room, role)?;
        room.tokens.check_kind(role, token.slot, spec)?;
    }
    Ok(())
}

fn in_profile(room: &Room<'_>, role: KeyRole, spec: KeySpec) -> Result<(), Error> {
    let profile = room.tokens.profile(role);
    made_by_user(profile, role)?;
    if profile.algorithms.contains(&spec) {
        return Ok(());
    }
    let what = match role {
        KeyRole::Root => "the root key that is configured",
        KeyRole::Audit => "the audit key",
    };
    let hint = match (role, room.config.audit.is_some()) {
        (KeyRole::Root, _) => "choose another [root] key in authority.toml, or another token",
        (KeyRole::Audit, false) => "give the audit key a token of its own: [audit.token] in authority.toml",
        (KeyRole::Audit, true) => "choose another token for the audit key: [audit.token] in authority.toml",
    };
    Err(Error::new(Kind::Token, format!("{} cannot make {what}", profile.title))
        .saw(spec.name())
        .wanted(names(&profile.algorithms))
        .hint(hint))
}

/// A token in which only its vendor's tools make keys.
fn made_by_user(profile: &HsmProfile, role: KeyRole) -> Result<(), Error> {
    if profile.makes_keys {
        return Ok(());
    }
    let hint = match role {
        KeyRole::Root => {
            "make the key and its certificate with those tools, then take the root over: anchorite root adopt"
        }
        KeyRole::Audit => "give the audit key a token of its own: [audit.token] in authority.toml",
    };
    let what = format!("{} makes keys with its vendor's tools only", profile.title);
    Err(Error::new(Kind::Token, what)
        .saw(format!("the profile {}: makes_keys = false", profile.name))
        .wanted(format!("a token that makes the {} key", role.name()))
        .hint(hint))
}

/// A list of mechanisms is a claim; a session key that signs is a proof, and finds the template that the token
/// accepts.
pub(super) fn prove_kinds(room: &mut Room<'_>, keys: &mut Keyring) -> Result<(), Error> {
    // A root that exists is proved by what it signs; its token may be unable to make such a key.
    let makes_root = !room.script.kind.takes_over();
    let wanted = wanted(room).into_iter().filter(|(role, _)| makes_root || *role != KeyRole::Root);
    let mut handed_out: Vec<(KeyRole, String)> = Vec::new();
    for (role, spec) in wanted {
        let stage = wrapped::stage(&room.config, role);
        handed_out.extend(keys.token(role)?.prove(spec, role, stage)?.map(|way| (role, way)));
    }
    for (role, way) in handed_out {
        let danger = handed_out_by(room.tokens.profile(role), role, &way);
        room.people.show(&danger.0).map_err(Stop::into_error)?;
        room.noted.push(danger.1);
    }
    Ok(())
}

/// What people read, and the log keeps, of a token that hands out what must not leave it.
fn handed_out_by(profile: &HsmProfile, role: KeyRole, way: &str) -> (Screen, Noted) {
    let screen = Screen::new()
        .heading(format!("DANGER: the {} key does not stay in its token", role.name()), "")
        .field("seen", format!("a key that is not extractable was wrapped, by {way}"))
        .field("profile", format!("{} says so", profile.name))
        .text("Whoever knows the PIN and reaches the token can take the key out. The log keeps this.");
    let noted = Noted {
        expected: format!("the token of the {} key wraps no key that is not extractable", role.name()),
        happened: format!("it wrapped one under a key of the user's own, by {way}"),
        decided: format!("went on: the profile {} says that such tokens do", profile.name),
    };
    (screen, noted)
}

pub(super) fn prove_guard(_: &mut Room<'_>, keys: &mut Keyring) -> Result<(), Error> {
    keys.token(KeyRole::Root)?.prove_guard()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::PinState;

    fn token(initialized: bool) -> Seen {
        let pin = PinState { set: initialized, ..PinState::default() };
        Seen { initialized, pin, ..Seen::ready() }
    }

    #[test]
    fn a_token_that_cannot_be_written_to_or_prepared_is_not_taken() {
        let profile = HsmProfile::embedded("softhsm2").unwrap();
        assert!(fit(&token(false), &profile, false).is_ok());
        assert!(fit(&token(true), &profile, false).is_ok());
        let protected = Seen { write_protected: true, ..token(true) };
        assert!(fit(&protected, &profile, false).unwrap_err().what().contains("write-protected"));
        let locked = Seen { pin: PinState { locked: true, ..token(true).pin }, ..token(true) };
        assert_eq!(fit(&locked, &profile, true).unwrap_err().kind(), Kind::PinFinal);
        let vendors = HsmProfile { initialize: false, ..profile.clone() };
        assert!(fit(&token(true), &vendors, false).is_ok());
        assert!(fit(&token(false), &vendors, false).unwrap_err().hints()[0].contains("--token-serial"));
    }
    #[test]
    fn a_token_in_which_only_its_vendors_tools_make_keys_is_not_asked_to() {
        let makes = HsmProfile::embedded("softhsm2").unwrap();
        assert!(made_by_user(&makes, KeyRole::Root).is_ok());
        let vendors = HsmProfile { makes_keys: false, ..makes };
        assert!(made_by_user(&vendors, KeyRole::Root).unwrap_err().hints()[0].contains("root adopt"));
        assert!(made_by_user(&vendors, KeyRole::Audit).unwrap_err().hints()[0].contains("[audit.token]"));
    }
}
