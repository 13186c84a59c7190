//! `hsm`: the profiles of tokens, what a token can do, whether a provisioned one is what the log says.

mod check;
mod probe;
mod report;

use super::args::{Args, Hsm, HsmCommand};
use super::profiles;
use super::terminal::{Attended, Terminal};
use crate::ceremony::people::{People, Secret, Stop};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::token::unlock::{Login, ready_for_login};
use crate::token::{PinShape, Seen};
use secrecy::SecretString;
use std::path::Path;

/// `anchorite hsm …`
pub fn hsm(args: &Args, a: &Hsm, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        HsmCommand::Profiles { name } => profiles::profiles(name.as_deref(), terminal),
        HsmCommand::Probe(a) => probe::probe(args, a, terminal),
        HsmCommand::Check(a) => check::check(args, a, terminal),
    }
}

/// How to log in to a token that was seen: its flags allow it, and the PIN comes from a file or a person. Nobody is
/// asked where it is typed on the token's own keys.
fn login(
    seen: &Seen,
    shape: &PinShape,
    pin_file: Option<&Path>,
    why: &Secret,
    terminal: &mut Terminal,
) -> Result<Login, Error> {
    ready_for_login(seen, false)?;
    if seen.pinpad {
        terminal.talk("Type the PIN on the token's own keys.");
        return Ok(Login { pin: None, final_try: false });
    }
    let pin = match pin_file {
        Some(path) => intake::read_secret(path)?,
        None => asked(seen, shape, why, terminal)?,
    };
    Ok(Login::with_pin(pin))
}

fn asked(seen: &Seen, shape: &PinShape, why: &Secret, terminal: &mut Terminal) -> Result<SecretString, Error> {
    let screen = Screen::new().field("token", &seen.identity.label).field("serial", &seen.identity.serial);
    let screen = screen.text(format!("One try is made: {}.", shape.cost_now(&seen.pin)));
    let asked = Attended::open(terminal, None)?.secret(why, &screen);
    asked.map_err(stopped)
}

/// A question that was not answered.
fn stopped(stop: Stop) -> Error {
    match stop {
        Stop::Pause => Error::new(Kind::Declined, "stopped at a question").truth("Nothing was changed."),
        stop => stop.into_error(),
    }
}
