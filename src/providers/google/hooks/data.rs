//! Data sources that look up in their own way: by a link, by a part of a list, by one of several names.

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use crate::providers::ApiError;
use crate::providers::rest::api::Ask;
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{escape, text_at};
use crate::value::{Type, Value};

/// `google_compute_network` and `google_compute_subnetwork`: by name, or by a link that says all.
pub struct ByLink;

/// `google_compute_zones`.
pub struct Zones;

/// `google_container_engine_versions`.
pub struct EngineVersions;

/// `google_service_account`.
pub struct Account;

impl Hook for ByLink {
    fn located(&self, value: Value) -> Value {
        let Some(link) = text_at(&value, "self_link") else { return value };
        let parts: Vec<&str> = link.split('/').collect();
        let after = |word: &str| {
            let at = parts.iter().position(|part| *part == word)?;
            parts.get(at + 1).map(|part| Value::string(*part))
        };
        let name = parts.last().map(|part| Value::string(*part));
        let found = [("name", name), ("project", after("projects")), ("region", after("regions"))];
        found.into_iter().fold(value, |value, (name, found)| match found {
            Some(found) if value.field(name).is_some() => value.with_field(name, found),
            _ => value,
        })
    }
}

#[async_trait]
impl Hook for Zones {
    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let value = session.located(spec, config);
        let text = |name: &str| text_at(&value, name).unwrap_or_default();
        let mut path = format!("projects/{}/zones?maxResults=500", escape(&text("project"), false));
        if let Some(status) = text_at(&value, "status") {
            path.push_str(&format!("&filter={}", escape(&format!("status eq {status}"), true)));
        }
        let ask = Ask::get(&spec.service, path, "reading data.google_compute_zones");
        let zones = session.api.list(&ask, "items").await?;
        let region = text("region");
        let region = last_segment(&region);
        let here = zones.iter().filter(|zone| {
            zone["region"]
                .as_str()
                .is_some_and(|of| region.is_empty() || last_segment(of) == region)
        });
        let mut names: Vec<&str> = here.filter_map(|zone| zone["name"].as_str()).collect();
        names.sort_unstable();
        let names = Value::list(Type::String, names.into_iter().map(Value::string).collect());
        let id = spec.id.value(&value);
        Ok(value.with_field("names", names).with_field("id", id))
    }
}

impl Hook for EngineVersions {
    fn answered(&self, object: &mut Json, base: Option<&Value>) {
        let prefix = base.and_then(|base| text_at(base, "version_prefix")).unwrap_or_default();
        let fits = |json: &Json| json.as_str().is_some_and(|version| version.starts_with(&prefix));
        for (list, latest) in
            [("validMasterVersions", "latestMaster"), ("validNodeVersions", "latestNode")]
        {
            let mut versions = object[list].as_array().cloned().unwrap_or_default();
            versions.retain(fits);
            object[latest] = versions.first().cloned().unwrap_or_default();
            object[list] = json!(versions);
        }
        let channels = object["channels"].as_array().cloned().unwrap_or_default();
        let map = |of: &dyn Fn(&Json) -> Option<Json>| {
            let rows = channels.iter();
            let rows =
                rows.filter_map(|row| Some((row["channel"].as_str()?.to_string(), of(row)?)));
            Json::Object(rows.collect::<Map<_, _>>())
        };
        let text = |json: &Json| json.is_string().then(|| json.clone());
        let defaults = map(&|row| text(&row["defaultVersion"]));
        let targets = map(&|row| text(&row["upgradeTargetVersion"]));
        let newest =
            map(&|row| row["validVersions"].as_array()?.iter().find(|one| fits(one)).cloned());
        object["channelDefaults"] = defaults;
        object["channelTargets"] = targets;
        object["channelLatest"] = newest;
    }
}

#[async_trait]
impl Hook for Account {
    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let given = text_at(config, "account_id").unwrap_or_default();
        let fill = session.defaults.fill("project").and_then(Value::as_str).map(str::to_string);
        let project = text_at(config, "project").or(fill).unwrap_or_default();
        let name = last_segment(&given);
        let whole = name.contains('@') || name.bytes().all(|byte| byte.is_ascii_digit());
        let (project, email) = match whole {
            true => ("-".to_string(), name.to_string()),
            false => (project.clone(), format!("{name}@{project}.iam.gserviceaccount.com")),
        };
        let asked = config
            .with_field("project", Value::string(project))
            .with_field("email", Value::string(email));
        let found = session.read_plain_data(spec, &asked).await?;
        let email = text_at(&found, "email").unwrap_or_default();
        let local = email.split('@').next().unwrap_or_default().to_string();
        let found = found.with_field("account_id", Value::string(local));
        let id = spec.id.value(&found);
        Ok(found.with_field("id", id))
    }
}
