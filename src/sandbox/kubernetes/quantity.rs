//! Quantities: `500m`, `1Gi`, `2`.
//!
//! Source: the API's description of `Quantity`: canonical form is the largest suffix without a
//! fraction, no exponent lost, no leading zeros.

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [(&str, i32); 10] = [
    ("E", 18),
    ("P", 15),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("", 0),
    ("m", -3),
    ("u", -6),
    ("n", -9),
];

/// Gives the canonical form; `None` for what is no quantity.
pub fn canonical(text: &str) -> Option<String> {
    parse(text).and_then(written)
}

/// Writes an amount in its canonical form.
pub fn show(amount: (i128, bool)) -> String {
    written(amount).unwrap_or_default()
}

fn written((nano, binary): (i128, bool)) -> Option<String> {
    let unit = 1_000_000_000_i128;
    if binary && nano % unit == 0 && (nano / unit).abs() >= 1024 {
        let mut amount = nano / unit;
        let mut at = 0;
        while amount % 1024 == 0 && at + 1 < BINARY.len() {
            amount /= 1024;
            at += 1;
        }
        return Some(format!("{amount}{}", BINARY[at]));
    }
    if nano == 0 {
        return Some("0".to_owned());
    }
    for (suffix, exponent) in DECIMAL {
        let size = 10_i128.pow(u32::try_from(exponent + 9).ok()?);
        if nano % size == 0 {
            return Some(format!("{}{suffix}", nano / size));
        }
    }
    None
}

/// Gives the value in billionths, and whether the suffix was binary.
pub fn parse(text: &str) -> Option<(i128, bool)> {
    let digits_end = text
        .char_indices()
        .find(|(at, c)| {
            !(c.is_ascii_digit() || *c == '.' || (*at == 0 && (*c == '-' || *c == '+')))
        })
        .map_or(text.len(), |(at, _)| at);
    let (digits, suffix) = text.split_at(digits_end);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.trim_start_matches(['-', '+']).is_empty() && fraction.is_empty() {
        return None;
    }
    let negative = whole.starts_with('-');
    let mantissa: i128 =
        format!("{}{fraction}", whole.trim_start_matches(['-', '+'])).parse().ok()?;
    let mantissa = if negative { -mantissa } else { mantissa };
    let places = u32::try_from(fraction.len()).ok()?;
    if let Some(at) = BINARY.iter().skip(1).position(|word| *word == suffix) {
        let size = 1024_i128.checked_pow(u32::try_from(at + 1).ok()?)?;
        let nano = mantissa.checked_mul(size)?.checked_mul(1_000_000_000)?;
        return Some((round_up(nano, 10_i128.checked_pow(places)?), true));
    }
    let exponent = match DECIMAL.iter().find(|(word, _)| *word == suffix) {
        Some((_, exponent)) => *exponent,
        None => suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok().filter(|e| e.abs() < 19)?,
    };
    let power = exponent + 9 - i32::try_from(places).ok()?;
    let nano = if power >= 0 {
        mantissa.checked_mul(10_i128.checked_pow(power.unsigned_abs())?)?
    } else {
        round_up(mantissa, 10_i128.checked_pow(power.unsigned_abs())?)
    };
    Some((nano, false))
}

fn round_up(amount: i128, size: i128) -> i128 {
    let whole = amount / size;
    if amount % size > 0 { whole + 1 } else { whole }
}
