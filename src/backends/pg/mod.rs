//! States in PostgreSQL: Terraform's schema and Terraform's lock, so that both programs share a state.
//!
//! A lock is the session's: the server gives it back when the connection dies. So each write is one transaction that looks
//! whether this session still has it, and whether the row is the one that was read. A connection that died is a lock that
//! was lost: a new one reads and tells what is there, and writes no state.
//!
//! Terraform's table keeps one version. The journal, the holder's record and former versions are in tables of this
//! program's own, which Terraform does not mind.

mod lock;
mod objects;
mod session;
mod target;
mod tls;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Transaction};

use self::lock::{MAKING, holds};
use self::objects::Objects;
use self::session::{ANEW, failed, is_missing, is_undone};
use self::target::Target;
use super::kinds::{Form, Given, Kind, Setting};
use super::remote::Remote;
use super::store::{Past, Piece, Store, StoreError, Written};
use super::{Backend, Holder};
use crate::diag::Diagnostic;

/// How many former versions are kept where nothing else is said.
const FORMER: u64 = 20;

/// What the present version is called where this program did not write it.
const PRESENT: &str = "present";

/// The kind of place.
pub(super) const KIND: Kind = Kind {
    name: "pg",
    settings: &[
        Setting::text("conn_str").or(&["PG_CONN_STR"]),
        Setting::text("schema_name").or(&["PG_SCHEMA_NAME"]),
        Setting::text("skip_schema_creation").or(&["PG_SKIP_SCHEMA_CREATION"]).of(Form::Bool),
        Setting::text("skip_table_creation").or(&["PG_SKIP_TABLE_CREATION"]).of(Form::Bool),
        Setting::text("skip_index_creation").or(&["PG_SKIP_INDEX_CREATION"]).of(Form::Bool),
        Setting::text("history_versions").or(&["TERRANE_PG_HISTORY_VERSIONS"]).of(Form::Number),
    ],
    open,
};

fn open(given: &Given<'_>) -> Result<Box<dyn Backend>, Diagnostic> {
    let conn_str = given.text("conn_str").unwrap_or_default();
    let world = given.world;
    let target =
        target::target(&conn_str, &world.environment, world.home.as_deref()).map_err(|why| {
            Diagnostic::error("Invalid connection", format!("The database cannot be found: {why}."))
        })?;
    let skips = |name: &str| given.get(name).and_then(|it| it.as_bool()).unwrap_or(false);
    let schema = given.text("schema_name").unwrap_or_else(|| "terraform_remote_state".to_string());
    let objects = Objects {
        skip_schema: skips("skip_schema_creation"),
        skip_tables: skips("skip_table_creation"),
        skip_index: skips("skip_index_creation"),
        ..Objects::new(&schema)
    };
    let former = given.get("history_versions").and_then(|it| it.as_u64()).unwrap_or(FORMER);
    let store = PgStore {
        shown: format!("{}, schema {schema}, state {}", target.shown, given.workspace),
        target,
        objects,
        name: given.workspace.to_string(),
        former: i64::try_from(former).unwrap_or(i64::MAX - 1),
        state: Mutex::default(),
    };
    Ok(Box::new(Remote::new(Arc::new(store), &world.folder, given.disk()?)))
}

/// A state in PostgreSQL.
struct PgStore {
    target: Target,
    objects: Objects,
    /// The workspace: the row's name.
    name: String,
    shown: String,
    /// How many former versions are kept.
    former: i64,
    state: Mutex<State>,
}

/// The session, and the lock that it has.
#[derive(Default)]
struct State {
    client: Option<Client>,
    held: Option<Held>,
    /// A lock was held here, and it was lost.
    lost: bool,
}

/// A lock of this store's session.
#[derive(Clone)]
struct Held {
    id: String,
    number: i64,
    holder: Holder,
}

#[async_trait]
impl Store for PgStore {
    fn place(&self) -> String {
        self.shown.clone()
    }

    async fn read(&self) -> Result<Option<Written>, StoreError> {
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        let text =
            format!("SELECT coalesce(data, '') FROM {} WHERE name = $1", self.objects.states);
        let row = or_missing(client.query_opt(&text, &[&self.name]).await, None)?;
        Ok(row.map(|row| {
            let bytes = row.get::<_, String>(0).into_bytes();
            Written { version: version_of(&bytes), bytes }
        }))
    }

