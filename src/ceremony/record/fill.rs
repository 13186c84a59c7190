//! The script filled in: a ceremony's entries, each at its step, and what follows from them.

use super::account::{
    Account, Authority, CANNOT_PROVE, Ceremony, Checkpoint, Configuration, Filled, Item, Material, Participant,
    Session, Step, TYPE, Value, Verified,
};
use super::act::Act;
use super::course::Course;
use super::listed::{Again, Listed, Source};
use super::names::Names;
use super::overview;
use super::place::Place;
use super::survey::{self, Survey};
use crate::authority::Config;
use crate::authority::config::BackupMode;
use crate::ceremony::script::{self, Script};
use crate::ceremony::steps::record::same;
use crate::ceremony::vocabulary;
use crate::error::{Error, Kind};
use crate::log::record::{StepDone, StepSkipped, ValueRecorded};
use crate::log::{Entry, Record};
use crate::words;

/// What is known of a ceremony beside its entries.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Names of participants.
    pub names: Names,
    /// The checkpoint that covers the last entry.
    pub checkpoint: Option<Checkpoint>,
    /// What was verified.
    pub verified: Verified,
}

/// The record of a ceremony, whose entries are read again with `again`: now, and whenever its rows are asked for.
///
/// # Errors
/// [`Kind::Verify`]: it has no entry; those of `again`.
pub fn account(course: &Course, beside: Beside, mut again: Again) -> Result<Account, Error> {
    let (Some(first), Some(last)) = (course.entries.first(), course.entries.last()) else { return Err(empty()) };
    let script = script(course);
    let people: Vec<(usize, &Entry)> = course.facts.people.iter().map(|(position, entry)| (*position, entry)).collect();
    let unread = if script.is_none() { steps_as_logged(&people) } else { Vec::new() };
    let planned: &[script::Step] = script.as_ref().map_or(&unread, |script| &script.steps);
    let Survey { places, known, signed, findings } = survey::survey(course, planned, &mut again)?;
    let spans = &course.facts.sessions;
    let span = |entry: Option<&usize>| entry.and_then(|session| spans.get(*session)).map(|(_, span)| span);
    let (Some(first_span), Some(last_span)) =
        (span(course.facts.session_of.first()), span(course.facts.session_of.last()))
    else {
        return Err(empty());
    };
    let source = Source::new(again, known);
    let values = Values::of(&people);
    let opened = course.opened.as_ref();
    let genesis = course.genesis.as_ref();
    let name = opened.map_or_else(|| "unknown".to_owned(), |opened| opened.ceremony.clone());
    let acts = |place: Place| {
        let here = places.iter().zip(&course.entries).filter(|(there, _)| **there == place);
        Listed::acts(&source, here.map(|(_, at)| *at).collect())
    };
    let finished = |number: usize| {
        let here = people.iter().filter(|(position, _)| places.get(*position) == Some(&Place::Step(number)));
        here.filter_map(|(_, entry)| ended(entry)).collect()
    };
    let steps = planned.iter().enumerate();
    let steps = steps.map(|(n, step)| fill(course, &values, n + 1, step, finished(n), acts(Place::Step(n)))).collect();
    let sessions = course.sessions.iter().enumerate().filter_map(|(position, id)| {
        let (_, span) = spans.iter().find(|(session, _)| session == id)?;
        Some(Session {
            id: id.clone(),
            number: position + 1,
            outcome: span.outcome(),
            began: span.began,
            ended: span.ended,
            time_sources: span.time_sources.iter().cloned().collect(),
            acts: acts(Place::Session(position)),
        })
    });
    Ok(Account {
        kind: TYPE,
        authority: Authority {
            name: genesis.map(|g| g.name.clone()).unwrap_or_default(),
            kind: genesis.map(|g| g.kind.clone()).unwrap_or_default(),
            origin: genesis.map(|g| g.origin.clone()).unwrap_or_default(),
            log: course.log.clone(),
        },
        ceremony: Ceremony {
            id: course.sessions.first().cloned().unwrap_or_default(),
            title: script.as_ref().map_or_else(|| name.clone(), |script| script.title.clone()),
            purpose: script.as_ref().map(|script| script.purpose.clone()).unwrap_or_default(),
            name,
            script_sha256: opened.map(|opened| opened.script_sha256),
            script_words: opened.map(|opened| words::words(&opened.script_sha256.0)).unwrap_or_default(),
            script_entry: course.script.as_ref().map(|(seq, _)| *seq),
        },
        outcome: last_span.outcome(),
        reason: last_span.reason(),
        began: first_span.began,
        ended: last_span.ended,
        entries: [first.seq, last.seq],
        configuration: configuration(course),
        sessions: sessions.collect(),
        participants: participants(&values, planned, &beside.names),
        materials: materials(course, &values, script.as_ref()),
        steps,
        signatures: overview::signatures(&source, signed),
        warned: findings.warned,
        findings: overview::findings(&source, findings),
        deviations: overview::deviations(&people, planned),
        left_out: overview::left_out(&people, planned),
        afterwards: Listed::acts(&source, course.later.clone()),
        checkpoint: beside.checkpoint,
        verified: beside.verified,
        cannot_prove: &CANNOT_PROVE,
        source,
    })
}

