//! States in a Kubernetes cluster, held against the sandbox's.

use std::io::Read;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use terrane::backends::BackendError;
use terrane::http::SystemClock;
use terrane::state::{Snapshot, file};

use crate::laws::{
    self, Open, address, asked, begun, holder, locked, names, object, unanswered, with,
};
use crate::sandbox::{Cluster, Sandbox};

pub(crate) fn settings(sandbox: &Sandbox, cluster: &Cluster) -> Json {
    json!({
        "secret_suffix": "polls", "namespace": "default", "host": cluster.host,
        "cluster_ca_certificate": cluster.authority, "token": sandbox.token,
    })
}

/// Writes a kubeconfig and gives the settings that name it: Terraform takes no `host` without one.
fn by_file(sandbox: &Sandbox, cluster: &Cluster) -> Json {
    let path = sandbox.folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: \"{}\", \
         certificate-authority-data: {}}}\nusers:\n- name: u\n  user: {{token: \"{}\"}}\ncontexts:\n- name: c\n  context: \
         {{cluster: c, user: u}}\n",
        cluster.host,
        STANDARD.encode(&cluster.authority),
        sandbox.token
    );
    std::fs::write(&path, text).unwrap();
    json!({"secret_suffix": "polls", "config_path": path.display().to_string()})
}

/// A sandbox with a cluster, and what opens places in it; waits take no time.
async fn ready() -> (Sandbox, Cluster, Open) {
    let sandbox = Sandbox::new().await;
    let cluster = sandbox.cluster();
    let open = sandbox.opener("kubernetes", &settings(&sandbox, &cluster), sandbox.world.clock());
    (sandbox, cluster, open)
}

pub(crate) fn path(cluster: &Cluster, rest: &str) -> String {
    format!("{}/api/v1/namespaces/default/secrets{rest}", cluster.host)
}

fn lease(cluster: &Cluster) -> String {
    format!(
        "{}/apis/coordination.k8s.io/v1/namespaces/default/leases/lock-tfstate-default-polls",
        cluster.host
    )
}

/// Reads the state as Terraform does: all Secrets with its labels, in the order of the numbers that their names end in.
fn as_terraform_reads(sandbox: &Sandbox, cluster: &Cluster) -> Snapshot {
    let selector = "?labelSelector=tfstate%3Dtrue%2CtfstateSecretSuffix%3Dpolls%2CtfstateWorkspace%3Ddefault%2C\
                    app.kubernetes.io%2Fmanaged-by%3Dterraform";
    let listed = sandbox.ask("GET", &path(cluster, selector), &Json::Null);
    let mut pieces: Vec<(usize, Vec<u8>)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| {
            let name = secret["metadata"]["name"].as_str().unwrap();
            let number = name.rsplit('-').next().unwrap().parse().unwrap_or(0);
            (number, STANDARD.decode(secret["data"]["tfstate"].as_str().unwrap()).unwrap())
        })
        .collect();
    pieces.sort();
    let packed: Vec<u8> = pieces.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    file::read(&text).unwrap()
}

