//! Signing: messages go to sessions, each owned by one thread, as they come free.
//!
//! A session that answered with an error is left for a new one: modules keep the broken operation active
//! (SoftHSM 2.6.1 then answers CKR_OPERATION_ACTIVE). One that did well is kept until the token is closed: opening it
//! again would cost a search for the key, and a module may end the login with any session that is closed. A message is
//! taken only once there is a session for it, so what no session was left for was never shown to the token. Nothing is
//! verified here. Source: PKCS#11 v3.0 section 5.13.

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
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

/// A session that is kept for the signatures to come.
pub(super) struct Lane {
    session: Session,
    /// The key that it signed with last, as it sees it.
    ready: Option<(KeyId, Signer)>,
}

impl Lane {
    /// One that signed nothing yet.
    pub(super) fn idle(session: Session) -> Self {
        Self { session, ready: None }
    }

    /// Keeps the session, and looks for its key again: after a logout, or the end of a key, what it knew is nothing.
    pub(super) fn forget(&mut self) {
        self.ready = None;
    }
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
    let lanes = std::mem::take(&mut token.lanes);
    let job = match job(token, key.spki.spec(), algorithm) {
        Ok(job) => job,
        Err(error) => {
            (0..messages.len()).for_each(|index| done(index, Err(error.clone())));
            token.lanes = lanes;
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
        lanes: Mutex::new(lanes),
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
    let ended = if messages.len() <= 1 {
        batch.work(&mut emit)
    } else {
        batch.in_parallel(token.sessions.clamp(1, messages.len()), &mut emit)
    };
    // A token that gives no session beside the one that it gave already signs in that one.
    let ended = match ended {
        Err(Ended::NoSession(_)) => batch.work_here(&token.session, &mut emit),
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
    token.lanes = batch.lanes.into_inner().unwrap_or_else(PoisonError::into_inner);
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
    /// Sessions that no thread has.
    lanes: Mutex<Vec<Lane>>,
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
            if self.take(&session, signer, emit)? {
                self.lanes().push(Lane { session, ready: Some((self.key.clone(), signer)) });
            }
        }
        Ok(())
    }

    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same in a session that is open for other things as well, for as long as it signs.
    fn work_here(
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

    /// Takes messages until none is left or one could not be signed; true where the session is fit for more.
    fn take(
        &self,
        session: &Session,
        signer: Signer,
        emit: &mut dyn FnMut(usize, Result<Signature, Unsigned>),
    ) -> Result<bool, Ended> {
        while !self.is_over() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(message) = self.messages.get(index) else { break };
            let result = sign_one(session, signer, &self.job, message);
            let failed = result.as_ref().err().map(|unsigned| unsigned.error.clone());
            emit(index, result);
            match failed {
                Some(error) if matches!(error.kind(), Kind::PinRejected | Kind::PinFinal) => {
                    self.stopped.store(true, Ordering::SeqCst);
                    return Err(Ended::Failed(error));
                }
                Some(_) => return Ok(false),
                None => {}
            }
        }
        Ok(true)
    }

    /// A session that sees the key: one that signed with it before, else any that is kept, else a new one.
    fn open(&self) -> Result<(Session, Signer), Ended> {
        let is_ready = |lane: &Lane| lane.ready.as_ref().is_some_and(|(key, _)| key == self.key);
        let kept = {
            let mut lanes = self.lanes();
            let ready = lanes.iter().position(is_ready);
            ready.or_else(|| lanes.len().checked_sub(1)).map(|place| lanes.swap_remove(place))
        };
        let session = match kept {
            Some(Lane { session, ready: Some((key, signer)) }) if key == *self.key => return Ok((session, signer)),
            Some(Lane { session, .. }) => session,
            None => self.context.open_ro_session(self.slot).map_err(|answer| {
                let error = fault::refused("cannot open a session to sign in", &answer);
                match answer {
                    Answer::Pkcs11(RvError::SessionCount, _) => Ended::NoSession(error),
                    _ => Ended::Failed(error),
                }
            })?,
        };
        let key = keys::private_key(&session, self.key).map_err(Ended::Failed)?;
        let signer = Signer::of(&session, key);
        Ok((session, signer))
    }
}
