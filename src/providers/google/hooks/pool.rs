//! Node pools: their size is known by the compute service, their changes take turns with the cluster's.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::providers::rest::api::Ask;
use crate::providers::rest::change::{Concern, concerns};
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::json as members;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{first_block, text_at};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, ApiErrorKind, Failure, Problem};
use crate::value::{Path, Type, Value};

use super::cluster::{default_scopes, lock_name};

/// `google_container_node_pool`.
pub struct NodePool;

fn number(value: &Value, name: &str) -> Option<i64> {
    value.field(name).and_then(Value::as_i64)
}

/// Gives a change of a pool as the service takes it.
pub fn finished(mut concern: Concern) -> Concern {
    let group = "desiredNodePoolAutoscaling";
    let is_on = members::dotted(&concern.body, group).is_some_and(Json::is_object);
    if concern.group == group && !is_on {
        concern.body = json!({ "desiredNodePoolAutoscaling": { "enabled": false } });
    }
    custom_image(&mut concern);
    concern
}

/// Leaves out accelerators of which there are none: the service does not tell them.
fn without_empty_accelerators(pool: &Value) -> Value {
    let (config, accelerators) = ("node_config", "guest_accelerator");
    let Some(written) = first_block(pool, config) else { return pool.clone() };
    let Some(entries) = written.field(accelerators).and_then(Value::elements) else {
        return pool.clone();
    };
    let some: Vec<Value> =
        entries.iter().filter(|entry| number(entry, "count") != Some(0)).cloned().collect();
    let Some(Type::List(ty)) = written.field(accelerators).map(Value::ty) else {
        return pool.clone();
    };
    if some.len() == entries.len() {
        return pool.clone();
    }
    let written = written.with_field(accelerators, Value::list(*ty, some));
    let ty = written.ty();
    pool.with_field(config, Value::list(ty, vec![written]))
}

/// A cluster that is given by its id says where the pool is; while the id is not known, neither is the place.
fn place(draft: &mut Draft<'_>) {
    if draft.prior.is_some() {
        return;
    }
    let unwritten = |name: &&&str| draft.config.field(name).is_none_or(Value::is_null);
    let names: Vec<&str> = ["project", "location"].iter().filter(unwritten).copied().collect();
    let cluster = draft.config.field("cluster").cloned().unwrap_or(Value::null(Type::String));
    if cluster.as_str().is_some_and(|cluster| !cluster.contains('/')) {
        return;
    }
    let mut after = names.iter().fold(draft.after.clone(), |after, name| {
        after.with_field(name, Value::unknown_not_null(Type::String))
    });
    after = NodePool.located(after);
    let id = draft.spec.id.value(&after);
    draft.after = after.with_field("id", id);
}

/// The image of one's own stands in three members of an update.
pub fn custom_image(concern: &mut Concern) {
    if concern.group == "desiredImage" {
        let image = concern.body.get("desiredImage").cloned().unwrap_or_default();
        concern.body = json!({
            "desiredImage": image.get("image"), "desiredImageProject": image.get("imageProject"),
            "desiredImageType": "CUSTOM_CONTAINERD",
        });
    }
}

