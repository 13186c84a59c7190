//! Making a key pair, proving that one could be made, finding one.
//!
//! A key is found by its CKA_ID and proved by its public half; labels never select. Nothing here signs a
//! certificate.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::pkcs11::Pkcs11Token;
use crate::token::template::{self, Wanted};
use crate::token::{Generated, KeyId, KeyRef, KeyRole, Stage, attributes, escape, fault, mechanism, pins, signer};
use crate::x509::{SignatureAlgorithm, Spki, verify};
use cryptoki::context::Function;
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

/// What a session key signs to prove that such keys work; it cannot be taken for anything else.
pub(super) const PROOF: &[u8] = b"anchorite/prove-token/v1\n";

/// Both halves of a key pair in a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) public: ObjectHandle,
    pub(super) private: ObjectHandle,
}

/// CKA_LABEL of keys that are there for a proof: what a crash leaves of one is known by it, and by its id.
pub(super) const PROOF_LABEL: &str = "prove";

/// Makes a key for this alone, judges it, signs with it, verifies outside the token, destroys it. It ends with the
/// session where the token has such keys; else it is a lasting one until it is destroyed.
///
/// The template that the token accepted is remembered for the key to come.
///
/// # Errors
/// [`Kind::Token`]; nothing in the token changed, or the error says that the key of the proof is still there.
pub(super) fn prove(
    token: &mut Pkcs11Token,
    spec: KeySpec,
    role: KeyRole,
    stage: Stage,
) -> Result<Option<String>, Error> {
    let about = |error: Error| error.within(format!("the token cannot hold the {} key {}", role.name(), spec.title()));
    let (dropped, handed_out) = prove_one(token, spec, stage).map_err(about)?;
    token.accepted.insert(spec, dropped);
    Ok(handed_out)
}

/// Whether a key that is not to leave stays in the token; where its profile says that it does not, how it left.
fn kept(token: &Pkcs11Token, pair: Pair, stage: Stage) -> Result<Option<String>, Error> {
    // One that can be wrapped is tried with an officer's trust, elsewhere.
    let way = if stage == Stage::Fixed { escape::wrapped_by_anybody(token, pair.private).1 } else { None };
    match way {
        Some(way) if !token.profile.hands_out => Err(Error::new(
            Kind::Token,
            "whoever knows the PIN can take the key out: a key that must not leave was wrapped",
        )
        .saw(way)
        .wanted("CKR_KEY_UNEXTRACTABLE")
        .hint("use another token; or, where that is known and accepted, hands_out = true in its profile")),
        way => Ok(way),
    }
}

/// The attributes that it was made without, and how it left the token although it must not, where it did.
fn prove_one(token: &Pkcs11Token, spec: KeySpec, stage: Stage) -> Result<(Vec<String>, Option<String>), Error> {
    let lasting = !token.profile.session_objects;
    if lasting {
        clear_proofs(token)?;
    }
    let (pair, dropped) = make(token, (&proof_id(), PROOF_LABEL), spec, lasting, stage)?;
    let checked = check_proof_key(token, pair, spec, &dropped, stage).and_then(|()| kept(token, pair, stage));
    let gone = destroy(token, pair);
    if !lasting || gone || !holds(&token.session, &proof_id()).unwrap_or(true) {
        return checked.map(|handed_out| (dropped, handed_out));
    }
    // What is wrong with the key is said first: a token can keep one because it failed with it (tpm2-pkcs11).
    let wrong = || Error::new(Kind::Token, "the trial key could not be destroyed again");
    Err(checked
        .err()
        .unwrap_or_else(wrong)
        .hint(format!("the next trial destroys it, or the token's own tool: id 16 zero bytes, label \"{PROOF_LABEL}\""))
        .truth("The trial key is still in the token. It was never used to sign anything but the trial."))
}

