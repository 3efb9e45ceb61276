//! The clock as a parameter.
//!
//! On the real world a wait is a wait. In a sandbox time is virtual: it stands still while anybody
//! works and jumps to the next sleeper's hour when all that are at work sleep. So waiting ten
//! minutes for an address takes no time, and a slow machine never makes a timeout run out.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Gives the present moment.
    fn now(&self) -> Timestamp;

    /// Waits so long.
    async fn sleep(&self, duration: Duration);

    /// Says that one more task is at work: virtual time stands still until it sleeps or leaves.
    fn enter(&self) {}

    /// Says that one task has ended.
    fn leave(&self) {}

    /// Says that one task waits for another, which may sleep: time need not stand still for it.
    fn waits(&self) {}

    /// Says that one task waits no more.
    fn waited(&self) {}

    /// Says whether, from now on, one task alone goes on, and the others do not before it has done: they are on the same
    /// thread.
    fn alone(&self, _alone: bool) {}
}

/// A wait for another task, which may sleep: virtual time would stand still for both.
pub struct Waiting<'a>(&'a dyn Clock);

impl<'a> Waiting<'a> {
    /// Begins to wait.
    pub fn on(clock: &'a dyn Clock) -> Waiting<'a> {
        clock.waits();
        Waiting(clock)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waited();
    }
}

/// A time in which one task alone goes on: when it sleeps, virtual time goes on, whoever else is at work.
pub struct Alone<'a>(&'a dyn Clock);

impl<'a> Alone<'a> {
    /// Begins it.
    pub fn on(clock: &'a dyn Clock) -> Alone<'a> {
        clock.alone(true);
        Alone(clock)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.alone(false);
    }
}

impl std::fmt::Debug for dyn Clock {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Clock({})", self.now())
    }
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
