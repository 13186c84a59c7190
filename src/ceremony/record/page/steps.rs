//! The steps with what happened at each, and the sessions that they happened in.

use super::{entry, filled, ticked, utc};
use crate::ceremony::paper::parts::{self, fields, shown};
use crate::ceremony::record::account::{Account, Filled, Session, Step, Value};
use crate::ceremony::record::act::{Act, Detail};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// What lay ready; nothing where the script names nothing.
pub fn materials(account: &Account) -> Markup {
    html! {
        @if !account.materials.is_empty() { h3 { "Materials" } }
        @for material in &account.materials {
            div.keep {
                (tick(&material.item, material.ticked.as_ref()))
                @for value in &material.values { (self::value(value)) }
            }
        }
    }
}

/// The pages of steps.
pub fn page(account: &Account) -> Markup {
    parts::page(
        "Steps",
        &html! {
            p.small { "Numbered as on the paper. Beside each act stand its time, which is the clock's claim (UTC), and its "
                "entry in the log, whose order is what counts." }
            @for step in &account.steps { (self::step(step, account)) }
        },
    )
}

fn step(step: &Step, account: &Account) -> Markup {
    let mut rows = confirmations(step);
    rows.extend(acts_of_step(step, account));
    let mut rows = rows.into_iter();
    // The head is never alone at the end of a page.
    let first = rows.next();
    html! {
        div.done {
            div.keep {
                (head(step))
                @if let Some(note) = &step.note { p { (shown(note)) } }
                @if let Some(text) = &step.text { div.aloud { (crate::text::escape_lines(text.trim())) } }
                @if let Some(row) = first { (row) }
            }
            @for row in rows { (row) }
        }
    }
}

fn head(step: &Step) -> Markup {
    html! {
        div.head {
            div.number { (ticked(step.state == "done")) (step.number) }
            div {
                div.step { (shown(&step.title)) @if step.state != "done" { " — " (step.state) } }
                div.who {
                    strong { (shown(&step.by)) } " · " code { (shown(&step.id)) }
                    @if let Some(minutes) = step.minutes { " · planned " (minutes) " min" }
                    @for end in &step.finished {
                        br; (shown(&end.value)) " by " (shown(&end.by.join(", "))) " · " (utc(end.time)) " · " (entry(end.entry))
                    }
                }
            }
        }
    }
}

/// What people tick and write down at a step, as the script has it.
fn confirmations(step: &Step) -> Vec<Markup> {
    let items = step.items.iter().map(|item| tick(&item.item, item.ticked.as_ref()));
    items.chain(step.values.iter().map(value)).collect()
}

fn tick(item: &str, said: Option<&Filled>) -> Markup {
    html! {
        div.tick { (ticked(said.is_some())) (shown(item)) " " @if let Some(said) = said { (filled(said)) } }
    }
}

/// A value as it was written down, and whether it is what it was before.
fn value(value: &Value) -> Markup {
    html! {
        div.filled {
            span { (shown(&value.name)) ": " }
            @match &value.recorded { Some(recorded) => { (filled(recorded)) }, None => { em { "not recorded" } } }
            @match (value.same, &value.before) {
                (Some(true), _) => { " · equal to the one before" },
                (Some(false), Some(before)) => { " · " strong { "NOT EQUAL" } " to the one before: " strong.written { (shown(before)) } },
                _ => {},
            }
        }
    }
}

/// The acts of a step one under the other, with a line where another session goes on with it. What stands above, in
/// the step's head, its items and its values, is not said again.
fn acts_of_step(step: &Step, account: &Account) -> Vec<Markup> {
    let ticked = step.items.iter().filter_map(|item| item.ticked.as_ref());
    let written = step.values.iter().filter_map(|value| value.recorded.as_ref());
    let said: BTreeSet<u64> = ticked.chain(written).chain(&step.finished).map(|filled| filled.entry).collect();
    let mut session = "";
    let several = account.sessions.len() > 1;
    let unsaid = |act: &&Act| act.kind == "step.skipped" || !said.contains(&act.entry);
    let rows = step.acts.iter().filter(unsaid).map(|act| {
        let goes_on = several && act.session != session;
        session = &act.session;
        let of = account.sessions.iter().find(|session| session.id == act.session).filter(|_| goes_on);
        html! {
            @if let Some(of) = of { div.session { "session " (of.number) " (" (shown(&of.outcome)) ")" } }
            (self::act(act, account, &["step", "do"]))
        }
    });
    rows.collect()
}

