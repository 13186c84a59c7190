//! The steps with what happened at each, and the sessions that they happened in.

use super::{entry, filled, paged, put, ticked, utc};
use crate::ceremony::paper::parts::{fields, shown};
use crate::ceremony::paper::{GAP, around};
use crate::ceremony::record::account::{Account, Filled, Session, Step, Value};
use crate::ceremony::record::act::{Act, Detail};
use crate::ceremony::record::listed::Listed;
use crate::error::Error;
use crate::text::Sink;
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

/// Writes the pages of steps.
pub fn page(account: &Account, out: &mut Sink<'_>) -> Result<(), Error> {
    paged("Steps", out, |out| {
        let intro = html! {
            p.small { "Numbered as on the paper. Beside each act stand its time, which is the clock's claim (UTC), and its "
                "entry in the log, whose order is what counts." }
        };
        put(intro, out)?;
        account.steps.iter().try_for_each(|step| self::step(step, account, out))
    })
}

fn step(step: &Step, account: &Account, out: &mut Sink<'_>) -> Result<(), Error> {
    around(&html! { div.done { (GAP) } }.into_string(), out, |out| {
        // The head is never alone at the end of a page: the first row is put beside it.
        let mut headed = false;
        let mut row = |row: Markup| {
            let whole = if headed { row } else { headed_by(step, &row) };
            headed = true;
            put(whole, out)
        };
        confirmations(step).into_iter().try_for_each(&mut row)?;
        acts_of_step(step, account, &mut row)?;
        if headed { Ok(()) } else { put(headed_by(step, &html! {}), out) }
    })
}

fn headed_by(step: &Step, first: &Markup) -> Markup {
    html! {
        div.keep {
            (head(step))
            @if let Some(note) = &step.note { p { (shown(note)) } }
            @if let Some(text) = &step.text { div.aloud { (crate::text::escape_lines(text.trim())) } }
            (first)
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
fn acts_of_step(step: &Step, account: &Account, row: &mut dyn FnMut(Markup) -> Result<(), Error>) -> Result<(), Error> {
    let ticked = step.items.iter().filter_map(|item| item.ticked.as_ref());
    let written = step.values.iter().filter_map(|value| value.recorded.as_ref());
    let said: BTreeSet<u64> = ticked.chain(written).chain(&step.finished).map(|filled| filled.entry).collect();
    let mut session = String::new();
    let several = account.sessions.len() > 1;
    step.acts.each(&mut |act| {
        if act.kind != "step.skipped" && said.contains(&act.entry) {
            return Ok(());
        }
        let goes_on = several && act.session != session;
        session.clone_from(&act.session);
        let of = account.sessions.iter().find(|session| session.id == act.session).filter(|_| goes_on);
        row(html! {
            @if let Some(of) = of { div.session { "session " (of.number) " (" (shown(&of.outcome)) ")" } }
            (self::act(&act, account, &["step", "do"]))
        })
    })
}

/// Writes acts one under the other.
fn acts(acts: &Listed<Act>, account: &Account, out: &mut Sink<'_>) -> Result<(), Error> {
    around(&html! { div.acts { (GAP) } }.into_string(), out, |out| {
        acts.each(&mut |act| put(self::act(&act, account, &[]), out))
    })
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

/// Writes how each session began and ended, breaks and crashes between them; and what came later.
pub fn sessions(account: &Account, out: &mut Sink<'_>) -> Result<(), Error> {
    paged("Sessions and software", out, |out| {
        let intro = html! {
            p.small { "A pause or a crash ends a session, not the ceremony; the next one goes on at the first step not done." }
        };
        put(intro, out)?;
        for session in &account.sessions {
            put(self::session(session), out)?;
            acts(&session.acts, account, out)?;
        }
        if account.afterwards.is_empty() {
            return Ok(());
        }
        put(html! { h3 { "What later ceremonies say of this one" } }, out)?;
        acts(&account.afterwards, account, out)
    })
}

fn session(session: &Session) -> Markup {
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
