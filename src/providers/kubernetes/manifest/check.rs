//! What can be said of a manifest before a server sees it: by the kind's definition, bundled or of the plan itself.

use serde_json::Value as Json;

use crate::diag::nearest;
use crate::value::{Kind as Content, Path, Value};

use super::super::super::Problem;
use super::super::definitions::{Absent, Form, Limits, Part, bundled};
use super::super::equal::quantity;
use super::super::rules::syntax::is_base64;
use super::super::rules::{self, View};
use super::body::{FORBIDDEN, Who, is_secret};
use super::kinds::{Known, typed};

/// Makes a problem with a part of the manifest.
pub(super) fn problem(path: &Path, summary: &str, detail: impl Into<String>) -> Problem {
    let mut whole = Path::root().attribute("manifest");
    whole.0.extend(path.0.iter().cloned());
    Problem {
        path: whole,
        warning: false,
        summary: summary.into(),
        detail: detail.into(),
        help: Vec::new(),
    }
}

/// Checks what each manifest must have and may not have; needs no definition.
pub(super) fn shape(manifest: &Value) -> Vec<Problem> {
    let root = Path::root();
    if !manifest.is_known() || manifest.is_null() {
        return Vec::new();
    }
    let Some(fields) = manifest.fields() else {
        let detail = "A manifest is an object with `apiVersion`, `kind` and `metadata`.";
        return vec![problem(&root, "Invalid manifest", detail)];
    };
    let mut found = Vec::new();
    for name in ["apiVersion", "kind"] {
        let given = fields.get(name).filter(|value| !value.is_null());
        let good = given.is_some_and(|value| !value.is_known() || value.as_str() != Some(""));
        if !good || given.is_some_and(|value| value.is_known() && value.as_str().is_none()) {
            let detail = format!("A manifest needs `{name}`, a text.");
            found.push(problem(&root.attribute(name), "Invalid manifest", detail));
        }
    }
    let metadata = root.attribute("metadata");
    match fields.get("metadata").filter(|value| !value.is_null()) {
        Some(block) if !block.is_known() => {}
        Some(block) if block.fields().is_some() => {
            let name = block.field("name").filter(|name| !name.is_null());
            if name.is_none_or(|name| name.as_str() == Some("")) {
                let mut missing =
                    problem(&metadata, "Invalid manifest", "A manifest needs `metadata.name`.");
                if block.field("generateName").is_some() {
                    missing.help.push("An object whose name the server makes is no manifest of one object: write a name.".into());
                }
                found.push(missing);
            } else if name.is_some_and(|name| name.is_known() && name.as_str().is_none()) {
                let detail = "The name of an object is a text: put it in quotes.";
                found.push(problem(&metadata.attribute("name"), "Invalid manifest", detail));
            }
            for name in FORBIDDEN {
                if block.field(name).is_some_and(|value| !value.is_null()) {
                    let detail = format!("`metadata.{name}` is the server's to give.");
                    found.push(problem(
                        &metadata.attribute(*name),
                        "Forbidden field in a manifest",
                        detail,
                    ));
                }
            }
        }
        _ => found.push(problem(
            &metadata,
            "Invalid manifest",
            "A manifest needs `metadata` with a `name`.",
        )),
    }
    let status = fields.get("status").filter(|status| !status.is_null());
    if status.is_some_and(|status| status.fields().is_none_or(|fields| !fields.is_empty())) {
        let detail = "`status` is the server's to give.";
        found.push(problem(&root.attribute("status"), "Forbidden field in a manifest", detail));
    }
    found
}

