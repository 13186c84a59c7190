//! `ceremony rehearse`: makes an authority and a token to be thrown away and whatever the script needs before its
//! first step, and then holds the ceremony as any other.

mod prepare;

use super::answers::Outlook;
use super::args::{Args, Attend, Rehearse};
use super::ceremony::read_script;
use super::fence;
use super::room::{Found, found_in, hold};
use super::terminal::Terminal;
use crate::ceremony::answers::{template, written};
use crate::ceremony::rehearsal::place::{Place, Stage};
use crate::ceremony::rehearsal::report::Report;
use crate::ceremony::rehearsal::{Before, requests};
use crate::ceremony::room::Wishes;
use crate::ceremony::script::{Script, ScriptKind};
use crate::ceremony::session::Folder;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::policy::Order;
use crate::screen::Screen;
use crate::text;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Prepared {
    directory: PathBuf,
    authority: PathBuf,
    requests: Vec<String>,
}

#[derive(Serialize)]
struct Rehearsed {
    directory: PathBuf,
    #[serde(flatten)]
    report: Report,
}

/// `anchorite ceremony rehearse`
pub fn rehearse(args: &Args, a: &Rehearse, terminal: &mut Terminal) -> Result<(), Error> {
    let script = read_script(&a.script)?;
    if script.kind == ScriptKind::Certified {
        return Err(Error::new(Kind::Usage, "a rehearsal has no parent that could certify its root")
            .saw(&script.name)
            .hint("try it with a CA of yours, in a directory of kind = \"rehearsal\": anchorite root create --csr"));
    }
    if script.kind == ScriptKind::Checkpoint {
        return Err(Error::new(Kind::Usage, "a rehearsal has nobody elsewhere who could countersign its log")
            .saw(&script.name)
            .hint("try it in a directory of kind = \"rehearsal\": anchorite checkpoint key, then export"));
    }
    if script.kind == ScriptKind::KeyRestore {
        return Err(Error::new(Kind::Usage, "a rehearsal has no lost token and no wrapped keys")
            .saw(&script.name)
            .hint(
                "try it in a directory of kind = \"rehearsal\": anchorite root create, key-backup, key-backup restore",
            ));
    }
    if script.kind.takes_over() {
        return Err(Error::new(
            Kind::Usage,
            "this ceremony takes over what exists: there is nothing of it to throw away",
        )
        .saw(&script.name)
        .hint("rehearse it with a token that was made for it, in a directory of kind = \"rehearsal\""));
    }
    let place = Place::at(a.into.clone().unwrap_or_else(|| PathBuf::from(format!("rehearsal-{}", script.name))));
    let rehearsal = Rehearsal { args, place, script, cluster: a.cluster.clone() };
    match rehearsal.place.marker()? {
        Some(marker) => {
            rehearsal.place.check_goes_on(&marker, &rehearsal.script)?;
            fence::raise(None, &[], &[rehearsal.place.path().to_owned()]);
            rehearsal.choose_token()?;
        }
        None => {
            rehearsal.place.check_free()?;
            if a.answers.is_some() {
                return Err(Error::new(
                    Kind::Usage,
                    "answers are for a rehearsal that was prepared: they name its files",
                )
                .hint("first: anchorite ceremony rehearse SCRIPT --prepare, and anchorite ceremony answers")
                .hint("to say yes to everything: --unattended"));
            }
            // All that a rehearsal writes is in its own place, whichever authority of it a ceremony is held on.
            deliver::create_directory(rehearsal.place.path())?;
            fence::raise(None, &[], &[rehearsal.place.path().to_owned()]);
            rehearsal.prepare(a.unattended || a.prepare, terminal)?;
        }
    }
    if a.prepare {
        return rehearsal.say_prepared(terminal);
    }
    rehearsal.hold(a, terminal)
}

/// A rehearsal: where it is, and of what.
struct Rehearsal<'a> {
    args: &'a Args,
    place: Place,
    script: Script,
    cluster: Option<String>,
}

