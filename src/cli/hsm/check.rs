//! `hsm check`: whether a provisioned token is what the log says of it.

use super::super::args::{Args, HsmCheck};
use super::super::terminal::{Attended, Terminal};
use super::super::{fence, room};
use crate::authority::config::BackupMode;
use crate::authority::state::{Custody, CustodySet};
use crate::ceremony::answers::{Answers, Pins};
use crate::ceremony::people::{People, Secret};
use crate::ceremony::script::ScriptKind;
use crate::ceremony::shares;
use crate::ceremony::token_check::{self, Finding, Recorded, Standing, Whose};
use crate::ceremony::tokens::{Modules, Tokens};
use crate::error::{Error, Kind};
use crate::plan::screen::Banner;
use crate::screen::Screen;
use crate::token::{KeyRole, Login, Seen, ready_for_login};
use secrecy::SecretString;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Checked<'a> {
    agrees: bool,
    logged_in: bool,
    entries: u64,
    checks: &'a [Finding],
}

/// `anchorite hsm check`
pub fn check(args: &Args, a: &HsmCheck, terminal: &mut Terminal) -> Result<(), Error> {
    let found = room::find(args)?;
    if !found.folder.has_log()? {
        found.folder.read_state()?;
    }
    // What is compared is the log, whatever a changed file says: no ceremony's rule about that holds.
    let (config, _) = room::adopted(&found, ScriptKind::Signing)?;
    pin_files_are_for_unattended(a, config.unattended)?;
    let recorded = Recorded::read(&found.folder)?;
    let custody = &recorded.state.custody;
    if a.login && custody.unsure(KeyRole::Root.name(), "user").is_some() {
        return Err(Error::new(
            Kind::Usage,
            "a change of custodians was interrupted: which PIN opens the token is open",
        )
        .hint("complete it first: anchorite custody change")
        .truth("No try was spent."));
    }
    let profile = room::profile_here(&found.folder, &config.token, &found.local.token)?;
    let audit = config.audit.as_ref();
    let audit = audit.map(|audit| room::profile_here(&found.folder, &audit.token, &found.local.audit.token));
    let audit = audit.transpose()?;
    let profiles: Vec<_> = std::iter::once(&profile).chain(&audit).collect();
    // A module writes to the copy as it does to the token.
    let copy = &found.local.backup.token;
    let medium: Vec<_> = copy.iter().filter_map(|copy| copy.directory.clone()).collect();
    fence::raise(Some(&found), &profiles, &medium);
    let mut tokens = Modules::load(
        (&profile, found.local.token.module.as_deref()),
        audit.as_ref().map(|profile| (profile, found.local.audit.token.module.as_deref())),
        copy.clone(),
    )?;
    let shapes: BTreeMap<KeyRole, _> =
        [KeyRole::Root, KeyRole::Audit].into_iter().map(|role| (role, tokens.profile(role).user_pin.clone())).collect();
    // What opened the root's token opens a copy of its files.
    let of_files = config.key_backup.mode == BackupMode::Clone && !medium.is_empty();
    let mut opened = None;
    let mut opens = |whose: Whose, seen: &Seen| -> Result<Option<Login>, Error> {
        let role = if let Whose::Own(role) = whose { role } else { KeyRole::Root };
        let (true, Some(shape)) = (a.login, shapes.get(&role)) else { return Ok(None) };
        let same = whose == Whose::Own(KeyRole::Root) || of_files;
        if let (Whose::Backup, true, Some(pin)) = (whose, same, &opened) {
            return Ok(Some(Login { pin: SecretString::clone(pin).into(), final_try: false }));
        }
        let login = match (role, custody.of(role.name(), "user")) {
            (KeyRole::Root, Some(set)) if same => {
                Login::with_pin(from_custodians(seen, custody, set, a, &recorded, terminal)?)
            }
            _ => {
                let file = if role == KeyRole::Root { &a.pin_file } else { &a.audit_pin_file };
                let asked = if whose == Whose::Backup { "backup" } else { role.name() };
                super::login(seen, shape, file.as_deref(), &Secret::Pin(asked), terminal)?
            }
        };
        if whose == Whose::Own(KeyRole::Root) {
            opened = login.pin.clone();
        }
        Ok(Some(login))
    };
    let findings = token_check::examine(&recorded, &config, &mut tokens, &mut opens)?;
    let judged = token_check::judge(&findings);
    if terminal.wants_json() {
        let entries = recorded.state.size;
        terminal.json(&Checked { agrees: judged.is_ok(), logged_in: a.login, entries, checks: &findings })?;
    } else {
        terminal.result_screen(&screen(&recorded, &findings))?;
    }
    judged
}

