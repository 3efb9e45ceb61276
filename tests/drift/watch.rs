//! `drift -watch` in virtual time: a day with changes, outages, expired tokens and restarts; what a watch tells of at once; what is in
//! no state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use terrane::cli::Environment;
use terrane::graph::Stop;
use terrane::http::Clock;
use terrane::sandbox::world::World;

use crate::hooks::Hook;
use crate::stage::{Stage, send};

/// What is done when a watch waits for its next check.
trait Script: Send + Sync {
    /// Does it, and moves time on.
    fn waits(&self, world: &World, wait: Duration);
}

/// The world's clock, that lets things happen while somebody waits.
struct Scripted<S> {
    world: Arc<World>,
    script: S,
    /// Waits that are shorter only take their time.
    long: Duration,
}

#[async_trait]
impl<S: Script> Clock for Scripted<S> {
    fn now(&self) -> Timestamp {
        self.world.clock().now()
    }

    async fn sleep(&self, duration: Duration) {
        // Others get their turn: what came meanwhile is heard.
        tokio::task::yield_now().await;
        match duration >= self.long {
            true => self.script.waits(&self.world, duration),
            false => self.world.clock().advance(duration),
        }
        self.world.settle_all();
    }
}

/// A day: how many changes there were, and what each object was changed to.
struct Day {
    done: Mutex<Done>,
    stop: Mutex<Stop>,
    changes: usize,
    hook: Arc<Mutex<u32>>,
}

#[derive(Default)]
struct Done {
    count: usize,
    rounds: usize,
    wanted: BTreeSet<(String, String)>,
}

/// How many objects of each kind there are.
const OBJECTS: usize = 12;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(600);

impl Day {
    /// Makes one change; no object is changed twice in one wait.
    fn change(&self, world: &World, done: &mut Done) {
        let (place, value) = (done.count % (2 * OBJECTS), format!("v{}", done.count));
        let number = place / 2;
        let case = json!({ "name": "a change" });
        let (name, what) = match place % 2 {
            0 => {
                let body = json!({ "labels": { "team": value } });
                let path = format!("/storage/v1/b/demo-files-{number}");
                let what = json!({ "method": "PATCH", "path": path, "body": body });
                (format!("google_storage_bucket.files[{number}]"), what)
            }
            _ => {
                let path = format!(
                    "/api/v1/namespaces/default/configmaps/settings-{number}?fieldManager=kubectl-edit"
                );
                let what = json!({
                    "method": "PATCH", "path": path, "body": { "data": { "level": value } },
                    "type": "application/merge-patch+json",
                });
                (format!("kubernetes_config_map_v1.settings[{number}]"), what)
            }
        };
        send(world, &case, &what);
        done.count += 1;
        done.wanted.insert((name, value));
    }
}

impl Script for Day {
    fn waits(&self, world: &World, wait: Duration) {
        let mut done = self.done.lock().unwrap();
        world.faults.lock().unwrap().clear();
        done.rounds += 1;
        let each = 7.min(self.changes - done.count);
        for _ in 0..each {
            world.clock().advance(wait / 8);
            self.change(world, &mut done);
        }
        world.clock().advance(wait - wait / 8 * u32::try_from(each).unwrap());
        match done.rounds % 12 {
            // Everything is out for a while: what a check asks is not answered.
            3 => {
                let fault = json!({ "path": "", "status": 503, "times": 150 });
                world.faults.lock().unwrap().add(&fault).unwrap();
            }
            // Nobody takes alarms for a while.
            6 => *self.hook.lock().unwrap() = 9,
            // Tokens are refused once, as if they had been taken back.
            9 => {
                let fault = json!({ "path": "", "status": 401, "times": 3 });
                world.faults.lock().unwrap().add(&fault).unwrap();
            }
            // The run ends here, and another one goes on.
            0 => self.stop.lock().unwrap().ask(),
            _ => {}
        }
    }
}

/// Gives what was taken, as event and name with what is live then.
fn told(alarms: &[Json]) -> Vec<(String, String, String)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_string();
    alarms
        .iter()
        .map(|alarm| {
            let live = &alarm["finding"]["attributes"][0]["live"];
            (text(&alarm["event"]), text(&alarm["name"]), text(live))
        })
        .collect()
}

