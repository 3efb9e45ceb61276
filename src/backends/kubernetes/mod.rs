//! States in a Kubernetes cluster: Secrets and a Lease, as Terraform has them, fenced by `resourceVersion`s.
//!
//! `secrets.rs` says how a state lies in Secrets. The lock is a Lease that has a holder; its annotation has the record, its
//! `renewTime` the hour at which the holder was last alive. To end somebody's lock is to take the holder out of the Lease and then to
//! touch the state's first Secret: a write reads that Secret, looks whether the lock is held, and then names the version read, so that one
//! of the two refuses a holder whose lock was ended. A version here is the sum of the packed state: a change of labels is no other state.

mod access;
mod api;
mod lease;
mod secrets;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use self::api::{Api, Failed, Of, Parts, name};
use self::secrets::{LIMIT, Mark, Pieces};
use super::kinds::{Form, Given, Kind, Setting};
use super::remote::Remote;
use super::store::{Past, Piece, Store, StoreError, Written};
use super::{Backend, Holder};
use crate::diag::Diagnostic;

/// The row of the table of kinds.
pub(super) const KIND: Kind = Kind {
    name: "kubernetes",
    settings: &[
        Setting::text("secret_suffix").required(),
        Setting::text("labels").of(Form::Map),
        Setting::text("namespace").or(&["KUBE_NAMESPACE"]),
        Setting::text("in_cluster_config").of(Form::Bool).or(&["KUBE_IN_CLUSTER_CONFIG"]),
        Setting::text("load_config_file").of(Form::Bool).or(&["KUBE_LOAD_CONFIG_FILE"]),
        Setting::text("host").or(&["KUBE_HOST"]),
        Setting::text("username").or(&["KUBE_USER"]),
        Setting::text("password").or(&["KUBE_PASSWORD"]),
        Setting::text("insecure").of(Form::Bool).or(&["KUBE_INSECURE"]),
        Setting::text("client_certificate").or(&["KUBE_CLIENT_CERT_DATA"]),
        Setting::text("client_key").or(&["KUBE_CLIENT_KEY_DATA"]),
        Setting::text("cluster_ca_certificate").or(&["KUBE_CLUSTER_CA_CERT_DATA"]),
        Setting::text("config_path").or(&["KUBE_CONFIG_PATH"]),
        Setting::text("config_paths").of(Form::List),
        Setting::text("config_context").or(&["KUBE_CTX"]),
        Setting::text("config_context_auth_info").or(&["KUBE_CTX_AUTH_INFO"]),
        Setting::text("config_context_cluster").or(&["KUBE_CTX_CLUSTER"]),
        Setting::text("token").or(&["KUBE_TOKEN"]),
        Setting::text("proxy_url").or(&["KUBE_PROXY_URL"]),
        Setting::text("exec").of(Form::Block),
    ],
    open,
};

/// The label that says of our own Secrets what they are. None of them bears Terraform's `tfstate=true`.
const OURS: &str = "terrane";

/// The annotation that names the lock which was ended last.
const FENCE: &str = "terrane/fence";

/// The annotation that names the piece of the journal that a Secret is a part of.
const JOURNAL_PIECE: &str = "terrane/journal-piece";

/// How many bytes of a journal one Secret takes, before they are packed.
const JOURNAL_PART: usize = 700_000;

/// How often a call that races with others is tried.
const RACES: u32 = 16;

