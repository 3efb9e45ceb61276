//! How many requests one service takes at once, and from when on.
//!
//! It stands open until the service says that there are too many: then it lets through half of what was under way, and one more
//! for as many good answers as that is. Where the service says how long to wait, or that a minute's quota is used up, nobody
//! goes through before.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::Clock;
use super::clock::Waiting;

/// What an open gate lets through.
const OPEN: f64 = 64.0;
/// For so long one refusal and those that came with it count once.
const TOGETHER: Duration = Duration::from_secs(1);

/// The gate before one service.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    free: Notify,
}

#[derive(Debug)]
struct State {
    width: f64,
    running: usize,
    halved: Option<Timestamp>,
    /// Nobody goes through before.
    shut: Option<Timestamp>,
}

impl Default for Gate {
    fn default() -> Gate {
        let state = State { width: OPEN, running: 0, halved: None, shut: None };
        Gate { state: Mutex::new(state), free: Notify::new() }
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives how many requests may be under way.
    pub fn width(&self) -> usize {
        whole(self.state().width)
    }

    /// Waits until a request may be sent; it counts as under way until what this gives is dropped.
    pub async fn pass(&self, clock: &dyn Clock) -> Passed<'_> {
        loop {
            let shut = {
                let mut state = self.state();
                let shut = state.shut.map(|until| until.duration_since(clock.now()));
                match shut.filter(|left| left.is_positive()) {
                    None if state.running < whole(state.width) => {
                        state.running += 1;
                        return Passed(self);
                    }
                    shut => shut,
                }
            };
            match shut {
                Some(left) => clock.sleep(left.unsigned_abs()).await,
                None => {
                    let _waiting = Waiting::on(clock);
                    self.free.notified().await;
                }
            }
        }
    }

    /// Notes an answer: when it came, and whether it says that there are too many requests.
    pub fn note(&self, now: Timestamp, too_many: bool) {
        let mut state = self.state();
        if too_many {
            let just =
                state.halved.is_some_and(|then| now.duration_since(then).unsigned_abs() < TOGETHER);
            if !just {
                #[expect(clippy::cast_precision_loss, reason = "some dozens")]
                let running = state.running as f64;
                state.width = (state.width.min(running) / 2.0).max(1.0);
                state.halved = Some(now);
            }
            return;
        }
        let before = whole(state.width);
        state.width = (state.width + 1.0 / state.width).min(OPEN);
        if whole(state.width) > before {
            self.free.notify_one();
        }
    }

    /// Lets nobody through for so long.
    pub fn shut(&self, now: Timestamp, pause: Duration) {
        let mut state = self.state();
        let until = now.checked_add(pause).unwrap_or(now);
        state.shut = state.shut.filter(|shut| *shut > until).or(Some(until));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 64")]
fn whole(width: f64) -> usize {
    (width as usize).max(1)
}

/// A request that is under way.
#[derive(Debug)]
pub struct Passed<'a>(&'a Gate);

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = state.running.saturating_sub(1);
        self.0.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::future::join_all;

    use super::*;
    use crate::http::SystemClock;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn after_a_refusal_half_of_what_was_under_way_goes_through_and_then_one_more_each_time() {
        let gate = Gate::default();
        let passed = join_all((0..12).map(|_| gate.pass(&SystemClock))).await;

        (0..5).for_each(|_| gate.note(at(1), true));
        assert_eq!(gate.width(), 6);
        drop(passed);

        (0..7).for_each(|_| gate.note(at(2), false));
        assert_eq!(gate.width(), 7);
        (3..40).for_each(|second| gate.note(at(second), true));
        assert_eq!(gate.width(), 1);
        (0..4000).for_each(|_| gate.note(at(50), false));
        assert_eq!(gate.width(), 64);
    }

    #[tokio::test]
    async fn no_more_are_under_way_than_the_gate_lets_through() {
        let (gate, running, most) = (Gate::default(), Cell::new(0), Cell::new(0));
        let passed = join_all((0..8).map(|_| gate.pass(&SystemClock))).await;
        gate.note(at(1), true);
        drop(passed);

        join_all((0..30).map(|_| async {
            let _passed = gate.pass(&SystemClock).await;
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            tokio::task::yield_now().await;
            running.set(running.get() - 1);
        }))
        .await;

        assert_eq!((most.get(), gate.width()), (4, 4));
    }
}
