//! Columns that a CustomResourceDefinition gives to its kind's table (`additionalPrinterColumns`).
//!
//! Of JSONPath it reads what columns use: fields, places in lists, and a filter by the text of one field.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::custom;
use super::resources::Resource;
use super::store::{Store, items, text};
use super::table::duration;

/// Gives the columns of a type; none where its definition names none, or it has no definition.
pub fn of(store: &Store, resource: &Resource) -> Vec<Json> {
    if !resource.custom {
        return Vec::new();
    }
    let version = custom::version_of(store, resource);
    version.map(|version| items(version, "/additionalPrinterColumns").to_vec()).unwrap_or_default()
}

/// Lets a table have these columns after the name.
pub fn lay(table: &mut Json, columns: &[Json], objects: &[&Json], now: Timestamp) {
    if columns.is_empty() || table["kind"] != "Table" {
        return;
    }
    let head = columns.iter().map(|column| {
        let path = text(column, "/jsonPath");
        let described = match text(column, "/description") {
            "" => format!("Custom resource definition column (in JSONPath format): {path}"),
            given => given.to_owned(),
        };
        json!({"name": column["name"], "type": column["type"], "format": text(column, "/format"),
            "description": described, "priority": column["priority"].as_i64().unwrap_or(0)})
    });
    if let Some(all) = table["columnDefinitions"].as_array_mut() {
        all.truncate(1);
        all.extend(head);
    }
    for (row, object) in table["rows"].as_array_mut().into_iter().flatten().zip(objects) {
        if let Some(cells) = row["cells"].as_array_mut() {
            cells.truncate(1);
            cells.extend(columns.iter().map(|column| cell(column, object, now)));
        }
    }
}

fn cell(column: &Json, object: &Json, now: Timestamp) -> Json {
    let Some(value) = at(object, text(column, "/jsonPath")) else { return Json::Null };
    match (text(column, "/type"), value) {
        ("date", Json::String(word)) => match word.parse::<Timestamp>() {
            Ok(then) => json!(duration(now.duration_since(then).as_secs())),
            Err(_) => json!("<invalid>"),
        },
        ("string", Json::String(word)) => json!(word),
        ("string", other) => json!(other.to_string()),
        ("integer", value) if value.is_i64() || value.is_u64() => value.clone(),
        ("number", value) if value.is_number() => value.clone(),
        ("boolean", value) if value.is_boolean() => value.clone(),
        _ => Json::Null,
    }
}

/// Gives what is at a path like `.status.conditions[?(@.type=="Ready")].status`.
fn at<'v>(object: &'v Json, path: &str) -> Option<&'v Json> {
    let (mut value, mut rest) = (object, path.trim());
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            let (step, after) = (&inner[..end], &inner[end + 1..]);
            rest = after;
            value = match step.strip_prefix("?(@.").and_then(|step| step.strip_suffix(')')) {
                Some(filter) => {
                    let (field, wanted) = filter.split_once("==")?;
                    let wanted = wanted.trim().trim_matches(['"', '\'']);
                    let fits = |one: &&Json| one[field.trim()] == wanted;
                    value.as_array()?.iter().find(fits)?
                }
                None => match step.parse::<usize>() {
                    Ok(number) => value.get(number)?,
                    Err(_) => value.get(step.trim_matches(['"', '\'']))?,
                },
            };
            continue;
        }
        let step = rest.trim_start_matches('.');
        // A dot within a name has a stroke before it.
        let mut name = String::new();
        let mut letters = step.char_indices().peekable();
        let mut end = step.len();
        while let Some((place, letter)) = letters.next() {
            match letter {
                '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
                '.' | '[' => {
                    end = place;
                    break;
                }
                _ => name.push(letter),
            }
        }
        if name.is_empty() {
            return (end == step.len()).then_some(value);
        }
        value = value.get(&name)?;
        rest = &step[end..];
    }
    Some(value).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_by_names_places_and_filters() {
        let ready = json!({"type": "Ready", "status": "True"});
        let object = json!({"a": {"b.c": [1, 2]}, "conditions": [{"type": "Other"}, ready]});

        let found = |path: &str| at(&object, path).cloned();

        assert_eq!(found(".a.b\\.c[1]"), Some(json!(2)));
        assert_eq!(found(".a['b.c'][0]"), Some(json!(1)));
        assert_eq!(found(".conditions[?(@.type==\"Ready\")].status"), Some(json!("True")));
        assert_eq!(found(".conditions[?(@.type=='None')].status"), None);
        assert_eq!(found(".a[").or(found("[x")).or(found(".nope")), None);
    }
}
