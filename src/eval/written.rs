//! How a body was written: the JSON form's nested blocks, and fields that are going away.
//!
//! JSON does not tell arguments from nested blocks; only the schema does. So a property that the schema
//! has as a block is made blocks here, and the rest of the evaluation knows one form.

use std::collections::BTreeMap;

use super::reference::Chain;
use crate::config::{IgnoreChanges, Resource};
use crate::diag::{Diagnostic, Sources, Span};
use crate::schema::{BlockKind, Field, Given, Nesting};
use crate::syntax::tree::{Attribute, Block, Body, Expr, ExprKind, Ident, Item};

/// Gives the body with the properties of a JSON file that stand for blocks made blocks; nothing where there is
/// none such.
pub fn from_json(body: &Body, fields: &BTreeMap<String, Field>, sources: &Sources) -> Option<Body> {
    let of_json = |attribute: &Attribute| sources.name(attribute.span.file).ends_with(".json");
    let stands_for_blocks = |attribute: &Attribute| {
        let name = attribute.name.text.as_str();
        name == "dynamic"
            || matches!(fields.get(name).map(|field| &field.nesting), Some(Nesting::Block(_)))
    };
    if !body.attributes.iter().any(|attribute| stands_for_blocks(attribute) && of_json(attribute)) {
        return None;
    }
    let mut made = Body { attributes: Vec::new(), ..body.clone() };
    for attribute in &body.attributes {
        if !stands_for_blocks(attribute) {
            made.attributes.push(attribute.clone());
            continue;
        }
        let labels = match fields.get(&attribute.name.text).map(|field| &field.nesting) {
            Some(Nesting::Block(shape)) => usize::from(shape.kind == BlockKind::Map),
            Some(Nesting::Attribute) | None => 1,
        };
        blocks(&attribute.name, &attribute.expr, labels, &mut Vec::new(), &mut made.blocks);
    }
    Some(made)
}

/// Makes the blocks of a property: a level of objects for each label, then one body or a list of them.
fn blocks(kind: &Ident, expr: &Expr, labels: usize, given: &mut Vec<Ident>, out: &mut Vec<Block>) {
    match &expr.kind {
        ExprKind::Tuple(parts) => {
            for part in parts {
                blocks(kind, part, labels, given, out);
            }
        }
        ExprKind::Object(items) if given.len() < labels => {
            for item in items {
                given.push(name_of(item));
                blocks(kind, &item.value, labels, given, out);
                given.pop();
            }
        }
        ExprKind::Object(items) => {
            let header = given.last().map_or(kind.span, |label| label.span);
            let body = inside(items, expr.span, kind.text == "dynamic");
            let span = kind.span.to(expr.span);
            out.push(Block { kind: kind.clone(), labels: given.clone(), body, header, span });
        }
        _ => {}
    }
}

/// Makes a body of an object's items; in a `dynamic` block `content` is a block of its own.
fn inside(items: &[Item], span: Span, dynamic: bool) -> Body {
    let end = Span { start: span.end.saturating_sub(1).max(span.start), ..span };
    let mut body = Body { attributes: Vec::new(), blocks: Vec::new(), span, end };
    for item in items {
        let name = name_of(item);
        if dynamic && name.text == "content" {
            blocks(&name, &item.value, 0, &mut Vec::new(), &mut body.blocks);
        } else if name.text != "//" {
            let span = name.span.to(item.value.span);
            body.attributes.push(Attribute { name, expr: item.value.clone(), span });
        }
    }
    body
}

fn name_of(item: &Item) -> Ident {
    Ident { text: item.key.literal().unwrap_or_default(), span: item.key.span }
}

/// Tells of arguments and blocks that are going away.
pub(super) fn deprecations(body: &Body, fields: &BTreeMap<String, Field>) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for attribute in &body.attributes {
        let instead = fields.get(&attribute.name.text).and_then(|field| field.deprecated.as_ref());
        if let Some(instead) = instead {
            told.push(going_away(instead, attribute.expr.span));
        }
    }
    for block in &body.blocks {
        let (name, content) = match (block.kind.text.as_str(), block.labels.first()) {
            ("dynamic", Some(label)) => (label, block.body.blocks("content").next()),
            _ => (&block.kind, Some(block)),
        };
        let Some(field) = fields.get(&name.text) else { continue };
        if let Some(instead) = &field.deprecated {
            told.push(going_away(instead, name.span));
        }
        if let (Nesting::Block(shape), Some(content)) = (&field.nesting, content) {
            told.extend(deprecations(&content.body, &shape.fields));
        }
    }
    told
}

fn going_away(instead: &str, span: Span) -> Diagnostic {
    Diagnostic::warning("Argument is deprecated", instead).at(span, "")
}

/// Warns of parts in `ignore_changes` that only the service decides: there is nothing to ignore.
pub(super) fn redundant(resource: &Resource, fields: &BTreeMap<String, Field>) -> Vec<Diagnostic> {
    let IgnoreChanges::Paths(paths) = &resource.lifecycle.ignore_changes else { return Vec::new() };
    let named = paths.iter().map(|path| Chain::new(path).name().0.to_string());
    // A name that there is none of is an error, after which nothing more is told.
    let named = named.take_while(|name| fields.contains_key(name));
    let decided =
        named.filter(|name| fields.get(name).is_some_and(|field| field.given == Given::Service));
    let warning = |name: String| {
        let detail = format!(
            "Adding an attribute name to ignore_changes tells Terraform to ignore future changes to the argument in \
             configuration after the object has been created, retaining the value originally configured.\n\nThe attribute \
             {name} is decided by the provider alone and therefore there can be no configured value to compare with. \
             Including this attribute in ignore_changes has no effect. Remove the attribute from ignore_changes to quiet \
             this warning."
        );
        Diagnostic::warning("Redundant ignore_changes element", detail)
            .at(resource.type_name.span, "")
    };
    decided.map(warning).collect()
}
