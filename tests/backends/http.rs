//! The backend `http` against a small server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use terrane::backends::kinds::{self, Settings, Surroundings};
use terrane::backends::{Backend, BackendError};
use terrane::diag::Diagnostic;
use terrane::http::SystemClock;
use terrane::state::file;

use crate::ends;
use crate::http_server::{Fault, HttpServer};
use crate::laws::{self, Open, holder, names, with};
use crate::processes::{self, block};

pub(crate) fn world(folder: &Path, variables: &[(&str, &str)]) -> Surroundings {
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Surroundings {
        folder: folder.to_path_buf(),
        environment: Arc::new(variables.collect()),
        home: None,
        sandbox: None,
        clock: Arc::new(SystemClock),
    }
}

fn object(json: Json) -> Settings {
    let Json::Object(settings) = json else { panic!("no object") };
    settings
}

fn opened(settings: &Json, folder: &Path) -> Box<dyn Backend> {
    kinds::open(Some("http"), &object(settings.clone()), "default", &world(folder, &[])).unwrap()
}

/// Each workspace of the laws is an address of its own.
fn open(server: &HttpServer, folder: &Path) -> Open {
    let (server, folder) = (server.clone(), folder.to_path_buf());
    Arc::new(move |name| opened(&server.settings(name), &folder))
}

