//! `module` blocks.

use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Block, Expr, ExprKind, Ident};

use super::body::{Shape, extraneous, missing_argument, remain, unsupported_argument};
use super::read::Reader;
use super::source::{self, Source};
use super::{Module, ModuleCall, Passed};

const CALL: Shape = Shape {
    arguments: &[
        ("source", true),
        ("version", false),
        ("count", false),
        ("for_each", false),
        ("depends_on", false),
        ("providers", false),
    ],
    blocks: &[("_", &[]), ("lifecycle", &[]), ("locals", &[]), ("provider", &["type"])],
};

impl Reader<'_> {
    pub(super) fn call(&mut self, block: &Block) {
        let content = self.partial(&block.body, &CALL);
        let name = block.labels[0].clone();
        self.check_name(&name, "Invalid module instance name");
        let source = content.expr("source").and_then(|expr| {
            let text = self.constant_text(expr)?;
            let text = self.check_source(&name, text, expr, content.expr("version").is_some())?;
            Some(Ident { text, span: expr.span })
        });
        let version = content
            .expr("version")
            .and_then(|expr| self.version_text(expr).map(|text| (text, expr.span)));
        let count = content.expr("count").cloned();
        let for_each = content.attribute("for_each");
        self.repetition(count.is_some(), for_each);
        let depends_on = self.depends_on(content.expr("depends_on"));
        let providers =
            content.expr("providers").map(|expr| self.passed_providers(expr)).unwrap_or_default();
        for inner in content.blocks.iter().filter(|block| block.kind.text != "_") {
            let detail = format!(
                "The block type name \"{}\" is reserved for use by Terraform in a future version.",
                inner.kind.text
            );
            self.error("Reserved block type name in module block", detail, inner.kind.span);
        }
        let inputs = remain(&block.body, &CALL);
        for inner in &inputs.blocks {
            let detail = format!("Blocks of type \"{}\" are not expected here.", inner.kind.text);
            let problem = Diagnostic::error("Unsupported block type", detail);
            self.late.push(problem.at(inner.kind.span, ""));
        }
        if let Some(former) = self.module.calls.get(&name.text) {
            let detail = format!(
                "A module call named \"{}\" was already defined at {}. Module calls must have unique names \
                 within a module.",
                name.text,
                self.place(former.span)
            );
            self.error("Duplicate module call", detail, block.header);
        }
        let call = ModuleCall {
            source: source.unwrap_or(Ident { text: String::new(), span: block.header }),
            count,
            for_each: for_each.map(|attribute| attribute.expr.clone()),
            depends_on,
            providers,
            inputs,
            version: version.map(|(text, span)| Ident { text, span }),
            installed_version: None,
            module: Module::default(),
            problems: Vec::new(),
            span: block.header,
            name: name.clone(),
        };
        self.module.calls.insert(name.text, call);
    }

    /// Gives the source if it is one that modules can be taken from.
    fn check_source(
        &mut self,
        name: &Ident,
        text: String,
        expr: &Expr,
        version: bool,
    ) -> Option<String> {
        let local = is_local(&text);
        if local && version {
            let detail = format!(
                "Failed to parse module registry address: can't use local directory \"{text}\" as a module \
                 registry address.\n\nTerraform assumed that you intended a module registry source address \
                 because you also set the argument \"version\", which applies only to registry modules."
            );
            self.error("Invalid registry module source address", detail, expr.span);
            return None;
        }
        if local {
            return Some(text);
        }
        if text.is_empty() {
            let detail = "Failed to parse module source address: invalid source address: .";
            self.error("Invalid module source address", detail, expr.span);
            return None;
        }
        if !text.contains(['/', ':', '.']) {
            let detail = format!(
                "Terraform failed to determine your intended installation method for remote module package \
                 \"{text}\".\n\nIf you intended this as a path relative to the current module, use \
                 \"./{text}\" instead. The \"./\" prefix indicates that the address is a relative filesystem \
                 path."
            );
            self.error("Invalid module source address", detail, expr.span);
            return None;
        }
        match source::parse(&text) {
            Ok(Source::Local | Source::Registry) => Some(text),
            Ok(Source::Git(_)) if !version => Some(text),
            Ok(Source::Git(_) | Source::Other) if version => {
                let detail = "Failed to parse module registry address: a module registry source address must have \
                              either three or four slash-separated components.\n\nTerraform assumed that you \
                              intended a module registry source address because you also set the argument \
                              \"version\", which applies only to registry modules.";
                self.error("Invalid registry module source address", detail, expr.span);
                None
            }
            Ok(Source::Git(_) | Source::Other) => {
                let detail = format!(
                    "The module \"{}\" comes from \"{text}\". Modules are taken from folders and from git \
                     repositories. Name a repository, like \"git::https://example.com/modules.git//{}?ref=v1\", or \
                     copy the module into the configuration's folder and name that, like \"./modules/{}\".",
                    name.text, name.text, name.text
                );
                self.error("Module source is not supported", detail, expr.span);
                None
            }
            Err(why) => {
                let detail = format!("The module source \"{text}\" cannot be used: {why}.");
                self.error("Invalid module source address", detail, expr.span);
                None
            }
        }
    }

    fn passed_providers(&mut self, expr: &Expr) -> Vec<Passed> {
        let ExprKind::Object(items) = &expr.kind else {
            let detail = "A static map expression is required.";
            self.error("Invalid expression", detail, expr.start());
            return Vec::new();
        };
        let mut passed: Vec<Passed> = Vec::new();
        for item in items {
            let inside = match item.key.literal() {
                Some(text) if item.bare => Some((Ident { text, span: item.key.span }, None)),
                Some(_) | None => self.provider_name(&item.key, "providers"),
            };
            let here = self.provider_name(&item.value, "providers");
            let (Some(inside), Some(here)) = (inside, here) else { continue };
            let pair = |(local, alias): &(Ident, Option<Ident>)| {
                (local.text.clone(), alias.as_ref().map(|alias| alias.text.clone()))
            };
            let entry = Passed {
                inside: pair(&inside),
                here: pair(&here),
                inside_span: match item.key.literal() {
                    Some(_) if !item.bare && !self.is_json(item.key.span) => Span {
                        start: item.key.span.start + 1,
                        end: item.key.span.end - 1,
                        ..item.key.span
                    },
                    _ => inside.0.span,
                },
                here_span: here.0.span,
                span: Span { end: item.value.span.end, ..item.key.span },
            };
            if let Some(former) = passed.iter().find(|former| former.inside == entry.inside) {
                let detail = format!(
                    "A provider configuration was already passed to {} at {}. Each child provider configuration can be \
                     assigned only once.",
                    super::passed::written(&entry.inside),
                    self.place(former.span)
                );
                self.error("Duplicate provider address", detail, item.value.span);
                continue;
            }
            passed.push(entry);
        }
        passed
    }

    fn provider_name(&mut self, expr: &Expr, argument: &str) -> Option<(Ident, Option<Ident>)> {
        let expr = match &expr.kind {
            ExprKind::Parens(inner) => inner,
            _ => expr,
        };
        self.provider_reference_of(expr, argument)
    }

    /// Compares a call's arguments with the variables of the module it calls; gives what is wrong.
    pub(super) fn check_inputs(&self, call: &ModuleCall, end: Span) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        const NONE: Shape = Shape { arguments: &[], blocks: &[] };
        let variables = &call.module.variables;
        for attribute in &call.inputs.attributes {
            if !variables.contains_key(&attribute.name.text) {
                let near = crate::diag::nearest_within(
                    &attribute.name.text,
                    variables.keys().map(String::as_str),
                );
                if self.is_json(attribute.span) {
                    problems.push(extraneous(attribute, near));
                    continue;
                }
                let problem = unsupported_argument(attribute, &NONE, &call.inputs, false);
                // What is given already is not what was meant.
                let free = variables.keys().map(String::as_str);
                let free = free.filter(|known| call.inputs.attribute(known).is_none());
                let near = crate::diag::nearest_within(&attribute.name.text, free);
                problems.push(match near {
                    Some(near) => problem.detail_more(format!("Did you mean \"{near}\"?")),
                    None => problem,
                });
            }
        }
        for (name, variable) in variables {
            if variable.default.is_none() && call.inputs.attribute(name).is_none() {
                problems.push(missing_argument(name, end));
            }
        }
        problems
    }
}

/// Says whether a module's source is a path inside the configuration.
pub(super) fn is_local(source: &str) -> bool {
    ["./", "../", ".\\", "..\\"].iter().any(|start| source.starts_with(start))
        || source == "."
        || source == ".."
}
