//! Where the root variables' values come from, later ones winning: the environment, `terraform.tfvars`,
//! `terraform.tfvars.json`, `*.auto.tfvars` by name, then `-var` and `-var-file` in the order given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};

use super::environment::Environment;
use super::many;
use crate::config::{Config, Loader, Module, load_variables};
use crate::diag::{Diagnostic, Sources, has_errors};
use crate::eval::{
    Evaluator, InputValue, Inputs, RawInput, Schemas, is_plain_text, missing as not_given,
    undeclared,
};
use crate::plan::planner::Unread;
use crate::syntax::tree::Attribute;
use crate::value::Value;
use crate::value::json::from_json_text;

/// The arguments of all commands that take variables.
pub(super) fn arguments() -> [Arg; 2] {
    [
        many("var", "NAME=VALUE", "Set a variable of the root module"),
        many("var-file", "FILE", "Read variables' values from a file"),
    ]
}

/// Gathers the values; those of files as `files` reads them.
pub(super) fn gather(
    (folder, files): (&Path, &dyn Loader),
    environment: &Environment,
    matches: &ArgMatches,
    config: &Config,
    sources: &mut Sources,
) -> (BTreeMap<String, InputValue>, Vec<Diagnostic>) {
    let mut gathered = Gathered {
        values: BTreeMap::new(),
        written: BTreeMap::new(),
        problems: Vec::new(),
        sources,
        config,
        files,
    };
    for (name, text) in &environment.variables {
        let Some(name) = name.strip_prefix("TF_VAR_") else { continue };
        if config.root.variables.contains_key(name) {
            gathered.text(name, text, &format!("the TF_VAR_{name} environment variable"));
        }
    }
    for file in automatic(folder) {
        let name =
            file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        gathered.file(&file, &name);
    }
    for (name, text) in ordered(matches) {
        if name == "var" {
            match text.split_once('=') {
                Some((name, value)) if name.ends_with([' ', '\t']) => {
                    gathered.problems.push(trailing_space(name, value));
                }
                Some((name, value)) => {
                    gathered.text(name.trim(), value, &format!("-var=\"{}=...\"", name.trim()))
                }
                None => gathered.problems.push(not_a_pair(&text)),
            }
        } else {
            gathered.file(&environment.cwd.join(&text), &text);
        }
    }
    gathered.values_of_files();
    (gathered.values, gathered.problems)
}

/// A value as a file has it.
struct Written {
    attribute: Attribute,
    origin: String,
    /// Text in JSON stands for itself: it is no template.
    literal: Option<Value>,
}

struct Gathered<'a> {
    values: BTreeMap<String, InputValue>,
    /// The values of files that none written later replaces.
    written: BTreeMap<String, Written>,
    problems: Vec<Diagnostic>,
    sources: &'a mut Sources,
    config: &'a Config,
    files: &'a dyn Loader,
}

impl Gathered<'_> {
    fn text(&mut self, name: &str, text: &str, origin: &str) {
        let value = RawInput::Text(text.to_string());
        let variable = self.config.root.variables.get(name);
        let file = variable
            .filter(|variable| !is_plain_text(variable))
            .map(|_| self.sources.add_unseen(format!("<value for var.{name}>"), text));
        let input = InputValue { value, origin: origin.to_string(), span: None, file };
        self.written.remove(name);
        self.values.insert(name.to_string(), input);
    }

    fn file(&mut self, path: &Path, name: &str) {
        let (attributes, problems) = load_variables(path, name, self.sources, self.files);
        self.problems.extend(problems);
        let json = if name.ends_with(".json") { literals(path) } else { Default::default() };
        for (variable, attribute) in attributes {
            self.values.remove(&variable);
            let literal = json.get(&variable).cloned();
            self.written.insert(variable, Written { attribute, origin: name.to_string(), literal });
        }
    }

    /// Works out the values of files. What is wrong with one that is for no variable is not told.
    fn values_of_files(&mut self) {
        if has_errors(&self.problems) {
            return;
        }
        let (config, inputs) = (Config::default(), Inputs::default());
        let sources = self.sources.clone();
        let mut evaluator = Evaluator::new(&config, &sources, &inputs, &NoSchemas);
        for (variable, Written { attribute, origin, literal }) in std::mem::take(&mut self.written)
        {
            let value = match literal {
                Some(value) => Ok(value),
                None => evaluator.fixed(&attribute.expr, &mut Unread),
            };
            match value {
                Ok(value) => {
                    let span = Some(attribute.expr.span);
                    let value = RawInput::Value(value);
                    self.values.insert(variable, InputValue { value, origin, span, file: None });
                }
                Err(problems) if self.config.root.variables.contains_key(&variable) => {
                    self.problems.extend(problems);
                }
                Err(_) => {}
            }
        }
        if has_errors(&self.problems) {
            let declared = &self.config.root.variables;
            self.problems.extend(undeclared(&self.values, declared));
            let missing = missing(&self.config.root, &self.values);
            let missing = missing.iter().map(|name| not_given(&declared[*name]));
            self.problems.extend(missing);
        }
    }
}

/// Reads the values of a JSON file as they stand.
fn literals(path: &Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value = from_json_text(&text).ok();
    let fields =
        value.as_ref().and_then(Value::fields).into_iter().flat_map(|fields| fields.iter());
    fields.map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// A file of values refers to nothing.
struct NoSchemas;

impl Schemas for NoSchemas {
    fn provider(&self, _source: &str) -> Option<std::sync::Arc<crate::schema::Schema>> {
        None
    }

    fn resource(
        &self,
        _source: &str,
        _mode: crate::addr::Mode,
        _type_name: &str,
    ) -> Option<std::sync::Arc<crate::schema::Schema>> {
        None
    }

    fn type_names(&self, _source: &str, _mode: crate::addr::Mode) -> Vec<String> {
        Vec::new()
    }
}

/// Gives the files that are read without being named.
fn automatic(folder: &Path) -> Vec<PathBuf> {
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"].map(|name| folder.join(name));
    let mut found: Vec<PathBuf> = fixed.into_iter().filter(|path| path.is_file()).collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut more: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json")
        })
        .collect();
    more.sort();
    found.extend(more);
    found
}

/// Gives `-var` and `-var-file` in the order that they were written.
fn ordered(matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for name in ["var", "var-file"] {
        let Ok(Some(values)) = matches.try_get_many::<String>(name) else { continue };
        let places = matches.indices_of(name).into_iter().flatten();
        all.extend(places.zip(values).map(|(place, value)| (place, name, value.clone())));
    }
    all.sort();
    all.into_iter().map(|(_, name, value)| (name, value)).collect()
}

fn trailing_space(name: &str, value: &str) -> Diagnostic {
    let detail = format!(
        "Variable name {name:?} is invalid due to trailing space. Did you mean -var=\"{}={}\"?",
        name.trim(),
        value.trim_start()
    );
    Diagnostic::error("Invalid -var option", detail)
}

fn not_a_pair(text: &str) -> Diagnostic {
    let detail = format!(
        "The given -var option \"{text}\" is not correctly specified. Must be a variable name and value separated by \
         an equals sign, like -var=\"key=value\"."
    );
    Diagnostic::error("Invalid -var option", detail)
}

/// Gives the root variables that must be given and are not.
pub(super) fn missing<'m>(
    module: &'m Module,
    given: &BTreeMap<String, InputValue>,
) -> Vec<&'m str> {
    let required = module
        .variables
        .iter()
        .filter(|(name, variable)| variable.default.is_none() && !given.contains_key(*name));
    required.map(|(name, _)| name.as_str()).collect()
}
