//! The words of what a service has by itself: which objects nobody has written. The words stand at the head of
//! `habits/own.hcl`.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::syntax::tree::Block;

use super::habits::fits;
use super::words::Words;

/// A rule by which an object is the service's own.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    kinds: Vec<String>,
    /// Why it is.
    pub because: String,
    namespaces: Vec<String>,
    names: Vec<String>,
    types: Vec<String>,
    labels: Vec<String>,
    owned: bool,
}

/// An object that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Looked<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; empty where it has none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its `type`, where it has one.
    pub of_type: &'a str,
    /// Its labels.
    pub labels: BTreeMap<&'a str, &'a str>,
    /// Whether it has an owner.
    pub owned: bool,
}

impl Rule {
    /// Says whether an object is the service's own.
    pub fn is_own(&self, object: &Looked<'_>) -> bool {
        let any = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, text))
        };
        let label = |pattern: &String| {
            let (name, value) = pattern.split_once('=').unwrap_or((pattern, "*"));
            object.labels.get(name).is_some_and(|has| fits(value, has))
        };
        any(&self.kinds, object.kind)
            && any(&self.namespaces, object.namespace)
            && any(&self.names, object.name)
            && any(&self.types, object.of_type)
            && (self.labels.is_empty() || self.labels.iter().any(label))
            && (!self.owned || object.owned)
    }
}

/// Reads a rule.
pub fn read(block: &Block, problems: &mut Vec<Diagnostic>) -> Rule {
    let mut words = Words::of_body(&block.body, block.header, problems);
    let rule = Rule {
        kinds: block.labels.iter().map(|label| label.text.clone()).collect(),
        because: words.text("because").unwrap_or_default(),
        namespaces: words.texts("namespaces"),
        names: words.texts("names"),
        types: words.texts("types"),
        labels: words.texts("labels"),
        owned: words.flag("owned"),
    };
    if rule.because.is_empty() {
        words.problem("A rule says why, with `because`.".to_string());
    }
    words.finish();
    rule
}
