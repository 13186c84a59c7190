//! Where a family's token is, and how many sessions it gives: pulled out, put in again elsewhere, with few sessions.
#![allow(non_snake_case)]

use super::{family, login, shared};
use crate::real;
use cryptoki_sys::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Session = CK_SESSION_HANDLE;
type Len = CK_ULONG;

/// How much higher the number of a slot is each time that the token was put in again.
const STEP: CK_SLOT_ID = 0x1_0000_0000;

#[derive(Default)]
struct State {
    /// How often it was pulled out.
    pulled: u64,
    /// Open sessions, and the real slot of each.
    open: BTreeMap<Session, CK_SLOT_ID>,
}

fn state() -> MutexGuard<'static, State> {
    static STATE: Mutex<State> = Mutex::new(State { pulled: 0, open: BTreeMap::new() });
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pulls the token out: its sessions end, and with them the login.
pub fn pull() {
    let mut state = state();
    state.pulled += 1;
    for slot in std::mem::take(&mut state.open).into_values() {
        if let Some(close) = real().C_CloseAllSessions {
            // SAFETY: a slot of the module's.
            unsafe { close(slot) };
        }
    }
    std::fs::write(shared("unplugged"), "").unwrap_or_else(|error| crate::misused(&error.to_string()));
}

/// What a call is answered with while the token is pulled out; `None` where it is there, or for calls about no token.
pub fn refuses(function: &str) -> Option<CK_RV> {
    if state().pulled == 0 || !shared("unplugged").exists() {
        return None;
    }
    match function {
        "C_Initialize" | "C_Finalize" | "C_GetInfo" | "C_GetSlotList" | "C_GetSlotInfo" => None,
        "C_GetTokenInfo" | "C_GetMechanismList" | "C_GetMechanismInfo" | "C_InitToken" | "C_OpenSession" => {
            Some(CKR_TOKEN_NOT_PRESENT)
        }
        _ => Some(CKR_DEVICE_REMOVED),
    }
}

/// The real module's number of a slot.
pub fn inner(slot: CK_SLOT_ID) -> CK_SLOT_ID {
    slot % STEP
}

fn outer(slot: CK_SLOT_ID) -> CK_SLOT_ID {
    slot + STEP * state().pulled
}

pub unsafe fn C_GetSlotList(present: CK_BBOOL, slots: *mut CK_SLOT_ID, count: *mut Len) -> CK_RV {
    let Some(real) = real().C_GetSlotList else { return CKR_FUNCTION_NOT_SUPPORTED };
    if refuses("C_OpenSession").is_some() {
        // SAFETY: the caller's place for a count.
        unsafe { *count = 0 };
        return CKR_OK;
    }
    // SAFETY: the caller's arguments.
    let result = unsafe { real(present, slots, count) };
    if result == CKR_OK && !slots.is_null() {
        // SAFETY: so many were written.
        unsafe { std::slice::from_raw_parts_mut(slots, *count as usize) }
            .iter_mut()
            .for_each(|slot| *slot = outer(*slot));
    }
    result
}

pub unsafe fn C_GetSlotInfo(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) -> CK_RV {
    // SAFETY: the caller's arguments.
    real().C_GetSlotInfo.map_or(CKR_FUNCTION_NOT_SUPPORTED, |real| unsafe { real(inner(slot), info) })
}

pub unsafe fn C_GetMechanismInfo(slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO) -> CK_RV {
    // SAFETY: the caller's arguments.
    real().C_GetMechanismInfo.map_or(CKR_FUNCTION_NOT_SUPPORTED, |real| unsafe { real(inner(slot), kind, info) })
}

