//! The names that the console completes: functions, variables, local values, resources with their attributes.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::functions;
use crate::providers::Registry;

/// All names, each with its whole way: `var.region`, `google_storage_bucket.logs.url`, `upper(`.
pub(super) type Words = BTreeSet<String>;

/// Gathers the names of a configuration.
pub(super) fn words(config: &Config, registry: &Registry) -> Words {
    let root = &config.root;
    let mut words: Words = functions::names().iter().map(|name| format!("{name}(")).collect();
    words.extend(functions::SPECIAL.iter().map(|name| format!("{name}(")));
    let fixed = ["type(", "path.cwd", "path.module", "path.root", "terraform.workspace"];
    words.extend(fixed.map(String::from));
    words.extend(root.variables.keys().map(|name| format!("var.{name}")));
    words.extend(root.locals.keys().map(|name| format!("local.{name}")));
    for (name, call) in &root.calls {
        let key = if call.count.is_some() || call.for_each.is_some() { "[" } else { "." };
        words.insert(format!("module.{name}"));
        if key == "." {
            let outputs = call.module.outputs.keys();
            words.extend(outputs.map(|output| format!("module.{name}.{output}")));
        }
    }
    for ((mode, type_name, name), block) in &root.resources {
        let address = crate::addr::Address::root(*mode, type_name, name).to_string();
        words.insert(address.clone());
        if block.count.is_some() || block.for_each.is_some() {
            continue;
        }
        let local = block.provider.as_ref().map(|(local, _)| local.text.clone());
        let local =
            local.unwrap_or_else(|| type_name.split('_').next().unwrap_or_default().to_string());
        let provider = registry.provider(&root.provider_source(&local));
        let schema = provider.and_then(|provider| provider.resource(*mode, type_name));
        let fields = schema.iter().flat_map(|schema| schema.fields.keys());
        words.extend(fields.map(|field| format!("{address}.{field}")));
    }
    words
}

/// Gives where the name at a place begins, and how it may go on: up to its next dot.
pub(super) fn candidates(words: &Words, line: &str, place: usize) -> (usize, Vec<String>) {
    let before = &line[..place.min(line.len())];
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_name(*c))
        .last()
        .map_or(before.len(), |(at, _)| at);
    let name = &before[start..];
    let step = |word: &String| match word[name.len()..].find('.') {
        Some(dot) => word[..=name.len() + dot].to_string(),
        None => word.clone(),
    };
    let found: BTreeSet<String> =
        words.iter().filter(|word| word.starts_with(name)).map(step).collect();
    (start, found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_completed_up_to_its_next_dot() {
        let words = ["var.a", "var.b", "vpc.x.id", "upper(", "vpc.x"]
            .map(String::from)
            .into_iter()
            .collect();
        let complete = |line: &str| candidates(&words, line, line.len());

        assert_eq!(complete("1 + v"), (4, vec!["var.".into(), "vpc.".into()]));
        assert_eq!(complete("upper(var."), (6, vec!["var.a".into(), "var.b".into()]));
        assert_eq!(complete("vpc.x."), (0, vec!["vpc.x.id".into()]));
        assert_eq!(complete("up"), (0, vec!["upper(".into()]));
        assert_eq!(complete("é"), (0, vec![]));
    }
}
