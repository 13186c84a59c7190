//! Signing: messages go to sessions, each owned by one thread, as they come free.
//!
//! A session that answered with an error is left for a new one: modules keep the broken operation active
//! (SoftHSM 2.6.1 then answers CKR_OPERATION_ACTIVE). Nothing is verified here. Source: PKCS#11 v3.0 section 5.13.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::mechanism::{self, Input, Way};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{KeyId, KeyRef, Signature, attributes, encoding, fault, keys};
use crate::x509::SignatureAlgorithm;
use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use secrecy::SecretString;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// How to sign, decided once for a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    algorithm: SignatureAlgorithm,
    way: Way,
    /// The PIN, where the profile says that keys ask for it each time.
    pin: Option<&'a SecretString>,
    reauthenticate: bool,
}

/// Decides how this token signs with this algorithm.
///
/// # Errors
/// [`Kind::Token`] where it cannot, or the key is of another kind.
pub(super) fn job(token: &Pkcs11Token, spec: KeySpec, algorithm: SignatureAlgorithm) -> Result<Job<'_>, Error> {
    if !mechanism::fits(spec, algorithm) {
        return Err(Error::new(Kind::Token, "a key of this kind does not sign with this algorithm")
            .saw(spec.title())
            .wanted(algorithm.title()));
    }
    let way = mechanism::choose(algorithm, &token.mechanisms, token.profile.hash)?;
    let reauthenticate = token.profile.reauthenticate;
    if reauthenticate && way.input != Input::Message {
        return Err(Error::new(Kind::Token, "a key that asks for the PIN at each signature must hash on the token")
            .saw(mechanism::name(way.mechanism)));
    }
    Ok(Job { algorithm, way, pin: token.pin.as_ref(), reauthenticate })
}

/// Makes one signature.
///
/// # Errors
/// [`Kind::Token`].
pub(super) fn sign_one(
    session: &Session,
    key: ObjectHandle,
    job: &Job<'_>,
    message: &[u8],
) -> Result<Signature, Error> {
    let input = mechanism::input(job.way, job.algorithm, message)?;
    let call = mechanism::call(job.way.mechanism)?;
    let raw = if job.reauthenticate && asks_each_time(session, key) {
        session
            .sign_init(&call, key)
            .and_then(|()| session.login(UserType::ContextSpecific, job.pin))
            .and_then(|()| session.sign_update(&input))
            .and_then(|()| session.sign_final())
    } else {
        session.sign(&call, key, &input)
    };
    let raw = raw.map_err(|answer| fault::refused("the token did not sign", &answer))?;
    Ok(Signature(match job.algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => {
            encoding::ecdsa_der(&raw)?
        }
        _ => raw,
    }))
}

fn asks_each_time(session: &Session, key: ObjectHandle) -> bool {
    let asked = attributes::one(session, key, AttributeType::AlwaysAuthenticate);
    matches!(asked, Some(Attribute::AlwaysAuthenticate(true)))
}

/// Makes a signature of each message over as many sessions as the token is set to; `done` gets each result
/// on the calling thread while the sessions work on the next.
pub(super) fn sign_all(
    token: &Pkcs11Token,
    key: &KeyRef,
    algorithm: SignatureAlgorithm,
    messages: &[&[u8]],
    done: &mut dyn FnMut(usize, Result<Signature, Error>),
) {
    let job = match job(token, key.spki.spec(), algorithm) {
        Ok(job) => job,
        Err(error) => return (0..messages.len()).for_each(|index| done(index, Err(error.clone()))),
    };
    let batch =
        Batch { context: token.context(), slot: token.slot, key: &key.id, job, messages, next: AtomicUsize::new(0) };
    // One message needs no second thread; more do even on one session, so that verifying one overlaps
    // with making the next.
    if messages.len() <= 1 {
        return batch.work(done);
    }
    let sessions = token.sessions.clamp(1, messages.len());
    let mut answered = vec![false; messages.len()];
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..sessions {
            let (sender, batch) = (sender.clone(), &batch);
            // The receiver lives until every sender is gone, so sending cannot fail.
            scope.spawn(move || batch.work(&mut |index, result| drop(sender.send((index, result)))));
        }
        drop(sender);
        for (index, result) in receiver {
            if let Some(place) = answered.get_mut(index) {
                *place = true;
            }
            done(index, result);
        }
    });
    for (index, _) in answered.iter().enumerate().filter(|(_, answered)| !**answered) {
        done(index, Err(Error::new(Kind::Bug, "a signing thread ended before its work was done")));
    }
}

/// What the threads of a batch share.
struct Batch<'a> {
    context: &'a Pkcs11,
    slot: Slot,
    key: &'a KeyId,
    job: Job<'a>,
    messages: &'a [&'a [u8]],
    next: AtomicUsize,
}

impl Batch<'_> {
    /// Takes messages until none is left, in a session of its own. The login is the process's.
    fn work(&self, emit: &mut dyn FnMut(usize, Result<Signature, Error>)) {
        let mut lane = None;
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(message) = self.messages.get(index) else { return };
            let result = self.sign_in(&mut lane, message);
            if result.is_err() {
                lane = None;
            }
            emit(index, result);
        }
    }

    fn sign_in(&self, lane: &mut Option<(Session, ObjectHandle)>, message: &[u8]) -> Result<Signature, Error> {
        let (session, key) = match lane {
            Some(open) => open,
            None => lane.insert(self.open()?),
        };
        sign_one(session, *key, &self.job, message)
    }

    fn open(&self) -> Result<(Session, ObjectHandle), Error> {
        let session = self
            .context
            .open_ro_session(self.slot)
            .map_err(|answer| fault::refused("cannot open a session to sign in", &answer))?;
        let key = keys::private_key(&session, self.key)?;
        Ok((session, key))
    }
}
