//! `initialize-token`: a blank token gets its label and its PINs. An initialised token is never touched.

use crate::ceremony::people::{Compared, Secret, Stop};
use crate::ceremony::precondition;
use crate::ceremony::room::{Bench, Opened, Room};
use crate::ceremony::script::Step;
use crate::ceremony::shares::{self, SetPins};
use crate::ceremony::steps::participants;
use crate::ceremony::steps::unlock_token::{ask_pin, keeps};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::log::record::{CustodyShareUsed, TokenInitialized};
use crate::screen::Screen;
use crate::token::KeyRole;
use crate::token::module::Seen;
use crate::token::unlock::SET_PIN;
use secrecy::SecretString;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "initialize-token",
    says: "Initialise the token",
    asks: true,
    needs: &[Fact::Compared, Fact::Participants, Fact::NoRoot, Fact::NoToken],
    gives: &[Fact::TokenReady],
    takes: &[Fact::NoToken],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// A token that has the new label already: a genesis that was cut short before its log leaves one.
///
/// # Errors
/// [`Kind::Token`]: the module does not list its tokens.
pub fn labelled(room: &mut Room<'_>, label: &str) -> Result<Option<Seen>, Error> {
    Ok(room.tokens.list(KeyRole::Root)?.into_iter().find(|seen| seen.initialized && seen.identity.label == label))
}

/// PKCS#11 labels have 32 bytes.
const LABEL: usize = 32;

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    // Where shares were dealt, they were looked for before that.
    if bench.dealt.is_none() && room.journal.state().key(KeyRole::Root.name()).is_none() {
        precondition::before_the_token(room)?;
    }
    // After an interrupted genesis the token is already this authority's.
    if let Some(token) = room.journal.state().tokens.get(KeyRole::Root.name()) {
        bench.serial = Some(token.serial.clone());
        room.people.answered_before(Some(&step.id), "label");
        return Ok(());
    }
    if let Some(serial) = &room.wishes.token_serial {
        bench.serial = Some(serial.clone());
        room.people.answered_before(Some(&step.id), "label");
        return Ok(());
    }
    let blank = chosen(room)?;
    let label = label_of(&room.config.name);
    let identity = &blank.identity;
    let serial = if identity.serial.is_empty() { "none yet" } else { &identity.serial };
    let screen = Screen::new()
        .heading("Initialise a blank token", "this erases nothing: it is blank")
        .field("slot", blank.slot.to_string())
        .field("maker", format!("{} {}", identity.manufacturer, identity.model))
        .field("serial", serial)
        .field("new label", &label);
    let screen = match labelled(room, &label)? {
        Some(other) => screen.text(format!(
            "A token with this label is here already: slot {}, serial {}. If a genesis that was cut short made it, \
             type no and use it: anchorite root create --token-serial {}",
            other.slot, other.identity.serial, other.identity.serial
        )),
        None => screen,
    };
    room.people.show(&screen)?;
    loop {
        match room.people.type_back(&step.id, "label")? {
            Compared::Typed(typed) if typed.trim() == label => break,
            Compared::Typed(typed) => room
                .people
                .help(&Error::new(Kind::Declined, "the label typed is not the new label").saw(typed).wanted(&label))?,
            _ => return Err(Stop::Declined("the token is not to be initialised".to_owned())),
        }
    }
    room.check_answers(step)?;
    let New { so_pin, pin, custody } = new_pins(room, bench, &blank)?;
    room.journal.make_durable()?;
    participants::write_names(room)?;
    let identity = room.tokens.initialize(KeyRole::Root, blank.slot, &label, so_pin.as_ref(), pin.as_ref())?;
    let record = TokenInitialized {
        role: KeyRole::Root.name().to_owned(),
        serial: identity.serial.clone(),
        label: identity.label.clone(),
        manufacturer: identity.manufacturer.clone(),
        model: identity.model.clone(),
        custody,
    };
    room.journal.append(vec![record.into()])?;
    bench.serial = Some(identity.serial);
    bench.pin = pin;
    Ok(())
}

/// The PINs that the token gets.
struct New {
    so_pin: Option<SecretString>,
    /// `None` for both where they are typed on the token's own keys.
    pin: Option<SecretString>,
    /// The custody set that they are of.
    custody: Option<Hex>,
}

/// The PINs of the shares that were dealt, else those that people choose. Shares that were dealt before an
/// interruption are with the custodians, who type as many as open the token.
fn new_pins(room: &mut Room<'_>, bench: &mut Bench, blank: &Seen) -> Result<New, Stop> {
    let kept = keeps(room);
    let mut of = |pins: SetPins| {
        // A wrapped backup is tried with them before a key is made.
        if kept {
            let (user, set) = (Some(pins.user.clone()), Some(pins.clone()));
            bench.opened = Some(Opened { user, set, tried: None, so: None, audit: None });
        }
        New { so_pin: Some(pins.so), pin: Some(pins.user), custody: Some(pins.set) }
    };
    if let Some(pins) = bench.dealt.take() {
        return Ok(of(pins));
    }
    if let Some(set) = room.journal.state().custody.begun(KeyRole::Root.name()).cloned() {
        let (pins, indexes) = shares::collect(room, &set)?;
        let used = CustodyShareUsed { set: set.set, indexes, purpose: "initialize".to_owned() };
        room.journal.append(vec![used.into()])?;
        return Ok(of(pins));
    }
    if blank.pinpad {
        let says = "The token has keys of its own. It asks on them for a new security officer's PIN, for that PIN again, \
                    and for a new user PIN, which opens the root key: type them there, one after the other.";
        let asked = [Secret::NewSoPin("root"), Secret::NewPin("root")];
        room.people.types_on_token(&asked, &Screen::new().text(says))?;
        return Ok(New { so_pin: None, pin: None, custody: None });
    }
    let profile = room.tokens.profile(KeyRole::Root);
    let (so_shape, shape) = (profile.so_pin.clone(), profile.user_pin.clone());
    let screen = Screen::new().text(format!("A new security officer's PIN for the token: {}.", so_shape.says()));
    let so_pin = ask_pin(room, &Secret::NewSoPin("root"), &screen, &so_shape)?;
    let screen = Screen::new().text(format!("A new user PIN for the token: {}. It opens the root key.", shape.says()));
    let pin = ask_pin(room, &Secret::NewPin("root"), &screen, &shape)?;
    Ok(New { so_pin: Some(so_pin), pin: Some(pin), custody: None })
}

