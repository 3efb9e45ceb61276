//! `.terraneignore`: what is told no more, until when and why.
//!
//! ```text
//! google_storage_bucket.logs labels["owner"] until=2026-12-31   # the data team sets it
//! module.web.kubernetes_*    spec.replicas class=service
//! google_compute_instance.old kind=missing reason="removed by hand, goes with the next release"
//! google_storage_bucket       tmp-* kind=unmanaged
//! ```
//!
//! A line has an address, with `*` for any text, and what is meant of it: parts (`*` in them, too), kinds, classes. Of what
//! nobody manages the address is the resource type, and the second word is the id, in quotes where it has spaces or `=`. A rule counts
//! to the end of its day.

use jiff::civil::Date;

use super::{Attribute, Class, Finding, Ignored, Kind, Report, split_off};
use crate::diag::{Diagnostic, FileId, Span, nearest};
use crate::providers::rest::habits::{Pattern, fits};

/// The file's name, in the folder of the root module.
pub const FILE: &str = ".terraneignore";

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    address: String,
    /// What is meant of it, as it is written, and as a part; an id in quotes is none.
    parts: Vec<(String, Option<Pattern>)>,
    kinds: Vec<Kind>,
    classes: Vec<Class>,
    until: Option<Date>,
    reason: String,
    /// Its line.
    pub span: Span,
}

/// Reads the rules of a file, with what is wrong with it.
pub fn parse(file: FileId, text: &str) -> (Vec<Rule>, Vec<Diagnostic>) {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let before = problems.len();
        let rule = rule(file, start, line.trim_end_matches(['\n', '\r']), &mut problems);
        if problems.len() == before {
            rules.extend(rule);
        }
        start += line.len();
    }
    (rules, problems)
}

/// Takes what the rules name out of a report; tells of the rules whose time is over.
pub fn ignore(report: &mut Report, rules: &[Rule], today: Date) -> Vec<Diagnostic> {
    let over = |rule: &&Rule| rule.until.is_some_and(|until| until < today);
    for rule in rules.iter().filter(|rule| !over(rule)) {
        for finding in std::mem::take(&mut report.findings) {
            rule.take(finding, report);
        }
    }
    let told = rules.iter().filter(over).map(|rule| {
        let until = rule.until.map(|until| until.to_string()).unwrap_or_default();
        let detail = format!("This rule counted until {until}: what it names is told again.");
        Diagnostic::warning("Rule of .terraneignore is over", detail)
            .at(rule.span, "")
            .help("Remove the line, or give it another day.")
    });
    told.collect()
}

impl Rule {
    /// Takes what it names out of a finding, and gives the report both.
    fn take(&self, finding: Finding, report: &mut Report) {
        let fits_kind = self.kinds.is_empty() || self.kinds.contains(&finding.kind);
        if !fits_kind || !self.is_about(&finding) {
            report.findings.push(finding);
            return;
        }
        let whole = finding.attributes.is_empty() || finding.address.is_none();
        let class = |class| self.classes.is_empty() || self.classes.contains(&class);
        if whole {
            let named = finding.address.is_none() || self.parts.is_empty();
            match named && class(finding.class) {
                true => report.ignored.push(Ignored {
                    rule: self.span,
                    reason: self.reason.clone(),
                    finding,
                }),
                false => report.findings.push(finding),
            }
            return;
        }
        let named = |attribute: &Attribute| {
            let mut parts = self.parts.iter();
            let covers = |part: &Option<Pattern>| {
                part.as_ref().is_some_and(|part| part.covers(&attribute.path))
            };
            let part = self.parts.is_empty() || parts.any(|(_, part)| covers(part));
            part && class(attribute.class)
        };
        split_off(finding, named, (self.span, self.reason.clone()), report);
    }

