//! Templates: quoted strings and heredocs, and the functions that render templates from elsewhere.

use super::access::entries;
use super::comprehension::iterable;
use super::evaluator::Pass;
use super::evidence::Cause;
use super::operator::choose;
use super::reference::references;
use super::scope::{Eval, Scope, Stop, finish, note, settle, stop};
use crate::diag::{Diagnostic, FileId, Sources, Span};
use crate::syntax;
use crate::syntax::tree::{Expr, ExprKind, Ident, Part};
use crate::value::convert::convert;
use crate::value::{Bounds, Kind, Type, Value};

/// Text that is being put together.
#[derive(Default)]
struct Text {
    /// The text up to the first unknown part.
    known: String,
    whole: bool,
    parts: Vec<Value>,
    /// What is wrong with it; the rest is still put together, without what cannot be part of it.
    stopped: Option<Stop>,
}

impl Pass<'_, '_> {
    /// Evaluates a quoted string or heredoc. One interpolation alone keeps its type.
    pub(super) fn template(&mut self, parts: &[Part], span: Span, scope: &mut Scope) -> Eval {
        if let [Part::Interpolation(expr)] = parts {
            return self.expr(expr, scope);
        }
        self.text(parts, Some(span), scope)
    }

    fn text(&mut self, parts: &[Part], around: Option<Span>, scope: &mut Scope) -> Eval {
        if let [Part::Literal(text, _)] = parts {
            return Ok(Value::string(text));
        }
        let mut text = Text { whole: true, ..Text::default() };
        for part in parts {
            self.part(part, around, &mut text, scope);
        }
        text.finish()
    }

    /// Adds a part to a text, and what is wrong with it.
    fn part(&mut self, part: &Part, around: Option<Span>, text: &mut Text, scope: &mut Scope) {
        match part {
            Part::Literal(literal, _) => text.push(literal),
            Part::Interpolation(expr) => {
                let (value, wrong) = settle(self.expr(expr, scope));
                note(&mut text.stopped, wrong);
                if let Err(mut stop) = text.add(&value, expr.span) {
                    stop.problems.iter_mut().for_each(|problem| problem.around = around);
                    self.explain(&mut stop.problems, expr, Cause::Other, scope);
                    note(&mut text.stopped, Some(stop));
                }
            }
            Part::If { condition, then, otherwise, span } => {
                let decided = self.expr(condition, scope);
                let [yes_at, no_at] = [then, otherwise].map(|parts| body_span(parts));
                let (yes, no) =
                    (self.text(then, yes_at, scope), self.text(otherwise, no_at, scope));
                let results = [yes_at, no_at].map(|place| place.unwrap_or(*span));
                let chosen = choose(decided, condition.span, yes, no, results);
                let (chosen, mut wrong) = settle(chosen);
                if let Some(stop) = &mut wrong {
                    let own = stop.problems.iter_mut();
                    for problem in own.filter(|problem| problem.span() == Some(condition.span)) {
                        let problem = std::slice::from_mut(problem);
                        self.explain(problem, condition, Cause::Other, scope);
                    }
                }
                note(&mut text.stopped, wrong);
                let misfit = text.add(&chosen, *span).err();
                note(&mut text.stopped, misfit);
            }
            Part::For { key_name, value_name, collection, body, span } => {
                let names = (key_name.as_ref(), value_name);
                let repeated = self.repeated(names, collection, body, *span, scope);
                let (repeated, wrong) = settle(repeated);
                note(&mut text.stopped, wrong);
                let misfit = text.add(&repeated, *span).err();
                note(&mut text.stopped, misfit);
            }
        }
    }