/// The token of this genesis: the one that it was begun with, or that was named, or the blank one to initialise.
///
/// # Errors
/// [`Kind::Token`] says what is here, or that another one was named than it was begun with.
pub fn chosen(room: &mut Room<'_>) -> Result<Seen, Error> {
    let recorded = room.journal.state().tokens.get(KeyRole::Root.name()).map(|token| token.serial.clone());
    let named = room.wishes.token_serial.clone();
    match (recorded, named) {
        (Some(recorded), Some(named)) if recorded != named => {
            Err(Error::new(Kind::Token, "this genesis was begun with another token").saw(named).wanted(recorded))
        }
        (Some(serial), _) | (None, Some(serial)) => room.tokens.find(KeyRole::Root, &serial),
        (None, None) => choose(&room.tokens.list(KeyRole::Root)?, room.wishes.slot, "anchorite root create").cloned(),
    }
}

/// The blank token to initialise: the one in the slot that was named, else the only one.
/// `command` is the one that takes an initialised one.
///
/// # Errors
/// [`Kind::Token`].
pub fn choose<'s>(slots: &'s [Seen], wanted: Option<u64>, command: &str) -> Result<&'s Seen, Error> {
    if let Some(wanted) = wanted {
        let Some(slot) = slots.iter().find(|s| s.slot == wanted) else {
            return Err(Error::new(Kind::Token, "there is no such slot")
                .saw(format!("slot {wanted}"))
                .wanted(list(slots)));
        };
        if slot.initialized {
            return Err(Error::new(Kind::Token, "the token is already initialised")
                .saw(format!("slot {}, label \"{}\", serial {}", slot.slot, slot.identity.label, slot.identity.serial))
                .wanted("a blank token")
                .hint(format!("to use it as it is, with its PIN: {command} --token-serial SERIAL")));
        }
        return Ok(slot);
    }
    let blank: Vec<&Seen> = slots.iter().filter(|s| !s.initialized).collect();
    match blank.as_slice() {
        [one] => Ok(one),
        [] => Err(slots.iter().filter(|s| !s.pin.set && !s.pinpad).fold(
            Error::new(Kind::Token, "no blank token is here")
                .saw(list(slots))
                .wanted("one token that is not initialised")
                .hint("insert a blank token")
                .hint(format!("to use an initialised one, with its PIN: {command} --token-serial SERIAL")),
            half_prepared,
        )),
        _ => Err(Error::new(Kind::Token, "more than one blank token is here")
            .saw(list(slots))
            .wanted("one, or --slot N")),
    }
}

/// An initialised token without a user PIN: a preparation that was cut off leaves it, in some modules with no officer's
/// PIN either (Kryoptic 1.5.4). Nobody could have made a private key in it.
fn half_prepared(error: Error, seen: &Seen) -> Error {
    error
        .hint(format!("slot {} has no user PIN: its preparation was cut off, and it has no private key", seen.slot))
        .hint(SET_PIN)
        .hint(
            "where the officer's PIN is not taken either, its own tool makes it blank again; a database: move it aside",
        )
}

fn list(slots: &[Seen]) -> String {
    if slots.is_empty() {
        return "no token".to_owned();
    }
    let of = |s: &Seen| match s.initialized {
        true => format!("slot {}: \"{}\", serial {}", s.slot, s.identity.label, s.identity.serial),
        false => format!("slot {}: blank", s.slot),
    };
    slots.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// The authority's name as a label: ASCII, at most 32 bytes.
pub fn label_of(name: &str) -> String {
    let ascii: String = name.chars().filter(|c| matches!(c, ' '..='~')).take(LABEL).collect();
    ascii.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::PinState;

    #[test]
    fn a_token_whose_preparation_was_cut_off_is_named_with_the_way_on() {
        let cut_off = Seen { slot: 5, pin: PinState::default(), ..Seen::ready() };
        let hints = |seen: &Seen| choose(std::slice::from_ref(seen), None, "command").unwrap_err().hints().join(" ");
        assert!(hints(&cut_off).contains("slot 5 has no user PIN: its preparation was cut off"), "{}", hints(&cut_off));
        assert!(hints(&cut_off).contains(SET_PIN) && hints(&cut_off).contains("a database: move it aside"));
        // One that is ready, and one whose PIN is typed on its own keys, were prepared.
        for whole in [Seen::ready(), Seen { pinpad: true, ..cut_off }] {
            assert!(!hints(&whole).contains("cut off"), "{}", hints(&whole));
        }
    }
}
