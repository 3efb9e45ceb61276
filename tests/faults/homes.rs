//! Where a run keeps its state: in the folder, in a bucket and a cluster of the sandbox, at a server of the `http` protocol, in
//! PostgreSQL behind a wire that breaks.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::http_server::{Fault, HttpServer};
use crate::postgres::{Postgres, postgres};
use crate::stack::Stack;
use crate::stage::Stage;

/// A kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gcs,
    Kubernetes,
    Http,
    Pg,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// From a call on, all are answered so.
    Stays(u16),
    /// From a call on, connections break.
    Breaks,
    /// This call alone is refused so.
    Once(u16),
    /// The answer to this call alone is lost.
    Lost,
    /// This call is never answered, and is not done, or is.
    Hangs { done: bool },
}

/// A stage whose state is kept in a place of a kind.
pub(super) struct Home {
    pub(super) stage: Stage,
    service: Service,
}

enum Service {
    /// Requests to the sandbox whose paths fit.
    Sandbox(&'static str),
    Http(HttpServer),
    Pg(Wire),
}

const SECRETS: &str = "/(secrets|leases)(/|$)";

impl Home {
    /// Makes it; nothing where the service cannot be had here.
    pub(super) fn open(kind: Kind, stack: &Stack) -> Option<Home> {
        let stage = Stage::open(stack);
        let (service, block) = match kind {
            Kind::Gcs => (Service::Sandbox("/b/polls-states/o"), bucket(&stage)),
            Kind::Kubernetes => (Service::Sandbox(SECRETS), cluster(&stage)),
            Kind::Http => {
                let server = HttpServer::new();
                server.kept().strict = true;
                let block = block("http", &server.settings("default"));
                (Service::Http(server), block)
            }
            Kind::Pg => {
                let wire = Wire::new(postgres()?);
                let block = block("pg", &json!({ "conn_str": wire.conn_str() }));
                (Service::Pg(wire), block)
            }
        };
        let kept = stack.kept_in(&block);
        std::fs::write(stage.folder().join("backend.tf"), &kept.files["backend.tf"]).unwrap();
        Some(Home { stage, service })
    }

    /// Says how many calls the place has had.
    pub(super) fn calls(&self) -> usize {
        match &self.service {
            Service::Sandbox(path) => {
                let path = regex::Regex::new(path).unwrap();
                let fits = |it: &&Json| path.is_match(it["path"].as_str().unwrap_or_default());
                self.stage.world.requests().iter().filter(fits).count()
            }
            Service::Http(server) => server.kept().asked.len(),
            Service::Pg(wire) => wire.state().calls,
        }
    }

    /// Lets calls fail, after so many more.
    pub(super) fn fail(&self, after: usize, wrong: Wrong) {
        match &self.service {
            Service::Sandbox(path) => self.stage.fault(&sandbox_fault(path, after, wrong)),
            Service::Http(server) => {
                let mut kept = server.kept();
                let (fault, stays) = match wrong {
                    Wrong::Stays(status) => (Fault::Status(status), true),
                    Wrong::Once(status) => (Fault::Status(status), false),
                    Wrong::Breaks => (Fault::Break, true),
                    Wrong::Lost => (Fault::Silence, false),
                    Wrong::Hangs { done } => (Fault::Hold(done), true),
                };
                let from = kept.asked.len() + after;
                kept.later = Some((from, fault, stays));
            }
            Service::Pg(wire) => {
                let mut state = wire.state();
                state.from = Some((state.calls + after, wrong));
            }
        }
    }

    /// Says whether a call waits for an answer that never comes.
    pub(super) fn hangs(&self) -> bool {
        match &self.service {
            Service::Sandbox(_) => self.stage.held() > 0,
            Service::Http(server) => server.kept().held,
            Service::Pg(wire) => wire.state().held,
        }
    }

