//! References: what a chain of names, attributes and indexes in an expression speaks of.

use super::access::{attribute, index};
use super::evaluator::Pass;
use super::evidence::Cause;
use super::expr::is_fixed;
use super::scope::{Eval, ModuleId, Scope, Stop, Turn, all, fatal, finish, note, settle, stop};
use crate::addr::Mode;
use crate::config::{BlockName, Module, block_name};
use crate::diag::{Diagnostic, Span, nearest_within};
use crate::syntax::tree::{Expr, ExprKind, Ident, Part};
use crate::value::{Type, Value};

/// One step of a chain.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'e> {
    /// `.name`
    Attribute(&'e Ident),
    /// `[key]`
    Index(&'e Expr),
}

/// `root.a[b].c`, taken apart.
#[derive(Debug)]
pub(super) struct Chain<'e> {
    /// What it begins with: neither an attribute nor an index.
    pub root: &'e Expr,
    /// Each step with the place of the step itself, and that of the chain up to its end.
    pub steps: Vec<(Step<'e>, Span, Span)>,
}

impl<'e> Chain<'e> {
    /// Takes an expression apart.
    pub(super) fn new(expr: &'e Expr) -> Chain<'e> {
        let mut steps = Vec::new();
        let mut root = expr;
        loop {
            let (source, step) = match &root.kind {
                ExprKind::Attribute(source, name) => (source, Step::Attribute(name)),
                ExprKind::Index(source, key) => (source, Step::Index(key)),
                _ => break,
            };
            let place = Span { start: source.span.end, ..root.span };
            steps.push((step, place, root.span));
            root = source;
        }
        steps.reverse();
        Chain { root, steps }
    }

    /// Gives the root's name and place; empty where the root is no name.
    pub(super) fn name(&self) -> (&'e str, Span) {
        match &self.root.kind {
            ExprKind::Name(name) => (name, self.root.span),
            _ => ("", self.root.span),
        }
    }

    /// Gives the place of the chain up to and with the step of this number.
    pub(super) fn until(&self, count: usize) -> Span {
        match count.checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some((_, _, whole)) => Span::to(self.root.span, *whole),
            None => self.root.span,
        }
    }

    /// Gives the place of a block's or an instance's name: of so many steps, and of a fixed key after them.
    pub(super) fn named_until(&self, count: usize) -> Span {
        let key = fixed_key(self.steps.get(count)).is_some();
        self.until(count + usize::from(key))
    }

    /// Gives a step's name, where it is an attribute.
    pub(super) fn attribute(&self, place: usize) -> Option<&'e Ident> {
        match self.steps.get(place) {
            Some((Step::Attribute(name), _, _)) => Some(name),
            _ => None,
        }
    }
}

/// What a reference speaks of, and how many steps of the chain say so.
#[derive(Debug)]
pub(super) enum Named<'e> {
    /// A resource block.
    Resource { mode: Mode, type_name: &'e str, name: &'e str, used: usize },
    /// Another name: `var`, `local`, `module`, `each`, …
    Other,
}

