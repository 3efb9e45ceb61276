//! The inside of a block to a value, by a schema: arguments, nested blocks and `dynamic` blocks.

use std::collections::BTreeMap;

use super::evaluator::Pass;
use super::scope::{Eval, Scope, Stop, all, hide_later, note};
use super::written::from_json;
use crate::diag::{Diagnostic, Sources, Span, nearest_within, spelled_otherwise};
use crate::schema::{Block as Shape, BlockKind, Field, Given, Nesting};
use crate::syntax::tree::{Attribute, Block, Body, Expr, ExprKind};
use crate::value::convert::convert;
use crate::value::{Marks, Path, Type, Value};

/// The summary of an ephemeral value that would be kept.
pub(super) const EPHEMERAL: &str = "Invalid use of ephemeral value";

/// Where the values of a body go.
pub(super) struct Sink<'s> {
    /// The place of each expression, by the path of what it gives.
    pub places: &'s mut Vec<(Path, Span)>,
    /// Whether the value is kept, so that nothing ephemeral may get into it.
    pub kept: bool,
    /// Whether the body stands for blocks of which nothing is known: then only its form is looked at.
    pub unknown: bool,
}

/// A block, or one turn of a `dynamic` block.
pub(super) struct Found<'b> {
    pub(super) body: &'b Body,
    pub(super) span: Span,
    /// The label of a block of a map.
    pub(super) label: Option<String>,
    /// What a `dynamic` block's content sees besides.
    pub(super) names: Vec<(String, Value)>,
    /// The marks of what a `dynamic` block goes through.
    pub(super) marks: Marks,
    /// Whether it stands for blocks of which it is not known how many there are.
    pub(super) unknown: bool,
}

impl Pass<'_, '_> {
    /// Evaluates a body by the fields of a schema. What is not written is null, or no blocks.
    pub(super) fn body(
        &mut self,
        body: &Body,
        fields: &BTreeMap<String, Field>,
        path: &Path,
        kept: bool,
        places: &mut Vec<(Path, Span)>,
        scope: &mut Scope,
    ) -> Eval {
        let mut sink = Sink { places, kept, unknown: false };
        self.fill(body, fields, path, &mut sink, scope)
    }

    fn fill(
        &mut self,
        body: &Body,
        fields: &BTreeMap<String, Field>,
        path: &Path,
        sink: &mut Sink<'_>,
        scope: &mut Scope,
    ) -> Eval {
        let written = from_json(body, fields, self.evaluator.sources);
        let body = written.as_ref().unwrap_or(body);
        let mut problems = unexpected(body, fields, self.evaluator.sources);
        let mut fatal = !problems.is_empty();
        let mut named: Option<Stop> = None;
        let mut values: Vec<(&str, Value)> = Vec::new();
        for (name, field) in fields {
            let value = match &field.nesting {
                Nesting::Attribute => match body.attribute(name) {
                    Some(attribute) => {
                        self.argument(attribute, field, &path.attribute(name), sink, scope)
                    }
                    None if body.blocks.iter().any(|block| is_named(block, name)) => {
                        self.as_blocks(body, name, field, path, sink, scope)
                    }
                    None if field.given == Given::Required => Err(missing(name, body)),
                    None => Ok(field.absent()),
                },
                Nesting::Block(shape) => match body.attribute(name).filter(|_| shape.as_argument) {
                    Some(attribute) => {
                        self.as_argument(attribute, field, &path.attribute(name), sink, scope)
                    }
                    None => self.blocks(body, name, field, shape, path, sink, scope),
                },
            };
            match value {
                Ok(value) => values.push((name, value)),
                Err(stop) if stop.by_name => note(&mut named, Some(stop)),
                Err(stop) => {
                    fatal |= stop.fatal;
                    problems.extend(stop.problems);
                }
            }
        }
        // Where names are wrong Terraform does not get to look at the rest.
        if let Some(mut stop) = named {
            hide_later(&mut stop.problems);
            return Err(stop);
        }
        if problems.is_empty() && !fatal {
            return Ok(Value::object(values));
        }
        Err(Stop::problems(problems, fatal))
    }

