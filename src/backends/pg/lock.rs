//! The advisory lock, in the protocol that Terraform has: a state that is there is locked by its row's number, one that is
//! not yet there by the number for making; who locks a row must also find the latter free.
//!
//! Who holds it is in `terrane_locks`; Terraform leaves no word, so of its locks only the session is known. The truth is
//! the server's: a record counts only as long as its session holds the lock.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::{Client, Error, Row};
use uuid::Uuid;

use super::super::Holder;
use super::super::store::StoreError;
use super::objects::Objects;
use super::session::failed;
use crate::http::{Clock, SystemClock};

/// The number for states that are not there yet.
pub(super) const MAKING: i64 = -1;

/// How often to look again where another state is just being locked or made.
const LOOKS: u32 = 20;

/// How long to wait between looks.
const PAUSE: Duration = Duration::from_millis(50);

/// How often to look whether a session that is to end has ended.
const ENDING: u32 = 200;

/// Who holds a lock.
pub(super) struct Found {
    pub(super) pid: i32,
    /// What it is called in commands: the record's id, or the session's number.
    pub(super) id: String,
    /// The workspace that the session has a record of.
    pub(super) name: Option<String>,
    pub(super) holder: Holder,
    pub(super) beat: Option<Timestamp>,
}

impl Found {
    /// Gives the error that it is locked.
    pub(super) fn held(self) -> StoreError {
        StoreError::Held { id: Some(self.id), holder: Some(Box::new(self.holder)), beat: self.beat }
    }
}

/// Says in SQL that a session holds a number's lock.
pub(super) fn holds(number: i64) -> String {
    let lock = lock_of(&format!("({number})::bigint"));
    format!("EXISTS (SELECT FROM pg_locks WHERE {lock} AND pid = pg_backend_pid())")
}

fn lock_of(number: &str) -> String {
    format!(
        "locktype = 'advisory' AND granted AND objsubid = 1 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND classid::bigint = (({number} >> 32) & 4294967295) AND objid::bigint = ({number} & 4294967295)"
    )
}

/// Takes the lock of a state in one try; gives its number, or nothing where somebody holds the number that is given.
pub(super) async fn try_take(
    client: &Client,
    objects: &Objects,
    name: &str,
) -> Result<Result<i64, i64>, Error> {
    let states = &objects.states;
    let both = format!(
        "SELECT id, pg_try_advisory_lock(id), pg_try_advisory_lock({MAKING}) FROM {states} WHERE name = $1"
    );
    for _ in 0..LOOKS {
        match client.query_opt(&both, &[&name]).await? {
            Some(row) => {
                let (number, row_taken, making_taken): (i64, bool, bool) =
                    (row.get(0), row.get(1), row.get(2));
                if making_taken {
                    release(client, MAKING).await?;
                }
                match (row_taken, making_taken) {
                    (true, true) => return Ok(Ok(number)),
                    (false, _) => return Ok(Err(number)),
                    (true, false) => release(client, number).await?,
                };
            }
            None => {
                let taken: bool =
                    client.query_one("SELECT pg_try_advisory_lock($1)", &[&MAKING]).await?.get(0);
                if taken {
                    // It may have been made since: then its row is what is to be locked.
                    let look = format!("SELECT id FROM {states} WHERE name = $1");
                    if client.query_opt(&look, &[&name]).await?.is_none() {
                        return Ok(Ok(MAKING));
                    }
                    release(client, MAKING).await?;
                }
            }
        }
        // Whoever locks another state has the number for making for a moment.
        SystemClock.sleep(PAUSE).await;
    }
    Ok(Err(MAKING))
}

/// Gives a number's lock back; says whether this session had it.
pub(super) async fn release(client: &Client, number: i64) -> Result<bool, Error> {
    Ok(client.query_one("SELECT pg_advisory_unlock($1)", &[&number]).await?.get(0))
}

