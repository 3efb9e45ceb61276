//! A folder with a configuration, a sandbox that serves its world, and the program as a process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::Service;
use terrane::sandbox::server::{Server, serve};
use terrane::sandbox::world::World;
use tokio::runtime::Runtime;

use super::stack::Stack;

/// Makes the world as configured.
pub(super) const APPLY: [&str; 3] = ["apply", "-auto-approve", "-no-color"];

/// Removes all.
pub(super) const DESTROY: [&str; 3] = ["destroy", "-auto-approve", "-no-color"];

/// What exists, by type and name, and how often.
pub(super) type Inventory = BTreeMap<String, usize>;

/// Where a run is killed: with the request of this number on its way, which is done by then, or is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) request: u64,
    pub(super) done: bool,
}

/// What a run that is left alone does.
pub(super) struct Whole {
    pub(super) requests: u64,
    pub(super) inventory: Inventory,
}

/// Runs a stack to its end.
pub(super) fn undisturbed(stack: &Stack) -> Whole {
    let stage = Stage::open(stack);
    let ran = stage.run(&APPLY);
    assert!(ran.status.success(), "{}", text(&ran));
    let requests = stage.world.faults.lock().unwrap().seen();
    Whole { requests, inventory: stage.inventory() }
}

/// Gives the program that is disturbed: `TERRANE` names another build than the tests' own.
#[expect(clippy::disallowed_methods, reason = "who runs the test says which program")]
pub(super) fn program() -> String {
    std::env::var("TERRANE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_terrane").to_string())
}

/// Makes a folder, in memory where there is such a place: nothing here outlives the machine, and a disk that others use is slow
/// to make things durable.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// A folder, its world, and who serves it.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    runtime: Runtime,
    pub(super) world: Arc<World>,
    server: Option<Server>,
    /// What runs are given besides.
    pub(super) environment: BTreeMap<String, String>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop()).unwrap();
        }
    }
}

impl Stage {
    /// Makes a folder with an empty world.
    pub(super) fn open(stack: &Stack) -> Stage {
        let folder = folder();
        fs::create_dir(folder.path().join(".terrane")).unwrap();
        let stage = Stage::served(folder);
        stage.write(stack);
        stage
    }

    /// Writes the configuration.
    pub(super) fn write(&self, stack: &Stack) {
        for (name, text) in &stack.files {
            fs::write(self.folder().join(name), text).unwrap();
        }
    }

    /// Makes a folder that is as this one, with a world that is as this one.
    pub(super) fn copied(&self) -> Stage {
        self.world.save().unwrap();
        let folder = folder();
        fs::create_dir(folder.path().join(".terrane")).unwrap();
        for part in ["", ".terrane"] {
            for file in fs::read_dir(self.folder().join(part)).unwrap().flatten() {
                let name = file.file_name();
                if file.path().is_file() && !name.to_string_lossy().ends_with(".lock") {
                    fs::copy(file.path(), folder.path().join(part).join(name)).unwrap();
                }
            }
        }
        Stage::served(folder)
    }

