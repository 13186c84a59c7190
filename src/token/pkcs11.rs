//! An unlocked PKCS#11 token: the implementation of [`Token`] that ships.
//!
//! One read-write session is kept open for everything but batches of signatures, which open their own. On every
//! way out, a panic included, it is logged out, its sessions are closed, and the module is finalised once the
//! last token is gone.

use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::hsm_profile::HsmProfile;
use crate::token::module::{Library, Module, Seen, token_files};
use crate::token::raw::Raw;
use crate::token::{Asks, Generated, Guard, Holding, Identity, KeyId, KeyRef, KeyRole, Signature, Stage, Token};
use crate::token::{Evidence, attestation, destroy, directory, fault, guard, holdings, keys, pins, pool, signer};
use crate::token::{Officer, Unwrapped, Wrapper, wrapping};
use crate::x509::{SignatureAlgorithm, Spki};
use cryptoki::context::Pkcs11;
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, SessionState};
use cryptoki::slot::Slot;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A token that is logged in to.
// Fields are dropped in this order: sessions close before the module is finalised.
pub struct Pkcs11Token {
    /// Sessions that made signatures, for the next ones.
    pub(super) lanes: Vec<pool::Lane>,
    pub(super) session: Session,
    pub(super) slot: Slot,
    pub(super) profile: Arc<HsmProfile>,
    pub(super) mechanisms: Vec<MechanismType>,
    /// Attributes left out of the template that this token accepted, as `prove` found them.
    pub(super) accepted: BTreeMap<KeySpec, Vec<String>>,
    /// How many sessions sign at once.
    pub(super) sessions: usize,
    /// Only where keys ask for it at each signature, or the user logs in again after each key.
    pub(super) pin: Option<SecretString>,
    /// The PIN is typed on the token's own keys.
    pub(super) pinpad: bool,
    /// It says of its sessions who is logged in: its silence later means something.
    tells: bool,
    /// Why the PIN was refused at a signature: it is not tried again.
    pub(super) refused: OnceLock<Error>,
    /// Where copies of a file-backed token are kept.
    pub(super) snapshots: Option<PathBuf>,
    identity: Identity,
    library: Arc<Library>,
}

impl std::fmt::Debug for Pkcs11Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pkcs11Token({:?})", self.identity)
    }
}

impl Drop for Pkcs11Token {
    fn drop(&mut self) {
        // A token that was pulled out cannot be logged out of; there is nobody to tell here.
        let _ = self.session.logout();
    }
}

impl Pkcs11Token {
    pub(super) fn new(
        module: &Module,
        seen: Seen,
        slot: Slot,
        session: Session,
        mechanisms: Vec<MechanismType>,
        pin: Option<SecretString>,
    ) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // One of the token's sessions is this one's own.
        let allowed =
            seen.max_sessions.and_then(|max| usize::try_from(max).ok()).map_or(usize::MAX, |max| max - 1.min(max));
        Self {
            tells: is_logged_in(&session),
            lanes: Vec::new(),
            session,
            slot,
            profile: Arc::clone(&module.profile),
            mechanisms,
            accepted: BTreeMap::new(),
            sessions: match module.alone {
                true => 1,
                false => module.profile.sessions.min(processors).min(allowed).max(1),
            },
            pin,
            pinpad: seen.pinpad,
            refused: OnceLock::new(),
            snapshots: module.snapshots.clone(),
            identity: seen.identity,
            library: Arc::clone(&module.library),
        }
    }

    pub(super) fn serial(&self) -> &str {
        &self.identity.serial
    }

    /// What the sessions for signatures know of keys is not true beyond an act that may log in anew, or end a key.
    fn forget_handles(&mut self) {
        self.lanes.iter_mut().for_each(pool::Lane::forget);
    }

    /// False where the token says who is logged in, and that in this session nobody is: it shows no private key then.
    pub(super) fn shows_private_keys(&self, session: &Session) -> bool {
        !self.tells || is_logged_in(session)
    }

    pub(super) fn context(&self) -> &Pkcs11 {
        &self.library.0
    }

    pub(super) fn raw(&self) -> &Raw {
        &self.library.1
    }
}

/// True where the module says that the user is logged in.
fn is_logged_in(session: &Session) -> bool {
    let known = session.get_session_info().map(|info| info.session_state());
    matches!(known, Ok(SessionState::RwUser | SessionState::RoUser))
}

impl Token for Pkcs11Token {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn asks(&self) -> Asks {
        match (signer::any_asks(&self.session), self.pinpad) {
            (false, _) => Asks::Once,
            (true, false) => Asks::EachTime,
            (true, true) => Asks::EachTimeOnItself,
        }
    }

