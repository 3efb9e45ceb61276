//! Policies: rules in Rego that judge a plan's document, as `conftest` judges Terraform's.
//!
//! In each package the rules `deny`, `violation` and `warn` are asked, with or without a suffix (`deny_public_bucket`). An
//! element is a text, or an object with `msg` and, where one object of the plan is meant, its `address`; what has no text is
//! told as its JSON.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use regorus::Engine;
use serde_json::Value as Json;

use crate::diag::{Diagnostic, FileId, Sources, Span};
use crate::review::finding::{Finding, Severity};

/// A file of policies, which `Sources` has.
pub type Policy = FileId;

/// The policies that come with the program: name, what they look at, text.
pub const STARTER: &[(&str, &str, &str)] = &[
    ("gke", "GKE clusters and node pools", include_str!("starter/gke.rego")),
    ("storage", "buckets, their access, and HMAC keys", include_str!("starter/storage.rego")),
    ("kubernetes", "pods' security contexts and roles", include_str!("starter/kubernetes.rego")),
    ("dangers", "dangers that the program itself tells", include_str!("starter/dangers.rego")),
];

/// The head of a rule that is asked for.
static RULE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(?:default[ \t]+)?((?:deny|violation|warn)(?:_[a-zA-Z0-9]+)*)\b")
        .expect("a pattern")
});

/// Judges a plan's document by policies; denials first, then in the order of the policies and messages.
///
/// # Errors
/// A policy that is no Rego, or whose evaluation fails, at its place.
pub fn judge(
    policies: &[Policy],
    sources: &Sources,
    input: &Json,
) -> Result<Vec<Finding>, Vec<Diagnostic>> {
    let mut engine = Engine::new();
    // As everywhere, what a function cannot do is undefined, and its rule does not hold.
    engine.set_strict_builtin_errors(false);
    let mut asked = BTreeSet::new();
    let mut problems = Vec::new();
    for policy in policies {
        let text = sources.text(*policy);
        match added(&mut engine, sources.name(*policy), text) {
            Ok(package) => {
                asked.extend(
                    RULE.captures_iter(text).map(|rule| (package.clone(), rule[1].to_string())),
                );
            }
            Err(error) => problems.push(problem("Invalid policy", policies, sources, &error)),
        }
    }
    if problems.is_empty() && asked.is_empty() && !policies.is_empty() {
        problems.push(silent(policies, sources));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let failed = |error: &dyn std::fmt::Display| {
        vec![problem("Policy failed", policies, sources, &error.to_string())]
    };
    engine.set_input_json(&input.to_string()).map_err(|error| failed(&error))?;
    let mut findings = Vec::new();
    for (package, rule) in &asked {
        let query = format!("{package}.{rule}");
        let answer = engine.eval_query(query, false).map_err(|error| failed(&error))?;
        let value = answer.result.first().and_then(|row| row.expressions.first());
        let Some(value) = value else { continue };
        let told = serde_json::to_value(&value.value).map_err(|error| failed(&error))?;
        findings.extend(findings_of(package, rule, &told));
    }
    findings.sort_by(|a, b| {
        (a.severity, &a.policy, &a.address, &a.message)
            .cmp(&(b.severity, &b.policy, &b.address, &b.message))
    });
    Ok(findings)
}

/// Says that nothing is judged: a name that is mistyped would let everything pass.
fn silent(policies: &[Policy], sources: &Sources) -> Diagnostic {
    let names: Vec<&str> = policies.iter().map(|policy| sources.name(*policy)).collect();
    let detail = format!(
        "No rule of {} is named deny, violation or warn, with or without a suffix like deny_public.",
        names.join(", ")
    );
    Diagnostic::error("No rules to judge by", detail)
}

/// Gives what a rule has come to.
fn findings_of(package: &str, rule: &str, told: &Json) -> Vec<Finding> {
    let name = package.strip_prefix("data.").unwrap_or(package);
    let severity = if rule.starts_with("warn") { Severity::Warn } else { Severity::Deny };
    let found = elements(told).into_iter().filter_map(|element| {
        let message = message(element, rule)?;
        let address = element.get("address").and_then(Json::as_str).map(str::to_string);
        Some(Finding { severity, message, policy: name.to_string(), address })
    });
    found.collect()
}

/// Adds a policy; one of the older language, without `if` and `contains`, is read as such.
fn added(engine: &mut Engine, name: &str, text: &str) -> Result<String, String> {
    let mut add = |old: bool| {
        engine.set_rego_v0(old);
        engine.add_policy(name.to_string(), text.to_string())
    };
    add(false).or_else(|error| add(true).map_err(|_| error)).map_err(|error| error.to_string())
}

fn elements(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(elements) => elements.iter().collect(),
        other => vec![other],
    }
}

