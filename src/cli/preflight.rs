//! `preflight`: is this machine fit for a ceremony?

use super::args::{Args, Preflight};
use super::terminal::Terminal;
use super::{fence, room};
use crate::ceremony::fitness::{self, Examined};
use crate::ceremony::script::ScriptKind;
use crate::ceremony::tokens::{Modules, Tokens};
use crate::clock::Clock;
use crate::error::Error;
use crate::files::medium::Role;
use crate::host::Check;
use serde::Serialize;

#[derive(Serialize)]
struct Checked {
    fit: bool,
    checks: Vec<Check>,
}

/// `anchorite preflight`
pub fn preflight(args: &Args, a: &Preflight, terminal: &mut Terminal) -> Result<(), Error> {
    let now = args.now.map_or_else(Clock::system, Clock::given).now();
    // Without -C the machine alone is looked at, wherever this is run.
    let named = args.authority.is_some() || room::folder(args).config().exists();
    let found = if named { Some(room::find(args)?) } else { None };
    let Some(found) = &found else {
        fence::raise(None, &[], &[]);
        let (config, folder, state, tokens) = (None, None, None, None);
        let checks = fitness::examine(Examined { now, config, folder, state, tokens, media: Vec::new() });
        return show(checks, &[], true, a, terminal);
    };
    let state = if found.folder.has_log()? { Some(found.folder.read_state()?.0) } else { None };
    // A genesis that was cut off is not gone on with here: no ceremony's rule about a changed file holds.
    let (config, _) = room::adopted(found, ScriptKind::Signing)?;
    let profile = room::profile_here(&found.folder, &config.token, &found.local.token)?;
    let audit =
        config.audit.as_ref().map(|audit| room::profile_here(&found.folder, &audit.token, &found.local.audit.token));
    let audit = audit.transpose()?;
    let local = &found.local.media;
    let profiles: Vec<_> = std::iter::once(&profile).chain(&audit).collect();
    let written: Vec<_> = local.exports.iter().chain(&local.authority).cloned().collect();
    fence::raise(Some(found), &profiles, &written);
    let mut modules = Modules::load(
        (&profile, found.local.token.module.as_deref()),
        audit.as_ref().map(|profile| (profile, found.local.audit.token.module.as_deref())),
        None,
    );
    if let (Ok(modules), Some(state)) = (&mut modules, &state) {
        modules.recall(&state.tokens);
    }
    let tokens = modules.as_mut().map(|modules| -> &mut dyn Tokens { modules }).map_err(|error| error.clone());
    let sticks = local.authority.iter().map(|dir| (Role::Authority, dir.clone()));
    let media = [(Role::Requests, &local.requests), (Role::Exports, &local.exports)];
    let media = media.into_iter().filter_map(|(role, dir)| dir.clone().map(|dir| (role, dir))).chain(sticks);
    let checks = fitness::examine(Examined {
        now,
        config: Some(&config),
        folder: Some(&found.folder),
        state: state.as_ref(),
        tokens: Some(tokens),
        media: media.collect(),
    });
    show(checks, &config.preflight.must_pass, !config.unattended, a, terminal)
}

fn show(
    checks: Vec<Check>,
    must_pass: &[String],
    attended: bool,
    a: &Preflight,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let judged = fitness::judge(&checks, must_pass, attended);
    if terminal.wants_json() {
        terminal.json(&Checked { fit: judged.is_ok(), checks })?;
    } else {
        terminal.result_screen(&fitness::screen(&checks, a.all))?;
    }
    judged
}
