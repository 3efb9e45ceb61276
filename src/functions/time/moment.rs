//! A moment with its offset, read and written as RFC 3339, of any year; and spans as `1h30m`.

use crate::value::quote::quote;
use std::fmt;

/// A moment. Invariant: the fields are within a calendar's bounds; the offset is in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    nanosecond: u32,
    pub(super) offset: i64,
}

const SECOND: i128 = 1_000_000_000;

impl Moment {
    /// Reads a text, or says which part of it is wrong.
    pub(super) fn parse(text: &str) -> Result<Moment, String> {
        let wrong = |why: String| format!("not a valid RFC3339 timestamp: {why}");
        let mut reader = Reader { rest: text };
        let moment = reader.moment().map_err(wrong)?;
        if moment.day < 1 || moment.day > month_length(moment.year, moment.month) {
            return Err(wrong("day out of range".into()));
        }
        Ok(moment)
    }

    /// Gives the nanoseconds since 1970 in UTC.
    pub(super) fn instant(&self) -> i128 {
        let days = days_from_civil(self.year, i64::from(self.month), i64::from(self.day));
        let seconds = days * 86400
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
            - self.offset;
        i128::from(seconds) * SECOND + i128::from(self.nanosecond)
    }

    /// Gives the moment a number of nanoseconds later, with the same offset.
    pub(super) fn plus(&self, nanoseconds: i128) -> Moment {
        let local = self.instant() + nanoseconds + i128::from(self.offset) * SECOND;
        let seconds = i64::try_from(local.div_euclid(SECOND)).unwrap_or(i64::MAX);
        let nanosecond = u32::try_from(local.rem_euclid(SECOND)).unwrap_or(0);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86400));
        let clock = seconds.rem_euclid(86400);
        let small = |number: i64| u8::try_from(number).unwrap_or(0);
        Moment {
            year,
            month: small(month),
            day: small(day),
            hour: small(clock / 3600),
            minute: small(clock / 60 % 60),
            second: small(clock % 60),
            nanosecond,
            offset: self.offset,
        }
    }

    /// Gives the day of the week, counted from Sunday.
    pub(super) fn weekday(&self) -> usize {
        let days = days_from_civil(self.year, i64::from(self.month), i64::from(self.day));
        usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0)
    }
}

