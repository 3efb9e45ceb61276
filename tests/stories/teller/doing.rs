//! Performs the lines of a story.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regex::Regex;
use serde_json::{Value as Json, json};
use terrane::backends::kinds::Settings;
use terrane::backends::local::LocalBackend;
use terrane::backends::{Backend, Holder, Lock};
use terrane::cli::{self, Environment, Screen};
use terrane::graph::Stop;
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::clock::VirtualClock;
use terrane::sandbox::world::World;
use terrane::sandbox::{Server, Service, serve};
use tokio::runtime::Runtime;

/// The moment that every story begins at.
const START: &str = "2026-01-02T03:04:05Z";

/// A story's folder, world and machine.
pub(super) struct Stage {
    inside: tempfile::TempDir,
    runtime: Runtime,
    variables: BTreeMap<String, String>,
    answers: VecDeque<String>,
    stops: VecDeque<String>,
    /// The request that asks the next run to stop.
    request: Option<(String, Regex)>,
    kept: BTreeMap<String, Vec<u8>>,
    lock: Option<Box<dyn Lock>>,
    /// The sandbox's world while the story itself serves it.
    world: Option<(Arc<World>, Server)>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some((_, server)) = self.world.take() {
            self.runtime.block_on(server.stop()).unwrap();
        }
    }
}

