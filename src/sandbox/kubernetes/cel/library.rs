//! The functions and operators of expressions: those of the language, and what Kubernetes adds to them.

use std::cmp::Ordering;

use regex::Regex;

use super::value::{self, Value};
use super::work_out::{Fault, Outcome, wrong};
use crate::sandbox::kubernetes::quantity;

/// What is said of a text that is no quantity.
const NO_QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Says whether a name is that of a space of functions.
pub fn is_space(name: &str) -> bool {
    ["optional", "math"].contains(&name)
}

/// Works out a function of arguments alone, or an operator.
///
/// # Errors
/// Why it has no value.
pub fn call(name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("!", [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        ("-", [Value::Int(number)]) => checked(number.checked_neg()),
        ("-", [Value::Double(number)]) => Ok(Value::Double(-number)),
        ("==", [a, b]) => Ok(Value::Bool(a.equals(b))),
        ("!=", [a, b]) => Ok(Value::Bool(!a.equals(b))),
        ("<" | "<=" | ">" | ">=", [a, b]) => match a.order(b) {
            Some(order) => Ok(Value::Bool(match name {
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                ">" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })),
            None => wrong("no such overload"),
        },
        ("in", [one, Value::List { parts, .. }]) => {
            Ok(Value::Bool(parts.iter().any(|part| part.equals(one))))
        }
        ("in", [one, map @ Value::Map(_)]) => Ok(Value::Bool(map.at(one).is_some())),
        ("+" | "-" | "*" | "/" | "%", [a, b]) => sum(name, a, b),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.of", [one]) => Ok(Value::Optional(Some(Box::new(one.clone())))),
        ("optional.ofNonZeroValue", [one]) => {
            let empty = matches!(one, Value::Null | Value::Int(0) | Value::Bool(false))
                || matches!(one, Value::Text(text) if text.is_empty())
                || matches!(one, Value::List { parts, .. } if parts.is_empty());
            Ok(Value::Optional((!empty).then(|| Box::new(one.clone()))))
        }
        ("isURL", [Value::Text(text)]) => Ok(Value::Bool(address(text).is_some())),
        ("url", [Value::Text(text)]) => match address(text) {
            Some(url) => Ok(Value::Url(url)),
            None => wrong(format!("URL parse error during conversion from string: {text:?}")),
        },
        ("isQuantity", [Value::Text(text)]) => Ok(Value::Bool(quantity::parse(text).is_some())),
        ("quantity", [Value::Text(text)]) => match quantity::parse(text) {
            Some((amount, binary)) => Ok(Value::Quantity(amount, binary)),
            None => wrong(NO_QUANTITY),
        },
        ("isIP", [Value::Text(text)]) => Ok(Value::Bool(text.parse::<std::net::IpAddr>().is_ok())),
        ("isCIDR", [Value::Text(text)]) => Ok(Value::Bool(text.parse::<ipnet::IpNet>().is_ok())),
        ("size" | "matches", [_, ..]) => method(name, arguments),
        (_, [one]) => converted(name, one),
        _ => unknown(name),
    }
}

fn unknown<T>(name: &str) -> Result<T, Fault> {
    Err(Fault::Unknown(format!("undeclared reference to '{name}'")))
}

fn checked(number: Option<i64>) -> Outcome {
    number.map_or_else(|| wrong("integer overflow"), |number| Ok(Value::Int(number)))
}

fn address(text: &str) -> Option<url::Url> {
    url::Url::parse(text).ok().filter(|url| url.has_host() || text.starts_with('/'))
}

fn sum(sign: &str, a: &Value, b: &Value) -> Outcome {
    match (sign, a, b) {
        ("/" | "%", Value::Int(_), Value::Int(0)) => {
            wrong(if sign == "/" { "division by zero" } else { "modulus by zero" })
        }
        (_, Value::Int(a), Value::Int(b)) => checked(match sign {
            "+" => a.checked_add(*b),
            "-" => a.checked_sub(*b),
            "*" => a.checked_mul(*b),
            "/" => a.checked_div(*b),
            _ => a.checked_rem(*b),
        }),
        (_, Value::Uint(a), Value::Uint(b)) => {
            let number = match sign {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            number.map_or_else(|| wrong("unsigned integer overflow"), |n| Ok(Value::Uint(n)))
        }
        (_, Value::Double(a), Value::Double(b)) => Ok(Value::Double(match sign {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            _ => return wrong("no such overload"),
        })),
        ("+", Value::Text(a), Value::Text(b)) => Ok(Value::Text(format!("{a}{b}"))),
        ("+", Value::List { parts: a, .. }, Value::List { parts: b, .. }) => {
            Ok(Value::list(a.iter().chain(b).cloned().collect()))
        }
        ("+" | "-", Value::Span(a), Value::Span(b)) => {
            Ok(Value::Span(if sign == "+" { a + b } else { a - b }))
        }
        ("-", Value::Moment(a), Value::Moment(b)) => {
            Ok(Value::Span(a.as_nanosecond() - b.as_nanosecond()))
        }
        ("+" | "-", Value::Moment(a), Value::Span(b)) => {
            let b = if sign == "+" { *b } else { -b };
            match jiff::Timestamp::from_nanosecond(a.as_nanosecond() + b) {
                Ok(moment) => Ok(Value::Moment(moment)),
                Err(_) => wrong("timestamp overflow"),
            }
        }
        _ => wrong("no such overload"),
    }
}

fn converted(name: &str, one: &Value) -> Outcome {
    let bad = |to: &str| wrong(format!("type conversion error from '{}' to '{to}'", one.kind()));
    match (name, one) {
        ("dyn", _) => Ok(one.clone()),
        ("type", _) => Ok(Value::Type(one.kind())),
        ("string", Value::Text(_)) | ("int", Value::Int(_)) | ("double", Value::Double(_)) => {
            Ok(one.clone())
        }
        ("string", Value::Int(number)) => Ok(Value::Text(number.to_string())),
        ("string", Value::Uint(number)) => Ok(Value::Text(number.to_string())),
        ("string", Value::Double(number)) => Ok(Value::Text(number.to_string())),
        ("string", Value::Bool(value)) => Ok(Value::Text(value.to_string())),
        ("string", Value::Moment(moment)) => Ok(Value::Text(moment.to_string())),
        ("string", Value::Bytes(bytes)) => match String::from_utf8(bytes.clone()) {
            Ok(text) => Ok(Value::Text(text)),
            Err(_) => bad("string"),
        },
        ("string", Value::Span(nano)) => Ok(Value::Text(format!("{}s", *nano as f64 / 1e9))),
        ("int", Value::Text(text)) => {
            text.parse().map_or_else(|_| bad("int"), |n| Ok(Value::Int(n)))
        }
        ("int", Value::Uint(number)) => {
            i64::try_from(*number).map_or_else(|_| bad("int"), |number| Ok(Value::Int(number)))
        }
        ("int", Value::Double(number)) => Ok(Value::Int(*number as i64)),
        ("int", Value::Moment(moment)) => Ok(Value::Int(moment.as_second())),
        ("uint", Value::Int(number)) => {
            u64::try_from(*number).map_or_else(|_| bad("uint"), |number| Ok(Value::Uint(number)))
        }
        ("uint", Value::Text(text)) => {
            text.parse().map_or_else(|_| bad("uint"), |n| Ok(Value::Uint(n)))
        }
        ("double", Value::Text(text)) => {
            text.parse().map_or_else(|_| bad("double"), |n| Ok(Value::Double(n)))
        }
        ("double", _) => one.number().map_or_else(|| bad("double"), |n| Ok(Value::Double(n))),
        ("bool", Value::Text(text)) => {
            text.parse().map_or_else(|_| bad("bool"), |value| Ok(Value::Bool(value)))
        }
        ("bytes", Value::Text(text)) => Ok(Value::Bytes(text.clone().into_bytes())),
        ("duration", Value::Text(text)) => {
            value::span(text).map_or_else(|| bad("duration"), |nano| Ok(Value::Span(nano)))
        }
        ("timestamp", Value::Text(text)) => {
            text.parse().map_or_else(|_| bad("timestamp"), |moment| Ok(Value::Moment(moment)))
        }
        _ => unknown(name),
    }
}

/// Works out a function of a thing, which is the first of all.
///
/// # Errors
/// Why it has no value.
pub fn method(name: &str, all: &[Value]) -> Outcome {
    match all {
        [Value::Text(text), rest @ ..] => of_text(name, text, rest),
        [Value::List { parts, .. }, rest @ ..] => of_list(name, parts, rest),
        [Value::Map(rows)] if name == "size" => Ok(count(rows.len())),
        [Value::Bytes(bytes)] if name == "size" => Ok(count(bytes.len())),
        [Value::Optional(inner), rest @ ..] => of_optional(name, inner.as_deref(), rest),
        [Value::Quantity(amount, binary), rest @ ..] => of_quantity(name, *amount, *binary, rest),
        [Value::Url(url)] => of_url(name, url),
        [Value::Span(nano)] => {
            let whole = |unit: i128| Ok(Value::Int(i64::try_from(nano / unit).unwrap_or(i64::MAX)));
            match name {
                "getHours" => whole(3_600_000_000_000),
                "getMinutes" => whole(60_000_000_000),
                "getSeconds" => whole(1_000_000_000),
                "getMilliseconds" => whole(1_000_000),
                _ => unknown(name),
            }
        }
        _ => unknown(name),
    }
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

/// Gives the place of something, below nought where it is not there.
fn place(found: Option<usize>) -> Outcome {
    Ok(found.map_or(Value::Int(-1), count))
}

fn of_text(name: &str, text: &str, rest: &[Value]) -> Outcome {
    let whole = |number: &i64| usize::try_from(*number).unwrap_or(usize::MAX);
    let letters = |at: usize| text.get(..at).map_or(0, |head| head.chars().count());
    Ok(match (name, rest) {
        ("size", []) => count(text.chars().count()),
        ("startsWith", [Value::Text(part)]) => Value::Bool(text.starts_with(part.as_str())),
        ("endsWith", [Value::Text(part)]) => Value::Bool(text.ends_with(part.as_str())),
        ("contains", [Value::Text(part)]) => Value::Bool(text.contains(part.as_str())),
        ("matches" | "find" | "findAll", [Value::Text(pattern), limit @ ..]) => {
            let Ok(regex) = Regex::new(pattern) else {
                return wrong(format!("error parsing regexp: {pattern}"));
            };
            match name {
                "matches" => Value::Bool(regex.is_match(text)),
                "find" => Value::text(regex.find(text).map_or("", |found| found.as_str())),
                _ => {
                    let most = match limit {
                        [Value::Int(most)] if *most >= 0 => whole(most),
                        _ => usize::MAX,
                    };
                    let found = regex.find_iter(text).take(most);
                    Value::list(found.map(|found| Value::text(found.as_str())).collect())
                }
            }
        }
        ("lowerAscii", []) => Value::Text(text.to_ascii_lowercase()),
        ("upperAscii", []) => Value::Text(text.to_ascii_uppercase()),
        ("trim", []) => Value::text(text.trim()),
        ("reverse", []) => Value::Text(text.chars().rev().collect()),
        ("replace", [Value::Text(from), Value::Text(to)]) => {
            Value::Text(text.replace(from.as_str(), to))
        }
        ("replace", [Value::Text(from), Value::Text(to), Value::Int(most)]) => match *most < 0 {
            true => Value::Text(text.replace(from.as_str(), to)),
            false => Value::Text(text.replacen(from.as_str(), to, whole(most))),
        },
        ("split", [Value::Text(by), limit @ ..]) => {
            let parts: Vec<&str> = match limit {
                [Value::Int(most)] if *most >= 0 => text.splitn(whole(most), by).collect(),
                _ if by.is_empty() => {
                    return Ok(Value::list(text.chars().map(Value::text).collect()));
                }
                _ => text.split(by.as_str()).collect(),
            };
            Value::list(parts.into_iter().map(Value::text).collect())
        }
        ("indexOf", [Value::Text(part)]) => return place(text.find(part.as_str()).map(letters)),
        ("lastIndexOf", [Value::Text(part)]) => {
            return place(text.rfind(part.as_str()).map(letters));
        }
        ("charAt", [Value::Int(at)]) => {
            Value::Text(text.chars().nth(whole(at)).map(String::from).unwrap_or_default())
        }
        ("substring", [Value::Int(from), end @ ..]) => {
            let length = text.chars().count();
            let end = match end {
                [Value::Int(end)] => whole(end),
                _ => length,
            };
            let from = whole(from);
            if from > end || end > length {
                return wrong(format!("index out of range: {from}"));
            }
            Value::Text(text.chars().skip(from).take(end - from).collect())
        }
        ("format", [Value::List { parts, .. }]) => Value::Text(formatted(text, parts)?),
        _ => return unknown(name),
    })
}

fn formatted(text: &str, parts: &[Value]) -> Result<String, Fault> {
    let mut result = String::new();
    let mut parts = parts.iter();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            result.push(letter);
            continue;
        }
        match letters.next() {
            Some('%') => result.push('%'),
            Some('s' | 'd' | 'f') => {
                let Some(part) = parts.next() else { return wrong("index 0 out of range") };
                match converted("string", part)? {
                    Value::Text(word) => result.push_str(&word),
                    _ => return wrong("no such overload"),
                }
            }
            _ => return unknown("format"),
        }
    }
    Ok(result)
}

fn of_list(name: &str, parts: &[Value], rest: &[Value]) -> Outcome {
    let ends = |wanted: Ordering| -> Outcome {
        let mut best: Option<&Value> = None;
        for part in parts {
            match best.map(|best| part.order(best)) {
                None => best = Some(part),
                Some(Some(order)) if order == wanted => best = Some(part),
                Some(Some(_)) => {}
                Some(None) => return wrong("no such overload"),
            }
        }
        best.map_or_else(|| wrong(format!("{name} called on empty list")), |best| Ok(best.clone()))
    };
    match (name, rest) {
        ("size", []) => Ok(count(parts.len())),
        ("isSorted", []) => Ok(Value::Bool(
            parts.windows(2).all(|pair| pair[0].order(&pair[1]) != Some(Ordering::Greater)),
        )),
        ("sum", []) => {
            let mut total: Option<Value> = None;
            for part in parts {
                total = Some(match total {
                    None => part.clone(),
                    Some(so_far) => sum("+", &so_far, part)?,
                });
            }
            Ok(total.unwrap_or(Value::Int(0)))
        }
        ("min", []) => ends(Ordering::Less),
        ("max", []) => ends(Ordering::Greater),
        ("indexOf", [one]) => place(parts.iter().position(|part| part.equals(one))),
        ("lastIndexOf", [one]) => place(parts.iter().rposition(|part| part.equals(one))),
        ("join", by) => {
            let by = match by {
                [Value::Text(by)] => by.as_str(),
                _ => "",
            };
            let words: Option<Vec<&str>> = parts
                .iter()
                .map(|part| match part {
                    Value::Text(word) => Some(word.as_str()),
                    _ => None,
                })
                .collect();
            words.map_or_else(|| wrong("no such overload"), |words| Ok(Value::Text(words.join(by))))
        }
        ("reverse", []) => Ok(Value::list(parts.iter().rev().cloned().collect())),
        ("distinct", []) => {
            let mut found: Vec<Value> = Vec::new();
            for part in parts {
                if !found.iter().any(|known| known.equals(part)) {
                    found.push(part.clone());
                }
            }
            Ok(Value::list(found))
        }
        _ => unknown(name),
    }
}

fn of_optional(name: &str, inner: Option<&Value>, rest: &[Value]) -> Outcome {
    match (name, inner, rest) {
        ("hasValue", _, []) => Ok(Value::Bool(inner.is_some())),
        ("value", Some(inner), []) => Ok(inner.clone()),
        ("value", None, []) => wrong("optional.none() dereference"),
        ("orValue", _, [other]) => Ok(inner.unwrap_or(other).clone()),
        ("or", _, [other]) => Ok(match inner {
            Some(inner) => Value::Optional(Some(Box::new(inner.clone()))),
            None => other.clone(),
        }),
        _ => unknown(name),
    }
}

fn of_quantity(name: &str, amount: i128, binary: bool, rest: &[Value]) -> Outcome {
    const ONE: i128 = 1_000_000_000;
    let whole = i64::try_from(amount / ONE).ok().filter(|_| amount % ONE == 0);
    Ok(match (name, rest) {
        ("isLessThan", [Value::Quantity(other, _)]) => Value::Bool(amount < *other),
        ("isGreaterThan", [Value::Quantity(other, _)]) => Value::Bool(amount > *other),
        ("compareTo", [Value::Quantity(other, _)]) => Value::Int(amount.cmp(other) as i64),
        ("sign", []) => Value::Int(i64::try_from(amount.signum()).unwrap_or(0)),
        ("isInteger", []) => Value::Bool(whole.is_some()),
        ("asInteger", []) => match whole {
            Some(number) => Value::Int(number),
            None => return wrong("cannot convert value to integer"),
        },
        ("asApproximateFloat", []) => Value::Double(amount as f64 / 1e9),
        ("add" | "sub", [other]) => {
            let other = match other {
                Value::Quantity(other, _) => *other,
                Value::Int(number) => i128::from(*number) * ONE,
                _ => return wrong("no such overload"),
            };
            Value::Quantity(if name == "add" { amount + other } else { amount - other }, binary)
        }
        _ => return unknown(name),
    })
}

fn of_url(name: &str, url: &url::Url) -> Outcome {
    let host = url.host_str().unwrap_or_default();
    Ok(match name {
        "getScheme" => Value::text(url.scheme()),
        "getHostname" => Value::text(host.trim_matches(['[', ']'])),
        "getHost" => match url.port() {
            Some(port) => Value::Text(format!("{host}:{port}")),
            None => Value::text(host),
        },
        "getPort" => Value::Text(url.port().map(|port| port.to_string()).unwrap_or_default()),
        "getEscapedPath" => Value::text(url.path()),
        "getQuery" => {
            let mut rows: Vec<(Value, Vec<Value>)> = Vec::new();
            for (key, value) in url.query_pairs() {
                let (key, value) = (Value::text(key), Value::text(value));
                match rows.iter_mut().find(|(known, _)| known.equals(&key)) {
                    Some((_, values)) => values.push(value),
                    None => rows.push((key, vec![value])),
                }
            }
            Value::Map(rows.into_iter().map(|(key, all)| (key, Value::list(all))).collect())
        }
        _ => return unknown(name),
    })
}
