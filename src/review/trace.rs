//! Where a value comes from: from the expression of an argument through locals, variables, calls of modules and
//! repetitions to the texts that people edit.
//!
//! By the text alone, with the keys of instances as they are. Where the text does not tell which way a value takes (a
//! condition, a key that is worked out), all ways are followed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::scope::{Bound, Scope, Turn};
use super::step::{Step, literal};
use crate::addr::{Address, Mode};
use crate::config::names::{self, Subject};
use crate::config::{Config, block_name};
use crate::diag::{FileId, Sources, Span};
use crate::eval::Inputs;
use crate::syntax;
use crate::syntax::tree::{Body, Expr, ExprKind, Part};
use crate::value::Path;

/// An end of the way: a text that a value is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Its place; nothing for what stands in no file (`-var`, the environment).
    pub span: Option<Span>,
    /// What was followed last: `var.size`, `local.names`, an object's attribute; empty where nothing was.
    pub name: String,
    /// Where a variable's value was given, where that is no file: `-var="size=..."`.
    pub given: Option<String>,
    /// The text of a literal.
    pub literal: Option<String>,
    /// The places of the references on the way, the argument's own first.
    pub via: Vec<Span>,
    /// Whether it only chooses among others: it is in a condition, an index or a key.
    pub selects: bool,
    /// Whether the value is made from it: by a sign, a function, or other text around it.
    pub altered: bool,
}

/// So many ends of one value are looked for: more tell nobody anything.
pub(super) const MOST: usize = 200;
/// So deep references are followed.
pub(super) const DEEPEST: usize = 60;

/// Where the keys of a collection stand that are literals.
pub(super) struct Index {
    /// The place of each; of one that is written twice the last.
    pub(super) places: HashMap<String, usize>,
    /// All keys are literals.
    is_whole: bool,
}

/// Follows values to their texts.
pub struct Tracer<'a> {
    indices: RefCell<HashMap<Span, Rc<Index>>>,
    config: &'a Config,
    inputs: &'a Inputs,
    /// The root variables' values as files have them.
    given: BTreeMap<String, Expr>,
}

/// The way so far.
#[derive(Clone, Default)]
pub(super) struct Way {
    name: String,
    via: Vec<Span>,
    /// How many references were followed.
    pub(super) depth: usize,
    selects: bool,
    altered: bool,
}

impl Way {
    pub(super) fn on(&self, name: String, at: Span) -> Way {
        let mut way = self.clone();
        way.name = name;
        way.depth += 1;
        if way.via.last() != Some(&at) {
            way.via.push(at);
        }
        way
    }

    pub(super) fn selecting(&self) -> Way {
        Way { selects: true, ..self.clone() }
    }

    pub(super) fn altering(&self) -> Way {
        Way { altered: true, ..self.clone() }
    }
}

