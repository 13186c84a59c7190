//! A batch at work: the order of the protocol, and what of it is done. What is done stays done: where a token was taken
//! out in the middle, the same work goes on once it is there again.
//!
//! Never signs a plan twice, and never lets one go without an outcome.

use super::{Desk, Issued, Keyring, Signing, goes_on, hold_back, name_of, sign_and_verify, signed_says, was_signed};
use crate::digest::Base64;
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::record::{SignIntent, SignOutcome};
use crate::plan::Batch;
use crate::store::{Committed, Intended};
use crate::text;
use crate::x509::Spki;

/// A batch of approved plans that the root key signs, and how far that is.
pub struct Work {
    batch: Batch,
    intended: Option<Intended>,
    committed: Option<Committed>,
    /// What became of each plan; a certificate or CRL only until the log has it.
    results: Vec<Result<Vec<u8>, Error>>,
    /// The plans that the token was never asked to sign.
    unasked: Vec<usize>,
    /// Whether the outcome of each plan is in the log.
    logged: Vec<bool>,
}

impl Work {
    /// Nothing of it is done.
    pub fn new(batch: Batch) -> Self {
        let of = batch.plans().len();
        let mut results = Vec::with_capacity(of);
        results.resize_with(of, || Err(Error::new(Kind::Token, "the token gave no answer")));
        Self { batch, intended: None, committed: None, results, unasked: (0..of).collect(), logged: vec![false; of] }
    }

    /// Signs the to-be-signed bytes of the plans with the root key, or goes on with it.
    ///
    /// People approved exactly these bytes; nothing is encoded again here. The intents are committed to the log
    /// first; each signature is verified with the issuer's public key, by another implementation than the
    /// token's and while the token works on the next, before this returns.
    ///
    /// Where the token is gone and somebody `waits` for it, what it was not asked yet is left for the next call; else
    /// that is over as well, and logged so.
    ///
    /// # Errors
    /// Before the token was asked: the error's own kind, "Nothing was signed.". Afterwards
    /// [`Kind::AfterSigning`]: the log, or where that failed the error, names every serial number that was
    /// signed or may have been.
    pub fn go_on(&mut self, keys: &mut Keyring, desk: &mut Desk<'_>, waits: bool) -> Result<Vec<Issued>, Error> {
        let issuer = keys.root_spki(self.batch.issuer_generation())?.clone();
        let audit = keys.audit_spki()?.clone();
        let committed = match self.committed.take() {
            Some(committed) => committed,
            None => self.commit(keys, desk, &audit).map_err(|error| error.truth("Nothing was signed."))?,
        };
        let signed = self.sign(&committed, keys, desk, &issuer);
        let range = committed.range();
        self.committed = Some(committed);
        signed?;
        let left = waits && !self.unasked.is_empty() && !keys.is_open();
        self.record(range.start, desk, !left)?;
        if left {
            let first = self.unasked.iter().find_map(|place| self.results.get(*place)?.as_ref().err().cloned());
            return Err(self.told(first.unwrap_or_else(|| Error::new(Kind::Token, "the token is gone"))));
        }
        self.seal(keys, desk, &audit)
    }

    /// Nobody brings the token back: what it was not asked for is logged as that. Gives the error with what is true.
    pub fn give_up(&mut self, desk: &mut Desk<'_>, error: Error) -> Error {
        let Some(range) = self.committed.as_ref().map(Committed::range) else {
            return error.truth("Nothing was signed.");
        };
        match self.record(range.start, desk, true) {
            Ok(()) => self.told(error),
            Err(second) => second.hint(format!("this came after another: {error}")),
        }
    }

    /// The intents, in the log and under a checkpoint.
    fn commit(&mut self, keys: &mut Keyring, desk: &mut Desk<'_>, audit: &Spki) -> Result<Committed, Error> {
        let intended = match self.intended.take() {
            Some(intended) => intended,
            None => desk.log.intend(&(desk.header)(), self.batch.intents())?,
        };
        let committed = desk.log.commit(&intended, desk.origin, audit, &mut |body| keys.sign_statement(body));
        self.intended = Some(intended);
        committed
    }

