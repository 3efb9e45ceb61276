//! Numbers as the language has them: binary floats of 512 bits, as `1/3` and `0.1 + 0.2 == 0.3` show.
//!
//! A number carries the precision it was made with: literals and text 512 bits, counts 64, results of float functions such as `pow` 53.
//! It tells how many digits are printed, and a result has the wider one of its operands. Integers that fit are kept as such.

mod decimal;
mod exact;
mod power;

use std::cmp::Ordering;
use std::fmt;

use dashu_base::{BitTest, DivRem};
use dashu_int::UBig;

use self::decimal::Decimal;

/// The precision of literals and text, in bits.
const WIDE: u16 = 512;
/// The largest decimal exponent that is read; beyond it a text is no number.
const LARGEST_EXPONENT: i64 = 200_000;

/// A number. Never not-a-number; may be infinite.
#[derive(Clone)]
pub struct Number {
    repr: Repr,
    precision: u16,
    /// Whether it was worked out and would be kept otherwise than the same number read from text.
    worked: bool,
}

/// Invariant: an integer that fits is `Small`.
#[derive(Clone)]
enum Repr {
    Small(i64),
    Big(Box<Float>),
    /// Zero that divides to minus infinity; equal to zero.
    NegativeZero,
    Infinite {
        negative: bool,
    },
}

/// A finite number: magnitude × 2^exponent. Invariant: the magnitude is odd.
#[derive(Clone)]
struct Float {
    negative: bool,
    magnitude: UBig,
    exponent: i64,
}

