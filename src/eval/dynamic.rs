//! A `dynamic` block: the blocks that it stands for, one for each turn of its `for_each`.
//!
//! Where it is not known how many turns there are, its content is looked at once, with a key and value of
//! which nothing is known: so what is wrong with the content is told before anything is known.

use super::access::entries;
use super::body::{Found, did_you_mean, missing};
use super::evaluator::Pass;
use super::reference::anything;
use super::scope::{Eval, Scope, Stop, stop};
use crate::config::names;
use crate::diag::Diagnostic;
use crate::schema::{Block as Shape, BlockKind};
use crate::syntax::tree::{Attribute, Block, Body, Expr, ExprKind};
use crate::value::{Marks, Value};

/// What stands between a wrong value and what is wrong with it.
const WRONG: &str = "Invalid dynamic for_each value";

impl Pass<'_, '_> {
    /// Gives the blocks that a `dynamic` block stands for.
    pub(super) fn dynamic<'b>(
        &mut self,
        block: &'b Block,
        name: &str,
        shape: &Shape,
        scope: &mut Scope,
    ) -> Eval<Vec<Found<'b>>> {
        let (each, content) = parts(block, shape)?;
        let iterator = self.iterator(block, name)?;
        let collection = self.expr(&each.expr, scope).and_then(|value| iterable(value, &each.expr));
        let collection = self.explained(collection, &each.expr, scope)?;
        let labels = labels(block)?;
        let Some(content) = content else {
            let detail = "A dynamic block must have a nested block of type \"content\" to describe the body of each generated \
                          block.";
            return stop("Missing dynamic content block", detail, block.body.end);
        };
        if let Some(second) = block.body.blocks("content").nth(1) {
            let detail = "Only one nested content block is allowed for each dynamic block.";
            return stop("Extraneous dynamic content block", detail, second.header);
        }
        let found = |label, key: Value, value: Value, marks: Marks, unknown: bool| {
            let names = vec![(iterator.clone(), Value::object([("key", key), ("value", value)]))];
            Found { body: &content.body, span: block.header, label, names, marks, unknown }
        };
        let Some((entries, marks)) = entries(&collection) else {
            return Ok(vec![found(None, anything(), anything(), collection.marks(), true)]);
        };
        if entries.is_empty() {
            let turn = found(None, anything(), anything(), marks, true);
            scope.names.extend(turn.names);
            self.note_body(&content.body, scope);
            scope.names.pop();
        }
        let mut turns = Vec::new();
        for (key, value) in entries {
            let mut turn = found(None, key, value, marks, false);
            if let Some(label) = labels {
                scope.names.extend(turn.names.iter().cloned());
                let given = self.dynamic_label(label, scope);
                scope.names.pop();
                turn.label = Some(given?);
            }
            turns.push(turn);
        }
        Ok(turns)
    }

    /// Evaluates the label of a turn.
    fn dynamic_label(&mut self, label: &Expr, scope: &mut Scope) -> Eval<String> {
        let given = self.expr(label, scope)?;
        let why = match given.as_str() {
            Some(_) if given.marks() != Marks::default() => {
                "This value has dynamic marks that make it unsuitable for use as a block label."
            }
            Some(text) => return Ok(text.to_string()),
            None if given.is_null() => "Cannot use a null value as a dynamic block label.",
            None if !given.is_known() => {
                "This value is not yet known. Dynamic block labels must be immediately-known values."
            }
            None => "Cannot use this value as a dynamic block label: string required.",
        };
        stop("Invalid dynamic block label", why, label.span)
    }

    /// Notes what an expression refers to that is not evaluated; what is wrong with that is not told.
    pub(super) fn note(&mut self, expr: &Expr, scope: &mut Scope) {
        self.skip(expr, scope).unwrap_or_default();
    }

    fn note_body(&mut self, body: &Body, scope: &mut Scope) {
        for attribute in &body.attributes {
            self.note(&attribute.expr, scope);
        }
        for block in &body.blocks {
            match (block.kind.text == "dynamic", block.labels.first()) {
                (true, Some(label)) => self.note_dynamic(block, &label.text, scope),
                _ => self.note_body(&block.body, scope),
            }
        }
    }

    fn note_dynamic(&mut self, block: &Block, name: &str, scope: &mut Scope) {
        if let Some(each) = block.body.attribute("for_each") {
            self.note(&each.expr, scope);
        }
        let iterator = self.iterator(block, name).unwrap_or_else(|_| name.to_string());
        scope.names.push((iterator, anything()));
        for content in block.body.blocks("content") {
            self.note_body(&content.body, scope);
        }
        scope.names.pop();
    }

    /// Gives the name that the content has for its turn.
    fn iterator(&self, block: &Block, name: &str) -> Eval<String> {
        let Some(attribute) = block.body.attribute("iterator") else { return Ok(name.to_string()) };
        let expr = &attribute.expr;
        let json = self.evaluator.sources.name(expr.span.file).ends_with(".json");
        let path = match expr.literal() {
            Some(text) if json => Some(vec![text]),
            _ => expr.traversal().map(|names| names.into_iter().map(|name| name.text).collect()),
        };
        match path.as_deref() {
            Some([name]) => Ok(name.clone()),
            Some(_) => {
                let detail = "Dynamic iterator must be a single variable name.";
                stop("Invalid dynamic iterator name", detail, expr.span)
            }
            None => stop("Invalid expression", names::NOT_STATIC, expr.span),
        }
    }
}