impl<'a> Pass<'_, 'a> {
    /// Evaluates a chain.
    pub(super) fn chain(&mut self, expr: &Expr, scope: &mut Scope) -> Eval {
        let chain = Chain::new(expr);
        let (root, used) = match &chain.root.kind {
            ExprKind::Name(name) => match scope.name(name) {
                Some(value) => (Ok(value.clone()), 0),
                None => match self.resolve(&chain, scope) {
                    Ok((value, used)) => (Ok(value), used),
                    Err(stop) => (Err(stop), 0),
                },
            },
            _ => (self.expr(chain.root, scope), 0),
        };
        let (mut value, mut stopped) = settle(root);
        for (at, (step, place, _)) in chain.steps.iter().enumerate().skip(used) {
            let next = match step {
                Step::Attribute(name) => attribute(&value, &name.text, *place),
                Step::Index(key) => {
                    let (key, wrong) = settle(self.expr(key, scope));
                    note(&mut stopped, wrong);
                    index(&value, &key, *place)
                }
            };
            let (next, mut wrong) = settle(next);
            if let Some(stop) = &mut wrong {
                let part = part_of(expr, &chain, at);
                self.explain(&mut stop.problems, part, Cause::Other, scope);
            }
            note(&mut stopped, wrong);
            value = next;
        }
        finish(value, stopped)
    }

    /// Gives the value of the thing that a chain begins with, and how many steps say which.
    pub(super) fn resolve(&mut self, chain: &Chain<'_>, scope: &mut Scope) -> Eval<(Value, usize)> {
        let (root, span) = chain.name();
        if scope.bare && scope.names.is_empty() {
            return stop("Variables not allowed", "Variables may not be used here.", span);
        }
        if scope.bare {
            let near = nearest_within(root, scope.names.iter().map(|(name, _)| name.as_str()));
            let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
            let detail = format!("There is no variable named {root:?}.{hint}");
            return stop("Unknown variable", detail, span);
        }
        if scope.nothing {
            let detail = format!("There is no variable named {root:?}.");
            let problem = Diagnostic::error("Unknown variable", detail).at(span, "");
            return Err(Stop::problem(problem).plain());
        }
        if let Some(function) = scope.template {
            let detail =
                format!("A template for \"{function}\" can refer only to its own variables.");
            return stop("Invalid reference", detail, span);
        }
        match root {
            "var" => {
                let name = single(chain)?;
                let until = chain.until(1);
                if let Some((own, value)) = &scope.variable
                    && *own == name.text
                {
                    return Ok((value.clone(), 1));
                }
                Ok((self.variable_named(scope.module, &name.text, until)?, 1))
            }
            "local" => {
                let name = single(chain)?;
                Ok((self.local_named(scope.module, &name.text, chain.until(1))?, 1))
            }
            "each" | "count" => Ok((turn_value(chain, scope)?, 1)),
            "path" => Ok((self.path_value(chain, scope)?, 1)),
            "terraform" => Ok((self.terraform_value(chain)?, 1)),
            "self" => match &scope.this {
                Some(value) => Ok((value.clone(), 0)),
                None => Err(no_self(scope.before, span)),
            },
            "module" => self.module_reference(chain, scope),
            _ => match named(chain)? {
                Named::Resource { mode, type_name, name, used } => {
                    let block = (mode, type_name, name);
                    let own = scope.own.as_ref().is_some_and(|own| block_name(own) == block);
                    if own && self.evaluator.inputs.validating {
                        // What it is to be is told in the plan.
                        return Ok((anything(), used));
                    }
                    if own {
                        // A check of the text alone leaves it to the plan to tell of it.
                        if self.evaluator.inputs.validating {
                            return Ok((anything(), used));
                        }
                        let text = block_text(mode, type_name, name);
                        let detail = format!("Configuration for {text} may not refer to itself.");
                        return fatal("Self-referential block", detail, chain.named_until(used));
                    }
                    self.resource_reference(chain, block, used, scope)
                }
                Named::Other => {
                    fatal("Invalid reference", "This name cannot be referred to.", span)
                }
            },
        }
    }

    /// Notes what an expression refers to without evaluating it: loops without turns, arguments of `try` that are
    /// not reached. So what something needs does not depend on what is known already.
    pub(super) fn skip(&mut self, expr: &Expr, scope: &mut Scope) -> Eval<()> {
        let mut bound: Vec<String> = scope.names.iter().map(|(name, _)| name.clone()).collect();
        let mut found = Vec::new();
        references_of(expr, &mut bound, &mut |expr| found.push(expr));
        all(found.into_iter().map(|expr| self.touch(&Chain::new(expr), scope))).map(|_| ())
    }

    /// Does the same for parts of a template that see further names.
    pub(super) fn skip_body<'n>(
        &mut self,
        names: impl Iterator<Item = &'n Ident>,
        parts: &[Part],
        scope: &mut Scope,
    ) -> Eval<()> {
        let mut bound: Vec<String> = scope.names.iter().map(|(name, _)| name.clone()).collect();
        bound.extend(names.map(|name| name.text.clone()));
        let mut found = Vec::new();
        in_parts(parts, &mut bound, &mut |expr| found.push(expr));
        all(found.into_iter().map(|expr| self.touch(&Chain::new(expr), scope))).map(|_| ())
    }

    fn touch(&mut self, chain: &Chain<'_>, scope: &mut Scope) -> Eval<()> {
        let (root, _) = chain.name();
        if scope.template.is_some() {
            return Ok(());
        }
        if is_reserved(root) {
            return self.resolve(chain, scope).map(|_| ());
        }
        let Named::Resource { mode, type_name, name, used } = named(chain)? else { return Ok(()) };
        let block = (mode, type_name, name);
        let id = self.declared(scope.module, block, chain.named_until(used))?;
        let address = self.block_address(id);
        self.need(address);
        Ok(())
    }

    fn path_value(&mut self, chain: &Chain<'_>, scope: &Scope) -> Eval {
        let name = single(chain)?;
        let path = match name.text.as_str() {
            "module" => self.evaluator.modules[scope.module].module.folder.display().to_string(),
            "root" => ".".to_string(),
            "cwd" => self.evaluator.inputs.cwd.display().to_string(),
            other => {
                let known = nearest_within(other, ["module", "root", "cwd"]);
                let hint = known.map(|name| format!(" Did you mean {name:?}?")).unwrap_or_default();
                let detail = format!(
                    "The \"path\" object does not have an attribute named {other:?}.{hint}"
                );
                return fatal("Invalid \"path\" attribute", detail, chain.until(1));
            }
        };
        Ok(Value::string(path.replace('\\', "/")))
    }

    fn terraform_value(&mut self, chain: &Chain<'_>) -> Eval {
        let name = single(chain)?;
        match name.text.as_str() {
            "workspace" => Ok(Value::string(&self.evaluator.inputs.workspace)),
            "applying" => {
                let ephemeral = crate::value::Marks { sensitive: false, ephemeral: true };
                Ok(Value::bool(self.evaluator.inputs.applying).marked(ephemeral))
            }
            "env" => fatal(
                "Invalid \"terraform\" attribute",
                "The terraform.env attribute was deprecated in v0.10 and removed in v0.12. The \"state environment\" \
                 concept was renamed to \"workspace\" in v0.12, and so the workspace name can now be accessed using the \
                 terraform.workspace attribute.",
                chain.until(1),
            ),
            other => fatal(
                "Invalid \"terraform\" attribute",
                format!(
                    "The \"terraform\" object does not have an attribute named {other:?}. The only supported attributes \
                     are terraform.workspace, the name of the currently-selected workspace, and terraform.applying, a \
                     boolean which is true only during apply."
                ),
                chain.until(1),
            ),
        }
    }

    /// Names a module as messages do.
    pub(super) fn module_label(&self, module: ModuleId) -> String {
        match self.evaluator.modules[module].module.path.as_slice() {
            [] => "the root module".into(),
            path => path.iter().map(|name| format!("module.{name}")).collect::<Vec<_>>().join("."),
        }
    }
}

