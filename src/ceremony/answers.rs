//! An answers file: what stands for people in an unattended authority.
//!
//! A plan is approved by what is known beforehand, the digest of what was reviewed. An answer that is
//! missing, left empty, extra or unused is an error, found before the root key is used: nothing is signed.

pub mod template;
pub mod written;

use super::people::{
    Again, Assignment, Compared, Noted, Offer, People, Retirement, Revoking, Secret, Signing, StepView, Stop, Turn,
    Unassigned, Unfinished, Verdict, Way,
};
use super::shares::files::ShareFiles;
use super::vocabulary::Ways;
use crate::authority::local::parse_toml;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::plan::MadePlan;
use crate::screen::Screen;
use crate::x509::Reason;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Prints screens for an unattended run; the terminal's part of it.
pub trait Printer {
    /// Prints a screen.
    fn print(&mut self, screen: &Screen);
    /// Shows progress.
    fn working(&mut self, done: usize, of: usize, what: &str);
    /// How far the use of the root key has come.
    fn signing(&mut self, stage: Signing);
}

/// PINs for an unattended run, read from files by the command line.
#[derive(Default)]
pub struct Pins {
    /// The user PIN of the root's token.
    pub pin: Option<SecretString>,
    /// The security officer's PIN.
    pub so_pin: Option<SecretString>,
    /// The user PIN of the audit key's own token.
    pub audit_pin: Option<SecretString>,
    /// A directory with custodians' shares, one a file.
    pub shares: Option<PathBuf>,
}

impl Pins {
    /// The PIN that stands for a secret, and the option that brings it.
    fn of(&self, which: &Secret) -> (&Option<SecretString>, &'static str) {
        match which {
            Secret::Pin("audit") | Secret::NewPin("audit") => (&self.audit_pin, "--audit-pin-file"),
            Secret::Pin(_) | Secret::NewPin(_) => (&self.pin, "--pin-file"),
            Secret::SoPin(_) | Secret::NewSoPin(_) => (&self.so_pin, "--so-pin-file"),
        }
    }
}

/// An answer, and whether it was used.
struct Given {
    value: toml::Value,
    used: bool,
}

/// The answers: one table per step id; what each means depends on the step's activity.
pub struct Answers<'p> {
    tables: BTreeMap<String, BTreeMap<String, Given>>,
    last: String,
    sha256: Digest,
    pins: Pins,
    shares: ShareFiles,
    printer: &'p mut dyn Printer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestAnswer {
    cluster: Option<String>,
    environment: Option<String>,
    trust_domain: Option<String>,
    recipients: Option<Vec<String>>,
    words: Option<String>,
    strike: Option<String>,
}

impl<'p> Answers<'p> {
    /// Reads an answers file.
    ///
    /// # Errors
    /// [`Kind::Usage`] with line and column.
    pub fn parse(text: &str, pins: Pins, printer: &'p mut dyn Printer) -> Result<Self, Error> {
        let tables: BTreeMap<String, toml::Table> = parse_toml("answers", text)?;
        let unused = |table: toml::Table| table.into_iter().map(|(key, value)| (key, Given { value, used: false }));
        let shares = ShareFiles::new(pins.shares.clone());
        Ok(Self {
            tables: tables.into_iter().map(|(step, table)| (step, unused(table).collect())).collect(),
            last: String::new(),
            sha256: Digest::of(text.as_bytes()),
            pins,
            shares,
            printer,
        })
    }

    fn take(&mut self, step: &str, key: &str) -> Result<toml::Value, Error> {
        match self.tables.get_mut(step).and_then(|table| table.get_mut(key)) {
            Some(given) if is_empty(&given.value) => {
                Err(Error::new(Kind::Usage, format!("answers: [{step}] {key} is not filled in"))
                    .saw(given.value.to_string())
                    .truth("Nothing was signed."))
            }
            Some(given) => {
                given.used = true;
                self.last = format!("answers: [{step}] {key}");
                Ok(given.value.clone())
            }
            None => Err(Error::new(Kind::Usage, format!("answers: [{step}] has no answer for {key}"))
                .hint(format!("add it under [{step}]"))
                .truth("Nothing was signed.")),
        }
    }

    fn request(&mut self, step: &str, sha256: Digest) -> Result<RequestAnswer, Error> {
        self.request_by(step, &format!("sha256:{sha256}"))
    }

    fn request_by(&mut self, step: &str, key: &str) -> Result<RequestAnswer, Error> {
        let value = self.take(step, key)?;
        RequestAnswer::deserialize(value).map_err(|error| out_of_form(step, key, &error.to_string()))
    }
}

/// True for a place of the template that was left as it was.
fn is_empty(value: &toml::Value) -> bool {
    match value {
        toml::Value::String(text) => text.trim().is_empty(),
        toml::Value::Array(values) => values.iter().any(is_empty),
        toml::Value::Table(table) => table.values().any(is_empty),
        _ => false,
    }
}

