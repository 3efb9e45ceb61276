//! Numbers as the language has them.

use std::cmp::Ordering;
use std::fmt;

/// A number. Never not-a-number; may be infinite.
#[derive(Clone, Debug)]
pub struct Number(Repr);

/// Invariant: an integer that fits is `Small`.
#[derive(Clone, Debug)]
enum Repr {
    Small(i64),
    Big(f64),
}

impl Number {
    /// Makes a number from a float; not-a-number gives nothing.
    pub fn from_f64(float: f64) -> Option<Number> {
        if float.is_nan() {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "only whole numbers well inside i64 pass")]
        let small = (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
        Some(Number(small.map_or(Repr::Big(float), Repr::Small)))
    }

    /// Reads a decimal number as the language writes it.
    pub fn parse(text: &str) -> Option<Number> {
        match text.parse() {
            Ok(small) => Some(Number(Repr::Small(small))),
            Err(_) => text.parse().ok().and_then(Number::from_f64),
        }
    }

    /// Gives it as an integer, where it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Small(small) => Some(small),
            Repr::Big(_) => None,
        }
    }

    /// Gives the nearest float.
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked")]
    pub fn to_f64(&self) -> f64 {
        match self.0 {
            Repr::Small(small) => small as f64,
            Repr::Big(float) => float,
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number(Repr::Small(number))
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Number {
        Number(Repr::Small(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Small(small) => small.fmt(out),
            Repr::Big(float) => float.fmt(out),
        }
    }
}