/// Gives a `dynamic` block's `for_each` and content; tells of what it may not have.
fn parts<'b>(block: &'b Block, shape: &Shape) -> Eval<(&'b Attribute, Option<&'b Block>)> {
    let labelled = shape.kind == BlockKind::Map;
    let known = ["for_each", "iterator", "labels"];
    let known = if labelled { &known[..] } else { &known[..2] };
    let mut problems = Vec::new();
    for attribute in &block.body.attributes {
        let name = attribute.name.text.as_str();
        if name == "content" {
            let detail = "An argument named \"content\" is not expected here. Did you mean to define a block of type \
                          \"content\"?";
            problems.push(
                Diagnostic::error("Unsupported argument", detail).at(attribute.name.span, ""),
            );
        } else if !known.contains(&name) {
            let free = known.iter().copied().filter(|name| block.body.attribute(name).is_none());
            let detail = format!(
                "An argument named {name:?} is not expected here.{}",
                did_you_mean(name, free)
            );
            problems.push(
                Diagnostic::error("Unsupported argument", detail).at(attribute.name.span, ""),
            );
        }
    }
    for inner in block.body.blocks.iter().filter(|inner| inner.kind.text != "content") {
        let name = inner.kind.text.as_str();
        let hint = if known.contains(&name) {
            format!(
                " Did you mean to define argument {name:?}? If so, use the equals sign to assign it a value."
            )
        } else {
            did_you_mean(name, ["content"].into_iter())
        };
        let detail = format!("Blocks of type {name:?} are not expected here.{hint}");
        problems.push(Diagnostic::error("Unsupported block type", detail).at(inner.kind.span, ""));
    }
    let each = block.body.attribute("for_each");
    if each.is_none() {
        problems.extend(missing("for_each", &block.body).problems);
    }
    match each {
        Some(each) if problems.is_empty() => Ok((each, block.body.blocks("content").next())),
        _ => Err(Stop::problems(problems, false)),
    }
}

/// Tells of what cannot be gone through.
fn iterable(collection: Value, expr: &Expr) -> Eval {
    let ty = collection.ty();
    if ty.is_primitive() {
        let detail = format!(
            "Cannot use a {} value in for_each. An iterable collection is required.",
            ty.friendly()
        );
        return stop(WRONG, detail, expr.span);
    }
    if collection.is_null() {
        return stop(WRONG, "Cannot use a null value in for_each.", expr.span);
    }
    Ok(collection)
}

/// Gives the expression of the one label that blocks of a map have.
fn labels(block: &Block) -> Eval<Option<&Expr>> {
    let Some(attribute) = block.body.attribute("labels") else { return Ok(None) };
    let name = block.labels.first().map_or("", |label| label.text.as_str());
    let detail = format!("Blocks of type {name:?} require 1 label(s).");
    match &attribute.expr.kind {
        ExprKind::Tuple(parts) => match parts.as_slice() {
            [one] => Ok(Some(one)),
            [] => stop("Insufficient dynamic block labels", detail, attribute.expr.span),
            [_, extra, ..] => stop("Extraneous dynamic block label", detail, extra.span),
        },
        _ => {
            let detail = "A static list expression is required.";
            stop("Invalid expression", detail, attribute.expr.span)
        }
    }
}
