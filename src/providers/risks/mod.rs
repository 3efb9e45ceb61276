//! The books of what is dangerous: rules for changes of resource types, in the words of resource files (`rest/risks.rs`).
//!
//! They stand apart from what the types are, since one rule speaks of many types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::diag::FileId;
use crate::schema::RiskRule;
use crate::syntax;

use super::rest;

const BOOKS: &[&str] =
    &[include_str!("google.hcl"), include_str!("kubernetes.hcl"), include_str!("others.hcl")];

static RULES: LazyLock<BTreeMap<String, Vec<RiskRule>>> = LazyLock::new(|| {
    let mut rules: BTreeMap<String, Vec<RiskRule>> = BTreeMap::new();
    for book in BOOKS {
        let mut problems = Vec::new();
        let (file, _) = syntax::parse(FileId::default(), book);
        for block in &file.body.blocks {
            let read = rest::risks::read(&block.body, &mut problems);
            for label in &block.labels {
                rules.entry(label.text.clone()).or_default().extend(read.iter().cloned());
            }
        }
        assert!(problems.is_empty(), "a book of risks: {problems:?}");
    }
    rules
});

/// Gives the rules of a resource type.
pub fn of(type_name: &str) -> &'static [RiskRule] {
    RULES.get(type_name).map_or(&[], Vec::as_slice)
}

/// Gives all resource types that have rules.
pub fn types() -> impl Iterator<Item = &'static str> {
    RULES.keys().map(String::as_str)
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
        for book in BOOKS {
            let (file, found) = syntax::parse(FileId::default(), book);
            problems.extend(found);
            for block in &file.body.blocks {
                assert_eq!(block.kind.text, "resource");
                rest::risks::read(&block.body, &mut problems);
            }
        }

        assert!(problems.is_empty(), "{problems:#?}");
        assert!(types().count() > 80);
    }
}
