//! The clock of a sandbox that another process serves.
//!
//! Waits are kept here as in the sandbox's own clock; when time jumps, the server is told to follow.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::client::{Client, Transport};
use crate::http::{Clock, Method, Request};
use crate::sandbox::clock::VirtualClock;

/// The clock of the process that is attached.
pub(super) struct AttachedClock {
    base: String,
    client: Client,
    own: VirtualClock,
    told: Mutex<Timestamp>,
}

impl AttachedClock {
    /// Asks the server for its time.
    ///
    /// # Errors
    /// The server does not answer.
    pub(super) async fn attach(base: &str) -> Result<AttachedClock, String> {
        let client = Client::new("terrane");
        let request = Request::new(Method::GET, format!("{base}/sandbox/clock"));
        let answer = client.send(request).await.map_err(|error| error.to_string())?;
        let answer: Json =
            serde_json::from_slice(answer.bytes()).map_err(|error| error.to_string())?;
        let now = answer["now"].as_str().and_then(|text| text.parse().ok());
        let now: Timestamp = now.ok_or("the server gave no time")?;
        let own = VirtualClock::new(now, 0.0);
        Ok(AttachedClock { base: base.to_string(), client, own, told: Mutex::new(now) })
    }

    async fn follow(&self) {
        let gap = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.own.now();
            let gap = now.duration_since(*told);
            *told = now;
            gap
        };
        if gap.is_positive() {
            let body = json!({"advance": format!("{}ms", gap.as_millis())});
            let request = Request::new(Method::POST, format!("{}/sandbox/clock", self.base));
            // A server that is gone is told by the next real request.
            let _ = self.client.send(request.json(&body)).await;
        }
    }
}

#[async_trait]
impl Clock for AttachedClock {
    fn now(&self) -> Timestamp {
        self.own.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.own.sleep(duration).await;
        self.follow().await;
    }

    fn enter(&self) {
        self.own.enter();
    }

    fn leave(&self) {
        self.own.leave();
    }

    fn waits(&self) {
        self.own.waits();
    }

    fn waited(&self) {
        self.own.waited();
    }

    fn alone(&self, alone: bool) {
        self.own.alone(alone);
    }
}