#[async_trait]
impl Hook for NodePool {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let given = |name: &str| {
            config.field(name).is_some_and(|value| value.is_known() && !value.is_null())
        };
        let mut problems = Vec::new();
        for (one, other) in [("node_count", "initial_node_count"), ("name", "name_prefix")] {
            if given(one) && given(other) {
                let detail = format!("\"{other}\" cannot be given together with \"{one}\".");
                problems.push(problem(
                    &Path::root().attribute(other),
                    "Conflicting configuration arguments",
                    detail,
                ));
            }
        }
        problems
    }

    fn located(&self, value: Value) -> Value {
        let Some(cluster) = text_at(&value, "cluster").filter(|cluster| cluster.contains('/'))
        else {
            return value;
        };
        ["project", "location"].iter().fold(value, |value, name| {
            let open = value.field(name).is_none_or(|field| field.is_null() || !field.is_known());
            let mut segments =
                cluster.split('/').skip_while(|segment| segment.strip_suffix('s') != Some(name));
            match segments.nth(1).filter(|_| open) {
                Some(found) => value.with_field(name, Value::string(found)),
                None => value,
            }
        })
    }

    fn plan(&self, draft: &mut Draft<'_>) {
        place(draft);
        draft.after = without_empty_accelerators(&draft.after);
        let written = draft.config.field("name").is_some_and(|name| !name.is_null());
        if draft.prior.is_none() && !written {
            let after = draft.after.with_field("name", Value::unknown_not_null(Type::String));
            let id = draft.spec.id.value(&after);
            draft.after = after.with_field("id", id);
        }
        if draft.prior.is_none()
            && let Some(count) = draft.config.field("node_count").filter(|count| !count.is_null())
        {
            draft.after = draft.after.with_field("initial_node_count", count.clone());
        }
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        if let Some(count) =
            number(planned, "node_count").or_else(|| number(planned, "initial_node_count"))
        {
            object["initialNodeCount"] = count.into();
        }
        default_scopes(object, "config", planned);
        if let Some(Json::Array(accelerators)) = object.pointer_mut("/config/accelerators") {
            accelerators.retain(|entry| {
                !matches!(entry.get("acceleratorCount").and_then(Json::as_str), Some("0") | None)
            });
        }
        // The service takes a missing member for false, but its own default is true.
        if let Some(Json::Object(kubelet)) = object.pointer_mut("/config/kubeletConfig") {
            kubelet.entry("cpuCfsQuota").or_insert(true.into());
        }
    }

    fn decoded(&self, value: Value, object: &Json, base: Option<&Value>) -> Value {
        let Some(config) = first_block(&value, "node_config") else {
            return value;
        };
        let known = base
            .and_then(|base| base.field("node_config"))
            .and_then(Value::elements)
            .and_then(<[Value]>::first)
            .and_then(|base| base.field("taint"))
            .and_then(Value::elements);
        let _ = object;
        let Some(known) = known else { return value };
        // The service adds taints of its own (for GPUs, for sandboxes): they stand in `effective_taints` only.
        let key = |taint: &Value| text_at(taint, "key");
        let Some(taints) = config.field("taint").and_then(Value::elements) else { return value };
        let mine = taints.iter().filter(|taint| known.iter().any(|known| key(known) == key(taint)));
        let Some(Type::List(element)) = config.field("taint").map(Value::ty) else { return value };
        let config = config.with_field("taint", Value::list(*element, mine.cloned().collect()));
        let ty = config.ty();
        value.with_field("node_config", Value::list(ty, vec![config]))
    }

    async fn enrich(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: Value,
        object: &Json,
    ) -> Value {
        let urls =
            object.get("instanceGroupUrls").and_then(Json::as_array).cloned().unwrap_or_default();
        let _ = spec;
        let mut sizes = Vec::new();
        let mut groups = Vec::new();
        for url in urls.iter().filter_map(Json::as_str) {
            let Some(at) = url.find("projects/") else { continue };
            let ask = Ask::get("compute", &url[at..], "reading the size of a node pool");
            let Ok(manager) = session.api.send(&ask, &*session.api.clock).await else { continue };
            sizes.extend(manager.get("targetSize").and_then(Json::as_i64));
            groups.extend(manager.get("instanceGroup").and_then(Json::as_str).map(Value::string));
        }
        let ignored =
            value.field("ignore_node_count_changes").and_then(Value::as_bool) == Some(true);
        let count = i64::try_from(sizes.len()).unwrap_or(1);
        let mut value = value;
        let kept = number(&value, "node_count").is_some() && ignored;
        if !sizes.is_empty() && !kept {
            value =
                value.with_field("node_count", Value::number(sizes.iter().sum::<i64>() / count));
        } else if number(&value, "node_count").is_none() {
            let initial = object.get("initialNodeCount").and_then(Json::as_i64).unwrap_or(0);
            value = value.with_field("node_count", Value::number(initial));
        }
        value.with_field("managed_instance_group_urls", Value::list(Type::String, groups))
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let mut planned = job.session.located(job.spec, planned);
        if text_at(&planned, "name").is_none() {
            let prefix = text_at(&planned, "name_prefix").unwrap_or_else(|| "terraform-".into());
            let suffix = uuid::Uuid::new_v4().simple().to_string();
            planned =
                planned.with_field("name", Value::string(format!("{prefix}{}", &suffix[..9])));
            let id = job.spec.id.value(&planned);
            planned = planned.with_field("id", id);
        }
        if job.session.get(job.spec, &planned, &job.what("reading")).await?.is_some() {
            let detail =
                format!("{}: there is a node pool of this name already.", job.what("creating"));
            return Err(ApiError::new(ApiErrorKind::Conflict, "Conflict", detail)
                .help("Import it, or choose another name.")
                .into());
        }
        let clock = job.desk.clock();
        let _one = job.session.api.lock(&lock_name(&planned, "cluster"), &*clock).await;
        job.create(&planned).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let until = job.until("update", planned);
        let changes = concerns(&job.spec.parts, prior, planned);
        if changes.is_empty() {
            return job.settle(planned, until).await;
        }
        let clock = job.desk.clock();
        let _one = job.session.api.lock(&lock_name(planned, "cluster"), &*clock).await;
        job.rest(prior, until).await?;
        for concern in changes {
            job.concern(&finished(concern), planned, until).await?;
            job.rest(planned, until).await?;
        }
        job.settle(planned, until).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let clock = job.desk.clock();
        let _one = job.session.api.lock(&lock_name(prior, "cluster"), &*clock).await;
        job.delete(prior).await
    }
}
