//! Calls of the module's own list of functions that cryptoki does not make, or makes and then judges.
//!
//! A token whose clock is no time of day is a token all the same (opencryptoki 3.8.1). One C_Sign after a C_SignInit of
//! ours lets a login stand between the two, as keys want that ask for the PIN at each signature. A token whose PINs are
//! typed on its own keys is prepared without one. A wrapped key is as long as the token says once it wrapped it: asked
//! before, it may say more, and cryptoki 0.12.1 fills that up with zeros.
//!
//! Owns the second handle to the module, which holds the list. Never loads, initialises or finalises: cryptoki has
//! done the one and `Library` does the other. Source: PKCS#11 v3.0 sections 5.4 (C_GetFunctionList), 5.5
//! (C_GetTokenInfo, C_InitToken, C_InitPIN), 5.13 (C_Sign) and 5.14 (C_WrapKey).
#![allow(unsafe_code)]

use cryptoki::context::Function;
use cryptoki::error::{Error as Answer, Rv};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use cryptoki_sys::{CK_FUNCTION_LIST, CK_MECHANISM, CK_RV, CK_TOKEN_INFO, CK_ULONG};
use std::mem::ManuallyDrop;
use std::path::Path;

/// Room for a signature or a wrapped key: a signature of ML-DSA-87 has 4,627 bytes, a wrapped RSA-4096 key has 2,384.
const LONGEST: usize = 8 * 1024;

/// The module's own functions.
pub(super) struct Raw {
    list: CK_FUNCTION_LIST,
    /// Never dropped, so that the module is never unloaded: threads of its own may run on after C_Finalize, and would do
    /// so in memory that is gone.
    _library: ManuallyDrop<cryptoki_sys::Pkcs11>,
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Raw")
    }
}

impl Raw {
    /// The functions of a module that is loaded already.
    ///
    /// # Errors
    /// It has no list of functions.
    pub(super) fn of(path: &Path) -> Result<Self, Answer> {
        // SAFETY: loading runs a module's initialisers; this one is loaded, so there is only another handle to it.
        let library = unsafe { cryptoki_sys::Pkcs11::new(path) }.map_err(Answer::LibraryLoading)?;
        let get = match &library.C_GetFunctionList {
            Ok(get) => *get,
            Err(_) => return Err(Answer::MissingSymbol("C_GetFunctionList")),
        };
        let mut list = std::ptr::null_mut();
        // SAFETY: the function of this name has this type, and is given a place for a pointer.
        let answer = unsafe { get(&mut list) };
        result(answer, Function::GetFunctionList)?;
        // SAFETY: where it answers that all is well the pointer is to a list that lives as long as the module.
        let list = unsafe { list.as_ref() }.copied().ok_or(Answer::NullFunctionPointer)?;
        Ok(Self { list, _library: ManuallyDrop::new(library) })
    }

    /// What the token in a slot says of itself, unjudged: every field is numbers or bytes, of which all values exist.
    ///
    /// # Errors
    /// What the module answered.
    pub(super) fn token_info(&self, slot: Slot) -> Result<CK_TOKEN_INFO, Answer> {
        let get = self.list.C_GetTokenInfo.ok_or(Answer::NullFunctionPointer)?;
        let mut info = CK_TOKEN_INFO::default();
        // SAFETY: the module is given a place for the structure, which outlives the call.
        let answer = unsafe { get(slot.into(), &raw mut info) };
        result(answer, Function::GetTokenInfo)?;
        Ok(info)
    }

    /// Initialises a token whose security officer's PIN is typed on its own keys (C_InitToken without a PIN).
    ///
    /// # Errors
    /// What the module answered.
    pub(super) fn init_token(&self, slot: Slot, label: &str) -> Result<(), Answer> {
        let init = self.list.C_InitToken.ok_or(Answer::NullFunctionPointer)?;
        // The standard's 32 bytes, filled with blanks.
        let mut padded = [b' '; 32];
        padded.iter_mut().zip(label.bytes()).for_each(|(to, from)| *to = from);
        // SAFETY: no PIN is what the standard wants of a token with a protected authentication path; the label has 32 bytes.
        let answer = unsafe { init(slot.id(), std::ptr::null_mut(), 0, padded.as_mut_ptr()) };
        result(answer, Function::InitToken)
    }

    /// Has the new user PIN typed on the token's own keys (C_InitPIN without one).
    ///
    /// # Errors
    /// What the module answered.
    pub(super) fn init_pin(&self, session: &Session) -> Result<(), Answer> {
        let init = self.list.C_InitPIN.ok_or(Answer::NullFunctionPointer)?;
        // SAFETY: as above; the session is open and this thread's.
        let answer = unsafe { init(session.handle(), std::ptr::null_mut(), 0) };
        result(answer, Function::InitPIN)
    }

    /// Ends the signature that this session has begun, with one call: the module is not asked first how long it is.
    ///
    /// # Errors
    /// What the module answered; [`Answer::InvalidValue`] where it says that it wrote more than it was given room for.
    pub(super) fn sign(&self, session: &Session, data: &[u8]) -> Result<Vec<u8>, Answer> {
        let sign = self.list.C_Sign.ok_or(Answer::NullFunctionPointer)?;
        let (mut signature, mut length) = room()?;
        let given = CK_ULONG::try_from(data.len())?;
        // SAFETY: the session is open and this thread's; both pointers have the lengths that are told beside them, and
        // a module does not write to what it signs.
        let answer =
            unsafe { sign(session.handle(), data.as_ptr().cast_mut(), given, signature.as_mut_ptr(), &raw mut length) };
        result(answer, Function::Sign)?;
        cut(signature, length)
    }

    /// Wraps a key, with one call.
    ///
    /// # Errors
    /// As [`Raw::sign`].
    pub(super) fn wrap_key(
        &self,
        session: &Session,
        mechanism: &Mechanism<'_>,
        wrapper: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<Vec<u8>, Answer> {
        let wrap = self.list.C_WrapKey.ok_or(Answer::NullFunctionPointer)?;
        let (mut wrapped, mut length) = room()?;
        let mut by = CK_MECHANISM::from(mechanism);
        // SAFETY: the session is open and this thread's; the mechanism's parameter outlives the call, and the pointer to
        // room for the wrapped key has the length that is told beside it.
        let answer = unsafe {
            let to = wrapped.as_mut_ptr();
            wrap(session.handle(), &raw mut by, wrapper.handle(), key.handle(), to, &raw mut length)
        };
        result(answer, Function::WrapKey)?;
        cut(wrapped, length)
    }
}

/// Room for what a module gives back, and how much it is.
fn room() -> Result<(Vec<u8>, CK_ULONG), Answer> {
    Ok((vec![0; LONGEST], CK_ULONG::try_from(LONGEST)?))
}

/// What was written of it.
fn cut(mut bytes: Vec<u8>, written: CK_ULONG) -> Result<Vec<u8>, Answer> {
    let written = usize::try_from(written)?;
    if written > bytes.len() {
        return Err(Answer::InvalidValue);
    }
    bytes.truncate(written);
    Ok(bytes)
}

fn result(answer: CK_RV, function: Function) -> Result<(), Answer> {
    Rv::from(answer).into_result(function)
}
