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
        answer = (fraction * x.ln()).exp();
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