/// Gives the part of a chain that a step belongs to: up to itself where its key is computed, else up to the next
/// step with such a key.
fn part_of<'e>(expr: &'e Expr, chain: &Chain<'e>, at: usize) -> &'e Expr {
    let computed = |step: &Step<'_>| matches!(step, Step::Index(key) if !is_fixed(key));
    let ends = |at: &usize| computed(&chain.steps[*at].0);
    let last = if ends(&at) {
        at
    } else {
        (at + 1..chain.steps.len()).find(ends).unwrap_or(chain.steps.len()) - 1
    };
    let mut part = expr;
    for _ in last + 1..chain.steps.len() {
        if let ExprKind::Attribute(source, _) | ExprKind::Index(source, _) = &part.kind {
            part = source;
        }
    }
    part
}

/// Says that there is no `self`; before an instance is made in one more way.
fn no_self(before: bool, span: Span) -> Stop {
    let detail = "The \"self\" object is not available in this context. This object can be used only in resource provisioner, \
                  connection, and postcondition blocks.";
    let mut stop =
        Stop::fatal(Diagnostic::error("Invalid \"self\" reference", detail).at(span, ""));
    if before {
        let detail = "There is no variable named \"self\".";
        stop.problems.push(Diagnostic::error("Unknown variable", detail).at(span, ""));
    }
    stop
}

/// Writes a block's address within its module.
pub(super) fn block_text(mode: Mode, type_name: &str, name: &str) -> String {
    let prefix = match mode {
        Mode::Managed => "",
        Mode::Data => "data.",
        Mode::Ephemeral => "ephemeral.",
    };
    format!("{prefix}{type_name}.{name}")
}

/// Says whether a root name is one of the language's own rather than a resource type.
pub(super) fn is_reserved(root: &str) -> bool {
    matches!(root, "var" | "local" | "each" | "count" | "path" | "terraform" | "self" | "module")
}

