//! Keys that leave their token once, wrapped by a key that only the security officer can trust; keys made of such; and
//! the end of that.
//!
//! The wrapper is an object of the session, never of the token. A plain user can neither wrap under a key of his own nor
//! ask for the wrapper again. Nothing here reads or writes a file. Sources: PKCS#11 v3.0 sections 5.14.3 (C_WrapKey),
//! 4.10 (CKA_TRUSTED), 2.14 (CKM_AES_KEY_WRAP_PAD); RFC 5649. All of it measured with SoftHSM 2.6.1.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{KeyId, KeyRef, Stage, attributes, encoding, fault, keys, mechanism, pins, template};
use crate::token::{directory, token_files};
use crate::x509::Spki;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use secrecy::SecretString;
use std::collections::BTreeMap;
use zeroize::{Zeroize, Zeroizing};

/// The AES-256 key that wraps.
pub type Wrapper = Zeroizing<[u8; 32]>;

/// Who may trust a wrapper, and who is logged in again after that.
pub struct Officer {
    /// The security officer's PIN.
    pub so: SecretString,
    /// The user PIN.
    pub user: SecretString,
}

/// What a wrapped key is to become.
#[derive(Debug, Clone, Copy)]
pub struct Unwrapped<'a> {
    /// Its CKA_ID.
    pub id: &'a KeyId,
    /// Its CKA_LABEL.
    pub label: &'a str,
    /// Its public half.
    pub spki: &'a Spki,
    /// A key of the token; else it ends with the session.
    pub on_token: bool,
}

/// Wraps keys under a wrapper that the officer trusts for this session.
pub(super) fn wrap(
    token: &mut Pkcs11Token,
    wrapper: &Wrapper,
    officer: &Officer,
    ids: &[KeyId],
) -> Result<Vec<Vec<u8>>, Error> {
    can_wrap(token)?;
    let trusted = trust(token, wrapper, officer)?;
    let wrap = |id: &KeyId| {
        let (open, _) = halves(&token.session, id)?;
        let key = open.first().ok_or_else(|| {
            Error::new(Kind::Token, "the token holds no key with this id that can be wrapped").saw(id.0.to_string())
        })?;
        wrap_one(token, trusted, *key)
    };
    let wrapped = ids.iter().map(wrap).collect();
    let _ = token.session.destroy_object(trusted);
    wrapped
}

fn can_wrap(token: &Pkcs11Token) -> Result<(), Error> {
    if token.mechanisms.contains(&MechanismType::AES_KEY_WRAP_PAD) {
        return Ok(());
    }
    Err(Error::new(Kind::Token, "the token wraps no keys in the way that a wrapped backup needs")
        .saw("no such mechanism in its list")
        .wanted(mechanism::name(MechanismType::AES_KEY_WRAP_PAD)))
}

fn wrap_one(token: &Pkcs11Token, wrapper: ObjectHandle, key: ObjectHandle) -> Result<Vec<u8>, Error> {
    token
        .raw()
        .wrap_key(&token.session, &Mechanism::AesKeyWrapPad, wrapper, key)
        .map_err(|answer| fault::refused("the token did not wrap the key", &answer))
}

/// The wrapper as a public object of the session that the security officer made and trusts: it outlives his login. It
/// only wraps, and cannot be made to do more.
fn trust(token: &mut Pkcs11Token, wrapper: &Wrapper, officer: &Officer) -> Result<ObjectHandle, Error> {
    pins::as_officer(token, &officer.user, |token| {
        token
            .session
            .login(UserType::So, Some(&officer.so))
            .map_err(|answer| pins::refused("the security officer's PIN was not taken", &answer))?;
        let only_wraps = [
            Attribute::Private(false),
            Attribute::Trusted(true),
            Attribute::Wrap(true),
            Attribute::Unwrap(false),
            Attribute::Copyable(false),
            Attribute::Modifiable(false),
        ];
        secret_key(&token.session, wrapper, &only_wraps)
            .map_err(|error| error.within("the security officer cannot trust a key that wraps"))
    })
}

/// An AES key of the session; the copy of its bytes is wiped.
fn secret_key(session: &Session, bytes: &Wrapper, more: &[Attribute]) -> Result<ObjectHandle, Error> {
    let mut all = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Derive(false),
        Attribute::Value(bytes.to_vec()),
    ];
    all.extend_from_slice(more);
    let made = session.create_object(&all);
    for attribute in &mut all {
        if let Attribute::Value(value) = attribute {
            value.zeroize();
        }
    }
    made.map_err(|answer| fault::refused("the token takes no key for a session", &answer))
}

/// A key of the user's own, for this session, that wraps; `None` where the token neither makes nor takes one.
pub(super) fn own_key(token: &Pkcs11Token) -> Option<ObjectHandle> {
    let wraps = [Attribute::Private(true), Attribute::Wrap(true)];
    let mut made = vec![Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(false)];
    made.extend([Attribute::KeyType(KeyType::AES), Attribute::ValueLen(32.into())]);
    made.extend_from_slice(&wraps);
    let made = token.session.generate_key(&Mechanism::AesKeyGen, &made);
    made.ok().or_else(|| secret_key(&token.session, &Zeroizing::new([7; 32]), &wraps).ok())
}

