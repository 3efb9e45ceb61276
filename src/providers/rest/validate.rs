//! What the schema cannot say: enums, ranges, what excludes what. What is not known yet passes.

use crate::providers::Problem;
use crate::value::{Path, Value};

use super::spec::{Part, Shape, Spec};

/// Checks a configuration.
pub fn validate(spec: &Spec, config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    parts(&spec.parts, config, config, &Path::root(), &mut problems);
    groups(spec, config, &mut problems);
    problems
}

/// Makes a problem of one part.
pub fn problem(path: &Path, summary: &str, detail: String) -> Problem {
    Problem {
        path: path.clone(),
        warning: false,
        summary: summary.into(),
        detail,
        help: Vec::new(),
    }
}

/// Says that an attribute is written that only the service gives.
pub fn decided(path: &Path, name: &str) -> Problem {
    let detail = format!(
        "Can't configure a value for {name:?}: its value will be decided automatically based on the result of applying \
         this configuration."
    );
    problem(path, "Value for unconfigurable attribute", detail)
}

fn parts(parts_: &[Part], config: &Value, root: &Value, path: &Path, problems: &mut Vec<Problem>) {
    for part in parts_ {
        let Some(value) = config.field(&part.name) else { continue };
        let here = path.attribute(&part.name);
        if !is_given(value) {
            continue;
        }
        others(part, root, &here, problems);
        match (&part.shape, value.elements()) {
            (Shape::Block { set, parts: inside, .. }, Some(elements)) => {
                for (place, element) in elements.iter().enumerate() {
                    let at = if *set { here.element(element.clone()) } else { here.place(place) };
                    parts(inside, element, root, &at, problems);
                }
            }
            (Shape::Attribute { .. }, _) => attribute(part, value, &here, problems),
            (Shape::Block { .. }, None) => {}
        }
    }
}

fn is_given(value: &Value) -> bool {
    value.is_known() && !value.is_null() && !value.elements().is_some_and(<[Value]>::is_empty)
}

fn attribute(part: &Part, value: &Value, path: &Path, problems: &mut Vec<Problem>) {
    let checks = &part.checks;
    let name = &part.name;
    if value.is_sensitive() {
        return;
    }
    if let Some(text) = value.as_str() {
        let fits = checks.one_of.is_empty()
            || checks.one_of.iter().any(|known| {
                if part.suppress.as_deref() == Some("case_insensitive") {
                    known.eq_ignore_ascii_case(text)
                } else {
                    known == text
                }
            });
        if !fits {
            let known = checks
                .one_of
                .iter()
                .map(|known| format!("{known:?}"))
                .collect::<Vec<_>>()
                .join(", ");
            let detail = format!("The value of \"{name}\" must be one of {known}, not {text:?}.");
            problems.push(problem(path, "Invalid value", detail));
        }
        let wanted = part.codec.as_ref().and_then(|codec| codec.refused(text));
        if let Some(wanted) = wanted {
            let detail = format!("The value of \"{name}\" must be {wanted}, not {text:?}.");
            problems.push(problem(path, "Invalid value", detail));
        }
        if let Some((low, high)) = checks.length
            && !(low..=high).contains(&text.chars().count())
        {
            let detail = format!("\"{name}\" must have between {low} and {high} characters.");
            problems.push(problem(path, "Invalid value", detail));
        }
        if let Some(regex) = &checks.regex
            && !regex.is_match(text)
        {
            let detail =
                format!("The value {text:?} of \"{name}\" does not match `{}`.", regex.as_str());
            problems.push(problem(path, "Invalid value", detail));
        }
    }
    if let Some(number) = value.as_number() {
        let float = number.to_f64();
        if checks.min.is_some_and(|low| float < low) || checks.max.is_some_and(|high| float > high)
        {
            let detail = match (checks.min, checks.max) {
                (Some(low), Some(high)) => {
                    format!("\"{name}\" must be between {low} and {high}, not {number}.")
                }
                (Some(low), None) => format!("\"{name}\" must be at least {low}, not {number}."),
                (_, high) => format!(
                    "\"{name}\" must be at most {}, not {number}.",
                    high.unwrap_or_default()
                ),
            };
            problems.push(problem(path, "Invalid value", detail));
        }
        if matches!(part.shape, Shape::Attribute { integer: true, .. }) && float.fract() != 0.0 {
            let detail = format!("\"{name}\" must be a whole number, not {number}.");
            problems.push(problem(path, "Invalid value", detail));
        }
    }
    if let Some(elements) = value.elements().filter(|_| value.is_whole()) {
        let count = elements.len();
        if checks.min_items.is_some_and(|low| count < low)
            || checks.max_items.is_some_and(|high| count > high)
        {
            let detail = format!("\"{name}\" has {count} elements, which is not allowed.");
            problems.push(problem(path, "Invalid value", detail));
        }
    }
}

