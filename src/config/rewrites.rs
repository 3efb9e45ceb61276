//! `moved`, `removed` and `import` blocks.

use crate::addr::{Address, BlockName, Key, Mode, Step, Target};
use crate::diag::Span;
use crate::syntax::tree::{Block, Expr, ExprKind};

use super::body::Shape;
use super::read::Reader;
use super::{Import, Moved, Removed, names};

const MOVED: Shape = Shape { arguments: &[("from", true), ("to", true)], blocks: &[] };

const REMOVED: Shape = Shape {
    arguments: &[("from", true)],
    blocks: &[("lifecycle", &[]), ("provisioner", &["type"])],
};

const DESTROY: Shape = Shape { arguments: &[("destroy", false)], blocks: &[] };

const IMPORT: Shape = Shape {
    arguments: &[
        ("provider", false),
        ("for_each", false),
        ("id", false),
        ("to", true),
        ("identity", false),
    ],
    blocks: &[],
};

/// First names that no resource type can have.
const KEYWORDS: &[&str] =
    &["count", "each", "local", "module", "path", "terraform", "var", "self", "output", "template"];

impl Reader<'_> {
    pub(super) fn moved(&mut self, block: &Block) {
        let content = self.content(&block.body, &MOVED);
        let from = content.expr("from").and_then(|expr| self.target(expr));
        let to = content.expr("to").and_then(|expr| self.target(expr));
        let (Some((from, _)), Some((to, _))) = (from, to) else { return };
        let same_kind = matches!(
            (&from, &to),
            (Target::Module(_), Target::Module(_)) | (Target::Resource(_), Target::Resource(_))
        );
        if !same_kind {
            let detail = "The \"from\" and \"to\" addresses must either both refer to resources or both \
                          refer to modules.";
            self.error("Invalid \"moved\" addresses", detail, block.header);
            return;
        }
        self.module.moved.push(Moved { from, to, span: block.header });
    }

    pub(super) fn removed(&mut self, block: &Block) {
        let content = self.content(&block.body, &REMOVED);
        let from = content.expr("from").and_then(|expr| self.target(expr));
        let mut destroy = true;
        for inner in content.of("lifecycle") {
            let lifecycle = self.content(&inner.body, &DESTROY);
            destroy = self.flag(lifecycle.attribute("destroy"), true);
        }
        let Some((from, key)) = from else { return };
        if matches!(&from, Target::Resource(address) if address.mode == Mode::Data) {
            let detail = "Data sources are never destroyed, so they are not valid targets of removed blocks. \
                          To remove the data source from state, remove the data source block from \
                          configuration.";
            let span = content.expr("from").map_or(block.header, |expr| expr.span);
            self.error("Data source address not allowed", detail, span);
            return;
        }
        if let Some(span) = key {
            let (summary, detail) = match from {
                Target::Module(_) => (
                    "Module instance keys not allowed",
                    "Module address must be a module (e.g. \"module.foo\"), not a module instance (e.g. \
                     \"module.foo[1]\").",
                ),
                Target::Resource(_) => (
                    "Resource instance keys not allowed",
                    "Resource address must be a resource (e.g. \"test_instance.foo\"), not a resource \
                     instance (e.g. \"test_instance.foo[1]\").",
                ),
            };
            self.error(summary, detail, span);
            return;
        }
        self.module.removed.push(Removed {
            from,
            destroy,
            provisioners: content.of("provisioner").cloned().collect(),
            span: block.header,
        });
    }

    /// Says whether an import can be to an address.
    fn importable(&mut self, to: &Expr, argument: Span) -> bool {
        match fixed_part(to).map(|fixed| target_of(&fixed)) {
            Ok(Ok((Target::Resource(address), _))) if address.mode == Mode::Managed => return true,
            Ok(Ok((Target::Resource(_), _))) => {}
            Ok(Ok((Target::Module(_), _))) => {
                let detail = "A resource instance address is required here. The module path must be \
                              followed by a resource instance specification.";
                self.error("Invalid address", detail, to.span);
            }
            Ok(Err((detail, span))) => self.error("Invalid address", detail, span),
            Err(span) => self.error("Invalid expression", names::NOT_STATIC, span),
        }
        let detail = "Only managed resources can be imported.";
        self.error("Invalid import address", detail, argument);
        false
    }

    pub(super) fn import(&mut self, block: &Block) {
        let content = self.content(&block.body, &IMPORT);
        if !self.module.path.is_empty() {
            let path: Vec<String> =
                self.module.path.iter().map(|name| format!("module.{name}")).collect();
            let detail = format!(
                "An import block was detected in \"{}\". Import blocks are only allowed in the root module.",
                path.join(".")
            );
            self.error("Invalid import configuration", detail, block.header);
            return;
        }
        let id = content.expr("id").cloned();
        let identity = content.expr("identity").cloned();
        if id.is_none() && identity.is_none() {
            self.problems.push(super::body::missing_argument("id", block.body.end));
            return;
        }
        let provider = content.attribute("provider").and_then(|attribute| {
            Some((attribute.span, self.provider_reference(&attribute.expr)?))
        });
        let Some(attribute) = content.attribute("to") else { return };
        let Some(to) = self.single_reference(&attribute.expr) else { return };
        if !self.importable(&to, attribute.span) {
            return;
        }
        if names::is_static(&to) {
            let text = self.sources.slice(to.span).trim_matches('"').to_string();
            let same = |import: &&Import| {
                names::is_static(&import.to)
                    && self.sources.slice(import.to.span).trim_matches('"') == text
            };
            // Each of those before is told of, by the block and without keys.
            let formers: Vec<Span> =
                self.module.imports.iter().filter(same).map(|former| former.span).collect();
            let block = without_keys(&text);
            for former in formers {
                let detail = format!(
                    "An import block for the resource \"{block}\" was already declared at {}. A resource can \
                     have only one import block.",
                    self.place(former)
                );
                let summary = format!("Duplicate import configuration for \"{block}\"");
                self.error(&summary, detail, to.span);
            }
        }
        let for_each = content.expr("for_each").cloned();
        let provided = provider.as_ref().map(|(span, _)| *span);
        let provider = provider.map(|(_, provider)| provider);
        let import = Import { to, id, identity, for_each, provider, provided, span: block.header };
        self.module.imports.push(import);
    }

    /// Reads the address of a block, an instance or a module, with the place of its last key.
    pub(super) fn target(&mut self, expr: &Expr) -> Option<(Target, Option<Span>)> {
        let expr = self.address(expr)?;
        match target_of(&expr) {
            Ok(found) => Some(found),
            Err((detail, span)) => {
                self.error("Invalid address", detail, span);
                None
            }
        }
    }
}

