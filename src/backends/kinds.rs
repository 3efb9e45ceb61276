//! The kinds of places for states, as a table: to add one, write its file and a row.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::disk::Disk;
use super::{Backend, gcs, http, kubernetes, local, pg};
use crate::diag::{Diagnostic, nearest};
use crate::http::Clock;
use crate::value::Type;

/// The arguments of a `backend` block, with what `-backend-config` says over them; blocks inside are objects.
pub type Settings = Map<String, Json>;

/// What opening a place is given of the machine.
#[derive(Clone)]
pub struct Surroundings {
    /// The folder of the root module: relative paths begin here, and a state that cannot be saved is kept here.
    pub folder: PathBuf,
    /// The environment variables.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The base address of the sandbox that stands for Google Cloud, where one does.
    pub sandbox: Option<String>,
    /// The time of services: virtual in a sandbox.
    pub clock: Arc<dyn Clock>,
}

/// A kind of place.
pub(super) struct Kind {
    /// The block's label.
    pub(super) name: &'static str,
    /// What its block may have.
    pub(super) settings: &'static [Setting],
    /// Opens the place of a workspace's state.
    pub(super) open: fn(&Given<'_>) -> Result<Box<dyn Backend>, Diagnostic>,
}

/// An argument of a kind of place.
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// The environment variables that count where the block does not say it, the first one first.
    pub(super) environment: &'static [&'static str],
    pub(super) required: bool,
    pub(super) form: Form,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Bool,
    Number,
    /// A list of texts.
    List,
    /// Texts by name.
    Map,
    /// A block, at most one.
    Block,
}

impl Setting {
    /// Makes a text that may be missing.
    pub(super) const fn text(name: &'static str) -> Setting {
        Setting { name, environment: &[], required: false, form: Form::Text }
    }

    /// Sets another form than text.
    pub(super) const fn of(self, form: Form) -> Setting {
        Setting { form, ..self }
    }

    /// Sets the environment variables.
    pub(super) const fn or(self, environment: &'static [&'static str]) -> Setting {
        Setting { environment, ..self }
    }

    /// Says that it must be given.
    pub(super) const fn required(self) -> Setting {
        Setting { required: true, ..self }
    }
}

/// What a kind is given to open a place: settings that are known to be as its table says.
pub(super) struct Given<'a> {
    pub(super) kind: &'a Kind,
    pub(super) settings: &'a Settings,
    pub(super) workspace: &'a str,
    pub(super) world: &'a Surroundings,
}

impl Given<'_> {
    /// Gives a setting: the block's, or an environment variable's; nothing where both are missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<Json> {
        let written = self.settings.get(name).filter(|value| !value.is_null()).cloned();
        written.or_else(|| {
            let setting = self.kind.settings.iter().find(|setting| setting.name == name)?;
            let variable =
                |name: &&str| self.world.environment.get(*name).filter(|it| !it.is_empty());
            let text = setting.environment.iter().find_map(variable)?;
            converted(&Json::from(text.as_str()), setting.form).ok()
        })
    }

    /// Gives a text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name)
            .and_then(|value| value.as_str().map(String::from))
            .filter(|it| !it.is_empty())
    }

    /// Gives the way to this machine's files.
    pub(super) fn disk(&self) -> Result<Disk, Diagnostic> {
        Disk::new(&self.world.environment)
    }

    /// Gives a text that must be there: the table says so.
    pub(super) fn need(&self, name: &str) -> Result<String, Diagnostic> {
        self.text(name).ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> Diagnostic {
    let detail = format!("The attribute \"{name}\" is required by the backend.");
    Diagnostic::error("Missing required argument", detail)
        .help("Write it in the backend block, or give it to init with -backend-config.")
}

/// All kinds.
const KINDS: &[Kind] = &[local::KIND, gcs::KIND, kubernetes::KIND, http::KIND, pg::KIND];

/// An argument of a kind of place, as who writes a block sees it.
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// It must be written: no environment variable stands for it.
    pub required: bool,
    /// Its type.
    pub ty: Type,
}

/// Names all kinds.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Gives the arguments of a kind; nothing where there is no such kind.
pub fn arguments(kind: &str) -> Option<Vec<Argument>> {
    let kind = KINDS.iter().find(|found| found.name == kind)?;
    let argument = |setting: &Setting| Argument {
        name: setting.name,
        required: setting.required && setting.environment.is_empty(),
        ty: match setting.form {
            Form::Text => Type::String,
            Form::Bool => Type::Bool,
            Form::Number => Type::Number,
            Form::List => Type::list(Type::String),
            Form::Map => Type::map(Type::String),
            Form::Block => Type::Any,
        },
    };
    Some(kind.settings.iter().map(argument).collect())
}

/// The summary of a kind that is none here.
pub const UNKNOWN_KIND: &str = "Invalid backend type";

/// Kinds that Terraform has and this program does not.
const ELSEWHERE: &[&str] = &["azurerm", "consul", "cos", "oss", "remote", "s3"];

/// Opens the place of a workspace's state: the `backend` block's label and its arguments, or nothing.
///
/// # Errors
/// There is no such kind, or an argument that it does not have, that is missing or of a wrong type.
pub fn open(
    kind: Option<&str>,
    settings: &Settings,
    workspace: &str,
    world: &Surroundings,
) -> Result<Box<dyn Backend>, Box<Diagnostic>> {
    let name = kind.unwrap_or("local");
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        return Err(Box::new(unknown(name)));
    };
    let settings = checked(kind, settings)?;
    let given = Given { kind, settings: &settings, workspace, world };
    for setting in kind.settings.iter().filter(|setting| setting.required) {
        if given.get(setting.name).is_none() {
            return Err(Box::new(missing(setting.name)));
        }
    }
    (kind.open)(&given).map_err(Box::new)
}