impl Stage {
    /// Copies the story's files into a folder of its own.
    pub(super) fn new(story: &Path) -> Stage {
        let inside = tempfile::tempdir().unwrap();
        copy(story, inside.path());
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        Stage {
            inside,
            runtime: runtime.worker_threads(1).enable_all().build().unwrap(),
            variables: BTreeMap::new(),
            answers: VecDeque::new(),
            stops: VecDeque::new(),
            request: None,
            kept: BTreeMap::new(),
            lock: None,
            world: None,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.inside.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.inside.path().join(name)
    }

    /// Does what a line says; gives what is seen.
    pub(super) fn perform(&mut self, line: &str, input: &[&str]) -> String {
        let words = words(line);
        let rest: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        match (words[0].as_str(), rest.as_slice()) {
            ("terrane", _) => return self.run(&words),
            ("quietly", ["terrane", ..]) => {
                let seen = self.run(&words[1..]);
                let summed = |line: &&str| line.contains("omplete!") || line.starts_with("exit ");
                return seen.lines().filter(summed).map(|line| format!("{line}\n")).collect();
            }
            ("vainly", ["terrane", ..]) => {
                let seen = self.run(&words[1..]);
                let told = |line: &&str| line.starts_with("! ") || line.starts_with("exit ");
                return seen.lines().filter(told).map(|line| format!("{line}\n")).collect();
            }
            ("write", [file]) => {
                let file = self.path(file);
                fs::create_dir_all(file.parent().expect("a folder")).unwrap();
                fs::write(file, input.join("\n") + "\n").unwrap();
            }
            ("edit", [file, old, new]) => self.edit(file, old, new),
            ("remove", [file]) => fs::remove_file(self.path(file)).unwrap(),
            ("env", [text]) => match text.split_once('=') {
                Some((name, text)) => drop(self.variables.insert(name.into(), text.into())),
                None => drop(self.variables.remove(*text)),
            },
            ("helm", []) => {
                let found = crate::helm::helms().into_values().next_back().expect("helm is there");
                for (name, value) in [("TERRANE_HELM", &found), ("HOME", &self.path("home"))] {
                    self.variables.insert(name.into(), value.display().to_string());
                }
            }
            ("answer", [text]) => self.answers.push_back((*text).to_string()),
            ("stop", ["at", "request", method, pattern]) => {
                self.request = Some(((*method).to_string(), Regex::new(pattern).unwrap()));
            }
            ("stop", ["at", text]) => self.stops.push_back((*text).to_string()),
            ("world", [method, path]) => return self.behind(method, path, None),
            ("world", [method, path, body]) => return self.behind(method, path, Some(body)),
            ("fault", [fault]) => return self.behind("POST", "/sandbox/fault", Some(fault)),
            ("asked", [method, pattern]) => return self.asked(method, pattern),
            ("exists", []) => return self.exists(),
            ("lock", []) => self.lock = Some(self.locked()),
            ("unlock", []) => {
                let lock = self.lock.take().unwrap();
                self.runtime.block_on(lock.unlock()).unwrap();
            }
            ("mode", [file]) => return self.mode(file),
            ("keep", [file]) => {
                self.kept.insert((*file).into(), fs::read(self.path(file)).unwrap_or_default());
            }
            ("same", [file]) => {
                let same = fs::read(self.path(file)).unwrap_or_default() == self.kept[*file];
                return if same { "byte-identical" } else { "changed" }.to_string();
            }
            ("show", [file]) => {
                return fs::read_to_string(self.path(file))
                    .unwrap_or_else(|_| "(there is no such file)".into());
            }
            _ => panic!("no story has the line `{line}`"),
        }
        String::new()
    }

    fn edit(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{file} has not one `{old}`:\n{text}");
        fs::write(self.path(file), text.replace(old, &new.replace("\\n", "\n"))).unwrap();
    }

    fn run(&mut self, arguments: &[String]) -> String {
        let stop = Stop::default();
        let start = START.parse().unwrap();
        let mut variables = self.variables.clone();
        // Whoever asks the metadata server finds nobody there.
        variables.entry("GCE_METADATA_HOST".into()).or_insert("127.0.0.1:1".into());
        let environment = Environment {
            variables,
            cwd: self.inside.path().to_owned(),
            interactive: !self.answers.is_empty(),
            sandbox_start: Some(start),
            clock: Some(Arc::new(VirtualClock::new(start, 0.0))),
            stop: stop.clone(),
            ..Environment::default()
        };
        let asked = environment.clone();
        let seen = Arc::new(Mutex::new(Seen {
            text: String::new(),
            stops: std::mem::take(&mut self.stops),
            stop,
        }));
        let mut out = Pen { mark: "", seen: seen.clone() };
        let mut err = Pen { mark: "! ", seen: seen.clone() };
        let answers = &mut self.answers;
        let mut screen = Screen {
            out: &mut out,
            err: &mut err,
            ask: &mut || answers.pop_front(),
            colour: false,
            live: false,
            width: 100,
        };
        let (request, world, running) =
            (self.request.take(), self.world.as_ref(), AtomicBool::new(true));
        let exit = std::thread::scope(|scope| {
            if let Some((method, pattern)) = request {
                let (world, running) = (world.expect("the story serves").0.clone(), &running);
                scope.spawn(move || {
                    while running.load(Ordering::Relaxed) && count(&world, &method, &pattern) == 0 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    environment.stop.ask();
                });
            }
            let exit = cli::run(arguments, &asked, &mut screen);
            running.store(false, Ordering::Relaxed);
            exit
        });
        let seen = seen.lock().unwrap();
        assert!(seen.stops.is_empty(), "never printed: {:?}\n{}", seen.stops, seen.text);
        let mut text = seen.text.clone();
        if exit != 0 {
            let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            text += &format!("{newline}exit {exit}\n");
        }
        text
    }

    /// Gives the sandbox's world, which the story serves from now on.
    fn world(&mut self) -> Arc<World> {
        if self.world.is_none() {
            let file = self.path(".terrane/world.json");
            let world = World::open(Some(&file), 0.0, START.parse().unwrap()).unwrap();
            let server = self.runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                serve(world.clone(), listener).await.unwrap()
            });
            self.world = Some((world, server));
        }
        self.world.as_ref().unwrap().0.clone()
    }

    /// Sends a request behind the program's back; gives the status if it is not 200.
    fn behind(&mut self, method: &str, path: &str, body: Option<&str>) -> String {
        let world = self.world();
        let method: Method = method.parse().unwrap();
        let url = match path.strip_prefix("cluster:") {
            Some(path) => format!("https://127.0.0.1:{}{path}", world.running()[0].1),
            None => path.to_string(),
        };
        let mut request = Request::new(method.clone(), url);
        if let Some(body) = body {
            let json: Json = serde_json::from_str(body).expect("the body is JSON");
            request = request.json(&json);
            if method == Method::PATCH && path.starts_with("cluster:") {
                let kind = HeaderValue::from_static("application/merge-patch+json");
                request.headers.insert("content-type", kind);
            }
        }
        let token = world.mint_token(Duration::from_secs(600));
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        request.headers.insert("authorization", bearer);
        let answer = world.answer(&request);
        world.save().unwrap();
        if answer.status.is_success() {
            return String::new();
        }
        format!("{} {}", answer.status, String::from_utf8_lossy(answer.bytes()))
    }

    fn asked(&mut self, method: &str, pattern: &str) -> String {
        count(&self.world(), method, &Regex::new(pattern).unwrap()).to_string()
    }

    fn exists(&mut self) -> String {
        let items = terrane::sandbox::control::items(&self.world());
        let text = |item: &Json, name: &str| item[name].as_str().unwrap_or_default().to_string();
        let mut lines: Vec<String> = items
            .iter()
            .filter(|item| item["service"] != "serviceusage")
            .map(|item| {
                format!("{} {} {}", text(item, "service"), text(item, "type"), text(item, "name"))
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    fn locked(&self) -> Box<dyn Lock> {
        let backend = LocalBackend::new(self.inside.path(), &Settings::new(), "default");
        let holder = Holder {
            id: uuid::Uuid::from_u128(7),
            operation: "OperationTypeApply".into(),
            who: "ada@analytical".into(),
            version: "1.11.4".into(),
            created: START.parse().unwrap(),
            info: String::new(),
        };
        self.runtime.block_on(backend.lock(&holder)).unwrap()
    }

    fn mode(&self, file: &str) -> String {
        let found = fs::metadata(self.path(file)).unwrap();
        format!("{:04o}", found.permissions().mode() & 0o7777)
    }
}

/// All that was printed, and what it may set off.
struct Seen {
    text: String,
    stops: VecDeque<String>,
    stop: Stop,
}

/// One of the two places that a run prints to.
struct Pen {
    mark: &'static str,
    seen: Arc<Mutex<Seen>>,
}

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut seen = self.seen.lock().unwrap();
        let text = String::from_utf8_lossy(bytes);
        for line in text.split_inclusive('\n') {
            let mark =
                if seen.text.is_empty() || seen.text.ends_with('\n') { self.mark } else { "" };
            seen.text += &format!("{mark}{line}");
        }
        if seen.stops.front().is_some_and(|wanted| text.contains(wanted.as_str())) {
            seen.stops.pop_front();
            seen.stop.ask();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts the requests that a world was sent.
fn count(world: &World, method: &str, pattern: &Regex) -> usize {
    let fits = |request: &&Json| {
        request["method"] == json!(method)
            && pattern.is_match(request["path"].as_str().unwrap_or_default())
    };
    world.requests().iter().filter(fits).count()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&path, &target);
        } else if entry.file_name() != "story.txt" {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Takes a line apart at spaces; text in quotes stays whole.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (character, quote) {
            (mark, Some(open)) if mark == open => quote = None,
            ('"' | '\'', None) => quote = Some(character),
            (' ', None) => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words
}
