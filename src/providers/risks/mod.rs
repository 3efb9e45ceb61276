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
    use super::*;

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
