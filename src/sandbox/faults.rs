//! Faults that a test asks for: this request, so many times, answers so.

use regex::Regex;
use serde_json::{Value as Json, json};

use crate::http::{Method, Request, Response, StatusCode};

/// The faults that wait to happen.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Vec<Fault>,
    held: u64,
    seen: u64,
}

#[derive(Debug)]
struct Fault {
    method: Option<Method>,
    path: Regex,
    outcome: Outcome,
    /// So many fitting requests pass before it.
    after: u64,
    times: u64,
}

#[derive(Clone, Debug)]
enum Outcome {
    /// The connection breaks before an answer.
    Reset,
    /// This is answered, and nothing else happens.
    Answer(StatusCode, Json),
    /// The request is done, and its answer is lost.
    Lost,
    /// The request comes, and is never answered; whether it is done.
    Held(bool),
}

/// What is to happen to a request.
pub enum Verdict {
    /// It breaks.
    Reset,
    /// It is answered so.
    Answer(Response),
    /// It is done, then it breaks.
    Lost,
    /// Nothing is answered for ever.
    Held,
    /// It is done, and never answered.
    HeldDone,
}

impl Faults {
    /// Takes a fault: `{method?, path (regular expression), status | reset | lost | held, done?, after?,
    /// times?, body?}`: `after` so many that fit, so many `times`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add(&mut self, json: &Json) -> Result<(), String> {
        let path = json["path"].as_str().ok_or("a fault needs \"path\", a regular expression")?;
        let path = Regex::new(path).map_err(|error| error.to_string())?;
        let method = match json["method"].as_str() {
            Some(name) => Some(name.parse().map_err(|_| format!("\"{name}\" is no method"))?),
            None => None,
        };
        let outcome = if json["reset"] == json!(true) {
            Outcome::Reset
        } else if json["lost"] == json!(true) {
            Outcome::Lost
        } else if json["held"] == json!(true) {
            Outcome::Held(json["done"] == json!(true))
        } else {
            let status =
                json["status"].as_u64().ok_or("a fault needs \"status\", \"reset\" or \"lost\"")?;
            let code = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok());
            let code = code.ok_or_else(|| format!("{status} is no status"))?;
            Outcome::Answer(code, body(json, code))
        };
        let times = json["times"].as_u64().unwrap_or(1);
        let after = json["after"].as_u64().unwrap_or(0);
        self.waiting.push(Fault { method, path, outcome, after, times });
        Ok(())
    }

    /// Gives what is to happen to a request, and counts it.
    pub fn verdict(&mut self, request: &Request) -> Option<Verdict> {
        self.seen += 1;
        let fault = self.waiting.iter_mut().find(|fault| {
            fault.times > 0
                && fault.method.as_ref().is_none_or(|method| *method == request.method)
                && fault.path.is_match(request.path())
        })?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        let verdict = match fault.outcome.clone() {
            Outcome::Reset => Verdict::Reset,
            Outcome::Lost => Verdict::Lost,
            Outcome::Held(done) => {
                self.held += 1;
                if done { Verdict::HeldDone } else { Verdict::Held }
            }
            Outcome::Answer(status, body) => Verdict::Answer(Response::json(status, &body)),
        };
        self.waiting.retain(|fault| fault.times > 0);
        Some(verdict)
    }

    /// Says how many requests were never answered.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Says how many requests there were.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Forgets all that waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}

fn body(json: &Json, code: StatusCode) -> Json {
    if !json["body"].is_null() {
        return json["body"].clone();
    }
    let message = format!("Injected fault: {code}");
    json!({"error": {"code": code.as_u16(), "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_so_many_times() {
        let mut faults = Faults::default();
        faults.add(&json!({"method": "GET", "path": "/b/x$", "status": 503, "times": 2})).unwrap();
        let request = Request::new(Method::GET, "/storage/v1/b/x?alt=json");

        assert!(matches!(faults.verdict(&request), Some(Verdict::Answer(_))));
        assert!(faults.verdict(&Request::new(Method::PUT, "/storage/v1/b/x")).is_none());
        assert!(faults.verdict(&request).is_some());
        assert!(faults.verdict(&request).is_none());
    }

    #[test]
    fn a_fault_lets_others_pass_first_and_held_requests_are_counted() {
        let mut faults = Faults::default();
        faults.add(&json!({"path": "x", "held": true, "done": true, "after": 2})).unwrap();
        let request = Request::new(Method::GET, "/x");

        assert!(faults.verdict(&request).is_none() && faults.verdict(&request).is_none());
        assert!(matches!(faults.verdict(&request), Some(Verdict::HeldDone)));
        assert_eq!(faults.held(), 1);
    }

    #[test]
    fn a_fault_without_outcome_is_refused() {
        assert!(Faults::default().add(&json!({"path": "x"})).is_err());
    }
}
