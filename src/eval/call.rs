//! Function calls, and the functions that need the evaluator: `try`, `can` and the templates.

use super::evaluator::Pass;
use super::expr::start_of;
use super::scope::{Eval, Scope, Stop, note, settle, stop};
use super::template::Places;
use crate::diag::{Diagnostic, Span, nearest, nearest_within};
use crate::functions::{self, Function};
use crate::syntax::tree::{Expr, ExprKind, Ident, Part};
use crate::value::convert::convert;
use crate::value::{Kind, Type, Value};

impl Pass<'_, '_> {
    /// Evaluates `name(arguments…)`.
    pub(super) fn call(
        &mut self,
        name: &Ident,
        arguments: &[Expr],
        expand: bool,
        span: Span,
        scope: &mut Scope,
    ) -> Eval {
        let head = Span { end: name.span.end + 1, ..name.span };
        if scope.bare {
            return stop("Function calls not allowed", "Functions may not be called here.", span);
        }
        let close = Span { start: span.end.saturating_sub(1), ..span };
        let short = name.text.strip_prefix("core::").unwrap_or(&name.text);
        if expand && functions::SPECIAL.contains(&short) {
            return self.special_with_parts(name, short, arguments, span, scope);
        }
        match short {
            "try" => {
                let result = self.first_of(arguments, head, scope);
                return self.calling_with(result, &name.text, special_parameters(short), scope);
            }
            "can" => {
                let result = self.can(arguments, close, scope);
                return self.calling_with(result, &name.text, special_parameters(short), scope);
            }
            "templatefile" | "templatestring" => {
                let result = self.template_call(short, arguments, head, close, scope);
                return self.calling_with(result, &name.text, special_parameters(short), scope);
            }
            "type" if self.evaluator.console => return self.type_of(arguments, close, scope),
            _ => {}
        }
        let provided = self.provided(name, scope)?;
        let given = provided.as_ref().map(|(_, function)| *function);
        let Some(function) = given.or_else(|| functions::find(&name.text)) else {
            // What the arguments refer to is looked at first.
            super::scope::all(arguments.iter().map(|argument| self.skip(argument, scope)))?;
            return match functions::GONE.iter().find(|(gone, _)| *gone == short) {
                Some((gone, why)) => {
                    let detail = format!("Call to function {gone:?} failed: {why}.");
                    stop("Error in function call", detail, head)
                }
                None => Err(unknown(name)),
            };
        };
        let given = self.arguments(function, name, arguments, expand, close, scope);
        let given = self.calling(given, &name.text, function, scope)?;
        let Some((values, places)) = given else { return Ok(Value::unknown(Type::Any)) };
        let mut result = self.apply(function, &name.text, &values, &places, head);
        if let (Ok(value), Some((source, _))) = (&result, &provided) {
            let value = value.clone();
            result = self.completed(source, function, &name.text, value, head, scope);
        }
        self.calling(result, &name.text, function, scope)
    }

    fn apply(
        &mut self,
        function: &'static Function,
        name: &str,
        values: &[Value],
        places: &[Span],
        head: Span,
    ) -> Eval {
        functions::call(function, values, &self.evaluator.environment).or_else(|error| {
            let (summary, detail) = error.describe(name, function);
            let span = error.argument.and_then(|place| places.get(place).copied());
            stop(&summary, detail, span.unwrap_or(head))
        })
    }

