//! Providers without a service: `terraform`, `random`, `null`.
//!
//! Each type is a row of a table: its schema, how it is planned, how it is made. Their objects live in the
//! state alone: what is read is what was saved.

mod null;
mod random;
mod terraform;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Failure, Observed, PlanRequest, Planned, Problem,
    Provider, Session, Wanted, World,
};
use crate::addr::Mode;
use crate::diag::Diagnostic;
use crate::schema::{Field, Given, Schema};
use crate::value::{Kind, Path, Type, Value};

/// One type of a small provider.
pub(super) struct Row {
    /// Its name.
    pub(super) type_name: &'static str,
    /// Its schema.
    pub(super) schema: fn() -> Schema,
    /// Plans one object.
    pub(super) plan: fn(&PlanRequest<'_>) -> Planned,
    /// Makes the object: gives the planned value with all that was unknown filled in.
    pub(super) make: fn(&Value) -> Result<Value, ApiError>,
    /// Checks what the schema cannot say.
    pub(super) validate: fn(&Value) -> Vec<Problem>,
    /// Gives what an import id stands for.
    pub(super) import: fn(&str) -> Result<Value, String>,
}

/// A provider made of rows.
struct Small {
    source: &'static str,
    rows: &'static [Row],
}

/// Gives all small providers.
pub fn small() -> Vec<Arc<dyn Provider>> {
    let tables: [(&'static str, &'static [Row]); 3] = [
        ("builtin/terraform", terraform::ROWS),
        ("hashicorp/random", random::ROWS),
        ("hashicorp/null", null::ROWS),
    ];
    let providers = tables.into_iter().map(|(source, rows)| Small { source, rows });
    providers.map(|provider| Arc::new(provider) as Arc<dyn Provider>).collect()
}

impl Small {
    fn row(&self, type_name: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.type_name == type_name)
    }
}

impl Provider for Small {
    fn source(&self) -> &str {
        self.source
    }

    fn schema(&self) -> Arc<Schema> {
        Arc::new(Schema::default())
    }

    fn type_names(&self, mode: Mode) -> Vec<String> {
        let rows = self.rows.iter().filter(|_| mode == Mode::Managed);
        rows.map(|row| row.type_name.to_string()).collect()
    }

    fn resource(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        let row = self.row(type_name).filter(|_| mode == Mode::Managed)?;
        Some(Arc::new((row.schema)()))
    }

    fn validate(&self, _mode: Mode, type_name: &str, config: &Value) -> Vec<Problem> {
        self.row(type_name).map(|row| (row.validate)(config)).unwrap_or_default()
    }

    fn plan(&self, request: &PlanRequest<'_>) -> Planned {
        match self.row(request.type_name) {
            Some(row) => (row.plan)(request),
            None => planned(request.proposed.clone(), Vec::new()),
        }
    }

    fn import(&self, type_name: &str, id: &str, _provider_config: &Value) -> Result<Value, String> {
        match self.row(type_name) {
            Some(row) => (row.import)(id),
            None => Err(format!("There is no type {type_name}.")),
        }
    }

    fn configure(
        &self,
        _config: &Value,
        _world: &World,
    ) -> Result<Arc<dyn Session>, Box<Diagnostic>> {
        Ok(Arc::new(SmallSession { rows: self.rows }))
    }
}

struct SmallSession {
    rows: &'static [Row],
}

#[async_trait]
impl Session for SmallSession {
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>> {
        let as_saved = |wanted: &Wanted| {
            Ok(Some(Observed { value: wanted.value.clone(), private: wanted.private.clone() }))
        };
        wanted.iter().map(as_saved).collect()
    }

    async fn read_data(&self, type_name: &str, _config: &Value) -> Result<Value, ApiError> {
        let detail = format!("There is no data source {type_name}.");
        Err(ApiError::new(ApiErrorKind::Invalid, "Invalid data source", detail))
    }

    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        let planned = match &action.deed {
            Deed::Delete { .. } => return Ok(None),
            Deed::Create { planned, .. } | Deed::Update { planned, .. } => planned,
        };
        let row = self.rows.iter().find(|row| row.type_name == action.type_name);
        let Some(row) = row else {
            let detail = format!("There is no type {}.", action.type_name);
            return Err(
                ApiError::new(ApiErrorKind::Invalid, "Invalid resource type", detail).into()
            );
        };
        // Nothing is sent anywhere, but what is made exists from here on.
        let call = desk.intent(&format!("make {}", action.address), json!({})).await?;
        let value = (row.make)(planned)?;
        desk.answer(call, "made").await;
        Ok(Some(Observed { value, private: action.private.clone() }))
    }
}

/// Makes a plan without problems and notes.
pub(super) fn planned(after: Value, replaces: Vec<Path>) -> Planned {
    Planned { after, replaces, problems: Vec::new(), notes: Vec::new() }
}

/// Plans an object that is made anew when any of these arguments changes.
pub(super) fn replaced_by(request: &PlanRequest<'_>, arguments: &[&str]) -> Planned {
    let Some(prior) = request.prior else { return planned(request.proposed.clone(), Vec::new()) };
    let part = |value: &Value, name: &str| value.field(name).map(Value::without_marks);
    let changed = arguments.iter().filter(|name| part(prior, name) != part(request.proposed, name));
    let replaces = changed.map(|name| Path::root().attribute(*name)).collect();
    planned(request.proposed.clone(), replaces)
}

/// Sets a field where it is not known yet.
pub(super) fn fill(value: &Value, name: &str, with: impl FnOnce() -> Value) -> Value {
    match value.field(name).map(Value::kind) {
        Some(Kind::Unknown(..)) => value.with_field(name, with()),
        _ => value.clone(),
    }
}

/// Gives random bytes of the system.
pub(super) fn random_bytes(length: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|error| {
        let detail = format!("The system gives no random bytes: {error}.");
        ApiError::new(ApiErrorKind::Internal, "No randomness", detail)
    })?;
    Ok(bytes)
}

/// Says that a type cannot be imported.
pub(super) fn no_import(_id: &str) -> Result<Value, String> {
    Err("Objects of this type live in the state alone and cannot be imported.".into())
}

/// Checks nothing.
pub(super) fn no_checks(_config: &Value) -> Vec<Problem> {
    Vec::new()
}

/// Gives the `keepers` or `triggers` field: a map of text whose change replaces.
pub(super) fn keepers() -> Field {
    Field::attribute(Type::map(Type::String), Given::Optional).replaces()
}
