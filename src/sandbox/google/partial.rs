//! Partial responses: the `fields` parameter, `a,b/c,d(e,f)`.

use serde_json::{Map, Value as Json};

/// Gives what a mask lets through of an answer.
pub fn partial(answer: &Json, mask: &str) -> Json {
    select(answer, &parse(mask))
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
