//! What is worth a second try, and when.

use std::time::Duration;

use serde_json::Value as Json;

use super::HeaderMap;

/// How long to go on trying.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The first pause; each next one is twice as long, up to ten seconds.
    pub first: Duration,
    /// No more is tried when the pauses would pass this.
    pub limit: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry { first: Duration::from_millis(500), limit: Duration::from_secs(90) }
    }
}

impl Retry {
    /// Gives how long to go on with a service that never answered in this run: it may not be there at all.
    pub fn first() -> Retry {
        Retry { limit: Duration::from_secs(8), ..Retry::default() }
    }

    /// Gives the pause before another try, after so many; nothing when it is enough.
    pub fn pause(&self, tries: u32) -> Option<Duration> {
        let mut total = Duration::ZERO;
        let mut pause = self.first;
        for _ in 1..tries {
            total += pause;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        (total + pause <= self.limit).then_some(pause)
    }
}

/// The longest time that an answer may ask to wait.
const LONGEST: Duration = Duration::from_secs(60);

/// Gives how long an answer asks to wait before the next try.
pub fn after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST))
}

/// Says whether an answer is one that passes: a rate, an overload, an operation that is in the way.
pub fn passes(status: u16, body: &Json) -> bool {
    match status {
        429 | 500 | 502 | 503 => !is_final_quota(status, body),
        409 => reasons(body).iter().any(|reason| reason == "operationInProgress"),
        400 => {
            let text = message(body);
            reasons(body).iter().any(|reason| reason == "resourceNotReady")
                && (text.contains("subnetworks") || text.contains("networks"))
        }
        403 => {
            let text = message(body).to_lowercase();
            (text.contains("quota exceeded") && text.contains("per minute"))
                || reasons(body)
                    .iter()
                    .any(|reason| reason == "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED")
        }
        _ => false,
    }
}

/// Says whether an answer that passes says that there are too many requests.
pub fn too_many(status: u16, body: &Json) -> bool {
    matches!(status, 403 | 429) && passes(status, body)
}

fn is_final_quota(status: u16, body: &Json) -> bool {
    status == 429
        && reasons(body)
            .iter()
            .any(|reason| reason == "quotaExceeded" || reason == "dailyLimitExceeded")
}

/// Gives the message of Google's error body.
pub fn message(body: &Json) -> String {
    let text = body.pointer("/error/message").or_else(|| body.get("error_description"));
    text.and_then(Json::as_str).unwrap_or_default().to_string()
}

/// Gives all reasons that an error body names: `status`, `errors[].reason`, `details[].reason`.
pub fn reasons(body: &Json) -> Vec<String> {
    let mut found = Vec::new();
    let mut add =
        |json: Option<&Json>| found.extend(json.and_then(Json::as_str).map(str::to_string));
    add(body.pointer("/error/status"));
    for list in ["/error/errors", "/error/details"] {
        for entry in body.pointer(list).and_then(Json::as_array).into_iter().flatten() {
            add(entry.get("reason"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_in_seconds_how_long_to_wait_and_not_for_ever() {
        let told = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", crate::http::HeaderValue::from_static(text));
            after(&headers)
        };

        assert_eq!(told("7"), Some(Duration::from_secs(7)));
        assert_eq!(told("86400"), Some(Duration::from_secs(60)));
        assert_eq!(told("soon"), None);
        assert_eq!(after(&HeaderMap::new()), None);
    }

    #[test]
    fn pauses_double_until_the_limit() {
        let retry = Retry { first: Duration::from_secs(1), limit: Duration::from_secs(7) };

        let pauses: Vec<_> =
            (1..5).map(|tries| retry.pause(tries).map(|pause| pause.as_secs())).collect();

        assert_eq!(pauses, [Some(1), Some(2), Some(4), None]);
    }
}
