//! Equality by meaning: `1000m` is `1`, `"8000"` is `8000`, an absent `false` is `false`.

use serde_json::Value as Json;

use crate::value::{Kind, Value};

use super::schema;
use super::tables::{Convert, Node, Nodes};

/// Says whether two known values of an attribute mean the same.
pub(super) fn same(node: &Node, left: &Value, right: &Value) -> bool {
    if left.without_marks() == right.without_marks() {
        return true;
    }
    match (left.kind(), right.kind()) {
        (Kind::String(a), Kind::String(b)) => same_text(node.convert, a, b),
        (Kind::Map(_, a), Kind::Map(_, b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((a_key, a), (b_key, b))| {
                    a_key == b_key && same_element(node.convert, a, b)
                })
        }
        (Kind::List(_, a), Kind::List(_, b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|(a, b)| same_element(node.convert, a, b))
        }
        // Nothing and the empty collection are one to the API.
        (Kind::Null(_), Kind::Map(_, parts)) | (Kind::Map(_, parts), Kind::Null(_)) => {
            parts.is_empty()
        }
        (Kind::Null(_), Kind::List(_, parts) | Kind::Set(_, parts))
        | (Kind::List(_, parts) | Kind::Set(_, parts), Kind::Null(_)) => parts.is_empty(),
        _ => false,
    }
}

fn same_element(convert: Convert, left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(a), Some(b)) => same_text(convert, a, b),
        _ => left.without_marks() == right.without_marks(),
    }
}

/// Says whether two texts mean the same under a conversion.
pub(super) fn same_text(convert: Convert, left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match convert {
        Convert::Quantity => {
            matches!((quantity(left), quantity(right)), (Some(a), Some(b)) if a == b)
        }
        Convert::Decimal | Convert::IntOrString | Convert::Port => {
            matches!((left.parse::<i64>(), right.parse::<i64>()), (Ok(a), Ok(b)) if a == b)
        }
        Convert::Octal => matches!((octal(left), octal(right)), (Some(a), Some(b)) if a == b),
        Convert::Plain | Convert::Bytes => false,
    }
}

/// Reads an octal mode like `0644`.
pub(super) fn octal(text: &str) -> Option<i64> {
    i64::from_str_radix(text.trim_start_matches("0o"), 8).ok()
}

/// Reads a quantity as thousand-millionths: `250m`, `1.5Gi`, `2e3`.
pub(super) fn quantity(text: &str) -> Option<i128> {
    const NANO: i128 = 1_000_000_000;
    let split =
        text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(split);
    let (times, per): (i128, i128) = match suffix {
        "" => (1, 1),
        "n" => (1, NANO),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (NANO, 1),
        "T" => (1_000 * NANO, 1),
        "P" => (1_000_000 * NANO, 1),
        "E" => (NANO * NANO, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        exponent => exponent_factor(exponent)?,
    };
    nano(digits)?.checked_mul(times).map(|scaled| scaled / per)
}

fn exponent_factor(suffix: &str) -> Option<(i128, i128)> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    Some(if power < 0 { (1, factor) } else { (factor, 1) })
}

fn nano(digits: &str) -> Option<i128> {
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let places: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let value = whole.checked_mul(1_000_000_000)?.checked_add(places.parse::<i128>().ok()?)?;
    Some(if negative { -value } else { value })
}

/// Says whether a value is what the API leaves out: zero, false, empty, null, or the default.
pub(super) fn is_idle(node: &Node, value: &Value) -> bool {
    if let (Some(block), Some(elements)) = (&node.block, value.elements()) {
        return elements.iter().all(|element| is_idle_block(block, element));
    }
    if schema::default(node).is_some_and(|default| same(node, &default, value)) {
        return true;
    }
    match value.kind() {
        Kind::Unknown(..) => false,
        Kind::Null(_) => true,
        Kind::Bool(flag) => !flag,
        Kind::Number(number) => number.to_i64() == Some(0),
        Kind::String(text) => {
            text.is_empty() || (node.convert == Convert::Decimal && &**text == "0")
        }
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => parts.is_empty(),
        Kind::Map(_, fields) | Kind::Object(fields) => fields.is_empty(),
    }
}

/// Says whether a block holds nothing that the API would show.
pub(super) fn is_idle_block(nodes: &Nodes, object: &Value) -> bool {
    nodes.iter().all(|(name, node)| object.field(name).is_none_or(|value| is_idle(node, value)))
}

/// Says whether the order of a keyed list's elements means nothing.
pub(super) fn order_is_free(api: &str) -> bool {
    !matches!(api, "env" | "containers" | "initContainers")
}

/// Says whether JSON is what the API would have left out.
pub(super) fn is_absent(json: Option<&Json>) -> bool {
    json.is_none_or(Json::is_null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_equal_by_what_they_mean() {
        for (left, right) in
            [("1000m", "1"), ("1024Mi", "1Gi"), ("1.5", "1500m"), ("2e3", "2k"), ("0.1", "100m")]
        {
            assert!(same_text(Convert::Quantity, left, right), "{left} {right}");
        }

        assert!(!same_text(Convert::Quantity, "1G", "1Gi"));
        assert!(!same_text(Convert::Quantity, "one", "1"));
    }

    #[test]
    fn modes_and_ports_are_equal_by_what_they_mean() {
        assert!(same_text(Convert::Octal, "0644", "644"));
        assert!(same_text(Convert::IntOrString, "8000", "08000"));
        assert!(!same_text(Convert::IntOrString, "http", "8000"));
    }
}
