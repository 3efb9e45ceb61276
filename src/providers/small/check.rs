//! Checks that several types have, with what the original providers' framework says of each.

use super::is_null;
use crate::providers::Problem;
use crate::value::{Path, Value};

/// Makes a problem with one argument.
pub(super) fn problem(argument: &str, summary: &str, detail: String) -> Problem {
    Problem {
        path: Path::root().attribute(argument),
        warning: false,
        summary: summary.into(),
        detail,
        help: Vec::new(),
    }
}

/// Says that an attribute is written that only the provider gives.
pub(super) fn read_only() -> Problem {
    let detail = "Cannot set value for this attribute as the provider has marked it as read-only. Remove the configuration \
                  line setting the value.\n\nRefer to the provider documentation or contact the provider developers for \
                  additional information about configurable and read-only attributes that are supported.";
    problem("", "Invalid Configuration for Read-Only Attribute", detail.into())
}

/// Says that a value is not one that an argument can have; `must` is like `value must be at least 1`.
pub(super) fn bad_value(argument: &str, must: &str, got: &str) -> Problem {
    let detail = format!("Attribute {argument} {must}, got: {got}");
    problem(argument, "Invalid Attribute Value", detail)
}

/// Says that a text has not the form that an argument must have.
pub(super) fn bad_match(argument: &str, must: &str, got: &str) -> Problem {
    let detail = format!("Attribute {argument} {must}, got: {got}");
    problem(argument, "Invalid Attribute Value Match", detail)
}

/// Checks that a number is not below a bound.
pub(super) fn at_least(config: &Value, argument: &str, least: i64) -> Option<Problem> {
    let number = config.field(argument).and_then(Value::as_number)?;
    let small = number.to_i64().map_or(number.is_negative(), |number| number < least);
    small.then(|| {
        bad_value(argument, &format!("value must be at least {least}"), &number.to_string())
    })
}

/// Checks that just one of some arguments is written. Each of them says so, as each has the rule.
pub(super) fn exactly_one_of(config: &Value, arguments: &[&str]) -> Vec<Problem> {
    if unknown(config, arguments) {
        return Vec::new();
    }
    let given = arguments.iter().filter(|name| !is_null(config, name)).count();
    if given == 1 {
        return Vec::new();
    }
    let told = |argument: &&str| {
        let others = arguments.iter().filter(|other| *other != argument);
        let names = others.copied().collect::<Vec<_>>().join(",");
        let detail = if given == 0 {
            format!("No attribute specified when one (and only one) of [{names}] is required")
        } else {
            format!("{given} attributes specified when one (and only one) of [{names}] is required")
        };
        problem(argument, "Invalid Attribute Combination", detail)
    };
    arguments.iter().map(told).collect()
}

/// Checks that an argument is not written without another.
pub(super) fn needs(config: &Value, argument: &str, other: &str) -> Option<Problem> {
    let alone = !is_null(config, argument) && is_null(config, other);
    alone.then(|| {
        let detail =
            format!("Attribute {other:?} must be specified when {argument:?} is specified");
        problem(argument, "Invalid Attribute Combination", detail)
    })
}

/// Checks that one of some arguments is written at the least. Each that has the rule says so.
pub(super) fn at_least_one_of(config: &Value, arguments: &[&str]) -> Vec<Problem> {
    if unknown(config, arguments) || arguments.iter().any(|name| !is_null(config, name)) {
        return Vec::new();
    }
    let told = |argument: &&str| {
        // An argument names itself last.
        let others = arguments.iter().filter(|other| *other != argument);
        let names: Vec<&str> = others.chain([argument]).copied().collect();
        let detail =
            format!("At least one attribute out of [{}] must be specified", names.join(","));
        problem(argument, "Invalid Attribute Combination", detail)
    };
    arguments.iter().map(told).collect()
}

/// Checks that one of some arguments is written at the least, as a rule of the whole block.
pub(super) fn some_of(config: &Value, arguments: &[&str]) -> Option<Problem> {
    if unknown(config, arguments) || arguments.iter().any(|name| !is_null(config, name)) {
        return None;
    }
    let detail =
        format!("At least one of these attributes must be configured: [{}]", arguments.join(","));
    let summary = "Missing Attribute Configuration";
    Some(Problem { path: Path::root(), ..problem("", summary, detail) })
}

fn unknown(config: &Value, arguments: &[&str]) -> bool {
    arguments.iter().any(|name| config.field(name).is_some_and(|value| !value.is_known()))
}
/// Checks that a text is one of some.
pub(super) fn one_of(config: &Value, argument: &str, allowed: &[&str]) -> Option<Problem> {
    let given = config.field(argument).and_then(Value::as_str)?;
    (!allowed.contains(&given)).then(|| bad_value(argument, &among(allowed), &format!("{given:?}")))
}

/// Names the texts that are allowed, as the framework prints them.
pub(super) fn among(allowed: &[&str]) -> String {
    let names: Vec<String> = allowed.iter().map(|name| format!("\"\\\"{name}\\\"\"")).collect();
    format!("value must be one of: [{}]", names.join(" "))
}

/// Checks that two arguments are not both written; the first is the one that has the rule.
pub(super) fn conflict(config: &Value, argument: &str, other: &str) -> Option<Problem> {
    let both = !is_null(config, argument) && !is_null(config, other);
    both.then(|| {
        let detail =
            format!("Attribute {other:?} cannot be specified when {argument:?} is specified");
        problem(argument, "Invalid Attribute Combination", detail)
    })
}
