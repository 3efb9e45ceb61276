//! Bigtable: an instance's clusters are objects of their own, found by their ids; a table's settings are changed one by one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::change::patch;
use crate::providers::rest::encode::{Empty, encode};
use crate::providers::rest::equal::duration_seconds;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::{Part, Spec};
use crate::providers::rest::template::{escape, text, text_at};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, Failure, Problem};
use crate::value::{Path, Value};

/// `google_bigtable_instance`.
pub struct Instance;

/// `google_bigtable_table`.
pub struct Table;

fn clusters(value: &Value) -> &[Value] {
    value.field("cluster").and_then(Value::elements).unwrap_or_default()
}

fn find<'a>(all: &'a [Value], id: &str) -> Option<(usize, &'a Value)> {
    all.iter().enumerate().find(|(_, cluster)| text(cluster, "cluster_id") == id)
}

/// A cluster without a zone is in that of the provider block.
fn placed(draft: &mut Draft<'_>) {
    let zone = draft.defaults.fill("zone").filter(|zone| zone.as_str().is_some()).cloned();
    let Some(all) = draft.after.field("cluster").and_then(Value::elements) else { return };
    let (Some(zone), None) = (zone, draft.prior) else { return };
    let open = |cluster: &Value| cluster.field("zone").is_some_and(|zone| !zone.is_known());
    let filled: Vec<Value> = all
        .iter()
        .map(|cluster| match open(cluster) {
            true => cluster.with_field("zone", zone.clone()),
            false => cluster.clone(),
        })
        .collect();
    if let Some(ty) = filled.first().map(Value::ty) {
        draft.after = draft.after.with_field("cluster", Value::list(ty, filled));
    }
}

/// Gives a configured cluster with what the service decides: as it stands, or not known yet.
fn completed(parts: &[Part], config: &Value, prior: Option<&Value>) -> Value {
    Value::object(parts.iter().map(|part| {
        let written = config.field(&part.name).cloned().unwrap_or_else(|| part.absent());
        let stands = prior.and_then(|prior| prior.field(&part.name));
        let value = match (part.inside(), written.elements()) {
            (Some(inside), Some(blocks)) => {
                let old = stands.and_then(Value::elements).and_then(<[Value]>::first);
                let blocks: Vec<Value> =
                    blocks.iter().map(|block| completed(inside, block, old)).collect();
                match blocks.first().map(Value::ty) {
                    Some(ty) => Value::list(ty, blocks),
                    None => part.absent(),
                }
            }
            _ if !written.is_null() => written,
            _ => match (&part.default, part.is_computed(), stands) {
                (Some(default), _, _) => default.clone(),
                (None, true, Some(stands)) => stands.clone(),
                (None, true, None) => Value::unknown(part.ty()),
                _ => part.absent(),
            },
        };
        (part.name.as_str(), value)
    }))
}

/// What is being done.
const CLUSTERS: &str = "changing the clusters of";

impl Instance {
    /// Gives a cluster as the service takes it.
    fn cluster(spec: &Spec, project: &str, cluster: &Value) -> Json {
        let parts = spec.part("cluster").and_then(Part::inside).unwrap_or_default();
        let mut object = encode(parts, cluster, Empty::Omitted);
        if let Some(zone) = text_at(cluster, "zone") {
            object["location"] = format!("projects/{project}/locations/{zone}").into();
        }
        let factor = text(cluster, "node_scaling_factor");
        if let Some(factor) = factor.strip_prefix("NodeScalingFactor") {
            object["nodeScalingFactor"] = format!("NODE_SCALING_FACTOR_{factor}").into();
        }
        if object.get("clusterConfig").is_some()
            && let Some(fields) = object.as_object_mut()
        {
            // How many nodes there are is then the service's own.
            fields.remove("serveNodes");
        }
        object
    }

