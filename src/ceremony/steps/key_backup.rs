//! `key-backup`: a clone of the root's token, or a file of its wrapped keys. The files of one without hardware are copied here; any other is cloned by
//! its vendor's own means, while this waits. That the copy lives is for `prove-backup` to show.

mod wrapped;

use crate::authority::Config;
use crate::authority::config::BackupMode;
use crate::ceremony::backups;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::log::record::KeyBackupMade;
use crate::screen::Screen;
use crate::text;
use crate::token::hsm_profile::{BackupWay, HsmProfile};
use crate::token::{Identity, KeyRole};
use std::path::{Path, PathBuf};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "key-backup",
    says: "Make a copy of the root's token",
    asks: true,
    needs: &[Fact::Participants, Fact::Unlocked, Fact::Root],
    gives: &[Fact::BackedUp],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// The longest name of a backup, in characters: it stands on screens and labels.
const MAX_NAME: usize = 64;

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    backups::come_back(room, bench, step)?;
    if room.config.key_backup.mode == BackupMode::Wrapped {
        return wrapped::run(room, bench, step);
    }
    check(&room.config, room.tokens.profile(KeyRole::Root))?;
    let Some(copy) = room.tokens.backup().cloned() else { return Err(backups::nowhere().into()) };
    check_apart(room, copy.directory.as_deref())?;
    let name = name(room, step)?;
    room.check_answers(step)?;
    let own = bench.keys()?.token(KeyRole::Root)?.identity().clone();
    let (identity, means) = match &copy.directory {
        Some(directory) => {
            let screen =
                guide(room).field("copied to", text::path(directory)).field("in place of", earlier(room, &name));
            room.people.show(&screen)?;
            bench.keys()?.token(KeyRole::Root)?.sync()?;
            room.tokens.copy_files(&own.serial)?;
            (own, "files")
        }
        None => {
            room.people.show(&guide(room))?;
            made(room, step)?;
            (backups::visit(room, bench, step, &mut |room, _| Ok(backups::find(room, step)?.identity))?, "vendor")
        }
    };
    let record = record(room, &name, means, &identity);
    room.journal.append(vec![record.into()])?;
    room.people.show(
        &Screen::new()
            .heading("The copy is made, and proved by nothing yet", &name)
            .field("serial", identity.serial)
            .field("label", identity.label),
    )
}

/// The configuration promised a backup, and the token can be cloned, or its keys wrapped.
///
/// # Errors
/// [`Kind::Usage`].
pub fn check(config: &Config, profile: &HsmProfile) -> Result<(), Error> {
    if config.key_backup.mode == BackupMode::Wrapped {
        return crate::ceremony::wrapped::in_profile(config, profile);
    }
    if config.key_backup.mode == BackupMode::None {
        return Err(Error::new(Kind::Usage, "this authority has no key backup")
            .saw(format!("[key_backup] mode = \"{}\"", config.key_backup.mode.name()))
            .wanted("mode = \"clone\" or \"wrapped\"")
            .hint("the mode is fixed before genesis: people relied on there being no copy")
            .truth("Nothing was copied."));
    }
    if !profile.backup.contains(&BackupWay::Clone) {
        return Err(Error::new(Kind::Usage, "a token of this kind cannot be cloned")
            .saw(&profile.title)
            .hint("its profile says so: anchorite hsm profiles"));
    }
    Ok(())
}

/// Sticks with the authority travel: no key is ever on one.
fn check_apart(room: &Room<'_>, directory: Option<&Path>) -> Result<(), Error> {
    let Some(place) = directory.and_then(|directory| directory.canonicalize().ok()) else { return Ok(()) };
    let travels = std::iter::once(room.folder.path()).chain(room.wishes.authority.iter().map(PathBuf::as_path));
    match travels.filter_map(|dir| dir.canonicalize().ok()).find(|dir| place.starts_with(dir)) {
        Some(dir) => Err(Error::new(Kind::Usage, "a key backup on an authority stick would travel with it")
            .saw(text::path(&place))
            .wanted(format!("a directory outside of {}, on a medium of its own", text::path(&dir)))
            .hint("name another in local.toml: [backup.token] directory")
            .truth("Nothing was copied.")),
        None => Ok(()),
    }
}

/// What people should know before a copy is made.
fn guide(room: &Room<'_>) -> Screen {
    let profile = room.tokens.profile(KeyRole::Root);
    let screen = Screen::new().heading("A copy of the root's token", &profile.title);
    let screen = profile.clone_how.iter().fold(screen, |screen, line| screen.text(line));
    screen.text("Whoever has the copy and what opens it can sign. Keep it apart from the token, in a bag of its own.")
}

/// When the backup that this one takes the place of was made.
fn earlier(room: &Room<'_>, name: &str) -> String {
    let known = room.journal.state().backups.named(name);
    known.map_or_else(|| "none: it is new".to_owned(), |backup| format!("the one of {}", backup.made))
}

/// What people call the copy.
fn name(room: &mut Room<'_>, step: &Step) -> Result<String, Stop> {
    let about = "Name the key backup as its label does, and say where it is kept, for example: B1, safe in Bonn.";
    room.people.show(&Screen::new().text(about))?;
    loop {
        let typed = room.people.answer(&step.id, "name", &step.by, "name of the key backup")?;
        let name = typed.trim();
        let count = name.chars().count();
        if (1..=MAX_NAME).contains(&count) && text::first_deceptive(name).is_none() {
            return Ok(name.to_owned());
        }
        let error = Error::new(Kind::Usage, "a key backup needs a name of printable characters");
        room.people.help(&error.saw(text::count(count, "character")).wanted(format!("1 to {MAX_NAME}")))?;
    }
}

/// People say that the vendor's means have done it; where nobody attends, it was done beforehand.
fn made(room: &mut Room<'_>, step: &Step) -> Result<(), Stop> {
    if room.people.unattended().is_some() {
        return Ok(());
    }
    loop {
        match room.people.answer(&step.id, "made", &step.by, "make the clone, then type made")?.trim() {
            "made" => return Ok(()),
            other => room.people.help(&Error::new(Kind::Usage, "another word").saw(other).wanted("made"))?,
        }
    }
}

fn record(room: &Room<'_>, name: &str, means: &str, identity: &Identity) -> KeyBackupMade {
    KeyBackupMade {
        name: name.to_owned(),
        mode: room.config.key_backup.mode.name().to_owned(),
        means: means.to_owned(),
        serial: identity.serial.clone(),
        label: identity.label.clone(),
        manufacturer: identity.manufacturer.clone(),
        model: identity.model.clone(),
        generations: room.journal.state().living_roots().map(|key| key.generation).collect(),
        wrapped: None,
    }
}