    /// What was not asked yet.
    fn sign(
        &mut self,
        committed: &Committed,
        keys: &mut Keyring,
        desk: &mut Desk<'_>,
        issuer: &Spki,
    ) -> Result<(), Error> {
        if self.unasked.is_empty() {
            return Ok(());
        }
        let none = self.unasked.len() == self.results.len();
        keys.set_guard(desk.log)
            .map_err(|error| if none { error.truth("Nothing was signed.") } else { self.told(error) })?;
        (desk.stage)(Signing::Asked);
        let asked = (&self.batch, self.unasked.as_slice());
        self.unasked = sign_and_verify(asked, committed, keys, issuer, &mut self.results, desk.progress)?;
        hold_back(self.batch.plans(), &mut self.results);
        Ok(())
    }

    /// Appends the outcomes that are known and not in the log yet; with those that the token was never asked for, where
    /// this is the `end`.
    fn record(&mut self, first: u64, desk: &mut Desk<'_>, end: bool) -> Result<(), Error> {
        let unasked = |place: usize| self.unasked.binary_search(&place).is_ok();
        let due: Vec<bool> =
            self.logged.iter().enumerate().map(|(place, logged)| !logged && (end || !unasked(place))).collect();
        let results = self.results.iter().zip(first..).enumerate().zip(&due);
        let told = |error: &str| Some(text::without_directories(error));
        let outcomes = results.filter(|(_, due)| **due).map(|((place, (result, intent)), _)| {
            let (status, der, reason) = match result {
                Ok(der) => ("ok", Some(Base64(der.clone())), None),
                Err(error) if unasked(place) => ("failed", None, told(&format!("the token was never asked: {error}"))),
                // The token was asked: a signature may exist somewhere. One that is certain but flawed is
                // recorded so as well: treated as issued, delivered to nobody.
                Err(error) => ("unknown", None, told(&error.to_string())),
            };
            Record::from(SignOutcome { intent, status: status.to_owned(), der, reason })
        });
        let header = (desk.header)();
        desk.log.append_made(&header, outcomes).map_err(|error| {
            self.told(error.within("the outcome could not be logged").hint(
                "mend the cause and run any ceremony: it records these serial numbers as unknown; they are not used again",
            ))
        })?;
        for ((logged, result), _) in self.logged.iter_mut().zip(&mut self.results).zip(due).filter(|(_, due)| *due) {
            *logged = true;
            if let Ok(der) = result {
                // It is in the log, and read there.
                *der = Vec::new();
            }
        }
        if self.results.iter().any(was_signed) {
            (desk.stage)(Signing::Logged);
        }
        Ok(())
    }

    /// Puts the outcomes under a checkpoint, and gives what was issued.
    fn seal(&mut self, keys: &mut Keyring, desk: &mut Desk<'_>, audit: &Spki) -> Result<Vec<Issued>, Error> {
        let way_on = goes_on(self.batch.intents().iter());
        let failed = self.results.iter().find_map(|result| result.as_ref().err()).cloned();
        let any = self.results.iter().any(was_signed);
        let covered = desk.log.checkpoint(desk.origin, audit, &mut |body| keys.sign_statement(body));
        let sealed =
            covered.map_err(|error| error.within("the outcome is logged, but not under a checkpoint")).and_then(|_| {
                keys.set_guard(desk.log).map_err(|error| error.within("the outcome is logged, but not in the guard"))
            });
        match (sealed, failed) {
            // Nothing came of it: why, is what people need to know. The next session covers the outcomes.
            (_, Some(error)) if !any => Err(self.told(error)),
            (Err(error), _) | (Ok(()), Some(error)) => Err(self.told(error).hint(way_on)),
            (Ok(()), None) => Ok(self.batch.intents().iter().map(|intent| Issued { intent: intent.clone() }).collect()),
        }
    }

    /// The error with what is true of each plan.
    fn told(&self, error: Error) -> Error {
        let asked = |place: &usize| self.unasked.binary_search(place).is_err();
        let fates = self.batch.intents().iter().zip(&self.results).enumerate().filter(|(place, _)| asked(place));
        let error = fates.fold(error, |error, (_, (intent, result))| error.truth(fate(intent, was_signed(result))));
        let signed = self.results.iter().any(was_signed);
        let error = match self.unasked.len() {
            0 => error,
            all if all == self.results.len() => error.truth("Nothing was signed."),
            1 => error.truth("One more was not signed: the token was never asked."),
            left => error.truth(format!("{left} more were not signed: the token was never asked.")),
        };
        if signed { error.into_kind(Kind::AfterSigning) } else { error }
    }
}

/// What is true of one intent after the token was asked.
fn fate(intent: &SignIntent, signed: bool) -> String {
    let name = name_of(intent);
    if signed {
        signed_says(&name)
    } else {
        format!("{name} may have been signed; it is recorded as unknown and never used again.")
    }
}