    /// Evaluates a `for` within a template: the texts of all turns as one.
    fn repeated(
        &mut self,
        (key_name, value_name): (Option<&Ident>, &Ident),
        collection: &Expr,
        body: &[Part],
        span: Span,
        scope: &mut Scope,
    ) -> Eval {
        let anything = || Value::unknown(Type::String);
        let (value, mut stopped) = settle(self.expr(collection, scope));
        let entries = iterable(&value, collection.span).map_err(|mut stop| {
            stop.problems.iter_mut().for_each(|problem| problem.around = Some(span));
            self.explain(&mut stop.problems, collection, Cause::Other, scope);
            stop
        });
        let none = entries
            .as_ref()
            .is_ok_and(|of| of.as_ref().is_none_or(|(entries, _)| entries.is_empty()));
        if none || entries.is_err() {
            let names = key_name.into_iter().chain([value_name]);
            note(&mut stopped, self.skip_body(names, body, scope).err());
        }
        let entries = match entries {
            Ok(entries) => entries,
            Err(more) => {
                note(&mut stopped, Some(more));
                return finish(anything(), stopped);
            }
        };
        let Some((entries, _)) = entries else {
            return finish(anything().marked(value.marks()), stopped);
        };
        let mut turns = Vec::with_capacity(entries.len());
        for (key, element) in entries {
            let depth = scope.names.len();
            if let Some(name) = key_name {
                scope.names.push((name.text.clone(), key));
            }
            scope.names.push((value_name.text.clone(), element));
            let (turned, wrong) = settle(self.text(body, body_span(body), scope));
            note(&mut stopped, wrong);
            scope.names.truncate(depth);
            turns.push(turned);
        }
        let known: Option<String> = turns.iter().map(Value::as_str).collect();
        let whole = known.map_or_else(anything, Value::string);
        let joined = Value::derived(&turns, whole.kind().clone());
        finish(joined.marked(value.marks()), stopped)
    }

    /// Evaluates `templatefile` and `templatestring`, whose template is already read: parses and renders it.
    pub(super) fn render(
        &mut self,
        function: &'static str,
        name: &str,
        source: &str,
        variables: &Value,
        places: &Places,
    ) -> Eval {
        let mut sources = Sources::default();
        let file = sources.add(name, source);
        let expr = syntax::parse_template(file, source).or_else(|problems| {
            let why =
                problems.first().map_or_else(String::new, |problem| one_line(problem, &sources));
            if function == "templatefile" {
                return stop("Error in function call", failed(function, &why), places.call);
            }
            let detail =
                format!("Invalid value for \"template\" parameter: invalid template: {why}.");
            stop("Invalid function argument", detail, places.template)
        })?;
        let fields = self.variables(variables, places)?;
        self.check_names(&expr, &fields, &sources, places)?;
        let mut scope = Scope { template: Some(function), names: fields, ..Scope::default() };
        let ExprKind::Template(parts) = &expr.kind else { return Ok(Value::string(source)) };
        let rendered = self.template(parts, expr.span, &mut scope).map_err(|stopped| {
            let why = stopped
                .problems
                .first()
                .map_or_else(String::new, |problem| one_line(problem, &sources));
            let problem = Diagnostic::error("Error in function call", failed(function, &why))
                .at(places.call, "");
            Stop::problems(vec![problem], stopped.fatal)
        })?;
        Ok(rendered.marked(variables.marks()))
    }

    fn variables(&mut self, variables: &Value, places: &Places) -> Eval<Vec<(String, Value)>> {
        if !matches!(variables.ty(), Type::Object(_) | Type::Map(_)) {
            return stop(
                "Invalid function argument",
                "Invalid value for \"vars\" parameter: invalid vars value: must be a map.",
                places.variables,
            );
        }
        let entries = entries(variables).map(|(entries, _)| entries).unwrap_or_default();
        let fields =
            entries.into_iter().map(|(key, value)| (key.as_str().unwrap_or("").to_string(), value));
        let fields: Vec<(String, Value)> = fields.collect();
        for (name, _) in &fields {
            let mut letters = name.chars();
            let fits = letters.next().is_some_and(char::is_alphabetic)
                && letters.all(|letter| letter.is_alphanumeric() || letter == '_');
            if !fits {
                let detail = format!(
                    "Invalid value for \"vars\" parameter: invalid template variable name {name:?}: must start with a \
                     letter, followed by zero or more letters, digits, and underscores."
                );
                return stop("Invalid function argument", detail, places.variables);
            }
        }
        Ok(fields)
    }

