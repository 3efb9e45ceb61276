//! The books of what is dangerous: rules for changes of resource types, in the words of resource files (`rest/risks.rs`).
//!
//! They stand apart from what the types are, since one rule speaks of many types.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use crate::diag::{Diagnostic, FileId};
use crate::schema::RiskRule;
use crate::syntax;

use super::rest;

const BOOKS: &[&str] =
    &[include_str!("google.hcl"), include_str!("kubernetes.hcl"), include_str!("others.hcl")];

/// What the books say of one type: the texts of its blocks, and their rules once they are asked for. Parsing all books would take longer
/// than planning a small configuration.
#[derive(Default)]
struct Chapter {
    texts: Vec<&'static str>,
    rules: OnceLock<Vec<RiskRule>>,
}

static CHAPTERS: LazyLock<BTreeMap<&'static str, Chapter>> = LazyLock::new(|| {
    let mut chapters: BTreeMap<&str, Chapter> = BTreeMap::new();
    for text in BOOKS.iter().flat_map(|book| blocks(book)) {
        let header = text.split('{').next().unwrap_or_default();
        for label in header.split('"').skip(1).step_by(2) {
            chapters.entry(label).or_default().texts.push(text);
        }
    }
    chapters
});

/// Gives the blocks of a book as texts: each begins with its word and ends with a brace, both at the beginning of a line.
fn blocks(book: &'static str) -> impl Iterator<Item = &'static str> {
    const HEADER: &str = "resource ";
    let starts = book.match_indices(HEADER).map(|(at, _)| at);
    let starts = starts.filter(|at| *at == 0 || book[..*at].ends_with('\n'));
    starts.map(|at| {
        let rest = &book[at..];
        rest.find("\n}").map_or(rest, |end| &rest[..end + 2])
    })
}

/// Reads the rules of each block of a text.
fn rules(text: &str, problems: &mut Vec<Diagnostic>) -> Vec<RiskRule> {
    let (file, found) = syntax::parse(FileId::default(), text);
    problems.extend(found);
    file.body.blocks.iter().flat_map(|block| rest::risks::read(&block.body, problems)).collect()
}

/// Gives the rules of a resource type.
pub fn of(type_name: &str) -> &'static [RiskRule] {
    let Some(chapter) = CHAPTERS.get(type_name) else { return &[] };
    chapter.rules.get_or_init(|| {
        let mut problems = Vec::new();
        let read = chapter.texts.iter().flat_map(|text| rules(text, &mut problems)).collect();
        assert!(problems.is_empty(), "a book of risks: {problems:?}");
        read
    })
}

/// Gives all resource types that have rules.
pub fn types() -> impl Iterator<Item = &'static str> {
    CHAPTERS.keys().copied()
}

#[cfg(test)]
mod tests {
    use super::super::{google, helm, kubernetes, small};
    use super::*;
    use crate::addr::Mode;
    use crate::schema::{Field, Nesting};

    /// Gives the names on a path that the schema lacks; what is below an attribute is not known here.
    fn lacking(fields: &BTreeMap<String, Field>, path: &[String]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        if first == "*" {
            return lacking(fields, rest);
        }
        let Some(field) = fields.get(first) else { return Some(first.clone()) };
        match &field.nesting {
            Nesting::Block(block) => lacking(&block.fields, rest),
            Nesting::Attribute => None,
        }
    }

    #[test]
    fn rules_speak_of_types_and_fields_that_there_are() {
        let providers = [google::google().unwrap(), kubernetes::kubernetes(), helm::helm()];
        let all: Vec<_> = providers.into_iter().chain(small::small()).collect();
        let mut wrong = Vec::new();
        for name in types() {
            let schema = all.iter().find_map(|provider| provider.resource(Mode::Managed, name));
            let Some(schema) = schema else {
                wrong.push(format!("there is no {name}"));
                continue;
            };
            for test in of(name).iter().flat_map(|rule| rule.when.iter().chain(&rule.unless)) {
                let lacking = lacking(&schema.fields, &test.path);
                wrong.extend(
                    lacking.map(|part| format!("{name}.{}: no {part}", test.path.join("."))),
                );
            }
        }

        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_books_are_in_their_words() {
        let mut problems = Vec::new();
        let mut whole: BTreeMap<String, Vec<RiskRule>> = BTreeMap::new();
        for book in BOOKS {
            let (file, found) = syntax::parse(FileId::default(), book);
            problems.extend(found);
            for block in &file.body.blocks {
                assert_eq!(block.kind.text, "resource");
                let read = rest::risks::read(&block.body, &mut problems);
                for label in &block.labels {
                    whole.entry(label.text.clone()).or_default().extend(read.iter().cloned());
                }
            }
        }

        assert!(problems.is_empty(), "{problems:#?}");
        assert!(types().count() > 80);
        let each: BTreeMap<_, _> =
            types().map(|name| (name.to_string(), of(name).to_vec())).collect();
        assert_eq!(
            format!("{each:?}"),
            format!("{whole:?}"),
            "a block read by itself says the same"
        );
    }
}
