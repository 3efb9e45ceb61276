//! Virtual time.
//!
//! Discrete: it stands still while anybody is at work, and jumps to the earliest sleeper's hour when
//! all that are at work sleep. A server that stands alone lets it run besides, so many times as
//! fast as the wall's clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::http::Clock;

/// The sandbox's clock.
#[derive(Debug)]
pub struct VirtualClock {
    state: Mutex<State>,
    speed: f64,
}

#[derive(Debug)]
struct State {
    base: Timestamp,
    started: Instant,
    active: usize,
    /// How many of those at work wait for others.
    waiting: usize,
    /// Only the task that sleeps next goes on.
    alone: bool,
    next: u64,
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
}

impl VirtualClock {
    /// Starts at a moment; `speed` virtual seconds pass in a real second besides (0 for none).
    pub fn new(base: Timestamp, speed: f64) -> VirtualClock {
        let (started, sleepers) = (Instant::now(), BTreeMap::new());
        let state = State { base, started, active: 0, waiting: 0, alone: false, next: 0, sleepers };
        VirtualClock { state: Mutex::new(state), speed }
    }

    /// Moves time on, and wakes who slept until then.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.locked();
        state.base = later(state.base, duration);
        let now = self.time(&state);
        Self::wake(&mut state, now);
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn time(&self, state: &State) -> Timestamp {
        if self.speed <= 0.0 {
            return state.base;
        }
        later(state.base, state.started.elapsed().mul_f64(self.speed))
    }

    /// Lets time jump when nobody is at work.
    fn settle(&self, state: &mut State) {
        if state.active > state.waiting {
            return;
        }
        let Some(((until, _), _)) = state.sleepers.first_key_value() else { return };
        let until = *until;
        let now = self.time(state);
        if until > now {
            let gap = until.duration_since(now);
            state.base = later(state.base, gap.unsigned_abs());
        }
        if let Some((_, waker)) = state.sleepers.pop_first() {
            state.active += 1;
            // A sleeper that was dropped is not at work.
            if waker.send(()).is_err() {
                state.active -= 1;
                self.settle(state);
            }
        }
    }

    fn wake(state: &mut State, now: Timestamp) {
        while let Some(entry) = state.sleepers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            if entry.remove().send(()).is_ok() {
                state.active += 1;
            }
        }
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.time(&self.locked())
    }

    async fn sleep(&self, duration: Duration) {
        let woken = {
            let mut state = self.locked();
            let until = later(self.time(&state), duration);
            if state.alone {
                let gap = until.duration_since(self.time(&state));
                state.base = later(state.base, gap.unsigned_abs());
                Self::wake(&mut state, until);
                return;
            }
            let (waker, woken) = oneshot::channel();
            let key = (until, state.next);
            state.next += 1;
            state.sleepers.insert(key, waker);
            state.active = state.active.saturating_sub(1);
            self.settle(&mut state);
            woken
        };
        // The sender is dropped only with the clock itself.
        let _ = woken.await;
    }

    fn enter(&self) {
        self.locked().active += 1;
    }

    fn leave(&self) {
        let mut state = self.locked();
        state.active = state.active.saturating_sub(1);
        self.settle(&mut state);
    }

    fn waits(&self) {
        let mut state = self.locked();
        state.waiting += 1;
        self.settle(&mut state);
    }

    fn waited(&self) {
        let mut state = self.locked();
        state.waiting = state.waiting.saturating_sub(1);
    }

    fn alone(&self, alone: bool) {
        self.locked().alone = alone;
    }
}

fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_goes_on_where_one_sleeps_and_the_others_wait_for_it() {
        let clock = VirtualClock::new(Timestamp::UNIX_EPOCH, 0.0);
        clock.enter();
        clock.enter();
        let second = crate::http::clock::Waiting::on(&clock);

        clock.sleep(Duration::from_secs(1)).await;
        drop(second);
        clock.leave();

        clock.sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), later(Timestamp::UNIX_EPOCH, Duration::from_secs(2)));
    }

    #[tokio::test]
    async fn who_is_alone_sleeps_whoever_else_is_at_work() {
        let clock = VirtualClock::new(Timestamp::UNIX_EPOCH, 0.0);
        clock.enter();
        clock.enter();

        let alone = crate::http::clock::Alone::on(&clock);
        clock.sleep(Duration::from_secs(3)).await;
        drop(alone);

        assert_eq!(clock.now(), later(Timestamp::UNIX_EPOCH, Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn time_stands_still_while_somebody_is_at_work() {
        let clock = std::sync::Arc::new(VirtualClock::new(Timestamp::UNIX_EPOCH, 0.0));
        clock.enter();
        clock.enter();

        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep(Duration::from_mins(10)).await })
        };
        tokio::task::yield_now().await;
        let before = clock.now();
        clock.leave();
        sleeper.await.unwrap();

        assert_eq!(before, Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), later(Timestamp::UNIX_EPOCH, Duration::from_mins(10)));
    }
}
