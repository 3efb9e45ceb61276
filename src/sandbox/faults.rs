//! Faults that a test asks for: this request, so many times or by chance, ends so.
//!
//! Chance is drawn from a seed, the request and how often it came: so what becomes of a request does not depend on what is
//! sent beside it, and a run that is made again meets the same.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;
use serde_json::{Value as Json, json};

use crate::http::{HeaderValue, Method, Request, Response, StatusCode};

/// The faults that wait to happen.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Vec<Fault>,
    held: u64,
    seen: u64,
    done: u64,
}

#[derive(Debug)]
struct Fault {
    method: Option<Method>,
    path: Regex,
    /// What may happen, each as likely as another.
    outcomes: Vec<Outcome>,
    /// So many fitting requests pass before it.
    after: u64,
    times: u64,
    chance: Option<Chance>,
}

/// Which of the requests that fit are hit.
#[derive(Debug)]
struct Chance {
    share: f64,
    seed: u64,
    /// How often each request came.
    came: BTreeMap<String, u64>,
}

#[derive(Clone, Debug)]
enum Outcome {
    /// The connection breaks before an answer.
    Reset,
    /// This is answered, and nothing else happens; after so many seconds another try is wished for.
    Answer(StatusCode, Json, Option<u64>),
    /// The request is done, and its answer is lost.
    Lost(Arrival),
    /// The request comes, and is never answered; when it is done, where it is.
    Held(Option<Arrival>),
    /// The request is done twice.
    Double,
    /// The answer takes so long.
    Delay(Duration),
}

/// When a request is done: so many requests after it came. It was on its way for so long.
pub type Arrival = u64;

/// What is to happen to a request.
pub enum Verdict {
    /// It breaks.
    Reset,
    /// It is answered so.
    Answer(Response),
    /// It is done, now or later, and the connection breaks.
    Lost(Arrival),
    /// Nothing is answered for ever; it is done, now or later, where this says when.
    Held(Option<Arrival>),
    /// It is done twice, and answered as it was the second time.
    Double,
    /// It is done, and the answer takes so long.
    Delay(Duration),
}

impl Faults {
    /// Takes a fault: `{method?, path (regular expression), status | reset | lost | held | double | delay, done?, late?, after?,
    /// times?, body?, share?, seed?, outcomes?}`: `after` so many that fit, so many `times`; or that `share` of all that fit, drawn
    /// from the `seed`. `outcomes` are several of which one is drawn each time.
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
        let outcomes = match json["outcomes"].as_array() {
            Some(several) if !several.is_empty() => several.iter().map(outcome).collect(),
            _ => outcome(json).map(|one| vec![one]),
        }?;
        let seed = json["seed"].as_u64().unwrap_or(0);
        let chance = match &json["share"] {
            Json::Null => None,
            share => {
                let share = share.as_f64().filter(|share| (0.0..=1.0).contains(share));
                let share = share.ok_or("\"share\" is a number from 0 to 1")?;
                Some(Chance { share, seed, came: BTreeMap::new() })
            }
        };
        let usual = if chance.is_some() { u64::MAX } else { 1 };
        let times = json["times"].as_u64().unwrap_or(usual);
        let after = json["after"].as_u64().unwrap_or(0);
        self.waiting.push(Fault { method, path, outcomes, after, times, chance });
        Ok(())
    }

    /// Gives what is to happen to a request, and counts it.
    pub fn verdict(&mut self, request: &Request) -> Option<Verdict> {
        self.seen += 1;
        // The first that fits decides.
        let fault = self.waiting.iter_mut().find(|fault| fault.times > 0 && fault.fits(request))?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let outcome = fault.draw(request)?;
        fault.times -= 1;
        self.waiting.retain(|fault| fault.times > 0);
        self.done += 1;
        Some(match outcome {
            Outcome::Reset => Verdict::Reset,
            Outcome::Lost(arrival) => Verdict::Lost(arrival),
            Outcome::Held(arrival) => {
                self.held += 1;
                Verdict::Held(arrival)
            }
            Outcome::Answer(status, body, after) => {
                let mut answer = Response::json(status, &body);
                if let Some(after) = after {
                    answer.headers.insert("retry-after", HeaderValue::from(after));
                }
                Verdict::Answer(answer)
            }
            Outcome::Double => Verdict::Double,
            Outcome::Delay(time) => Verdict::Delay(time),
        })
    }

    /// Says how many requests were never answered.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Says how many requests met a fault.
    pub fn done(&self) -> u64 {
        self.done
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

impl Fault {
    fn fits(&self, request: &Request) -> bool {
        self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.path.is_match(request.path())
    }

    /// Gives what happens to a request that fits; nothing where chance spares it.
    fn draw(&mut self, request: &Request) -> Option<Outcome> {
        let Some(chance) = &mut self.chance else { return self.outcomes.first().cloned() };
        let name = format!("{} {}", request.method, request.path());
        let came = chance.came.entry(name.clone()).or_default();
        *came += 1;
        let drawn = scattered(&format!("{} {came} {name}", chance.seed));
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits are what a number of this kind has"
        )]
        let point = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
        let which = usize::try_from(scattered(&drawn.to_string()) % self.outcomes.len() as u64);
        (point < chance.share).then(|| self.outcomes.get(which.unwrap_or(0)).cloned())?
    }
}

