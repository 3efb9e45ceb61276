//! Providers without a service: `terraform`, `random`, `null`, `time`, `local`, `tls`, `http`.
//!
//! Each type is a row of a table: its schema, how it is planned, made, read, removed. Most of their objects live
//! in the state alone: what is read is what was saved. Attributes, defaults, schema versions and what is said of
//! wrong arguments are those of the original providers, so that states are shared.

mod check;
mod http;
mod local;
mod moment;
mod null;
mod random;
mod random_text;
mod remote_state;
mod seeded;
mod terraform;
mod time;
pub mod tls;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::Value as Json;

use super::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Failure, Observed, PlanRequest, Planned, Problem,
    Provider, Session, Wanted, World,
};
use crate::addr::Mode;
use crate::diag::Diagnostic;
use crate::schema::{Field, Given, Schema};
use crate::value::{Kind, Path, Type, Value};

/// One resource type of a small provider.
pub(super) struct Row {
    /// Its name.
    pub(super) type_name: &'static str,
    /// Its schema.
    pub(super) schema: fn() -> Schema,
    /// Plans one object.
    pub(super) plan: fn(&PlanRequest<'_>) -> Planned,
    /// Makes or changes the object: gives the planned value with all that was unknown filled in.
    pub(super) make: fn(&Making<'_>) -> Result<Value, ApiError>,
    /// That takes a while, in which others are to go on.
    pub(super) long: bool,
    /// Checks what the schema cannot say.
    pub(super) validate: fn(&Value) -> Vec<Problem>,
    /// Gives what an import id stands for.
    pub(super) import: fn(&str) -> Result<Value, String>,
    /// Looks at the object as it is now; nothing where it is gone.
    pub(super) read: fn(&Value, &World) -> Result<Option<Value>, ApiError>,
    /// Removes the object.
    pub(super) remove: fn(&Value, &World) -> Result<(), ApiError>,
    /// Says how long to wait before the object is made or removed.
    pub(super) wait: fn(&Deed) -> Result<Duration, ApiError>,
    /// Brings attributes of an older schema version to the present one.
    pub(super) upgrade: fn(u64, Json) -> Result<Json, String>,
}

/// One data source of a small provider.
pub(super) struct DataRow {
    /// Its name.
    pub(super) type_name: &'static str,
    /// Its schema.
    pub(super) schema: fn() -> Schema,
    /// Checks what the schema cannot say.
    pub(super) validate: fn(&Value) -> Vec<Problem>,
    /// Reads it.
    pub(super) read: for<'a> fn(&'a Value, &'a World) -> BoxFuture<'a, Result<Value, ApiError>>,
}

/// What an object is made from.
pub(super) struct Making<'a> {
    /// As planned.
    pub(super) planned: &'a Value,
    /// As it stands, where it is changed.
    pub(super) prior: Option<&'a Value>,
    /// The machine.
    pub(super) world: &'a World,
}

impl Row {
    /// A type whose objects live in the state alone, are never changed but by the plan, and cannot be imported.
    pub(super) const fn new(
        type_name: &'static str,
        schema: fn() -> Schema,
        plan: fn(&PlanRequest<'_>) -> Planned,
        make: fn(&Making<'_>) -> Result<Value, ApiError>,
    ) -> Row {
        Row {
            type_name,
            schema,
            plan,
            make,
            long: false,
            validate: no_checks,
            import: no_import,
            read: |value, _| Ok(Some(value.clone())),
            remove: |_, _| Ok(()),
            wait: |_| Ok(Duration::ZERO),
            upgrade: |_, attributes| Ok(attributes),
        }
    }
}

/// A provider made of rows.
struct Small {
    source: &'static str,
    schema: fn() -> Schema,
    rows: &'static [Row],
    data: &'static [DataRow],
    /// What is opened for a run and never kept.
    ephemeral: &'static [DataRow],
    /// The schemas made so far.
    made: Mutex<BTreeMap<(Mode, &'static str), Arc<Schema>>>,
}

/// Gives all small providers.
pub fn small() -> Vec<Arc<dyn Provider>> {
    let plain = |source, rows, data| Small {
        source,
        schema: Schema::default,
        rows,
        data,
        ephemeral: &[],
        made: Mutex::default(),
    };
    let providers = [
        plain(terraform::SOURCE, terraform::ROWS, remote_state::DATA),
        Small { ephemeral: random::EPHEMERAL, ..plain("hashicorp/random", random::ROWS, &[]) },
        plain("hashicorp/null", null::ROWS, null::DATA),
        plain("hashicorp/time", time::ROWS, &[]),
        plain("hashicorp/local", local::ROWS, local::DATA),
        plain("hashicorp/http", &[], http::DATA),
        Small {
            schema: tls::provider_schema,
            ephemeral: tls::EPHEMERAL,
            ..plain("hashicorp/tls", tls::ROWS, tls::DATA)
        },
    ];
    providers.into_iter().map(|provider| Arc::new(provider) as Arc<dyn Provider>).collect()
}

fn row<'a>(rows: &'a [Row], type_name: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.type_name == type_name)
}

fn data_row<'a>(rows: &'a [DataRow], type_name: &str) -> Option<&'a DataRow> {
    rows.iter().find(|row| row.type_name == type_name)
}

