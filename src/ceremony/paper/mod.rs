//! Paper: pages that people hold, fill in and sign. The printed script, labels for sticks and sheets for shares
//! are made here; a record is built of the same parts.
//!
//! A document is one HTML file that needs nothing else: no script, no font, no picture from elsewhere. It prints
//! on A4 and Letter, with what it is and "page x of y" on each page (CSS Paged Media, margin boxes). Never here:
//! files, clocks, tokens; nor unescaped data: values reach a page through `maud` alone.

pub mod card;
pub mod label;
pub mod parts;
pub mod qr;
pub mod script;
pub mod share;
pub mod words;

use crate::error::Error;
use crate::text::{self, Sink};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How pages look; a constant of ours, the only text that is not escaped.
const STYLE: &str = include_str!("style.css");

/// What stands on every page of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// The document's title, which a printer or a browser shows.
    pub title: &'a str,
    /// At the top of each page: whose paper this is, and of what.
    pub running: &'a str,
    /// At the foot of each page: what tells this paper from another, such as the beginning of a digest.
    pub foot: &'a str,
    /// `TEST` or `REHEARSAL` across each page; `None` for the real thing.
    pub mark: Option<&'a str>,
}

/// A whole document: `body` is a row of [`parts::page`]s.
pub fn document(head: &Head<'_>, body: &Markup) -> String {
    let mark = head.mark.unwrap_or_default();
    let margins =
        format!("--running:{};--foot:{};--mark:{}", css_string(head.running), css_string(head.foot), css_string(mark));
    let page = html! {
        (DOCTYPE)
        html lang="en" style=(margins) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                // Nothing is fetched, whatever a value says.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (text::escape(head.title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if !mark.is_empty() { div.mark aria-hidden="true" { (text::escape(mark)) } }
                (body)
            }
        }
    };
    page.into_string()
}

/// Stands where a template goes around what is written piece by piece ([`around`]). No value has it: what people see
/// has no control character.
pub const GAP: PreEscaped<&str> = PreEscaped("\0");

/// Writes a template with one [`GAP`], and in place of that what `within` writes.
///
/// # Errors
/// Of `out` and of `within`.
pub fn around(
    template: &str,
    out: &mut Sink<'_>,
    within: impl FnOnce(&mut Sink<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (before, behind) = template.split_once('\0').unwrap_or((template, ""));
    out(before)?;
    within(out)?;
    out(behind)
}

/// A string of CSS: whatever is not a letter or a digit is a numeric escape, so it ends nowhere early. A space is
/// one too: behind an escape it would belong to that. Source: CSS Syntax Module Level 3, 4.3.7.
fn css_string(s: &str) -> String {
    let mut out = String::from("'");
    for c in text::escape(s).chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            out.push_str(&format!("\\{:06x}", u32::from(c)));
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_ends_neither_a_string_nor_an_element() {
        let name = "A'\";}</style><script>\u{202e}";
        let page = document(&Head { title: name, running: name, foot: name, mark: Some(name) }, &html! {});
        assert!(!page.contains("<script>") && !page.contains('\u{202e}'), "{page}");
        assert_eq!(page.matches("</style>").count(), 1);
        assert_eq!(css_string("a' b\\"), "'a\\000027\\000020b\\00005c'");
    }

    #[test]
    fn a_template_goes_around_what_is_written_piece_by_piece() {
        let mut whole = String::new();
        let mut out = |piece: &str| {
            whole.push_str(piece);
            Ok(())
        };
        let value = text::escape("a\0b");
        let template = html! { p { (value) } div { (GAP) } p {} }.into_string();
        around(&template, &mut out, |out| out("<i>1</i>").and_then(|()| out("<i>2</i>"))).unwrap();
        assert_eq!(whole, "<p>a\\u{0}b</p><div><i>1</i><i>2</i></div><p></p>");
    }

    #[test]
    fn a_document_fetches_nothing() {
        let page = document(&Head { title: "t", running: "r", foot: "f", mark: None }, &html! {});
        for outside in ["http:", "https:", "url(", "@import", "src=", "<link", "<script"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("class=\"mark\""));
    }
}
