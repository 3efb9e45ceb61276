//! Partial responses: the `fields` parameter, `a,b/c,d(e,f)`. A name that the answer's description does not know is refused.

use serde_json::{Map, Value as Json, json};

use super::described::Api;
use super::refusal::{Refusal, Style};

/// Gives what a mask lets through of an answer.
pub fn partial(answer: &Json, mask: &str) -> Json {
    select(answer, &parse(mask))
}

/// Refuses a mask that names what an answer of this schema never has.
///
/// # Errors
/// The name, in the words of the service's kind.
pub fn check(api: &Api, schema: &str, mask: &str) -> Result<(), Refusal> {
    if api.schema(schema).is_none() {
        return Ok(());
    }
    match unknown(api, &json!({ "$ref": schema }), &parse(mask), "") {
        None => Ok(()),
        Some(path) if api.style == Style::Errors => {
            Err(Refusal::parameter(format!("Invalid field selection {path}")))
        }
        Some(path) => {
            let mut refusal = Refusal::invalid("Request contains an invalid argument.");
            let description = format!(
                "Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
            );
            refusal.details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": path, "description": description}],
            }));
            Err(refusal)
        }
    }
}

/// Gives the first path that a schema does not have.
fn unknown(api: &Api, schema: &Json, wanted: &[Wanted], at: &str) -> Option<String> {
    let schema = match schema["$ref"].as_str() {
        Some(name) => api.schema(name)?,
        None => schema,
    };
    if schema["type"] == "array" {
        return unknown(api, &schema["items"], wanted, at);
    }
    wanted.iter().find_map(|one| {
        let path = if at.is_empty() { one.name.clone() } else { format!("{at}/{}", one.name) };
        let known = schema["properties"].as_object();
        let inner = match (known.and_then(|known| known.get(&one.name)), &schema["map"]) {
            (Some(inner), _) => inner,
            (None, map) if map.is_object() => map,
            // Any member of any kind.
            (None, _) if one.name == "*" || (known.is_none() && schema["type"] == "object") => {
                return None;
            }
            _ => return Some(path),
        };
        unknown(api, inner, &one.below, &path)
    })
}

/// A name with what is wanted below it; all of it where that is empty.
struct Wanted {
    name: String,
    below: Vec<Wanted>,
}

fn parse(mask: &str) -> Vec<Wanted> {
    split(mask).into_iter().map(one).collect()
}

fn one(text: &str) -> Wanted {
    let text = text.trim();
    let (slash, open) = (text.find('/'), text.find('('));
    match (slash, open) {
        (Some(at), open) if open.is_none_or(|open| at < open) => {
            Wanted { name: text[..at].to_owned(), below: vec![one(&text[at + 1..])] }
        }
        (_, Some(at)) => Wanted {
            name: text[..at].to_owned(),
            below: parse(text[at + 1..].trim_end_matches(')')),
        },
        _ => Wanted { name: text.to_owned(), below: Vec::new() },
    }
}

/// Splits at the commas that are in no parentheses.
fn split(mask: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, letter) in mask.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&mask[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&mask[start..]);
    parts
}

fn select(value: &Json, wanted: &[Wanted]) -> Json {
    match value {
        Json::Array(items) => items.iter().map(|item| select(item, wanted)).collect(),
        Json::Object(fields) => {
            let mut out = Map::new();
            for (name, inner) in fields {
                let Some(found) = wanted.iter().find(|one| one.name == *name || one.name == "*")
                else {
                    continue;
                };
                let inner = if found.below.is_empty() {
                    inner.clone()
                } else {
                    select(inner, &found.below)
                };
                out.insert(name.clone(), inner);
            }
            Json::Object(out)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mask_lets_through_what_it_names() {
        let answer =
            json!({"items": [{"a": 1, "b": {"c": 2, "d": 3}}, {"a": 4}], "next": "x", "kind": "k"});
        assert_eq!(
            partial(&answer, "items/a,next"),
            json!({"items": [{"a": 1}, {"a": 4}], "next": "x"})
        );
        assert_eq!(
            partial(&answer, "items(a,b/d)"),
            json!({"items": [{"a": 1, "b": {"d": 3}}, {"a": 4}]})
        );
        assert_eq!(partial(&answer, "*"), answer);
    }
}
