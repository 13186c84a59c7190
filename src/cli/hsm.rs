//! `hsm`: profiles, and what a token can do.

use super::args::{Args, Hsm, HsmCommand};
use super::fence;
use super::profiles;
use super::room::profile_named;
use super::terminal::{Attended, Terminal};
use crate::ceremony::people::{People, Secret, Stop};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::token::module::{self, Selection};
use crate::token::probe::{self, Probe};
use crate::token::unlock::{Login, ready_for_login};

/// `anchorite hsm …`
pub fn hsm(_: &Args, a: &Hsm, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        HsmCommand::Profiles { name } => profiles::profiles(name.as_deref(), terminal),
        HsmCommand::Probe { profile, module, serial, login, pin_file, toml } => {
            let profile = profile_named(profile)?;
            let path = match module {
                Some(path) => path.clone(),
                None => module::find_module(&profile)?,
            };
            fence::raise(None, &[&profile], &[]);
            let module = module::load(&path, &profile)?;
            let selection = serial.clone().map_or(Selection::Only, Selection::Serial);
            let login = if *login {
                let seen = module.select(&selection)?;
                ready_for_login(&seen, false)?;
                let pin = match pin_file {
                    Some(path) => intake::read_secret(path)?,
                    None => {
                        let screen = Screen::new()
                            .field("token", &seen.identity.label)
                            .field("serial", &seen.identity.serial)
                            .text(format!("One try is made: {}.", profile.user_pin.cost()));
                        let asked = Attended::open(terminal, None)?.secret(&Secret::Pin("probed"), &screen);
                        asked.map_err(|stop| match stop {
                            Stop::Pause => Error::new(Kind::Declined, "stopped at a question"),
                            stop => stop.into_error(),
                        })?
                    }
                };
                Some(Login::with_pin(pin))
            } else {
                None
            };
            let found = probe::probe(&module, &selection, login)?;
            if terminal.wants_json() {
                return terminal.json(&found);
            }
            if *toml {
                return terminal.result(&found.to_profile_toml(&profile));
            }
            terminal.result_screen(&screen(&found))
        }
    }
}

fn screen(found: &Probe) -> Screen {
    let mut screen = Screen::new()
        .heading(format!("{} · {}", found.identity.label, found.identity.model), format!("profile {}", found.profile))
        .field("serial", &found.identity.serial)
        .field("library", &found.identity.library)
        .field("module", &found.module)
        .field("sha256", found.module_sha256.hex())
        .field("mechanisms", found.mechanisms.join(" "));
    match &found.proved {
        None => screen = screen.text("Not logged in: with --login each kind of key is tried with session objects."),
        Some(proved) => {
            for key in &proved.algorithms {
                let result = match &key.fault {
                    None if key.dropped.is_empty() => "works".to_owned(),
                    None => format!("works without {}", key.dropped.join(", ")),
                    Some(fault) => format!("does not: {fault}"),
                };
                screen = screen.field(key.algorithm.name(), result);
            }
        }
    }
    if found.differences.is_empty() {
        screen = screen.field("profile", "agrees");
    }
    for difference in &found.differences {
        screen = screen.field("differs", difference);
    }
    screen
}
