//! Signals during a ceremony that people attend: none of them ends the process while a token is open. Each sets
//! a flag and wakes whoever waits at a question; work that is under way ends first. Source: signal(7).

use crate::error::{Error, Kind};
use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::{flag, low_level};
use std::io::{PipeReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
        let mut arrived = Vec::with_capacity(MEANING.len());
        for (number, signal) in MEANING {
            let here = Arc::new(AtomicBool::new(false));
            // The flag first: who is woken finds it.
            flag::register(*number, Arc::clone(&here)).map_err(cannot)?;
            low_level::pipe::register(*number, waker.try_clone().map_err(cannot)?).map_err(cannot)?;
            arrived.push((here, *signal));
        }
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
