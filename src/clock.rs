//! The time: the only module that asks the machine for it.
//!
//! The offline machine's clock is a claim, so the log keeps where each time came from. Whole seconds.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How far a clock may be from a watch, or from where it must be by now, in seconds.
pub const TOLERANCE: i64 = 120;

/// Where times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    given: Option<Timestamp>,
    confirmed: Option<Confirmed>,
}

/// The moment at which people compared the clock with a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Confirmed {
    shown: Timestamp,
    monotonic: Duration,
}

impl Clock {
    /// The machine's clock, as it stands.
    pub fn system() -> Self {
        Self { given: None, confirmed: None }
    }

    /// A clock that stands still at a time that was given (`--now`).
    pub fn given(now: Timestamp) -> Self {
        Self { given: Some(whole_seconds(now)), confirmed: None }
    }

    /// The time in whole seconds.
    pub fn now(&self) -> Timestamp {
        self.given.unwrap_or_else(|| whole_seconds(Timestamp::now()))
    }

    /// `system`, `given`, or `confirmed` by people's watches, as the log records it.
    pub fn source(&self) -> &'static str {
        match (self.given, self.confirmed) {
            (Some(_), _) => "given",
            (None, Some(_)) => "confirmed",
            (None, None) => "system",
        }
    }

    /// People compared the time with a watch, now.
    pub fn confirm(&mut self) {
        self.confirmed = Some(Confirmed { shown: self.now(), monotonic: monotonic() });
    }

    /// How far the clock was moved since people compared it, where that is more than [`TOLERANCE`]: forward, or
    /// back where it is negative. Time that the machine slept counts as moved: nobody watched it.
    pub fn moved(&self) -> Option<SignedDuration> {
        self.confirmed.and_then(|confirmed| moved(confirmed, self.now(), monotonic()))
    }
}

fn moved(confirmed: Confirmed, now: Timestamp, monotonic: Duration) -> Option<SignedDuration> {
    let passed = SignedDuration::try_from(monotonic.saturating_sub(confirmed.monotonic)).ok()?;
    let moved = now.duration_since(confirmed.shown) - passed;
    (moved.as_secs().abs() > TOLERANCE).then_some(moved)
}

/// Time since it was first asked for, for measuring durations; it never goes back.
pub fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The machine's time zone; UTC where it has none.
pub fn zone() -> TimeZone {
    TimeZone::system()
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

    #[test]
    fn a_clock_that_people_compared_says_so_and_notices_when_it_is_moved() {
        let mut clock = Clock::system();
        assert_eq!(clock.moved(), None);
        clock.confirm();
        assert_eq!((clock.source(), clock.moved()), ("confirmed", None));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let confirmed = Confirmed { shown: at("2026-11-21T09:30:00Z"), monotonic: Duration::from_secs(50) };
        // A minute passed by the counter that nobody can set.
        for (now, expected) in [
            ("2026-11-21T09:31:00Z", None),
            ("2026-11-21T09:33:00Z", None),
            ("2026-11-21T09:33:01Z", Some(121)),
            ("2026-11-21T09:29:00Z", None),
            ("2026-11-21T09:28:59Z", Some(-121)),
            ("2028-11-21T09:31:00Z", Some(731 * 86_400)),
            ("1970-01-01T00:00:00Z", Some(-1_795_253_460)),
        ] {
            let found = moved(confirmed, at(now), Duration::from_secs(110)).map(|moved| moved.as_secs());
            assert_eq!(found, expected, "{now}");
        }
    }
}
