//! What an object would be: the configuration over what there is, defaults filled in.
//!
//! The rules are Terraform's for proposed values: an argument that is written wins; one that is not
//! written and that the service may give stays as it is (unknown for a new object); any other is null.
//! Blocks of a list match by place, of a set by what is written in them, of a map by key.

use std::collections::BTreeMap;

use crate::eval::Ignore;
use crate::schema::{Block, BlockKind, Field, Given, Nesting, Schema};
use crate::value::{Kind, Path, PathStep, Type, Value};

/// Gives the proposed object. Pure.
pub fn propose(schema: &Schema, prior: Option<&Value>, config: &Value) -> Value {
    fields(&schema.fields, prior, config)
}

fn fields(known: &BTreeMap<String, Field>, prior: Option<&Value>, config: &Value) -> Value {
    let given = config.fields();
    let value = Value::object(known.iter().map(|(name, field)| {
        let prior = prior.and_then(|prior| prior.field(name));
        // The names of what is given are shared.
        let (name, config) = match given.and_then(|given| given.get_key_value(name)) {
            Some((name, config)) => (name.clone(), Some(config)),
            None => (name.as_str().into(), None),
        };
        (name, one(field, prior, config))
    }));
    value.marked(config.marks())
}

fn one(field: &Field, prior: Option<&Value>, config: Option<&Value>) -> Value {
    let absent;
    let config = match config {
        Some(config) => config,
        None => {
            absent = field.absent();
            &absent
        }
    };
    if field.write_only {
        return Value::null(field.ty.clone());
    }
    match &field.nesting {
        Nesting::Attribute => attribute(field, prior, config),
        Nesting::Block(block) => nested(field, block, prior, config),
    }
}

fn attribute(field: &Field, prior: Option<&Value>, config: &Value) -> Value {
    if !config.is_null() {
        return config.clone();
    }
    if let Some(default) = &field.default {
        return default.clone();
    }
    match (field.given, prior) {
        (Given::Required | Given::Optional, _) => config.clone(),
        (Given::OptionalOrService | Given::Service, Some(prior)) => prior.clone(),
        (Given::OptionalOrService | Given::Service, None) => Value::unknown(field.ty.clone()),
    }
}

fn nested(field: &Field, block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    if !config.is_known() {
        return config.clone();
    }
    let element = field.element();
    let value = match (block.kind, config.kind()) {
        (BlockKind::Single, Kind::Null(_)) => config.clone(),
        (BlockKind::Single, _) => {
            fields(&block.fields, prior.filter(|prior| !prior.is_null()), config)
        }
        (BlockKind::Map, Kind::Map(_, items) | Kind::Object(items)) => {
            let items = items.iter().map(|(key, item)| {
                let prior = prior.and_then(|prior| prior.field(key));
                (key.clone(), fields(&block.fields, prior, item))
            });
            Value::map(element, items.collect::<Vec<_>>())
        }
        (kind, _) => {
            let items = config.elements().unwrap_or_default();
            // A block that nobody wrote stays as the service has it, where the schema lets it give one.
            if items.is_empty() && field.given == Given::OptionalOrService {
                return prior.cloned().unwrap_or_else(|| Value::unknown(field.ty.clone()));
            }
            let former = prior.and_then(Value::elements).unwrap_or_default();
            let proposed = items.iter().enumerate().map(|(place, item)| {
                let prior = match kind {
                    BlockKind::Set => former.iter().find(|prior| fits(block, prior, item)),
                    BlockKind::List | BlockKind::Single | BlockKind::Map => former.get(place),
                };
                if item.is_known() { fields(&block.fields, prior, item) } else { item.clone() }
            });
            let proposed = proposed.collect();
            match kind {
                BlockKind::Set => Value::set(element, proposed),
                BlockKind::List | BlockKind::Single | BlockKind::Map => {
                    Value::list(element, proposed)
                }
            }
        }
    };
    value.marked(config.marks())
}

/// Says whether all that a set's block writes is so in a former one.
fn fits(block: &Block, prior: &Value, config: &Value) -> bool {
    block.fields.iter().all(|(name, field)| {
        let (Some(prior), Some(config)) = (prior.field(name), config.field(name)) else {
            return false;
        };
        let unsaid = config.is_null() && field.is_computed();
        let default = config.is_null() && field.default.as_ref() == Some(&prior.without_marks());
        unsaid || default || prior.without_marks() == config.without_marks()
    })
}

/// Puts back what a block's `ignore_changes` leaves alone: the configuration with those parts as they are.
pub fn ignore_changes(ignore: &Ignore, prior: Option<&Value>, config: &Value) -> Value {
    let Some(prior) = prior else { return config.clone() };
    match ignore {
        Ignore::None => config.clone(),
        Ignore::All => restored(config, prior),
        Ignore::Paths(paths) => {
            paths.iter().fold(config.clone(), |config, path| put_back(&config, prior, &path.0))
        }
    }
}

