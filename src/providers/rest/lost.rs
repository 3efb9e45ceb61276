//! A create whose answer was lost: nobody knows whether it was done, so we look, and never make a second in silence.

use serde_json::{Map, Value as Json};

use crate::http::retry::Retry;
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::Value;

use super::api::Ask;
use super::equal::{Around, same};
use super::job::Job;

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
        let ask = Ask { careful: true, ..ask.clone() };
        let (retry, mut lost) = (Retry::default(), 0);
        loop {
            let refused = match self.send(&ask, planned, until).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            // After a lost answer a conflict may be with what that try made.
            if !(refused.unknown || (lost > 0 && refused.status() == 409)) {
                return Err(refused.into());
            }
            lost += 1;
            self.desk.note("the answer was lost: looking whether it was done");
            match self.session.get(self.spec, planned, &self.what("looking for")).await? {
                Some(json) if self.is_as_planned(planned, &json) => {
                    return Ok(Json::Object(Map::new()));
                }
                Some(_) => return Err(self.foreign().into()),
                None => match retry.pause(lost) {
                    Some(pause) => self.desk.clock().sleep(pause).await,
                    None => return Err(refused.into()),
                },
            }
        }
    }

    /// Says whether an object has all that was asked for.
    fn is_as_planned(&self, planned: &Value, json: &Json) -> bool {
        let all = self.session.decoded(self.spec, json, Some(planned));
        let sent =
            self.spec.parts.iter().filter(|part| part.read.is_some() && part.write.is_some());
        sent.filter_map(|part| Some((part, planned.field(&part.name)?, all.field(&part.name)?)))
            .filter(|(_, planned, _)| planned.is_whole() && !planned.is_null())
            .all(|(part, planned, found)| {
                let around = Around { prior: Some(&all), beside: Some(&all) };
                same(part.suppress.as_deref(), found, planned, around)
            })
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
