//! Signing: messages go to sessions, each owned by one thread, as they come free.
//!
//! A session that answered with an error is left for a new one: modules keep the broken operation active
//! (SoftHSM 2.6.1 then answers CKR_OPERATION_ACTIVE). A message is taken only once there is a session for it, so what
//! no session was left for was never shown to the token. Nothing is verified here. Source: PKCS#11 v3.0 section 5.13.

use crate::error::{Error, Kind};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::signer::{Job, Signer, Unsigned, job, sign_one};
use crate::token::{KeyId, KeyRef, Signature, fault, keys};
use crate::x509::SignatureAlgorithm;
use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// A session that made a signature, kept for the next one with the same key.
pub(super) struct Lane {
    key: KeyId,
    session: Session,
    signer: Signer,
}

/// Makes a signature of each message over as many sessions as the token is set to and lets be opened; `done` gets each
/// result on the calling thread while the sessions work on the next. Gives the messages that the token was never shown.
pub(super) fn sign_all(
    token: &mut Pkcs11Token,
    key: &KeyRef,
    algorithm: SignatureAlgorithm,
    messages: &[&[u8]],
    done: &mut dyn FnMut(usize, Result<Signature, Error>),
) -> Vec<usize> {
    // Checkpoints and bundles come one by one: each would open a session and search it for the key.
    let kept = token.lane.take().filter(|lane| lane.key == key.id && messages.len() == 1);
    let job = match job(token, key.spki.spec(), algorithm) {
        Ok(job) => job,
        Err(error) => {
            (0..messages.len()).for_each(|index| done(index, Err(error.clone())));
            return (0..messages.len()).collect();
        }
    };
    let batch = Batch {
        context: token.context(),
        slot: token.slot,
        key: &key.id,
        job,
        messages,
        next: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
    };
    let mut answered = vec![false; messages.len()];
    let mut never = Vec::new();
    let mut emit = |index: usize, result: Result<Signature, Unsigned>| {
        if let Some(place) = answered.get_mut(index) {
            *place = true;
        }
        if result.as_ref().is_err_and(|unsigned| !unsigned.asked) {
            never.push(index);
        }
        done(index, result.map_err(|unsigned| unsigned.error));
    };
    // One message needs no second thread; more do even on one session, so that verifying one overlaps
    // with making the next.
    let mut lane = None;
    let ended = if messages.len() <= 1 {
        batch.work_alone(kept, &mut lane, &mut emit)
    } else {
        batch.in_parallel(token.sessions.clamp(1, messages.len()), &mut emit)
    };
    // A token that gives no session beside the one that it gave already signs in that one.
    let ended = match ended {
        Err(Ended::NoSession(_)) => batch.work_in(&token.session, &mut emit),
        other => other,
    };
    let error = match ended {
        Err(Ended::NoSession(error) | Ended::Failed(error)) => error,
        Ok(()) => Error::new(Kind::Bug, "a signing thread ended before its work was done"),
    };
    for (index, _) in answered.iter().enumerate().filter(|(_, answered)| !**answered) {
        never.push(index);
        done(index, Err(error.clone()));
    }
    token.lane = lane;
    never.sort_unstable();
    never
}

/// Why a session took no more messages although some were left: none was lost by it.
enum Ended {
    /// The token gives no more sessions.
    NoSession(Error),
    /// The token is gone, or takes no PIN.
    Failed(Error),
}

/// What the threads of a batch share.
struct Batch<'a> {
    context: &'a Pkcs11,
    slot: Slot,
    key: &'a KeyId,
    job: Job<'a>,
    messages: &'a [&'a [u8]],
    next: AtomicUsize,
    /// Nothing more may be asked of the token: each further signature would cost a try of the PIN.
    stopped: AtomicBool,
}

impl Batch<'_> {
    /// Works in so many sessions, each with a thread; what comes in is given out on this one. Where at least one session
    /// did all that was left, the others are not missed.
    fn in_parallel(
        &self,
        sessions: usize,
        emit: &mut dyn FnMut(usize, Result<Signature, Unsigned>),
    ) -> Result<(), Ended> {
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let threads: Vec<_> = (0..sessions)
                .map(|_| {
                    let sender = sender.clone();
                    // The receiver lives until every sender is gone, so sending cannot fail.
                    scope.spawn(move || self.work(&mut |index, result| drop(sender.send((index, result)))))
                })
                .collect();
            drop(sender);
            for (index, result) in receiver {
                emit(index, result);
            }
            let ended: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().ok()).collect();
            // A reason that is more than a lack of sessions counts; where all was taken, none does.
            let ended = ended.into_iter().filter_map(Result::err);
            ended.max_by_key(|ended| matches!(ended, Ended::Failed(_))).map_or(Ok(()), Err)
        })
    }

    /// True where no message is left, or none may be taken any more.
    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::SeqCst) || self.next.load(Ordering::Relaxed) >= self.messages.len()
    }

    /// Takes messages until none is left, in a session of its own. The login is the process's.
    fn work(&self, emit: &mut dyn FnMut(usize, Result<Signature, Unsigned>)) -> Result<(), Ended> {
        while !self.is_over() {
            let (session, signer) = self.open()?;
            self.take(&session, signer, emit)?;
        }
        Ok(())
    }

    /// The same for one message, in the session that is kept where one is; `lane` is given one that did its work.
    fn work_alone(
        &self,
        kept: Option<Lane>,
        lane: &mut Option<Lane>,
        emit: &mut dyn FnMut(usize, Result<Signature, Unsigned>),
    ) -> Result<(), Ended> {
        let (session, signer) = match kept {
            Some(kept) => (kept.session, kept.signer),
            None => self.open()?,
        };
        let mut signed = false;
        self.take(&session, signer, &mut |index, result| {
            signed = result.is_ok();
            emit(index, result);
        })?;
        *lane = signed.then(|| Lane { key: self.key.clone(), session, signer });
        Ok(())
    }

    /// The same in a session that is open for other things as well, for as long as it signs.
    fn work_in(
        &self,
        session: &Session,
        emit: &mut dyn FnMut(usize, Result<Signature, Unsigned>),
    ) -> Result<(), Ended> {
        let signer = Signer::of(session, keys::private_key(session, self.key).map_err(Ended::Failed)?);
        while !self.is_over() {
            self.take(session, signer, emit)?;
        }
        Ok(())
    }

    /// Takes messages until none is left or one could not be signed.
    fn take(
        &self,
        session: &Session,
        signer: Signer,
        emit: &mut dyn FnMut(usize, Result<Signature, Unsigned>),
    ) -> Result<(), Ended> {
        while !self.is_over() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(message) = self.messages.get(index) else { return Ok(()) };
            let result = sign_one(session, signer, &self.job, message);
            let failed = result.as_ref().err().map(|unsigned| unsigned.error.clone());
            emit(index, result);
            match failed {
                Some(error) if matches!(error.kind(), Kind::PinRejected | Kind::PinFinal) => {
                    self.stopped.store(true, Ordering::SeqCst);
                    return Err(Ended::Failed(error));
                }
                Some(_) => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    fn open(&self) -> Result<(Session, Signer), Ended> {
        let session = self.context.open_ro_session(self.slot).map_err(|answer| {
            let error = fault::refused("cannot open a session to sign in", &answer);
            match answer {
                Answer::Pkcs11(RvError::SessionCount, _) => Ended::NoSession(error),
                _ => Ended::Failed(error),
            }
        })?;
        let key = keys::private_key(&session, self.key).map_err(Ended::Failed)?;
        let signer = Signer::of(&session, key);
        Ok((session, signer))
    }
}
