//! Shares among people: dealing them one custodian at a time, each read back; and collecting enough of them.
//!
//! What is typed is judged here, row by row, so that a slip is named where it is made. Words reach one custodian's
//! screen and nothing else: no error, no log, no file holds one.

mod deal;
mod enter;
pub mod files;

pub use super::steps::split_custody::{check_script, check_token, deals};
pub use deal::{deal, form};
pub use enter::{enter_one, read_file};

use super::people::{People, Stop, Turn};
use super::room::Room;
use crate::authority::state::{Custody, CustodySet, Standing};
use crate::custody::{self, CombineFault, DATA, ENCODED, Kek, Owner, Seed, SetId, Share};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::log::record::PinForm;
use crate::screen::Screen;
use crate::token::PinAlphabet;
use enter::{Trouble, enter};
use secrecy::SecretString;

/// What a set gives, in memory for as long as it is needed.
#[derive(Clone)]
pub struct SetPins {
    /// The set.
    pub set: Hex,
    /// The user PIN.
    pub user: SecretString,
    /// The security officer's PIN.
    pub so: SecretString,
    /// The key that wraps keys for a backup.
    pub kek: Kek,
}

fn derive(seed: &Seed, set: SetId, user: &PinForm, so: &PinForm) -> Result<SetPins, Error> {
    let pin = |owner, form: &PinForm| {
        let alphabet = PinAlphabet::named(&form.alphabet)
            .ok_or_else(|| Error::new(Kind::Verify, "a PIN of an unknown alphabet").saw(&form.alphabet))?;
        custody::derive_pin(seed, set, owner, alphabet.characters(), form.length)
    };
    let kek = custody::derive_kek(seed, set)?;
    Ok(SetPins { set: set.hex(), user: pin(Owner::User, user)?, so: pin(Owner::So, so)?, kek })
}

/// Collects as many shares of a set as its threshold says, each from one custodian. Gives their indexes too.
///
/// # Errors
/// [`Stop`]; nothing of what was typed is kept.
pub fn collect(room: &mut Room<'_>, set: &CustodySet) -> Result<(SetPins, Vec<u8>), Stop> {
    let known = room.journal.state().custody.clone();
    collect_from(room.people, &known, set)
}

/// The same outside a ceremony.
///
/// # Errors
/// As [`collect`].
pub fn collect_from(people: &mut dyn People, known: &Custody, set: &CustodySet) -> Result<(SetPins, Vec<u8>), Stop> {
    let id = SetId::of_log(&set.set)
        .ok_or_else(|| Error::new(Kind::Verify, "a custody set's id is out of form").saw(set.set.to_string()))?;
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
        people.share_turn(&turn)?;
        let share = enter(people, &[], &mut |typed| judge(typed, set, id, &entered, known));
        people.share_done();
        let share = share?;
        let missing = usize::from(set.threshold).saturating_sub(shares.len() + 1);
        let more = if missing == 0 { "That is enough.".to_owned() } else { format!("{missing} more.") };
        people.show(&Screen::new().text(format!("The share of custodian {} is good. {more}", share.index)))?;
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
