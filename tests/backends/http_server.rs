//! A small server of the protocol that Terraform calls `http`, which can be as strict, as lax and as broken as real ones.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

/// A server on a port of this machine; `/state/NAME` is a state, `/lock/NAME` its lock.
#[derive(Clone)]
pub(crate) struct HttpServer {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

/// What it has, and how it is.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) states: BTreeMap<String, Vec<u8>>,
    pub(crate) locks: BTreeMap<String, Vec<u8>>,
    /// It gives strong ETags, and obeys conditions.
    pub(crate) etags: bool,
    /// A write must name the lock that is held.
    pub(crate) strict: bool,
    /// `name:password`.
    pub(crate) account: Option<String>,
    pub(crate) faults: Vec<(&'static str, Fault)>,
    /// From the request of this number on, counted from 0, this goes wrong: always, or once.
    pub(crate) later: Option<(usize, Fault, bool)>,
    /// A request is never answered.
    pub(crate) held: bool,
    /// Method, path and query of all requests.
    pub(crate) asked: Vec<String>,
    pub(crate) unlocked_with: Vec<Vec<u8>>,
}

/// What goes wrong with the next request of a method.
#[derive(Clone)]
pub(crate) enum Fault {
    /// It is answered so, and nothing done.
    Status(u16),
    /// It is done, and no answer comes.
    Silence,
    /// Nothing is done, and the connection breaks.
    Break,
    /// No answer ever comes; whether it is done.
    Hold(bool),
    /// It is answered as if it were done.
    Lie,
    /// Just before it, somebody else writes this state.
    After(Vec<u8>),
    /// The answer's checksum is that of something else.
    WrongSum,
}

struct Asked {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn answer(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: Vec::new() }
}

impl HttpServer {
    /// Begins to serve; threads end with the process.
    pub(crate) fn new() -> HttpServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = HttpServer { port, kept: Arc::default() };
        let serving = server.clone();
        std::thread::Builder::new()
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    let server = serving.clone();
                    std::thread::Builder::new().spawn(move || server.serve(stream)).unwrap();
                }
            })
            .unwrap();
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// The arguments of a backend block.
    pub(crate) fn settings(&self, name: &str) -> Json {
        let at = |what: &str| format!("http://127.0.0.1:{}/{what}/{name}", self.port);
        json!({
            "address": at("state"), "lock_address": at("lock"), "unlock_address": at("lock"),
            "retry_wait_min": 0, "retry_wait_max": 0,
        })
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some(asked) = read(&stream) else { return };
        let Some(answer) = self.answer(&asked) else { return };
        let mut head = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", answer.status);
        if answer.status != 204 && answer.status != 304 {
            head += &format!("content-length: {}\r\n", answer.body.len());
        }
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n", &answer.body].concat());
    }

    fn answer(&self, asked: &Asked) -> Option<Answer> {
        let mut kept = self.kept();
        kept.asked.push(format!("{} {}", asked.method, asked.target));
        if let Some(account) = &kept.account {
            let expected = base64::engine::general_purpose::STANDARD.encode(account);
            if asked.headers.get("authorization") != Some(&format!("Basic {expected}")) {
                return Some(answer(401));
            }
        }
        if !asked.body.is_empty() && asked.headers.get("content-md5") != Some(&sum(&asked.body)) {
            return Some(answer(400));
        }
        let fault = kept.fault_of(&asked.method);
        let path = asked.target.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default().to_string();
        match fault {
            None => Some(kept.perform(asked, &name)),
            Some(Fault::Break) => None,
            Some(Fault::Hold(done)) => {
                if done {
                    kept.perform(asked, &name);
                }
                kept.held = true;
                drop(kept);
                loop {
                    std::thread::park();
                }
            }
            Some(Fault::Status(status)) => Some(answer(status)),
            Some(Fault::Lie) => Some(answer(200)),
            Some(Fault::Silence) => {
                kept.perform(asked, &name);
                None
            }
            Some(Fault::After(state)) => {
                kept.states.insert(name.clone(), state);
                Some(kept.perform(asked, &name))
            }
            Some(Fault::WrongSum) => {
                let mut answer = kept.perform(asked, &name);
                answer.headers.clear();
                answer.headers.push(("content-md5", sum(b"something else")));
                Some(answer)
            }
        }
    }
}

impl Kept {
    /// Gives what goes wrong with the request that came last.
    fn fault_of(&mut self, method: &str) -> Option<Fault> {
        if let Some((from, fault, stays)) = self.later.clone()
            && self.asked.len() > from
        {
            if !stays {
                self.later = None;
            }
            return Some(fault);
        }
        let at = self.faults.iter().position(|(of, _)| *of == method)?;
        Some(self.faults.remove(at).1)
    }

    fn perform(&mut self, asked: &Asked, name: &str) -> Answer {
        match asked.method.as_str() {
            "GET" => self.read(asked, name),
            "POST" => self.write(asked, name),
            "DELETE" => {
                self.states.remove(name);
                answer(200)
            }
            "LOCK" => match self.locks.get(name) {
                Some(holder) => Answer { body: holder.clone(), ..answer(423) },
                None => {
                    self.locks.insert(name.to_string(), asked.body.clone());
                    answer(200)
                }
            },
            "UNLOCK" => {
                self.unlocked_with.push(asked.body.clone());
                match self.locks.get(name).cloned() {
                    Some(held) if id(&held) != id(&asked.body) && !asked.body.is_empty() => {
                        Answer { body: held, ..answer(409) }
                    }
                    _ => {
                        self.locks.remove(name);
                        answer(200)
                    }
                }
            }
            _ => answer(405),
        }
    }

    fn read(&self, asked: &Asked, name: &str) -> Answer {
        let Some(state) = self.states.get(name) else { return answer(404) };
        let mut found = Answer { body: state.clone(), ..answer(200) };
        found.headers.push(("content-md5", sum(state)));
        if self.etags {
            found.headers.push(("etag", etag(state)));
            if asked.headers.get("if-none-match") == Some(&etag(state)) {
                return answer(304);
            }
        }
        found
    }

    fn write(&mut self, asked: &Asked, name: &str) -> Answer {
        let held = self.locks.get(name).map(|held| id(held));
        let named = asked.target.split_once("ID=").map(|(_, id)| id.to_string());
        if self.strict && held != named {
            let body = self.locks.get(name).cloned().unwrap_or_default();
            return Answer { body, ..answer(409) };
        }
        let there = self.states.get(name).map(|state| etag(state));
        let wanted = asked.headers.get("if-match");
        let fresh = asked.headers.get("if-none-match").is_some_and(|it| it == "*");
        if self.etags
            && ((fresh && there.is_some()) || (wanted.is_some() && wanted != there.as_ref()))
        {
            return answer(412);
        }
        self.states.insert(name.to_string(), asked.body.clone());
        answer(200)
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_string(), words.next()?.to_string());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_string());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, target, headers, body })
}

fn id(record: &[u8]) -> String {
    let record: Json = serde_json::from_slice(record).unwrap_or_default();
    record["ID"].as_str().unwrap_or_default().to_string()
}

fn sum(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Md5::digest(bytes))
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Md5::digest(bytes)))
}