    fn check_names(
        &mut self,
        expr: &Expr,
        fields: &[(String, Value)],
        sources: &Sources,
        places: &Places,
    ) -> Eval<()> {
        let mut missing = None;
        references(expr, &mut Vec::new(), &mut |chain| {
            let (name, span) = chain.name();
            let known = fields.iter().any(|(known, _)| known == name);
            if !known && missing.is_none() {
                missing = Some((name.to_string(), span));
            }
        });
        let Some((name, span)) = missing else { return Ok(()) };
        let span = Span { file: FileId(0), ..span };
        let detail = format!(
            "Invalid value for \"vars\" parameter: vars map does not contain key {name:?}, referenced at {}.",
            range(span, sources)
        );
        stop("Invalid function argument", detail, places.variables)
    }
}

/// Where the parts of a template function's call stand.
pub(super) struct Places {
    /// The name and the opening parenthesis.
    pub call: Span,
    /// The first argument.
    pub template: Span,
    /// The second.
    pub variables: Span,
}

impl Text {
    fn push(&mut self, text: &str) {
        if self.whole && self.stopped.is_none() {
            self.known.push_str(text);
        }
    }

    fn add(&mut self, value: &Value, span: Span) -> Eval<()> {
        let summary = "Invalid template interpolation value";
        if value.is_null() {
            let detail =
                "The expression result is null. Cannot include a null value in a string template.";
            return stop(summary, detail, span);
        }
        self.parts.push(Value::string("").marked(value.marks()));
        // Whether it is of a type that fits is seen when it is known.
        if !value.is_known() {
            self.whole = false;
            return Ok(());
        }
        let text = convert(value, &Type::String).or_else(|error| {
            let detail =
                format!("Cannot include the given value in a string template: {}.", error.message);
            stop(summary, detail, span)
        })?;
        self.push(text.as_str().unwrap_or_default());
        Ok(())
    }

    fn finish(self) -> Eval {
        let kind = match (self.whole, &self.stopped) {
            (true, _) => Value::string(&self.known).kind().clone(),
            (false, None) => Kind::unknown(Type::String, Bounds::beginning(&self.known)),
            (false, Some(_)) => Kind::unknown(Type::String, Bounds::not_null()),
        };
        finish(Value::derived(&self.parts, kind), self.stopped)
    }
}

/// Gives where the parts of a template stand, from the first to the last.
fn body_span(parts: &[Part]) -> Option<Span> {
    let span = |part: &Part| match part {
        Part::Literal(_, span) | Part::If { span, .. } | Part::For { span, .. } => *span,
        Part::Interpolation(expr) => expr.span,
    };
    Some(Span::to(span(parts.first()?), span(parts.last()?)))
}

fn failed(function: &str, why: &str) -> String {
    format!("Call to function {function:?} failed: {why}.")
}

/// Writes a problem as one line: `place: summary; detail`.
pub(super) fn one_line(problem: &Diagnostic, sources: &Sources) -> String {
    let place = problem.span().map(|span| range(Span { file: FileId(0), ..span }, sources));
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}{}; {}", problem.summary, problem.detail)
}

/// Writes a place as `file:line,column-column`, or `-line,column` where it goes over lines.
pub(super) fn range(span: Span, sources: &Sources) -> String {
    let (start, end) = (sources.start(span), sources.end(span));
    let end = if start.line == end.line {
        end.column.to_string()
    } else {
        format!("{},{}", end.line, end.column)
    };
    format!("{}:{},{}-{end}", sources.name(span.file), start.line, start.column)
}
