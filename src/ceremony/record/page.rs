//! The record as a document: the printed script filled in, for the screen, for A4 and for Letter.
//!
//! Owns how it looks; what it says is [`Account`]'s. Built of the parts that all paper is built of, which escape.

mod end;
mod steps;

use super::account::{Account, Exception, Filled, Noticed, Participant, Signature};
use crate::ceremony::paper::parts::{self, fields, page, shown};
use crate::ceremony::paper::{GAP, Head, around, document, words};
use crate::error::Error;
use crate::text::Sink;
use jiff::Timestamp;
use maud::{Markup, html};

/// Writes the document, one HTML file, piece by piece: memory holds a row of it.
///
/// # Errors
/// Of `out`; [`Kind::Medium`](crate::error::Kind::Medium): the log cannot be read, or is another than it was. What
/// went before was handed on.
pub fn write(account: &Account, out: &mut Sink<'_>) -> Result<(), Error> {
    let mark = match account.authority.kind.as_str() {
        "test" => Some("TEST"),
        "rehearsal" => Some("REHEARSAL"),
        _ => None,
    };
    let title = format!("Record · {} · {}", account.authority.name, account.ceremony.title);
    let [first, last] = account.entries;
    let log: String = account.authority.log.chars().take(16).collect();
    let foot = format!("log {log}… entries {first} to {last}");
    let head = Head { title: &title, running: &title, foot: &foot, mark };
    around(&document(&head, &html! { (GAP) }), out, |out| {
        put(cover(account), out)?;
        summary(account, out)?;
        put(room(account), out)?;
        steps::page(account, out)?;
        steps::sessions(account, out)?;
        put(end::page(account), out)
    })
}

/// Writes a part that is whole.
fn put(part: Markup, out: &mut Sink<'_>) -> Result<(), Error> {
    out(&part.into_string())
}

