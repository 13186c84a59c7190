//! The root card on paper: what people carry to the clusters, apart from the sticks, to pin the root by.

use super::parts::{fields, shown};
use super::{Head, document, qr, words};
use crate::consumer::card::{Card, PROVES_NOTHING};
use maud::{Markup, html};

/// The card as a page.
pub fn page(card: &Card) -> String {
    let title = format!("Root card · {}", card.name);
    let mark = match card.kind.as_str() {
        "test" => Some("TEST"),
        "rehearsal" => Some("REHEARSAL"),
        _ => None,
    };
    let rows: Vec<(&str, Markup)> =
        card.fields.iter().map(|(label, value)| (*label, html! { (shown(value)) })).collect();
    let body = html! {
        section.keep {
            h1 { "Root card" }
            p.lead { strong { (shown(&card.name)) } " · " (shown(&card.kind)) }
            (fields(&rows))
            h3 { "SHA-256 of the root certificate" }
            div.beside {
                div { p { (words::hex(&card.fingerprint)) } (words::numbered(&card.fingerprint.0)) }
                @if let Some(code) = qr::svg(&card.fingerprint.hex()) { (code) }
            }
            @if let Some(uncovered) = &card.uncovered { p { strong { (shown(uncovered)) } } }
            p { (PROVES_NOTHING) }
            p { code { "anchorite open BUNDLE --into DIR --root-fingerprint …" } br;
                code { "openssl x509 -in root-cert.pem -noout -fingerprint -sha256" } }
        }
    };
    document(&Head { title: &title, running: &title, foot: &card.fingerprint.short(), mark }, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::words::words;

    #[test]
    fn the_paper_says_what_the_text_says() {
        let card = Card {
            name: "A <b>".to_owned(),
            kind: "test".to_owned(),
            fingerprint: Digest::of(b"root"),
            fields: vec![("subject", "CN=<script>".to_owned())],
            uncovered: Some("History before entry 7 is not covered.".to_owned()),
        };
        let page = page(&card);
        assert!(page.contains("CN=&lt;script&gt;") && page.contains("entry 7") && page.contains("TEST"), "{page}");
        assert!(words(&card.fingerprint.0).iter().all(|word| page.contains(word)));
    }
}
