//! Where a part of an instance's configuration is written, to be edited there: the text of its value, or what lacks it.
//!
//! Other than an origin, a site is one place only: where the text does not tell which way a value takes, there is none.

use super::scope::{Bound, Scope, Turn};
use super::step::{Step, literal};
use super::trace::{DEEPEST, Tracer};
use crate::addr::Address;
use crate::config::block_name;
use crate::config::names;
use crate::diag::Span;
use crate::syntax::tree::{Block, Body, Expr, ExprKind, Part};
use crate::value::Path;

/// A place in the texts.
#[derive(Clone, Debug)]
pub enum Site {
    /// The value is written here.
    Value {
        /// Its expression: a literal, a list or an object.
        expr: Expr,
        /// What goes when the value goes: the argument, or the entry of an object; nothing where it cannot.
        whole: Option<Span>,
    },
    /// It is this block.
    Block(Box<Block>),
    /// This body lacks the argument or block.
    Body {
        /// The body.
        body: Box<Body>,
        /// What it lacks.
        name: String,
    },
    /// This object lacks the key.
    Object {
        /// The object.
        expr: Expr,
        /// What it lacks.
        key: String,
    },
    /// Nobody can tell: why, as the end of a sentence that begins with the part.
    None(String),
}

impl Tracer<'_> {
    /// Gives where a part of an instance's configuration is written.
    pub fn site(&self, address: &Address, path: &Path) -> Site {
        let Some(scope) = self.scope_of(address) else {
            return Site::None("has no block".into());
        };
        let Some(block) = scope.module.resource(block_name(address)) else {
            return Site::None("has no block".into());
        };
        let steps: Vec<Step> = path.0.iter().map(Step::from).collect();
        self.in_body(&block.body, &steps, &scope)
    }

    /// Gives the place of an instance's key among what its block, or the list that this names, is repeated over: an entry of an
    /// object, or an element of a list of texts.
    ///
    /// # Errors
    /// Why there is none, as the end of a sentence that begins with the key.
    pub fn key_site(&self, address: &Address) -> Result<Span, String> {
        let Some(scope) = self.scope_of(address) else { return Err("has no block".into()) };
        let Some(Turn::Each(expr, key)) = &scope.turn else {
            return Err("is a place in a list".into());
        };
        let outer = scope.without_turn();
        let entry = self.in_expr(expr, &[Step::Name(key.clone())], &outer, None, 0);
        let why = match entry {
            Site::Value { whole: Some(span), .. } => return Ok(span),
            Site::None(why) => why,
            _ => "is not written".to_string(),
        };
        match self.in_expr(expr, &[], &outer, None, 0) {
            Site::Value { expr, .. } => {
                let ExprKind::Tuple(elements) = &expr.kind else { return Err(why) };
                let own = |element: &&Expr| literal(element).as_ref() == Some(key);
                elements.iter().find(own).map(|element| element.span).ok_or(why)
            }
            _ => Err(why),
        }
    }

    fn in_body<'t>(&'t self, body: &'t Body, steps: &[Step], scope: &Scope<'t>) -> Site {
        let Some((Step::Name(name), rest)) = steps.split_first() else {
            return Site::None("is no argument".into());
        };
        if let Some(attribute) = body.attribute(name) {
            return self.in_expr(&attribute.expr, rest, scope, Some(attribute.span), 0);
        }
        let (place, inner) = match rest.split_first() {
            Some((Step::Place(place), inner)) => (*place, inner),
            Some((Step::Any, _)) => {
                return Site::None("is one of several blocks without an order".into());
            }
            _ => (0, rest),
        };
        let mut seen = 0;
        for block in &body.blocks {
            if block.kind.text == *name {
                if seen == place {
                    return match inner {
                        [] => Site::Block(Box::new(block.clone())),
                        _ => self.in_body(&block.body, inner, scope),
                    };
                }
                seen += 1;
            } else if block.kind.text == "dynamic"
                && block.labels.first().is_some_and(|label| label.text == *name)
            {
                return self.in_dynamic(block, name, place - seen.min(place), inner, scope);
            }
        }
        Site::Body { body: Box::new(body.clone()), name: name.clone() }
    }

    fn in_dynamic<'t>(
        &'t self,
        block: &'t Block,
        name: &str,
        place: usize,
        steps: &[Step],
        scope: &Scope<'t>,
    ) -> Site {
        let (Some(content), Some(items)) =
            (block.body.blocks("content").next(), block.body.attribute("for_each"))
        else {
            return Site::None("is made by a dynamic block".into());
        };
        if steps.is_empty() {
            return Site::None("is made by a dynamic block".into());
        }
        let iterator = block.body.attribute("iterator").and_then(|of| of.expr.traversal());
        let iterator = iterator.and_then(|names| Some(names.first()?.text.clone()));
        let bound = Bound::iterator(&items.expr, scope, Step::Place(place));
        let inner = scope.with(iterator.unwrap_or_else(|| name.to_string()), bound);
        self.in_body(&content.body, steps, &inner)
    }

    fn in_expr<'t>(
        &'t self,
        expr: &'t Expr,
        steps: &[Step],
        scope: &Scope<'t>,
        whole: Option<Span>,
        depth: usize,
    ) -> Site {
        if depth > DEEPEST {
            return Site::None("leads in a circle".into());
        }
        let on = |inner: &'t Expr| self.in_expr(inner, steps, scope, whole, depth + 1);
        let here = || Site::Value { expr: expr.clone(), whole };
        match (&expr.kind, steps.split_first()) {
            (ExprKind::Parens(inner), _) => on(inner),
            (ExprKind::Template(parts), _) => match &parts[..] {
                [Part::Interpolation(inner)] => on(inner),
                _ if expr.literal().is_some() && steps.is_empty() => here(),
                _ => Site::None("is put together from several parts".into()),
            },
            (ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_), None) => here(),
            (ExprKind::Unary(_, inner), None) if literal(inner).is_some() => here(),
            (ExprKind::Tuple(elements), None) if elements.iter().all(is_plain) => here(),
            (ExprKind::Object(items), None) if items.iter().all(|of| is_plain(&of.value)) => here(),
            (ExprKind::Object(items), Some((Step::Name(name), rest))) => {
                let own = |key: &Expr| literal(key).as_ref() == Some(name);
                if let Some(item) = items.iter().rev().find(|item| own(&item.key)) {
                    let whole = Some(item.key.span.to(item.value.span));
                    return self.in_expr(&item.value, rest, scope, whole, depth + 1);
                }
                match items.iter().all(|item| literal(&item.key).is_some()) && rest.is_empty() {
                    true => Site::Object { expr: expr.clone(), key: name.clone() },
                    false => Site::None("has a key that is worked out".into()),
                }
            }
            (ExprKind::Tuple(elements), Some((Step::Place(place), rest))) => {
                match elements.get(*place) {
                    Some(element) => self.in_expr(element, rest, scope, None, depth + 1),
                    None => Site::None("is no element of the list that is written".into()),
                }
            }
            (ExprKind::Call { name, arguments, .. }, _) => {
                self.in_call((&name.text, arguments), steps, scope, whole, depth)
            }
            (ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Index(..), _) => {
                match self.target(expr, steps, scope) {
                    Some((target, inner, place)) => {
                        self.in_expr(target, &inner, &place, None, depth + 1)
                    }
                    None => Site::None(format!("comes from {}", self.outside(expr))),
                }
            }
            _ => Site::None("is worked out".into()),
        }
    }

    fn in_call<'t>(
        &'t self,
        (name, arguments): (&str, &'t [Expr]),
        steps: &[Step],
        scope: &Scope<'t>,
        whole: Option<Span>,
        depth: usize,
    ) -> Site {
        let name = name.strip_prefix("core::").unwrap_or(name);
        let keeps = [
            "tomap",
            "tolist",
            "toset",
            "tostring",
            "tonumber",
            "tobool",
            "sensitive",
            "nonsensitive",
        ];
        match (name, arguments, steps.first()) {
            (_, [inner], _) if keeps.contains(&name) => {
                self.in_expr(inner, steps, scope, whole, depth + 1)
            }
            ("merge", _, Some(Step::Name(key))) => {
                for argument in arguments.iter().rev() {
                    match self.has(argument, key, scope, 0) {
                        Some(true) => {
                            return self.in_expr(argument, steps, scope, whole, depth + 1);
                        }
                        Some(false) => {}
                        None => return Site::None("is merged from what is worked out".into()),
                    }
                }
                // A key that none has goes into the last: that is the block's own, as a rule.
                match arguments.last() {
                    Some(last) => self.in_expr(last, steps, scope, whole, depth + 1),
                    None => Site::None("is worked out".into()),
                }
            }
            _ => Site::None(format!("is worked out by {name}()")),
        }
    }

    /// Names what a reference leads out of the texts to.
    fn outside(&self, expr: &Expr) -> String {
        let name = super::step::named(expr);
        let given = match names::subject(expr).map(|(subject, _)| subject) {
            Some(names::Subject::Variable(variable)) => self.origin_of(&variable.text),
            _ => None,
        };
        match given {
            Some(origin) => format!("{name}, which is given by {origin}"),
            None => name,
        }
    }
}

/// Says whether an expression is a value as written.
fn is_plain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Tuple(elements) => elements.iter().all(is_plain),
        ExprKind::Object(items) => {
            items.iter().all(|item| literal(&item.key).is_some() && is_plain(&item.value))
        }
        ExprKind::Unary(_, inner) => literal(inner).is_some(),
        _ => literal(expr).is_some(),
    }
}