    /// Evaluates arguments, the last one expanded where it ends in `...`; nothing where that is not known. Gives
    /// the place of each too. Where their number is wrong nothing else is.
    fn arguments(
        &mut self,
        function: &'static Function,
        name: &Ident,
        arguments: &[Expr],
        expand: bool,
        close: Span,
        scope: &mut Scope,
    ) -> Eval<Option<(Vec<Value>, Vec<Span>)>> {
        let mut places: Vec<Span> = arguments.iter().map(start_of).collect();
        let mut expanded = Vec::new();
        let mut written = arguments;
        if let (true, Some((last, before))) = (expand, arguments.split_last()) {
            let Some(parts) = self.expanded(last, scope)? else {
                super::scope::all(before.iter().map(|argument| self.skip(argument, scope)))?;
                return Ok(None);
            };
            (expanded, written) = (parts, before);
            places.pop();
            places.resize(before.len() + expanded.len(), last.span);
        }
        let count = written.len() + expanded.len();
        if let Err(error) = functions::check_count(function, &name.text, count) {
            super::scope::all(written.iter().map(|argument| self.skip(argument, scope)))?;
            let (summary, detail) = error.describe(&name.text, function);
            let extra = places.get(function.parameters.len()).copied();
            return stop(&summary, detail, extra.unwrap_or(close));
        }
        let mut stopped = None;
        let mut values = Vec::with_capacity(count);
        for (at, argument) in written.iter().enumerate() {
            let (value, wrong) = settle(self.expr(argument, scope));
            note(&mut stopped, wrong);
            let fits = fitting(function, &name.text, at, value.clone(), places[at]);
            note(&mut stopped, fits.err());
            values.push(value);
        }
        for (at, value) in expanded.into_iter().enumerate() {
            let at = written.len() + at;
            // What an expression gives has no values of its own behind it.
            let fits = fitting(function, &name.text, at, value.clone(), places[at]);
            let fits = self.calling(fits, &name.text, function, scope);
            note(&mut stopped, fits.err().map(Stop::plain));
            values.push(value);
        }
        match stopped {
            Some(stop) => Err(stop.with(Value::unknown(Type::Any))),
            None => Ok(Some((values, places))),
        }
    }

    /// Gives the parts of the last argument where it is expanded; nothing where they are not known.
    fn expanded(&mut self, last: &Expr, scope: &mut Scope) -> Eval<Option<Vec<Value>>> {
        let value = self.expr(last, scope).map_err(Stop::of_part)?;
        let summary = "Invalid expanding argument value";
        if value.is_null() {
            let detail = "The expanding argument (indicated by ...) must not be null.";
            return stop(summary, detail, last.span);
        }
        match value.kind() {
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
                let marks = value.marks();
                Ok(Some(parts.iter().map(|part| part.clone().marked(marks)).collect()))
            }
            Kind::Unknown(Type::Any | Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => Ok(None),
            _ => {
                let detail = "The expanding argument (indicated by ...) must be of a tuple, list, or set type.";
                stop(summary, detail, last.span)
            }
        }
    }

    /// Evaluates a function that is given expressions, where the last of these is expanded: each of its parts is
    /// an expression then.
    fn special_with_parts(
        &mut self,
        name: &Ident,
        short: &str,
        arguments: &[Expr],
        span: Span,
        scope: &mut Scope,
    ) -> Eval {
        let Some((last, before)) = arguments.split_last() else { return Err(Stop::reported()) };
        let parts = self.expanded(last, scope);
        let parts = self.calling_with(parts, &name.text, special_parameters(short), scope)?;
        let Some(parts) = parts else {
            super::scope::all(before.iter().map(|argument| self.skip(argument, scope)))?;
            return Ok(Value::unknown(Type::Any));
        };
        let depth = scope.names.len();
        let mut written = before.to_vec();
        for (at, part) in parts.into_iter().enumerate() {
            // No name of the language looks like this one.
            let own = format!("{at}...");
            written.push(Expr { kind: ExprKind::Name(own.clone()), span: last.span });
            scope.names.push((own, part));
        }
        let result = self.call(name, &written, false, span, scope);
        scope.names.truncate(depth);
        result
    }

    /// `try`: the first argument that can be evaluated.
    fn first_of(&mut self, arguments: &[Expr], head: Span, scope: &mut Scope) -> Eval {
        if arguments.is_empty() {
            let detail = "Call to function \"try\" failed: at least one argument is required.";
            return stop("Error in function call", detail, head);
        }
        let mut failures = Vec::new();
        for (place, argument) in arguments.iter().enumerate() {
            match self.quietly(argument, scope) {
                Ok(value) => {
                    for later in &arguments[place + 1..] {
                        self.skip(later, scope)?;
                    }
                    if value.is_whole() {
                        return Ok(value);
                    }
                    // What is not known has no marks here until it is.
                    return Ok(Value::unknown(Type::Any));
                }
                Err(stop) if stop.fatal => return Err(stop),
                Err(stop) => failures.extend(stop.problems),
            }
        }
        let mut detail =
            String::from("Call to function \"try\" failed: no expression succeeded:\n");
        for failure in &failures {
            let place = failure.span().map(|span| format!(" (at {})", self.evaluator.range(span)));
            let place = place.unwrap_or_default();
            detail.push_str(&format!("- {}{place}\n  {}\n", failure.summary, failure.detail));
        }
        detail.push_str("\nAt least one expression must produce a successful result.");
        stop("Error in function call", detail, head)
    }

