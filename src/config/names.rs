//! What references name.
//!
//! A reference is a root name and the fixed steps after it: attributes, and indexes with a literal key.
//! [`reference()`] says what the first of them name; the rest are steps into the value.

use crate::addr::Mode;
use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Expr, ExprKind, Ident, Part};

/// What is said of an expression where the name of a thing must stand.
pub const NOT_STATIC: &str = "A single static variable reference is required: only attribute access and \
                          indexing with constant keys. No calculations, function calls, template \
                          expressions, etc are allowed here.";

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `TYPE.NAME`, `data.TYPE.NAME`, `ephemeral.TYPE.NAME`, `resource.TYPE.NAME`.
    Resource(Mode, Ident, Ident),
    /// `module.NAME`, which may be followed by an instance's key and an output's name.
    Module(Ident),
    /// `var.NAME`.
    Variable(Ident),
    /// `local.NAME`.
    Local(Ident),
    /// `count.ATTRIBUTE`.
    Count(Ident),
    /// `each.ATTRIBUTE`.
    Each(Ident),
    /// `path.ATTRIBUTE`.
    Path(Ident),
    /// `terraform.ATTRIBUTE`.
    Terraform(Ident),
    /// `self`.
    Own,
}

/// A reference taken apart.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// What it names.
    pub subject: Subject,
    /// The place of what names it.
    pub span: Span,
    /// The steps after that, outermost last: each is the `Attribute`, `Index` or `Splat` expression whose source
    /// is the one before.
    pub rest: Vec<&'a Expr>,
}

/// Gives the root of a chain of attributes, indexes and splats.
pub fn root(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Attribute(source, _) | ExprKind::Index(source, _) => root(source),
        ExprKind::Splat { source, .. } => root(source),
        _ => expr,
    }
}

/// Gives the chain of an expression: the root first, the expression itself last.
pub fn chain(expr: &Expr) -> Vec<&Expr> {
    let mut chain = match &expr.kind {
        ExprKind::Attribute(source, _) | ExprKind::Index(source, _) => self::chain(source),
        ExprKind::Splat { source, .. } => self::chain(source),
        _ => Vec::new(),
    };
    chain.push(expr);
    chain
}

/// Says whether the whole expression is a root name with fixed steps.
pub fn is_static(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute(source, _) => is_static(source),
        ExprKind::Index(source, index) => is_static(source) && is_literal_key(index),
        _ => false,
    }
}

/// Takes a literal that is a word, at the root of a chain, for the name that it is where only references may stand.
pub fn worded(expr: Expr) -> Expr {
    let Expr { kind, span } = expr;
    let kind = match kind {
        ExprKind::Null => ExprKind::Name("null".to_string()),
        ExprKind::Bool(value) => ExprKind::Name(value.to_string()),
        ExprKind::Attribute(source, name) => ExprKind::Attribute(Box::new(worded(*source)), name),
        ExprKind::Index(source, index) => ExprKind::Index(Box::new(worded(*source)), index),
        kind => kind,
    };
    Expr { kind, span }
}

/// Says whether an index is a literal string or number.
pub fn is_literal_key(index: &Expr) -> bool {
    matches!(index.kind, ExprKind::Number(_)) || index.literal().is_some()
}

/// Says what an expression names, where it is a chain that begins with a name.
///
/// # Errors
/// The reference names nothing that can be: `Invalid reference` and the like.
pub fn reference(expr: &Expr) -> Option<Result<Reference<'_>, Box<Diagnostic>>> {
    let chain = chain(expr);
    match &chain.first()?.kind {
        ExprKind::Name(name) => Some(named(name, &chain).map_err(Box::new)),
        _ => None,
    }
}

/// Says what an expression names and which steps follow; nothing where it is no right reference.
pub fn subject(expr: &Expr) -> Option<(Subject, Vec<&Expr>)> {
    let reference = reference(expr)?.ok()?;
    Some((reference.subject, reference.rest))
}

fn invalid(detail: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error("Invalid reference", detail).at(span, "")
}

