//! How a family is logged in to: the PIN at each signature, on the token's own keys, counted and locked.
#![allow(non_snake_case)]

use super::{Hash, family, shared};
use crate::{misused, real};
use cryptoki_sys::*;
use sha2::{Digest as _, Sha256, Sha384};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Session = CK_SESSION_HANDLE;
type Text = *mut CK_UTF8CHAR;
type Len = CK_ULONG;

/// A signature that was begun in a session.
#[derive(Clone, Copy)]
struct Begun {
    /// The PIN was given since.
    allowed: bool,
    /// The token hashes what it is given with this mechanism.
    hashes: Option<CK_MECHANISM_TYPE>,
}

#[derive(Default)]
struct State {
    /// The user PIN, once it opened the token.
    pin: Option<Vec<u8>>,
    begun: BTreeMap<Session, Begun>,
    /// Logins as the user, so far.
    logins: u64,
}

fn state() -> MutexGuard<'static, State> {
    static STATE: Mutex<State> = Mutex::new(State { pin: None, begun: BTreeMap::new(), logins: 0 });
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is typed on the token's own keys now: a line of the file `pinpad`. `cancel`, `timeout` or a PIN; a security
/// officer's PIN and new ones stand there as well, in the order in which they are asked for.
fn typed() -> Result<Vec<u8>, CK_RV> {
    let path = shared("pinpad");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| misused(&format!("the pinpad: {error}")));
    let mut lines: Vec<&str> = text.lines().collect();
    let line = lines.first().copied().unwrap_or_else(|| misused("nothing is left to type on the pinpad")).to_owned();
    if lines.len() > 1 {
        lines.remove(0);
        let rest = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        std::fs::write(&path, rest).unwrap_or_else(|error| misused(&format!("the pinpad: {error}")));
    }
    match line.as_str() {
        "cancel" => Err(CKR_FUNCTION_CANCELED),
        "timeout" => Err(CKR_FUNCTION_FAILED),
        pin => Ok(pin.as_bytes().to_vec()),
    }
}

/// What the real module's security officer has for the empty PIN of a family, which it does not take.
const EMPTY: &[u8] = b"0000";

/// The security officer's PIN as the real module has it.
fn officers(pin: Vec<u8>) -> Result<Vec<u8>, CK_RV> {
    match (family().empty_so, pin.is_empty()) {
        (false, _) => Ok(pin),
        (true, true) => Ok(EMPTY.to_vec()),
        (true, false) => Err(CKR_PIN_INCORRECT),
    }
}

/// The PIN that counts: the caller's, or, with a pinpad, the one that is typed there and no other.
unsafe fn pin(given: Text, len: Len) -> Result<Vec<u8>, CK_RV> {
    match (family().pinpad, given.is_null()) {
        (true, true) => typed(),
        (false, false) => {
            // SAFETY: the caller's bytes, of which it said how many there are.
            Ok(unsafe { std::slice::from_raw_parts(given, len as usize) }.to_vec())
        }
        _ => Err(CKR_ARGUMENTS_BAD),
    }
}