#[test]
fn a_day_with_a_thousand_changes_outages_and_restarts_alarms_each_change_once() {
    let stage = Stage::made("many");
    let hook = Hook::new();
    let script = Day {
        done: Mutex::default(),
        stop: Mutex::default(),
        changes: 1000,
        hook: hook.refuse.clone(),
    };
    let long = INTERVAL / 2;
    let clock = Arc::new(Scripted { world: stage.world.clone(), script, long });
    let start = clock.now();

    loop {
        let stop = Stop::default();
        *clock.script.stop.lock().unwrap() = stop.clone();
        let environment =
            Environment { sandbox_clock: Some(clock.clone()), stop, ..Environment::default() };
        let webhook = format!("-webhook={}", hook.url);
        let arguments =
            ["drift", "-watch", "-interval=10m", "-alarms=alarms.json", webhook.as_str()];
        let ran = stage.run_in(environment, &arguments);
        assert!(ran.exit == 2 || ran.exit == 0, "{}\n{}", ran.out, ran.err);
        assert!(!ran.err.contains("secret-path"), "a webhook's address is not told: {}", ran.err);
        let lasted = clock.now().duration_since(start);
        if lasted >= jiff::SignedDuration::from_hours(24)
            && clock.script.done.lock().unwrap().count == 1000
        {
            break;
        }
    }
    let environment = Environment { sandbox_clock: Some(clock.clone()), ..Environment::default() };
    let webhook = format!("-webhook={}", hook.url);
    stage.world.faults.lock().unwrap().clear();
    let last = ["drift", "-watch", "-rounds=1", "-alarms=alarms.json", webhook.as_str()];
    let ran = stage.run_in(environment, &last);

    assert_eq!(ran.exit, 2, "{}\n{}", ran.out, ran.err);
    let taken = hook.taken.lock().unwrap();
    let told = told(&taken);
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (event, name, live) in told.iter().filter(|(event, _, _)| event != "gone") {
        assert!(event == "found" || event == "changed", "{event} {name}");
        *seen.entry((name.clone(), live.clone())).or_default() += 1;
    }
    let done = clock.script.done.lock().unwrap();
    let wanted = &done.wanted;
    let missing: Vec<_> = wanted.iter().filter(|of| !seen.contains_key(of)).collect();
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    let strange: Vec<_> = seen.keys().filter(|of| !wanted.contains(of)).collect();
    assert!(missing.is_empty(), "not alarmed: {missing:?}");
    assert!(twice.is_empty(), "alarmed again: {twice:?}");
    assert!(strange.is_empty(), "never happened: {strange:?}");
    assert_eq!((wanted.len(), told.iter().filter(|of| of.0 == "gone").count()), (1000, 0));
    let ids: BTreeSet<&str> = taken.iter().filter_map(|of| of["id"].as_str()).collect();
    assert_eq!(ids.len(), 1000);
    assert!(taken.iter().all(|of| of["finding"]["touches"][0]["who"] != Json::Null), "who did it");
    // The book has the objects, not the day.
    assert!(fs::metadata(stage.path("alarms.json")).unwrap().len() < 20_000);
}

/// Makes one change each time that the watch has told of the one before.
struct AtOnce {
    left: Mutex<Vec<Json>>,
    stop: Stop,
}

/// A clock on which nothing but the script goes on: it waits until what it did was told.
struct Patient {
    world: Arc<World>,
    script: AtOnce,
    count: tokio::sync::watch::Receiver<usize>,
    done: Mutex<usize>,
}

#[async_trait]
impl Clock for Patient {
    fn now(&self) -> Timestamp {
        self.world.clock().now()
    }

    async fn sleep(&self, duration: Duration) {
        if duration < Duration::from_secs(3600) {
            self.world.clock().advance(duration);
            return;
        }
        let mut count = self.count.clone();
        let next = {
            let mut done = self.done.lock().unwrap();
            let told = *count.borrow_and_update();
            let next = if told >= *done { self.script.left.lock().unwrap().pop() } else { None };
            if let Some(next) = next {
                *done += 1;
                Some(next)
            } else {
                if told >= *done {
                    self.script.stop.ask();
                }
                None
            }
        };
        if let Some(next) = next {
            self.world.clock().advance(Duration::from_secs(60));
            send(&self.world, &json!({ "name": "a change" }), &next);
        }
        // Only what a watch tells ends this wait.
        std::future::pending::<()>().await;
    }
}

