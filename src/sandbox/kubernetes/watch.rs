//! Watches: what changes, as it changes.
//!
//! The stream looks at the store's log of changes every few real milliseconds and lets the
//! controllers run; it never holds virtual time back. Its own timeout is in virtual seconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::Inner;
use super::api::Call;
use super::columns;
use super::convert;
use super::failure::Failure;
use super::read::{self, Form};
use super::resources::Resource;
use super::select::Selector;
use super::store::{Change, Store};
use crate::http::{Body, Bytes, Clock, HeaderMap, HeaderValue, Response, StatusCode};

/// How often a watch looks, in real time.
const PAUSE: Duration = Duration::from_millis(20);

/// A watch under way.
struct Watch {
    inner: Arc<Inner>,
    resource: &'static Resource,
    namespace: String,
    selector: Selector,
    form: Form,
    cursor: u64,
    ready: VecDeque<Bytes>,
    until: Timestamp,
    bookmarks: bool,
    bookmark_at: Timestamp,
    ended: bool,
    told: bool,
    columns: Vec<Json>,
}

/// Starts a watch.
///
/// # Errors
/// A version that is no number or is no longer known.
pub fn answer(
    inner: &Arc<Inner>,
    call: &Call<'_>,
    selector: Selector,
) -> Result<Response, Failure> {
    let now = inner.clock.now();
    let seconds: u64 =
        call.query("timeoutSeconds").and_then(|text| text.parse().ok()).unwrap_or(1800);
    let version = call.query("resourceVersion").unwrap_or_default();
    let initial = call.flag("sendInitialEvents");
    let mut watch = Watch {
        inner: inner.clone(),
        resource: call.resource,
        namespace: call.namespace.clone(),
        selector,
        form: call.form(),
        cursor: 0,
        ready: VecDeque::new(),
        until: now + Duration::from_secs(seconds),
        bookmarks: call.flag("allowWatchBookmarks"),
        bookmark_at: now + Duration::from_mins(1),
        ended: false,
        told: false,
        columns: Vec::new(),
    };
    watch.start(&version, initial)?;
    let stream = futures::stream::unfold(watch, |mut watch| async move {
        let bytes = watch.next().await?;
        Some((bytes, watch))
    });
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Ok(Response { status: StatusCode::OK, headers, body: Body::Stream(stream.boxed()) })
}

impl Watch {
    fn start(&mut self, version: &str, initial: bool) -> Result<(), Failure> {
        let inner = self.inner.clone();
        let store = inner.locked();
        if initial || version.is_empty() || version == "0" {
            self.cursor = store.revision;
            let namespace = (!self.namespace.is_empty()).then_some(self.namespace.as_str());
            for (_, object) in store.list(self.resource, namespace) {
                if self.selector.matches(object) {
                    self.told_of(&store, "ADDED", object);
                }
            }
            if initial {
                self.bookmark(&store, true);
            }
            return Ok(());
        }
        self.cursor = version.parse().map_err(|_| {
            Failure::internal(format!(
                "resourceVersion: Invalid value: {version:?}: strconv.ParseUint: parsing \
                 {version:?}: invalid syntax"
            ))
        })?;
        if is_too_old(&store, self.cursor) {
            let failure = too_old(self.cursor, &store);
            self.push("ERROR", &failure.to_json(), store.now);
            self.ended = true;
        }
        Ok(())
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            if self.ended {
                return None;
            }
            self.look();
            if self.ready.is_empty() && !self.ended {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    fn look(&mut self) {
        let inner = self.inner.clone();
        inner.settle();
        let store = inner.locked();
        if is_too_old(&store, self.cursor) {
            let failure = too_old(self.cursor, &store);
            self.push("ERROR", &failure.to_json(), store.now);
            self.ended = true;
            return;
        }
        let first = store.changes.partition_point(|change| change.revision <= self.cursor);
        for change in store.changes.iter().skip(first) {
            self.tell(change, &store);
        }
        self.cursor = store.revision;
        let now = inner.clock.now();
        if self.bookmarks && now >= self.bookmark_at {
            self.bookmark(&store, false);
            self.bookmark_at = now + Duration::from_mins(1);
        }
        if now >= self.until {
            if self.bookmarks {
                self.bookmark(&store, false);
            }
            self.ended = true;
        }
    }

    fn tell(&mut self, change: &Change, store: &Store) {
        let key = &change.key;
        let mine = key.group == self.resource.group
            && key.plural == self.resource.plural
            && (self.namespace.is_empty() || key.namespace == self.namespace);
        if !mine {
            return;
        }
        let was = change.before.as_ref().is_some_and(|before| self.selector.matches(before));
        let is = !change.removed && self.selector.matches(&change.after);
        let kind = match (was, is) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return,
        };
        match &change.before {
            // What no longer fits goes as it was while it did, with the new version.
            Some(before) if kind == "DELETED" && !change.removed => {
                let mut before = before.as_ref().clone();
                before["metadata"]["resourceVersion"] =
                    change.after["metadata"]["resourceVersion"].clone();
                self.told_of(store, kind, &before);
            }
            _ => self.told_of(store, kind, &change.after),
        }
    }

    /// Tells of an object in the version that is watched; the watch ends where it cannot be brought into it.
    fn told_of(&mut self, store: &Store, kind: &str, object: &Json) {
        match convert::outward(store, self.resource, object) {
            Ok(object) => {
                self.columns = columns::of(store, self.resource);
                self.push(kind, &object, store.now);
            }
            Err(failure) => {
                self.push("ERROR", &failure.to_json(), store.now);
                self.ended = true;
            }
        }
    }

    fn push(&mut self, kind: &str, object: &Json, now: Timestamp) {
        let mut object = match kind {
            "ERROR" | "BOOKMARK" => object.clone(),
            _ => {
                let mut shaped = read::shaped(self.form, self.resource, object, now);
                columns::lay(&mut shaped, &self.columns, &[object], now);
                shaped
            }
        };
        if object["kind"] == "Table" && object.get("columnDefinitions").is_some() {
            // The columns are told once.
            if self.told {
                object["columnDefinitions"] = Json::Null;
            }
            self.told = true;
        }
        let line = format!("{}\n", json!({"type": kind, "object": object}));
        self.ready.push_back(Bytes::from(line));
    }

    fn bookmark(&mut self, store: &Store, initial_end: bool) {
        let mut metadata = json!({"resourceVersion": store.revision.to_string(),
            "creationTimestamp": null});
        if initial_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let (kind, api_version) = match self.form {
            Form::Plain => (self.resource.kind, self.resource.api_version()),
            Form::Table { version, .. } => ("Table", format!("meta.k8s.io/{version}")),
            Form::Metadata => ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned()),
        };
        let object = json!({"kind": kind, "apiVersion": api_version, "metadata": metadata});
        self.push("BOOKMARK", &object, store.now);
    }
}

/// Says whether changes after a version are no longer all known.
fn is_too_old(store: &Store, version: u64) -> bool {
    match store.changes.front() {
        Some(first) => version + 1 < first.revision,
        None => version < store.revision,
    }
}

fn too_old(version: u64, store: &Store) -> Failure {
    let first = store.changes.front().map_or(store.revision, |change| change.revision);
    Failure::expired(format!("too old resource version: {version} ({first})"))
}