impl Number {
    /// Makes a number from a float; not-a-number gives nothing.
    pub fn from_f64(float: f64) -> Option<Number> {
        if float.is_nan() {
            return None;
        }
        if float.is_infinite() {
            return Some(Number::infinity(float < 0.0));
        }
        let bits = float.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let exponent = i64::try_from((bits >> 52) & 0x7ff).expect("eleven bits fit");
        let (magnitude, exponent) =
            if exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent - 1075) };
        Some(make(float.is_sign_negative(), UBig::from(magnitude), exponent, false, 53))
    }

    /// Gives infinity or its negative.
    pub fn infinity(negative: bool) -> Number {
        Number { repr: Repr::Infinite { negative }, precision: WIDE, worked: false }
    }

    /// Reads a decimal number as the language writes it.
    pub fn parse(text: &str) -> Option<Number> {
        if let Ok(small) = text.parse::<i64>() {
            let negative_zero = small == 0 && text.starts_with('-');
            let repr = if negative_zero { Repr::NegativeZero } else { Repr::Small(small) };
            return Some(Number { repr, precision: WIDE, worked: false });
        }
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "Inf" || rest == "inf" {
            return Some(Number::infinity(negative));
        }
        let (digits, exponent) = match rest.find(['e', 'E']) {
            Some(place) => (&rest[..place], rest[place + 1..].parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if exponent.abs() > LARGEST_EXPONENT {
            return None;
        }
        let power = UBig::from(10u8).pow(usize::try_from(exponent.unsigned_abs()).ok()?);
        let magnitude = UBig::from_str_radix(&all, 10).ok()?;
        let number = if exponent >= 0 {
            make(negative, magnitude * power, 0, false, WIDE)
        } else {
            quotient(negative, (&magnitude, 0), (&power, 0), WIDE)
        };
        // From twenty-two digits on it is written with an exponent, as it was read.
        let rewritten = (digits.len() < rest.len() || exponent < 0) && number.to_f64().abs() < 1e21;
        Some(if rewritten { number.worked_out() } else { number })
    }

    /// Reads an integer in a base from 2 to 62, with digits as `parseint` has them.
    pub fn parse_radix(text: &str, base: u32) -> Option<Number> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if digits.is_empty() {
            return None;
        }
        let mut magnitude = UBig::from(0u8);
        for byte in digits.bytes() {
            let digit = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'a'..=b'z' => u32::from(byte - b'a') + 10,
                b'A'..=b'Z' if base <= 36 => u32::from(byte - b'A') + 10,
                b'A'..=b'Z' => u32::from(byte - b'A') + 36,
                _ => return None,
            };
            if digit >= base {
                return None;
            }
            magnitude = magnitude * base + digit;
        }
        let precision = u16::try_from(magnitude.bit_len().clamp(64, 60_000)).unwrap_or(WIDE);
        Some(make(negative, magnitude, 0, false, precision))
    }

    /// Gives it as an integer, where it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.repr {
            Repr::Small(small) => Some(small),
            Repr::NegativeZero => Some(0),
            Repr::Big(_) | Repr::Infinite { .. } => None,
        }
    }

    /// Gives the nearest float.
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked")]
    pub fn to_f64(&self) -> f64 {
        match &self.repr {
            Repr::Small(small) => *small as f64,
            Repr::NegativeZero => -0.0,
            Repr::Infinite { negative: true } => f64::NEG_INFINITY,
            Repr::Infinite { negative: false } => f64::INFINITY,
            Repr::Big(_) => {
                let text = self.to_exponential(None, 'e');
                text.parse().expect("an exponential form is a float's text")
            }
        }
    }

    /// Says whether it has no fraction; infinities have none to speak of.
    pub fn is_integer(&self) -> bool {
        match &self.repr {
            Repr::Small(_) | Repr::NegativeZero => true,
            Repr::Big(float) => float.exponent >= 0,
            Repr::Infinite { .. } => false,
        }
    }

    /// Says whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self.repr, Repr::Infinite { .. })
    }

    /// Says whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.to_i64() == Some(0)
    }

    /// Says whether it is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.repr {
            Repr::Small(small) => *small < 0,
            Repr::NegativeZero => false,
            Repr::Big(float) => float.negative,
            Repr::Infinite { negative } => *negative,
        }
    }

    /// Says whether Terraform would keep it as it keeps the same number that is read from a file: what is counted or
    /// calculated it does not.
    pub fn is_as_read(&self) -> bool {
        self.precision == WIDE && !self.worked
    }

    /// Notes of an integer that it was calculated: with a fraction nothing tells it from one that was read.
    fn worked_out(self) -> Number {
        let worked = self.worked || self.is_integer();
        Number { worked, ..self }
    }

    /// Adds; nothing where infinities of both signs meet.
    pub fn add(&self, other: &Number) -> Option<Number> {
        let sum = self.plus(other)?;
        Some(if self.is_zero() || other.is_zero() { sum } else { sum.worked_out() })
    }

    fn plus(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        if let (Repr::Small(a), Repr::Small(b)) = (&self.repr, &other.repr)
            && let Some(sum) = a.checked_add(*b)
        {
            return Some(Number { repr: Repr::Small(sum), precision, worked: false });
        }
        match (&self.repr, &other.repr) {
            (Repr::Infinite { negative: a }, Repr::Infinite { negative: b }) => {
                return (a == b).then(|| Number::infinity(*a));
            }
            (Repr::Infinite { negative }, _) | (_, Repr::Infinite { negative }) => {
                return Some(Number::infinity(*negative));
            }
            _ => {}
        }
        let (left, right) = (self.parts(), other.parts());
        Some(sum(&left, &right, precision))
    }

    /// Subtracts; nothing where infinities of one sign meet.
    pub fn sub(&self, other: &Number) -> Option<Number> {
        self.add(&other.neg())
    }

    /// Multiplies; nothing for zero times infinity.
    pub fn mul(&self, other: &Number) -> Option<Number> {
        let product = self.times(other)?;
        Some(if product.is_zero() { product } else { product.worked_out() })
    }

    fn times(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        if let (Repr::Small(a), Repr::Small(b)) = (&self.repr, &other.repr)
            && let Some(product) = a.checked_mul(*b)
            && product != 0
        {
            return Some(Number { repr: Repr::Small(product), precision, worked: false });
        }
        let negative = self.has_minus() != other.has_minus();
        if self.is_infinite() || other.is_infinite() {
            return (!self.is_zero() && !other.is_zero()).then(|| Number::infinity(negative));
        }
        let (left, right) = (self.parts(), other.parts());
        let exact = left.magnitude.bit_len() + right.magnitude.bit_len();
        let precision = precision.max(u16::try_from(exact).map_or(WIDE, |exact| exact.min(WIDE)));
        let exponent = left.exponent + right.exponent;
        Some(make(negative, left.magnitude * right.magnitude, exponent, false, precision))
    }

    /// Divides; by zero it gives an infinity, and zero by zero or infinity by infinity nothing.
    pub fn div(&self, other: &Number) -> Option<Number> {
        let quotient = self.by(other)?.worked_out();
        let (of, by) = (quotient.parts(), other.parts());
        let (magnitude, exponent) = (of.magnitude * by.magnitude, of.exponent + by.exponent);
        // What is cut off leaves a trace.
        let cut = make(false, magnitude, exponent, false, u16::MAX) != self.abs();
        Some(Number { worked: quotient.worked || cut, ..quotient })
    }

    fn by(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        let negative = self.has_minus() != other.has_minus();
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) => return None,
            (true, false) => return Some(Number::infinity(negative)),
            (false, true) => return Some(Number::from(0i64)),
            (false, false) => {}
        }
        if other.is_zero() {
            return (!self.is_zero()).then(|| Number::infinity(negative));
        }
        let (left, right) = (self.parts(), other.parts());
        Some(quotient(
            negative,
            (&left.magnitude, left.exponent),
            (&right.magnitude, right.exponent),
            precision,
        ))
    }

    /// Gives the remainder of a division, with the sign of the dividend; by zero the dividend itself.
    pub fn rem(&self, other: &Number) -> Option<Number> {
        if self.is_infinite() || other.is_infinite() {
            return self.mul(other);
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        let whole = self.div(other)?.truncate();
        self.sub(&other.mul(&whole)?)
    }

    /// Gives the negative.
    #[must_use]
    pub fn neg(&self) -> Number {
        let repr = match &self.repr {
            Repr::Small(0) => Repr::NegativeZero,
            Repr::NegativeZero => Repr::Small(0),
            Repr::Small(small) => match small.checked_neg() {
                Some(small) => Repr::Small(small),
                None => {
                    return make(false, UBig::from(small.unsigned_abs()), 0, false, self.precision);
                }
            },
            Repr::Big(float) => {
                let Float { negative, magnitude, exponent } = Float::clone(float);
                return make(!negative, magnitude, exponent, false, self.precision);
            }
            Repr::Infinite { negative } => Repr::Infinite { negative: !negative },
        };
        Number { repr, precision: self.precision, worked: self.worked }
    }

    /// Gives the magnitude.
    #[must_use]
    pub fn abs(&self) -> Number {
        if self.has_minus() { self.neg() } else { self.clone() }
    }

    /// Gives the number without its fraction.
    #[must_use]
    pub fn truncate(&self) -> Number {
        match &self.repr {
            Repr::Big(float) if float.exponent < 0 => {
                let shift = usize::try_from(-float.exponent).unwrap_or(usize::MAX);
                let magnitude = if shift > float.magnitude.bit_len() {
                    UBig::from(0u8)
                } else {
                    &float.magnitude >> shift
                };
                make(float.negative && !magnitude.is_zero(), magnitude, 0, false, self.precision)
            }
            Repr::Small(_) | Repr::NegativeZero | Repr::Big(_) | Repr::Infinite { .. } => {
                self.clone()
            }
        }
    }

    /// Gives the largest integer that is not above.
    #[must_use]
    pub fn floor(&self) -> Number {
        let whole = self.truncate();
        let below = self.is_negative() && !self.is_integer() && !self.is_infinite();
        let floor = if below { whole.plus(&Number::from(-1i64)).unwrap_or(whole) } else { whole };
        Number { worked: false, ..floor }
    }

    /// Gives the smallest integer that is not below.
    #[must_use]
    pub fn ceil(&self) -> Number {
        let ceil = self.neg().floor().neg();
        // The sign of a zero does not come through.
        if ceil.is_zero() { ceil.abs() } else { ceil }
    }

    /// Gives a power, reckoned in 64-bit floats; nothing where that is not a number.
    pub fn pow(&self, power: &Number) -> Option<Number> {
        Number::from_f64(power::power(self.to_f64(), power.to_f64()))
    }

    /// Gives a logarithm, reckoned in 64-bit floats; nothing where that is not a number.
    pub fn log(&self, base: &Number) -> Option<Number> {
        Number::from_f64(power::logarithm(self.to_f64()) / power::logarithm(base.to_f64()))
    }

    /// Gives an integer's text in a base from 2 to 36, in small letters; nothing for what is no integer.
    pub fn to_radix(&self, base: u8) -> Option<String> {
        if !self.is_integer() {
            return None;
        }
        let parts = self.parts();
        let magnitude = parts.magnitude << usize::try_from(parts.exponent).ok()?;
        let sign = if parts.negative { "-" } else { "" };
        Some(format!("{sign}{}", magnitude.in_radix(base)))
    }

    /// Gives the text with a fixed number of places, rounded half to even.
    pub fn to_fixed(&self, places: usize) -> String {
        self.printed(|decimal| {
            let keep = decimal.point.saturating_add(i64::try_from(places).unwrap_or(i64::MAX));
            decimal.round(keep);
            decimal.fixed(places)
        })
    }

    /// Gives the text with an exponent: of the shortest digits, or rounded to a number of places.
    pub fn to_exponential(&self, places: Option<usize>, letter: char) -> String {
        self.printed(|decimal| {
            let places = match places {
                Some(places) => {
                    decimal.round(i64::try_from(places).unwrap_or(i64::MAX).saturating_add(1));
                    places
                }
                None => {
                    self.shorten(decimal);
                    decimal.digits.len().saturating_sub(1)
                }
            };
            decimal.exponential(places, letter)
        })
    }

    /// Gives the shorter of the two texts: of the shortest digits, or rounded to a number of digits.
    pub fn to_general(&self, digits: Option<usize>, letter: char) -> String {
        self.printed(|decimal| {
            match digits {
                Some(digits) => decimal.round(i64::try_from(digits.max(1)).unwrap_or(i64::MAX)),
                None => self.shorten(decimal),
            }
            decimal.general(digits.map(|digits| digits.max(1)), letter)
        })
    }

    fn printed(&self, print: impl FnOnce(&mut Decimal) -> String) -> String {
        if let Repr::Infinite { negative } = self.repr {
            return if negative { "-Inf".into() } else { "+Inf".into() };
        }
        let parts = self.parts();
        let mut decimal = Decimal::exact(&parts.magnitude, parts.exponent);
        let text = print(&mut decimal);
        if parts.negative { format!("-{text}") } else { text }
    }

    /// Cuts the digits to the shortest that tell this number from its neighbours of its precision.
    fn shorten(&self, decimal: &mut Decimal) {
        let mut parts = self.parts();
        let Some(zeros) = parts.magnitude.trailing_zeros() else { return };
        parts.magnitude >>= zeros;
        parts.exponent += i64::try_from(zeros).expect("a number of bits fits");
        let bits = parts.magnitude.bit_len();
        // The last bit of `middle` is half a step of the precision.
        let shift = (usize::from(self.precision) + 1).saturating_sub(bits);
        let middle = &parts.magnitude << shift;
        let exponent = parts.exponent - i64::try_from(shift).expect("a shift is small");
        let lower = Decimal::exact(&(&middle - 1u8), exponent);
        let upper = Decimal::exact(&(&middle + 1u8), exponent);
        decimal.shorten(&lower, &upper, !middle.bit(1));
    }

    fn has_minus(&self) -> bool {
        matches!(self.repr, Repr::NegativeZero) || self.is_negative()
    }

    /// Gives sign, magnitude and exponent of a finite number; zero's magnitude is zero.
    fn parts(&self) -> Float {
        match &self.repr {
            Repr::Small(small) => Float {
                negative: *small < 0,
                magnitude: UBig::from(small.unsigned_abs()),
                exponent: 0,
            },
            Repr::Big(float) => Float::clone(float),
            Repr::NegativeZero | Repr::Infinite { .. } => {
                Float { negative: false, magnitude: UBig::from(0u8), exponent: 0 }
            }
        }
    }
}