    async fn write(
        &self,
        bytes: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<String, StoreError> {
        let data =
            std::str::from_utf8(bytes).map_err(|error| StoreError::Failed(error.to_string()))?;
        let mut state = self.state.lock().await;
        let held = match lock {
            "" => None,
            lock => Some(self.held(&mut state, lock).await?),
        };
        let version = version_of(bytes);
        let client = self.session(&mut state).await?;
        if held.is_none() {
            self.objects.make(client).await?;
        }
        let mut undone = 0;
        let replaced = loop {
            match self.replace(client, held.as_ref(), data, replaces).await {
                Err(Refusal::Server(error)) if undone < ANEW && is_undone(&error) => undone += 1,
                replaced => break replaced,
            }
        };
        match replaced {
            Ok(number) => {
                if let Some(held) = held.filter(|held| held.number != number) {
                    // The row has its own number: others may make their states again.
                    let _ = lock::release(client, held.number).await;
                    state.held = Some(Held { number, ..held });
                }
                Ok(version)
            }
            Err(Refusal::Moved) => Err(StoreError::Moved),
            Err(Refusal::Lost) => Err(self.lost(state).await),
            Err(Refusal::Server(error)) if client.is_closed() || error.is_closed() => {
                // Whether the server still committed it, only a look tells.
                drop(state);
                match self.read().await? {
                    Some(found) if found.version == version => Ok(version),
                    _ if held.is_none() => Err(failed(&error)),
                    _ => Err(self.lost(self.state.lock().await).await),
                }
            }
            Err(Refusal::Server(error)) => Err(failed(&error)),
        }
    }

    async fn journal(&self) -> Result<Vec<Piece>, StoreError> {
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        let text =
            format!("SELECT piece, data FROM {} WHERE name = $1 ORDER BY id", self.objects.journal);
        let rows = or_missing(client.query(&text, &[&self.name]).await, Vec::new())?;
        Ok(rows.iter().map(|row| Piece { name: row.get(0), bytes: row.get(1) }).collect())
    }

    async fn append(&self, piece: &Piece) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let add = format!(
            "INSERT INTO {} (name, piece, data) SELECT $1::text, $2::text, $3::bytea",
            self.objects.journal
        );
        let values: [&(dyn ToSql + Sync); 3] = [&self.name, &piece.name, &piece.bytes];
        if self.execute_held(&mut state, &add, &values).await? == 1 {
            return Ok(());
        }
        // What was done after the lock was lost was done all the same: the next run is to know of it.
        let client = self.session(&mut state).await?;
        self.objects.make(client).await?;
        let add = format!("{add} ON CONFLICT DO NOTHING");
        client.execute(&add, &values).await.map_err(|error| failed(&error))?;
        if state.held.is_some() || state.lost { Err(self.lost(state).await) } else { Ok(()) }
    }

