//! The laws of states in local files.

use std::process::Command;

use uuid::Uuid;

use super::*;
use crate::addr::Address;
use crate::state::{Begun, Object, Question};

const SAMPLE: &str = include_str!("../../state/samples/kinds.tfstate");

fn holder() -> Holder {
    Holder {
        id: Uuid::from_u128(7),
        operation: "OperationTypeApply".into(),
        who: "me@here".into(),
        version: "0.1.0".into(),
        created: "2026-01-01T00:00:05Z".parse().unwrap(),
        info: String::new(),
    }
}

fn place() -> (tempfile::TempDir, PathBuf, LocalBackend) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("terraform.tfstate");
    let backend = LocalBackend::new(folder.path(), &Settings::new(), "default");
    (folder, state, backend)
}

fn object() -> (Address, Object) {
    let address: Address = "terraform_data.a".parse().unwrap();
    let object = file::read(SAMPLE).unwrap().current(&address).unwrap().clone();
    ("terraform_data.new".parse().unwrap(), object)
}

fn with_one() -> Snapshot {
    let mut snapshot = Snapshot::default();
    let (address, object) = object();
    snapshot.set_current(&address, Some(object));
    snapshot
}

fn made() -> Entry {
    let (address, object) = object();
    Entry::Object { address, deposed: None, object: Some(Box::new(object)) }
}

fn is_held(result: Result<Box<dyn Lock>, BackendError>) -> bool {
    matches!(result, Err(BackendError::Held(_)))
}