/// A step of an address: its name with its key.
struct Word<'a> {
    name: &'a str,
    key: Option<(Key, Span)>,
    span: Span,
}

/// Takes from an address the indexes that are to be worked out.
///
/// # Errors
/// The place of what no address can have.
fn fixed_part(expr: &Expr) -> Result<Expr, Span> {
    let kind = match &expr.kind {
        ExprKind::Name(_) => return Ok(expr.clone()),
        ExprKind::Attribute(source, name) => {
            ExprKind::Attribute(Box::new(fixed_part(source)?), name.clone())
        }
        ExprKind::Index(source, index) => {
            let source = fixed_part(source)?;
            if !index.is_constant_key() {
                return Ok(Expr { span: expr.span, ..source });
            }
            ExprKind::Index(Box::new(source), index.clone())
        }
        _ => return Err(expr.span),
    };
    Ok(Expr { kind, span: expr.span })
}

impl Import {
    /// Gives the address that it is to, where that is written out: without turns.
    pub fn address(&self) -> Option<Address> {
        match target_of(&self.to) {
            Ok((Target::Resource(address), _)) => Some(address),
            _ => None,
        }
    }
}

fn target_of(expr: &Expr) -> Result<(Target, Option<Span>), (String, Span)> {
    let words = words(expr)?;
    let mut rest = &words[..];
    let mut module = Vec::new();
    let mut key_span = None;
    while let [Word { name: "module", key: None, span }, after @ ..] = rest {
        let [call, after @ ..] = after else {
            let detail = "Prefix \"module.\" must be followed by a module name.";
            return Err((detail.to_string(), *span));
        };
        let key = call.key.clone();
        key_span = key.as_ref().map(|(_, span)| *span).or(key_span);
        module.push(Step { name: call.name.to_string(), key: key.map(|(key, _)| key) });
        rest = after;
    }
    if rest.is_empty() {
        return Ok((Target::Module(module), key_span));
    }
    let mode = match rest {
        [Word { name: "data", key: None, .. }, after @ ..] => {
            rest = after;
            Mode::Data
        }
        [Word { name: "ephemeral", key: None, .. }, after @ ..] => {
            rest = after;
            Mode::Ephemeral
        }
        [Word { name: "resource", key: None, .. }, after @ ..] => {
            rest = after;
            Mode::Managed
        }
        [Word { name, .. }, ..] if KEYWORDS.contains(name) => {
            let detail = format!(
                "The keyword \"{name}\" is reserved and cannot be used to target a resource address. If you \
                 are targeting a resource type that uses a reserved keyword, please prefix your address \
                 with \"resource.\"."
            );
            return Err((detail, expr.span));
        }
        _ => Mode::Managed,
    };
    let [type_name, name, after @ ..] = rest else {
        if let [Word { key: Some((_, span)), .. }] = rest {
            return Err(("A resource name is required.".into(), *span));
        }
        let span = rest.first().map_or(expr.span, |word| word.span);
        return Err(("Resource specification must include a resource type and name.".into(), span));
    };
    if let Some(extra) = after.first() {
        let detail = if name.key.is_some() {
            "Unexpected extra operators after address."
        } else {
            "Resource instance key must be given in square brackets."
        };
        return Err((detail.into(), extra.span));
    }
    if let Some((_, span)) = type_name.key {
        return Err(("A resource name is required.".into(), span));
    }
    let key = name.key.clone();
    key_span = key.as_ref().map(|(_, span)| *span).or(key_span);
    let (type_name, name) = (type_name.name.to_string(), name.name.to_string());
    let block = Address::from(BlockName { module, mode, type_name, name });
    Ok((Target::Resource(block.with_key(key.map(|(key, _)| key))), key_span))
}

