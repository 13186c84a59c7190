//! The guard: a private data object that remembers the newest state of the log, so that a disk put back to an
//! older state is noticed.
//!
//! SoftHSM does not change the value of an object: the new one is created and read back, then the old ones are
//! destroyed. A crash in between leaves two; the greater size counts.

use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::token::hsm_profile::GuardSupport;
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{Guard, attributes, fault};
use cryptoki::error::Error as Answer;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use std::collections::BTreeSet;

/// CKA_APPLICATION of every object of this program.
pub(super) const APPLICATION: &[u8] = b"anchorite";

fn label(log: &Hex) -> Vec<u8> {
    format!("anchorite guard {log}").into_bytes()
}

/// The newest guard of a log.
///
/// # Errors
/// [`Kind::Token`].
pub(super) fn read(token: &Pkcs11Token, log: &Hex) -> Result<Option<Guard>, Error> {
    match token.profile.guard {
        GuardSupport::None => Ok(None),
        GuardSupport::Replace => newest(all(&token.session, log)?.into_iter().map(|(_, guard)| guard)),
    }
}

/// Moves the guard forward.
///
/// # Errors
/// [`Kind::Token`]: it would go back or fork, or the token refused; the older guard is still there.
pub(super) fn write(token: &Pkcs11Token, guard: &Guard) -> Result<(), Error> {
    if token.profile.guard == GuardSupport::None {
        return Ok(());
    }
    let session = &token.session;
    let old = all(session, &guard.log)?;
    match newest(old.iter().map(|(_, guard)| guard.clone()))? {
        Some(now) if now == *guard => return Ok(()),
        Some(now) => may_follow(&now, guard)?,
        None => {}
    }
    let value = serde_json::to_vec(guard).map_err(|error| Error::new(Kind::Bug, error.to_string()))?;
    let template = [
        Attribute::Class(ObjectClass::DATA),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Application(APPLICATION.to_vec()),
        Attribute::Label(label(&guard.log)),
        Attribute::Value(value),
    ];
    let kept = "The older guard is still in the token.";
    let made = session
        .create_object(&template)
        .map_err(|answer| fault::refused("the token did not keep the guard", &answer).truth(kept))?;
    let back = parse(session, made, &guard.log).map_err(|error| error.truth(kept))?;
    if back != *guard {
        let _ = session.destroy_object(made);
        return Err(Error::new(Kind::Token, "the token keeps another guard than it was given").truth(kept));
    }
    let refused: Vec<Answer> = old.into_iter().filter_map(|(handle, _)| session.destroy_object(handle).err()).collect();
    // Where a power cut took a file that belongs to an object, SoftHSM destroys the object and fails all the same.
    match refused.first() {
        Some(answer) if all(session, &guard.log)?.len() > 1 => {
            Err(fault::refused("the token keeps the older guard beside the new one", answer)
                .truth("Both guards are in the token; the newer one counts."))
        }
        _ => Ok(()),
    }
}

/// The newest guard of every log that has one in the token.
///
/// # Errors
/// [`Kind::Token`].
pub(super) fn every(token: &Pkcs11Token) -> Result<Vec<Guard>, Error> {
    if token.profile.guard == GuardSupport::None {
        return Ok(Vec::new());
    }
    let session = &token.session;
    let ours =
        [Attribute::Class(ObjectClass::DATA), Attribute::Token(true), Attribute::Application(APPLICATION.to_vec())];
    let found =
        session.find_objects(&ours).map_err(|answer| fault::refused("cannot search the token for guards", &answer))?;
    let mut logs = BTreeSet::new();
    for handle in found {
        let Some(Attribute::Label(label)) = attributes::one(session, handle, AttributeType::Label) else { continue };
        let label = String::from_utf8_lossy(&label).into_owned();
        logs.extend(label.strip_prefix("anchorite guard ").and_then(|id| Hex::parse(id).ok()));
    }
    logs.iter().filter_map(|log| read(token, log).transpose()).collect()
}

/// Destroys every guard of a log.
///
/// # Errors
/// [`Kind::Token`].
pub(super) fn forget(token: &Pkcs11Token, log: &Hex) -> Result<(), Error> {
    for (handle, _) in all(&token.session, log)? {
        token.session.destroy_object(handle).map_err(|answer| {
            fault::refused("the token keeps the guard of the lost log", &answer)
                .truth("Copies of the lost log are still accepted with this token.")
        })?;
    }
    Ok(())
}

/// True where a private data object can be made and read; it is destroyed at once, and ends with the session where
/// the token has such objects.
pub(super) fn possible(token: &Pkcs11Token) -> bool {
    let template = [
        Attribute::Class(ObjectClass::DATA),
        Attribute::Token(!token.profile.session_objects),
        Attribute::Private(true),
        Attribute::Application(APPLICATION.to_vec()),
        Attribute::Value(b"probe".to_vec()),
    ];
    let Ok(made) = token.session.create_object(&template) else { return false };
    let back = attributes::one(&token.session, made, AttributeType::Value);
    let gone = token.session.destroy_object(made).is_ok();
    gone && matches!(back, Some(Attribute::Value(value)) if value == b"probe")
}

