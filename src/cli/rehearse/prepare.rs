//! The place of a rehearsal and everything in it that the script needs: configuration, token, sticks, a root, requests,
//! paper. Never holds the rehearsal itself.

use super::Rehearsal;
use crate::ceremony::rehearsal::place::Stage;
use crate::ceremony::rehearsal::{Before, marked, requests};
use crate::ceremony::script::{Script, ScriptKind};
use crate::ceremony::shares;
use crate::ceremony::tokens::{Modules, Tokens};
use crate::cli::ceremonies::genesis_of;
use crate::cli::paper;
use crate::cli::room::{self, found_in, hold_unseen};
use crate::cli::terminal::Terminal;
use crate::clock::Clock;
use crate::digest::Hex;
use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::files::medium::{self, Marking, Role};
use crate::files::{deliver, intake};
use crate::token::hsm_profile::HsmProfile;
use crate::token::{self, KeyRole, environment};
use std::path::{Path, PathBuf};

/// Digits of a throwaway PIN.
const PIN_DIGITS: usize = 8;

impl Rehearsal<'_> {
    /// Makes the place and everything in it that the script needs.
    pub(super) fn prepare(&self, quiet: bool, terminal: &mut Terminal) -> Result<(), Error> {
        let (place, before) = (&self.place, Before::of(&self.script));
        let profile = HsmProfile::embedded(marked::PROFILE)?;
        let (config, module) = self.configuration()?;
        if module.is_none() {
            token::find_module(&profile)?;
        }
        let own = [
            place.path().to_owned(),
            place.authority().path().to_owned(),
            place.token_files(),
            place.exports(),
            place.backup(),
        ];
        for dir in own.iter().chain(&place.sticks()) {
            deliver::create_directory(dir)?;
        }
        place.mark(&self.script, Stage::Preparing)?;
        self.choose_token()?;
        let files = absolute(&place.token_files())?;
        let conf =
            format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", files.display());
        deliver::write_new(&place.token_configuration(), conf.as_bytes(), 0o644)?;
        for name in ["user", "so", "audit"] {
            deliver::create_directory(&place.path().join("pins"))?;
            deliver::write_new(&place.pin(name), format!("{}\n", digits()?).as_bytes(), 0o600)?;
        }
        deliver::write_new(&place.authority().config(), config.as_bytes(), 0o644)?;
        let local = self.local(module.as_deref())?;
        deliver::write_new(&place.authority().local(), local.as_bytes(), 0o644)?;
        let config = found_in(place.authority())?.config.0;
        self.mark_medium(&place.exports(), Role::Exports, &config.name)?;
        for stick in place.sticks() {
            self.mark_medium(&stick, Role::Authority, &config.name)?;
        }
        if config.audit.is_some() {
            self.make_audit_token(&profile, module.as_deref())?;
        }
        if before.root {
            if !quiet {
                terminal.talk("Making what the rehearsal needs: a token, a root, requests…");
            }
            self.hold_before(genesis_of(&config))?;
            requests::make(place, &config, self.now()?)?;
        }
        if before.issued {
            self.hold_before("intermediate-signing")?;
        }
        if self.script.kind == ScriptKind::RootEnd {
            self.hold_before("root-rollover")?;
        }
        if before.copy_only {
            deliver::move_directory(place.authority().path(), &place.lost())?;
            deliver::write_new(&place.copy().local(), local.as_bytes(), 0o644)?;
        }
        let found = found_in(self.authority())?;
        let agenda = self.wishes(&self.script, &found).requests;
        let paper = paper::page_with_agenda(&found, &self.script, agenda.as_deref())?;
        deliver::write_new(&place.paper(), paper.as_bytes(), 0o644)?;
        place.mark(&self.script, Stage::Prepared)
    }

    /// The audit key's own token, which people bring initialised.
    fn make_audit_token(&self, profile: &HsmProfile, module: Option<&Path>) -> Result<(), Error> {
        let mut tokens = Modules::load((profile, module), None, None)?;
        let blank = tokens.list(KeyRole::Audit)?.into_iter().find(|seen| !seen.initialized);
        let blank = blank.ok_or_else(|| Error::new(Kind::Token, "SoftHSM shows no blank token"))?;
        let (so_pin, pin) = (self.place.pin("so"), self.place.pin("audit"));
        let (so_pin, pin) = (intake::read_secret(&so_pin)?, intake::read_secret(&pin)?);
        tokens.initialize(KeyRole::Audit, blank.slot, "REHEARSAL audit", Some(&so_pin), Some(&pin)).map(|_| ())
    }

    /// Everything that loads the module later reads the rehearsal's own configuration.
    pub(super) fn choose_token(&self) -> Result<(), Error> {
        let profile = HsmProfile::embedded(marked::PROFILE)?;
        environment::choose_configuration(&profile, &absolute(&self.place.token_configuration())?).map(drop)
    }

    /// The rehearsal's `authority.toml`, and SoftHSM's module where the real authority names one.
    fn configuration(&self) -> Result<(String, Option<PathBuf>), Error> {
        let folder = room::folder(self.args);
        let with_backup = self.script.kind == ScriptKind::Backup;
        if self.args.authority.is_none() && !folder.config().exists() {
            return Ok((marked::rehearsal_of_template(shares::deals(&self.script), with_backup)?, None));
        }
        let real = found_in(folder)?;
        let module = real.local.token.module.filter(|_| real.config.0.token.profile == marked::PROFILE);
        Ok((marked::rehearsal_of(&real.config.1, with_backup)?, module))
    }

    /// `local.toml`: where the sticks are, whoever runs what from where.
    fn local(&self, module: Option<&Path>) -> Result<String, Error> {
        let quoted = |path: &Path| Ok(toml::Value::String(absolute(path)?.display().to_string()).to_string());
        let place = &self.place;
        let sticks = place.sticks().iter().map(|stick| quoted(stick)).collect::<Result<Vec<_>, Error>>()?;
        let token = match module {
            Some(module) => format!("[token]\nmodule = {}\n\n", quoted(module)?),
            None => String::new(),
        };
        Ok(format!(
            "# A rehearsal's machine.\n\n{token}[backup.token]\ndirectory = {}\n\n[media]\nrequests = {}\nexports = {}\n\
             authority = [{}]\n",
            quoted(&place.backup())?,
            quoted(&place.requests())?,
            quoted(&place.exports())?,
            sticks.join(", ")
        ))
    }

    fn mark_medium(&self, dir: &Path, role: Role, authority: &str) -> Result<(), Error> {
        let id = Hex(Entropy::new().bytes(8, &[])?);
        let label = dir.file_name().and_then(|name| name.to_str());
        let marking = Marking { authority: Some(authority), label, id, created: self.now()? };
        medium::prepare(dir, role, marking).map(|_| ())
    }

    pub(super) fn now(&self) -> Result<jiff::Timestamp, Error> {
        Ok(self.args.now.map_or_else(Clock::system, Clock::given).now())
    }

    /// Holds a ceremony that nobody attends, with yes to everything that it asks.
    fn hold_before(&self, name: &str) -> Result<(), Error> {
        let (script, found) = (Script::built_in(name)?, found_in(self.place.authority())?);
        let wishes = self.wishes(&script, &found);
        let attend = self.yes_to_all(&script, &found)?;
        hold_unseen(self.args, &attend, Some(&self.place.pin("so")), script, &found, wishes).map(|_| ()).map_err(
            |error| {
                error.within(format!("cannot make what the rehearsal needs ({name})")).hint(self.place.throw_away())
            },
        )
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path)
        .map_err(|error| Error::new(Kind::Medium, "the place of the rehearsal has no path").saw(error.to_string()))
}

/// Random decimal digits.
fn digits() -> Result<String, Error> {
    let mut digits = String::new();
    let mut entropy = Entropy::new();
    while digits.len() < PIN_DIGITS {
        let even = entropy.bytes(PIN_DIGITS, &[])?.into_iter().filter(|byte| *byte < 250);
        digits.extend(even.take(PIN_DIGITS - digits.len()).map(|byte| char::from(b'0' + byte % 10)));
    }
    Ok(digits)
}
