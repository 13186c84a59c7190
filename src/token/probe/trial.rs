//! One kind of key, tried: made, judged by what the token says of it, used as often as a moment allows, attacked as
//! whoever knows the PIN could attack it, destroyed.
//!
//! The key ends with the session, or with the trial where people allowed one in the token. Nothing that it signs
//! can be taken for anything else.

use super::{Escapes, Failed, Stopwatch, Tried};
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::keys::{self, PROOF, Pair};
use crate::token::mechanism::Input;
use crate::token::pkcs11::Pkcs11Token;
use crate::token::template::{self, UNAVAILABLE};
use crate::token::{KeyId, Stage, Token, attributes, destroy, escape, holdings, mechanism, pool, signer};
use crate::x509::{SignatureAlgorithm, Spki, verify};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use std::time::Duration;

/// So long is signed with each kind of key.
const MOMENT: Duration = Duration::from_millis(300);

/// Tries a kind of key with one that ends with the session.
pub(super) fn in_session(token: &mut Pkcs11Token, spec: KeySpec, stopwatch: Stopwatch<'_>) -> Tried {
    let mut tried = Tried::of(spec);
    let began = stopwatch();
    match keys::make_for_session(token, spec, Stage::Fixed) {
        Ok((pair, dropped)) => {
            tried.seconds_to_make = Some((stopwatch() - began).as_secs_f64());
            tried.dropped = dropped;
            examine(token, pair, &mut tried, stopwatch);
            let lasts = tried.attribute("CKA_TOKEN") == Some("true");
            let gone = keys::destroy(token, pair);
            if lasts {
                let what = "the token made a key that lasts where one of the session was asked for";
                let after = if gone { "it was destroyed again" } else { "it is still there" };
                tried.fail(Failed::Made, Error::new(Kind::Token, what).saw(after));
            }
        }
        Err(error) => tried.fail(Failed::Made, error),
    }
    if tried.fault.is_none() {
        token.accepted.insert(spec, tried.dropped.clone());
    }
    tried
}

/// The label of a key that was made in a token to be tried: whatever is left of one is found by it.
const LABEL: &str = "anchorite probe";

/// Tries a kind of key with one that is made in the token and destroyed again.
///
/// # Errors
/// [`Kind::Token`]: the token holds objects of an authority and was not changed, or it holds the key still.
pub(super) fn on_token(token: &mut Pkcs11Token, spec: KeySpec, stopwatch: Stopwatch<'_>) -> Result<Tried, Error> {
    let ours: Vec<String> = holdings::list(token)?
        .into_iter()
        .filter(|holding| holding.what == "data object" || holding.label.starts_with("anchorite "))
        .map(|holding| format!("{} \"{}\"", holding.what, holding.label))
        .collect();
    if !ours.is_empty() {
        return Err(Error::new(Kind::Token, "the token is in use: no key is made in it to try it")
            .saw(ours.join(", "))
            .wanted("a token without objects of an authority")
            .hint(
                "what an interrupted trial left has the label \"anchorite probe\": delete it with the token's own tool",
            )
            .truth("The token was not changed."));
    }
    let id = KeyId(crate::digest::Hex(token.random(16)?));
    let mut tried = Tried::of(spec);
    tried.on_token = true;
    let began = stopwatch();
    match keys::make(token, (&id, LABEL), spec, true, Stage::Fixed) {
        Ok((pair, dropped)) => {
            tried.seconds_to_make = Some((stopwatch() - began).as_secs_f64());
            tried.dropped = dropped;
            examine(token, pair, &mut tried, stopwatch);
        }
        Err(error) => tried.fail(Failed::Made, error),
    }
    destroy::destroy(token, &id)?;
    Ok(tried)
}

