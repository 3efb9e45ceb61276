//! How many calls at once: a number that was given, or as many as the services take well.
//!
//! It rises by one when as many answers as there are calls at once came well and in their usual time. It halves when there are
//! too many, and sinks slowly while answers take far longer than the quickest did. A service that is reached by many names has a
//! gate of its own besides, so that one which has too much to do holds up no other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;

use super::gate::Gate;

/// What an adaptive pace begins with.
const START: f64 = 10.0;
/// What it never passes.
const MOST: f64 = 64.0;
/// Answers that are quicker than this are told from quicker ones by the machine's mood alone.
const SOON: Duration = Duration::from_millis(100);
/// How many times the quickest answer's time an answer takes from a service that has too much to do.
const SLOW: u32 = 5;
/// For so long one refusal and those that came with it count once.
const TOGETHER: Duration = Duration::from_secs(1);

/// How many calls may be under way; shared by who begins them and who hears the answers.
#[derive(Debug)]
pub struct Pace {
    found: Option<Mutex<Found>>,
    fixed: usize,
    answers: AtomicU64,
    /// What stands before each service.
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
}

/// What an adaptive pace has found out.
#[derive(Debug)]
struct Found {
    width: f64,
    /// The shortest time that an answer took.
    quickest: Option<Duration>,
    /// The time that answers take, of late.
    usual: Duration,
    /// When it was halved.
    halved: Option<Timestamp>,
}

impl Default for Pace {
    fn default() -> Pace {
        let found = Found { width: START, quickest: None, usual: Duration::ZERO, halved: None };
        Pace { found: Some(Mutex::new(found)), fixed: 0, ..Pace::fixed(1) }
    }
}

impl Pace {
    /// Makes one that stays at a number.
    pub fn fixed(width: usize) -> Pace {
        let (answers, gates) = (AtomicU64::new(0), Mutex::default());
        Pace { found: None, fixed: width.max(1), answers, gates }
    }

    /// Gives how many calls may be under way now.
    pub fn width(&self) -> usize {
        let Some(found) = &self.found else { return self.fixed };
        let width = found.lock().unwrap_or_else(PoisonError::into_inner).width;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 64")]
        let whole = width as usize;
        whole.max(1)
    }

    /// Gives the gate before a service.
    pub fn gate(&self, service: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(service.to_string()).or_default().clone()
    }

    /// Says how many answers were noted.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Notes an answer: when it came, how long it took, and whether it says that there are too many requests.
    pub fn note(&self, now: Timestamp, took: Duration, too_many: bool) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        let Some(found) = &self.found else { return };
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if too_many {
            let just =
                found.halved.is_some_and(|then| now.duration_since(then).unsigned_abs() < TOGETHER);
            if !just {
                found.width = (found.width / 2.0).max(1.0);
                found.halved = Some(now);
                tracing::info!(width = found.width, "a service has too many requests");
            }
            return;
        }
        let quickest = found.quickest.map_or(took, |quickest| quickest.min(took));
        found.quickest = Some(quickest);
        found.usual = (found.usual * 7 + took) / 8;
        let step = 1.0 / found.width;
        found.width = if found.usual > quickest.max(SOON) * SLOW {
            (found.width - step).max(1.0)
        } else {
            (found.width + step).min(MOST)
        };
    }
}

/// Does all, as many at once as the pace says while they are done; gives what came of them, in their order.
pub async fn all<F: Future>(pace: &Pace, jobs: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting = jobs.into_iter().enumerate();
    let (mut running, mut done) = (FuturesUnordered::new(), Vec::new());
    loop {
        while running.len() < pace.width() {
            let Some((place, job)) = waiting.next() else { break };
            running.push(async move { (place, job.await) });
        }
        match running.next().await {
            Some(one) => done.push(one),
            None => break,
        }
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn answers(pace: &Pace, count: usize, took: Duration) {
        (0..count).for_each(|_| pace.note(at(0), took, false));
    }

    #[test]
    fn a_given_number_stays() {
        let pace = Pace::fixed(3);

        answers(&pace, 100, Duration::ZERO);
        pace.note(at(0), Duration::ZERO, true);

        assert_eq!(pace.width(), 3);
    }

    #[test]
    fn good_answers_widen_it_up_to_a_limit() {
        let pace = Pace::default();
        assert_eq!(pace.width(), 10);

        answers(&pace, 11, Duration::from_millis(50));
        assert_eq!(pace.width(), 11);

        answers(&pace, 10_000, Duration::from_millis(50));
        assert_eq!(pace.width(), 64);
    }

    #[tokio::test]
    async fn as_many_are_under_way_as_the_pace_says_by_then_and_the_order_is_kept() {
        let (pace, running, most) = (Pace::default(), Cell::new(0), Cell::new((0, 0)));
        let jobs = (0..40).map(|number| {
            let (pace, running, most) = (&pace, &running, &most);
            async move {
                running.set(running.get() + 1);
                let (early, late) = most.get();
                match number < 20 {
                    true => most.set((running.get().max(early), late)),
                    false => most.set((early, running.get().max(late))),
                }
                tokio::task::yield_now().await;
                if number == 9 {
                    pace.note(at(1), Duration::ZERO, true);
                }
                running.set(running.get() - 1);
                number
            }
        });

        let done = all(&pace, jobs).await;

        assert_eq!(done, (0..40).collect::<Vec<_>>());
        assert_eq!(most.get(), (10, 5));
    }

    #[test]
    fn refusals_of_one_moment_halve_it_once_and_it_never_ends() {
        let pace = Pace::default();

        (0..9).for_each(|_| pace.note(at(1), Duration::ZERO, true));
        assert_eq!(pace.width(), 5);

        (2..20).for_each(|second| pace.note(at(second), Duration::ZERO, true));
        assert_eq!(pace.width(), 1);

        answers(&pace, 2, Duration::ZERO);
        assert_eq!(pace.width(), 2);
    }

    #[test]
    fn answers_that_take_far_longer_than_the_quickest_narrow_it_slowly() {
        let pace = Pace::default();
        answers(&pace, 20, Duration::from_millis(200));
        let before = pace.width();

        answers(&pace, 200, Duration::from_secs(3));

        assert!(pace.width() < before, "{}", pace.width());
        answers(&pace, 500, Duration::from_millis(200));
        assert!(pace.width() > before, "{}", pace.width());
    }
}