/// Leaves the holder's record.
pub(super) async fn note(
    client: &Client,
    objects: &Objects,
    name: &str,
    number: i64,
    holder: &Holder,
) -> Result<(), Error> {
    let text = format!(
        "INSERT INTO {} (name, id, number, pid, started, info, beat) SELECT $1::text, $2::text, $3::bigint, pg_backend_pid(), \
         (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()), $4::text, clock_timestamp() \
         ON CONFLICT (name) DO UPDATE SET id = excluded.id, number = excluded.number, pid = excluded.pid, \
         started = excluded.started, info = excluded.info, beat = excluded.beat",
        objects.locks
    );
    let id = holder.id.to_string();
    client.execute(&text, &[&name, &id, &number, &holder.to_json(&number.to_string())]).await?;
    Ok(())
}

/// Finds out who holds a number's lock.
pub(super) async fn holder_of(
    client: &Client,
    objects: &Objects,
    number: i64,
) -> Result<Option<Found>, Error> {
    let locks = &objects.locks;
    let lock = lock_of("$1::bigint");
    let text = format!(
        "SELECT held.pid, session.usename::text, session.application_name, host(session.client_addr), \
         session.backend_start, record.id, record.info, record.beat, record.name \
         FROM (SELECT pid FROM pg_locks WHERE {lock} LIMIT 1) AS held \
         LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid \
         LEFT JOIN {locks} AS record ON record.pid = held.pid AND record.number = $1::bigint \
         AND coalesce(session.backend_start = record.started, true)"
    );
    let row = client.query_opt(&text, &[&number]).await?;
    Ok(row.map(|row| found(&row)))
}

fn found(row: &Row) -> Found {
    let pid: i32 = row.get(0);
    let recorded: Option<String> = row.get(6);
    let recorded = recorded.as_deref().and_then(Holder::from_json);
    let of_session = || {
        let text = |at: usize| row.get::<_, Option<String>>(at).unwrap_or_default();
        let (role, program, host) = (text(1), text(2), text(3));
        let place = if host.is_empty() { "the server's machine".to_string() } else { host };
        let program = if program.is_empty() { String::new() } else { format!(" ({program})") };
        Holder {
            id: Uuid::nil(),
            operation: String::new(),
            who: format!("{role} from {place}{program}"),
            version: String::new(),
            created: row.get::<_, Option<Timestamp>>(4).unwrap_or_else(Timestamp::now),
            info: format!(
                "The session {pid} of the database holds it; its program left no word, as Terraform does not."
            ),
        }
    };
    Found {
        pid,
        id: row.get::<_, Option<String>>(5).unwrap_or_else(|| pid.to_string()),
        name: row.get(8),
        holder: recorded.unwrap_or_else(of_session),
        beat: row.get(7),
    }
}

/// Finds out who keeps a state from being locked: whoever has its row's number, else whoever makes it.
pub(super) async fn holder_of_state(
    client: &Client,
    objects: &Objects,
    name: &str,
) -> Result<Option<Found>, Error> {
    let look = format!("SELECT id FROM {} WHERE name = $1", objects.states);
    if let Some(row) = client.query_opt(&look, &[&name]).await?
        && let Some(found) = holder_of(client, objects, row.get(0)).await?
    {
        return Ok(Some(found));
    }
    let making = holder_of(client, objects, MAKING).await?;
    // Who makes another state does not hold this one.
    Ok(making.filter(|found| found.name.as_deref().is_none_or(|of| of == name)))
}

/// Ends the session that holds a lock, and waits until it is gone.
pub(super) async fn end_session(client: &Client, found: &Found) -> Result<(), StoreError> {
    let pid = found.pid;
    let refused = |why: String| {
        StoreError::Failed(format!(
            "the session {pid}, which holds the lock, could not be ended: {why}. The lock is still held. Stop its program, or let \
             a role that may (a member of pg_signal_backend) run: SELECT pg_terminate_backend({pid})"
        ))
    };
    let asked = client.query_one("SELECT pg_terminate_backend($1)", &[&pid]).await;
    asked.map_err(|error| refused(failed(&error).to_string()))?;
    let there = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND locktype = 'advisory')";
    for _ in 0..ENDING {
        let row = client.query_one(there, &[&pid]).await.map_err(|error| failed(&error))?;
        if !row.get::<_, bool>(0) {
            return Ok(());
        }
        SystemClock.sleep(PAUSE).await;
    }
    Err(refused("the server was asked to, and it is still there".to_string()))
}
