//! Services of which a fifth of all requests meets a fault: refused for the moment, the connection broken, the answer lost or late,
//! the request done twice.
//!
//! What is drawn depends on a seed. `SEED` gives another one; with `KILLS` there are more of them.

use serde_json::{Value as Json, json};

use terrane::http::Clock;

use crate::stack::Stack;
use crate::stage::{APPLY, DESTROY, Inventory, Stage, text};

/// How often a run may fail and be taken up by the next, in the middle of it.
const RUNS: usize = 12;

/// Things whose names or making the services do not tell apart from somebody else's: a second request for one cannot be told from
/// another person's. `docs/reliability.md` says so.
const NOT_DOUBLE: &str = "/(hmacKeys|serviceAccounts|nodePools)$";

fn outcomes(double: bool) -> Json {
    let mut outcomes = vec![
        json!({"status": 429}),
        json!({"status": 500}),
        json!({"status": 503}),
        json!({"reset": true}),
        json!({"lost": true}),
        json!({"delay": "20ms"}),
    ];
    outcomes.extend(double.then(|| json!({"double": true})));
    outcomes.into()
}

fn raise(stage: &Stage, seed: u64) {
    let fault = |path: &str, double| json!({ "path": path, "share": 0.2, "seed": seed, "outcomes": outcomes(double) });
    stage.fault(&fault(NOT_DOUBLE, false));
    stage.fault(&fault("", true));
}

/// Runs in the storm until a run succeeds; gives how many were needed.
fn through(stage: &Stage, arguments: &[&str]) -> Result<usize, String> {
    let mut told = String::new();
    for number in 1..=RUNS {
        let ran = stage.run(arguments);
        if ran.status.success() {
            return Ok(number);
        }
        told = text(&ran);
        if ran.status.code() != Some(1) {
            break;
        }
    }
    Err(format!("no run came through:\n{told}"))
}

/// What there is after runs in calm weather: all, and nothing.
struct Calm {
    all: Inventory,
    nothing: Inventory,
}

fn calm(stack: &Stack) -> Calm {
    let stage = Stage::open(stack);
    let made = stage.run(&APPLY);
    assert!(made.status.success(), "{}", text(&made));
    let all = stage.inventory();
    let gone = stage.run(&DESTROY);
    assert!(gone.status.success(), "{}", text(&gone));
    Calm { all, nothing: stage.inventory() }
}

fn survives(stack: &Stack, seed: u64, calm: &Calm) -> Result<(), String> {
    let stage = Stage::open(stack);
    raise(&stage, seed);
    let runs = through(&stage, &APPLY)?;
    let (seen, met) = {
        let faults = stage.world.faults.lock().unwrap();
        (faults.seen(), faults.done())
    };
    stage.calm();
    assert!(met > 0, "{met} of {seen} requests met a fault");
    stage.settled(&calm.all).map_err(|why| format!("applied in {runs} runs: {why}"))?;
    raise(&stage, seed + 1);
    let gone = through(&stage, &DESTROY)?;
    stage.calm();
    eprintln!(
        "seed {seed}: applied in {runs}, destroyed in {gone} runs; {met} of {seen} requests met a fault"
    );
    stage.is_as(&calm.nothing).map_err(|why| format!("destroyed in {gone} runs: {why}"))
}

#[expect(clippy::disallowed_methods, reason = "who runs the test says which seed")]
fn seeds(usual: u64) -> Vec<u64> {
    let first = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let many = if crate::kills().is_some() { 10 * usual } else { usual };
    (0..many).map(|number| first + 2 * number).collect()
}

fn all_survive(stack: &Stack, usual: u64) {
    let calm = calm(stack);
    crate::each(&seeds(usual), |seed| survives(stack, *seed, &calm));
}

#[test]
fn a_cluster_that_has_too_much_to_do_is_asked_again_when_it_says() {
    let stage = Stage::open(&Stack::written(""));
    stage.write(&crate::late::namespace(&stage));
    let before = stage.world.clock().now();
    let busy = json!({"kind": "Status", "reason": "TooManyRequests", "code": 429, "message": "too many requests"});
    // Without a word on when, more often than other failures are tried again; then with one.
    stage.fault(&json!({"path": "^/api/v1/", "status": 429, "times": 8, "body": busy}));
    stage.fault(&json!({"method": "PATCH", "path": "/configmaps/", "status": 429, "retry_after": 50, "body": busy}));

    let ran = stage.run(&APPLY);

    assert!(ran.status.success(), "{}", text(&ran));
    assert_eq!(stage.world.faults.lock().unwrap().done(), 9);
    let took = stage.world.clock().now().duration_since(before);
    assert!(took.as_secs() >= 50, "{took:?}\n{}", text(&ran));
}

#[test]
fn the_example_is_made_and_removed_in_a_storm() {
    all_survive(&Stack::example(), 2);
}

#[test]
fn many_objects_are_made_and_removed_in_a_storm() {
    all_survive(&Stack::many(), 1);
}

#[test]
fn a_few_objects_are_made_and_removed_in_a_storm() {
    all_survive(&Stack::few(), 5);
}
