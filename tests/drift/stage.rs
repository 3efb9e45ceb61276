//! A folder with a stack, and its world, which this process serves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};
use terrane::cli::Environment;
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::Service;
use terrane::sandbox::google::token::mint_for;
use terrane::sandbox::server::{Server, serve};
use terrane::sandbox::world::World;
use tokio::runtime::Runtime;

use crate::program::{Ran, program};

/// When worlds begin.
const START: &str = "2026-01-02T03:04:05Z";

/// One test has worlds at a time: clusters listen on ports.
static ONE: Mutex<()> = Mutex::new(());

/// Says whether a case is to be tried: `CASE` names a part of its name.
#[expect(clippy::disallowed_methods, reason = "who runs the test says which case")]
pub(crate) fn is_wanted(name: &str) -> bool {
    std::env::var("CASE").map_or(true, |part| name.contains(&part))
}

/// Says whether only some cases are tried.
pub(crate) fn is_narrowed() -> bool {
    !is_wanted("") || !is_wanted("\u{0}")
}

/// A folder and its world.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    runtime: Runtime,
    pub(crate) world: Arc<World>,
    server: Option<Server>,
    one: Option<MutexGuard<'static, ()>>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop()).unwrap();
        }
    }
}

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

impl Stage {
    /// Makes a stack.
    pub(crate) fn made(stack: &str) -> Stage {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = folder();
        fs::create_dir(folder.path().join(".terrane")).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let from = match stack.contains('/') {
            true => here.join(stack),
            false => here.join("tests/drift/stacks").join(stack),
        };
        for file in fs::read_dir(from).unwrap().flatten() {
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        Stage::begun(folder, one)
    }

    /// Makes a stack of one file.
    pub(crate) fn of(name: &str, text: &str) -> Stage {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = folder();
        fs::create_dir(folder.path().join(".terrane")).unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        Stage::begun(folder, one)
    }

    fn begun(folder: tempfile::TempDir, one: MutexGuard<'static, ()>) -> Stage {
        let mut stage = Stage::served(folder);
        stage.one = Some(one);
        let ran = stage.run(&["apply", "-auto-approve"]);
        assert_eq!(ran.exit, 0, "{}\n{}", ran.out, ran.err);
        let ran = stage.run(&["drift"]);
        assert_eq!(ran.exit, 0, "{}\n{}", ran.out, ran.err);
        stage
    }

    /// Makes a folder that is as this one, with a world that is as this one.
    pub(crate) fn copied(&self) -> Stage {
        self.world.save().unwrap();
        let folder = folder();
        fs::create_dir(folder.path().join(".terrane")).unwrap();
        for part in ["", ".terrane"] {
            for file in fs::read_dir(self.folder.path().join(part)).unwrap().flatten() {
                let name = file.file_name();
                if file.path().is_file() && !name.to_string_lossy().ends_with(".lock") {
                    fs::copy(file.path(), folder.path().join(part).join(name)).unwrap();
                }
            }
        }
        Stage::served(folder)
    }

    fn served(folder: tempfile::TempDir) -> Stage {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let file = folder.path().join(".terrane/world.json");
        let world = World::open(Some(&file), 0.0, START.parse().unwrap()).unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            serve(world.clone(), listener).await.unwrap()
        });
        Stage { folder, runtime, world, server: Some(server), one: None }
    }

    /// Gives the address of the world's services.
    pub(crate) fn url(&self) -> String {
        self.server.as_ref().map(Server::url).unwrap_or_default()
    }

    /// Lets time pass, with what comes of it.
    pub(crate) fn passes(&self, time: Duration) {
        self.world.clock().advance(time);
        self.world.settle_all();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Gives the texts of the configuration.
    pub(crate) fn texts(&self) -> String {
        let read = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
        read("main.tf") + &read("terraform.tfvars")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in(Environment::default(), arguments)
    }

    /// Runs a command with more of the machine: its clock, and when to stop.
    pub(crate) fn run_in(&self, environment: Environment, arguments: &[&str]) -> Ran {
        let (command, more) = arguments.split_first().unwrap();
        let arguments = [command, "-sandbox", "-no-color"].into_iter().chain(more.iter().copied());
        let environment = Environment {
            variables: BTreeMap::new(),
            cwd: self.folder.path().to_owned(),
            sandbox_start: Some(START.parse().unwrap()),
            ..environment
        };
        program(&environment, arguments, 120)
    }

    /// Runs a command that answers with a document.
    pub(crate) fn json(&self, arguments: &[&str]) -> (u8, Json) {
        let ran = self.run(arguments);
        let json = serde_json::from_str(&ran.out);
        (ran.exit, json.unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err)))
    }

    /// Does what a case says, by its account and program.
    pub(crate) fn done(&self, case: &Json) {
        self.world.clock().advance(Duration::from_secs(600));
        for request in case["do"].as_array().into_iter().flatten() {
            if let Some(key) = request["set"].as_str() {
                let mut store = self.world.google.locked();
                let object = store.objects.get_mut(key).unwrap_or_else(|| panic!("no {key}"));
                merge(object, &request["to"]);
                continue;
            }
            if let Some(time) = request["wait"].as_u64() {
                self.world.clock().advance(Duration::from_secs(time));
                self.world.settle_all();
                continue;
            }
            send(&self.world, case, request);
        }
        self.world.settle_all();
        self.world.clock().advance(Duration::from_secs(3600));
        self.world.settle_all();
    }

    /// Lets the world refuse whatever changes it.
    pub(crate) fn refuse_writes(&self) {
        let mut faults = self.world.faults.lock().unwrap();
        for method in ["PUT", "PATCH", "DELETE", "POST"] {
            // Posts that only ask (`…:getIamPolicy`, `entries:list`) and those for tokens pass.
            let path = if method == "POST" { "[^ytn]$" } else { "" };
            faults
                .add(&json!({ "method": method, "path": path, "status": 403, "times": 100_000 }))
                .unwrap();
        }
    }

    /// Lets requests fail.
    pub(crate) fn fault(&self, fault: &Json) {
        self.world.faults.lock().unwrap().add(fault).unwrap();
    }

    /// Takes a permission from all callers.
    pub(crate) fn deny(&self, permission: &str) {
        let denied = json!([permission]);
        terrane::sandbox::google::policy::deny(&mut self.world.google.locked(), denied);
    }
}