    fn argument(
        &mut self,
        attribute: &Attribute,
        field: &Field,
        path: &Path,
        sink: &mut Sink<'_>,
        scope: &mut Scope,
    ) -> Eval {
        sink.places.push((path.clone(), attribute.expr.span));
        if field.ty == Type::Any {
            inner_places(&attribute.expr, path, sink.places);
        }
        if sink.unknown {
            self.note(&attribute.expr, scope);
            return Ok(Value::unknown(field.ty.clone()));
        }
        let value = self.expr(&attribute.expr, scope);
        let value = self.explained(value, &attribute.expr, scope)?;
        let fitted = fitted(value, attribute, field, path, sink);
        // What a turn of a `dynamic` block stands for is not told of what comes after the evaluation.
        let names = std::mem::take(&mut scope.names);
        let fitted = self.explained(fitted, &attribute.expr, scope);
        scope.names = names;
        fitted
    }

    /// Reads an attribute of objects that was written as blocks, which older resource types allow.
    fn as_blocks(
        &mut self,
        body: &Body,
        name: &str,
        field: &Field,
        path: &Path,
        sink: &mut Sink<'_>,
        scope: &mut Scope,
    ) -> Eval {
        let Some((kind, types)) = object_elements(&field.ty) else { return Ok(field.absent()) };
        let given = |ty: &Type| Field::attribute(ty.clone(), Given::Optional);
        let fields = types.iter().map(|(name, ty)| (name.clone(), given(ty))).collect();
        let shape = Shape { kind, min: 0, max: None, fields, as_argument: false };
        self.blocks(body, name, field, &shape, path, sink, scope)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the block's shape and the way to it belong together"
    )]
    fn blocks(
        &mut self,
        body: &Body,
        name: &str,
        field: &Field,
        shape: &Shape,
        path: &Path,
        sink: &mut Sink<'_>,
        scope: &mut Scope,
    ) -> Eval {
        let (found, wrong) = self.find(body, name, shape, scope);
        let mut results: Vec<Eval> = wrong.into_iter().map(Err).collect();
        let mut open = None;
        for (place, block) in found.iter().enumerate() {
            let path = path.attribute(name);
            let inner = match shape.kind {
                BlockKind::Single => path,
                BlockKind::List | BlockKind::Set => path.place(place),
                BlockKind::Map => path.key(block.label.as_deref().unwrap_or("")),
            };
            let depth = scope.names.len();
            scope.names.extend(block.names.iter().cloned());
            sink.places.push((inner.clone(), block.span));
            let outer = sink.unknown;
            sink.unknown |= block.unknown;
            let value = self.fill(block.body, &shape.fields, &inner, sink, scope);
            sink.unknown = outer;
            scope.names.truncate(depth);
            results.push(value.map(|value| value.marked(block.marks)));
            if block.unknown {
                open = Some(block.marks);
                break;
            }
        }
        if let Some(marks) = open {
            all(results)?;
            return Ok(Value::unknown_not_null(field.ty.clone()).marked(marks));
        }
        let number = self.check_number(&found, name, shape, body);
        let values = match (all(results), number) {
            (Ok(values), Ok(())) => values,
            (Err(stop), Err(number)) => return Err(stop.and(number)),
            (Err(stop), Ok(())) | (Ok(_), Err(stop)) => return Err(stop),
        };
        let element = field.element();
        Ok(match shape.kind {
            BlockKind::Single => values.into_iter().next().unwrap_or_else(|| field.absent()),
            BlockKind::List if element.has_any() => Value::tuple(values),
            BlockKind::List => Value::list(element, values),
            BlockKind::Set => Value::set(element, values),
            BlockKind::Map => {
                let names = found.iter().map(|block| block.label.clone().unwrap_or_default());
                let entries: Vec<(String, Value)> = names.zip(values).collect();
                if element.has_any() {
                    Value::object(entries)
                } else {
                    Value::map(element, entries)
                }
            }
        })
    }

    /// Finds the blocks of a name, those that `dynamic` blocks make included, and what is wrong with these.
    fn find<'b>(
        &mut self,
        body: &'b Body,
        name: &str,
        shape: &Shape,
        scope: &mut Scope,
    ) -> (Vec<Found<'b>>, Vec<Stop>) {
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for block in body.blocks.iter().filter(|block| is_named(block, name)) {
            if block.kind.text == "dynamic" {
                match self.dynamic(block, name, shape, scope) {
                    Ok(turns) => found.extend(turns),
                    Err(stop) => wrong.push(stop),
                }
                continue;
            }
            found.push(Found {
                body: &block.body,
                span: block.header,
                label: block.labels.first().map(|label| label.text.clone()),
                names: Vec::new(),
                marks: Marks::default(),
                unknown: false,
            });
        }
        (found, wrong)
    }

    fn check_number(
        &mut self,
        found: &[Found<'_>],
        name: &str,
        shape: &Shape,
        body: &Body,
    ) -> Eval<()> {
        match shape.kind {
            BlockKind::Single => {
                if let [first, second, ..] = found {
                    let detail = format!(
                        "Only one block of type {name:?} is allowed. Previous definition was at {}.",
                        self.evaluator.range(first.span)
                    );
                    return error_at(&format!("Duplicate {name} block"), detail, second.span);
                }
                if found.is_empty() && shape.min > 0 {
                    let detail = format!("A block of type {name:?} is required here.");
                    return error_at(&format!("Missing {name} block"), detail, body.end);
                }
            }
            BlockKind::List | BlockKind::Set | BlockKind::Map => {
                if found.len() < shape.min {
                    let detail = format!("At least {} {name:?} blocks are required.", shape.min);
                    return error_at(&format!("Insufficient {name} blocks"), detail, body.end);
                }
                if let Some(max) = shape.max
                    && let Some(extra) = found.get(max)
                {
                    let detail = format!("No more than {max} {name:?} blocks are allowed");
                    let summary = format!("Too many {name} blocks");
                    return error_at(&summary, detail, extra.body.end);
                }
            }
        }
        Ok(())
    }
}