fn open(given: &Given<'_>) -> Result<Box<dyn Backend>, Diagnostic> {
    let suffix = given.need("secret_suffix")?;
    let wrong = |detail: String| Diagnostic::error("Invalid backend configuration", detail);
    let ends_in_number = suffix
        .rsplit_once('-')
        .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()));
    if ends_in_number {
        return Err(wrong(format!(
            "The argument \"secret_suffix\" must not end in \"-<number>\", as \"{suffix}\" does: that is how the pieces of a \
             large state are named."
        )));
    }
    let secret = format!("tfstate-{}-{suffix}", given.workspace);
    if !is_subdomain(&format!("lock-{secret}")) {
        return Err(wrong(format!(
            "\"{secret}\" cannot name a Secret. The workspace's name and \"secret_suffix\" must be made of lower case letters, \
             digits, \"-\" and \".\"."
        )));
    }
    let mut labels = BTreeMap::from([
        ("tfstate".to_string(), "true".to_string()),
        ("tfstateSecretSuffix".to_string(), suffix.clone()),
        ("tfstateWorkspace".to_string(), given.workspace.to_string()),
        ("app.kubernetes.io/managed-by".to_string(), "terraform".to_string()),
    ]);
    for (name, value) in given.get("labels").unwrap_or_default().as_object().into_iter().flatten() {
        labels.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), String::from));
    }
    if let Some((name, value)) = labels.iter().find(|(_, value)| !is_label_value(value)) {
        let detail = format!(
            "\"{value}\" cannot be the value of the label \"{name}\": it has at most 63 letters, digits, \"-\", \"_\" and \".\"."
        );
        return Err(wrong(detail));
    }
    let namespace = given.text("namespace").unwrap_or_else(|| "default".to_string());
    let api = Api::new(access::access(given)?, namespace, Arc::clone(&given.world.clock));
    let lease = format!("lock-{secret}");
    let store = Kubernetes { api, secret, lease, labels, limit: LIMIT, several: Mutex::default() };
    Ok(Box::new(Remote::new(Arc::new(store), &given.world.folder, given.disk()?)))
}

