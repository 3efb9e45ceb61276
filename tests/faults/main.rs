//! Runs that are killed: the program, as a process of its own, works in a sandbox that this test serves, and ends by
//! SIGKILL while a request is on its way. The next run must find everything: what exists is what the state says, nothing is
//! there twice, nothing is lost.
//!
//! `KILLS=1000 cargo test --release --test faults` kills more often; `docs/reliability.md` has the figures.

mod stage;

use std::sync::atomic::{AtomicUsize, Ordering};

use stage::{Point, Stack, Stage};

/// How many runs are killed.
#[expect(clippy::disallowed_methods, reason = "who runs the test says how often")]
fn kills() -> usize {
    std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// Spreads so many points over a run of so many requests: before a request is done, and after.
fn points(kills: usize, requests: u64) -> Vec<Point> {
    (0..kills as u64)
        .map(|kill| Point { request: kill * requests / kills as u64, done: kill % 2 == 1 })
        .collect()
}

/// Kills a run at each point, and runs again until all is as after a run that was left alone.
fn survives(stack: &Stack, kills: usize) {
    let whole = stage::undisturbed(stack);
    let points = points(kills, whole.requests);
    let (next, wrong) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = Stage::open(stack).killed(*point, &whole) {
                        wrong.lock().unwrap().push(format!("{point:?}: {why}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {kills} runs:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_run_of_the_example_that_is_killed_anywhere_is_taken_up_by_the_next() {
    survives(&Stack::example(), kills().div_ceil(2));
}

#[test]
fn a_run_of_many_objects_that_is_killed_anywhere_is_taken_up_by_the_next() {
    survives(&Stack::many(), kills() / 2);
}
