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

/// Gives how long a service is to be left alone after a refusal: as it says, or a part of the minute whose quota is used up.
pub fn rest(headers: &HeaderMap, body: &Json) -> Option<Duration> {
    after(headers).or_else(|| (quota(body) == Some(Quota::Minute)).then_some(MINUTES_PART))
}

/// How long a service is left alone whose quota of a minute is used up, before it is asked again.
const MINUTES_PART: Duration = Duration::from_secs(10);

/// Says whether an answer is one that passes: a rate, an overload, an operation that is in the way.
pub fn passes(status: u16, body: &Json) -> bool {
    let of = |names: &[&str]| reasons(body).iter().any(|reason| names.contains(&reason.as_str()));
    match status {
        500 | 502 | 503 => true,
        429 => quota(body) != Some(Quota::Lasting),
        409 => of(&["operationInProgress"]),
        400 => {
            let text = message(body);
            of(&["resourceNotReady"]) && (text.contains("subnetworks") || text.contains("networks"))
        }
        403 => matches!(quota(body), Some(Quota::Rate | Quota::Minute)),
        _ => false,
    }
}

/// Says whether an answer that passes says that there are too many requests.
pub fn too_many(status: u16, body: &Json) -> bool {
    matches!(status, 403 | 429) && passes(status, body)
}

/// What is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Requests come too fast, or too many at once.
    Rate,
    /// What may be asked in a minute.
    Minute,
    /// What may be asked in a day, or how much there may be: waiting does not help.
    Lasting,
}

/// Gives what a refusal says to be used up.
pub fn quota(body: &Json) -> Option<Quota> {
    let text = message(body).to_lowercase();
    let limits =
        quota_details(body).filter_map(|(name, text)| (name == "quota_limit").then_some(text));
    let limits: Vec<String> = limits.collect();
    let reasons = reasons(body);
    let of = |names: &[&str]| reasons.iter().any(|reason| names.contains(&reason.as_str()));
    let per = |time: &str| {
        let (spoken, joined) = (format!("per {time}"), format!("per{time}"));
        limits.iter().any(|limit| limit.to_lowercase().contains(&joined))
            || (text.contains("quota") && text.contains(&spoken))
    };
    if of(&["dailyLimitExceeded"]) || per("day") {
        Some(Quota::Lasting)
    } else if per("minute") {
        Some(Quota::Minute)
    } else if of(&["quotaExceeded"]) {
        Some(Quota::Lasting)
    } else if of(RATES) {
        Some(Quota::Rate)
    } else {
        None
    }
}

/// The reasons of refusals that say that requests come too fast.
const RATES: &[&str] = &[
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "RATE_LIMIT_EXCEEDED",
    "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
];

/// Gives what a refusal tells of the quota: metric, limit, value, whose.
pub fn quota_details(body: &Json) -> impl Iterator<Item = (String, String)> {
    let details = body.pointer("/error/details").and_then(Json::as_array).into_iter().flatten();
    let told = details.filter_map(|detail| detail.get("metadata")?.as_object());
    told.flatten().filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_string())))
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
    fn what_is_used_up_says_whether_waiting_helps() {
        let error = |reason: &str, message: &str, limit: &str| {
            let mut body =
                serde_json::json!({"error": {"message": message, "errors": [{"reason": reason}]}});
            if !limit.is_empty() {
                body["error"]["details"] =
                    serde_json::json!([{"reason": reason, "metadata": {"quota_limit": limit}}]);
            }
            body
        };
        for (status, reason, message, limit, passes_, rests) in [
            (429, "rateLimitExceeded", "Slow down.", "", true, None),
            (403, "userRateLimitExceeded", "User rate limit exceeded.", "", true, None),
            (
                403,
                "RATE_LIMIT_EXCEEDED",
                "Quota exceeded for quota metric 'Reads'.",
                "ReadsPerMinutePerProject",
                true,
                Some(10),
            ),
            (
                403,
                "rateLimitExceeded",
                "Quota exceeded for 'Queries per minute'.",
                "",
                true,
                Some(10),
            ),
            (429, "RATE_LIMIT_EXCEEDED", "Quota exceeded.", "ReadsPerDayPerProject", false, None),
            (
                403,
                "quotaExceeded",
                "Quota 'CPUS' exceeded. Limit: 8.0 in region us-east1.",
                "",
                false,
                None,
            ),
            (429, "quotaExceeded", "Too many.", "", false, None),
            (403, "forbidden", "No.", "", false, None),
        ] {
            let body = error(reason, message, limit);

            assert_eq!(passes(status, &body), passes_, "{reason} {message}");
            let rest = rest(&HeaderMap::new(), &body).filter(|_| passes_);
            assert_eq!(rest.map(|rest| rest.as_secs()), rests, "{reason} {message}");
        }
    }

    #[test]
    fn pauses_double_until_the_limit() {
        let retry = Retry { first: Duration::from_secs(1), limit: Duration::from_secs(7) };

        let pauses: Vec<_> =
            (1..5).map(|tries| retry.pause(tries).map(|pause| pause.as_secs())).collect();

        assert_eq!(pauses, [Some(1), Some(2), Some(4), None]);
    }
}
