//! Wrapped keys: the file of a wrapped backup, and what the configuration makes of it. The file and the threshold of
//! the set's custodians equal the keys that it holds; without those shares it tells nothing.
//!
//! Its SHA-256 and the set are in the log, and are compared before any token is asked.

use super::people::Stop;
use super::room::{Bench, Room};
use super::shares::SetPins;
use crate::authority::Config;
use crate::authority::config::BackupMode;
use crate::authority::state::{Backup, KeyRecord};
use crate::custody::Owner;
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::format;
use crate::key::KeySpec;
use crate::log::record::WrappedKeys;
use crate::text;
use crate::token::hsm_profile::{BackupWay, HsmProfile};
use crate::token::{KeyRole, Officer, Stage, Wrapper};
use crate::x509::Spki;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the file says that it is.
const TYPE: &str = "anchorite/wrapped-keys/v1";
/// How each key is wrapped, and under what.
const HOW: &str = "CKM_AES_KEY_WRAP_PAD (RFC 5649) of PKCS#8, under HKDF-SHA256 of the custody seed, salt: the set, \
    info: anchorite/kek/v1";
/// The longest file, in bytes: an RSA-4096 key takes 4 KiB.
const MAX_FILE: u64 = 1 << 20;

/// The file of a wrapped backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(rename = "type")]
    kind: String,
    how: String,
    /// The log of the authority.
    log: String,
    /// The custody set whose shares open it.
    set: Hex,
    /// The keys, roots first.
    pub keys: Vec<WrappedKey>,
}

/// A wrapped key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrappedKey {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// Its generation.
    pub generation: u32,
    /// Its public half, DER.
    pub spki: Base64,
    /// The wrapped private half.
    pub wrapped: Base64,
}

/// The stage in which a key of a role is made.
pub fn stage(config: &Config, role: KeyRole) -> Stage {
    let apart = role == KeyRole::Audit && config.audit.is_some();
    if config.key_backup.mode == BackupMode::Wrapped && !apart { Stage::Wrappable } else { Stage::Fixed }
}

/// The label of a key in its token.
pub fn label(role: KeyRole, generation: u32) -> String {
    format!("anchorite {} {generation}", role.name())
}

/// Tokens of this kind wrap keys, where the configuration wants that.
///
/// # Errors
/// [`Kind::Usage`].
pub fn in_profile(config: &Config, profile: &HsmProfile) -> Result<(), Error> {
    if config.key_backup.mode != BackupMode::Wrapped || profile.backup.contains(&BackupWay::Wrapped) {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "the keys of a token of this kind cannot be wrapped")
        .saw(&profile.title)
        .wanted("another token, or another [key_backup] mode")
        .hint("its profile says so: anchorite hsm profiles"))
}

/// Where wrapped keys are promised, the token shows with a key for this session that it wraps one for a trusted
/// wrapper and for no other, and makes it again. Before a key is made that could not be backed up.
///
/// # Errors
/// [`Stop`]; no key was made.
pub fn prove_token(room: &mut Room<'_>, bench: &mut Bench, spec: KeySpec) -> Result<(), Stop> {
    if stage(&room.config, KeyRole::Root) == Stage::Fixed {
        return Ok(());
    }
    let mut wrapper: Wrapper = Zeroizing::new([0; 32]);
    let random = Zeroizing::new(room.entropy.bytes(32, &[])?);
    wrapper.iter_mut().zip(random.iter()).for_each(|(to, from)| *to = *from);
    let officer = officer(room, pins(bench)?)?;
    let token = bench.keys()?.token(KeyRole::Root)?;
    let proved = token.prove_wrapping(spec, &wrapper, &officer);
    Ok(proved.map_err(|error| {
        error
            .within("the token cannot make the wrapped backup that authority.toml promises")
            .truth("No key was generated.")
    })?)
}

/// What the custodians' shares gave in this session.
///
/// # Errors
/// [`Kind::Bug`]: the token was opened otherwise.
pub fn pins(bench: &Bench) -> Result<&SetPins, Error> {
    let pins = bench.opened.as_ref().and_then(|opened| opened.set.as_ref());
    pins.ok_or_else(|| Error::new(Kind::Bug, "the token was not opened with shares"))
}

/// Who may trust a wrapper: both PINs are of the set that opened the token.
///
/// # Errors
/// [`Kind::Refused`]: a change of custodians was cut off.
pub fn officer(room: &Room<'_>, pins: &SetPins) -> Result<Officer, Error> {
    let custody = &room.journal.state().custody;
    let role = KeyRole::Root.name();
    let sure = |owner: Owner| {
        let of = custody.of(role, owner.name()).is_none_or(|set| set.set == pins.set);
        of && custody.unsure(role, owner.name()).is_none()
    };
    if sure(Owner::So) && sure(Owner::User) {
        return Ok(Officer { so: pins.so.clone(), user: pins.user.clone() });
    }
    Err(Error::new(Kind::Refused, "a change of custodians is not finished: the PINs are of two sets")
        .wanted(format!("both of set {}", pins.set))
        .hint("finish it first: anchorite custody change")
        .truth("Nothing was wrapped."))
}

