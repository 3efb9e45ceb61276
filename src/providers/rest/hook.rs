//! Where code stands for what the words of resource files cannot say.
//!
//! A hook is a row of a table; a file names it. Each method has a default that does what the file's words say.

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::providers::{ApiError, Failure, Problem, Wanted};
use crate::state::Broken;
use crate::value::Value;

use super::job::Job;
use super::plan::Draft;
use super::session::RestSession;
use super::spec::Spec;

/// The code of one resource type, or of several that are alike.
#[async_trait]
pub trait Hook: Send + Sync {
    /// Changes a plan.
    fn plan(&self, _draft: &mut Draft<'_>) {}

    /// Checks a configuration further.
    fn validate(&self, _config: &Value) -> Vec<Problem> {
        Vec::new()
    }

    /// Takes an element of a list apart, where several objects of ours stand in it.
    fn apart(&self, element: Json) -> Vec<Json> {
        vec![element]
    }

    /// Changes the service's JSON before it is decoded.
    fn answered(&self, _object: &mut Json, _base: Option<&Value>) {}

    /// Changes the JSON of a new object before it is sent.
    fn asked(&self, _object: &mut Json, _planned: &Value) {}

    /// Changes what was decoded.
    fn decoded(&self, value: Value, _object: &Json, _base: Option<&Value>) -> Value {
        value
    }

    /// Takes an import id apart, where the file's forms do not tell it all.
    fn imported(&self, value: Value) -> Value {
        value
    }

    /// Fills in where an object is, from what else it says of itself.
    fn located(&self, value: Value) -> Value {
        value
    }

    /// Reads objects in its own way; nothing where the file's way is to be gone.
    async fn read_many(
        &self,
        _session: &RestSession,
        _spec: &Spec,
        _wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        None
    }

    /// Gives objects that a broken-off making of this one may have left, and that are of no use: what their making gave
    /// was lost.
    async fn strays(
        &self,
        _session: &RestSession,
        _spec: &Spec,
        _planned: &Value,
        _broken: &Broken,
    ) -> Result<Vec<Value>, ApiError> {
        Ok(Vec::new())
    }

    /// Adds what takes further requests to what was read.
    async fn enrich(
        &self,
        _session: &RestSession,
        _spec: &Spec,
        value: Value,
        _object: &Json,
    ) -> Value {
        value
    }

    /// Reads a data source, or opens an ephemeral resource.
    async fn data(
        &self,
        session: &RestSession,
        spec: &Spec,
        config: &Value,
    ) -> Result<Value, ApiError> {
        session.read_plain_data(spec, config).await
    }

    /// Gives back what an ephemeral resource has opened.
    async fn close(
        &self,
        _session: &RestSession,
        _spec: &Spec,
        _opened: &Value,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Makes an object.
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        job.create(planned).await
    }

    /// Goes on with what the making of an object does after its first request, where a run ended in between.
    async fn resume(
        &self,
        _job: &Job<'_>,
        _planned: &Value,
        found: &Value,
    ) -> Result<Value, Failure> {
        Ok(found.clone())
    }

    /// Changes an object.
    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        job.update(prior, planned).await
    }

    /// Removes an object.
    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        job.delete(prior).await
    }
}

/// The hook of types that need none.
pub struct Plain;

#[async_trait]
impl Hook for Plain {}