/// Makes a number of a text, such that texts that are alike give numbers that are not.
fn scattered(text: &str) -> u64 {
    // FNV-1a, and the last steps of splitmix64.
    let mut sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}

fn outcome(json: &Json) -> Result<Outcome, String> {
    let is = |name: &str| json[name] == json!(true);
    if let Some(text) = json["delay"].as_str() {
        let time = duration(text).ok_or("\"delay\" is a duration like \"50ms\" or \"2s\"")?;
        return Ok(Outcome::Delay(time));
    }
    let late = match &json["late"] {
        Json::Null => 0,
        late => late.as_u64().ok_or("\"late\" is a number of requests")?,
    };
    let held = (is("done") || late > 0).then_some(late);
    for (name, outcome) in [
        ("reset", Outcome::Reset),
        ("lost", Outcome::Lost(late)),
        ("held", Outcome::Held(held)),
        ("double", Outcome::Double),
    ] {
        if is(name) {
            return Ok(outcome);
        }
    }
    let needed = "a fault needs \"status\", \"reset\", \"lost\", \"held\", \"double\" or \"delay\"";
    let status = json["status"].as_u64().ok_or(needed)?;
    let code = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let code = code.ok_or_else(|| format!("{status} is no status"))?;
    let after = match &json["retry_after"] {
        Json::Null => None,
        after => Some(after.as_u64().ok_or("\"retry_after\" is a number of seconds")?),
    };
    Ok(Outcome::Answer(code, body(json, code), after))
}

/// Reads a duration like `600s`, `50ms`, `10m`, `1h`.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) =
        text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let number: f64 = number.parse().ok()?;
    let seconds = match unit {
        "s" | "" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok()
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
        assert!(matches!(faults.verdict(&request), Some(Verdict::Held(Some(0)))));
        assert_eq!(faults.held(), 1);
    }

    #[test]
    fn a_fault_without_outcome_or_with_a_wrong_one_is_refused() {
        for wrong in [
            json!({"path": "x"}),
            json!({"path": "x", "delay": "soon"}),
            json!({"path": "x", "lost": true, "late": "soon"}),
            json!({"path": "x", "reset": true, "share": 2}),
            json!({"path": "x", "outcomes": [{"reset": true}, {}]}),
        ] {
            assert!(Faults::default().add(&wrong).is_err(), "{wrong}");
        }
    }

    /// Which of a hundred requests, each sent twice, are hit; and how often each outcome was drawn.
    fn hits(seed: u64, order: impl Iterator<Item = u64>) -> (Vec<u64>, [usize; 2]) {
        let mut faults = Faults::default();
        let fault = json!({"path": "", "share": 0.2, "seed": seed, "outcomes": [{"double": true}, {"delay": "1s"}]});
        faults.add(&fault).unwrap();
        let (mut hit, mut drawn) = (Vec::new(), [0, 0]);
        for number in order {
            match faults.verdict(&Request::new(Method::GET, format!("/{}", number / 2))) {
                Some(Verdict::Double) => drawn[0] += 1,
                Some(Verdict::Delay(_)) => drawn[1] += 1,
                _ => continue,
            }
            hit.push(number / 2);
        }
        hit.sort_unstable();
        (hit, drawn)
    }

    #[test]
    fn a_share_is_drawn_from_the_seed_whatever_the_order() {
        let (first, drawn) = hits(7, 0..200);

        assert!((25..56).contains(&first.len()), "{first:?}");
        assert!(drawn.iter().all(|times| *times > 5), "{drawn:?}");
        assert_eq!(hits(7, (0..200).rev()).0, first);
        assert_ne!(hits(8, 0..200).0, first);
    }
}
