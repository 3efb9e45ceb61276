//! Conditions: preconditions, postconditions, output preconditions, `check` blocks and validations.

use std::collections::{BTreeSet, HashMap};

use super::evaluator::Pass;
use super::evidence::Cause;
use super::reference::{Named, block_text, named, references};
use super::scope::{BlockId, Eval, ModuleId, Scope, Stop};
use super::{CheckResult, CheckStatus};
use crate::addr::{Address, Key, ModulePath, module_text};
use crate::config::{Check, CheckRule, Module, Output, Variable};
use crate::diag::{Diagnostic, Severity, Span};
use crate::value::convert::convert;
use crate::value::{Marks, Type, Value};

/// What is said of a failed condition, by where it stands.
#[derive(Clone, Copy)]
struct Words {
    /// The summary of a failure.
    failed: &'static str,
    /// The summary of a condition that is no condition.
    invalid: &'static str,
    severity: Severity,
}

const PRECONDITION: Words = Words {
    failed: "Resource precondition failed",
    invalid: "Invalid condition result",
    severity: Severity::Error,
};
const POSTCONDITION: Words = Words { failed: "Resource postcondition failed", ..PRECONDITION };
const OUTPUT: Words = Words { failed: "Module output value precondition failed", ..PRECONDITION };
const ASSERTION: Words =
    Words { failed: "Check block assertion failed", severity: Severity::Warning, ..PRECONDITION };

/// What is told where a failure's own message cannot be.
const NO_MESSAGE: &str = "This check failed, but has an invalid error message as described in the other accompanying messages.";

/// What stands between a failed validation's message and its place.
const CHECKED_BY: &str = "\n\nThis was checked by the validation rule at ";

/// The summary of a failed validation.
const INVALID: &str = "Invalid value for variable";