    /// Makes, changes and removes clusters, as their ids say.
    async fn clusters(job: &Job<'_>, prior: &Value, planned: &Value) -> Result<(), ApiError> {
        let project = text(planned, "project");
        let name = escape(&text(planned, "name"), false);
        let base = format!("projects/{}/instances/{name}/clusters", escape(&project, false));
        let (old, new) = (clusters(prior), clusters(planned));
        for cluster in new {
            let id = text(cluster, "cluster_id");
            let wanted = Instance::cluster(job.spec, &project, cluster);
            let Some((_, stands)) = find(old, &id) else {
                let path = format!("{base}?clusterId={}", escape(&id, true));
                job.perform(Method::POST, path, Some(wanted), (CLUSTERS, planned)).await?;
                continue;
            };
            let stands = Instance::cluster(job.spec, &project, stands);
            let mut mask = Vec::new();
            if wanted.get("clusterConfig") != stands.get("clusterConfig") {
                mask.push("cluster_config.cluster_autoscaling_config");
            }
            if wanted.get("clusterConfig").is_none()
                && (wanted["serveNodes"] != stands["serveNodes"] || !mask.is_empty())
            {
                mask.push("serve_nodes");
            }
            if !mask.is_empty() {
                let id = escape(&id, false);
                let path = format!("{base}/{id}?updateMask={}", mask.join(","));
                job.perform(Method::PATCH, path, Some(wanted), (CLUSTERS, planned)).await?;
            }
        }
        for cluster in old {
            let id = text(cluster, "cluster_id");
            if find(new, &id).is_none() {
                let path = format!("{base}/{}", escape(&id, false));
                job.perform(Method::DELETE, path, None, (CLUSTERS, planned)).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Hook for Instance {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let all = clusters(config);
        let ids: Vec<String> = all.iter().map(|cluster| text(cluster, "cluster_id")).collect();
        let twice = |(place, id): (usize, &String)| {
            let again = !id.is_empty() && ids[..place].contains(id);
            let path = Path::root().attribute("cluster").place(place).attribute("cluster_id");
            let detail = format!("There are two clusters with the id \"{id}\".");
            again.then(|| problem(&path, "Clusters of one id", detail))
        };
        ids.iter().enumerate().filter_map(twice).collect()
    }

    /// Clusters are known by their ids: their order is that which stands.
    fn plan(&self, draft: &mut Draft<'_>) {
        placed(draft);
        let Some(prior) = draft.prior else { return };
        let (old, wanted) = (clusters(prior), clusters(draft.config));
        let Some(parts) = draft.spec.part("cluster").and_then(Part::inside) else { return };
        let known = wanted
            .iter()
            .all(|cluster| cluster.field("cluster_id").is_some_and(|id| id.as_str().is_some()));
        if wanted.is_empty() || !known {
            return;
        }
        let ids = |all: &[Value]| -> Vec<String> {
            all.iter().map(|cluster| text(cluster, "cluster_id")).collect()
        };
        let (stand, asked) = (ids(old), ids(wanted));
        let kept = stand.iter().filter(|id| asked.contains(id));
        let new = asked.iter().filter(|id| !stand.contains(id));
        let order: Vec<&String> = kept.chain(new).collect();
        let mut after = Vec::new();
        for id in order {
            let Some((_, config)) = find(wanted, id) else { continue };
            let stands = find(old, id).map(|(_, stands)| stands);
            let planned = completed(parts, config, stands);
            for name in ["storage_type", "zone", "kms_key_name", "node_scaling_factor"] {
                if stands.is_some_and(|stands| stands.field(name) != planned.field(name)) {
                    let path = Path::root().attribute("cluster").place(after.len());
                    draft.replaces.push(path.attribute(name));
                }
            }
            after.push(planned);
        }
        if let Some(ty) = after.first().map(Value::ty) {
            draft.after = draft.after.with_field("cluster", Value::list(ty, after));
        }
    }

    fn answered(&self, object: &mut Json, _base: Option<&Value>) {
        for cluster in object["clusters"].as_array_mut().into_iter().flatten() {
            let factor = cluster["nodeScalingFactor"].as_str().unwrap_or_default();
            let factor = factor.strip_prefix("NODE_SCALING_FACTOR_").filter(|it| *it == "2X");
            cluster["nodeScalingFactor"] =
                format!("NodeScalingFactor{}", factor.unwrap_or("1X")).into();
        }
        if object["clusters"].is_null()
            && let Some(fields) = object.as_object_mut()
        {
            fields.remove("clusters");
        }
    }

    /// The clusters are read by a call of their own; those of a place that does not answer stay as they stand.
    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        object: &Json,
    ) -> Value {
        let name = object["name"].as_str().unwrap_or_default();
        let what = format!("listing the clusters of {name}");
        let ask = Ask::get(&spec.service, format!("{name}/clusters"), what);
        let answer = match session.api.send(&ask, &*session.api.clock).await {
            Ok(answer) => answer,
            Err(refused) => {
                tracing::warn!(name, status = %refused.status(), "the clusters cannot be read");
                return value;
            }
        };
        let silent = answer["failedLocations"].as_array().is_some_and(|places| !places.is_empty());
        if silent {
            return value;
        }
        let id = |cluster: &Json| {
            let name = cluster["name"].as_str().unwrap_or_default();
            name.rsplit('/').next().unwrap_or_default().to_string()
        };
        let found = answer["clusters"].as_array().cloned().unwrap_or_default();
        let mut by_id: BTreeMap<String, Json> =
            found.into_iter().map(|cluster| (id(&cluster), cluster)).collect();
        let order = clusters(&value).iter().map(|cluster| text(cluster, "cluster_id"));
        let mut ordered: Vec<Json> = order.filter_map(|id| by_id.remove(&id)).collect();
        ordered.extend(by_id.into_values());
        let mut whole = object.clone();
        whole["clusters"] = Json::Array(ordered);
        session.decoded(spec, &whole, Some(&value))
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(create) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, planned);
        let planned = planned.with_field("id", job.spec.id.value(&planned));
        let until = job.until("create", &planned);
        let mut ask = job.ask(create, &planned, Some(job.body(&planned)), "creating")?;
        let project = text(&planned, "project");
        let all: Map<String, Json> = clusters(&planned)
            .iter()
            .map(|cluster| {
                (text(cluster, "cluster_id"), Instance::cluster(job.spec, &project, cluster))
            })
            .collect();
        if let Some(body) = &mut ask.body {
            body["clusters"] = Json::Object(all);
        }
        let answer = job.made(&ask, &planned, until).await?;
        job.keep(&planned).await;
        match job.wait(answer, &planned, until).await {
            Ok(_) => job.settle(&planned, until).await,
            Err(error) => Err(job.failed(error, &planned).await),
        }
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        Instance::clusters(job, prior, planned).await?;
        job.update(prior, planned).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        if prior.field("force_destroy").and_then(Value::as_bool) == Some(true) {
            let path = format!("{}/clusters/-/backups", text(prior, "id"));
            let ask = Ask::get(&job.spec.service, path, job.what("listing the backups of"));
            let backups = match job.session.api.list(&ask, "backups").await {
                Ok(backups) => backups,
                Err(refused) if refused.is_not_found() => return Ok(()),
                Err(refused) => return Err(ApiError::from(refused).into()),
            };
            for backup in backups {
                let name = backup["name"].as_str().unwrap_or_default().to_string();
                job.perform(Method::DELETE, name, None, (CLUSTERS, prior)).await?;
            }
        }
        job.delete(prior).await
    }
}

impl Table {
    /// Gives the changes of the families: what comes, what goes, what is of another type.
    fn families(spec: &Spec, prior: &Value, planned: &Value) -> Vec<Json> {
        let Some(parts) = spec.part("column_family").and_then(Part::inside) else {
            return Vec::new();
        };
        let all = |value: &Value| -> BTreeMap<String, Json> {
            let found = value.field("column_family").and_then(Value::elements);
            let named = found.unwrap_or_default().iter();
            named.map(|it| (text(it, "family"), encode(parts, it, Empty::Omitted))).collect()
        };
        let (old, new) = (all(prior), all(planned));
        let gone = old.keys().filter(|name| !new.contains_key(*name));
        let mut changes: Vec<Json> = gone.map(|id| json!({ "id": id, "drop": true })).collect();
        for (id, family) in &new {
            match old.get(id) {
                None => changes.push(json!({ "id": id, "create": family })),
                Some(stands) if stands != family => {
                    changes.push(json!({ "id": id, "update": family, "updateMask": "value_type" }));
                }
                Some(_) => {}
            }
        }
        changes
    }
}

/// Says whether a duration says that something is off.
fn is_off(value: &Value, name: &str) -> bool {
    duration_seconds(&text(value, name)) == Some(0.0)
}

#[async_trait]
impl Hook for Table {
    /// What is off the service does not tell; the configuration may say it with zeros.
    fn decoded(&self, value: Value, object: &Json, base: Option<&Value>) -> Value {
        let Some(base) = base else { return value };
        let mut value = value;
        let stream = "change_stream_retention";
        if object["changeStreamConfig"].is_null() && is_off(base, stream) {
            value = value.with_field(stream, Value::string(text(base, stream)));
        }
        let policy = "automated_backup_policy";
        let written = base.field(policy).filter(|policy| policy.is_whole());
        let off = written
            .and_then(Value::elements)
            .and_then(<[Value]>::first)
            .is_some_and(|it| is_off(it, "frequency") && is_off(it, "retention_period"));
        if let Some(written) = written.filter(|_| off && object["automatedBackupPolicy"].is_null())
        {
            value = value.with_field(policy, written.clone());
        }
        value
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(create) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, planned);
        let planned = planned.with_field("id", job.spec.id.value(&planned));
        let until = job.until("create", &planned);
        let mut ask = job.ask(create, &planned, Some(job.body(&planned)), "creating")?;
        let keys = planned.field("split_keys").and_then(Value::elements).unwrap_or_default();
        let splits: Vec<Json> = keys
            .iter()
            .filter_map(Value::as_str)
            .map(|key| json!({ "key": STANDARD.encode(key) }))
            .collect();
        if let Some(body) = &mut ask.body {
            if !splits.is_empty() {
                body["initialSplits"] = Json::Array(splits);
            }
            if body["table"].is_null() {
                body["table"] = json!({});
            }
        }
        job.made(&ask, &planned, until).await?;
        job.settle(&planned, until).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let until = job.until("update", planned);
        let changes = Table::families(job.spec, prior, planned);
        if let Some(call) = job.spec.rpcs.get("families").filter(|_| !changes.is_empty()) {
            let body = json!({ "modifications": changes });
            let ask = job.ask(call, planned, Some(body), "changing the families of")?;
            job.send(&ask, planned, until).await?;
        }
        let Some(call) = &job.spec.update.call else { return Ok(planned.clone()) };
        for part in job.spec.parts.iter().filter(|part| part.name != "column_family") {
            let Some(wanted) = planned.field(&part.name) else { continue };
            let only = prior.with_field(&part.name, wanted.clone());
            let changed = patch(job.spec, prior, &only);
            let Some(mask) = changed.mask.first() else { continue };
            let mut body = changed.body.clone();
            if part.name == "change_stream_retention" && is_off(planned, &part.name) {
                body = json!({});
            }
            let mut ask = job.ask(call, planned, Some(body), "updating")?;
            ask.path.push_str(&format!("?updateMask={mask}"));
            let answer = job.send(&ask, planned, until).await?;
            job.wait(answer, planned, until).await?;
        }
        job.settle(planned, until).await
    }
}
