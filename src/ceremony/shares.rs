//! Shares among people: dealing them one custodian at a time, each read back; and collecting enough of them.
//!
//! What is typed is judged here, row by row, so that a slip is named where it is made. Words reach one custodian's
//! screen and nothing else: no error, no log, no file holds one.

use super::people::{People, Stop, Turn};
use super::room::Room;
use super::share_files;
use crate::authority::state::{Custody, CustodySet, Standing};
use crate::bundle::seal;
use crate::custody::{self, CombineFault, DATA, ENCODED, Owner, ROWS, Seed, SetId, Share};
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::log::record::{CustodySplit, PinForm, SealedShare};
use crate::screen::Screen;
use crate::token::{KeyRole, PinAlphabet, PinShape};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

pub use super::steps::split_custody::check_script;

/// Both PINs of a set, in memory for as long as they are needed.
pub struct SetPins {
    /// The set.
    pub set: Hex,
    /// The user PIN.
    pub user: SecretString,
    /// The security officer's PIN.
    pub so: SecretString,
}

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
        .heading(format!("{} of {} custodians open the token", config.threshold, config.custodians), set.to_string())
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
        let left = usize::from(config.custodians.saturating_sub(share.index));
        room.people
            .show(&Screen::new().text(format!("Custodian {}: the share was read back. {left} to go.", share.index)))?;
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

fn form(shape: &PinShape) -> PinForm {
    PinForm { alphabet: shape.alphabet.name().to_owned(), length: shape.derived_length() }
}

fn derive(seed: &Seed, set: SetId, user: &PinForm, so: &PinForm) -> Result<SetPins, Error> {
    let pin = |owner, form: &PinForm| {
        let alphabet = PinAlphabet::named(&form.alphabet)
            .ok_or_else(|| Error::new(Kind::Verify, "a PIN of an unknown alphabet").saw(&form.alphabet))?;
        custody::derive_pin(seed, set, owner, alphabet.characters(), form.length)
    };
    Ok(SetPins { set: set.hex(), user: pin(Owner::User, user)?, so: pin(Owner::So, so)? })
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
        None => "Write the words that appear on your sheet; then type them back from the sheet.".to_owned(),
        Some(place) => format!(
            "Your share is sealed to you in {}. Decrypt it with your own age, in another terminal, and type its \
             rows here, or the path of the decrypted file.",
            place.display()
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

/// What is wrong with what was typed so far.
struct Trouble {
    says: String,
    /// The whole share is to be typed again, not the row.
    anew: bool,
}

impl Trouble {
    fn row(says: impl Into<String>) -> Self {
        Self { says: says.into(), anew: false }
    }

    fn share(says: impl Into<String>) -> Self {
        Self { says: says.into(), anew: true }
    }
}

/// Asks for the rows of one share; `judge` sees all bytes after each row.
fn enter(
    people: &mut dyn People,
    shown: &[Zeroizing<String>],
    judge: &mut dyn FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<Share, Stop> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ENCODED));
    let mut trouble: Option<String> = None;
    loop {
        let row = bytes.len() / DATA + 1;
        let typed = people.share_row(row, trouble.take().as_deref())?;
        let fault = match typed.trim() {
            "again" => Some(Trouble::share("From the first row, then.")),
            "show" if !shown.is_empty() => {
                people.share_shown(shown)?;
                None
            }
            path if row == 1 && path.contains('/') => rows_of(path, &mut bytes, judge)?,
            words => take(words, &mut bytes, judge).err(),
        };
        if let Some(fault) = fault {
            if fault.anew {
                bytes.zeroize();
            }
            trouble = Some(fault.says);
        }
        if let Ok(whole) = <&[u8; ENCODED]>::try_from(bytes.as_slice()) {
            match Share::decode(whole) {
                Ok(share) => return Ok(share),
                Err(fault) => {
                    trouble = Some(format!("This is no share: {}. Type it again.", fault.says()));
                    bytes.zeroize();
                }
            }
        }
    }
}

/// One row more.
fn take(
    words: &str,
    bytes: &mut Zeroizing<Vec<u8>>,
    judge: &mut dyn FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let row = bytes.len() / DATA + 1;
    let first = bytes.get(..DATA).and_then(|first| <&[u8; DATA]>::try_from(first).ok());
    let set = first.map(custody::first_set);
    let data = custody::read_row(words, row, set).map_err(|fault| Trouble::row(fault.says(row)))?;
    let before = bytes.len();
    bytes.extend_from_slice(data.as_ref());
    judge(bytes).inspect_err(|_| bytes.truncate(before))
}

