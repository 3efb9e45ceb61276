//! Where a call reports: what the journal keeps, what people are told, and the clock to wait by.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::{ApiError, Observed};
use crate::addr::Address;
use crate::http::Clock;

/// Where a session reports while it acts: the owner of the state keeps what it says.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Says what is about to be sent; returns when that is durable. `request` is method and URL; `identity` is
    /// what finds the object if the answer is lost.
    ///
    /// # Errors
    /// The journal cannot be written: nothing may be sent.
    async fn intent(&self, request: &str, identity: Json) -> Result<u64, ApiError>;

    /// Says what was answered.
    async fn answer(&self, call: u64, outcome: &str);

    /// Keeps the object as far as it exists now, between the requests of one action.
    async fn keep(&self, object: &Observed);

    /// Tells the person what is being waited for, in a few words (`waiting for operation …`, `2 of 3 pods ready`).
    fn note(&self, text: &str);

    /// Shows lines of a log (a migration Job's last lines).
    fn log(&self, lines: &[String]);

    /// Gives the clock to wait by.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Says whether the run was asked to stop: a wait that waits for nothing may end early with `ApiErrorKind::Interrupted`.
    fn stopping(&self) -> bool;

    /// Names another instance that has the object of this type and id: such an object is not taken for one just made.
    async fn tracked(&self, _type_name: &str, _id: &str) -> Option<Address> {
        None
    }
}