/// The PIN that enough custodians' shares give; they come together for this, and nothing of it is kept.
fn from_custodians(
    seen: &Seen,
    known: &Custody,
    set: &CustodySet,
    a: &HsmCheck,
    recorded: &Recorded,
    terminal: &mut Terminal,
) -> Result<SecretString, Error> {
    ready_for_login(seen, false)?;
    let screen = Screen::new()
        .field("token", &seen.identity.label)
        .field("serial", &seen.identity.serial)
        .field("opens to", format!("{} of {} custodians, set {}", set.threshold, set.commitments.len(), set.set));
    let collect = |people: &mut dyn People| {
        people.show(&screen)?;
        shares::collect_from(people, known, set).map(|(pins, _)| pins.user)
    };
    let collected = match &a.shares {
        Some(dir) => {
            let pins = Pins { pin: None, so_pin: None, audit_pin: None, shares: Some(dir.clone()) };
            collect(&mut Answers::parse("", pins, terminal)?)
        }
        None => {
            let banner = Banner { name: recorded.state.name.clone(), kind: recorded.state.kind.clone() };
            collect(&mut Attended::open(terminal, Some(banner))?)
        }
    };
    collected.map_err(super::stopped)
}

fn pin_files_are_for_unattended(a: &HsmCheck, unattended: bool) -> Result<(), Error> {
    let given = [("--pin-file", &a.pin_file), ("--audit-pin-file", &a.audit_pin_file), ("--shares", &a.shares)];
    match given.iter().find(|(_, file)| file.is_some() && !unattended) {
        None => Ok(()),
        Some((option, _)) => Err(Error::new(Kind::Usage, format!("{option} is only for an unattended authority"))
            .wanted("kind = \"test\" or \"rehearsal\", and unattended = true")
            .hint("leave it out: the PIN is asked at the terminal")
            .truth("No try was spent.")),
    }
}

fn screen(recorded: &Recorded, findings: &[Finding]) -> Screen {
    let count = |standing: fn(&Standing) -> bool| findings.iter().filter(|f| standing(&f.result)).count();
    let tally = [
        (count(|s| *s == Standing::Agrees), "agree"),
        (count(|s| *s == Standing::Unknown), "unknown"),
        (count(|s| *s == Standing::Changed), "changed"),
        (count(|s| matches!(s, Standing::Differs(_))), "DIFFER"),
    ];
    let tally: Vec<String> = tally.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let title = format!("{} · {}: token and log", recorded.state.name, recorded.state.kind);
    let mut screen = Screen::new().heading(title, tally.join(" · "));
    let two = findings.iter().any(|finding| finding.token != KeyRole::Root.name());
    for finding in findings {
        let label = match finding.result {
            Standing::Differs(_) => "DIFFERS",
            other => other.name(),
        };
        let whose = if two { format!("{} token, ", finding.token) } else { String::new() };
        screen = screen.field(label, format!("{whose}{}: {}", finding.check, finding.seen));
        if let Some(remedy) = &finding.remedy {
            screen = screen.field("", format!("→ {remedy}"));
        }
    }
    screen.text("Nothing was signed: the next ceremony verifies what each key signs.")
}
