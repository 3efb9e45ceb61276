//! States behind a URL, in the protocol that Terraform calls `http` and GitLab and others speak.
//!
//! The protocol has no fence: a write names the lock's id in its query, and most servers do not look. So a save first
//! asks what can be asked. A try to lock under another id says who holds the lock: nobody where it was ended. A read
//! says whether the state is still the one that was read, in a few bytes where the server gives a strong ETag; then the
//! write also names it with `If-Match`.
//!
//! The journal is in files of this machine. Within the state's document it would cost a write of the whole state for each
//! flush, leave a version of each in servers that keep versions, and be refused by those that, like GitLab's, know a
//! version by its serial.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use md5::{Digest, Md5};
use serde_json::Value as Json;
use uuid::Uuid;

use super::disk::{Disk, Of, is_neighbour};
use super::http_service::{Answer, Body, Service};
use super::kinds::{Form, Given, Kind, Setting};
use super::remote::Remote;
use super::store::{Past, Piece, Store, StoreError, Written};
use super::{Backend, Holder};
use crate::diag::Diagnostic;
use crate::http::Method;

/// The kind of place.
pub(super) const KIND: Kind = Kind {
    name: "http",
    settings: &[
        Setting::text("address").or(&["TF_HTTP_ADDRESS"]).required(),
        Setting::text("update_method").or(&["TF_HTTP_UPDATE_METHOD"]),
        Setting::text("lock_address").or(&["TF_HTTP_LOCK_ADDRESS"]),
        Setting::text("lock_method").or(&["TF_HTTP_LOCK_METHOD"]),
        Setting::text("unlock_address").or(&["TF_HTTP_UNLOCK_ADDRESS"]),
        Setting::text("unlock_method").or(&["TF_HTTP_UNLOCK_METHOD"]),
        Setting::text("username").or(&["TF_HTTP_USERNAME"]),
        Setting::text("password").or(&["TF_HTTP_PASSWORD"]),
        Setting::text("skip_cert_verification").of(Form::Bool),
        Setting::text("retry_max").or(&["TF_HTTP_RETRY_MAX"]).of(Form::Number),
        Setting::text("retry_wait_min").or(&["TF_HTTP_RETRY_WAIT_MIN"]).of(Form::Number),
        Setting::text("retry_wait_max").or(&["TF_HTTP_RETRY_WAIT_MAX"]).of(Form::Number),
        Setting::text("client_ca_certificate_pem").or(&["TF_HTTP_CLIENT_CA_CERTIFICATE_PEM"]),
        Setting::text("client_certificate_pem").or(&["TF_HTTP_CLIENT_CERTIFICATE_PEM"]),
        Setting::text("client_private_key_pem").or(&["TF_HTTP_CLIENT_PRIVATE_KEY_PEM"]),
    ],
    open,
};

fn open(given: &Given<'_>) -> Result<Box<dyn Backend>, Diagnostic> {
    if given.workspace != "default" {
        let detail = format!(
            "The backend \"http\" keeps one state, and the workspace is \"{}\": workspaces not supported.",
            given.workspace
        );
        return Err(Diagnostic::error("Workspaces not supported", detail).help(
            "Choose the workspace \"default\", or keep each state at an address of its own.",
        ));
    }
    let service = Service::new(given)?;
    let data = given.world.environment.get("TF_DATA_DIR").map_or(".terrane", String::as_str);
    let name = hex::encode(&Md5::digest(service.address().as_bytes())[..8]);
    let journal = given.world.folder.join(data).join("journals").join(format!("http-{name}"));
    let disk = given.disk()?;
    let (seen, held) = (Mutex::default(), Mutex::default());
    let store = HttpStore { service, journal, disk: disk.clone(), seen, held };
    Ok(Box::new(Remote::new(Arc::new(store), &given.world.folder, disk)))
}

/// A state behind a URL.
struct HttpStore {
    service: Service,
    /// The folder of the journal's pieces.
    journal: PathBuf,
    disk: Disk,
    seen: Mutex<Seen>,
    /// The record of the lock that is held here: unlocking sends the same.
    held: Mutex<Option<Holder>>,
}

