//! The signing protocol: the only caller of a root signature.
//!
//! For a batch of one or of a thousand alike: intents to the log and under a checkpoint, then the root key,
//! then every signature verified by another implementation and every certificate read back and compared
//! with its plan, then the outcomes to the log and under a checkpoint. RFC 6962 is the model for "logged first".

mod keyring;
mod proof;
mod work;

pub use keyring::Keyring;
pub use proof::{Proving, intend, prove};
pub use work::Work;

use crate::error::{Error, Kind};
use crate::log::Header;
use crate::log::record::SignIntent;
use crate::plan::{ApprovedPlan, Batch, TbsView, What};
use crate::store::{Committed, Log};
use crate::token::Signature;
use crate::x509::{SignatureAlgorithm, Spki, build, read, verify};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

/// What was signed and verified, and is in the log: certificate or CRL are read there.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What the log says was about to be signed.
    pub intent: SignIntent,
}

impl Issued {
    /// That it was signed, by its number.
    pub fn says(&self) -> String {
        signed_says(&name_of(&self.intent))
    }
}

/// What the protocol needs besides the batch: where it is logged, and under whose name.
pub struct Desk<'a> {
    /// The log.
    pub log: &'a mut Log,
    /// The checkpoint origin.
    pub origin: &'a str,
    /// Makes the header of the next entries.
    pub header: &'a mut dyn FnMut() -> Header,
    /// Called as signatures come in and are verified: done, of.
    pub progress: &'a mut dyn FnMut(usize, usize),
    /// Called before the root key is asked, and when what it signed is in the log.
    pub stage: &'a mut dyn FnMut(Signing),
}

/// How far the use of the root key has come in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// It was not asked.
    Nothing,
    /// It is at work, or was and nobody knows with what success.
    Asked,
    /// What it signed is in the log.
    Logged,
}

