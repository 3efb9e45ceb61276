//! The main job, as a person runs it: every example is planned, applied, planned again, drifted, mended and destroyed.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/program.rs"]
mod program;
#[path = "support/helm.rs"]
mod helm;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use folder::{Folder, attribute, inventory, send};
use serde_json::{Value as Json, json};
use terrane::http::Method;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.join("outputs.tf").is_file()).collect()
}

#[test]
fn every_example_is_applied_once_planned_empty_and_destroyed_without_leftovers() {
    let helms = helm::helms();
    for example in examples() {
        let mut folder = Folder::of(&example);
        if example.join("charts").is_dir() {
            let Some(helm) = helms.values().next_back() else { continue };
            folder.variables.insert("TERRANE_HELM".into(), helm.display().to_string());
        }

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

#[test]
fn the_example_takes_hardly_longer_than_what_waits_for_each_other() {
    let folder = &mut Folder::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/polls"));

    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve", "-json"]);

    let lines = told.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let lasted =
        lines.filter_map(|line| line.get("lasted").cloned()).next_back().expect("it lasted long");
    let seconds = |name: &str| lasted[name].as_f64().unwrap();
    assert!(seconds("critical_seconds") > 600.0, "{lasted:#}");
    assert!(seconds("seconds") <= 1.05 * seconds("critical_seconds"), "{lasted:#}");
    let path: Vec<&str> = lasted["critical_path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["addr"].as_str().unwrap())
        .collect();
    for address in ["google_container_cluster.pollsapi", "kubernetes_ingress_v1.pollsapi"] {
        assert!(path.contains(&address), "{path:?}");
    }
}

/// A cluster with so many pools: their sizes.
fn pools(label: &str, sizes: &[(&str, usize)]) -> String {
    let mut text = format!(
        "provider \"google\" {{\n  project = \"polls-demo\"\n}}\n\
         resource \"google_project_service\" \"gke\" {{\n  service = \"container.googleapis.com\"\n}}\n\
         resource \"google_container_cluster\" \"c\" {{\n  name = \"c\"\n  location = \"europe-west1-b\"\n  \
         initial_node_count = 1\n  remove_default_node_pool = true\n  deletion_protection = false\n  \
         resource_labels = {{\n    a = \"{label}\"\n  }}\n  depends_on = [google_project_service.gke]\n}}\n"
    );
    for (name, size) in sizes {
        text += &format!(
            "resource \"google_container_node_pool\" \"{name}\" {{\n  name = \"{name}\"\n  cluster = google_container_cluster.c.id\n  \
             node_count = {size}\n}}\n"
        );
    }
    text
}

#[test]
fn a_cluster_and_several_of_its_pools_change_in_one_apply_one_after_the_other() {
    let mut folder = Folder::empty();
    fs::write(folder.path("main.tf"), pools("one", &[("x", 1), ("y", 1)])).unwrap();
    folder.must(0, &["apply", "-sandbox", "-auto-approve"]);
    fs::write(folder.path("main.tf"), pools("two", &[("x", 2), ("z", 1), ("w", 1)])).unwrap();

    let told = folder.must(0, &["apply", "-sandbox", "-auto-approve"]);

    assert!(told.contains("Resources: 2 added, 2 changed, 1 destroyed."), "{told}");
    folder.must(0, &["plan", "-sandbox", "-detailed-exitcode"]);
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
