//! Labels for sticks: what `medium prepare` marks a stick with, to be cut out and tied to it.

use super::{Head, document};
use crate::files::medium::Medium;
use crate::text;
use maud::{Markup, html};

/// A page of labels, 86 by 42 mm each, in the order given.
pub fn labels(media: &[Medium]) -> String {
    let body = html! {
        p.small { "Cut out along the dashes. The stick says the same of itself: " code { "anchorite medium show DIR" } "." }
        div.labels { @for medium in media { (label(medium)) } }
    };
    document(&Head { title: "Labels for sticks", running: "Labels for sticks", foot: "", mark: None }, &body)
}

fn label(medium: &Medium) -> Markup {
    let authority = medium.authority.as_deref().map_or_else(|| "any authority".to_owned(), text::escape);
    let day: String = medium.created.to_string().chars().take(10).collect();
    html! {
        div.label {
            strong { (medium.role) }
            div.id { code { (medium.short_id()) } @if let Some(label) = &medium.label { " " (text::escape(label)) } }
            div { (text::ellipsis(&authority, 64)) }
            div.small { "id " code { (medium.id) } ", prepared " (day) }
            div.blank { span.small { "bag" } b {} }
        }
    }
}