/// Tells a resource from other names.
pub(super) fn named<'e>(chain: &Chain<'e>) -> Eval<Named<'e>> {
    let (root, span) = chain.name();
    if is_reserved(root) {
        return Ok(Named::Other);
    }
    let (mode, what, skip) = match root {
        "data" => (Mode::Data, Some(("data source type", "data")), 1),
        "ephemeral" => (Mode::Ephemeral, Some(("ephemeral resource type", "ephemeral")), 1),
        "resource" => (Mode::Managed, Some(("resource type", "resource")), 1),
        _ => (Mode::Managed, None, 0),
    };
    let whole = chain.until(chain.steps.len());
    if let Some((what, prefix)) = what {
        return match (chain.attribute(0), chain.attribute(1)) {
            (Some(type_name), Some(name)) => Ok(Named::Resource {
                mode,
                type_name: &type_name.text,
                name: &name.text,
                used: skip + 1,
            }),
            _ => fatal(
                "Invalid reference",
                format!(
                    "The {prefix:?} object must be followed by two attribute names: the {what} and the resource name."
                ),
                whole,
            ),
        };
    }
    if matches!(root, "template" | "lazy" | "arg") {
        let detail = format!(
            "The symbol name {root:?} is reserved for use in a future Terraform version. If you are using a provider that \
             already uses this as a resource type name, add the prefix \"resource.\" to force interpretation as a resource \
             type name."
        );
        return fatal("Reserved symbol name", detail, span);
    }
    match chain.attribute(0) {
        Some(name) => Ok(Named::Resource { mode, type_name: root, name: &name.text, used: 1 }),
        None => {
            let place = match chain.steps.first() {
                Some((Step::Index(key), _, _)) if !is_fixed(key) => span,
                first => first.map_or(span, |(_, place, _)| *place),
            };
            fatal(
                "Invalid reference",
                "A reference to a resource type must be followed by at least one attribute access, specifying the \
                 resource name.",
                place,
            )
        }
    }
}

/// Gives the one attribute that `var`, `local` and their like must be followed by.
pub(super) fn single<'e>(chain: &Chain<'e>) -> Eval<&'e Ident> {
    let (root, span) = chain.name();
    match chain.steps.first() {
        Some((Step::Attribute(name), _, _)) => Ok(name),
        Some((Step::Index(_), place, _)) => {
            let detail = format!("The {root:?} object does not support this operation.");
            fatal("Invalid reference", detail, *place)
        }
        None => {
            let detail = format!(
                "The {root:?} object cannot be accessed directly. Instead, access one of its attributes."
            );
            fatal("Invalid reference", detail, span)
        }
    }
}

fn turn_value(chain: &Chain<'_>, scope: &Scope) -> Eval {
    let (root, _) = chain.name();
    let name = single(chain)?;
    let span = chain.until(1);
    match (root, name.text.as_str(), &scope.turn) {
        ("count", "index", Turn::Count(index)) => Ok(index.clone()),
        ("count", "index", _) => fatal(
            "Reference to \"count\" in non-counted context",
            "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and only when the \
             \"count\" argument is set.",
            span,
        ),
        ("count", other, _) => fatal(
            "Invalid \"count\" attribute",
            format!(
                "The \"count\" object does not have an attribute named {other:?}. The only supported attribute is \
                 count.index, which is the index of each instance of a resource block that has the \"count\" argument \
                 set."
            ),
            span,
        ),
        (_, "key", Turn::Each(key, _)) => Ok(key.clone()),
        (_, "value", Turn::Each(_, value)) => Ok(value.clone()),
        (_, "key", _) => fatal(
            "Reference to \"each\" in context without for_each",
            "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \"for_each\" \
             argument is set.",
            span,
        ),
        (_, "value", _) => fatal(
            "each.value cannot be used in this context",
            "A reference to \"each.value\" has been used in a context in which it is unavailable, such as when the \
             configuration no longer contains the value in its \"for_each\" expression. Remove this reference to \
             each.value in your configuration to work around this error.",
            span,
        ),
        (_, other, _) => fatal(
            "Invalid \"each\" attribute",
            format!(
                "The \"each\" object does not have an attribute named {other:?}. The supported attributes are each.key \
                 and each.value, the current key and value pair of the \"for_each\" attribute set."
            ),
            span,
        ),
    }
}

/// Says that a block, local or variable is not declared, with the name that may have been meant.
pub(super) fn undeclared_resource(
    module: &Module,
    label: &str,
    (mode, type_name, name): BlockName<'_>,
    span: Span,
) -> Diagnostic {
    let adjective = match mode {
        Mode::Managed => "A managed",
        Mode::Data => "A data",
        Mode::Ephemeral => "An ephemeral",
    };
    let other = module.resource((Mode::Data, type_name, name));
    let hint = if mode == Mode::Managed && other.is_some() {
        format!("\n\nDid you mean the data resource data.{type_name}.{name}?")
    } else {
        String::new()
    };
    let detail = format!(
        "{adjective} resource {type_name:?} {name:?} has not been declared in {label}.{hint}"
    );
    let problem = Diagnostic::error("Reference to undeclared resource", detail).at(span, "");
    let names = module.resources.keys().filter(|(of, ty, _)| *of == mode && ty == type_name);
    match nearest_within(name, names.map(|(_, _, name)| name.as_str())) {
        Some(near) => problem.help(format!("There is a {} {type_name:?} {near:?}.", noun(mode))),
        None => problem,
    }
}

