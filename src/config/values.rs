//! `variable`, `locals`, `output` and `check` blocks.

use crate::diag::Span;
use crate::syntax::tree::{Block, Expr};
use crate::value::constraint::conform;

use super::body::Shape;
use super::read::{BAD_NAME, Reader};
use super::{Check, CheckRule, Output, Variable, constant, names};

/// Names that a module block gives another meaning.
const RESERVED: &[&str] =
    &["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"];

const VARIABLE: Shape = Shape {
    arguments: &[
        ("description", false),
        ("default", false),
        ("type", false),
        ("sensitive", false),
        ("ephemeral", false),
        ("nullable", false),
    ],
    blocks: &[("validation", &[])],
};

const OUTPUT: Shape = Shape {
    arguments: &[
        ("description", false),
        ("value", true),
        ("depends_on", false),
        ("sensitive", false),
        ("ephemeral", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

const CHECK: Shape =
    Shape { arguments: &[], blocks: &[("data", &["type", "name"]), ("assert", &[])] };

impl Reader<'_> {
    pub(super) fn variable(&mut self, block: &Block) {
        let content = self.content(&block.body, &VARIABLE);
        let name = block.labels[0].clone();
        self.check_name(&name, "Invalid variable name");
        if RESERVED.contains(&name.text.as_str()) {
            let detail = format!(
                "The variable name \"{}\" is reserved due to its special meaning inside module blocks.",
                name.text
            );
            self.error("Invalid variable name", detail, name.span);
        }
        let ty = content.expr("type");
        let constraint = ty.map(|ty| self.variable_constraint(ty)).unwrap_or_default();
        let nullable = self.flag(content.attribute("nullable"), true);
        let default = content.expr("default").cloned();
        if let Some(default) = &default {
            self.problems.extend(constant::forbidden(default));
            if let Some(Err(error)) =
                constant::fold(default).map(|value| conform(&value, &constraint))
            {
                let (detail, span) = self.wrong_default(block, ty, default, &error.told());
                self.error("Invalid default value for variable", detail, span);
            }
            if !nullable && matches!(default.kind, crate::syntax::tree::ExprKind::Null) {
                let detail = "A null default value is not valid when nullable=false.";
                self.error("Invalid default value for variable", detail, default.span);
            }
        }
        let mut validations: Vec<CheckRule> = Vec::new();
        for inner in content.of("validation") {
            validations.extend(self.check_rule(inner, "validation"));
            if let Some(condition) = inner.body.attribute("condition") {
                self.check_validation(&name.text, &condition.expr);
            }
        }
        let variable = Variable {
            constraint,
            typed: ty.is_some(),
            default,
            description: self.text(content.attribute("description")),
            sensitive: self.flag(content.attribute("sensitive"), false),
            ephemeral: self.flag(content.attribute("ephemeral"), false),
            nullable,
            validations,
            span: block.header,
            name: name.clone(),
        };
        if let Some(former) = self.module.variables.get(&name.text) {
            let detail = format!(
                "A variable named \"{}\" was already declared at {}. Variable names must be unique within a \
                 module.",
                name.text,
                self.place(former.span)
            );
            self.error("Duplicate variable declaration", detail, block.header);
        }
        self.module.variables.insert(name.text, variable);
    }

    /// Says that a default does not fit its type: where an override file changed one of the two, there.
    fn wrong_default(
        &self,
        block: &Block,
        ty: Option<&Expr>,
        default: &Expr,
        why: &str,
    ) -> (String, Span) {
        let changes = self.overridden.iter().filter(|(base, _)| *base == block.header);
        let last = changes.map(|(_, change)| *change).next_back();
        let by = |expr: Option<&Expr>, change: Span| {
            expr.is_some_and(|expr| expr.span.file == change.file)
        };
        match last.map(|change| (change, by(ty, change), by(Some(default), change))) {
            Some((change, true, false)) => {
                let detail = format!(
                    "Overriding this variable's type constraint has made its default value invalid: {why}."
                );
                (detail, change)
            }
            Some((change, false, true)) => {
                let detail = format!(
                    "The overridden default value for this variable is not compatible with the variable's type \
                     constraint: {why}."
                );
                (detail, change)
            }
            _ => {
                let detail = format!(
                    "This default value is not compatible with the variable's type constraint: {why}."
                );
                (detail, default.span)
            }
        }
    }

    fn check_validation(&mut self, name: &str, condition: &Expr) {
        let own = |expr: &&Expr| match names::subject(expr) {
            Some((names::Subject::Variable(variable), _)) => variable.text == name,
            _ => false,
        };
        if !names::references(condition).iter().any(own) {
            let detail = format!(
                "The condition for variable \"{name}\" must refer to var.{name} in order to test incoming \
                 values."
            );
            self.error("Invalid variable validation condition", detail, condition.span);
        }
    }

    pub(super) fn locals(&mut self, block: &Block) {
        if let Some(inner) = block.body.blocks.first() {
            let detail = "Blocks are not allowed here.";
            self.error(
                &format!("Unexpected \"{}\" block", inner.kind.text),
                detail,
                inner.kind.span,
            );
        }
        for attribute in &block.body.attributes {
            if !crate::syntax::is_name(&attribute.name.text) {
                self.error("Invalid local value name", BAD_NAME, attribute.name.span);
            }
            if let Some(former) = self.module.locals.get(&attribute.name.text) {
                let detail = format!(
                    "A local value named \"{}\" was already defined at {}. Local value names must be unique \
                     within a module.",
                    attribute.name.text,
                    self.place(former.span)
                );
                self.error("Duplicate local value definition", detail, attribute.span);
            }
            self.module.locals.insert(attribute.name.text.clone(), attribute.clone());
        }
    }

    pub(super) fn output(&mut self, block: &Block) {
        let content = self.content(&block.body, &OUTPUT);
        let name = block.labels[0].clone();
        self.check_name(&name, "Invalid output name");
        let preconditions = content
            .of("precondition")
            .filter_map(|inner| self.check_rule(inner, "precondition"))
            .collect();
        for inner in content.of("postcondition") {
            let detail = "Output values can only have preconditions, not postconditions.";
            self.error("Postconditions are not allowed", detail, inner.header);
        }
        let depends_on = self.depends_on(content.expr("depends_on"));
        let description = self.text(content.attribute("description"));
        let sensitive = self.flag(content.attribute("sensitive"), false);
        let ephemeral = self.flag(content.attribute("ephemeral"), false);
        if let Some(former) = self.module.outputs.get(&name.text) {
            let detail = format!(
                "An output named \"{}\" was already defined at {}. Output names must be unique within a \
                 module.",
                name.text,
                self.place(former.span)
            );
            self.error("Duplicate output definition", detail, block.header);
        }
        let Some(value) = content.expr("value").cloned() else { return };
        let output = Output {
            value,
            description,
            sensitive,
            ephemeral,
            depends_on,
            preconditions,
            span: block.header,
            name: name.clone(),
        };
        self.module.outputs.insert(name.text, output);
    }

    pub(super) fn check(&mut self, block: &Block) {
        let content = self.content(&block.body, &CHECK);
        let name = block.labels[0].clone();
        self.check_name(&name, "Invalid check block name");
        let asserts: Vec<CheckRule> =
            content.of("assert").filter_map(|inner| self.check_rule(inner, "assert")).collect();
        if asserts.is_empty() {
            let detail = "Check blocks must have at least one assert block.";
            self.error("Zero assert blocks", detail, block.header);
        }
        let mut data = None;
        let mut first = None;
        for inner in content.of("data") {
            if let Some(place) = first {
                let detail = format!(
                    "This check block already has a data resource defined at {}.",
                    self.place(place)
                );
                self.error("Multiple data resource blocks", detail, inner.header);
                continue;
            }
            first = Some(inner.header);
            data = self.resource_block(inner, crate::addr::Mode::Data);
        }
        if let Some(former) = self.module.checks.get(&name.text) {
            let detail = format!(
                "A check block named \"{}\" was already declared at {}. Check blocks must be unique within \
                 each module.",
                name.text,
                self.place(former.span)
            );
            let summary = format!("Duplicate check \"{}\" configuration", name.text);
            self.error(&summary, detail, block.header);
            return;
        }
        let check = Check { data, asserts, span: block.header, name: name.clone() };
        self.module.checks.insert(name.text, check);
    }
}