fn unknown(name: &str) -> Diagnostic {
    let detail = if ELSEWHERE.contains(&name) {
        format!("This program does not keep states in a backend of type \"{name}\".")
    } else {
        format!("There is no backend type named \"{name}\".")
    };
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    Diagnostic::error(UNKNOWN_KIND, detail).help(format!(
        "There are: {}. Without a backend block the state is a local file.",
        known.join(", ")
    ))
}

/// Gives the settings in the forms of the kind's table.
fn checked(kind: &Kind, settings: &Settings) -> Result<Settings, Box<Diagnostic>> {
    let mut checked = Settings::new();
    for (name, value) in settings {
        let Some(setting) = kind.settings.iter().find(|setting| setting.name == name) else {
            let known: Vec<&str> = kind.settings.iter().map(|setting| setting.name).collect();
            let detail = format!("The backend \"{}\" has no argument \"{name}\".", kind.name);
            let problem = Diagnostic::error("Unsupported argument", detail);
            return Err(Box::new(match nearest(name, known.iter().copied()) {
                Some(near) => problem.help(format!("Did you mean \"{near}\"?")),
                None => problem.help(format!("It has: {}.", known.join(", "))),
            }));
        };
        let value = converted(value, setting.form).map_err(|why| {
            let detail = format!("Inappropriate value for attribute \"{name}\": {why}.");
            Box::new(Diagnostic::error("Incorrect attribute value type", detail))
        })?;
        checked.insert(name.clone(), value);
    }
    Ok(checked)
}

/// Gives a value in a form: texts of the command line and of the environment become what they mean.
fn converted(value: &Json, form: Form) -> Result<Json, &'static str> {
    match (form, value) {
        (_, Json::Null) => Ok(Json::Null),
        (Form::Text, Json::Number(number)) => Ok(number.to_string().into()),
        (Form::Text, Json::Bool(value)) => Ok(value.to_string().into()),
        (Form::Text, Json::String(_))
        | (Form::Bool, Json::Bool(_))
        | (Form::Number, Json::Number(_))
        | (Form::Map | Form::Block, Json::Object(_)) => Ok(value.clone()),
        (Form::Bool, Json::String(text)) => match text.as_str() {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err("a bool is required"),
        },
        (Form::Number, Json::String(text)) => {
            text.parse::<i64>().map(Json::from).map_err(|_| "a number is required")
        }
        (Form::List, Json::Array(items)) => {
            let items = items.iter().map(|item| converted(item, Form::Text));
            items.collect::<Result<Vec<Json>, _>>().map(Json::Array)
        }
        (Form::List | Form::Map | Form::Block, Json::String(text)) => {
            let read = serde_json::from_str::<Json>(text).map_err(|_| "JSON text is required")?;
            match read {
                Json::String(_) => Err("a collection is required"),
                read => converted(&read, form),
            }
        }
        (Form::Text, _) => Err("string required"),
        (Form::Bool, _) => Err("a bool is required"),
        (Form::Number, _) => Err("a number is required"),
        (Form::List, _) => Err("list of string required"),
        (Form::Map, _) => Err("map of string required"),
        (Form::Block, _) => Err("a block is required"),
    }
}

/// Gives a path from the root module's folder.
pub(super) fn path_from(folder: &Path, settings: &Settings, name: &str, default: &str) -> PathBuf {
    folder.join(settings.get(name).and_then(Json::as_str).unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::SystemClock;

    fn world() -> Surroundings {
        Surroundings {
            folder: PathBuf::from("/nowhere"),
            environment: Arc::default(),
            home: None,
            sandbox: None,
            clock: Arc::new(SystemClock),
        }
    }

    fn problem(kind: &str, settings: Json) -> Diagnostic {
        let Json::Object(settings) = settings else { panic!("no object") };
        match open(Some(kind), &settings, "default", &world()) {
            Ok(_) => panic!("opened"),
            Err(problem) => *problem,
        }
    }

    #[test]
    fn a_kind_that_is_none_names_those_that_are() {
        assert!(problem("gsc", serde_json::json!({})).help[0].contains("local"));
        assert!(problem("s3", serde_json::json!({})).detail.contains("does not keep"));
    }

    #[test]
    fn an_argument_that_is_none_and_one_of_a_wrong_type_are_refused() {
        let near = problem("local", serde_json::json!({ "pth": "x" }));
        assert_eq!(near.help, ["Did you mean \"path\"?"]);

        let wrong = problem("local", serde_json::json!({ "path": ["x"] }));
        assert!(wrong.detail.contains("string required"), "{wrong:?}");
    }

    #[test]
    fn texts_become_what_an_argument_is() {
        assert_eq!(converted(&"true".into(), Form::Bool), Ok(true.into()));
        assert_eq!(converted(&"7".into(), Form::Number), Ok(7.into()));
        assert_eq!(converted(&"[\"a\"]".into(), Form::List), Ok(serde_json::json!(["a"])));
        assert!(converted(&"yes".into(), Form::Bool).is_err());
    }
}
