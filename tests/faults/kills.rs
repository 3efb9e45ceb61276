//! Runs that end by SIGKILL while a request is on its way: it was not done yet, or it was done and its answer never came.

use crate::stack::Stack;
use crate::stage::{self, Point, Stage};

/// Spreads so many points over a run of so many requests: before a request is done, and after.
fn points(kills: usize, requests: u64) -> Vec<Point> {
    (0..kills as u64)
        .map(|kill| Point { request: kill * requests / kills as u64, done: kill % 2 == 1 })
        .collect()
}

/// Kills a run at each point, and runs again until all is as after a run that was left alone.
fn survives(stack: &Stack, kills: usize) {
    let whole = stage::undisturbed(stack);
    crate::each(&points(kills, whole.requests), |point| Stage::open(stack).killed(*point, &whole));
}

/// Where nobody says how often, a build that is not optimised has 50 runs killed, most of them short ones.
fn shares() -> (usize, usize, usize) {
    match crate::kills() {
        None => (10, 3, 37),
        Some(kills) => (kills - kills * 3 / 20, kills * 3 / 20, 0),
    }
}

#[test]
fn a_run_of_the_example_that_is_killed_anywhere_is_taken_up_by_the_next() {
    survives(&Stack::example(), shares().0);
}

#[test]
fn a_run_of_many_objects_that_is_killed_anywhere_is_taken_up_by_the_next() {
    survives(&Stack::many(), shares().1);
}

#[test]
fn a_run_of_a_few_objects_that_is_killed_anywhere_is_taken_up_by_the_next() {
    survives(&Stack::few(), shares().2);
}
