//! Signals during a ceremony that people attend: none of them ends the process while a token is open and answers.
//! Each sets a flag and wakes whoever waits at a question; work that is under way ends first.
//!
//! A module can hang, and then no work ever ends: where a signal has waited a moment, a thread says so, and one more
//! ends the process at once, as a power cut would. Source: signal(7).

use super::{render_error, write_err};
use crate::error::{Error, Kind};
use crate::screen::WIDTH;
use crate::text;
use crate::token::environment::BYSTANDER;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::{flag, low_level};
use std::io::{PipeReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long work may go on after a signal before people are told that it is waited for.
const MOMENT: Duration = Duration::from_secs(2);
/// How often it is looked whether that work has ended.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// What somebody wants of a ceremony, beside an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The terminal is gone, or the machine shuts down: pause, and ask nothing.
    Gone,
    /// Ctrl-C or Ctrl-\: somebody wants to stop.
    Interrupt,
    /// Ctrl-Z: somebody wants to put the program into the background.
    Suspend,
    /// The terminal has another size.
    Resize,
}

/// Which signal is which, the most urgent first.
const MEANING: &[(i32, Signal)] = &[
    (SIGTERM, Signal::Gone),
    (SIGHUP, Signal::Gone),
    (SIGINT, Signal::Interrupt),
    (SIGQUIT, Signal::Interrupt),
    (SIGTSTP, Signal::Suspend),
    (SIGWINCH, Signal::Resize),
];

/// The signals that arrived and were not heeded yet.
pub struct Signals {
    arrived: Vec<(Arc<AtomicBool>, Signal)>,
    wake: PipeReader,
}

impl Signals {
    /// From here on signals are kept until they are heeded.
    ///
    /// # Errors
    /// [`Kind::Bug`] where the system gives no pipe, or does not let go of a signal.
    pub fn watch() -> Result<Self, Error> {
        let cannot = |error: std::io::Error| {
            Error::new(Kind::Bug, "signals cannot be kept from ending a ceremony").saw(error.to_string())
        };
        let (wake, waker) = std::io::pipe().map_err(cannot)?;
        let (alarm, alarms) = std::io::pipe().map_err(cannot)?;
        let mut arrived = Vec::with_capacity(MEANING.len());
        let mut stops = Vec::new();
        for (number, signal) in MEANING {
            let here = Arc::new(AtomicBool::new(false));
            // The flag first: who is woken finds it.
            flag::register(*number, Arc::clone(&here)).map_err(cannot)?;
            low_level::pipe::register(*number, waker.try_clone().map_err(cannot)?).map_err(cannot)?;
            if matches!(signal, Signal::Gone | Signal::Interrupt) {
                low_level::pipe::register(*number, alarms.try_clone().map_err(cannot)?).map_err(cannot)?;
                stops.push(Arc::clone(&here));
            }
            arrived.push((here, *signal));
        }
        // Its name is what tells the one place that counts threads that this one does not matter there.
        let watch = thread::Builder::new().name(BYSTANDER.to_owned());
        watch.spawn(move || end_what_hangs(&alarm, &stops)).map_err(cannot)?;
        Ok(Self { arrived, wake })
    }

    /// The most urgent signal that arrived, once.
    pub fn take(&self) -> Option<Signal> {
        let found = self.arrived.iter().find(|(here, _)| here.swap(false, Ordering::SeqCst));
        found.map(|(_, signal)| *signal)
    }

    /// What becomes readable when a signal arrives.
    pub fn waiting(&self) -> PollFd<'_> {
        PollFd::new(&self.wake, PollFlags::IN)
    }

    /// Forgets that somebody was woken; only when [`Signals::waiting`] is readable.
    pub fn woken(&self) {
        // As many bytes as came; one that stays only wakes once more.
        let _ = (&self.wake).read(&mut [0; 64]);
    }
}

/// Waits for signals that nobody takes, and ends the process at the second one: what it waits for may never answer.
fn end_what_hangs(mut alarm: &PipeReader, stops: &[Arc<AtomicBool>]) {
    let waits = || stops.iter().any(|here| here.load(Ordering::SeqCst));
    while alarm.read(&mut [0; 64]).is_ok() {
        // At a question it is taken at once.
        thread::sleep(MOMENT);
        if !waits() {
            continue;
        }
        // Those that came meanwhile were of somebody who was not told yet.
        if is_readable(alarm, Timespec::default()) {
            let _ = alarm.read(&mut [0; 64]);
        }
        let told = "Work is under way: the ceremony pauses as soon as it ends. If the token does not answer any more, \
                    press Ctrl-C again: that ends the program at once.";
        text::wrap(told, WIDTH).iter().for_each(|line| write_err(&format!("{line}\n")));
        while waits() {
            if is_readable(alarm, TICK) {
                write_err(&render_error(&hangs()));
                // Nothing of a module that hangs is called any more, not even what it left to be run at an exit.
                low_level::exit(Kind::Token.exit_code().into());
            }
        }
    }
}

fn is_readable(alarm: &PipeReader, within: Timespec) -> bool {
    poll(&mut [PollFd::new(alarm, PollFlags::IN)], Some(&within)).is_ok_and(|ready| ready > 0)
}

fn hangs() -> Error {
    Error::new(Kind::Token, "the ceremony was ended while the token was at work and did not answer")
        .hint("take the token out, put it back, and start the same command again")
        .hint("where it hangs again, go on with the copy of the token, or ask its vendor; the log is whole")
        .truth("What was being signed may have been signed: the log has its numbers, and the next start says so.")
}