    fn is_about(&self, finding: &Finding) -> bool {
        let Some(address) = &finding.address else {
            let named =
                self.parts.is_empty() || self.parts.iter().any(|(id, _)| fits(id, &finding.id));
            return fits(&self.address, &finding.type_name) && named;
        };
        let address = address.to_string();
        let inside = |from: &str| {
            let rest = address.strip_prefix(from);
            rest.is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        fits(&self.address, &address) || inside(&self.address)
    }
}

fn rule(file: FileId, start: usize, line: &str, problems: &mut Vec<Diagnostic>) -> Option<Rule> {
    let (words, mut reason) = words(line);
    let (place, address) = words.first()?.clone();
    let end = words.last().map_or(line.len(), |(at, word)| at + word.len());
    let span = Span::new(file, start + place, start + end);
    let mut rule = Rule {
        address,
        parts: Vec::new(),
        kinds: Vec::new(),
        classes: Vec::new(),
        until: None,
        reason: String::new(),
        span,
    };
    for (at, word) in &words[1..] {
        let quoted = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
        if let Some(id) = quoted {
            rule.parts.push((id.to_string(), None));
            continue;
        }
        let at = Span::new(file, start + at, start + at + word.len());
        let wrong =
            |detail: String| Diagnostic::error("Invalid rule of .terraneignore", detail).at(at, "");
        let Some((name, value)) = word.split_once('=').filter(|(name, _)| !name.contains('['))
        else {
            match Pattern::parse(word) {
                Some(pattern) => rule.parts.push((word.clone(), Some(pattern))),
                None => problems.push(wrong(format!("\"{word}\" is no part of an object."))),
            }
            continue;
        };
        match name {
            "kind" => named(value, &Kind::ALL, Kind::word, &mut rule.kinds, &wrong, problems),
            "class" => named(value, &Class::ALL, Class::word, &mut rule.classes, &wrong, problems),
            "until" => match value.parse() {
                Ok(date) => rule.until = Some(date),
                Err(_) => problems.push(wrong(format!("\"{value}\" is no day like 2026-12-31."))),
            },
            "reason" => reason = value.trim_matches('"').to_string(),
            _ => {
                let near = nearest(name, ["kind", "class", "until", "reason"]);
                let near = near.map(|near| format!(" Did you mean \"{near}\"?"));
                let detail = format!("There is no word \"{name}\".{}", near.unwrap_or_default());
                problems.push(wrong(detail));
            }
        }
    }
    rule.reason = reason;
    Some(rule)
}

/// Reads names with commas between.
fn named<T: Copy>(
    text: &str,
    all: &[T],
    word: fn(T) -> &'static str,
    found: &mut Vec<T>,
    wrong: &dyn Fn(String) -> Diagnostic,
    problems: &mut Vec<Diagnostic>,
) {
    for name in text.split(',') {
        match all.iter().find(|one| word(**one) == name) {
            Some(one) => found.push(*one),
            None => {
                let known: Vec<&str> = all.iter().map(|one| word(*one)).collect();
                problems.push(wrong(format!("\"{name}\" is none of {}.", known.join(", "))));
            }
        }
    }
}

/// Writes an id as a word of a rule.
pub(super) fn id_word(id: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !"=#\"[]".contains(c);
    match id.chars().all(plain) && Pattern::parse(id).is_some() {
        true => id.to_string(),
        false => format!("\"{}\"", id.replace('"', "*")),
    }
}

/// Gives the words of a line with their places, and what stands after `#`. Quotes hold spaces together.
fn words(line: &str) -> (Vec<(usize, String)>, String) {
    let mut words: Vec<(usize, String)> = Vec::new();
    let (mut open, mut begun) = (false, false);
    for (at, letter) in line.char_indices() {
        if letter == '#' && !open && !begun {
            return (words, line[at + 1..].trim().to_string());
        }
        if letter.is_whitespace() && !open {
            begun = false;
            continue;
        }
        if letter == '"' {
            open = !open;
        }
        if !begun {
            words.push((at, String::new()));
            begun = true;
        }
        if let Some((_, word)) = words.last_mut() {
            word.push(letter);
        }
    }
    (words, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Path, Value};

    fn finding(address: Option<&str>, kind: Kind, parts: &[(&str, Class)]) -> Finding {
        let attribute = |(name, class): &(&str, Class)| Attribute {
            path: Path::root().attribute("labels").key(name),
            recorded: None,
            configured: None,
            live: Some(Value::string("x")),
            class: *class,
            place: None,
            touch: None,
        };
        Finding {
            kind,
            address: address.map(|address| address.parse().unwrap()),
            type_name: "a".into(),
            id: "tmp-1".into(),
            provider: None,
            place: None,
            attributes: parts.iter().map(attribute).collect(),
            class: Class::Person,
            touches: Vec::new(),
            remedies: Vec::new(),
        }
    }

    fn left(text: &str, findings: Vec<Finding>) -> (Vec<String>, usize, usize) {
        let (rules, problems) = parse(FileId::default(), text);
        assert!(problems.is_empty(), "{problems:?}");
        let mut report = Report { findings, ..Report::default() };
        let told = ignore(&mut report, &rules, "2026-06-01".parse().unwrap());
        (report.findings.iter().map(Finding::key).collect(), report.ignored.len(), told.len())
    }

    #[test]
    fn rules_take_away_what_they_name_and_nothing_else() {
        let (person, service) = (("x y", Class::Person), ("k", Class::Service));
        let one = || finding(Some("a.b[\"k\"]"), Kind::Changed, &[person, service]);

        assert_eq!(
            left("a.b labels[\"x y\"]", vec![one()]),
            (vec!["changed a.b[\"k\"] labels[\"k\"]=\"x\"".into()], 1, 0)
        );
        assert_eq!(left("a.* class=service", vec![one()]).1, 1);
        assert_eq!(left("a.c", vec![one()]).1, 0);
        assert_eq!(left("a.b kind=missing", vec![one()]).1, 0);
        assert_eq!(left("a.b", vec![finding(Some("a.b"), Kind::Missing, &[])]), (vec![], 1, 0));
        assert_eq!(left("a tmp-* kind=unmanaged", vec![finding(None, Kind::Unmanaged, &[])]).1, 1);
    }

    #[test]
    fn an_id_with_spaces_or_signs_is_written_in_quotes_and_read_again() {
        for id in ["a b", "zone/a=b", "#1", "say \"x\"", "12", "plain/1"] {
            let stray = Finding { id: id.into(), ..finding(None, Kind::Unmanaged, &[]) };
            let rule = format!("a {} kind=unmanaged", id_word(id));

            assert_eq!(left(&rule, vec![stray]).1, 1, "{rule}");
            assert_eq!(left(&rule, vec![finding(None, Kind::Unmanaged, &[])]).1, 0, "{rule}");
        }
    }

    #[test]
    fn a_rule_counts_to_the_end_of_its_day_and_is_told_after_that() {
        let one = || vec![finding(Some("a.b"), Kind::Missing, &[])];

        assert_eq!(left("a.b until=2026-06-01 # why", one()), (vec![], 1, 0));
        assert_eq!(
            left("# all\n\na.b until=2026-05-31", one()),
            (vec!["missing a.b".into()], 0, 1)
        );
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_with_its_place() {
        let text = "a.b\na.b kind=gone untill=2026-01-01 until=never\n";

        let (rules, problems) = parse(FileId::default(), text);

        let told: Vec<_> =
            problems.iter().map(|of| (of.span().unwrap().start, of.detail.as_str())).collect();
        assert_eq!(rules.len(), 1);
        assert_eq!(
            told,
            [
                (8, "\"gone\" is none of changed, missing, replaced, unapplied, unmanaged."),
                (18, "There is no word \"untill\". Did you mean \"until\"?"),
                (36, "\"never\" is no day like 2026-12-31."),
            ]
        );
    }
}
