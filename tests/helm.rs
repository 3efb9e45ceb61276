//! Charts by the real helm programs against the sandbox: all of it with one of each generation, a life cycle with each version.

#[path = "support/charts.rs"]
mod charts;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/helm.rs"]
mod helm;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::process::Command;

use charts::{Charts, PASSWORD, USER};
use folder::{Folder, send};
use serde_json::{Value as Json, json};
use terrane::http::Method;
use terrane::sandbox::serve;
use terrane::sandbox::world::World;

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
  name                = var.cluster
  location            = "europe-west1-b"
  initial_node_count  = 1
  deletion_protection = false
  depends_on          = [google_project_service.services]
}

variable "cluster" {
  default = "one"
}

data "google_client_config" "me" {}

provider "helm" {
  kubernetes = {
    host                   = "https://${google_container_cluster.one.endpoint}"
    token                  = data.google_client_config.me.access_token
    cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
  }
}
"#;

const RELEASE: &str = r#"
variable "image" {
  default = "example.com/web:1"
}

# The Secret that the pods need.
variable "needs" {
  default = "web"
}

variable "timeout" {
  default = 300
}

variable "secret" {
  default   = "hunter2,of{the}test"
  sensitive = true
}

variable "replicas" {
  default = 1
}

resource "helm_release" "web" {
  name      = "web"
  chart     = "./chart"
  namespace = "default"
  timeout   = var.timeout

  set = [
    { name = "image", value = var.image },
    { name = "replicas", value = var.replicas },
    { name = "needs", value = var.needs },
  ]

  set_sensitive = [
    { name = "password", value = var.secret, type = "literal" },
  ]
}
"#;