impl<'a> Pass<'_, 'a> {
    /// Evaluates an instance's preconditions.
    pub(super) fn preconditions(
        &mut self,
        block: BlockId<'a>,
        key: Option<&Key>,
    ) -> Option<CheckResult> {
        let rules = &block.resource.lifecycle.preconditions;
        if rules.is_empty() || self.evaluator.inputs.unchecked {
            return None;
        }
        let turn = self.block_turns(block).map(|turns| turns.turn(key)).unwrap_or_default();
        let mut scope = Scope { turn, before: true, ..Scope::module(block.module) };
        Some(self.of_instance(block, key, rules, PRECONDITION, &mut scope))
    }

    /// Evaluates an instance's postconditions with its value as `self`.
    pub(super) fn postconditions_of(
        &mut self,
        block: BlockId<'a>,
        key: Option<&Key>,
        value: &Value,
    ) -> Option<CheckResult> {
        let rules = &block.resource.lifecycle.postconditions;
        if rules.is_empty() || self.evaluator.inputs.unchecked {
            return None;
        }
        let turn = self.block_turns(block).map(|turns| turns.turn(key)).unwrap_or_default();
        let mut scope = Scope { turn, this: Some(value.clone()), ..Scope::module(block.module) };
        Some(self.of_instance(block, key, rules, POSTCONDITION, &mut scope))
    }

    fn of_instance(
        &mut self,
        block: BlockId<'a>,
        key: Option<&Key>,
        rules: &[CheckRule],
        words: Words,
        scope: &mut Scope,
    ) -> CheckResult {
        let address = self.block_address(block);
        let instance = address.with_key(key.cloned());
        let wrong = refers_to_itself(block, rules, words);
        if !wrong.is_empty() {
            self.report(wrong);
            return CheckResult {
                kind: "resource",
                config_address: without_keys(&address),
                address: instance.to_string(),
                status: CheckStatus::Error,
                failures: Vec::new(),
            };
        }
        self.rules("resource", without_keys(&address), instance.to_string(), rules, words, scope)
    }

    /// Gives the outcome of a block that has conditions and no instance, or whose instances are not known.
    pub(super) fn without_instances(
        &mut self,
        block: BlockId<'a>,
        status: CheckStatus,
    ) -> Option<CheckResult> {
        let lifecycle = &block.resource.lifecycle;
        if lifecycle.preconditions.is_empty() && lifecycle.postconditions.is_empty() {
            return None;
        }
        Some(CheckResult {
            kind: "resource",
            config_address: without_keys(&self.block_address(block)),
            address: String::new(),
            status,
            failures: Vec::new(),
        })
    }

    /// Gives what would be checked in a module, where nothing is.
    pub(super) fn unchecked(&mut self, module: ModuleId) -> Vec<CheckResult> {
        let of = self.evaluator.modules[module].module;
        let unknown = |kind, (config_address, address)| CheckResult {
            kind,
            config_address,
            address,
            status: CheckStatus::Unknown,
            failures: Vec::new(),
        };
        let outputs = of.outputs.keys().filter(|name| !of.outputs[*name].preconditions.is_empty());
        let outputs = outputs
            .map(|name| unknown("output_value", self.names(module, &format!("output.{name}"))));
        let checks = of.checks.keys().map(|name| {
            let (config, _) = self.names(module, &format!("check.{name}"));
            unknown("check", (config, String::new()))
        });
        let mut found: Vec<CheckResult> = outputs.chain(checks).collect();
        let blocks = of.resources.values().filter_map(|resource| {
            self.without_instances(BlockId { module, resource }, CheckStatus::Unknown)
        });
        found.extend(blocks);
        found
    }

    /// Evaluates an output's preconditions.
    pub(super) fn output_preconditions(
        &mut self,
        module: ModuleId,
        output: &Output,
    ) -> Option<CheckResult> {
        if output.preconditions.is_empty() || self.evaluator.inputs.unchecked {
            return None;
        }
        let (config, address) = self.names(module, &format!("output.{}", output.name.text));
        let mut scope = Scope::module(module);
        Some(self.rules("output_value", config, address, &output.preconditions, OUTPUT, &mut scope))
    }

    /// Evaluates a `check` block's assertions.
    pub(super) fn assertions(&mut self, module: ModuleId, check: &'a Check) -> CheckResult {
        let (config, address) = self.names(module, &format!("check.{}", check.name.text));
        let mut scope = Scope::module(module);
        let data = check.data.as_ref().map(|resource| BlockId { module, resource });
        if let Some(block) = data
            && let Err(stop) = self.object(block, None)
        {
            self.report(stop.problems);
            let data = self.block_address(block).to_string();
            let own = self.evaluator.problems.iter();
            let own = own.filter(|problem| problem.address.as_deref() == Some(data.as_str()));
            let told = |problem: &Diagnostic| format!("{}: {}", problem.summary, problem.detail);
            let failures = own.map(told).collect();
            let status = CheckStatus::Fail;
            return CheckResult {
                kind: "check",
                config_address: config,
                address,
                status,
                failures,
            };
        }
        self.rules("check", config, address, &check.asserts, ASSERTION, &mut scope)
    }

    /// Gives the address of something in a module, without and with the keys of module instances.
    fn names(&self, module: ModuleId, name: &str) -> (String, String) {
        let steps = &self.evaluator.modules[module].steps;
        let open: Vec<_> =
            steps.iter().map(|step| crate::addr::Step { key: None, ..step.clone() }).collect();
        let join = |module: String| {
            if module.is_empty() { name.to_string() } else { format!("{module}.{name}") }
        };
        (join(module_text(&open)), join(module_text(steps)))
    }

    fn rules(
        &mut self,
        kind: &'static str,
        config_address: String,
        address: String,
        rules: &[CheckRule],
        words: Words,
        scope: &mut Scope,
    ) -> CheckResult {
        let mut result = CheckResult {
            kind,
            config_address,
            address,
            status: CheckStatus::Pass,
            failures: Vec::new(),
        };
        for rule in rules {
            let status = match self.rule(rule, words, scope) {
                Ok(Ok(status)) => status,
                Ok(Err(message)) => {
                    result.failures.extend(message);
                    CheckStatus::Fail
                }
                Err(stop) => {
                    let told = !stop.problems.is_empty();
                    self.report(stop.problems);
                    if told { CheckStatus::Error } else { CheckStatus::Unknown }
                }
            };
            result.status = worse(result.status, status);
        }
        result
    }

    /// Evaluates one rule: its status, or the message of its failure; nothing where that must not be shown.
    fn rule(
        &mut self,
        rule: &CheckRule,
        words: Words,
        scope: &mut Scope,
    ) -> Eval<Result<CheckStatus, Option<String>>> {
        let span = rule.condition.span;
        let condition = self.expr(&rule.condition, scope);
        let names = self.skip(&rule.error_message, scope);
        if self.evaluator.inputs.validating && words.failed == ASSERTION.failed {
            // Of a check's condition only the names are looked at before there is a plan.
            let named =
                condition.map(|_| ()).or_else(|stop| if stop.fatal { Err(stop) } else { Ok(()) });
            return super::scope::both(named, names).map(|_| Ok(CheckStatus::Unknown));
        }
        let (condition, ()) = super::scope::both(condition, names)?;
        let pending = self.trace_mut().is_some_and(|trace| trace.pending);
        let holds = decided(&condition, words.invalid, "Condition", span);
        let Some(holds) = self.explained(holds, &rule.condition, scope)? else {
            if words.severity == Severity::Warning && !pending && !self.evaluator.inputs.validating
            {
                let detail = "The condition could not be evaluated at this time, a result will be known when this plan is \
                              applied.";
                let problem =
                    Diagnostic::warning("Check block assertion known after apply", detail);
                self.report(vec![problem.at(span, "")]);
            }
            return Ok(Ok(CheckStatus::Unknown));
        };
        if holds {
            return Ok(Ok(CheckStatus::Pass));
        }
        // What is known of an output's condition fails at once.
        if self.evaluator.inputs.validating && words.failed != OUTPUT.failed {
            return Ok(Ok(CheckStatus::Unknown));
        }
        let message = self.expr(&rule.error_message, scope)?;
        let told = self.message(&message, rule, words.severity);
        let detail = told.clone().unwrap_or_else(|| NO_MESSAGE.into());
        let problem =
            Diagnostic { severity: words.severity, ..Diagnostic::error(words.failed, detail) };
        let mut problems = vec![problem.at(span, "")];
        self.explain(&mut problems, &rule.condition, Cause::Other, scope);
        self.report(problems);
        Ok(Err(told))
    }

    /// Gives the text of a failed rule's message, unless it must not be shown.
    fn message(&mut self, message: &Value, rule: &CheckRule, severity: Severity) -> Option<String> {
        let marks = message.all_marks();
        if marks.any() {
            let what = if marks.sensitive { "sensitive" } else { "ephemeral" };
            let remedy = if marks.sensitive {
                "carefully using the nonsensitive() function if the expression will not reveal the sensitive data"
            } else {
                "using the ephemeralasnull() function on the references to not reveal ephemeral data"
            };
            let detail = format!(
                "The error expression used to explain this condition refers to {what} values, so Terraform will not display the \
                 resulting message.\n\nYou can correct this by removing references to {what} values, or by {remedy}."
            );
            let problem =
                Diagnostic::warning(format!("Error message refers to {what} values"), detail);
            self.report(vec![problem.at(rule.error_message.span, "")]);
        }
        let text = match convert(message, &Type::String) {
            Err(error) => Err(error.message),
            Ok(text) if text.is_null() => Err("must not be null".into()),
            Ok(text) => text.as_str().map(str::to_string).ok_or_else(|| {
                "expression refers to values that won't be known until the apply phase".into()
            }),
        };
        match text {
            Ok(text) if !marks.any() => return Some(text.trim().to_string()),
            Ok(_) => {}
            // What a check cannot say yet it says in the apply.
            Err(_) if severity == Severity::Warning && !message.is_whole() => {}
            Err(why) => {
                let detail = format!("Unsuitable value for error message: {why}.");
                let problem =
                    Diagnostic { severity, ..Diagnostic::error("Invalid error message", detail) };
                self.report(vec![problem.at(rule.error_message.span, "")]);
            }
        }
        None
    }

    /// Evaluates a variable's validations for a value.
    pub(super) fn validate(
        &mut self,
        module: ModuleId,
        variable: &'a Variable,
        value: &Value,
    ) -> Eval<()> {
        if variable.validations.is_empty() {
            return Ok(());
        }
        let (config_address, address) = self.names(module, &format!("var.{}", variable.name.text));
        let mut result = CheckResult {
            kind: "var",
            config_address,
            address,
            status: CheckStatus::Pass,
            failures: Vec::new(),
        };
        let mut stopped: Option<Stop> = None;
        let ephemeral = Marks { sensitive: false, ephemeral: variable.ephemeral };
        let own = (variable.name.text.clone(), value.clone().marked(ephemeral));
        let secret = variable.sensitive;
        let mut scope = Scope { variable: Some(own), secret, ..Scope::module(module) };
        for rule in &variable.validations {
            let status = match self.validation(module, variable, rule, &mut scope) {
                Ok(status) => status,
                Err(mut stop) => {
                    stop.fatal = true;
                    let failed = stop.problems.last().filter(|problem| problem.summary == INVALID);
                    let status = failed.map_or(CheckStatus::Error, |_| CheckStatus::Fail);
                    result.failures.extend(failed.and_then(|problem| {
                        problem.detail.split_once(CHECKED_BY).map(|(text, _)| text.to_string())
                    }));
                    stopped = Some(match stopped {
                        Some(before) => before.and(stop),
                        None => stop,
                    });
                    status
                }
            };
            result.status = worse(result.status, status);
        }
        self.evaluator.validations.insert(result.address.clone(), result);
        match stopped {
            Some(stop) => Err(stop),
            None => Ok(()),
        }
    }

    fn validation(
        &mut self,
        module: ModuleId,
        variable: &Variable,
        rule: &CheckRule,
        scope: &mut Scope,
    ) -> Eval<CheckStatus> {
        let span = rule.condition.span;
        let condition = self.expr(&rule.condition, scope)?;
        let summary = "Invalid variable validation result";
        let holds = decided(&condition, summary, "Validation condition", span);
        match self.explained(holds, &rule.condition, scope)? {
            None => return Ok(CheckStatus::Unknown),
            Some(true) => return Ok(CheckStatus::Pass),
            Some(false) => {}
        }
        let message = self.expr(&rule.error_message, scope)?;
        let mut problems = Vec::new();
        let marks = message.all_marks();
        if marks.any() {
            let what = if marks.sensitive { "sensitive" } else { "ephemeral" };
            let unmark = if marks.sensitive { "nonsensitive()" } else { "ephemeralasnull()" };
            let detail = format!(
                "The error expression used to explain this condition refers to {what} values. Terraform will not display the \
                 resulting message.\n\nYou can correct this by removing references to {what} values, or by carefully using the \
                 {unmark} function if the expression will not reveal the {what} data."
            );
            let summary = format!("Error message refers to {what} values");
            problems.push(Diagnostic::error(summary, detail).at(rule.error_message.span, ""));
        }
        let text = convert(&message, &Type::String)
            .ok()
            .and_then(|text| text.as_str().map(str::to_string));
        let text = match text {
            Some(text) if !marks.any() && !text.trim().is_empty() => text.trim().to_string(),
            Some(_) if marks.any() => {
                "The error message included a sensitive value, so it will not be displayed.".into()
            }
            _ => "Failed to evaluate condition error message.".into(),
        };
        let at = self.evaluator.range(rule.span);
        let detail = format!("{text}{CHECKED_BY}{at}.");
        let place = self.given_at(module, variable);
        problems.push(Diagnostic::error(INVALID, detail).at(place, ""));
        self.explain(&mut problems, &rule.condition, Cause::Other, scope);
        Err(Stop { problems, fatal: true })
    }

    /// Gives the place where a variable got its value: the call's argument, a file, or else its own block.
    fn given_at(&self, module: ModuleId, variable: &Variable) -> Span {
        let name = &variable.name.text;
        let given = match self.evaluator.modules[module].caller {
            Some((_, call)) => call.inputs.attribute(name).map(|attribute| attribute.expr.span),
            None => self.evaluator.inputs.variables.get(name).and_then(|input| input.span),
        };
        given.unwrap_or(variable.span)
    }
}

