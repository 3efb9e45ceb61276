//! What exists and is in no state, as findings: each with the block that imports it.

use super::ignore::id_word;
use super::{Acceptance, Class, Edit, Finding, Kind, Remedy};
use crate::addr::{Address, Mode};
use crate::providers::rest::habits::fits;
use crate::providers::touch::Touch;

/// The file that import blocks are written for.
pub const FILE: &str = "unmanaged.tf";

/// What was found.
pub struct Stray {
    /// Its resource type.
    pub type_name: String,
    /// What it is imported by.
    pub id: String,
    /// Who has touched it, the last first.
    pub touches: Vec<Touch>,
    /// The alias of its provider's block, where that has one.
    pub alias: Option<String>,
}

/// Says whether what is in a namespace is chosen: by patterns, of which one that begins with `!` takes away. What is in none is.
pub fn in_namespace(patterns: &[String], id: &str) -> bool {
    let Some((namespace, _)) = id.split_once('/') else { return true };
    let (not, only): (Vec<&String>, Vec<&String>) =
        patterns.iter().partition(|pattern| pattern.starts_with('!'));
    let out = not.iter().any(|pattern| fits(pattern.trim_start_matches('!'), namespace));
    !out && (only.is_empty() || only.iter().any(|pattern| fits(pattern, namespace)))
}

/// Makes findings of what is in no state. `taken` says which addresses there are.
pub fn findings(strays: Vec<Stray>, taken: &dyn Fn(&Address) -> bool) -> Vec<Finding> {
    let mut given = std::collections::BTreeSet::new();
    let mut findings: Vec<Finding> = Vec::new();
    for stray in strays {
        let last = stray.id.rsplit('/').next().unwrap_or_default();
        let (first, whole) = (identifier(last), identifier(&stray.id));
        let numbered = (2..).map(|number| format!("{whole}_{number}"));
        let names = [first, whole.clone()].into_iter().chain(numbered);
        let mut addresses = names.map(|name| Address::root(Mode::Managed, &stray.type_name, &name));
        let address = addresses.find(|address| !taken(address) && !given.contains(address));
        let Some(address) = address else { continue };
        given.insert(address.clone());
        let last = stray.touches.iter().find(|touch| !touch.is_ours);
        let class = match last.map(|touch| touch.is_service) {
            Some(true) => Class::Service,
            Some(false) => Class::Person,
            None => Class::Unknown,
        };
        let accept = Acceptance::Edits(vec![Edit {
            file: FILE.to_string(),
            line: 1,
            before: Vec::new(),
            after: import_block(&address, &stray),
        }]);
        let rule = format!("{} {} kind=unmanaged", stray.type_name, id_word(&stray.id));
        findings.push(Finding {
            kind: Kind::Unmanaged,
            address: None,
            type_name: stray.type_name,
            id: stray.id,
            provider: None,
            place: None,
            attributes: Vec::new(),
            class,
            touches: stray.touches,
            remedies: vec![Remedy::Accept(accept), Remedy::Ignore { rule }],
        });
    }
    findings
}

fn import_block(address: &Address, stray: &Stray) -> Vec<String> {
    let id = crate::value::quote::quote(&stray.id);
    let mut lines =
        vec!["import {".to_string(), format!("  to = {address}"), format!("  id = {id}")];
    if let Some(alias) = &stray.alias {
        let provider = stray.type_name.split('_').next().unwrap_or_default();
        lines.push(format!("  provider = {provider}.{alias}"));
    }
    lines.push("}".to_string());
    lines
}

/// Makes a name of a text.
fn identifier(text: &str) -> String {
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("_{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_block_with_a_name_of_its_own_that_imports_it() {
        let stray = |id: &str| Stray {
            type_name: "kubernetes_secret_v1".into(),
            id: id.into(),
            touches: Vec::new(),
            alias: None,
        };

        let found = findings(vec![stray("web/api"), stray("db/api")], &|_| false);

        let block = |finding: &Finding| match &finding.remedies[0] {
            Remedy::Accept(Acceptance::Edits(edits)) => edits[0].after.join(" "),
            _ => String::new(),
        };
        assert_eq!(
            block(&found[0]),
            "import {   to = kubernetes_secret_v1.api   id = \"web/api\" }"
        );
        assert!(block(&found[1]).contains("kubernetes_secret_v1.db_api"));
    }

    #[test]
    fn namespaces_are_chosen_and_left_out_by_patterns() {
        let patterns = ["web*".to_string(), "!web-test".to_string()];

        assert!(in_namespace(&patterns, "web-live/a"));
        assert!(!in_namespace(&patterns, "web-test/a"));
        assert!(!in_namespace(&patterns, "db/a"));
        assert!(in_namespace(&patterns, "a-cluster-role"));
        assert!(in_namespace(&[], "db/a"));
    }
}
