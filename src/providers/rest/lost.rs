//! A create whose answer was lost: nobody knows whether it was done, so we look, and never make a second in silence.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use crate::addr::Address;
use crate::http::Method;
use crate::http::retry::Retry;
use crate::providers::{ApiError, ApiErrorKind, Failure, Found, Observed, Wanted};
use crate::state::Broken;
use crate::value::Value;

use super::api::Ask;
use super::equal::{Around, same};
use super::error::Refused;
use super::job::Job;
use super::session::RestSession;
use super::spec::{OperationKind, Part, Shape, Spec};

/// How long an operation that makes an object may be under way when a run that began it has ended.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(2);

impl Job<'_> {
    /// Sends the request that makes an object. Where its answer is lost, looks whether the object is there: one that
    /// is as planned is ours, one that differs is somebody else's, and where there is none it is sent again. Gives the
    /// answer; an empty one where the object was found.
    ///
    /// # Errors
    /// What the service answered instead, or that the object is not ours.
    pub async fn made(
        &self,
        ask: &Ask<'_>,
        planned: &Value,
        until: jiff::Timestamp,
    ) -> Result<Json, Failure> {
        let ask = once(&Ask { careful: true, ..ask.clone() });
        let id = self.spec.id.from_value(&self.session.located(self.spec, planned));
        if let Some(id) = &id {
            self.session.claims.claim(&self.spec.type_name, id, &self.action.address);
        }
        let (retry, mut lost, begun) = (Retry::default(), 0, self.desk.clock().now());
        loop {
            let refused = match self.send(&ask, planned, until).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            // A service with conditions in place of conflicts says 412.
            let conflict = matches!(refused.status(), 409 | 412);
            if conflict && lost == 0 {
                // Somebody on the way may have sent it twice: the conflict is with what the first one made.
                let there = self.session.get(self.spec, planned, &self.what("looking for")).await;
                return match there {
                    Ok(Some(json)) if made_since(&json, begun) => {
                        self.ours(planned, &json, id.as_deref()).await
                    }
                    _ => Err(refused.into()),
                };
            }
            // After a lost answer a conflict may be with what that try made.
            if !(refused.unknown || conflict) {
                return Err(refused.into());
            }
            let nameless = self.spec.read.as_ref().is_some_and(|read| {
                read.path.url(&self.session.located(self.spec, planned)).is_err()
            });
            if refused.unknown && nameless {
                // Nobody knows the name that the service gave it: whether it was made is a question that stays.
                return Err(open(refused));
            }
            lost += 1;
            self.desk.note("the answer was lost: looking whether it was done");
            match self.session.get(self.spec, planned, &self.what("looking for")).await? {
                Some(json) => return self.ours(planned, &json, id.as_deref()).await,
                None => match retry.pause(lost) {
                    Some(pause) => self.desk.clock().sleep(pause).await,
                    None => return Err(refused.into()),
                },
            }
        }
    }

    /// Takes an object that was found for the one that was asked for, where it is as planned and no other instance has it.
    async fn ours(&self, planned: &Value, found: &Json, id: Option<&str>) -> Result<Json, Failure> {
        if let Some(id) = id {
            let (type_name, address) = (&self.spec.type_name, &self.action.address);
            let other = match self.session.claims.other(type_name, id, address) {
                Some(other) => Some(other),
                None => self.desk.tracked(type_name, id).await,
            };
            if let Some(other) = other {
                return Err(self.anothers(id, &other).into());
            }
        }
        match self.session.is_as_planned(self.spec, planned, found) {
            true => Ok(Json::Object(Map::new())),
            false => Err(self.foreign().into()),
        }
    }

    fn anothers(&self, id: &str, other: &Address) -> ApiError {
        let address = &self.action.address;
        let detail = match other == address {
            true => format!(
                "The object \"{id}\" that {address} is made anew for still exists: both cannot have the same name at once."
            ),
            false => format!(
                "The object \"{id}\" that {address} asks for is that of {other}: two blocks cannot have one object."
            ),
        };
        ApiError::new(ApiErrorKind::Conflict, "The object exists already", detail)
            .help("Choose another name, or take one of the blocks away.")
    }

    fn foreign(&self) -> ApiError {
        let detail = format!(
            "There is an object of this name already, and it is not what {} asks for, so somebody else may have made it. \
             It was left alone.",
            self.action.address
        );
        ApiError::new(ApiErrorKind::Conflict, "The object exists already", detail)
            .help("Choose another name; or import the object, and the plan shows what would change in it.")
    }
}

impl RestSession {
    /// Says whether an object has all that was asked for.
    fn is_as_planned(&self, spec: &Spec, planned: &Value, json: &Json) -> bool {
        let all = self.decoded(spec, json, Some(planned));
        let other = other(&spec.parts, planned, &all, &all);
        if let Some(part) = other {
            tracing::info!(type_name = %spec.type_name, part, "is not as planned");
        }
        other.is_none()
    }