    fn served(folder: tempfile::TempDir) -> Stage {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let start = "2026-01-02T03:04:05Z".parse().unwrap();
        let file = folder.path().join(".terrane/world.json");
        let world = World::open(Some(&file), 0.0, start).unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            serve(world.clone(), listener).await.unwrap()
        });
        let environment = BTreeMap::new();
        Stage { folder, runtime, world, server: Some(server), environment }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).arg("--sandbox").current_dir(self.folder()).env_clear();
        command.env("NO_COLOR", "1").envs(&self.environment).stdin(Stdio::null());
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.ended(self.command(arguments))
    }

    /// Runs with a variable of the environment more.
    pub(super) fn run_with(&self, name: &str, value: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.env(name, value);
        self.ended(command)
    }

    /// Runs to the end, or until nothing is heard of it any more.
    fn ended(&self, mut command: Command) -> Output {
        let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
        let (mut child, mut heard) = (command.spawn().unwrap(), (Instant::now(), 0));
        let mut hangs = false;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            let seen = self.world.faults.lock().unwrap().seen();
            if seen != heard.1 {
                heard = (Instant::now(), seen);
            }
            if heard.0.elapsed() > SILENCE {
                hangs = true;
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |file: &mut fs::File| {
            let mut bytes = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let ran = Output { status, stdout: read(&mut out), stderr: read(&mut err) };
        assert!(!hangs, "{command:?} hangs:\n{}", text(&ran));
        ran
    }

    /// Begins a run whose output goes to a file: a pipe that nobody reads would stop it.
    pub(super) fn begin(&self, arguments: &[&str]) -> Child {
        let printed = fs::File::create(self.printed()).unwrap();
        let mut command = self.command(arguments);
        command.stdout(printed.try_clone().unwrap()).stderr(printed);
        command.spawn().unwrap()
    }

    /// Gives what the run that was begun last has printed.
    pub(super) fn told(&self) -> String {
        fs::read_to_string(self.printed()).unwrap()
    }

    fn printed(&self) -> PathBuf {
        self.folder().join("printed")
    }

    /// Lets requests fail.
    pub(super) fn fault(&self, fault: &Json) {
        self.world.faults.lock().unwrap().add(fault).unwrap();
    }

    /// Says how many requests were never answered.
    pub(super) fn held(&self) -> u64 {
        self.world.faults.lock().unwrap().held()
    }

    /// Lets no more requests fail.
    pub(super) fn calm(&self) {
        self.world.faults.lock().unwrap().clear();
    }

    /// Asks the world itself, without the port.
    pub(super) fn ask(&self, method: &str, url: &str, body: &Json) -> Json {
        let mut request = Request::new(method.parse::<Method>().unwrap(), url);
        if !body.is_null() {
            request = request.json(body);
        }
        let token = self.world.mint_token(Duration::from_secs(3600));
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        request.headers.insert("authorization", bearer);
        let answer = self.world.answer(&request);
        let text = String::from_utf8_lossy(answer.bytes()).into_owned();
        assert!(answer.status.is_success(), "{method} {url}: {} {text}", answer.status);
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Kills a run at a point, runs again, and says what is not as after a run that was left alone.
    pub(super) fn killed(&self, point: Point, whole: &Whole) -> Result<(), String> {
        self.fault(
            &json!({ "path": "", "held": true, "done": point.done, "after": point.request }),
        );
        self.kill_when(&APPLY, || self.held() > 0);
        self.calm();
        self.settled(&whole.inventory).map_err(|why| format!("{why}\nthe first:\n{}", self.told()))
    }

    /// Begins a run and kills it when something has come about, or it has ended before.
    pub(super) fn kill_when(&self, arguments: &[&str], come: impl Fn() -> bool) {
        let mut child = self.begin(arguments);
        let start = Instant::now();
        while !come() && child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(300), "nothing came");
            std::thread::sleep(Duration::from_millis(2));
        }
        // What was sent beside the request that is held goes on for a moment, as it would.
        let _ = child.kill();
        child.wait().unwrap();
        self.drain();
    }

    /// Waits until what a run that was killed had sent has come.
    fn drain(&self) {
        let seen = || self.world.faults.lock().unwrap().seen();
        let mut before = seen();
        loop {
            std::thread::sleep(Duration::from_millis(60));
            match seen() {
                now if now == before => return,
                now => before = now,
            }
        }
    }

    /// Runs again, which must succeed, and says what is not as after a run that was left alone.
    pub(super) fn settled(&self, whole: &Inventory) -> Result<(), String> {
        let again = self.run_freed(&APPLY);
        if !again.status.success() {
            return Err(format!("the run after it failed:\n{}", text(&again)));
        }
        let plan = self.run(&["plan", "-detailed-exitcode", "-no-color"]);
        if plan.status.code() != Some(0) {
            return Err(format!(
                "the plan after it is not empty:\n{}\nafter\n{}",
                text(&plan),
                text(&again)
            ));
        }
        self.is_as(whole).map_err(|why| format!("{why}\n{}", text(&again)))
    }

    /// Says what else there is than what should be, in the world and in the folder.
    pub(super) fn is_as(&self, whole: &Inventory) -> Result<(), String> {
        let there = self.inventory();
        if there != *whole {
            return Err(format!("there is something else:\n{}", differences(whole, &there)));
        }
        let recovered = self.run(&["recover"]);
        if !text(&recovered).contains("Nothing to recover") {
            return Err(format!("a journal is left:\n{}", text(&recovered)));
        }
        let files = fs::read_dir(self.folder()).unwrap().flatten();
        let left = files.map(|file| file.file_name().to_string_lossy().into_owned());
        match left.into_iter().find(|name| name.contains(".terrane-") || name.ends_with(".journal"))
        {
            Some(left) => Err(format!("\"{left}\" is left")),
            None => Ok(()),
        }
    }

    /// Runs; where a lock was left behind, ends it by the id that is told, and runs again.
    pub(super) fn run_freed(&self, arguments: &[&str]) -> Output {
        let ran = self.run(arguments);
        let told = text(&ran);
        let Some((_, after)) = told.split_once("State is locked").filter(|_| !ran.status.success())
        else {
            return ran;
        };
        let id = after.split_once("ID:").map(|(_, id)| id.split_whitespace().next().unwrap());
        let Some(id) = id else { return ran };
        let freed = self.run(&["force-unlock", "-force", id]);
        assert!(freed.status.success(), "{}\n{told}", text(&freed));
        self.run(arguments)
    }

    /// Counts what exists; names that services choose do not count.
    pub(super) fn inventory(&self) -> Inventory {
        let request = Request::new(Method::GET, "/sandbox/inventory");
        let answer: Json = serde_json::from_slice(self.world.answer(&request).bytes()).unwrap();
        let mut counted = BTreeMap::new();
        for item in answer["items"].as_array().unwrap() {
            *counted.entry(plain(item)).or_insert(0) += 1;
        }
        counted
    }
}

/// A run of which nothing was heard for so long hangs.
const SILENCE: Duration = Duration::from_secs(300);

/// Names an object without what chance chose.
fn plain(item: &Json) -> String {
    let chosen = [
        "GOOG[A-Z0-9]+",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "(-[a-z0-9]{8,10})?-[a-z0-9]{5}$",
        "[0-9a-f]{8,}",
    ];
    let word = |name: &str| item[name].as_str().unwrap_or_default();
    let mut name = word("name").to_string();
    for pattern in chosen {
        name = regex::Regex::new(pattern).unwrap().replace_all(&name, "*").into_owned();
    }
    format!("{} {name} in {}", word("type"), word("parent"))
}

fn differences(whole: &Inventory, there: &Inventory) -> String {
    let names: BTreeSet<&String> = whole.keys().chain(there.keys()).collect();
    let lines = names
        .into_iter()
        .filter(|name| whole.get(*name) != there.get(*name))
        .map(|name| format!("{name}: {:?} in place of {:?}", there.get(name), whole.get(name)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Gives all that a run has printed.
pub(super) fn text(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}
