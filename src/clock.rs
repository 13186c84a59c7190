//! The time: the only module that asks the machine for it.
//!
//! The offline machine's clock is a claim, so the log keeps where each time came from. Whole seconds.

use jiff::Timestamp;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Where times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock(Option<Timestamp>);

impl Clock {
    /// The machine's clock, as it stands.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at a time that was given (`--now`).
    pub fn given(now: Timestamp) -> Self {
        Self(Some(whole_seconds(now)))
    }

    /// The time in whole seconds.
    pub fn now(&self) -> Timestamp {
        self.0.unwrap_or_else(|| whole_seconds(Timestamp::now()))
    }

    /// `system` or `given`, as the log records it.
    pub fn source(&self) -> &'static str {
        if self.0.is_some() { "given" } else { "system" }
    }
}

/// Time since it was first asked for, for measuring durations; it never goes back.
pub fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_clock_stands_still_and_says_so() {
        let clock = Clock::given("2026-11-21T09:30:00.75Z".parse().unwrap());
        assert_eq!(clock.now().to_string(), "2026-11-21T09:30:00Z");
        assert_eq!(clock.source(), "given");
    }

    #[test]
    fn the_system_clock_gives_whole_seconds() {
        assert_eq!(Clock::system().now().subsec_nanosecond(), 0);
        assert_eq!(Clock::system().source(), "system");
        let before = monotonic();
        assert!(monotonic() >= before);
    }
}
