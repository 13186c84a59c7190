//! `custody`: a share is checked against the log; the custodians are changed.

use super::args::{Args, Change, Custody, CustodyCommand};
use super::ceremonies::{founded, script};
use super::fence;
use super::room::{self, Found, find, hold};
use super::terminal::{Attended, Terminal};
use crate::authority::State;
use crate::authority::state::CustodySet;
use crate::ceremony::paper::share::{self, Sheet};
use crate::ceremony::people::Stop;
use crate::ceremony::room::Wishes;
use crate::ceremony::shares;
use crate::custody::{self, Share};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::plan::screen::Banner;
use crate::screen::Screen;
use crate::token::KeyRole;
use serde::Serialize;
use std::path::Path;

/// `anchorite custody …`
pub fn custody(args: &Args, a: &Custody, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        CustodyCommand::Check { share_file } => check(args, share_file.as_deref(), terminal),
        CustodyCommand::Sheets => sheets(args, terminal),
        CustodyCommand::Change(a) => change(args, a, terminal),
    }
}

fn sheets(args: &Args, terminal: &mut Terminal) -> Result<(), Error> {
    if terminal.stdout_is_terminal() {
        return Err(Error::new(Kind::Usage, "sheets are pages of HTML, and stdout is a terminal")
            .hint("end the command with > sheets.html, and print that file from a browser"));
    }
    let page = sheets_of(&find(args)?)?.ok_or_else(no_table)?;
    terminal.document(page.as_bytes())
}

/// The empty sheets of an authority's custodians; `None` where it has none.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`]: the token's profile cannot be read.
pub fn sheets_of(found: &Found) -> Result<Option<String>, Error> {
    let config = &found.config.0;
    let Some(custody) = &config.custody else { return Ok(None) };
    let profile = room::profile_of(&found.folder, &config.token)?;
    let (user, so) = (shares::form(&profile.user_pin), shares::form(&profile.so_pin));
    let pins = format!("--user {}:{} --so {}:{}", user.alphabet, user.length, so.alphabet, so.length);
    let sheets: Vec<Sheet<'_>> = (1..=custody.custodians)
        .map(|index| Sheet {
            authority: &config.name,
            mark: config.kind.marking_unit(),
            set: None,
            index: Some(index),
            threshold: custody.threshold,
            of: custody.custodians,
            rows: custody::ROWS,
            words: custody::DATA,
            pins: &pins,
        })
        .collect();
    Ok(Some(share::sheets(&sheets)))
}

fn no_table() -> Error {
    Error::new(Kind::Usage, "authority.toml has no [custody]").wanted("[custody] threshold and custodians")
}

#[derive(Serialize)]
struct Checked {
    good: bool,
    set: Hex,
    index: u8,
    threshold: u8,
    custodians: usize,
    standing: &'static str,
    commitment: Digest,
}

fn check(args: &Args, file: Option<&Path>, terminal: &mut Terminal) -> Result<(), Error> {
    fence::raise(None, &[], &[]);
    let (state, _) = room::folder(args).read_state()?;
    let sets = state.custody.sets();
    let Some(newest) = sets.last() else { return Err(no_custody()) };
    let share = match file {
        Some(path) => shares::read_file(path)?,
        None => {
            let banner = Banner { name: state.name.clone(), kind: state.kind.clone() };
            typed(newest, banner, terminal)?
        }
    };
    let set = of_log(&share, &state)?;
    let standing = state.custody.standing(set).name();
    let custodians = set.commitments.len();
    if terminal.wants_json() {
        return terminal.json(&Checked {
            good: true,
            set: set.set.clone(),
            index: share.index,
            threshold: set.threshold,
            custodians,
            standing,
            commitment: share.commitment(),
        });
    }
    let screen = Screen::new()
        .heading("The share is good", format!("custodian {} of {custodians}", share.index))
        .noted("set", set.set.to_string(), standing)
        .field("opens with", format!("{} shares together", set.threshold))
        .field("commitment", share.commitment().hex())
        .text("It is the one that was read back when the set was dealt. Nothing of it was stored or logged.");
    terminal.result_screen(&screen)
}

fn typed(set: &CustodySet, banner: Banner, terminal: &mut Terminal) -> Result<Share, Error> {
    let mut people = Attended::open(terminal, Some(banner))?;
    shares::enter_one(&mut people, &set.set).map_err(Stop::into_error)
}

/// The set whose log entry commits to the share.
fn of_log<'s>(share: &Share, state: &'s State) -> Result<&'s CustodySet, Error> {
    let wrong = |what: &str| Error::new(Kind::Verify, what);
    let known = || state.custody.sets().iter().map(|set| set.set.to_string()).collect::<Vec<_>>().join(", ");
    let Some(set) = state.custody.set(&share.set.hex()) else {
        return Err(wrong("this share is of a set that this authority does not know")
            .saw(share.set.to_string())
            .wanted(known())
            .hint("is it a sheet of another authority, or of a genesis that was not completed?"));
    };
    if shares::is_of(share, set) {
        return Ok(set);
    }
    Err(wrong("this is not the share that was read back when its set was dealt")
        .saw(format!("commitment {}", share.commitment().short()))
        .hint("its rows are good words of a share that the log does not have: it opens nothing"))
}

fn no_custody() -> Error {
    Error::new(Kind::Usage, "this authority has no custody: its token's PIN is typed")
        .hint("to begin with it: [custody] in authority.toml, then: anchorite custody change")
}

#[derive(Serialize)]
struct Changed {
    changed: bool,
    set: Hex,
    threshold: u8,
    custodians: usize,
}

/// Keys that were wrapped for one set of custodians are not wrapped again for another.
fn check_wrapped(state: &State) -> Result<(), Error> {
    let backups = state.backups.all().iter();
    let bound = backups.filter(|backup| backup.wrapped.is_some() && backup.proved().is_some());
    match bound.map(|backup| backup.name.as_str()).collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        names => Err(Error::new(
            Kind::Refused,
            "the wrapped keys open to these custodians, and cannot be wrapped for others",
        )
        .saw(names.join(", "))
        .hint("a custodian who leaves hands the sheet over, in a sealed envelope, to the one who comes")
        .hint(
            "where a share may be known to others: a new authority with custodians of its own, and anchorite rollover",
        )
        .truth("Nothing was changed.")),
    }
}

/// `anchorite custody change`
pub fn change(args: &Args, a: &Change, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "custodian-change")?;
    founded(&found.folder)?;
    if found.config.0.custody.is_none() {
        return Err(no_table().truth("Nothing was changed."));
    }
    check_wrapped(&found.folder.read_state()?.0)?;
    let wishes = Wishes { final_try: a.attend.final_try, ..Wishes::default() };
    hold(args, &a.attend, a.so_pin_file.as_deref(), script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let set = state.custody.of(KeyRole::Root.name(), "user").ok_or_else(no_custody)?;
    if terminal.wants_json() {
        return terminal.json(&Changed {
            changed: true,
            set: set.set.clone(),
            threshold: set.threshold,
            custodians: set.commitments.len(),
        });
    }
    terminal.done(
        &[],
        &[
            "destroy the sheets of the old set, and copies of the token from before",
            "each custodian, once a year: anchorite custody check",
        ],
    );
    Ok(())
}