fn words(expr: &Expr) -> Result<Vec<Word<'_>>, (String, Span)> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut end = expr.span.start;
    for step in names::chain(expr) {
        let span = Span { start: end, ..step.span };
        end = step.span.end;
        match &step.kind {
            ExprKind::Name(name) => words.push(Word { name, key: None, span }),
            ExprKind::Attribute(_, name) => words.push(Word { name: &name.text, key: None, span }),
            ExprKind::Index(_, index) => {
                let key = match &index.kind {
                    ExprKind::Number(digits) => digits.parse().ok().map(Key::Number),
                    _ => index.literal().map(|text| Key::String(text.into())),
                };
                match (key, words.last_mut().filter(|word| word.key.is_none())) {
                    (Some(key), Some(word)) => word.key = Some((key, span)),
                    (None, Some(_)) => {
                        let detail = "Invalid resource instance key: either a string or an integer is required.";
                        return Err((detail.into(), span));
                    }
                    _ => {
                        let detail = "Unexpected extra operators after address.";
                        return Err((detail.into(), span));
                    }
                }
            }
            _ => return Err(("Resource address must be a reference.".into(), span)),
        }
    }
    Ok(words)
}

/// Leaves out of an address what stands in brackets.
fn without_keys(address: &str) -> String {
    let mut text = String::new();
    for (place, part) in address.split('[').enumerate() {
        let rest = if place == 0 { Some(part) } else { part.split_once(']').map(|(_, rest)| rest) };
        text += rest.unwrap_or_default();
    }
    text
}
