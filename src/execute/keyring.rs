//! The keyring: the unlocked tokens and the two things that may be done with their keys: sign a committed
//! batch with the root key, sign a statement with the audit key.

use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::plan::Batch;
use crate::store::{Committed, Log};
use crate::token::{Guard, KeyRef, KeyRole, Signature, Token};
use crate::x509::{SignatureAlgorithm, Spki};
use std::collections::BTreeMap;

/// Unlocked tokens and the keys found in them. Dropping it logs out.
pub struct Keyring {
    tokens: Vec<(KeyRole, Box<dyn Token>)>,
    roots: BTreeMap<u32, KeyRef>,
    audits: BTreeMap<u32, KeyRef>,
    /// The generation of the audit key in force.
    audit: Option<u32>,
}

impl Keyring {
    /// A keyring with the root's token, on which the audit key lives too unless another is added.
    pub fn new(root: Box<dyn Token>) -> Self {
        let tokens = vec![(KeyRole::Root, root)];
        Self { tokens, roots: BTreeMap::new(), audits: BTreeMap::new(), audit: None }
    }

    /// Adds the audit key's own token.
    pub fn add_audit_token(&mut self, token: Box<dyn Token>) {
        self.tokens.push((KeyRole::Audit, token));
    }

    /// The token that holds, or will hold, the key of a role.
    ///
    /// # Errors
    /// [`Kind::Bug`] on an empty keyring.
    pub fn token(&mut self, role: KeyRole) -> Result<&mut dyn Token, Error> {
        let own = self.tokens.iter().position(|(r, _)| *r == role).unwrap_or(0);
        match self.tokens.get_mut(own) {
            Some((_, token)) => Ok(token.as_mut()),
            None => Err(Error::new(Kind::Bug, "a keyring without a token")),
        }
    }

    /// Takes a key that was generated or found as the one of its role and generation; of the audit keys, the one
    /// that was taken first signs, until [`Keyring::hand_over`].
    pub fn hold(&mut self, role: KeyRole, generation: u32, key: KeyRef) {
        match role {
            KeyRole::Root => {
                self.roots.insert(generation, key);
            }
            KeyRole::Audit => {
                self.audits.insert(generation, key);
                self.audit.get_or_insert(generation);
            }
        }
    }

    /// From here on the audit key of this generation signs: the log has the entry that says so.
    ///
    /// # Errors
    /// [`Kind::Token`] where that audit key is not held.
    pub fn hand_over(&mut self, generation: u32) -> Result<(), Error> {
        self.audit_key(generation)?;
        self.audit = Some(generation);
        Ok(())
    }

    fn audit_key(&self, generation: u32) -> Result<&KeyRef, Error> {
        self.audits.get(&generation).ok_or_else(|| absent(KeyRole::Audit))
    }

    /// The public key of a root's generation.
    ///
    /// # Errors
    /// [`Kind::Token`] where that root key is not held.
    pub fn root_spki(&self, generation: u32) -> Result<&Spki, Error> {
        self.roots.get(&generation).map(|key| &key.spki).ok_or_else(|| absent(KeyRole::Root))
    }

    /// The public key of the audit key in force.
    ///
    /// # Errors
    /// [`Kind::Token`] where no audit key is held.
    pub fn audit_spki(&self) -> Result<&Spki, Error> {
        let generation = self.audit.ok_or_else(|| absent(KeyRole::Audit))?;
        self.audit_spki_of(generation)
    }

    /// The public key of an audit key's generation.
    ///
    /// # Errors
    /// [`Kind::Token`] where that audit key is not held.
    pub fn audit_spki_of(&self, generation: u32) -> Result<&Spki, Error> {
        self.audit_key(generation).map(|key| &key.spki)
    }

    /// Signs a statement (a checkpoint, an envelope) with the audit key in force: DER ECDSA P-256 with SHA-256.
    ///
    /// # Errors
    /// [`Kind::Token`].
    pub fn sign_statement(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let generation = self.audit.ok_or_else(|| absent(KeyRole::Audit))?;
        self.sign_statement_as(generation, message)
    }

    /// Signs a statement with the audit key of a generation: what hands a log over is signed by two.
    ///
    /// # Errors
    /// [`Kind::Token`].
    pub fn sign_statement_as(&mut self, generation: u32, message: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.audit_key(generation)?.clone();
        let algorithm = SignatureAlgorithm::of(key.spki.spec());
        let mut result = Err(Error::new(Kind::Token, "the token gave no answer"));
        self.token(KeyRole::Audit)?.sign(&key, algorithm, &[message], &mut |_, signature| result = signature);
        result.map(|signature| signature.0)
    }

