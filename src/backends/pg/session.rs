//! A session at the server: one connection, and what is said of its errors.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::super::store::StoreError;
use super::target::Target;
use crate::http::{Clock, SystemClock};

/// How often a server that is not ready, or has no place, is asked again.
const TRIES: u32 = 6;

/// Opens a session.
///
/// # Errors
/// The server is not there, or does not let one in.
pub(super) async fn open(target: &Target) -> Result<Client, StoreError> {
    let mut tried = 0;
    let client = loop {
        match target.config.connect(target.tls.clone()).await {
            Ok((client, connection)) => {
                // It moves the bytes until the client is gone; its errors are those of the client's calls.
                tokio::spawn(async move { drop(connection.await) });
                break client;
            }
            Err(error) if tried < TRIES && is_full(&error) => {
                SystemClock.sleep(Duration::from_millis(200 << tried)).await;
                tried += 1;
            }
            Err(error) => return Err(failed(&error)),
        }
    };
    // The lock lives as long as the session: the server must not end it because nothing is said for a while. What is
    // committed must be on the disk. Where nobody said for how long another session's lock of the tables, or a
    // statement, is waited for, it is not without end.
    let settings = "SELECT set_config(name, CASE name WHEN 'synchronous_commit' THEN 'on' WHEN 'lock_timeout' THEN '60s' \
                    WHEN 'statement_timeout' THEN '300s' ELSE '0' END, false) \
                    FROM pg_settings WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout') \
                    OR (name = 'synchronous_commit' AND setting = 'off') \
                    OR (name IN ('lock_timeout', 'statement_timeout') AND setting = '0')";
    client.batch_execute(settings).await.map_err(|error| failed(&error))?;
    Ok(client)
}

/// What a role must be allowed.
const RIGHTS: &str = " (who only plans needs SELECT on the tables of the schema; who applies also INSERT, UPDATE and DELETE on them, \
                      and USAGE on their sequences)";

/// What may be done where another session keeps the tables locked.
const WAITED: &str = " (another session has locked the tables, as ALTER TABLE, VACUUM FULL or LOCK do: pg_locks and pg_stat_activity \
                      tell which; another time to wait is set in the connection: options='-c lock_timeout=5min')";

/// What may be done where a statement took too long.
const SLOW: &str = " (pg_stat_activity tells what it waits for; another time to wait is set in the connection: \
                    options='-c statement_timeout=15min')";

/// How often a transaction that met another one is begun anew.
pub(super) const ANEW: u32 = 8;

/// Says that the server has undone all of a transaction, since it met another one: it may be begun anew.
pub(super) fn is_undone(error: &Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
        || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

/// The server starts, or all its places are taken.
fn is_full(error: &Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::CANNOT_CONNECT_NOW) || code == Some(&SqlState::TOO_MANY_CONNECTIONS)
}

/// Says that an error means that there is no such table, or no schema of this name.
pub(super) fn is_missing(error: &Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::UNDEFINED_TABLE) || code == Some(&SqlState::INVALID_SCHEMA_NAME)
}

/// Gives what a person needs to know of an error. The server's details are left out: they may quote a row.
pub(super) fn failed(error: &Error) -> StoreError {
    if let Some(told) = error.as_db_error() {
        let hint = match told.hint() {
            Some(hint) => format!(" ({hint})"),
            None if *told.code() == SqlState::LOCK_NOT_AVAILABLE => WAITED.to_string(),
            None if *told.code() == SqlState::QUERY_CANCELED => SLOW.to_string(),
            None if *told.code() == SqlState::INSUFFICIENT_PRIVILEGE => RIGHTS.to_string(),
            None => String::new(),
        };
        return StoreError::Failed(format!("{}{hint}", told.message()));
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    StoreError::Failed(text)
}
