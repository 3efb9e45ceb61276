//! Services of a project, the project itself, and what the provider block is configured with.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::providers::rest::api::Ask;
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::{Job, settled};
use crate::providers::rest::json as members;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::text_at;
use crate::providers::{ApiError, ApiErrorKind, Failure, Wanted};
use crate::value::{Type, Value};

/// `google_project_service`.
pub struct Service;

/// `google_project_service_identity`.
pub struct Identity;

#[async_trait]
impl Hook for Identity {
    /// No call tells it: it stays as it was made.
    async fn read_many(
        &self,
        _session: &RestSession,
        _spec: &Spec,
        wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        Some(wanted.iter().map(|wanted| Ok(Some(wanted.value.clone()))).collect())
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(call) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, planned);
        let until = job.until("create", &planned);
        let ask = job.ask(call, &planned, None, "creating")?;
        // Where it is there already, this is the answer too: it may be sent again.
        let answer = job.send(&ask, &planned, until).await?;
        let made = job.wait(answer, &planned, until).await?;
        // A service without an account of its own has none to tell.
        let email = made["email"].as_str().unwrap_or_default();
        let member = match email {
            "" => Value::null(Type::String),
            email => Value::string(format!("serviceAccount:{email}")),
        };
        let planned = planned.with_field("email", Value::string(email));
        Ok(settled(&identified(job.spec, &planned.with_field("member", member))))
    }
}