/// Gives a condition's truth; nothing where it is not known.
fn decided(condition: &Value, invalid: &str, what: &str, span: Span) -> Eval<Option<bool>> {
    if condition.is_null() {
        let detail = format!("{what} expression must return either true or false, not null.");
        return super::scope::stop(invalid, detail, span);
    }
    let condition = convert(condition, &Type::Bool).or_else(|error| {
        let what = if what == "Condition" { "condition" } else { "validation condition" };
        let detail = format!("Invalid {what} result value: {}.", error.message);
        super::scope::stop(invalid, detail, span)
    })?;
    Ok(condition.as_bool())
}

/// Gives the worse of two outcomes: an error, a failure, unknown, a pass.
fn worse(left: CheckStatus, right: CheckStatus) -> CheckStatus {
    let rank = |status: CheckStatus| match status {
        CheckStatus::Pass => 0,
        CheckStatus::Unknown => 1,
        CheckStatus::Fail => 2,
        CheckStatus::Error => 3,
    };
    if rank(left) >= rank(right) { left } else { right }
}

/// Tells of conditions that name their own block: `self` is there for that.
fn refers_to_itself(block: BlockId<'_>, rules: &[CheckRule], words: Words) -> Vec<Diagnostic> {
    let resource = block.resource;
    let own = (resource.mode, resource.type_name.text.as_str(), resource.name.text.as_str());
    let mut problems = Vec::new();
    for rule in rules {
        for expr in [&rule.condition, &rule.error_message] {
            let mut found = false;
            references(expr, &mut Vec::new(), &mut |chain| {
                if let Ok(Named::Resource { mode, type_name, name, .. }) = named(chain) {
                    found |= (mode, type_name, name) == own;
                }
            });
            if found {
                let kind = if words.failed == PRECONDITION.failed { "pre" } else { "post" };
                let text = block_text(own.0, own.1, own.2);
                let detail = format!("Configuration for {text} may not refer to itself.");
                let summary = format!("Invalid reference in {kind}condition");
                problems.push(Diagnostic::error(summary, detail).at(expr.span, ""));
            }
        }
    }
    problems
}

