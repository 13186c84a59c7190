//! `change-custody`: a new seed, new shares, both PINs changed to it. Each change is announced in the log before it
//! is made and proved after it, so that an interruption leaves one question at most, which one try answers.

use crate::authority::state::{CustodySet, Standing};
use crate::ceremony::people::{Secret, Stop};
use crate::ceremony::room::{Bench, Opened, Room};
use crate::ceremony::script::Step;
use crate::ceremony::shares::{self, SetPins};
use crate::ceremony::steps::unlock_token::{ask_pin, confirm_try};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::custody::Owner;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::log::record::{CustodyShareUsed, PinChanged, PinChanging};
use crate::screen::Screen;
use crate::token::{KeyRole, Token};
use secrecy::SecretString;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "change-custody",
    says: "Deal new shares and change the token's PINs",
    asks: false,
    needs: &[Fact::Participants, Fact::Unlocked, Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::NONE,
    medium: None,
    run,
};

const ROLE: KeyRole = KeyRole::Root;

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut opened = bench.opened.take().ok_or_else(|| Error::new(Kind::Bug, "the token was opened by nobody"))?;
    opened.user()?;
    opened.so = chosen_so(room, bench, &opened)?;
    let old: Vec<CustodySet> = room.journal.state().custody.sets().to_vec();
    let Some(new) = new_pins(room, bench, &opened)? else {
        return room
            .people
            .show(&Screen::new().text("The interrupted change had ended: both PINs are of the new set."));
    };
    let mut user = opened.user()?.clone();
    for owner in [Owner::So, Owner::User] {
        change(room, bench, step, owner, &opened, &new, &mut user)?;
    }
    let token = token(bench)?;
    token.sync()?;
    token.renew_copies()?;
    room.journal.checkpoint(bench.keys()?)?;
    let backups: Vec<&str> = room.journal.state().backups.all().iter().map(|backup| backup.name.as_str()).collect();
    let ending = ending(&old, &new.set, &backups, room.tokens.profile(ROLE).files.is_some());
    room.people.show(&ending)
}

/// The PINs that the token gets: of new shares, or of those that this ceremony dealt before it was interrupted.
/// `None` where it had changed both PINs.
fn new_pins(room: &mut Room<'_>, bench: &mut Bench, opened: &Opened) -> Result<Option<SetPins>, Stop> {
    let state = room.journal.state();
    let began = state.course.as_ref().map_or(u64::MAX, |course| course.opened);
    // Where nobody attends, nobody destroyed the shares of a run that was cut off.
    let unattended = room.people.unattended().is_some();
    let begun = |set: &&CustodySet| set.seq > began || unattended && state.custody.standing(set) == Standing::Begun;
    let Some(set) = state.custody.sets().last().filter(begun).cloned() else {
        let random = token(bench)?.random(32)?;
        let (pins, record) = shares::deal(room, &random)?;
        room.journal.append(vec![record.into()])?;
        return Ok(Some(pins));
    };
    if room.journal.state().custody.standing(&set) == Standing::InForce {
        return Ok(None);
    }
    if let Some(pins) = opened.set.as_ref().filter(|pins| pins.set == set.set) {
        return Ok(Some(pins.clone()));
    }
    let tried = opened.tried.as_ref().filter(|(pins, _)| pins.set == set.set);
    let (pins, indexes) = match tried {
        Some((pins, indexes)) => (pins.clone(), indexes.clone()),
        None => {
            let screen = Screen::new()
                .heading("A change of custodians was interrupted", format!("set {}", set.set))
                .text("Its shares are with the new custodians: as many as open the token come to the screen.");
            room.people.show(&screen)?;
            shares::collect(room, &set)?
        }
    };
    let used = CustodyShareUsed { set: set.set, indexes, purpose: "change".to_owned() };
    room.journal.append(vec![used.into()])?;
    Ok(Some(pins))
}

/// One PIN: announced, changed, proved, logged; `user` is the user PIN as it is.
fn change(
    room: &mut Room<'_>,
    bench: &mut Bench,
    step: &Step,
    owner: Owner,
    opened: &Opened,
    new: &SetPins,
    user: &mut SecretString,
) -> Result<(), Stop> {
    let (role, which) = (ROLE.name(), owner.name());
    let custody = &room.journal.state().custody;
    let is_new = |set: Option<&CustodySet>| set.is_some_and(|set| set.set == new.set);
    if is_new(custody.of(role, which)) {
        return Ok(());
    }
    let old = match owner {
        Owner::User => Some(user.clone()),
        Owner::So => so_of_now(room, bench, step, opened, new)?,
    };
    let changed = PinChanged { role: role.to_owned(), which: which.to_owned(), set: new.set.clone() };
    let Some(old) = old else {
        room.people.show(&Screen::new().text("The security officer's PIN is of the new set already."))?;
        return Ok(room.journal.append(vec![changed.into()])?);
    };
    let changing = PinChanging { role: role.to_owned(), which: which.to_owned(), set: new.set.clone() };
    room.journal.append(vec![changing.into()])?;
    room.journal.checkpoint(bench.keys()?)?;
    let token = token(bench)?;
    match owner {
        Owner::So => token.change_so_pin(&old, &new.so, user)?,
        Owner::User => {
            token.change_user_pin(&old, &new.user)?;
            *user = new.user.clone();
        }
    }
    token.sync()?;
    room.journal.append(vec![changed.into()])?;
    room.people.show(&Screen::new().text(format!("The {} is of set {} now.", owner.title(), new.set)))
}

