//! The books of what services do by themselves: which parts of an object change without anybody, and by which it is told
//! from another of its name. Their words are those of `rest/habits.rs`.
//!
//! They stand apart from what the types are, since one rule speaks of many types: a label may have `*`, and all blocks that fit
//! a type count.

use std::sync::LazyLock;

use crate::diag::{Diagnostic, FileId};
use crate::syntax;

use super::rest::habits::{self, Habits, fits};

const BOOKS: &[&str] = &[include_str!("google.hcl"), include_str!("kubernetes.hcl")];

/// Who is a part of the service itself: patterns of accounts and field managers, one for each block `agents`.
static AGENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut agents = Vec::new();
    for book in BOOKS {
        let (file, _) = syntax::parse(FileId::default(), book);
        for block in file.body.blocks.iter().filter(|block| block.kind.text == "agents") {
            agents.extend(habits::agents(block, &mut Vec::new()));
        }
    }
    agents
});

static HABITS: LazyLock<Vec<(Vec<String>, Habits)>> = LazyLock::new(|| {
    let mut problems = Vec::new();
    let read = read(&mut problems);
    assert!(problems.is_empty(), "a book of habits: {problems:?}");
    read
});

/// Gives the habits of a type, those of all blocks that fit it.
pub fn of(type_name: &str) -> Habits {
    let mut all = Habits::default();
    for (labels, habits) in HABITS.iter() {
        if labels.iter().any(|label| fits(label, type_name)) {
            all.add(habits);
        }
    }
    all
}

/// Says whether an account or a field manager is a part of the service itself.
pub fn is_agent(who: &str) -> bool {
    AGENTS.iter().any(|pattern| fits(pattern, who))
}

fn read(problems: &mut Vec<Diagnostic>) -> Vec<(Vec<String>, Habits)> {
    let mut all = Vec::new();
    for book in BOOKS {
        let (file, found) = syntax::parse(FileId::default(), book);
        problems.extend(found);
        for block in &file.body.blocks {
            if block.kind.text == "agents" {
                habits::agents(block, problems);
                continue;
            }
            let labels = block.labels.iter().map(|label| label.text.clone()).collect();
            all.push((labels, habits::read(block, problems)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::{google, kubernetes};
    use super::*;
    use crate::addr::Mode;
    use crate::schema::{Field, Nesting};

    /// Gives the names on a path that the schema lacks; what is below an attribute is not known here.
    fn lacking(
        fields: &std::collections::BTreeMap<String, Field>,
        path: &[String],
    ) -> Option<String> {
        let (first, rest) = path.split_first()?;
        if first.contains('*') {
            return None;
        }
        let Some(field) = fields.get(first) else { return Some(first.clone()) };
        match &field.nesting {
            Nesting::Block(block) => lacking(&block.fields, rest),
            Nesting::Attribute => None,
        }
    }

    #[test]
    fn habits_speak_of_types_and_fields_that_there_are() {
        let mut problems = Vec::new();
        let google = google::google().unwrap();
        let kubernetes = kubernetes::kubernetes();
        let mut wrong = Vec::new();
        for (labels, habits) in read(&mut problems) {
            for label in labels.iter().filter(|label| !label.contains('*')) {
                let schema = google.resource(Mode::Managed, label);
                let schema = schema.or_else(|| kubernetes.resource(Mode::Managed, label));
                let Some(schema) = schema else {
                    wrong.push(format!("there is no {label}"));
                    continue;
                };
                let lacking =
                    habits.patterns().filter_map(|of| lacking(&schema.fields, of.names()));
                wrong.extend(lacking.map(|part| format!("{label}: no {part}")));
            }
        }

        assert!(problems.is_empty(), "{problems:#?}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
