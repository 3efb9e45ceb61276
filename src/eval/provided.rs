//! Calls of providers' functions.

use super::evaluator::Pass;
use super::scope::{Eval, Scope, Stop, stop};
use crate::config::constant;
use crate::diag::{Diagnostic, Sources, Span};
use crate::functions::{self, Function};
use crate::syntax;
use crate::syntax::tree::{Expr, Ident};
use crate::value::Value;

/// What a text is called that is read as the content of a `.tfvars` file.
const ARGUMENT: &str = "<decode_tfvars argument>";

impl Pass<'_, '_> {
    /// Finds the function that `provider::NAME::FUNCTION` means here.
    ///
    /// The provider must be declared in `required_providers`, and have the function.
    pub(super) fn provided(
        &self,
        name: &Ident,
        scope: &Scope,
    ) -> Result<Option<(String, &'static Function)>, Stop> {
        let Some(rest) = name.text.strip_prefix("provider::") else { return Ok(None) };
        let Some((local, function)) = rest.split_once("::") else { return Ok(None) };
        let module = self.evaluator.modules[scope.module].module;
        if !module.settings.required_providers.contains_key(local) {
            return Ok(None);
        }
        let source = module.provider_source(local);
        if let Some(found) = functions::find_provided(&source, function) {
            return Ok(Some((source, found)));
        }
        let known = functions::provided(&source).iter().map(|function| function.name);
        let near = crate::diag::nearest(function, known);
        let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
        let detail = format!(
            "The function {function:?} is not available from the provider {local:?}.{hint}"
        );
        Err(Stop::problem(Diagnostic::error("Unknown provider function", detail).at(name.span, "")))
    }

    /// Does what takes the language's syntax: lays out what `encode_…` gave, reads what `decode_tfvars` was given.
    pub(super) fn completed(
        &mut self,
        source: &str,
        function: &Function,
        name: &str,
        value: Value,
        place: Span,
        scope: &mut Scope,
    ) -> Eval {
        if !source.ends_with("builtin/terraform") {
            return Ok(value);
        }
        let marks = value.marks();
        let Some(text) = value.as_str() else {
            let decodes = function.name == "decode_tfvars";
            let open = || Value::unknown(crate::value::Type::Any).marked(marks);
            return Ok(if decodes { open() } else { value });
        };
        let done = match function.name {
            "encode_expr" => Ok(Value::string(laid_out(text, true))),
            "encode_tfvars" => Ok(Value::string(laid_out(text, false))),
            _ => self.decoded(text, scope),
        };
        match done {
            Ok(value) => Ok(value.marked(marks)),
            Err(why) => {
                let detail = format!("Call to function {name:?} failed: {why}.");
                stop("Error in function call", detail, place)
            }
        }
    }

    /// Reads the content of a `.tfvars` file.
    fn decoded(&mut self, text: &str, scope: &mut Scope) -> Result<Value, String> {
        let mut sources = Sources::default();
        let id = sources.add(ARGUMENT, text);
        let told = |problems: &[Diagnostic]| told(problems, &sources);
        let (file, problems) = syntax::parse_named(id, ARGUMENT, text);
        if !problems.is_empty() {
            return Err(format!("invalid tfvars syntax: {}", told(&problems)));
        }
        if let Some(block) = file.body.blocks.first() {
            let summary = format!("Unexpected {:?} block", block.kind.text);
            let problem = Diagnostic::error(summary, "Blocks are not allowed here.");
            let problem = problem.at(block.kind.span, "");
            return Err(format!("invalid tfvars content: {}", told(&[problem])));
        }
        let mut fields = Vec::new();
        for attribute in &file.body.attributes {
            let wrong = |problems: &[Diagnostic]| {
                let name = &attribute.name.text;
                format!("invalid expression for variable {name:?}: {}", told(problems))
            };
            let problems = constant::forbidden(&attribute.expr);
            if !problems.is_empty() {
                return Err(wrong(&problems));
            }
            let value = self.constant(&attribute.expr, scope);
            fields
                .push((attribute.name.text.clone(), value.map_err(|stop| wrong(&stop.problems))?));
        }
        Ok(Value::object(fields))
    }

    fn constant(&mut self, expr: &Expr, scope: &mut Scope) -> Eval {
        self.expr(expr, scope)
    }
}

/// Lays a text out as a file is.
fn laid_out(text: &str, expression: bool) -> String {
    let id = crate::diag::FileId(u32::MAX);
    let head = if expression { "x = " } else { "" };
    let whole = format!("{head}{text}");
    match syntax::format(id, "", &whole) {
        Ok(laid_out) => laid_out.strip_prefix(head).map(String::from).unwrap_or(laid_out),
        Err(_) => text.to_string(),
    }
}

/// Tells the first of some problems with its place, and how many there are beside.
fn told(problems: &[Diagnostic], sources: &Sources) -> String {
    let Some(first) = problems.first() else { return "no diagnostics".into() };
    let place = first.span().map(|span| super::template::range(span, sources));
    let place = place.unwrap_or_else(|| ARGUMENT.to_string());
    let text = format!("{place}: {}; {}", first.summary, first.detail);
    match problems.len() - 1 {
        0 => text,
        more => format!("{text}, and {more} other diagnostic(s)"),
    }
}
