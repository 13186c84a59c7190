//! Reading a key back, one attribute at a time: a token that does not know one of several fails them all
//! (cryptoki 0.12.1 with CKA_KEY_GEN_MECHANISM). Values become text, as the log keeps them.

use crate::error::{Error, Kind};
use crate::token::template::UNAVAILABLE;
use crate::token::{encoding, fault, mechanism};
use crate::x509::Spki;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use cryptoki::session::Session;
use std::collections::BTreeMap;

/// What is read back of a private key.
const PRIVATE: [AttributeType; 22] = [
    AttributeType::AllowedMechanisms,
    AttributeType::AlwaysAuthenticate,
    AttributeType::AlwaysSensitive,
    AttributeType::Copyable,
    AttributeType::Decrypt,
    AttributeType::Derive,
    AttributeType::Destroyable,
    AttributeType::Extractable,
    AttributeType::Id,
    AttributeType::KeyGenMechanism,
    AttributeType::KeyType,
    AttributeType::Label,
    AttributeType::Local,
    AttributeType::Modifiable,
    AttributeType::NeverExtractable,
    AttributeType::Private,
    AttributeType::Sensitive,
    AttributeType::Sign,
    AttributeType::SignRecover,
    AttributeType::Token,
    AttributeType::Unwrap,
    AttributeType::WrapWithTrusted,
];

/// What is read back of a public key, recorded as `public CKA_…`.
const PUBLIC: [AttributeType; 8] = [
    AttributeType::Derive,
    AttributeType::Encrypt,
    AttributeType::Modifiable,
    AttributeType::Private,
    AttributeType::Token,
    AttributeType::Verify,
    AttributeType::VerifyRecover,
    AttributeType::Wrap,
];

/// Every attribute of a key pair as the token tells it now.
pub(super) fn read_back(session: &Session, public: ObjectHandle, private: ObjectHandle) -> BTreeMap<String, String> {
    let of_private = PRIVATE.iter().map(|kind| (kind.to_string(), show(session, private, *kind)));
    let of_public = PUBLIC.iter().map(|kind| (format!("public {kind}"), show(session, public, *kind)));
    of_private.chain(of_public).collect()
}

fn show(session: &Session, object: ObjectHandle, kind: AttributeType) -> String {
    one(session, object, kind).map_or_else(|| UNAVAILABLE.to_owned(), |attribute| text(&attribute))
}

/// One attribute; `None` where the token does not have it or does not tell.
pub(super) fn one(session: &Session, object: ObjectHandle, kind: AttributeType) -> Option<Attribute> {
    session.get_attributes(object, &[kind]).ok()?.pop()
}

fn text(attribute: &Attribute) -> String {
    match attribute {
        Attribute::AllowedMechanisms(list) => list.iter().map(|m| mechanism::name(*m)).collect::<Vec<_>>().join(" "),
        Attribute::KeyGenMechanism(made_by) => mechanism::name(*made_by),
        Attribute::KeyType(kind) => kind.to_string(),
        Attribute::Id(id) => data_encoding::HEXLOWER.encode(id),
        Attribute::Label(label) => crate::text::escape(&String::from_utf8_lossy(label)),
        Attribute::AlwaysAuthenticate(b)
        | Attribute::AlwaysSensitive(b)
        | Attribute::Copyable(b)
        | Attribute::Decrypt(b)
        | Attribute::Derive(b)
        | Attribute::Destroyable(b)
        | Attribute::Encrypt(b)
        | Attribute::Extractable(b)
        | Attribute::Local(b)
        | Attribute::Modifiable(b)
        | Attribute::NeverExtractable(b)
        | Attribute::Private(b)
        | Attribute::Sensitive(b)
        | Attribute::Sign(b)
        | Attribute::SignRecover(b)
        | Attribute::Token(b)
        | Attribute::Unwrap(b)
        | Attribute::Verify(b)
        | Attribute::VerifyRecover(b)
        | Attribute::Wrap(b)
        | Attribute::WrapWithTrusted(b) => b.to_string(),
        _ => UNAVAILABLE.to_owned(),
    }
}

/// The public half of a key, from the attributes of its public object.
///
/// # Errors
/// [`Kind::Token`] for a kind of key that this program does not know, or attributes that are missing or malformed.
pub(super) fn public_key(session: &Session, public: ObjectHandle) -> Result<Spki, Error> {
    let bytes = |kind: AttributeType| match session.get_attributes(public, &[kind]) {
        Ok(mut found) => match found.pop() {
            Some(
                Attribute::Modulus(b)
                | Attribute::PublicExponent(b)
                | Attribute::EcParams(b)
                | Attribute::EcPoint(b)
                | Attribute::Value(b),
            ) => Ok(b),
            _ => Err(Error::new(Kind::Token, format!("the token does not tell {kind} of a public key"))),
        },
        Err(answer) => Err(fault::refused(&format!("the token does not tell {kind} of a public key"), &answer)),
    };
    match one(session, public, AttributeType::KeyType) {
        Some(Attribute::KeyType(KeyType::RSA)) => {
            encoding::rsa_spki(&bytes(AttributeType::Modulus)?, &bytes(AttributeType::PublicExponent)?)
        }
        Some(Attribute::KeyType(KeyType::EC | KeyType::EC_EDWARDS)) => {
            encoding::ec_spki(&bytes(AttributeType::EcParams)?, &bytes(AttributeType::EcPoint)?)
        }
        Some(Attribute::KeyType(KeyType::ML_DSA)) => encoding::ml_dsa_spki(&bytes(AttributeType::Value)?),
        other => Err(Error::new(Kind::Token, "the token holds a key of a kind that is not known here")
            .saw(other.as_ref().map_or_else(|| UNAVAILABLE.to_owned(), text))
            .wanted("RSA, EC or EC_EDWARDS")),
    }
}
