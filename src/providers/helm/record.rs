//! What helm keeps of a release in its cluster: a Secret for each revision.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::Value as Json;
use url::form_urlencoded::byte_serialize;

use crate::providers::ApiError;
use crate::providers::kubernetes::Reach;

use super::manifests::documents;

/// One revision of a release.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The release's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The revision's number.
    pub revision: i64,
    /// Like `deployed`, `failed` or `pending-upgrade`.
    pub status: String,
    /// The chart's name.
    pub chart: String,
    /// The chart's version.
    pub version: String,
    /// The version of what the chart brings.
    pub app_version: Option<String>,
    /// The values that were given.
    pub values: Json,
    /// The objects.
    pub manifests: Vec<Json>,
    /// The hooks' objects.
    pub hooks: Vec<Json>,
    /// What the chart has to say.
    pub notes: String,
    /// When the first revision was made.
    pub first: Option<Timestamp>,
    /// When this one was made.
    pub last: Option<Timestamp>,
    /// When the cluster was told of it first, by the cluster's own clock.
    pub made: Option<Timestamp>,
}

impl Record {
    /// Reads what helm writes of a release, in its Secret and as its answer.
    pub(super) fn of(release: &Json) -> Record {
        let text = |path: &str| {
            release.pointer(path).and_then(Json::as_str).unwrap_or_default().to_string()
        };
        let moment = |path: &str| text(path).parse().ok();
        let hooks = release["hooks"].as_array().into_iter().flatten();
        let hooks = hooks.filter_map(|hook| hook["manifest"].as_str());
        let app = text("/chart/metadata/appVersion");
        Record {
            name: text("/name"),
            namespace: text("/namespace"),
            revision: release["version"].as_i64().unwrap_or_default(),
            status: text("/info/status"),
            chart: text("/chart/metadata/name"),
            version: text("/chart/metadata/version"),
            app_version: (!app.is_empty()).then_some(app),
            values: release
                .get("config")
                .filter(|it| it.is_object())
                .cloned()
                .unwrap_or_else(|| serde_json::json!({})),
            manifests: documents(&text("/manifest")).unwrap_or_default(),
            hooks: hooks.flat_map(|text| documents(text).unwrap_or_default()).collect(),
            notes: text("/info/notes"),
            first: moment("/info/first_deployed"),
            last: moment("/info/last_deployed"),
            made: None,
        }
    }

    /// Says whether helm is, or was when it ended, at work on it.
    pub(super) fn is_pending(&self) -> bool {
        self.status.starts_with("pending-")
    }

    /// Gives the path of the revision's Secret.
    pub(super) fn path(&self) -> String {
        let Record { name, namespace, revision, .. } = self;
        format!("/api/v1/namespaces/{namespace}/secrets/{}", secret(name, *revision))
    }
}

/// Names the Secret of a revision.
pub(super) fn secret(name: &str, revision: i64) -> String {
    format!("sh.helm.release.v1.{name}.v{revision}")
}

/// Gives the last revisions of releases of a namespace, by the releases' names.
pub(super) async fn latest(
    reach: &Reach,
    namespace: &str,
    names: &[&str],
) -> Result<std::collections::BTreeMap<String, Record>, ApiError> {
    let selector = format!("owner=helm,name in ({}),status notin (superseded)", names.join(","));
    let selector: String = byte_serialize(selector.as_bytes()).collect();
    let path = format!("/api/v1/namespaces/{namespace}/secrets?labelSelector={selector}");
    let list = reach.get(&path).await?.unwrap_or(Json::Null);
    let mut found = std::collections::BTreeMap::new();
    for secret in list["items"].as_array().into_iter().flatten() {
        let label = |name: &str| secret["metadata"]["labels"][name].as_str().unwrap_or_default();
        let revision: i64 = label("version").parse().unwrap_or_default();
        let known = found.get(label("name")).map(|(known, _)| *known);
        if known.is_none_or(|known| known < revision) {
            found.insert(label("name").to_string(), (revision, secret));
        }
    }
    Ok(found.into_iter().filter_map(|(name, (_, secret))| Some((name, read(secret)?))).collect())
}

/// Reads a revision's Secret.
fn read(secret: &Json) -> Option<Record> {
    let outer = STANDARD.decode(secret["data"]["release"].as_str()?).ok()?;
    let packed = STANDARD.decode(outer).ok()?;
    let mut text = String::new();
    match packed.starts_with(&[0x1f, 0x8b]) {
        true => GzDecoder::new(packed.as_slice()).read_to_string(&mut text).ok()?,
        false => packed.as_slice().read_to_string(&mut text).ok()?,
    };
    let release: Json = serde_json::from_str(&text).ok()?;
    let mut record = Record::of(&release);
    let made = secret["metadata"]["creationTimestamp"].as_str();
    record.made = made.and_then(|text| text.parse().ok());
    // The label is changed last, and by hand alone: it counts.
    if let Some(status) = secret["metadata"]["labels"]["status"].as_str() {
        record.status = status.to_string();
    }
    Some(record)
}