/// Gives the names of all services that are on in a project: one LIST answers for all.
async fn enabled(
    session: &RestSession,
    spec: &Spec,
    value: &Value,
    what: &str,
) -> Result<Option<Vec<String>>, ApiError> {
    let Some(list) = &spec.list else { return Ok(None) };
    let mut ask = session.ask(spec, &list.call, value, None, what)?;
    ask.body = None;
    match session.api.list(&ask, &list.items).await {
        Ok(services) => {
            let names =
                services.iter().filter_map(|service| service.get(&list.by).and_then(Json::as_str));
            Ok(Some(names.map(|name| last_segment(name).to_string()).collect()))
        }
        Err(refused) if refused.is_not_found() => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

fn identified(spec: &Spec, value: &Value) -> Value {
    let id = spec.id.value(value);
    value.with_field("id", id)
}

#[async_trait]
impl Hook for Service {
    async fn read_many(
        &self,
        session: &RestSession,
        spec: &Spec,
        wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        let mut lists: Vec<(String, Result<Option<Vec<String>>, ApiError>)> = Vec::new();
        let mut found = Vec::new();
        for wanted in wanted {
            let value = session.located(spec, &wanted.value);
            let project = text_at(&value, "project").unwrap_or_default();
            let list = match lists.iter().find(|(known, _)| *known == project) {
                Some((_, list)) => list.clone(),
                None => {
                    let what = format!("reading {}", wanted.address);
                    let list = enabled(session, spec, &value, &what).await;
                    lists.push((project, list.clone()));
                    list
                }
            };
            let service = text_at(&value, "service").unwrap_or_default();
            found.push(list.map(|list| {
                list.filter(|list| list.contains(&service)).map(|_| identified(spec, &value))
            }));
        }
        Some(found)
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let planned = job.session.located(job.spec, planned);
        let service = text_at(&planned, "service").unwrap_or_default();
        let is_on = |list: Option<Vec<String>>| list.is_some_and(|list| list.contains(&service));
        let what = job.what("enabling");
        let clock = job.desk.clock();
        let until = job.until("create", &planned);
        if !is_on(enabled(job.session, job.spec, &planned, &what).await?) {
            let Some(call) = &job.spec.create else { return Ok(planned) };
            let ask = job.ask(call, &planned, None, "enabling")?;
            let mut pause = Duration::from_secs(5);
            let answer = loop {
                match job.send(&ask, &planned, until).await {
                    Err(refused)
                        if refused
                            .message
                            .contains("activation or deactivation is in progress")
                            && clock.now() < until =>
                    {
                        clock.sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_secs(30));
                    }
                    other => break other?,
                }
            };
            job.wait(answer, &planned, until).await?;
            while !is_on(enabled(job.session, job.spec, &planned, &what).await?) {
                if clock.now() >= until {
                    let detail = format!(
                        "{what}: the service \"{service}\" was enabled but is not listed yet."
                    );
                    return Err(
                        ApiError::new(ApiErrorKind::Timeout, "Not ready in time", detail).into()
                    );
                }
                job.desk.note("waiting until the service is listed as enabled");
                clock.sleep(Duration::from_secs(5)).await;
            }
        }
        Ok(crate::providers::rest::job::settled(&identified(job.spec, &planned)))
    }

    async fn update(
        &self,
        job: &Job<'_>,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        Ok(crate::providers::rest::job::settled(&identified(job.spec, planned)))
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let flag = |name: &str| prior.field(name).and_then(Value::as_bool) == Some(true);
        if !flag("disable_on_destroy") {
            job.desk.note("the service stays enabled (`disable_on_destroy` is not true)");
            return Ok(());
        }
        let Some(call) = &job.spec.delete else { return Ok(()) };
        let body = json!({ "disableDependentServices": flag("disable_dependent_services") });
        let until = job.until("delete", prior);
        let ask = job.ask(call, prior, Some(body), "disabling")?;
        match job.send(&ask, prior, until).await {
            Ok(answer) => {
                job.wait(answer, prior, until).await?;
                Ok(())
            }
            Err(refused) if refused.is_not_found() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

/// `data.google_client_config`.
pub struct ClientConfig;

#[async_trait]
impl Hook for ClientConfig {
    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        _config: &Value,
    ) -> Result<Value, ApiError> {
        let token = session.api.tokens.token().await?;
        let fill = |name: &str| {
            let value = session.defaults.fill(name).filter(|value| value.is_known()).cloned();
            value.unwrap_or(Value::null(Type::String))
        };
        let labels =
            session.defaults.labels.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let value = Value::object([
            ("project", fill("project")),
            ("region", fill("region")),
            ("zone", fill("zone")),
            ("access_token", Value::string(token).sensitive()),
            ("default_labels", Value::map(Type::String, labels)),
        ]);
        let text = |name: &str| Some(text_at(&value, name).unwrap_or_default());
        let id = spec.id.fill(text).unwrap_or_default();
        Ok(value.with_field("id", Value::string(id)))
    }
}

/// `data.google_project`.
pub struct Project;

#[async_trait]
impl Hook for Project {
    fn answered(&self, object: &mut Json, _base: Option<&Value>) {
        let parent = object.get("parent").cloned().unwrap_or_default();
        let kind = parent.get("type").and_then(Json::as_str).unwrap_or_default().to_string();
        let id = parent.get("id").cloned().unwrap_or_default();
        let only =
            |wanted: &str| if kind == wanted { id.clone() } else { Json::String(String::new()) };
        members::set_dotted(object, "orgId", only("organization"));
        members::set_dotted(object, "folderId", only("folder"));
    }

    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        let given = text_at(config, "project_id").map(Value::string);
        let default = session.defaults.fill("project").filter(|value| value.is_known()).cloned();
        let project = given.or(default).unwrap_or(Value::null(Type::String));
        let config = config.with_field("project_id", project);
        let mut value = session.read_plain_data(spec, &config).await?;
        let number = text_at(&value, "project_id").unwrap_or_default();
        let ask = Ask::get(
            "cloudbilling",
            format!("projects/{number}/billingInfo"),
            "reading the billing account",
        );
        if let Ok(found) = session.api.send(&ask, &*session.api.clock).await
            && let Some(account) = found.get("billingAccountName").and_then(Json::as_str)
        {
            value = value.with_field("billing_account", Value::string(last_segment(account)));
        }
        Ok(value)
    }
}
