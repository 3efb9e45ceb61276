//! Type constraints of variables: `list(object({ a = optional(string, "x") }))`.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Expr, ExprKind, Part};
use crate::value::Type;
use crate::value::constraint::{Constraint, Member, conform};

use super::constant;
use super::read::Reader;

const SUMMARY: &str = "Invalid type specification";

impl Reader<'_> {
    /// Reads the type of a variable: there a bare `list` or `map` is one of anything.
    pub(super) fn variable_constraint(&mut self, expr: &Expr) -> Constraint {
        if let (ExprKind::Template(parts), false) = (&expr.kind, self.is_json(expr.span)) {
            match (expr.literal(), &parts[..]) {
                (Some(text), _) => {
                    self.quoted_constraint(&text, expr.span);
                    return Constraint::Any;
                }
                (None, [Part::Interpolation(_)]) => {}
                (None, _) => {
                    self.problems.extend(constant::forbidden(expr));
                    return Constraint::Any;
                }
            }
        }
        match self.keyword(expr).as_deref() {
            Some("list") => Constraint::List(Box::new(Constraint::Any)),
            Some("map") => Constraint::Map(Box::new(Constraint::Any)),
            _ => self.constraint(expr),
        }
    }

    /// Reads a type constraint.
    pub(super) fn constraint(&mut self, expr: &Expr) -> Constraint {
        if let Some(text) = expr.literal().filter(|_| self.is_json(expr.span)) {
            // As if the quote were the text's first letter, and a keyword all of it.
            let start = expr.span.start;
            if let Ok(mut inner) = crate::syntax::parse_expression(expr.span.file, &text, start) {
                if let ExprKind::Name(_) = inner.kind {
                    inner.span = expr.span;
                }
                return self.constraint(&inner);
            }
        }
        match &expr.kind {
            ExprKind::Call { name, arguments, .. } => self.constructed(&name.text, arguments, expr),
            ExprKind::Name(keyword) => self.plain(keyword, expr.span),
            ExprKind::Null => self.plain("null", expr.span),
            ExprKind::Bool(value) => self.plain(&value.to_string(), expr.span),
            _ => {
                let detail = "A type specification is either a primitive type keyword (bool, number, string) \
                              or a complex type constructor call, like list(string).";
                self.error(SUMMARY, detail, expr.span);
                Constraint::Any
            }
        }
    }

    fn quoted_constraint(&mut self, text: &str, span: Span) {
        let start = "Terraform 0.11 and earlier required type constraints to be given in quotes, but that \
                     form is now deprecated and will be removed in a future version of Terraform. Remove the \
                     quotes around";
        let detail = match text {
            "string" => format!("{start} \"string\"."),
            "list" | "map" => format!(
                "{start} \"{text}\" and write {text}(string) instead to explicitly indicate that the {text} \
                 elements are strings."
            ),
            _ => {
                let detail = "To provide a full type expression, remove the surrounding quotes and give the \
                              type expression directly.";
                self.error("Invalid legacy variable type hint", detail, span);
                return;
            }
        };
        self.error("Invalid quoted type constraints", detail, span);
    }

    fn plain(&mut self, keyword: &str, span: Span) -> Constraint {
        let detail = match keyword {
            "bool" => return Constraint::Primitive(Type::Bool),
            "string" => return Constraint::Primitive(Type::String),
            "number" => return Constraint::Primitive(Type::Number),
            "any" => return Constraint::Any,
            "list" | "set" | "map" => format!(
                "The {keyword} type constructor requires one argument specifying the element type."
            ),
            "object" => "The object type constructor requires one argument specifying the attribute types \
                         and values as a map."
                .to_string(),
            "tuple" => {
                "The tuple type constructor requires one argument specifying the element types as a list."
                    .to_string()
            }
            _ => format!("The keyword \"{keyword}\" is not a valid type specification."),
        };
        self.error(SUMMARY, detail, span);
        Constraint::Any
    }

    fn misplaced_optional(&mut self, span: Span) -> Constraint {
        let detail = "Keyword \"optional\" is valid only as a modifier for object type attributes.";
        self.error(SUMMARY, detail, span);
        Constraint::Any
    }

    fn constructed(&mut self, name: &str, arguments: &[Expr], expr: &Expr) -> Constraint {
        let ExprKind::Call { name: ident, .. } = &expr.kind else { return Constraint::Any };
        match name {
            "bool" | "string" | "number" | "any" => {
                let detail =
                    format!("Primitive type keyword \"{name}\" does not expect arguments.");
                let detail = if name == "any" {
                    "Type constraint keyword \"any\" does not expect arguments.".to_string()
                } else {
                    detail
                };
                let parens = Span { start: ident.span.end, ..expr.span };
                self.error(SUMMARY, detail, parens);
                return Constraint::Any;
            }
            "optional" => return self.misplaced_optional(ident.span),
            "list" | "set" | "map" | "object" | "tuple" => {}
            _ => {
                let detail = format!("Keyword \"{name}\" is not a valid type constructor.");
                self.error(SUMMARY, detail, expr.span);
                return Constraint::Any;
            }
        }
        let [argument] = arguments else {
            let what = match name {
                "object" => "the attribute types and values as a map",
                "tuple" => "the element types as a list",
                _ => "the element type",
            };
            let detail =
                format!("The {name} type constructor requires one argument specifying {what}.");
            let parens = Span { start: ident.span.end, ..expr.span };
            let span = arguments.get(1).map_or(parens, |second| {
                arguments.last().map_or(second.span, |last| second.span.to(last.span))
            });
            self.problems.push(Diagnostic::error(SUMMARY, detail).at(span, "").around(parens));
            return Constraint::Any;
        };
        match name {
            "list" => Constraint::List(Box::new(self.constraint(argument))),
            "set" => Constraint::Set(Box::new(self.constraint(argument))),
            "map" => Constraint::Map(Box::new(self.constraint(argument))),
            "tuple" => self.tuple(argument),
            _ => self.object(argument),
        }
    }

    fn tuple(&mut self, argument: &Expr) -> Constraint {
        let ExprKind::Tuple(parts) = &argument.kind else {
            let detail = "Tuple type constructor requires a list of element types.";
            self.error(SUMMARY, detail, argument.span);
            return Constraint::Any;
        };
        Constraint::Tuple(parts.iter().map(|part| self.constraint(part)).collect())
    }

    fn object(&mut self, argument: &Expr) -> Constraint {
        let ExprKind::Object(items) = &argument.kind else {
            let detail = "Object type constructor requires a map whose keys are attribute names and whose \
                          values are the corresponding attribute types.";
            self.error(SUMMARY, detail, argument.span);
            return Constraint::Any;
        };
        let mut members = BTreeMap::new();
        for item in items {
            let Some(name) =
                item.key.literal().filter(|_| item.bare || self.is_json(item.key.span))
            else {
                let detail = "Object constructor map keys must be attribute names.";
                self.error(SUMMARY, detail, item.key.span);
                continue;
            };
            let member = self.member(&item.value);
            if members.insert(name, member).is_some() {
                let detail = "Object constructor map keys must be unique.";
                self.error(SUMMARY, detail, item.key.span);
            }
        }
        Constraint::Object(members)
    }

    fn member(&mut self, expr: &Expr) -> Member {
        let plain = |constraint| Member { constraint, optional: false, default: None };
        let ExprKind::Call { name, arguments, .. } = &expr.kind else {
            return plain(self.constraint(expr));
        };
        if name.text != "optional" {
            return plain(self.constraint(expr));
        }
        let Some(first) = arguments.first() else {
            let detail = "Optional attribute modifier requires the attribute type as its argument.";
            let span = Span { start: name.span.end, ..expr.span };
            self.error(SUMMARY, detail, span);
            return plain(Constraint::Any);
        };
        if arguments.len() > 2 {
            let detail = "Optional attribute modifier expects at most two arguments: the attribute type, \
                          and a default value.";
            let span = Span { start: name.span.end, ..expr.span };
            self.error(SUMMARY, detail, span);
        }
        let constraint = self.constraint(first);
        let default = arguments.get(1).and_then(|default| {
            let folded = constant::fold(default);
            match &folded {
                None => self.problems.extend(constant::forbidden(default)),
                Some(value) => {
                    if let Err(error) = conform(value, &constraint) {
                        let detail = format!(
                            "This default value is not compatible with the attribute's type constraint: {}.",
                            error.message
                        );
                        let summary = "Invalid default value for optional attribute";
                        self.error(summary, detail, default.span);
                    }
                }
            }
            folded
        });
        Member { constraint, optional: true, default }
    }
}