/// Signs the plans at these places; each signature is assembled, verified and read back as it comes in, on every core
/// that the token leaves: the token waits for none of it. Gives the places of those that it was never asked to sign.
fn sign_and_verify(
    (batch, places): (&Batch, &[usize]),
    committed: &Committed,
    keys: &mut Keyring,
    issuer: &Spki,
    results: &mut [Result<Vec<u8>, Error>],
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<usize>, Error> {
    let of = places.len();
    let mut done = 0;
    let mut keep = |(index, result): Finished| {
        if let Some(slot) = results.get_mut(index) {
            *slot = result;
        }
        done += 1;
        progress(done, of);
    };
    std::thread::scope(|scope| {
        let (to_check, waiting) = mpsc::channel::<(usize, Signature)>();
        let (checked, finished) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores.min(of) {
            let (waiting, checked) = (Arc::clone(&waiting), checked.clone());
            scope.spawn(move || check(batch, issuer, &waiting, &checked));
        }
        let signed = keys.sign_committed(committed, (batch, places), &mut |index, signature| {
            // Both channels live until the last signature is in.
            match signature {
                Ok(signature) => drop(to_check.send((index, signature))),
                Err(error) => drop(checked.send((index, Err(error)))),
            }
            finished.try_iter().for_each(&mut keep);
        });
        drop((to_check, checked));
        finished.iter().for_each(&mut keep);
        signed
    })
}

/// The place of a plan in its batch, and what became of it.
type Finished = (usize, Result<Vec<u8>, Error>);

/// Checks signatures until no more come.
fn check(batch: &Batch, issuer: &Spki, waiting: &Mutex<Receiver<(usize, Signature)>>, checked: &Sender<Finished>) {
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    while let Some((index, signature)) = next() {
        let Some(plan) = batch.plans().get(index) else { continue };
        drop(checked.send((index, finish(plan, &signature, issuer))));
    }
}

/// Where a root's own certificate was not made, the log cannot vouch for what the same key signed beside it: nobody
/// could verify it. It is signed all the same, so it counts as issued and is delivered to nobody.
fn hold_back(plans: &[ApprovedPlan], results: &mut [Result<Vec<u8>, Error>]) {
    let root = plans.iter().zip(results.iter()).find(|(plan, _)| plan.plan().what == What::Root);
    let Some((_, Err(cause))) = root else { return };
    let held = Error::new(Kind::AfterSigning, format!("signed, but the root's own certificate was not: {cause}"))
        .hint("the next try makes all of them anew");
    for result in results.iter_mut().filter(|result| result.is_ok()) {
        *result = Err(held.clone());
    }
}

/// Assembles a signed structure, verifies its signature and compares what another parser reads with the plan.
fn finish(approved: &ApprovedPlan, signature: &Signature, issuer: &Spki) -> Result<Vec<u8>, Error> {
    let plan = approved.plan();
    let algorithm = plan.algorithm()?;
    verify::signature(issuer, algorithm, &plan.tbs.0, &signature.0).map_err(|_| wrong_signature(issuer, algorithm))?;
    let der = build::assemble(&plan.tbs.0, algorithm, &signature.0)?;
    examine(approved, &der)?;
    Ok(der)
}

/// A token that signs wrongly is broken, or is not what it says it is: the fault is the token's, not a file's.
fn wrong_signature(issuer: &Spki, algorithm: SignatureAlgorithm) -> Error {
    Error::new(Kind::Token, "the token returned a signature that does not verify")
        .wanted(format!("{} by the key {}", algorithm.title(), issuer.sha256().short()))
        .hint("no certificate is made of it, and it was kept nowhere")
        .hint("do not sign with this token until you know why: try it with anchorite hsm probe")
}

/// Reads a signed structure with the parser that did not build it: it is its plan's, and the lint finds no
/// more in it than in the plan.
///
/// # Errors
/// [`Kind::AfterSigning`]: the signature exists.
fn examine(approved: &ApprovedPlan, der: &[u8]) -> Result<(), Error> {
    let (view, tbs, algorithm) = match approved.plan().what {
        What::Crl => read::crl(der).map(|crl| (TbsView::Crl(Box::new(crl.view)), crl.tbs, crl.algorithm)),
        What::Request => read::request(der).and_then(|request| {
            let (view, algorithm) =
                (read::tbs_request(&request.info)?, SignatureAlgorithm::from_oid(&request.algorithm_oid)?);
            Ok((TbsView::Request(Box::new(view)), request.info, algorithm))
        }),
        _ => read::certificate(der).map(|c| (TbsView::Certificate(Box::new(c.view)), c.tbs, c.algorithm)),
    }
    .map_err(|error| error.within("signed, but what was signed does not read back").into_kind(Kind::AfterSigning))?;
    if let Some(flaw) = approved.flaw(&view)? {
        return Err(Error::new(Kind::AfterSigning, format!("signed, but refused by the rule {}", flaw.id))
            .saw(&flaw.observed)
            .wanted(&flaw.expected)
            .hint("no bundle is made of it: report this with the log, it is a defect"));
    }
    if tbs != approved.plan().tbs.0 || algorithm != approved.plan().algorithm()? {
        return Err(Error::new(Kind::AfterSigning, "signed, but what was signed does not read back as its plan")
            .hint("no bundle is made of it: report this with the log, it is a defect"));
    }
    Ok(())
}

/// How what was signed reaches those who wait for it, where a later step failed.
pub fn goes_on<'i>(mut intents: impl Iterator<Item = &'i SignIntent>) -> &'static str {
    match intents.any(|intent| intent.what == What::Intermediate.name()) {
        true => "the log has each outcome; make bundles of what was issued with: anchorite export",
        false => "the log has each outcome; start the same command again: public/ is written from the log",
    }
}

/// True where a signature exists for certain.
fn was_signed(result: &Result<Vec<u8>, Error>) -> bool {
    result.as_ref().map_or_else(|error| error.kind() == Kind::AfterSigning, |_| true)
}

fn name_of(intent: &SignIntent) -> String {
    match (&intent.serial, intent.crl_number) {
        (Some(serial), _) => format!("Serial {}", serial.colons()),
        (None, Some(number)) => format!("CRL number {number}"),
        (None, None) => "The request to a parent".to_owned(),
    }
}

fn signed_says(name: &str) -> String {
    format!("{name} WAS signed; treat it as issued.")
}

#[cfg(test)]
mod tests;
