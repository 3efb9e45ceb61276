//! One action on one object: its requests, each told to the desk, and its waits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json, json};

use crate::http::Method;
use crate::providers::{Action, ApiError, ApiErrorKind, Desk, Failure, Observed};
use crate::value::{Path, Value};

use super::api::Ask;
use super::change::{self, Concern, patch};
use super::encode::{Empty, encode};
use super::equal::duration_seconds;
use super::error::Refused;
use super::hook::Hook;
use super::json;
use super::labels;
use super::lost::once;
use super::session::RestSession;
use super::spec::{Body, Call, How, Member, OperationKind, Spec};

/// An action under way.
pub struct Job<'a> {
    /// The session.
    pub session: &'a RestSession,
    /// The file.
    pub spec: &'a Spec,
    /// Its hook.
    pub hook: &'static dyn Hook,
    /// The action.
    pub action: &'a Action,
    /// Where it reports.
    pub desk: &'a dyn Desk,
}

impl Job<'_> {
    /// Says what is being done, for errors and the journal.
    pub fn what(&self, deed: &str) -> String {
        format!("{deed} {}", self.action.address)
    }

    /// Makes the request of a call, with the object where the call has it.
    ///
    /// # Errors
    /// An attribute that the path needs is not known.
    pub fn ask(
        &self,
        call: &Call,
        value: &Value,
        object: Option<Json>,
        deed: &str,
    ) -> Result<Ask<'_>, ApiError> {
        self.session.ask(self.spec, call, value, object, &self.what(deed))
    }

    /// Sends a request that changes the world: told before and after. Waits while other operations on the
    /// same thing are in the way.
    ///
    /// # Errors
    /// What the service answered instead.
    pub async fn send(
        &self,
        ask: &Ask<'_>,
        identity: &Value,
        until: Timestamp,
    ) -> Result<Json, Refused> {
        let clock = self.desk.clock();
        let ask = &once(ask);
        let url = self.session.api.url(ask)?;
        let number = self.intent(ask, &url, identity).await?;
        loop {
            let sent = self.session.api.send(ask, &*clock).await;
            match sent {
                Err(refused) if self.is_busy(&refused) && clock.now() < until => {
                    self.desk.note("waiting for another operation on the same thing");
                    clock.sleep(Duration::from_secs(10)).await;
                }
                Ok(answer) => {
                    self.desk.answer(number, "ok").await;
                    return Ok(answer);
                }
                Err(refused) => {
                    let outcome = format!("{}: {}", refused.status(), refused.message);
                    self.desk.answer(number, &outcome).await;
                    return Err(refused);
                }
            }
        }
    }

    /// Tells the journal of a request that is about to be sent; gives its number there.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn intent(
        &self,
        ask: &Ask<'_>,
        url: &str,
        identity: &Value,
    ) -> Result<u64, ApiError> {
        let mut known = json!({ "type": self.spec.type_name, "id": identity.field("id").and_then(Value::as_str) });
        if let Some((name, told)) = &ask.told {
            known[*name] = told.clone();
        }
        self.desk.intent(&format!("{} {url}", ask.method), known).await
    }

    /// Sends a request that the file has no word for, and waits for what it begins. Gives its answer.
    ///
    /// # Errors
    /// What the service answered instead.
    pub async fn perform(
        &self,
        method: Method,
        path: String,
        body: Option<Json>,
        (deed, value): (&str, &Value),
    ) -> Result<Json, ApiError> {
        let until = self.until("update", value);
        let ask = Ask::get(&self.spec.service, path, self.what(deed));
        let answer = self.send(&Ask { method, body, ..ask }, value, until).await?;
        self.wait(answer, value, until).await
    }

    /// Says whether a refusal means that another operation is in the way, which ends.
    fn is_busy(&self, refused: &Refused) -> bool {
        match self.spec.operation {
            OperationKind::Gke => refused.is_busy(),
            OperationKind::Sql => {
                let in_the_way = |reason: &String| reason == "operationInProgress";
                refused.status() == 409 && refused.reasons.iter().any(in_the_way)
            }
            _ => false,
        }
    }

    /// Gives the moment until which the action may take.
    pub fn until(&self, deed: &str, value: &Value) -> Timestamp {
        let written =
            value.field("timeouts").and_then(|times| times.field(deed)).and_then(Value::as_str);
        let fixed = self.spec.timeouts.get(deed).copied().unwrap_or(1200);
        #[expect(clippy::cast_possible_truncation, reason = "timeouts are small")]
        let seconds = written
            .and_then(duration_seconds)
            .map_or(fixed.cast_signed(), |seconds| seconds as i64);
        self.desk.clock().now() + SignedDuration::from_secs(seconds)
    }

    /// Waits for the operation that a call answered with. Gives the operation's response, where it has one.
    ///
    /// # Errors
    /// The operation failed, or took too long.
    pub async fn wait(
        &self,
        answer: Json,
        value: &Value,
        until: Timestamp,
    ) -> Result<Json, ApiError> {
        let kind = self.spec.operation;
        let clock = self.desk.clock();
        let mut operation = answer;
        let mut pause = Duration::from_secs(2);
        let name = operation.get("name").and_then(Json::as_str).unwrap_or_default().to_string();
        let is_operation = match kind {
            OperationKind::None => false,
            OperationKind::Gke => {
                operation.get("operationType").is_some() || operation.get("status").is_some()
            }
            OperationKind::Standard => name.contains("operations/"),
            OperationKind::Compute => operation["kind"] == "compute#operation",
            OperationKind::Sql => operation["kind"] == "sql#operation",
        };
        if !is_operation {
            return Ok(operation);
        }
        loop {
            if let Some(done) = finished(kind, &operation) {
                let failed = |message: String| {
                    let detail = format!(
                        "{}: the operation {name} failed: {message}",
                        self.what("working on")
                    );
                    ApiError::new(ApiErrorKind::Failed, "Operation failed", detail)
                };
                return done.map_err(failed);
            }
            if clock.now() >= until {
                let detail = format!(
                    "{}: the operation {name} did not end in time.",
                    self.what("waiting for")
                );
                return Err(ApiError::new(ApiErrorKind::Timeout, "Not ready in time", detail)
                    .help("Plan again later, or give more time in a `timeouts` block."));
            }
            self.desk.note("waiting for its operation");
            tracing::info!(address = %self.action.address, operation = name, "waiting");
            clock.sleep(pause).await;
            pause = (pause * 2).min(self.session.api.poll);
            let path = match kind {
                OperationKind::Compute => own_place(&operation),
                _ => self.session.operation_path(self.spec, value, &name)?,
            };
            let ask = Ask::get(&self.spec.service, path, self.what("waiting for"));
            match self.session.api.send(&ask, &*clock).await {
                Ok(found) => operation = found,
                Err(refused) if refused.is_not_found() => {}
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Waits until the object is at rest, where the file says when it is. Gives its JSON.
    ///
    /// # Errors
    /// It is in a bad state, does not exist, or takes too long.
    pub async fn rest(&self, value: &Value, until: Timestamp) -> Result<Json, ApiError> {
        let clock = self.desk.clock();
        let mut missing = 0;
        loop {
            let found = self.session.get(self.spec, value, &self.what("reading")).await?;
            let status = self.spec.rests.as_ref().zip(found.as_ref()).map(|(rests, json)| {
                let status = json.get(&rests.field).and_then(Json::as_str).unwrap_or_default();
                (
                    status.to_string(),
                    rests.ready.iter().any(|ready| ready == status),
                    rests.failed.contains(&status.to_string()),
                )
            });
            match (found, status) {
                (Some(json), None | Some((_, true, _))) => return Ok(json),
                (Some(json), Some((status, _, true))) => {
                    let said = json
                        .get("statusMessage")
                        .and_then(Json::as_str)
                        .unwrap_or("no explanation was given");
                    let detail =
                        format!("{}: its status is {status}: {said}", self.what("waiting for"));
                    return Err(ApiError::new(ApiErrorKind::Failed, "Operation failed", detail));
                }
                (Some(_), Some((status, ..))) if clock.now() < until => {
                    self.desk.note(&format!("waiting until it is ready: {status}"));
                    clock.sleep(Duration::from_secs(5)).await;
                }
                (None, _) if missing < 30 && clock.now() < until => {
                    missing += 1;
                    clock.sleep(Duration::from_secs(2)).await;
                }
                _ => {
                    let detail =
                        format!("{}: it did not come to rest in time.", self.what("waiting for"));
                    return Err(ApiError::new(ApiErrorKind::Timeout, "Not ready in time", detail));
                }
            }
        }
    }

    /// Keeps the object as far as it is known between requests.
    pub async fn keep(&self, value: &Value) {
        self.desk.keep(&Observed { value: settled(value), private: Vec::new() }).await;
    }

    /// Gives the JSON of a new object.
    pub fn body(&self, planned: &Value) -> Json {
        let mut object = encode(&self.spec.parts, planned, Empty::Omitted);
        labels::fill(self.spec, &mut object, planned);
        self.hook.asked(&mut object, planned);
        object
    }

    /// Makes the object as the file says.
    ///
    /// # Errors
    /// What stood in the way, with the object as far as it was made.
    pub async fn create(&self, planned: &Value) -> Result<Value, Failure> {
        let Some(call) = &self.spec.create else { return Ok(settled(planned)) };
        let planned = self.session.located(self.spec, planned);
        let until = self.until("create", &planned);
        let ask = self.ask(call, &planned, Some(self.body(&planned)), "creating")?;
        let answer = self.made(&ask, &planned, until).await?;
        let partial = self.identified(&planned, &answer);
        if self.spec.operation != OperationKind::None {
            self.keep(&partial).await;
            if let Err(error) = self.wait(answer, &partial, until).await {
                return Err(self.failed(error, &partial).await);
            }
        }
        self.settle(&partial, until).await
    }

    /// Reads the object once it is at rest.
    ///
    /// # Errors
    /// As [`Job::rest`], with the object as far as it is known.
    pub async fn settle(&self, planned: &Value, until: Timestamp) -> Result<Value, Failure> {
        match self.rest(planned, until).await {
            Ok(json) => Ok(self.session.observe(self.spec, json, Some(planned)).await),
            Err(error) => Err(self.failed(error, planned).await),
        }
    }

    /// Gives the failure of an object that was being made: it is kept where it exists.
    pub async fn failed(&self, error: ApiError, planned: &Value) -> Failure {
        let found = self.session.get(self.spec, planned, &self.what("reading")).await;
        let partial = match found {
            Ok(Some(json)) => Some(self.session.observe(self.spec, json, Some(planned)).await),
            Ok(None) => None,
            Err(_) => Some(settled(planned)),
        };
        Failure { error, partial: partial.map(|value| Observed { value, private: Vec::new() }) }
    }

    /// Fills in of an answer what the paths of further requests need.
    fn identified(&self, planned: &Value, answer: &Json) -> Value {
        if self.spec.operation != OperationKind::None || !answer.is_object() {
            return planned.with_field("id", self.spec.id.value(planned));
        }
        let decoded = super::decode::decode(&self.spec.parts, answer, Some(planned));
        let mut value = planned.clone();
        for part in &self.spec.parts {
            let unknown = value.field(&part.name).is_none_or(|field| !field.is_known());
            if let Some(found) =
                decoded.field(&part.name).filter(|found| unknown && !found.is_null())
            {
                value = value.with_field(&part.name, found.clone());
            }
        }
        let id = self.spec.id.value(&value);
        value.with_field("id", id)
    }

    /// Changes the object as the file says.
    ///
    /// # Errors
    /// What stood in the way.
    pub async fn update(&self, prior: &Value, planned: &Value) -> Result<Value, Failure> {
        let until = self.until("update", planned);
        match self.spec.update.how {
            How::Never | How::Client => {}
            How::Fields => {
                for concern in change::concerns(&self.spec.parts, prior, planned) {
                    self.concern(&concern, planned, until).await?;
                }
            }
            How::Merge | How::QueryMask | How::BodyMask | How::Subset | How::Whole => {
                self.patch(prior, planned, until).await?
            }
        }
        self.settle(planned, until).await
    }

    async fn patch(&self, prior: &Value, planned: &Value, until: Timestamp) -> Result<(), Failure> {
        let Some(call) = &self.spec.update.call else { return Ok(()) };
        let mut patch = patch(self.spec, prior, planned);
        self.hook.asked(&mut patch.body, planned);
        if patch.names.is_empty() {
            return Ok(());
        }
        if self.spec.update.how == How::Whole {
            patch.body = self.body(planned);
        }
        self.mark(&mut patch.body, prior).await?;
        let mut ask = self.ask(call, planned, Some(patch.body), "updating")?;
        match self.spec.update.how {
            How::QueryMask => {
                let mask = patch.mask.iter().cloned().collect::<Vec<_>>().join(",");
                let mark = if ask.path.contains('?') { '&' } else { '?' };
                ask.path.push_str(&format!("{mark}updateMask={mask}"));
            }
            How::BodyMask => {
                let mask = patch.mask.iter().cloned().collect::<Vec<_>>().join(",");
                if let Some(body) = &mut ask.body {
                    json::set_dotted(body, "updateMask", Json::String(mask));
                }
            }
            _ => {}
        }
        let answer = self.send(&ask, planned, until).await?;
        self.wait(answer, planned, until).await?;
        Ok(())
    }

    /// Puts the mark of the object as it stands into a body, where the file says that a change wants one.
    async fn mark(&self, body: &mut Json, value: &Value) -> Result<(), Failure> {
        let Some(member) = &self.spec.update.precondition else { return Ok(()) };
        let found = self.session.get(self.spec, value, &self.what("reading")).await?;
        if let Some(mark) = found.as_ref().and_then(|found| found.get(member)) {
            json::set_dotted(body, member, mark.clone());
        }
        Ok(())
    }

    /// Sends the call of one concern of an update, and waits.
    ///
    /// # Errors
    /// What stood in the way.
    pub async fn concern(
        &self,
        concern: &Concern,
        planned: &Value,
        until: Timestamp,
    ) -> Result<(), Failure> {
        let call = match self.spec.rpcs.get(&concern.rpc) {
            Some(call) => call,
            None => match &self.spec.update.call {
                Some(call) => call,
                None => return Ok(()),
            },
        };
        let mut body = concern.body.clone();
        if !self.spec.rpcs.contains_key(&concern.rpc) {
            self.mark(&mut body, planned).await?;
        }
        let ask = self.ask(call, planned, Some(body), "updating")?;
        self.desk.note(&format!("changing {}", concern.names.join(", ")));
        let answer = self.send(&ask, planned, until).await?;
        self.wait(answer, planned, until).await?;
        Ok(())
    }

    /// Removes the object as the file says; one that is gone already is as good.
    ///
    /// # Errors
    /// What stood in the way.
    pub async fn delete(&self, prior: &Value) -> Result<(), Failure> {
        let Some(call) = &self.spec.delete else { return Ok(()) };
        let until = self.until("delete", prior);
        let ask = self.ask(call, prior, None, "deleting")?;
        match self.send(&ask, prior, until).await {
            Ok(answer) => {
                self.wait(answer, prior, until).await?;
                Ok(())
            }
            Err(refused) if refused.is_not_found() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

/// Gives the path of an operation of Compute Engine, which says itself where it is.
fn own_place(operation: &Json) -> String {
    let link = operation["selfLink"].as_str().unwrap_or_default();
    let below = link.find("/projects/").map_or(link, |at| &link[at + 1..]);
    below.to_string()
}

/// Says whether an operation has ended, and how.
fn finished(kind: OperationKind, operation: &Json) -> Option<Result<Json, String>> {
    let text =
        |path: &str| operation.pointer(path).and_then(Json::as_str).filter(|text| !text.is_empty());
    match kind {
        OperationKind::None => Some(Ok(operation.clone())),
        OperationKind::Compute | OperationKind::Sql => {
            if text("/status") != Some("DONE") {
                return None;
            }
            let failed = text("/error/errors/0/message").or_else(|| text("/httpErrorMessage"));
            Some(failed.map_or(Ok(operation.clone()), |message| Err(message.to_string())))
        }
        OperationKind::Gke => {
            if text("/status") != Some("DONE") {
                return None;
            }
            let failed = text("/error/message").or_else(|| text("/statusMessage"));
            Some(failed.map_or(Ok(operation.clone()), |message| Err(message.to_string())))
        }
        OperationKind::Standard => {
            if operation.get("done").and_then(Json::as_bool) != Some(true) {
                return None;
            }
            let failed = text("/error/message");
            let response = operation.get("response").cloned().unwrap_or(Json::Null);
            Some(failed.map_or(Ok(response), |message| Err(message.to_string())))
        }
    }
}

/// Gives an object as it stands: what is unknown is null.
pub fn settled(value: &Value) -> Value {
    if value.is_whole() {
        return value.clone();
    }
    if !value.is_known() {
        let null = match value.ty() {
            crate::value::Type::List(element)
                if matches!(*element, crate::value::Type::Object(_)) =>
            {
                Value::list(*element, Vec::new())
            }
            crate::value::Type::Set(element)
                if matches!(*element, crate::value::Type::Object(_)) =>
            {
                Value::set(*element, Vec::new())
            }
            ty => Value::null(ty),
        };
        return null.with_marks(value.marks());
    }
    value.map_parts(&mut settled)
}

/// Makes the body of a call: the object where it stands, and the call's fixed members.
pub fn body(call: &Call, value: &Value, object: Option<Json>) -> Option<Json> {
    let mut body = match (&call.body, object) {
        (Body::Whole, object) => object,
        (Body::In(member), Some(object)) => {
            let mut whole = Json::Object(Map::new());
            json::set_dotted(&mut whole, member, object);
            Some(whole)
        }
        (Body::In(_) | Body::None, _) => None,
    };
    for (path, member) in &call.with {
        let json = match member {
            Member::Text(template) => template.from_value(value).map(Json::String),
            Member::Fixed(json) => Some(json.clone()),
        };
        if let Some(json) = json {
            let place = match &call.body {
                // What is said of the object itself (a pool's id) stands beside it, in the same member.
                Body::In(member) if path.starts_with("desired") => format!("{member}.{path}"),
                _ => path.clone(),
            };
            json::set_dotted(body.get_or_insert_with(|| Json::Object(Map::new())), &place, json);
        }
    }
    body
}

/// Gives the error of an object that its configuration protects.
pub fn protected(value: &Value) -> Option<(Path, String)> {
    let flag = value.field("deletion_protection").and_then(Value::as_bool) == Some(true);
    if flag {
        let path = Path::root().attribute("deletion_protection");
        return Some((
            path,
            "`deletion_protection` is true in the state. Set it to false and apply first.".into(),
        ));
    }
    let policy = value.field("deletion_policy").and_then(Value::as_str) == Some("PREVENT");
    policy.then(|| {
        let path = Path::root().attribute("deletion_policy");
        (path, "`deletion_policy` is \"PREVENT\" in the state. Change it and apply first.".into())
    })
}