/// The security officer's PIN as it is; `None` where it is the new one already. An interruption leaves the question
/// whether an announced change was made, and one try answers it.
fn so_of_now(
    room: &mut Room<'_>,
    bench: &mut Bench,
    step: &Step,
    opened: &Opened,
    new: &SetPins,
) -> Result<Option<SecretString>, Stop> {
    let unsure = room.journal.state().custody.unsure(ROLE.name(), Owner::So.name()).cloned();
    match unsure {
        None => Ok(Some(logged_so(room, opened)?)),
        Some(set) if set.set == new.set => {
            confirm_so(room, bench, step)?;
            match token(bench)?.is_so_pin(&new.so, opened.user()?)? {
                true => Ok(None),
                false => Ok(Some(logged_so(room, opened)?)),
            }
        }
        // A change that people gave up.
        Some(set) => {
            let logged = logged_so(room, opened)?;
            confirm_so(room, bench, step)?;
            match token(bench)?.is_so_pin(&logged, opened.user()?)? {
                true => Ok(Some(logged)),
                false => Ok(Some(shares::collect(room, &set)?.0.so)),
            }
        }
    }
}

/// The security officer's PIN that the log says: of the set that opened the token, of another set, or chosen.
fn logged_so(room: &mut Room<'_>, opened: &Opened) -> Result<SecretString, Stop> {
    let of = room.journal.state().custody.of(ROLE.name(), Owner::So.name()).cloned();
    match (of, &opened.set, &opened.so) {
        (Some(set), Some(pins), _) if pins.set == set.set => Ok(pins.so.clone()),
        (Some(set), ..) => Ok(shares::collect(room, &set)?.0.so),
        (None, _, Some(chosen)) => Ok(chosen.clone()),
        (None, _, None) => typed_so(room),
    }
}

/// A security officer's PIN that people chose is typed and proved before any share is dealt: dealing takes an hour.
fn chosen_so(room: &mut Room<'_>, bench: &mut Bench, opened: &Opened) -> Result<Option<SecretString>, Stop> {
    let custody = &room.journal.state().custody;
    let which = Owner::So.name();
    if custody.of(ROLE.name(), which).or(custody.unsure(ROLE.name(), which)).is_some() {
        return Ok(None);
    }
    let typed = typed_so(room)?;
    match token(bench)?.is_so_pin(&typed, opened.user()?)? {
        true => Ok(Some(typed)),
        false => Err(Error::new(Kind::PinRejected, "the token rejected the security officer's PIN")
            .hint(room.tokens.profile(ROLE).so_pin.cost())
            .truth("One try was spent; it was not tried again.")
            .truth("Nothing was changed.")
            .into()),
    }
}

fn typed_so(room: &mut Room<'_>) -> Result<SecretString, Stop> {
    let shape = room.tokens.profile(ROLE).so_pin.clone();
    let cost = format!("The security officer's PIN as it is. One try is made: {}.", shape.cost());
    ask_pin(room, &Secret::SoPin(ROLE.name()), &Screen::new().text(cost), &shape)
}

fn token(bench: &mut Bench) -> Result<&mut dyn Token, Error> {
    bench.keys()?.token(ROLE)
}

/// A try counts, so people decide it.
fn confirm_so(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let serial = token(bench)?.identity().serial.clone();
    let cost = room.tokens.profile(ROLE).so_pin.cost();
    let screen = Screen::new()
        .heading("A change of the security officer's PIN was interrupted", &serial)
        .text(format!("Only a try shows which one holds. If the first is wrong, it is the other; {cost}."));
    room.people.show(&screen)?;
    confirm_try(room, step, &serial)
}

/// What is over, and what still opens to it.
fn ending(old: &[CustodySet], new: &Hex, backups: &[&str], in_files: bool) -> Screen {
    let old: Vec<String> = old.iter().filter(|set| set.set != *new).map(|set| set.set.to_string()).collect();
    let mut screen = Screen::new().heading("The token opens to new shares", format!("set {new}"));
    if !old.is_empty() {
        screen = screen.text(format!("Destroy every sheet of set {}.", old.join(", ")));
    }
    if backups.is_empty() {
        screen = screen.text("Key backups: none, so none is open to the shares of before.");
    }
    for name in backups {
        screen = screen.text(format!(
            "The key backup {name} still opens to the shares of before: make it anew (anchorite key-backup), or destroy it."
        ));
    }
    match in_files {
        true => screen.text(
            "Copies of the token's files from before (of the disk, of its stick) still open to the PINs of before: \
             destroy them, or write down where they are.",
        ),
        false => screen,
    }
}