    async fn drop_pieces(&self, names: &[String]) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        let text =
            format!("DELETE FROM {} WHERE name = $1 AND piece = ANY ($2)", self.objects.journal);
        or_missing(client.execute(&text, &[&self.name, &names]).await, 0)?;
        Ok(())
    }

    async fn take(&self, holder: &Holder) -> Result<String, StoreError> {
        let mut state = self.state.lock().await;
        self.session(&mut state).await?;
        if let Some(held) = &state.held {
            // The server would give the session its own lock once more.
            let (id, holder) = (Some(held.id.clone()), Some(Box::new(held.holder.clone())));
            return Err(StoreError::Held { id, holder, beat: None });
        }
        let client = self.session(&mut state).await?;
        self.objects.make(client).await?;
        let error = |error| failed(&error);
        let taken = lock::try_take(client, &self.objects, &self.name).await.map_err(error)?;
        let number = match taken {
            Ok(number) => number,
            Err(number) => {
                let found = lock::holder_of(client, &self.objects, number).await.map_err(error)?;
                return Err(found.map_or_else(
                    || StoreError::Held { id: None, holder: None, beat: None },
                    lock::Found::held,
                ));
            }
        };
        if let Err(error) = lock::note(client, &self.objects, &self.name, number, holder).await {
            let _ = lock::release(client, number).await;
            return Err(failed(&error));
        }
        let id = holder.id.to_string();
        state.held = Some(Held { id: id.clone(), number, holder: holder.clone() });
        state.lost = false;
        Ok(id)
    }

    async fn beat(&self, lock: &str) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let beat = format!("UPDATE {} SET beat = clock_timestamp()", self.objects.locks);
        let beat = format!("{beat} WHERE name = $1 AND id = $2");
        match self.execute_held(&mut state, &beat, &[&self.name, &lock]).await? {
            0 => Err(self.lost(state).await),
            _ => Ok(()),
        }
    }

    async fn free(&self, lock: &str) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let Some(held) = state.held.take().filter(|held| held.id == lock) else { return Ok(()) };
        // A session that is gone has no lock any more.
        let Some(client) = state.client.take().filter(|client| !client.is_closed()) else {
            return Ok(());
        };
        let text = format!("DELETE FROM {} WHERE name = $1 AND id = $2", self.objects.locks);
        let forgotten = client.execute(&text, &[&self.name, &held.id]).await;
        let released = lock::release(&client, held.number).await;
        match forgotten.map(|_| ()).and(released.map(|_| ())) {
            Err(error) if !client.is_closed() => Err(failed(&error)),
            _ => Ok(()),
        }
    }

    async fn break_lock(&self, lock: &str) -> Result<(), StoreError> {
        // The session to end may be this store's own.
        let client = &session::open(&self.target).await?;
        let found = lock::holder_of_state(client, &self.objects, &self.name).await;
        let Some(found) = or_missing(found, None)? else {
            return Err(StoreError::NotHeld { id: None, holder: None });
        };
        if found.id != lock {
            return Err(StoreError::NotHeld {
                id: Some(found.id),
                holder: Some(Box::new(found.holder)),
            });
        }
        lock::end_session(client, &found).await?;
        let text = format!("DELETE FROM {} WHERE name = $1 AND id = $2", self.objects.locks);
        client.execute(&text, &[&self.name, &lock]).await.map_err(|error| failed(&error))?;
        Ok(())
    }

    async fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        let text = format!("SELECT name FROM {} WHERE name IS NOT NULL", self.objects.states);
        let rows = or_missing(client.query(&text, &[]).await, Vec::new())?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn remove(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        self.objects.make(client).await?;
        let Objects { states, journal, history, locks, .. } = &self.objects;
        let removing = async {
            let removing = client.transaction().await?;
            for table in [states, journal, history, locks] {
                let text = format!("DELETE FROM {table} WHERE name = $1");
                removing.execute(&text, &[&self.name]).await?;
            }
            removing.commit().await
        };
        removing.await.map_err(|error| failed(&error))
    }

    async fn history(&self) -> Result<Vec<Past>, StoreError> {
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        let Objects { states, history, .. } = &self.objects;
        let text = format!(
            "SELECT past.id::text, past.written, coalesce(past.sum = {} AND past.id = max(past.id) OVER (), false) \
             FROM {history} AS past LEFT JOIN {states} AS state ON state.name = past.name \
             WHERE past.name = $1 ORDER BY past.id DESC",
            sum_of("state.data")
        );
        let rows = or_missing(client.query(&text, &[&self.name]).await, Vec::new())?;
        let past = |row: &Row| Past {
            version: row.get(0),
            written: row.get::<_, Option<Timestamp>>(1),
            present: row.get(2),
        };
        let mut all: Vec<Past> = rows.iter().map(past).collect();
        let exists = format!("SELECT FROM {states} WHERE name = $1 AND data <> ''");
        let there = or_missing(client.query_opt(&exists, &[&self.name]).await, None)?.is_some();
        if there && !all.iter().any(|past| past.present) {
            all.insert(0, Past { version: PRESENT.to_string(), written: None, present: true });
        }
        Ok(all)
    }

    async fn past(&self, version: &str) -> Result<Vec<u8>, StoreError> {
        if version == PRESENT {
            let found = self.read().await?;
            return Ok(found.map(|found| found.bytes).unwrap_or_default());
        }
        let mut state = self.state.lock().await;
        let client = self.session(&mut state).await?;
        let text =
            format!("SELECT data FROM {} WHERE name = $1 AND id::text = $2", self.objects.history);
        let row = or_missing(client.query_opt(&text, &[&self.name, &version]).await, None)?;
        let row = row.ok_or_else(|| StoreError::Failed("there is no such version".to_string()))?;
        Ok(row.get::<_, String>(0).into_bytes())
    }
}

/// Why a state was not replaced.
enum Refusal {
    Moved,
    Lost,
    Server(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Server(error)
    }
}

