//! The main job, as a person runs it: every example is planned, applied, planned again, drifted, mended and destroyed.

#[path = "support/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use program::{Ran, program};
use serde_json::{Value as Json, json};
use terrane::cli::Environment;
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::Service;
use terrane::sandbox::world::World;

/// A copy of an example in a folder of its own.
struct Folder {
    inside: tempfile::TempDir,
    /// All that was printed.
    printed: String,
    /// The environment's variables.
    variables: BTreeMap<String, String>,
}

/// Copies configurations and manifests.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            fs::create_dir_all(&place).unwrap();
            copy(&path, &place);
        } else if ["tf", "yaml"].contains(&ending) {
            fs::copy(path, place).unwrap();
        }
    }
}

impl Folder {
    fn of(example: &Path) -> Folder {
        let inside = tempfile::tempdir().unwrap();
        copy(example, inside.path());
        Folder { inside, printed: String::new(), variables: BTreeMap::new() }
    }

    fn run(&mut self, arguments: &[&str]) -> Ran {
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
    fn must(&mut self, exit: u8, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.exit, exit, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    fn path(&self, name: &str) -> PathBuf {
        self.inside.path().join(name)
    }

    fn state(&self) -> Json {
        serde_json::from_str(&fs::read_to_string(self.path("terraform.tfstate")).unwrap()).unwrap()
    }

    /// Does something to the world behind the program's back.
    fn behind(&self, act: impl FnOnce(&Arc<World>)) {
        let path = self.path(".terrane/world.json");
        let start = "2026-01-02T03:04:05Z".parse().unwrap();
        let world = World::open(Some(&path), 0.0, start).unwrap();
        act(&world);
        world.save().unwrap();
    }
}

fn send(world: &Arc<World>, method: Method, url: &str, body: Option<(&str, Json)>) -> Json {
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

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.join("outputs.tf").is_file()).collect()
}

/// Gives an attribute of an object in the state.
fn attribute(state: &Json, type_name: &str, name: &str, attribute: &str) -> String {
    let resources = state["resources"].as_array().unwrap();
    let found = resources.iter().find(|found| found["type"] == type_name && found["name"] == name);
    found.unwrap()["instances"][0]["attributes"][attribute].as_str().unwrap().to_string()
}

fn inventory(folder: &Folder) -> Vec<Json> {
    let mut items = Vec::new();
    folder.behind(|world| {
        let found = send(world, Method::GET, "/sandbox/inventory", None);
        items = found["items"].as_array().unwrap().clone();
    });
    items
}

#[test]
fn every_example_is_applied_once_planned_empty_and_destroyed_without_leftovers() {
    for example in examples() {
        let mut folder = Folder::of(&example);

        folder.must(0, &["init"]);
        folder.must(0, &["validate"]);
        folder.must(2, &["plan", "-sandbox", "-detailed-exitcode"]);
        folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
        for _ in 0..3 {
            folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
        }
        folder.must(0, &["drift", "-sandbox"]);
        folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);

        let left: Vec<Json> = inventory(&folder)
            .into_iter()
            .filter(|item| item["service"] != "serviceusage")
            .collect();
        assert!(left.is_empty(), "{}: {left:#?}", example.display());
    }
}

fn polls() -> Folder {
    let mut folder = Folder::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls"));
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    folder
}

#[test]
fn what_is_changed_behind_its_back_is_drift_and_the_next_apply_mends_it() {
    let mut folder = polls();
    let endpoint = attribute(&folder.state(), "google_container_cluster", "pollsapi", "endpoint");

    folder.behind(|world| {
        let labels = json!({"labels": {"app": "other"}});
        send(
            world,
            Method::PATCH,
            "/storage/v1/b/pollsapi-storage",
            Some(("application/json", labels)),
        );
        let scale = json!({"spec": {"replicas": 5}});
        let deployment =
            format!("https://{endpoint}/apis/apps/v1/namespaces/default/deployments/pollsapi");
        send(world, Method::PATCH, &deployment, Some(("application/merge-patch+json", scale)));
        let secret = format!("https://{endpoint}/api/v1/namespaces/default/secrets/database");
        send(world, Method::DELETE, &secret, None);
    });
    let drift = folder.must(2, &["drift", "-sandbox"]);
    let json: Json =
        serde_json::from_str(&folder.must(2, &["drift", "-sandbox", "-json"])).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);

    for name in [
        "google_storage_bucket.static",
        "kubernetes_deployment_v1.pollsapi",
        "kubernetes_secret_v1.database",
    ] {
        assert!(drift.contains(name), "{name} is not in\n{drift}");
        assert!(json.to_string().contains(name), "{name} is not in\n{json:#}");
    }
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
    folder.must(0, &["drift", "-sandbox"]);
}

