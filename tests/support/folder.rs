//! A configuration in a folder of its own, and the world of its sandbox.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use terrane::cli::Environment;
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::Service;
use terrane::sandbox::world::World;

use crate::program::{Ran, program};

/// A copy of an example in a folder of its own.
pub(crate) struct Folder {
    pub(crate) inside: tempfile::TempDir,
    /// All that was printed.
    pub(crate) printed: String,
    /// The environment's variables.
    pub(crate) variables: BTreeMap<String, String>,
}

/// Copies configurations and manifests.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            fs::create_dir_all(&place).unwrap();
            copy(&path, &place);
        } else if ["tf", "yaml", "tpl", "txt"].contains(&ending) {
            fs::copy(path, place).unwrap();
        }
    }
}

impl Folder {
    pub(crate) fn empty() -> Folder {
        let inside = tempfile::tempdir().unwrap();
        Folder { inside, printed: String::new(), variables: BTreeMap::new() }
    }

    #[allow(dead_code, reason = "what is no example is written by its test")]
    pub(crate) fn of(example: &Path) -> Folder {
        let folder = Folder::empty();
        copy(example, folder.inside.path());
        folder
    }

    pub(crate) fn run(&mut self, arguments: &[&str]) -> Ran {
        let environment = Environment {
            variables: self.variables.clone(),
            cwd: self.inside.path().to_owned(),
            sandbox_start: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            ..Environment::default()
        };
        let ran = program(&environment, arguments.iter().copied(), 80);
        self.printed += &ran.out;
        self.printed += &ran.err;
        ran
    }

    /// Runs a command that must end with a code.
    pub(crate) fn must(&mut self, exit: u8, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.exit, exit, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.inside.path().join(name)
    }

    #[allow(dead_code, reason = "not every test looks at it")]
    pub(crate) fn state(&self) -> Json {
        serde_json::from_str(&fs::read_to_string(self.path("terraform.tfstate")).unwrap()).unwrap()
    }

    /// Does something to the world behind the program's back.
    pub(crate) fn behind(&self, act: impl FnOnce(&Arc<World>)) {
        let path = self.path(".terrane/world.json");
        let start = "2026-01-02T03:04:05Z".parse().unwrap();
        let world = World::open(Some(&path), 0.0, start).unwrap();
        act(&world);
        world.save().unwrap();
    }
}

pub(crate) fn send(
    world: &Arc<World>,
    method: Method,
    url: &str,
    body: Option<(&str, Json)>,
) -> Json {
    let token = world.mint_token(std::time::Duration::from_secs(600));
    let mut request = Request::new(method, url);
    if let Some((kind, body)) = body {
        request = request.json(&body);
        request.headers.insert("content-type", HeaderValue::from_str(kind).unwrap());
    }
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    request.headers.insert("authorization", bearer);
    let answer = world.answer(&request);
    let text = String::from_utf8_lossy(answer.bytes()).into_owned();
    assert!(answer.status.is_success(), "{url}: {} {text}", answer.status);
    serde_json::from_str(&text).unwrap_or_default()
}

/// Gives an attribute of an object in the state.
#[allow(dead_code, reason = "not every test looks at it")]
pub(crate) fn attribute(state: &Json, type_name: &str, name: &str, attribute: &str) -> String {
    let resources = state["resources"].as_array().unwrap();
    let found = resources.iter().find(|found| found["type"] == type_name && found["name"] == name);
    found.unwrap()["instances"][0]["attributes"][attribute].as_str().unwrap().to_string()
}

#[allow(dead_code, reason = "not every test looks at it")]
pub(crate) fn inventory(folder: &Folder) -> Vec<Json> {
    let mut items = Vec::new();
    folder.behind(|world| {
        let found = send(world, Method::GET, "/sandbox/inventory", None);
        items = found["items"].as_array().unwrap().clone();
    });
    items
}
