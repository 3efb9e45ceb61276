//! Members of policies, and service accounts.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::{Clock, pace};
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::equal::normal_member;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{first_block, text_at};
use crate::providers::{ApiError, ApiErrorKind, Failure, Wanted};
use crate::value::{Type, Value};

use super::members;

/// One member of one role on something: its policy is read, changed and written back whole.
pub struct Member;

/// What a member is known by in a policy.
pub(super) struct Grant {
    pub(super) role: String,
    pub(super) member: String,
    pub(super) condition: Option<Json>,
}

impl Grant {
    pub(super) fn of(value: &Value) -> Grant {
        let text = |value: &Value, name: &str| text_at(value, name).unwrap_or_default();
        let block = first_block(value, "condition");
        let condition = block.map(|block| {
            let mut condition =
                json!({ "title": text(block, "title"), "expression": text(block, "expression") });
            if let Some(description) = text_at(block, "description") {
                condition["description"] = description.into();
            }
            condition
        });
        Grant {
            role: text(value, "role"),
            member: normal_member(&text(value, "member")),
            condition,
        }
    }

    pub(super) fn fits(&self, binding: &Json) -> bool {
        binding.get("role").and_then(Json::as_str) == Some(&self.role)
            && binding.get("condition").filter(|condition| !condition.is_null())
                == self.condition.as_ref()
    }

    pub(super) fn is_in(&self, policy: &Json) -> bool {
        bindings(policy)
            .iter()
            .filter(|binding| self.fits(binding))
            .any(|binding| self.is_member(binding))
    }

    fn is_member(&self, binding: &Json) -> bool {
        let members = binding.get("members").and_then(Json::as_array);
        members
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .any(|member| normal_member(member) == self.member)
    }

    /// Gives the policy with the member, or without it.
    pub(super) fn set(&self, policy: &Json, present: bool) -> Json {
        let mut bindings = bindings(policy);
        if present {
            match bindings.iter_mut().find(|binding| self.fits(binding)) {
                Some(binding) => {
                    if let Some(Json::Array(members)) = binding.get_mut("members") {
                        members.push(self.member.clone().into());
                    }
                }
                None => {
                    let mut binding = json!({ "role": self.role, "members": [self.member] });
                    if let Some(condition) = &self.condition {
                        binding["condition"] = condition.clone();
                    }
                    bindings.push(binding);
                }
            }
        } else {
            for binding in bindings.iter_mut().filter(|binding| self.fits(binding)) {
                if let Some(Json::Array(members)) = binding.get_mut("members") {
                    members.retain(|member| {
                        member.as_str().is_none_or(|member| normal_member(member) != self.member)
                    });
                }
            }
            bindings.retain(|binding| {
                binding.get("members").and_then(Json::as_array).is_some_and(|m| !m.is_empty())
            });
        }
        let mut changed = if policy.is_object() { policy.clone() } else { json!({}) };
        changed["bindings"] = bindings.into();
        changed["version"] = 3.into();
        changed
    }
}

pub(super) fn bindings(policy: &Json) -> Vec<Json> {
    policy.get("bindings").and_then(Json::as_array).cloned().unwrap_or_default()
}