fn empty() -> Error {
    Error::new(Kind::Verify, "a ceremony without entries has no record")
}

/// The script as the log has it. One that an earlier version ran may not pass today's check, and is shown all the same.
fn script(course: &Course) -> Option<Script> {
    let (_, adopted) = course.script.as_ref()?;
    Script::read(&adopted.name, &adopted.text).ok()
}

/// Steps in the order in which the log has them, where the script cannot be read.
fn steps_as_logged(people: &[(usize, &Entry)]) -> Vec<script::Step> {
    let mut steps: Vec<script::Step> = Vec::new();
    for (_, entry) in people {
        let (Record::StepDone(StepDone { step, activity }) | Record::StepSkipped(StepSkipped { step, activity, .. })) =
            &entry.record
        else {
            continue;
        };
        if steps.iter().all(|known| known.id != *step) {
            steps.push(script::Step {
                id: step.clone(),
                activity: activity.clone(),
                by: entry.header.actors.join(", "),
                minutes: None,
                note: None,
                items: Vec::new(),
                values: Vec::new(),
                text: None,
                line: 0,
                column: 0,
            });
        }
    }
    steps
}

fn configuration(course: &Course) -> Option<Configuration> {
    let (entry, adopted) = course.config.as_ref()?;
    let (key_backup, loss) = match Config::parse(&adopted.text).map(|config| config.key_backup.mode) {
        Ok(BackupMode::None) => (
            "none",
            "There is no backup of the root key: when the token is lost, nothing can be signed any more, and every mesh \
             needs a new root.",
        ),
        Ok(BackupMode::Clone) => (
            "clone",
            "A second token, or a copy of the token's files, holds the root key: whoever has it and what opens it can sign. \
             When the token is lost, work goes on with a copy that was proved; without one, every mesh needs a new root.",
        ),
        Ok(BackupMode::Wrapped) => (
            "wrapped",
            "The root key is made so that it leaves its token once, wrapped under a key that the custodians' shares give: \
             enough custodians and that file equal the key. Once the file is proved, the key cannot be wrapped again. A \
             key that is made anew of the file was not always in one token, and its attributes say so.",
        ),
        Err(_) => ("not read", "The configuration is of another version; its text is in the log."),
    };
    Some(Configuration { sha256: adopted.sha256, entry: *entry, key_backup, loss })
}

/// A typed value, with the time and the role of its entry.
fn filled(entry: &Entry, value: &str) -> Filled {
    Filled { value: value.to_owned(), entry: entry.seq, time: entry.header.time, by: entry.header.actors.clone() }
}

/// What people recorded in a ceremony, in order.
struct Values<'a>(Vec<(&'a Entry, &'a ValueRecorded)>);

