//! Calling back: alarms as JSON to those who asked for them, again until they are taken.

use std::time::Duration;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::drift::alarms::Alarm;
use crate::http::client::{Client, Transport};
use crate::http::{Clock, HeaderValue, Method, Request};

/// How often an alarm is sent before it waits for the next check.
const ATTEMPTS: u32 = 3;

/// One who is called back.
pub(super) struct Webhook {
    /// Who it is in the file of alarms: the address itself may be a secret.
    pub(super) id: String,
    url: String,
    client: Client,
}

/// What became of an alarm.
pub(super) enum Sent {
    /// It was taken.
    Taken,
    /// It was refused for good; what was answered.
    Refused(String),
    /// Nobody answers now; why.
    Later(String),
}

impl Webhook {
    /// Makes one.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(url: &str) -> Result<Webhook, String> {
        let parsed = url::Url::parse(url).map_err(|error| error.to_string())?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err("it must begin with https:// or http://".to_string());
        }
        let id = hex::encode(&Sha256::digest(url.as_bytes())[..8]);
        let agent = format!("terrane/{}", env!("CARGO_PKG_VERSION"));
        let client = Client::new(agent).timeout(Duration::from_secs(15)).discreet();
        Ok(Webhook { id, url: url.to_string(), client })
    }

    /// Names it without what may be secret.
    pub(super) fn name(&self) -> String {
        let url = url::Url::parse(&self.url).ok();
        url.and_then(|url| url.host_str().map(String::from)).unwrap_or_default()
    }

    /// Sends an alarm, several times where that may help.
    pub(super) async fn send(&self, alarm: &Alarm, clock: &dyn Clock) -> Sent {
        let mut pause = Duration::from_secs(1);
        let mut why = String::new();
        for attempt in 1..=ATTEMPTS {
            let mut request = Request::new(Method::POST, &self.url).json(&sent(alarm, &self.id));
            if let Ok(id) = HeaderValue::from_str(&alarm.id) {
                request.headers.insert("idempotency-key", id);
            }
            match self.client.send(request).await {
                Ok(answer) if answer.status.is_success() => return Sent::Taken,
                Ok(answer) => {
                    let status = answer.status.as_u16();
                    let stays = matches!(status, 400..=499)
                        && !matches!(status, 401 | 403 | 404 | 408 | 425 | 429);
                    why = format!("it answered {status}");
                    if stays {
                        return Sent::Refused(why);
                    }
                }
                Err(error) => why = error.message,
            }
            if attempt < ATTEMPTS {
                clock.sleep(pause).await;
                pause *= 2;
            }
        }
        Sent::Later(why)
    }
}

/// Gives what is sent to somebody: of what may have been sent before, that, too.
fn sent(alarm: &Alarm, who: &str) -> Json {
    let mut body = body(alarm);
    if alarm.sent.contains(who) {
        body["repeated"] = true.into();
    }
    body
}

/// Gives an alarm as JSON.
pub(super) fn body(alarm: &Alarm) -> Json {
    json!({
        "format_version": "1.0",
        "id": alarm.id,
        "event": alarm.event.word(),
        "name": alarm.name,
        "at": alarm.at.to_string(),
        "finding": alarm.finding,
    })
}