fn noun(mode: Mode) -> &'static str {
    match mode {
        Mode::Managed => "resource",
        Mode::Data => "data source",
        Mode::Ephemeral => "ephemeral resource",
    }
}

/// Visits the free references of an expression, each as a chain.
pub(super) fn references<'e>(
    expr: &'e Expr,
    bound: &mut Vec<String>,
    visit: &mut dyn FnMut(&Chain<'e>),
) {
    references_of(expr, bound, &mut |expr| visit(&Chain::new(expr)));
}

/// Visits the free references of an expression, each as the whole expression of its chain.
pub(super) fn free_chains<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    references_of(expr, &mut Vec::new(), visit);
}

/// Visits the references of an expression to what is not bound.
fn references_of<'e>(expr: &'e Expr, bound: &mut Vec<String>, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Each
        | ExprKind::Unknown => {}
        ExprKind::Name(name) => {
            if !bound.contains(name) {
                visit(expr);
            }
        }
        ExprKind::Attribute(..) | ExprKind::Index(..) => {
            let chain = Chain::new(expr);
            match &chain.root.kind {
                ExprKind::Name(name) if !bound.contains(name) => visit(expr),
                ExprKind::Name(_) => {}
                _ => references_of(chain.root, bound, visit),
            }
            for (step, _, _) in &chain.steps {
                if let Step::Index(key) = step {
                    references_of(key, bound, visit);
                }
            }
        }
        ExprKind::Template(parts) => in_parts(parts, bound, visit),
        ExprKind::Splat { source, each, .. } => {
            references_of(source, bound, visit);
            references_of(each, bound, visit);
        }
        ExprKind::Call { arguments, .. } | ExprKind::Tuple(arguments) => {
            for argument in arguments {
                references_of(argument, bound, visit);
            }
        }
        ExprKind::Unary(_, operand) | ExprKind::Parens(operand) => {
            references_of(operand, bound, visit)
        }
        ExprKind::Binary(_, left, right) => {
            references_of(left, bound, visit);
            references_of(right, bound, visit);
        }
        ExprKind::Conditional(condition, then, otherwise) => {
            for part in [condition, then, otherwise] {
                references_of(part, bound, visit);
            }
        }
        ExprKind::Object(items) => {
            for item in items {
                if !item.bare {
                    references_of(&item.key, bound, visit);
                }
                references_of(&item.value, bound, visit);
            }
        }
        ExprKind::For(parts) => {
            references_of(&parts.collection, bound, visit);
            let depth = bound.len();
            bound.extend(
                parts.key_name.iter().chain([&parts.value_name]).map(|name| name.text.clone()),
            );
            for part in parts.key.iter().chain([&parts.value]).chain(&parts.condition) {
                references_of(part, bound, visit);
            }
            bound.truncate(depth);
        }
    }
}

fn in_parts<'e>(parts: &'e [Part], bound: &mut Vec<String>, visit: &mut dyn FnMut(&'e Expr)) {
    for part in parts {
        match part {
            Part::Literal(..) => {}
            Part::Interpolation(expr) => references_of(expr, bound, visit),
            Part::If { condition, then, otherwise, .. } => {
                references_of(condition, bound, visit);
                in_parts(then, bound, visit);
                in_parts(otherwise, bound, visit);
            }
            Part::For { key_name, value_name, collection, body, .. } => {
                references_of(collection, bound, visit);
                let depth = bound.len();
                bound.extend(key_name.iter().chain([value_name]).map(|name| name.text.clone()));
                in_parts(body, bound, visit);
                bound.truncate(depth);
            }
        }
    }
}

/// Gives the fixed key of an index step: a number or text without interpolation.
pub(super) fn fixed_key(step: Option<&(Step<'_>, Span, Span)>) -> Option<Value> {
    let Some((Step::Index(key), _, _)) = step else { return None };
    match &key.kind {
        ExprKind::Number(text) => crate::value::Number::parse(text).map(Value::number),
        ExprKind::Template(_) => key.literal().map(Value::string),
        ExprKind::Null => Some(Value::null(Type::Any)),
        ExprKind::Bool(truth) => Some(Value::bool(*truth)),
        _ => None,
    }
}

/// Gives an unknown of any type.
pub(super) fn anything() -> Value {
    Value::unknown(Type::Any)
}
