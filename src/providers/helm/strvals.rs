//! The little language of `set`: `a.b[0].c=value,d={x,y}`, as helm reads it.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value as Json, json};

/// The largest place in a list that may be named.
const LARGEST: usize = 65_536;

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// `true`, `null` and whole numbers are what they look like.
    Auto,
    /// All are texts.
    Text,
    /// The value is a text, whatever is in it: a comma, a brace.
    Literal,
}

/// Sets what `name=value` says.
///
/// # Errors
/// What cannot be read.
pub(super) fn set(into: &mut Json, name: &str, value: &str, typing: Typing) -> Result<(), String> {
    if !into.is_object() {
        *into = json!({});
    }
    let text = format!("{name}={value}");
    let mut reader = Reader { rest: text.chars().peekable(), typing };
    while reader.rest.peek().is_some() {
        reader.key(into)?;
    }
    Ok(())
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    typing: Typing,
}

impl Reader<'_> {
    /// Reads until one of some characters; a backslash takes away the next one's meaning.
    fn until(&mut self, ends: &str) -> (String, Option<char>) {
        let mut found = String::new();
        while let Some(next) = self.rest.next() {
            match next {
                '\\' => match self.rest.next() {
                    Some(escaped) => found.push(escaped),
                    None => return (found, None),
                },
                _ if ends.contains(next) => return (found, Some(next)),
                _ => found.push(next),
            }
        }
        (found, None)
    }

    fn key(&mut self, into: &mut Json) -> Result<(), String> {
        let (name, end) = self.until("=[,.");
        match end {
            None if name.is_empty() => Ok(()),
            None => Err(format!("key \"{name}\" has no value")),
            Some('=') => {
                let value = self.value()?;
                into[name.as_str()] = value;
                Ok(())
            }
            Some('[') => {
                let place = self.place()?;
                let list = &mut into[name.as_str()];
                self.item(list, place)
            }
            Some(',') => Err(format!("key \"{name}\" has no value (cannot end with ,)")),
            Some(_) => {
                let inner = &mut into[name.as_str()];
                if !inner.is_object() {
                    *inner = json!({});
                }
                self.key(inner)
            }
        }
    }

    fn place(&mut self) -> Result<usize, String> {
        let (text, _) = self.until("]");
        let place: usize = text.parse().map_err(|_| format!("\"{text}\" is no place in a list"))?;
        if place > LARGEST {
            return Err(format!(
                "index of {place} is greater than maximum supported index of {LARGEST}"
            ));
        }
        Ok(place)
    }

    fn item(&mut self, list: &mut Json, place: usize) -> Result<(), String> {
        if !list.is_array() {
            *list = json!([]);
        }
        let Json::Array(items) = list else { return Ok(()) };
        if items.len() <= place {
            items.resize(place + 1, Json::Null);
        }
        let item = &mut items[place];
        let (rest, end) = self.until("[.=");
        if !rest.is_empty() {
            return Err(format!("unexpected data at end of array index: \"{rest}\""));
        }
        match end {
            Some('=') => {
                *item = self.value()?;
                Ok(())
            }
            Some('[') => {
                let place = self.place()?;
                self.item(item, place)
            }
            Some(_) => {
                if !item.is_object() {
                    *item = json!({});
                }
                self.key(item)
            }
            None => Err("a list's element has no value".to_string()),
        }
    }

    fn value(&mut self) -> Result<Json, String> {
        if self.typing == Typing::Literal {
            let rest: String = self.rest.by_ref().collect();
            return Ok(Json::String(rest));
        }
        if self.rest.peek() == Some(&'{') {
            self.rest.next();
            return self.list();
        }
        let (text, _) = self.until(",");
        Ok(self.typed(text))
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut items = Vec::new();
        loop {
            let (text, end) = self.until(",}");
            match end {
                Some('}') => {
                    if !(text.is_empty() && items.is_empty()) {
                        items.push(self.typed(text));
                    }
                    // What comes between the brace and the next comma is nothing.
                    self.until(",");
                    return Ok(Json::Array(items));
                }
                Some(_) => items.push(self.typed(text)),
                None => return Err("list must terminate with '}'".to_string()),
            }
        }
    }

    fn typed(&self, text: String) -> Json {
        if self.typing != Typing::Auto {
            return Json::String(text);
        }
        if text.eq_ignore_ascii_case("true") {
            return json!(true);
        }
        if text.eq_ignore_ascii_case("false") {
            return json!(false);
        }
        if text.eq_ignore_ascii_case("null") {
            return Json::Null;
        }
        // A number that begins with 0 is a text: an octal one, or the digits of a telephone.
        let number = (text == "0" || !text.starts_with('0')).then(|| text.parse::<i64>().ok());
        match number.flatten() {
            Some(number) => json!(number),
            None => Json::String(text),
        }
    }
}