/// Gives what an element says; nothing for what does not hold. What has no text is told as it is: it holds all the same.
fn message(element: &Json, rule: &str) -> Option<String> {
    match element {
        Json::Null | Json::Bool(false) => None,
        Json::Bool(true) => Some(format!("the rule \"{rule}\" holds")),
        Json::String(text) => Some(text.clone()),
        Json::Object(fields) if fields.is_empty() => None,
        Json::Object(fields) => {
            let text = ["msg", "message"].iter().find_map(|name| fields.get(*name)?.as_str());
            Some(text.map_or_else(|| element.to_string(), str::to_string))
        }
        other => Some(other.to_string()),
    }
}

/// Tells what is wrong. The engine's text has an arrow with file, line and column, the line, and what is wrong with it.
fn problem(summary: &str, policies: &[Policy], sources: &Sources, error: &str) -> Diagnostic {
    let arrow = error.lines().find_map(|line| line.strip_prefix("--> "));
    let said = error.lines().find_map(|line| line.strip_prefix("error: "));
    let last = error.lines().rev().find(|line| !line.trim().is_empty());
    let detail = said.or(last).unwrap_or_default();
    let problem = Diagnostic::error(summary, detail);
    let span = arrow.and_then(|place| {
        let mut words = place.rsplitn(3, ':');
        let column: usize = words.next()?.parse().ok()?;
        let line: usize = words.next()?.parse().ok()?;
        let name = words.next()?;
        let file = policies.iter().find(|file| sources.name(**file) == name)?;
        let text = sources.text(*file);
        let before: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let start = (before + column.saturating_sub(1)).min(text.len());
        let start = u32::try_from(start).ok()?;
        Some(Span { file: *file, start, end: start })
    });
    match span {
        Some(span) => problem.at(span, ""),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(text: &str, input: &Json) -> Result<Vec<(Severity, String)>, Vec<Diagnostic>> {
        let mut sources = Sources::default();
        let policy = sources.add("own.rego", text);
        let findings = judge(&[policy], &sources, input)?.into_iter();
        Ok(findings.map(|finding| (finding.severity, finding.message)).collect())
    }

    #[test]
    fn both_languages_are_read_and_denials_come_first() {
        let new = "package a\nwarn contains \"w\" if input.x == 1\n\
                   deny contains {\"msg\": \"d\", \"address\": \"r.a\"} if input.x > 0\n";
        let old = "package b\ndeny[msg] {\n  input.x == 1\n  msg := \"old\"\n}\n";
        let input = json!({ "x": 1 });

        let told = vec![(Severity::Deny, "d".to_string()), (Severity::Warn, "w".to_string())];
        assert_eq!(judged(new, &input).unwrap(), told);
        assert_eq!(judged(old, &input).unwrap(), [(Severity::Deny, "old".to_string())]);
        assert_eq!(judged(new, &json!({ "x": 0 })).unwrap(), []);
    }

    #[test]
    fn no_denial_is_lost() {
        for (rule, told) in [
            ("deny contains {\"reason\": \"public\"}", "{\"reason\":\"public\"}"),
            ("deny contains {\"msg\": 5}", "{\"msg\":5}"),
            ("deny contains 7", "7"),
            ("deny[\"a\"] := \"why\"", "{\"a\":\"why\"}"),
            ("deny := true", "the rule \"deny\" holds"),
            ("deny_public_bucket contains \"public\"", "public"),
            ("violation contains {\"msg\": \"v\"}", "v"),
        ] {
            let found = judged(&format!("package a\n{rule}\n"), &json!({})).unwrap();
            assert_eq!(found, [(Severity::Deny, told.to_string())], "{rule}");
        }
        for rule in [
            "default deny := false",
            "deny contains 1 if input.x",
            "warnings contains 1\ndeny := null",
        ] {
            assert_eq!(judged(&format!("package a\n{rule}\n"), &json!({})).unwrap(), [], "{rule}");
        }
    }

    #[test]
    fn policies_that_judge_nothing_are_an_error() {
        let problems = judged("package a\ndenied contains \"x\"\n", &json!({})).unwrap_err();

        assert_eq!(problems[0].summary, "No rules to judge by");
    }

    #[test]
    fn what_is_no_policy_is_told_at_its_place() {
        let problems = judged("package a\n\ndeny contains if {\n", &json!({})).unwrap_err();

        let place = problems[0].span().map(|span| span.start);
        assert!(place.is_some_and(|place| place > 10), "{problems:?}");
        assert!(!problems[0].detail.is_empty());
    }

    #[test]
    fn the_policies_that_come_along_are_read() {
        let mut sources = Sources::default();
        let all: Vec<Policy> =
            STARTER.iter().map(|(name, _, text)| sources.add(*name, *text)).collect();

        assert_eq!(judge(&all, &sources, &json!({ "resource_changes": [] })).unwrap(), []);
    }
}
