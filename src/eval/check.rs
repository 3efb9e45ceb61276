//! Conditions: preconditions, postconditions, output preconditions, `check` blocks and validations.

use super::evaluator::Pass;
use super::evidence::Cause;
use super::reference::{Named, block_text, named, references};
use super::scope::{BlockId, Eval, ModuleId, Scope, Stop, is_misnamed};
use super::{CheckResult, CheckStatus};
use crate::addr::{Address, Key, module_text};
use crate::config::{Check, CheckRule, Output, Variable};
use crate::diag::{Diagnostic, Severity, Span};
use crate::syntax::tree::Expr;
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

    /// Gives what became of an instance's preconditions, where they stop a plan from looking at the rest of it.
    pub(super) fn not_held(
        &mut self,
        block: BlockId<'a>,
        key: Option<&Key>,
    ) -> Option<CheckResult> {
        if self.evaluator.inputs.lenient {
            return None;
        }
        let held = self.preconditions(block, key);
        if self.evaluator.inputs.validating {
            // What is wrong with conditions is told whatever is wrong with the rest.
            self.postconditions_of(block, key, &Value::unknown(Type::Any));
            return None;
        }
        held.filter(CheckResult::stops)
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
        let turns = self.block_turns(block);
        if let (Some(key), Ok(turns)) = (key, &turns)
            && !self.counts(block, turns, key)
        {
            let problems = without_self(rules, key);
            if !problems.is_empty() {
                self.report(problems);
                return Some(self.in_error(block, Some(key)));
            }
        }
        let turn = turns.map(|turns| turns.turn(key)).unwrap_or_default();
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
        let wrong = refers_to_itself(block, rules, words);
        if !wrong.is_empty() {
            self.report(wrong);
            return self.in_error(block, key);
        }
        let address = self.block_address(block);
        let instance = address.with_key(key.cloned());
        self.rules("resource", without_keys(&address), instance.to_string(), rules, words, scope)
    }

    /// Gives the outcome of an instance whose conditions cannot be looked at.
    fn in_error(&mut self, block: BlockId<'a>, key: Option<&Key>) -> CheckResult {
        let address = self.block_address(block);
        CheckResult {
            kind: "resource",
            config_address: without_keys(&address),
            address: address.with_key(key.cloned()).to_string(),
            status: CheckStatus::Error,
            failures: Vec::new(),
        }
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
        // What modules give is not looked at: the root's outputs alone are there.
        let outputs = outputs.map(|name| {
            let (config, address) = self.names(module, &format!("output.{name}"));
            unknown("output_value", (config, if module == 0 { address } else { String::new() }))
        });
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
            let status = match self.rule(rule, &result.address, words, scope) {
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
        if result.status != CheckStatus::Pass
            && let Some(trace) = self.trace_mut()
        {
            // What is told of it is told in each round.
            trace.asked = true;
        }
        result
    }

    /// Evaluates one rule of an owner: its status, or the message of its failure; nothing where that must not be shown.
    fn rule(
        &mut self,
        rule: &CheckRule,
        owner: &str,
        words: Words,
        scope: &mut Scope,
    ) -> Eval<Result<CheckStatus, Option<String>>> {
        let span = rule.condition.span;
        let condition = self.expr(&rule.condition, scope);
        let message = self.expr(&rule.error_message, scope);
        if self.evaluator.inputs.validating && words.failed != OUTPUT.failed {
            return self.rule_without_plan(condition, message, rule, words, scope);
        }
        let unnamed = unnamed(&condition, &message, rule, words);
        if !unnamed.is_empty() {
            let mut stop = match super::scope::both(condition.map(|_| ()), message.map(|_| ())) {
                Ok(_) => Stop::reported(),
                Err(stop) => stop,
            };
            super::scope::hide_later(&mut stop.problems);
            self.without_names(&mut stop, &unnamed, scope);
            return Err(stop);
        }
        // What is wrong with the message is told whatever becomes of the condition.
        let told = message.and_then(|message| self.message(&message, rule, scope));
        let (condition, told) = super::scope::both(condition, told)?;
        let pending = self.trace_mut().is_some_and(|trace| trace.pending);
        let holds = decided(&condition, words.invalid, "Condition", span);
        let Some(holds) = self.explained(holds, &rule.condition, scope)? else {
            if words.failed == ASSERTION.failed && !pending && !self.evaluator.inputs.validating {
                let detail = "The condition could not be evaluated at this time, a result will be known when this plan is \
                              applied.";
                let problem =
                    Diagnostic::warning("Check block assertion known after apply", detail);
                let mut problems = vec![problem.at(span, "")];
                self.explain(&mut problems, &rule.condition, Cause::Other, scope);
                self.report(problems);
            }
            return Ok(Ok(CheckStatus::Unknown));
        };
        if holds {
            return Ok(Ok(CheckStatus::Pass));
        }
        let detail = told.clone().unwrap_or_else(|| NO_MESSAGE.into());
        let severity = self.severity_of(words);
        // Of warnings it is told how many there are.
        let counted = words.severity == Severity::Error && severity == Severity::Warning;
        let owner = counted.then(|| owner.to_string());
        let problem = Diagnostic { severity, owner, ..Diagnostic::error(words.failed, detail) };
        let mut problems = vec![problem.at(span, "")];
        self.explain(&mut problems, &rule.condition, Cause::Other, scope);
        self.report(problems);
        Ok(Err(told))
    }

    /// Looks at a rule before there is a plan: nothing is decided. Of a check's condition only the names count.
    fn rule_without_plan(
        &mut self,
        condition: Eval,
        message: Eval,
        rule: &CheckRule,
        words: Words,
        scope: &mut Scope,
    ) -> Eval<Result<CheckStatus, Option<String>>> {
        let is_check = words.failed == ASSERTION.failed;
        let unnamed = unnamed(&condition, &message, rule, words);
        let condition = condition
            .map(|_| ())
            .or_else(|stop| if stop.fatal || !is_check { Err(stop) } else { Ok(()) });
        let message = match message {
            Ok(message) if is_check => self.message(&message, rule, scope).map(|_| ()),
            message => message.map(|_| ()),
        };
        let mut both = super::scope::both(condition, message).map(|_| Ok(CheckStatus::Unknown));
        if let Err(stop) = &mut both {
            if is_check && !unnamed.is_empty() {
                super::scope::hide_later(&mut stop.problems);
            }
            self.without_names(stop, &unnamed, scope);
        }
        both
    }

    /// Adds what is told of expressions where one name that is wrong leaves none at all.
    fn without_names(&mut self, stop: &mut Stop, expressions: &[&Expr], scope: &Scope) {
        let mut nothing = Scope { nothing: true, ..scope.clone() };
        for expr in expressions {
            let unknown = self.expr(expr, &mut nothing).err();
            stop.problems.extend(unknown.into_iter().flat_map(|stop| stop.problems));
        }
    }

    /// Gives how bad a failure is: a run that changes nothing only tells of it.
    fn severity_of(&self, words: Words) -> Severity {
        let inputs = self.evaluator.inputs;
        let told = inputs.lenient && !(inputs.applying && words.failed == OUTPUT.failed);
        if told { Severity::Warning } else { words.severity }
    }

    /// Gives the text of a rule's message; nothing where it is not known yet or must not be shown.
    fn message(
        &mut self,
        message: &Value,
        rule: &CheckRule,
        scope: &mut Scope,
    ) -> Eval<Option<String>> {
        let span = rule.error_message.span;
        let unsuitable = |why: &str| {
            let detail = format!("Unsuitable value for error message: {why}.");
            super::scope::stop("Invalid error message", detail, span)
        };
        let text = match convert(message, &Type::String) {
            Err(error) => unsuitable(&error.message),
            Ok(text) if text.is_null() => unsuitable("must not be null"),
            Ok(text) => Ok(text),
        };
        let text = self.explained(text, &rule.error_message, scope)?;
        let marks = text.all_marks();
        let Some(text) = text.as_str().filter(|_| !marks.any()) else {
            if marks.any() && text.is_known() {
                self.report(vec![hidden_message(marks).at(span, "")]);
            }
            return Ok(None);
        };
        Ok(Some(text.trim().to_string()))
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
        let condition = self.expr(&rule.condition, scope);
        let message = self.expr(&rule.error_message, scope);
        let (condition, message) = match (condition, message) {
            (Ok(condition), message) => (condition, message),
            (Err(stop), Ok(_)) => return Err(stop),
            (Err(stop), Err(other)) => return Err(stop.and(other)),
        };
        let summary = "Invalid variable validation result";
        let holds = decided(&condition, summary, "Validation condition", span);
        let holds = self.explained(holds, &rule.condition, scope);
        // What is wrong with the message is told whatever becomes of the condition.
        let (message, mut problems) = match message {
            Ok(message) => (Some(message), Vec::new()),
            Err(stop) if stop.fatal => return holds.and(Err(stop)),
            Err(stop) => (None, stop.problems),
        };
        match holds {
            Ok(Some(false)) => {}
            Ok(decided) if problems.is_empty() => {
                return Ok(decided.map_or(CheckStatus::Unknown, |_| CheckStatus::Pass));
            }
            Ok(_) => return Err(Stop::problems(problems, true)),
            Err(mut stop) => {
                stop.problems.extend(problems);
                return Err(stop);
            }
        }
        if message.as_ref().is_some_and(|message| !message.is_known()) {
            // Of what is only checked more will be known.
            if self.evaluator.inputs.validating {
                return Ok(CheckStatus::Unknown);
            }
            let mut unknown = vec![unknown_message(rule.error_message.span)];
            self.explain(&mut unknown, &rule.error_message, Cause::Unknown, scope);
            return Err(Stop::problems(unknown, true));
        }
        let text = self.failed_text(message, rule, scope, &mut problems);
        let at = self.evaluator.range(rule.span);
        let detail = format!("{text}{CHECKED_BY}{at}.");
        let place = self.given_at(module, variable);
        problems.push(Diagnostic::error(INVALID, detail).at(place, ""));
        self.explain(&mut problems, &rule.condition, Cause::Other, scope);
        Err(Stop::problems(problems, true))
    }

    /// Gives what is told of a failed validation; what is wrong with its message is told with it.
    fn failed_text(
        &mut self,
        message: Option<Value>,
        rule: &CheckRule,
        scope: &mut Scope,
        problems: &mut Vec<Diagnostic>,
    ) -> String {
        let message = message.filter(|message| !message.is_null());
        let marks = message.as_ref().map(Value::all_marks).unwrap_or_default();
        if marks.any() {
            problems.push(secret_message(marks).at(rule.error_message.span, ""));
        }
        let text = message.and_then(|message| match convert(&message, &Type::String) {
            Ok(text) => text.as_str().map(str::to_string),
            Err(error) => {
                let detail = format!("Unsuitable value for error message: {}.", error.message);
                let problem = Diagnostic::error("Invalid error message", detail);
                problems.push(problem.at(rule.error_message.span, ""));
                None
            }
        });
        self.explain(problems, &rule.error_message, Cause::Other, scope);
        match text {
            Some(text) if !marks.any() && !text.trim().is_empty() => text.trim().to_string(),
            Some(_) if marks.any() => {
                "The error message included a sensitive value, so it will not be displayed.".into()
            }
            _ => "Failed to evaluate condition error message.".into(),
        }
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

/// Says that a validation's message is not known yet.
fn unknown_message(span: Span) -> Diagnostic {
    let detail = "Unsuitable value for error message: expression refers to values that won't be known until the apply phase.";
    Diagnostic::error("Invalid error message", detail).at(span, "")
}

/// Says that a condition's message is not shown.
fn hidden_message(marks: Marks) -> Diagnostic {
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
    Diagnostic::warning(format!("Error message refers to {what} values"), detail)
}

/// Says that a validation's message is not shown.
fn secret_message(marks: Marks) -> Diagnostic {
    let what = if marks.sensitive { "sensitive" } else { "ephemeral" };
    let unmark = if marks.sensitive { "nonsensitive()" } else { "ephemeralasnull()" };
    let detail = format!(
        "The error expression used to explain this condition refers to {what} values. Terraform will not display the \
         resulting message.\n\nYou can correct this by removing references to {what} values, or by carefully using the \
         {unmark} function if the expression will not reveal the {what} data."
    );
    Diagnostic::error(format!("Error message refers to {what} values"), detail)
}

/// Gives the expressions of a rule that are told once more as without any names: names are looked for before any value,
/// of a resource's conditions for each expression, else for both at once.
fn unnamed<'r>(
    condition: &Eval,
    message: &Eval,
    rule: &'r CheckRule,
    words: Words,
) -> Vec<&'r Expr> {
    let told = |result: &Eval, is: &dyn Fn(&Diagnostic) -> bool| {
        result.as_ref().is_err_and(|stop| stop.fatal && stop.problems.iter().any(is))
    };
    let unreadable = |problem: &Diagnostic| problem.summary == "Invalid reference";
    let both = [(condition, &rule.condition), (message, &rule.error_message)];
    let at_once = words.failed == ASSERTION.failed || words.failed == OUTPUT.failed;
    let none = at_once && both.iter().any(|(result, _)| told(result, &is_misnamed));
    let wrong = |(result, _): &(&Eval, &Expr)| {
        none || told(result, &unreadable) || (!at_once && told(result, &is_misnamed))
    };
    // A check's condition is not looked at.
    let looked_at = both.into_iter().skip(usize::from(words.failed == ASSERTION.failed));
    looked_at.filter(wrong).map(|(_, expr)| expr).collect()
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
pub(super) fn worse(left: CheckStatus, right: CheckStatus) -> CheckStatus {
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

/// Tells of conditions that name `self` where there is no such instance: one that is not made is none.
fn without_self(rules: &[CheckRule], key: &Key) -> Vec<Diagnostic> {
    let detail = match key {
        Key::Number(0) => {
            "The given key does not identify an element in this collection value: the collection has no elements."
        }
        _ => "The given key does not identify an element in this collection value.",
    };
    let mut problems = Vec::new();
    for expr in rules.iter().flat_map(|rule| [&rule.condition, &rule.error_message]) {
        references(expr, &mut Vec::new(), &mut |chain| {
            if chain.name().0 == "self" {
                problems.push(Diagnostic::error("Invalid index", detail).at(chain.until(0), ""));
            }
        });
    }
    problems
}

/// Writes a block's address without the keys of module instances.
fn without_keys(address: &Address) -> String {
    address.without_keys().to_string()
}