pub(super) async fn policy(
    session: &RestSession,
    spec: &Spec,
    value: &Value,
    what: &str,
    clock: &dyn Clock,
) -> Result<Option<Json>, ApiError> {
    let Some(call) = &spec.read else { return Ok(None) };
    let ask = session.ask(spec, call, value, None, what)?;
    match session.api.send(&ask, clock).await {
        Ok(policy) => Ok(Some(policy)),
        Err(refused) if refused.is_not_found() => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

pub(super) fn granted(value: &Value, policy: &Json) -> Value {
    // Others' writes of the policy change its etag: the one first seen is kept, so that they are no drift.
    let kept = value.field("etag").filter(|etag| etag.is_known() && !etag.is_null()).cloned();
    let etag = policy.get("etag").and_then(Json::as_str).unwrap_or_default();
    let value = value.with_field("etag", kept.unwrap_or_else(|| Value::string(etag)));
    let id = identity(&value);
    value.with_field("id", id)
}

/// Gives a condition of which an import says only the title the rest of it: that of the role's binding of this title.
pub(super) fn titled(value: Value, policy: &Json) -> Value {
    let block = first_block(&value, "condition");
    let Some(block) = block.filter(|block| text_at(block, "expression").is_none()) else {
        return value;
    };
    let (role, title) = (text_at(&value, "role"), text_at(block, "title"));
    let fits = |binding: &&Json| {
        binding["role"].as_str() == role.as_deref()
            && binding["condition"]["title"].as_str() == title.as_deref()
    };
    let all = bindings(policy);
    let Some(found) = all.iter().find(fits) else { return value };
    let names = ["expression", "description"];
    let block =
        names.iter().fold(block.clone(), |block, name| match found["condition"][name].as_str() {
            Some(text) => block.with_field(name, Value::string(text)),
            None => block,
        });
    value.with_field("condition", Value::list(block.ty(), vec![block]))
}

/// Gives an object that is new its id.
pub(super) fn identified(draft: &mut Draft<'_>) {
    if draft.prior.is_none() {
        let id = identity(&draft.after);
        draft.after = draft.after.with_field("id", id);
    }
}

pub(super) fn identity(value: &Value) -> Value {
    let target = ["bucket", "project"]
        .iter()
        .find(|name| value.field(name).is_some())
        .copied()
        .unwrap_or("project");
    let names = [target, "role", "member"].into_iter().filter(|name| value.field(name).is_some());
    let names: Vec<&str> = names.collect();
    let condition = first_block(value, "condition");
    let known = names.iter().all(|name| value.field(name).is_some_and(Value::is_known))
        && value.field("condition").is_none_or(Value::is_whole);
    if !known {
        return Value::unknown_not_null(Type::String);
    }
    // A project may be written as `projects/NAME`.
    let text = |name: &&str| {
        let text = text_at(value, name).unwrap_or_default();
        match *name {
            "project" => last_segment(&text).to_string(),
            _ => text,
        }
    };
    let mut parts: Vec<String> = names.iter().map(text).collect();
    if let Some(condition) = condition {
        parts.extend(
            ["title", "description", "expression"]
                .iter()
                .filter_map(|name| text_at(condition, name)),
        );
    }
    Value::string(parts.join("/"))
}

/// Gives a bucket of an import its form in the state.
pub(super) fn of_bucket(value: Value) -> Value {
    match text_at(&value, "bucket") {
        Some(bucket) if !bucket.starts_with("b/") => {
            value.with_field("bucket", Value::string(format!("b/{bucket}")))
        }
        _ => value,
    }
}

/// Reads, changes and writes a policy until the change is in it; `change` gives nothing where it is.
pub(super) async fn rewrite(
    job: &Job<'_>,
    value: &Value,
    what: &str,
    wanted: bool,
    change: &(dyn Fn(&Json) -> Option<Json> + Sync),
) -> Result<Json, Failure> {
    let clock = job.desk.clock();
    let place = job
        .spec
        .update
        .call
        .as_ref()
        .and_then(|call| call.path.url(value).ok())
        .unwrap_or_default();
    let _one = job.session.api.lock(&format!("iam {place}"), &*clock).await;
    let until = job.until("create", value);
    let mut pause = Duration::from_secs(1);
    loop {
        let Some(policy) = policy(job.session, job.spec, value, what, &*clock).await? else {
            if !wanted {
                return Ok(Json::Null);
            }
            let detail = format!("{what}: there is no such thing to grant a role on.");
            return Err(ApiError::new(ApiErrorKind::NotFound, "Not found", detail).into());
        };
        let Some(changed) = change(&policy) else { return Ok(policy) };
        let Some(call) = &job.spec.update.call else { return Ok(policy) };
        let ask = job.ask(call, value, Some(changed), "changing the policy of")?;
        match job.send(&ask, value, until).await {
            Ok(policy) => return Ok(policy),
            // Somebody else wrote it meanwhile, or a new account is not known everywhere yet.
            Err(refused)
                if clock.now() < until
                    && (matches!(refused.status(), 409 | 412)
                        || (refused.status() == 400
                            && refused.message.contains("does not exist")
                            && pause <= Duration::from_secs(16))) =>
            {
                clock.sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
            Err(refused) => return Err(refused.into()),
        }
    }
}

/// Reads the policies that several instances speak of, each once, all at the same time.
pub(super) async fn policies(
    session: &RestSession,
    spec: &Spec,
    wanted: &[&Wanted],
) -> Vec<Result<Option<(Value, Json)>, ApiError>> {
    let values: Vec<Value> =
        wanted.iter().map(|wanted| session.located(spec, &wanted.value)).collect();
    let place = |value: &Value| {
        spec.read.as_ref().and_then(|call| call.path.url(value).ok()).unwrap_or_default()
    };
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (number, value) in values.iter().enumerate() {
        first.entry(place(value)).or_insert(number);
    }
    let reads = first.into_iter().map(|(place, number)| {
        let (value, what) = (&values[number], format!("reading {}", wanted[number].address));
        async move { (place, policy(session, spec, value, &what, &*session.api.clock).await) }
    });
    let reads: Vec<_> = reads.collect();
    let read: BTreeMap<_, _> = pace::all(&session.api.pace, reads).await.into_iter().collect();
    let found = values.into_iter().map(|value| {
        let policy = read.get(&place(&value)).cloned().unwrap_or(Ok(None));
        policy.map(|policy| policy.map(|policy| (value, policy)))
    });
    found.collect()
}

#[async_trait]
impl Hook for Member {
    fn plan(&self, draft: &mut Draft<'_>) {
        identified(draft);
    }

    fn imported(&self, value: Value) -> Value {
        of_bucket(value)
    }

    /// A binding has several members.
    fn apart(&self, element: Json) -> Vec<Json> {
        let members = element["members"].as_array().cloned().unwrap_or_default();
        let one = |member: Json| {
            let mut binding = element.clone();
            binding["members"] = member;
            json!({ "bindings": binding })
        };
        members.into_iter().map(one).collect()
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
                let value = titled(wanted.value.clone(), &policy);
                Grant::of(&value).is_in(&policy).then(|| granted(&value, &policy))
            })
        });
        let found = found.collect();
        Some(found)
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let policy = members::write(job, &planned, true).await?;
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
        members::write(job, prior, false).await.map(|_| ())
    }
}