/// What answers told of the state.
#[derive(Clone, Default)]
struct Seen {
    /// A state was read, and whether with a strong ETag.
    fenced: Option<bool>,
    /// The strong ETag of the version that is known.
    etag: Option<String>,
}

/// Who holds the lock, as far as a try under another id tells.
enum Lockedness {
    /// This holder, or somebody of whom the server says nothing.
    By(Option<Box<Holder>>),
    /// Nobody.
    Free,
    /// The server grants a lock while another is held.
    Pretended,
}

fn inner<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is replaced whole: a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for HttpStore {
    fn place(&self) -> String {
        self.service.shown().to_string()
    }

    async fn read(&self) -> Result<Option<Written>, StoreError> {
        let answer = self.service.ask(Method::GET, self.service.address(), Body::None, &[]).await?;
        let there = match answer.status {
            200 => true,
            204 | 404 => false,
            _ => return Err(answer.refused()),
        };
        let mut seen = inner(&self.seen);
        seen.etag = answer.etag().filter(|_| there);
        if !there {
            return Ok(None);
        }
        seen.fenced = Some(seen.etag.is_some());
        let version = version_of(&answer.body);
        Ok(Some(Written { bytes: answer.body, version }))
    }

    async fn write(
        &self,
        bytes: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<String, StoreError> {
        self.still_held(lock).await?;
        self.still_there(replaces).await?;
        let etag = inner(&self.seen).etag.clone();
        let condition = match (&etag, replaces) {
            (Some(etag), _) => Some(("if-match", etag.as_str())),
            (None, None) => Some(("if-none-match", "*")),
            (None, Some(_)) => None,
        };
        let url = self.service.address_with(lock);
        let headers: Vec<_> = condition.into_iter().collect();
        let method = self.service.update_method();
        let answer = self.service.ask(method, &url, Body::Json(bytes), &headers).await;
        match answer {
            Ok(answer) if matches!(answer.status, 200 | 201 | 204) => {
                inner(&self.seen).etag = answer.etag();
                Ok(version_of(bytes))
            }
            Ok(answer) if matches!(answer.status, 409 | 423) => match answer.holder() {
                Some(holder) if holder.id.to_string() != lock => {
                    Err(StoreError::LockLost { holder: Some(Box::new(holder)) })
                }
                _ => Err(answer.refused()),
            },
            Ok(answer) if answer.status == 412 && !answer.again => Err(StoreError::Moved),
            unclear => {
                // An earlier try may have been received: what is there tells.
                let found = self.read().await?.map(|found| found.version);
                match unclear {
                    _ if found.as_deref() == Some(&version_of(bytes)) => Ok(version_of(bytes)),
                    Ok(answer) if answer.status == 412 => Err(StoreError::Moved),
                    Ok(answer) => Err(answer.refused()),
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn journal(&self) -> Result<Vec<Piece>, StoreError> {
        let files = match fs::read_dir(&self.journal) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.journal_failed(&error)),
        };
        let mut pieces = Vec::new();
        let mut begun = BTreeMap::new();
        for file in files.filter_map(Result::ok) {
            let name = file.file_name().to_string_lossy().into_owned();
            // A file that was not yet renamed to its name begins with a dot.
            if name.starts_with('.') {
                continue;
            }
            let bytes = fs::read(file.path()).map_err(|error| self.journal_failed(&error))?;
            let written = file.metadata().and_then(|meta| meta.modified()).ok();
            let first = begun.entry(run_of(&name).to_string()).or_insert(written);
            *first = (*first).min(written);
            pieces.push(Piece { name, bytes });
        }
        // Run after run, and the pieces of a run by their numbers.
        pieces.sort_by_cached_key(|piece| {
            (begun.get(run_of(&piece.name)).copied().flatten(), piece.name.clone())
        });
        Ok(pieces)
    }

    async fn append(&self, piece: &Piece) -> Result<(), StoreError> {
        let path = self.journal.join(&piece.name);
        fs::create_dir_all(&self.journal)
            .and_then(|()| self.disk.write_whole(Of::Journal, &path, &piece.bytes))
            .map_err(|error| self.journal_failed(&error))
    }

    async fn drop_pieces(&self, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            match fs::remove_file(self.journal.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.journal_failed(&error));
                }
                _ => {}
            }
        }
        // What a killed run left of a piece that was not in its place yet is none.
        for file in fs::read_dir(&self.journal).into_iter().flatten().filter_map(Result::ok) {
            if is_neighbour(&file.path()) {
                let _ = fs::remove_file(file.path());
            }
        }
        // It goes with its last piece; where others are in it, it stays.
        let _ = fs::remove_dir(&self.journal);
        Ok(())
    }

    async fn take(&self, holder: &Holder) -> Result<String, StoreError> {
        let id = holder.id.to_string();
        let Some(locking) = self.service.locking() else { return Ok(id) };
        let answer = self.service.lock(locking, &holder.to_json("")).await?;
        match answer.status {
            200..=299 => {}
            409 | 423 => match answer.holder() {
                // An earlier try was received, and its answer lost.
                Some(found) if found.id == holder.id && answer.again => {}
                found => {
                    let id = found.as_ref().map(|found| found.id.to_string());
                    return Err(StoreError::Held { id, holder: found.map(Box::new), beat: None });
                }
            },
            _ => return Err(answer.refused()),
        }
        *inner(&self.held) = Some(holder.clone());
        Ok(id)
    }

    async fn beat(&self, _: &str) -> Result<(), StoreError> {
        // The protocol has no call for it.
        Ok(())
    }

    async fn free(&self, lock: &str) -> Result<(), StoreError> {
        let Some(locking) = self.service.locking() else { return Ok(()) };
        let held = inner(&self.held).take().filter(|held| held.id.to_string() == lock);
        let record = held.map_or_else(|| record_of(lock), |held| held.to_json(""));
        let answer = self.service.unlock(locking, &record).await?;
        if matches!(answer.status, 200..=299) || answer.again {
            Ok(())
        } else {
            Err(answer.refused())
        }
    }

    async fn break_lock(&self, lock: &str) -> Result<(), StoreError> {
        let Some(locking) = self.service.locking() else {
            return Err(StoreError::NotHeld { id: None, holder: None });
        };
        let record = match self.lockedness().await? {
            Lockedness::Free | Lockedness::Pretended => {
                return Err(StoreError::NotHeld { id: None, holder: None });
            }
            Lockedness::By(Some(holder)) if holder.id.to_string() != lock => {
                let id = Some(holder.id.to_string());
                return Err(StoreError::NotHeld { id, holder: Some(holder) });
            }
            Lockedness::By(Some(holder)) => holder.to_json(""),
            Lockedness::By(None) => record_of(lock),
        };
        let answer = self.service.unlock(locking, &record).await?;
        if !matches!(answer.status, 200..=299) {
            return Err(answer.refused());
        }
        match self.lockedness().await? {
            Lockedness::By(holder)
                if holder.as_ref().is_none_or(|holder| holder.id.to_string() == lock) =>
            {
                Err(StoreError::Failed(
                    "the server said that it ended the lock, and still has it".to_string(),
                ))
            }
            _ => Ok(()),
        }
    }

    fn has_workspaces(&self) -> bool {
        false
    }

    async fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Failed("workspaces not supported".to_string()))
    }

    async fn remove(&self) -> Result<(), StoreError> {
        let answer =
            self.service.ask(Method::DELETE, self.service.address(), Body::None, &[]).await?;
        if !matches!(answer.status, 200..=299 | 404) {
            return Err(answer.refused());
        }
        let names: Vec<String> = self.journal().await?.into_iter().map(|it| it.name).collect();
        self.drop_pieces(&names).await
    }

    async fn history(&self) -> Result<Vec<Past>, StoreError> {
        Ok(Vec::new())
    }

    async fn past(&self, _: &str) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Failed("the protocol knows the present state only".to_string()))
    }

    fn weakness(&self) -> Option<String> {
        let mut told = String::new();
        if self.service.locking().is_none() {
            told += "There is no lock_address: nothing keeps others from working on the state at the same time. ";
        }
        if inner(&self.seen).fenced == Some(false) {
            told += "The server gives no strong ETag, so a write cannot name the version that it replaces: the state is \
                     read again just before, and what another program writes in between is lost. ";
        }
        told += &format!(
            "The journal of a run that ends early is on this machine only, in \"{}\".",
            self.journal.display()
        );
        Some(told)
    }
}

