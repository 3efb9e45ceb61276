//! `terraform_data`: a value kept in the state.

use std::collections::BTreeMap;

use super::{Making, Row, fill, planned};
use crate::providers::{ApiError, PlanRequest, Planned, Problem};
use crate::schema::{Field, Given, Schema};
use crate::value::{Path, Type, Value};

/// The source of the provider that has it.
pub(super) const SOURCE: &str = "builtin/terraform";

pub(super) const ROWS: &[Row] = &[Row { import, ..Row::new("terraform_data", schema, plan, make) }];

fn schema() -> Schema {
    let fields = BTreeMap::from([
        ("id".to_string(), Field::attribute(Type::String, Given::Service)),
        ("input".to_string(), Field::attribute(Type::Any, Given::Optional)),
        ("output".to_string(), Field::attribute(Type::Any, Given::Service)),
        ("triggers_replace".to_string(), Field::attribute(Type::Any, Given::Optional)),
    ]);
    Schema { fields, ..Schema::default() }
}

/// Says that an attribute that comes from the apply is written.
pub(super) fn read_only(path: &Path, name: &str) -> Problem {
    Problem {
        path: path.clone(),
        warning: false,
        summary: format!("{name:?} attribute is read-only"),
        detail: String::new(),
        help: Vec::new(),
    }
}

fn part(value: &Value, name: &str) -> Value {
    value.field(name).cloned().unwrap_or_else(|| Value::null(Type::Any))
}

/// The output follows the input, and is unknown until the apply whenever the input is new.
fn plan(request: &PlanRequest<'_>) -> Planned {
    let proposed = request.proposed;
    let input = part(proposed, "input");
    let to_come = || proposed.with_field("output", Value::unknown(input.ty()));
    let Some(prior) = request.prior else {
        let id = Value::unknown_not_null(Type::String);
        // Nothing comes of nothing; an input that is taken away is told of only when it is gone.
        let new = if input.is_null() {
            proposed.with_field("output", Value::null(Type::Any))
        } else {
            to_come()
        };
        return planned(new.with_field("id", id), Vec::new());
    };
    let differs =
        |name: &str| part(prior, name).without_marks() != part(proposed, name).without_marks();
    if differs("triggers_replace") {
        let id = Value::unknown_not_null(Type::String);
        let new = if input.is_null() {
            proposed.with_field("output", Value::null(Type::Any))
        } else {
            to_come()
        };
        // Two nulls are equal whatever their types are: then the object is only changed.
        let both_null = part(prior, "triggers_replace").is_null()
            && part(proposed, "triggers_replace").is_null();
        let replaces = vec![Path::root().attribute("triggers_replace")];
        let replaces = if both_null { Vec::new() } else { replaces };
        return planned(new.with_field("id", id), replaces);
    }
    if differs("input") {
        return planned(to_come(), Vec::new());
    }
    planned(proposed.clone(), Vec::new())
}

fn make(making: &Making<'_>) -> Result<Value, ApiError> {
    let value = fill(making.planned, "id", || Value::string(uuid::Uuid::new_v4().to_string()));
    let input = part(&value, "input");
    Ok(value.with_field("output", input))
}

fn import(id: &str) -> Result<Value, String> {
    let null = || Value::null(Type::Any);
    let fields = [
        ("id", Value::string(id)),
        ("input", null()),
        ("output", null()),
        ("triggers_replace", null()),
    ];
    Ok(Value::object(fields))
}
