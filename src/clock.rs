//! Clocks: the only file that reads the time.
//!
//! Guarantees: everybody else is handed a [`Clock`] or a `now`; a sleep on a [`ManualClock`] ends
//! when the hand moves past it and never by itself; no sleep ends before its instant.
//! Does not know: who waits, or what for.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::model::time::{Span, Time};

/// A boxed future, so that the trait is object-safe.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A sleep looks at the wall clock at least this often, so that a clock set forward is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What time it is.
pub trait Clock: Send + Sync {
    /// The instant, by the wall clock: it may be set forward or back under us.
    fn now(&self) -> Time;
    /// How long this clock has been running: it only grows, whatever the wall clock does.
    fn monotonic(&self) -> Span;
    /// Both readings of one moment, so that they can be compared.
    fn both(&self) -> (Time, Span) {
        (self.now(), self.monotonic())
    }
    /// Ends when it is `at` or later; at once if it is already.
    fn sleep_until(&self, at: Time) -> Boxed<'_, ()>;
    /// Ends when so much time has passed, or the wall clock says so: one that was set back holds
    /// nobody up.
    fn sleep(&self, span: Span) -> Boxed<'_, ()>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// Starts its monotonic reading at zero.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now() }
    }

    /// How long this clock has been running, in microseconds, for measurements.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
    fn now(&self) -> Time {
        Time(jiff::Timestamp::now().as_millisecond())
    }

    fn monotonic(&self) -> Span {
        Span(millis(self.started.elapsed()))
    }

    fn sleep_until(&self, at: Time) -> Boxed<'_, ()> {
        Box::pin(async move {
            loop {
                let left = at.since(self.now());
                if left <= Span::ZERO {
                    return;
                }
                tokio::time::sleep(duration(left).min(LOOK_EVERY)).await;
            }
        })
    }

    fn sleep(&self, span: Span) -> Boxed<'_, ()> {
        let (now, monotonic) = self.both();
        let (at, until) = (now.plus(span), later(monotonic, span));
        Box::pin(async move {
            loop {
                let passing = Span(until.0.saturating_sub(self.monotonic().0));
                let left = at.since(self.now()).min(passing);
                if left <= Span::ZERO {
                    return;
                }
                tokio::time::sleep(duration(left).min(LOOK_EVERY)).await;
            }
        })
    }
}

/// A clock that runs faster than the machine's, for a demo in which a minute takes a second.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    base: Time,
    factor: u32,
    machine: SystemClock,
}

impl ScaledClock {
    /// Begins at `base` and runs `factor` times as fast; zero counts as one.
    #[must_use]
    pub fn new(base: Time, factor: u32) -> Self {
        Self { base, factor: factor.max(1), machine: SystemClock::new() }
    }

    /// Begins now.
    #[must_use]
    pub fn from_now(factor: u32) -> Self {
        Self::new(SystemClock::new().now(), factor)
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Time {
        self.base.plus(self.monotonic())
    }

    fn monotonic(&self) -> Span {
        Span(self.machine.monotonic().0.saturating_mul(i64::from(self.factor)))
    }

    fn sleep_until(&self, at: Time) -> Boxed<'_, ()> {
        Box::pin(async move {
            loop {
                let left = at.since(self.now());
                if left <= Span::ZERO {
                    return;
                }
                tokio::time::sleep(duration(left).div_f64(f64::from(self.factor))).await;
            }
        })
    }

    fn sleep(&self, span: Span) -> Boxed<'_, ()> {
        self.sleep_until(self.now().plus(span)) // both of its readings are one
    }
}

/// A clock moved by hand. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    hand: Arc<watch::Sender<Hand>>,
}

#[derive(Clone, Copy, Debug)]
struct Hand {
    now: Time,
    monotonic: Span,
}

impl ManualClock {
    /// Stands at `now` until it is moved.
    #[must_use]
    pub fn at(now: Time) -> Self {
        Self { hand: Arc::new(watch::Sender::new(Hand { now, monotonic: Span::ZERO })) }
    }

    /// Time passes: both readings move, and sleepers whose instant has come go on.
    pub fn advance(&self, span: Span) {
        self.hand.send_modify(|hand| {
            hand.now = hand.now.plus(span);
            hand.monotonic = Span(hand.monotonic.0.saturating_add(span.0.max(0)));
        });
    }

    /// Time passes until `at`; nothing happens if it is later already.
    pub fn advance_to(&self, at: Time) {
        self.advance(Span(at.since(self.now()).0.max(0)));
    }