/// Gives what would be checked in the modules that have no instance.
pub(super) fn in_no_instance(module: &Module, there: &BTreeSet<ModulePath>) -> Vec<CheckResult> {
    let names = |path: &ModulePath| path.iter().map(|step| step.name.clone()).collect();
    without_instance(module, &there.iter().map(names).collect())
}

fn without_instance(module: &Module, there: &BTreeSet<Vec<String>>) -> Vec<CheckResult> {
    let mut found = Vec::new();
    for call in module.calls.values() {
        let of = &call.module;
        if !there.contains(&of.path) {
            let prefix: String = of.path.iter().map(|name| format!("module.{name}.")).collect();
            let outputs = of.outputs.iter().filter(|(_, of)| !of.preconditions.is_empty());
            let variables = of.variables.iter().filter(|(_, of)| !of.validations.is_empty());
            let names = (of.checks.keys().map(|name| ("check", format!("{prefix}check.{name}"))))
                .chain(outputs.map(|(name, _)| ("output_value", format!("{prefix}output.{name}"))))
                .chain(variables.map(|(name, _)| ("var", format!("{prefix}var.{name}"))));
            found.extend(names.map(|(kind, config_address)| CheckResult {
                kind,
                config_address,
                address: String::new(),
                status: CheckStatus::Pass,
                failures: Vec::new(),
            }));
        }
        found.extend(without_instance(of, there));
    }
    found
}

/// Puts what was found of the same object together: the worst outcome and all messages.
pub(super) fn merged(results: Vec<CheckResult>) -> Vec<CheckResult> {
    let mut places: HashMap<(&'static str, String, String), usize> = HashMap::new();
    let mut merged: Vec<CheckResult> = Vec::new();
    for result in results {
        let key = (result.kind, result.config_address.clone(), result.address.clone());
        match places.get(&key) {
            Some(place) => {
                let known = &mut merged[*place];
                known.status = worse(known.status, result.status);
                known.failures.extend(result.failures);
            }
            None => {
                places.insert(key, merged.len());
                merged.push(result);
            }
        }
    }
    merged.sort_by(|left, right| {
        (&left.config_address, &left.address).cmp(&(&right.config_address, &right.address))
    });
    merged
}

/// Writes a block's address without the keys of module instances.
fn without_keys(address: &Address) -> String {
    address.without_keys().to_string()
}
