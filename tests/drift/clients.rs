//! What people change through the real clients: `kubectl`, `gcloud`, Google's clients for Python. Each change is found, named and
//! attributed, and accepting all makes the next plan empty. `.ci/install-clients` brings the clients; where one is not there, that is
//! said, and its changes are left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;
use terrane::http::Clock as _;
use terrane::sandbox::google::token::mint_for;

use crate::stage::Stage;
use crate::{cases, of, text};

/// Who makes the changes.
const WHO: &str = "ana@example.com";
/// So many changes there are at the least.
const LEAST: usize = 25;

/// Finds a client; says so where it is not there.
#[expect(clippy::print_stderr, reason = "what is left out for want of a client must be seen")]
fn client(name: &str) -> Option<PathBuf> {
    let clients = std::env::temp_dir().join("terrane-clients");
    let found = match name {
        "kubectl" => {
            let all = ["v33", "v35", "v34", "v32", "v31"];
            let mut places = all.iter().map(|of| clients.join("opt").join(of).join("kubectl"));
            places.find(|place| place.is_file())
        }
        "python" => {
            let ready = clients.join("google-python/ready").is_file();
            ready.then(|| clients.join("google-python/bin/python"))
        }
        name => {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            let mut places = std::env::split_paths(&folders).map(|folder| folder.join(name));
            places.find(|place| place.is_file())
        }
    };
    if found.is_none() {
        let name = name.to_uppercase();
        eprintln!(
            "NO {name}: its changes are left out; `.ci/install-clients` brings kubectl and Google's clients"
        );
    }
    found
}

/// Makes a change with its client; time goes on meanwhile.
fn make(stage: &Stage, client: &Path, case: &Json) {
    let token = {
        let now = stage.world.clock().now();
        let lifetime = Duration::from_secs(30 * 86_400);
        mint_for(&mut stage.world.google.locked(), now, lifetime, WHO)
    };
    stage.write("token", &token);
    let words = case["run"].as_array().unwrap().iter().filter_map(Json::as_str);
    let mut command = Command::new(client);
    match text(case, "client") {
        "kubectl" => {
            command.args([format!("--token={token}"), "--namespace=polls".into()]);
        }
        "python" => {
            command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift/changes.py"));
        }
        _ => {}
    }
    let url = stage.url();
    let override_of =
        |service: &str| format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", service.to_uppercase());
    let mut child = command
        .args(words)
        .env("HOME", stage.path("home"))
        .env("KUBECONFIG", stage.path("kubeconfig"))
        .env("KUBE_EDITOR", "sed -i s/info/debug/")
        .env("SANDBOX", &url)
        .env("TOKEN", &token)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CLOUDSDK_CONFIG", stage.path("gcloud"))
        .env("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", stage.path("token"))
        .env(override_of("storage"), format!("{url}/storage/v1/"))
        .env(override_of("compute"), format!("{url}/compute/v1/"))
        .env(override_of("iam"), format!("{url}/iam/"))
        .env("CLOUDSDK_CORE_PROJECT", "demo")
        .env("CLOUDSDK_CORE_DISABLE_PROMPTS", "1")
        .env("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        // What the client waits for comes to its end.
        stage.passes(Duration::from_secs(1));
        std::thread::sleep(Duration::from_millis(50));
    }
    let ran = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{}\n{out}\n{err}", case["run"]);
}

/// Says what is wrong with what is told of a change.
fn wrong(report: &Json, case: &Json) -> Vec<String> {
    let address = text(case, "object");
    let Some(finding) = of(report, address) else {
        return vec![format!("{address} is not found after {}", case["run"])];
    };
    let attributes = finding["attributes"].as_array().unwrap();
    let part = case["part"].as_str();
    let own = attributes.iter().find(|of| part.is_none_or(|part| of["name"] == *part));
    let Some(own) = own else {
        return vec![format!("{} is not named after {}: {finding:#}", case["part"], case["run"])];
    };
    let by = &own["by"];
    let who = case["who"].as_str().unwrap_or(WHO);
    let agent = by["agent"].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    // Of one bucket the log tells who touched it, not by which of the programs.
    let of_bucket = address.starts_with("google_storage_bucket");
    if by["who"] != who || !of_bucket && !agent.contains(text(case, "agent")) {
        wrong.push(format!("after {} it is told: {by}", case["run"]));
    }
    if finding["class"] != "person" || own["class"] != "person" {
        wrong.push(format!("{} is no person's: {finding:#}", case["run"]));
    }
    wrong
}

#[test]
fn what_is_changed_through_real_clients_is_found_named_attributed_and_can_be_written() {
    let mut wrong_ones = Vec::new();
    let mut seen = 0;
    let by_stack = cases(include_str!("clients.json"));
    for (stack, cases) in &by_stack {
        let cases = cases.iter().filter_map(|case| Some((case, client(text(case, "client"))?)));
        let cases: Vec<(&Json, PathBuf)> = cases.collect();
        if cases.is_empty() {
            continue;
        }
        seen += cases.len();
        let stage = Stage::made(stack);
        if stack == "workloads" {
            let words = ["kubeconfig", "google_container_cluster.main", "-out=kubeconfig"];
            assert_eq!(stage.run(&words).exit, 0);
        }
        for (case, client) in &cases {
            make(&stage, client, case);
            // A change takes its time, and the next of the same object must not begin before.
            stage.passes(Duration::from_secs(60));
        }
        stage.passes(Duration::from_secs(3600));
        let (exit, report) = stage.json(&["drift", "-json"]);
        assert_eq!(exit, 2, "{report:#}");
        wrong_ones.extend(cases.iter().flat_map(|(case, _)| wrong(&report, case)));

        let (_, report) = stage.json(&["drift", "-json", "-accept"]);
        let plan = stage.run(&["plan", "-detailed-exitcode"]);
        let texts = stage.texts();
        let written = cases.iter().map(|(case, _)| text(case, "writes"));
        let missing = written.filter(|wanted| !texts.contains(wanted));
        wrong_ones.extend(missing.map(|wanted| format!("{wanted} is not written:\n{texts}")));
        if plan.exit != 0 {
            let told = &report["accepted"];
            wrong_ones.push(format!("{stack}: after accepting: {}\n{told:#}\n{texts}", plan.out));
        }
    }

    assert!(wrong_ones.is_empty(), "{}", wrong_ones.join("\n"));
    let all: usize = by_stack.values().map(Vec::len).sum();
    assert!(all >= LEAST && seen <= all, "{all}");
}
