//! Secrets are in no rendering: neither in clear nor in base 64 or hex, whatever they were given to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value as Json;
use terrane::cli::Environment;

use crate::helm::helms;
use crate::program::{Ran, program};

const SECRET: &str = "canary-that-nobody-may-see-7Q";
const OTHER: &str = "second-canary-that-nobody-may-see";

const CONFIG: &str = r#"
variable "secret" {
  sensitive = true
}

variable "kept" {
  default = "one"
}

resource "terraform_data" "plain" {
  # Its `output` would tell an input in clear, as Terraform has it: the mark is the input's.
  triggers_replace = { name = var.kept, secret = var.secret, joined = "a-${var.secret}-b", list = [var.secret] }
}

resource "kubernetes_secret_v1" "canary" {
  metadata {
    name = "canary"
  }
  data = {
    password = var.secret
    config   = yamlencode({ name = var.kept, password = var.secret })
  }
}

# What is written out in a secret's own place is one, too.
resource "kubernetes_secret_v1" "written" {
  metadata {
    name   = "written"
    labels = { kept = var.kept }
  }
  binary_data = { token = "Y2FuYXJ5LXRoYXQtbm9ib2R5LW1heS1zZWUtN1E=" }
}

resource "google_secret_manager_secret_version" "written" {
  secret      = google_secret_manager_secret.canary.id
  secret_data = "canary-that-nobody-may-see-7Q"
}

output "written" {
  sensitive = true
  value     = "canary-that-nobody-may-see-7Q"
}

resource "google_secret_manager_secret" "canary" {
  secret_id = "canary"
  labels    = { kept = var.kept }
  replication {
    auto {}
  }
  depends_on = [google_project_service.secrets]
}

# What an ordinary attribute or a block of a set has is read back by the next plan.
resource "google_service_account" "canary" {
  account_id   = "canary"
  display_name = "d ${var.secret}"
  description  = var.kept
  depends_on   = [google_project_service.more]
}

resource "google_sql_database_instance" "canary" {
  name                = "canary"
  database_version    = "POSTGRES_15"
  deletion_protection = false
  settings {
    tier        = "db-custom-1-3840"
    user_labels = { kept = var.kept }
    ip_configuration {
      authorized_networks {
        name  = "n-${var.secret}"
        value = "203.0.113.77/32"
      }
    }
  }
  depends_on = [google_project_service.more]
}

resource "google_project_service" "more" {
  for_each           = toset(["iam", "sqladmin"])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_project_service" "secrets" {
  service            = "secretmanager.googleapis.com"
  disable_on_destroy = false
}

resource "google_secret_manager_secret_version" "canary" {
  secret      = google_secret_manager_secret.canary.id
  secret_data = var.secret
}

resource "google_storage_hmac_key" "canary" {
  service_account_email = google_service_account.nodes.email
}

resource "terraform_data" "hmac" {
  triggers_replace = [var.kept, google_storage_hmac_key.canary.secret]
}

check "canary" {
  assert {
    condition     = var.kept == "never"
    error_message = "It is not."
  }
}

output "secret" {
  sensitive = true
  value     = "${var.kept} ${var.secret}"
}
"#;

/// What the sandbox's cluster does not take: its token is the secret.
const OTHER_CLUSTER: &str = r#"
provider "kubernetes" {
  alias = "other"
  host  = "https://${google_container_cluster.pollsapi.endpoint}"
  token = var.secret
}

resource "kubernetes_secret_v1" "encoded" {
  provider = kubernetes.other
  metadata {
    name        = "encoded"
    annotations = { kept = var.kept }
  }
  binary_data = { password = base64encode(var.secret) }
}
"#;

/// A chart whose values have the secret: as values, as one that is set, and in a text beside others.
const RELEASE: &str = r#"
data "google_client_config" "helm" {}

provider "helm" {
  kubernetes = {
    host                   = "https://${google_container_cluster.pollsapi.endpoint}"
    token                  = data.google_client_config.helm.access_token
    cluster_ca_certificate = base64decode(google_container_cluster.pollsapi.master_auth[0].cluster_ca_certificate)
  }
}

resource "helm_release" "canary" {
  name      = "canary-chart"
  chart     = "./chart"
  namespace = "default"
  values    = [yamlencode({ kept = var.kept, password = var.secret, list = [{ inner = "a-${var.secret}-b" }] })]
  set_sensitive = [
    { name = "set", value = var.secret },
  ]
}
"#;

