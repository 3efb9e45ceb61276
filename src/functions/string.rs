//! Functions over text. Positions and lengths count what people see as characters (grapheme clusters).

use unicode_segmentation::UnicodeSegmentation;

use super::{Call, CallError, Function, Parameter, Spec, function, number, parameter, string};
use crate::value::{Kind, Type, Value};

const LIST: Parameter = parameter("lists", Spec::List(&Spec::String));

pub(super) const FUNCTIONS: &[Function] = &[
    function("chomp", &[string("str")], Spec::String, |call| {
        Ok(Value::string(call.text(0).trim_end_matches(['\r', '\n'])))
    }),
    function("endswith", &[string("str"), string("suffix")], Spec::Bool, |call| {
        Ok(Value::bool(call.text(0).ends_with(call.text(1))))
    }),
    function("indent", &[number("spaces"), string("str")], Spec::String, indent),
    function("join", &[string("separator")], Spec::String, join).variadic(LIST),
    function("lower", &[string("str")], Spec::String, |call| {
        Ok(Value::string(call.text(0).chars().map(lower).collect::<String>()))
    }),
    function("split", &[string("separator"), string("str")], Spec::List(&Spec::String), split),
    function("startswith", &[string("str").unknown(), string("prefix")], Spec::Bool, starts_with),
    function("strcontains", &[string("str"), string("substr")], Spec::Bool, |call| {
        Ok(Value::bool(call.text(0).contains(call.text(1))))
    }),
    function("strrev", &[string("str")], Spec::String, |call| {
        Ok(Value::string(call.text(0).graphemes(true).rev().collect::<String>()))
    }),
    function("substr", &[string("str"), number("offset"), number("length")], Spec::String, substr),
    function("title", &[string("str")], Spec::String, title),
    function("trim", &[string("str"), string("cutset")], Spec::String, |call| {
        let cutset = call.text(1);
        Ok(Value::string(call.text(0).trim_matches(|character| cutset.contains(character))))
    }),
    function("trimprefix", &[string("str"), string("prefix")], Spec::String, |call| {
        let text = call.text(0);
        Ok(Value::string(text.strip_prefix(call.text(1)).unwrap_or(text)))
    }),
    function("trimspace", &[string("str")], Spec::String, |call| {
        Ok(Value::string(call.text(0).trim()))
    }),
    function("trimsuffix", &[string("str"), string("suffix")], Spec::String, |call| {
        let text = call.text(0);
        Ok(Value::string(text.strip_suffix(call.text(1)).unwrap_or(text)))
    }),
    function("upper", &[string("str")], Spec::String, |call| {
        Ok(Value::string(call.text(0).chars().map(upper).collect::<String>()))
    }),
];

/// One character to one, without the rules that need its neighbours.
fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// One character to one: what would become several stays.
fn upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn indent(call: &Call<'_>) -> Result<Value, CallError> {
    let Ok(spaces) = usize::try_from(call.integer(0)?) else {
        return Err(CallError::at(0, "the number of spaces must not be negative"));
    };
    if spaces > 100_000 {
        return Err(CallError::at(0, "the number of spaces must not be above 100000"));
    }
    let line_start = format!("\n{}", " ".repeat(spaces));
    Ok(Value::string(call.text(1).replace('\n', &line_start)))
}

fn join(call: &Call<'_>) -> Result<Value, CallError> {
    let lists = &call.arguments[1..];
    if lists.is_empty() {
        return Err(CallError::new("at least one list is required"));
    }
    if !lists.iter().all(Value::is_whole) {
        return call.unknown();
    }
    let mut texts = Vec::new();
    for (place, list) in lists.iter().enumerate() {
        for (index, element) in list.elements().unwrap_or_default().iter().enumerate() {
            let Some(text) = element.as_str() else {
                let of =
                    if lists.len() > 1 { format!(" of list {}", place + 1) } else { String::new() };
                let message =
                    format!("element {index}{of} is null; cannot concatenate null values");
                return Err(CallError::at(place + 1, message));
            };
            texts.push(text);
        }
    }
    Ok(Value::string(texts.join(call.text(0))))
}

fn split(call: &Call<'_>) -> Result<Value, CallError> {
    let (separator, text) = (call.text(0), call.text(1));
    let parts = if separator.is_empty() {
        text.chars().map(|character| Value::string(character.to_string())).collect()
    } else {
        text.split(separator).map(Value::string).collect()
    };
    Ok(Value::list(Type::String, parts))
}

/// The known beginning of an unknown text may decide.
fn starts_with(call: &Call<'_>) -> Result<Value, CallError> {
    let prefix = call.text(1);
    let Kind::Unknown(_, bounds) = call.arguments[0].kind() else {
        return Ok(Value::bool(call.text(0).starts_with(prefix)));
    };
    let known = bounds.prefix.as_deref().unwrap_or_default();
    if known.starts_with(prefix) {
        Ok(Value::bool(true))
    } else if known.len() >= prefix.len() {
        Ok(Value::bool(false))
    } else {
        call.unknown()
    }
}

/// A negative offset counts from the end, a negative length means the rest.
fn substr(call: &Call<'_>) -> Result<Value, CallError> {
    let clusters: Vec<&str> = call.text(0).graphemes(true).collect();
    let total = i64::try_from(clusters.len()).unwrap_or(i64::MAX);
    let (offset, length) = (call.integer(1)?, call.integer(2)?);
    if offset >= 0 && length == 0 {
        return Ok(Value::string(""));
    }
    let start = if offset < 0 { offset.saturating_add(total).max(0) } else { offset.min(total) };
    // A length of zero after a negative offset means the rest: so it behaves, and texts rely on it.
    let end = if length <= 0 { total } else { start.saturating_add(length).min(total) };
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    Ok(Value::string(clusters[place(start)..place(end)].concat()))
}

fn title(call: &Call<'_>) -> Result<Value, CallError> {
    let mut before = ' ';
    let titled = call.text(0).chars().map(|character| {
        let starts = separates(before);
        before = character;
        if starts { upper(character) } else { character }
    });
    Ok(Value::string(titled.collect::<String>()))
}

fn separates(character: char) -> bool {
    if character.is_ascii() {
        !character.is_ascii_alphanumeric() && character != '_'
    } else {
        !character.is_alphanumeric() && character.is_whitespace()
    }
}