impl HttpStore {
    fn journal_failed(&self, error: &std::io::Error) -> StoreError {
        StoreError::Failed(format!("\"{}\": {error}", self.journal.display()))
    }

    /// Makes sure that nobody ended the lock.
    async fn still_held(&self, lock: &str) -> Result<(), StoreError> {
        if self.service.locking().is_none() || lock.is_empty() {
            return Ok(());
        }
        match self.lockedness().await? {
            Lockedness::By(Some(holder)) if holder.id.to_string() != lock => {
                Err(StoreError::LockLost { holder: Some(holder) })
            }
            Lockedness::Free => Err(StoreError::LockLost { holder: None }),
            Lockedness::By(_) | Lockedness::Pretended => Ok(()),
        }
    }

    /// Makes sure that the state is still the one that was read.
    async fn still_there(&self, replaces: Option<&str>) -> Result<(), StoreError> {
        let etag = inner(&self.seen).etag.clone();
        if let Some(etag) = etag {
            let header = [("if-none-match", etag.as_str())];
            let address = self.service.address();
            let answer = self.service.ask(Method::GET, address, Body::None, &header).await?;
            if answer.status == 304 {
                return Ok(());
            }
        }
        let found = self.read().await?.map(|found| found.version);
        if found.as_deref() == replaces { Ok(()) } else { Err(StoreError::Moved) }
    }

