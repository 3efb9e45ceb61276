//! `null_resource`.

use std::collections::BTreeMap;

use super::{Row, fill, keepers, no_checks, no_import, replaced_by};
use crate::providers::{ApiError, PlanRequest, Planned};
use crate::schema::{Field, Given, Schema};
use crate::value::{Type, Value};

pub(super) const ROWS: &[Row] = &[Row {
    type_name: "null_resource",
    schema,
    plan,
    make,
    validate: no_checks,
    import: no_import,
}];

fn schema() -> Schema {
    let fields = BTreeMap::from([
        ("id".to_string(), Field::attribute(Type::String, Given::Service)),
        ("triggers".to_string(), keepers()),
    ]);
    Schema { fields, ..Schema::default() }
}

fn plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["triggers"])
}

fn make(value: &Value) -> Result<Value, ApiError> {
    let number = uuid::Uuid::new_v4().as_u128() % 10_000_000_000_000_000_000;
    Ok(fill(value, "id", || Value::string(number.to_string())))
}
