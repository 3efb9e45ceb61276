//! Bindings and whole policies: they say who has a role, or all roles, and nobody else has.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use crate::providers::rest::equal::{normal_member, same_policy};
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::text_at;
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, Failure, Problem, Wanted};
use crate::value::{Path, Type, Value};

use super::iam::{Grant, bindings, granted, identified, of_bucket, policies, rewrite, titled};

/// `google_project_iam_binding`, `google_storage_bucket_iam_binding`.
pub struct Binding;

/// `google_project_iam_policy`, `google_storage_bucket_iam_policy`.
pub struct Policy;

/// The data source `google_iam_policy`: a policy's text, made without asking anybody.
pub struct PolicyText;

fn texts(value: &Value, name: &str) -> BTreeSet<String> {
    let elements = value.field(name).and_then(Value::elements).unwrap_or_default();
    elements.iter().filter_map(|one| one.as_str().map(str::to_string)).collect()
}

fn members(value: &Value) -> BTreeSet<String> {
    texts(value, "members").iter().map(|member| normal_member(member)).collect()
}

fn members_of(policy: &Json, grant: &Grant) -> BTreeSet<String> {
    let all = bindings(policy).into_iter().filter(|binding| grant.fits(binding));
    all.flat_map(|binding| binding["members"].as_array().cloned().unwrap_or_default())
        .filter_map(|member| member.as_str().map(str::to_string))
        .collect()
}

/// Gives a binding as it stands; nothing where nobody has the role.
fn bound(value: &Value, policy: &Json) -> Option<Value> {
    let found = members_of(policy, &Grant::of(value));
    if found.is_empty() {
        return None;
    }
    let normal: BTreeSet<String> = found.iter().map(|member| normal_member(member)).collect();
    let value = match normal == members(value) {
        true => value.clone(),
        false => {
            let found = found.into_iter().map(Value::string).collect();
            value.with_field("members", Value::set(Type::String, found))
        }
    };
    Some(granted(&value, policy))
}

impl Binding {
    async fn set(
        &self,
        job: &Job<'_>,
        value: &Value,
        wanted: &BTreeSet<String>,
    ) -> Result<Json, Failure> {
        let grant = Grant::of(value);
        let what = job.what("binding the role of");
        let change = |policy: &Json| {
            let standing: BTreeSet<String> =
                members_of(policy, &grant).iter().map(|member| normal_member(member)).collect();
            if standing == *wanted {
                return None;
            }
            let mut list = bindings(policy);
            list.retain(|binding| !grant.fits(binding));
            if !wanted.is_empty() {
                let mut binding = json!({ "role": grant.role, "members": wanted });
                if let Some(condition) = &grant.condition {
                    binding["condition"] = condition.clone();
                }
                list.push(binding);
            }
            let mut changed = if policy.is_object() { policy.clone() } else { json!({}) };
            changed["bindings"] = list.into();
            changed["version"] = 3.into();
            Some(changed)
        };
        rewrite(job, value, &what, !wanted.is_empty(), &change).await
    }
}

#[async_trait]
impl Hook for Binding {
    fn plan(&self, draft: &mut Draft<'_>) {
        identified(draft);
    }

    fn imported(&self, value: Value) -> Value {
        of_bucket(value)
    }

    async fn read_many(
        &self,
        session: &RestSession,
        spec: &Spec,
        wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        let read = policies(session, spec, wanted).await.into_iter().zip(wanted);
        let found = read.map(|(read, wanted)| {
            read.map(|found| {
                let policy = found?.1;
                bound(&titled(wanted.value.clone(), &policy), &policy)
            })
        });
        Some(found.collect())
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let policy = self.set(job, &planned, &members(&planned)).await?;
        Ok(granted(&planned, &policy))
    }

    async fn update(
        &self,
        job: &Job<'_>,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        self.create(job, planned).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        self.set(job, prior, &BTreeSet::new()).await.map(|_| ())
    }
}

/// Gives what of a policy is the user's: who has which role, and what is logged.
fn own(policy: &Json) -> Json {
    let mut own = Map::new();
    if policy["auditConfigs"].as_array().is_some_and(|list| !list.is_empty()) {
        own.insert("auditConfigs".into(), policy["auditConfigs"].clone());
    }
    own.insert("bindings".into(), bindings(policy).into());
    Json::Object(own)
}

fn stated(value: &Value, policy: &Json) -> Value {
    let found = own(policy).to_string();
    let same = text_at(value, "policy_data").is_some_and(|wanted| same_policy(&wanted, &found));
    let value = match same {
        true => value.clone(),
        false => value.with_field("policy_data", Value::string(found)),
    };
    granted(&value, policy)
}

