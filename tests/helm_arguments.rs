//! What each argument of a release does, by the real helm programs of each generation that is there, against the sandbox.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/helm.rs"]
mod helm;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::Path;

use folder::{Folder, send};
use serde_json::Value as Json;
use terrane::http::Method;

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

data "google_client_config" "me" {}

provider "helm" {
  kubernetes = {
    host                   = "https://${google_container_cluster.one.endpoint}"
    token                  = data.google_client_config.me.access_token
    cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
  }
}

provider "kubernetes" {
  host                   = "https://${google_container_cluster.one.endpoint}"
  token                  = data.google_client_config.me.access_token
  cluster_ca_certificate = base64decode(google_container_cluster.one.master_auth[0].cluster_ca_certificate)
}
"#;

/// A chart of one ConfigMap that has all of its values.
const TEMPLATE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  values: {{ toJson .Values | quote }}
"#;

/// Makes the folder of a test: a cluster, and a chart.
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
    write(&folder, "chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
    write(&folder, "chart/values.yaml", "size: 1\nlist: [a]\n");
    write(&folder, "chart/templates/all.yaml", TEMPLATE);
    folder
}

fn write(folder: &Folder, name: &str, text: &str) {
    let path = folder.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes the configuration: a release with these arguments, and what stands beside it.
fn configure(folder: &Folder, arguments: &str, beside: &str) {
    let release = format!(
        "resource \"helm_release\" \"web\" {{\n  name  = \"web\"\n  chart = \"./chart\"\n  {arguments}\n}}\n"
    );
    write(folder, "main.tf", &format!("{CLUSTER}{release}{beside}"));
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

fn is_idle(folder: &mut Folder) {
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
}

/// Sends a request to the cluster behind the program's back.
fn behind(folder: &Folder, method: &Method, path: &str) -> Json {
    let mut found = Json::Null;
    folder.behind(|world| {
        let url = format!("https://127.0.0.1:{}{path}", world.running()[0].1);
        found = send(world, method.clone(), &url, None);
    });
    found
}

/// Gives the values that the release was rendered with.
fn values(folder: &Folder, namespace: &str) -> Json {
    let map =
        behind(folder, &Method::GET, &format!("/api/v1/namespaces/{namespace}/configmaps/web"));
    serde_json::from_str(map["data"]["values"].as_str().unwrap()).unwrap()
}

/// Runs a test with each helm.
fn each(test: impl Fn(u32, &mut Folder)) {
    for (major, helm) in helm::helms() {
        test(major, &mut made(&helm));
    }
}

#[test]
fn a_release_is_made_anew_with_its_namespace() {
    let namespace = r#"
resource "kubernetes_namespace_v1" "shop" {
  metadata {
    name = "shop"
  }
}
"#;
    each(|major, folder| {
        configure(folder, "namespace = kubernetes_namespace_v1.shop.metadata[0].name", namespace);
        apply(folder, &[]);

        let told = apply(folder, &["-replace=kubernetes_namespace_v1.shop"]);

        let why = "(because kubernetes_namespace_v1.shop is replaced, and it goes down with it)";
        assert!(told.contains(why), "helm {major}: {told}");
        assert!(
            told.contains("Resources: 2 added, 0 changed, 1 destroyed"),
            "helm {major}: {told}"
        );
        assert_eq!(values(folder, "shop")["size"], 1, "helm {major}");
        is_idle(folder);
    });
}

/// A kind, and an object of it.
const KIND: &str = r#"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gadgets.example.com
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"#;

#[test]
fn what_the_cluster_cannot_render_is_not_checked_live() {
    each(|major, folder| {
        configure(folder, "", "");
        apply(folder, &["-target=google_container_cluster.one"]);
        folder.must(2, &["plan", "-sandbox", "-detailed-exitcode", "-require-live"]);
        write(folder, "chart/crds/gadgets.yaml", KIND);
        let gadget = "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: one}\n";
        write(folder, "chart/templates/gadget.yaml", gadget);

        let plan = folder.must(2, &["plan", "-sandbox", "-detailed-exitcode"]);
        let told = fails(folder, &["plan", "-sandbox", "-require-live"]);

        assert!(plan.contains("(rendered without the cluster: "), "helm {major}: {plan}");
        assert!(told.contains("Error: Not checked live"), "helm {major}: {told}");
        assert!(told.contains("helm_release.web"), "helm {major}: {told}");
    });
}
