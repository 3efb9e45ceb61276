//! What each argument of a release does, by the real helm programs of each generation that is there, against the sandbox.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/helm.rs"]
mod helm;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use folder::{Folder, send};
use serde_json::{Value as Json, json};
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
    // What helm is asked is written down on the way to it.
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> {}\nexec {} \"$@\"\n",
        folder.path("asked").display(),
        helm.display()
    );
    write(&folder, "helm.sh", &script);
    executable(&folder, "helm.sh");
    for (name, value) in [
        ("TERRANE_HELM", folder.path("helm.sh").display().to_string()),
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

fn executable(folder: &Folder, name: &str) {
    fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Gives the words with which helm was last asked to do something.
fn asked(folder: &Folder, verb: &str) -> String {
    let text = fs::read_to_string(folder.path("asked")).unwrap_or_default();
    let real = |line: &&str| line.starts_with(verb) && !line.contains("--dry-run");
    text.lines().rfind(real).unwrap_or_default().to_string()
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

/// Arguments that say how helm goes about it: what it is asked by an install, and by an upgrade, of helm 3 and 4.
const CONDUCT: &[(&str, [&str; 2], [&str; 2])] = &[
    ("timeout = 77", ["--timeout 77s"; 2], ["--timeout 77s"; 2]),
    ("wait_for_jobs = true", ["--wait-for-jobs"; 2], ["--wait-for-jobs"; 2]),
    ("atomic = true", ["--atomic", "--rollback-on-failure"], ["--atomic", "--rollback-on-failure"]),
    ("force_update = true", ["--force", "--force-replace"], ["--force", "--force-replace"]),
    ("cleanup_on_fail = true", [""; 2], ["--cleanup-on-fail"; 2]),
    ("max_history = 3", [""; 2], ["--history-max 3"; 2]),
    ("replace = true", ["--replace"; 2], [""; 2]),
    ("devel = true", ["--devel"; 2], ["--devel"; 2]),
    ("pass_credentials = true", ["--pass-credentials"; 2], ["--pass-credentials"; 2]),
    ("skip_crds = true", ["--skip-crds"; 2], ["--skip-crds"; 2]),
    ("disable_webhooks = true", ["--no-hooks"; 2], ["--no-hooks"; 2]),
    (
        "render_subchart_notes = true",
        ["--render-subchart-notes"; 2],
        ["--render-subchart-notes"; 2],
    ),
    (
        "disable_openapi_validation = true",
        ["--disable-openapi-validation"; 2],
        ["--disable-openapi-validation"; 2],
    ),
    ("reset_values = true", [""; 2], ["--reset-values"; 2]),
    ("recreate_pods = true", [""; 2], [""; 2]),
    ("disable_crd_hooks = true", [""; 2], [""; 2]),
    ("description = \"by-us\"", ["--description by-us"; 2], ["--description by-us"; 2]),
];

#[test]
fn what_is_said_of_how_to_go_about_it_reaches_helm() {
    each(|major, folder| {
        let arguments: Vec<&str> = CONDUCT.iter().map(|(text, ..)| *text).collect();
        let with = |size: u32| {
            let set = format!("set = [{{ name = \"size\", value = \"{size}\" }}]");
            format!("{}\n  {set}", arguments.join("\n  "))
        };
        configure(folder, &with(1), "");
        apply(folder, &[]);
        let install = asked(folder, "install");
        configure(folder, &with(2), "");
        apply(folder, &[]);
        let upgrade = asked(folder, "upgrade");

        let place = usize::from(major >= 4);
        for (text, first, then) in CONDUCT {
            for (said, wanted) in [(&install, first[place]), (&upgrade, then[place])] {
                assert!(
                    format!("{said} ").contains(&format!("{wanted} ")),
                    "helm {major} {text}: {said}"
                );
            }
        }
        for no in ["--recreate-pods", "--crd"] {
            assert!(!upgrade.contains(no) && !install.contains(no), "helm {major}: {upgrade}");
        }
        assert_eq!(values(folder, "default")["size"], 2, "helm {major}");
        is_idle(folder);
    });
}

#[test]
fn values_come_from_all_arguments_and_stay_or_go_as_is_said() {
    let wo = |revision: u32, secret: &str| {
        format!(
            "set_list = [{{ name = \"list\", value = [\"x\", \"y\"] }}]\n  set_wo = [{{ name = \"hidden.word\", value = \
             \"{secret}\" }}]\n  set_wo_revision = {revision}"
        )
    };
    each(|major, folder| {
        configure(folder, &wo(1, "hunter2-one"), "");
        apply(folder, &[]);
        let first = values(folder, "default");
        is_idle(folder);
        // Another value alone is nothing that a plan knows of.
        configure(folder, &wo(1, "hunter2-two"), "");
        is_idle(folder);
        configure(folder, &wo(2, "hunter2-two"), "");
        apply(folder, &[]);
        let second = values(folder, "default");
        is_idle(folder);
        let set = "set = [{ name = \"size\", value = \"5\" }]\n  reuse_values = true";
        configure(folder, set, "");
        apply(folder, &[]);
        configure(folder, "description = \"again\"\n  reuse_values = true", "");
        apply(folder, &[]);
        let kept = values(folder, "default");
        configure(folder, "description = \"anew\"\n  reset_values = true", "");
        apply(folder, &[]);
        let fresh = values(folder, "default");

        let wanted = json!({ "size": 1, "list": ["x", "y"], "hidden": { "word": "hunter2-one" } });
        assert_eq!(first, wanted, "helm {major}");
        assert_eq!(second["hidden"]["word"], "hunter2-two", "helm {major}");
        assert_eq!(kept["size"], 5, "helm {major}");
        assert_eq!(fresh, json!({ "size": 1, "list": ["a"] }), "helm {major}");
        let state = fs::read_to_string(folder.path("terraform.tfstate")).unwrap();
        let backup =
            fs::read_to_string(folder.path("terraform.tfstate.backup")).unwrap_or_default();
        for text in [&state, &backup, &folder.printed] {
            let line = text.lines().find(|line| line.contains("hunter2"));
            assert_eq!(line, None, "helm {major}");
        }
    });
}

#[test]
fn charts_are_completed_looked_at_and_taken_without_their_kinds() {
    each(|major, folder| {
        write(folder, "part/Chart.yaml", "apiVersion: v2\nname: part\nversion: 0.1.0\n");
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: part}\n";
        write(folder, "part/templates/map.yaml", map);
        let needs = "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n  - name: part\n    version: 0.1.0\n    \
                     repository: file://../part\n";
        write(folder, "chart/Chart.yaml", needs);
        write(folder, "chart/crds/gadgets.yaml", KIND);
        configure(folder, "", "");
        apply(folder, &["-target=google_container_cluster.one"]);

        let without = fails(folder, &["plan", "-sandbox"]);
        configure(folder, "dependency_update = true\n  skip_crds = true", "");
        apply(folder, &[]);
        is_idle(folder);
        let part = behind(folder, &Method::GET, "/api/v1/namespaces/default/configmaps/part");
        let kinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let kinds = behind(folder, &Method::GET, kinds);
        write(folder, "chart/templates/bad.yaml", "a: {{ .Values.none.such }}\n");
        configure(folder, "lint = true\n  skip_crds = true", "");
        let linted = fails(folder, &["plan", "-sandbox"]);

        assert!(without.contains("part"), "helm {major}: {without}");
        assert_eq!(part["metadata"]["name"], "part", "helm {major}");
        let named = |item: &Json| item["metadata"]["name"] == "gadgets.example.com";
        assert!(!kinds["items"].as_array().unwrap().iter().any(named), "helm {major}");
        assert!(linted.contains("`helm lint` finds mistakes"), "helm {major}: {linted}");
    });
}

#[test]
fn what_is_there_is_taken_over_where_that_is_said() {
    each(|major, folder| {
        let map = "resource \"kubernetes_config_map_v1\" \"web\" {\n  metadata {\n    name      = \"web\"\n    namespace = \
                   \"shop\"\n  }\n  depends_on = [kubernetes_namespace_v1.shop]\n}\nresource \"kubernetes_namespace_v1\" \"shop\" \
                   {\n  metadata {\n    name = \"shop\"\n  }\n}\n";
        write(folder, "main.tf", &format!("{CLUSTER}{map}"));
        apply(folder, &[]);
        for name in ["kubernetes_config_map_v1.web", "kubernetes_namespace_v1.shop"] {
            folder.must(0, &["state", "rm", name]);
        }
        let release =
            |more: &str| format!("namespace = \"shop\"\n  create_namespace = true\n  {more}");
        configure(folder, &release(""), "");
        let refused = fails(folder, &["apply", "-sandbox", "-auto-approve"]);
        configure(folder, &release("take_ownership = true\n  max_history = 2"), "");
        apply(folder, &[]);
        let taken = asked(folder, "install");
        for size in [2, 3, 4] {
            let more =
                format!("max_history = 2\n  set = [{{ name = \"size\", value = \"{size}\" }}]");
            configure(folder, &release(&more), "");
            apply(folder, &[]);
        }
        let secrets = behind(folder, &Method::GET, "/api/v1/namespaces/shop/secrets");
        folder.must(0, &["state", "rm", "helm_release.web"]);
        configure(folder, &release(""), "");
        let there = fails(folder, &["apply", "-sandbox", "-auto-approve"]);
        configure(folder, &release("upgrade_install = true"), "");
        apply(folder, &[]);
        is_idle(folder);

        assert!(refused.contains("ConfigMap \"web\""), "helm {major}: {refused}");
        assert!(
            taken.contains("--take-ownership") && taken.contains("--create-namespace"),
            "{taken}"
        );
        let revisions = secrets["items"].as_array().unwrap().iter();
        let revisions = revisions.filter(|it| it["type"] == "helm.sh/release.v1").count();
        assert_eq!(revisions, 2, "helm {major}");
        assert!(there.contains("The release exists already"), "helm {major}: {there}");
        assert!(asked(folder, "upgrade").contains("--install"), "helm {major}");
    });
}

#[test]
fn what_a_chart_renders_to_goes_through_a_program() {
    each(|major, folder| {
        // With helm 4 it is a plug-in.
        let script = "#!/bin/sh\nexec sed s/size/$1/\n";
        let program = match major {
            3 => "./post.sh",
            _ => "post",
        };
        write(folder, "post.sh", script);
        executable(folder, "post.sh");
        let plugins = folder.path("plugins");
        write(folder, "plugins/post/post.sh", script);
        executable(folder, "plugins/post/post.sh");
        let plugin = "apiVersion: v1\ntype: postrenderer/v1\nname: post\nversion: 0.1.0\nruntime: subprocess\nruntimeConfig:\n  \
                      platformCommand:\n    - command: ${HELM_PLUGIN_DIR}/post.sh\n";
        write(folder, "plugins/post/plugin.yaml", plugin);
        folder.variables.insert("HELM_PLUGINS".into(), plugins.display().to_string());
        for written in [
            format!("postrender = {{ binary_path = \"{program}\", args = [\"length\"] }}"),
            format!("postrender {{\n    binary_path = \"{program}\"\n    args = [\"width\"]\n  }}"),
        ] {
            configure(folder, &written, "");
            apply(folder, &[]);
            is_idle(folder);
            let values = values(folder, "default");
            let name = if written.contains("length") { "length" } else { "width" };
            assert_eq!(values[name], 1, "helm {major}: {values}");
        }
    });
}

/// Makes a key to sign charts with; says whether that can be done here.
fn keys(folder: &Folder, name: &str) -> bool {
    let home = folder.path(&format!("{name}-gpg"));
    fs::create_dir_all(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let gpg = |words: &[&str]| {
        let ran = Command::new("gpg")
            .args(["--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""])
            .args(words)
            .env("GNUPGHOME", &home)
            .output();
        ran.is_ok_and(|ran| ran.status.success())
    };
    let (ring, secret) = (format!("{name}.gpg"), format!("{name}-secret.gpg"));
    let (ring, secret) = (folder.path(&ring), folder.path(&secret));
    gpg(&["--quick-gen-key", &format!("{name} <{name}@example.com>"), "rsa2048", "sign", "never"])
        && gpg(&["--output", ring.to_str().unwrap(), "--export"])
        && gpg(&["--output", secret.to_str().unwrap(), "--export-secret-keys"])
}

#[test]
fn a_signed_chart_is_held_against_the_keys() {
    for (major, helm) in helm::helms() {
        let mut folder = made(&helm);
        if !(keys(&folder, "charts") && keys(&folder, "others")) {
            // There is no gpg here.
            return;
        }
        let signed = Command::new(&helm)
            .args([
                "package",
                "chart",
                "--sign",
                "--key",
                "charts",
                "--keyring",
                "charts-secret.gpg",
            ])
            .current_dir(folder.inside.path())
            .env("HOME", folder.path("home"))
            .output()
            .unwrap();
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        let release = |ring: &str| {
            format!(
                "{CLUSTER}resource \"helm_release\" \"web\" {{\n  name = \"web\"\n  chart = \"./web-0.1.0.tgz\"\n  verify = \
                 true\n  keyring = \"{ring}\"\n}}\n"
            )
        };
        write(&folder, "main.tf", &release("others.gpg"));
        let told = fails(&mut folder, &["plan", "-sandbox"]);
        write(&folder, "main.tf", &release("charts.gpg"));
        apply(&mut folder, &[]);
        is_idle(&mut folder);

        assert!(told.contains("Chart cannot be rendered"), "helm {major}: {told}");
        assert!(asked(&folder, "install").contains("--verify"), "helm {major}");
    }
}
