//! The token: where the root key lives and never leaves.
//!
//! [`Token`] is all that the rest of the program sees of PKCS#11. [`Pkcs11Token`] is the only
//! implementation that ships. A token is selected by serial number, a key by its CKA_ID, and proved by its
//! public key; a PIN is tried once.
//! Source: PKCS#11 v2.40 and v3.0 (OASIS).

mod attestation;
mod attributes;
pub mod backup;
mod claims;
mod destroy;
mod directory;
mod encoding;
pub mod environment;
mod escape;
mod fault;
mod guard;
mod holdings;
pub mod hsm_profile;
mod initialize;
mod keys;
mod mechanism;
pub mod module;
pub mod pin_shape;
mod pins;
pub mod pkcs11;
mod place;
mod pool;
pub mod probe;
mod raw;
mod reach;
mod reserved;
mod seen;
mod signer;
mod template;
pub mod unlock;
mod wrapping;

pub use holdings::Holding;
pub use hsm_profile::HsmProfile;
pub use module::{Module, PinState, Seen, Selection, find_module, load, token_files};
pub use pin_shape::{PinAlphabet, PinShape, check_pin_shape};
pub use pkcs11::Pkcs11Token;
pub use place::Place;
pub use probe::{Probe, probe};
pub use unlock::{Login, ready_for_login};
pub use wrapping::{Officer, Unwrapped, Wrapper};

use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::key::KeySpec;
use crate::x509::{SignatureAlgorithm, Spki};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A key's CKA_ID: 16 random bytes, logged before the key is generated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub Hex);

/// What a key in a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// Signs certificates and CRLs.
    Root,
    /// Signs checkpoints and envelopes.
    Audit,
}

impl KeyRole {
    /// The name in labels, log and screens.
    pub const fn name(self) -> &'static str {
        match self {
            KeyRole::Root => "root",
            KeyRole::Audit => "audit",
        }
    }
}

/// The stage of a key's life: whether it can leave its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It never could.
    Fixed,
    /// It can be wrapped, by a key that the security officer trusts, until [`Token::lock`].
    Wrappable,
    /// It was wrapped, and cannot be any more.
    Locked,
    /// It came out of a wrapped key, and cannot leave.
    Unwrapped,
}

/// A key that was generated, with what the token says of it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The key, ready to sign in this session.
    pub key: KeyRef,
    /// Its public half.
    pub spki: Spki,
    /// Every attribute as read back after generation, by PKCS#11 name (`CKA_SENSITIVE` = `true`).
    pub attributes: BTreeMap<String, String>,
    /// Template attributes that the token rejected and that were left out, by PKCS#11 name.
    pub dropped: Vec<String>,
    /// The mechanism that made it (`CKM_EC_KEY_PAIR_GEN`).
    pub mechanism: String,
}

/// A piece of a vendor's evidence of where a key was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is called: an object's label or a file's name, escaped.
    pub name: String,
    /// Its bytes as they stand: at most 64 KiB.
    pub bytes: Vec<u8>,
}

/// A key found in a token and proved by its public half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRef {
    /// Its CKA_ID.
    pub id: KeyId,
    /// Its public half.
    pub spki: Spki,
}

/// Who a token says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// CKF serial number, trimmed.
    pub serial: String,
    /// Label, trimmed.
    pub label: String,
    /// Manufacturer, trimmed.
    pub manufacturer: String,
    /// Model, trimmed.
    pub model: String,
    /// Firmware version, `major.minor`.
    pub firmware: String,
    /// `manufacturer description version` of the library.
    pub library: String,
}

/// A DER ECDSA or raw RSA, Ed25519 or ML-DSA signature, as certificates carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(pub Vec<u8>);

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// The newest log state that the token remembers: it cannot be rolled back with the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The log's id, 16 bytes.
    pub log: Hex,
    /// The tree size.
    pub size: u64,
    /// The tree's root hash at that size.
    pub root: Digest,
}

/// How often a token wants its PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// When it is opened.
    Once,
    /// At each signature as well: it is kept until the token is closed.
    EachTime,
    /// At each signature as well, on its own keys.
    EachTimeOnItself,
}

/// An open, unlocked token. Dropping it logs out and closes its sessions.
pub trait Token {
    /// Who the token says it is.
    fn identity(&self) -> &Identity;

    /// How often it wants the PIN, by what its keys say now.
    fn asks(&self) -> Asks;

    /// True where it answers and the user is logged in: false for one that was taken out, even if it is in again.
    fn is_open(&self) -> bool;

    /// Checks that this token can make and use such a key: mechanisms, the template on a session key,
    /// one signature verified outside the token. Changes nothing in the token.
    ///
    /// Gives the mechanism by which it wrapped that key under a key of the user's own although it is not extractable,
    /// where the profile says that such tokens do; else `None`.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token) names what is missing, or says that it hands such a key out.
    fn prove(&mut self, spec: KeySpec, role: KeyRole, stage: Stage) -> Result<Option<String>, Error>;

    /// Checks that this token wraps a session key of this kind for a wrapper that its officer trusts and for no other,
    /// and makes the same key of it again. Changes nothing in the token.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token) says what it does not do.
    fn prove_wrapping(&mut self, spec: KeySpec, wrapper: &Wrapper, officer: &Officer) -> Result<(), Error>;

    /// Checks that this token keeps a guard, with an object that ends with the session, and gives random
    /// bytes. Changes nothing in the token.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token).
    fn prove_guard(&mut self) -> Result<(), Error>;

