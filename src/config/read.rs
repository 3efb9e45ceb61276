//! What every kind of block needs when it is read: names, constants, references, places in messages.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, FileId, Sources, Span};
use crate::syntax;
use crate::syntax::tree::{Attribute, Block, Expr, ExprKind, Ident};
use crate::value::Value;

use super::names;
use super::{CheckRule, Module, constant};

/// The reading of one module.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    /// The files in JSON: there references are written as strings.
    pub(super) json: &'a BTreeSet<FileId>,
    pub(super) module: Module,
    pub(super) problems: Vec<Diagnostic>,
    /// What is only said when all else is right.
    pub(super) late: Vec<Diagnostic>,
    /// What the module asks of the language's version and is not so: then nothing but that is said.
    pub(super) versions: Vec<Diagnostic>,
    /// Places of blocks with those of the blocks in override files that changed them last.
    pub(super) overridden: &'a [(Span, Span)],
    /// Where the module comes from, in the words of its call.
    pub(super) source: String,
}

/// What is said of a name that cannot be one.
pub(super) const BAD_NAME: &str = "A name must start with a letter or underscore and may contain only letters, digits, underscores, \
     and dashes.";

const QUOTED: &str = "In this context, references are expected literally rather than in quotes. Terraform \
                      0.11 and earlier required quotes, but quoted references are now deprecated and will \
                      be removed in a future version of Terraform. Remove the quotes surrounding this \
                      reference to silence this warning.";

