//! Dealing: a seed is drawn and split, and each custodian in turn gets a share and reads it back.

use super::enter::{Trouble, enter};
use super::{SetPins, derive};
use crate::bundle::seal;
use crate::ceremony::people::{People, Stop, Turn};
use crate::ceremony::room::Room;
use crate::custody::{self, ROWS, Seed, SetId, Share};
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::log::record::{CustodySplit, PinForm, SealedShare};
use crate::screen::Screen;
use crate::text;
use crate::token::{KeyRole, PinShape};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Draws a seed, deals it to the custodians of the configuration, and has each share read back. Nothing is logged:
/// the record is the caller's to append.
///
/// # Errors
/// [`Stop`]; the shares that were written down belong to nothing then.
pub fn deal(room: &mut Room<'_>, token_random: &[u8]) -> Result<(SetPins, CustodySplit), Stop> {
    let Some(config) = room.config.custody.clone() else {
        return Err(Error::new(Kind::Usage, "authority.toml has no [custody]")
            .wanted("[custody] threshold and custodians")
            .into());
    };
    let set = draw_set(room, token_random)?;
    let seed = Seed::new(draw(room, token_random)?);
    let shares = custody::deal(&seed, set, config.threshold, config.custodians, draw(room, token_random)?);
    let screen = Screen::new()
        .heading(
            format!("{} of {} custodians open the token", config.threshold, config.custodians),
            format!("set {set}"),
        )
        .text(
            "Each custodian comes to the screen alone, writes a share on a sheet and types it back from the sheet. \
             Cameras are covered; the others turn away. Nothing of it is stored or printed.",
        );
    room.people.show(&screen)?;
    let mut sealed = Vec::new();
    for share in &shares {
        let recipient = config.recipients.get(usize::from(share.index.saturating_sub(1)));
        let place = match recipient {
            Some(recipient) => {
                let (record, place) = seal(room, share, recipient)?;
                sealed.push(record);
                Some(place)
            }
            None => None,
        };
        hand_out(room.people, share, config.custodians, place.as_deref())?;
        let left = match config.custodians.saturating_sub(share.index) {
            0 => "It was the last.".to_owned(),
            left => format!("{left} to go."),
        };
        room.people.show(&Screen::new().text(format!("Custodian {} read the share back. {left}", share.index)))?;
    }
    let (user, so) = {
        let profile = room.tokens.profile(KeyRole::Root);
        (form(&profile.user_pin), form(&profile.so_pin))
    };
    let record = CustodySplit {
        set: set.hex(),
        role: KeyRole::Root.name().to_owned(),
        threshold: config.threshold,
        commitments: shares.iter().map(Share::commitment).collect(),
        user,
        so,
        sealed,
    };
    let pins = derive(&seed, set, &record.user, &record.so)?;
    Ok((pins, record))
}

/// 32 random bytes for one use.
fn draw(room: &mut Room<'_>, token_random: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
    let bytes = Zeroizing::new(room.entropy.bytes(32, token_random)?);
    let mut own = Zeroizing::new([0; 32]);
    own.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
    Ok(own)
}

/// An id that no set of this log has.
fn draw_set(room: &mut Room<'_>, token_random: &[u8]) -> Result<SetId, Error> {
    loop {
        let drawn = Hex(room.entropy.bytes(4, token_random)?);
        if let (Some(set), None) = (SetId::of_log(&drawn), room.journal.state().custody.set(&drawn)) {
            return Ok(set);
        }
    }
}

/// What PINs of a shape are derived as.
pub fn form(shape: &PinShape) -> PinForm {
    PinForm { alphabet: shape.alphabet.name().to_owned(), length: shape.derived_length() }
}

/// Seals a share to its custodian; the age file lies in `records/` and, once it is logged, in the log.
fn seal(room: &Room<'_>, share: &Share, recipient: &str) -> Result<(SealedShare, PathBuf), Error> {
    let text = custody::file_text(share);
    let ciphertext = seal::encrypt(text.as_bytes(), &[recipient.to_owned()])?;
    let dir = room.folder.records();
    deliver::create_directory(&dir)?;
    let place = dir.join(format!("share-{}-{}.age", share.set, share.index));
    deliver::write_new(&place, &ciphertext, 0o644)?;
    let record = SealedShare {
        index: share.index,
        recipient: recipient.to_owned(),
        ciphertext_sha256: Digest::of(&ciphertext),
        ciphertext: Base64(ciphertext),
    };
    Ok((record, place))
}

/// One custodian's turn: the share is shown, or lies sealed at a place, and is read back.
fn hand_out(people: &mut dyn People, share: &Share, of: u8, sealed: Option<&Path>) -> Result<(), Stop> {
    let set = share.set.hex();
    let says = match sealed {
        None => {
            "Write what appears on your sheet, the set and your number too; then type the rows back from the sheet."
                .to_owned()
        }
        Some(place) => format!(
            "Your share is sealed to you in {}. Decrypt it with your own age, in another terminal, and type its \
             rows here, or the path of the decrypted file.",
            text::path(place)
        ),
    };
    let turn = Turn { whose: format!("Custodian {} of {of}", share.index), set: &set, index: Some(share.index), says };
    people.share_turn(&turn)?;
    let done = read_back(people, share, sealed.is_none());
    people.share_done();
    done
}

fn read_back(people: &mut dyn People, share: &Share, shown: bool) -> Result<(), Stop> {
    let rows: Vec<Zeroizing<String>> = match shown {
        true => (1..=ROWS).map(|row| Zeroizing::new(custody::row_words(share, row).join(" "))).collect(),
        false => Vec::new(),
    };
    if shown {
        people.share_shown(&rows)?;
    }
    let known = share.encode();
    enter(people, &rows, &mut |typed| {
        let same = known.get(..typed.len()) == Some(typed);
        if same { Ok(()) } else { Err(Trouble::row("These are not the words of this row. Is it the right sheet?")) }
    })
    .map(drop)
}
