//! `hsm`: the profiles of tokens, what a token can do, whether a provisioned one is what the log says.

mod probe;
mod report;

use super::args::{Args, Hsm, HsmCommand};
use super::terminal::{Attended, Terminal};
use crate::ceremony::people::{People, Secret, Stop};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::token::hsm_profile::HsmProfile;
use crate::token::unlock::{Login, ready_for_login};
use crate::token::{PinShape, Seen};
use secrecy::SecretString;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    algorithms: Vec<String>,
    verified: String,
    source: String,
}

/// `anchorite hsm …`
pub fn hsm(args: &Args, a: &Hsm, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        HsmCommand::Profiles => profiles(terminal),
        HsmCommand::Probe(a) => probe::probe(args, a, terminal),
    }
}

fn profiles(terminal: &mut Terminal) -> Result<(), Error> {
    let mut listed = Vec::new();
    let mut screen = Screen::new();
    for name in HsmProfile::names() {
        let profile = HsmProfile::embedded(name)?;
        let algorithms: Vec<String> = profile.algorithms.iter().map(|a| a.name().to_owned()).collect();
        let verified = profile.verified.by.name().to_owned();
        screen = screen
            .heading(format!("{} · {}", profile.name, profile.title), format!("known by: {verified}"))
            .field("keys", algorithms.join(", "))
            .field("source", &profile.verified.source)
            .field("PIN", format!("{}; {}", profile.user_pin.says(), profile.user_pin.cost()));
        for remark in &profile.remarks {
            screen = screen.field("remark", remark);
        }
        let source = profile.verified.source.clone();
        listed.push(Listed { name: profile.name, title: profile.title, algorithms, verified, source });
    }
    if terminal.wants_json() {
        return terminal.json(&listed);
    }
    terminal.result_screen(&screen)
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
    let mut screen = Screen::new().field("token", &seen.identity.label).field("serial", &seen.identity.serial);
    if seen.pin.count_low {
        screen = screen.field("PIN", "a wrong one was tried since the last login");
    }
    let screen = screen.text(format!("One try is made: {}.", shape.cost()));
    let asked = Attended::open(terminal, None)?.secret(why, &screen);
    asked.map_err(|stop| match stop {
        Stop::Pause => Error::new(Kind::Declined, "stopped at a question"),
        stop => stop.into_error(),
    })
}