impl<'a> Tracer<'a> {
    /// Makes one for a configuration and what its variables are given.
    pub fn new(config: &'a Config, sources: &Sources, inputs: &'a Inputs) -> Tracer<'a> {
        let mut files: BTreeMap<FileId, Body> = BTreeMap::new();
        let mut given = BTreeMap::new();
        for (name, input) in &inputs.variables {
            let Some(span) = input.span else { continue };
            let body = files.entry(span.file).or_insert_with(|| body_of(span.file, sources));
            if let Some(attribute) = body.attribute(name) {
                given.insert(name.clone(), attribute.expr.clone());
            }
        }
        Tracer { config, inputs, given, indices: RefCell::default() }
    }

    /// Gives the texts that a part of an instance's configuration is made from, and the place of its own expression;
    /// nothing where its block says nothing of it.
    pub fn origins(&self, address: &Address, path: &Path) -> Option<(Span, Vec<Origin>)> {
        let scope = self.scope_of(address)?;
        let block = scope.module.resource(block_name(address))?;
        let steps: Vec<Step> = path.0.iter().map(Step::from).collect();
        let mut found = Vec::new();
        let span = self.body(&block.body, &steps, &scope, &Way::default(), &mut found)?;
        Some((span, found))
    }

    /// Gives the texts that say which instances a block and the modules around it have. Of what is `gone` those alone that may
    /// have lost its key.
    pub fn repetition(&self, address: &Address, gone: bool) -> Vec<Origin> {
        let mut found = Vec::new();
        let Some(scope) = self.scope_of(address) else { return found };
        self.turn(&scope, gone, &mut found);
        let mut outer = scope.outer();
        while let Some((_, around)) = outer {
            self.turn(&around, gone, &mut found);
            outer = around.outer();
        }
        found
    }

    fn turn(&self, scope: &Scope<'_>, gone: bool, found: &mut Vec<Origin>) {
        let outer = scope.without_turn();
        match &scope.turn {
            Some(Turn::Each(expr, key)) if gone && self.has(expr, key, &outer, 0) == Some(true) => {
            }
            Some(Turn::Each(expr, key)) => {
                let way = Way::default().on("each.key".into(), expr.span);
                self.keys(expr, &Step::Name(key.clone()), &outer, &way, found);
            }
            Some(Turn::Count(expr, _)) => {
                let way = Way::default().on("count".into(), expr.span);
                self.expr(expr, &[], &outer, &way, found);
            }
            None => {}
        }
    }

    /// Gives the texts that an output of the root is made from.
    pub fn output(&self, name: &str) -> Option<(Span, Vec<Origin>)> {
        let output = self.config.root.outputs.get(name)?;
        let mut found = Vec::new();
        let scope = Scope::of(&self.config.root, Vec::new());
        self.expr(&output.value, &[], &scope, &Way::default(), &mut found);
        Some((output.value.span, found))
    }

    /// Gives the places of the calls that lead to an instance's module, the outermost first.
    pub fn calls(&self, address: &Address) -> Vec<Span> {
        let mut module = &self.config.root;
        let mut places = Vec::new();
        for step in &address.module {
            let Some(call) = module.calls.get(&step.name) else { break };
            places.push(call.span);
            module = &call.module;
        }
        places
    }

    /// Gives where a root variable's value was given, where that is no file.
    pub(super) fn origin_of(&self, variable: &str) -> Option<String> {
        self.inputs.variables.get(variable).map(|input| input.origin.clone())
    }

    pub(super) fn scope_of(&self, address: &Address) -> Option<Scope<'_>> {
        let mut scope = Scope::of(&self.config.root, Vec::new());
        for step in &address.module {
            scope = scope.call(&step.name, step.key.as_ref())?;
        }
        let block = scope.module.resource(block_name(address))?;
        scope.turn = Turn::of(block.count.as_ref(), block.for_each.as_ref(), address.key.as_ref());
        Some(scope)
    }

    /// Follows a part of a block's inside; gives the place of what says it.
    fn body<'t>(
        &'t self,
        body: &'t Body,
        steps: &[Step],
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) -> Option<Span> {
        let (first, rest) = steps.split_first()?;
        let Step::Name(name) = first else { return None };
        if let Some(attribute) = body.attribute(name) {
            self.expr(&attribute.expr, rest, scope, way, found);
            return Some(attribute.expr.span);
        }
        let place = match rest.first() {
            Some(Step::Place(place)) => Some(*place),
            _ => None,
        };
        let rest =
            if matches!(rest.first(), Some(Step::Name(_)) | None) { rest } else { &rest[1..] };
        let mut said = None;
        let mut seen = 0;
        for block in &body.blocks {
            let dynamic = block.kind.text == "dynamic"
                && block.labels.first().is_some_and(|label| label.text == *name);
            if dynamic {
                let content = block.body.blocks("content").next();
                let items = block.body.attribute("for_each");
                let (Some(content), Some(items)) = (content, items) else { continue };
                let iterator = block.body.attribute("iterator").and_then(|of| of.expr.traversal());
                let iterator = iterator.and_then(|names| Some(names.first()?.text.clone()));
                let at = place.map_or(Step::Any, |place| Step::Place(place.saturating_sub(seen)));
                let bound = Bound::iterator(&items.expr, scope, at);
                let inner = scope.with(iterator.unwrap_or_else(|| name.clone()), bound);
                if rest.is_empty() {
                    self.expr(&items.expr, &[], scope, way, found);
                    said = said.or(Some(items.expr.span));
                } else {
                    said = self.body(&content.body, rest, &inner, way, found).or(said);
                }
            } else if block.kind.text == *name {
                let wanted = place.is_none_or(|place| place == seen);
                seen += 1;
                if wanted && rest.is_empty() {
                    found.push(end(Some(block.span), None, way));
                    said = said.or(Some(block.header));
                } else if wanted {
                    said = self.body(&block.body, rest, scope, way, found).or(said);
                }
            }
        }
        said
    }

    /// Follows a part of an expression's value.
    pub(super) fn expr<'t>(
        &'t self,
        expr: &'t Expr,
        steps: &[Step],
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) {
        if found.len() >= MOST || way.depth >= DEEPEST {
            return;
        }
        let whole = |expr: &'t Expr, found: &mut Vec<Origin>| {
            self.expr(expr, &[], scope, &way.altering(), found);
        };
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => {
                found.push(end(Some(expr.span), literal(expr), way));
            }
            ExprKind::Template(parts) => self.template(expr, parts, steps, scope, way, found),
            ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Index(..) => {
                self.reference(expr, steps, scope, way, found);
            }
            ExprKind::Splat { source, each, .. } => {
                let (first, rest) = match steps.split_first() {
                    Some((first, rest)) => (first.clone(), rest),
                    None => (Step::Any, steps),
                };
                let mut inner = vec![first];
                inner.extend(super::step::of_chain(each));
                inner.extend_from_slice(rest);
                self.expr(source, &inner, scope, way, found);
            }
            ExprKind::Call { name, arguments, .. } => {
                self.call((expr, &name.text), arguments, steps, scope, way, found);
            }
            ExprKind::Unary(_, inner) => whole(inner, found),
            ExprKind::Binary(_, left, right) => {
                whole(left, found);
                whole(right, found);
            }
            ExprKind::Conditional(condition, then, otherwise) => {
                self.expr(condition, &[], scope, &way.selecting(), found);
                self.expr(then, steps, scope, way, found);
                self.expr(otherwise, steps, scope, way, found);
            }
            ExprKind::Tuple(elements) => match steps.split_first() {
                Some((Step::Place(place), rest)) if *place < elements.len() => {
                    self.expr(&elements[*place], rest, scope, way, found);
                }
                Some((Step::Any, rest)) => {
                    for element in elements {
                        self.expr(element, rest, scope, way, found);
                    }
                }
                Some(_) => found.push(end(Some(expr.span), None, way)),
                None if elements.is_empty() => found.push(end(Some(expr.span), None, way)),
                None => elements.iter().for_each(|element| whole(element, found)),
            },
            ExprKind::Object(_) => self.object(expr, steps, scope, way, found),
            ExprKind::For(comprehension) => {
                let wanted = steps.first().cloned().unwrap_or(Step::Any);
                let at = match (&comprehension.key, &comprehension.key_name) {
                    (Some(key), Some(name)) if names_only(key, &name.text) => wanted,
                    // A list that leaves nothing out has an element for each of those it is made from.
                    (None, _) if comprehension.condition.is_none() => wanted,
                    _ => Step::Any,
                };
                let bound =
                    |is_key| Bound::turn(&comprehension.collection, scope, at.clone(), is_key);
                let mut inner = scope.with(comprehension.value_name.text.clone(), bound(false));
                if let Some(name) = &comprehension.key_name {
                    inner = inner.with(name.text.clone(), bound(true));
                }
                let rest = steps.get(1..).unwrap_or(&[]);
                self.expr(&comprehension.value, rest, &inner, way, found);
                if let Some(condition) = &comprehension.condition {
                    self.expr(condition, &[], &inner, &way.selecting(), found);
                }
                if let (Some(key), true) = (&comprehension.key, matches!(at, Step::Any)) {
                    self.expr(key, &[], &inner, &way.selecting(), found);
                }
            }
            ExprKind::Parens(inner) => self.expr(inner, steps, scope, way, found),
            ExprKind::Each | ExprKind::Unknown => {}
        }
    }

    fn template<'t>(
        &'t self,
        expr: &'t Expr,
        parts: &'t [Part],
        steps: &[Step],
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) {
        if let Some(text) = expr.literal() {
            found.push(end(Some(expr.span), Some(text), way));
            return;
        }
        if let [Part::Interpolation(inner)] = parts {
            self.expr(inner, steps, scope, way, found);
            return;
        }
        let way = &way.altering();
        for part in parts {
            match part {
                Part::Literal(text, span) => {
                    found.push(end(Some(*span), Some(text.clone()), way));
                }
                Part::Interpolation(inner) => self.expr(inner, &[], scope, way, found),
                Part::If { condition, then, otherwise, .. } => {
                    self.expr(condition, &[], scope, &way.selecting(), found);
                    self.template(expr, then, &[], scope, way, found);
                    self.template(expr, otherwise, &[], scope, way, found);
                }
                Part::For { key_name, value_name, collection, body, .. } => {
                    let bound = |is_key| Bound::turn(collection, scope, Step::Any, is_key);
                    let mut inner = scope.with(value_name.text.clone(), bound(false));
                    if let Some(name) = key_name {
                        inner = inner.with(name.text.clone(), bound(true));
                    }
                    self.expr(collection, &[], scope, way, found);
                    self.template(expr, body, &[], &inner, way, found);
                }
            }
        }
    }

    fn object<'t>(
        &'t self,
        expr: &'t Expr,
        steps: &[Step],
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) {
        let ExprKind::Object(items) = &expr.kind else { return };
        let Some((first, rest)) = steps.split_first() else {
            for item in items {
                self.expr(&item.value, &[], scope, way, found);
            }
            if items.is_empty() {
                found.push(end(Some(expr.span), None, way));
            }
            return;
        };
        let Step::Name(name) = first else {
            items.iter().for_each(|item| self.expr(&item.value, rest, scope, way, found));
            return;
        };
        let index = self.index(expr);
        if let Some(item) = index.places.get(name).and_then(|place| items.get(*place)) {
            self.expr(&item.value, rest, scope, way, found);
            return;
        }
        let before = found.len();
        for item in items.iter().filter(|item| literal(&item.key).is_none()) {
            self.expr(&item.key, &[], scope, way, found);
            self.expr(&item.value, rest, scope, way, found);
        }
        if found.len() == before {
            found.push(end(Some(expr.span), None, way));
        }
    }

    /// Gives where the keys of an object or the elements of a tuple stand, by their literals; it is made once.
    pub(super) fn index(&self, expr: &Expr) -> Rc<Index> {
        if let Some(index) = self.indices.borrow().get(&expr.span) {
            return index.clone();
        }
        let keys: Vec<Option<String>> = match &expr.kind {
            ExprKind::Object(items) => items.iter().map(|item| literal(&item.key)).collect(),
            ExprKind::Tuple(elements) => elements.iter().map(literal).collect(),
            _ => Vec::new(),
        };
        let is_whole = keys.iter().all(Option::is_some);
        let places = keys.into_iter().enumerate();
        let places = places.filter_map(|(place, key)| Some((key?, place))).collect();
        let index = Rc::new(Index { places, is_whole });
        self.indices.borrow_mut().insert(expr.span, index.clone());
        index
    }

    /// Says whether a value surely has or lacks a key.
    pub(super) fn has<'t>(
        &'t self,
        expr: &'t Expr,
        key: &str,
        scope: &Scope<'t>,
        depth: usize,
    ) -> Option<bool> {
        if depth > DEEPEST {
            return None;
        }
        match &expr.kind {
            ExprKind::Parens(inner) => self.has(inner, key, scope, depth + 1),
            ExprKind::Call { name, arguments, .. }
                if ["toset", "tomap"].contains(&name.text.as_str()) =>
            {
                self.has(arguments.first()?, key, scope, depth + 1)
            }
            // A tuple is asked as the set that is made of it.
            ExprKind::Object(_) | ExprKind::Tuple(_) => {
                let index = self.index(expr);
                match index.places.contains_key(key) {
                    true => Some(true),
                    false if index.is_whole => Some(false),
                    false => None,
                }
            }
            _ => {
                let (target, steps, inner) = self.target(expr, &[], scope)?;
                if !steps.is_empty() {
                    return None;
                }
                self.has(target, key, &inner, depth + 1)
            }
        }
    }

    /// Gives the step that an index is, where the text tells.
    pub(super) fn constant<'t>(&'t self, index: &'t Expr, scope: &Scope<'t>) -> Step {
        let mut at = (index, scope.clone());
        for _ in 0..DEEPEST {
            if let Some(text) = literal(at.0) {
                return Step::from_text(&text);
            }
            if let Some(step) = at.1.own(at.0) {
                return step;
            }
            match self.target(at.0, &[], &at.1) {
                Some((target, steps, inner)) if steps.is_empty() => at = (target, inner),
                _ => return Step::Any,
            }
        }
        Step::Any
    }

    /// Gives the steps that expressions are, each a step of the one before, as far as the text tells them.
    fn steps<'t>(&'t self, chain: &[&'t Expr], scope: &Scope<'t>) -> Vec<Step> {
        let mut steps = Vec::new();
        for expr in chain {
            match &expr.kind {
                ExprKind::Index(_, index) => steps.push(self.constant(index, scope)),
                _ => steps.extend(super::step::of_steps(&[*expr])),
            }
        }
        steps
    }

    /// Gives the expression that a reference with more steps stands for, the steps into it, and where it stands; nothing for
    /// what the configuration does not say.
    pub(super) fn target<'t>(
        &'t self,
        expr: &'t Expr,
        more: &[Step],
        scope: &Scope<'t>,
    ) -> Option<(&'t Expr, Vec<Step>, Scope<'t>)> {
        let mut steps = self.steps(&names::chain(expr)[1..], scope);
        steps.extend_from_slice(more);
        let ExprKind::Name(root) = &names::root(expr).kind else { return None };
        if let Some(bound) = scope.bound(root) {
            let (collection, key, is_key, dropped) = bound.part(&steps)?;
            if is_key {
                return None;
            }
            let mut inner = vec![key];
            inner.extend(steps.drain(dropped..));
            return Some((collection, inner, bound.scope().clone()));
        }
        let (subject, rest) = names::subject(expr)?;
        let mut rest = self.steps(&rest, scope);
        rest.extend_from_slice(more);
        match subject {
            Subject::Local(name) => {
                let local = scope.module.locals.get(&name.text)?;
                Some((&local.expr, rest, scope.plain()))
            }
            Subject::Variable(name) => {
                let (expr, inner) = self.variable(&name.text, scope)?;
                Some((expr, rest, inner))
            }
            Subject::Module(name) => {
                let (key, rest) = match rest.split_first() {
                    Some((key @ (Step::Place(_) | Step::Any), rest)) => (Some(key.clone()), rest),
                    Some((key, rest)) if scope.is_each(&name.text) => (Some(key.clone()), rest),
                    _ => (None, &rest[..]),
                };
                let inner = scope.plain().call_at(&name.text, key)?;
                let (Step::Name(output), rest) = rest.split_first()? else { return None };
                let output = inner.module.outputs.get(output)?;
                Some((&output.value, rest.to_vec(), inner))
            }
            Subject::Each(name) if name.text == "value" => match &scope.turn {
                Some(Turn::Each(expr, key)) => {
                    let mut inner = vec![Step::Name(key.clone())];
                    inner.extend(rest);
                    Some((expr, inner, scope.without_turn()))
                }
                _ => None,
            },
            Subject::Resource(Mode::Managed, of, name) => {
                let block = scope.module.resource((Mode::Managed, &of.text, &name.text))?;
                let repeated = block.count.is_some() || block.for_each.is_some();
                let (key, rest) = match rest.split_first() {
                    Some((key, rest)) if repeated => (Some(key.clone()), rest),
                    _ => (None, &rest[..]),
                };
                let (Step::Name(argument), rest) = rest.split_first()? else { return None };
                let attribute = block.body.attribute(argument)?;
                let mut inner = scope.plain();
                inner.turn = Turn::at(block.count.as_ref(), block.for_each.as_ref(), key);
                Some((&attribute.expr, rest.to_vec(), inner))
            }
            _ => None,
        }
    }

    /// Gives what a variable's value is written as, and where that stands.
    fn variable<'t>(&'t self, name: &str, scope: &Scope<'t>) -> Option<(&'t Expr, Scope<'t>)> {
        let default = scope.module.variables.get(name).and_then(|of| of.default.as_ref());
        let plain = scope.plain();
        let Some((call, outer)) = scope.outer() else {
            if let Some(given) = self.given.get(name) {
                return Some((given, plain));
            }
            let known = self.inputs.variables.contains_key(name);
            return default.filter(|_| !known).map(|default| (default, plain));
        };
        match call.inputs.attribute(name) {
            Some(given) => Some((&given.expr, outer)),
            None => default.map(|default| (default, plain)),
        }
    }

    fn reference<'t>(
        &'t self,
        expr: &'t Expr,
        steps: &[Step],
        scope: &Scope<'t>,
        way: &Way,
        found: &mut Vec<Origin>,
    ) {
        // An index that is worked out may be what was edited.
        for step in names::chain(expr) {
            if let ExprKind::Index(_, index) = &step.kind
                && literal(index).is_none()
            {
                self.expr(index, &[], scope, &way.selecting(), found);
            }
        }
        if let Some((step, expr, outer)) = scope.key_of(expr) {
            let way = way.on("each.key".into(), expr.span);
            self.keys(expr, &step, &outer, &way, found);
            return;
        }
        let on = way.on(super::step::named(expr), expr.span);
        if let Some((target, inner, place)) = self.target(expr, steps, scope) {
            self.expr(target, &inner, &place, &on, found);
            return;
        }
        let root = names::root(expr);
        if !matches!(root.kind, ExprKind::Name(_)) {
            self.expr(root, &[], scope, way, found);
            return;
        }
        match names::subject(expr).map(|(subject, _)| subject) {
            Some(Subject::Variable(name)) => {
                let given = self.inputs.variables.get(&name.text);
                let mut end = end(None, None, &on);
                end.given = given.map(|given| given.origin.clone());
                if end.given.is_none() {
                    end.span = scope.module.variables.get(&name.text).map(|of| of.span);
                }
                found.push(end);
            }
            Some(Subject::Count(_)) => {
                if let Some(Turn::Count(count, _)) = &scope.turn {
                    let outer = scope.without_turn();
                    self.expr(count, &[], &outer, &on, found);
                }
            }
            _ => found.push(end(Some(expr.span), None, &on)),
        }
    }
}

pub(super) fn end(span: Option<Span>, literal: Option<String>, way: &Way) -> Origin {
    let (name, via) = (way.name.clone(), way.via.clone());
    let Way { selects, altered, .. } = *way;
    Origin { span, name, given: None, literal, via, selects, altered }
}

pub(super) fn names_only(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(own) if own == name)
}

/// Reads a file of values again.
fn body_of(file: FileId, sources: &Sources) -> Body {
    let (name, text) = (sources.name(file), sources.text(file));
    match name.ends_with(".json") {
        true => syntax::parse_json_values(file, name, text).0.body,
        false => syntax::parse_named(file, name, text).0.body,
    }
}
