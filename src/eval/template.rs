//! Templates: quoted strings and heredocs, and the functions that render templates from elsewhere.

use super::access::entries;
use super::comprehension::iterable;
use super::evaluator::Pass;
use super::evidence::Cause;
use super::operator::choose;
use super::reference::references;
use super::scope::{Eval, Scope, Stop, note, settle, stop};
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
}

impl Pass<'_, '_> {
    /// Evaluates a quoted string or heredoc. One interpolation alone keeps its type.
    pub(super) fn template(&mut self, parts: &[Part], scope: &mut Scope) -> Eval {
        if let [Part::Interpolation(expr)] = parts {
            return self.expr(expr, scope);
        }
        self.text(parts, scope)
    }

    fn text(&mut self, parts: &[Part], scope: &mut Scope) -> Eval {
        if let [Part::Literal(text, _)] = parts {
            return Ok(Value::string(text));
        }
        let mut text = Text { whole: true, ..Text::default() };
        let mut stopped: Option<Stop> = None;
        for part in parts {
            if let Err(problem) = self.part(part, &mut text, scope) {
                stopped = Some(match stopped {
                    Some(before) => before.and(problem),
                    None => problem,
                });
            }
        }
        match stopped {
            Some(stop) => Err(stop.with(Value::unknown_not_null(Type::String))),
            None => Ok(text.finish()),
        }
    }

    fn part(&mut self, part: &Part, text: &mut Text, scope: &mut Scope) -> Eval<()> {
        let (value, span) = match part {
            Part::Literal(literal, _) => {
                if text.whole {
                    text.known.push_str(literal);
                }
                return Ok(());
            }
            Part::Interpolation(expr) => (self.expr(expr, scope)?, expr.span),
            Part::If { condition, then, otherwise, span } => {
                let decided = self.expr(condition, scope);
                let (yes, no) = (self.text(then, scope), self.text(otherwise, scope));
                let chosen = choose(decided, condition.span, yes, no, *span);
                let chosen = chosen.map_err(|mut stop| {
                    let mut own: Vec<&mut Diagnostic> = stop.problems.iter_mut().collect();
                    own.retain(|problem| problem.span() == Some(condition.span));
                    for problem in own {
                        let problem = std::slice::from_mut(problem);
                        self.explain(problem, condition, Cause::Other, scope);
                    }
                    stop
                });
                (chosen?, *span)
            }
            Part::For { key_name, value_name, collection, body, span } => {
                let names = (key_name.as_ref(), value_name);
                return self.repeated(names, collection, body, *span, text, scope);
            }
        };
        text.add(&value, span)
    }

    fn repeated(
        &mut self,
        (key_name, value_name): (Option<&Ident>, &Ident),
        collection: &Expr,
        body: &[Part],
        span: Span,
        text: &mut Text,
        scope: &mut Scope,
    ) -> Eval<()> {
        let (value, stopped) = settle(self.expr(collection, scope));
        let entries = iterable(&value, collection.span).map_err(|mut stop| {
            stop.problems.iter_mut().for_each(|problem| problem.around = Some(span));
            self.explain(&mut stop.problems, collection, Cause::Other, scope);
            stop
        });
        let none = entries
            .as_ref()
            .is_ok_and(|of| of.as_ref().is_none_or(|(entries, _)| entries.is_empty()));
        let mut stopped = stopped;
        if none || stopped.is_some() || entries.is_err() {
            let names = key_name.into_iter().chain([value_name]);
            note(&mut stopped, self.skip_body(names, body, scope).err());
        }
        let entries = match (stopped, entries) {
            (None, entries) => entries?,
            (Some(stop), Err(more)) => return Err(stop.and(more)),
            (Some(stop), Ok(_)) => return Err(stop),
        };
        let Some((entries, _)) = entries else {
            return text.add(&Value::unknown_not_null(Type::String).marked(value.marks()), span);
        };
        text.parts.push(Value::tuple(Vec::new()).marked(value.marks()));
        for (key, element) in entries {
            let depth = scope.names.len();
            if let Some(name) = key_name {
                scope.names.push((name.text.clone(), key));
            }
            scope.names.push((value_name.text.clone(), element));
            let turned = self.text(body, scope).and_then(|turned| text.add(&turned, span));
            scope.names.truncate(depth);
            turned?;
        }
        Ok(())
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
        let rendered = self.template(parts, &mut scope).map_err(|stopped| {
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
    fn add(&mut self, value: &Value, span: Span) -> Eval<()> {
        let summary = "Invalid template interpolation value";
        if value.is_null() {
            let detail =
                "The expression result is null. Cannot include a null value in a string template.";
            return stop(summary, detail, span);
        }
        // Whether it is of a type that fits is seen when it is known.
        if !value.is_known() {
            self.whole = false;
            self.parts.push(value.clone());
            return Ok(());
        }
        let text = convert(value, &Type::String).or_else(|error| {
            let detail =
                format!("Cannot include the given value in a string template: {}.", error.message);
            stop(summary, detail, span)
        })?;
        match text.kind() {
            Kind::String(known) if self.whole => self.known.push_str(known),
            _ => {}
        }
        self.parts.push(text);
        Ok(())
    }

    fn finish(self) -> Value {
        let kind = if self.whole {
            Value::string(&self.known).kind().clone()
        } else {
            Kind::unknown(Type::String, Bounds::beginning(&self.known))
        };
        Value::derived(&self.parts, kind)
    }
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