impl PgStore {
    /// Gives the session; one that died is followed by another, which has no lock.
    async fn session<'a>(&self, state: &'a mut State) -> Result<&'a mut Client, StoreError> {
        if state.client.as_ref().is_none_or(Client::is_closed) {
            let lost = state.lost || state.held.is_some();
            *state = State { lost, ..State::default() };
        }
        match &mut state.client {
            Some(client) => Ok(client),
            none => Ok(none.insert(session::open(&self.target).await?)),
        }
    }

    /// Gives the lock of this id, as long as its session lives.
    async fn held(
        &self,
        state: &mut MutexGuard<'_, State>,
        lock: &str,
    ) -> Result<Held, StoreError> {
        let alive = state.client.as_ref().is_some_and(|client| !client.is_closed());
        match &state.held {
            Some(held) if alive && held.id == lock => Ok(held.clone()),
            // Somebody else in this process has it by now.
            Some(held) if alive => {
                Err(StoreError::LockLost { holder: Some(Box::new(held.holder.clone())) })
            }
            _ => Err(self.lost_to(state).await),
        }
    }

    /// Gives the error that the lock was lost, with who has it now.
    async fn lost(&self, mut state: MutexGuard<'_, State>) -> StoreError {
        self.lost_to(&mut state).await
    }

    async fn lost_to(&self, state: &mut MutexGuard<'_, State>) -> StoreError {
        (state.held, state.lost) = (None, true);
        let Ok(client) = self.session(state).await else {
            return StoreError::LockLost { holder: None };
        };
        let found = lock::holder_of_state(client, &self.objects, &self.name).await.ok().flatten();
        StoreError::LockLost { holder: found.map(|found| Box::new(found.holder)) }
    }

    /// Runs a statement as long as the lock is held, to which that is added as a condition; gives how many rows it
    /// concerned: none where the lock was lost.
    async fn execute_held(
        &self,
        state: &mut MutexGuard<'_, State>,
        text: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let client = state.client.as_ref().filter(|client| !client.is_closed());
        let (Some(client), Some(held)) = (client, &state.held) else { return Ok(0) };
        let more = if text.contains(" WHERE ") { "AND" } else { "WHERE" };
        let text = format!("{text} {more} {}", holds(held.number));
        let mut undone = 0;
        loop {
            match client.execute(&text, values).await {
                Ok(rows) => return Ok(rows),
                Err(error) if client.is_closed() || error.is_closed() => return Ok(0),
                Err(error) if undone < ANEW && is_undone(&error) => undone += 1,
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Replaces the row in one transaction; gives the number under which the state is locked then.
    async fn replace(
        &self,
        client: &mut Client,
        held: Option<&Held>,
        data: &str,
        replaces: Option<&str>,
    ) -> Result<i64, Refusal> {
        let states = &self.objects.states;
        let writing = client.transaction().await?;
        let look = format!("SELECT {}", held.map_or("true".to_string(), |held| holds(held.number)));
        if !writing.query_one(&look, &[]).await?.get::<_, bool>(0) {
            return Err(Refusal::Lost);
        }
        let sum = sum_of("data");
        let look = format!("SELECT id, {sum} FROM {states} WHERE name = $1 FOR UPDATE");
        let there = writing.query_opt(&look, &[&self.name]).await?;
        let version = there.as_ref().map(|row| row.get::<_, String>(1));
        if version.as_deref() != replaces {
            return Err(Refusal::Moved);
        }
        let text = match there {
            Some(_) => {
                self.remember(&writing, "NULL").await?;
                format!("UPDATE {states} SET data = $2 WHERE name = $1 RETURNING id")
            }
            None => format!("INSERT INTO {states} (name, data) VALUES ($1, $2) RETURNING id"),
        };
        let row: i64 = writing.query_one(&text, &[&self.name, &data]).await?.get(0);
        self.remember(&writing, "clock_timestamp()").await?;
        if let Some(held) = held.filter(|held| held.number == MAKING) {
            // Nobody else sees the row yet, so nobody can have its lock.
            let take = "SELECT pg_try_advisory_lock($1)";
            if !writing.query_one(take, &[&row]).await?.get::<_, bool>(0) {
                return Err(Refusal::Lost);
            }
            lock::note(writing.client(), &self.objects, &self.name, row, &held.holder).await?;
        }
        writing.commit().await?;
        Ok(row)
    }

    /// Keeps the state as it is among the versions, where it is not the last one there, and drops those that are too many.
    async fn remember(&self, writing: &Transaction<'_>, written: &str) -> Result<(), Error> {
        let Objects { states, history, .. } = &self.objects;
        if self.former == 0 {
            return Ok(());
        }
        let sum = sum_of("state.data");
        let keep = format!(
            "INSERT INTO {history} (name, written, sum, data) SELECT name, {written}, {sum}, data FROM {states} AS state \
             WHERE name = $1 AND data <> '' AND {sum} IS DISTINCT FROM \
             (SELECT past.sum FROM {history} AS past WHERE past.name = $1 ORDER BY past.id DESC LIMIT 1)"
        );
        writing.execute(&keep, &[&self.name]).await?;
        let drop = format!(
            "DELETE FROM {history} WHERE name = $1 AND id <= \
             (SELECT id FROM {history} WHERE name = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)"
        );
        writing.execute(&drop, &[&self.name, &(self.former + 1)]).await?;
        Ok(())
    }
}

/// Names a version by what it says, as [`sum_of`] does at the server.
fn version_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn sum_of(column: &str) -> String {
    format!("encode(sha256(convert_to(coalesce({column}, ''), 'UTF8')), 'hex')")
}

/// Takes a table that is not there as one that is empty.
fn or_missing<T>(result: Result<T, Error>, empty: T) -> Result<T, StoreError> {
    match result {
        Err(error) if is_missing(&error) => Ok(empty),
        other => other.map_err(|error| failed(&error)),
    }
}