impl Policy {
    async fn set(&self, job: &Job<'_>, value: &Value, wanted: &str) -> Result<Json, Failure> {
        let given: Json = serde_json::from_str(wanted).unwrap_or_default();
        let bare = job.spec.service == "storage" && bindings(&given).is_empty();
        let what = job.what("writing the policy of");
        let change = |policy: &Json| {
            if same_policy(wanted, &own(policy).to_string()) {
                return None;
            }
            let mut changed = own(&given);
            changed["version"] = 3.into();
            // A bucket's policy that is empty is taken without a mark only.
            if let Some(etag) = policy.get("etag").filter(|_| !bare) {
                changed["etag"] = etag.clone();
            }
            Some(changed)
        };
        rewrite(job, value, &what, true, &change).await
    }
}

#[async_trait]
impl Hook for Policy {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let Some(text) = text_at(config, "policy_data") else { return Vec::new() };
        let good = serde_json::from_str::<Json>(&text).is_ok_and(|json| json.is_object());
        let path = Path::root().attribute("policy_data");
        let detail = "The value must be the JSON of a policy, as the data source \"google_iam_policy\" gives it.";
        let found = (!good).then(|| problem(&path, "Invalid policy", detail.into()));
        found.into_iter().collect()
    }

    fn imported(&self, value: Value) -> Value {
        of_bucket(value)
    }

    async fn read_many(
        &self,
        session: &RestSession,
        spec: &Spec,
        wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        let read = policies(session, spec, wanted).await.into_iter().zip(wanted);
        let found = read.map(|(read, wanted)| {
            read.map(|found| {
                let (_, policy) = found?;
                let empty = bindings(&policy).is_empty() && policy["auditConfigs"].is_null();
                let given = text_at(&wanted.value, "policy_data");
                // One that gives nobody a role stands as long as what it is of.
                let nothing = given.is_none_or(|given| same_policy(&given, "{}"));
                (!empty || nothing).then(|| stated(&wanted.value, &policy))
            })
        });
        Some(found.collect())
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let wanted = text_at(&planned, "policy_data").unwrap_or_default();
        let policy = self.set(job, &planned, &wanted).await?;
        Ok(stated(&planned, &policy))
    }

    async fn update(
        &self,
        job: &Job<'_>,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        self.create(job, planned).await
    }

    /// Nobody has a role any more that the policy gave.
    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        self.set(job, prior, "{\"bindings\":[]}").await.map(|_| ())
    }
}

fn blocks<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.field(name).and_then(Value::elements).unwrap_or_default()
}

fn binding_text(block: &Value) -> Json {
    let mut binding = Map::new();
    if let Some(condition) = blocks(block, "condition").first() {
        let mut own = Map::new();
        for name in ["description", "expression", "title"] {
            if let Some(text) = text_at(condition, name) {
                own.insert(name.into(), text.into());
            }
        }
        binding.insert("condition".into(), Json::Object(own));
    }
    binding.insert("members".into(), json!(texts(block, "members")));
    binding.insert("role".into(), json!(text_at(block, "role")));
    Json::Object(binding)
}

fn audit_text(block: &Value) -> Json {
    let logs = blocks(block, "audit_log_configs").iter().map(|log| {
        let mut own = Map::new();
        let exempted = texts(log, "exempted_members");
        if !exempted.is_empty() {
            own.insert("exemptedMembers".into(), json!(exempted));
        }
        own.insert("logType".into(), json!(text_at(log, "log_type")));
        Json::Object(own)
    });
    json!({ "auditLogConfigs": logs.collect::<Vec<_>>(), "service": text_at(block, "service") })
}

#[async_trait]
impl Hook for PolicyText {
    async fn data(
        &self,
        _session: &RestSession,
        _spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let sorted = |name: &str, text: fn(&Value) -> Json, by: &str| {
            let mut list: Vec<Json> = blocks(config, name).iter().map(text).collect();
            list.sort_by_key(|json| (json[by].to_string(), json["condition"].to_string()));
            list
        };
        let mut policy = Map::new();
        let audits = sorted("audit_config", audit_text, "service");
        if !audits.is_empty() {
            policy.insert("auditConfigs".into(), audits.into());
        }
        let bindings = sorted("binding", binding_text, "role");
        if !bindings.is_empty() {
            policy.insert("bindings".into(), bindings.into());
        }
        let text = Json::Object(policy).to_string();
        let id = text.bytes().fold(5381_u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte));
        let value = config.with_field("policy_data", Value::string(text));
        Ok(value.with_field("id", Value::string(id.to_string())))
    }
}