/// Without fractions of seconds.
impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment { year, month, day, hour, minute, second, offset, .. } = self;
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if *offset == 0 {
            return out.write_str("Z");
        }
        let sign = if *offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs() / 60;
        write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: u8) -> u8 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts days from 1970, in years that begin with March so that the leap day is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn moment(&mut self) -> Result<Moment, String> {
        let year = self.digits(4, "year")?;
        self.sign("-")?;
        let month = self.digits(2, "month")?;
        if !(1..=12).contains(&month) {
            return Err(format!("cannot use {} as month", quote(self.rest)));
        }
        self.sign("-")?;
        let day = self.digits(2, "day of month")?;
        if self.sign("T").is_err() {
            return Err("missing required time introducer 'T'".into());
        }
        let hour = self.hour()?;
        self.sign(":")?;
        let minute = self.bounded("minute")?;
        self.sign(":")?;
        let second = self.bounded("second")?;
        let mut nanosecond = 0;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(fraction) = self.rest.strip_prefix(['.', ',']).filter(|text| digits(text) > 0) {
            if self.rest.starts_with(',') {
                return Err("cannot use \",\" as timestamp segment".into());
            }
            let length = digits(fraction);
            let digits: String =
                fraction[..length].chars().chain("000000000".chars()).take(9).collect();
            nanosecond = digits.parse().unwrap_or(0);
            self.rest = &fraction[length..];
        }
        let offset = self.offset()?;
        if !self.rest.is_empty() {
            return Err(format!("cannot use {} as timestamp segment", quote(self.rest)));
        }
        let small = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
        Ok(Moment {
            year,
            month: small(month),
            day: small(day),
            hour: small(hour),
            minute: small(minute),
            second: small(second),
            nanosecond,
            offset,
        })
    }

    fn offset(&mut self) -> Result<i64, String> {
        if self.rest.is_empty() {
            return Err("end of string before UTC offset".into());
        }
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let whole = self.rest;
        let wrong = || format!("cannot use {whole} as UTC offset", whole = quote(whole));
        let sign = match whole.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err(wrong()),
        };
        self.rest = &whole[1..];
        let hours = self.digits(2, "").map_err(|_| wrong())?;
        self.sign(":").map_err(|_| wrong())?;
        let minutes = self.digits(2, "").map_err(|_| wrong())?;
        if hours > 24 || minutes > 60 {
            return Err(match self.rest {
                "" => "end of string before UTC offset".into(),
                rest => format!("cannot use {rest} as UTC offset", rest = quote(rest)),
            });
        }
        Ok(sign * (hours * 3600 + minutes * 60))
    }

    /// Takes exactly so many digits.
    fn digits(&mut self, count: usize, name: &str) -> Result<i64, String> {
        if self.rest.is_empty() {
            return Err(format!("end of string before {name}"));
        }
        if self.rest.bytes().take_while(u8::is_ascii_digit).count() < count {
            return Err(format!("cannot use {} as {name}", quote(self.rest)));
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(digits.parse().unwrap_or(0))
    }

    /// The hour's messages tell a wrong number from a wrong number of digits.
    fn hour(&mut self) -> Result<i64, String> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let two = "hour must have exactly two digits";
        if digits == 1 {
            return Err(two.into());
        }
        let found =
            if digits == 0 && !self.rest.is_empty() { None } else { Some(self.digits(2, "hour")?) };
        match found {
            Some(hour) if hour < 24 => Ok(hour),
            _ if self.rest.contains(':') => Err("hour must be between 0 and 23 inclusive".into()),
            _ if self.rest.len() != 2 => Err(two.into()),
            _ => Err(format!("cannot use {} as hour", quote(self.rest))),
        }
    }

    /// Takes a minute or second; its messages show what follows it where it is too large.
    fn bounded(&mut self, name: &str) -> Result<i64, String> {
        if !self.rest.is_empty()
            && let Ok(number) = self.digits(2, name)
            && number < 60
        {
            return Ok(number);
        }
        Err(match self.rest {
            "" => format!("end of string before {name}"),
            rest if name == "minute" && rest.len() != 2 => {
                "minute must have exactly two digits".into()
            }
            rest => format!("cannot use {rest} as {name}", rest = quote(rest)),
        })
    }

    fn sign(&mut self, sign: &str) -> Result<(), String> {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None if self.rest.is_empty() => {
                Err(format!("end of string where {sign} is expected", sign = quote(sign)))
            }
            None => Err(format!(
                "found {} where {sign} is expected",
                quote(self.rest),
                sign = quote(sign)
            )),
        }
    }
}

/// Reads a span as `1h30m`, `-1.5h` or `500ms`, in nanoseconds.
pub(in crate::functions) fn duration(text: &str) -> Result<i128, String> {
    let invalid = || format!("time: invalid duration {text}", text = quote(text));
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(length);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || number.len() > 40 {
            return Err(invalid());
        }
        let length = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        let size: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3600 * SECOND,
            "" => return Err(format!("time: missing unit in duration {text}", text = quote(text))),
            _ => {
                return Err(format!(
                    "time: unknown unit {unit} in duration {text}",
                    unit = quote(unit),
                    text = quote(text)
                ));
            }
        };
        let whole: i128 =
            if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        let digits: String = fraction.chars().take(18).collect();
        let scale = 10i128.pow(u32::try_from(digits.len()).unwrap_or(0));
        let part: i128 =
            if digits.is_empty() { 0 } else { digits.parse().map_err(|_| invalid())? };
        total = whole
            .checked_mul(size)
            .and_then(|whole| total.checked_add(whole + part * size / scale))
            .filter(|total| *total <= i128::from(i64::MAX))
            .ok_or_else(invalid)?;
        rest = after;
    }
    Ok(if negative { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::{Moment, duration};

    #[test]
    fn a_moment_goes_over_the_end_of_a_year() {
        let moment = Moment::parse("9999-12-31T23:59:59Z").expect("a moment");

        let later = moment.plus(duration("1s").expect("a span"));

        assert_eq!(later.to_string(), "10000-01-01T00:00:00Z");
    }

    #[test]
    fn february_has_a_29th_in_leap_years_only() {
        assert!(Moment::parse("2024-02-29T00:00:00+01:00").is_ok());
        assert!(Moment::parse("2023-02-29T00:00:00Z").is_err());
    }
}