/// Judges a key, signs with it and attacks it; what is found is in `tried`.
fn examine(token: &Pkcs11Token, pair: Pair, tried: &mut Tried, stopwatch: Stopwatch<'_>) {
    let session = &token.session;
    tried.attributes = attributes::read_back(session, pair.public, pair.private);
    tried.asks_each_time = match tried.attribute("CKA_ALWAYS_AUTHENTICATE") {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    if let Err(error) = template::judge(&tried.attributes, &tried.dropped, Stage::Fixed) {
        return tried.fail(Failed::Judged, error);
    }
    tried.escapes = Some(escapes(token, pair.private));
    let used = attributes::public_key(session, pair.public).and_then(|spki| sign(token, pair, &spki, tried, stopwatch));
    if let Err(error) = used {
        tried.fail(Failed::Signed, error);
    }
}

fn sign(
    token: &Pkcs11Token,
    pair: Pair,
    spki: &Spki,
    tried: &mut Tried,
    stopwatch: Stopwatch<'_>,
) -> Result<(), Error> {
    keys::expect_spec(spki, tried.algorithm)?;
    let algorithm = SignatureAlgorithm::of(tried.algorithm);
    let job = signer::job(token, tried.algorithm, algorithm)?;
    tried.token_hashes =
        Some(mechanism::choose(algorithm, &token.mechanisms, token.profile.hash)?.input == Input::Message);
    let signer = signer::Signer::of(&token.session, pair.private);
    let (began, mut made) = (stopwatch(), 0_u32);
    let mut signatures = Vec::new();
    loop {
        signatures.push(signer::sign_one(&token.session, signer, &job, PROOF)?);
        made += 1;
        let spent = stopwatch() - began;
        if spent >= MOMENT {
            tried.per_second = Some(f64::from(made) / spent.as_secs_f64());
            break;
        }
    }
    // The first and the last: a token that errs between them errs in a ceremony too, where each is verified.
    let ends = signatures.first().into_iter().chain(signatures.last());
    ends.map(|signature| verify::signature(spki, algorithm, PROOF, &signature.0))
        .collect::<Result<Vec<_>, _>>()
        .map(drop)
        .map_err(|error| error.into_kind(Kind::Token))
}

/// What whoever knows the PIN can do to get a key out. What a token refuses, it refuses in any words.
fn escapes(token: &Pkcs11Token, private: ObjectHandle) -> Escapes {
    let session = &token.session;
    let told = |kind| attributes::one(session, private, kind).is_some();
    let read_out = told(AttributeType::PrivateExponent) || told(AttributeType::Value);
    let (wraps_tried, wrapped_by) = escape::wrapped_by_anybody(token, private);
    let softened = session.update_attributes(private, &[Attribute::Extractable(true)]).is_ok()
        && matches!(attributes::one(session, private, AttributeType::Extractable), Some(Attribute::Extractable(true)));
    Escapes { read_out, wraps_tried, wrapped_by, softened }
}

/// How many sessions signed at once with one key, and how many signatures a second they made together; `None` where
/// a session does not see the key of another, or one of the signatures was false.
pub(super) fn at_once(
    token: &mut Pkcs11Token,
    spec: KeySpec,
    sessions: usize,
    stopwatch: Stopwatch<'_>,
) -> Option<(usize, f64)> {
    let (pair, _) = keys::make_for_session(token, spec, Stage::Fixed).ok()?;
    let signed = sign_at_once(token, pair, sessions, stopwatch);
    keys::destroy(token, pair);
    signed
}

fn sign_at_once(
    token: &mut Pkcs11Token,
    pair: Pair,
    sessions: usize,
    stopwatch: Stopwatch<'_>,
) -> Option<(usize, f64)> {
    let spki = attributes::public_key(&token.session, pair.public).ok()?;
    let id: KeyId = keys::proof_id();
    let key = crate::token::KeyRef { id, spki: spki.clone() };
    let algorithm = SignatureAlgorithm::of(spki.spec());
    let messages = vec![PROOF; sessions * 4];
    let before = std::mem::replace(&mut token.sessions, sessions);
    let (began, mut signatures) = (stopwatch(), Vec::new());
    pool::sign_all(token, &key, algorithm, &messages, &mut |_, signature| signatures.push(signature));
    let spent = stopwatch() - began;
    token.sessions = before;
    let good = |signature: &Result<crate::token::Signature, Error>| {
        signature.as_ref().is_ok_and(|signature| verify::signature(&spki, algorithm, PROOF, &signature.0).is_ok())
    };
    let count = u32::try_from(signatures.len()).ok()?;
    (signatures.len() == messages.len() && signatures.iter().all(good))
        .then(|| (sessions, f64::from(count) / spent.as_secs_f64().max(1e-6)))
}

impl Tried {
    fn of(algorithm: KeySpec) -> Self {
        Self {
            algorithm,
            on_token: false,
            fault: None,
            failed: None,
            dropped: Vec::new(),
            attributes: std::collections::BTreeMap::new(),
            token_hashes: None,
            asks_each_time: None,
            seconds_to_make: None,
            per_second: None,
            escapes: None,
        }
    }

    fn fail(&mut self, at: Failed, error: Error) {
        self.failed = Some(at);
        self.fault = Some(error.to_string());
    }

    /// An attribute of the private key as it was read back, where the token tells it.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str).filter(|value| *value != UNAVAILABLE)
    }
}
