//! What a block may contain, checked: the arguments and nested blocks that its kind has.

use crate::diag::{Diagnostic, Span, nearest_within};
use crate::syntax::tree::{Attribute, Block, Body, Expr};

use super::read::Reader;

/// What a body may contain.
pub(super) struct Shape {
    /// Arguments; true where one must be given.
    pub(super) arguments: &'static [(&'static str, bool)],
    /// Nested blocks with the names of their labels.
    pub(super) blocks: &'static [(&'static str, &'static [&'static str])],
}

/// What a body has.
pub(super) struct Content<'a> {
    body: &'a Body,
    /// The nested blocks with the right number of labels, in order.
    pub(super) blocks: Vec<&'a Block>,
}

impl<'a> Content<'a> {
    /// Gives an argument.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        self.body.attribute(name)
    }

    /// Gives an argument's expression.
    pub(super) fn expr(&self, name: &str) -> Option<&'a Expr> {
        self.attribute(name).map(|attribute| &attribute.expr)
    }

    /// Gives the nested blocks of a kind.
    pub(super) fn of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'a Block> + 'b {
        self.blocks.iter().copied().filter(move |block| block.kind.text == kind)
    }
}

impl Reader<'_> {
    /// Checks a body that may contain only what its shape has.
    pub(super) fn content<'a>(&mut self, body: &'a Body, shape: &Shape) -> Content<'a> {
        for attribute in &body.attributes {
            if !shape.arguments.iter().any(|(name, _)| *name == attribute.name.text) {
                let json = self.is_json(attribute.span);
                let problem = unsupported_argument(attribute, shape, body, json);
                self.problems.push(problem);
            }
        }
        for block in &body.blocks {
            if !shape.blocks.iter().any(|(kind, _)| *kind == block.kind.text) {
                self.problems.push(unsupported_block(block, shape));
            }
        }
        self.partial(body, shape)
    }

    /// Checks a body that may contain more than its shape has.
    pub(super) fn partial<'a>(&mut self, body: &'a Body, shape: &Shape) -> Content<'a> {
        for (name, required) in shape.arguments {
            if *required && body.attribute(name).is_none() {
                self.problems.push(missing_argument(name, body.end));
            }
        }
        let mut blocks = Vec::new();
        for block in &body.blocks {
            let Some((_, labels)) = shape.blocks.iter().find(|(kind, _)| *kind == block.kind.text)
            else {
                continue;
            };
            match wrong_labels(block, labels) {
                Some(problem) => self.problems.push(problem),
                None => blocks.push(block),
            }
        }
        Content { body, blocks }
    }
}

/// Gives what a body has besides its shape.
pub(super) fn remain(body: &Body, shape: &Shape) -> Body {
    let known_argument = |name: &str| shape.arguments.iter().any(|(known, _)| *known == name);
    let known_block = |name: &str| shape.blocks.iter().any(|(known, _)| *known == name);
    let attributes = body.attributes.iter().filter(|of| !known_argument(&of.name.text));
    let blocks = body.blocks.iter().filter(|block| !known_block(&block.kind.text));
    let (attributes, blocks) = (attributes.cloned().collect(), blocks.cloned().collect());
    Body { attributes, blocks, ..*body }
}

/// An argument that must be given and is not.
pub(super) fn missing_argument(name: &str, at: Span) -> Diagnostic {
    let detail = format!("The argument \"{name}\" is required, but no definition was found.");
    Diagnostic::error("Missing required argument", detail).at(at, "")
}

/// A property of a JSON file that the block does not have, with the name that may be meant.
pub(super) fn extraneous(attribute: &Attribute, near: Option<&str>) -> Diagnostic {
    let hint = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
    let detail = format!("No argument or block type is named \"{}\".{hint}", attribute.name.text);
    Diagnostic::error("Extraneous JSON object property", detail).at(attribute.name.span, "")
}

/// An argument that the block does not have.
pub(super) fn unsupported_argument(
    attribute: &Attribute,
    shape: &Shape,
    body: &Body,
    json: bool,
) -> Diagnostic {
    let name = &attribute.name.text;
    if json {
        let arguments = shape.arguments.iter().map(|(known, _)| *known);
        let known = arguments.chain(shape.blocks.iter().map(|(known, _)| *known));
        return extraneous(attribute, nearest_within(name, known.filter(|known| *known != "_")));
    }
    let detail = format!("An argument named \"{name}\" is not expected here.");
    let problem = Diagnostic::error("Unsupported argument", detail).at(attribute.name.span, "");
    if shape.blocks.iter().any(|(kind, _)| kind == name) {
        return problem.detail_more(format!("Did you mean to define a block of type \"{name}\"?"));
    }
    let free = shape.arguments.iter().map(|(known, _)| *known);
    let free = free.filter(|known| body.attribute(known).is_none());
    match nearest_within(name, free) {
        Some(near) => problem.detail_more(format!("Did you mean \"{near}\"?")),
        None => problem,
    }
}

/// A nested block that the block does not have.
pub(super) fn unsupported_block(block: &Block, shape: &Shape) -> Diagnostic {
    let kind = &block.kind.text;
    let detail = format!("Blocks of type \"{kind}\" are not expected here.");
    let problem = Diagnostic::error("Unsupported block type", detail).at(block.kind.span, "");
    if shape.arguments.iter().any(|(name, _)| name == kind) {
        return problem.detail_more(format!(
            "Did you mean to define argument \"{kind}\"? If so, use the equals sign to assign it a value."
        ));
    }
    match nearest_within(kind, shape.blocks.iter().map(|(known, _)| *known)) {
        Some(near) => problem.detail_more(format!("Did you mean \"{near}\"?")),
        None => problem,
    }
}

fn wrong_labels(block: &Block, expected: &[&str]) -> Option<Diagnostic> {
    let kind = &block.kind.text;
    let names = expected.join(", ");
    let count = expected.len();
    if let Some(extra) = block.labels.get(count) {
        let detail = match count {
            0 => format!("No labels are expected for {kind} blocks."),
            _ => format!("Only {count} labels ({names}) are expected for {kind} blocks."),
        };
        return Some(
            Diagnostic::error(format!("Extraneous label for {kind}"), detail).at(extra.span, ""),
        );
    }
    if block.labels.len() < count {
        let missing = expected[block.labels.len()];
        let detail = format!("All {kind} blocks must have {count} labels ({names}).");
        let summary = format!("Missing {missing} for {kind}");
        let inside = block.body.span;
        let brace = if inside.start < block.span.end {
            Span { start: inside.start.saturating_sub(1), end: inside.start, ..inside }
        } else {
            block.kind.span
        };
        return Some(Diagnostic::error(summary, detail).at(brace, ""));
    }
    None
}
