//! A number as a text that loses nothing: its bits, its precision, and whether it was worked out.

use dashu_int::UBig;

use super::{Number, Repr, make};

/// The largest binary exponent that is read: beyond it a few bytes would ask for memory without end.
const LARGEST_EXPONENT: u64 = 2_000_000;

impl Number {
    /// Gives a text from which `parse_exact` makes the same number: a decimal one where that says it all, otherwise
    /// `~SIGNMAGNITUDEpEXPONENT/PRECISION` with a magnitude in hexadecimal digits and `!` at the end of what was
    /// worked out.
    pub fn to_exact(&self) -> String {
        match &self.repr {
            Repr::Infinite { negative } => return if *negative { "-inf" } else { "inf" }.into(),
            Repr::Small(_) | Repr::NegativeZero | Repr::Big(_) => {}
        }
        let plain = self.to_string();
        if Number::parse(&plain).is_some_and(|read| read.is_same(self)) {
            return plain;
        }
        let parts = self.parts();
        let sign = if self.has_minus() { "-" } else { "" };
        let worked = if self.worked { "!" } else { "" };
        let magnitude = parts.magnitude.in_radix(16);
        format!("~{sign}{magnitude}p{}/{}{worked}", parts.exponent, self.precision)
    }

    /// Reads what `to_exact` writes.
    pub fn parse_exact(text: &str) -> Option<Number> {
        let Some(rest) = text.strip_prefix('~') else { return Number::parse(text) };
        let (rest, worked) = match rest.strip_suffix('!') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, negative) = match rest.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (magnitude, rest) = rest.split_once('p')?;
        let (exponent, precision) = rest.split_once('/')?;
        let magnitude = UBig::from_str_radix(magnitude, 16).ok()?;
        let exponent =
            exponent.parse::<i64>().ok().filter(|at| at.unsigned_abs() <= LARGEST_EXPONENT)?;
        let precision = precision.parse::<u16>().ok().filter(|bits| *bits > 0)?;
        Some(Number { worked, ..make(negative, magnitude, exponent, false, precision) })
    }

    /// Says whether all of it is the same, its precision too.
    fn is_same(&self, other: &Number) -> bool {
        let all = |number: &Number| (number.precision, number.worked, number.has_minus());
        all(self) == all(other) && self == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_with_all_its_bits_and_its_precision() {
        let two = Number::from(2_i64);
        let third = Number::from(1_i64).div(&Number::from(3_i64)).unwrap();
        let numbers = [
            two.pow(&Number::from(70_i64)).unwrap(),
            two.pow(&Number::from(-70_i64)).unwrap(),
            two.pow(&Number::from(70_i64)).unwrap().neg(),
            third.neg(),
            Number::from(3_i64),
            Number::parse("1e30").unwrap(),
            Number::parse("-0").unwrap(),
            Number::from_f64(-0.0).unwrap(),
            Number::from_f64(0.1).unwrap(),
            Number::parse_radix("ffffffffffffffffffffffff", 16).unwrap(),
            Number::parse("0.5e1").unwrap(),
            Number::infinity(true),
        ];

        for number in numbers {
            let text = number.to_exact();
            let read = Number::parse_exact(&text).unwrap();

            assert!(read.is_same(&number), "{text}: {read}");
            assert_eq!(read.to_exact(), text);
        }
    }

    #[test]
    fn a_decimal_text_stays_where_it_says_all() {
        assert_eq!(Number::parse("0.1").unwrap().to_exact(), "0.1");
        assert_eq!(Number::parse("12").unwrap().to_exact(), "12");
        assert_eq!(Number::from(12_i64).to_exact(), "~cp0/64");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "~",
            "~p",
            "~1p/3",
            "~1p1/0",
            "~1p99999999999/5",
            "~gp1/5",
            "~1p-9223372036854775808/64",
            "~1p1/70000",
        ] {
            assert!(Number::parse_exact(text).is_none(), "{text}");
        }
    }
}
