//! `null_resource`, and the data source `null_data_source`.

use super::{DataRow, Making, Row, computed, fill, keepers, made, random_bytes, replaced_by};
use crate::providers::{ApiError, PlanRequest, Planned, Problem};
use crate::schema::{Field, Given, Schema};
use crate::value::{Path, Type, Value};

pub(super) const ROWS: &[Row] = &[Row { import, ..Row::new("null_resource", schema, plan, make) }];

pub(super) const DATA: &[DataRow] = &[DataRow {
    type_name: "null_data_source",
    schema: data_schema,
    validate: |_| vec![deprecated()],
    read: |config, _| Box::pin(async move { read(config) }),
}];

fn schema() -> Schema {
    made(0, [("id", computed(Type::String)), ("triggers", keepers())])
}

fn plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["triggers"])
}

fn make(making: &Making<'_>) -> Result<Value, ApiError> {
    let id = number()?;
    Ok(fill(making.planned, "id", || Value::string(id)))
}

fn import(id: &str) -> Result<Value, String> {
    Ok(schema().empty().with_field("id", Value::string(id)))
}

/// Draws a number of 63 bits, as text.
fn number() -> Result<String, ApiError> {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&random_bytes(8)?);
    Ok((u64::from_le_bytes(bytes) >> 1).to_string())
}

const DEPRECATED: &str = "The data source null_data_source gives names to values. Locals do so without a data source, and \
                          terraform_data keeps values in the state.";

fn deprecated() -> Problem {
    Problem {
        path: Path::root(),
        warning: true,
        summary: "Deprecated Resource".into(),
        detail: DEPRECATED.into(),
        help: Vec::new(),
    }
}

fn data_schema() -> Schema {
    let texts = || Type::map(Type::String);
    let schema = made(
        0,
        [
            ("id", computed(Type::String)),
            ("inputs", Field::attribute(texts(), Given::Optional)),
            ("outputs", computed(texts())),
            ("random", computed(Type::String)),
            ("has_computed_default", Field::attribute(Type::String, Given::OptionalOrService)),
        ],
    );
    Schema { deprecated: Some(DEPRECATED.into()), ..schema }
}

fn read(config: &Value) -> Result<Value, ApiError> {
    let inputs = config.field("inputs").cloned();
    let inputs = inputs.unwrap_or_else(|| Value::null(Type::map(Type::String)));
    let written = config.field("has_computed_default").filter(|value| !value.is_null());
    let default = written.cloned().unwrap_or_else(|| Value::string("default"));
    Ok(config
        .with_field("outputs", inputs)
        .with_field("has_computed_default", default)
        .with_field("random", Value::string(number()?))
        .with_field("id", Value::string("static")))
}
