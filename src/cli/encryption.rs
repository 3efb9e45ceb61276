//! The `encryption` block, and `TF_ENCRYPTION` over it: from text to what seals states and plans.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::Exit;
use super::workbench::{Workbench, file_problem};
use crate::backends::vault::{Encryption, SealError, Vault, encryption, is_sealed};
use crate::config::Config;
use crate::diag::{Diagnostic, Sources, has_errors};
use crate::eval::constant_of;
use crate::plan::file::{self, Saved};
use crate::syntax;
use crate::syntax::tree::{Block, Body, Expr};
use crate::value::json::to_json;

/// The variable of the environment that counts over the block: its text, or JSON.
pub(super) const VARIABLE: &str = "TF_ENCRYPTION";

/// What the configuration says of encryption.
#[derive(Clone, Default)]
pub(super) struct Written {
    block: Option<Block>,
    /// The root variables' defaults.
    defaults: BTreeMap<String, Expr>,
}

impl Written {
    /// Takes it from a configuration; the defaults only where they may be asked for.
    pub(super) fn of(config: &Config, asked: bool) -> Written {
        let block = config.root.settings.encryption.clone();
        let mut defaults = BTreeMap::new();
        if block.is_some() || asked {
            let variables = config.root.variables.iter();
            defaults
                .extend(variables.filter_map(|(name, variable)| {
                    Some((name.clone(), variable.default.clone()?))
                }));
        }
        Written { block, defaults }
    }
}

impl Workbench<'_, '_> {
    /// Gives what states and plans are sealed with: as the configuration and the environment say.
    pub(super) fn encryption(&mut self) -> Result<Encryption, Exit> {
        if let Some(made) = &self.vaults {
            return Ok(made.clone());
        }
        let written = self.written();
        let world = self.surroundings();
        let mut settings = Map::new();
        if let Some(block) = &written.block {
            let value = |expr: &Expr| self.value(&written, expr);
            settings = arguments(&block.body, &value).map_err(|problem| {
                let problem =
                    if problem.labels.is_empty() { problem.at(block.header, "") } else { *problem };
                self.fail(&[problem])
            })?;
        }
        if let Some(text) = self.environment.variable(VARIABLE).map(String::from) {
            let over = self
                .environment_block(&written, &text)
                .map_err(|problem| self.fail(&[*problem]))?;
            merge(&mut settings, over);
        }
        let made = encryption(&settings, &world).map_err(|problem| {
            let problem = match &written.block {
                Some(block) => problem.at(block.header, ""),
                None => *problem,
            };
            self.fail(&[problem])
        })?;
        self.vaults = Some(made.clone());
        Ok(made)
    }

    fn environment_block(
        &self,
        written: &Written,
        text: &str,
    ) -> Result<Map<String, Json>, Box<Diagnostic>> {
        let wrong = |why: String| {
            Box::new(Diagnostic::error("Invalid encryption block", format!("{VARIABLE}: {why}.")))
        };
        if text.trim_start().starts_with('{') {
            let json: Json =
                serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            return Ok(json.as_object().cloned().unwrap_or_default());
        }
        // Its text is not among those that a saved plan keeps.
        let mut sources = Sources::default();
        let id = sources.add_unseen(VARIABLE, text);
        let (file, problems) = syntax::parse_named(id, VARIABLE, text);
        if has_errors(&problems) {
            let first = problems.iter().find(|problem| problem.is_error());
            return Err(wrong(first.map(|it| it.summary.clone()).unwrap_or_default()));
        }
        arguments(&file.body, &|expr| self.value(written, expr))
            .map_err(|problem| wrong(problem.detail))
    }

    /// Gives an argument's value: a constant, a reference as a text, or a variable as the environment or its default says.
    fn value(&self, written: &Written, expr: &Expr) -> Result<Json, Box<Diagnostic>> {
        if let Some(value) = constant_of(expr) {
            return Ok(to_json(&value));
        }
        let names = expr.traversal().unwrap_or_default();
        let words: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
        match words.as_slice() {
            ["var", name] => {
                let given = self.environment.variable(&format!("TF_VAR_{name}")).map(Json::from);
                let default = written.defaults.get(*name);
                let default = || default.and_then(constant_of).map(|value| to_json(&value));
                given.or_else(default).ok_or_else(|| {
                    let detail = format!(
                        "The variable \"{name}\" has no value here: only TF_VAR_{name} and a default count before the state is read."
                    );
                    Box::new(Diagnostic::error("Variable not known", detail).at(expr.span, ""))
                })
            }
            ["key_provider" | "method", _, _] => Ok(words.join(".").into()),
            _ => {
                let detail = "Here only constants, variables, key providers and methods may be used: this is read before the state.";
                Err(Box::new(Diagnostic::error("Invalid reference", detail).at(expr.span, "")))
            }
        }
    }

    /// Opens a file's bytes: what is in clear stays as it is.
    pub(super) fn opened(
        &mut self,
        vault: Option<&Arc<Vault>>,
        path: &Path,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, Exit> {
        let opened = match vault {
            Some(vault) => {
                self.runtime.block_on(vault.unlock(&bytes)).and_then(|()| vault.open(&bytes))
            }
            None if is_sealed(&bytes) => Err(SealError::NoKey),
            None => Ok(bytes),
        };
        opened.map_err(|error| {
            let detail = format!("The file {} cannot be used: {error}.", path.display());
            self.fail(&[Diagnostic::error("Encrypted file", detail)])
        })
    }

    /// Reads a saved plan, opened where it is sealed.
    pub(super) fn saved_plan(&mut self, name: &str) -> Result<Saved, Exit> {
        let path = self.folder.join(name);
        let summary = "Failed to load plan";
        let bytes = std::fs::read(&path)
            .map_err(|error| self.fail(&[file_problem(summary, &path, &error)]))?;
        let vault = self.encryption()?.plan;
        let bytes = self.opened(vault.as_ref(), &path, bytes)?;
        file::read(&bytes).map_err(|error| self.fail(&[file_problem(summary, &path, &error)]))
    }

    /// Seals a saved plan.
    pub(super) fn sealed(
        &mut self,
        vault: Option<&Arc<Vault>>,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, Exit> {
        let Some(vault) = vault else { return Ok(bytes) };
        let sealed = self.runtime.block_on(vault.ready()).and_then(|()| vault.seal(&bytes));
        sealed.map_err(|error| {
            let detail = format!("The plan cannot be sealed: {error}.");
            self.fail(&[Diagnostic::error("Failed to save plan", detail)])
        })
    }
}

/// Gives a body's arguments; blocks are objects, by their kinds and labels.
fn arguments(
    body: &Body,
    value: &dyn Fn(&Expr) -> Result<Json, Box<Diagnostic>>,
) -> Result<Map<String, Json>, Box<Diagnostic>> {
    let mut found = Map::new();
    for attribute in &body.attributes {
        found.insert(attribute.name.text.clone(), value(&attribute.expr)?);
    }
    for block in &body.blocks {
        let mut inner = Json::Object(arguments(&block.body, value)?);
        for label in block.labels.iter().rev() {
            inner = Json::Object(Map::from_iter([(label.text.clone(), inner)]));
        }
        let inner = Map::from_iter([(block.kind.text.clone(), inner)]);
        merge(&mut found, inner);
    }
    Ok(found)
}

/// Puts one object's members over another's, blocks member by member.
fn merge(under: &mut Map<String, Json>, over: Map<String, Json>) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Json::Object(under)), Json::Object(over)) => merge(under, over),
            (_, value) => drop(under.insert(name, value)),
        }
    }
}
