//! The end of a key: both halves are destroyed, then looked for again in a session of their own.
//!
//! Never destroys what is not under the given CKA_ID. Source: PKCS#11 v3.0 section 5.7.4 (C_DestroyObject).

use crate::error::{Error, Kind};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::pool::Lane;
use crate::token::{KeyId, directory, fault, token_files};
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

/// Destroys every key object under an id, the private halves first; how many objects went. None there is no error.
///
/// # Errors
/// [`Kind::Token`]: the token refused, or a key is still there afterwards; the error says what the token holds.
pub(super) fn destroy(token: &mut Pkcs11Token, id: &KeyId) -> Result<usize, Error> {
    let there = |error: Error| error.truth(format!("The token may still hold the key with the id {}.", id.0));
    let (mut gone, mut refused) = (0, None);
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for object in objects(&token.session, id, class).map_err(there)? {
            refused = refused.or(token.session.destroy_object(object).err());
            gone += 1;
        }
    }
    // What is there counts, not what the token says: where a power cut took a file that belongs to an object, SoftHSM
    // destroys the object and fails all the same.
    if !is_gone(token, id).map_err(there)? {
        return Err(there(match refused {
            Some(answer) => fault::refused("the token did not destroy a key", &answer),
            None => Error::new(Kind::Token, "the token says that it destroyed a key, and still holds it")
                .saw(id.0.to_string())
                .hint("destroy the token itself, by its vendor's means"),
        }));
    }
    if let Some(tokens) = token_files(&token.profile) {
        directory::sync(&tokens, token.serial())?;
    }
    Ok(gone)
}

/// A new session sees what the token holds, not what the old one remembers. It is kept: see `pool`.
fn is_gone(token: &mut Pkcs11Token, id: &KeyId) -> Result<bool, Error> {
    let open = |token: &Pkcs11Token| token.context().open_ro_session(token.slot);
    let session = match open(token) {
        Err(Answer::Pkcs11(RvError::SessionCount, _)) => {
            token.lanes.clear();
            open(token)
        }
        opened => opened,
    };
    let session = session.map_err(|a| fault::refused("cannot open a session to look for the key again", &a))?;
    if !token.shows_private_keys(&session) {
        return Err(Error::new(Kind::Token, "the login was lost: a key that is private cannot be looked for")
            .hint("start the command again: it goes on"));
    }
    let mut gone = true;
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        gone &= objects(&session, id, class)?.is_empty();
    }
    token.lanes.push(Lane::idle(session));
    Ok(gone)
}

fn objects(session: &Session, id: &KeyId, class: ObjectClass) -> Result<Vec<ObjectHandle>, Error> {
    session
        .find_objects(&[Attribute::Class(class), Attribute::Id(id.0.0.clone())])
        .map_err(|answer| fault::refused("cannot search the token", &answer))
}