impl Rehearsal<'_> {
    /// The authority that the script runs on.
    fn authority(&self) -> Folder {
        if Before::of(&self.script).copy_only { self.place.copy() } else { self.place.authority() }
    }

    /// Answers with yes to everything, and the PINs.
    fn yes_to_all(&self, script: &Script, found: &Found) -> Result<Attend, Error> {
        let (outlook, wishes) = (Outlook::of(found, script)?, self.wishes(script, found));
        let asked =
            template::foresee(script, &outlook.prospect(self.now()?, wishes.requests.as_deref(), &wishes.clusters))?;
        let path = self.place.answers(&script.name);
        deliver::create_directory(&self.place.path().join("answers"))?;
        deliver::replace(&path, written::yes_to_all(&asked).as_bytes(), 0o644)?;
        Ok(self.attend(Some(path)))
    }

    fn attend(&self, answers: Option<PathBuf>) -> Attend {
        // People type the PINs; where nobody attends they are read.
        let pin = |name: &str| answers.is_some().then(|| self.place.pin(name));
        let shares = answers.is_some().then(|| self.place.shares());
        Attend { pin_file: pin("user"), audit_pin_file: pin("audit"), shares, final_try: false, answers }
    }

    /// What the command line of the ceremony would name.
    fn wishes(&self, script: &Script, found: &Found) -> Wishes {
        let imports = script.steps.iter().any(|step| step.activity == "import-requests");
        let first = || requests::clusters(&found.config.0).into_iter().next();
        // With requests, a cluster that is named would be one whose key is made here.
        let revokes = matches!(script.kind, ScriptKind::Revocation | ScriptKind::Emergency);
        let of_one = revokes || matches!(script.kind, ScriptKind::Export | ScriptKind::Retirement);
        let clusters = if of_one { self.cluster.clone().or_else(first) } else { None };
        let order = |what: &String| Order { what: what.clone(), reason: template::REHEARSED, invalid_from: None };
        Wishes {
            requests: imports.then(|| self.place.requests()),
            exports: Some(self.place.exports()),
            revocations: clusters.iter().filter(|_| revokes).map(order).collect(),
            clusters: clusters.into_iter().collect(),
            root_generation: (script.kind == ScriptKind::RootEnd).then_some(1),
            ..Wishes::default()
        }
    }

    /// Holds the rehearsal itself.
    fn hold(&self, a: &Rehearse, terminal: &mut Terminal) -> Result<(), Error> {
        let folder = self.authority();
        let found = found_in(folder.clone())?;
        let attend = match (&a.answers, a.unattended) {
            (None, true) => self.yes_to_all(&self.script, &found)?,
            (answers, _) => self.attend(answers.clone()),
        };
        let so_pin = attend.answers.is_some().then(|| self.place.pin("so"));
        let wishes = Wishes { opening: Some(self.screen(&found)?), ..self.wishes(&self.script, &found) };
        let held = hold(self.args, &attend, so_pin.as_deref(), self.script.clone(), &found, wishes, terminal).map_err(
            |error| {
                let same = format!("anchorite ceremony rehearse {} --into {}", a.script, self.shown());
                error
                    .hint(format!("to go on with the rehearsal: {same}"))
                    .hint(format!("or {}", self.place.throw_away()))
            },
        )?;
        self.place.mark(&self.script, Stage::Ended)?;
        let report = Report::read(&folder, &self.script)?;
        if terminal.wants_json() {
            return terminal.json(&Rehearsed { directory: self.place.path().to_owned(), report });
        }
        terminal.line("");
        terminal.screen(&report.screen());
        terminal.line("");
        terminal.talk("This was a rehearsal: its PINs and shares open nothing else, and nobody may use them again.");
        let records = held.written.iter().filter(|written| written.starts_with("records/"));
        let records: Vec<String> = records.map(|name| folder.path().join(name).display().to_string()).collect();
        terminal.done(&records, &["read its record, then", &self.place.throw_away()]);
        Ok(())
    }

    fn shown(&self) -> String {
        text::shell(&self.place.path().display().to_string())
    }

    /// What people should know before the first step.
    fn screen(&self, found: &Found) -> Result<Screen, Error> {
        let (place, before) = (&self.place, Before::of(&self.script));
        let shown = |path: &Path| path.display().to_string();
        let mut screen = Screen::new()
            .heading(format!("REHEARSAL: {}", self.script.title), text::count(self.script.steps.len(), "step"))
            .field("authority", &found.config.0.name)
            .field("in", shown(found.folder.path()))
            .field("script", format!("sha256 {}…, as on the paper of the day", self.script.sha256.short()))
            .field("paper", format!("{}: print it; q pauses here", shown(&place.paper())));
        if before.root && found.config.0.custody.is_some() {
            screen = screen.field("shares", format!("{}: give each custodian theirs", shown(&place.shares())));
        } else if before.root {
            screen = screen.field("user PIN", read_pin(&place.pin("user"))?);
        }
        if before.root && found.config.0.audit.is_some() {
            screen = screen.field("audit PIN", read_pin(&place.pin("audit"))?);
        }
        if before.root && !before.issued {
            screen = screen
                .field("requests", shown(&place.requests()))
                .field("sheets", format!("{}: what the clusters' engineers would read out", shown(&place.sheets())));
        }
        if before.copy_only {
            screen = screen.text("The authority on the laptop is lost; a stick with its copy is left.");
        }
        Ok(screen.text(
            "Nothing here is real: the token is files, and both are thrown away. PINs and shares of a rehearsal are \
             its own; never use the real ones here, or these for anything else.",
        ))
    }

    fn say_prepared(&self, terminal: &mut Terminal) -> Result<(), Error> {
        let folder = self.place.authority();
        let requests = intake::list(&self.place.requests(), 64).unwrap_or_default();
        let requests: Vec<String> = requests.into_iter().map(|found| found.shown).collect();
        if terminal.wants_json() {
            let directory = self.place.path().to_owned();
            return terminal.json(&Prepared { directory, authority: folder.path().to_owned(), requests });
        }
        let same = format!("anchorite ceremony rehearse {} --into {}", self.script.name, self.shown());
        terminal
            .done(&[shown_directory(self.place.path())], &["hold it with the same command, without --prepare:", &same]);
        Ok(())
    }
}

fn shown_directory(path: &Path) -> String {
    format!("{}/", path.display())
}

/// A PIN that opens a throwaway token and nothing else may be shown.
fn read_pin(path: &Path) -> Result<String, Error> {
    let pin = intake::read(path, 64)?;
    Ok(String::from_utf8_lossy(&pin).trim().to_owned())
}