/// Gives what a value has more than another: what is the same is left out.
pub(super) fn more(base: &Json, whole: &Json) -> Json {
    let (Json::Object(base), Json::Object(whole)) = (base, whole) else { return whole.clone() };
    let mut found = Map::new();
    for (name, part) in whole {
        match base.get(name) {
            Some(former) if former == part => {}
            Some(former) => {
                found.insert(name.clone(), more(former, part));
            }
            None => {
                found.insert(name.clone(), part.clone());
            }
        }
    }
    Json::Object(found)
}

/// Lays a value over another, as helm does with files of values.
pub(super) fn lay(base: &mut Json, over: &Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (name, part) in over {
                match base.get_mut(name) {
                    Some(former) => lay(former, part),
                    None => {
                        base.insert(name.clone(), part.clone());
                    }
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of what is set and what comes of it; helm's own words say the same.
    const CASES: &[(&str, &str, &str)] = &[
        ("a", "b", r#"{"a":"b"}"#),
        ("a.b.c", "1", r#"{"a":{"b":{"c":1}}}"#),
        ("a", "true", r#"{"a":true}"#),
        ("a", "null", r#"{"a":null}"#),
        ("a", "0123", r#"{"a":"0123"}"#),
        ("a", "1.5", r#"{"a":"1.5"}"#),
        ("a", "", r#"{"a":""}"#),
        ("a", "1,b=2", r#"{"a":1,"b":2}"#),
        ("a", r"1\,2", r#"{"a":"1,2"}"#),
        ("a", "{x,2,}", r#"{"a":["x",2,""]}"#),
        ("a", "{}", r#"{"a":[]}"#),
        ("a[1].b", "x", r#"{"a":[null,{"b":"x"}]}"#),
        ("a[0][1]", "x", r#"{"a":[[null,"x"]]}"#),
        (r"nodes.kubernetes\.io/role", "x", r#"{"nodes":{"kubernetes.io/role":"x"}}"#),
    ];

    #[test]
    fn what_is_set_is_read_as_helm_reads_it() {
        for (name, value, expected) in CASES {
            let mut into = json!({});

            set(&mut into, name, value, Typing::Auto).expect("it can be read");

            assert_eq!(into.to_string(), *expected, "{name}={value}");
        }
    }

    #[test]
    fn texts_stay_texts() {
        let mut into = json!({});

        set(&mut into, "a", "1", Typing::Text).expect("it can be read");
        set(&mut into, "b", "1,{c}", Typing::Literal).expect("it can be read");

        assert_eq!(into, json!({"a": "1", "b": "1,{c}"}));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for value in ["1,2", "{a"] {
            assert!(set(&mut json!({}), "a", value, Typing::Auto).is_err(), "{value}");
        }
        assert!(set(&mut json!({}), "a[99999]", "1", Typing::Auto).is_err());
    }

    #[test]
    fn a_list_is_changed_at_its_place_and_only_what_differs_is_more() {
        let base = json!({"a": [1, 2], "b": {"c": 1, "d": 2}});
        let mut whole = base.clone();

        set(&mut whole, "a[1]", "3", Typing::Auto).expect("it can be read");
        set(&mut whole, "b.c", "5", Typing::Auto).expect("it can be read");

        assert_eq!(more(&base, &whole), json!({"a": [1, 3], "b": {"c": 5}}));
    }
}
