//! The books of what services do by themselves: which parts of an object change without anybody, and by which it is told
//! from another of its name. Their words are those of `rest/habits.rs`.
//!
//! They stand apart from what the types are, since one rule speaks of many types: a label may have `*`, and all blocks that fit
//! a type count.

use std::sync::LazyLock;

use crate::diag::{Diagnostic, FileId};
use crate::syntax;

use super::rest::habits::{self, Habits, fits};
use super::rest::own::{self, Looked, Rule};

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

/// The rules of what a cluster has by itself.
static OWN: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut problems = Vec::new();
    let rules = own_rules(&mut problems);
    assert!(problems.is_empty(), "the book of a cluster's own: {problems:?}");
    rules
});

fn own_rules(problems: &mut Vec<Diagnostic>) -> Vec<Rule> {
    let (file, found) = syntax::parse(FileId::default(), include_str!("own.hcl"));
    problems.extend(found);
    file.body.blocks.iter().map(|block| own::read(block, problems)).collect()
}

/// Says why an object of a cluster is the cluster's own; nothing where somebody has written it.
pub fn own_because(object: &Looked<'_>) -> Option<&'static str> {
    OWN.iter().find(|rule| rule.is_own(object)).map(|rule| rule.because.as_str())
}

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
    fn what_the_cluster_makes_is_its_own_and_what_people_write_is_not() {
        let of = |kind, namespace, name| Looked { kind, namespace, name, ..Looked::default() };
        let owned = Looked { owned: true, ..of("ReplicaSet", "web", "api-1") };
        let of_helm = [("app.kubernetes.io/managed-by", "Helm")].into();
        let helm = Looked { labels: of_helm, ..of("Service", "web", "api") };

        for own in [
            of("ConfigMap", "web", "kube-root-ca.crt"),
            of("Deployment", "kube-system", "dns"),
            of("ServiceAccount", "web", "default"),
            of("ClusterRole", "", "system:node"),
            owned,
            helm,
        ] {
            assert!(own_because(&own).is_some(), "{own:?}");
        }
        for written in [
            of("ConfigMap", "web", "settings"),
            of("ServiceAccount", "web", "api"),
            of("Namespace", "", "web"),
            of("ClusterRole", "", "reader"),
            of("Service", "web", "kubernetes"),
        ] {
            assert_eq!(own_because(&written), None, "{written:?}");
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
