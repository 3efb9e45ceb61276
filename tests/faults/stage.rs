//! A folder with a configuration, a sandbox that serves its world, and the program as a process.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use terrane::http::{Method, Request};
use terrane::sandbox::Service;
use terrane::sandbox::server::{Server, serve};
use terrane::sandbox::world::World;
use tokio::runtime::Runtime;

/// A configuration.
pub(super) struct Stack {
    files: BTreeMap<String, String>,
}

impl Stack {
    /// Gives the example.
    pub(super) fn example() -> Stack {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls");
        let files = fs::read_dir(folder).unwrap().flatten();
        let texts = files.filter(|file| file.path().extension().is_some_and(|it| it == "tf"));
        let files = texts.map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(file.path()).unwrap())
        });
        Stack { files: files.collect() }
    }

    /// Gives two hundred objects that need one another in layers: accounts, buckets, members, keys.
    pub(super) fn many() -> Stack {
        let text = r#"
provider "google" {
  project = "polls-demo"
  region  = "asia-south1"
}

resource "google_project_service" "each" {
  for_each = toset(["storage.googleapis.com", "iam.googleapis.com"])
  service  = each.key
}

resource "google_service_account" "each" {
  count      = 40
  account_id = "worker-${count.index}"
  depends_on = [google_project_service.each]
}

resource "google_storage_bucket" "each" {
  count         = 60
  name          = "polls-demo-part-${count.index}"
  location      = "US"
  force_destroy = true
  depends_on    = [google_project_service.each]
}

resource "google_storage_bucket_iam_member" "each" {
  count  = 60
  bucket = google_storage_bucket.each[count.index].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.each[count.index % 40].member
}

resource "google_storage_hmac_key" "each" {
  count                 = 20
  service_account_email = google_service_account.each[count.index].email
}

resource "random_password" "each" {
  count  = 20
  length = 12
}
"#;
        Stack { files: BTreeMap::from([("main.tf".to_string(), text.to_string())]) }
    }
}

/// Where a run is killed: with the request of this number on its way, which is done by then, or is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) request: u64,
    pub(super) done: bool,
}

/// What a run that is left alone does.
pub(super) struct Whole {
    pub(super) requests: u64,
    inventory: BTreeMap<String, usize>,
}

/// Runs a stack to its end.
pub(super) fn undisturbed(stack: &Stack) -> Whole {
    let stage = Stage::open(stack);
    let ran = stage.run(&["apply", "-auto-approve"]);
    assert!(ran.status.success(), "{}", text(&ran));
    let requests = stage.world.faults.lock().unwrap().seen();
    Whole { requests, inventory: stage.inventory() }
}

/// A folder, its world, and who serves it.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    runtime: Runtime,
    world: Arc<World>,
    server: Option<Server>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop()).unwrap();
        }
    }
}

impl Stage {
    pub(super) fn open(stack: &Stack) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in &stack.files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        fs::create_dir(folder.path().join(".terrane")).unwrap();
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
        Stage { folder, runtime, world, server: Some(server) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_terrane"));
        command.args(arguments).arg("--sandbox").current_dir(self.folder.path()).env_clear();
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Kills a run at a point, runs again, and says what is not as after a run that was left alone.
    pub(super) fn killed(&self, point: Point, whole: &Whole) -> Result<(), String> {
        let fault = json!({ "path": "", "held": true, "done": point.done, "after": point.request });
        self.world.faults.lock().unwrap().add(&fault).unwrap();
        let apply = ["apply", "-auto-approve"];
        // A pipe that nobody reads would stop it.
        let printed = fs::File::create(self.printed()).unwrap();
        let mut command = self.command(&apply);
        command.stdout(printed.try_clone().unwrap()).stderr(printed);
        let child = command.spawn().unwrap();
        let first = self.kill_when_held(child);
        self.world.faults.lock().unwrap().clear();
        let again = self.run(&apply);
        if !again.status.success() {
            return Err(format!("the run after it failed:\n{}\nthe first:\n{first}", text(&again)));
        }
        let plan = self.run(&["plan", "-detailed-exitcode"]);
        if plan.status.code() != Some(0) {
            return Err(format!("the plan after it is not empty:\n{}", text(&plan)));
        }
        let there = self.inventory();
        if there != whole.inventory {
            let changed = differences(&whole.inventory, &there);
            return Err(format!("there is something else:\n{changed}\n{}", text(&again)));
        }
        if self.folder.path().join("terraform.tfstate.journal").exists() {
            return Err(format!("a journal is left:\n{}", text(&again)));
        }
        Ok(())
    }

    /// Waits until a request is held, and kills. Gives what was printed.
    fn kill_when_held(&self, mut child: Child) -> String {
        let start = Instant::now();
        while self.world.faults.lock().unwrap().held() == 0 {
            if child.try_wait().unwrap().is_some() {
                // It came to its end before: fewer requests were needed this time.
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(300), "no request came");
            std::thread::sleep(Duration::from_millis(2));
        }
        // What was sent beside the request that is held goes on for a moment, as it would.
        let _ = child.kill();
        child.wait().unwrap();
        fs::read_to_string(self.printed()).unwrap()
    }

    fn printed(&self) -> std::path::PathBuf {
        self.folder.path().join("printed")
    }

    /// Counts what exists, by type and name; names that services choose do not count.
    fn inventory(&self) -> BTreeMap<String, usize> {
        let request = Request::new(Method::GET, "/sandbox/inventory");
        let answer: Json = serde_json::from_slice(self.world.answer(&request).bytes()).unwrap();
        let mut counted = BTreeMap::new();
        for item in answer["items"].as_array().unwrap() {
            *counted.entry(plain(item)).or_insert(0) += 1;
        }
        counted
    }
}

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

fn differences(whole: &BTreeMap<String, usize>, there: &BTreeMap<String, usize>) -> String {
    let names: std::collections::BTreeSet<&String> = whole.keys().chain(there.keys()).collect();
    let lines = names
        .into_iter()
        .filter(|name| whole.get(*name) != there.get(*name))
        .map(|name| format!("{name}: {:?} in place of {:?}", there.get(name), whole.get(name)));
    lines.collect::<Vec<_>>().join("\n")
}

fn text(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}
