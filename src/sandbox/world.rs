//! A world: the Google side, its clusters, their time, and the file that keeps them.
//!
//! The file is written whole (temporary file, then rename, mode 0600), with ports, keys, ids and the hour, so that
//! the next process goes on in the same world. One process owns it, by a lock on the file `….lock` beside it, which
//! also tells where that process serves: a second one attaches there.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use crate::http::{Clock, HeaderValue, Method, Request, Response, StatusCode};
use crate::sandbox::clock::VirtualClock;
use crate::sandbox::control;
use crate::sandbox::faults::{Arrival, Faults, Verdict};
use crate::sandbox::google::cloud::cluster_of;
use crate::sandbox::google::{Google, logging, token};
use crate::sandbox::kubernetes::Cluster;
use crate::sandbox::store::{Store, merge_fields};
use crate::sandbox::{Cloud, ClusterName, Service};

/// The form of the world file.
const FORMAT: u64 = 1;

/// As many requests the journal keeps.
const REMEMBERED: usize = 2000;

/// The header that tells the server to break the connection instead of answering.
pub const RESET: &str = "x-sandbox-reset";

/// The header that tells the server never to answer.
pub const HELD: &str = "x-sandbox-held";

/// The header that tells the server to wait so many milliseconds before it answers.
pub const DELAY: &str = "x-sandbox-delay";

/// A sandbox's world.
pub struct World {
    /// The Google side.
    pub google: Arc<Google>,
    /// The faults that wait to happen.
    pub faults: Mutex<Faults>,
    /// Wakes who follows the clusters' coming and going.
    pub clusters_changed: Notify,
    clock: Arc<VirtualClock>,
    clusters: Mutex<BTreeMap<String, Arc<Cluster>>>,
    journal: Mutex<VecDeque<Json>>,
    late: Mutex<Vec<Late>>,
    dirty: AtomicBool,
    path: Option<PathBuf>,
    pub(super) lock: Mutex<Option<Owned>>,
}

/// A request that is still on its way, though nobody waits for its answer any more.
struct Late {
    /// The cluster whose port it came to.
    cluster: Option<String>,
    request: Request,
    /// It is done before so many more requests are.
    arrival: Arrival,
}

impl World {
    /// Opens the world of a file, or a new one where there is none; without a path it is kept nowhere.
    ///
    /// A new world begins at `start`; one from a file goes on at its own hour. `speed` virtual seconds pass in a real
    /// one besides.
    ///
    /// # Errors
    /// The file cannot be read or is no world file; `WouldBlock` where another process owns it.
    pub fn open(path: Option<&Path>, speed: f64, start: Timestamp) -> io::Result<Arc<World>> {
        let lock = path.map(lock).transpose()?;
        let kept = match path {
            Some(path) => read(path)?,
            None => None,
        };
        let begin = match &kept {
            Some(json) => hour(json)?,
            None => start,
        };
        let clock = Arc::new(VirtualClock::new(begin, speed));
        let store = match &kept {
            Some(json) => Store::from_json(&json["google"]).map_err(broken)?,
            None => Store::default(),
        };
        let google = Arc::new(Google::new(store, clock.clone()));
        let world = World {
            google,
            faults: Mutex::default(),
            clusters_changed: Notify::new(),
            clock,
            clusters: Mutex::default(),
            journal: Mutex::default(),
            late: Mutex::default(),
            dirty: AtomicBool::new(false),
            path: path.map(Path::to_owned),
            lock: Mutex::new(lock),
        };
        world.bind_ports()?;
        if let Some(json) = &kept {
            world.restore_clusters(&json["clusters"])?;
        }
        Ok(Arc::new(world))
    }

    /// Gives the world's time.
    pub fn clock(&self) -> Arc<VirtualClock> {
        self.clock.clone()
    }

    /// Makes a bearer token that is good for so long.
    pub fn mint_token(&self, lifetime: Duration) -> String {
        self.dirty.store(true, Ordering::Relaxed);
        token::mint(&mut self.google.locked(), self.clock.now(), lifetime)
    }

    /// Gives a cluster's API server, where the cluster runs.
    pub fn cluster(&self, name: &ClusterName) -> Option<Arc<Cluster>> {
        self.cluster_by_key(&crate::sandbox::google::cloud::key(name))
    }