impl Reader<'_> {
    pub(super) fn error(&mut self, summary: &str, detail: impl Into<String>, span: Span) {
        self.problems.push(Diagnostic::error(summary, detail).at(span, ""));
    }

    /// Says whether a place is in a file in JSON.
    pub(super) fn is_json(&self, span: Span) -> bool {
        self.json.contains(&span.file)
    }

    /// Writes a place as messages have it: `main.tf:3,1-12`.
    pub(super) fn place(&self, span: Span) -> String {
        let (start, end) = (self.sources.start(span), self.sources.end(span));
        let name = self.sources.name(span.file);
        if start.line == end.line {
            return format!("{name}:{},{}-{}", start.line, start.column, end.column);
        }
        format!("{name}:{},{}-{},{}", start.line, start.column, end.line, end.column)
    }

    /// Checks a label that is a name.
    pub(super) fn check_name(&mut self, label: &Ident, summary: &str) {
        if !syntax::is_name(&label.text) {
            self.error(summary, BAD_NAME, label.span);
        }
    }

    /// Gives a constant's value; says what is wrong where it is none.
    pub(super) fn constant(&mut self, expr: &Expr) -> Option<Value> {
        if let Some(value) = constant::fold(expr) {
            return Some(value);
        }
        let forbidden = constant::forbidden(expr);
        // What could not be read is like what is not known.
        let unknown = !forbidden.is_empty() || matches!(expr.kind, ExprKind::Unknown);
        self.problems.extend(forbidden);
        if unknown {
            self.unsuitable("value must be known", expr);
        }
        None
    }

    /// Gives a constant bool.
    pub(super) fn constant_bool(&mut self, expr: &Expr) -> Option<bool> {
        let value = self.constant(expr)?;
        let truth = value.as_bool().or(match value.as_str() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        });
        if value.is_null() {
            self.null_constant(expr);
        } else if truth.is_none() {
            let required =
                if value.as_str().is_some() { "a bool is required" } else { "bool required" };
            self.unsuitable(required, expr);
        }
        truth
    }

    fn null_constant(&mut self, expr: &Expr) {
        self.unsuitable("null value is not allowed", expr);
    }

    /// Tells why a constant does not fit.
    fn unsuitable(&mut self, why: &str, expr: &Expr) {
        let detail = format!("Unsuitable value: {why}");
        let problem = Diagnostic::error("Unsuitable value type", detail).at(expr.start(), "");
        self.problems.push(problem.around(expr.span));
    }

    /// Gives a constant text.
    pub(super) fn constant_text(&mut self, expr: &Expr) -> Option<String> {
        use crate::value::Kind;
        match self.constant(expr)?.kind() {
            Kind::String(text) => Some(text.to_string()),
            Kind::Number(number) => Some(number.to_string()),
            Kind::Bool(value) => Some(value.to_string()),
            Kind::Null(_) => {
                self.null_constant(expr);
                None
            }
            _ => {
                self.unsuitable("string required", expr);
                None
            }
        }
    }

    /// Gives an argument's bool, or what holds without it.
    pub(super) fn flag(&mut self, attribute: Option<&Attribute>, default: bool) -> bool {
        attribute.and_then(|attribute| self.constant_bool(&attribute.expr)).unwrap_or(default)
    }

    /// Gives an argument's text, empty without it.
    pub(super) fn text(&mut self, attribute: Option<&Attribute>) -> String {
        attribute.and_then(|attribute| self.constant_text(&attribute.expr)).unwrap_or_default()
    }

    /// Gives the elements of a list that is written out.
    pub(super) fn list<'a>(&mut self, expr: &'a Expr) -> &'a [Expr] {
        match &expr.kind {
            ExprKind::Tuple(elements) => elements,
            _ => {
                self.error(
                    "Invalid expression",
                    "A static list expression is required.",
                    expr.start(),
                );
                &[]
            }
        }
    }

    /// Gives a fixed reference; one in quotes is taken out of them, with a warning in the native syntax.
    pub(super) fn reference(&mut self, expr: &Expr) -> Option<Expr> {
        let expr = names::worded(self.unquoted(expr));
        if names::is_static(&expr) {
            return Some(expr);
        }
        self.error("Invalid expression", names::NOT_STATIC, expr.span);
        None
    }

    /// Gives the reference to what a block is about, which may not be in quotes in the native syntax.
    pub(super) fn address(&mut self, expr: &Expr) -> Option<Expr> {
        if expr.literal().is_some() && !self.is_json(expr.span) {
            self.error("Invalid expression", names::NOT_STATIC, expr.span);
            return None;
        }
        self.reference(expr)
    }

    /// Takes an expression out of its quotes.
    pub(super) fn unquoted(&mut self, expr: &Expr) -> Expr {
        let Some(text) = expr.literal() else { return expr.clone() };
        let json = self.is_json(expr.span);
        // In JSON Terraform counts the quote as the text's first letter.
        let inside = expr.span.start + u32::from(!json);
        let Ok(mut inner) = syntax::parse_expression(expr.span.file, &text, inside) else {
            return expr.clone();
        };
        // Keywords are names where a reference is expected.
        if let Some(keyword) = self.keyword(&inner) {
            inner.kind = ExprKind::Name(keyword);
        }
        if !names::is_static(&inner) {
            return expr.clone();
        }
        if !json {
            let warning = Diagnostic::warning("Quoted references are deprecated", QUOTED);
            self.problems.push(warning.at(expr.span, ""));
            inner.span = expr.span;
        }
        inner
    }

    /// Gives an expression that must be one reference: in JSON it is a text.
    pub(super) fn single_reference(&mut self, expr: &Expr) -> Option<Expr> {
        if !self.is_json(expr.span) {
            // A text is none here.
            let text = expr.literal().is_some();
            return Some(if text { expr.clone() } else { self.unquoted(expr) });
        }
        let source = self.sources.slice(expr.span);
        let quoted = source.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let (Some(quoted), true) =
            (quoted, matches!(expr.kind, ExprKind::Template(_) | ExprKind::Unknown))
        else {
            let detail = "A single reference string is required.";
            self.error("Invalid reference expression", detail, expr.span);
            return None;
        };
        let text = expr.literal().unwrap_or_else(|| quoted.to_string());
        // Terraform counts the quote as the text's first letter.
        match syntax::parse_expression(expr.span.file, &text, expr.span.start) {
            Ok(inner) => Some(inner),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    /// Gives a bare word.
    pub(super) fn keyword(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Null => Some("null".to_string()),
            ExprKind::Bool(value) => Some(value.to_string()),
            _ if self.is_json(expr.span) => expr.literal().filter(|text| syntax::is_name(text)),
            _ => None,
        }
    }

    /// Gives the references of a `depends_on`.
    pub(super) fn depends_on(&mut self, expr: Option<&Expr>) -> Vec<Expr> {
        let Some(expr) = expr else { return Vec::new() };
        let mut found = Vec::new();
        for element in self.list(expr) {
            let Some(reference) = self.reference(element) else { continue };
            found.push(reference);
        }
        found
    }

    /// Warns of a keyword in quotes.
    pub(super) fn warn_quoted_keyword(&mut self, span: Span) {
        let detail = "In this context, keywords are expected literally rather than in quotes. Terraform 0.11 \
                      and earlier required quotes, but quoted keywords are now deprecated and will be \
                      removed in a future version of Terraform. Remove the quotes surrounding this keyword \
                      to silence this warning.";
        let warning = Diagnostic::warning("Quoted keywords are deprecated", detail);
        self.problems.push(warning.at(span, ""));
    }

    /// Refuses `count` and `for_each` together.
    pub(super) fn repetition(&mut self, count: bool, for_each: Option<&Attribute>) {
        if let (true, Some(attribute)) = (count, for_each) {
            let detail = "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one \
                          should be used to be explicit about the number of resources to be created.";
            let summary = "Invalid combination of \"count\" and \"for_each\"";
            self.error(summary, detail, attribute.name.span);
        }
    }

    /// Reads a block with a `condition` and an `error_message`; `kind` is how messages call it.
    pub(super) fn check_rule(&mut self, block: &Block, kind: &str) -> Option<CheckRule> {
        let content = self.content(&block.body, &RULE);
        let condition = content.expr("condition").cloned();
        if let Some(condition) = &condition
            && names::references(condition).is_empty()
        {
            let detail = "The condition expression must refer to at least one object from elsewhere in \
                              the configuration, or else its result would not be checking anything.";
            self.error(&format!("Invalid {kind} expression"), detail, condition.span);
            return None;
        }
        let error_message = content.expr("error_message").cloned()?;
        Some(CheckRule { condition: condition?, error_message, span: block.header })
    }
}

const RULE: super::body::Shape =
    super::body::Shape { arguments: &[("condition", true), ("error_message", true)], blocks: &[] };