impl Provider for Small {
    fn source(&self) -> &str {
        self.source
    }

    fn schema(&self) -> Arc<Schema> {
        Arc::new((self.schema)())
    }

    fn type_names(&self, mode: Mode) -> Vec<String> {
        let names: Vec<&str> = match mode {
            Mode::Managed => self.rows.iter().map(|row| row.type_name).collect(),
            Mode::Data => self.data.iter().map(|row| row.type_name).collect(),
            Mode::Ephemeral => self.ephemeral.iter().map(|row| row.type_name).collect(),
        };
        names.into_iter().map(String::from).collect()
    }

    fn resource(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        let (name, schema) = match mode {
            Mode::Managed => row(self.rows, type_name).map(|row| (row.type_name, row.schema))?,
            Mode::Data => data_row(self.data, type_name).map(|row| (row.type_name, row.schema))?,
            Mode::Ephemeral => {
                data_row(self.ephemeral, type_name).map(|row| (row.type_name, row.schema))?
            }
        };
        let schema = || if mode == Mode::Ephemeral { fleeting(schema()) } else { schema() };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        Some(made.entry((mode, name)).or_insert_with(|| Arc::new(schema())).clone())
    }

    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Problem> {
        let validate = match mode {
            Mode::Managed => row(self.rows, type_name).map(|row| row.validate),
            Mode::Data => data_row(self.data, type_name).map(|row| row.validate),
            Mode::Ephemeral => data_row(self.ephemeral, type_name).map(|row| row.validate),
        };
        validate.map(|validate| validate(config)).unwrap_or_default()
    }

    fn decides(&self, mode: Mode, path: &Path, name: &str) -> Option<Problem> {
        if self.source == terraform::SOURCE {
            return (mode == Mode::Managed).then(|| terraform::read_only(path, name));
        }
        Some(Problem { path: path.clone(), ..check::read_only() })
    }

    fn sends(&self) -> bool {
        false
    }

    fn plan(&self, request: &PlanRequest<'_>) -> Planned {
        match row(self.rows, request.type_name) {
            Some(row) => (row.plan)(request),
            None => planned(request.proposed.clone(), Vec::new()),
        }
    }

    fn upgrade(&self, type_name: &str, version: u64, attributes: Json) -> Result<Json, String> {
        match row(self.rows, type_name) {
            Some(row) => (row.upgrade)(version, attributes),
            None => Ok(attributes),
        }
    }

    fn import(&self, type_name: &str, id: &str, _provider_config: &Value) -> Result<Value, String> {
        match row(self.rows, type_name) {
            Some(row) => (row.import)(id),
            None => Err(format!("There is no type {type_name}.")),
        }
    }

    fn configure(
        &self,
        _config: &Value,
        world: &World,
    ) -> Result<Arc<dyn Session>, Box<Diagnostic>> {
        Ok(Arc::new(SmallSession {
            rows: self.rows,
            data: self.data,
            ephemeral: self.ephemeral,
            world: world.clone(),
        }))
    }
}

struct SmallSession {
    rows: &'static [Row],
    data: &'static [DataRow],
    ephemeral: &'static [DataRow],
    world: World,
}

#[async_trait]
impl Session for SmallSession {
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>> {
        wanted.iter().map(|wanted| self.read(wanted)).collect()
    }