/// Acts one under the other.
fn acts(acts: &[Act], account: &Account) -> Markup {
    html! { div.acts { @for act in acts { (self::act(act, account, &[])) } } }
}

/// An act; details that its place says are left out.
fn act(act: &Act, account: &Account, unsaid: &[&str]) -> Markup {
    let utc = act.time.to_string();
    let (day, time) = utc.split_once('T').unwrap_or(("", &utc));
    let other_day = !account.began.to_string().starts_with(day);
    let recorded = act.kind == "value.recorded";
    let details: Vec<(&str, Markup)> = act
        .details
        .iter()
        .filter(|detail| !unsaid.contains(&detail.name.as_str()))
        .map(|detail| (detail.name.as_str(), said(detail)))
        .collect();
    html! {
        div.act {
            div.when {
                @if other_day { (shown(day)) br; }
                (shown(time.trim_end_matches('Z'))) br; (entry(act.entry))
            }
            div {
                (said_in_short(act)) " " span.small { code { (act.kind) } " · " (shown(&act.by.join(", "))) }
                @if !details.is_empty() && !recorded { (fields(&details)) }
            }
        }
    }
}

/// What an act says; what people recorded is the name that they saw and the value, whatever their length.
fn said_in_short(act: &Act) -> Markup {
    let value = act.details.iter().find(|detail| detail.name != "step").filter(|_| act.kind == "value.recorded");
    html! {
        @match value {
            Some(value) => { (shown(&value.name)) ": " strong { (said(value)) } },
            None => { strong { (shown(&act.says)) } },
        }
    }
}

fn said(detail: &Detail) -> Markup {
    let is_hex = |c: char| c.is_ascii_hexdigit() || c == ':';
    html! {
        @if detail.value.len() >= 16 && detail.value.chars().all(is_hex) { code { (shown(&detail.value)) } }
        @else { (shown(&detail.value)) }
    }
}

/// How each session began and ended, breaks and crashes between them; and what came later.
pub fn sessions(account: &Account) -> Markup {
    parts::page(
        "Sessions and software",
        &html! {
            p.small { "A pause or a crash ends a session, not the ceremony; the next one goes on at the first step not done." }
            @for session in &account.sessions { (self::session(session, account)) }
            @if !account.afterwards.is_empty() {
                h3 { "What later ceremonies say of this one" }
                (acts(&account.afterwards, account))
            }
        },
    )
}

fn session(session: &Session, account: &Account) -> Markup {
    html! {
        h3 { "Session " (session.number) ": " (shown(&session.outcome)) }
        (fields(&[
            ("id", html! { code { (shown(&session.id)) } }),
            ("began, ended", html! { (utc(session.began)) ", " (utc(session.ended)) }),
            ("times are", html! { (times(&session.time_sources)) }),
        ]))
        @if session.outcome == "interrupted" {
            p.small { "No entry says how it ended: a crash, a power cut, or a pause before the token was unlocked." }
        }
        (acts(&session.acts, account))
    }
}

/// Where times come from, in words.
fn times(sources: &[String]) -> String {
    let says = |source: &String| match source.as_str() {
        "system" => "the machine's clock".to_owned(),
        "confirmed" => "the machine's clock after a watch agreed with it".to_owned(),
        "given" => "given on the command line".to_owned(),
        other => shown(other),
    };
    sources.iter().map(says).collect::<Vec<_>>().join("; ")
}
