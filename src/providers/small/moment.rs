//! Moments in the form of RFC 3339, with the zone that they are written in.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// A moment as the clocks of its zone show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    shown: DateTime,
    offset: Offset,
}

impl Moment {
    /// Gives a moment of universal time, to the nanosecond.
    pub(super) fn at(timestamp: Timestamp) -> Moment {
        Moment { shown: Offset::UTC.to_datetime(timestamp), offset: Offset::UTC }
    }

    /// Reads `2006-01-02T15:04:05Z` or the same with a fraction or an offset; nothing for any other form.
    pub(super) fn parse(text: &str) -> Option<Moment> {
        let form = text.is_ascii() && text.len() >= 20 && text.as_bytes()[10] == b'T';
        let (clock, offset) = match text.strip_suffix('Z') {
            Some(clock) => (clock, Offset::UTC),
            None => {
                let (clock, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
                (clock, offset(zone)?)
            }
        };
        let shown: DateTime = clock.parse().ok().filter(|_| form && clock.len() >= 19)?;
        Some(Moment { shown, offset })
    }

    /// Gives the moment in universal time.
    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        self.offset.to_timestamp(self.shown).ok()
    }

    /// Gives the moment some time later; nothing beyond the calendar.
    pub(super) fn plus(&self, duration: SignedDuration) -> Option<Moment> {
        Some(Moment { shown: self.shown.checked_add(duration).ok()?, ..*self })
    }

    /// Gives the moment some years, months and days later. A day that a month has not is counted on into the next.
    pub(super) fn plus_date(&self, years: i64, months: i64, days: i64) -> Option<Moment> {
        let date = self.shown.date();
        let months = (i64::from(date.month()) - 1).checked_add(months)?;
        let year = i64::from(date.year()).checked_add(years)?.checked_add(months.div_euclid(12))?;
        let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
        let first = Date::new(i16::try_from(year).ok()?, month, 1).ok()?;
        let days = (i64::from(date.day()) - 1).checked_add(days)?;
        let date = first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        Some(Moment { shown: DateTime::from_parts(date, self.shown.time()), ..*self })
    }

    /// Gives year, month, day, hour, minute, second.
    pub(super) fn parts(&self) -> [(&'static str, i64); 6] {
        let (date, time): (Date, Time) = (self.shown.date(), self.shown.time());
        [
            ("year", i64::from(date.year())),
            ("month", i64::from(date.month())),
            ("day", i64::from(date.day())),
            ("hour", i64::from(time.hour())),
            ("minute", i64::from(time.minute())),
            ("second", i64::from(time.second())),
        ]
    }
}

/// Reads `+07:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Writes to the second, with `Z` for universal time.
impl std::fmt::Display for Moment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [year, month, day, hour, minute, second] = self.parts().map(|(_, part)| part);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match self.offset.seconds() {
            0 => out.write_str("Z"),
            seconds => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.abs() / 60;
                write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

/// Reads a duration of one number and one unit: `30s`, `1.5h`, `100ms`, `5m`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(unit);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, years: i64, months: i64, days: i64) -> String {
        Moment::parse(text).unwrap().plus_date(years, months, days).unwrap().to_string()
    }

    #[test]
    fn a_day_that_the_month_has_not_is_counted_on() {
        assert_eq!(shown("2023-01-31T01:02:03Z", 0, 1, 0), "2023-03-03T01:02:03Z");
        assert_eq!(shown("2020-02-29T01:02:03+02:00", 1, 0, 0), "2021-03-01T01:02:03+02:00");
        assert_eq!(shown("2020-03-10T01:02:03.5+00:00", 0, -15, -10), "2018-11-30T01:02:03Z");
    }

    #[test]
    fn beyond_the_calendar_there_is_nothing() {
        let moment = Moment::parse("2020-01-01T00:00:00Z").unwrap();

        for (years, months, days) in
            [(i64::MAX, 0, 0), (0, i64::MAX, 0), (0, i64::MIN, 0), (0, 0, i64::MAX), (9000, 0, 0)]
        {
            assert_eq!(moment.plus_date(years, months, days), None);
        }
        assert_eq!(moment.plus(SignedDuration::MAX), None);
    }

    #[test]
    fn other_forms_are_refused() {
        let forms = [
            "2020-02-29",
            "2020-02-29 01:02:03Z",
            "2020-02-30T01:02:03Z",
            "x",
            "",
            "2020-02-29T01:02Z",
        ];
        assert!(forms.iter().all(|form| Moment::parse(form).is_none()));
    }

    #[test]
    fn durations_have_one_number_and_one_unit() {
        assert_eq!(duration("1.5h"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("100ms"), Some(Duration::from_millis(100)));
        assert!(["1h5m", "s", "5", ".5s", "5d", ""].iter().all(|text| duration(text).is_none()));
    }
}