/// Makes room after a key, in a token that has little. Before the key is destroyed: nothing else lets go of one that is
/// no longer there.
fn settle(token: &Pkcs11Token) -> Result<(), Error> {
    if token.profile.login_per_key { pins::log_in_again(token) } else { Ok(()) }
}

/// Destroys what a crash left of an earlier proof: its id would be there twice.
fn clear_proofs(token: &Pkcs11Token) -> Result<(), Error> {
    let left = [Attribute::Id(proof_id().0.0), Attribute::Label(PROOF_LABEL.into())];
    let left = token.session.find_objects(&left).map_err(|a| fault::refused("cannot search the token", &a))?;
    left.into_iter().try_for_each(|object| {
        token
            .session
            .destroy_object(object)
            .map_err(|answer| fault::refused("the token does not destroy what an earlier proof left in it", &answer))
    })
}

/// A key pair that ends with the session, under an id of its own.
pub(super) fn make_for_session(token: &Pkcs11Token, spec: KeySpec, stage: Stage) -> Result<(Pair, Vec<String>), Error> {
    make(token, (&proof_id(), PROOF_LABEL), spec, false, stage)
}

/// The id of keys that are there for a proof.
pub(super) fn proof_id() -> KeyId {
    KeyId(crate::digest::Hex(vec![0; 16]))
}

/// Judges a key that was made for a proof, signs with it and verifies outside the token.
pub(super) fn check_proof_key(
    token: &Pkcs11Token,
    pair: Pair,
    spec: KeySpec,
    dropped: &[String],
    stage: Stage,
) -> Result<(), Error> {
    let session = &token.session;
    template::judge(&attributes::read_back(session, pair.public, pair.private), dropped, stage)?;
    let spki = attributes::public_key(session, pair.public)?;
    expect_spec(&spki, spec)?;
    let algorithm = SignatureAlgorithm::of(spec);
    let job = signer::job(token, spec, algorithm)?;
    let signature = signer::sign_one(session, signer::Signer::of(session, pair.private), &job, PROOF)?;
    verify::signature(&spki, algorithm, PROOF, &signature.0).map_err(|error| error.into_kind(Kind::Token))
}

pub(super) fn expect_spec(spki: &Spki, spec: KeySpec) -> Result<(), Error> {
    if spki.spec() == spec {
        return Ok(());
    }
    Err(Error::new(Kind::Token, "the token made another kind of key").saw(spki.spec().title()).wanted(spec.title()))
}

/// Makes the key, reads it back, judges it. A key that contradicts its template is destroyed again: it was
/// never used, and nobody must adopt it.
///
/// # Errors
/// [`Kind::Token`]; the error says whether the token holds a key now.
pub(super) fn generate(
    token: &mut Pkcs11Token,
    (id, label): (&KeyId, &str),
    (spec, role): (KeySpec, KeyRole),
    stage: Stage,
) -> Result<Generated, Error> {
    let none = "No key was made.";
    let held =
        |token: &Pkcs11Token| holds(&token.session, id).map_err(|a| fault::refused("cannot search the token", &a));
    if held(token)? {
        return Err(Error::new(Kind::Token, "the token holds an object with this id already")
            .saw(id.0.to_string())
            .truth(none));
    }
    let about = |error: Error| error.within(format!("cannot make the {} key {}", role.name(), spec.title()));
    // A token can make a key and fail all the same: look, rather than promise.
    let (pair, dropped) = make(token, (id, label), spec, true, stage).map_err(|error| match held(token) {
        Ok(false) => about(error).truth(none),
        Ok(true) => about(error).truth(format!("The token holds a key with the id {} all the same.", id.0)),
        Err(_) => about(error).truth(format!("The token may hold a key with the id {}.", id.0)),
    })?;
    let judged = describe(token, pair, spec, dropped, stage);
    let made = judged.map_err(|error| {
        let truth = match destroy(token, pair) {
            true => "The key was destroyed again, unused; the token holds no key with this id.".to_owned(),
            false => format!("The token holds a key with the id {}; it was never used. Destroy it.", id.0),
        };
        about(error).truth(truth)
    })?;
    let there = || format!("The key was made: the token holds it with the id {}.", id.0);
    settle(token).map_err(|error| about(error).truth(there()))?;
    Ok(made)
}