#[tokio::test]
async fn what_is_saved_is_loaded_and_only_its_owner_reads_it() {
    let (folder, state, backend) = place();

    let mut lock = backend.lock(&holder()).await.unwrap();
    let saved = lock.save(&with_one()).await.unwrap();
    lock.unlock().await.unwrap();

    let loaded = backend.load().await.unwrap().snapshot.unwrap();
    assert_eq!((saved.serial, saved.unchanged), (1, false));
    assert_eq!(loaded.objects, with_one().objects);
    assert_eq!(fs::metadata(&state).unwrap().mode() & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[tokio::test]
async fn a_lock_that_saves_nothing_leaves_nothing() {
    let (folder, _, backend) = place();

    let lock = backend.lock(&holder()).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn saving_the_same_again_writes_nothing() {
    let (_folder, state, backend) = place();
    fs::write(&state, SAMPLE).unwrap();

    let mut lock = backend.lock(&holder()).await.unwrap();
    let saved = lock.save(&file::read(SAMPLE).unwrap()).await.unwrap();

    assert_eq!(saved, Saved { serial: 6, unchanged: true, lineage: saved.lineage.clone() });
    assert_eq!(fs::read_to_string(&state).unwrap(), SAMPLE);
}

#[tokio::test]
async fn the_backup_is_the_state_before_the_run() {
    let (_folder, state, backend) = place();
    fs::write(&state, SAMPLE).unwrap();

    let mut lock = backend.lock(&holder()).await.unwrap();
    lock.save(&with_one()).await.unwrap();
    lock.save(&Snapshot::default()).await.unwrap();

    let backup = state.with_file_name("terraform.tfstate.backup");
    assert_eq!(fs::read_to_string(backup).unwrap(), SAMPLE);
    let now = file::read(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!((now.serial, now.lineage.as_str()), (8, "00000000-0000-4000-8000-000000000001"));
}

#[tokio::test]
async fn the_lock_excludes_a_second_one_before_and_after_a_save() {
    let (folder, _, backend) = place();
    let other = LocalBackend::new(folder.path(), &Settings::new(), "default");
    let mut lock = backend.lock(&holder()).await.unwrap();

    assert!(is_held(other.lock(&holder()).await));
    lock.save(&with_one()).await.unwrap();
    other.load().await.unwrap();
    assert!(is_held(other.lock(&holder()).await));
    lock.unlock().await.unwrap();
    assert!(!is_held(other.lock(&holder()).await));
}

#[tokio::test]
async fn a_refused_lock_tells_the_holder_and_since_when() {
    let (_folder, _, backend) = place();
    let _lock = backend.lock(&holder()).await.unwrap();
    let later = Holder { created: "2026-01-01T00:03:00Z".parse().unwrap(), ..holder() };

    let error = backend.lock(&later).await.err().unwrap().to_diagnostic();

    assert!(error.detail.contains("me@here") && error.detail.contains("2m55s ago"), "{error:?}");
}

#[tokio::test]
async fn the_journal_of_a_run_that_ended_early_is_entered_and_then_saved() {
    let (_folder, state, backend) = place();
    let mut lock = backend.lock(&holder()).await.unwrap();
    lock.append(&[made()]).await.unwrap();
    drop(lock);

    let loaded = backend.load().await.unwrap();
    let mut lock = backend.lock(&holder()).await.unwrap();
    let again = lock.load().await.unwrap();
    lock.save(again.snapshot.as_ref().unwrap()).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!(loaded, again);
    assert_eq!((loaded.replayed, loaded.snapshot.unwrap().objects), (1, with_one().objects));
    assert!(!state.with_file_name("terraform.tfstate.journal").exists());
    assert_eq!(backend.load().await.unwrap().replayed, 0);
}

fn begun() -> Begun {
    let (address, object) = object();
    Begun {
        address,
        deposed: None,
        action: "create".into(),
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        planned: Some(object),
        programs: false,
    }
}

#[tokio::test]
async fn an_action_without_an_end_stays_a_question_until_its_end_is_told() {
    let (_folder, _, backend) = place();
    let intent = Entry::Intent {
        call: 1,
        address: object().0,
        action: "create".into(),
        request: "POST x".into(),
        identity: serde_json::Value::Null,
    };
    let mut lock = backend.lock(&holder()).await.unwrap();
    lock.append(&[Entry::Begin(Box::new(begun())), intent]).await.unwrap();
    lock.save(&Snapshot::default()).await.unwrap();
    lock.unlock().await.unwrap();

    let open = backend.load().await.unwrap().open;
    assert_eq!(
        open,
        [Question {
            begun: begun(),
            request: "POST x".into(),
            told: serde_json::Value::Null,
            unanswered: true,
            succeeded: false
        }]
    );

    let mut lock = backend.lock(&holder()).await.unwrap();
    lock.load().await.unwrap();
    lock.save(&with_one()).await.unwrap();
    assert_eq!(lock.load().await.unwrap().open, open);

    lock.append(&[Entry::End { address: object().0, deposed: None }]).await.unwrap();
    lock.save(&with_one()).await.unwrap();
    assert_eq!(lock.load().await.unwrap().open, []);
}

#[tokio::test]
async fn a_state_that_somebody_changed_is_not_overwritten() {
    let (folder, state, backend) = place();
    fs::write(&state, SAMPLE).unwrap();
    let mut lock = backend.lock(&holder()).await.unwrap();
    let changed = SAMPLE.replace("\"serial\": 6", "\"serial\": 9");
    fs::write(folder.path().join("x"), &changed).unwrap();
    fs::rename(folder.path().join("x"), &state).unwrap();

    let error = lock.save(&with_one()).await.unwrap_err();

    assert!(matches!(error, BackendError::Stale { expected: 6, found: 9, .. }), "{error}");
    assert_eq!(fs::read_to_string(&state).unwrap(), changed);
    let kept = fs::read_to_string(folder.path().join("errored.tfstate")).unwrap();
    assert_eq!(file::read(&kept).unwrap().objects, with_one().objects);
}

#[tokio::test]
async fn a_broken_state_is_refused_before_anything_is_locked_for_long() {
    let (_folder, state, backend) = place();
    fs::write(&state, "{\n  \"version\": 4,").unwrap();

    assert!(matches!(backend.lock(&holder()).await, Err(BackendError::State { .. })));
    assert!(matches!(backend.load().await, Err(BackendError::State { .. })));
}

#[tokio::test]
async fn terraform_reads_what_is_saved_and_is_kept_out_while_it_is_locked() {
    let (folder, _, backend) = place();
    let terraform = |arguments: &[&str]| {
        let mut command = Command::new("terraform");
        command.current_dir(folder.path()).env("CHECKPOINT_DISABLE", "1");
        command.env("TF_CLI_CONFIG_FILE", "/dev/null").args(arguments).output()
    };
    if terraform(&["version"]).is_err() {
        return;
    }

    let mut lock = backend.lock(&holder()).await.unwrap();
    lock.save(&with_one()).await.unwrap();
    let refused = terraform(&["state", "rm", "terraform_data.new"]).unwrap();
    lock.unlock().await.unwrap();
    let listed = terraform(&["state", "list", "-state=terraform.tfstate"]).unwrap();

    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("Error acquiring the state lock"), "{error}");
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "terraform_data.new\n");
}

#[tokio::test]
async fn without_the_lock_a_state_is_saved_while_another_holds_it_but_not_over_what_that_has_saved()
{
    let (_folder, state, backend) = place();
    let mut holding = backend.lock(&holder()).await.unwrap();
    holding.save(&with_one()).await.unwrap();

    let mut free = backend.unlocked(&holder()).await.unwrap();
    let loaded = free.load().await.unwrap().snapshot.unwrap();
    holding.save(&Snapshot::default()).await.unwrap();
    let refused = free.save(&loaded).await;
    free.load().await.unwrap();
    let saved = free.save(&loaded).await.unwrap();
    free.unlock().await.unwrap();

    assert!(matches!(refused, Err(BackendError::Stale { expected: 1, found: 2, .. })));
    assert_eq!(saved.serial, 3);
    let info = state.with_file_name(".terraform.tfstate.lock.info");
    assert!(info.exists(), "the lock is still another's");
    assert!(is_held(backend.lock(&holder()).await));
}

#[tokio::test]
async fn without_the_lock_a_first_state_is_saved_and_leaves_no_lock_behind() {
    let (folder, _, backend) = place();

    let mut free = backend.unlocked(&holder()).await.unwrap();
    free.append(&[made()]).await.unwrap();
    free.save(&with_one()).await.unwrap();
    free.unlock().await.unwrap();

    let names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["terraform.tfstate"]);
}

#[tokio::test]
async fn a_program_that_is_being_started_does_not_hold_the_lock_on() {
    let (_folder, _, backend) = place();
    let mut lock = backend.lock(&holder()).await.unwrap();
    lock.save(&with_one()).await.unwrap();
    // What a forked process has of the file until it runs its program.
    let inherited = lock_of(&backend.held).as_ref().unwrap().try_clone().unwrap();

    lock.unlock().await.unwrap();
    let again = backend.lock(&holder()).await;

    assert!(!is_held(again));
    drop(inherited);
}
