//! The last words of a program that a PKCS#11 module takes down with it: a module is code of others in this process, and
//! where it crashes, aborts or exits nothing of the program runs any more but a handler of signals. It says what is true
//! and what to do, puts the terminal back, and ends the process with an exit code of [`Kind`].
//!
//! Every text is made beforehand; the handler makes none. It never allocates, locks, or calls the module. Source:
//! signal-safety(7), sigaction(2), atexit(3).
#![allow(unsafe_code)]

use super::render_error;
use crate::ceremony::people::Signing;
use crate::error::{Error, Kind};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::BorrowedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What a crash looks like to the process.
const CRASHES: [(Signal, i32, &str); 5] = [
    (Signal::SIGSEGV, libc::SIGSEGV, "SIGSEGV"),
    (Signal::SIGABRT, libc::SIGABRT, "SIGABRT"),
    (Signal::SIGBUS, libc::SIGBUS, "SIGBUS"),
    (Signal::SIGILL, libc::SIGILL, "SIGILL"),
    (Signal::SIGFPE, libc::SIGFPE, "SIGFPE"),
];
/// In the place of a signal's number and name, where a module calls exit(3).
const EXIT: (i32, &str) = (0, "exit");
const STAGES: [Signing; 3] = [Signing::Nothing, Signing::Asked, Signing::Logged];

/// How far the use of the root key has come: the index of a stage.
static STAGE: AtomicU8 = AtomicU8::new(0);
/// The program ends as it should, or says already why it does not.
static ENDED: AtomicBool = AtomicBool::new(false);
static TEXTS: OnceLock<Vec<(i32, Signing, String)>> = OnceLock::new();
static TERMINAL: OnceLock<(File, Termios)> = OnceLock::new();

/// From here on a crash is told of. Where a handler cannot be set, crashes end the process as they always did.
pub fn watch() {
    let ways = CRASHES.iter().map(|(_, number, name)| (*number, *name)).chain([EXIT]);
    // Where somebody looks, a line of progress may be drawn there, and the cursor hidden.
    let begin = if std::io::stderr().is_terminal() { "\r\x1b[K\x1b[?25h" } else { "" };
    let texts = ways
        .flat_map(|(number, name)| {
            STAGES.map(|stage| (number, stage, format!("{begin}{}", render_error(&told(name, stage)))))
        })
        .collect();
    if TEXTS.set(texts).is_err() {
        return;
    }
    if let Ok(terminal) = File::open("/dev/tty")
        && let Ok(modes) = tcgetattr(&terminal)
    {
        // It is set once: this is called once.
        let _ = TERMINAL.set((terminal, modes));
    }
    // On the stack that Rust keeps aside for it: an overflow is a crash too. Once: a handler that crashes itself ends it.
    let flags = SaFlags::SA_ONSTACK | SaFlags::SA_RESETHAND;
    let action = SigAction::new(SigHandler::Handler(crashed), flags, SigSet::empty());
    for (signal, ..) in CRASHES {
        // SAFETY: the handler calls only what may be called in one, and does not return.
        let _ = unsafe { sigaction(signal, &action) };
    }
    // SAFETY: the function is there as long as the program is.
    let _ = unsafe { libc::atexit(exited) };
}

/// How far the use of the root key has come.
pub fn has_come_to(stage: Signing) {
    let index = STAGES.iter().position(|known| *known == stage).and_then(|index| u8::try_from(index).ok());
    STAGE.store(index.unwrap_or_default(), Ordering::SeqCst);
}

/// The program ends by itself from here on.
pub fn ends() {
    ENDED.store(true, Ordering::SeqCst);
}

const fn kind_of(stage: Signing) -> Kind {
    match stage {
        Signing::Logged => Kind::AfterSigning,
        Signing::Nothing | Signing::Asked => Kind::Token,
    }
}

fn told(how: &str, stage: Signing) -> Error {
    let what = match how {
        "exit" => "the token's module ended this program: it called exit".to_owned(),
        signal => format!("this program crashed ({signal}), most likely in the token's module"),
    };
    Error::new(kind_of(stage), what)
        .hint("take the token out, put it back, and start the same command again")
        .hint(
            "where it ends so again, use another version of the module, or the copy of the token, and tell its vendor",
        )
        .truth(match stage {
            Signing::Nothing => "Nothing was signed.",
            Signing::Asked => {
                "What was being signed may have been signed: the log has its numbers, and the next start says so."
            }
            Signing::Logged => {
                "What was signed is in the log: treat it as issued. The next start says what is left to do."
            }
        })
}

extern "C" fn crashed(signal: i32) {
    say(signal);
}

extern "C" fn exited() {
    if !ENDED.load(Ordering::SeqCst) {
        say(EXIT.0);
    }
}

/// Says it once, and ends the process; another thread that crashes meanwhile waits for that end.
fn say(how: i32) {
    if ENDED.swap(true, Ordering::SeqCst) {
        loop {
            // SAFETY: it waits for a signal, and may be called in a handler.
            unsafe { libc::pause() };
        }
    }
    if let Some((terminal, modes)) = TERMINAL.get() {
        // It may be gone.
        let _ = tcsetattr(terminal, OptionalActions::Now, modes);
    }
    let stage = STAGES.get(usize::from(STAGE.load(Ordering::SeqCst))).copied().unwrap_or(Signing::Asked);
    let text = TEXTS.get().and_then(|texts| texts.iter().find(|(way, of, _)| (*way, *of) == (how, stage)));
    let mut left = text.map_or("", |(.., text)| text).as_bytes();
    // SAFETY: the descriptor of stderr, which is open, or else says that it is not.
    let stderr = unsafe { BorrowedFd::borrow_raw(2) };
    while let Ok(count @ 1..) = rustix::io::write(stderr, left) {
        left = left.get(count..).unwrap_or_default();
    }
    signal_hook::low_level::exit(kind_of(stage).exit_code().into());
}