/// Makes an argument's value fit its field.
fn fitted(
    value: Value,
    attribute: &Attribute,
    field: &Field,
    path: &Path,
    sink: &Sink<'_>,
) -> Eval {
    let name = &attribute.name.text;
    let span = attribute.expr.span;
    let value = convert(&value, &field.ty).or_else(|error| {
        let detail = format!("Inappropriate value for attribute {name:?}: {}.", error.message);
        error_at("Incorrect attribute value type", detail, span)
    })?;
    if value.is_null() && field.given == Given::Required {
        let detail = format!("The argument {name:?} is required, but no definition was found.");
        return error_at("Missing required argument", detail, span);
    }
    if sink.kept && !field.write_only && value.all_marks().ephemeral {
        // Of what may be anything the argument is named, not the part.
        let at = if field.ty == Type::Any { path.clone() } else { ephemeral_path(&value, path) };
        let detail = format!(
            "Ephemeral values are not valid for \"{at}\", because it is not a write-only attribute and must be persisted \
                 to state."
        );
        return error_at(EPHEMERAL, detail, span);
    }
    Ok(value)
}

/// Gives the way to the first part of a value that is ephemeral itself.
fn ephemeral_path(value: &Value, path: &Path) -> Path {
    let marked = |part: &Value| part.all_marks().ephemeral;
    if value.marks().ephemeral {
        return path.clone();
    }
    if let Some((name, part)) = value.fields().into_iter().flatten().find(|(_, part)| marked(part))
    {
        let map = matches!(value.kind(), crate::value::Kind::Map(..));
        return ephemeral_path(
            part,
            &if map { path.key(name.as_ref()) } else { path.attribute(name.as_ref()) },
        );
    }
    match value.elements().unwrap_or_default().iter().enumerate().find(|(_, part)| marked(part)) {
        Some((place, part)) => ephemeral_path(part, &path.place(place)),
        None => path.clone(),
    }
}

/// Says whether a block is of a name, or a `dynamic` block for it.
fn is_named(block: &Block, name: &str) -> bool {
    block.kind.text == name
        || (block.kind.text == "dynamic"
            && block.labels.first().is_some_and(|label| label.text == name))
}

/// Gives the fields of the objects that a list or set consists of.
fn object_elements(ty: &Type) -> Option<(BlockKind, &BTreeMap<String, Type>)> {
    match ty {
        Type::List(element) => match &**element {
            Type::Object(types) => Some((BlockKind::List, types)),
            _ => None,
        },
        Type::Set(element) => match &**element {
            Type::Object(types) => Some((BlockKind::Set, types)),
            _ => None,
        },
        _ => None,
    }
}