fn is_subdomain(name: &str) -> bool {
    let end = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        let ends = bytes.first().zip(bytes.last());
        ends.is_some_and(|(first, last)| end(*first) && end(*last))
            && bytes.iter().all(|byte| end(*byte) || *byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(part)
}

fn is_label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let ends = bytes.first().zip(bytes.last());
    value.len() <= 63
        && ends.is_none_or(|(first, last)| {
            first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric()
        })
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// A workspace's Secrets and its Lease.
struct Kubernetes {
    api: Api,
    /// The name of the state's first Secret.
    secret: String,
    lease: String,
    /// Those of the state and the Lease.
    labels: BTreeMap<String, String>,
    /// How many bytes of a state one Secret takes.
    limit: usize,
    /// The pieces of the journal that have more than one Secret, and how many.
    several: Mutex<BTreeMap<String, usize>>,
}

impl Kubernetes {
    fn label(&self, name: &'static str) -> (&'static str, &str) {
        (name, self.labels.get(name).map_or("", String::as_str))
    }

    /// Gives the state's Secrets, as they were at one moment.
    async fn pieces(&self) -> Result<Pieces, StoreError> {
        let labels =
            ["tfstate", "tfstateSecretSuffix", "tfstateWorkspace"].map(|name| self.label(name));
        let listed = self.api.list(Of::Secrets, &labels, Parts::Whole).await?;
        Ok(Pieces::sorted(&self.secret, listed))
    }

    /// Gives our own Secrets that are for something: `journal`, `staged`.
    async fn ours(&self, what: &str, parts: Parts) -> Result<Vec<Json>, StoreError> {
        let labels =
            [(OURS, what), self.label("tfstateSecretSuffix"), self.label("tfstateWorkspace")];
        Ok(self.api.list(Of::Secrets, &labels, parts).await?)
    }

    /// Gives the packed state; what is staged is looked for only where the pieces do not fit their mark.
    async fn packed(&self, pieces: &Pieces) -> Result<Option<Vec<u8>>, StoreError> {
        let read = pieces.packed(&[]).map_err(StoreError::Failed)?;
        let mark = pieces.first().and_then(Mark::of);
        match (&mark, &read) {
            (Some(mark), Some(bytes)) if mark.sum != secrets::sum(bytes) && mark.pieces > 1 => {
                let staged = self.ours("staged", Parts::Whole).await?;
                pieces.packed(&staged).map_err(StoreError::Failed)
            }
            _ => Ok(read),
        }
    }

    fn new_secret(&self, name: &str, labels: Json) -> Json {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": self.api.namespace(), "labels": labels, "annotations": {}},
        })
    }

    /// Makes a Secret of ours.
    fn our_secret(&self, name: &str, what: &str) -> Json {
        let mut labels = Map::new();
        labels.insert(OURS.to_string(), what.into());
        labels.insert("app.kubernetes.io/managed-by".to_string(), "terrane".into());
        for label in ["tfstateSecretSuffix", "tfstateWorkspace"] {
            labels.insert(label.to_string(), self.label(label).1.into());
        }
        self.new_secret(name, Json::Object(labels))
    }

    fn state_secret(&self, name: &str) -> Json {
        let mut secret = self.new_secret(name, json!(self.labels));
        secret["metadata"]["annotations"]["encoding"] = "gzip".into();
        secret
    }

    fn part_name(&self, at: usize) -> String {
        if at == 0 { self.secret.clone() } else { format!("{}-part-{at}", self.secret) }
    }

    /// Stages the pieces of a write but the first; where only pieces must go, an empty one says so.
    async fn stage(&self, mark: &Mark, packed: &[u8]) -> Result<(), StoreError> {
        for at in 1..mark.pieces.max(2) {
            let bytes = packed.chunks(self.limit).nth(at).unwrap_or_default();
            let name = format!("{}.staged.{}.{at}", self.secret, mark.write);
            let mut secret = self.our_secret(&name, "staged");
            secrets::note(&mut secret, mark, at);
            secrets::put(&mut secret, "tfstate", bytes);
            match self.api.create(Of::Secrets, &secret).await {
                // The name is this write's alone: an earlier try has made it.
                Ok(_) | Err(Failed::Conflict) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Ok(())
    }

    /// Ends what a write of several pieces has begun: puts the staged ones in their places, removes those that are too many and
    /// what is staged. Only the holder of the lock does so.
    async fn mend(&self) -> Result<(), StoreError> {
        let staged = self.ours("staged", Parts::Whole).await?;
        if staged.is_empty() {
            return Ok(());
        }
        let pieces = self.pieces().await?;
        let mark = pieces.first().and_then(Mark::of);
        let packed = pieces.packed(&staged).map_err(StoreError::Failed)?;
        if let (Some(mark), Some(packed)) = (mark, packed)
            && mark.sum == secrets::sum(&packed)
        {
            for (at, bytes) in packed.chunks(self.limit).enumerate().skip(1) {
                self.place(pieces.0.get(&at), at, bytes).await?;
            }
            for (_, surplus) in pieces.0.range(mark.pieces..) {
                self.api.delete(Of::Secrets, name(surplus)).await?;
            }
        }
        for secret in &staged {
            self.api.delete(Of::Secrets, name(secret)).await?;
        }
        Ok(())
    }

    /// Puts a piece that is not the first in its place.
    async fn place(&self, there: Option<&Json>, at: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let mut there = there.cloned();
        for _ in 0..RACES {
            let done = match there.take() {
                Some(mut secret) => {
                    if secrets::content(&secret, "tfstate").is_ok_and(|content| content == bytes) {
                        return Ok(());
                    }
                    secrets::put(&mut secret, "tfstate", bytes);
                    self.api.replace(Of::Secrets, &secret).await
                }
                None => {
                    let mut secret = self.state_secret(&self.part_name(at));
                    secrets::put(&mut secret, "tfstate", bytes);
                    self.api.create(Of::Secrets, &secret).await
                }
            };
            match done {
                Ok(_) => return Ok(()),
                Err(Failed::Conflict | Failed::Missing) => {
                    there = self.api.get(Of::Secrets, &self.part_name(at)).await?;
                }
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Failed::Conflict.into())
    }

    /// Writes the first piece in the place of a version, as long as the lock is held.
    async fn commit(
        &self,
        mark: &Mark,
        packed: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<(), StoreError> {
        for _ in 0..RACES {
            let pieces = self.pieces().await?;
            let first = pieces.first();
            if first.and_then(Mark::of).is_some_and(|there| there.write == mark.write) {
                // It is done: the answer to the try before was lost.
                return Ok(());
            }
            let there = self.packed(&pieces).await?.map(|bytes| secrets::sum(&bytes));
            self.must_hold(lock).await?;
            if there.as_deref() != replaces {
                return Err(StoreError::Moved);
            }
            let known = first.is_some();
            let mut secret = first.cloned().unwrap_or_else(|| self.state_secret(&self.secret));
            mark.set(&mut secret);
            secrets::put(
                &mut secret,
                "tfstate",
                packed.chunks(self.limit).next().unwrap_or_default(),
            );
            let done = match known {
                true => self.api.replace(Of::Secrets, &secret).await,
                false => self.api.create(Of::Secrets, &secret).await,
            };
            match done {
                Ok(_) => return Ok(()),
                Err(Failed::Conflict | Failed::Missing) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(StoreError::Moved)
    }

    fn journal_name(&self, piece: &str, part: usize) -> String {
        let name = format!("{}.journal.{piece}", self.secret);
        if part == 0 { name } else { format!("{name}.{part}") }
    }

    fn several(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, usize>> {
        self.several.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts a text at line ends into parts of about so many bytes.
fn cut(text: &[u8], size: usize) -> Vec<&[u8]> {
    let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if end > start && end - start + line.len() > size {
            parts.push(&text[start..end]);
            start = end;
        }
        end += line.len();
    }
    parts.push(&text[start..]);
    parts
}

#[async_trait]
impl Store for Kubernetes {
    fn place(&self) -> String {
        format!("kubernetes://{}/{}", self.api.namespace(), self.secret)
    }

    async fn read(&self) -> Result<Option<Written>, StoreError> {
        let pieces = self.pieces().await?;
        let Some(packed) = self.packed(&pieces).await? else { return Ok(None) };
        let bytes = secrets::unpack(&packed).map_err(StoreError::Failed)?;
        Ok(Some(Written { bytes, version: secrets::sum(&packed) }))
    }

    async fn write(
        &self,
        bytes: &[u8],
        replaces: Option<&str>,
        lock: &str,
    ) -> Result<String, StoreError> {
        let packed = secrets::pack(bytes);
        let mark = Mark::new(Uuid::new_v4().to_string(), &packed, self.limit);
        let former = self.pieces().await?.0.len();
        let several = mark.pieces > 1 || former > 1;
        if several {
            self.must_hold(lock).await?;
            self.stage(&mark, &packed).await?;
        }
        let done = self.commit(&mark, &packed, replaces, lock).await;
        if several && done.is_ok() {
            self.mend().await?;
        } else if several {
            for at in 1..mark.pieces.max(2) {
                let name = format!("{}.staged.{}.{at}", self.secret, mark.write);
                // What stays goes with the next lock.
                let _ = self.api.delete(Of::Secrets, &name).await;
            }
        }
        done.map(|()| mark.sum)
    }

    async fn journal(&self) -> Result<Vec<Piece>, StoreError> {
        let listed = self.ours("journal", Parts::Whole).await?;
        let mut found: BTreeMap<String, BTreeMap<usize, Vec<u8>>> = BTreeMap::new();
        for secret in &listed {
            let piece =
                secret["metadata"]["annotations"][JOURNAL_PIECE].as_str().unwrap_or_default();
            let rest = name(secret).strip_prefix(&self.journal_name(piece, 0)).unwrap_or_default();
            let part = rest.trim_start_matches('.').parse().unwrap_or(0);
            let packed = secrets::content(secret, "journal").map_err(StoreError::Failed)?;
            let bytes = secrets::unpack(&packed).map_err(StoreError::Failed)?;
            found.entry(piece.to_string()).or_default().insert(part, bytes);
        }
        let mut several = self.several();
        let pieces = found.into_iter().map(|(name, parts)| {
            if parts.len() > 1 {
                several.insert(name.clone(), parts.len());
            }
            Piece { name, bytes: parts.into_values().collect::<Vec<_>>().concat() }
        });
        Ok(pieces.collect())
    }

    async fn append(&self, piece: &Piece) -> Result<(), StoreError> {
        let parts = cut(&piece.bytes, JOURNAL_PART);
        if parts.len() > 1 {
            self.several().insert(piece.name.clone(), parts.len());
        }
        for (at, bytes) in parts.into_iter().enumerate() {
            let mut secret = self.our_secret(&self.journal_name(&piece.name, at), "journal");
            secret["metadata"]["annotations"][JOURNAL_PIECE] = piece.name.as_str().into();
            secrets::put(&mut secret, "journal", &secrets::pack(bytes));
            match self.api.create(Of::Secrets, &secret).await {
                // The name is this piece's alone: an earlier try has made it.
                Ok(_) | Err(Failed::Conflict) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Ok(())
    }

    async fn drop_pieces(&self, names: &[String]) -> Result<(), StoreError> {
        for piece in names {
            let parts = self.several().get(piece).copied().unwrap_or(1);
            // The last part goes first: what stays after a kill is the beginning of the piece.
            for part in (0..parts).rev() {
                self.api.delete(Of::Secrets, &self.journal_name(piece, part)).await?;
            }
        }
        Ok(())
    }

    async fn take(&self, holder: &Holder) -> Result<String, StoreError> {
        let id = self.take_lease(holder).await?;
        if let Err(error) = self.mend().await {
            // A state that cannot be put right is no reason to keep others out.
            let _ = self.free(&id).await;
            return Err(error);
        }
        Ok(id)
    }

    async fn beat(&self, lock: &str) -> Result<(), StoreError> {
        self.renew(lock).await
    }

    async fn free(&self, lock: &str) -> Result<(), StoreError> {
        self.clear(lock)
            .await?
            .map_err(|holder| StoreError::LockLost { holder: holder.and_then(|it| it.1) })
    }

    async fn break_lock(&self, lock: &str) -> Result<(), StoreError> {
        if let Err(held) = self.clear(lock).await? {
            let (id, holder) = held.unzip();
            return Err(StoreError::NotHeld { id, holder: holder.flatten() });
        }
        for _ in 0..RACES {
            let Some(mut first) = self.api.get(Of::Secrets, &self.secret).await? else {
                // Where there is no state, the first write is the one that is kept, whoever makes it.
                return Ok(());
            };
            first["metadata"]["annotations"][FENCE] = lock.into();
            match self.api.replace(Of::Secrets, &first).await {
                Ok(_) => return Ok(()),
                Err(Failed::Conflict | Failed::Missing) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Failed::Conflict.into())
    }

    async fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let labels = ["tfstate", "tfstateSecretSuffix"].map(|name| self.label(name));
        let listed = self.api.list(Of::Secrets, &labels, Parts::Metadata).await?;
        let names = listed.iter().filter_map(|secret| {
            secret["metadata"]["labels"]["tfstateWorkspace"].as_str().map(String::from)
        });
        let names: std::collections::BTreeSet<String> = names.collect();
        Ok(names.into_iter().collect())
    }

    async fn remove(&self) -> Result<(), StoreError> {
        let pieces = self.pieces().await?;
        // The first piece goes last: without it the others would be a state that nobody can read.
        for secret in pieces.0.values().rev() {
            self.api.delete(Of::Secrets, name(secret)).await?;
        }
        for what in ["journal", "staged"] {
            for secret in self.ours(what, Parts::Metadata).await? {
                self.api.delete(Of::Secrets, name(&secret)).await?;
            }
        }
        Ok(self.api.delete(Of::Leases, &self.lease).await?)
    }

    async fn history(&self) -> Result<Vec<Past>, StoreError> {
        Ok(Vec::new())
    }

    async fn past(&self, version: &str) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Failed(format!(
            "no former versions are kept, so there is no \"{version}\""
        )))
    }
}

#[cfg(test)]
mod tests;
