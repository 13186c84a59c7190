//! Sheets for shares: where a custodian writes the words of a share by hand, and nothing else ever does.
//!
//! A sheet knows which share it is for, and its shape; it has no place for a word but blanks.

use super::{Head, document, parts};
use crate::text;
use maud::{Markup, html};

/// The share that a sheet is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet<'a> {
    /// The authority.
    pub authority: &'a str,
    /// `TEST` or `REHEARSAL`; `None` for the real thing.
    pub mark: Option<&'a str>,
    /// The set's id as people compare it; `None` to be written by hand, before there is a set.
    pub set: Option<&'a str>,
    /// The share's number, from 1; `None` to be written by hand.
    pub index: Option<u8>,
    /// How many shares give the seed.
    pub threshold: u8,
    /// How many shares there are.
    pub of: u8,
    /// Rows of words.
    pub rows: usize,
    /// Words in a row, without its check word.
    pub words: usize,
    /// What the PINs are derived as: what a script that is not this program has to be told.
    pub pins: &'a str,
}

/// Sheets for shares, a page each.
pub fn sheets(sheets: &[Sheet<'_>]) -> String {
    let authority = sheets.first().map_or("", |sheet| sheet.authority);
    let mark = sheets.first().and_then(|sheet| sheet.mark);
    let body = html! { @for sheet in sheets { (page(sheet)) } };
    document(&Head { title: "Sheets for shares", running: authority, foot: "handwritten only", mark }, &body)
}

fn page(sheet: &Sheet<'_>) -> Markup {
    let Sheet { threshold, of, .. } = sheet;
    let share = match sheet.index {
        Some(index) => format!("Share {index} of {of} · PIN of the token"),
        None => format!("Share ____ of {of} · PIN of the token"),
    };
    parts::page(
        &share,
        &html! {
            (parts::fields(&[
                ("authority", html! { (text::escape(sheet.authority)) }),
                ("set", match sheet.set {
                    Some(set) => html! { code { (text::escape(set)) } },
                    None => parts::blank(""),
                }),
                ("opens the token", html! { "any " (threshold) " of the " (of) " shares together; fewer say nothing" }),
                ("without Anchorite", html! { code { "share.py " (text::escape(sheet.pins)) } " (in the supplies)" }),
            ]))
            p { "Write by hand, in capitals, only while no camera and nobody else sees the screen. Then read it back: "
                "the program asks for every row. Never type it anywhere else, never photograph, copy or send it." }
            (grid(sheet))
            (parts::tick("read back, every row"))
            (parts::tick("the screen was cleared before anybody came near"))
            div.sign {
                (parts::blank("custodian")) (parts::blank("signature"))
                (parts::blank("time (UTC)")) (parts::blank("sealed in bag"))
            }
            p.small style="margin-top:4mm" {
                "Lost, seen by somebody else, or a bag that was opened: say so at once. Nothing is open as long as fewer than "
                (threshold) " shares are known; the ceremony " code { "custodian-change" } " makes a new set, and this sheet void. "
                "One share is proved good, without the others, by " code { "anchorite custody check" } "."
            }
        },
    )
}

/// Numbered rows of blanks, each ending with the blank of its check word.
fn grid(sheet: &Sheet<'_>) -> Markup {
    html! {
        table.boxed.grid {
            thead { tr {
                th style="width:10mm" { "Row" }
                @for word in 1..=sheet.words { th { "Word " (word) } }
                th { "Check word" }
            } }
            tbody { @for row in 1..=sheet.rows { tr {
                td { strong { (row) } }
                @for _ in 0..=sheet.words { td.write {} }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_a_blank_for_each_word_and_its_row_s_check() {
        let page = sheets(&[Sheet {
            authority: "Example <Mesh>",
            mark: Some("REHEARSAL"),
            set: Some("0011"),
            index: Some(2),
            threshold: 2,
            of: 3,
            rows: 9,
            words: 5,
            pins: "--user printable:40 --so digits:8",
        }]);
        assert_eq!(page.matches("<td class=\"write\"></td>").count(), 9 * 6);
        for said in
            ["Share 2 of 3", "any 2 of the 3 shares", "Example &lt;Mesh&gt;", "REHEARSAL", "Row</th>", "--so digits:8"]
        {
            assert!(page.contains(said), "{said}");
        }
    }
}
