//! What Terrane makes, as the real `kubectl` sees it: a server-side apply of the same changes nothing.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use folder::Folder;
use serde_json::{Map, Value as Json};
use terrane::sandbox::serve;
use terrane::sandbox::world::World;

/// The kinds that the examples make.
const KINDS: &str = "namespaces,secrets,configmaps,services,deployments,statefulsets,jobs,ingresses,poddisruptionbudgets";

/// Finds the program; says so where there is none.
#[allow(clippy::print_stderr, reason = "what is left out for want of a program must be seen")]
fn kubectl() -> Option<PathBuf> {
    let clients = std::env::temp_dir().join("terrane-clients/opt");
    let mut places: Vec<PathBuf> =
        ["3", "4"].map(|major| clients.join(major).join("kubectl")).into();
    let folders = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&folders).map(|folder| folder.join("kubectl")));
    let found = places.into_iter().find(|place| place.is_file());
    if found.is_none() {
        eprintln!(
            "NO KUBECTL: what needs the real program is left out; `.ci/install-clients` brings it"
        );
    }
    found
}

fn run(kubectl: &Path, folder: &Folder, words: &[&str]) -> Output {
    Command::new(kubectl)
        .args(words)
        .current_dir(folder.inside.path())
        .env("HOME", folder.path("home"))
        .env("KUBECONFIG", folder.path("kubeconfig"))
        .output()
        .unwrap()
}

/// Gives the part of an object that a field set (`fieldsV1`) names.
fn owned(value: &Json, fields: &Map<String, Json>) -> Json {
    match value {
        Json::Object(members) => {
            let named = fields.iter().filter_map(|(step, below)| {
                let name = step.strip_prefix("f:")?;
                Some((name.to_string(), part(members.get(name)?, below)))
            });
            Json::Object(named.collect())
        }
        Json::Array(items) => {
            let named = fields.iter().filter_map(|(step, below)| {
                let (kind, key) = step.split_once(':')?;
                let key: Json = serde_json::from_str(key).unwrap();
                let fits = |item: &&Json| match &key {
                    Json::Object(keys) => keys.iter().all(|(name, value)| item[name] == *value),
                    _ => kind == "v" && **item == key,
                };
                Some(part(items.iter().find(fits)?, below))
            });
            Json::Array(named.collect())
        }
        _ => value.clone(),
    }
}

fn part(value: &Json, fields: &Json) -> Json {
    match fields.as_object() {
        Some(fields) if fields.keys().any(|step| step != ".") => owned(value, fields),
        // An object that is owned with nothing of it is empty; a leaf is itself.
        Some(fields) if fields.contains_key(".") && value.is_object() => Json::Object(Map::new()),
        _ => value.clone(),
    }
}

/// Gives what a manager has applied of an object, as it would be applied again.
fn intent(object: &Json, manager: &str) -> Option<Json> {
    let entries = object["metadata"]["managedFields"].as_array()?;
    let entry = entries.iter().find(|entry| {
        entry["manager"] == manager
            && entry["operation"] == "Apply"
            && entry.get("subresource").is_none()
    })?;
    let mut intent = owned(object, entry["fieldsV1"].as_object()?);
    for name in ["apiVersion", "kind"] {
        intent[name] = object[name].clone();
    }
    for name in ["name", "namespace"] {
        if let Some(text) = object["metadata"].get(name) {
            intent["metadata"][name] = text.clone();
        }
    }
    Some(intent)
}

#[test]
fn what_is_applied_is_no_difference_to_kubectl() {
    let Some(kubectl) = kubectl() else { return };
    for example in ["polls", "polls-manifests"] {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        let mut folder = Folder::of(&place);
        folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let file = folder.path(".terrane/world.json");
        let world = World::open(Some(&file), 4.0, "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            serve(world, listener).await.unwrap()
        });
        let cluster = "google_container_cluster.pollsapi";
        folder.must(0, &["kubeconfig", cluster, "-sandbox", "-out=kubeconfig"]);

        let all = ["get", KINDS, "-A", "-o", "json", "--show-managed-fields"];
        let found = run(&kubectl, &folder, &all);
        let error = String::from_utf8_lossy(&found.stderr).into_owned();
        let list: Json = serde_json::from_slice(&found.stdout).expect(&error);
        let intents: Vec<Json> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|object| intent(object, "Terraform"))
            .collect();
        let same = ["--server-side", "--field-manager=Terraform", "-f", "intent.json"];
        let mut told = Vec::new();
        for intent in &intents {
            fs::write(folder.path("intent.json"), intent.to_string()).unwrap();
            for verb in ["diff", "apply"] {
                let ran = run(&kubectl, &folder, &[&[verb], &same[..]].concat());
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let (out, err) = (text(&ran.stdout), text(&ran.stderr));
                assert!(ran.status.success(), "{example} {verb}\n{intent:#}\n{out}\n{err}");
                told.push(out);
            }
        }
        runtime.block_on(server.stop()).unwrap();

        assert!(intents.len() >= 8, "{example}: {}", intents.len());
        assert!(told.iter().all(|out| !out.contains("configured")), "{told:?}");
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
    }
}