/// Rounds half to even and makes the one form; `inexact` tells of bits below those given.
fn make(negative: bool, magnitude: UBig, exponent: i64, inexact: bool, precision: u16) -> Number {
    let (mut magnitude, mut exponent) = round(magnitude, exponent, inexact, precision);
    let Some(zeros) = magnitude.trailing_zeros() else {
        let repr = if negative { Repr::NegativeZero } else { Repr::Small(0) };
        return Number { repr, precision, worked: false };
    };
    magnitude >>= zeros;
    exponent += i64::try_from(zeros).expect("a number of bits fits");
    let bits = i64::try_from(magnitude.bit_len()).expect("a number of bits fits");
    if exponent >= 0 && bits + exponent <= 64 {
        let shift = u32::try_from(exponent).expect("at most 64");
        let whole = u64::try_from(&magnitude).map(|whole| i128::from(whole) << shift);
        let signed = whole.map(|whole| if negative { -whole } else { whole });
        if let Some(small) = signed.ok().and_then(|signed| i64::try_from(signed).ok()) {
            return Number { repr: Repr::Small(small), precision, worked: false };
        }
    }
    let repr = Repr::Big(Box::new(Float { negative, magnitude, exponent }));
    Number { repr, precision, worked: false }
}

fn round(magnitude: UBig, exponent: i64, inexact: bool, precision: u16) -> (UBig, i64) {
    let bits = magnitude.bit_len();
    let Some(shift) = bits.checked_sub(usize::from(precision)).filter(|shift| *shift > 0) else {
        return (magnitude, exponent);
    };
    let half = magnitude.bit(shift - 1);
    let above_half = inexact || magnitude.trailing_zeros().is_some_and(|zeros| zeros < shift - 1);
    let mut kept = magnitude >> shift;
    if half && (above_half || kept.bit(0)) {
        kept += 1u8;
    }
    (kept, exponent + i64::try_from(shift).expect("a number of bits fits"))
}