/// A key that exists, as the token tells it; nothing is judged.
///
/// # Errors
/// [`Kind::Token`]: not there, or another key than its public half says.
pub(super) fn inspect_existing(token: &Pkcs11Token, key: &KeyRef) -> Result<Generated, Error> {
    let pair = find_pair(&token.session, &key.id)?.ok_or_else(|| missing(&key.id))?;
    let seen = told(token, pair, key.spki.spec(), Vec::new())?;
    same(&seen.spki, &key.spki)?;
    Ok(seen)
}

fn describe(
    token: &Pkcs11Token,
    pair: Pair,
    spec: KeySpec,
    dropped: Vec<String>,
    stage: Stage,
) -> Result<Generated, Error> {
    let seen = told(token, pair, spec, dropped)?;
    template::judge(&seen.attributes, &seen.dropped, stage)?;
    Ok(seen)
}

fn told(token: &Pkcs11Token, pair: Pair, spec: KeySpec, dropped: Vec<String>) -> Result<Generated, Error> {
    let attributes = attributes::read_back(&token.session, pair.public, pair.private);
    let spki = attributes::public_key(&token.session, pair.public)?;
    expect_spec(&spki, spec)?;
    let id = match attributes::one(&token.session, pair.private, AttributeType::Id) {
        Some(Attribute::Id(id)) => KeyId(crate::digest::Hex(id)),
        _ => return Err(Error::new(Kind::Token, "the token does not tell the id of a key")),
    };
    let mechanism = match attributes.get("CKA_KEY_GEN_MECHANISM").map(String::as_str) {
        Some(name) if name.starts_with("CKM_") => name.to_owned(),
        _ => mechanism::name(mechanism::generation(spec)),
    };
    Ok(Generated { key: KeyRef { id, spki: spki.clone() }, spki, attributes, dropped, mechanism })
}

/// Asks for a key pair, with each name of the curve and each graded template, until the token makes one.
pub(super) fn make(
    token: &Pkcs11Token,
    (id, label): (&KeyId, &str),
    spec: KeySpec,
    on_token: bool,
    stage: Stage,
) -> Result<(Pair, Vec<String>), Error> {
    let generation = mechanism::generation(spec);
    if !token.mechanisms.contains(&generation) {
        return Err(
            Error::new(Kind::Token, "no such mechanism in the token's list").wanted(mechanism::name(generation))
        );
    }
    mechanism::choose(SignatureAlgorithm::of(spec), &token.mechanisms, token.profile.hash)?;
    let allowed = mechanism::allowed(spec, &token.mechanisms);
    let call = mechanism::call(generation)?;
    let rejects = token.accepted.get(&spec).unwrap_or(&token.profile.rejects);
    let mut last: Option<Answer> = None;
    let mut refused = false;
    for params in template::params(spec) {
        let wanted = Wanted { id: &id.0.0, label, spec, on_token, allowed: &allowed, params: params.as_deref(), stage };
        let made = template::graded(rejects, |dropped| {
            // A token can make a key and refuse its template all the same: the next would be a second one with this id.
            if on_token && std::mem::replace(&mut refused, true) && holds(&token.session, id)? {
                return Err(Answer::Pkcs11(RvError::TemplateInconsistent, Function::GenerateKeyPair));
            }
            let (public, private) = template::pair(&wanted, dropped);
            token.session.generate_key_pair(&call, &public, &private)
        });
        match made {
            Ok(((public, private), dropped)) => return Ok((Pair { public, private }, dropped)),
            Err(answer) if fault::token_is_gone(&answer) => return Err(fault::refused("the token is gone", &answer)),
            Err(answer) => last = last.or(Some(answer)),
        }
    }
    Err(match last {
        Some(answer) => fault::refused("the token refused", &answer),
        None => Error::new(Kind::Bug, "no template was tried"),
    })
}

