//! The steps: numbered as on the screen, with a box, who acts, what to tick, write and read aloud, initials and time.

use super::Printout;
use super::cover::duration;
use crate::ceremony::paper::parts::{self, blank, shown, square, tick};
use crate::ceremony::script::{Step, Value};
use crate::ceremony::steps::unlock_token;
use crate::ceremony::vocabulary;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// What people write down at a machine's step, besides what the script asks for.
const BLANKS: &[(&str, &[&str])] = &[
    ("preflight", &["checks that warned"]),
    ("confirm-clock", &["the watch (UTC)", "the machine (UTC)"]),
    ("initialize-token", &["token's serial number"]),
    ("unlock-token", &["token's serial number"]),
    ("split-custody", &["set"]),
    ("change-custody", &["new set"]),
    ("review-plans", &["plans approved", "plans declined"]),
    ("sign", &["signatures made"]),
    ("break", &["from", "to"]),
];

/// What people do with this paper at a step.
const ON_PAPER: &[(&str, &str)] = &[
    ("participants", "everybody signs the participants' page"),
    ("compare-script", "the words that the screen asks for are typed from the cover of one's own paper"),
    ("adopt-config", "the words of the configuration are those on the cover"),
    ("import-requests", "each request on the screen is one that was expected; any other is an exception"),
    ("close", "tree size and words are written on the last page, read back, and signed"),
];

/// The pages of steps.
pub fn page(printout: &Printout<'_>) -> Markup {
    let mut planned = 0;
    let rows = printout.script.steps.iter().enumerate().map(|(position, step)| {
        planned += step.minutes.unwrap_or(0);
        row(position + 1, step, planned, printout)
    });
    let rows: Vec<Markup> = rows.collect();
    parts::page(
        "Steps",
        &html! {
            p.small { "The program numbers the steps as here and shows one at a time. Tick a step when it is done; the witness "
                "initials it and writes the time (UTC). What is not as it stands here is an exception: type " strong { "d" }
                ", and take an exception sheet." }
            table.steps {
                thead { tr { th.number { "Step" } th {} th.initials { "Initials" } th.time { "Time" } } }
                tbody { @for row in &rows { (row) } }
            }
        },
    )
}

fn row(number: usize, step: &Step, planned: u32, printout: &Printout<'_>) -> Markup {
    let last = &printout.last;
    let native = if step.activity == unlock_token::ACTIVITY.name { printout.native() } else { &[] };
    let activity = vocabulary::find(&step.activity);
    let says = activity.map_or(step.activity.as_str(), |activity| activity.says);
    let extra = BLANKS.iter().find(|(name, _)| *name == step.activity).map_or(&[][..], |(_, blanks)| blanks);
    let on_paper = ON_PAPER.iter().find(|(name, _)| *name == step.activity).map(|(_, what)| *what);
    html! {
        tr {
            td.number { (square()) (number) }
            td {
                div.step { (shown(says)) }
                div.who {
                    strong { (shown(&step.by)) } " · " code { (shown(&step.id)) }
                    @if let Some(minutes) = step.minutes { " · " (minutes) " min, until " (duration(planned)) }
                }
                @if let Some(medium) = activity.and_then(|activity| activity.medium) {
                    (tick(&format!("insert the {} stick; the program names it and its id", medium.name().to_uppercase())))
                }
                @if let Some(note) = &step.note { p { (shown(note)) } }
                @for item in &step.items { (tick(item)) }
                @if let Some(text) = &step.text { div.aloud { (crate::text::escape_lines(text.trim())) } }
                @for value in &step.values { (self::value(value, last)) }
                @if let Some(what) = on_paper { (tick(what)) }
                @for native in native {
                    (tick(&format!("the {} token's own quorum is here (see the participants' page)", native.role)))
                }
                @for what in extra { (blank(what)) }
            }
            td.initials {}
            td.time {}
        }
    }
}

/// A value to write in; one that continues another says with what it is compared.
pub fn value(value: &Value, last: &BTreeMap<String, String>) -> Markup {
    html! {
        (blank(&value.name))
        @if let Some(continued) = &value.continues {
            @match last.get(continued) {
                Some(before) => { p.small { "must equal what the last ceremony recorded: " strong { code { (shown(before)) } } } },
                None => { p.small { "compare with the last closing value (" (shown(continued)) "), on the last paper" } },
            }
            (tick("equal; if not, an exception"))
        }
    }
}
