//! Places of the state that fail at any of their calls: reading, locking, the journal, the save, unlocking; and runs that are killed
//! while their state is there.
//!
//! Whatever fails: what was done is found by the next run, or is kept aside, and the command that is told brings it back.

use serde_json::Value as Json;

use crate::homes::{Home, Kind, Wrong};
use crate::stack::Stack;
use crate::stage::{APPLY, Inventory, text};
use crate::writes::plain;

/// A call that fails.
#[derive(Debug)]
struct Trial {
    call: usize,
    wrong: Wrong,
    /// What is kept aside is brought back by the command that is told; else the next run finds it all.
    push: bool,
}

/// How many trials a place has where nobody says how often.
const MOST: usize = 14;

/// Two objects, which are made one after the other: few calls, and all kinds of them.
fn stack() -> Stack {
    let text = r#"
provider "google" {
  project = "polls-demo"
}

resource "google_project_service" "storage" {
  service = "storage.googleapis.com"
}

resource "google_storage_bucket" "made" {
  name       = "polls-demo-made"
  location   = "US"
  depends_on = [google_project_service.storage]
}
"#;
    Stack { files: [("main.tf".to_string(), text.to_string())].into() }
}

/// What a run that is left alone makes, and with how many calls of its place.
struct Calm {
    inventory: Inventory,
    calls: usize,
}

fn calm(kind: Kind) -> Option<Calm> {
    let home = Home::open(kind, &stack())?;
    let before = home.calls();
    let ran = home.stage.run(&APPLY);
    assert!(ran.status.success(), "{}", text(&ran));
    let calls = home.calls() - before;
    Some(Calm { inventory: home.stage.inventory(), calls })
}

/// Each call fails, in one of the ways in turn; in all of them where many trials are wanted.
fn trials(calls: usize, ways: &[Wrong]) -> Vec<Trial> {
    let each = if crate::kills().is_some() { ways.len() } else { 1 };
    let all = (0..calls).flat_map(|call| (0..each).map(move |turn| (call, turn)));
    all.map(|(call, turn)| {
        let wrong = ways[(call + turn) % ways.len()];
        Trial { call, wrong, push: (call / ways.len() + turn).is_multiple_of(2) }
    })
    .collect()
}

fn fails_at_any_call(kind: Kind, ways: &[Wrong]) {
    let Some(calm) = calm(kind) else { return };
    assert!(calm.calls >= 7, "{kind:?} is called {} times", calm.calls);
    let mut trials = trials(calm.calls, ways);
    if crate::kills().is_none() && trials.len() > MOST {
        let every = trials.len().div_ceil(MOST);
        let mut number = 0;
        trials.retain(|_| {
            number += 1;
            number % every == 0
        });
    }
    crate::each(&trials, |trial| survives(kind, trial, &calm.inventory));
}

fn survives(kind: Kind, trial: &Trial, whole: &Inventory) -> Result<(), String> {
    let home = Home::open(kind, &stack()).ok_or("the service is gone")?;
    home.fail(trial.call, trial.wrong);
    let ran = home.stage.run(&APPLY);
    home.calm();
    let told = plain(&text(&ran));
    let context = |why: String| format!("{why}\nafter: {told}");
    if told.contains("panicked") || ran.status.code().is_none_or(|code| code > 1) {
        return Err(context("it did not end as it should".into()));
    }
    let kept = home.stage.folder().join("errored.tfstate").exists();
    let commands = regex::Regex::new(r"terrane state push (-force )?errored\.tfstate").unwrap();
    let command = commands.find(&told).map(|found| found.as_str().to_string());
    if kept != command.is_some() {
        return Err(context(format!("the state is kept: {kept}, and the command is {command:?}")));
    }
    if let Some(command) = command.filter(|_| trial.push) {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let pushed = home.stage.run_freed(&words);
        if !pushed.status.success() {
            return Err(context(format!("`{command}` does not work:\n{}", text(&pushed))));
        }
        let there = names(&home);
        let wanted: Json = serde_json::from_slice(
            &std::fs::read(home.stage.folder().join("errored.tfstate")).unwrap(),
        )
        .unwrap();
        let wanted: Vec<String> = wanted["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{}.{}", it["type"].as_str().unwrap(), it["name"].as_str().unwrap()))
            .collect();
        if there != wanted {
            return Err(context(format!("pushed were {wanted:?}, there are {there:?}")));
        }
    }
    home.stage.settled(whole).map_err(context)
}

fn names(home: &Home) -> Vec<String> {
    let list = home.stage.run(&["state", "list"]);
    text(&list).lines().map(String::from).collect()
}

/// Kills runs while a call to their place is on its way: before it is done, and after.
fn killed_at_calls(kind: Kind, kills: usize) {
    let Some(calm) = calm(kind) else { return };
    let kills = crate::kills().map_or(kills, |_| 2 * calm.calls);
    let points: Vec<(usize, bool)> =
        (0..kills).map(|kill| (kill * calm.calls / kills, kill % 2 == 1)).collect();
    crate::each(&points, |(call, done)| {
        let home = Home::open(kind, &stack()).ok_or("the service is gone")?;
        home.fail(*call, Wrong::Hangs { done: *done });
        home.stage.kill_when(&APPLY, || home.hangs());
        home.calm();
        home.stage
            .settled(&calm.inventory)
            .map_err(|why| format!("{why}\nthe first:\n{}", home.stage.told()))
    });
}

const HTTP: &[Wrong] = &[
    Wrong::Stays(500),
    Wrong::Breaks,
    Wrong::Lost,
    Wrong::Once(412),
    Wrong::Stays(503),
    Wrong::Once(409),
];

#[test]
fn a_bucket_that_fails_at_any_call_loses_nothing() {
    fails_at_any_call(Kind::Gcs, HTTP);
}

#[test]
fn a_cluster_that_fails_at_any_call_loses_nothing() {
    let ways = [Wrong::Stays(500), Wrong::Breaks, Wrong::Lost, Wrong::Once(409), Wrong::Stays(504)];
    fails_at_any_call(Kind::Kubernetes, &ways);
}

#[test]
fn a_server_of_the_http_protocol_that_fails_at_any_call_loses_nothing() {
    fails_at_any_call(Kind::Http, HTTP);
}

#[test]
fn a_database_that_fails_at_any_call_loses_nothing() {
    fails_at_any_call(Kind::Pg, &[Wrong::Breaks, Wrong::Lost]);
}

#[test]
fn a_run_with_its_state_in_a_bucket_that_is_killed_is_taken_up() {
    killed_at_calls(Kind::Gcs, 6);
}

#[test]
fn a_run_with_its_state_in_a_cluster_that_is_killed_is_taken_up() {
    killed_at_calls(Kind::Kubernetes, 6);
}

#[test]
fn a_run_with_its_state_at_a_server_that_is_killed_is_taken_up() {
    killed_at_calls(Kind::Http, 6);
}

#[test]
fn a_run_with_its_state_in_a_database_that_is_killed_is_taken_up() {
    killed_at_calls(Kind::Pg, 6);
}