    fn is_open(&self) -> bool {
        // The state that the module remembers can be older than the token's absence: both are asked.
        !self.tells || is_logged_in(&self.session) && self.raw().token_info(self.slot).is_ok()
    }

    fn prove(&mut self, spec: KeySpec, role: KeyRole, stage: Stage) -> Result<Option<String>, Error> {
        self.forget_handles();
        keys::prove(self, spec, role, stage)
    }

    fn prove_wrapping(&mut self, spec: KeySpec, wrapper: &Wrapper, officer: &Officer) -> Result<(), Error> {
        self.lanes.clear();
        wrapping::prove(self, spec, wrapper, officer)
    }

    fn prove_guard(&mut self) -> Result<(), Error> {
        guard::prove(self)?;
        self.random(32).map(drop)
    }

    fn holdings(&mut self) -> Result<Vec<Holding>, Error> {
        holdings::list(self)
    }

    fn generate(
        &mut self,
        id: &KeyId,
        label: &str,
        spec: KeySpec,
        role: KeyRole,
        stage: Stage,
    ) -> Result<Generated, Error> {
        self.forget_handles();
        keys::generate(self, (id, label), (spec, role), stage)
    }

    fn wrap(&mut self, wrapper: &Wrapper, officer: &Officer, keys: &[KeyId]) -> Result<Vec<Vec<u8>>, Error> {
        self.lanes.clear();
        wrapping::wrap(self, wrapper, officer, keys)
    }

    fn unwrap(
        &mut self,
        wrapper: &Wrapper,
        wrapped: &[u8],
        wanted: &Unwrapped<'_>,
    ) -> Result<BTreeMap<String, String>, Error> {
        self.forget_handles();
        wrapping::unwrap(self, wrapper, wrapped, wanted)
    }

    fn lock(&mut self, key: &KeyRef) -> Result<BTreeMap<String, String>, Error> {
        self.forget_handles();
        wrapping::lock(self, key)
    }

    fn find(&mut self, id: &KeyId, expected: Option<&Spki>) -> Result<Option<KeyRef>, Error> {
        keys::find(self, id, expected)
    }

    fn inspect(&mut self, key: &KeyRef) -> Result<Generated, Error> {
        keys::inspect_existing(self, key)
    }

    fn attestations(&mut self, id: &KeyId) -> Result<Vec<Evidence>, Error> {
        attestation::read(self, id)
    }

    fn sign(
        &mut self,
        key: &KeyRef,
        algorithm: SignatureAlgorithm,
        messages: &[&[u8]],
        done: &mut dyn FnMut(usize, Result<Signature, Error>),
    ) -> Vec<usize> {
        pool::sign_all(self, key, algorithm, messages, done)
    }

    fn random(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; count];
        self.session
            .generate_random_slice(&mut bytes)
            .map_err(|answer| fault::refused("the token gave no random bytes", &answer))?;
        if count >= 16 && bytes.iter().all(|byte| *byte == 0) {
            return Err(Error::new(Kind::Token, "the token gave zeros for random bytes"));
        }
        Ok(bytes)
    }

    fn guard(&mut self, log: &Hex) -> Result<Option<Guard>, Error> {
        guard::read(self, log)
    }

    fn set_guard(&mut self, guard: &Guard) -> Result<(), Error> {
        guard::write(self, guard)
    }

    fn guards(&mut self) -> Result<Vec<Guard>, Error> {
        guard::every(self)
    }

    fn forget_guard(&mut self, log: &Hex) -> Result<(), Error> {
        guard::forget(self, log)
    }

    fn change_user_pin(&mut self, old: &SecretString, new: &SecretString) -> Result<(), Error> {
        self.forget_handles();
        pins::change_user(self, old, new)
    }

    fn change_so_pin(&mut self, old: &SecretString, new: &SecretString, user: &SecretString) -> Result<(), Error> {
        self.lanes.clear();
        pins::change_so(self, old, new, user)
    }

    fn is_so_pin(&mut self, pin: &SecretString, user: &SecretString) -> Result<bool, Error> {
        self.lanes.clear();
        pins::is_so(self, pin, user)
    }

    fn renew_copies(&mut self) -> Result<(), Error> {
        pins::renew_copies(self)
    }

    fn destroy(&mut self, id: &KeyId) -> Result<usize, Error> {
        self.forget_handles();
        destroy::destroy(self, id)
    }

    fn sync(&mut self) -> Result<(), Error> {
        match token_files(&self.profile) {
            Some(tokens) => {
                directory::sync(&tokens, &self.identity.serial)?;
                self.snapshots.iter().try_for_each(|kept_in| directory::prune(kept_in, &self.identity.serial))
            }
            None => Ok(()),
        }
    }
}