/// Checks a manifest against what is known of its kind, for a cluster of a minor version where that is known.
pub(super) fn check(
    manifest: &Value,
    who: &Who,
    known: &Known,
    minor: Option<u32>,
) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(part) = known.part() {
        let mut walk = Walk { who, minor, found: &mut found };
        walk.value(manifest, part, &Path::root());
    }
    if let Some(kind) = &known.kind {
        let namespace = Path::root().attribute("metadata").attribute("namespace");
        if !kind.namespaced && !who.namespace.is_empty() {
            let detail = format!("A {} lives in no namespace.", who.kind);
            found.push(problem(&namespace, "Namespace of what has none", detail));
        }
        if let Some(row) = typed(&who.api_version, &who.kind) {
            let view = View::plain(&row.nodes, manifest, Path::root().attribute("manifest"));
            let told = found.len();
            rules::check(&who.api_version, &who.kind, &view, &mut found);
            // What is missing may be what was written under a wrong name.
            let more = found.split_off(told);
            let is_missing = |one: &Problem| one.summary.starts_with("Missing");
            found.extend(more.into_iter().filter(|one| told == 0 || !is_missing(one)));
        }
    }
    found
}

struct Walk<'a> {
    who: &'a Who,
    minor: Option<u32>,
    found: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn say(&mut self, path: &Path, summary: &str, detail: String) {
        self.found.push(problem(path, summary, detail));
    }

    fn value(&mut self, value: &Value, part: &Part, path: &Path) {
        let part = part.followed();
        if value.is_null() || !value.is_known() {
            return;
        }
        if let Some(limits) = &part.limits {
            self.limits(value, limits, path);
        }
        match (part.form, part.ty.as_str()) {
            (Form::Quantity, _) => self.quantity(value, path),
            (Form::IntOrString, _) => {
                if !matches!(value.kind(), Content::String(_)) && value.as_i64().is_none() {
                    self.mistyped(value, "a whole number or a text", path);
                }
            }
            (Form::Plain, "array") => self.list(value, part, path),
            (Form::Plain, "object") => self.object(value, part, path),
            (Form::Plain, "") if !part.properties.is_empty() => self.object(value, part, path),
            (Form::Plain, "") => {}
            (Form::Plain, ty) => self.scalar(value, part, ty, path),
        }
    }

    /// Checks how large a value is.
    fn limits(&mut self, value: &Value, limits: &Limits, path: &Path) {
        let count = |count: usize, what: &str| {
            let few = limits.shortest.filter(|least| count < *least);
            let many = limits.longest.filter(|most| count > *most);
            few.map(|least| format!("has {count} {what}, and must have at least {least}")).or_else(
                || many.map(|most| format!("has {count} {what}, and may have at most {most}")),
            )
        };
        let number = |number: f64| {
            let less =
                limits.least.filter(|(least, out)| number < *least || *out && number == *least);
            let more = limits.most.filter(|(most, out)| number > *most || *out && number == *most);
            let shown = if is_secret(value.marks()) { "not".into() } else { number.to_string() };
            let word = |out: bool, with: &'static str, without| if out { with } else { without };
            less.map(|(least, out)| {
                format!("is {shown}, and must be {} {least}", word(out, "more than", "at least"))
            })
            .or_else(|| {
                more.map(|(most, out)| {
                    format!("is {shown}, and must be {} {most}", word(out, "less than", "at most"))
                })
            })
        };
        let wrong = match value.kind() {
            Content::Number(_) => value.as_number().and_then(|it| number(it.to_f64())),
            Content::String(text) => count(text.chars().count(), "characters").or_else(|| {
                let pattern = limits.pattern.as_ref()?;
                // What only Go's patterns have is left to the server.
                let fits = regex::Regex::new(pattern).ok()?.is_match(text);
                (!fits).then(|| format!("does not match `{pattern}`"))
            }),
            Content::List(_, parts) | Content::Set(_, parts) | Content::Tuple(parts) => {
                count(parts.len(), "elements")
            }
            // Defaults may fill it up.
            Content::Map(_, fields) | Content::Object(fields) => {
                let most = limits.longest.filter(|most| fields.len() > *most);
                most.and_then(|_| count(fields.len(), "fields"))
            }
            Content::Null(_) | Content::Unknown(..) | Content::Bool(_) => None,
        };
        if let Some(wrong) = wrong {
            let detail = format!("`{path}` of {} {wrong}.", self.who.kind);
            self.say(path, "Invalid value in a manifest", detail);
        }
    }

    fn object(&mut self, value: &Value, part: &Part, path: &Path) {
        let Some(fields) = value.fields() else { return self.mistyped(value, "an object", path) };
        for (name, below) in fields.iter() {
            let path = path.attribute(&**name);
            let absent = part.properties.get(&**name).map(|part| part.absent).unwrap_or_default();
            match part.field(name) {
                Some(_) if absent.is_in(self.minor) && !below.is_null() => {
                    self.not_there(name, absent, &path);
                }
                Some(part) => self.value(below, part, &path),
                None if part.is_closed() && !below.is_null() && !is_status(&path) => {
                    let near = nearest(name, part.properties.keys().map(String::as_str));
                    let hint =
                        near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
                    let detail = format!(
                        "{} of {} has no field `{name}`.{hint}",
                        self.place(&path),
                        self.who.api_version
                    );
                    self.say(&path, "Unknown field in a manifest", detail);
                }
                None => {}
            }
        }
        for name in &part.required {
            if fields.get(name).is_none_or(Value::is_null) {
                let path = path.attribute(name);
                let detail = format!("{} needs the field `{name}`.", self.place(&path));
                self.say(&path, "Missing field in a manifest", detail);
            }
        }
    }

    fn not_there(&mut self, name: &str, absent: Absent, path: &Path) {
        let named = bundled().named(self.minor);
        let detail = format!(
            "{} has no field `{name}` in Kubernetes {named}.{}",
            self.place(path),
            absent.hint()
        );
        self.say(path, "Field not in this Kubernetes version", detail);
    }

    /// Names what a field belongs to.
    fn place(&self, path: &Path) -> String {
        let above = Path(path.0[..path.0.len().saturating_sub(1)].to_vec());
        match above.0.is_empty() {
            true => self.who.kind.clone(),
            false => format!("`{}` of {}", above, self.who.kind),
        }
    }

    fn list(&mut self, value: &Value, part: &Part, path: &Path) {
        let Some(parts) = value.elements() else { return self.mistyped(value, "a list", path) };
        let Some(item) = part.item() else { return };
        for (place, below) in parts.iter().enumerate() {
            self.value(below, item, &path.place(place));
        }
    }

    fn quantity(&mut self, value: &Value, path: &Path) {
        let good = match value.kind() {
            Content::Number(_) => true,
            Content::String(text) => quantity(text).is_some(),
            _ => false,
        };
        if !good {
            let wanted = "a quantity: a number with a unit like `m`, `k`, `Mi` or `Gi`";
            self.mistyped(value, wanted, path);
        }
    }

    fn scalar(&mut self, value: &Value, part: &Part, ty: &str, path: &Path) {
        let text = value.as_str();
        let (good, wanted) = match ty {
            "string" => {
                let scalar = matches!(
                    value.kind(),
                    Content::String(_) | Content::Number(_) | Content::Bool(_)
                );
                (scalar, "a text")
            }
            "integer" => {
                let number = text.is_some_and(|text| text.parse::<i64>().is_ok());
                (number || value.as_i64().is_some(), "a whole number")
            }
            "number" => {
                let number = text.is_some_and(|text| text.parse::<f64>().is_ok());
                (number || value.as_number().is_some(), "a number")
            }
            "boolean" => {
                let flag = matches!(text, Some("true" | "false"));
                (flag || value.as_bool().is_some(), "true or false")
            }
            _ => (true, ""),
        };
        if !good {
            return self.mistyped(value, wanted, path);
        }
        if part.format == "byte" && text.is_some_and(|text| !is_base64(text)) {
            let detail = format!(
                "`{path}` of {} is no base64 text. `base64encode` makes one.",
                self.who.kind
            );
            return self.say(path, "Invalid base64", detail);
        }
        let allowed = &part.one_of;
        let Some(text) = text.filter(|_| !allowed.is_empty()) else { return };
        if !allowed.iter().any(|one| one == text) {
            let shown =
                if is_secret(value.marks()) { "The value".into() } else { format!("\"{text}\"") };
            let detail = format!("{shown} is none of the allowed values: {}.", allowed.join(", "));
            self.say(path, "Invalid value in a manifest", detail);
        }
    }

    fn mistyped(&mut self, value: &Value, wanted: &str, path: &Path) {
        let given = match value.kind() {
            Content::Null(_) | Content::Unknown(..) => return,
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::String(_) => "a text",
            Content::List(..) | Content::Set(..) | Content::Tuple(_) => "a list",
            Content::Map(..) | Content::Object(_) => "an object",
        };
        let detail = format!("`{path}` of {} is {given}, and must be {wanted}.", self.who.kind);
        self.say(path, "Wrong type in a manifest", detail);
    }
}