const CHART: [(&str, &str); 2] = [
    ("chart/Chart.yaml", "apiVersion: v2\nname: canary\nversion: 1.0.0\n"),
    (
        "chart/templates/all.yaml",
        r#"apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}
stringData:
  password: {{ .Values.password | quote }}
  set: {{ .Values.set | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  annotations: {kept: {{ .Values.kept | quote }}}
data:
  url: "postgres://web:{{ .Values.password }}@db/{{ .Values.kept }}"
  list: {{ toJson .Values.list | quote }}
  encoded: {{ .Values.set | b64enc | quote }}
"#,
    ),
];

/// The program of helm, where it is there: without it there are no charts here.
static HELM: LazyLock<Option<PathBuf>> = LazyLock::new(|| helms().into_values().next_back());

const INTO: [&str; 5] = [
    "-md-into=told.md",
    "-html-into=told.html",
    "-sarif-into=told.sarif",
    "-json-into=told.json",
    "-github",
];

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let mut variables = BTreeMap::new();
    variables.insert("TF_LOG".to_string(), "debug".to_string());
    variables.insert("TF_LOG_PATH".to_string(), folder.join("told.log").display().to_string());
    // What the state is encrypted with is known before any file of values is read.
    variables.insert("TF_VAR_passphrase".to_string(), OTHER.to_string());
    if let Some(helm) = &*HELM {
        variables.insert("TERRANE_HELM".to_string(), helm.display().to_string());
    }
    let cwd = folder.to_owned();
    let input = Some(String::new());
    program(
        &Environment { cwd, variables, input, ..Environment::default() },
        arguments.iter().copied(),
        100,
    )
}

/// Gives the forms of a secret that must be nowhere: as it is, in hex, and in base 64 at each of the three places.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_string(), hex::encode(secret)];
    for shift in 0..3 {
        let encoded = STANDARD_NO_PAD.encode("x".repeat(shift) + secret);
        // What is made of other bytes, too, is left out at both ends.
        forms.push(encoded[shift * 2..encoded.len() - 3].to_string());
    }
    forms
}

fn clean(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        for form in forms(secret) {
            if let Some(at) = text.find(&form) {
                let around = &text[text.floor_char_boundary(at.saturating_sub(150))..at];
                panic!("{what} tells a secret as {form} after {around}");
            }
        }
    }
}

/// Runs a command whose output and files are looked through.
fn told(folder: &Path, arguments: &[&str], exits: &[u8], secrets: &[String]) {
    let what = arguments.join(" ");
    let ran = run(folder, arguments);
    assert!(exits.contains(&ran.exit), "{what}: {}{}", ran.out, ran.err);
    clean(&what, &ran.out, secrets);
    clean(&what, &ran.err, secrets);
    for name in ["told.md", "told.html", "told.sarif", "told.json", "told.log"] {
        if let Ok(text) = fs::read_to_string(folder.join(name)) {
            clean(&format!("{name} of {what}"), &text, secrets);
        }
    }
}