    /// Gives the keys of the clusters that run, with their ports.
    pub fn running(&self) -> Vec<(String, u64)> {
        let keys: Vec<String> = self.locked_clusters().keys().cloned().collect();
        let store = self.google.locked();
        let port = |key: &String| store.hidden.get(key).and_then(|hidden| hidden["port"].as_u64());
        keys.into_iter().filter_map(|key| port(&key).map(|port| (key, port))).collect()
    }

    /// Answers a request that came to a cluster's port.
    pub fn answer_cluster(&self, key: &str, request: &Request) -> Response {
        self.settle();
        self.counted(Some(key), request)
    }

    /// Answers a request, unless a fault waits for it.
    fn counted(&self, cluster: Option<&str>, request: &Request) -> Response {
        for late in self.arrived() {
            let answer = self.perform(late.cluster.as_deref(), &late.request);
            self.note(&late.request, late.cluster.as_deref(), answer.status);
        }
        if let Some(answer) = self.fault(cluster, request) {
            return answer;
        }
        let answer = self.perform(cluster, request);
        self.note(request, cluster, answer.status);
        answer
    }

    /// Gives what was on its way until so many requests had come.
    fn arrived(&self) -> Vec<Late> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.iter_mut().for_each(|it| it.arrival = it.arrival.saturating_sub(1));
        late.extract_if(.., |it| it.arrival == 0).collect()
    }

    /// Ends what is due by now, and lets the clusters do so too.
    pub fn settle(&self) {
        self.google.settle();
        self.reconcile();
    }

    /// Ends what is due by now on both sides, so that watches go on without a request.
    pub fn settle_all(&self) {
        self.settle();
        for (_, cluster) in self.clusters() {
            cluster.settle();
        }
    }

    /// Gives the clusters that run, with their keys.
    pub fn clusters(&self) -> Vec<(String, Arc<Cluster>)> {
        self.locked_clusters().iter().map(|(key, cluster)| (key.clone(), cluster.clone())).collect()
    }

    /// Gives the last requests, oldest first: time, method, path, status.
    pub fn requests(&self) -> Vec<Json> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Begins the world anew; the hour and the tokens stay.
    pub fn reset(&self) {
        {
            let mut store = self.google.locked();
            let tokens = std::mem::take(&mut store.tokens);
            *store = Store { tokens, dirty: true, ..Store::default() };
        }
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.late.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.reconcile();
        self.dirty.store(true, Ordering::Relaxed);
    }

    /// Writes the world's file.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn save(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        self.dirty.store(false, Ordering::Relaxed);
        let clusters: serde_json::Map<String, Json> =
            self.clusters().into_iter().map(|(key, cluster)| (key, cluster.to_json())).collect();
        let google = {
            let mut store = self.google.locked();
            store.dirty = false;
            store.to_json()
        };
        let json = json!({
            "format": FORMAT, "clock": self.clock.now().to_string(), "google": google, "clusters": clusters,
        });
        write(path, json.to_string().as_bytes())
    }

    /// Writes the world's file if something changed since it was last written.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn save_if_changed(&self) -> io::Result<()> {
        let changed = self.dirty.load(Ordering::Relaxed) || self.google.locked().dirty;
        if changed { self.save() } else { Ok(()) }
    }

    /// Tells in the lock file where this process serves.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn announce(&self, address: SocketAddr) -> io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Owned(file)) = lock.as_mut() else { return Ok(()) };
        let text = json!({"pid": std::process::id(), "address": address.to_string()}).to_string();
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    }

    fn cluster_by_key(&self, key: &str) -> Option<Arc<Cluster>> {
        self.locked_clusters().get(key).cloned()
    }

    fn locked_clusters(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Cluster>>> {
        self.clusters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the API servers that run be those of the clusters that run.
    fn reconcile(&self) {
        let wanted: BTreeMap<String, String> = {
            let store = self.google.locked();
            let found = store.below("container/projects/").filter(|(_, object)| {
                object["status"] != "PROVISIONING" && object["status"] != "STOPPING"
            });
            found
                .filter(|(key, _)| cluster_of(key).is_some())
                .map(|(key, object)| {
                    (
                        key.to_owned(),
                        object["currentMasterVersion"].as_str().unwrap_or_default().to_owned(),
                    )
                })
                .collect()
        };
        let mut clusters = self.locked_clusters();
        let before = clusters.len();
        clusters.retain(|key, _| wanted.contains_key(key));
        let mut changed = clusters.len() != before;
        for (key, version) in wanted {
            if let Some(cluster) = clusters.get(&key) {
                cluster.set_version(&version);
                continue;
            }
            let Some(name) = cluster_of(&key) else { continue };
            let cloud: Arc<dyn Cloud> = self.google.clone();
            let cluster = Cluster::new(name, version, self.clock.clone(), cloud);
            clusters.insert(key, Arc::new(cluster));
            changed = true;
        }
        drop(clusters);
        if changed {
            self.dirty.store(true, Ordering::Relaxed);
            // One permit is kept, so that a change between two looks is not missed.
            self.clusters_changed.notify_one();
        }
    }

    /// Binds the clusters' ports again, and corrects the endpoint where another took one meanwhile.
    fn bind_ports(&self) -> io::Result<()> {
        let mut store = self.google.locked();
        let kept: Vec<(String, u64)> = store
            .hidden
            .iter()
            .filter(|(key, _)| cluster_of(key).is_some())
            .filter_map(|(key, hidden)| Some((key.clone(), hidden["port"].as_u64()?)))
            .collect();
        for (key, port) in kept {
            let bound = self.google.ports.bind(&key, u16::try_from(port).ok())?;
            if u64::from(bound) == port {
                continue;
            }
            store.hidden.entry(key.clone()).and_modify(|hidden| hidden["port"] = json!(bound));
            let (old, new) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{bound}"));
            if let Some(object) =
                store.objects.get_mut(&key).filter(|object| object["endpoint"] == old)
            {
                let mut private = object["privateClusterConfig"].clone();
                private["publicEndpoint"] = json!(new);
                let mut control_plane = object["controlPlaneEndpointsConfig"].clone();
                control_plane["ipEndpointsConfig"]["publicEndpoint"] = json!(new);
                merge_fields(
                    object,
                    &json!({
                        "endpoint": new, "privateClusterConfig": private, "controlPlaneEndpointsConfig": control_plane,
                    }),
                );
            }
        }
        Ok(())
    }

    fn restore_clusters(&self, json: &Json) -> io::Result<()> {
        for (key, kept) in json.as_object().into_iter().flatten() {
            let cloud: Arc<dyn Cloud> = self.google.clone();
            let cluster =
                Cluster::from_json(kept.clone(), self.clock.clone(), cloud).map_err(broken)?;
            self.locked_clusters().insert(key.clone(), Arc::new(cluster));
        }
        Ok(())
    }

    /// Gives what a fault makes of a request, where one waits for it.
    fn fault(&self, cluster: Option<&str>, request: &Request) -> Option<Response> {
        let verdict =
            self.faults.lock().unwrap_or_else(PoisonError::into_inner).verdict(request)?;
        let perform = || self.perform(cluster, request);
        let answer = match verdict {
            Verdict::Reset => reset(),
            Verdict::Held(arrival) => {
                arrival.inspect(|arrival| self.arrive(cluster, request, *arrival));
                held()
            }
            Verdict::Answer(answer) => answer,
            Verdict::Lost(arrival) => {
                self.arrive(cluster, request, arrival);
                reset()
            }
            Verdict::Double => {
                perform();
                perform()
            }
            Verdict::Delay(time) => {
                let mut answer = perform();
                answer.headers.insert(DELAY, HeaderValue::from(time.as_millis() as u64));
                answer
            }
        };
        self.note(request, None, answer.status);
        Some(answer)
    }

    /// Does what a request asks for, at once or later.
    fn arrive(&self, cluster: Option<&str>, request: &Request, arrival: Arrival) {
        if arrival == 0 {
            self.perform(cluster, request);
            return;
        }
        let (cluster, request) = (cluster.map(String::from), request.clone());
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.push(Late { cluster, request, arrival });
    }

    /// Does what a request to a cluster's port, or to the services', asks for.
    fn perform(&self, cluster: Option<&str>, request: &Request) -> Response {
        let Some(key) = cluster else {
            let answer = self.google.answer(request);
            self.reconcile();
            return answer;
        };
        let Some(cluster) = self.cluster_by_key(key) else { return reset() };
        let answer = cluster.answer(request);
        if answer.status.is_success()
            && let Some(name) = cluster_of(key)
        {
            let mut store = self.google.locked();
            logging::cluster::note(&mut store, self.clock.now(), request, &answer, &name);
        }
        answer
    }

    fn note(&self, request: &Request, cluster: Option<&str>, status: StatusCode) {
        if request.method != Method::GET {
            self.dirty.store(true, Ordering::Relaxed);
        }
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.len() == REMEMBERED {
            journal.pop_front();
        }
        let mut entry = json!({
            "time": self.clock.now().to_string(), "method": request.method.as_str(), "path": request.path(),
            "status": status.as_u16(),
        });
        if let Some(cluster) = cluster {
            entry["cluster"] = json!(cluster);
        }
        journal.push_back(entry);
    }

    /// Gives the cluster whose port an absolute URL names.
    fn cluster_at(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix("https://127.0.0.1:")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let port: u64 = digits.parse().ok()?;
        let store = self.google.locked();
        let found = store
            .hidden
            .iter()
            .find(|(key, hidden)| hidden["port"] == json!(port) && cluster_of(key).is_some());
        found.map(|(key, _)| key.clone())
    }
}

impl Service for World {
    fn answer(&self, request: &Request) -> Response {
        self.settle();
        if let Some(key) = self.cluster_at(&request.url) {
            return self.answer_cluster(&key, request);
        }
        let own = request.path().starts_with("/sandbox/") && request.path() != "/sandbox/token";
        if own {
            return control::answer(self, request);
        }
        self.counted(None, request)
    }
}

fn held() -> Response {
    let mut answer = Response::empty(StatusCode::GATEWAY_TIMEOUT);
    answer.headers.insert(HELD, HeaderValue::from_static("1"));
    answer
}

fn reset() -> Response {
    let mut answer = Response::empty(StatusCode::BAD_GATEWAY);
    answer.headers.insert(RESET, HeaderValue::from_static("1"));
    answer
}

/// Gives the address of the process that owns a world's file, where one serves it.
pub fn attach(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(lock_path(path)).ok()?;
    let json: Json = serde_json::from_str(&text).ok()?;
    let address: SocketAddr = json["address"].as_str()?.parse().ok()?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request =
        format!("GET /sandbox/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let body: Json = serde_json::from_str(body).ok()?;
    (body["pid"] == json["pid"]).then(|| format!("http://{address}"))
}

/// Says who holds a world's file, where the lock tells it: the process, and where it serves.
pub fn holder(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(lock_path(path)).ok()?;
    let json: Json = serde_json::from_str(&text).ok()?;
    let (pid, address) = (json["pid"].as_u64()?, json["address"].as_str()?);
    Some(format!("process {pid}, which serves it on {address},"))
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// The lock's file, which is locked as long as this is there.
pub(super) struct Owned(pub(super) File);

impl Drop for Owned {
    fn drop(&mut self) {
        // A program that is just being started has the file too, until it runs: to close it would not be enough.
        let _ = rustix::fs::flock(&self.0, rustix::fs::FlockOperation::Unlock);
    }
}

fn lock(path: &Path) -> io::Result<Owned> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(lock_path(path))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
    file.set_len(0)?;
    Ok(Owned(file))
}

fn read(path: &Path) -> io::Result<Option<Json>> {
    match std::fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => {
            let json: Json =
                serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
            if json["format"] != json!(FORMAT) {
                return Err(broken(format!("its format is {}, not {FORMAT}", json["format"])));
            }
            Ok(Some(json))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn hour(json: &Json) -> io::Result<Timestamp> {
    let text = json["clock"].as_str().unwrap_or_default();
    text.parse().map_err(|error: jiff::Error| broken(error.to_string()))
}

fn broken(text: impl Into<String>) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the sandbox's world file is broken: {}", text.into()),
    )
}

/// Writes a file whole, readable by its owner alone.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
