//! Makes two runs' results comparable: ids, folders and orders that are not fixed are made the same.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

static ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("it is right")
});

/// What texts are made the same by.
pub(crate) struct Normal<'a> {
    /// The folder of the run.
    pub(crate) cwd: &'a str,
    /// The texts whose ids are kept.
    pub(crate) texts: &'a str,
}

impl Normal<'_> {
    /// Makes all texts and orders inside comparable.
    pub(crate) fn json(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => Json::String(self.text(text)),
            Json::Array(parts) => parts.iter().map(|part| self.json(part)).collect(),
            Json::Object(fields) => {
                let of_one_run = ["terraform_version", "timestamp", "@timestamp", "@module"];
                let fields = fields.iter().filter(|(name, _)| !of_one_run.contains(&name.as_str()));
                let one = |(name, part): (&String, &Json)| {
                    let part = self.json(part);
                    let part = match name.as_str() {
                        "checks"
                        | "relevant_attributes"
                        | "check_results"
                        | "sensitive_attributes"
                        | "dependencies"
                        | "objects" => sorted(&part),
                        // Modules come as they were planned, at once.
                        "child_modules" => by_address(&part),
                        "detail" | "summary" | "@message" => {
                            part.as_str().map_or(part.clone(), |text| bullets(text).into())
                        }
                        _ => part,
                    };
                    (name.clone(), part)
                };
                Json::Object(fields.map(one).collect())
            }
            // What was captured has fractions as floats have them.
            Json::Number(number) if !number.is_i64() && !number.is_u64() => {
                let text = number.to_string();
                match number.as_f64().filter(|_| text.contains(['.', 'e', 'E'])) {
                    Some(float) => Json::String(float.to_string()),
                    None => json.clone(),
                }
            }
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let text = if self.cwd.is_empty() { text.into() } else { text.replace(self.cwd, "<cwd>") };
        let text = text.replace("registry.terraform.io", "<registry>");
        // A command is called by the program's own name.
        let text = text.replace("    terrane ", "    terraform ");
        let kept = |id: &str| id.starts_with("00000000-0000-4000-8000-") || self.texts.contains(id);
        let id = |found: &regex::Captures<'_>| {
            if kept(&found[0]) { found[0].to_string() } else { "<uuid>".to_string() }
        };
        ID.replace_all(&text, id).into_owned()
    }
}

/// Sorts the elements of an array by their text.
pub(crate) fn sorted(json: &Json) -> Json {
    let Json::Array(parts) = json else { return json.clone() };
    let mut parts = parts.clone();
    parts.sort_by_key(Json::to_string);
    Json::Array(parts)
}

/// Sorts what has addresses by them.
fn by_address(json: &Json) -> Json {
    let Json::Array(parts) = json else { return json.clone() };
    let mut parts = parts.clone();
    parts.sort_by(|one, other| one["address"].as_str().cmp(&other["address"].as_str()));
    Json::Array(parts)
}

/// Sorts the members of a cycle and the lines of a list.
fn bullets(text: &str) -> String {
    if let Some(members) = text.strip_prefix("Cycle: ") {
        let mut members: Vec<&str> = members.split(", ").collect();
        members.sort_unstable();
        return format!("Cycle: {}", members.join(", "));
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut at = 0;
    let mut out = Vec::new();
    while at < lines.len() {
        let is_bullet = |line: &&&str| line.trim_start().starts_with("- ");
        let count = lines[at..].iter().take_while(is_bullet).count();
        let mut run = lines[at..at + count.max(1)].to_vec();
        run.sort_unstable();
        at += run.len();
        out.extend(run);
    }
    out.join("\n")
}
