//! The root card: what people pin a root by, as text. One page: words, hex, dates.

use crate::digest::Digest;
use crate::error::Error;
use crate::screen::Screen;
use crate::words;
use crate::x509::read::{self, show_name};

/// The card of a root certificate (DER); its fingerprint is the SHA-256 of the certificate. `uncovered` says what the
/// authority's log did not see of it.
///
/// # Errors
/// [`Kind::Verify`](crate::error::Kind::Verify) where the certificate does not parse.
pub fn root_card(name: &str, kind: &str, origin: &str, der: &[u8], uncovered: Option<&str>) -> Result<Screen, Error> {
    let view = read::certificate(der)?.view;
    let fingerprint = Digest::of(der);
    let mut card = Screen::new()
        .heading(format!("Root card · {name}"), kind)
        .field("subject", show_name(&view.subject))
        .field("valid", format!("{} → {}", view.not_before, view.not_after))
        .field("key", view.spki.spec().title())
        .field("serial", view.serial.colons())
        .field("log", origin)
        .field("sha256", fingerprint.hex())
        .field("words", "");
    for row in words::rows(&fingerprint.0) {
        card = card.verbatim(format!("    {row}"));
    }
    if let Some(uncovered) = uncovered {
        card = card.text(uncovered);
    }
    Ok(card
        .text("A root that comes on the same stick as a bundle proves nothing: compare this card with one that came another way.")
        .verbatim(format!("    anchorite open BUNDLE --into DIR --root-fingerprint {}…", fingerprint.short())))
}
