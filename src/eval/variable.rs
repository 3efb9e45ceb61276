//! Variables: what the root is given, what a call passes, defaults, and the type they are made to fit.

use std::collections::BTreeMap;

use super::evaluator::{Evaluator, Pass};
use super::scope::{Eval, Item, ModuleId, Scope, Stop, fatal};
use super::{InputValue, Oracle, RawInput};
use crate::addr::module_text;
use crate::config::Variable;
use crate::diag::{Diagnostic, FileId, Span, nearest_within};
use crate::syntax;
use crate::syntax::tree::Expr;
use crate::value::constraint::{Constraint, conform};
use crate::value::convert::ConvertError;
use crate::value::{Marks, Path, Value};

impl Evaluator<'_> {
    /// Evaluates an expression that may refer to nothing and call nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fixed(
        &mut self,
        expr: &Expr,
        oracle: &mut dyn Oracle,
    ) -> Result<Value, Vec<Diagnostic>> {
        let mut scope = Scope { bare: true, ..Scope::module(0) };
        self.once(oracle, |pass| pass.expr(expr, &mut scope))
    }
}

impl<'a> Pass<'_, 'a> {
    /// Gives what a reference to a variable stands for. A check of the text is for all values that could be
    /// given, a child module's too; what its call gives is only made to fit and validated.
    pub(super) fn variable_named(&mut self, module: ModuleId, name: &str, span: Span) -> Eval {
        let variables = &self.evaluator.modules[module].module.variables;
        let Some(variable) = variables.get(name) else {
            let near = nearest_within(name, variables.keys().map(String::as_str));
            let hint = match near {
                Some(near) => format!("Did you mean {near:?}?"),
                None => {
                    format!("This variable can be declared with a variable {name:?} {{}} block.")
                }
            };
            let detail =
                format!("An input variable with the name {name:?} has not been declared. {hint}");
            return fatal("Reference to undeclared input variable", detail, span);
        };
        let value = self.variable(module, variable)?;
        if !self.evaluator.inputs.validating {
            return Ok(value);
        }
        Ok(Value::unknown(variable.constraint.ty()).marked(declared_marks(variable)))
    }

    /// Gives a variable's value.
    pub(super) fn variable(&mut self, module: ModuleId, variable: &'a Variable) -> Eval {
        self.once(Item::Variable(module, &variable.name.text), |pass| {
            let value = match pass.evaluator.modules[module].caller {
                None => pass.root_variable(variable)?,
                Some(_) => pass.passed_variable(module, variable)?,
            };
            pass.validate(module, variable, &value)?;
            Ok(value.marked(declared_marks(variable)))
        })
    }

    fn root_variable(&mut self, variable: &'a Variable) -> Eval {
        let inputs = self.evaluator.inputs;
        if inputs.validating {
            self.default(variable)?;
            return Ok(Value::unknown(variable.constraint.ty()));
        }
        let Some(input) = inputs.variables.get(&variable.name.text) else {
            return match self.default(variable)? {
                Some(value) => Ok(value),
                None => Err(Stop::fatal(missing(variable))),
            };
        };
        let span = input.span.unwrap_or(variable.span);
        let value = match &input.value {
            RawInput::Value(value) => value.clone(),
            RawInput::Text(text) => match self.parse_text(variable, text, input.file) {
                Ok(value) => value,
                Err(mut problems) => {
                    problems.extend(missing_without_default(variable));
                    return Err(Stop::problems(problems, true));
                }
            },
        };
        let subject = format!("var.{}", variable.name.text);
        self.fit(variable, value, &subject, span, Some(input))
    }

    /// Reads the text of a `-var` or an environment variable: an expression that refers to nothing.
    fn parse_text(
        &mut self,
        variable: &Variable,
        text: &str,
        file: Option<FileId>,
    ) -> Result<Value, Vec<Diagnostic>> {
        if is_plain_text(variable) {
            return Ok(Value::string(text));
        }
        let expr = syntax::parse_expression(file.unwrap_or(FileId(u32::MAX)), text, 0)?;
        let mut scope = Scope { bare: true, ..Scope::module(0) };
        self.expr(&expr, &mut scope).map_err(|stop| stop.problems)
    }

    fn passed_variable(&mut self, module: ModuleId, variable: &'a Variable) -> Eval {
        let Some((parent, call)) = self.evaluator.modules[module].caller else {
            return Err(Stop::reported());
        };
        let Some(attribute) = call.inputs.attribute(&variable.name.text) else {
            return match self.default(variable)? {
                Some(value) => Ok(value),
                // The call has been told that the argument is missing.
                None => Err(Stop::reported()),
            };
        };
        let turn = self.call_turn(module)?;
        let mut scope = Scope { turn, ..Scope::module(parent) };
        let value = self.expr(&attribute.expr, &mut scope)?;
        if value.all_marks().ephemeral && !variable.ephemeral {
            let detail = "This input variable is not declared as accepting a ephemeral values, so it cannot be set to a result \
                          derived from an ephemeral value.";
            return fatal("Ephemeral value not allowed", detail, attribute.expr.span);
        }
        let path: Vec<_> = self.evaluator.modules[module]
            .steps
            .iter()
            .map(|step| crate::addr::Step { key: None, ..step.clone() })
            .collect();
        let subject = format!("{}.var.{}", module_text(&path), variable.name.text);
        self.fit(variable, value, &subject, attribute.expr.span, None)
    }

    /// Makes a value fit a variable's type; null stands for the default where the variable is not nullable.
    fn fit(
        &mut self,
        variable: &'a Variable,
        value: Value,
        subject: &str,
        span: Span,
        input: Option<&InputValue>,
    ) -> Eval {
        let declared = self.evaluator.range(variable.span);
        let fitted = conform(&value, &variable.constraint).or_else(|error| {
            let mut span = span;
            let detail = match input {
                Some(InputValue { span: Some(given), .. }) if variable.sensitive => {
                    // Who reads this may not be one who may read the file.
                    span = variable.span;
                    format!(
                        "The given value is not suitable for {subject}, which is sensitive: {}. Invalid value defined at {}.",
                        error.message,
                        self.evaluator.range(*given)
                    )
                }
                Some(input) if input.span.is_none() => format!(
                    "Unsuitable value for {subject} set using {}: {}.",
                    input.origin, error.message
                ),
                _ => format!(
                    "The given value is not suitable for {subject} declared at {declared}: {}.",
                    error.message
                ),
            };
            fatal("Invalid value for input variable", detail, span)
        })?;
        if !fitted.is_null() || variable.nullable {
            return Ok(fitted);
        }
        match self.default(variable)? {
            Some(value) => Ok(value),
            None => {
                let why = "required variable may not be set to null";
                let detail = match input {
                    Some(input) if input.span.is_none() => {
                        format!("Unsuitable value for {subject} set using {}: {why}.", input.origin)
                    }
                    _ => format!(
                        "The given value is not suitable for {subject} defined at {declared}: {why}."
                    ),
                };
                fatal("Required variable not set", detail, span)
            }
        }
    }

    /// Gives a variable's default, made to fit its type.
    fn default(&mut self, variable: &'a Variable) -> Eval<Option<Value>> {
        let Some(expr) = &variable.default else { return Ok(None) };
        let summary = "Invalid default value for variable";
        let value = self.expr(expr, &mut Scope::module(0))?;
        if value.is_null() && !variable.nullable {
            return fatal(
                summary,
                "A null default value is not valid when nullable=false.",
                expr.span,
            );
        }
        conform(&value, &variable.constraint).map(Some).or_else(|error| {
            let detail = format!(
                "This default value is not compatible with the variable's type constraint: {}.",
                told(&error)
            );
            fatal(summary, detail, expr.span)
        })
    }

    /// Gives the root variables as they were given, and the defaults of the others.
    pub(super) fn given_variables(&mut self) -> BTreeMap<String, Value> {
        let inputs = self.evaluator.inputs;
        let mut values = BTreeMap::new();
        for (name, variable) in &self.evaluator.config.root.variables {
            let value = match inputs.variables.get(name) {
                Some(_) if variable.ephemeral => continue,
                Some(input) => match &input.value {
                    RawInput::Value(value) => Some(value.clone()),
                    RawInput::Text(text) => self.parse_text(variable, text, input.file).ok(),
                },
                None => self.default(variable).ok().flatten(),
            };
            let marks = Marks { sensitive: variable.sensitive, ephemeral: false };
            values.extend(value.map(|value| (name.clone(), value.marked(marks))));
        }
        values
    }

    /// Tells of variables of the root that have no value, or one that cannot be read.
    pub(super) fn ungiven_inputs(&mut self) {
        let inputs = self.evaluator.inputs;
        for (name, variable) in &self.evaluator.config.root.variables {
            let problems = match inputs.variables.get(name) {
                None if variable.default.is_none() => vec![missing(variable)],
                Some(InputValue { value: RawInput::Text(text), file, .. }) => {
                    let read = self.parse_text(variable, text, *file);
                    let mut problems = read.err().unwrap_or_default();
                    if !problems.is_empty() {
                        problems.extend(missing_without_default(variable));
                    }
                    problems
                }
                None | Some(_) => Vec::new(),
            };
            self.report(problems);
        }
    }

    /// Tells of values that were given to no variable of the root.
    pub(super) fn strange_inputs(&mut self) {
        let declared = &self.evaluator.config.root.variables;
        let problems = undeclared(&self.evaluator.inputs.variables, declared);
        self.report(problems);
    }
}

