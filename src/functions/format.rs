//! `format` and `formatlist`.

mod verb;

use unicode_segmentation::UnicodeSegmentation;

use self::verb::{Piece, Verb, parse};
use super::{Call, CallError, Function, any, inferred, string};
use crate::value::convert::convert;
use crate::value::json::{quote as write_quoted, to_json_text};
use crate::value::quote::quote;
use crate::value::{Bounds, Kind, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    inferred("format", &[string("format")], |_| Ok(Type::String), format)
        .variadic(any("args").closed().null().unknown()),
    inferred("formatlist", &[string("format")], |_| Ok(Type::list(Type::String)), format_list)
        .variadic(any("args").closed().null().unknown()),
];

fn format(call: &Call<'_>) -> Result<Value, CallError> {
    let (Some(format), arguments) = (call.arguments[0].as_str(), &call.arguments[1..]) else {
        return call.unknown();
    };
    if let Some(unknown) = unknown_at(format, arguments) {
        return Ok(unknown);
    }
    format_text(format, arguments).map(Value::string)
}

/// With an unknown argument the result is unknown, but for the literal text that it begins with.
fn unknown_at(format: &str, arguments: &[Value]) -> Option<Value> {
    if arguments.iter().all(Value::is_whole) {
        return None;
    }
    let bounds = Bounds::beginning(format.split('%').next().unwrap_or_default());
    Some(Value::new(Kind::unknown(Type::String, bounds)))
}

/// Formats; what is wrong blames the argument after the format where it can.
fn format_text(format: &str, arguments: &[Value]) -> Result<String, CallError> {
    let mut out = String::new();
    let mut next = 0;
    let mut highest = 0;
    for piece in parse(format) {
        let verb = match piece.map_err(CallError::new)? {
            Piece::Literal(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Verb(verb) => verb,
        };
        if verb.letter == '%' {
            out.push('%');
            continue;
        }
        let place = verb.argument.unwrap_or(next);
        next = place + 1;
        highest = highest.max(next);
        let Some(argument) = arguments.get(place) else {
            return Err(CallError::new(format!(
                "not enough arguments for {} at {}: need index {} but have {} total",
                quote(verb.text),
                verb.offset,
                place + 1,
                arguments.len()
            )));
        };
        let known_letter = "vtbdoxXeEfFgGsq".contains(verb.letter);
        if !known_letter {
            return Err(CallError::new(format!(
                "unsupported format verb '{}' in {} at offset {}",
                verb.letter,
                quote(verb.text),
                verb.offset
            )));
        }
        let text = write_verb(&verb, argument).map_err(|message| {
            CallError::new(format!(
                "unsupported value for {} at {}: {message}",
                quote(verb.text),
                verb.offset
            ))
        })?;
        out.push_str(&text);
    }
    if highest < arguments.len() {
        let message = match highest {
            0 => "too many arguments; no verbs in format string".into(),
            used => format!("too many arguments; only {used} used by format string"),
        };
        return Err(CallError::at(highest + 1, message));
    }
    Ok(out)
}

fn write_verb(verb: &Verb<'_>, value: &Value) -> Result<String, String> {
    if verb.letter != 'v' && value.is_null() {
        return Err("null value cannot be formatted".into());
    }
    let to = |ty: Type| convert(value, &ty).map_err(|error| error.message);
    match verb.letter {
        'v' => Ok(write_any(verb, value)),
        't' => {
            let truth = to(Type::Bool)?.as_bool() == Some(true);
            Ok(if truth { "true" } else { "false" }.into())
        }
        's' | 'q' => {
            let text = to(Type::String)?;
            Ok(write_text(verb, text.as_str().unwrap_or_default()))
        }
        _ => write_number(verb, &to(Type::Number)?),
    }
}

/// Cuts by the precision and pads by the width, both counted in what people see as characters.
fn write_text(verb: &Verb<'_>, text: &str) -> String {
    let cut: String = match verb.precision {
        Some(length) => text.graphemes(true).take(length).collect(),
        None => text.into(),
    };
    if verb.letter != 'q' {
        return pad(verb, cut);
    }
    let mut quoted = String::new();
    write_quoted(&cut, &mut quoted);
    pad(verb, quoted)
}

fn write_any(verb: &Verb<'_>, value: &Value) -> String {
    let text = match value.kind() {
        Kind::String(text) if !verb.sharp => text.to_string(),
        Kind::Number(number) if !verb.sharp => number.to_general(None, 'e'),
        _ => to_json_text(value),
    };
    pad(verb, text)
}

fn write_number(verb: &Verb<'_>, value: &Value) -> Result<String, String> {
    let Some(number) = value.as_number() else { return Err("a number is required".into()) };
    let upper = verb.letter.is_ascii_uppercase();
    let magnitude = number.abs();
    let body = match verb.letter {
        'b' | 'd' | 'o' | 'x' | 'X' => {
            let base = match verb.letter {
                'b' => 2,
                'd' => 10,
                'o' => 8,
                _ => 16,
            };
            let digits = magnitude.to_radix(base).ok_or("an integer is required")?;
            let digits = match verb.precision {
                Some(least) => {
                    format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())))
                }
                None => digits,
            };
            let prefix = match verb.letter {
                _ if !verb.sharp => "",
                'b' => "0b",
                'o' => "0",
                'x' | 'X' => "0x",
                _ => "",
            };
            format!("{prefix}{digits}")
        }
        'e' | 'E' => magnitude.to_exponential(Some(verb.precision.unwrap_or(6)), 'e'),
        'f' | 'F' => magnitude.to_fixed(verb.precision.unwrap_or(6)),
        _ => magnitude.to_general(verb.precision, 'e'),
    };
    let body = if upper && !number.is_infinite() { body.to_uppercase() } else { body };
    let sign = match (number.is_negative(), verb.plus, verb.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    let body = body.strip_prefix('+').unwrap_or(&body);
    if verb.zero && !verb.minus {
        let missing = verb.width.unwrap_or(0).saturating_sub(sign.len() + body.len());
        return Ok(format!("{sign}{}{body}", "0".repeat(missing)));
    }
    Ok(pad(verb, format!("{sign}{body}")))
}

