//! One request on its way through a service.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Request, Response, StatusCode};
use crate::sandbox::ports::Ports;
use crate::sandbox::store::Store;

use super::refusal::Refusal;

/// What a method gives.
pub type Answer = Result<Response, Refusal>;

/// A method's row: its id and what does it.
pub type Row = (&'static str, fn(&mut Turn<'_>) -> Answer);

/// A checked request with what it works on.
pub struct Turn<'a> {
    /// What there is.
    pub store: &'a mut Store,
    /// The ports for clusters.
    pub ports: &'a Ports,
    /// The hour.
    pub now: Timestamp,
    /// The method's id.
    pub id: &'a str,
    /// The path's variables in order.
    pub path: Vec<String>,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The body, checked, without what is output-only.
    pub body: Json,
    /// The request as it came.
    pub request: &'a Request,
}

impl Turn<'_> {
    /// Gives a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Gives a query parameter that is a whole number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.parameter(name)?.parse().ok()
    }

    /// Cuts a list to the page that the query asks for; gives the next page's token too.
    pub fn page(&self, mut items: Vec<Json>, size: &str) -> (Vec<Json>, Option<String>) {
        let start = self.number("pageToken").and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
        let size =
            self.number(size).filter(|size| *size > 0).and_then(|size| usize::try_from(size).ok());
        let size = size.unwrap_or(1000);
        items.drain(..start.min(items.len()));
        if items.len() <= size {
            return (items, None);
        }
        items.truncate(size);
        (items, Some((start + size).to_string()))
    }
}

/// Answers with an object.
///
/// # Errors
/// None; the type is that of a method.
pub fn ok(object: &Json) -> Answer {
    Ok(Response::json(StatusCode::OK, object))
}

/// Answers with a list under a name, left out where it is empty, and the next page's token.
///
/// # Errors
/// None; the type is that of a method.
pub fn list(mut frame: Json, name: &str, (items, next): (Vec<Json>, Option<String>)) -> Answer {
    if !items.is_empty() {
        frame[name] = json!(items);
    }
    if let Some(next) = next {
        frame["nextPageToken"] = json!(next);
    }
    ok(&frame)
}