/// The steps of a chain that are fixed attributes, from the root on.
fn attributes<'a>(chain: &[&'a Expr]) -> Vec<&'a Ident> {
    let steps = chain.iter().skip(1);
    steps
        .map_while(|step| match &step.kind {
            ExprKind::Attribute(_, name) => Some(name),
            _ => None,
        })
        .collect()
}

/// The place of the fixed part of a chain.
fn fixed_span(chain: &[&Expr]) -> Span {
    let fixed = chain.iter().take_while(|expr| is_static(expr));
    fixed.last().map(|expr| expr.span).unwrap_or_default()
}

fn named<'a>(root: &str, chain: &[&'a Expr]) -> Result<Reference<'a>, Diagnostic> {
    let one = |make: fn(Ident) -> Subject| {
        let name = single(root, chain)?;
        Ok(Reference {
            subject: make(name.clone()),
            span: chain[1].span,
            rest: chain[2..].to_vec(),
        })
    };
    match root {
        "var" => one(Subject::Variable),
        "local" => one(Subject::Local),
        "count" => one(Subject::Count),
        "each" => one(Subject::Each),
        "path" => one(Subject::Path),
        "terraform" => one(Subject::Terraform),
        "module" => {
            let mut reference = one(Subject::Module)?;
            // The place of a reference to a module reaches to the output's name.
            let reach = reference.rest.iter().take(2).take_while(|expr| is_static(expr));
            let mut place = reference.span;
            for expr in reach {
                place = expr.span;
                if matches!(expr.kind, ExprKind::Attribute(..)) {
                    break;
                }
            }
            reference.span = place;
            Ok(reference)
        }
        "self" => {
            Ok(Reference { subject: Subject::Own, span: chain[0].span, rest: chain[1..].to_vec() })
        }
        "data" => resource(Mode::Data, 1, chain, DATA),
        "resource" => resource(Mode::Managed, 1, chain, RESOURCE),
        "ephemeral" => resource(Mode::Ephemeral, 1, chain, EPHEMERAL),
        "template" | "lazy" | "arg" => {
            let detail = format!(
                "The symbol name \"{root}\" is reserved for use in a future Terraform version. If you are \
                 using a provider that already uses this as a resource type name, add the prefix \
                 \"resource.\" to force interpretation as a resource type name."
            );
            Err(Diagnostic::error("Reserved symbol name", detail).at(chain[0].span, ""))
        }
        _ => resource(Mode::Managed, 0, chain, SHORT),
    }
}

const SHORT: &str = "A reference to a resource type must be followed by at least one attribute access, \
                     specifying the resource name.";
const DATA: &str = "The \"data\" object must be followed by two attribute names: the data source type and \
                    the resource name.";
const RESOURCE: &str = "The \"resource\" object must be followed by two attribute names: the resource type \
                        and the resource name.";
const EPHEMERAL: &str = "The \"ephemeral\" object must be followed by two attribute names: the ephemeral \
                         resource type and the resource name.";

/// Gives the one attribute that must follow an object like `var`.
fn single<'a>(root: &str, chain: &[&'a Expr]) -> Result<&'a Ident, Diagnostic> {
    match chain.get(1).map(|step| &step.kind) {
        Some(ExprKind::Attribute(_, name)) => Ok(name),
        Some(ExprKind::Index(_, index)) if is_literal_key(index) => {
            let span = Span { start: chain[0].span.end, ..chain[1].span };
            Err(invalid(format!("The \"{root}\" object does not support this operation."), span))
        }
        _ => Err(invalid(
            format!(
                "The \"{root}\" object cannot be accessed directly. Instead, access one of its attributes."
            ),
            chain[0].span,
        )),
    }
}

