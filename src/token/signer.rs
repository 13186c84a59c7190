//! One signature in one session: the mechanism, the PIN where the key asks for it each time, and what a refusal says.
//!
//! Never opens a session, never chooses the key. Source: PKCS#11 v3.0 sections 5.6 (C_Login, CKU_CONTEXT_SPECIFIC) and
//! 5.13 (C_SignInit, C_Sign).

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::mechanism::{self, Way};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::raw::Raw;
use crate::token::{Signature, attributes, encoding, fault};
use crate::x509::SignatureAlgorithm;
use cryptoki::context::Function;
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use secrecy::SecretString;
use std::sync::OnceLock;

/// How to sign, decided once for a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    algorithm: SignatureAlgorithm,
    way: Way,
    raw: &'a Raw,
    /// The PIN for keys that ask for it each time; `None` also where it is typed on the token itself.
    pin: Option<&'a SecretString>,
    pinpad: bool,
    /// The PIN, where it was refused before.
    refused: &'a OnceLock<Error>,
    /// The family's keys ask each time, whatever they say of themselves.
    known_to_ask: bool,
}

/// A key as a session sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signer {
    key: ObjectHandle,
    /// It asks for the PIN at each signature.
    asks: bool,
}

impl Signer {
    /// Looks whether the key asks for the PIN each time: what it says of itself counts, not what its family is known for.
    pub(super) fn of(session: &Session, key: ObjectHandle) -> Self {
        Self { key, asks: asks_each_time(session, key) }
    }
}

/// True where a key says that it asks for the PIN at each signature.
pub(super) fn asks_each_time(session: &Session, key: ObjectHandle) -> bool {
    let asked = attributes::one(session, key, AttributeType::AlwaysAuthenticate);
    matches!(asked, Some(Attribute::AlwaysAuthenticate(true)))
}

/// True where a private key that the session sees asks so. A token that cannot be searched fails at the next step, and
/// says why.
pub(super) fn any_asks(session: &Session) -> bool {
    let keys = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap_or_default();
    keys.into_iter().any(|key| asks_each_time(session, key))
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
    Ok(Job {
        algorithm,
        way,
        raw: token.raw(),
        pin: token.pin.as_ref(),
        pinpad: token.pinpad,
        refused: &token.refused,
        known_to_ask: token.profile.reauthenticate,
    })
}

/// Why there is no signature.
pub(super) struct Unsigned {
    pub(super) error: Error,
    /// False where the token was given nothing to sign: no signature can exist.
    pub(super) asked: bool,
}

impl From<Error> for Unsigned {
    fn from(error: Error) -> Self {
        Self { error, asked: false }
    }
}

impl From<Unsigned> for Error {
    fn from(unsigned: Unsigned) -> Self {
        unsigned.error
    }
}

/// What the token answered while it was to sign: the data goes to it with C_Sign and not before.
fn refused(answer: Answer) -> Unsigned {
    let asked = !matches!(answer, Answer::Pkcs11(_, Function::SignInit));
    Unsigned { error: fault::refused("the token did not sign", &answer), asked }
}

/// Makes one signature.
///
/// # Errors
/// [`Kind::Token`]; [`Kind::PinRejected`] and [`Kind::PinFinal`] where the key asks for the PIN and it is not taken: a
/// try is spent, and nothing was signed.
pub(super) fn sign_one(
    session: &Session,
    signer: Signer,
    job: &Job<'_>,
    message: &[u8],
) -> Result<Signature, Unsigned> {
    let input = mechanism::input(job.way, job.algorithm, message)?;
    let call = mechanism::call(job.way.mechanism)?;
    let with_pin = || {
        if job.pin.is_none() && !job.pinpad {
            return Err(not_kept().into());
        }
        // Once refused it is not tried again, by no signature: each try counts.
        if let Some(error) = job.refused.get() {
            return Err(error.clone().into());
        }
        session.sign_init(&call, signer.key).map_err(refused)?;
        session.login(UserType::ContextSpecific, job.pin).map_err(|answer| {
            let error = pin_refused(&answer);
            if matches!(error.kind(), Kind::PinRejected | Kind::PinFinal) {
                // The first one stays.
                let _ = job.refused.set(error.clone());
            }
            error
        })?;
        job.raw.sign(session, &input).map_err(refused)
    };
    let raw = match signer.asks {
        true => with_pin()?,
        false => match session.sign(&call, signer.key, &input) {
            Err(Answer::Pkcs11(RvError::UserNotLoggedIn, Function::Sign)) if job.known_to_ask => with_pin()?,
            Err(answer @ Answer::Pkcs11(RvError::UserNotLoggedIn, Function::Sign)) => {
                let error = Error::new(Kind::Token, "the token did not sign").saw(fault::name(&answer)).hint(
                    "the login was lost; or its keys ask for the PIN at each signature and do not say so: then \
                     `reauthenticate = true` in the token's profile",
                );
                return Err(Unsigned { error, asked: true });
            }
            other => other.map_err(refused)?,
        },
    };
    Ok(Signature(match job.algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => {
            encoding::ecdsa_der(&raw).map_err(|error| Unsigned { error, asked: true })?
        }
        _ => raw,
    }))
}

fn not_kept() -> Error {
    Error::new(Kind::Token, "the key asks for the PIN at each signature, and it was not kept")
        .hint("say `reauthenticate = true` in the token's profile, and start the command again")
}

/// The PIN for this one signature was not taken. It opened the token before, so something is wrong: it is not tried again.
fn pin_refused(answer: &Answer) -> Error {
    let what = "the token did not take the PIN that it asks for at each signature";
    let error = fault::refused(what, answer);
    match answer {
        Answer::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
            error.into_kind(Kind::PinRejected).truth("One try was spent; it was not tried again.")
        }
        Answer::Pkcs11(RvError::PinLocked, _) => error.into_kind(Kind::PinFinal).truth("The PIN was not tried again."),
        _ => error,
    }
}