#[test]
fn what_changes_in_a_cluster_is_told_at_once_and_when_it_went_away() {
    let stage = Stage::made("many");
    let hook = Hook::new();
    let to = |number: usize, value: &str| {
        json!({
            "method": "PATCH", "type": "application/merge-patch+json",
            "path": format!("/api/v1/namespaces/default/configmaps/settings-{number}?fieldManager=kubectl-edit"),
            "body": { "data": { "level": value } },
        })
    };
    let gone =
        json!({ "method": "DELETE", "path": "/api/v1/namespaces/default/configmaps/settings-2" });
    let stop = Stop::default();
    let left = Mutex::new(vec![gone, to(1, "info"), to(1, "debug")]);
    let script = AtOnce { left, stop: stop.clone() };
    let (world, count) = (stage.world.clone(), hook.count.clone());
    let clock = Arc::new(Patient { world, script, count, done: Mutex::new(0) });

    let environment = Environment { sandbox_clock: Some(clock), stop, ..Environment::default() };
    let webhook = format!("-webhook={}", hook.url);
    let ran = stage.run_in(environment, &["drift", "-watch", "-interval=24h", webhook.as_str()]);

    assert_eq!(ran.exit, 2, "{}\n{}", ran.out, ran.err);
    let events: Vec<(String, String)> = told(&hook.taken.lock().unwrap())
        .into_iter()
        .map(|(event, name, _)| (event, name))
        .collect();
    let of = |event: &str, number: usize| {
        (event.to_string(), format!("kubernetes_config_map_v1.settings[{number}]"))
    };
    assert_eq!(events, [of("found", 1), of("gone", 1), of("found", 2)]);
}

#[test]
fn what_is_in_no_state_is_told_with_blocks_that_import_it_and_what_the_cluster_has_is_left_out() {
    let stage = Stage::made("many");
    let made = [
        // One that a person wants, and one that each project has.
        json!({ "method": "POST", "path": "/v1/projects/demo/services/pubsub.googleapis.com:enable", "body": {} }),
        json!({ "method": "POST", "path": "/v1/projects/demo/services/bigquery.googleapis.com:enable", "body": {} }),
        json!({ "method": "POST", "path": "/storage/v1/b?project=demo", "body": { "name": "by-hand", "location": "EU" } }),
        json!({ "method": "POST", "path": "/api/v1/namespaces?fieldManager=kubectl-create",
            "body": { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "web" } } }),
        json!({ "method": "POST", "path": "/api/v1/namespaces/web/secrets?fieldManager=kubectl-create",
            "body": { "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "key" }, "stringData": { "a": "hunter2" } } }),
    ];
    stage.done(&json!({ "name": "made by hand", "do": made }));
    stage.refuse_writes();

    let (exit, report) = stage.json(&["drift", "-json", "-unmanaged"]);

    assert_eq!(exit, 2, "{report:#}");
    let found: BTreeMap<String, String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "unmanaged")
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_string();
            let block = finding["remedies"][0]["edits"][0]["after"].to_string();
            (format!("{} {}", text("type"), text("id")), block)
        })
        .collect();
    let names: Vec<&String> = found.keys().collect();
    for name in ["kubernetes_namespace_v1 web", "kubernetes_secret_v1 web/key"] {
        assert!(found.contains_key(name), "{name} is not in {names:?}");
    }
    let bucket = found.iter().find(|(name, _)| name.contains("by-hand"));
    assert!(bucket.is_some_and(|(_, block)| block.contains("to = google_storage_bucket.by-hand")));
    let services: Vec<_> = names.iter().filter(|name| name.contains("_service ")).collect();
    let has = |name: &str| services.iter().any(|of| of.contains(name));
    assert!(has("/pubsub.googleapis.com") && !has("/bigquery.googleapis.com"), "{names:?}");
    let kubernetes = names.iter().filter(|name| name.starts_with("kubernetes_")).count();
    assert_eq!(kubernetes, 2, "{names:?}");
    assert!(!report.to_string().contains("hunter2"));
    let of = |arguments: &[&str]| {
        let (_, report) = stage.json(arguments);
        report["summary"]["unmanaged"].as_u64().unwrap()
    };
    assert_eq!(of(&["drift", "-json", "-unmanaged=Secret"]), 1);
    assert_eq!(of(&["drift", "-json", "-unmanaged=Secret", "-namespace=!web"]), 0);
    assert_eq!(of(&["drift", "-json", "-unmanaged=google_storage_*"]), 1);
    assert_eq!(of(&["drift", "-json"]), 0);
}