    /// Somebody sets the wall clock: it jumps, forward or back, while no time passes.
    pub fn set(&self, now: Time) {
        self.hand.send_modify(|hand| hand.now = now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        self.hand.borrow().now
    }

    fn monotonic(&self) -> Span {
        self.hand.borrow().monotonic
    }

    fn both(&self) -> (Time, Span) {
        let hand = *self.hand.borrow();
        (hand.now, hand.monotonic)
    }

    fn sleep_until(&self, at: Time) -> Boxed<'_, ()> {
        // Subscribed at the call, so that a move before the first poll is seen too.
        let mut hand = self.hand.subscribe();
        Box::pin(async move {
            // It fails only when the sender is gone, and `self` holds it.
            let _ = hand.wait_for(|hand| hand.now >= at).await;
        })
    }

    fn sleep(&self, span: Span) -> Boxed<'_, ()> {
        let mut hand = self.hand.subscribe();
        let begun = *hand.borrow();
        let (at, until) = (begun.now.plus(span), later(begun.monotonic, span));
        Box::pin(async move {
            let _ = hand.wait_for(|hand| hand.now >= at || hand.monotonic >= until).await;
        })
    }
}

/// Notices when the wall clock was set: it compares how far both readings went since the last look.
#[derive(Clone, Copy, Debug)]
pub struct JumpWatch {
    now: Time,
    monotonic: Span,
}

impl JumpWatch {
    /// The instant of the last look.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Takes the first look.
    #[must_use]
    pub fn new(clock: &dyn Clock) -> Self {
        let (now, monotonic) = clock.both();
        Self { now, monotonic }
    }

    /// How far the wall clock was set forward (or back, if negative) since the last look. Slewing
    /// and rounding show as a few milliseconds; what counts as a jump is the caller's to say.
    pub fn look(&mut self, clock: &dyn Clock) -> Span {
        let seen = Self::new(clock);
        let wall = seen.now.since(self.now);
        let passed = seen.monotonic.0.saturating_sub(self.monotonic.0);
        *self = seen;
        Span(wall.0.saturating_sub(passed))
    }
}

fn later(reading: Span, span: Span) -> Span {
    Span(reading.0.saturating_add(span.0))
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll(sleep: &mut Boxed<'_, ()>) -> Poll<()> {
        sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_sleeper_waits_for_the_hand_and_for_nothing_else() {
        let clock = ManualClock::at(Time(1_000));
        let mut sleep = clock.sleep(Span(500));
        assert_eq!(poll(&mut sleep), Poll::Pending);
        clock.advance(Span(499));
        assert_eq!(poll(&mut sleep), Poll::Pending);
        clock.advance(Span(1));
        assert_eq!(poll(&mut sleep), Poll::Ready(()));
    }

    #[test]
    fn an_instant_that_has_come_is_not_waited_for() {
        let clock = ManualClock::at(Time(1_000));
        assert_eq!(poll(&mut clock.sleep_until(Time(1_000))), Poll::Ready(()));
        let mut sleep = clock.sleep_until(Time(2_000));
        clock.clone().advance_to(Time(2_000));
        assert_eq!(poll(&mut sleep), Poll::Ready(()), "a move before the first poll counts");
    }

    #[test]
    fn a_clock_that_is_set_back_holds_no_sleeper_up() {
        let clock = ManualClock::at(Time(10_000_000));
        let (mut sleep, mut until) =
            (clock.sleep(Span(5_000)), clock.sleep_until(Time(10_005_000)));
        clock.set(Time(1_000_000));
        clock.advance(Span(4_999));
        assert_eq!(poll(&mut sleep), Poll::Pending);
        clock.advance(Span(1));
        assert_eq!(poll(&mut sleep), Poll::Ready(()));
        assert_eq!(poll(&mut until), Poll::Pending, "an instant is one of the wall clock");
    }

    #[test]
    fn a_set_clock_is_told_from_time_that_passed() {
        let clock = ManualClock::at(Time(1_000_000));
        let mut watch = JumpWatch::new(&clock);
        clock.advance(Span::minutes(5));
        assert_eq!(watch.look(&clock), Span::ZERO);
        clock.set(Time(4_900_000));
        clock.advance(Span::seconds(1));
        assert_eq!(watch.look(&clock), Span::seconds(3_600));
        clock.set(Time(1_000_000));
        assert_eq!(watch.look(&clock), Span(-3_901_000));
        assert_eq!(watch.look(&clock), Span::ZERO, "a jump is seen once");
    }

    #[tokio::test]
    async fn no_sleep_of_the_machines_clock_ends_early() {
        let clock = SystemClock::new();
        assert!(clock.now() > Time(1_767_225_600_000), "after 2026 began");
        let at = clock.now().plus(Span(30));
        clock.sleep_until(at).await;
        assert!(clock.now() >= at);
    }

    #[test]
    fn a_scaled_minute_takes_a_second() {
        let clock = ScaledClock::new(Time(0), 60);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let before = clock.machine.monotonic();
        runtime.block_on(clock.sleep_until(Time(6_000)));
        let took = clock.machine.monotonic().0 - before.0;
        assert!(clock.now() >= Time(6_000));
        assert!((90..5_000).contains(&took), "6 s at 60 times the speed took {took} ms");
    }
}