    /// Finds out who holds the lock, by a try under an id of nobody, which is given back at once where it succeeds.
    async fn lockedness(&self) -> Result<Lockedness, StoreError> {
        let first = probe();
        let refusal = self.tried(&first).await?;
        if let Some(answer) = refusal {
            return Ok(Lockedness::By(answer.holder().map(Box::new)));
        }
        let second = probe();
        let refusal = self.tried(&second).await;
        let pretended = matches!(refusal, Ok(None));
        if let Some(locking) = self.service.locking() {
            if pretended {
                self.service.unlock(locking, &second.to_json("")).await?;
            }
            self.service.unlock(locking, &first.to_json("")).await?;
        }
        refusal?;
        Ok(if pretended { Lockedness::Pretended } else { Lockedness::Free })
    }

    /// Tries to lock; gives the answer where somebody holds the lock.
    async fn tried(&self, holder: &Holder) -> Result<Option<Answer>, StoreError> {
        let Some(locking) = self.service.locking() else { return Ok(None) };
        let answer = self.service.lock(locking, &holder.to_json("")).await?;
        match answer.status {
            200..=299 => Ok(None),
            409 | 423 if answer.again && answer.holder().is_some_and(|it| it.id == holder.id) => {
                Ok(None)
            }
            409 | 423 => Ok(Some(answer)),
            _ => Err(answer.refused()),
        }
    }
}

/// Gives the run that a piece of the journal is of.
fn run_of(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(run, _)| run)
}

/// The record of a try that only asks.
fn probe() -> Holder {
    let info = "A try that asks who holds the lock; it is given back at once.".to_string();
    Holder { info, id: Uuid::new_v4(), ..Holder::new("lock-check", "") }
}

/// The record of a lock of which nothing but the id is known.
fn record_of(id: &str) -> String {
    let fields = ["Operation", "Info", "Who", "Version"].map(|name| (name, Json::from("")));
    let mut record = serde_json::Map::from_iter([("ID".to_string(), Json::from(id))]);
    record.extend(fields.map(|(name, value)| (name.to_string(), value)));
    record.insert("Created".to_string(), "0001-01-01T00:00:00Z".into());
    record.insert("Path".to_string(), "".into());
    Json::Object(record).to_string()
}

/// Names a version by what it says: a server may write the document anew in its own way.
fn version_of(bytes: &[u8]) -> String {
    let canonical = serde_json::from_slice::<Json>(bytes).map(|mut json| {
        json.sort_all_objects();
        json.to_string().into_bytes()
    });
    hex::encode(Md5::digest(canonical.as_deref().unwrap_or(bytes)))
}