fn resource<'a>(
    mode: Mode,
    skip: usize,
    chain: &[&'a Expr],
    detail: &str,
) -> Result<Reference<'a>, Diagnostic> {
    let attributes = attributes(chain);
    let missing = || invalid(detail, fixed_span(chain));
    let (type_name, name) = if skip == 1 {
        (attributes.first().copied().cloned(), attributes.get(1))
    } else {
        let ExprKind::Name(text) = &chain[0].kind else { return Err(missing()) };
        (Some(Ident { text: text.clone(), span: chain[0].span }), attributes.first())
    };
    let (Some(type_name), Some(name)) = (type_name, name.copied()) else { return Err(missing()) };
    let end = skip + 1;
    let subject = Subject::Resource(mode, type_name, name.clone());
    Ok(Reference { subject, span: chain[end].span, rest: chain[end + 1..].to_vec() })
}

/// Gives all references in an expression, each the longest fixed chain, leaving out names that a `for` binds.
pub fn references(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    collect(expr, &mut Vec::new(), &mut found);
    found
}

fn collect<'a>(expr: &'a Expr, bound: &mut Vec<&'a str>, found: &mut Vec<&'a Expr>) {
    if let ExprKind::Name(name) = &root(expr).kind
        && is_static(expr)
    {
        if !bound.contains(&name.as_str()) {
            found.push(expr);
        }
        return;
    }
    match &expr.kind {
        ExprKind::For(inner) => {
            collect(&inner.collection, bound, found);
            let depth = bound.len();
            bound.extend(inner.key_name.iter().map(|name| name.text.as_str()));
            bound.push(&inner.value_name.text);
            for part in inner.key.iter().chain([&inner.value]).chain(&inner.condition) {
                collect(part, bound, found);
            }
            bound.truncate(depth);
        }
        ExprKind::Template(parts) => collect_parts(parts, bound, found),
        _ => children(expr, &mut |child| collect(child, bound, found)),
    }
}

fn collect_parts<'a>(parts: &'a [Part], bound: &mut Vec<&'a str>, found: &mut Vec<&'a Expr>) {
    for part in parts {
        match part {
            Part::Literal(..) => {}
            Part::Interpolation(expr) => collect(expr, bound, found),
            Part::If { condition, then, otherwise, .. } => {
                collect(condition, bound, found);
                collect_parts(then, bound, found);
                collect_parts(otherwise, bound, found);
            }
            Part::For { key_name, value_name, collection, body, .. } => {
                collect(collection, bound, found);
                let depth = bound.len();
                bound.extend(key_name.iter().map(|name| name.text.as_str()));
                bound.push(&value_name.text);
                collect_parts(body, bound, found);
                bound.truncate(depth);
            }
        }
    }
}

/// Visits an expression and all in it, outermost first.
pub fn walk<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    children(expr, &mut |child| walk(child, visit));
}

/// Visits the direct parts of an expression.
pub fn children<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Name(_)
        | ExprKind::Each
        | ExprKind::Unknown => {}
        ExprKind::Template(parts) => part_children(parts, visit),
        ExprKind::Attribute(inner, _) | ExprKind::Unary(_, inner) | ExprKind::Parens(inner) => {
            visit(inner)
        }
        ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        ExprKind::Splat { source, each, .. } => {
            visit(source);
            visit(each);
        }
        ExprKind::Call { arguments: parts, .. } | ExprKind::Tuple(parts) => {
            parts.iter().for_each(visit)
        }
        ExprKind::Conditional(condition, then, otherwise) => {
            [condition, then, otherwise].into_iter().for_each(|part| visit(part));
        }
        ExprKind::Object(items) => {
            for item in items {
                visit(&item.key);
                visit(&item.value);
            }
        }
        ExprKind::For(inner) => {
            let parts = [&inner.collection].into_iter().chain(&inner.key).chain([&inner.value]);
            parts.chain(&inner.condition).for_each(visit);
        }
    }
}

fn part_children<'a>(parts: &'a [Part], visit: &mut dyn FnMut(&'a Expr)) {
    for part in parts {
        match part {
            Part::Literal(..) => {}
            Part::Interpolation(expr) => visit(expr),
            Part::If { condition, then, otherwise, .. } => {
                visit(condition);
                part_children(then, visit);
                part_children(otherwise, visit);
            }
            Part::For { collection, body, .. } => {
                visit(collection);
                part_children(body, visit);
            }
        }
    }
}
