//! Versions and the constraints on them: `>= 1.3, < 2.0`, `~> 5.1`.

use std::cmp::Ordering;

/// The version of the language that is read here.
pub const LANGUAGE: &str = "1.11.4";

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, patch and so on, as written.
    pub parts: Vec<u64>,
    /// What follows a `-`.
    pub prerelease: String,
}

/// A list of conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    conditions: Vec<(Operator, Version)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Near,
}

/// Gives the version of the language that is read here.
pub fn language() -> Version {
    Version { parts: vec![1, 11, 4], prerelease: String::new() }
}

impl Version {
    /// Reads a version; a leading `v` and build metadata are left out.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim().trim_start_matches('v');
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '~');
        let empty_tail = text.ends_with('-');
        if empty_tail || !prerelease.chars().all(fits) {
            return None;
        }
        let parts: Option<Vec<u64>> = numbers.split('.').map(|part| part.parse().ok()).collect();
        Some(Version { parts: parts?, prerelease: prerelease.to_string() })
    }

    fn part(&self, place: usize) -> u64 {
        self.parts.get(place).copied().unwrap_or(0)
    }

    fn compare(&self, other: &Version) -> Ordering {
        let places = self.parts.len().max(other.parts.len());
        let numbers = (0..places).map(|place| self.part(place).cmp(&other.part(place)));
        numbers.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prerelease(&self.prerelease, &other.prerelease),
            }
        })
    }
}

/// Compares part by part: numbers by value and before words.
fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let mut left = left.split('.');
    let mut right = right.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl Constraint {
    /// Reads a constraint; nothing where it is none.
    pub fn parse(text: &str) -> Option<Constraint> {
        let conditions: Option<Vec<(Operator, Version)>> = text.split(',').map(condition).collect();
        Some(Constraint { conditions: conditions? })
    }

    /// Says whether a version fulfils it. A prerelease fulfils only conditions that name one of the same numbers.
    pub fn allows(&self, version: &Version) -> bool {
        self.conditions.iter().all(|(operator, wanted)| {
            let prerelease_fits = version.prerelease.is_empty()
                || (!wanted.prerelease.is_empty() && version.parts == wanted.parts);
            let order = version.compare(wanted);
            match operator {
                Operator::Equal => order.is_eq(),
                Operator::NotEqual => order.is_ne(),
                Operator::Greater => prerelease_fits && order.is_gt(),
                Operator::GreaterOrEqual => prerelease_fits && order.is_ge(),
                Operator::Less => prerelease_fits && order.is_lt(),
                Operator::LessOrEqual => prerelease_fits && order.is_le(),
                Operator::Near => prerelease_fits && order.is_ge() && is_near(version, wanted),
            }
        })
    }
}

/// Gives a constraint as Terraform shows those of providers: each version in three parts, in their order, each once.
/// Text that is none stays.
pub fn normal(text: &str) -> String {
    let all: Option<Vec<(Operator, Version)>> = text.split(',').map(condition).collect();
    let Some(mut all) = all else { return text.to_string() };
    all.sort_by(|(left, one), (right, other)| {
        one.compare(other).then_with(|| place(*left, one).cmp(&place(*right, other)))
    });
    let mut texts: Vec<String> =
        all.iter().map(|(operator, version)| shown(*operator, version)).collect();
    texts.dedup();
    texts.join(", ")
}

/// Gives the place of an operator among conditions on the same version.
fn place(operator: Operator, version: &Version) -> usize {
    match operator {
        Operator::Greater => 0,
        Operator::GreaterOrEqual => 1,
        Operator::Equal => 2,
        Operator::Near => 4 - usize::from(version.parts.len() > 2),
        Operator::LessOrEqual => 5,
        Operator::Less => 6,
        Operator::NotEqual => 7,
    }
}

fn shown(operator: Operator, version: &Version) -> String {
    let (sign, least) = match operator {
        Operator::Equal => ("", 3),
        Operator::NotEqual => ("!= ", 3),
        Operator::Greater => ("> ", 3),
        Operator::GreaterOrEqual => (">= ", 3),
        Operator::Less => ("< ", 3),
        Operator::LessOrEqual => ("<= ", 3),
        // How many parts are given decides what is near.
        Operator::Near => ("~> ", 2),
    };
    let places = 0..version.parts.len().max(least);
    let parts: Vec<String> = places.map(|place| version.part(place).to_string()).collect();
    let dash = if version.prerelease.is_empty() { "" } else { "-" };
    format!("{sign}{}{dash}{}", parts.join("."), version.prerelease)
}

/// Says whether all parts but the last that `wanted` gives are the same.
fn is_near(version: &Version, wanted: &Version) -> bool {
    let fixed = wanted.parts.len().saturating_sub(1);
    (0..fixed).all(|place| version.part(place) == wanted.part(place))
}

fn condition(text: &str) -> Option<(Operator, Version)> {
    let text = text.trim();
    let operators = [
        ("~>", Operator::Near),
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("!=", Operator::NotEqual),
        ("=", Operator::Equal),
        (">", Operator::Greater),
        ("<", Operator::Less),
    ];
    let found = operators
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|version| (*operator, version)));
    let (operator, version) = found.unwrap_or((Operator::Equal, text));
    Some((operator, Version::parse(version)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_terraform_has_them() {
        for (constraint, version, holds) in [
            (">= 1.3, < 2.0", "1.11.4", true),
            ("~> 1.11", "1.12.0", true),
            ("~> 1.11.0", "1.12.0", false),
            ("~> 1.11.0", "1.11.9", true),
            ("~> 1", "2.0.0", true),
            ("1.11.4", "1.11.4", true),
            ("!= 1.11.4", "1.11.4", false),
            ("= 1.11", "1.11.0", true),
            (">= 1.0", "1.1.0-beta1", false),
            ("1.1.0-beta1", "1.1.0-beta1", true),
            ("> 1.1.0-alpha", "1.1.0-beta", true),
        ] {
            let constraint = Constraint::parse(constraint).unwrap();
            let version = Version::parse(version).unwrap();

            assert_eq!(constraint.allows(&version), holds, "{constraint:?} {version:?}");
        }
    }

    #[test]
    fn a_constraint_is_shown_with_versions_of_three_parts() {
        assert_eq!(normal("~> 5.0,>=5.1"), "~> 5.0, >= 5.1.0");
        assert_eq!(normal("~> 1.0, >=0.5, >= 0.5.0"), ">= 0.5.0, ~> 1.0");
        assert_eq!(normal("~> 4"), "~> 4.0");
        let all = "<= 1, > 1, != 1, = 1, ~> 1.0, ~> 1.0.0, >= 1, < 1";
        let expected = "> 1.0.0, >= 1.0.0, 1.0.0, ~> 1.0.0, ~> 1.0, <= 1.0.0, < 1.0.0, != 1.0.0";
        assert_eq!(normal(all), expected);
        assert_eq!(normal("= 3"), "3.0.0");
        assert_eq!(normal(">= 1.0.0-rc1"), ">= 1.0.0-rc1");
        assert_eq!(normal(""), "");
    }

    #[test]
    fn text_that_is_no_constraint_is_refused() {
        for text in ["", "> ", "nope", "1.x", ">= 1.0,", "=> 1"] {
            assert_eq!(Constraint::parse(text), None, "{text}");
        }
    }
}
