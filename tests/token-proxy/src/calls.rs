//! The functions of the proxy's list: each counts the call, applies its fault, calls the real module and writes the
//! result down.
#![allow(non_snake_case)]

use crate::answers::{self, Answer};
use crate::journal::{self, Call};
use crate::plan::{self, Crash, Fault, Lie};
use crate::{family, misused, real};
use cryptoki_sys::*;
use std::time::Duration;

type Session = CK_SESSION_HANDLE;
type Object = CK_OBJECT_HANDLE;
type Bytes = *mut CK_BYTE;
type Text = *mut CK_UTF8CHAR;
type Len = CK_ULONG;
type LenPtr = *mut CK_ULONG;
type Any = *mut std::ffi::c_void;
type Attributes = *mut CK_ATTRIBUTE;
type Mechanism = *mut CK_MECHANISM;

/// Defines functions that pass their arguments on, the list of them and their names. After `gives`: what a call that
/// was done gives back, and (for signatures) what it was made of. After `by`: the part of [`family`](crate::family) that
/// does it in the real module's place.
macro_rules! functions {
    ($($name:ident($($arg:ident: $type:ty),*) $(by $part:ident)? $(gives $answer:expr, $input:expr)?;)*) => {
        $(
            unsafe extern "C" fn $name($($arg: $type),*) -> CK_RV {
                // SAFETY: the caller's arguments, passed on as they came.
                let done = || functions!(do $name ($($arg),*) $($part)?);
                // SAFETY: looked at only after the real call was well.
                let answer = || -> Option<(Answer, &[u8])> { functions!(@ $($answer, $input)?) };
                call(stringify!($name), done, answer)
            }
        )*
        /// The functions that are there.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// The proxy's list: its own functions, and no others.
        pub fn list(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
            // SAFETY: every field is an Option of a function pointer or a number, for which zeros are a value.
            let mut list: CK_FUNCTION_LIST = unsafe { std::mem::zeroed() };
            list.version = real.version;
            list.C_GetFunctionList = Some(crate::C_GetFunctionList);
            $(list.$name = Some($name);)*
            list
        }
    };
    (do $name:ident ($($arg:ident),*)) => {
        match real().$name { Some(real) => unsafe { real($($arg),*) }, None => CKR_FUNCTION_NOT_SUPPORTED }
    };
    (do $name:ident ($($arg:ident),*) $part:ident) => { unsafe { family::$part::$name($($arg),*) } };
    (@) => { None };
    // SAFETY: see above.
    (@ $answer:expr, $input:expr) => {{
        #[allow(unused_unsafe)]
        let answer = unsafe { $answer.map(|answer| -> (Answer, &[u8]) { (answer, $input) }) };
        answer
    }};
}

functions! {
    C_Initialize(args: Any) by slots;
    C_Finalize(reserved: Any);
    C_GetInfo(info: *mut CK_INFO);
    C_GetSlotList(present: CK_BBOOL, slots: *mut CK_SLOT_ID, count: LenPtr) by slots;
    C_GetSlotInfo(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) by slots;
    C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) by slots
        gives Some(Answer { bytes: (*info).serialNumber.as_mut_ptr(), len: 16, told: None, session: None }), &[];
    C_GetMechanismList(slot: CK_SLOT_ID, list: *mut CK_MECHANISM_TYPE, count: LenPtr) by objects;
    C_GetMechanismInfo(slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO) by slots;
    C_InitToken(slot: CK_SLOT_ID, pin: Text, len: Len, label: Text) by login;
    C_InitPIN(session: Session, pin: Text, len: Len) by login;
    C_SetPIN(session: Session, old: Text, old_len: Len, new: Text, new_len: Len) by login;
    C_OpenSession(slot: CK_SLOT_ID, flags: CK_FLAGS, application: Any, notify: CK_NOTIFY, session: *mut Session) by slots;
    C_CloseSession(session: Session) by slots;
    C_CloseAllSessions(slot: CK_SLOT_ID) by slots;
    C_GetSessionInfo(session: Session, info: *mut CK_SESSION_INFO);
    C_Login(session: Session, user: CK_USER_TYPE, pin: Text, len: Len) by login;
    C_Logout(session: Session);
    C_CreateObject(session: Session, template: Attributes, count: Len, object: *mut Object) by objects;
    C_CopyObject(session: Session, object: Object, template: Attributes, count: Len, copy: *mut Object) by objects;
    C_DestroyObject(session: Session, object: Object);
    C_GetAttributeValue(session: Session, object: Object, template: Attributes, count: Len) by objects
        gives Answer::told((*template).pValue.cast(), &raw mut (*template).ulValueLen), &[];
    C_SetAttributeValue(session: Session, object: Object, template: Attributes, count: Len);
    C_FindObjectsInit(session: Session, template: Attributes, count: Len);
    C_FindObjects(session: Session, objects: *mut Object, most: Len, count: LenPtr)
        gives Some(Answer { bytes: count.cast(), len: size_of::<CK_ULONG>(), told: None, session: None }), &[];
    C_FindObjectsFinal(session: Session);
    C_SignInit(session: Session, mechanism: Mechanism, key: Object) by login
        gives { answers::signs_with(session, mechanism, key); None::<Answer> }, &[];
    C_Sign(session: Session, data: Bytes, len: Len, signature: Bytes, signature_len: LenPtr) by login
        gives Answer::told(signature, signature_len).map(|answer| Answer { session: Some(session), ..answer }),
        std::slice::from_raw_parts(data, usize::try_from(len).unwrap_or(0));
    C_SignUpdate(session: Session, part: Bytes, len: Len);
    C_SignFinal(session: Session, signature: Bytes, signature_len: LenPtr)
        gives Answer::told(signature, signature_len), &[];
    C_GenerateKey(session: Session, mechanism: Mechanism, template: Attributes, count: Len, key: *mut Object);
    C_GenerateKeyPair(session: Session, mechanism: Mechanism, public: Attributes, public_count: Len,
        private: Attributes, private_count: Len, public_key: *mut Object, private_key: *mut Object) by objects;
    C_WrapKey(session: Session, mechanism: Mechanism, by: Object, key: Object, wrapped: Bytes, len: LenPtr) by objects
        gives Answer::told(wrapped, len), &[];
    C_UnwrapKey(session: Session, mechanism: Mechanism, by: Object, wrapped: Bytes, len: Len, template: Attributes,
        count: Len, key: *mut Object);
    C_GenerateRandom(session: Session, bytes: Bytes, len: Len)
        gives usize::try_from(len).ok().map(|len| Answer { bytes, len, told: None, session: None }), &[];
}

