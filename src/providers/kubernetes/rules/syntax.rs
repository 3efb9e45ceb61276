//! The forms of texts that the API server knows: names, labels, ports, schedules.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Says whether a text is a DNS subdomain.
pub(in crate::providers::kubernetes) fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    name.len() <= 253 && name.chars().all(inside) && name.split('.').all(has_ends)
}

/// Says whether a text may be a path's segment.
pub(super) fn is_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '%'])
}

/// Says whether a text is a DNS label.
pub(super) fn is_label(name: &str) -> bool {
    name.len() <= 63 && !name.contains('.') && is_name(name)
}

fn has_ends(part: &str) -> bool {
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    end(part.chars().next()) && end(part.chars().last())
}

/// Says whether a text may be the value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_word(text)
}

fn is_word(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(inside)
        && end(text.chars().next())
        && end(text.chars().last())
}

/// Says whether a text may be the key of a label.
pub(super) fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        Some((host, name)) => is_name(host) && is_word(name),
        None => is_word(key),
    }
}

/// Says whether a text may be a key of a ConfigMap or Secret.
pub(super) fn is_key(key: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !key.is_empty()
        && key.len() <= 253
        && key.chars().all(inside)
        && key != "."
        && !key.starts_with("..")
}

/// Says whether a text may name a port.
pub(super) fn is_port_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= 15
        && name.chars().all(inside)
        && name.chars().any(|c| c.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Says whether a text is base64; lines may be broken.
pub(in crate::providers::kubernetes) fn is_base64(text: &str) -> bool {
    let joined: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    STANDARD.decode(joined).is_ok()
}

/// The fields of a schedule: their names, bounds, and words.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    (
        "month",
        1,
        12,
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// Says what is wrong with a schedule of a CronJob.
pub(super) fn schedule(text: &str) -> Option<String> {
    const WORDS: [&str; 7] =
        ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    // In which zone a schedule is the server looks at by itself.
    if text.contains("TZ=") {
        return None;
    }
    let text = text.trim();
    if text.starts_with('@') {
        let good = WORDS.contains(&text) || text.starts_with("@every ");
        let words = WORDS.join(", ");
        return (!good).then(|| format!("there is no such word; there are {words} and @every"));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let count = fields.len();
        return Some(format!(
            "it has {count} fields, and a schedule has five: minute, hour, day of the month, month, day of the week"
        ));
    }
    let rows = fields.iter().zip(FIELDS);
    rows.flat_map(|(field, row)| field.split(',').map(move |part| (part, row)))
        .find_map(|(part, row)| part_of_schedule(part, row))
}

fn part_of_schedule(
    part: &str,
    (name, least, most, words): (&str, u32, u32, &[&str]),
) -> Option<String> {
    let number = |text: &str| -> Option<u32> {
        let lower = text.to_ascii_lowercase();
        let word = words.iter().zip(least..).find(|(word, _)| **word == lower);
        word.map(|(_, number)| number).or_else(|| text.parse().ok())
    };
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let wrong = |why: &str| Some(format!("\"{part}\" is no {name}: {why}"));
    if step.is_some_and(|step| step.parse::<u32>().ok().is_none_or(|step| step == 0)) {
        return wrong("a step is a number from 1 on");
    }
    if matches!(range, "*" | "?") {
        return None;
    }
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (Some(first), Some(last)) = (number(first), number(last)) else {
        return wrong("it is no number, range or `*`");
    };
    if first < least || last > most {
        return wrong(&format!("it is from {least} to {most}"));
    }
    (first > last).then(|| format!("\"{part}\" is no {name}: it ends before it begins"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_the_server_reads_them() {
        for good in [
            "* * * * *",
            "0 3 * * 1-5",
            "*/15 0-6,22 1,15 jan-mar SUN",
            "5/10 ? * * ?",
            "@daily",
            "@every 1h30m",
            "  0 0  1 1 0 ",
            "TZ=UTC 0 0 * * *",
        ] {
            assert_eq!(schedule(good), None, "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "60 * * * *",
            "* * 0 * *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "@often",
            "a * * * *",
        ] {
            assert!(schedule(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn names_are_read_as_the_server_reads_them() {
        assert!(is_name("a.b-c.1") && is_label("a-1") && is_port_name("http-2"));
        assert!(!is_name("a..b") && !is_name("A") && !is_label("a.b") && !is_label("-a"));
        assert!(
            !is_port_name("1234") && !is_port_name("a--b") && !is_port_name("sixteen-letters-")
        );
        assert!(is_key("tls.crt") && is_key(".a") && !is_key("..a") && !is_key("a b"));
        assert!(is_base64("aGk=") && is_base64("aG\nk=") && !is_base64("hi") && !is_base64("aGk"));
    }
}