    /// Evaluates an expression whose problems may be swallowed.
    fn quietly(&mut self, expr: &Expr, scope: &mut Scope) -> Eval {
        self.evaluator.quiet += 1;
        let result = self.expr(expr, scope);
        self.evaluator.quiet -= 1;
        result
    }

    /// `can`: whether the argument can be evaluated.
    fn can(&mut self, arguments: &[Expr], close: Span, scope: &mut Scope) -> Eval {
        let argument = match arguments {
            [] => {
                let detail =
                    "Function \"can\" expects 1 argument(s). Missing value for \"expression\".";
                return stop("Not enough function arguments", detail, close);
            }
            [argument] => argument,
            [_, extra, ..] => {
                super::scope::all(arguments.iter().map(|argument| self.skip(argument, scope)))?;
                let detail = "Function \"can\" expects only 1 argument(s).";
                return stop("Too many function arguments", detail, start_of(extra));
            }
        };
        match self.quietly(argument, scope) {
            Ok(value) if value.is_whole() => Ok(Value::bool(true)),
            Ok(_) => Ok(Value::unknown_not_null(Type::Bool)),
            Err(stop) if stop.fatal => Err(stop),
            Err(_) => Ok(Value::bool(false)),
        }
    }

    /// `type`, which only the console has: the type as text.
    fn type_of(&mut self, arguments: &[Expr], close: Span, scope: &mut Scope) -> Eval {
        let [argument] = arguments else {
            let detail = "Function \"type\" expects 1 argument(s).";
            return stop("Not enough function arguments", detail, close);
        };
        let value = self.expr(argument, scope).map_err(Stop::of_part)?;
        Ok(Value::string(value.ty().to_string()))
    }

    /// `templatefile` and `templatestring`.
    fn template_call(
        &mut self,
        function: &str,
        arguments: &[Expr],
        head: Span,
        close: Span,
        scope: &mut Scope,
    ) -> Eval {
        let from_file = function == "templatefile";
        let function = if from_file { "templatefile" } else { "templatestring" };
        let names = if from_file { ["path", "vars"] } else { ["template", "vars"] };
        if arguments.len() != names.len() {
            super::scope::all(arguments.iter().map(|argument| self.skip(argument, scope)))?;
        }
        if let Some(missing) = names.get(arguments.len()) {
            let detail = format!(
                "Function {function:?} expects 2 argument(s). Missing value for {missing:?}."
            );
            return stop("Not enough function arguments", detail, close);
        }
        if let Some(extra) = arguments.get(2) {
            let detail = format!("Function {function:?} expects only 2 argument(s).");
            return stop("Too many function arguments", detail, start_of(extra));
        }
        let (first, second) = (&arguments[0], &arguments[1]);
        let places = Places { call: head, template: start_of(first), variables: start_of(second) };
        if scope.template.is_some() {
            let detail = format!(
                "Call to function {function:?} failed: cannot recursively call {function} from inside another template \
                 function."
            );
            return stop("Error in function call", detail, head);
        }
        let source = match no_reference(first) {
            Some(_) if !from_file => Ok(Value::unknown(Type::String)),
            _ => self.expr(first, scope),
        };
        let (source, variables) = super::scope::both(source, self.expr(second, scope))?;
        let source =
            if from_file { self.template_text(&source, names[0], &places)? } else { source };
        if variables.is_null() {
            let detail = "Invalid value for \"vars\" parameter: argument must not be null.";
            return stop("Invalid function argument", detail, places.variables);
        }
        if !from_file && variables.is_known() {
            let wrong = |why: &str| {
                let detail =
                    format!("Invalid value for \"template\" parameter: invalid template {why}.");
                stop("Invalid function argument", detail, places.template)
            };
            if let Some(why) = no_reference(first) {
                return wrong(&format!("expression: {why}"));
            }
            if source.is_known() && source.as_str().is_none() {
                return wrong("value: a string is required");
            }
        }
        let known = source.as_str().filter(|_| variables.is_known());
        let Some(name) = known.map(str::to_string) else {
            return Ok(Value::derived(
                [&source, &variables],
                Value::unknown(Type::Any).kind().clone(),
            ));
        };
        let (name, text) = if from_file {
            let Some(file) = functions::find("file") else { return Err(Stop::reported()) };
            let text =
                functions::call(file, std::slice::from_ref(&source), &self.evaluator.environment);
            let text = text.or_else(|error| {
                let detail = format!("Invalid value for \"path\" parameter: {}.", error.message);
                stop("Invalid function argument", detail, places.template)
            })?;
            (name, text)
        } else {
            ("<templatestring argument>".to_string(), source.clone())
        };
        let rendered =
            self.render(function, &name, text.as_str().unwrap_or_default(), &variables, &places)?;
        let rendered = if from_file {
            rendered
        } else {
            convert(&rendered, &Type::String).or_else(|error| {
                let detail = format!(
                    "Call to function {function:?} failed: invalid template result: {}.",
                    error.message
                );
                stop("Error in function call", detail, head)
            })?
        };
        Ok(rendered.marked(source.marks()))
    }