const TEMPLATE: &str = r#"apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}
stringData:
  password: {{ .Values.password | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  url: "postgres://web:{{ .Values.password }}@db/web"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: web
          image: {{ .Values.image }}
          envFrom:
            - secretRef: {name: {{ .Values.needs }}}
"#;

const HOOK: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-check
  annotations:
    helm.sh/hook: post-install
    helm.sh/hook-delete-policy: hook-succeeded
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: check
          image: example.com/check:1
          command: ["true"]
"#;

const DATA: &str = r#"
data "helm_template" "web" {
  name   = "web"
  chart  = "./chart"
  values = [yamlencode({ image = "example.com/web:2" })]
}

locals {
  documents = split("---", data.helm_template.web.manifests["templates/all.yaml"])
}

output "image" {
  value = one([for text in local.documents : yamldecode(text).spec.template.spec.containers[0].image if strcontains(text, "kind: Deployment")])
}
"#;

/// Makes the folder of a test: a cluster, a release in it, and its chart.
fn made(helm: &Path) -> Folder {
    let mut folder = Folder::empty();
    let home = folder.path("home").display().to_string();
    // Whoever falls back on what is about finds nothing there.
    for (name, value) in [
        ("TERRANE_HELM", helm.display().to_string()),
        ("HOME", home),
        ("KUBECONFIG", "/nowhere/of/ours".to_string()),
    ] {
        folder.variables.insert(name.into(), value);
    }
    write(&folder, "main.tf", &format!("{CLUSTER}{RELEASE}"));
    write(&folder, "chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
    write(&folder, "chart/values.yaml", "image: x\nneeds: web\npassword: ''\nreplicas: 1\n");
    write(&folder, "chart/templates/all.yaml", TEMPLATE);
    folder
}

fn write(folder: &Folder, name: &str, text: &str) {
    let path = folder.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs a command that must fail, and gives what it says.
fn fails(folder: &mut Folder, arguments: &[&str]) -> String {
    let ran = folder.run(arguments);
    assert_eq!(ran.exit, 1, "{arguments:?}\n{}\n{}", ran.out, ran.err);
    // Lines are broken anywhere.
    let words: Vec<&str> = ran.err.split_whitespace().filter(|word| *word != "│").collect();
    words.join(" ")
}

fn apply(folder: &mut Folder, more: &[&str]) -> String {
    folder.must(0, &[&["apply", "-sandbox", "-auto-approve"], more].concat())
}

/// Gives the release as the state has it.
fn release(folder: &Folder) -> Json {
    let state = folder.state();
    let resources = state["resources"].as_array().unwrap();
    let found = resources.iter().find(|found| found["type"] == "helm_release");
    found.map_or(Json::Null, |found| found["instances"][0].clone())
}

/// Sends a request to the cluster behind the program's back.
fn behind(folder: &Folder, method: &Method, path: &str, body: Option<&Json>) -> Json {
    let mut found = Json::Null;
    folder.behind(|world| {
        let url = format!("https://127.0.0.1:{}{path}", world.running()[0].1);
        let body = body.map(|body| ("application/merge-patch+json", body.clone()));
        found = send(world, method.clone(), &url, body);
    });
    found
}

/// Names the objects of a collection of the cluster's namespace `default`.
fn names(folder: &Folder, collection: &str) -> Vec<String> {
    let list = behind(folder, &Method::GET, collection, None);
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["metadata"]["name"].as_str().unwrap().to_string()).collect()
}

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const SECRETS: &str = "/api/v1/namespaces/default/secrets";
const EMPTY: &[&str] = &["plan", "-sandbox", "-detailed-exitcode"];

/// Runs a test with each helm.
fn each(test: impl Fn(u32, &mut Folder)) {
    for (major, helm) in helm::helms() {
        test(major, &mut made(&helm));
    }
}

#[test]
fn a_release_is_applied_with_its_cluster_planned_empty_changed_and_destroyed() {
    each(|major, folder| {
        write(folder, "chart/templates/hook.yaml", HOOK);
        let two = ["-var", "replicas=2"];

        let plan = folder.must(2, EMPTY);
        apply(folder, &[]);
        folder.must(0, EMPTY);
        folder.must(0, &["drift", "-sandbox"]);
        let changed = folder.must(2, &[EMPTY, &two].concat());
        apply(folder, &two);
        folder.must(0, &[EMPTY, &two].concat());
        let kept = release(folder)["attributes"].clone();
        let deployed = behind(folder, &Method::GET, &format!("{DEPLOYMENTS}/web"), None);
        folder.must(0, &["destroy", "-sandbox", "-auto-approve", "-target=helm_release.web"]);

        assert!(plan.contains("apps/v1/Deployment/default/web"), "helm {major}: {plan}");
        assert!(changed.contains("= 1 -> 2"), "helm {major}: {changed}");
        assert!(!changed.contains("set_sensitive"), "helm {major}: {changed}");
        assert_eq!(kept["status"], "deployed", "helm {major}");
        assert_eq!(kept["metadata"]["revision"], 2, "helm {major}");
        assert_eq!(deployed["spec"]["replicas"], 2, "helm {major}");
        assert!(names(folder, DEPLOYMENTS).is_empty(), "helm {major}");
    });
}

#[test]
fn no_secret_is_printed_or_kept_in_what_is_rendered() {
    each(|major, folder| {
        write(folder, "chart/templates/NOTES.txt", "The password is {{ .Values.password }}.\n");

        folder.must(0, &["plan", "-sandbox"]);
        apply(folder, &[]);
        folder.must(0, &["plan", "-sandbox", "-var", "replicas=2"]);
        folder.must(0, &["show"]);
        folder.must(0, &["show", "-json"]);
        folder.must(0, &["state", "show", "helm_release.web"]);

        let kept = release(folder)["attributes"].clone();
        let rendered = format!("{}{}", kept["resources"], kept["metadata"]);
        for text in [&folder.printed, &rendered] {
            assert!(!text.contains("hunter2"), "helm {major}: {text}");
            assert!(!text.contains("aHVudGVyM"), "helm {major}: {text}");
        }
        assert!(rendered.contains("(sensitive value)@db"), "helm {major}: {rendered}");
    });
}

#[test]
fn a_release_that_fails_does_not_count_as_applied_and_the_next_apply_mends_it() {
    each(|major, folder| {
        // Its pods wait for a Secret that never comes.
        let broken = ["-var", "needs=nothing", "-var", "timeout=4"];
        let broken = [&["apply", "-sandbox", "-auto-approve"], &broken[..]].concat();

        let failed = fails(folder, &broken);
        let kept = release(folder);
        let anew = folder.must(2, EMPTY);
        apply(folder, &[]);
        folder.must(0, EMPTY);
        let again = folder.must(2, &[EMPTY, &["-replace=helm_release.web"]].concat());
        folder.printed.clear();
        let upgrade = fails(folder, &broken);
        let end = folder.printed.clone();
        let plan = folder.must(2, EMPTY);
        apply(folder, &[]);
        folder.must(0, EMPTY);

        assert!(failed.contains("Helm release failed"), "helm {major}: {failed}");
        assert!(failed.contains("CreateContainerConfigError"), "helm {major}: {failed}");
        assert_eq!(kept["status"], "tainted", "helm {major}");
        // What is made anew is told object by object too.
        for plan in [anew, again] {
            assert!(plan.contains("replaced"), "{plan}");
            let resources = plan.lines().find(|line| line.contains(" resources "));
            let open = resources.is_some_and(|line| line.contains("known after apply"));
            assert!(resources.is_none() || !open, "helm {major}: {plan}");
        }
        assert!(upgrade.contains("could not be upgraded"), "helm {major}: {upgrade}");
        assert!(upgrade.contains("is \"failed\""), "helm {major}: {upgrade}");
        assert!(end.contains("may be done in part"), "helm {major}: {end}");
        assert!(plan.contains("\"failed\" -> \"deployed\""), "helm {major}: {plan}");
    });
}

#[test]
fn what_is_changed_or_removed_in_the_cluster_is_drift_and_is_mended() {
    each(|major, folder| {
        let web = format!("{DEPLOYMENTS}/web");
        apply(folder, &[]);

        behind(folder, &Method::PATCH, &web, Some(&json!({"spec": {"replicas": 4}})));
        behind(folder, &Method::DELETE, &format!("{MAPS}/web"), None);
        let drift = folder.must(2, &["drift", "-sandbox"]);
        apply(folder, &[]);
        folder.must(0, EMPTY);
        let mended = behind(folder, &Method::GET, &web, None);

        assert!(drift.contains("replicas") && drift.contains("ConfigMap"), "helm {major}: {drift}");
        assert_eq!(mended["spec"]["replicas"], 1, "helm {major}");
        assert!(names(folder, MAPS).contains(&"web".to_string()), "helm {major}");
    });
}

#[test]
fn a_release_that_is_there_is_imported_and_one_that_is_gone_is_made_anew() {
    each(|major, folder| {
        apply(folder, &[]);
        folder.must(0, &["state", "rm", "helm_release.web"]);

        let taken = fails(folder, &["apply", "-sandbox", "-auto-approve"]);
        folder.must(0, &["import", "-sandbox", "helm_release.web", "default/web"]);
        apply(folder, &[]);
        folder.must(0, EMPTY);
        let kept: Vec<String> = names(folder, SECRETS);
        for name in kept.iter().filter(|name| name.starts_with("sh.helm.release")) {
            behind(folder, &Method::DELETE, &format!("{SECRETS}/{name}"), None);
        }
        let plan = folder.must(2, EMPTY);

        assert!(taken.contains("exists already"), "helm {major}: {taken}");
        assert!(plan.contains("1 to add"), "helm {major}: {plan}");
    });
}

#[test]
fn a_release_that_is_taken_over_shows_no_secret() {
    each(|major, folder| {
        let import = "import {\n  to = helm_release.web\n  id = \"default/web\"\n}\n";
        write(folder, "chart/templates/NOTES.txt", "The password is {{ .Values.password }}.\n");
        apply(folder, &[]);
        folder.must(0, &["state", "rm", "helm_release.web"]);
        write(folder, "main.tf", &format!("{CLUSTER}{RELEASE}{import}"));

        let same = folder.must(0, &["plan", "-sandbox"]);
        let other = folder.must(0, &["plan", "-sandbox", "-var", "secret=swordfish"]);
        folder.must(0, &["plan", "-sandbox", "-json"]);
        apply(folder, &["-var", "secret=swordfish"]);
        folder.must(0, &["show"]);
        folder.must(0, &["plan", "-sandbox", "-var", "secret=swordfish", "-detailed-exitcode"]);

        assert!(same.contains("1 to import"), "helm {major}: {same}");
        assert!(other.contains("another sensitive value"), "helm {major}: {other}");
        let kept = release(folder)["attributes"].clone();
        let rendered = format!("{}{}", kept["resources"], kept["metadata"]);
        for secret in ["hunter2", "aHVudGVyM", "swordfish"] {
            for text in [&folder.printed, &rendered] {
                let shown = text.lines().find(|line| line.contains(secret));
                assert_eq!(shown, None, "helm {major}: {text}");
            }
        }
    });
}

/// What the cluster knows, and words that YAML has for truths.
const ODD: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: odd
data:
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  answer: {{ .Values.answer | quote }}
  n: "{{ index .Values "false" }}"
  "yes": "y"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: odd
spec:
  replicas: 0
  paused: n
  selector:
    matchLabels: {app: odd}
  template:
    metadata:
      labels: {app: odd}
    spec:
      automountServiceAccountToken: off
      containers:
        - name: web
          image: example.com/web:1
          image: example.com/web:2
"#;

#[test]
fn a_chart_is_asked_of_its_cluster_and_read_as_helm_reads_it() {
    each(|major, folder| {
        write(folder, "chart/templates/odd.yaml", ODD);
        let given = "  values = [\"answer: y\\nn: on\\n\"]\n\n  set = [";
        write(folder, "main.tf", &format!("{CLUSTER}{}", RELEASE.replacen("  set = [", given, 1)));

        apply(folder, &[]);
        folder.must(0, EMPTY);
        let two = folder.must(2, &[EMPTY, &["-var", "replicas=2"]].concat());
        let found = behind(folder, &Method::GET, &format!("{MAPS}/odd"), None);

        assert!(!two.contains("ConfigMap/default/odd"), "helm {major}: {two}");
        assert_eq!(found["data"]["answer"], "true", "helm {major}: {found}");
        assert_eq!(found["data"]["false"], "true", "helm {major}: {found}");
        assert_eq!(found["data"]["yes"], "y", "helm {major}: {found}");
    });
}

#[test]
fn a_release_with_hooks_of_its_removal_is_uninstalled_before_its_cluster_goes() {
    each(|major, folder| {
        apply(folder, &[]);
        let without = folder.must(0, &["plan", "-sandbox", "-destroy"]);
        let parting = HOOK.replace("post-install", "post-upgrade, pre-delete");
        write(folder, "chart/templates/hook.yaml", &parting);
        apply(folder, &["-var", "replicas=2"]);

        let with = folder.must(0, &["plan", "-sandbox", "-destroy"]);
        let quiet = folder.must(0, &["destroy", "-sandbox", "-auto-approve"]);

        assert!(without.contains("goes down with"), "helm {major}: {without}");
        assert!(!with.contains("goes down with"), "helm {major}: {with}");
        let at = |text: &str| quiet.find(text).unwrap_or_else(|| panic!("{text}: {quiet}"));
        assert!(
            at("helm_release.web: Destruction complete")
                < at("google_container_cluster.one: Destroying"),
            "helm {major}"
        );
    });
}

#[test]
fn a_cluster_that_is_made_anew_takes_its_releases_along() {
    each(|major, folder| {
        let two = ["-var", "cluster=two"];
        apply(folder, &[]);

        let plan = folder.must(2, &[EMPTY, &two].concat());
        apply(folder, &two);
        folder.must(0, &[EMPTY, &two].concat());

        assert!(plan.contains("helm_release.web"), "helm {major}: {plan}");
        assert!(plan.contains("2 to add, 0 to change, 1 to destroy"), "helm {major}: {plan}");
        assert_eq!(release(folder)["attributes"]["metadata"]["revision"], 1, "helm {major}");
    });
}

#[test]
fn a_chart_is_rendered_by_the_data_source() {
    each(|major, folder| {
        write(folder, "main.tf", DATA);

        let applied = apply(folder, &[]);

        assert!(applied.contains("image = \"example.com/web:2\""), "helm {major}: {applied}");
    });
}

#[test]
fn a_chart_that_cannot_be_rendered_is_told_before_anything_is_made() {
    each(|major, folder| {
        let bad = "{{ required \"a colour is needed\" .Values.colour }}\n";
        write(folder, "chart/templates/bad.yaml", bad);

        let told = fails(folder, &["plan", "-sandbox"]);

        assert!(told.contains("a colour is needed"), "helm {major}: {told}");
    });
}

/// Gives the configuration with a release whose chart is elsewhere.
fn from_elsewhere(chart: &str, password: &str) -> String {
    let login = format!("repository_username = \"{USER}\"\n  repository_password = \"{password}\"");
    let release = format!(
        "resource \"helm_release\" \"web\" {{\n  name = \"web\"\n  {chart}\n  repository_ca_file = \"ca.pem\"\n  {login}\n  \
         set = [{{ name = \"image\", value = \"example.com/web:1\" }}]\n}}\n"
    );
    format!("{CLUSTER}{release}")
}

#[test]
fn a_chart_is_taken_from_an_archive_a_repository_or_a_registry() {
    for (major, helm) in helm::helms() {
        let mut folder = made(&helm);
        run(&helm, &folder, &["package", "chart"]);
        let archive = fs::read(folder.path("web-0.1.0.tgz")).unwrap();
        let charts = Charts::serve(&archive, "web", "0.1.0");
        let port = charts.port;
        write(&folder, "ca.pem", &charts.authority);

        for chart in [
            "chart = \"./web-0.1.0.tgz\"".to_string(),
            format!("chart = \"web\"\n  repository = \"https://127.0.0.1:{port}/charts\""),
            format!(
                "chart = \"web\"\n  repository = \"oci://127.0.0.1:{port}/charts\"\n  version = \"0.1.0\""
            ),
            format!("chart = \"oci://127.0.0.1:{port}/charts/web\""),
        ] {
            charts.asked.lock().unwrap().clear();
            write(&folder, "main.tf", &from_elsewhere(&chart, PASSWORD));
            let plan = folder.must(2, EMPTY);
            apply(&mut folder, &[]);
            folder.must(0, EMPTY);
            let kept = release(&folder)["attributes"].clone();
            folder.must(0, &["destroy", "-sandbox", "-auto-approve", "-target=helm_release.web"]);

            let elsewhere = chart.contains("127.0.0.1");
            assert_ne!(elsewhere, charts.asked.lock().unwrap().is_empty(), "helm {major} {chart}");
            assert!(
                plan.contains("apps/v1/Deployment/default/web"),
                "helm {major} {chart}: {plan}"
            );
            assert_eq!(kept["metadata"]["version"], "0.1.0", "helm {major} {chart}");
            assert_eq!(kept["version"], "0.1.0", "helm {major} {chart}");

            // Without the right password it is told where it was asked for, and not with what.
            write(&folder, "main.tf", &from_elsewhere(&chart, "wr0ng-password"));
            let ran = folder.run(&["plan", "-sandbox"]);
            assert_eq!(
                ran.exit,
                u8::from(elsewhere),
                "helm {major} {chart}: {}{}",
                ran.out,
                ran.err
            );
            assert!(!elsewhere || ran.err.contains("401"), "helm {major} {chart}: {}", ran.err);
        }
        let alone = format!("chart = \"https://127.0.0.1:{port}/charts/web-0.1.0.tgz\"");
        write(&folder, "main.tf", &from_elsewhere(&alone, PASSWORD));
        let told = fails(&mut folder, &["validate"]);
        assert!(told.contains("Login without a repository"), "helm {major}: {told}");
        for secret in [PASSWORD, "wr0ng-password"] {
            let shown = folder.printed.lines().find(|line| line.contains(secret));
            assert_eq!(shown, None, "helm {major}");
        }
    }
}

/// Runs helm itself; gives what it prints.
fn run(helm: &Path, folder: &Folder, words: &[&str]) -> String {
    let ran = Command::new(helm)
        .args(words)
        .args(["--namespace", "shop"])
        .current_dir(folder.inside.path())
        .env("HOME", folder.path("home"))
        .env("KUBECONFIG", folder.path("kubeconfig"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{} {words:?}\n{out}\n{err}", helm.display());
    out
}

#[test]
fn the_sandbox_serves_helm_itself() {
    for (_, helm) in helm::all() {
        let mut folder = made(&helm);
        apply(&mut folder, &["-target=google_container_cluster.one"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let file = folder.path(".terrane/world.json");
        // Four seconds pass in one: what is waited for comes soon, and the token lasts.
        let world = World::open(Some(&file), 4.0, "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            serve(world, listener).await.unwrap()
        });
        let cluster = "google_container_cluster.one";
        folder.must(0, &["kubeconfig", cluster, "-sandbox", "-out=kubeconfig"]);
        let set = ["--set", "image=example.com/web:1", "--wait"];
        let run = |words: &[&str]| run(&helm, &folder, words);

        run(&[&["install", "web", "./chart", "--create-namespace"], &set[..]].concat());
        let listed = run(&["list"]);
        let status = run(&["status", "web"]);
        run(&[&["upgrade", "web", "./chart", "--set", "replicas=3"], &set[..]].concat());
        let values = run(&["get", "values", "web"]);
        run(&["rollback", "web", "1", "--wait"]);
        let history = run(&["history", "web"]);
        let manifest = run(&["get", "manifest", "web"]);
        let rendered = run(&["template", "web", "./chart", "--set", "image=example.com/web:1"]);
        run(&["uninstall", "web", "--wait"]);
        let left = run(&["list", "--short"]);
        runtime.block_on(server.stop()).unwrap();

        assert!(listed.contains("web-0.1.0") && listed.contains("deployed"), "{listed}");
        assert!(status.contains("STATUS: deployed"), "{status}");
        assert!(values.contains("replicas: 3"), "{values}");
        assert!(history.contains("Rollback to 1"), "{history}");
        assert_eq!(manifest.trim(), rendered.trim());
        assert!(left.trim().is_empty(), "{left}");
    }
}
