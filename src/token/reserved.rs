//! The one call of cryptoki that is unsafe: C_Initialize with a string, which NSS and YubiHSM want.
//!
//! Owns the string for as long as the module may look at it. Source: PKCS#11 v3.0 section 5.4 (`pReserved`).
#![allow(unsafe_code)]

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error as Answer;
use std::ffi::CString;
use std::ptr::NonNull;

/// Initialises the module with a string in `pReserved`.
///
/// The string is leaked on purpose: a module may keep the pointer until it is finalised, and there is one
/// such call in a process.
pub(super) fn initialize(context: &Pkcs11, with: CString, flags: CInitializeFlags) -> Result<(), Answer> {
    let Some(pointer) = NonNull::new(with.into_raw()) else {
        return Err(Answer::InvalidValue);
    };
    // SAFETY: the pointer is to a NUL-terminated string that is never freed and never written by us.
    let arguments = unsafe { CInitializeArgs::new_with_reserved(flags, pointer.cast()) };
    context.initialize(arguments)
}