/// One call, with its fault.
fn call<'i>(
    function: &'static str,
    done: impl FnOnce() -> CK_RV,
    answer: impl FnOnce() -> Option<(Answer, &'i [u8])>,
) -> CK_RV {
    let call = journal::count(function);
    let (fault, text) = plan::fault(call.number, function, call.nth).unzip();
    match fault {
        Some(Fault::Return(code)) => {
            journal::write(call, Some(code), None, text);
            return code;
        }
        Some(Fault::Hang) => {
            journal::write(call, None, None, text);
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        Some(Fault::Crash(
            crash @ (Crash::Abort | Crash::Segv | Crash::Overflow | Crash::Exit | Crash::Kill | Crash::Stop),
        )) => {
            journal::write(call, None, None, text);
            end(crash);
        }
        Some(Fault::Pull) => family::slots::pull(),
        Some(Fault::Delay(time)) => std::thread::sleep(time),
        _ => {}
    }
    if let Some(code) = family::slots::refuses(function) {
        journal::write(call, Some(code), None, text);
        return code;
    }
    let lie = if let Some(Fault::Answer(lie)) = fault { Some(lie) } else { None };
    let (result, gave) = finish(call, done(), answer, lie);
    let result = match fault {
        Some(Fault::After(code)) => code,
        Some(Fault::PullAfter) => {
            family::slots::pull();
            CKR_DEVICE_REMOVED
        }
        _ => result,
    };
    journal::write(call, Some(result), gave, text);
    if let Some(Fault::Crash(crash @ (Crash::KillAfter | Crash::StopAfter))) = fault {
        end(crash);
    }
    result
}

/// Changes what a call that was done gives back; with how many bytes that are.
fn finish<'i>(
    call: Call,
    result: CK_RV,
    answer: impl FnOnce() -> Option<(Answer, &'i [u8])>,
    lie: Option<Lie>,
) -> (CK_RV, Option<usize>) {
    if result != CKR_OK {
        return (result, None);
    }
    let answer = answer();
    match &answer {
        // SAFETY: the real call was well, so what it gives back is there.
        Some((answer, input)) => unsafe { answers::give(call, answer, lie, input) },
        None if lie.is_some() => misused(&format!("{} gives nothing back here", call.function)),
        None => {}
    }
    (result, answer.map(|(answer, _)| answer.len))
}

fn end(crash: Crash) {
    let signal = match crash {
        Crash::Abort => std::process::abort(),
        Crash::Segv => {
            // SAFETY: none: a real fault is wanted, since Rust's handler goes on after one that was only raised.
            // Nothing lies at address 1.
            unsafe { std::ptr::without_provenance_mut::<u8>(1).write_volatile(0) };
            libc::SIGSEGV
        }
        Crash::Overflow => {
            overflow(&[0; 4096]);
            libc::SIGSEGV
        }
        Crash::Exit => std::process::exit(1),
        Crash::Kill | Crash::KillAfter => libc::SIGKILL,
        Crash::Stop | Crash::StopAfter => libc::SIGSTOP,
    };
    // SAFETY: a signal to this process.
    unsafe { libc::kill(libc::getpid(), signal) };
}

/// Calls itself until the stack is used up.
fn overflow(before: &[u8; 4096]) -> u8 {
    let mut more = *before;
    more[0] = more[0].wrapping_add(1);
    more[1..9].copy_from_slice(&(u64::from_ne_bytes(before[1..9].try_into().unwrap_or_default()) + 1).to_ne_bytes());
    if more[1..9] == [0; 8] {
        return 0;
    }
    std::hint::black_box(overflow(std::hint::black_box(&more))) ^ more[1]
}
