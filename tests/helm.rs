//! Charts by the real helm programs, of each generation that is there, against the sandbox.

#[path = "support/helm.rs"]
mod helm;
#[path = "support/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use program::{Ran, program};
use serde_json::{Value as Json, json};
use terrane::cli::Environment;
use terrane::http::{HeaderValue, Method, Request};
use terrane::sandbox::Service;
use terrane::sandbox::world::World;

const START: &str = "2026-01-02T03:04:05Z";

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
  timeout   = 4

  set = [
    { name = "image", value = var.image },
    { name = "replicas", value = var.replicas },
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

struct Folder {
    inside: tempfile::TempDir,
    helm: PathBuf,
    printed: String,
}

impl Folder {
    fn new(helm: &Path) -> Folder {
        let inside = tempfile::tempdir().unwrap();
        let folder = Folder { inside, helm: helm.to_path_buf(), printed: String::new() };
        folder.write("main.tf", &format!("{CLUSTER}{RELEASE}"));
        folder.write("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
        folder.write("chart/values.yaml", "image: x\npassword: ''\nreplicas: 1\n");
        folder.write("chart/templates/all.yaml", TEMPLATE);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.inside.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&mut self, arguments: &[&str]) -> Ran {
        let home = self.inside.path().join("home");
        let variables = BTreeMap::from([
            ("TERRANE_HELM".to_string(), self.helm.display().to_string()),
            ("HOME".to_string(), home.display().to_string()),
            ("KUBECONFIG".to_string(), "/nowhere/of/ours".to_string()),
        ]);
        let environment = Environment {
            variables,
            cwd: self.inside.path().to_owned(),
            home: Some(home),
            sandbox_start: Some(START.parse().unwrap()),
            ..Environment::default()
        };
        let ran = program(&environment, arguments.iter().copied(), 100);
        self.printed += &ran.out;
        self.printed += &ran.err;
        ran
    }

    fn must(&mut self, exit: u8, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.exit, exit, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        ran.out + &ran.err
    }

    fn apply(&mut self, more: &[&str]) -> String {
        self.must(0, &[&["apply", "-sandbox", "-auto-approve"], more].concat())
    }

    fn release(&self) -> Json {
        let text = fs::read_to_string(self.inside.path().join("terraform.tfstate")).unwrap();
        let state: Json = serde_json::from_str(&text).unwrap();
        let resources = state["resources"].as_array().unwrap();
        let found = resources.iter().find(|found| found["type"] == "helm_release");
        found.map_or(Json::Null, |found| found["instances"][0].clone())
    }

    fn behind(&self, method: Method, path: &str, body: Option<Json>) -> (u16, Json) {
        let file = self.inside.path().join(".terrane/world.json");
        let world = World::open(Some(&file), 0.0, START.parse().unwrap()).unwrap();
        let found = send(&world, method, path, body);
        world.save().unwrap();
        found
    }
}

fn send(world: &Arc<World>, method: Method, path: &str, body: Option<Json>) -> (u16, Json) {
    let url = format!("https://127.0.0.1:{}{path}", world.running()[0].1);
    let mut request = Request::new(method, url);
    if let Some(body) = body {
        request = request.json(&body);
        let kind = HeaderValue::from_static("application/merge-patch+json");
        request.headers.insert("content-type", kind);
    }
    let token = world.mint_token(Duration::from_secs(600));
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    request.headers.insert("authorization", bearer);
    let answer = world.answer(&request);
    let json = serde_json::from_slice(answer.bytes()).unwrap_or(Json::Null);
    (answer.status.as_u16(), json)
}

/// Runs a test with each helm.
fn each(test: impl Fn(u32, &mut Folder)) {
    for (major, helm) in helm::helms() {
        test(major, &mut Folder::new(&helm));
    }
}

#[test]
fn a_release_is_applied_with_its_cluster_planned_empty_changed_and_destroyed() {
    each(|major, folder| {
        folder.write("chart/templates/hook.yaml", HOOK);

        let plan = folder.must(2, &["plan", "-sandbox", "-detailed-exitcode"]);
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
        folder.must(0, &["drift", "-sandbox"]);
        let changed = folder.must(0, &["plan", "-sandbox", "-var", "replicas=2"]);
        folder.apply(&["-var", "replicas=2"]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode", "-var", "replicas=2"]);
        let kept = folder.release();
        let path = "/apis/apps/v1/namespaces/default/deployments/web";
        let deployed = folder.behind(Method::GET, path, None);
        folder.must(0, &["destroy", "-sandbox", "-auto-approve", "-target=helm_release.web"]);

        assert!(plan.contains("apps/v1/Deployment/default/web"), "helm {major}: {plan}");
        assert!(
            changed.contains("~ replicas") && changed.contains("1 -> 2"),
            "helm {major}: {changed}"
        );
        assert_eq!(kept["attributes"]["status"], "deployed");
        assert_eq!(kept["attributes"]["metadata"]["revision"], 2);
        assert_eq!(deployed.1["spec"]["replicas"], 2);
        assert_eq!(folder.behind(Method::GET, path, None).0, 404, "helm {major}");
    });
}

#[test]
fn no_secret_is_printed_or_kept_in_what_is_rendered() {
    each(|major, folder| {
        folder.write("chart/templates/NOTES.txt", "The password is {{ .Values.password }}.\n");

        folder.must(0, &["plan", "-sandbox"]);
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-var", "replicas=2"]);
        folder.must(0, &["show"]);
        folder.must(0, &["show", "-json"]);
        folder.must(0, &["state", "show", "helm_release.web"]);

        let kept = folder.release()["attributes"].clone();
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
        let failed = folder
            .must(1, &["apply", "-sandbox", "-auto-approve", "-var", "image=example.com/web:fail"]);
        let kept = folder.release();
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
        let upgrade = folder
            .must(1, &["apply", "-sandbox", "-auto-approve", "-var", "image=example.com/web:fail"]);
        let plan = folder.must(2, &["plan", "-sandbox", "-detailed-exitcode"]);
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);

        assert!(failed.contains("Helm release failed"), "helm {major}: {failed}");
        assert!(failed.contains("fails on purpose"), "helm {major}: {failed}");
        assert_eq!(kept["status"], "tainted", "helm {major}");
        assert!(upgrade.contains("could not be upgraded"), "helm {major}: {upgrade}");
        assert!(plan.contains("\"failed\" -> \"deployed\""), "helm {major}: {plan}");
    });
}

#[test]
fn what_is_changed_or_removed_in_the_cluster_is_drift_and_is_mended() {
    each(|major, folder| {
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);

        let path = "/apis/apps/v1/namespaces/default/deployments/web";
        folder.behind(Method::PATCH, path, Some(json!({"spec": {"replicas": 4}})));
        let map = "/api/v1/namespaces/default/configmaps/web";
        folder.behind(Method::DELETE, map, None);
        let drift = folder.must(2, &["drift", "-sandbox"]);
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
        let mended = folder.behind(Method::GET, path, None).1;

        assert!(drift.contains("replicas") && drift.contains("ConfigMap"), "helm {major}: {drift}");
        assert_eq!(mended["spec"]["replicas"], 1, "helm {major}");
        assert_eq!(folder.behind(Method::GET, map, None).0, 200, "helm {major}");
    });
}

#[test]
fn a_release_that_is_there_is_imported_and_one_that_is_gone_is_made_anew() {
    each(|major, folder| {
        folder.apply(&[]);
        folder.must(0, &["state", "rm", "helm_release.web"]);
        let taken = folder.must(1, &["apply", "-sandbox", "-auto-approve"]);
        folder.must(0, &["import", "-sandbox", "helm_release.web", "default/web"]);
        folder.apply(&[]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);

        let revision = folder.release()["attributes"]["metadata"]["revision"].as_i64().unwrap();
        for revision in 1..=revision {
            let secret =
                format!("/api/v1/namespaces/default/secrets/sh.helm.release.v1.web.v{revision}");
            folder.behind(Method::DELETE, &secret, None);
        }
        let plan = folder.must(2, &["plan", "-sandbox", "-detailed-exitcode"]);

        assert!(taken.contains("exists already"), "helm {major}: {taken}");
        assert!(plan.contains("1 to add"), "helm {major}: {plan}");
    });
}

#[test]
fn a_cluster_that_is_made_anew_takes_its_releases_along() {
    each(|major, folder| {
        folder.apply(&[]);

        let plan = folder.must(0, &["plan", "-sandbox", "-var", "cluster=two"]);
        folder.apply(&["-var", "cluster=two"]);
        folder.must(0, &["plan", "-sandbox", "-detailed-exitcode", "-var", "cluster=two"]);

        assert!(plan.contains("helm_release.web will be created"), "helm {major}: {plan}");
        assert_eq!(folder.release()["attributes"]["metadata"]["revision"], 1, "helm {major}");
    });
}

#[test]
fn a_chart_is_rendered_by_the_data_source() {
    each(|major, folder| {
        let data = r#"
data "helm_template" "web" {
  name   = "web"
  chart  = "./chart"
  values = [yamlencode({ image = "example.com/web:2" })]
}

output "image" {
  value = yamldecode(split("---", data.helm_template.web.manifests["templates/all.yaml"])[3]).spec.template.spec.containers[0].image
}
"#;
        folder.write("main.tf", data);

        let applied = folder.apply(&[]);

        assert!(applied.contains("image = \"example.com/web:2\""), "helm {major}: {applied}");
    });
}

#[test]
fn a_chart_that_cannot_be_rendered_is_told_before_anything_is_made() {
    each(|major, folder| {
        folder.write(
            "chart/templates/bad.yaml",
            "{{ required \"a colour is needed\" .Values.colour }}\n",
        );

        let told = folder.must(1, &["plan", "-sandbox"]);

        assert!(told.contains("a colour is needed"), "helm {major}: {told}");
    });
}
