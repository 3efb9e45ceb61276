//! Decimal digits of a binary number, exact, and the ways of cutting and writing them.

use dashu_int::UBig;

/// The number 0.DIGITS × 10^point. Invariant: no zero digit at either end.
pub(super) struct Decimal {
    /// The digits, each 0 to 9.
    pub(super) digits: Vec<u8>,
    /// Where the point stands, counted from the first digit.
    pub(super) point: i64,
}

impl Decimal {
    /// Gives all digits of magnitude × 2^exponent.
    pub(super) fn exact(magnitude: &UBig, exponent: i64) -> Decimal {
        let power = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
        let (whole, below) = if exponent >= 0 {
            (magnitude << power, 0)
        } else {
            (magnitude * UBig::from(5u8).pow(power), exponent)
        };
        let digits: Vec<u8> = whole.to_string().bytes().map(|byte| byte - b'0').collect();
        let point = i64::try_from(digits.len()).unwrap_or(i64::MAX) + below;
        let mut decimal = Decimal { digits, point };
        decimal.trim();
        decimal
    }

    fn trim(&mut self) {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
    }

    /// Keeps that many digits, rounding half to even.
    pub(super) fn round(&mut self, keep: i64) {
        let Ok(keep) = usize::try_from(keep) else {
            self.digits.clear();
            self.point = 0;
            return;
        };
        if keep >= self.digits.len() {
            return;
        }
        let half = self.digits[keep] == 5 && keep + 1 == self.digits.len();
        let up =
            if half { keep > 0 && self.digits[keep - 1] % 2 == 1 } else { self.digits[keep] >= 5 };
        if up { self.round_up(keep) } else { self.round_down(keep) }
    }

    fn round_down(&mut self, keep: usize) {
        self.digits.truncate(keep);
        self.trim();
    }

    fn round_up(&mut self, keep: usize) {
        self.digits.truncate(keep);
        while self.digits.last() == Some(&9) {
            self.digits.pop();
        }
        match self.digits.last_mut() {
            Some(digit) => *digit += 1,
            None => {
                self.digits.push(1);
                self.point += 1;
            }
        }
    }

    /// Keeps the fewest digits that still lie between two neighbours.
    pub(super) fn shorten(&mut self, lower: &Decimal, upper: &Decimal, inclusive: bool) {
        for place in 0..self.digits.len() {
            let digit = self.digits[place];
            let low = lower.digits.get(place).copied().unwrap_or(0);
            let high = upper.digits.get(place).copied().unwrap_or(0);
            let down = low != digit || inclusive && place + 1 == lower.digits.len();
            let up =
                digit != high && (inclusive || digit + 1 < high || place + 1 < upper.digits.len());
            match (down, up) {
                (true, true) => return self.round(i64::try_from(place + 1).unwrap_or(i64::MAX)),
                (true, false) => return self.round_down(place + 1),
                (false, true) => return self.round_up(place + 1),
                (false, false) => {}
            }
        }
    }

    fn digit(&self, place: i64) -> char {
        let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place));
        char::from(b'0' + digit.copied().unwrap_or(0))
    }

    /// Writes without exponent, with that many places.
    pub(super) fn fixed(&self, places: usize) -> String {
        let mut text = String::new();
        if self.point > 0 {
            text.extend((0..self.point).map(|place| self.digit(place)));
        } else {
            text.push('0');
        }
        if places > 0 {
            text.push('.');
            let places = i64::try_from(places).unwrap_or(i64::MAX);
            text.extend((0..places).map(|place| self.digit(self.point + place)));
        }
        text
    }

    /// Writes with exponent, with that many places.
    pub(super) fn exponential(&self, places: usize, letter: char) -> String {
        let mut text = String::from(self.digit(0));
        if places > 0 {
            text.push('.');
            let places = i64::try_from(places).unwrap_or(i64::MAX);
            text.extend((1..=places).map(|place| self.digit(place)));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{text}{letter}{sign}{:02}", exponent.unsigned_abs())
    }

    /// Writes as the number's size suggests.
    pub(super) fn general(&self, digits: Option<usize>, letter: char) -> String {
        let have = self.digits.len();
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let limit = match digits {
            None => 6,
            Some(wanted) if wanted > have && signed(have) >= self.point => signed(have),
            Some(wanted) => signed(wanted),
        };
        let wanted = digits.unwrap_or(6);
        let exponent = self.point - 1;
        if exponent < -4 || exponent >= limit {
            let shown = if digits.is_none() { have } else { wanted.min(have) };
            return self.exponential(shown.saturating_sub(1), letter);
        }
        let shown = if digits.is_none() || signed(wanted) > self.point { have } else { wanted };
        self.fixed(usize::try_from(signed(shown) - self.point).unwrap_or(0))
    }
}