/// Makes a key of a wrapped one.
pub(super) fn unwrap(
    token: &mut Pkcs11Token,
    wrapper: &Wrapper,
    wrapped: &[u8],
    wanted: &Unwrapped<'_>,
) -> Result<BTreeMap<String, String>, Error> {
    can_wrap(token)?;
    if let Some(there) = left_over(token, wanted)? {
        return Ok(there);
    }
    let only_unwraps = [
        Attribute::Private(true),
        Attribute::Wrap(false),
        Attribute::Unwrap(true),
        Attribute::Copyable(false),
        Attribute::Modifiable(false),
    ];
    let unwrapper = secret_key(&token.session, wrapper, &only_unwraps)?;
    let made = make(token, unwrapper, wrapped, wanted);
    let _ = token.session.destroy_object(unwrapper);
    let pair = made?;
    let told = judged(token, pair, wanted);
    if told.is_err() {
        keys::destroy(token, pair);
    }
    told
}

fn judged(token: &Pkcs11Token, pair: keys::Pair, wanted: &Unwrapped<'_>) -> Result<BTreeMap<String, String>, Error> {
    let told = attributes::read_back(&token.session, pair.public, pair.private);
    template::judge(&told, &token.profile.rejects, Stage::Unwrapped)?;
    keys::same(&attributes::public_key(&token.session, pair.public)?, wanted.spki)?;
    Ok(told)
}

/// What is under this id already: the key that an interrupted restore made is as good as another; half of one is
/// destroyed; any other key stays as it is.
fn left_over(token: &Pkcs11Token, wanted: &Unwrapped<'_>) -> Result<Option<BTreeMap<String, String>>, Error> {
    let session = &token.session;
    let (open, fixed) = halves(session, wanted.id)?;
    if open.is_empty() && fixed.is_empty() {
        return Ok(None);
    }
    let whole = keys::find_pair(session, wanted.id).ok().flatten();
    if let Some(told) = whole.and_then(|pair| judged(token, pair, wanted).ok()) {
        return Ok(Some(told));
    }
    let local = |object: &ObjectHandle| {
        let told = attributes::one(session, *object, AttributeType::Local);
        !matches!(told, Some(Attribute::Local(false)))
    };
    if !open.is_empty() || whole.is_some() || fixed.iter().any(local) {
        return Err(Error::new(Kind::Token, "the token holds another key under the id of the one to restore")
            .saw(wanted.id.0.to_string())
            .wanted("a token without it")
            .truth("The token was not changed."));
    }
    for half in fixed {
        session
            .destroy_object(half)
            .map_err(|answer| fault::refused("the token did not destroy what an interrupted restore left", &answer))?;
    }
    Ok(None)
}

fn make(
    token: &Pkcs11Token,
    unwrapper: ObjectHandle,
    wrapped: &[u8],
    wanted: &Unwrapped<'_>,
) -> Result<keys::Pair, Error> {
    let (kind, parts) = public_parts(wanted.spki)?;
    let named = [
        Attribute::KeyType(kind),
        Attribute::Token(wanted.on_token),
        Attribute::Id(wanted.id.0.0.clone()),
        Attribute::Label(wanted.label.as_bytes().to_vec()),
    ];
    let mut private = vec![
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::SignRecover(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::AllowedMechanisms(mechanism::allowed(wanted.spki.spec(), &token.mechanisms)),
        Attribute::Copyable(false),
    ];
    private.extend(named.iter().cloned());
    // SoftHSM sets the attributes in this order, and none after this one.
    private.push(Attribute::Modifiable(false));
    let unwrapped = token.session.unwrap_key(&Mechanism::AesKeyWrapPad, unwrapper, wrapped, &private);
    let private = unwrapped.map_err(|answer| {
        fault::refused("the token makes no key of the wrapped one", &answer)
            .hint("another wrapper than the one it was wrapped under, or a damaged file, looks like this")
    })?;
    let mut public = vec![
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::Encrypt(false),
        Attribute::Wrap(false),
        Attribute::VerifyRecover(false),
        Attribute::Derive(false),
    ];
    public.extend(named);
    public.extend(parts);
    public.push(Attribute::Modifiable(false));
    match token.session.create_object(&public) {
        Ok(public) => Ok(keys::Pair { public, private }),
        Err(answer) => {
            let _ = token.session.destroy_object(private);
            Err(fault::refused("the token does not take the public half of a key", &answer))
        }
    }
}

fn public_parts(spki: &Spki) -> Result<(KeyType, Vec<Attribute>), Error> {
    Ok(match spki.spec() {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            let (modulus, exponent) = encoding::rsa_parts(spki)?;
            (KeyType::RSA, vec![Attribute::Modulus(modulus), Attribute::PublicExponent(exponent)])
        }
        KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521 => {
            let (params, point) = encoding::ec_parts(spki)?;
            (KeyType::EC, vec![Attribute::EcParams(params), Attribute::EcPoint(point)])
        }
        KeySpec::Ed25519 | KeySpec::MlDsa65 => {
            return Err(Error::new(Kind::Token, "a key of this kind is not wrapped").saw(spki.spec().title()));
        }
    })
}