    /// Lets no more calls fail.
    pub(super) fn calm(&self) {
        self.stage.calm();
        match &self.service {
            Service::Sandbox(_) => {}
            Service::Http(server) => server.kept().later = None,
            Service::Pg(wire) => wire.state().from = None,
        }
    }
}

fn sandbox_fault(path: &str, after: usize, wrong: Wrong) -> Json {
    let mut fault = json!({ "path": path, "after": after });
    let more = match wrong {
        Wrong::Stays(status) => json!({ "status": status, "times": u64::MAX }),
        Wrong::Once(status) => json!({ "status": status }),
        Wrong::Breaks => json!({ "reset": true, "times": u64::MAX }),
        Wrong::Lost => json!({ "lost": true }),
        Wrong::Hangs { done } => json!({ "held": true, "done": done, "times": u64::MAX }),
    };
    fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if let Wrong::Stays(status @ (409 | 412)) | Wrong::Once(status @ (409 | 412)) = wrong {
        let reason = if status == 409 { "Conflict" } else { "conditionNotMet" };
        fault["body"] = json!({ "kind": "Status", "reason": reason, "message": "Injected conflict", "code": status });
    }
    fault
}

/// Gives settings as the text of a block with a label.
fn block(kind: &str, settings: &Json) -> String {
    let lines = settings.as_object().unwrap().iter();
    let lines: String = lines.map(|(name, value)| format!("    {name} = {value}\n")).collect();
    format!("\"{kind}\" {{\n{lines}  }}")
}

fn enable(stage: &Stage, services: &[&str]) {
    stage.ask(
        "POST",
        "/v1/projects/polls-demo/services:batchEnable",
        &json!({ "serviceIds": services }),
    );
    stage.world.clock().advance(Duration::from_secs(60));
}

fn bucket(stage: &Stage) -> String {
    enable(stage, &["storage.googleapis.com"]);
    let body = json!({"name": "polls-states", "location": "US", "versioning": {"enabled": true}});
    stage.ask("POST", "/storage/v1/b?project=polls-demo", &body);
    block("gcs", &json!({ "bucket": "polls-states" }))
}

fn cluster(stage: &Stage) -> String {
    let mut settings = access(stage);
    settings["secret_suffix"] = json!("polls");
    block("kubernetes", &settings)
}

/// Makes a cluster, and gives the settings with which it is reached.
pub(super) fn access(stage: &Stage) -> Json {
    enable(stage, &["container.googleapis.com", "compute.googleapis.com"]);
    let clusters = "/v1/projects/polls-demo/locations/asia-south1-a/clusters";
    let body = json!({"cluster": {"name": "states", "initialNodeCount": 1}});
    stage.ask("POST", clusters, &body);
    stage.world.clock().advance(Duration::from_secs(3600));
    let made = stage.ask("GET", &format!("{clusters}/states"), &Json::Null);
    let authority = made["masterAuth"]["clusterCaCertificate"].as_str().unwrap();
    let authority = String::from_utf8(STANDARD.decode(authority).unwrap()).unwrap();
    let token = stage.world.mint_token(Duration::from_secs(86_400 * 365));
    json!({
        "host": format!("https://{}", made["endpoint"].as_str().unwrap()),
        "cluster_ca_certificate": authority, "token": token,
    })
}

/// A wire to a database of its own, which counts what is said on it and breaks when it is told to.
struct Wire {
    port: u16,
    database: String,
    state: Arc<Mutex<Talk>>,
}

#[derive(Default)]
struct Talk {
    /// How often a client has said something.
    calls: usize,
    from: Option<(usize, Wrong)>,
    held: bool,
}

impl Wire {
    fn new(server: &'static Postgres) -> Wire {
        let (database, socket) = (server.database(), server.socket());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(Talk::default()));
        let told = Arc::clone(&state);
        spawn(move || {
            for client in listener.incoming().flatten() {
                let (socket, told) = (socket.clone(), Arc::clone(&told));
                spawn(move || carry(client, &socket, &told));
            }
        });
        Wire { port, database, state }
    }

    fn conn_str(&self) -> String {
        format!(
            "host=127.0.0.1 port={} dbname={} user=postgres sslmode=disable",
            self.port, self.database
        )
    }

    fn state(&self) -> MutexGuard<'_, Talk> {
        self.state.lock().unwrap()
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().spawn(work).unwrap();
}

/// Carries what a client and the server say, until the wire breaks.
fn carry(mut client: TcpStream, socket: &PathBuf, told: &Arc<Mutex<Talk>>) {
    let Ok(mut server) = UnixStream::connect(Path::new(socket)) else { return };
    let (mut back, mut from) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let muted = Arc::new(Mutex::new(false));
    let mute = Arc::clone(&muted);
    spawn(move || {
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if *mute.lock().unwrap() {
                break;
            }
            if back.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = back.shutdown(std::net::Shutdown::Both);
    });
    let mut bytes = [0; 65536];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let wrong = {
            let mut talk = told.lock().unwrap();
            talk.calls += 1;
            let calls = talk.calls;
            let wrong = talk.from.filter(|(from, _)| calls > *from).map(|(_, wrong)| wrong);
            if matches!(wrong, Some(Wrong::Hangs { .. })) {
                talk.held = true;
            }
            if matches!(wrong, Some(Wrong::Lost | Wrong::Once(_))) {
                talk.from = None;
            }
            wrong
        };
        match wrong {
            None => {}
            Some(Wrong::Lost | Wrong::Hangs { done: true }) => {
                *muted.lock().unwrap() = true;
                let _ = server.write_all(&bytes[..count]);
                if wrong == Some(Wrong::Lost) {
                    break;
                }
                continue;
            }
            Some(Wrong::Hangs { done: false }) => continue,
            Some(_) => break,
        }
        if server.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = server.shutdown(std::net::Shutdown::Both);
}