fn quotient(negative: bool, left: (&UBig, i64), right: (&UBig, i64), precision: u16) -> Number {
    if left.0.is_zero() {
        return make(negative, UBig::from(0u8), 0, false, precision);
    }
    let wanted = usize::from(precision) + 2 + right.0.bit_len();
    let shift = wanted.saturating_sub(left.0.bit_len());
    let (quotient, rest) = (left.0 << shift).div_rem(right.0);
    let exponent = left.1 - right.1 - i64::try_from(shift).expect("a number of bits fits");
    make(negative, quotient, exponent, !rest.is_zero(), precision)
}

fn sum(left: &Float, right: &Float, precision: u16) -> Number {
    let (low, high) = if left.exponent <= right.exponent { (left, right) } else { (right, left) };
    if low.magnitude.is_zero() || high.magnitude.is_zero() {
        let one = if low.magnitude.is_zero() { high } else { low };
        return make(one.negative, one.magnitude.clone(), one.exponent, false, precision);
    }
    let shift = usize::try_from(high.exponent - low.exponent).unwrap_or(usize::MAX);
    // So far apart that the smaller one cannot reach the last bit.
    if shift > low.magnitude.bit_len() + 2 * usize::from(precision) {
        return make(high.negative, high.magnitude.clone(), high.exponent, false, precision);
    }
    let shifted = &high.magnitude << shift;
    let (negative, magnitude) = if high.negative == low.negative {
        (high.negative, shifted + &low.magnitude)
    } else if shifted >= low.magnitude {
        (high.negative && shifted != low.magnitude, shifted - &low.magnitude)
    } else {
        (low.negative, &low.magnitude - shifted)
    };
    make(negative, magnitude, low.exponent, false, precision)
}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number { repr: Repr::Small(number), precision: 64, worked: false }
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Number {
        Number::from(i64::try_from(number).unwrap_or(i64::MAX))
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
        if let (Some(a), Some(b)) = (self.to_i64(), other.to_i64()) {
            return a.cmp(&b);
        }
        let sign = |number: &Number| {
            if number.is_zero() {
                0
            } else if number.is_negative() {
                -1
            } else {
                1
            }
        };
        let signs = sign(self).cmp(&sign(other));
        if signs.is_ne() {
            return signs;
        }
        let magnitudes = match (self.is_infinite(), other.is_infinite()) {
            (false, false) => compare_magnitudes(&self.parts(), &other.parts()),
            (a, b) => a.cmp(&b),
        };
        if self.is_negative() { magnitudes.reverse() } else { magnitudes }
    }
}

