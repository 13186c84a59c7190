//! The root card: what people pin a root by. One page: words, hex, dates; as text here, as paper in
//! `ceremony::paper::card`.

use crate::digest::Digest;
use crate::error::Error;
use crate::screen::Screen;
use crate::words;
use crate::x509::read::{self, show_name};

/// What a card says of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The authority's name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// SHA-256 of the certificate: the fingerprint.
    pub fingerprint: Digest,
    /// The rest, by label, in order.
    pub fields: Vec<(&'static str, String)>,
    /// What the authority's log did not see of it.
    pub uncovered: Option<String>,
}

/// What has to be known whoever reads a card.
pub const PROVES_NOTHING: &str =
    "A root that comes on the same stick as a bundle proves nothing: compare this card with one that came another way.";

/// The card of a root certificate (DER); its fingerprint is the SHA-256 of the certificate. `uncovered` says what the
/// authority's log did not see of it.
///
/// # Errors
/// [`Kind::Verify`](crate::error::Kind::Verify) where the certificate does not parse.
pub fn card(name: &str, kind: &str, origin: &str, der: &[u8], uncovered: Option<&str>) -> Result<Card, Error> {
    let view = read::certificate(der)?.view;
    let fields = vec![
        ("subject", show_name(&view.subject)),
        ("valid", format!("{} → {}", view.not_before, view.not_after)),
        ("key", view.spki.spec().title().to_owned()),
        ("serial", view.serial.colons()),
        ("log", origin.to_owned()),
    ];
    let fingerprint = Digest::of(der);
    Ok(Card {
        name: name.to_owned(),
        kind: kind.to_owned(),
        fingerprint,
        fields,
        uncovered: uncovered.map(str::to_owned),
    })
}

/// The card as text; see [`card`].
///
/// # Errors
/// As [`card`].
pub fn root_card(name: &str, kind: &str, origin: &str, der: &[u8], uncovered: Option<&str>) -> Result<Screen, Error> {
    let card = card(name, kind, origin, der, uncovered)?;
    let heading = Screen::new().heading(format!("Root card · {name}"), kind);
    let mut screen = card.fields.iter().fold(heading, |screen, (label, value)| screen.field(label, value));
    screen = screen.field("sha256", card.fingerprint.hex()).field("words", "");
    for row in words::rows(&card.fingerprint.0) {
        screen = screen.verbatim(format!("    {row}"));
    }
    if let Some(uncovered) = card.uncovered {
        screen = screen.text(uncovered);
    }
    Ok(screen
        .text(PROVES_NOTHING)
        .verbatim(format!("    anchorite open BUNDLE --into DIR --root-fingerprint {}…", card.fingerprint.short())))
}
