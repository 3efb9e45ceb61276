//! The real `kubectl` at the sandbox: what Terrane makes is no difference to it, and each version does what it does elsewhere.

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
use terrane::sandbox::server::Server;
use terrane::sandbox::world::World;

/// The kinds that the examples make.
const KINDS: &str = "namespaces,secrets,configmaps,services,deployments,statefulsets,jobs,ingresses,poddisruptionbudgets";

/// The packages that hold the program, by the generation of Kubernetes; all of it is run with the first that is there.
const PACKAGES: [&str; 5] = ["v35", "v34", "v33", "v32", "v31"];

/// Finds the programs, with the words by which each is told; says which are not there.
#[allow(clippy::print_stderr, reason = "what is left out for want of a program must be seen")]
fn kubectls() -> Vec<(String, PathBuf)> {
    let clients = std::env::temp_dir().join("terrane-clients/opt");
    let mut found = Vec::new();
    for package in PACKAGES {
        let place = clients.join(package).join("kubectl");
        match place.is_file() {
            true => found.push((package.to_owned(), place)),
            false => {
                eprintln!(
                    "NO KUBECTL of {package}: it is left out; `.ci/install-clients` brings it"
                );
            }
        }
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let own = std::env::split_paths(&folders).map(|folder| folder.join("kubectl"));
    found.extend(own.filter(|place| place.is_file()).take(1).map(|place| ("path".into(), place)));
    found
}

/// Serves a folder's world, and writes the kubeconfig of its cluster.
fn served(folder: &mut Folder, cluster: &str, speed: f64) -> (tokio::runtime::Runtime, Server) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let file = folder.path(".terrane/world.json");
    let world = World::open(Some(&file), speed, "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
    let server = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        serve(world, listener).await.unwrap()
    });
    folder.must(0, &["kubeconfig", cluster, "-sandbox", "-out=kubeconfig"]);
    (runtime, server)
}

fn run(kubectl: &Path, folder: &Folder, words: &[&str]) -> Output {
    Command::new(kubectl)
        .args(words)
        .current_dir(folder.inside.path())
        .env("HOME", folder.path("home"))
        .env("KUBECONFIG", folder.path("kubeconfig"))
        .env("EDITOR", "sed -i s/replicas:.0/replicas:\\ 1/")
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
    let Some((_, kubectl)) = kubectls().into_iter().next() else { return };
    for example in ["polls", "polls-manifests"] {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        let mut folder = Folder::of(&place);
        folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
        let (runtime, server) = served(&mut folder, "google_container_cluster.pollsapi", 4.0);

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

const CLUSTER: &str = r#"
provider "google" {
  project = "demo"
  region  = "europe-west1"
}

resource "google_project_service" "services" {
  for_each           = toset(["compute.googleapis.com", "container.googleapis.com"])
  service            = each.value
  disable_on_destroy = false
}

resource "google_container_cluster" "one" {
  name                = "one"
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false
  depends_on          = [google_project_service.services]
}
"#;

const APP: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: app, labels: {app: app}}
data: {a: b}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, labels: {app: app}}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers: [{name: c, image: example.com/c:1, ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: app, labels: {app: app}}
spec: {selector: {app: app}, ports: [{port: 80}]}
";

const LIST: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "listed"}}
]}"#;

/// What each version does with the application, with a part of what it says.
const LIFE: &[(&str, &str)] = &[
    ("apply -f app.yaml", "deployment.apps/app created"),
    ("diff -f app.yaml", ""),
    ("apply -f app.yaml", "service/app unchanged"),
    ("apply --server-side --force-conflicts -f app.yaml", "deployment.apps/app serverside-applied"),
    ("diff --server-side -f app.yaml", ""),
    ("rollout status deployment/app --timeout=60s", "successfully rolled out"),
    ("scale deployment/app --replicas=3", "deployment.apps/app scaled"),
    ("wait deployment/app --for=jsonpath={.status.readyReplicas}=3 --timeout=60s", "condition met"),
    ("get deployments", "3/3"),
    ("get deployment app -o jsonpath={.spec.replicas}", "3"),
    ("describe deployment app", "3 desired | 3 updated | 3 total | 3 available"),
    ("logs deployment/app", "started"),
    ("apply -f list.json", "configmap/listed created"),
    ("explain deployment.spec.replicas", "replicas <integer>"),
    ("set image deployment/app c=example.com/c:2", "image updated"),
    ("rollout status deployment/app --timeout=60s", "successfully rolled out"),
    ("rollout history deployment/app", "2 "),
    ("rollout undo deployment/app", "rolled back"),
    ("create configmap made --from-literal=a=b", "configmap/made created"),
    ("create role made --verb=get --resource=pods", "role.rbac.authorization.k8s.io/made created"),
    ("create job made --image=example.com/x:1 -- echo hi", "job.batch/made created"),
    ("wait job/made --for=condition=complete --timeout=60s", "condition met"),
    ("logs job/made", "hi"),
    ("label configmap made a=b", "labeled"),
    ("patch configmap made --type=merge -p {\"data\":{\"a\":\"c\"}}", "patched"),
    ("events --for deployment/app", "ScalingReplicaSet"),
    ("delete -f app.yaml --wait --timeout=60s", "deleted"),
    ("get all --ignore-not-found", "job.batch/made"),
];

