//! Where an expression stands: its module's instance, the turn of its block, and the names that are bound around it.

use std::rc::Rc;

use super::step::Step;
use crate::addr::Key;
use crate::config::names::{self, Subject};
use crate::config::{Module, ModuleCall};
use crate::syntax::tree::{Expr, ExprKind};

/// The turn of a block with `count` or `for_each`.
#[derive(Clone)]
pub(super) enum Turn<'t> {
    /// By `for_each`, with the key.
    Each(&'t Expr, String),
    /// By `count`, with the place where it is known.
    Count(&'t Expr, Option<usize>),
}

impl<'t> Turn<'t> {
    /// Gives the turn of an instance.
    pub(super) fn of(
        count: Option<&'t Expr>,
        for_each: Option<&'t Expr>,
        key: Option<&Key>,
    ) -> Option<Turn<'t>> {
        let key = key.map(|key| match key {
            Key::Number(place) => usize::try_from(*place).map_or(Step::Any, Step::Place),
            Key::String(name) => Step::Name(name.to_string()),
        });
        Turn::at(count, for_each, key)
    }

    /// Gives the turn at a step.
    pub(super) fn at(
        count: Option<&'t Expr>,
        for_each: Option<&'t Expr>,
        key: Option<Step>,
    ) -> Option<Turn<'t>> {
        match (count, for_each, key) {
            (_, Some(expr), Some(Step::Name(name))) => Some(Turn::Each(expr, name)),
            (_, Some(expr), Some(Step::Place(place))) => Some(Turn::Each(expr, place.to_string())),
            (Some(expr), _, Some(Step::Place(place))) => Some(Turn::Count(expr, Some(place))),
            (Some(expr), _, _) => Some(Turn::Count(expr, None)),
            _ => None,
        }
    }
}

/// A name bound by a comprehension or a dynamic block.
#[derive(Clone)]
pub(super) struct Bound<'t> {
    collection: &'t Expr,
    scope: Rc<Scope<'t>>,
    key: Step,
    kind: BoundKind,
}

#[derive(Clone, Copy, PartialEq)]
enum BoundKind {
    Key,
    Value,
    /// Of a dynamic block: `x.key` and `x.value`.
    Iterator,
}

impl<'t> Bound<'t> {
    /// Gives the key or value of a comprehension's turn.
    pub(super) fn turn(
        collection: &'t Expr,
        scope: &Scope<'t>,
        key: Step,
        is_key: bool,
    ) -> Bound<'t> {
        let kind = if is_key { BoundKind::Key } else { BoundKind::Value };
        Bound { collection, scope: Rc::new(scope.clone()), key, kind }
    }

    /// Gives the iterator of a dynamic block.
    pub(super) fn iterator(collection: &'t Expr, scope: &Scope<'t>, key: Step) -> Bound<'t> {
        Bound { collection, scope: Rc::new(scope.clone()), key, kind: BoundKind::Iterator }
    }

    /// Gives what a reference with these steps names: the collection, the step into it, whether its key is meant, and how
    /// many of the steps say so.
    pub(super) fn part(&self, steps: &[Step]) -> Option<(&'t Expr, Step, bool, usize)> {
        let (is_key, dropped) = match (self.kind, steps.first()) {
            (BoundKind::Key, _) => (true, 0),
            (BoundKind::Value, _) => (false, 0),
            (BoundKind::Iterator, Some(Step::Name(name))) if name == "key" => (true, 1),
            (BoundKind::Iterator, Some(Step::Name(name))) if name == "value" => (false, 1),
            (BoundKind::Iterator, _) => return None,
        };
        Some((self.collection, self.key.clone(), is_key, dropped))
    }

    /// Gives where the collection stands.
    pub(super) fn scope(&self) -> &Scope<'t> {
        &self.scope
    }
}

/// Where an expression stands.
#[derive(Clone)]
pub(super) struct Scope<'t> {
    /// Its module.
    pub(super) module: &'t Module,
    /// The turn of its block or call.
    pub(super) turn: Option<Turn<'t>>,
    /// The call that made the module's instance, and where that stands.
    outer: Option<Rc<(&'t ModuleCall, Scope<'t>)>>,
    names: Vec<(String, Bound<'t>)>,
}