fn server(etags: bool, strict: bool) -> HttpServer {
    let server = HttpServer::new();
    server.kept().etags = etags;
    server.kept().strict = strict;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_laws_hold_with_servers_that_know_etags_or_look_at_the_lock_and_with_those_that_do_not()
{
    for (etags, strict) in [(false, false), (true, false), (false, true), (true, true)] {
        let (server, folder) = (server(etags, strict), tempfile::tempdir().unwrap());
        let open = open(&server, folder.path());
        laws::a_journal_survives_its_run(&open).await;
        laws::a_broken_locks_holder_cannot_write(&open).await;
        laws::no_update_is_lost(&open, 20).await;
        assert!(server.kept().locks.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_loaded_and_goes_when_it_is_removed() {
    let (server, folder) = (server(false, true), tempfile::tempdir().unwrap());
    let backend = opened(&server.settings("a"), folder.path());
    assert!(backend.load().await.unwrap().snapshot.is_none());

    let mut lock = backend.lock(&holder("OperationTypeApply")).await.unwrap();
    let first = lock.save(&with(&["a", "b"])).await.unwrap();
    let same = lock.save(&with(&["a", "b"])).await.unwrap();
    let second = lock.save(&with(&["b"])).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!((first.serial, same.unchanged, second.serial), (1, true, 2));
    assert_eq!(names(&backend.load().await.unwrap().snapshot.unwrap()), ["b"]);
    backend.remove().await.unwrap();
    assert!(backend.load().await.unwrap().snapshot.is_none());
    assert!(backend.history().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_save_asks_who_holds_the_lock_and_reads_again_and_both_are_cheap_with_etags() {
    for (etags, reads) in [(true, 2), (false, 2)] {
        let (server, folder) = (server(etags, false), tempfile::tempdir().unwrap());
        server.kept().states.insert("a".into(), file::write(&with(&["a"])).into_bytes());
        let backend = opened(&server.settings("a"), folder.path());
        let mut lock = backend.lock(&holder("x")).await.unwrap();
        lock.save(&with(&["b"])).await.unwrap();
        lock.unlock().await.unwrap();

        let asked = server.kept().asked.clone();
        let plain: Vec<&str> = asked.iter().map(|it| it.split('?').next().unwrap()).collect();
        let expected = [
            "LOCK /lock/a",
            "GET /state/a",
            "LOCK /lock/a",
            "GET /state/a",
            "POST /state/a",
            "UNLOCK /lock/a",
        ];
        assert_eq!(plain, expected);
        assert_eq!(plain.iter().filter(|it| it.starts_with("GET")).count(), reads);
        assert!(asked[4].contains("?ID="), "{asked:?}");
        let weakness = backend.weakness().unwrap();
        assert_eq!(weakness.contains("no strong ETag"), !etags, "{weakness}");
    }
}

#[tokio::test]
async fn a_state_that_moved_is_not_overwritten_not_even_in_the_last_moment() {
    let other = || {
        let mut other = with(&["other"]);
        (other.serial, other.lineage) = (9, "l".into());
        file::write(&other).into_bytes()
    };
    for (etags, late) in [(false, false), (true, false), (true, true)] {
        let (server, folder) = (server(etags, false), tempfile::tempdir().unwrap());
        let backend = opened(&server.settings("a"), folder.path());
        let mut lock = backend.lock(&holder("x")).await.unwrap();
        lock.save(&with(&["a"])).await.unwrap();
        if late {
            server.kept().faults.push(("POST", Fault::After(other())));
        } else {
            server.kept().states.insert("a".into(), other());
        }

        let refused = lock.save(&with(&["b"])).await;

        assert!(
            matches!(refused, Err(BackendError::Stale { found: 9, kept: Some(_), .. })),
            "{refused:?}"
        );
        assert_eq!(server.kept().states["a"], other());
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_and_an_answer_that_was_lost_is_found_out() {
    for method in ["GET", "POST", "LOCK", "UNLOCK"] {
        for faults in [
            vec![Fault::Status(503), Fault::Status(500)],
            vec![Fault::Status(429), Fault::Silence],
            vec![Fault::Silence, Fault::Status(502)],
        ] {
            for etags in [false, true] {
                let (server, folder) = (server(etags, true), tempfile::tempdir().unwrap());
                let backend = opened(&server.settings("a"), folder.path());
                let faults: Vec<_> = faults.iter().map(|fault| (method, fault.clone())).collect();
                server.kept().faults = faults;

                let mut lock = backend.lock(&holder("x")).await.unwrap();
                let saved = lock.save(&with(&["a"])).await;
                let unlocked = lock.unlock().await;

                assert!(saved.is_ok() && unlocked.is_ok(), "{method}: {saved:?} {unlocked:?}");
                assert!(
                    server.kept().faults.is_empty() && server.kept().locks.is_empty(),
                    "{method}"
                );
                assert_eq!(names(&backend.load().await.unwrap().snapshot.unwrap()), ["a"]);
            }
        }
    }
}

#[tokio::test]
async fn a_service_that_stays_broken_leaves_the_state_aside_and_what_is_wrong_is_told_without_secrets()
 {
    let (server, folder) = (server(false, false), tempfile::tempdir().unwrap());
    let backend = opened(&server.settings("a"), folder.path());
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    server.kept().faults = vec![("POST", Fault::Status(503)); 3];
    let failed = lock.save(&with(&["a"])).await;
    assert!(matches!(failed, Err(BackendError::NotSaved { kept: Some(_), .. })), "{failed:?}");
    lock.unlock().await.unwrap();

    server.kept().states.insert("a".into(), file::write(&with(&["a"])).into_bytes());
    server.kept().faults = vec![("GET", Fault::WrongSum)];
    let wrong = backend.load().await.unwrap_err().to_diagnostic().detail;
    assert!(wrong.contains("Content-MD5"), "{wrong}");

    server.kept().account = Some("me:hunter2".into());
    let mut settings = server.settings("a");
    settings["username"] = "me".into();
    settings["password"] = "hunter3".into();
    let unknown = opened(&settings, folder.path()).load().await.unwrap_err().to_diagnostic().detail;
    assert!(unknown.contains("username") && !unknown.contains("hunter"), "{unknown}");

    settings["password"] = "hunter2".into();
    assert!(opened(&settings, folder.path()).load().await.unwrap().snapshot.is_some());
    let address = server.settings("a")["address"].as_str().unwrap().replace("//", "//me:hunter2@");
    let inside = opened(&json!({ "address": address }), folder.path());
    assert!(inside.load().await.unwrap().snapshot.is_some());
    assert!(!inside.place().contains("hunter2"), "{}", inside.place());
}

#[tokio::test]
async fn ending_a_lock_sends_its_whole_record_and_never_claims_what_was_not_done() {
    let (server, folder) = (server(false, false), tempfile::tempdir().unwrap());
    let backend = opened(&server.settings("a"), folder.path());
    let (lock, id) = laws::locked(backend.as_ref()).await;
    drop(lock);

    server.kept().faults = vec![("UNLOCK", Fault::Lie)];
    let lied = backend.break_lock(&id).await.unwrap_err().to_diagnostic().detail;
    assert!(lied.contains("still has it"), "{lied}");
    assert_eq!(server.kept().locks.len(), 1);

    server.kept().unlocked_with.clear();
    backend.break_lock(&id).await.unwrap();
    let sent: Json = serde_json::from_slice(&server.kept().unlocked_with[0]).unwrap();
    assert_eq!((&sent["ID"], &sent["Who"]), (&json!(id), &json!("me@here")));
    assert!(server.kept().locks.is_empty());

    let without = json!({ "address": server.settings("a")["address"] });
    let backend = opened(&without, folder.path());
    assert!(matches!(backend.break_lock(&id).await, Err(BackendError::NotHeld { id: None, .. })));
    assert!(backend.weakness().unwrap().contains("no lock_address"));
}

#[test]
fn settings_are_terraforms() {
    let folder = Path::new("/nowhere");
    let problem = |workspace: &str, settings: Json| -> Diagnostic {
        let opened = kinds::open(Some("http"), &object(settings), workspace, &world(folder, &[]));
        match opened {
            Ok(_) => panic!("opened"),
            Err(problem) => *problem,
        }
    };
    for (settings, told) in [
        (json!({}), "\"address\" is required"),
        (json!({ "address": "ftp://x" }), "must be HTTP or HTTPS"),
        (json!({ "address": "://" }), "is no URL"),
        (json!({ "address": "http://x", "unlock_address": "http://x" }), "needs a lock_address"),
        (json!({ "address": "http://x", "update_method": "P U T" }), "is no method"),
        (
            json!({ "address": "http://x", "client_certificate_pem": "x" }),
            "needs client_private_key_pem",
        ),
        (json!({ "address": "http://x", "client_ca_certificate_pem": "x" }), "cannot be used"),
        (json!({ "address": "http://x", "retry_max": "many" }), "a number is required"),
    ] {
        let problem = problem("default", settings);
        assert!(problem.detail.contains(told), "{told}: {problem:?}");
    }
    let problem = problem("stage", json!({ "address": "http://x" }));
    assert!(problem.detail.contains("workspaces not supported"), "{problem:?}");

    let variables = [("TF_HTTP_ADDRESS", "https://u:p@host/state?token=hunter2")];
    let opened = kinds::open(Some("http"), &Settings::new(), "default", &world(folder, &variables));
    assert_eq!(opened.unwrap().place(), "https://host/state");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_lose_nothing() {
    let (server, folder) = (server(true, true), tempfile::tempdir().unwrap());
    let block = block("http", &server.settings("default"));
    processes::all_objects_are_there(folder.path(), &block, &open(&server, folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_is_known_to_the_next_and_one_whose_lock_was_ended_saves_nothing() {
    let (server, folder) = (server(false, false), tempfile::tempdir().unwrap());
    let block = block("http", &server.settings("a"));
    let environment = BTreeMap::new();
    ends::a_killed_run_is_known(&folder.path().join("killed"), &block, &environment);
    let block = self::block("http", &server.settings("b"));
    ends::an_ended_lock_saves_nothing(&folder.path().join("ended"), &block, &environment);
}

#[test]
fn what_is_less_safe_is_told_before_a_run_writes_and_not_to_who_only_looks() {
    let (server, folder) = (server(false, false), tempfile::tempdir().unwrap());
    let settings = json!({ "address": server.settings("a")["address"] });
    let none = BTreeMap::new();
    let (terrane, folder) = (ends::TERRANE, folder.path());
    ends::write(folder, &block("http", &settings), "resource \"terraform_data\" \"a\" {}\n");

    let planned = ends::done(terrane, folder, &["plan"], &none);
    let applied = ends::done(terrane, folder, &["apply", "-auto-approve"], &none);
    let again = ends::done(terrane, folder, &["apply", "-auto-approve"], &none);
    let listed = ends::refused(terrane, folder, &["workspace", "list"], &none);
    let variables = BTreeMap::from([("TF_WORKSPACE".to_string(), "stage".to_string())]);
    let other = ends::refused(terrane, folder, &["plan"], &variables);

    assert!(!planned.contains("less safely"), "{planned}");
    let words =
        |text: &str| text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&applied).contains("There is no lock_address"), "{applied}");
    assert_eq!(words(&again).matches("gives no strong ETag").count(), 1, "{again}");
    for told in [listed, other] {
        assert!(words(&told).contains("workspaces not supported"), "{told}");
    }
}