/// What is made by words alone, and is then as a dry run of the client shows it.
const MADE: &[&str] = &[
    "create serviceaccount who",
    "create role r --verb=get,list --resource=pods,deployments.apps --resource-name=a",
    "create rolebinding rb --role=r --user=u --group=g --serviceaccount=default:who",
    "create clusterrole c --verb=get --non-resource-url=/healthz",
    "create clusterrole all --aggregation-rule=a=b",
    "create clusterrolebinding cb --clusterrole=c --user=u",
    "create deployment web --image=example.com/web:1 --replicas=0 --port=80",
    "create service clusterip web --tcp=80:8080",
    "create service nodeport np --tcp=80:named",
    "create service loadbalancer lb --tcp=80",
    "create service externalname en --external-name=example.com",
    "create ingress in --rule=foo.com/bar*=web:80,tls=s --annotation=a=b --default-backend=web:named",
    "create cronjob cj --image=example.com/x:1 --schedule=1/5|0|*|*|* --restart=OnFailure -- echo hi",
    "create job j --image=example.com/x:1 -- echo hi",
    "create job of --from=cronjob/cj",
    "create quota q --hard=pods=30 --scopes=NotTerminating",
    "create poddisruptionbudget least --selector=app=web --min-available=1",
    "create poddisruptionbudget most --selector=app=web --max-unavailable=50%",
    "create priorityclass pc --value=0 --description=x --preemption-policy=Never",
    "create secret generic s --from-literal=a=b --from-file=app.yaml",
    "create secret docker-registry dr --docker-server=x --docker-username=u --docker-password=p",
    "create configmap cm --from-literal=a=b --from-file=app.yaml",
    "create namespace other",
    "autoscale deployment web --min=1 --max=3",
    "run alone --image=example.com/x:1 --labels=a=b --env=A=B --port=80 --restart=Never --command -- sleep 99999",
    "expose deployment web --name=exposed --port=80 --target-port=8080 --type=NodePort",
];

/// What else is done by words, with a part of what is said; a `!` before it: the command fails.
const DONE: &[(&str, &str)] = &[
    ("create token who --duration=1h --audience=a", "."),
    ("create token who --bound-object-kind=Secret --bound-object-name=s", "."),
    ("set env deployment/web A=B", "env updated"),
    ("set resources deployment/web --limits=cpu=200m,memory=64Mi", "requirements updated"),
    ("set serviceaccount deployment/web who", "serviceaccount updated"),
    ("set selector service web app=other", "selector updated"),
    ("set subject rolebinding rb --user=v", "subjects updated"),
    ("annotate deployment web a=b", "annotated"),
    ("patch deployment web -p {\"spec\":{\"paused\":true}}", "patched"),
    (
        "patch deployment web --type=json -p [{\"op\":\"remove\",\"path\":\"/spec/paused\"}]",
        "patched",
    ),
    ("edit deployment web", "edited"),
    ("rollout pause deployment/web", "paused"),
    ("rollout resume deployment/web", "resumed"),
    ("rollout restart deployment/web", "restarted"),
    ("cordon NODE", "cordoned"),
    (
        "drain NODE --force --dry-run=server --pod-selector=a=b",
        "evicting pod default/alone (server dry run)",
    ),
    ("uncordon NODE", "uncordoned"),
    ("taint nodes NODE a=b:PreferNoSchedule", "tainted"),
    ("taint nodes NODE a-", "untainted"),
    ("get pod alone -o jsonpath={.metadata.deletionTimestamp}.", "."),
    ("auth can-i create pods", "yes"),
    ("auth can-i --list", "*.*"),
    ("auth whoami", "sandbox@terrane.dev"),
    ("api-resources", "deployments"),
    ("cluster-info", "is running at"),
    ("version", "Server Version"),
    ("top pod", "!Metrics API not available"),
    ("exec alone -- ls", "!the sandbox runs no containers"),
    ("describe quota,pdb,hpa,ingress,cronjob,job,svc,role,rolebinding,sa,secret,cm,node", "Name:"),
    ("delete pod alone --now", "deleted"),
    ("delete namespace other --timeout=60s", "deleted"),
];

