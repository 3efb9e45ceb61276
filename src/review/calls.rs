//! The way through calls of functions, and to where a key of a collection is written.

use super::scope::Scope;
use super::step::{Step, literal};
use super::trace::{DEEPEST, MOST, Origin, Tracer, Way, end, names_only};
use crate::syntax::tree::{Expr, ExprKind};

impl Tracer<'_> {
    /// Follows a call: the arguments that the part asked for can come from.
    pub(super) fn call<'t>(
        &'t self,
        (expr, name): (&'t Expr, &str),
        arguments: &'t [Expr],
        steps: &[Step],
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) {
        let name = name.strip_prefix("core::").unwrap_or(name);
        let keeps = ["tomap", "tolist", "toset", "tostring", "tonumber", "tobool", "sensitive"];
        let keeps = keeps.contains(&name)
            || ["nonsensitive", "ephemeralasnull", "try", "coalesce", "one"].contains(&name);
        match (name, steps.first(), arguments) {
            ("merge", Some(Step::Name(key)), _) => {
                for argument in arguments.iter().rev() {
                    match self.has(argument, key, scope, 0) {
                        Some(false) => continue,
                        Some(true) => return self.expr(argument, steps, scope, way, found),
                        None => self.expr(argument, steps, scope, way, found),
                    }
                }
                if found.is_empty() {
                    found.push(end(Some(expr.span), None, way));
                }
            }
            ("lookup", _, [map, key, rest @ ..]) => {
                if literal(key).is_none() {
                    self.expr(key, &[], scope, &way.selecting(), found);
                }
                let mut inner = vec![self.constant(key, scope)];
                inner.extend_from_slice(steps);
                self.expr(map, &inner, scope, way, found);
                rest.iter().for_each(|other| self.expr(other, steps, scope, way, found));
            }
            ("element", _, [list, place]) => {
                let mut inner = vec![self.constant(place, scope)];
                inner.extend_from_slice(steps);
                self.expr(list, &inner, scope, way, found);
            }
            ("setproduct" | "zipmap" | "keys" | "values", _, _) => {
                arguments.iter().for_each(|argument| self.expr(argument, &[], scope, way, found));
            }
            (
                "concat" | "flatten" | "setunion" | "distinct" | "compact" | "reverse" | "sort",
                _,
                _,
            ) => {
                let mut inner = steps.to_vec();
                if let Some(first) = inner.first_mut() {
                    *first = Step::Any;
                }
                arguments
                    .iter()
                    .for_each(|argument| self.expr(argument, &inner, scope, way, found));
            }
            (_, _, []) => found.push(end(Some(expr.span), None, way)),
            _ if keeps => {
                arguments.iter().for_each(|argument| self.expr(argument, steps, scope, way, found));
            }
            _ => {
                let way = way.altering();
                arguments.iter().for_each(|argument| self.expr(argument, &[], scope, &way, found));
            }
        }
    }

    /// Follows the keys of a collection to where one of them is written.
    pub(super) fn keys<'t>(
        &'t self,
        expr: &'t Expr,
        key: &Step,
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) {
        if way.depth >= DEEPEST || found.len() >= MOST {
            return;
        }
        let Step::Name(name) = key else { return self.expr(expr, &[], scope, way, found) };
        match &expr.kind {
            ExprKind::Parens(inner) => self.keys(inner, key, scope, way, found),
            ExprKind::Object(items) => {
                let place = self.index(expr).places.get(name).copied();
                let item = place.and_then(|place| items.get(place));
                let span = item.map_or(expr.span, |item| item.key.span);
                found.push(end(Some(span), Some(name.clone()), way));
            }
            ExprKind::Tuple(elements) => {
                let place = self.index(expr).places.get(name).copied();
                match place.and_then(|place| elements.get(place)) {
                    Some(element) => found.push(end(Some(element.span), Some(name.clone()), way)),
                    None => self.expr(expr, &[], scope, way, found),
                }
            }
            ExprKind::Call { name: called, arguments, .. }
                if ["toset", "tomap", "tolist", "merge", "concat", "setunion"]
                    .contains(&called.text.as_str()) =>
            {
                for argument in arguments {
                    let told = self.has(argument, name, scope, 0);
                    if told != Some(false) {
                        self.keys(argument, key, scope, way, found);
                    }
                }
            }
            ExprKind::For(comprehension) => {
                let from = |of: &Expr, name: &str| names_only(of, name);
                match (&comprehension.key, &comprehension.key_name) {
                    (Some(of), Some(name)) if from(of, &name.text) => {
                        self.keys(&comprehension.collection, key, scope, way, found);
                    }
                    (Some(of), _) if from(of, &comprehension.value_name.text) => {
                        self.keys(&comprehension.collection, key, scope, way, found);
                    }
                    _ => self.expr(expr, &[], scope, way, found),
                }
            }
            _ => match self.target(expr, &[], scope) {
                Some((target, steps, inner)) if steps.is_empty() => {
                    let on = way.on(super::step::named(expr), expr.span);
                    self.keys(target, key, &inner, &on, found);
                }
                _ => self.expr(expr, &[], scope, way, found),
            },
        }
    }
}