/// The private halves under an id: those that can be wrapped, and those that cannot.
fn halves(session: &Session, id: &KeyId) -> Result<(Vec<ObjectHandle>, Vec<ObjectHandle>), Error> {
    let find = |extractable: bool| {
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Id(id.0.0.clone()),
            Attribute::Extractable(extractable),
        ];
        session.find_objects(&wanted).map_err(|answer| fault::refused("cannot search the token", &answer))
    };
    Ok((find(true)?, find(false)?))
}

/// Copies the key to one that cannot be wrapped, judges that, makes it durable, and destroys the first: SoftHSM changes
/// no key in place to one that cannot be modified. Done again, it goes on where it was cut off.
pub(super) fn lock(token: &mut Pkcs11Token, key: &KeyRef) -> Result<BTreeMap<String, String>, Error> {
    // Before a copy is made: two that can be wrapped are one too many for any search.
    let pair = keys::find_pair(&token.session, &key.id)?.ok_or_else(|| keys::missing(&key.id))?;
    let (open, fixed) = halves(&token.session, &key.id)?;
    let copy = match (open.as_slice(), fixed.as_slice()) {
        (_, [copy]) => *copy,
        ([one], []) => {
            let other = [Attribute::Token(true), Attribute::Extractable(false), Attribute::Modifiable(false)];
            let made = token.session.copy_object(*one, &other);
            made.map_err(|answer| fault::refused("the token does not end that the key can be wrapped", &answer))?
        }
        ([], []) => return Err(keys::missing(&key.id)),
        _ => {
            return Err(
                Error::new(Kind::Token, "the token holds more than one key with the same id").saw(key.id.0.to_string())
            );
        }
    };
    let told = attributes::read_back(&token.session, pair.public, copy);
    if let Err(error) = template::judge(&told, &token.profile.rejects, Stage::Locked) {
        if fixed.is_empty() {
            let _ = token.session.destroy_object(copy);
        }
        return Err(error.truth("The key can be wrapped still; its backup is proved."));
    }
    sync(token)?;
    for one in open {
        token
            .session
            .destroy_object(one)
            .map_err(|answer| fault::refused("the token did not destroy the key that can be wrapped", &answer))?;
    }
    sync(token)?;
    Ok(told)
}

fn sync(token: &Pkcs11Token) -> Result<(), Error> {
    token_files(&token.profile).map_or(Ok(()), |tokens| directory::sync(&tokens, token.serial()))
}

/// Wraps a session key under a trusted wrapper, makes it again of that and signs with it; and finds that a wrapper that
/// the user made himself wraps nothing.
pub(super) fn prove(token: &mut Pkcs11Token, spec: KeySpec, wrapper: &Wrapper, officer: &Officer) -> Result<(), Error> {
    can_wrap(token)?;
    // First: a login of the officer ends every private object of the session.
    let trusted = trust(token, wrapper, officer)?;
    let (pair, _) = keys::make_for_session(token, spec, Stage::Wrappable)?;
    let wrapped = prove_pair(token, wrapper, trusted, pair);
    keys::destroy(token, pair);
    let _ = token.session.destroy_object(trusted);
    let (spki, wrapped) = wrapped?;
    let id = keys::proof_id();
    let again = Unwrapped { id: &id, label: "prove", spki: &spki, on_token: false };
    unwrap(token, wrapper, &wrapped, &again)?;
    let pair = keys::find_pair(&token.session, &id)?.ok_or_else(|| keys::missing(&id))?;
    let checked = keys::check_proof_key(token, pair, spec, &token.profile.rejects, Stage::Unwrapped);
    keys::destroy(token, pair);
    checked
}

fn prove_pair(
    token: &Pkcs11Token,
    wrapper: &Wrapper,
    trusted: ObjectHandle,
    pair: keys::Pair,
) -> Result<(Spki, Vec<u8>), Error> {
    let session = &token.session;
    let spki = attributes::public_key(session, pair.public)?;
    let own = [Attribute::Private(true), Attribute::Wrap(true), Attribute::Unwrap(false)];
    if let Ok(own) = secret_key(session, wrapper, &own) {
        let stolen = session.wrap_key(&Mechanism::AesKeyWrapPad, own, pair.private).is_ok();
        let _ = session.destroy_object(own);
        if stolen {
            return Err(Error::new(Kind::Token, "the token lets a plain user wrap the key under a key of his own")
                .wanted("CKA_WRAP_WITH_TRUSTED that holds")
                .hint("a root is not made so that it can be wrapped in such a token"));
        }
    }
    Ok((spki, wrap_one(token, trusted, pair.private)?))
}