#[test]
fn a_secret_is_in_no_rendering() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let polls = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls");
    for name in ["cluster.tf", "variables.tf", "versions.tf"] {
        fs::copy(polls.join(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("canary.tf"), CONFIG).unwrap();
    if HELM.is_some() {
        fs::create_dir_all(folder.join("chart/templates")).unwrap();
        let files = CHART.iter().chain([&("release.tf", RELEASE)]);
        files.for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    }
    let values = |secret: &str, kept: &str| {
        let text = format!("secret = \"{secret}\"\nkept = \"{kept}\"\n");
        fs::write(folder.join("terraform.tfvars"), text).unwrap();
    };
    let mut secrets = vec![SECRET.to_string(), OTHER.to_string()];
    let plan = |out: &str, secrets: &[String]| {
        let mut arguments = vec!["plan", "-sandbox", out];
        arguments.extend(INTO);
        told(folder, &arguments, &[0], secrets);
    };

    values(SECRET, "one");
    let cluster = folder.join("other.tf");
    fs::write(&cluster, OTHER_CLUSTER).unwrap();
    plan("-out=first", &secrets);
    fs::remove_file(&cluster).unwrap();
    told(folder, &["apply", "-sandbox", "-auto-approve"], &[0], &secrets);
    told(folder, &["plan", "-sandbox", "-detailed-exitcode"], &[0], &secrets);
    let state: Json =
        serde_json::from_str(&fs::read_to_string(folder.join("terraform.tfstate")).unwrap())
            .unwrap();
    let resources = state["resources"].as_array().unwrap();
    let hmac = resources.iter().find(|of| of["type"] == "google_storage_hmac_key").unwrap();
    let key = hmac["instances"][0]["attributes"]["secret"].as_str().unwrap();
    assert!(key.len() > 16, "{key}");
    secrets.push(key.to_string());
    values(OTHER, "two");
    plan("-out=second", &secrets);
    values(OTHER, "three");
    plan("-out=third", &secrets);

    fs::write(&cluster, OTHER_CLUSTER).unwrap();
    told(folder, &["plan", "-sandbox", "-md-into=told.md"], &[0, 1], &secrets);
    told(folder, &["show", "second"], &[0], &secrets);
    told(folder, &["show", "-json", "second"], &[0], &secrets);
    told(folder, &["plan-diff", "second", "third"], &[2], &secrets);
    told(folder, &["plan-diff", "-json", "second", "third"], &[2], &secrets);
    told(folder, &["plan-diff", "first", "second"], &[2], &secrets);
    // What reveals elsewhere does not in what is handed on.
    let mut arguments = vec!["show", "-show-sensitive", "second"];
    arguments.extend(&INTO[..3]);
    let ran = run(folder, &arguments);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    for name in ["told.md", "told.html", "told.sarif"] {
        clean(name, &fs::read_to_string(folder.join(name)).unwrap(), &secrets);
    }
    let plain = fs::read_to_string(folder.join("told.md")).unwrap();
    assert!(plain.contains("terraform\\_data.plain") || plain.contains("terraform_data.plain"));
}

#[test]
fn a_problem_tells_no_secret() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let config = "variable \"secret\" {\n  sensitive = true\n}\nlocals {\n  o = { for k in [var.secret, var.secret] : k => 1 }\n}\n";
    fs::write(folder.join("main.tf"), config).unwrap();
    fs::write(folder.join("terraform.tfvars"), format!("secret = \"{SECRET}\"\n")).unwrap();

    told(folder, &["plan", "-sandbox", "-github"], &[1], &[SECRET.to_string()]);
}

const ENCRYPTION: &str = r#"
variable "passphrase" {
  sensitive = true
}

terraform {
  encryption {
    key_provider "argon2id" "main" {
      passphrase = var.passphrase
      memory     = 64
      passes     = 1
      lanes      = 1
    }
    method "aes_gcm" "main" {
      keys = key_provider.argon2id.main
    }
    state {
      method = method.aes_gcm.main
    }
    plan {
      method = method.aes_gcm.main
    }
  }
}

# The second of them fails.
resource "google_storage_bucket" "taken" {
  count    = 2
  name     = "canary-taken"
  location = "EU"
}
"#;

/// Looks through all files below a folder that the program writes.
fn written(folder: &Path, secrets: &[String], seen: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_given = name.ends_with(".tf") || name == "terraform.tfvars" || name == "chart";
        // The world is the services themselves, not a file of the program's.
        if is_given || name.starts_with("world") {
            continue;
        }
        if path.is_dir() {
            written(&path, secrets, seen);
        } else {
            clean(&name, &String::from_utf8_lossy(&fs::read(&path).unwrap()), secrets);
            seen.push(name);
        }
    }
}

#[test]
fn with_encryption_a_secret_is_in_no_file() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let polls = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls");
    for name in ["cluster.tf", "variables.tf", "versions.tf"] {
        fs::copy(polls.join(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("canary.tf"), CONFIG).unwrap();
    fs::write(folder.join("encryption.tf"), ENCRYPTION).unwrap();
    let values = format!("secret = \"{SECRET}\"\n");
    fs::write(folder.join("terraform.tfvars"), values).unwrap();
    let secrets = [SECRET.to_string(), OTHER.to_string()];
    let mut seen = Vec::new();

    told(folder, &["plan", "-sandbox", "-out=planned"], &[0], &secrets);
    written(folder, &secrets, &mut seen);
    told(folder, &["apply", "-sandbox", "planned"], &[1], &secrets);
    written(folder, &secrets, &mut seen);
    told(folder, &["plan", "-sandbox", "-out=again"], &[0], &secrets);
    written(folder, &secrets, &mut seen);

    for name in ["planned", "terraform.tfstate", "told.log", "again"] {
        assert!(seen.iter().any(|seen| seen == name), "{name}: {seen:?}");
    }
}
