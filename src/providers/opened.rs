//! Ephemeral resources: opened for one run, and closed at its end.

use std::sync::Arc;

use super::{ApiError, Session};
use crate::addr::{Address, Mode};
use crate::diag::Diagnostic;
use crate::value::Value;

/// Reads a data source, or opens an ephemeral resource.
///
/// # Errors
/// What the service answered instead.
pub async fn read_or_open(
    session: &dyn Session,
    address: &Address,
    config: &Value,
) -> Result<Value, ApiError> {
    match address.mode {
        Mode::Ephemeral => session.open(&address.type_name, config).await,
        Mode::Data | Mode::Managed => session.read_data(&address.type_name, config).await,
    }
}

/// An ephemeral resource that is open, and who opened it.
pub struct Opened {
    /// Its address.
    pub address: Address,
    /// What opening it gave.
    pub value: Value,
    /// Who closes it.
    pub session: Arc<dyn Session>,
}

/// Closes what is open, the last first; tells of what could not be closed.
pub async fn close(opened: &mut Vec<Opened>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    while let Some(Opened { address, value, session }) = opened.pop() {
        if let Err(error) = session.close(&address.type_name, &value).await {
            problems.push(error.to_diagnostic(&address));
        }
    }
    problems
}