    fn read_at_once(&self, wanted: &Wanted) -> Option<Result<Option<Observed>, ApiError>> {
        Some(self.read(wanted))
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        // Where both have a name, both read the same.
        let row = data_row(self.data, type_name).or_else(|| data_row(self.ephemeral, type_name));
        match row {
            Some(row) => (row.read)(config, &self.world).await,
            None => {
                Err(invalid("Invalid data source", format!("There is no data source {type_name}.")))
            }
        }
    }

    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        let Some(row) = row(self.rows, &action.type_name) else {
            let detail = format!("There is no type {}.", action.type_name);
            return Err(invalid("Invalid resource type", detail).into());
        };
        waited((row.wait)(&action.deed)?, desk).await?;
        let (planned, prior) = match &action.deed {
            Deed::Delete { prior } => {
                (row.remove)(prior, &self.world)?;
                return Ok(None);
            }
            Deed::Create { planned, .. } => (planned, None),
            Deed::Update { planned, prior, .. } => (planned, Some(prior)),
        };
        let value = if row.long {
            self.beside(row.make, planned.clone(), prior.cloned()).await?
        } else {
            (row.make)(&Making { planned, prior, world: &self.world })?
        };
        Ok(Some(Observed { value, private: action.private.clone() }))
    }
}

impl SmallSession {
    fn read(&self, wanted: &Wanted) -> Result<Option<Observed>, ApiError> {
        let value = match row(self.rows, &wanted.type_name) {
            Some(row) => (row.read)(&wanted.value, &self.world)?,
            None => Some(wanted.value.clone()),
        };
        Ok(value.map(|value| Observed { value, private: wanted.private.clone() }))
    }

