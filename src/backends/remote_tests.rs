//! The laws of states in services, on a service in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use uuid::Uuid;

use super::super::store::{Past, Written};
use super::*;
use crate::addr::Address;
use crate::state::{Begun, Object};

/// A service in memory: versions count, all former states are kept.
#[derive(Default)]
struct Memory(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    states: Vec<Vec<u8>>,
    pieces: BTreeMap<String, Vec<u8>>,
    lock: Option<Holder>,
    broken: bool,
}

impl Memory {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }
}

#[async_trait]
impl Store for Memory {
    fn place(&self) -> String {
        "memory://state".into()
    }

    async fn read(&self) -> Result<Option<Written>, StoreError> {
        let kept = self.kept();
        let state = kept.states.last().cloned();
        Ok(state.map(|bytes| Written { bytes, version: kept.states.len().to_string() }))
    }

    async fn write(
        &self,
        bytes: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<String, StoreError> {
        let mut kept = self.kept();
        let holder = kept.lock.clone().map(Box::new);
        let is_held = holder.as_ref().is_some_and(|holder| holder.id.to_string() == lock);
        if !is_held && !lock.is_empty() {
            return Err(StoreError::LockLost { holder });
        }
        let there = (!kept.states.is_empty()).then(|| kept.states.len().to_string());
        if there.as_deref() != replaces {
            return Err(StoreError::Moved);
        }
        if kept.broken {
            return Err(StoreError::Failed("503".into()));
        }
        kept.states.push(bytes.to_vec());
        Ok(kept.states.len().to_string())
    }

    async fn journal(&self) -> Result<Vec<Piece>, StoreError> {
        let pieces = self.kept().pieces.clone().into_iter();
        Ok(pieces.map(|(name, bytes)| Piece { name, bytes }).collect())
    }

    async fn append(&self, piece: &Piece) -> Result<(), StoreError> {
        self.kept().pieces.insert(piece.name.clone(), piece.bytes.clone());
        Ok(())
    }

    async fn drop_pieces(&self, names: &[String]) -> Result<(), StoreError> {
        self.kept().pieces.retain(|name, _| !names.contains(name));
        Ok(())
    }

    async fn take(&self, holder: &Holder) -> Result<String, StoreError> {
        let mut kept = self.kept();
        if let Some(holder) = kept.lock.clone() {
            let id = Some(holder.id.to_string());
            return Err(StoreError::Held { id, holder: Some(Box::new(holder)), beat: None });
        }
        kept.lock = Some(holder.clone());
        Ok(holder.id.to_string())
    }

    async fn beat(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn free(&self, lock: &str) -> Result<(), StoreError> {
        self.break_lock(lock).await
    }

    async fn break_lock(&self, lock: &str) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if kept.lock.as_ref().is_some_and(|holder| holder.id.to_string() == lock) {
            kept.lock = None;
            return Ok(());
        }
        Err(StoreError::NotHeld { id: None, holder: kept.lock.clone().map(Box::new) })
    }

    async fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        Ok(vec!["z".into(), "default".into(), "a".into()])
    }

    async fn remove(&self) -> Result<(), StoreError> {
        *self.kept() = Kept::default();
        Ok(())
    }

    async fn history(&self) -> Result<Vec<Past>, StoreError> {
        let last = self.kept().states.len();
        let past = |at: usize| Past { version: at.to_string(), written: None, present: at == last };
        Ok((1..=last).rev().map(past).collect())
    }

    async fn past(&self, version: &str) -> Result<Vec<u8>, StoreError> {
        let at = version.parse::<usize>().unwrap() - 1;
        Ok(self.kept().states[at].clone())
    }
}

fn place() -> (tempfile::TempDir, Arc<Memory>, Remote) {
    let folder = tempfile::tempdir().unwrap();
    let memory = Arc::new(Memory::default());
    let remote = Remote::new(Arc::clone(&memory) as Arc<dyn Store>, folder.path(), Disk::default());
    (folder, memory, remote)
}

fn holder(id: u128) -> Holder {
    Holder { id: Uuid::from_u128(id), ..Holder::new("OperationTypeApply", "me@here") }
}

