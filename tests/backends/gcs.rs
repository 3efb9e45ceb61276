//! States in Cloud Storage, held against the sandbox.

use serde_json::{Value as Json, json};
use terrane::backends::BackendError;

use crate::laws::{self, asked, begun, holder, locked, names, unanswered, with};
use crate::sandbox::{BUCKET, Sandbox};

const STATE: &str = "/storage/v1/b/polls-states/o/env%2Fprod%2Fdefault.tfstate";
const LOCK: &str = "/storage/v1/b/polls-states/o/env%2Fprod%2Fdefault.tflock";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_true_of_all_places_is_true_of_a_bucket() {
    let sandbox = Sandbox::new().await;

    laws::all(sandbox.bucket()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_objects_are_where_terraform_has_them() {
    let sandbox = Sandbox::new().await;
    let open = sandbox.bucket();

    let (mut lock, id) = locked(open("default").as_ref()).await;
    lock.save(&with(&["a"])).await.unwrap();
    lock.append(&[begun(), asked(1)]).await.unwrap();

    let listed = sandbox.ask("GET", "/storage/v1/b/polls-states/o", &Json::Null);
    let found: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(found[1..], ["env/prod/default.tflock", "env/prod/default.tfstate"]);
    assert!(found[0].starts_with("env/prod/default.journal/"), "{found:?}");
    let object = sandbox.ask("GET", LOCK, &Json::Null);
    assert_eq!(object["generation"], json!(id));
    let record = sandbox.ask("GET", &format!("{LOCK}?alt=media"), &Json::Null);
    assert_eq!(record["Path"], "gs://polls-states/env/prod/default.tflock");
    assert_eq!(record["Operation"], "OperationTypeApply");
    // Terraform takes what is directly in the prefix for workspaces.
    assert_eq!(open("default").workspaces().await.unwrap(), ["default"]);
    lock.unlock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_is_two_requests_and_writes_nothing() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let before = sandbox.requests().len();

    assert!(backend.load().await.unwrap().snapshot.is_none());

    let sent = sandbox.requests().split_off(before);
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent.iter().all(|line| line.starts_with("GET ")), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_are_found_again() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let lost = |method: &str, path: &str| {
        sandbox.fault(&json!({"method": method, "path": path, "lost": true}));
    };

    // The lock, a piece of the journal, the first state, the second, and the end of the lock.
    lost("POST", "/upload/");
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lost("POST", "/upload/");
    lock.append(&[begun(), asked(1)]).await.unwrap();
    lost("POST", "/upload/");
    assert_eq!(lock.save(&with(&["a"])).await.unwrap().serial, 1);
    lost("POST", "/upload/");
    assert_eq!(lock.save(&with(&["a", "b"])).await.unwrap().serial, 2);
    lost("DELETE", "tflock");
    lock.unlock().await.unwrap();

    let loaded = backend.load().await.unwrap();
    assert_eq!(names(&loaded.snapshot.clone().unwrap()), ["a", "b"]);
    assert_eq!(backend.history().await.unwrap().len(), 2);
    assert_eq!(unanswered(&loaded), 1);
    backend.lock(&holder("x")).await.unwrap().unlock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_at_every_call() {
    for status in [408, 429, 500, 502, 503, 504, 412] {
        let sandbox = Sandbox::new().await;
        let backend = sandbox.bucket()("default");
        let fail = |method: &str, path: &str| {
            // A 412 without a reason is answered to what writes; the others to all.
            if status != 412 || method == "POST" {
                sandbox.fault(&json!({"method": method, "path": path, "status": status}));
            }
        };

        fail("POST", "/upload/");
        let mut lock = backend.lock(&holder("x")).await.unwrap();
        if status != 412 {
            fail("POST", "/upload/");
            lock.append(&[begun(), asked(1)]).await.unwrap();
        }
        lock.save(&with(&["a"])).await.unwrap();
        fail("GET", "tflock");
        fail("POST", "/upload/");
        fail("DELETE", "journal");
        lock.save(&with(&["a", "b"])).await.unwrap();
        fail("DELETE", "tflock");
        lock.unlock().await.unwrap();
        fail("GET", "tfstate");
        fail("GET", "/o$");

        let loaded = backend.load().await.unwrap_or_else(|error| panic!("{status}: {error}"));
        assert_eq!(names(&loaded.snapshot.unwrap()), ["a", "b"], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stays_away_leaves_the_state_aside_and_the_journal_there() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lock.append(&[begun(), asked(1)]).await.unwrap();
    sandbox.fault(&json!({"method": "POST", "path": "/upload/", "status": 503, "times": 1000}));

    let failed = lock.save(&with(&["a"])).await;

    let Err(BackendError::NotSaved { kept: Some(kept), .. }) = failed else { panic!("{failed:?}") };
    assert!(kept.is_file());
    assert_eq!(unanswered(&backend.load().await.unwrap()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_lock_changes_the_version_that_its_holder_names() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let (mut lock, id) = locked(backend.as_ref()).await;
    lock.save(&with(&["a"])).await.unwrap();
    let before = sandbox.ask("GET", STATE, &Json::Null);

    backend.break_lock(&id).await.unwrap();

    let after = sandbox.ask("GET", STATE, &Json::Null);
    assert_eq!(before["generation"], after["generation"]);
    assert_ne!(before["metageneration"], after["metageneration"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_metadata_alone_is_no_other_state() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let (mut lock, _) = locked(backend.as_ref()).await;
    lock.save(&with(&["a"])).await.unwrap();

    sandbox.ask("PATCH", STATE, &json!({"metadata": {"team": "polls"}}));

    assert_eq!(lock.save(&with(&["a", "b"])).await.unwrap().serial, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_another_program_wrote_is_not_overwritten() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let (mut lock, _) = locked(backend.as_ref()).await;
    lock.save(&with(&["a"])).await.unwrap();

    let state = sandbox.ask("GET", &format!("{STATE}?alt=media"), &Json::Null);
    let name = "env%2Fprod%2Fdefault.tfstate";
    let upload = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}");
    sandbox.ask("POST", &upload, &state);
    let stale = lock.save(&with(&["b"])).await;

    assert!(matches!(stale, Err(BackendError::Stale { kept: Some(_), .. })), "{stale:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn former_versions_are_listed_and_read() {
    let sandbox = Sandbox::new().await;
    let backend = sandbox.bucket()("default");
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();
    lock.save(&with(&["b"])).await.unwrap();

    let versions = backend.history().await.unwrap();

    assert_eq!(versions.iter().map(|it| it.present).collect::<Vec<_>>(), [true, false]);
    assert_eq!(names(&backend.version(&versions[1].id).await.unwrap()), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_encrypts_the_state_and_the_journal() {
    let sandbox = Sandbox::new().await;
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    std::fs::write(sandbox.folder.path().join("key"), format!("{key}\n")).unwrap();
    for given in [key, "key"] {
        let mut settings = sandbox.gcs();
        settings["encryption_key"] = json!(given);
        let open = sandbox.opener("gcs", &settings, sandbox.world.clock());
        let mut lock = open(given.split('=').next().unwrap()).lock(&holder("x")).await.unwrap();
        lock.append(&[begun(), asked(1)]).await.unwrap();
        lock.save(&with(&["a"])).await.unwrap();
        lock.unlock().await.unwrap();
    }

    let plain = sandbox.bucket()("key");
    let Err(error) = plain.load().await else { panic!("read without the key") };
    assert!(error.to_string().contains("customer-supplied encryption key"), "{error}");
    let listed = sandbox.ask("GET", "/storage/v1/b/polls-states/o", &Json::Null);
    for object in listed["items"].as_array().unwrap() {
        assert!(object["customerEncryption"].is_object(), "{object}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_services_key_is_named_at_each_write() {
    let sandbox = Sandbox::new().await;
    let name = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
    let mut settings = sandbox.gcs();
    settings["kms_encryption_key"] = json!(name);
    let backend = sandbox.opener("gcs", &settings, sandbox.world.clock())("default");

    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();

    let object = sandbox.ask("GET", STATE, &Json::Null);
    assert!(object["kmsKeyName"].as_str().unwrap().starts_with(name), "{object}");
    assert!(sandbox.ask("GET", LOCK, &Json::Null)["kmsKeyName"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_missing_and_a_refusal_say_what_to_do() {
    let sandbox = Sandbox::new().await;
    let mut settings = sandbox.gcs();
    settings["bucket"] = json!("polls-other");
    let backend = sandbox.opener("gcs", &settings, sandbox.world.clock())("default");
    for failed in [
        backend.load().await.err().unwrap(),
        backend.lock(&holder("x")).await.err().unwrap(),
        backend.workspaces().await.err().unwrap(),
    ] {
        let told = failed.to_string();
        assert!(
            told.contains("the bucket \"polls-other\" does not exist. Make it first"),
            "{told}"
        );
    }

    let body = json!({"error": {"code": 403, "message": "me@x does not have storage.objects.get access."}});
    sandbox.fault(&json!({"path": "polls-states", "status": 403, "body": body, "times": 100}));
    let backend = sandbox.bucket()("default");
    let read = backend.load().await.err().unwrap().to_string();
    assert!(read.contains("does not have storage.objects.get access (who only plans"), "{read}");
    let lock = backend.lock(&holder("x")).await.err().unwrap().to_string();
    assert!(lock.contains("roles/storage.objectUser on gs://polls-states"), "{lock}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_processes_work_on_one_state() {
    let sandbox = Sandbox::new().await;
    let block = crate::processes::block("gcs", &sandbox.gcs());

    crate::processes::all_objects_are_there(sandbox.folder.path(), &block, &sandbox.bucket()).await;
}