fn others(part: &Part, root: &Value, path: &Path, problems: &mut Vec<Problem>) {
    for other in &part.checks.conflicts_with {
        if found(root, other) == Found::Given {
            let detail = format!("\"{}\" cannot be given together with \"{other}\".", part.name);
            problems.push(problem(path, "Conflicting configuration arguments", detail));
        }
    }
    for other in &part.checks.required_with {
        if found(root, other) == Found::Absent {
            let detail = format!("\"{}\" needs \"{other}\" to be given too.", part.name);
            problems.push(problem(path, "Missing required argument", detail));
        }
    }
}

#[derive(PartialEq, Eq)]
enum Found {
    Given,
    Absent,
    Unknown,
    NoParent,
}

/// Looks for a dotted path; the first of several blocks counts.
fn found(root: &Value, dotted: &str) -> Found {
    let mut value = root.clone();
    let mut names = dotted.split('.').peekable();
    while let Some(name) = names.next() {
        let Some(field) = value.field(name) else { return Found::Absent };
        if !field.is_known() {
            return Found::Unknown;
        }
        if names.peek().is_none() {
            return if is_given(field) && field.as_bool() != Some(false) {
                Found::Given
            } else {
                Found::Absent
            };
        }
        match field.elements().and_then(<[Value]>::first) {
            Some(first) if first.is_known() => value = first.clone(),
            Some(_) => return Found::Unknown,
            None => return Found::NoParent,
        }
    }
    Found::Absent
}

fn groups(spec: &Spec, config: &Value, problems: &mut Vec<Problem>) {
    for (group, exactly) in spec
        .exactly_one_of
        .iter()
        .map(|group| (group, true))
        .chain(spec.at_least_one_of.iter().map(|group| (group, false)))
    {
        let found: Vec<Found> = group.iter().map(|path| found(config, path)).collect();
        if found.iter().any(|found| *found == Found::Unknown || *found == Found::NoParent) {
            continue;
        }
        let given = found.iter().filter(|found| **found == Found::Given).count();
        let names = group.iter().map(|path| format!("\"{path}\"")).collect::<Vec<_>>().join(", ");
        let first = group.first().and_then(|path| path.split('.').next()).unwrap_or_default();
        let path = Path::root().attribute(first);
        if given == 0 && !exactly && group.iter().any(|path| found_false(config, path)) {
            continue;
        }
        if given == 0 || (exactly && given > 1) {
            let many = if exactly { "Exactly" } else { "At least" };
            let detail = format!("{many} one of {names} must be given.");
            problems.push(problem(&path, "Invalid combination of arguments", detail));
        }
    }
}

fn found_false(root: &Value, dotted: &str) -> bool {
    let first = |value: &Value| value.elements().and_then(<[Value]>::first).cloned();
    let mut value = Some(root.clone());
    let names: Vec<&str> = dotted.split('.').collect();
    for (place, name) in names.iter().enumerate() {
        let Some(field) = value.as_ref().and_then(|value| value.field(name)).cloned() else {
            return false;
        };
        if place + 1 == names.len() {
            return field.as_bool() == Some(false);
        }
        value = first(&field);
    }
    false
}