/// Writes a page of its own.
fn paged(
    title: &str,
    out: &mut Sink<'_>,
    within: impl FnOnce(&mut Sink<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    around(&page(title, &html! { (GAP) }).into_string(), out, within)
}

/// `2026-11-21 09:30:12 UTC`
fn utc(time: Timestamp) -> String {
    time.to_string().replace('T', " ").replace('Z', " UTC")
}

/// `entry 41`
fn entry(seq: u64) -> Markup {
    html! { span.nowrap { "entry " (seq) } }
}

fn cover(account: &Account) -> Markup {
    let ceremony = &account.ceremony;
    let done = account.steps.iter().filter(|step| step.state == "done").count();
    let warned = account.warned;
    let [first, last] = account.entries;
    html! {
        section.keep {
            h1 { "Record: " (shown(&ceremony.title)) }
            p.lead { strong { (shown(&account.authority.name)) } " · " (shown(&account.authority.kind)) }
            p.lead { (shown(&ceremony.purpose)) }
            p.lead { "Outcome: " strong { (shown(&account.outcome)) } }
            @if let Some(reason) = &account.reason { p { (shown(reason)) } }
            @if account.checkpoint.is_none() {
                p { strong { "No checkpoint covers the end of this ceremony: it proves nothing yet." } }
            }
            (fields(&[
                ("began", html! { (utc(account.began)) }),
                ("ended", html! { (utc(account.ended)) }),
                ("sessions", html! { (account.sessions.len()) }),
                ("steps", html! { (done) " of " (account.steps.len()) " done" }),
                ("signatures", html! { (account.signatures.len()) }),
                ("deviations", html! { (account.deviations.len()) }),
                ("findings", html! { (account.findings.len()) @if warned > 0 { ", " (warned) " of them no mere information" } }),
                ("log", html! { code { (shown(&account.authority.log)) } ", entries " (first) " to " (last) }),
                ("origin", html! { code { (shown(&account.authority.origin)) } }),
                ("ceremony", html! { code { (shown(&ceremony.id)) } }),
            ]))
            h3 { "The script that ran" }
            @if let Some(sha256) = &ceremony.script_sha256 {
                p.small { "Its words are those on the cover of the paper that people held, or it is another script." }
                (words::numbered(&sha256.0))
                (fields(&[
                    ("script", html! { code { (shown(&ceremony.name)) }
                        @if let Some(seq) = ceremony.script_entry { ", its text in " (entry(seq)) } }),
                    ("SHA-256", words::hex(sha256)),
                ]))
            } @else {
                p { "No session was opened: the log does not say which script." }
            }
            @if let Some(configuration) = &account.configuration {
                (fields(&[
                    ("authority.toml", html! { (words::hex(&configuration.sha256)) br; "its text in " (entry(configuration.entry)) }),
                    ("key backup", html! { strong { (configuration.key_backup) } ". " (configuration.loss) }),
                ]))
            }
        }
    }
}

fn summary(account: &Account, out: &mut Sink<'_>) -> Result<(), Error> {
    paged("In short", out, |out| {
        put(html! { h3 { "Signed by the root key" } }, out)?;
        if account.signatures.is_empty() {
            put(html! { p { "Nothing." } }, out)?;
        } else {
            around(&signatures(html! { (GAP) }).into_string(), out, |out| {
                account.signatures.each(&mut |row| put(signature(&row), out))
            })?;
        }
        put(exceptions(account), out)?;
        put(html! { h3 { "Findings" } }, out)?;
        if account.findings.is_empty() {
            return put(html! { p { "None." } }, out);
        }
        around(&findings(html! { (GAP) }).into_string(), out, |out| {
            account.findings.each(&mut |row| put(finding(&row), out))
        })
    })
}

fn exceptions(account: &Account) -> Markup {
    html! {
        h3 { "Deviations" }
        @if account.deviations.is_empty() { p { "None was written down." } }
        @for deviation in &account.deviations { (exception(deviation)) }
        @if !account.left_out.is_empty() {
            h3 { "Steps left out" }
            ul { @for step in &account.left_out { li {
                @if let Some(number) = step.number { "step " (number) " " }
                code { (shown(&step.step)) } ": " (shown(&step.reason)) " · " (utc(step.time)) " · " (entry(step.entry))
            } } }
        }
    }
}

fn signatures(rows: Markup) -> Markup {
    html! {
        table {
            thead { tr { th style="width:66mm" { "What" } th { "Number, until, SHA-256" } th style="width:20mm" { "Entries" } } }
            tbody { (rows) }
        }
    }
}

fn signature(signature: &Signature) -> Markup {
    html! {
        tr {
            td {
                strong { (shown(&signature.says)) }
                @if signature.status != "ok" { br; strong { (shown(&signature.status).to_uppercase()) } }
                @if let Some(subject) = &signature.subject { br; span.small { (shown(subject)) } }
            }
            td.small {
                @if let Some(serial) = &signature.serial { "serial " code { (shown(serial)) } br; }
                @if let Some(number) = signature.crl_number { "CRL number " (number) br; }
                "until " (utc(signature.not_after))
                @if let Some(sha256) = &signature.sha256 { br; (words::hex(sha256)) }
            }
            td.small { (signature.intent) @if let Some(outcome) = signature.outcome { ", " (outcome) } }
        }
    }
}

fn exception(deviation: &Exception) -> Markup {
    let step = match deviation.number {
        Some(number) => format!("Step {number} ({})", deviation.step),
        None => format!("Step {}", deviation.step),
    };
    let rows = [("expected", &deviation.expected), ("happened", &deviation.happened), ("decided", &deviation.decided)];
    let rows = rows.map(|(name, value)| (name, html! { (shown(value)) }));
    html! {
        div.keep {
            p { strong { (shown(&step)) } " · " (utc(deviation.time)) " · " (entry(deviation.entry)) }
            (fields(&rows))
        }
    }
}

fn findings(rows: Markup) -> Markup {
    html! {
        table {
            thead { tr { th style="width:16mm" { "Weight" } th { "Rule, and about what" } th { "Seen and wanted" } th style="width:16mm" { "Entry" } } }
            tbody { (rows) }
        }
    }
}

fn finding(finding: &Noticed) -> Markup {
    html! {
        tr {
            td { @if finding.weight == "info" { "info" } @else { strong { (shown(&finding.weight)) } } }
            td.small { code { (shown(&finding.rule)) } br; (shown(&finding.about)) }
            td.small {
                "saw " (shown(&finding.seen)) br; "wanted " (shown(&finding.wanted))
                @if let Some(reason) = &finding.reason { br; strong { "reason given: " } (shown(reason)) }
            }
            td.small { (finding.entry) }
        }
    }
}

fn room(account: &Account) -> Markup {
    page("Participants and materials", &html! { (participants(&account.participants)) (steps::materials(account)) })
}

fn participants(people: &[Participant]) -> Markup {
    html! {
        @if people.is_empty() { p { "Nobody's name was taken." } }
        @for person in people {
            div.keep {
                h3 { (shown(&person.role)) @if let Some(name) = &person.name { ": " (shown(name)) } }
                (fields(&[
                    ("name", html! { (said_of_name(person)) }),
                    ("commitment", html! { code { (shown(&person.commitment)) } br; (entry(person.entry)) }),
                    ("at the end", match &person.signed_off {
                        Some(said) => filled(said),
                        None => html! { "nothing was typed; the signature on paper stands" },
                    }),
                ]))
            }
        }
    }
}

fn said_of_name(person: &Participant) -> &'static str {
    match person.names {
        "opened" => "opens the log's commitment",
        "refused" => "THE FILE OF NAMES DOES NOT OPEN THE COMMITMENT: it is of somebody else, or was changed",
        "left out" => "left out",
        _ => "the file of names is not at hand",
    }
}

/// What was typed, when and by whom.
fn filled(filled: &Filled) -> Markup {
    html! {
        strong.written { (shown(&filled.value)) } " "
        span.small { (shown(&filled.by.join(", "))) " · " (utc(filled.time)) " · " (entry(filled.entry)) }
    }
}

/// A box, ticked or not.
fn ticked(yes: bool) -> Markup {
    html! { @if yes { span.box.ticked { "×" } } @else { (parts::square()) } }
}
