//! The values of a release: from the configuration to the files that helm is given.

use serde_json::{Value as Json, json};

use crate::providers::Problem;
use crate::value::{Path, Value};

use super::secrets::{HIDDEN, OTHER, Secrets};
use super::strvals::{Typing, lay, more, set};
use super::yaml;

/// The values that a chart is given.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    /// The texts of `values`, each a file.
    pub files: Vec<String>,
    /// What `set`, `set_list` and `set_sensitive` say beside.
    pub over: Json,
    /// All of them, laid over one another.
    pub whole: Json,
    /// What must not be shown.
    pub secrets: Secrets,
    /// The places of what must not be shown.
    places: Json,
    /// Those of them that no argument of a state tells.
    pub unkept: Json,
}

impl Values {
    /// Reads the values of a configuration, or of an object of the state.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn of(config: &Value) -> Result<Values, Problem> {
        let mut values = Values {
            whole: json!({}),
            over: json!({}),
            places: json!({}),
            unkept: json!({}),
            ..Values::default()
        };
        let list = config.field("values");
        let marked = list.is_some_and(Value::is_sensitive);
        for (place, text) in elements(list).iter().enumerate() {
            let Some(written) = text.as_str().filter(|text| !text.trim().is_empty()) else {
                continue;
            };
            let read = read(written).map_err(|why| {
                let path = Path::root().attribute("values").place(place);
                let detail = format!("The text is no YAML of a map: {why}.");
                problem(path, "Invalid values", detail)
            })?;
            if marked || text.is_sensitive() {
                values.secrets.add_all(&read);
                lay(&mut values.places, &read);
            }
            lay(&mut values.whole, &read);
            values.files.push(written.to_string());
        }
        let base = values.whole.clone();
        for (name, secret) in
            [("set", false), ("set_list", false), ("set_sensitive", true), ("set_wo", true)]
        {
            values.take(config, name, secret)?;
        }
        values.over = more(&base, &values.whole);
        Ok(values)
    }

    fn take(&mut self, config: &Value, block: &str, secret: bool) -> Result<(), Problem> {
        let list = config.field(block);
        let marked = secret || list.is_some_and(Value::is_sensitive);
        for (place, one) in elements(list).iter().enumerate() {
            let text = |name: &str| one.field(name).and_then(Value::as_str);
            let value = one.field("value").filter(|value| !value.is_null());
            let (Some(name), Some(value)) = (text("name"), value) else { continue };
            let hidden = marked || one.all_marks().sensitive;
            let given = match value.elements() {
                Some(parts) => {
                    let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                    if hidden {
                        parts.iter().for_each(|part| self.secrets.add(part));
                    }
                    format!("{{{}}}", parts.join(","))
                }
                None => value.as_str().unwrap_or_default().to_string(),
            };
            let typing = match text("type") {
                Some("string") => Typing::Text,
                Some("literal") => Typing::Literal,
                _ => Typing::Auto,
            };
            let before = self.whole.clone();
            set(&mut self.whole, name, &given, typing).map_err(|why| {
                let why = if hidden { "it cannot be read".to_string() } else { why };
                let path = Path::root().attribute(block).place(place);
                let help = "A comma, brace or point that is meant is written with two backslashes before it.";
                let mut found =
                    problem(path, "Invalid value to set", format!("\"{name}\" cannot be set: {why}."));
                found.help.push(help.into());
                found
            })?;
            if hidden {
                self.secrets.add(&given);
                self.secrets.add_all(&more(&before, &self.whole));
                // It can be read: it was just now.
                match block {
                    "set_wo" => set(&mut self.unkept, name, "", Typing::Literal),
                    _ => set(&mut self.places, name, &given, typing),
                }
                .unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Gives them with the places of what was given to helm and is kept nowhere.
    pub(super) fn and_unkept(mut self, places: &Json) -> Values {
        if places.is_object() {
            lay(&mut self.unkept, places);
        }
        self
    }

    /// Gives the values as a plan shows them.
    pub(super) fn shown(&self, of: &Json) -> String {
        super::manifests::sorted(&self.secrets_in(of).hide_in(of)).to_string()
    }

    /// Gives what must not be shown of a release with other values: at the places of secrets they are secret as well.
    pub(super) fn secrets_in(&self, other: &Json) -> Secrets {
        let mut secrets = self.secrets.clone();
        // Whatever stands where something is kept nowhere, it is what was given.
        secrets.add_at(&self.unkept, other, HIDDEN);
        secrets.add_at(&self.places, other, OTHER);
        secrets
    }
}

fn elements(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::elements).unwrap_or_default()
}

/// Reads one text of values.
fn read(text: &str) -> Result<Json, String> {
    let found = yaml::one(text).map_err(|error| first_line(&error))?;
    match found {
        Json::Object(_) => Ok(found),
        Json::Null => Ok(json!({})),
        _ => Err("it is a list or a single value".to_string()),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_string()
}

pub(super) fn problem(path: Path, summary: &str, detail: impl Into<String>) -> Problem {
    Problem {
        path,
        warning: false,
        summary: summary.into(),
        detail: detail.into(),
        help: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Type;

    fn config(values: &[Value], secret: &str) -> Value {
        let ty =
            Type::object([("name", Type::String), ("value", Type::String), ("type", Type::String)]);
        let one = Value::object([
            ("name", Value::string("auth.password")),
            ("value", Value::string(secret)),
            ("type", Value::null(Type::String)),
        ]);
        Value::object([
            ("values", Value::list(Type::String, values.to_vec())),
            ("set_sensitive", Value::list(ty, vec![one])),
        ])
    }

    #[test]
    fn what_is_set_lies_over_the_files_and_the_secret_is_hidden() {
        let files = [Value::string("auth: {user: polls}\nport: 1\n"), Value::string("port: 2")];

        let values = Values::of(&config(&files, "hunter2")).expect("they are fine");

        assert_eq!(values.files.len(), 2);
        assert_eq!(values.over, json!({"auth": {"password": "hunter2"}}));
        let shown = values.shown(&values.whole);
        assert_eq!(shown, r#"{"auth":{"password":"(sensitive value)","user":"polls"},"port":2}"#);
    }

    #[test]
    fn all_of_a_sensitive_file_is_hidden() {
        let files = [Value::string("a: {b: swordfish}").sensitive()];

        let values = Values::of(&config(&files, "x")).expect("they are fine");

        assert!(!values.shown(&values.whole).contains("swordfish"));
    }

    #[test]
    fn what_is_no_yaml_of_a_map_is_told_with_its_place() {
        let problem = Values::of(&config(&[Value::string("- a")], "x")).expect_err("it is a list");

        assert_eq!(problem.path, Path::root().attribute("values").place(0));
    }
}