/// # Errors
/// [`Kind::Token`] where the profile says that the token keeps the guard and it cannot.
pub(super) fn prove(token: &Pkcs11Token) -> Result<(), Error> {
    if token.profile.guard == GuardSupport::None || possible(token) {
        return Ok(());
    }
    Err(Error::new(Kind::Token, "the token cannot keep the guard against older copies of the log")
        .saw("it refused a private data object, or gave another back")
        .wanted(format!("what the profile {} says: guard = \"replace\"", token.profile.name))
        .hint("see what it can do with: anchorite hsm probe"))
}

fn all(session: &Session, log: &Hex) -> Result<Vec<(ObjectHandle, Guard)>, Error> {
    let template = [
        Attribute::Class(ObjectClass::DATA),
        Attribute::Token(true),
        Attribute::Application(APPLICATION.to_vec()),
        Attribute::Label(label(log)),
    ];
    let found = session
        .find_objects(&template)
        .map_err(|answer| fault::refused("cannot search the token for the guard", &answer))?;
    found.into_iter().map(|handle| Ok((handle, parse(session, handle, log)?))).collect()
}

fn parse(session: &Session, object: ObjectHandle, log: &Hex) -> Result<Guard, Error> {
    let mut found = session
        .get_attributes(object, &[AttributeType::Value])
        .map_err(|answer| fault::refused("the token does not tell the guard", &answer))?;
    let Some(Attribute::Value(value)) = found.pop() else {
        return Err(Error::new(Kind::Token, "the token does not tell the guard"));
    };
    let guard: Guard = serde_json::from_slice(&value).map_err(|error| {
        Error::new(Kind::Token, "the guard in the token cannot be read")
            .saw(error.to_string())
            .hint("another program wrote under this program's name, or the token is damaged")
    })?;
    if guard.log == *log {
        Ok(guard)
    } else {
        Err(Error::new(Kind::Token, "the guard in the token is that of another log")
            .saw(guard.log.to_string())
            .wanted(log.to_string()))
    }
}

/// The guard with the greatest size.
///
/// # Errors
/// [`Kind::Token`] where two of that size disagree.
fn newest(guards: impl Iterator<Item = Guard>) -> Result<Option<Guard>, Error> {
    let mut best: Option<Guard> = None;
    for guard in guards {
        match &best {
            Some(known) if known.size > guard.size => {}
            Some(known) if known.size == guard.size && known.root != guard.root => return Err(fork(known, &guard)),
            _ => best = Some(guard),
        }
    }
    Ok(best)
}

/// # Errors
/// [`Kind::Token`] where the next guard is not ahead of the one in the token.
fn may_follow(now: &Guard, next: &Guard) -> Result<(), Error> {
    if next.size == now.size {
        return Err(fork(now, next));
    }
    if next.size < now.size {
        return Err(Error::new(Kind::Token, "the guard in the token is ahead of this log")
            .saw(format!("size {}", next.size))
            .wanted(format!("at least {}", now.size))
            .hint("this log is an older copy: find the newest one, or restore"));
    }
    Ok(())
}

fn fork(one: &Guard, other: &Guard) -> Error {
    Error::new(Kind::Token, "two guards of the same size disagree: the log was forked")
        .saw(format!("size {}, roots {} and {}", one.size, one.root, other.root))
        .hint("stop: two copies of this authority have signed; compare their logs and the signed paper")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn guard(size: u64, root: &str) -> Guard {
        Guard { log: Hex(vec![7; 16]), size, root: Digest::of(root.as_bytes()) }
    }

    #[test]
    fn the_greatest_size_counts_in_any_order() {
        let guards = [guard(3, "a"), guard(9, "b"), guard(5, "c")];
        assert_eq!(newest(guards.into_iter()).unwrap().unwrap().size, 9);
        assert_eq!(newest(std::iter::empty()).unwrap(), None);
    }

    #[test]
    fn equal_sizes_with_different_roots_are_a_fork() {
        assert!(newest([guard(3, "a"), guard(3, "b")].into_iter()).is_err());
        assert!(newest([guard(3, "a"), guard(3, "a")].into_iter()).is_ok());
        assert!(may_follow(&guard(3, "a"), &guard(3, "b")).is_err());
    }

    #[test]
    fn a_guard_never_goes_back() {
        assert!(may_follow(&guard(3, "a"), &guard(2, "b")).is_err());
        assert!(may_follow(&guard(3, "a"), &guard(4, "b")).is_ok());
    }
}
