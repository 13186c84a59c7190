//! The pages that people fill in: who was here, what was not as the script says, what is true at the end.

use super::Printout;
use crate::authority::config::Emergency;
use crate::ceremony::paper::parts::{blank, lines, page, shown, signatures, square, tick};
use crate::ceremony::paper::words;
use crate::ceremony::script::ScriptKind;
use maud::{Markup, html};

/// Places for people without a role.
const OTHERS: usize = 3;
/// Sheets for exceptions, two on a page.
const EXCEPTIONS: usize = 4;

/// Who was here, when, and whether they agree.
pub fn participants(seats: &[String], emergency: Option<Markup>, native: Option<Markup>) -> Markup {
    let others = std::iter::repeat_n("", OTHERS);
    page(
        "Participants",
        &html! {
            p { "Everybody in the room signs when coming and writes the time of coming and going. To sign is to say: I was "
                "here, I saw what the steps say that I saw. Who does not agree ticks the box and says why; that is no fault "
                "and stops nothing." }
            @if let Some(emergency) = &emergency { (emergency) }
            @if let Some(native) = &native { (native) }
            table.boxed {
                thead { tr {
                    th style="width:28mm" { "Role" } th { "Name, printed" } th { "Signature" }
                    th style="width:20mm" { "Came (UTC)" } th style="width:20mm" { "Went (UTC)" }
                } }
                @for role in seats.iter().map(String::as_str).chain(others) {
                    tbody.whole {
                        tr { td { (shown(role)) } td.write {} td.write {} td.write {} td.write {} }
                        tr { td colspan="5" { div.blank { span { (square()) "I do not agree; remark:" } b {} } } }
                    }
                }
            }
        },
    )
}

/// Who may stand in for whom, and which roles may be left out, where the script is one for emergencies.
pub fn emergency(printout: &Printout<'_>) -> Option<Markup> {
    if printout.script.kind != ScriptKind::Emergency {
        return None;
    }
    let setting = printout.authority.as_ref().map(|authority| &authority.config.emergency);
    Some(html! {
        h3 { "Who can be done without" }
        @match setting {
            Some(Emergency { waivable, alternates }) => {
                @for (role, who) in alternates {
                    p { (square()) "In place of the " (shown(role)) " came: " (shown(who)) ". ("
                        code { "--alternate " (shown(role)) } ")" }
                }
                @for role in waivable {
                    p { (square()) "The " (shown(role)) " may be left out, with a reason; the administrator answers in that "
                        "place. (" code { "--waive " (shown(role)) } ")" }
                }
                @if waivable.is_empty() && alternates.is_empty() { p { "Nobody: authority.toml names no role." } }
            }
            None => p { "What [emergency] of authority.toml says, and nobody else." },
        }
        p { "Shares of custodians are never waived: the token opens to as many as ever." }
    })
}

/// Who opens the token by its vendor's own quorum, beside whoever knows the PIN.
pub fn native(printout: &Printout<'_>) -> Option<Markup> {
    let all = printout.native();
    (!all.is_empty()).then(|| {
        html! {
            @for native in all {
                h3 { "Who opens the " (native.role) " token: " (shown(&native.title)) }
                @for sentence in &native.quorum.says { p { (shown(sentence)) } }
                (blank("who of its quorum is here"))
            }
        }
    })
}

/// Sheets for what was not as the script says.
pub fn exceptions() -> Markup {
    page(
        "Exceptions",
        &html! {
            p.small { "One for each deviation, in the words that are typed at the screen (" strong { "d" } "). Nothing is too small. "
                "More are printed with this script, or written on the back of a page, signed." }
            @for number in 1..=EXCEPTIONS { (exception(number)) }
        },
    )
}

fn exception(number: usize) -> Markup {
    html! {
        div.keep {
            h3 { "Exception " (number) }
            div.sign { (blank("at step")) (blank("time (UTC)")) }
            @for (what, more) in [("expected", 1), ("happened", 2), ("decided", 1)] { (blank(what)) (lines(more)) }
            div.sign { (blank("initials, administrator")) (blank("initials, witness")) }
        }
    }
}

/// The last page: what the log ends with, signed in the room.
pub fn closing(seats: &[String]) -> Markup {
    page(
        "At the end",
        &html! {
            p { "The last step shows the tree size and eight words of the closing checkpoint. The witness writes them here "
                "from the screen, another person reads them back. With the signatures below this page is the only evidence "
                "that depends on neither the laptop nor the token; the next ceremony begins by comparing it." }
            (blank("tree size"))
            (words::blanks(8))
            div.sign { (blank("time (UTC)")) (blank("exceptions, number")) }
            (tick("the screen with the words and its code was photographed: no secret is on it"))
            (tick("the token is in its bag, sealed, its number written at the step"))
            (tick("the sticks were taken out and labelled; the machine is off"))
            h3 { "Signed in the room" }
            (signatures(seats))
            (blank("remarks"))
            (lines(2))
        },
    )
}