fn compare_magnitudes(left: &Float, right: &Float) -> Ordering {
    let top = |float: &Float| {
        i64::try_from(float.magnitude.bit_len()).unwrap_or(i64::MAX) + float.exponent
    };
    top(left).cmp(&top(right)).then_with(|| {
        let shift = |by: i64| usize::try_from(by).unwrap_or(0);
        let apart = left.exponent - right.exponent;
        (&left.magnitude << shift(apart)).cmp(&(&right.magnitude << shift(-apart)))
    })
}

/// As the language turns it to text: the shortest digits, never with an exponent.
impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.repr {
            Repr::Small(small) if self.precision > 53 || small.unsigned_abs() >> 53 == 0 => {
                small.fmt(out)
            }
            Repr::NegativeZero => out.write_str("-0"),
            Repr::Infinite { negative } => out.write_str(if negative { "-Inf" } else { "Inf" }),
            Repr::Small(_) | Repr::Big(_) => out.write_str(&self.printed(|decimal| {
                self.shorten(decimal);
                let length = i64::try_from(decimal.digits.len()).unwrap_or(i64::MAX);
                decimal.fixed(usize::try_from(length - decimal.point).unwrap_or(0))
            })),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    fn number(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    #[test]
    fn a_third_has_the_digits_of_512_bits() {
        let third = number("1").div(&number("3")).expect("a quotient");

        assert_eq!(third.to_string(), format!("0.{}5", "3".repeat(154)),);
        assert_eq!(third.mul(&number("3")).expect("a product"), number("1"));
    }

    #[test]
    fn tenths_add_up() {
        assert_eq!(number("0.1").add(&number("0.2")), Some(number("0.3")));
    }

    #[test]
    fn large_and_small_numbers_print_without_exponent() {
        assert_eq!(number("1e30").to_string(), format!("1{}", "0".repeat(30)));
        assert_eq!(number("1e400").to_string(), format!("1{}", "0".repeat(400)));
        assert_eq!(number("1e-7").to_string(), "0.0000001");
        assert_eq!(number("-12345678901234567890.5").to_string(), "-12345678901234567890.5");
    }

    #[test]
    fn powers_have_the_digits_of_floats() {
        let power = number("2").pow(&number("100")).expect("a power");

        assert_eq!(power.to_string(), "1267650600228229400000000000000");
        assert_eq!(
            number("1.1").pow(&number("10")).expect("a power").to_string(),
            "2.593742460100002"
        );
    }

    #[test]
    fn other_texts_round_half_to_even() {
        assert_eq!(number("2.5").to_fixed(0), "2");
        assert_eq!(number("3.14159").to_fixed(2), "3.14");
        assert_eq!(number("123456.789").to_exponential(Some(6), 'e'), "1.234568e+05");
        assert_eq!(number("1000000").to_general(None, 'e'), "1e+06");
        assert_eq!(number("123456789").to_general(None, 'e'), "1.23456789e+08");
        assert_eq!(number("1234.5678").to_general(Some(3), 'e'), "1.23e+03");
        assert_eq!(number("0").to_fixed(2), "0.00");
    }

    #[test]
    fn floors_and_ceilings_go_their_way() {
        assert_eq!(number("-0.5").floor(), number("-1"));
        assert_eq!(number("-0.5").ceil(), number("0"));
        assert_eq!(number("5.1").ceil(), number("6"));
        assert_eq!(number("-7").rem(&number("3")), Some(number("-1")));
        assert_eq!(number("7.5").rem(&number("2")), Some(number("1.5")));
    }

    #[test]
    fn order_is_that_of_numbers() {
        let mut all = ["1e30", "-1e30", "0.5", "0", "-3", "Inf", "9223372036854775808"].map(number);

        all.sort();

        let texts = all.map(|one| one.to_string());
        assert_eq!(texts[0], "-1000000000000000000000000000000");
        assert_eq!(&texts[1..4], ["-3", "0", "0.5"]);
        assert_eq!(&texts[4..], ["9223372036854775808", "1000000000000000000000000000000", "Inf"]);
    }
}