/// All rows of a file that a custodian decrypted.
fn rows_of(
    path: &str,
    bytes: &mut Zeroizing<Vec<u8>>,
    judge: &mut dyn FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<Option<Trouble>, Stop> {
    let rows = match share_files::read(Path::new(path)) {
        Ok(Some(rows)) => rows,
        Ok(None) => return Ok(Some(Trouble::share("That file does not hold nine numbered rows."))),
        Err(error) => return Ok(Some(Trouble::share(format!("{error}.")))),
    };
    for row in rows.iter() {
        if let Err(fault) = take(row, bytes, judge) {
            return Ok(Some(Trouble { anew: true, ..fault }));
        }
    }
    Ok(None)
}

/// Collects as many shares of a set as its threshold says, each from one custodian. Gives their indexes too.
///
/// # Errors
/// [`Stop`]; nothing of what was typed is kept.
pub fn collect(room: &mut Room<'_>, set: &CustodySet) -> Result<(SetPins, Vec<u8>), Stop> {
    let id = SetId::of_log(&set.set)
        .ok_or_else(|| Error::new(Kind::Verify, "a custody set's id is out of form").saw(set.set.to_string()))?;
    let known = room.journal.state().custody.clone();
    let mut shares: Vec<Share> = Vec::new();
    while shares.len() < usize::from(set.threshold) {
        let entered: Vec<u8> = shares.iter().map(|share| share.index).collect();
        let turn = Turn {
            whose: format!("Share {} of the {} that open the token", shares.len() + 1, set.threshold),
            set: &set.set,
            index: None,
            says: "Any custodian of the set: type the rows of your share from your sheet, or the path of your \
                   decrypted file. Beginnings of words are enough."
                .to_owned(),
        };
        room.people.share_turn(&turn)?;
        let share = enter(room.people, &[], &mut |typed| judge(typed, set, id, &entered, &known));
        room.people.share_done();
        let share = share?;
        let missing = usize::from(set.threshold).saturating_sub(shares.len() + 1);
        let more = if missing == 0 { "That is enough.".to_owned() } else { format!("{missing} more.") };
        room.people.show(&Screen::new().text(format!("The share of custodian {} is good. {more}", share.index)))?;
        shares.push(share);
    }
    let mut indexes: Vec<u8> = shares.iter().map(|share| share.index).collect();
    indexes.sort_unstable();
    let bug = |fault: CombineFault| Error::new(Kind::Bug, "good shares do not combine").saw(fault.says());
    let seed = custody::combine(&shares).map_err(bug)?;
    Ok((derive(&seed, id, &set.user, &set.so)?, indexes))
}

/// What is known of a share that is typed to open a set.
fn judge(typed: &[u8], set: &CustodySet, id: SetId, entered: &[u8], known: &Custody) -> Result<(), Trouble> {
    if let Some(first) = typed.get(..DATA).and_then(|first| <&[u8; DATA]>::try_from(first).ok())
        && typed.len() == DATA
    {
        let other = custody::first_set(first);
        return if other == id { Ok(()) } else { Err(Trouble::share(stranger(other, set, known))) };
    }
    if let (Some(index), true) = (typed.get(6), typed.len() == 2 * DATA) {
        if entered.contains(index) {
            return Err(Trouble::share(format!("Share {index} is entered already: another custodian's turn.")));
        }
        return Ok(());
    }
    if let Ok(whole) = <&[u8; ENCODED]>::try_from(typed)
        && let Ok(share) = Share::decode(whole)
        && !is_of(&share, set)
    {
        return Err(Trouble::share(
            "Each row is good, but this is not the share that was read back when the set was dealt.",
        ));
    }
    Ok(())
}

/// True where a share has its commitment in a set.
pub fn is_of(share: &Share, set: &CustodySet) -> bool {
    let logged = usize::from(share.index).checked_sub(1).and_then(|place| set.commitments.get(place));
    share.set.hex() == set.set && logged == Some(&share.commitment())
}

/// What to say of a share of another set.
fn stranger(other: SetId, set: &CustodySet, known: &Custody) -> String {
    let wanted = format!("set {} opens the token", set.set);
    match known.set(&other.hex()) {
        None => format!("This share is of set {other}, which this authority does not know: {wanted}."),
        Some(found) => match known.standing(found) {
            Standing::Replaced => {
                format!("This share is of set {other}, dealt {} and replaced since: {wanted}.", found.at)
            }
            Standing::Begun | Standing::InForce => format!("This share is of set {other}: now {wanted}."),
        },
    }
}

/// Enters one share alone, for `custody check`; nothing is kept of what was typed.
///
/// # Errors
/// [`Stop`].
pub fn enter_one(people: &mut dyn People, set: &Hex) -> Result<Share, Stop> {
    let says = "Type the rows of your share from your sheet. Beginnings of words are enough.".to_owned();
    people.share_turn(&Turn { whose: "One share".to_owned(), set, index: None, says })?;
    let share = enter(people, &[], &mut |_| Ok(()));
    people.share_done();
    share
}

/// The share in a file that only its owner may read.
///
/// # Errors
/// [`Kind::Medium`]; [`Kind::Verify`] names the row that is wrong, never a word.
pub fn read_file(path: &Path) -> Result<Share, Error> {
    let wrong = |what: String| Error::new(Kind::Verify, format!("{} holds no share: {what}", path.display()));
    let rows = share_files::read(path)?.ok_or_else(|| wrong("it has not nine numbered rows".to_owned()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(ENCODED));
    for (number, row) in (1..).zip(rows.iter()) {
        if take(row, &mut bytes, &mut |_| Ok(())).is_err() {
            return Err(wrong(format!("row {number} is wrong")));
        }
    }
    let whole = <&[u8; ENCODED]>::try_from(bytes.as_slice()).map_err(|_| wrong("rows are missing".to_owned()))?;
    Share::decode(whole).map_err(|fault| wrong(fault.says()))
}