#[test]
fn a_saved_plan_does_what_it_showed_and_only_once() {
    let mut folder = polls();

    folder.must(2, &["plan", "-sandbox", "-detailed-exitcode", "-var", "replicas=3", "-out=p"]);
    let shown = folder.must(0, &["show", "-json", "p"]);
    let applied = folder.must(0, &["apply", "-sandbox", "p"]);
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode", "-var", "replicas=3"]);
    folder.must(1, &["apply", "-sandbox", "p"]);

    assert!(applied.contains("0 added, 1 changed, 0 destroyed"), "{applied}");
    let shown: Json = serde_json::from_str(&shown).unwrap();
    let changes = shown["resource_changes"].as_array().unwrap();
    let updates = changes.iter().filter(|change| change["change"]["actions"] == json!(["update"]));
    assert_eq!(updates.count(), 1);
    let mode = fs::metadata(folder.path("p")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn secrets_are_never_printed_and_what_is_kept_is_its_owners_alone() {
    use base64::Engine;
    let mut folder = polls();
    let state = folder.state();
    let secrets = [
        attribute(&state, "random_password", "database", "result"),
        attribute(&state, "google_storage_hmac_key", "storage", "secret"),
    ];

    for arguments in [
        &["plan", "-sandbox"][..],
        &["plan", "-sandbox", "-json"],
        &["show"],
        &["show", "-json"],
        &["state", "list"],
        &["state", "show", "kubernetes_secret_v1.database"],
        &["state", "show", "random_password.database"],
        &["output"],
        &["output", "-json"],
        &["graph"],
        &["graph", "-format=mermaid"],
        &["destroy", "-sandbox", "-auto-approve"],
    ] {
        folder.must(0, arguments);
    }

    for secret in &secrets {
        let forms = [
            secret.clone(),
            base64::engine::general_purpose::STANDARD.encode(secret),
            hex::encode(secret),
        ];
        for form in forms {
            assert!(!folder.printed.contains(&form), "a secret was printed");
        }
    }
    for name in ["terraform.tfstate", "terraform.tfstate.backup", ".terrane/world.json"] {
        let mode = fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

#[test]
fn an_object_that_is_protected_is_not_destroyed_and_the_world_is_untouched() {
    let mut folder = polls();
    let cluster = fs::read_to_string(folder.path("cluster.tf")).unwrap();
    let protected = cluster.replace("deletion_protection = false", "deletion_protection = true");
    fs::write(folder.path("cluster.tf"), protected).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    let before = inventory(&folder);

    let ran = folder.run(&["destroy", "-sandbox", "-auto-approve"]);

    assert_eq!(ran.exit, 1);
    assert!(ran.err.contains("deletion_protection"), "{}", ran.err);
    assert_eq!(inventory(&folder), before);
}

#[test]
fn a_job_that_fails_shows_its_log_and_is_made_anew_by_the_next_apply() {
    let mut folder = Folder::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls"));

    let ran =
        folder.run(&["apply", "-sandbox", "-auto-approve", "-var", "image=example.com/polls:fail"]);
    let mended = folder.must(0, &["apply", "-sandbox", "-auto-approve"]);

    assert_eq!(ran.exit, 1, "{}", ran.out);
    assert!(ran.err.contains("kubernetes_job_v1.migrate"), "{}", ran.err);
    assert!(ran.out.contains("not begun"), "{}", ran.out);
    assert!(mended.contains("Apply complete!"), "{mended}");
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
}

#[test]
fn what_controllers_do_by_themselves_is_no_drift() {
    let mut folder = polls();
    let endpoint = attribute(&folder.state(), "google_container_cluster", "pollsapi", "endpoint");

    folder.behind(|world| {
        let url = format!("https://{endpoint}/apis/apps/v1/namespaces/default/deployments/pollsapi?fieldManager=injector");
        let body = json!({"metadata": {"annotations": {"injector/by": "mesh"}}, "spec": {"template": {"spec": {"containers": [
            {"name": "sidecar", "image": "example.com/sidecar:1"}]}}}});
        send(world, Method::PATCH, &url, Some(("application/strategic-merge-patch+json", body)));
        let url = format!("https://{endpoint}/api/v1/namespaces/default/services/pollsapi?fieldManager=glbc");
        let body = json!({"metadata": {"annotations": {"cloud.google.com/neg-status": "{}"}}});
        send(world, Method::PATCH, &url, Some(("application/merge-patch+json", body)));
    });

    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
    folder.must(0, &["drift", "-sandbox"]);
}

#[test]
fn no_secret_stands_in_the_log() {
    use base64::Engine;
    let mut folder = Folder::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls"));
    folder.variables.insert("TF_LOG".into(), "TRACE".into());
    folder.variables.insert("TF_LOG_PATH".into(), "log.txt".into());

    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    folder.must(0, &["plan", "-sandbox"]);

    let state = folder.state();
    let world: Json =
        serde_json::from_str(&fs::read_to_string(folder.path(".terrane/world.json")).unwrap())
            .unwrap();
    let tokens = world["google"]["tokens"].as_object().expect("the world keeps its tokens");
    let mut secrets: Vec<String> = tokens.keys().cloned().collect();
    assert!(!secrets.is_empty());
    secrets.push(attribute(&state, "random_password", "database", "result"));
    secrets.push(attribute(&state, "google_storage_hmac_key", "storage", "secret"));
    let log = fs::read_to_string(folder.path("log.txt")).unwrap();
    for secret in &secrets {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        for form in [secret.clone(), encoded, hex::encode(secret)] {
            assert!(!log.contains(&form), "a secret stands in the log");
        }
    }
    assert!(log.contains("POST ") && log.contains("200 to GET ") && log.contains("\\\"kind\\\""));
    let mode = fs::metadata(folder.path("log.txt")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}