/// Tells of arguments and blocks that the schema does not have.
fn unexpected(body: &Body, fields: &BTreeMap<String, Field>, sources: &Sources) -> Vec<Diagnostic> {
    let is_block = |name: &str| {
        matches!(fields.get(name).map(|field| &field.nesting), Some(Nesting::Block(_)))
    };
    let mut problems = Vec::new();
    let either = |name: &str| {
        fields.get(name).and_then(Field::inside).is_some_and(|block| block.as_argument)
    };
    for attribute in &body.attributes {
        let name = &attribute.name.text;
        if either(name) {
            continue;
        }
        let json = sources.name(attribute.span.file).ends_with(".json");
        if json && !fields.contains_key(name) {
            let hint = did_you_mean(name, fields.keys().map(String::as_str));
            let detail = format!("No argument or block type is named {name:?}.{hint}");
            let problem = Diagnostic::error("Extraneous JSON object property", detail);
            problems.push(problem.at(attribute.name.span, "").around(attribute.span));
            continue;
        }
        let hint = if is_block(name) {
            format!(" Did you mean to define a block of type {name:?}?")
        } else if fields.contains_key(name) {
            continue;
        } else {
            let known = fields.iter().filter(|(known, field)| {
                matches!(field.nesting, Nesting::Attribute) && body.attribute(known).is_none()
            });
            did_you_mean(name, known.map(|(name, _)| name.as_str()))
        };
        let detail = format!("An argument named {name:?} is not expected here.{hint}");
        problems
            .push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span, ""));
    }
    for block in &body.blocks {
        let dynamic = block.kind.text == "dynamic";
        if dynamic && block.labels.len() != 1 {
            problems.push(wrong_dynamic(block));
            continue;
        }
        let named = match block.labels.first() {
            Some(label) if dynamic => label,
            _ => &block.kind,
        };
        let name = &named.text;
        let hint = match fields.get(name) {
            Some(field) if is_block(name) || object_elements(&field.ty).is_some() => continue,
            Some(_) if dynamic => String::new(),
            Some(_) => format!(
                " Did you mean to define argument {name:?}? If so, use the equals sign to assign it a value."
            ),
            None if dynamic => String::new(),
            None => {
                let known =
                    fields.iter().filter(|(_, field)| matches!(field.nesting, Nesting::Block(_)));
                did_you_mean(name, known.map(|(name, _)| name.as_str()))
            }
        };
        let detail = format!("Blocks of type {name:?} are not expected here.{hint}");
        problems.push(Diagnostic::error("Unsupported block type", detail).at(named.span, ""));
    }
    problems
}

/// Tells of a `dynamic` block that does not have one label.
fn wrong_dynamic(block: &Block) -> Diagnostic {
    match block.labels.get(1) {
        Some(extra) => {
            let detail = "Only 1 labels (type) are expected for dynamic blocks.";
            Diagnostic::error("Extraneous label for dynamic", detail).at(extra.span, "")
        }
        None => {
            let detail = "All dynamic blocks must have 1 labels (type).";
            Diagnostic::error("Missing type for dynamic", detail).at(block.body.end, "")
        }
    }
}

pub(super) fn did_you_mean<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = nearest_within(name, known.iter().copied())
        .or_else(|| spelled_otherwise(name, known.iter().copied()));
    near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default()
}

/// Makes the stop for an argument that is not there.
pub(super) fn missing(name: &str, body: &Body) -> Stop {
    let detail = format!("The argument {name:?} is required, but no definition was found.");
    Stop::problem(Diagnostic::error("Missing required argument", detail).at(body.end, ""))
}

fn error_at<T>(summary: &str, detail: String, span: Span) -> Eval<T> {
    super::scope::stop(summary, detail, span)
}

/// Notes the places of what is written inside a value of any type.
fn inner_places(expr: &Expr, path: &Path, places: &mut Vec<(Path, Span)>) {
    match &expr.kind {
        ExprKind::Object(items) => {
            for item in items {
                let Some(name) = item.key.literal() else { continue };
                let path = path.attribute(name);
                places.push((path.clone(), item.value.span));
                inner_places(&item.value, &path, places);
            }
        }
        ExprKind::Tuple(parts) => {
            for (place, part) in parts.iter().enumerate() {
                let path = path.place(place);
                places.push((path.clone(), part.span));
                inner_places(part, &path, places);
            }
        }
        ExprKind::Parens(inner) => inner_places(inner, path, places),
        _ => {}
    }
}
