//! The vendor's evidence of where a key was made, kept in the log: what the token holds, and what people bring.
//!
//! It is judged as far as anybody can who does not know the vendor; nothing is refused for what it says, since a
//! key is not better or worse for it. Whether the last issuer is the vendor, people compare.

use crate::ceremony::people::Stop;
use crate::ceremony::room::Room;
use crate::digest::{Base64, Digest};
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::log::record::KeyAttested;
use crate::screen::Screen;
use crate::token::{Evidence, KeyRole};
use crate::x509::attested;

/// A piece of evidence and where it came from: `token` or `file`.
pub type Piece = (Evidence, &'static str);

/// Reads what the token holds for a key and keeps what is new. Does nothing where the profile names nothing.
///
/// # Errors
/// [`Stop`]: the token does not give what it lists; what was kept before stays.
pub fn keep_from_token(
    room: &mut Room<'_>,
    keys: &mut Keyring,
    (role, generation): (KeyRole, u32),
) -> Result<usize, Stop> {
    let Some(key) = room.journal.state().key_of(role.name(), generation) else { return Ok(0) };
    let id = crate::token::KeyId(key.id.clone());
    let found = keys.token(role)?.attestations(&id)?;
    keep(room, (role, generation), found.into_iter().map(|evidence| (evidence, "token")).collect())
}

/// Keeps pieces of evidence for a key, each once, in the log, and shows them; how many were new.
///
/// # Errors
/// [`Stop`]; [`Kind::Bug`] for a key that the log does not have.
pub fn keep(room: &mut Room<'_>, (role, generation): (KeyRole, u32), pieces: Vec<Piece>) -> Result<usize, Stop> {
    let state = room.journal.state();
    let key = state.key_of(role.name(), generation);
    let (Some(id), Some(spki)) = (key.map(|key| key.id.clone()), key.and_then(|key| key.spki.clone())) else {
        return Err(Error::new(Kind::Bug, "evidence for a key that is not there").into());
    };
    let mut known: Vec<(Digest, Vec<u8>)> = state
        .attested(role.name(), generation)
        .map(|piece| (piece.record.sha256, piece.record.bytes.0.clone()))
        .collect();
    let mut records = Vec::new();
    for (evidence, source) in signers_first(pieces) {
        let sha256 = Digest::of(&evidence.bytes);
        if known.iter().any(|(digest, _)| *digest == sha256) {
            continue;
        }
        let signer = known.iter().find(|(_, by)| attested::signed(by, &evidence.bytes));
        let record = KeyAttested {
            id: id.clone(),
            role: role.name().to_owned(),
            generation,
            name: evidence.name,
            source: source.to_owned(),
            of: attested::judge(&evidence.bytes, &spki).name().to_owned(),
            signed_by: signer.map(|(digest, _)| *digest),
            sha256,
            bytes: Base64(evidence.bytes.clone()),
        };
        known.push((sha256, evidence.bytes));
        records.push(record);
    }
    if records.is_empty() {
        return Ok(0);
    }
    let shown = screen(role, &records);
    let count = records.len();
    room.journal.append(records.into_iter().map(Into::into).collect())?;
    room.people.show(&shown)?;
    Ok(count)
}

/// The same pieces, each after the one whose key signed it, as far as that is among them.
fn signers_first(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut sorted = Vec::new();
    while !pieces.is_empty() {
        let waits = |place: usize| {
            let others = pieces.iter().enumerate().filter(|(other, _)| *other != place);
            let bytes = pieces.get(place).map_or(&[][..], |(evidence, _)| &evidence.bytes);
            others.into_iter().any(|(_, (by, _))| by.bytes != bytes && attested::signed(&by.bytes, bytes))
        };
        // A ring of signatures has no first; any will do.
        let next = (0..pieces.len()).find(|place| !waits(*place)).unwrap_or(0);
        sorted.push(pieces.remove(next));
    }
    sorted
}

fn screen(role: KeyRole, records: &[KeyAttested]) -> Screen {
    let mut screen = Screen::new().heading(format!("The vendor's evidence for the {} key", role.name()), "kept");
    for record in records {
        screen = screen.field(&record.source, &record.name).field("", says(&record.of));
        if record.signed_by.is_some() {
            screen = screen.field("", "signed by one before it");
        }
        screen = screen.field("sha256", record.sha256.hex());
    }
    screen.text("Whether its last issuer is the vendor is not known here: compare it with what the vendor publishes.")
}

/// What a piece is, in words.
pub fn says(of: &str) -> &'static str {
    match of {
        "key" => "a certificate of this very key",
        "itself" => "a certificate of this key by itself: it shows nothing",
        "device" => "a certificate of another key: the device's, or above it",
        _ => "in the vendor's own form: checked with the vendor's own tool",
    }
}
