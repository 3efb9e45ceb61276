//! What is true of every place that keeps states.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use terrane::addr::Address;
use terrane::backends::{Backend, BackendError, Holder, Loaded, Lock, acquire};
use terrane::http::Clock;
use terrane::state::{Begun, Entry, Object, Snapshot, file};

/// Opens the place of a workspace.
pub(crate) type Open = Arc<dyn Fn(&str) -> Box<dyn Backend> + Send + Sync>;

/// A clock whose waits are short, so that who waits for a lock asks often.
struct Hurry;

#[async_trait]
impl Clock for Hurry {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    async fn sleep(&self, _: Duration) {
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

pub(crate) fn holder(operation: &str) -> Holder {
    Holder::new(operation, "me@here")
}

pub(crate) fn address(name: &str) -> Address {
    format!("terraform_data.{name}").parse().unwrap()
}

/// A state with one object of each name.
pub(crate) fn with(names: &[&str]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for name in names {
        snapshot.set_current(&address(name), Some(object()));
    }
    snapshot
}

pub(crate) fn object() -> Object {
    let sample = include_str!("../../state/samples/kinds.tfstate");
    let sample = file::read(sample).unwrap();
    sample.current(&address("a")).unwrap().clone()
}

pub(crate) fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.objects.keys().map(|address| address.name.to_string()).collect()
}

async fn state(backend: &dyn Backend) -> Snapshot {
    backend.load().await.unwrap().snapshot.unwrap_or_default()
}

/// Takes a lock and gives it with its id as the next one who wants it is told.
pub(crate) async fn locked(backend: &dyn Backend) -> (Box<dyn Lock>, String) {
    let lock = backend.lock(&holder("OperationTypeApply")).await.unwrap();
    match backend.lock(&holder("OperationTypeApply")).await {
        Err(BackendError::Held(error)) => (lock, error.id.expect("a held lock has an id")),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("two have the lock"),
    }
}

/// What is saved is what is loaded; a look writes nothing.
pub(crate) async fn a_round_trip(open: &Open) {
    let backend = open("default");
    assert!(backend.load().await.unwrap().snapshot.is_none());
    assert_eq!(backend.workspaces().await.unwrap(), ["default"]);

    let mut lock = backend.lock(&holder("OperationTypeApply")).await.unwrap();
    let first = lock.save(&with(&["a", "b"])).await.unwrap();
    let same = lock.save(&with(&["a", "b"])).await.unwrap();
    let second = lock.save(&with(&["b"])).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!((first.serial, same.serial, second.serial), (1, 1, 2));
    assert!(same.unchanged);
    assert_eq!(state(open("default").as_ref()).await.objects, with(&["b"]).objects);
}

/// Workspaces are apart, and go with all that is theirs.
pub(crate) async fn workspaces_are_apart(open: &Open) {
    let (one, two) = (open("one"), open("two"));
    one.create().await.unwrap();
    let mut lock = two.lock(&holder("x")).await.unwrap();
    lock.append(&[begun(), asked(1)]).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!(one.workspaces().await.unwrap(), ["default", "one", "two"]);
    assert!(state(one.as_ref()).await.objects.is_empty());

    two.remove().await.unwrap();
    assert_eq!(two.workspaces().await.unwrap(), ["default", "one"]);
    let left = two.load().await.unwrap();
    assert!(left.snapshot.is_none() && left.open.is_empty());
}

/// Many who add to the state lose nothing, and one at a time has the lock.
pub(crate) async fn no_update_is_lost(open: &Open, many: usize) {
    let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let adding = (0..many).map(|number| {
        let (open, inside) = (Arc::clone(open), Arc::clone(&inside));
        tokio::spawn(async move {
            use std::sync::atomic::Ordering::SeqCst;
            let backend = open("many");
            let wait = Duration::from_secs(300);
            let taken = acquire(backend.as_ref(), &holder("x"), wait, &Hurry).await;
            let mut lock = taken.unwrap();
            assert_eq!(inside.fetch_add(1, SeqCst), 0, "two have the lock");
            let mut snapshot = lock.load().await.unwrap().snapshot.unwrap_or_default();
            snapshot.set_current(&address(&format!("n{number}")), Some(object()));
            lock.save(&snapshot).await.unwrap();
            inside.fetch_sub(1, SeqCst);
            lock.unlock().await.unwrap();
        })
    });
    for added in adding.collect::<Vec<_>>() {
        added.await.unwrap();
    }

    let snapshot = state(open("many").as_ref()).await;
    assert_eq!(snapshot.objects.len(), many);
    assert_eq!(snapshot.serial, many as u64);
}

/// Whose lock was ended can write no more, before and after somebody else has it; what was to be written is kept.
pub(crate) async fn a_broken_locks_holder_cannot_write(open: &Open) {
    let backend = open("broken");
    let (mut first, id) = locked(backend.as_ref()).await;
    first.save(&with(&["a"])).await.unwrap();

    let wrong = backend.break_lock("7").await;
    assert!(matches!(wrong, Err(BackendError::NotHeld { id: Some(_), .. })), "{wrong:?}");
    backend.break_lock(&id).await.unwrap();
    let Err(BackendError::LockLost { kept: Some(kept), .. }) = first.save(&with(&["x"])).await
    else {
        panic!("written without a lock")
    };
    let kept = file::read(&std::fs::read_to_string(kept).unwrap()).unwrap();
    assert_eq!(names(&kept), ["x"]);

    let (mut second, _) = locked(backend.as_ref()).await;
    second.load().await.unwrap();
    second.save(&with(&["a", "b"])).await.unwrap();
    let again = first.save(&with(&["y"])).await;
    assert!(matches!(again, Err(BackendError::LockLost { holder: Some(_), .. })), "{again:?}");
    second.unlock().await.unwrap();

    assert_eq!(names(&state(backend.as_ref()).await), ["a", "b"]);
    let none = backend.break_lock(&id).await;
    assert!(matches!(none, Err(BackendError::NotHeld { id: None, .. })), "{none:?}");
}

pub(crate) fn begun() -> Entry {
    Entry::Begin(Box::new(Begun {
        address: address("a"),
        deposed: None,
        action: "create".into(),
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        planned: Some(object()),
        programs: false,
    }))
}

/// Counts the actions whose last call has no answer.
pub(crate) fn unanswered(loaded: &Loaded) -> usize {
    loaded.open.iter().filter(|question| question.unanswered).count()
}

pub(crate) fn asked(call: u64) -> Entry {
    Entry::Intent {
        call,
        address: address("a"),
        action: "create".into(),
        request: "POST x".into(),
        identity: serde_json::json!({}),
    }
}

fn made(name: &str) -> Entry {
    Entry::Object { address: address(name), deposed: None, object: Some(Box::new(object())) }
}

/// What a run told its journal is known to the next one, however the run ended.
pub(crate) async fn a_journal_survives_its_run(open: &Open) {
    let backend = open("journal");
    let (mut lock, id) = locked(backend.as_ref()).await;
    lock.save(&with(&["before"])).await.unwrap();
    lock.append(&[begun(), asked(1)]).await.unwrap();
    lock.append(&[Entry::Answer { call: 1, outcome: "200".into() }, made("a")]).await.unwrap();
    lock.append(&[asked(2)]).await.unwrap();
    drop(lock);
    backend.break_lock(&id).await.unwrap();

    let mut next = open("journal").lock(&holder("x")).await.unwrap();
    let loaded = next.load().await.unwrap();

    let snapshot = loaded.snapshot.clone().unwrap();
    assert_eq!(names(&snapshot), ["a", "before"]);
    assert_eq!(unanswered(&loaded), 1);

    // A question stays until its answer is told.
    next.save(&snapshot).await.unwrap();
    assert_eq!(unanswered(&next.load().await.unwrap()), 1);
    next.append(&[Entry::End { address: address("a"), deposed: None }]).await.unwrap();
    next.save(&snapshot).await.unwrap();
    next.unlock().await.unwrap();
    let after = backend.load().await.unwrap();
    assert_eq!((names(&after.snapshot.unwrap()).len(), after.replayed), (2, 0));
}

/// All laws, one after the other, each in a workspace of its own.
pub(crate) async fn all(open: Open) {
    a_round_trip(&open).await;
    workspaces_are_apart(&open).await;
    let open: Open = {
        // What is listed below is what these laws made.
        let (one, two) = (open("one"), open("default"));
        one.remove().await.unwrap();
        two.remove().await.unwrap();
        open
    };
    a_journal_survives_its_run(&open).await;
    a_broken_locks_holder_cannot_write(&open).await;
    no_update_is_lost(&open, 20).await;
}
