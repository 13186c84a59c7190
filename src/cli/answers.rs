//! `ceremony answers`: the template of an answers file, for authorities that nobody attends.

use super::args::{AnswersOf, Args};
use super::ceremony::read_script;
use super::room::{self, Found, find};
use super::terminal::Terminal;
use crate::authority::{Config, State};
use crate::ceremony::answers::template::{self, Answer, Asked, Prospect};
use crate::ceremony::answers::written;
use crate::ceremony::script::Script;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// What an authority's files say before a ceremony begins.
pub struct Outlook {
    in_force: Config,
    config: Config,
    config_sha256: Digest,
    adopted: Option<Digest>,
    state: State,
}

impl Outlook {
    /// The outlook on a ceremony by this script: one that adopts a changed configuration follows the file.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Verify`].
    pub fn of(found: &Found, script: &Script) -> Result<Self, Error> {
        let (file, _, config_sha256) = &found.config;
        let adopted = found.folder.read_adopted()?;
        let adopts = script.steps.iter().any(|step| step.activity == "adopt-config");
        let in_force = match &adopted {
            Some(adopted) => Config::parse(&adopted.text)?,
            None => file.clone(),
        };
        let config = if adopts { file.clone() } else { in_force.clone() };
        let state = if adopted.is_some() { found.folder.read_state()?.0 } else { State::default() };
        Ok(Self {
            in_force,
            config,
            config_sha256: *config_sha256,
            adopted: adopted.map(|adopted| adopted.sha256),
            state,
        })
    }

    /// The same with what the command line names.
    pub fn prospect<'a>(&'a self, now: Timestamp, requests: Option<&'a Path>, clusters: &'a [String]) -> Prospect<'a> {
        Prospect {
            in_force: &self.in_force,
            config: &self.config,
            config_sha256: self.config_sha256,
            adopted: self.adopted,
            state: &self.state,
            now,
            requests,
            clusters,
        }
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    step: &'a str,
    key: &'a str,
    about: &'a [String],
    /// The answer as the template has it.
    empty: serde_json::Value,
}

/// `anchorite ceremony answers`
pub fn answers(args: &Args, a: &AnswersOf, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = read_script(&a.script)?;
    let config = &found.config.0;
    if !config.unattended {
        return Err(Error::new(Kind::Usage, "answers stand for people only in an unattended authority")
            .saw(format!("kind = \"{}\", unattended = false", config.kind.name()))
            .wanted("kind = \"test\" or \"rehearsal\", and unattended = true")
            .hint("people are asked at the terminal: anchorite ceremony run SCRIPT"));
    }
    let outlook = Outlook::of(&found, &script)?;
    let requests = a.from.as_deref().or(found.local.media.requests.as_deref());
    let now = room::clock(args, config)?.now();
    let prospect = outlook.prospect(now, requests, &a.clusters);
    let asked = template::foresee(&script, &prospect)?;
    if terminal.wants_json() {
        return terminal.json(&asked.iter().map(listed).collect::<Vec<_>>());
    }
    terminal.document(written::template(&script, &config.name, &asked).as_bytes())?;
    let run = format!("anchorite ceremony run {} --answers FILE --pin-file PIN", a.script);
    terminal.done(&[], &["fill in every empty place, then:", &run]);
    Ok(())
}

fn listed(asked: &Asked) -> Listed<'_> {
    let json = |value: &toml::Value| serde_json::to_value(value).unwrap_or_default();
    let empty = match &asked.answer {
        Answer::One(place) => json(&place.empty),
        Answer::Fields(fields) => fields.iter().map(|(name, place)| ((*name).to_owned(), json(&place.empty))).collect(),
    };
    Listed { step: &asked.step, key: &asked.key, about: &asked.about, empty }
}
