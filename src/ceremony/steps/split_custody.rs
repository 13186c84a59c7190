//! `split-custody`: the PINs of the token to come, dealt to custodians and read back before the token is touched.

use crate::authority::{Config, State};
use crate::ceremony::people::Stop;
use crate::ceremony::precondition;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{Script, ScriptKind, Step};
use crate::ceremony::shares;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::screen::Screen;
use crate::token::KeyRole;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "split-custody",
    says: "Deal the shares to the custodians",
    asks: false,
    needs: &[Fact::Compared, Fact::Participants, Fact::NoRoot, Fact::NoToken],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    let named = room.wishes.token_serial.is_some();
    if named || room.journal.state().tokens.contains_key(KeyRole::Root.name()) {
        // An interrupted genesis dealt them: they are with the custodians.
        if !room.journal.state().custody.sets().is_empty() {
            return Ok(());
        }
        return Err(initialised().into());
    }
    if let Some(set) = room.journal.state().custody.begun(KeyRole::Root.name()) {
        let void = format!("Shares of set {} were dealt before and are void: destroy those sheets.", set.set);
        room.people.show(&Screen::new().text(void))?;
    }
    // Custodians write for an hour: what would stop the genesis after that stops it now.
    precondition::before_the_token(room)?;
    let (pins, record) = shares::deal(room, &[])?;
    room.journal.append(vec![record.into()])?;
    bench.dealt = Some(pins);
    Ok(())
}

/// Custody of an initialised token begins with a change of its PINs, not with a genesis; but for the token of a
/// genesis that was interrupted after its shares were dealt.
///
/// # Errors
/// [`Kind::Usage`].
pub fn check_token(config: &Config, named: bool, state: Option<&State>) -> Result<(), Error> {
    let dealt = state.is_some_and(|state| !state.custody.sets().is_empty());
    if named && config.custody.is_some() && !dealt { Err(initialised()) } else { Ok(()) }
}

fn initialised() -> Error {
    Error::new(Kind::Usage, "an initialised token has PINs of its own")
        .wanted("a blank token, whose PINs are made of the shares")
        .hint("or make its root without [custody], then: anchorite custody change")
        .truth("Nothing was changed.")
}

/// True where a script deals shares.
pub fn deals(script: &Script) -> bool {
    script.steps.iter().any(|step| [ACTIVITY.name, "change-custody"].contains(&step.activity.as_str()))
}

/// A configuration with custody wants a script that deals shares, and one without has nothing to deal.
///
/// # Errors
/// [`Kind::Usage`].
pub fn check_script(script: &Script, config: &Config) -> Result<(), Error> {
    let has = |activity: &str| script.steps.iter().any(|step| step.activity == activity);
    let wrong = |what: &str| Err(Error::new(Kind::Usage, what).saw(&script.name).truth("Nothing was changed."));
    match (script.kind, config.custody.is_some()) {
        (ScriptKind::Genesis, true) if !has(ACTIVITY.name) => {
            wrong("authority.toml has [custody], and this script deals no shares").map_err(|error: Error| {
                error.hint(
                "use the script root-genesis-custody, or add a step before initialize-token: do = \"split-custody\"",
            )
            })
        }
        (ScriptKind::Genesis, false) if has(ACTIVITY.name) => {
            wrong("this script deals shares, and authority.toml has no [custody]").map_err(|error: Error| {
                error.hint("add [custody] threshold and custodians, or use the script root-genesis")
            })
        }
        _ => Ok(()),
    }
}