/// A state whose packed form takes two Secrets.
fn large() -> Snapshot {
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        // xorshift: what cannot be packed.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let noise: Vec<u8> = noise.flatten().take(1_300_000).collect();
    let mut object = object();
    object.attributes = std::sync::Arc::new(json!({
        "id": "x", "input": {"value": STANDARD.encode(noise), "type": "string"}, "output": null, "triggers_replace": null,
    }));
    let mut snapshot = Snapshot::default();
    snapshot.set_current(&address("large"), Some(object));
    snapshot
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_true_of_all_places_is_true_of_a_cluster() {
    let (_sandbox, _cluster, open) = ready().await;

    laws::all(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_lease_are_as_terraform_has_them() {
    let (sandbox, cluster, open) = ready().await;
    let backend = open("default");

    let (mut lock, id) = locked(backend.as_ref()).await;
    lock.save(&with(&["a"])).await.unwrap();
    lock.append(&[begun(), asked(1)]).await.unwrap();

    let secret = sandbox.ask("GET", &path(&cluster, "/tfstate-default-polls"), &Json::Null);
    let labels = json!({
        "tfstate": "true", "tfstateSecretSuffix": "polls", "tfstateWorkspace": "default",
        "app.kubernetes.io/managed-by": "terraform",
    });
    assert_eq!(secret["metadata"]["labels"], labels);
    assert_eq!(secret["metadata"]["annotations"]["encoding"], "gzip");
    assert_eq!(names(&as_terraform_reads(&sandbox, &cluster)), ["a"]);
    let held = sandbox.ask("GET", &lease(&cluster), &Json::Null);
    assert_eq!(held["spec"]["holderIdentity"], json!(id));
    assert!(held["spec"]["renewTime"].is_string());
    let record = held["metadata"]["annotations"]["app.terraform.io/lock-info"].as_str().unwrap();
    assert!(record.contains("OperationTypeApply") && record.contains(&id), "{record}");

    lock.unlock().await.unwrap();
    let free = sandbox.ask("GET", &lease(&cluster), &Json::Null);
    assert!(
        free["spec"]["holderIdentity"].is_null() && free["spec"]["renewTime"].is_null(),
        "{free}"
    );
    // The journal does not bear Terraform's label.
    assert_eq!(backend.workspaces().await.unwrap(), ["default"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_are_found_again() {
    let (sandbox, _cluster, open) = ready().await;
    let backend = open("default");
    let lost = |method: &str, path: &str| {
        sandbox.fault(&json!({"method": method, "path": path, "lost": true}));
    };

    lost("POST", "/leases");
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lost("POST", "/secrets");
    lock.append(&[begun(), asked(1)]).await.unwrap();
    lost("POST", "/secrets");
    assert_eq!(lock.save(&with(&["a"])).await.unwrap().serial, 1);
    lost("PUT", "/secrets");
    assert_eq!(lock.save(&with(&["a", "b"])).await.unwrap().serial, 2);
    lost("PUT", "/leases");
    lock.unlock().await.unwrap();
    lost("PUT", "/leases");
    let lock = backend.lock(&holder("x")).await.unwrap();
    lock.unlock().await.unwrap();

    let loaded = backend.load().await.unwrap();
    assert_eq!(names(&loaded.snapshot.clone().unwrap()), ["a", "b"]);
    assert_eq!(unanswered(&loaded), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_at_every_call() {
    for status in [429, 500, 502, 503, 504] {
        let (sandbox, _cluster, open) = ready().await;
        let backend = open("default");
        let fail = || sandbox.fault(&json!({"path": "polls|secrets|leases", "status": status}));

        fail();
        let mut lock = backend.lock(&holder("x")).await.unwrap();
        fail();
        lock.append(&[begun(), asked(1)]).await.unwrap();
        fail();
        lock.save(&with(&["a"])).await.unwrap();
        sandbox.fault(&json!({"method": "PUT", "path": "secrets", "status": status}));
        lock.save(&with(&["a", "b"])).await.unwrap();
        fail();
        lock.unlock().await.unwrap();
        fail();

        let loaded = backend.load().await.unwrap();
        assert_eq!(names(&loaded.snapshot.unwrap()), ["a", "b"], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_a_race_for_the_lock_is_told_that_it_is_held() {
    let (_sandbox, _cluster, open) = ready().await;
    for _ in 0..5 {
        let tries = (0..10).map(|_| {
            let open = Arc::clone(&open);
            tokio::spawn(async move { open("default").lock(&holder("x")).await })
        });
        let mut won = Vec::new();
        for tried in tries.collect::<Vec<_>>() {
            match tried.await.unwrap() {
                Ok(lock) => won.push(lock),
                Err(BackendError::Held(held)) => {
                    assert!(held.holder.is_some() && held.beat.is_some())
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(won.len(), 1);
        won.pop().unwrap().unlock().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_labels_alone_is_no_other_state_and_another_one_is() {
    let (sandbox, cluster, open) = ready().await;
    let backend = open("default");
    let (mut lock, _) = locked(backend.as_ref()).await;
    lock.save(&with(&["a"])).await.unwrap();
    let first = path(&cluster, "/tfstate-default-polls");

    let mut secret = sandbox.ask("GET", &first, &Json::Null);
    let former = secret["data"].clone();
    secret["metadata"]["labels"]["team"] = json!("polls");
    sandbox.ask("PUT", &first, &secret);
    assert_eq!(lock.save(&with(&["a", "b"])).await.unwrap().serial, 2);

    // Terraform leaves annotations as they are.
    let mut secret = sandbox.ask("GET", &first, &Json::Null);
    secret["data"] = former;
    sandbox.ask("PUT", &first, &secret);
    let stale = lock.save(&with(&["c"])).await;
    assert!(matches!(stale, Err(BackendError::Stale { found: 1, kept: Some(_), .. })), "{stale:?}");
    assert_eq!(names(&backend.load().await.unwrap().snapshot.unwrap()), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_piece_of_a_journal_takes_several_secrets_and_goes_with_all() {
    let (sandbox, cluster, open) = ready().await;
    let backend = open("default");
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    let entries: Vec<_> = std::iter::once(begun()).chain((0..8000).map(asked)).collect();

    lock.append(&entries).await.unwrap();

    let ours = path(&cluster, "?labelSelector=terrane%3Djournal");
    let count = || sandbox.ask("GET", &ours, &Json::Null)["items"].as_array().unwrap().len();
    assert!(count() > 1);
    assert_eq!(backend.load().await.unwrap().replayed, entries.len());
    drop(lock);
    open("default").remove().await.unwrap();
    assert_eq!(count(), 0);
}

fn refused(settings: &Json) -> String {
    let world = terrane::backends::kinds::Surroundings {
        folder: ".".into(),
        environment: Arc::default(),
        home: None,
        sandbox: None,
        clock: Arc::new(SystemClock),
    };
    let settings = settings.as_object().unwrap();
    match terrane::backends::kinds::open(Some("kubernetes"), settings, "default", &world) {
        Ok(_) => panic!("opened"),
        Err(problem) => problem.detail.clone(),
    }
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let cases = [
        (json!({"host": "h"}), "\"secret_suffix\" is required"),
        (json!({"host": "h", "secret_suffix": "a-1"}), "must not end in \"-<number>\""),
        (json!({"host": "h", "secret_suffix": "A"}), "cannot name a Secret"),
        (
            json!({"host": "h", "secret_suffix": "a", "labels": {"x": "a b"}}),
            "value of the label \"x\"",
        ),
        (json!({"secret_suffix": "a"}), "neither \"config_path\" nor \"host\""),
        (
            json!({"host": "h", "secret_suffix": "a", "exec": {"command": "x"}}),
            "needs \"api_version\"",
        ),
        (
            json!({"host": "h", "secret_suffix": "a", "exec": {"comand": "x"}}),
            "no argument \"comand\"",
        ),
    ];
    for (settings, words) in cases {
        let told = refused(&settings);
        assert!(told.contains(words), "{settings}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_a_program_and_what_the_block_says_over_both_lead_into_the_cluster() {
    let (sandbox, cluster, open) = ready().await;
    open("default").create().await.unwrap();
    let folder = sandbox.folder.path();
    let authority = STANDARD.encode(&cluster.authority);
    let config = |user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: other\nclusters:\n- name: c\n  cluster: {{server: \"{}\", \
             certificate-authority-data: {authority}}}\nusers:\n- name: u\n  user: {user}\ncontexts:\n- name: states\n  context: \
             {{cluster: c, user: u}}\n- name: other\n  context: {{cluster: none, user: u}}\n",
            cluster.host
        )
    };
    std::fs::write(folder.join("good"), config(&format!("{{token: \"{}\"}}", sandbox.token)))
        .unwrap();
    std::fs::write(folder.join("bad"), config("{token: bad}")).unwrap();
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": sandbox.token},
    });
    std::fs::write(folder.join("credential"), credential.to_string()).unwrap();
    let exec = json!({
        "api_version": "client.authentication.k8s.io/v1", "command": "cat",
        "args": [folder.join("credential").display().to_string()],
    });
    let named = |more: Json| {
        let mut settings = json!({"secret_suffix": "polls", "config_context": "states"});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let open = sandbox.opener("kubernetes", &settings, sandbox.world.clock());
        async move { open("default").load().await }
    };

    for good in [
        json!({"config_path": "good"}),
        json!({"config_paths": ["good"]}),
        json!({"config_path": "bad", "token": sandbox.token}),
        json!({"config_path": "bad", "config_context": "other", "config_context_cluster": "c", "token": sandbox.token}),
        json!({"load_config_file": "false", "config_path": "bad", "host": cluster.host, "token": sandbox.token,
            "cluster_ca_certificate": cluster.authority}),
        json!({"host": cluster.host, "insecure": true, "exec": exec}),
    ] {
        let loaded = named(good.clone()).await.unwrap_or_else(|error| panic!("{good}: {error}"));
        assert!(loaded.snapshot.is_some(), "{good}");
    }
    let refused = named(json!({"config_path": "bad"})).await.err().unwrap().to_string();
    assert!(refused.contains("401"), "{refused}");
    assert!(!refused.contains(&sandbox.token));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_processes_work_on_one_state() {
    let (sandbox, cluster, open) = ready().await;
    let block = crate::processes::block("kubernetes", &settings(&sandbox, &cluster));

    crate::processes::all_objects_are_there(sandbox.folder.path(), &block, &open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_shared_with_terraform() {
    let Some(terraform) = crate::terraform::terraform() else { return };
    let (sandbox, cluster, open) = ready().await;
    let block = crate::processes::block("kubernetes", &by_file(&sandbox, &cluster));
    let folder = tempfile::tempdir().unwrap();

    crate::terraform::shares(&terraform, folder.path(), &block, open).await;

    // A state in pieces that was written here is read by Terraform.
    let (sandbox, cluster, open) = ready().await;
    let block = crate::processes::block("kubernetes", &by_file(&sandbox, &cluster));
    let mut lock = open("default").lock(&holder("x")).await.unwrap();
    lock.save(&large()).await.unwrap();
    lock.unlock().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), format!("terraform {{\n  backend {block}\n}}\n"))
        .unwrap();
    crate::terraform::done(&terraform, folder.path(), &["init", "-no-color", "-input=false"]);
    let pulled = crate::terraform::run(&terraform, folder.path(), &["state", "pull"]);
    let pulled = String::from_utf8(pulled.stdout).unwrap();
    assert_eq!(file::read(&pulled).unwrap().objects, large().objects);
}
