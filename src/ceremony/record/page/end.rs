//! The last page: the closing checkpoint as text, words and QR code; what was verified and what no record proves;
//! lines to sign.

use crate::ceremony::paper::parts::{self, fields, shown};
use crate::ceremony::paper::{qr, words};
use crate::ceremony::record::account::{Account, Checkpoint};
use maud::{Markup, html};

/// The page.
pub fn page(account: &Account) -> Markup {
    let roles: Vec<String> = account.participants.iter().map(|person| person.role.clone()).collect();
    let roles = if roles.is_empty() { vec!["administrator".to_owned(), "witness".to_owned()] } else { roles };
    parts::page(
        "At the end",
        &html! {
            @match &account.checkpoint {
                Some(checkpoint) => { (self::checkpoint(checkpoint)) },
                None => { p { strong { "There is no checkpoint over the end of this ceremony." } } },
            }
            h3 { "What was verified for this record" }
            ul { @for sentence in &account.verified.was { li { (shown(sentence)) } } }
            h3 { "What was not" }
            ul { @for sentence in &account.verified.was_not { li { (shown(sentence)) } }
                @if account.verified.was_not.is_empty() { li { "Nothing is left of what can be verified here." } } }
            @for root in &account.verified.roots { (fields(&[("root SHA-256", words::hex(root))])) }
            h3 { "What no ceremony proves" }
            ul { @for sentence in account.cannot_prove { li { (sentence) } } }
            div.keep {
                h3 { "Signed by those who were there" }
                p.small { "To sign is to say: this is what I saw, and the words above are those on the paper that was signed in the room." }
                (parts::signatures(&roles))
            }
        },
    )
}

fn checkpoint(checkpoint: &Checkpoint) -> Markup {
    html! {
        h3 { @if checkpoint.closing { "The closing checkpoint" } @else { "A later checkpoint, which covers this ceremony" } }
        div.beside {
            div {
                pre { (crate::text::escape_lines(&checkpoint.note)) }
                (fields(&[
                    ("tree size", html! { strong { (checkpoint.size) } }),
                    ("root hash", words::hex(&checkpoint.root)),
                ]))
            }
            @if let Some(code) = qr::svg(&checkpoint.note) { (code) }
        }
        (words::numbered(checkpoint.root.0.get(..8).unwrap_or_default()))
        @for seen in &checkpoint.countersigned {
            p {
                strong { "Countersigned elsewhere" } " by " (shown(&seen.by)) " at " (seen.at) " by their clock, "
                @if seen.size == checkpoint.size { "this very checkpoint" }
                @else { "a later one that extends it (" (seen.size) " entries)" }
                ": entry " (seen.entry) " of the log."
            }
            pre { (shown(&seen.line)) }
        }
    }
}