    /// Signs the plans at these places of a committed batch with the root key; `done` is called on this thread with the
    /// place and the result of each as it comes in. Gives the places that the token was never asked to sign, in order.
    ///
    /// # Errors
    /// [`Kind::Bug`] where the batch is not what was committed, [`Kind::Token`] where no root key is held:
    /// nothing was signed. Failures of single signatures go to `done`.
    pub(super) fn sign_committed(
        &mut self,
        committed: &Committed,
        (batch, places): (&Batch, &[usize]),
        done: &mut dyn FnMut(usize, Result<Signature, Error>),
    ) -> Result<Vec<usize>, Error> {
        let messages: Vec<&[u8]> = batch.plans().iter().map(|p| p.plan().tbs.0.as_slice()).collect();
        let digests: Vec<Digest> = messages.iter().map(|tbs| Digest::of(tbs)).collect();
        if digests.is_empty() || committed.tbs_digests() != digests {
            return Err(
                Error::new(Kind::Bug, "what is to be signed is not what was committed").truth("Nothing was signed.")
            );
        }
        let key = self.roots.get(&batch.issuer_generation()).cloned().ok_or_else(|| absent(KeyRole::Root))?;
        let algorithm = SignatureAlgorithm::of(key.spki.spec());
        let asked: Vec<(usize, &[u8])> =
            places.iter().filter_map(|place| Some((*place, *messages.get(*place)?))).collect();
        let place = |index: usize| asked.get(index).map_or(usize::MAX, |(place, _)| *place);
        let messages: Vec<&[u8]> = asked.iter().map(|(_, message)| *message).collect();
        let token = self.token(KeyRole::Root)?;
        let never = token.sign(&key, algorithm, &messages, &mut |index, signature| done(place(index), signature));
        Ok(never.into_iter().map(place).collect())
    }

    /// True where every token answers and is logged in to.
    pub fn is_open(&self) -> bool {
        self.tokens.iter().all(|(_, token)| token.is_open())
    }

    /// Moves the guard of the root's token to the log's present state, and makes it durable.
    ///
    /// # Errors
    /// [`Kind::Token`]; [`Kind::Medium`]: the token has it, and a power cut may lose it.
    pub fn set_guard(&mut self, log: &Log) -> Result<(), Error> {
        let guard = Guard { log: log.log_id().clone(), size: log.size(), root: log.root() };
        let token = self.token(KeyRole::Root)?;
        token.set_guard(&guard)?;
        token.sync()
    }

    /// A token remembers one log: where it remembers another than this one, or than the one that this takes the
    /// place of, this is a copy of a log that was lost and restored elsewhere.
    ///
    /// # Errors
    /// [`Kind::Verify`].
    pub fn check_only_log(&mut self, log: &Hex, replaces: Option<&Hex>) -> Result<(), Error> {
        let guards = self.token(KeyRole::Root)?.guards()?;
        if guards.iter().any(|guard| guard.log == *log) {
            return Ok(());
        }
        match guards.iter().find(|guard| Some(&guard.log) != replaces) {
            None => Ok(()),
            Some(other) => Err(Error::new(Kind::Verify, "the token remembers another log")
                .saw(format!("log {log}"))
                .wanted(format!("log {}, {} or more", other.log, text_of(other.size)))
                .hint("this log was restored under another id since: go on with a copy of that one")
                .truth("Nothing was signed.")),
        }
    }

    /// Compares the log with the guard in the root's token; false where the token remembers nothing of it.
    ///
    /// # Errors
    /// [`Kind::Verify`]: the log is older than the token remembers, or another.
    pub fn check_guard(&mut self, log: &Log) -> Result<bool, Error> {
        let Some(guard) = self.token(KeyRole::Root)?.guard(log.log_id())? else { return Ok(false) };
        if guard.size > log.size() {
            return Err(Error::new(Kind::Verify, "this log is older than the token remembers")
                .saw(text_of(log.size()))
                .wanted(format!("at least {}", text_of(guard.size)))
                .hint("this is an older copy of the authority: insert the stick that was written last")
                .hint("where no newer copy is left: anchorite -C NEW-DIRECTORY restore --from THIS-COPY")
                .truth("Nothing was signed."));
        }
        let root = log.root_at(guard.size)?;
        if root != guard.root {
            return Err(Error::new(
                Kind::Verify,
                "this log is not the one the token remembers: it was changed or forked",
            )
            .saw(format!("root {root} at {}", text_of(guard.size)))
            .wanted(format!("root {}", guard.root))
            .hint("keep this copy as evidence, and go on with one that the token knows: try every stick")
            .hint("two histories mean that a clone of the token has signed, or that the log was changed")
            .truth("Nothing was signed."));
        }
        Ok(true)
    }
}

fn text_of(size: u64) -> String {
    format!("{size} entries")
}

fn absent(role: KeyRole) -> Error {
    Error::new(Kind::Token, format!("the {} key is not at hand", role.name())).truth("Nothing was signed.")
}
