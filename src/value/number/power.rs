//! Powers of 64-bit floats by repeated squaring, as `pow` reckons them: the last digit differs from
//! what the machine's own function gives.

/// Gives x to the power y.
pub(super) fn power(x: f64, y: f64) -> f64 {
    let plain = x == 0.0 || !x.is_finite() || !y.is_finite() || y == 0.0 || y.abs() == 0.5;
    let (mut whole, mut fraction) = (y.abs().trunc(), y.abs().fract());
    if plain || fraction != 0.0 && x < 0.0 || whole >= 9.2e18 {
        return x.powf(y);
    }
    let mut answer = 1.0;
    let mut answer_exponent = 0i32;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        answer = exponential(fraction * logarithm(x));
    }
    let (mut base, mut exponent) = split(x);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number inside u64"
    )]
    let mut rest = whole as u64;
    while rest != 0 {
        if exponent.abs() > 1 << 12 {
            answer_exponent += exponent;
            break;
        }
        if rest & 1 == 1 {
            answer *= base;
            answer_exponent += exponent;
        }
        base *= base;
        exponent <<= 1;
        if base.abs() < 0.5 {
            base += base;
            exponent -= 1;
        }
        rest >>= 1;
    }
    if y < 0.0 {
        answer = 1.0 / answer;
        answer_exponent = -answer_exponent;
    }
    let half = answer_exponent / 2;
    answer * 2f64.powi(half) * 2f64.powi(answer_exponent - half)
}

/// Gives a small power of e with the same last digit that Terraform's has: a series for the sixteenth
/// part of what is left beside a power of two, squared four times.
fn exponential(x: f64) -> f64 {
    const LN_2: (f64, f64) = (0.693_147_180_559_663, 0.282_352_905_630_315_77e-12);
    const SERIES: [f64; 8] =
        [1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let exponent = (std::f64::consts::LOG2_E * x).round_ties_even();
    let rest = (-LN_2.1).mul_add(exponent, (-LN_2.0).mul_add(exponent, x)) * 0.0625;
    let sum = SERIES[1..].iter().fold(SERIES[0], |sum, next| sum.mul_add(rest, *next));
    // This is one less than the power, so that no digit is lost.
    let less = (0..3).fold(rest * sum, |less, _| less * (less + 2.0));
    less.mul_add(less + 2.0, 1.0) * 2f64.powf(exponent)
}

/// Gives the natural logarithm with the same last digit that Terraform's has: by the series of
/// `2s + s³…` for the part from `√½` to `√2`, with the coefficients that the C libraries have used since 1993.
pub(super) fn logarithm(x: f64) -> f64 {
    const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
    const SERIES: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    if !x.is_finite() || x <= 0.0 {
        return x.ln();
    }
    let (mut part, mut exponent) = split(x);
    if part < std::f64::consts::FRAC_1_SQRT_2 {
        part *= 2.0;
        exponent -= 1;
    }
    let (f, k) = (part - 1.0, f64::from(exponent));
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (SERIES[0] + s4 * (SERIES[2] + s4 * (SERIES[4] + s4 * SERIES[6])));
    let even = s4 * (SERIES[1] + s4 * (SERIES[3] + s4 * SERIES[5]));
    let half = 0.5 * f * f;
    k * LN_2.0 - ((half - (s * (half + (odd + even)) + k * LN_2.1)) - f)
}

/// Splits into a part from a half to one and a power of two.
fn split(x: f64) -> (f64, i32) {
    if x.abs() < f64::MIN_POSITIVE {
        let (part, exponent) = split(x * 2f64.powi(60));
        return (part, exponent - 60);
    }
    let bits = x.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).expect("eleven bits fit") - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | (1022 << 52)), exponent)
}