/// `google_service_account`.
pub struct ServiceAccount;

impl ServiceAccount {
    async fn switch(&self, job: &Job<'_>, value: &Value) -> Result<(), Failure> {
        let off = value.field("disabled").and_then(Value::as_bool) == Some(true);
        let Some(call) = job.spec.rpcs.get(if off { "disable" } else { "enable" }) else {
            return Ok(());
        };
        let ask = job.ask(call, value, Some(json!({})), "switching")?;
        let until = job.until("create", value);
        job.send(&ask, value, until).await?;
        Ok(())
    }
}

#[async_trait]
impl Hook for ServiceAccount {
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let adopt =
            planned.field("create_ignore_already_exists").and_then(Value::as_bool) == Some(true);
        let made = match job.create(planned).await {
            Err(failure) if adopt && failure.error.status == Some(409) => {
                let until = job.until("create", planned);
                let planned = job.session.located(job.spec, planned);
                job.settle(&planned, until).await?
            }
            other => other?,
        };
        job.keep(&made).await;
        let clock = job.desk.clock();
        // A new account is not known everywhere at once.
        for _ in 0..2 {
            let until = job.until("create", &made);
            job.rest(&made, until).await?;
        }
        clock.sleep(Duration::from_secs(10)).await;
        if planned.field("disabled").and_then(Value::as_bool) == Some(true) {
            let made = made.with_field("disabled", Value::bool(true));
            self.switch(job, &made).await?;
            let until = job.until("create", &made);
            return job.settle(&made, until).await;
        }
        Ok(made)
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        if prior.field("disabled") != planned.field("disabled") {
            self.switch(job, planned).await?;
        }
        job.update(prior, planned).await
    }
}
