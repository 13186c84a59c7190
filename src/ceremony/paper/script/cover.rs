//! The first pages: what this paper is, told from any other by its digest; and what has to be right before
//! step 1.

use super::Printout;
use crate::ceremony::paper::parts::{blank, fields, page, shown, square, tick};
use crate::ceremony::paper::{qr, words};
use maud::{Markup, html};

/// The cover.
pub fn cover(printout: &Printout<'_>) -> Markup {
    let script = printout.script;
    let line = format!("{}  {}", script.sha256.hex(), shown(printout.file));
    let minutes: u32 = script.steps.iter().filter_map(|step| step.minutes).sum();
    html! {
        section.keep {
            h1 { (shown(&script.title)) }
            @if let Some(authority) = &printout.authority {
                p.lead { strong { (shown(&authority.config.name)) } " · " (authority.config.kind.name()) }
            }
            p.lead { (shown(&script.purpose)) }
            p.lead { (square()) "practice" span style="margin-left:14mm" { (square()) "production" }
                span.small style="margin-left:14mm" { "tick one; a practice proves nothing and signs nothing real" } }
            h3 { "This paper is the program" }
            div.beside {
                div {
                    p { "The program asks each of you for some of these words, and shows none of them: type them from "
                        "here. Where it does not take them, it runs another script: stop." }
                    (words::numbered(&script.sha256.0))
                }
                @if let Some(code) = qr::svg(&line) { (code) }
            }
            (fields(&[
                ("script", html! {
                    code { (shown(printout.file)) } ", " (script.steps.len()) " steps"
                    @if minutes > 0 { ", planned " (duration(minutes)) }
                }),
                ("SHA-256", words::hex(&script.sha256)),
            ]))
            @if let Some(authority) = &printout.authority {
                h3 { "The configuration" }
                (fields(&[("authority.toml", words::hex(&authority.sha256))]))
                (words::numbered(&authority.sha256.0))
                @if authority.in_force.is_some_and(|in_force| in_force != authority.sha256) {
                    p { strong { "Another text is in force." } " The ceremony shows the difference and adopts this one, or ends." }
                }
            }
            div.sign {
                (blank("place")) (blank("date"))
                (blank("begun (UTC)")) (blank("ended (UTC)"))
            }
        }
    }
}

/// What has to be right before step 1: software, materials.
pub fn before(printout: &Printout<'_>) -> Markup {
    page("Before step 1", &html! { (software(printout)) (materials(printout)) })
}

fn software(printout: &Printout<'_>) -> Markup {
    html! {
        h3 { "Software, checked from outside" }
        p { "On the ceremony's machine, in the directory of the supplies stick, with the system's own program, before "
            "Anchorite runs:" }
        p { code { "sha256sum -c SHA256SUMS" } }
        p { "Every line ends with OK. Then compare what it checked with this table, digit by digit: one person reads, "
            "another looks." }
        table.boxed {
            thead { tr { th style="width:12mm" {} th style="width:54mm" { "File" } th { "SHA-256" } } }
            tbody { @for software in &printout.software { tr {
                td { (square()) }
                td { code { (shown(&software.name)) } }
                @match &software.sha256 {
                    Some(sha256) => { td { (words::hex(sha256)) } },
                    None => { td.write { span.small { "not known where this was printed: write it in" } } },
                }
            } } }
        }
    }
}

fn materials(printout: &Printout<'_>) -> Markup {
    let materials = &printout.script.materials;
    let brought: Vec<&String> = printout.native().iter().flat_map(|native| &native.quorum.bring).collect();
    html! {
        @if !materials.is_empty() || !brought.is_empty() {
            h3 { "Materials" }
            table.boxed {
                thead { tr { th { "On the table" } th style="width:98mm" { "Numbers" } } }
                tbody { @for material in materials { tr {
                    td { (tick(&material.item)) }
                    td { @for value in &material.record { (super::steps::value(value, &printout.last)) } }
                } }
                @for item in &brought { tr {
                    td { (tick(item)) }
                    td { p.small { "for the token's own quorum" } }
                } } }
            }
        }
    }
}

/// Minutes as hours and minutes.
pub fn duration(minutes: u32) -> String {
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}
