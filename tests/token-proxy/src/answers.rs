//! What a call gives back, and changing it: the bytes of a signature, of random numbers, of the first attribute that
//! was asked for, the count of objects found, the serial number of a token.

use crate::journal::Call;
use crate::misused;
use crate::plan::Lie;
use crate::real;
use cryptoki_sys::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Bytes that a call wrote for its caller.
pub struct Answer {
    /// Where they are.
    pub bytes: *mut u8,
    /// How many.
    pub len: usize,
    /// Where the caller reads how many there are, where it does.
    pub told: Option<*mut CK_ULONG>,
    /// The session in which a signature was made.
    pub session: Option<CK_SESSION_HANDLE>,
}

impl Answer {
    /// None, where the caller asked for a length only.
    ///
    /// # Safety
    /// `bytes` is null or has room for as many as `told` says, and `told` is valid.
    pub unsafe fn told(bytes: *mut u8, told: *mut CK_ULONG) -> Option<Self> {
        if bytes.is_null() || told.is_null() {
            return None;
        }
        // SAFETY: the caller's promise.
        let len = usize::try_from(unsafe { *told }).ok()?;
        Some(Self { bytes, len, told: Some(told), session: None })
    }
}

/// The last answers, by function.
static LAST: Mutex<BTreeMap<&'static str, Vec<u8>>> = Mutex::new(BTreeMap::new());
/// What each session signs with: mechanism and key.
static SIGNING: Mutex<BTreeMap<CK_SESSION_HANDLE, (CK_MECHANISM_TYPE, CK_OBJECT_HANDLE)>> = Mutex::new(BTreeMap::new());

/// Remembers with what a session signs.
///
/// # Safety
/// `mechanism` is null or valid.
pub unsafe fn signs_with(session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE) {
    // SAFETY: the caller's promise.
    if let Some(mechanism) = unsafe { mechanism.as_ref() } {
        let mut signing = SIGNING.lock().unwrap_or_else(PoisonError::into_inner);
        signing.insert(session, (mechanism.mechanism, key));
    }
}

/// Changes an answer, where there is a lie, and remembers the true one.
///
/// # Safety
/// The answer's bytes are there, `input` is what a signature was made of.
pub unsafe fn give(call: Call, answer: &Answer, lie: Option<Lie>, input: &[u8]) {
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts_mut(answer.bytes, answer.len) };
    let before = {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(call.function, bytes.to_vec())
    };
    let tell = |len: usize| match answer.told {
        // SAFETY: the caller's own place for the length.
        Some(told) => unsafe { *told = len as CK_ULONG },
        None => misused("this function does not say how much it gives back"),
    };
    match lie {
        None => {}
        Some(Lie::Flip) => bytes.iter_mut().take(1).for_each(|byte| *byte ^= 1),
        Some(Lie::Zero) => bytes.fill(0),
        Some(Lie::Short) => tell(answer.len.saturating_sub(1)),
        Some(Lie::Long) => tell(answer.len + 1),
        Some(Lie::Same) => match before {
            Some(before) if before.len() == bytes.len() => bytes.copy_from_slice(&before),
            _ => misused("no answer of this length came before: nothing to repeat"),
        },
        Some(Lie::Other) => match answer.session {
            // SAFETY: the session is open and the bytes are there.
            Some(session) => unsafe { by_another_key(session, bytes, input) },
            None => misused("only a signature can be another key's"),
        },
    }
}

/// Signs with another private key of the token than the one that was asked for.
///
/// # Safety
/// The session is open.
unsafe fn by_another_key(session: CK_SESSION_HANDLE, signature: &mut [u8], input: &[u8]) {
    let signing = SIGNING.lock().unwrap_or_else(PoisonError::into_inner).get(&session).copied();
    let Some((mechanism, key)) = signing else { misused("the session signs with nothing") };
    let mut class: CK_OBJECT_CLASS = CKO_PRIVATE_KEY;
    let mut wanted = CK_ATTRIBUTE {
        type_: CKA_CLASS,
        pValue: (&raw mut class).cast(),
        ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
    };
    let (mut found, mut count) = ([0; 16], 0);
    let mut with = CK_MECHANISM { mechanism, pParameter: std::ptr::null_mut(), ulParameterLen: 0 };
    let mut len = signature.len() as CK_ULONG;
    let real = real();
    let (Some(init), Some(find), Some(end), Some(sign_init), Some(sign)) =
        (real.C_FindObjectsInit, real.C_FindObjects, real.C_FindObjectsFinal, real.C_SignInit, real.C_Sign)
    else {
        misused("the module does not find or sign")
    };
    // SAFETY: arguments as the standard wants them; all of them outlive the calls.
    let result = unsafe {
        init(session, &mut wanted, 1);
        find(session, found.as_mut_ptr(), 16, &mut count);
        end(session);
        let Some(other) = found.iter().take(count as usize).find(|handle| **handle != key) else {
            misused("the token has no other key")
        };
        sign_init(session, &mut with, *other);
        sign(session, input.as_ptr().cast_mut(), input.len() as CK_ULONG, signature.as_mut_ptr(), &mut len)
    };
    if result != CKR_OK || len as usize != signature.len() {
        misused(&format!("another key's signature: {result:#x}, {len} bytes"));
    }
}
