//! Runs that are disturbed: killed, or with services and disks that fail. The program works as a process of its own in a sandbox
//! that this test serves. The next run must find everything: what exists is what the state says, nothing is there twice,
//! nothing is lost.
//!
//! `TERRANE=target/release/terrane KILLS=1000 cargo test --test faults` disturbs that build, and more often;
//! `docs/reliability.md` has the figures.

#![allow(clippy::print_stderr, reason = "what is not tried for want of a program must be seen")]

mod stack;
mod stage;
mod kills;
mod late;
mod writes;
mod storms;
mod homes;
mod places;

#[allow(dead_code, reason = "the tests of backends use the rest")]
#[path = "../backends/http_server.rs"]
mod http_server;
#[allow(dead_code, reason = "the tests of backends use the rest")]
#[path = "../backends/postgres.rs"]
mod postgres;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How many runs are to be killed, where who runs the test says so.
#[expect(clippy::disallowed_methods, reason = "who runs the test says how often")]
fn kills() -> Option<usize> {
    std::env::var("KILLS").ok().and_then(|text| text.parse().ok())
}

/// Tries the numbers from 1 on, two at a time, until one of them comes to nothing; gives how many came to something.
fn until_none(trial: impl Fn(usize) -> Result<bool, String> + Sync) -> usize {
    let (next, came, over) = (AtomicUsize::new(1), AtomicUsize::new(0), AtomicBool::new(false));
    each(&[(), ()], |()| {
        while !over.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let came_to = trial(number).map_err(|why| format!("{number}: {why}"))?;
            came.fetch_add(usize::from(came_to), Ordering::Relaxed);
            over.fetch_or(!came_to, Ordering::Relaxed);
        }
        Ok(())
    });
    came.into_inner()
}

/// Tries all, two at a time, and tells of those that fail.
fn each<T: Sync + std::fmt::Debug>(all: &[T], trial: impl Fn(&T) -> Result<(), String> + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = trial(one) {
                        wrong.lock().unwrap().push(format!("{one:?}: {why}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}