/// True where the token holds an object with this id.
fn holds(session: &Session, id: &KeyId) -> Result<bool, Answer> {
    session.find_objects(&[Attribute::Id(id.0.0.clone())]).map(|found| !found.is_empty())
}

/// True when both halves are gone.
pub(super) fn destroy(token: &Pkcs11Token, pair: Pair) -> bool {
    let settled = settle(token).is_ok();
    let gone = |half| token.session.destroy_object(half).is_ok();
    // Each is tried, whatever became of the other.
    let (private, public) = (gone(pair.private), gone(pair.public));
    settled && private && public
}

/// Finds a key by its id and proves it by its public half.
///
/// # Errors
/// [`Kind::Token`]: found twice, without its public half, or another key than expected.
pub(super) fn find(token: &Pkcs11Token, id: &KeyId, expected: Option<&Spki>) -> Result<Option<KeyRef>, Error> {
    let Some(pair) = find_pair(&token.session, id)? else { return Ok(None) };
    let spki = attributes::public_key(&token.session, pair.public)?;
    if let Some(expected) = expected {
        same(&spki, expected)?;
    }
    Ok(Some(KeyRef { id: id.clone(), spki }))
}

pub(super) fn same(found: &Spki, expected: &Spki) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::new(Kind::Token, "the token holds another key under this id")
        .saw(format!("{} {}", found.spec().title(), found.sha256()))
        .wanted(format!("{} {}", expected.spec().title(), expected.sha256()))
        .hint("is it the right token? A restored or copied one may hold an older key"))
}

pub(super) fn missing(id: &KeyId) -> Error {
    Error::new(Kind::Token, "the token holds no key with this id").saw(id.0.to_string())
}

/// The one private key with this id in a session.
///
/// # Errors
/// [`Kind::Token`]: none, or more than one.
pub(super) fn private_key(session: &Session, id: &KeyId) -> Result<ObjectHandle, Error> {
    only(session, id, ObjectClass::PRIVATE_KEY)?.ok_or_else(|| missing(id))
}

pub(super) fn find_pair(session: &Session, id: &KeyId) -> Result<Option<Pair>, Error> {
    let Some(private) = only(session, id, ObjectClass::PRIVATE_KEY)? else { return Ok(None) };
    match only(session, id, ObjectClass::PUBLIC_KEY)? {
        Some(public) => Ok(Some(Pair { public, private })),
        None => Err(Error::new(Kind::Token, "the token holds the private half of a key and not its public half")
            .saw(id.0.to_string())),
    }
}

/// What else has a key's id and is no fault: one that can be wrapped beside its copy that cannot is what a crash leaves
/// of [`Token::lock`](super::Token::lock). The copy counts.
pub(super) fn only(session: &Session, id: &KeyId, class: ObjectClass) -> Result<Option<ObjectHandle>, Error> {
    let found = session
        .find_objects(&[Attribute::Class(class), Attribute::Id(id.0.0.clone())])
        .map_err(|answer| fault::refused("cannot search the token", &answer))?;
    let fixed = |object: &&ObjectHandle| {
        let told = attributes::one(session, **object, AttributeType::Extractable);
        matches!(told, Some(Attribute::Extractable(false)))
    };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        [_, _] if class == ObjectClass::PRIVATE_KEY && found.iter().filter(fixed).count() == 1 => {
            Ok(found.iter().find(fixed).copied())
        }
        several => Err(Error::new(Kind::Token, "the token holds more than one key with the same id")
            .saw(format!("{} with the id {}", several.len(), id.0))
            .wanted("one")),
    }
}