impl<'a> Values<'a> {
    fn of(people: &[(usize, &'a Entry)]) -> Self {
        let values = people.iter().filter_map(|(_, entry)| match &entry.record {
            Record::ValueRecorded(value) => Some((*entry, value)),
            _ => None,
        });
        Self(values.collect())
    }

    /// Those of a step.
    fn at(&self, step: &str) -> impl Iterator<Item = (&'a Entry, &'a ValueRecorded)> {
        self.0.iter().filter(move |(_, value)| value.step == step).copied()
    }

    /// The newest of a name, at a step or anywhere.
    fn newest(&self, step: Option<&str>, name: &str) -> Option<Filled> {
        let found = self.0.iter().rev().find(|(_, v)| v.name == name && step.is_none_or(|step| v.step == step));
        found.map(|(entry, value)| filled(entry, &value.value))
    }
}

fn participants(values: &Values<'_>, steps: &[script::Step], names: &Names) -> Vec<Participant> {
    let of = |activity: &'static str| steps.iter().filter(move |step| step.activity == activity);
    let here = of("participants").flat_map(|step| values.at(&step.id));
    here.map(|(entry, value)| {
        let (name, names) = names.open(&entry.header.session, &value.value);
        Participant {
            role: value.name.clone(),
            name,
            commitment: value.value.clone(),
            names,
            entry: entry.seq,
            signed_off: of("sign-off").find_map(|step| values.newest(Some(&step.id), &value.name)),
        }
    })
    .collect()
}

/// A value of the script with what was recorded under its name, at its step or anywhere.
fn value(course: &Course, values: &Values<'_>, step: Option<&str>, value: &script::Value) -> Value {
    let recorded = values.newest(step, &value.name);
    let before = value.continues.as_ref().and_then(|name| course.values.get(name)).cloned();
    let same = recorded.as_ref().zip(before.as_ref()).map(|(now, before)| same(before, &now.value));
    Value { name: value.name.clone(), recorded, continues: value.continues.clone(), before, same }
}

/// What lay ready, as it was laid out: the same name may be recorded again when it is put away.
fn materials(course: &Course, values: &Values<'_>, script: Option<&Script>) -> Vec<Material> {
    let Some(script) = script else { return Vec::new() };
    let step = script.steps.iter().find(|step| step.activity == "materials").map(|step| step.id.as_str());
    let filled = |material: &script::Material| Material {
        item: material.item.clone(),
        ticked: values.newest(step, &material.item),
        values: material.record.iter().map(|v| value(course, values, step, v)).collect(),
    };
    script.materials.iter().map(filled).collect()
}

/// That a step was done or left out, where an entry says so.
fn ended(entry: &Entry) -> Option<Filled> {
    match &entry.record {
        Record::StepDone(_) => Some(filled(entry, "done")),
        Record::StepSkipped(_) => Some(filled(entry, "left out")),
        _ => None,
    }
}

fn fill(
    course: &Course,
    values: &Values<'_>,
    number: usize,
    step: &script::Step,
    finished: Vec<Filled>,
    acts: Listed<Act>,
) -> Step {
    let state = match finished.last().map(|last| last.value.as_str()) {
        Some("done") => "done",
        Some(_) => "left out",
        None => "not done",
    };
    let ticked = |item: &String| Item { item: item.clone(), ticked: values.newest(Some(&step.id), item) };
    Step {
        number,
        id: step.id.clone(),
        activity: step.activity.clone(),
        title: vocabulary::find(&step.activity).map_or_else(|| step.activity.clone(), |a| a.says.to_owned()),
        by: step.by.clone(),
        minutes: step.minutes,
        note: step.note.clone(),
        text: step.text.clone(),
        items: step.items.iter().map(ticked).collect(),
        values: step.values.iter().map(|v| value(course, values, Some(&step.id), v)).collect(),
        state,
        finished,
        acts,
    }
}
