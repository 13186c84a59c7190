//! The record as a document: the printed script filled in, for the screen, for A4 and for Letter.
//!
//! Owns how it looks; what it says is [`Account`]'s. Built of the parts that all paper is built of, which escape.

mod end;
mod steps;

use super::account::{Account, Exception, Filled, Noticed, Participant, Signature};
use crate::ceremony::paper::parts::{self, fields, page, shown};
use crate::ceremony::paper::{Head, document, words};
use jiff::Timestamp;
use maud::{Markup, html};

/// The document, one HTML file.
pub fn page_of(account: &Account) -> String {
    let mark = match account.authority.kind.as_str() {
        "test" => Some("TEST"),
        "rehearsal" => Some("REHEARSAL"),
        _ => None,
    };
    let title = format!("Record · {} · {}", account.authority.name, account.ceremony.title);
    let [first, last] = account.entries;
    let log: String = account.authority.log.chars().take(16).collect();
    let foot = format!("log {log}… entries {first} to {last}");
    let body = html! {
        (cover(account))
        (summary(account))
        (room(account))
        (steps::page(account))
        (steps::sessions(account))
        (end::page(account))
    };
    document(&Head { title: &title, running: &title, foot: &foot, mark }, &body)
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
    let warned = account.findings.iter().filter(|finding| finding.weight != "info").count();
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

fn summary(account: &Account) -> Markup {
    page(
        "In short",
        &html! {
            h3 { "Signed by the root key" }
            @if account.signatures.is_empty() { p { "Nothing." } } @else { (signatures(&account.signatures)) }
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
            h3 { "Findings" }
            @if account.findings.is_empty() { p { "None." } } @else { (findings(&account.findings)) }
        },
    )
}

fn signatures(signatures: &[Signature]) -> Markup {
    html! {
        table {
            thead { tr { th style="width:66mm" { "What" } th { "Number, until, SHA-256" } th style="width:20mm" { "Entries" } } }
            tbody { @for signature in signatures { tr {
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
            } } }
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

fn findings(findings: &[Noticed]) -> Markup {
    html! {
        table {
            thead { tr { th style="width:16mm" { "Weight" } th { "Rule, and about what" } th { "Seen and wanted" } th style="width:16mm" { "Entry" } } }
            tbody { @for finding in findings { tr {
                td { @if finding.weight == "info" { "info" } @else { strong { (shown(&finding.weight)) } } }
                td.small { code { (shown(&finding.rule)) } br; (shown(&finding.about)) }
                td.small {
                    "saw " (shown(&finding.seen)) br; "wanted " (shown(&finding.wanted))
                    @if let Some(reason) = &finding.reason { br; strong { "reason given: " } (shown(reason)) }
                }
                td.small { (finding.entry) }
            } } }
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
