//! States in Cloud Storage: objects of a bucket, as Terraform has them, fenced by generations.
//!
//! `PREFIX/WORKSPACE.tfstate` is the state, `PREFIX/WORKSPACE.tflock` the lock, whose generation is the lock's id.
//! `PREFIX/WORKSPACE.journal/…` are the pieces of the journal, which Terraform does not list, since it looks only at what
//! is directly in the prefix.
//!
//! A version is generation and metageneration: to end somebody's lock is to delete the lock's object and then to
//! touch the state's metadata, after which a write that names the former metageneration is refused. Who is refused and
//! still holds the lock, while the bytes are those that were read, names the new one. The holder says that it lives in the lock's
//! metadata, which leaves its generation as it is.

mod bucket;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use self::bucket::{Bucket, Failed, If, Object, sum};
use super::kinds::{Form, Given, Kind, Setting};
use super::remote::Remote;
use super::store::{Past, Piece, Store, StoreError, Written};
use super::{Backend, Holder};
use crate::auth::google::{GoogleTokens, Wish};
use crate::auth::storage_key::StorageKey;
use crate::diag::Diagnostic;
use crate::http::client::Client;

/// The row of the table of kinds.
pub(super) const KIND: Kind = Kind {
    name: "gcs",
    settings: &[
        Setting::text("bucket").required(),
        Setting::text("prefix"),
        Setting::text("credentials").or(&["GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS"]),
        Setting::text("access_token").or(&["GOOGLE_OAUTH_ACCESS_TOKEN"]),
        Setting::text("impersonate_service_account").or(&[
            "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
            "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
        ]),
        Setting::text("impersonate_service_account_delegates").of(Form::List),
        Setting::text("encryption_key").or(&["GOOGLE_ENCRYPTION_KEY"]),
        Setting::text("kms_encryption_key").or(&["GOOGLE_KMS_ENCRYPTION_KEY"]),
        Setting::text("storage_custom_endpoint")
            .or(&["GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", "GOOGLE_STORAGE_CUSTOM_ENDPOINT"]),
    ],
    open,
};

/// The service's own address.
const ENDPOINT: &str = "https://storage.googleapis.com/storage/v1/";

/// What tokens must be good for.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// The metadata of a state's object that names the write which made it.
const WRITE: &str = "terrane-write";

/// The metadata of a lock's object with the hour at which its holder was last alive.
const BEAT: &str = "terrane-alive";

/// The metadata of a state's object that names the lock which was ended last.
const FENCE: &str = "terrane-fence";

/// How many pieces of a journal are read or removed at once.
const AT_ONCE: usize = 16;

/// How often a call that races with others is tried.
const RACES: u32 = 8;

fn open(given: &Given<'_>) -> Result<Box<dyn Backend>, Diagnostic> {
    let world = given.world;
    let wrong = |name: &str, why: String| {
        let detail =
            format!("The argument \"{name}\" of the backend \"gcs\" cannot be used: {why}.");
        Diagnostic::error("Invalid backend configuration", detail)
    };
    let kms = given.text("kms_encryption_key");
    let key = given.text("encryption_key");
    if key.is_some() && kms.is_some() {
        let detail = "Only one of \"encryption_key\" and \"kms_encryption_key\" can be set.";
        return Err(Diagnostic::error("Invalid backend configuration", detail));
    }
    let key = key.map(|key| StorageKey::read(&key, &world.folder)).transpose();
    let key = key.map_err(|why| wrong("encryption_key", why))?;
    let base = match (given.text("storage_custom_endpoint"), &world.sandbox) {
        (Some(base), _) => base,
        (None, Some(sandbox)) => format!("{sandbox}/storage/v1/"),
        (None, None) => ENDPOINT.to_string(),
    };
    let delegates = given.get("impersonate_service_account_delegates").unwrap_or_default();
    let delegates = delegates.as_array().into_iter().flatten();
    let client = Client::new(concat!("terrane/", env!("CARGO_PKG_VERSION")));
    // States and journals hold secrets under any name.
    let transport = Arc::new(client.discreet());
    let wish = Wish {
        access_token: given.text("access_token"),
        credentials: given.text("credentials"),
        impersonate: given.text("impersonate_service_account"),
        delegates: delegates.filter_map(|it| it.as_str().map(String::from)).collect(),
        scopes: vec![SCOPE.to_string()],
        environment: Arc::clone(&world.environment),
        home: world.home.clone(),
        root: world.folder.clone(),
        sandbox: world.sandbox.clone(),
        ..Wish::default()
    };
    let bucket = Bucket {
        name: given.need("bucket")?,
        base: format!("{}/", base.trim_end_matches('/')),
        tokens: GoogleTokens::new(wish, transport.clone(), Arc::clone(&world.clock)),
        transport,
        clock: Arc::clone(&world.clock),
        key,
        kms,
        answered: AtomicBool::new(false),
    };
    let prefix = given.text("prefix").unwrap_or_default();
    let store = Gcs::new(bucket, &prefix, given.workspace);
    Ok(Box::new(Remote::new(Arc::new(store), &world.folder, given.disk()?)))
}