pub unsafe fn C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    let Some(real) = real().C_GetTokenInfo else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    let result = unsafe { real(inner(slot), info) };
    // SAFETY: as above; what is there was written.
    if let (CKR_OK, Some(info)) = (result, unsafe { info.as_mut() }) {
        info.flags |= login::flags();
        if let (true, Some(most)) = (family().says_max_sessions, family().max_sessions) {
            (info.ulMaxSessionCount, info.ulMaxRwSessionCount) = (most, most);
        }
        if family().clock {
            info.flags |= CKF_CLOCK_ON_TOKEN;
            info.utcTime = *b"03:46:50\0\0\0\0\0\0\0\0";
        }
        let label = String::from_utf8_lossy(&info.label).trim_end().to_owned();
        if family().mute.as_ref() == Some(&label) {
            return CKR_GENERAL_ERROR;
        }
        if let Some(serial) = &family().serial {
            say(&mut info.serialNumber, serial);
        }
        if family().renamed && info.flags & CKF_TOKEN_INITIALIZED != 0 {
            say(&mut info.label, &format!("{label} (UserPIN)"));
        }
    }
    result
}

/// Fills a field, cut and padded with blanks as the standard has it.
fn say(field: &mut [CK_UTF8CHAR], text: &str) {
    field.fill(b' ');
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
}

pub unsafe fn C_Initialize(args: *mut std::ffi::c_void) -> CK_RV {
    let Some(real) = real().C_Initialize else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: what the standard says the pointer is to.
    let locks = unsafe { args.cast::<CK_C_INITIALIZE_ARGS>().as_ref() };
    if family().cant_lock && locks.is_some_and(|args| args.flags & CKF_OS_LOCKING_OK != 0) {
        return CKR_CANT_LOCK;
    }
    let Some(wanted) = &family().init_string else {
        // SAFETY: the caller's argument.
        return unsafe { real(args) };
    };
    let Some(given) = locks.copied().filter(|args| !args.pReserved.is_null()) else { return CKR_ARGUMENTS_BAD };
    // SAFETY: those who take a string take one that ends with NUL.
    let text = unsafe { std::ffi::CStr::from_ptr(given.pReserved.cast()) };
    if !text.to_string_lossy().contains(wanted) {
        return CKR_ARGUMENTS_BAD;
    }
    let mut plain = CK_C_INITIALIZE_ARGS { pReserved: std::ptr::null_mut(), ..given };
    // SAFETY: the arguments outlive the call.
    unsafe { real((&raw mut plain).cast()) }
}

pub unsafe fn C_OpenSession(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: *mut std::ffi::c_void,
    notify: CK_NOTIFY,
    session: *mut Session,
) -> CK_RV {
    let Some(real) = real().C_OpenSession else { return CKR_FUNCTION_NOT_SUPPORTED };
    if outer(inner(slot)) != slot {
        return CKR_SLOT_ID_INVALID;
    }
    let mut state = state();
    if family().max_sessions.is_some_and(|most| state.open.len() as u64 >= most) {
        return CKR_SESSION_COUNT;
    }
    // SAFETY: the caller's arguments.
    let result = unsafe { real(inner(slot), flags, application, notify, session) };
    if result == CKR_OK {
        // SAFETY: the module wrote it.
        state.open.insert(unsafe { *session }, inner(slot));
    }
    result
}

pub unsafe fn C_CloseSession(session: Session) -> CK_RV {
    state().open.remove(&session);
    // SAFETY: the caller's argument.
    let closed = real().C_CloseSession.map_or(CKR_FUNCTION_NOT_SUPPORTED, |real| unsafe { real(session) });
    let left = state().open.keys().next().copied();
    if let (true, Some(left), Some(log_out)) = (family().logout_on_close, left, real().C_Logout) {
        // SAFETY: a session that is open.
        unsafe { log_out(left) };
    }
    closed
}

pub unsafe fn C_CloseAllSessions(slot: CK_SLOT_ID) -> CK_RV {
    state().open.retain(|_, of| *of != inner(slot));
    // SAFETY: the caller's argument.
    real().C_CloseAllSessions.map_or(CKR_FUNCTION_NOT_SUPPORTED, |real| unsafe { real(inner(slot)) })
}