fn tries() -> u64 {
    std::fs::read_to_string(shared("tries")).ok().and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

/// Counts a try, where the family locks.
fn counted(result: CK_RV) -> CK_RV {
    if family().pin_locks.is_some() && [CKR_OK, CKR_PIN_INCORRECT].contains(&result) {
        let now = if result == CKR_OK { 0 } else { tries() + 1 };
        std::fs::write(shared("tries"), now.to_string()).unwrap_or_else(|error| misused(&error.to_string()));
    }
    result
}

fn is_locked() -> bool {
    family().pin_locks.is_some_and(|most| tries() >= most)
}

/// The flags that say how the PIN stands.
pub fn flags() -> CK_FLAGS {
    let (tries, most) = (tries(), family().pin_locks.unwrap_or(u64::MAX));
    let mut flags = if family().pinpad { CKF_PROTECTED_AUTHENTICATION_PATH } else { 0 };
    if family().pin_locks.is_some() && tries > 0 {
        flags |= CKF_USER_PIN_COUNT_LOW;
        flags |= if tries >= most { CKF_USER_PIN_LOCKED } else { 0 };
        flags |= if tries + 1 == most { CKF_USER_PIN_FINAL_TRY } else { 0 };
    }
    flags
}

pub unsafe fn C_Login(session: Session, user: CK_USER_TYPE, given: Text, len: Len) -> CK_RV {
    // SAFETY: the caller's arguments.
    let pin = match unsafe { pin(given, len) } {
        Ok(pin) => pin,
        Err(code) => return code,
    };
    let pin = match if user == CKU_SO { officers(pin) } else { Ok(pin) } {
        Ok(pin) => pin,
        Err(code) => return code,
    };
    let mut state = state();
    if user != CKU_SO && is_locked() {
        return CKR_PIN_LOCKED;
    }
    if user == CKU_CONTEXT_SPECIFIC && family().always_authenticate {
        let right = state.pin.as_ref() == Some(&pin);
        let Some(begun) = state.begun.get_mut(&session) else { return CKR_OPERATION_NOT_INITIALIZED };
        begun.allowed = right;
        return counted(if right { CKR_OK } else { CKR_PIN_INCORRECT });
    }
    if user == CKU_USER {
        state.logins += 1;
        if family().logged_in && state.logins == 1 {
            return CKR_USER_ALREADY_LOGGED_IN;
        }
    }
    let Some(real) = real().C_Login else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the PIN outlives the call.
    let result = unsafe { real(session, user, pin.as_ptr().cast_mut(), pin.len() as Len) };
    if user == CKU_USER && result == CKR_OK {
        state.pin = Some(pin);
    }
    if user == CKU_SO { result } else { counted(result) }
}

pub unsafe fn C_InitToken(slot: CK_SLOT_ID, given: Text, len: Len, label: Text) -> CK_RV {
    let Some(real) = real().C_InitToken else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    let pin = match unsafe { pin(given, len) }.and_then(officers) {
        Ok(pin) => pin,
        Err(code) => return code,
    };
    if let Some(factory) = &family().factory_so {
        if pin != factory.as_bytes() {
            return CKR_PIN_INCORRECT;
        }
        std::fs::write(shared("factory"), "").unwrap_or_else(|error| misused(&error.to_string()));
    }
    // SAFETY: the PIN outlives the call; the rest is the caller's.
    unsafe { real(super::slots::inner(slot), pin.as_ptr().cast_mut(), pin.len() as Len, label) }
}

pub unsafe fn C_SetPIN(session: Session, old: Text, old_len: Len, new: Text, new_len: Len) -> CK_RV {
    let Some(real) = real().C_SetPIN else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    let result = unsafe { real(session, old, old_len, new, new_len) };
    if result == CKR_OK {
        let _ = std::fs::remove_file(shared("factory"));
    }
    result
}

pub unsafe fn C_InitPIN(session: Session, given: Text, len: Len) -> CK_RV {
    let Some(real) = real().C_InitPIN else { return CKR_FUNCTION_NOT_SUPPORTED };
    if shared("factory").exists() {
        return CKR_PIN_EXPIRED;
    }
    // SAFETY: the caller's arguments; the PIN outlives the call.
    match unsafe { pin(given, len) } {
        Ok(pin) => unsafe { real(session, pin.as_ptr().cast_mut(), pin.len() as Len) },
        Err(code) => code,
    }
}

pub unsafe fn C_SignInit(session: Session, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE) -> CK_RV {
    let Some(real) = real().C_SignInit else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    let Some(mut with) = (unsafe { mechanism.as_ref().copied() }) else { return CKR_ARGUMENTS_BAD };
    let mut hashes = None;
    if super::objects::lacks(with.mechanism) {
        return CKR_MECHANISM_INVALID;
    }
    if family().hash == Some(Hash::Token) && [CKM_ECDSA_SHA256, CKM_ECDSA_SHA384].contains(&with.mechanism) {
        hashes = Some(with.mechanism);
        with.mechanism = CKM_ECDSA;
    }
    // SAFETY: as above.
    let result = unsafe { real(session, &mut with, key) };
    if result == CKR_OK {
        state().begun.insert(session, Begun { allowed: false, hashes });
    }
    result
}

pub unsafe fn C_Sign(session: Session, data: *mut u8, len: Len, signature: *mut u8, told: *mut Len) -> CK_RV {
    let Some(real) = real().C_Sign else { return CKR_FUNCTION_NOT_SUPPORTED };
    let Some(begun) = state().begun.get(&session).copied() else {
        // SAFETY: the caller's arguments: the module says that nothing was begun.
        return unsafe { real(session, data, len, signature, told) };
    };
    if family().always_authenticate && !begun.allowed {
        // A refusal ends the signature that was begun: here by one that nobody gets.
        let (mut lost, mut length) = ([0u8; 1024], 1024);
        // SAFETY: the caller's data, and room for as much as is told.
        unsafe { real(session, data, len, lost.as_mut_ptr(), &mut length) };
        state().begun.remove(&session);
        return CKR_USER_NOT_LOGGED_IN;
    }
    // SAFETY: the caller's bytes, of which it said how many there are.
    let given = unsafe { std::slice::from_raw_parts(data, len as usize) };
    let hash = match begun.hashes {
        None => given.to_vec(),
        Some(CKM_ECDSA_SHA256) => Sha256::digest(given).to_vec(),
        Some(_) => Sha384::digest(given).to_vec(),
    };
    // SAFETY: the hash outlives the call; the rest is the caller's.
    let result = unsafe { real(session, hash.as_ptr().cast_mut(), hash.len() as Len, signature, told) };
    if !signature.is_null() {
        state().begun.remove(&session);
    }
    result
}
