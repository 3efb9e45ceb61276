//! Google's own clients live whole lives of objects against the sandbox. `.ci/install-clients` brings them; where they are not there,
//! that is said.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::world::World;
use terrane::sandbox::{Service, serve};

const PROJECT: &str = "polls-demo";

/// The services that the scripts call.
const SERVICES: [&str; 5] = ["storage", "iam", "container", "compute", "cloudresourcemanager"];

fn clients() -> PathBuf {
    std::env::temp_dir().join("terrane-clients")
}

/// Gives a program of the clients' folder; says so where it is not there.
#[allow(clippy::print_stderr, reason = "what is left out for want of a client must be seen")]
fn client(ready: &str, program: &str, name: &str) -> Option<PathBuf> {
    let installed = clients().join(ready).is_file();
    if !installed {
        eprintln!("NO {name}: what needs it is left out; `.ci/install-clients` brings it");
    }
    installed.then(|| match program {
        "node" => PathBuf::from("node"),
        inside => clients().join(inside),
    })
}

fn send(world: &World, method: Method, path: &str, body: &Json) -> Json {
    let token = world.mint_token(Duration::from_secs(600));
    let mut request = Request::new(method, path).json(body);
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    request.headers.insert("authorization", bearer);
    let answer = world.answer(&request);
    assert!(answer.status.is_success(), "{path}: {}", String::from_utf8_lossy(answer.bytes()));
    serde_json::from_slice(answer.bytes()).unwrap_or_default()
}

/// Makes a world in which the services are enabled and there is an account.
fn world() -> (Arc<World>, String) {
    let world = World::open(None, 0.0, "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
    for service in SERVICES {
        let path =
            format!("/serviceusage/v1/projects/{PROJECT}/services/{service}.googleapis.com:enable");
        send(&world, Method::POST, &path, &json!({}));
    }
    send(&world, Method::POST, "/sandbox/clock", &json!({"advance": "10m"}));
    let path = format!("/iam/v1/projects/{PROJECT}/serviceAccounts");
    let account = send(&world, Method::POST, &path, &json!({"accountId": "of-the-keys"}));
    send(&world, Method::POST, "/sandbox/clock", &json!({"advance": "10m"}));
    (world, account["email"].as_str().unwrap().to_string())
}

/// Runs a script against a world of its own.
fn lives(program: &Path, script: &str) {
    let (world, account) = world();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        serve(world.clone(), listener).await.unwrap()
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");

    let ran = Command::new(program)
        .arg(folder.join(script))
        .env("SANDBOX", format!("http://{}", server.address))
        .env("TOKEN", world.mint_token(Duration::from_secs(30 * 86_400)))
        .env("PROJECT", PROJECT)
        .env("ACCOUNT", account)
        .env("CLIENTS", clients().join("node"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .output()
        .unwrap();

    runtime.block_on(server.stop()).unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && out.trim_end().ends_with(": ok"), "{script}\n{out}\n{err}");
}

#[test]
fn the_storage_client_for_python() {
    let found = client("google-python/ready", "google-python/bin/python", "GOOGLE-CLOUD-STORAGE");
    if let Some(python) = found {
        lives(&python, "storage.py");
    }
}

#[test]
fn the_container_client_for_python_over_rest() {
    let found = client("google-python/ready", "google-python/bin/python", "GOOGLE-CLOUD-CONTAINER");
    if let Some(python) = found {
        lives(&python, "container.py");
    }
}

#[test]
fn the_client_by_descriptions_for_python() {
    let found =
        client("google-python/ready", "google-python/bin/python", "GOOGLE-API-PYTHON-CLIENT");
    if let Some(python) = found {
        lives(&python, "discovery.py");
    }
}

#[test]
fn the_storage_client_for_node() {
    let found = client("node/ready", "node", "@GOOGLE-CLOUD/STORAGE");
    if let Some(node) = found {
        lives(&node, "storage.mjs");
    }
}