    /// Makes an object on another thread. All workers are on one task: a long computation there would keep the others
    /// from hearing their answers in time.
    async fn beside(
        &self,
        make: fn(&Making<'_>) -> Result<Value, ApiError>,
        planned: Value,
        prior: Option<Value>,
    ) -> Result<Value, ApiError> {
        let world = self.world.clone();
        let making =
            move || make(&Making { planned: &planned, prior: prior.as_ref(), world: &world });
        tokio::task::spawn_blocking(making).await.unwrap_or_else(|error| {
            let detail = format!("The computation broke off: {error}.");
            Err(ApiError::new(ApiErrorKind::Internal, "Not computed", detail))
        })
    }
}

/// Makes a schema of which nothing is kept.
fn fleeting(mut schema: Schema) -> Schema {
    schema.fields.values_mut().for_each(|field| field.never_kept = true);
    schema
}

/// Waits, and looks now and then whether the run is to stop.
async fn waited(mut rest: Duration, desk: &dyn Desk) -> Result<(), ApiError> {
    let clock = desk.clock();
    while !rest.is_zero() {
        if desk.stopping() {
            let detail = format!("The run was asked to stop with {rest:?} still to wait.");
            return Err(ApiError::new(ApiErrorKind::Interrupted, "Wait interrupted", detail));
        }
        let step = rest.min(Duration::from_secs(1));
        clock.sleep(step).await;
        rest -= step;
    }
    Ok(())
}

/// Makes an error about what was given.
pub(super) fn invalid(summary: &str, detail: impl Into<String>) -> ApiError {
    ApiError::new(ApiErrorKind::Invalid, summary, detail)
}

/// Makes a schema without blocks.
pub(super) fn made<const N: usize>(version: u64, fields: [(&'static str, Field); N]) -> Schema {
    let fields = fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect();
    Schema { version, fields, ..Schema::default() }
}

/// Gives an attribute that the provider gives.
pub(super) fn computed(ty: Type) -> Field {
    Field::attribute(ty, Given::Service)
}

/// Gives an argument that may be written and whose change replaces.
pub(super) fn optional(ty: Type) -> Field {
    Field::attribute(ty, Given::Optional).replaces()
}

/// Gives an argument that must be written and whose change replaces.
pub(super) fn required(ty: Type) -> Field {
    Field::attribute(ty, Given::Required).replaces()
}

/// Gives an argument that may be written, with what stands for it else; its change replaces.
pub(super) fn defaulted(ty: Type, value: Value) -> Field {
    Field::attribute(ty, Given::OptionalOrService).replaces().default(value)
}

/// Gives a text of an object; nothing where it is null, unknown or empty.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.field(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Says whether an argument is not written.
pub(super) fn is_null(value: &Value, name: &str) -> bool {
    value.field(name).is_none_or(Value::is_null)
}

/// Gives what the original providers' framework proposes: once anything of an existing object changes, what the
/// provider gives is unknown again, but for the named attributes, which stay for the object's life.
pub(super) fn anew(request: &PlanRequest<'_>, schema: &Schema, stay: &[&str]) -> Value {
    let proposed = request.proposed;
    let Some(prior) = request.prior else { return proposed.clone() };
    let differs = |name: &String| {
        let part = |value: &Value| value.field(name).map(Value::without_marks);
        part(prior) != part(proposed)
    };
    if !schema.fields.keys().any(differs) {
        return proposed.clone();
    }
    let open = schema.fields.iter().filter(|(name, field)| {
        field.is_computed()
            && field.default.is_none()
            && is_null(request.config, name)
            && !stay.contains(&name.as_str())
    });
    open.fold(proposed.clone(), |value, (name, field)| {
        value.with_field(name, Value::unknown(field.ty.clone()))
    })
}

/// Makes a plan without problems and notes.
pub(super) fn planned(after: Value, replaces: Vec<Path>) -> Planned {
    Planned { after, replaces, problems: Vec::new(), notes: Vec::new() }
}

/// Plans an object that is made anew when any of these arguments changes.
pub(super) fn replaced_by(request: &PlanRequest<'_>, arguments: &[&str]) -> Planned {
    replaced(request, request.proposed.clone(), arguments)
}

/// Plans an object as `after`, made anew when any of these arguments changes. `keepers` that differ by keys with null
/// alone count as equal: older versions did not keep such keys.
pub(super) fn replaced(request: &PlanRequest<'_>, after: Value, arguments: &[&str]) -> Planned {
    let Some(prior) = request.prior else { return planned(after, Vec::new()) };
    let part = |value: &Value, name: &str| {
        let part = value.field(name)?;
        Some(if name == "keepers" { without_nulls(part) } else { part.without_marks() })
    };
    let changed = arguments.iter().filter(|name| part(prior, name) != part(&after, name));
    let replaces = changed.map(|name| Path::root().attribute(*name)).collect();
    planned(after, replaces)
}

fn without_nulls(value: &Value) -> Value {
    let value = value.without_marks();
    let Kind::Map(ty, fields) = value.kind() else { return value };
    let fields = fields.iter().filter(|(_, part)| !part.is_null());
    let fields: Vec<(Arc<str>, Value)> =
        fields.map(|(name, part)| (name.clone(), part.clone())).collect();
    if fields.is_empty() { Value::null(value.ty()) } else { Value::map(ty.clone(), fields) }
}

/// Sets a field where it is not known yet.
pub(super) fn fill(value: &Value, name: &str, with: impl FnOnce() -> Value) -> Value {
    match value.field(name).map(Value::kind) {
        Some(Kind::Unknown(..)) => value.with_field(name, with()),
        _ => value.clone(),
    }
}

/// The most of anything that is drawn at once: more is a mistake, and would use up the memory.
const MOST: i64 = 1 << 24;

/// Gives how many of something are wanted; none where that is not said.
pub(super) fn count(value: &Value, name: &str) -> Result<usize, ApiError> {
    let wanted = value.field(name).and_then(Value::as_i64).unwrap_or(0);
    if wanted > MOST {
        let detail = format!("Attribute {name} can be {MOST} at the most, got: {wanted}");
        return Err(invalid("Invalid Attribute Value", detail));
    }
    Ok(usize::try_from(wanted).unwrap_or(0))
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

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Where who computes and who has other work meet.
    static MEETING: Barrier = Barrier::new(2);

    const LONG: &[Row] = &[Row {
        long: true,
        ..Row::new(
            "x",
            || made(0, []),
            null::ROWS[0].plan,
            |making| {
                MEETING.wait();
                Ok(making.planned.clone())
            },
        )
    }];

    fn world() -> World {
        World {
            clock: Arc::new(crate::http::SystemClock),
            environment: Arc::default(),
            home: None,
            root: "/".into(),
            sandbox: None,
            version: "0",
            vault: None,
            pace: Arc::default(),
            tokens: None,
        }
    }

    #[tokio::test]
    async fn a_long_computation_lets_others_go_on() {
        let session = SmallSession { rows: LONG, data: &[], ephemeral: &[], world: world() };
        let making = session.beside(LONG[0].make, Value::string("a"), None);
        let mut making = std::pin::pin!(making);

        assert!(futures::poll!(&mut making).is_pending());
        MEETING.wait();

        assert_eq!(making.await.unwrap(), Value::string("a"));
    }
}
