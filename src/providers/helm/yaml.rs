//! YAML as helm and Kubernetes' own tools read it: `yes`, `on` and `y` are true, `0644` is octal, of two equal keys the last counts,
//! and a key that is no text becomes the text that JSON has for it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use serde_saphyr::{DuplicateKeyPolicy, Options};

/// Reads all documents of a text.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn all(text: &str) -> Result<Vec<Json>, String> {
    let found = serde_saphyr::from_multiple_with_options(text, options());
    let found: Vec<Tree> = found.map_err(|error| error.to_string())?;
    Ok(found.into_iter().map(|tree| tree.0).collect())
}

/// Reads the one document of a text.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn one(text: &str) -> Result<Json, String> {
    let found = serde_saphyr::from_str_with_options(text, options());
    found.map(|tree: Tree| tree.0).map_err(|error| error.to_string())
}

fn options() -> Options {
    serde_saphyr::options! {
        legacy_octal_numbers: true,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
    }
}

/// A value.
struct Tree(Json);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(Reader).map(Tree)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let number = Number::from_f64(value);
        number.map(Json::Number).ok_or_else(|| E::custom("a number has no end"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Json, A::Error> {
        let mut found = Vec::new();
        while let Some(Tree(part)) = parts.next_element()? {
            found.push(part);
        }
        Ok(Json::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut found = Map::new();
        while let Some((Tree(key), Tree(part))) = fields.next_entry()? {
            found.insert(key_of(&key).map_err(A::Error::custom)?.into_owned(), part);
        }
        Ok(Json::Object(found))
    }
}

/// Gives the text that JSON has for a key.
fn key_of(key: &Json) -> Result<Cow<'_, str>, &'static str> {
    match key {
        Json::String(text) => Ok(text.into()),
        Json::Bool(value) => Ok(if *value { "true" } else { "false" }.into()),
        Json::Number(number) => Ok(number.to_string().into()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err("a key is no single value"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_numbers_are_what_helm_makes_of_them() {
        let text =
            "n: y\non: 'on'\n0644: 0644\nlist: [no, \"n\", off]\na: 1\na: 2\nnone: ~\nhalf: 0.5\n";

        let found = one(text).expect("it is YAML");

        let expected = json!({
            "false": true, "true": "on", "420": 420, "list": [false, "n", false], "a": 2, "none": null, "half": 0.5,
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_quoted_key_stays_the_text_that_it_is() {
        let found = all("\"n\": 1\n---\n'on': 2\n").expect("it is YAML");

        assert_eq!(found, [json!({"n": 1}), json!({"on": 2})]);
    }
}