fn object() -> (Address, Object) {
    let sample = file::read(include_str!("../../state/samples/kinds.tfstate")).unwrap();
    let object = sample.current(&"terraform_data.a".parse().unwrap()).unwrap().clone();
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

fn begins() -> Entry {
    let (address, object) = object();
    Entry::Begin(Box::new(Begun {
        address,
        deposed: None,
        action: "create".into(),
        since: jiff::Timestamp::UNIX_EPOCH,
        planned: Some(object),
        programs: false,
    }))
}

fn asked(call: u64) -> Entry {
    let address = object().0;
    let identity = serde_json::json!({ "name": "x" });
    Entry::Intent { call, address, action: "create".into(), request: "POST x".into(), identity }
}

fn answer(call: u64) -> Entry {
    Entry::Answer { call, outcome: "200".into() }
}

#[tokio::test]
async fn what_is_saved_is_loaded_and_what_says_the_same_is_not_written() {
    let (_folder, memory, remote) = place();

    let mut lock = remote.lock(&holder(1)).await.unwrap();
    let first = lock.save(&with_one()).await.unwrap();
    let second = lock.save(&with_one()).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!((first.serial, first.unchanged, second.unchanged), (1, false, true));
    assert_eq!(memory.kept().states.len(), 1);
    let loaded = remote.load().await.unwrap().snapshot.unwrap();
    assert_eq!(loaded.objects, with_one().objects);
    assert!(memory.kept().lock.is_none());
}

#[tokio::test]
async fn one_at_a_time_and_the_holder_is_named() {
    let (_folder, _memory, remote) = place();
    let _lock = remote.lock(&holder(1)).await.unwrap();

    let Err(BackendError::Held(held)) = remote.lock(&holder(2)).await else { panic!("not held") };

    let told = BackendError::Held(held).to_diagnostic().detail;
    for word in
        ["memory://state", "me@here", "00000000-0000-0000-0000-000000000001", "terrane recover"]
    {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[tokio::test]
async fn the_holder_of_a_lock_that_was_ended_cannot_write_and_nothing_is_lost() {
    let (folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    remote.break_lock(&holder(1).id.to_string()).await.unwrap();
    let other = remote.lock(&holder(2)).await.unwrap();

    let Err(BackendError::LockLost { holder: Some(now), kept: Some(kept), .. }) =
        lock.save(&with_one()).await
    else {
        panic!("written")
    };

    assert_eq!(now.id, holder(2).id);
    assert_eq!(kept, folder.path().join("errored.tfstate"));
    let aside = file::read(&std::fs::read_to_string(kept).unwrap()).unwrap();
    assert_eq!(aside.objects, with_one().objects);
    assert!(memory.kept().states.is_empty());
    drop(other);
}

#[tokio::test]
async fn a_state_that_moved_is_not_overwritten() {
    let (_folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    let other = Snapshot { lineage: "l".into(), serial: 9, ..with_one() };
    memory.kept().states.push(file::write(&other).into_bytes());

    let Err(BackendError::Stale { found, kept, .. }) = lock.save(&with_one()).await else {
        panic!("written")
    };

    assert_eq!(found, 9);
    assert!(kept.is_some());
}

#[tokio::test]
async fn a_run_that_ends_early_is_told_by_its_journal() {
    let (_folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    lock.append(&[begins(), asked(1)]).await.unwrap();
    lock.append(&[answer(1), made(), asked(2)]).await.unwrap();
    drop(lock);
    memory.kept().lock = None;

    let mut lock = remote.lock(&holder(2)).await.unwrap();
    let loaded = lock.load().await.unwrap();

    assert_eq!(loaded.snapshot.clone().unwrap().objects, with_one().objects);
    assert!(loaded.open[0].unanswered);
    assert_eq!(loaded.replayed, 5);

    lock.append(&[Entry::End { address: object().0, deposed: None }]).await.unwrap();
    lock.save(&loaded.snapshot.unwrap()).await.unwrap();
    assert!(memory.kept().pieces.is_empty());
}

#[tokio::test]
async fn actions_without_an_end_stay_in_the_journal_when_the_state_is_saved() {
    let (_folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    lock.append(&[begins(), asked(1)]).await.unwrap();

    lock.save(&with_one()).await.unwrap();
    lock.unlock().await.unwrap();

    assert_eq!(memory.kept().pieces.len(), 1);
    assert_eq!(remote.load().await.unwrap().open.len(), 1);
}

#[tokio::test]
async fn a_service_that_fails_leaves_the_state_aside_and_the_journal_there() {
    let (_folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    lock.append(&[made()]).await.unwrap();
    memory.kept().broken = true;

    let failed = lock.save(&with_one()).await;

    assert!(matches!(failed, Err(BackendError::NotSaved { kept: Some(_), .. })));
    assert_eq!(memory.kept().pieces.len(), 1);
}

#[tokio::test]
async fn versions_are_listed_and_read() {
    let (_folder, _memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    lock.save(&with_one()).await.unwrap();
    lock.save(&Snapshot::default()).await.unwrap();

    let versions = remote.history().await.unwrap();

    let ids: Vec<_> = versions.iter().map(|it| (it.id.as_str(), it.present)).collect();
    assert_eq!(ids, [("2", true), ("1", false)]);
    assert_eq!(remote.version("1").await.unwrap().objects, with_one().objects);
}

#[tokio::test]
async fn workspaces_are_sorted_with_the_default_first() {
    let (_folder, _memory, remote) = place();

    assert_eq!(remote.workspaces().await.unwrap(), ["default", "a", "z"]);
}

#[tokio::test]
async fn without_a_lock_a_state_is_saved_while_another_holds_it_but_not_over_what_that_has_saved() {
    let (_folder, memory, remote) = place();
    let mut holding = remote.lock(&holder(1)).await.unwrap();
    let mut free = remote.unlocked(&holder(2)).await.unwrap();

    holding.save(&with_one()).await.unwrap();
    let refused = free.save(&with_one()).await;
    free.load().await.unwrap();
    let saved = free.save(&Snapshot::default()).await.unwrap();
    free.unlock().await.unwrap();

    assert!(matches!(refused, Err(BackendError::Stale { expected: 0, found: 1, .. })));
    assert_eq!(saved.serial, 2);
    assert_eq!(memory.kept().lock.as_ref().map(|held| held.id), Some(holder(1).id));
}

/// What a run has written when it ends: the states, and all of the journal.
async fn bytes_of_a_run(objects: usize) -> (usize, usize) {
    let (_folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    let mut state = Snapshot::default();
    let (mut journal, model, begin) = (0, object().1, begins());
    for number in 0..objects {
        let address: Address = format!("terraform_data.new[{number}]").parse().unwrap();
        let of = |entry| match entry {
            Entry::Begin(begun) => {
                Entry::Begin(Box::new(Begun { address: address.clone(), ..*begun }))
            }
            Entry::Object { object, .. } => {
                Entry::Object { address: address.clone(), deposed: None, object }
            }
            Entry::Intent { call, action, request, identity, .. } => {
                Entry::Intent { call, address: address.clone(), action, request, identity }
            }
            other => other,
        };
        state.set_current(&address, Some(model.clone()));
        let call = number as u64;
        let end = Entry::End { address: address.clone(), deposed: None };
        lock.append(&[of(begin.clone()), of(asked(call))]).await.unwrap();
        lock.append(&[answer(call), of(made()), end]).await.unwrap();
        let pieces = memory.kept().pieces.clone();
        journal += pieces.values().rev().take(2).map(Vec::len).sum::<usize>();
        if lock.due(jiff::Timestamp::UNIX_EPOCH) {
            lock.save(&state).await.unwrap();
            assert!(memory.kept().pieces.is_empty());
        }
    }
    // The run is killed here: nothing is lost.
    drop(lock);
    let loaded = remote.load().await.unwrap();
    assert_eq!(loaded.snapshot.unwrap().objects.len(), objects);
    assert_eq!(loaded.open, []);
    let states = memory.kept().states.clone();
    (states.len(), states.iter().map(Vec::len).sum::<usize>() + journal)
}

#[tokio::test]
async fn the_state_is_saved_now_and_then_and_what_is_written_grows_with_what_is_done() {
    let (few_states, few) = bytes_of_a_run(400).await;
    let (more_states, more) = bytes_of_a_run(1_600).await;

    assert!(few_states > 0 && more_states <= few_states + 4, "{few_states} {more_states}");
    assert!(more < few * 5, "{few} {more}");
}

#[tokio::test]
async fn an_action_that_had_sent_nothing_at_a_save_is_told_whole_when_it_does() {
    let (_folder, memory, remote) = place();
    let mut lock = remote.lock(&holder(1)).await.unwrap();
    lock.append(&[begins()]).await.unwrap();
    lock.save(&with_one()).await.unwrap();
    assert!(memory.kept().pieces.is_empty());

    lock.append(&[asked(1)]).await.unwrap();
    drop(lock);

    let open = remote.load().await.unwrap().open;
    assert!(open[0].begun.planned.is_some() && open[0].unanswered, "{open:?}");
}