/// What only the server writes is looked at by the shape alone.
fn is_status(path: &Path) -> bool {
    path.0.len() == 1 && path.first() == Some("status")
}

/// Says what the server refuses in a manifest: the field by the path that it names.
pub(in super::super) fn at_field(field: &str) -> Path {
    let mut path = Path::root().attribute("manifest");
    for step in field.split(['.', '[']) {
        let step = step.trim_end_matches(']');
        path = match step.parse::<usize>() {
            Ok(place) => path.place(place),
            Err(_) if step.is_empty() => path,
            Err(_) => path.attribute(step.trim_matches('"')),
        };
    }
    path
}

/// Gives what is at a path of a JSON object.
pub(in super::super) fn named(live: &Json, path: &str) -> Option<Json> {
    let mut found = live;
    for step in path.split('.') {
        found = match (found, step.parse::<usize>()) {
            (Json::Array(parts), Ok(place)) => parts.get(place)?,
            _ => found.get(step)?,
        };
    }
    Some(found.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::kinds::key;
    use super::*;
    use crate::value::json::from_json;

    fn told(spec: &Json) -> Vec<String> {
        let schema = json!({ "type": "object", "properties": { "spec": {
            "type": "object",
            "required": ["size", "mode"],
            "properties": {
                "size": { "type": "integer", "minimum": 1, "maximum": 9, "exclusiveMaximum": true },
                "colour": { "type": "string", "enum": ["red", "blue"] },
                "mode": { "type": "string", "default": "fast" },
                "name": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 4 },
                "parts": { "type": "array", "minItems": 1, "items": { "type": "string" } },
            },
        } } });
        let definition = json!({ "kind": "CustomResourceDefinition", "spec": {
            "group": "example.com", "scope": "Namespaced", "names": { "plural": "gadgets", "kind": "Gadget" },
            "versions": [{ "name": "v1", "schema": { "openAPIV3Schema": schema } }] } });
        let offered = BTreeMap::from([(key("example.com/v1", "Gadget"), from_json(&definition))]);
        let manifest = from_json(&json!({ "apiVersion": "example.com/v1", "kind": "Gadget",
            "metadata": { "name": "a", "namespace": "default" }, "spec": spec }));
        let who = Who::of(&manifest).expect("it says who it is");
        let found = check(&manifest, &who, &Known::of(&who, &offered), None);
        found.iter().map(|it| it.detail.clone()).collect()
    }

    #[test]
    fn all_that_a_definition_of_the_plan_forbids_is_told() {
        let found =
            told(&json!({ "size": 0, "colour": "green", "name": "Far too long", "parts": [] }));

        let wanted = [
            "\"green\" is none of the allowed values: red, blue.",
            "`spec.name` of Gadget has 12 characters, and may have at most 4.",
            "`spec.parts` of Gadget has 0 elements, and must have at least 1.",
            "`spec.size` of Gadget is 0, and must be at least 1.",
        ];
        assert_eq!(found, wanted);
        assert_eq!(
            told(&json!({ "size": 9, "name": "A" })),
            [
                "`spec.name` of Gadget does not match `^[a-z]+$`.",
                "`spec.size` of Gadget is 9, and must be less than 9."
            ]
        );
        assert_eq!(told(&json!({ "size": 8, "parts": ["a"] })), Vec::<String>::new());
        assert_eq!(told(&json!({})), ["`spec` of Gadget needs the field `size`."]);
    }
}