/// Gives the prior's parts for all that the configuration could say.
fn restored(config: &Value, prior: &Value) -> Value {
    let Some(fields) = config.fields() else { return prior.clone() };
    Value::object(fields.iter().map(|(name, value)| {
        (name.clone(), prior.field(name).cloned().unwrap_or_else(|| value.clone()))
    }))
}

fn put_back(config: &Value, prior: &Value, steps: &[PathStep]) -> Value {
    let Some((step, rest)) = steps.split_first() else {
        // Of a map that is not known nothing is ignored: it is looked at key by key.
        let unknown_map = !config.is_known() && matches!(config.ty(), Type::Map(_));
        return if unknown_map { config.clone() } else { prior.clone() };
    };
    let one = Path(vec![step.clone()]);
    let former = prior.at(&one);
    match step {
        PathStep::Attribute(name) => field_back(config, name, former, rest),
        PathStep::Index(index) => match (index.as_str(), index.as_i64()) {
            (Some(name), _) => field_back(config, name, former, rest),
            (None, Some(place)) => {
                let (Some(former), Ok(place)) = (former, usize::try_from(place)) else {
                    return config.clone();
                };
                let mut at = 0;
                config.map_parts(&mut |part| {
                    at += 1;
                    if at - 1 == place { put_back(part, former, rest) } else { part.clone() }
                })
            }
            (None, None) => config.clone(),
        },
    }
}

fn field_back(config: &Value, name: &str, former: Option<&Value>, rest: &[PathStep]) -> Value {
    let Some(fields) = config.fields() else { return config.clone() };
    let is_map = matches!(config.kind(), Kind::Map(..));
    match (fields.get(name), former) {
        (Some(part), Some(former)) => config.with_field(name, put_back(part, former, rest)),
        (None, Some(former)) if is_map && rest.is_empty() => {
            config.with_field(name, former.clone())
        }
        (Some(_), None) if is_map && rest.is_empty() => without_key(config, name),
        _ => config.clone(),
    }
}

fn without_key(map: &Value, name: &str) -> Value {
    let Kind::Map(ty, fields) = map.kind() else { return map.clone() };
    let fields: Vec<_> = fields
        .iter()
        .filter(|(key, _)| &***key != name)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::map(ty.clone(), fields).marked(map.marks())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let text = |given| Field::attribute(Type::String, given);
        let inner = BTreeMap::from([
            ("key".to_string(), text(Given::Required)),
            ("uid".to_string(), text(Given::Service)),
        ]);
        let fields = BTreeMap::from([
            ("name".to_string(), text(Given::Required)),
            ("zone".to_string(), text(Given::OptionalOrService)),
            ("kind".to_string(), text(Given::Optional).default(Value::string("plain"))),
            ("rule".to_string(), Field::block(BlockKind::Set, 0, None, inner)),
        ]);
        Schema { fields, ..Schema::default() }
    }

    fn config(name: &str, rules: &[&str]) -> Value {
        let schema = schema();
        let rule = |key: &&str| {
            Value::object([("key", Value::string(key)), ("uid", Value::null(Type::String))])
        };
        let rules = rules.iter().map(rule).collect();
        let ty = Type::object([("key", Type::String), ("uid", Type::String)]);
        schema
            .empty()
            .with_field("name", Value::string(name))
            .with_field("rule", Value::set(ty, rules))
    }

    #[test]
    fn a_new_object_has_defaults_and_unknowns_where_the_service_gives() {
        let proposed = propose(&schema(), None, &config("a", &[]));

        assert_eq!(proposed.field("kind").and_then(Value::as_str), Some("plain"));
        assert!(!proposed.field("zone").unwrap().is_known());
    }

    #[test]
    fn what_the_service_gave_stays_also_inside_a_set() {
        let prior = propose(&schema(), None, &config("a", &["x", "y"]));
        let rules: Vec<Value> = prior
            .field("rule")
            .unwrap()
            .elements()
            .unwrap()
            .iter()
            .map(|rule| rule.with_field("uid", Value::string("u")))
            .collect();
        let ty = rules[0].ty();
        let prior =
            prior.with_field("zone", Value::string("z")).with_field("rule", Value::set(ty, rules));

        let proposed = propose(&schema(), Some(&prior), &config("b", &["y"]));

        assert_eq!(proposed.field("zone").and_then(Value::as_str), Some("z"));
        let rule = &proposed.field("rule").unwrap().elements().unwrap()[0];
        assert_eq!(rule.field("uid").and_then(Value::as_str), Some("u"));
    }

    #[test]
    fn an_ignored_part_is_as_it_was() {
        let prior = config("old", &[]);
        let ignore = Ignore::Paths(vec![Path::root().attribute("name")]);

        let config = ignore_changes(&ignore, Some(&prior), &config("new", &[]));

        assert_eq!(config.field("name").and_then(Value::as_str), Some("old"));
    }
}