/// Where local.toml says that the file goes, once its medium is there.
///
/// # Errors
/// [`Kind::Usage`]: it says nothing. [`Kind::Medium`]: nothing is there.
pub fn place(room: &Room<'_>) -> Result<PathBuf, Error> {
    let place = room.tokens.backup().ok_or_else(nowhere)?.wrapped.clone().ok_or_else(nowhere)?;
    if place.is_dir() {
        return Ok(place);
    }
    Err(Error::new(Kind::Medium, "the place for the wrapped keys is not there")
        .saw(text::path(&place))
        .hint(format!("put its medium in; on a new one: mkdir -m 700 {}", text::path(&place))))
}

/// Nobody said where the file goes.
pub fn nowhere() -> Error {
    Error::new(Kind::Usage, "local.toml does not say where the file of wrapped keys is")
        .wanted("[backup.token] wrapped = \"/media/backup\"")
        .hint("a directory on a medium of its own, apart from the authority's sticks")
        .truth("Nothing was changed.")
}

/// Writes the file of wrapped keys and reads it back; the same is there already after an interruption, or a new name.
///
/// # Errors
/// [`Kind::Medium`].
pub fn write(room: &Room<'_>, place: &Path, set: &Hex, keys: Vec<WrappedKey>) -> Result<(PathBuf, WrappedKeys), Error> {
    let audits = keys.iter().filter(|key| key.role == KeyRole::Audit.name()).map(|key| key.generation).collect();
    let file =
        File { kind: TYPE.to_owned(), how: HOW.to_owned(), log: room.journal.header().log, set: set.clone(), keys };
    let mut bytes = serde_json::to_vec_pretty(&file)
        .map_err(|error| Error::new(Kind::Bug, "wrapped keys are no JSON").saw(error.to_string()))?;
    bytes.push(b'\n');
    let sha256 = Digest::of(&bytes);
    let path = place.join(name_of(&sha256));
    deliver::write_new(&path, &bytes, 0o644)?;
    Ok((path, WrappedKeys { sha256, set: set.clone(), audits }))
}

/// The file of a backup, as the log knows it.
///
/// # Errors
/// [`Kind::Medium`]: it is not there. [`Kind::Verify`]: it is another.
pub fn read(place: &Path, backup: &Backup) -> Result<File, Error> {
    let known = backup.wrapped.as_ref().ok_or_else(|| Error::new(Kind::Bug, "a clone has no file of wrapped keys"))?;
    let path = place.join(name_of(&known.sha256));
    if !intake::is_there(&path)? {
        return Err(Error::new(Kind::Medium, format!("the wrapped keys of {} are not there", backup.name))
            .saw(text::path(&path))
            .hint("put the medium of the key backup in, or another with a copy of this file"));
    }
    let bytes = intake::read(&path, MAX_FILE)?;
    let found = Digest::of(&bytes);
    if found != known.sha256 {
        return Err(Error::new(Kind::Verify, format!("{} is not the file that the log knows", text::path(&path)))
            .saw(format!("sha256 {found}"))
            .wanted(format!("sha256 {}", known.sha256))
            .hint("it was changed or damaged: use another copy of it, and keep this one as evidence")
            .truth("No token was asked."));
    }
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<File, Error> {
    format::check(Kind::Verify, "the file of wrapped keys", bytes, TYPE)?;
    serde_json::from_slice(bytes)
        .map_err(|error| Error::new(Kind::Verify, "the file of wrapped keys is out of form").saw(error.to_string()))
}

/// The wrapped key of a record; its public half is the one that the log has.
///
/// # Errors
/// [`Kind::Verify`].
pub fn key_in<'f>(file: &'f File, key: &KeyRecord, spki: &Spki) -> Result<&'f WrappedKey, Error> {
    let found = file.keys.iter().find(|wrapped| wrapped.id == key.id && wrapped.spki.0 == spki.der());
    found.ok_or_else(|| {
        Error::new(Kind::Verify, format!("the file holds no {} key of generation {}", key.role, key.generation))
            .wanted(format!("id {}", key.id))
    })
}

/// A name that says what it is, and which of them.
fn name_of(sha256: &Digest) -> String {
    format!("anchorite-keys-{}.json", sha256.short())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_later_anchorite_and_one_out_of_form_are_told_apart() {
        let said = |json: &str| parse(json.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            said(r#"{"type":"anchorite/wrapped-keys/v2","more":1}"#),
            "the file of wrapped keys was written by a newer anchorite: saw anchorite/wrapped-keys/v2, wanted \
             anchorite/wrapped-keys/v1"
        );
        assert!(said(r#"{"type":"anchorite/wrapped-keys/v1"}"#).starts_with("the file of wrapped keys is out of form"));
    }
}