    /// Looks for what an action that was broken off has left: the object by its name, and what else its making may have
    /// left.
    ///
    /// # Errors
    /// What the service answered instead.
    pub async fn left(
        &self,
        spec: &Spec,
        wanted: &Wanted,
        broken: &Broken,
    ) -> Result<Found, ApiError> {
        let planned = self.located(spec, &wanted.value.without_marks());
        let hook = self.catalog.hook(spec);
        let strays = hook.strays(self, spec, &planned, broken).await?;
        let observed = |value| Observed { value, private: Vec::new() };
        let strays = strays.into_iter().map(observed).collect();
        let own = Wanted { value: planned.clone(), ..wanted.clone() };
        if let Some(mut read) = hook.read_many(self, spec, &[&own]).await {
            let object = read.pop().transpose()?.flatten().map(observed);
            return Ok(Found { complete: object.is_some(), object, strays, ..Found::default() });
        }
        if spec.read.as_ref().is_none_or(|call| call.path.url(&planned).is_err()) {
            // Its name is the service's own, and was never told.
            return Ok(Found { strays, ..Found::default() });
        }
        let address = wanted.address.to_string();
        let what = format!("looking for {address}");
        let mut found = self.get(spec, &planned, &what).await?;
        if matches!(spec.operation, OperationKind::Standard | OperationKind::Compute) {
            // What an operation still makes is not there before it is done.
            let clock = &self.api.clock;
            let until = clock.now() + UNDER_WAY;
            while found.is_none() && clock.now() < until {
                clock.sleep(self.api.poll).await;
                found = self.get(spec, &planned, &what).await?;
            }
        }
        let Some(json) = self.at_rest(spec, &planned, found, &address).await? else {
            return Ok(Found { strays, ..Found::default() });
        };
        let complete = self.is_as_planned(spec, &planned, &json);
        let object = Some(observed(self.observe(spec, json, Some(&planned)).await));
        Ok(Found { object, complete, strays, ..Found::default() })
    }
}

/// Gives the failure of a request of which nobody knows whether it was done, and nobody could find out: the next run asks.
pub fn open(refused: Refused) -> Failure {
    let mut failure = Failure::from(refused);
    failure.error.kind = ApiErrorKind::Unreachable;
    failure
}

/// Gives a request an id of its own, where its service takes one: however often it is sent, it is done once.
pub(super) fn once<'a>(ask: &Ask<'a>) -> Ask<'a> {
    let service = ask.service.strip_prefix("at:").unwrap_or(ask.service);
    let takes = service.split('/').next() == Some("compute") && ask.method != Method::GET;
    // The labels of a global address are the one change that takes none.
    let without = ask.path.contains("/global/addresses/") && ask.path.ends_with("/setLabels");
    if !takes || without || ask.path.contains("requestId=") {
        return ask.clone();
    }
    let mark = if ask.path.contains('?') { '&' } else { '?' };
    let path = format!("{}{mark}requestId={}", ask.path, uuid::Uuid::new_v4());
    Ask { path, ..ask.clone() }
}

/// Says whether the service tells that an object was made since an action began; its clock may be a little behind ours.
fn made_since(json: &Json, since: Timestamp) -> bool {
    const NAMES: [&str; 4] = ["timeCreated", "createTime", "creationTimestamp", "creationTime"];
    let made = NAMES.iter().find_map(|name| json.get(name)?.as_str()?.parse::<Timestamp>().ok());
    made.is_some_and(|made| made >= since - SignedDuration::from_secs(2))
}

/// Gives a part that is not as planned. What was not known when it was planned, which a journal keeps as null, may be anything.
fn other<'a>(parts: &'a [Part], planned: &Value, found: &Value, all: &Value) -> Option<&'a str> {
    let around = Around { prior: Some(all), beside: Some(found) };
    let sent = parts.iter().filter(|part| part.read.is_some() && part.write.is_some());
    let mut pairs = sent
        .filter_map(|part| Some((part, planned.field(&part.name)?, found.field(&part.name)?)))
        .filter(|(_, planned, _)| planned.is_known() && !planned.is_null());
    let other = pairs.find(|(part, planned, found)| {
        if planned.is_whole() && same(part.suppress.as_deref(), found, planned, around) {
            return false;
        }
        let Shape::Block { set, parts, .. } = &part.shape else { return planned.is_whole() };
        let (Some(wanted), Some(there)) = (planned.elements(), found.elements()) else {
            return self::other(parts, planned, found, all).is_some();
        };
        let has = |wanted: &Value, there: &Value| self::other(parts, wanted, there, all).is_none();
        wanted.len() != there.len()
            || match set {
                true => !wanted.iter().all(|wanted| there.iter().any(|there| has(wanted, there))),
                false => !wanted.iter().zip(there).all(|(wanted, there)| has(wanted, there)),
            }
    });
    other.map(|(part, _, _)| part.name.as_str())
}