impl<'t> Scope<'t> {
    /// Gives the scope of a module that nothing calls.
    pub(super) fn of(module: &'t Module, names: Vec<(String, Bound<'t>)>) -> Scope<'t> {
        Scope { module, turn: None, outer: None, names }
    }

    /// Gives the scope of an instance of a call.
    pub(super) fn call(&self, name: &str, key: Option<&Key>) -> Option<Scope<'t>> {
        let key = key.map(|key| match key {
            Key::Number(place) => usize::try_from(*place).map_or(Step::Any, Step::Place),
            Key::String(name) => Step::Name(name.to_string()),
        });
        self.call_at(name, key)
    }

    /// Gives the scope of a call at a step.
    pub(super) fn call_at(&self, name: &str, key: Option<Step>) -> Option<Scope<'t>> {
        let call = self.module.calls.get(name)?;
        let mut around = self.plain();
        around.turn = Turn::at(call.count.as_ref(), call.for_each.as_ref(), key);
        let mut inner = Scope::of(&call.module, Vec::new());
        inner.outer = Some(Rc::new((call, around)));
        Some(inner)
    }

    /// Says whether a call is repeated by `for_each`.
    pub(super) fn is_each(&self, call: &str) -> bool {
        self.module.calls.get(call).is_some_and(|call| call.for_each.is_some())
    }

    /// Gives the call that made this module's instance, and where it stands.
    pub(super) fn outer(&self) -> Option<(&'t ModuleCall, Scope<'t>)> {
        self.outer.as_ref().map(|outer| (outer.0, outer.1.clone()))
    }

    /// Gives the same module without a turn and bound names.
    pub(super) fn plain(&self) -> Scope<'t> {
        Scope { turn: None, names: Vec::new(), ..self.clone() }
    }

    /// Gives where the expression of the turn itself stands.
    pub(super) fn without_turn(&self) -> Scope<'t> {
        self.plain()
    }

    /// Binds a name.
    pub(super) fn with(&self, name: String, bound: Bound<'t>) -> Scope<'t> {
        let mut inner = self.clone();
        inner.names.push((name, bound));
        inner
    }

    /// Gives what a name is bound to.
    pub(super) fn bound(&self, name: &str) -> Option<&Bound<'t>> {
        self.names.iter().rev().find(|(own, _)| own == name).map(|(_, bound)| bound)
    }

    /// Gives the step that a reference to the turn's own key is.
    pub(super) fn own(&self, expr: &Expr) -> Option<Step> {
        if let ExprKind::Name(root) = &names::root(expr).kind
            && let Some(bound) = self.bound(root)
        {
            let (_, key, is_key, _) = bound.part(&super::step::of_chain(expr))?;
            return is_key.then_some(key);
        }
        match (names::subject(expr)?.0, &self.turn) {
            (Subject::Each(name), Some(Turn::Each(_, key))) if name.text == "key" => {
                Some(Step::Name(key.clone()))
            }
            (Subject::Count(_), Some(Turn::Count(_, place))) => place.map(Step::Place),
            _ => None,
        }
    }

    /// Gives the collection whose key a reference is: `each.key`, or a name bound to keys.
    pub(super) fn key_of(&self, expr: &Expr) -> Option<(Step, &'t Expr, Scope<'t>)> {
        if let ExprKind::Name(root) = &names::root(expr).kind
            && let Some(bound) = self.bound(root)
        {
            let (collection, key, is_key, _) = bound.part(&super::step::of_chain(expr))?;
            return is_key.then(|| (key, collection, bound.scope().clone()));
        }
        match (names::subject(expr)?.0, &self.turn) {
            (Subject::Each(name), Some(Turn::Each(expr, key))) if name.text == "key" => {
                Some((Step::Name(key.clone()), expr, self.without_turn()))
            }
            _ => None,
        }
    }
}
