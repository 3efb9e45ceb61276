//! The desk: where a worker reports, and the owner hears it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use tokio::sync::{mpsc, oneshot};

use crate::addr::Address;
use crate::graph::Stop;
use crate::http::Clock;
use crate::plan::Action;
use crate::providers::{ApiError, ApiErrorKind, Desk, Observed};

/// What a worker tells the owner.
pub(super) enum Message {
    /// A request is about to be sent; the answer is the call's number, once that is durable.
    Intent {
        action: Action,
        request: String,
        identity: Json,
        durable: oneshot::Sender<Result<u64, ApiError>>,
    },
    /// What came of it.
    Answer { call: u64, outcome: String },
    /// The object as far as it exists.
    Keep { action: Action, object: Observed },
    /// Who else has an object of this type and id.
    Tracked { action: Action, id: String, told: oneshot::Sender<Option<Address>> },
    /// What is being waited for.
    Note { action: Action, text: String },
    /// Lines of a log.
    Log { action: Action, lines: Vec<String> },
    /// A line that a provisioner's program has printed.
    Output { action: Action, line: String },
}

/// A worker's side.
pub(super) struct WorkerDesk {
    pub(super) action: Action,
    pub(super) owner: mpsc::UnboundedSender<Message>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: Stop,
}

impl WorkerDesk {
    /// Tells the owner; who has gone away needs no word.
    fn tell(&self, message: Message) {
        let _ = self.owner.send(message);
    }
}

#[async_trait]
impl Desk for WorkerDesk {
    async fn intent(&self, request: &str, identity: Json) -> Result<u64, ApiError> {
        let (durable, told) = oneshot::channel();
        let (action, request) = (self.action.clone(), request.to_string());
        self.tell(Message::Intent { action, request, identity, durable });
        told.await.unwrap_or_else(|_| {
            Err(ApiError::new(ApiErrorKind::Interrupted, "Interrupted", "The run has ended."))
        })
    }

    async fn answer(&self, call: u64, outcome: &str) {
        self.tell(Message::Answer { call, outcome: outcome.to_string() });
    }

    async fn keep(&self, object: &Observed) {
        self.tell(Message::Keep { action: self.action.clone(), object: object.clone() });
    }

    fn note(&self, text: &str) {
        self.tell(Message::Note { action: self.action.clone(), text: text.to_string() });
    }

    fn log(&self, lines: &[String]) {
        self.tell(Message::Log { action: self.action.clone(), lines: lines.to_vec() });
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn stopping(&self) -> bool {
        self.stop.is_asked()
    }

    async fn tracked(&self, _type_name: &str, id: &str) -> Option<Address> {
        let (told, answer) = oneshot::channel();
        self.tell(Message::Tracked { action: self.action.clone(), id: id.to_string(), told });
        answer.await.unwrap_or_default()
    }
}
