//! Drift of many stacks: the same cause over several of them is one.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Finding;
use crate::value::json::to_json;

/// What was found in one stack.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its folder, as it is named.
    pub name: String,
    /// How many objects were looked at.
    pub looked_at: usize,
    /// Its findings, or why it could not be looked at.
    pub found: Result<Vec<Told>, String>,
    /// How many objects could not be read.
    pub unread: usize,
    /// What should be known of the report.
    pub notes: Vec<String>,
}

/// A finding of a stack as it is told there.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it is about.
    pub name: String,
    /// What it comes from: the same for the same change by the same hand.
    pub cause: String,
    /// It as text.
    pub text: String,
    /// It as JSON.
    pub json: Json,
    /// Whether nobody must decide anything about it.
    pub quiet: bool,
    /// Whether nothing is left to decide.
    pub settled: bool,
}

/// Findings of one cause: each with its stack.
pub type Group<'a> = Vec<(&'a Stack, &'a Told)>;

/// Says what a finding comes from: who did what to which part of which type, and what stands there since.
pub fn cause(finding: &Finding) -> String {
    let touch = finding.attributes.iter().find_map(|of| finding.touch(of));
    let touch = touch.or_else(|| finding.touches.iter().find(|touch| !touch.is_ours));
    let (who, how) = touch.map_or(("", ""), |touch| (&touch.who, &touch.how));
    let mut cause = format!("{} {} {who} {how}", finding.kind.word(), finding.type_name);
    for attribute in &finding.attributes {
        let live = attribute.live.as_ref().map(|live| match attribute.is_sensitive() {
            true => "(sensitive)".to_string(),
            false => to_json(&live.without_marks()).to_string(),
        });
        cause += &format!("\n{}={}", attribute.path, live.unwrap_or_default());
    }
    cause
}

/// Puts findings of the same cause together, in the order in which they come first.
pub fn groups(stacks: &[Stack]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for stack in stacks {
        for told in stack.found.iter().flatten() {
            match places.get(told.cause.as_str()) {
                Some(place) => groups[*place].push((stack, told)),
                None => {
                    places.insert(&told.cause, groups.len());
                    groups.push(vec![(stack, told)]);
                }
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_over_many_stacks_is_one_group() {
        let told = |name: &str, cause: &str| Told {
            name: name.into(),
            cause: cause.into(),
            text: String::new(),
            json: Json::Null,
            quiet: false,
            settled: false,
        };
        let stack = |name: &str, found| Stack {
            name: name.into(),
            looked_at: 1,
            found,
            unread: 0,
            notes: Vec::new(),
        };
        let stacks = [
            stack("a", Ok(vec![told("x", "1"), told("y", "2")])),
            stack("b", Err("no".into())),
            stack("c", Ok(vec![told("z", "1")])),
        ];

        let groups = groups(&stacks);

        let names: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.iter().map(|(stack, _)| stack.name.as_str()).collect())
            .collect();
        assert_eq!(names, [vec!["a", "c"], vec!["a"]]);
    }
}