    /// Every private key that the token holds, and every object under a label of this program's.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token).
    fn holdings(&mut self) -> Result<Vec<Holding>, Error>;

    /// Generates a key pair in the token and reads every attribute back.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token); the error says whether a key exists now.
    fn generate(
        &mut self,
        id: &KeyId,
        label: &str,
        spec: KeySpec,
        role: KeyRole,
        stage: Stage,
    ) -> Result<Generated, Error>;

    /// Finds a key by its id and, where `expected` is given, proves it by its public half.
    /// `None` when the token holds no key with this id.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token) when the key is not the expected one, or found twice.
    fn find(&mut self, id: &KeyId, expected: Option<&Spki>) -> Result<Option<KeyRef>, Error>;

    /// Wraps keys, each by itself, under a wrapper that the security officer trusts for this session. The keys stay.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token), [`Kind::PinRejected`](crate::error::Kind::PinRejected) for the
    /// officer's PIN.
    fn wrap(&mut self, wrapper: &Wrapper, officer: &Officer, keys: &[KeyId]) -> Result<Vec<Vec<u8>>, Error>;

    /// Makes a key of a wrapped one, in the token or for this session, or finds the one that was made before; gives every
    /// attribute as read back. That it is the right one, its signature shows.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token): another wrapper, a damaged file, a token that makes another kind of
    /// key of it, or holds another under this id.
    fn unwrap(
        &mut self,
        wrapper: &Wrapper,
        wrapped: &[u8],
        wanted: &Unwrapped<'_>,
    ) -> Result<BTreeMap<String, String>, Error>;

    /// Ends that a key can be wrapped; gives every attribute as read back. One that ended before is as good.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token): the key is there, and may be as it was.
    fn lock(&mut self, key: &KeyRef) -> Result<BTreeMap<String, String>, Error>;

    /// Reads back every attribute of a key that was made elsewhere, without judging it.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token).
    fn inspect(&mut self, key: &KeyRef) -> Result<Generated, Error>;

    /// What the token holds of its vendor's evidence of where a key was made, as its profile names it: the device's
    /// own first.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token).
    fn attestations(&mut self, id: &KeyId) -> Result<Vec<Evidence>, Error>;

    /// Signs each message, in parallel over as many sessions as the profile allows.
    ///
    /// `done` is called on the calling thread, once for each message, with its index and result, as they
    /// come in: the caller verifies one while the token works on the next. A failure of one says nothing of
    /// the others. Signatures are in certificate form and are not verified here. Gives the indices of those messages that
    /// the token was never asked to sign, in order: no signature of them can exist.
    fn sign(
        &mut self,
        key: &KeyRef,
        algorithm: SignatureAlgorithm,
        messages: &[&[u8]],
        done: &mut dyn FnMut(usize, Result<Signature, Error>),
    ) -> Vec<usize>;

    /// Random bytes from the token's generator.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token).
    fn random(&mut self, count: usize) -> Result<Vec<u8>, Error>;

    /// The newest guard of a log; `None` where there is none yet or the profile has no data objects.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token); two guards of equal size with different roots are one.
    fn guard(&mut self, log: &Hex) -> Result<Option<Guard>, Error>;

    /// Moves the guard forward: creates the new object, reads it back, destroys the older ones.
    /// Does nothing where the profile has no data objects.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token); the old guard is still there.
    fn set_guard(&mut self, guard: &Guard) -> Result<(), Error>;

    /// The newest guard of every log that has one here.
    ///
    /// # Errors
    /// As [`Token::guard`].
    fn guards(&mut self) -> Result<Vec<Guard>, Error>;

    /// Destroys the guards of a log that another took the place of: what is left refuses its copies.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token): it may still be there.
    fn forget_guard(&mut self, log: &Hex) -> Result<(), Error>;

    /// Changes the user PIN and logs in with the new one, which proves it.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token), [`Kind::PinRejected`](crate::error::Kind::PinRejected) for the
    /// old one; where the new one is not taken, the PIN may be either.
    fn change_user_pin(&mut self, old: &SecretString, new: &SecretString) -> Result<(), Error>;

    /// Changes the security officer's PIN and proves the new one; `user` is the user PIN as it is, for logging in
    /// again.
    ///
    /// # Errors
    /// As [`Token::change_user_pin`].
    fn change_so_pin(&mut self, old: &SecretString, new: &SecretString, user: &SecretString) -> Result<(), Error>;

    /// Tries the security officer's PIN once; false where it is another.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token), [`Kind::PinFinal`](crate::error::Kind::PinFinal).
    fn is_so_pin(&mut self, pin: &SecretString, user: &SecretString) -> Result<bool, Error>;

    /// Destroys the copies of a file-backed token that open to earlier PINs, once a new one is made.
    ///
    /// # Errors
    /// [`Kind::Medium`](crate::error::Kind::Medium): older copies may be there still.
    fn renew_copies(&mut self) -> Result<(), Error>;

    /// Destroys both halves of a key and looks for them again in a new session; how many objects went. Nothing there
    /// is no error.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token): the token may still hold the key.
    fn destroy(&mut self, id: &KeyId) -> Result<usize, Error>;

    /// Makes what was generated durable: fsyncs the profile's `sync_paths` of a file-backed token.
    ///
    /// # Errors
    /// [`Kind::Medium`](crate::error::Kind::Medium).
    fn sync(&mut self) -> Result<(), Error>;
}