/// Sends a change to the world, by an account with its program.
pub(crate) fn send(world: &World, case: &Json, what: &Json) {
    let who = case["as"].as_str().unwrap_or("ana@example.com");
    let method: Method = what["method"].as_str().unwrap().parse().unwrap();
    let path = what["path"].as_str().unwrap();
    let token = {
        let now = terrane::http::Clock::now(&*world.clock());
        mint_for(&mut world.google.locked(), now, Duration::from_secs(600), who)
    };
    let mut request = Request::new(method, path);
    if !what["body"].is_null() {
        request = request.json(&what["body"]);
    }
    let mut head = |name: &'static str, text: &str| {
        request.headers.insert(name, HeaderValue::from_str(text).unwrap());
    };
    if let Some(kind) = what["type"].as_str() {
        head("content-type", kind);
    }
    head("authorization", &format!("Bearer {token}"));
    head("user-agent", case["agent"].as_str().unwrap_or("google-cloud-sdk gcloud/500.0"));
    let in_cluster = path.starts_with("/api/") || path.starts_with("/apis/");
    let answer = match in_cluster {
        true => {
            let (key, _) = world.clusters().into_iter().next().expect("there is a cluster");
            world.answer_cluster(&key, &request)
        }
        false => world.answer(&request),
    };
    let text = String::from_utf8_lossy(answer.bytes()).into_owned();
    assert!(answer.status.is_success(), "{}: {path}: {} {text}", case["name"], answer.status);
}

/// Sets members of an object, at any depth; null removes one.
fn merge(object: &mut Json, with: &Json) {
    let (Some(fields), Some(with)) = (object.as_object_mut(), with.as_object()) else {
        *object = with.clone();
        return;
    };
    for (name, value) in with {
        match value {
            Json::Null => {
                fields.remove(name);
            }
            value => merge(fields.entry(name.clone()).or_insert(Json::Null), value),
        }
    }
}