/// Gives a command's words. A bar stands for a blank within a word.
fn words(command: &str) -> Vec<String> {
    command.split(' ').map(|word| word.replace('|', " ")).collect()
}

/// Names what is wanted and not there, leaving out what is empty, and the status, which is others' to tell.
fn lacks(wanted: &Json, found: &Json, path: &str) -> Vec<String> {
    match (wanted, found) {
        (Json::Null, _) => Vec::new(),
        (Json::Object(fields), _) => {
            let named = fields.iter().filter(|(name, _)| *name != "status");
            let below = |(name, value): (&String, &Json)| {
                lacks(value, found.get(name).unwrap_or(&Json::Null), &format!("{path}.{name}"))
            };
            named.flat_map(below).collect()
        }
        (Json::Array(items), Json::Array(others)) if items.len() == others.len() => {
            let both = items.iter().zip(others);
            both.flat_map(|(item, other)| lacks(item, other, &format!("{path}[]"))).collect()
        }
        _ if wanted == found => Vec::new(),
        _ => vec![format!("{path}: {wanted} became {found}")],
    }
}

/// A cluster that the program is tried at.
fn cluster() -> (Folder, tokio::runtime::Runtime, Server) {
    let mut folder = Folder::empty();
    fs::write(folder.path("main.tf"), CLUSTER).unwrap();
    fs::write(folder.path("app.yaml"), APP).unwrap();
    fs::write(folder.path("list.json"), LIST).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    let (runtime, server) = served(&mut folder, "google_container_cluster.one", 20.0);
    (folder, runtime, server)
}

/// Runs a command that must succeed; gives what it prints.
fn must(kubectl: &Path, folder: &Folder, words: &[String]) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = run(kubectl, folder, &words);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{} {words:?}\n{out}\n{err}", kubectl.display());
    out
}

#[test]
fn each_version_of_kubectl_goes_through_the_life_of_an_application() {
    let kubectls = kubectls();
    if kubectls.is_empty() {
        return;
    }
    let (folder, runtime, server) = cluster();
    for (name, kubectl) in &kubectls {
        let space = format!("by-{name}");
        must(kubectl, &folder, &words(&format!("create namespace {space}")));
        for (command, part) in LIFE {
            let there = ["--namespace".to_owned(), space.clone()];
            // What comes after a bare `--` is the container's.
            let words = [&there[..], &words(command)].concat();
            let out = must(kubectl, &folder, &words);
            assert!(out.contains(part), "{name} {command}: {out}");
            assert!(!command.starts_with("diff") || out.is_empty(), "{name} {command}: {out}");
        }
    }
    runtime.block_on(server.stop()).unwrap();
}

#[test]
fn what_kubectl_makes_by_words_is_what_its_dry_run_shows() {
    let Some((_, kubectl)) = kubectls().into_iter().next() else { return };
    let (folder, runtime, server) = cluster();
    let mut wrong = Vec::new();
    for command in MADE {
        let words = words(command);
        let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let dry = ["--dry-run=client".to_owned(), "--output=json".to_owned()];
        let shown = must(&kubectl, &folder, &[&words[..at], &dry, &words[at..]].concat());
        let wanted: Json = serde_json::from_str(&shown).unwrap();
        must(&kubectl, &folder, &words);
        let part = |pointer: &str| wanted.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let version = part("/apiVersion");
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let kind = format!("{}.{version}.{group}", part("/kind"));
        let asked = ["get".to_owned(), kind, part("/metadata/name"), "--output=json".to_owned()];
        let found: Json = serde_json::from_str(&must(&kubectl, &folder, &asked)).unwrap();
        wrong.extend(lacks(&wanted, &found, &format!("{command}: ")));
    }
    let nodes = must(&kubectl, &folder, &words("get nodes -o jsonpath={.items[0].metadata.name}"));
    for (command, part) in DONE {
        let words = words(&command.replace("NODE", &nodes));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = run(&kubectl, &folder, &words);
        let said = [ran.stdout, ran.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let fails = part.starts_with('!');
        if ran.status.success() == fails || !said.contains(part.trim_start_matches('!')) {
            wrong.push(format!("{command}: {said}"));
        }
    }
    runtime.block_on(server.stop()).unwrap();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