/// Says which values were given to no variable of the root.
pub fn undeclared(
    given: &BTreeMap<String, InputValue>,
    declared: &BTreeMap<String, Variable>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let (mut from_files, mut others) = (0, 0);
    for (name, input) in given {
        if declared.contains_key(name) || input.origin.starts_with("TF_VAR_") {
            continue;
        }
        if input.span.is_none() {
            let detail = format!(
                "A variable named {name:?} was assigned on the command line, but the root module does not declare a \
                 variable of that name. To use this value, add a \"variable\" block to the configuration."
            );
            problems.push(Diagnostic::error("Value for undeclared variable", detail));
            continue;
        }
        from_files += 1;
        if from_files > 2 {
            others += 1;
            continue;
        }
        let detail = format!(
            "The root module does not declare a variable named {name:?} but a value was found in file {:?}. If you meant to \
             use this value, add a \"variable\" block to the configuration.\n\nTo silence these warnings, use TF_VAR_... \
             environment variables to provide certain \"global\" settings to all configurations in your organization. To \
             reduce the verbosity of these warnings, use the -compact-warnings option.",
            input.origin
        );
        problems.push(Diagnostic::warning("Value for undeclared variable", detail));
    }
    if others > 0 {
        let detail = format!(
            "In addition to the other similar warnings shown, {others} other variable(s) defined without being declared."
        );
        problems.push(Diagnostic::warning("Values for undeclared variables", detail));
    }
    problems
}

/// Gives the marks that a variable's block puts on its value.
fn declared_marks(variable: &Variable) -> Marks {
    Marks { sensitive: variable.sensitive, ephemeral: variable.ephemeral }
}

fn missing_without_default(variable: &Variable) -> Option<Diagnostic> {
    variable.default.is_none().then(|| missing(variable))
}

/// Says that a root variable was not given.
pub fn missing(variable: &Variable) -> Diagnostic {
    let detail = format!(
        "The root module input variable {:?} is not set, and has no default value. Use a -var or -var-file command line \
         argument to provide a value for this variable.",
        variable.name.text
    );
    Diagnostic::error("No value for required variable", detail).at(variable.span, "")
}

/// Says whether a variable's text on the command line is its value, not an expression.
pub fn is_plain_text(variable: &Variable) -> bool {
    !variable.typed || matches!(variable.constraint, Constraint::Primitive(_))
}

/// Says what is wrong with a value, and with which part.
pub(super) fn told(error: &ConvertError) -> String {
    if error.path == Path::root() {
        return error.message.clone();
    }
    let path = error.path.to_string();
    let path = if path.starts_with('[') { path } else { format!(".{path}") };
    format!("{path}: {}", error.message)
}
