//! What a token holds already: keys that could sign, and objects under this program's labels. Whose they are
//! is for others to judge; nothing here changes the token.

use crate::digest::Hex;
use crate::error::Error;
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{attributes, fault, guard, keys};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

/// An object in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// `private key`, `public key` or `data object`.
    pub what: &'static str,
    /// Its label, escaped.
    pub label: String,
    /// Its CKA_ID; a data object has none.
    pub id: Option<Hex>,
    /// `ECDSA P-256`, `RSA`, …, as far as the token tells it; nothing for a data object.
    pub kind: String,
    /// True for a private key that is allowed to sign, or where the token does not say.
    pub signs: bool,
}

impl Holding {
    /// True for a key that was made for a trial, in a token without session objects, and that a crash or the token itself
    /// left there: the next trial destroys it.
    pub fn is_of_a_trial(&self) -> bool {
        self.label == keys::PROOF_LABEL && self.id.as_ref() == Some(&keys::proof_id().0)
    }
}

/// Every private key, every public half without one, and every data object of this program.
///
/// # Errors
/// [`Kind::Token`](crate::error::Kind::Token): the token cannot be searched.
pub(super) fn list(token: &Pkcs11Token) -> Result<Vec<Holding>, Error> {
    let session = &token.session;
    let find = |template: &[Attribute]| {
        session.find_objects(template).map_err(|answer| fault::refused("cannot search the token", &answer))
    };
    let of_class = |class| find(&[Attribute::Token(true), Attribute::Class(class)]);
    let mut found = Vec::new();
    for object in of_class(ObjectClass::PRIVATE_KEY)? {
        found.push(key(session, object, "private key"));
    }
    for object in of_class(ObjectClass::PUBLIC_KEY)? {
        let half = key(session, object, "public key");
        // A public half says of which kind its private half is, which tells it less well.
        match found.iter_mut().find(|key| key.id == half.id) {
            Some(private) => private.kind = half.kind,
            None => found.push(half),
        }
    }
    let ours = [Attribute::Token(true), Attribute::Class(ObjectClass::DATA), application()];
    for object in find(&ours)? {
        let label = label(session, object);
        found.push(Holding { what: "data object", label, id: None, kind: String::new(), signs: false });
    }
    Ok(found)
}

fn application() -> Attribute {
    Attribute::Application(guard::APPLICATION.to_vec())
}

fn key(session: &Session, object: ObjectHandle, what: &'static str) -> Holding {
    let id = match attributes::one(session, object, AttributeType::Id) {
        Some(Attribute::Id(id)) => Some(Hex(id)),
        _ => None,
    };
    let public = (what == "public key").then(|| attributes::public_key(session, object).ok()).flatten();
    let kind = match (public, attributes::one(session, object, AttributeType::KeyType)) {
        (Some(spki), _) => spki.spec().title().to_owned(),
        (None, Some(Attribute::KeyType(KeyType::RSA))) => "RSA".to_owned(),
        (None, Some(Attribute::KeyType(KeyType::EC))) => "EC".to_owned(),
        (None, Some(Attribute::KeyType(KeyType::EC_EDWARDS))) => "Edwards".to_owned(),
        (None, Some(Attribute::KeyType(KeyType::ML_DSA))) => "ML-DSA".to_owned(),
        _ => "of another kind".to_owned(),
    };
    let may = attributes::one(session, object, AttributeType::Sign);
    let signs = what == "private key" && !matches!(may, Some(Attribute::Sign(false)));
    Holding { what, label: label(session, object), id, kind, signs }
}

fn label(session: &Session, object: ObjectHandle) -> String {
    match attributes::one(session, object, AttributeType::Label) {
        Some(Attribute::Label(label)) => crate::text::escape(&String::from_utf8_lossy(&label)),
        _ => String::new(),
    }
}