    fn template_text(&mut self, source: &Value, parameter: &str, places: &Places) -> Eval {
        let wrong = |why: &str| {
            let detail = format!("Invalid value for {parameter:?} parameter: {why}.");
            stop("Invalid function argument", detail, places.template)
        };
        if source.is_null() {
            return wrong("argument must not be null");
        }
        convert(source, &Type::String).or_else(|error| wrong(&error.message))
    }
}

/// Gives the parameters of a function that the evaluator does, as messages name them.
fn special_parameters(short: &str) -> Vec<String> {
    let names: &[&str] = match short {
        "try" => &["expressions..."],
        "can" => &["expression"],
        "templatefile" => &["path", "vars"],
        _ => &["template", "vars"],
    };
    names.iter().map(ToString::to_string).collect()
}

/// Says why an expression is not a reference to a template elsewhere.
fn no_reference(expr: &Expr) -> Option<&'static str> {
    if is_reference(expr) {
        return None;
    }
    let ExprKind::Template(parts) = &expr.kind else {
        return Some(
            "must be a direct reference to a single string from elsewhere, containing valid Terraform template syntax",
        );
    };
    Some(match parts.as_slice() {
        [] | [Part::Literal(..)] => {
            "templatestring is only for rendering templates retrieved dynamically from elsewhere, and so does not support \
             providing a literal template; consider using a template string expression instead"
        }
        [Part::Interpolation(_)] => {
            "templatestring is only for rendering templates retrieved dynamically from elsewhere; to treat the inner expression \
             as template syntax, write the reference expression directly without any template interpolation syntax"
        }
        _ => {
            "templatestring is only for rendering templates retrieved dynamically from elsewhere; to render an inline template, \
             consider using a plain template string expression"
        }
    })
}

/// Says whether an expression is a plain reference.
fn is_reference(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute(source, _) | ExprKind::Index(source, _) => is_reference(source),
        _ => false,
    }
}

/// Gives an argument, if it is of the type that its parameter asks for.
fn fitting(
    function: &'static Function,
    name: &str,
    place: usize,
    value: Value,
    span: Span,
) -> Eval {
    match functions::check_argument(function, place, &value) {
        Ok(()) => Ok(value),
        Err(error) => {
            let (summary, detail) = error.describe(name, function);
            stop(&summary, detail, span)
        }
    }
}

fn unknown(name: &Ident) -> Stop {
    let text = &name.text;
    let Some((namespace, rest)) = text.split_once("::") else {
        let near = nearest(text, functions::names()).map(String::from);
        let near = near.or_else(|| {
            let mut names = functions::names().into_iter().map(|name| format!("core::{name}"));
            names.find(|name| nearest_within(text, [name.as_str()]).is_some())
        });
        let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
        let detail = format!("There is no function named {text:?}.{hint}");
        return Stop::problem(
            Diagnostic::error("Call to unknown function", detail).at(name.span, ""),
        );
    };
    let detail = if namespace == "provider" {
        let mut parts = rest.splitn(2, "::");
        let (provider, function) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        format!(
            "There is no function named {text:?}. Ensure that provider name {provider:?} is declared in this module's \
             required_providers block, and that this provider offers a function named {function:?}."
        )
    } else {
        format!(
            "The function namespace {namespace:?} is not valid. Provider function calls must use the \"provider::\" namespace \
             prefix."
        )
    };
    Stop::problem(Diagnostic::error("Unknown provider function", detail).at(name.span, ""))
}