fn pad(verb: &Verb<'_>, text: String) -> String {
    let length = text.graphemes(true).count();
    let missing = verb.width.unwrap_or(0).saturating_sub(length);
    if missing == 0 {
        return text;
    }
    let fill = if verb.zero && !verb.minus { "0" } else { " " }.repeat(missing);
    if verb.minus { format!("{text}{fill}") } else { format!("{fill}{text}") }
}

/// Formats once for each element of the lists among the arguments; what is no list is the same each time.
fn format_list(call: &Call<'_>) -> Result<Value, CallError> {
    let arguments = &call.arguments[1..];
    let mut length: Option<(usize, usize)> = None;
    let mut uncertain = false;
    for (place, argument) in arguments.iter().enumerate() {
        let is_list = matches!(argument.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_));
        if !is_list || argument.is_null() {
            continue;
        }
        let partly = matches!(argument.kind(), Kind::Set(..)) && !argument.is_whole();
        let count = match (argument.elements(), argument.ty()) {
            (Some(parts), _) if !partly => parts.len(),
            (None, Type::Tuple(types)) => types.len(),
            (_, _) => {
                uncertain = true;
                continue;
            }
        };
        uncertain |= !argument.is_known();
        match length {
            None => length = Some((count, place)),
            Some((known, first)) if known != count => {
                return Err(CallError::at(
                    place + 1,
                    format!(
                        "argument {} has length {count}, which is inconsistent with argument {} of length {known}",
                        place + 1,
                        first + 1
                    ),
                ));
            }
            Some(_) => {}
        }
    }
    let format = call.arguments[0].as_str().filter(|_| !uncertain);
    let Some(format) = format else { return call.unknown() };
    let Some((count, _)) = length else {
        let one = match unknown_at(format, arguments) {
            Some(unknown) => unknown,
            None => format_text(format, arguments)
                .map(Value::string)
                .map_err(|error| if arguments.is_empty() { error } else { in_turn(0, error) })?,
        };
        return Ok(Value::list(Type::String, vec![one]));
    };
    let mut texts = Vec::with_capacity(count);
    for turn in 0..count {
        let row: Vec<Value> = arguments.iter().map(|argument| at_turn(argument, turn)).collect();
        texts.push(match unknown_at(format, &row) {
            Some(unknown) => unknown,
            None => {
                let text = format_text(format, &row).map_err(|error| in_turn(turn, error))?;
                Value::string(text)
            }
        });
    }
    Ok(Value::list(Type::String, texts))
}

fn in_turn(turn: usize, error: CallError) -> CallError {
    CallError::new(format!("error on format iteration {turn}: {}", error.message))
}

fn at_turn(argument: &Value, turn: usize) -> Value {
    match (argument.elements(), argument.kind()) {
        (Some(parts), _) => parts[turn].clone(),
        (None, Kind::Unknown(Type::Tuple(types), _)) => Value::unknown(types[turn].clone()),
        (None, _) => argument.clone(),
    }
}