fn out_of_form(step: &str, key: &str, seen: &str) -> Error {
    Error::new(Kind::Usage, format!("answers: [{step}] {key} is out of form"))
        .saw(seen.trim().replace('\n', " ").replace('`', "\""))
        .truth("Nothing was signed.")
}

impl People for Answers<'_> {
    fn unattended(&self) -> Option<Digest> {
        Some(self.sha256)
    }

    fn show(&mut self, screen: &Screen) -> Result<(), Stop> {
        self.printer.print(screen);
        Ok(())
    }

    /// A run that nobody attends begins anew: what is done is done again only as far as it has no effect.
    fn goes_on(&mut self, _: &Unfinished<'_>) -> Result<bool, Stop> {
        Ok(false)
    }

    fn step(&mut self, _: &StepView<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn choose(&mut self, _: &Error, _: Ways) -> Result<Way, Stop> {
        Ok(Way::End)
    }

    fn deviations(&mut self) -> Vec<Noted> {
        Vec::new()
    }

    fn answer(&mut self, step: &str, key: &str, _: &str, _: &str) -> Result<String, Stop> {
        let value = self.take(step, key)?;
        match value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(out_of_form(step, key, "not a string").into()),
        }
    }

    /// Nobody is there to answer again: a wrong answer ends the ceremony.
    fn help(&mut self, error: &Error) -> Result<(), Stop> {
        let error = error.clone().truth("Nothing was signed.");
        Err(Stop::Failed(match error.kind() {
            // Nobody declined anything: what stands there is not what was asked for.
            Kind::Declined => error.within(&self.last).into_kind(Kind::Usage),
            _ => error,
        }))
    }

    /// Nobody is there to plug in another medium.
    fn wait_for(&mut self, _: &str, what: &Error, _: Option<&Offer>) -> Result<Again, Stop> {
        Err(Stop::Failed(what.clone()))
    }

    fn copied(&mut self) -> Result<(), Stop> {
        Ok(())
    }

    fn names(&mut self, step: &str, role: &str, _: usize) -> Result<Vec<String>, Stop> {
        let value = self.take(step, role)?;
        Ok(Vec::<String>::deserialize(value).map_err(|error| out_of_form(step, role, &error.to_string()))?)
    }

    fn type_back(&mut self, step: &str, what: &str) -> Result<Compared, Stop> {
        let value = self.take(step, what)?;
        match value.as_str() {
            Some(text) => Ok(Compared::Typed(text.to_owned())),
            None => Err(out_of_form(step, what, "not a string").into()),
        }
    }

    fn assign(&mut self, step: &str, csr: &Unassigned<'_>) -> Result<Assignment, Stop> {
        let answer = self.request(step, csr.sha256)?;
        let key = format!("sha256:{}", csr.sha256);
        let cluster = answer.cluster.ok_or_else(|| out_of_form(step, &key, "no cluster"))?;
        let known = (csr.known)(&cluster);
        let missing = |what: &str| out_of_form(step, &key, &format!("no {what}"));
        let known = known.as_ref();
        Ok(Assignment {
            environment: answer
                .environment
                .or_else(|| known.map(|k| k.environment.clone()))
                .ok_or_else(|| missing("environment"))?,
            trust_domain: answer
                .trust_domain
                .or_else(|| known.map(|k| k.trust_domain.clone()))
                .ok_or_else(|| missing("trust_domain"))?,
            recipients: answer
                .recipients
                .or_else(|| known.map(|k| k.recipients.clone()))
                .ok_or_else(|| missing("recipients"))?,
            cluster,
        })
    }

    /// A file that was not read has no digest: it is struck by its name.
    fn strike(&mut self, step: &str, file: &str, sha256: Option<Digest>) -> Result<Option<String>, Stop> {
        let key = sha256.map_or_else(|| format!("file:{file}"), |sha256| format!("sha256:{sha256}"));
        if !self.tables.get(step).is_some_and(|table| table.contains_key(&key)) {
            return Ok(None);
        }
        Ok(self.request_by(step, &key)?.strike)
    }

    fn request_words(&mut self, step: &str, request: Digest, _: &[usize]) -> Result<Compared, Stop> {
        match self.request(step, request)?.words.as_deref() {
            Some("same") => Ok(Compared::Beforehand),
            Some("different") => Ok(Compared::Differs("different".to_owned())),
            Some(other) => Err(out_of_form(step, &format!("sha256:{request}"), &format!("words = \"{other}\""))
                .wanted("\"same\" or \"different\"")
                .into()),
            None => Err(out_of_form(step, &format!("sha256:{request}"), "no words").into()),
        }
    }

    fn decide(&mut self, step: &str, made: &MadePlan) -> Result<Verdict, Stop> {
        let reviewed = made.plan().reviewed.clone();
        let value = self.take(step, &reviewed)?;
        if value.as_str() == Some("approve") {
            return Ok(Verdict::Beforehand { reviewed, reason: None });
        }
        let with = |name: &str| value.as_table().filter(|t| t.len() == 1).and_then(|t| t.get(name)?.as_str());
        match (with("approve"), with("decline")) {
            (Some(reason), _) => Ok(Verdict::Beforehand { reviewed, reason: Some(reason.to_owned()) }),
            (_, Some(reason)) => Ok(Verdict::Decline(Some(reason.to_owned()))),
            _ => Err(out_of_form(step, &reviewed, value.as_str().unwrap_or(value.type_str()))
                .wanted("\"approve\", { approve = \"reason\" } or { decline = \"reason\" }")
                .into()),
        }
    }

    fn retire(&mut self, step: &str, cluster: &str) -> Result<Retirement, Stop> {
        let value = self.take(step, cluster)?;
        let reason = value.as_table().filter(|t| t.len() == 1).and_then(|t| t.get("retire")?.as_str());
        match reason {
            Some(reason) => Ok(Retirement::Beforehand { reason: reason.to_owned() }),
            None => Err(out_of_form(step, cluster, value.as_str().unwrap_or(value.type_str()))
                .wanted("{ retire = \"reason\" }")
                .into()),
        }
    }

    fn revoke(&mut self, step: &str, name: &str, reason: Reason) -> Result<Revoking, Stop> {
        let value = self.take(step, name)?;
        let given = value.as_table().filter(|t| t.len() == 1).and_then(|t| t.get("revoke")?.as_str());
        match given {
            Some(given) if given == reason.name() => Ok(Revoking::Beforehand),
            _ => Err(out_of_form(step, name, given.or(value.as_str()).unwrap_or(value.type_str()))
                .wanted(format!("{{ revoke = \"{}\" }}, the reason of the command", reason.name()))
                .into()),
        }
    }

    fn adopt(&mut self, step: &str, sha256: Digest) -> Result<Compared, Stop> {
        let key = format!("sha256:{sha256}");
        let value = self.take(step, &key)?;
        match value.as_str() {
            Some("adopt") => Ok(Compared::Beforehand),
            Some("decline") => Ok(Compared::Differs("decline".to_owned())),
            other => Err(out_of_form(step, &key, other.unwrap_or(value.type_str()))
                .wanted("\"adopt\" or \"decline\"")
                .into()),
        }
    }

    fn answered_before(&mut self, step: Option<&str>, key: &str) {
        for (_, table) in self.tables.iter_mut().filter(|(name, _)| step.is_none_or(|step| step == *name)) {
            if let Some(given) = table.get_mut(key) {
                given.used = true;
            }
        }
    }

    fn asked_all(&mut self, later: &[&str]) -> Result<(), Stop> {
        let asked = self.tables.iter().filter(|(step, _)| !later.contains(&step.as_str()));
        let mut answers = asked.flat_map(|(step, table)| table.iter().map(move |(key, given)| (step, key, given)));
        match answers.find(|(_, _, given)| !given.used) {
            None => Ok(()),
            Some((step, key, _)) => {
                let way = match key.starts_with("sha256:") {
                    true => "take it out; the digest of a request is printed by: anchorite words FILE",
                    false => "take it out; what is asked is printed by: anchorite ceremony answers SCRIPT",
                };
                let what = format!("answers: [{step}] {key} answers nothing that is asked");
                Err(Error::new(Kind::Usage, what).hint(way).into())
            }
        }
    }

    fn types_on_token(&mut self, which: &[Secret], screen: &Screen) -> Result<(), Stop> {
        if let Some((_, option)) = which.iter().map(|which| self.pins.of(which)).find(|(pin, _)| pin.is_some()) {
            return Err(Error::new(Kind::Usage, "the token's PIN is typed on its own keys")
                .saw(option)
                .hint(format!("leave {option} out, and be there to type"))
                .truth("No try was spent.")
                .into());
        }
        self.show(screen)
    }

    fn signing(&mut self, stage: Signing) {
        self.printer.signing(stage);
    }

    fn secret(&mut self, which: &Secret, _: &Screen) -> Result<SecretString, Stop> {
        let (secret, option) = self.pins.of(which);
        Ok(secret.clone().ok_or_else(|| {
            Error::new(Kind::Usage, "an unattended ceremony reads PINs from files")
                .wanted(format!("{option} FILE (mode 0600, one line)"))
                .truth("Nothing was signed.")
        })?)
    }

    fn share_turn(&mut self, turn: &Turn<'_>) -> Result<(), Stop> {
        Ok(self.shares.begin(turn)?)
    }

    fn share_shown(&mut self, rows: &[Zeroizing<String>]) -> Result<(), Stop> {
        Ok(self.shares.keep(rows)?)
    }

    fn share_row(&mut self, row: usize, trouble: Option<&str>) -> Result<Zeroizing<String>, Stop> {
        Ok(self.shares.row(row, trouble.is_some())?)
    }

    fn share_done(&mut self) {
        self.shares.end();
    }

    fn working(&mut self, done: usize, of: usize, what: &str) {
        self.printer.working(done, of, what);
    }
}