/// A workspace's objects.
struct Gcs {
    bucket: Bucket,
    /// With a slash at its end, where it is not empty.
    prefix: String,
    state: String,
    lock: String,
    journal: String,
}

impl Gcs {
    fn new(bucket: Bucket, prefix: &str, workspace: &str) -> Gcs {
        let prefix = match prefix.trim_start_matches('/').trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Gcs {
            bucket,
            state: format!("{prefix}{workspace}.tfstate"),
            lock: format!("{prefix}{workspace}.tflock"),
            journal: format!("{prefix}{workspace}.journal/"),
            prefix,
        }
    }

    /// Gives what is known of the lock's object: nothing where nobody holds it.
    async fn held(&self) -> Result<Option<Object>, StoreError> {
        match self.bucket.look(&self.lock).await {
            Ok(lock) => Ok(Some(lock)),
            Err(Failed::Missing) => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Gives the record in a lock's object.
    async fn holder(&self, lock: &Object) -> Option<Box<Holder>> {
        // The lock's object is never encrypted with the state's key, as Terraform has it.
        let read = self.bucket.plain_bytes(&self.lock, Some(&lock.generation)).await.ok()?;
        Holder::from_json(&String::from_utf8_lossy(&read)).map(Box::new)
    }

    /// Refuses where a lock is not held any more; an empty id stands for no lock.
    async fn must_hold(&self, lock: &str) -> Result<(), StoreError> {
        if lock.is_empty() {
            return Ok(());
        }
        match self.held().await? {
            Some(held) if held.generation == lock => Ok(()),
            Some(other) => Err(StoreError::LockLost { holder: self.holder(&other).await }),
            None => Err(StoreError::LockLost { holder: None }),
        }
    }

    /// Says who has the lock in place of this one.
    async fn lost(&self) -> StoreError {
        match self.held().await {
            Ok(Some(other)) => StoreError::LockLost { holder: self.holder(&other).await },
            Ok(None) => StoreError::LockLost { holder: None },
            Err(error) => error,
        }
    }

    /// Gives the state's object; nothing where there is none.
    async fn present(&self) -> Result<Option<Object>, StoreError> {
        match self.bucket.look(&self.state).await {
            Ok(object) => Ok(Some(object)),
            Err(Failed::Missing) => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Says that no lock has an id, and which one there is.
    async fn not_held(&self, held: Option<&Object>) -> StoreError {
        match held {
            Some(held) => StoreError::NotHeld {
                id: Some(held.generation.clone()),
                holder: self.holder(held).await,
            },
            None => StoreError::NotHeld { id: None, holder: None },
        }
    }
}

/// Names a version: both numbers of an object.
fn version(generation: &str, metageneration: &str) -> String {
    format!("{generation}.{metageneration}")
}

#[async_trait]
impl Store for Gcs {
    fn place(&self) -> String {
        format!("gs://{}/{}", self.bucket.name, self.state)
    }

    async fn read(&self) -> Result<Option<Written>, StoreError> {
        match self.bucket.bytes(&self.state, None).await {
            Ok(read) if read.generation.is_empty() => {
                let why = "the service does not say which version of the object it gives";
                Err(StoreError::Failed(why.to_string()))
            }
            Ok(read) => {
                let version = version(&read.generation, &read.metageneration);
                Ok(Some(Written { bytes: read.bytes, version }))
            }
            Err(Failed::Missing) => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    async fn write(
        &self,
        bytes: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<String, StoreError> {
        let write = Uuid::new_v4().to_string();
        let metadata = json!({ WRITE: write });
        let mut replaces = replaces.map(String::from);
        for _ in 0..RACES {
            self.must_hold(lock).await?;
            let condition = match replaces.as_deref().and_then(|it| it.split_once('.')) {
                // An imitation of the service may know of no metagenerations.
                Some((generation, metageneration)) => If {
                    generation: Some(generation),
                    metageneration: Some(metageneration).filter(|it| !it.is_empty()),
                },
                None => If::ABSENT,
            };
            let failed =
                match self.bucket.write(&self.state, bytes, &metadata, condition, true).await {
                    Ok(made) => return Ok(version(&made.generation, &made.metageneration)),
                    Err(Failed::Missing) => return Err(self.bucket.no_bucket().into()),
                    Err(failed @ Failed::Other { unknown: false, .. }) => return Err(failed.into()),
                    Err(failed) => failed,
                };
            // The write may have been done and its answer lost: the object says by whom it was made.
            let found = self.present().await?;
            if let Some(found) = &found
                && found.metadata.get(WRITE) == Some(&write)
            {
                return Ok(version(&found.generation, &found.metageneration));
            }
            if matches!(failed, Failed::Other { .. }) {
                return Err(failed.into());
            }
            let same = |it: &str, object: &Object| {
                it.split_once('.').is_some_and(|(generation, _)| generation == object.generation)
            };
            match (&replaces, found) {
                // Only the metadata were changed: whoever ended our lock did so, or somebody who had nothing to do with it.
                (Some(former), Some(found)) if same(former, &found) => {
                    replaces = Some(version(&found.generation, &found.metageneration));
                }
                _ => {
                    self.must_hold(lock).await?;
                    return Err(StoreError::Moved);
                }
            }
        }
        Err(StoreError::Moved)
    }

    async fn journal(&self) -> Result<Vec<Piece>, StoreError> {
        let listed = self.bucket.list(&self.journal, false, false).await?;
        let mut names: Vec<String> = listed.into_iter().map(|object| object.name).collect();
        names.sort();
        let pieces = futures::stream::iter(names).map(|name| async move {
            match self.bucket.bytes(&name, None).await {
                Ok(read) => {
                    let name = name[self.journal.len()..].to_string();
                    Ok(Some(Piece { name, bytes: read.bytes }))
                }
                // It was entered in the state meanwhile.
                Err(Failed::Missing) => Ok(None),
                Err(failed) => Err(StoreError::from(failed)),
            }
        });
        let pieces: Vec<Result<Option<Piece>, StoreError>> =
            pieces.buffered(AT_ONCE).collect().await;
        pieces.into_iter().filter_map(Result::transpose).collect()
    }

    async fn append(&self, piece: &Piece) -> Result<(), StoreError> {
        let name = format!("{}{}", self.journal, piece.name);
        match self.bucket.write(&name, &piece.bytes, &json!({}), If::ABSENT, true).await {
            Ok(_) => Ok(()),
            Err(Failed::Condition { again: true } | Failed::Other { unknown: true, .. }) => {
                // A try whose answer was lost: what is there is the piece, or is not.
                let there = self.bucket.bytes(&name, None).await.map_err(StoreError::from)?;
                if sum(&there.bytes) == sum(&piece.bytes) {
                    return Ok(());
                }
                Err(StoreError::Failed("another piece of this name is there".to_string()))
            }
            Err(Failed::Missing) => Err(self.bucket.no_bucket().into()),
            Err(failed) => Err(failed.into()),
        }
    }

    async fn drop_pieces(&self, names: &[String]) -> Result<(), StoreError> {
        let names = names.iter().map(|name| format!("{}{name}", self.journal));
        let names: Vec<String> = names.collect();
        let gone = futures::stream::iter(names).map(|name| async move {
            match self.bucket.delete(&name, If::default()).await {
                Ok(()) | Err(Failed::Missing | Failed::Condition { .. }) => Ok(()),
                Err(failed) => Err(StoreError::from(failed)),
            }
        });
        let gone: Vec<Result<(), StoreError>> = gone.buffered(AT_ONCE).collect().await;
        gone.into_iter().collect()
    }

    async fn take(&self, holder: &Holder) -> Result<String, StoreError> {
        let record = holder.to_json(&format!("gs://{}/{}", self.bucket.name, self.lock));
        let metadata = json!({ BEAT: Timestamp::now().to_string() });
        for _ in 0..RACES {
            let made =
                self.bucket.write(&self.lock, record.as_bytes(), &metadata, If::ABSENT, false);
            match made.await {
                Ok(made) => return Ok(made.generation),
                Err(Failed::Missing) => return Err(self.bucket.no_bucket().into()),
                Err(Failed::Condition { .. } | Failed::Other { unknown: true, .. }) => {}
                Err(failed) => return Err(failed.into()),
            }
            let Some(lock) = self.held().await? else { continue };
            let there = self.holder(&lock).await;
            if there.as_ref().is_some_and(|there| there.id == holder.id) {
                // It is ours: the answer to the first try was lost.
                return Ok(lock.generation);
            }
            let beat = lock.metadata.get(BEAT).and_then(|beat| beat.parse().ok());
            return Err(StoreError::Held { id: Some(lock.generation), holder: there, beat });
        }
        Err(StoreError::Held { id: None, holder: None, beat: None })
    }

    async fn beat(&self, lock: &str) -> Result<(), StoreError> {
        let metadata = json!({ BEAT: Timestamp::now().to_string() });
        match self.bucket.mark_once(&self.lock, &metadata, If::generation(lock)).await {
            Ok(()) => Ok(()),
            Err(Failed::Missing | Failed::Condition { .. }) => Err(self.lost().await),
            Err(failed) => Err(failed.into()),
        }
    }

    async fn free(&self, lock: &str) -> Result<(), StoreError> {
        match self.bucket.delete(&self.lock, If::generation(lock)).await {
            Ok(()) | Err(Failed::Condition { again: true }) => Ok(()),
            Err(Failed::Missing | Failed::Condition { again: false }) => Err(self.lost().await),
            Err(failed) => Err(failed.into()),
        }
    }

    async fn break_lock(&self, lock: &str) -> Result<(), StoreError> {
        let held = self.held().await?;
        if held.as_ref().is_none_or(|held| held.generation != lock) {
            return Err(self.not_held(held.as_ref()).await);
        }
        match self.bucket.delete(&self.lock, If::generation(lock)).await {
            Ok(()) | Err(Failed::Condition { again: true }) => {}
            Err(Failed::Missing | Failed::Condition { again: false }) => {
                let held = self.held().await?;
                return Err(self.not_held(held.as_ref()).await);
            }
            Err(failed) => return Err(failed.into()),
        }
        match self.bucket.mark(&self.state, &json!({ FENCE: lock }), If::default()).await {
            // Where there is no state, the first write is the one that is kept, whoever makes it.
            Ok(()) | Err(Failed::Missing) => Ok(()),
            Err(failed) => Err(failed.into()),
        }
    }

    async fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let listed = self.bucket.list(&self.prefix, true, false).await?;
        let names = listed
            .iter()
            .filter_map(|object| object.name.strip_prefix(&self.prefix)?.strip_suffix(".tfstate"));
        Ok(names.filter(|name| !name.is_empty()).map(String::from).collect())
    }

    async fn remove(&self) -> Result<(), StoreError> {
        match self.bucket.delete(&self.state, If::default()).await {
            Ok(()) | Err(Failed::Missing | Failed::Condition { .. }) => {}
            Err(failed) => return Err(failed.into()),
        }
        let pieces = self.bucket.list(&self.journal, false, false).await?;
        let names = pieces.iter().map(|object| object.name[self.journal.len()..].to_string());
        self.drop_pieces(&names.collect::<Vec<_>>()).await
    }

    async fn history(&self) -> Result<Vec<Past>, StoreError> {
        let mut listed = self.bucket.list(&self.state, true, true).await?;
        listed.retain(|object| object.name == self.state);
        listed.sort_by_key(|object| std::cmp::Reverse(object.generation.parse::<u64>().ok()));
        let past = |object: Object| Past {
            version: object.generation,
            written: object.written,
            present: !object.former,
        };
        Ok(listed.into_iter().map(past).collect())
    }

    async fn past(&self, version: &str) -> Result<Vec<u8>, StoreError> {
        match self.bucket.bytes(&self.state, Some(version)).await {
            Ok(read) => Ok(read.bytes),
            Err(Failed::Missing) => {
                Err(StoreError::Failed(format!("there is no version \"{version}\"")))
            }
            Err(failed) => Err(failed.into()),
        }
    }
}
