//! A PKCS#11 module for tests: it stands between the program and a real module, writes down every call, and
//! misbehaves where it is told to. Nothing here ships, and nothing of the program depends on it.
//!
//! Three environment variables, set by the test for the program that it starts:
//!
//! - `ANCHORITE_PROXY_MODULE`: the path of the real module.
//! - `ANCHORITE_PROXY_JOURNAL`: a file to which each call appends a line: its number over all calls, the function,
//!   the how manieth call of that function it is, what it returned (`-`: it never returned), how many bytes it gave
//!   back (`-`: none) and the fault if any: `17 C_Sign 2 0x0 64 flip`. The program is fenced in before it loads a module, so the file must lie where its
//!   configuration lets it write: in the token directory.
//! - `ANCHORITE_PROXY_FAULTS`: rules `WHERE=WHAT`, parted by `;`; the first that fits a call counts.
//!
//! | WHERE | calls |
//! | --- | --- |
//! | `C_Sign@2` | the second call of a function |
//! | `C_Sign@2+` | that one and all later ones |
//! | `C_Sign` | every call of a function |
//! | `@17`, `@17+` | by the number over all calls |
//!
//! | WHAT | effect |
//! | --- | --- |
//! | `rv:N` | not done; N is returned |
//! | `after:N` | done; N is returned all the same |
//! | `flip` | done; a bit of what it gives back is wrong |
//! | `short`, `long` | done; the length of what it gives back is one less, one more |
//! | `zero` | done; what it gives back is zeros (objects found: none) |
//! | `same` | done; gives back what the last call of this function gave |
//! | `other` | `C_Sign`: the signature of another private key of the token |
//! | `delay:MS` | done after so many milliseconds |
//! | `hang` | never returns |
//! | `pull`, `pull-after` | the token is pulled out before or after the call: see `family` |
//! | `abort`, `segv` | the module crashes, before it does anything |
//! | `overflow`, `exit` | the same by a stack that overflows, and by calling exit(3) |
//! | `kill`, `kill-after` | SIGKILL before or after the call |
//! | `stop`, `stop-after` | SIGSTOP before or after the call: it goes on at SIGCONT |
//!
//! What the token is like beside that, `ANCHORITE_PROXY_TRAITS` says: see `family`.
//!
//! What a function "gives back" is in `answers`. Functions of PKCS#11 that the program does not call are not there:
//! the list of functions has no entry for them, so that nothing passes unseen. A plan that cannot be read ends the
//! process with a message.

mod answers;
mod calls;
mod family;
mod journal;
mod plan;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD, CKR_OK};
use std::sync::OnceLock;

/// Ends the process: a test that is written wrongly must not look like a fault that was tried.
fn misused(why: &str) -> ! {
    eprintln!("anchorite-token-proxy: {why}");
    // No handler of the program's runs: a crash is what it would tell of.
    // SAFETY: it ends the process.
    unsafe { libc::_exit(99) }
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| misused(&format!("{name} is not set")))
}

/// A function list that is shared between threads: pointers to functions, never written again.
struct Functions(CK_FUNCTION_LIST);
// SAFETY: function pointers, which are written once, before anyone can read them.
unsafe impl Sync for Functions {}
// SAFETY: as above.
unsafe impl Send for Functions {}

/// The real module's functions.
fn real() -> &'static CK_FUNCTION_LIST {
    static REAL: OnceLock<Functions> = OnceLock::new();
    &REAL.get_or_init(|| Functions(load(&setting("ANCHORITE_PROXY_MODULE")))).0
}

fn load(path: &str) -> CK_FUNCTION_LIST {
    type GetFunctionList = unsafe extern "C" fn(CK_FUNCTION_LIST_PTR_PTR) -> CK_RV;
    let failed = |error: libloading::Error| -> ! { misused(&format!("{path}: {error}")) };
    let mut list = std::ptr::null_mut();
    // SAFETY: a PKCS#11 module has this function with this type; its list lives as long as the module does, and
    // the module is never unloaded.
    unsafe {
        let module = Box::leak(Box::new(libloading::Library::new(path).unwrap_or_else(|error| failed(error))));
        let get = module.get::<GetFunctionList>(b"C_GetFunctionList").unwrap_or_else(|error| failed(error));
        if get(&mut list) != CKR_OK || list.is_null() {
            misused(&format!("{path} gives no list of functions"));
        }
        *list
    }
}

/// The list of functions (PKCS#11 v3.0 section 5.4): the proxy's own.
///
/// # Safety
/// As the standard says: `list` points to a place for a pointer.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    static OWN: OnceLock<Functions> = OnceLock::new();
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    plan::check();
    family::family();
    let own = OWN.get_or_init(|| Functions(calls::list(real())));
    // SAFETY: the caller's place for a pointer. PKCS#11 gives out a mutable pointer that nobody writes through.
    unsafe { *list = std::ptr::from_ref(&own.0).cast_mut() };
    CKR_OK
}
