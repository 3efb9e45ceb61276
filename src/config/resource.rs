//! `resource`, `data` and `ephemeral` blocks, with `lifecycle` and provisioners.

use crate::addr::Mode;
use crate::diag::{Span, has_errors};
use crate::syntax::tree::{Block, Body, Expr, ExprKind, Ident};

use super::body::{Shape, remain};
use super::names::{self, Subject};
use super::read::Reader;
use super::{IgnoreChanges, Lifecycle, Resource};

/// What every resource type's block may contain.
const COMMON: Shape = Shape {
    arguments: &[("count", false), ("for_each", false), ("provider", false), ("depends_on", false)],
    blocks: &[
        ("locals", &[]),
        ("lifecycle", &[]),
        ("connection", &[]),
        ("provisioner", &["type"]),
        ("_", &[]),
    ],
};

const LIFECYCLE: Shape = Shape {
    arguments: &[
        ("create_before_destroy", false),
        ("prevent_destroy", false),
        ("ignore_changes", false),
        ("replace_triggered_by", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

impl Reader<'_> {
    pub(super) fn resource(&mut self, block: &Block, mode: Mode) {
        let Some(resource) = self.resource_block(block, mode) else { return };
        if let Some(former) = self.module.resource(resource.block_name()) {
            let (type_name, name) = (&resource.type_name.text, &resource.name.text);
            let place = self.place(former.span);
            let (kind, noun, rule) = match mode {
                Mode::Managed => (
                    "resource",
                    "resource",
                    "Resource names must be unique per type in each module.",
                ),
                Mode::Data => (
                    "data",
                    "data resource",
                    "Resource names must be unique per type in each module.",
                ),
                Mode::Ephemeral => (
                    "ephemeral",
                    "ephemeral resource",
                    "Resource names must be unique per type in each module.",
                ),
            };
            let detail = match mode {
                Mode::Managed => format!(
                    "A {type_name} resource named \"{name}\" was already declared at {place}. {rule}"
                ),
                _ => format!(
                    "A {type_name} {noun} named \"{name}\" was already declared at {place}. {rule}"
                ),
            };
            self.error(
                &format!("Duplicate {kind} \"{type_name}\" configuration"),
                detail,
                block.header,
            );
            return;
        }
        let key = (mode, resource.type_name.text.clone(), resource.name.text.clone());
        self.module.resources.insert(key, Box::new(resource));
    }

    pub(super) fn resource_block(&mut self, block: &Block, mode: Mode) -> Option<Resource> {
        let [type_name, name] = &block.labels[..] else { return None };
        let (of_type, of_name) = match mode {
            Mode::Managed => ("Invalid resource type name", "Invalid resource name"),
            Mode::Data => ("Invalid data source name", "Invalid data resource name"),
            Mode::Ephemeral => {
                ("Invalid ephemeral resource type", "Invalid ephemeral resource name")
            }
        };
        self.check_name(type_name, of_type);
        self.check_name(name, of_name);
        let content = self.partial(&block.body, &COMMON);
        let count = content.expr("count").cloned();
        let for_each = content.attribute("for_each");
        self.repetition(count.is_some(), for_each);
        let provider = content.expr("provider").and_then(|expr| self.provider_reference(expr));
        let depends_on = self.depends_on(content.expr("depends_on"));
        let mut lifecycle = Lifecycle::default();
        let mut first: Option<Span> = None;
        let mut provisioners = Vec::new();
        for inner in &content.blocks {
            match inner.kind.text.as_str() {
                "lifecycle" => match first {
                    Some(former) => {
                        let detail = format!(
                            "This resource already has a lifecycle block at {}.",
                            self.place(former)
                        );
                        self.error("Duplicate lifecycle block", detail, inner.header);
                    }
                    None => {
                        first = Some(inner.header);
                        lifecycle = self.lifecycle(inner, mode);
                    }
                },
                "provisioner" if mode == Mode::Managed => {
                    self.provisioner(inner);
                    provisioners.push((*inner).clone());
                }
                "connection" if mode == Mode::Managed => {}
                "_" => {}
                "provisioner" | "connection" if mode == Mode::Data => {}
                kind => {
                    let what = match mode {
                        Mode::Managed => "resource",
                        Mode::Data => "data",
                        Mode::Ephemeral => "ephemeral",
                    };
                    let detail = format!(
                        "The block type name \"{kind}\" is reserved for use by Terraform in a future version."
                    );
                    let summary = format!("Reserved block type name in {what} block");
                    self.error(&summary, detail, inner.kind.span);
                }
            }
        }
        if mode == Mode::Managed {
            self.one_connection(content.of("connection"), "resource");
        }
        let mut body = remain(&block.body, &COMMON);
        for escaped in content.of("_") {
            body.attributes.extend(escaped.body.attributes.iter().cloned());
            body.blocks.extend(escaped.body.blocks.iter().cloned());
        }
        Some(Resource {
            mode,
            type_name: type_name.clone(),
            name: name.clone(),
            provider,
            count,
            for_each: for_each.map(|attribute| attribute.expr.clone()),
            depends_on,
            lifecycle,
            provisioners,
            body,
            span: block.header,
        })
    }

    fn lifecycle(&mut self, block: &Block, mode: Mode) -> Lifecycle {
        let content = self.content(&block.body, &LIFECYCLE);
        let mut lifecycle = Lifecycle::default();
        if mode != Mode::Managed {
            self.refuse_managed_arguments(&block.body, mode);
        } else {
            lifecycle.create_before_destroy =
                content.expr("create_before_destroy").and_then(|expr| self.constant_bool(expr));
            lifecycle.prevent_destroy = content.expr("prevent_destroy").cloned();
            if let Some(expr) = &lifecycle.prevent_destroy {
                self.constant_bool(expr);
            }
            lifecycle.ignore_changes = content
                .expr("ignore_changes")
                .map(|expr| self.ignore_changes(expr))
                .unwrap_or_default();
            if let Some(expr) = content.expr("replace_triggered_by") {
                lifecycle.replace_triggered_by = self.replace_triggered_by(expr);
            }
        }
        for inner in &content.blocks {
            let kind = inner.kind.text.clone();
            let Some(rule) = self.check_rule(inner, &kind) else { continue };
            match kind.as_str() {
                "precondition" => lifecycle.preconditions.push(rule),
                _ => lifecycle.postconditions.push(rule),
            }
        }
        lifecycle
    }

    fn refuse_managed_arguments(&mut self, body: &Body, mode: Mode) {
        let (kind, noun) = match mode {
            Mode::Ephemeral => ("ephemeral", "ephemeral resources"),
            _ => ("data", "data resources"),
        };
        for attribute in &body.attributes {
            let name = &attribute.name.text;
            if LIFECYCLE.arguments.iter().any(|(known, _)| known == name) {
                let detail = format!(
                    "The lifecycle argument \"{name}\" is defined only for managed resources (\"resource\" \
                     blocks), and is not valid for {noun}."
                );
                let summary = format!("Invalid {kind} resource lifecycle argument");
                self.error(&summary, detail, attribute.name.span);
            }
        }
    }

    fn ignore_changes(&mut self, expr: &Expr) -> IgnoreChanges {
        if self.keyword(expr).as_deref() == Some("all") {
            return IgnoreChanges::All;
        }
        let mut paths = Vec::new();
        for element in self.list(expr) {
            if element.literal().as_deref() == Some("*") {
                let detail = "The [\"*\"] form of ignore_changes wildcard is was deprecated and is now \
                              invalid. Use \"ignore_changes = all\" to ignore changes to all attributes.";
                self.error("Invalid ignore_changes wildcard", detail, expr.span);
                continue;
            }
            paths.extend(self.reference(element));
        }
        if paths.is_empty() { IgnoreChanges::None } else { IgnoreChanges::Paths(paths) }
    }

    fn replace_triggered_by(&mut self, expr: &Expr) -> Vec<Expr> {
        let mut found = Vec::new();
        let elements = self.list(expr);
        let before = self.problems.len();
        for element in elements {
            // After the first that is wrong only those are told of that are no references at all.
            let Some(element) = self.single_reference(element) else { continue };
            if has_errors(&self.problems[before..]) {
                continue;
            }
            let mut resources = 0;
            for reference in names::references(&element) {
                let problem = match names::subject(reference) {
                    Some((Subject::Resource(..), _)) => {
                        resources += 1;
                        continue;
                    }
                    Some((Subject::Each(name), _)) if name.text == "key" => continue,
                    Some((Subject::Count(name), _)) if name.text == "index" => continue,
                    Some((Subject::Each(_), _)) => ("each ", "Only each.key may be used"),
                    Some((Subject::Count(_), _)) => ("count ", "Only count.index may be used"),
                    _ => ("", "Only resources, count.index, and each.key may be used"),
                };
                let summary =
                    format!("Invalid {}reference in replace_triggered_by expression", problem.0);
                let detail = format!("{} in replace_triggered_by.", problem.1);
                self.error(&summary, detail, element.span);
            }
            let summary = match resources {
                1 if self.problems.len() == before => {
                    found.push(element);
                    continue;
                }
                1 => continue,
                0 => ("Invalid", "Missing resource reference in replace_triggered_by expression."),
                _ => {
                    ("Invalid", "Multiple resource references in replace_triggered_by expression.")
                }
            };
            let problem = format!("{} replace_triggered_by expression", summary.0);
            let each = names::references(&element)
                .iter()
                .any(|reference| matches!(names::subject(reference), Some((Subject::Each(_), _))));
            if !(each && resources == 0) && resources < 2 {
                self.error(&problem, summary.1, element.span);
            }
        }
        found
    }

    fn provisioner(&mut self, block: &Block) {
        let body = &block.body;
        let mut destroy = false;
        for (name, words) in [("when", ["create", "destroy"]), ("on_failure", ["continue", "fail"])]
        {
            let Some(attribute) = body.attribute(name) else { continue };
            let keyword = match self.keyword(&attribute.expr) {
                Some(keyword) => Some(keyword),
                None => {
                    let text =
                        attribute.expr.literal().filter(|text| words.contains(&text.as_str()));
                    if text.is_some() {
                        self.warn_quoted_keyword(attribute.expr.span);
                    }
                    text
                }
            };
            match keyword.as_deref() {
                Some(word) if words.contains(&word) => destroy |= word == "destroy",
                _ => {
                    let detail = format!(
                        "The \"{name}\" argument requires one of the following keywords: {} or {}.",
                        words[0], words[1]
                    );
                    let summary = format!("Invalid \"{name}\" keyword");
                    self.error(&summary, detail, attribute.expr.span);
                }
            }
        }
        self.one_connection(body.blocks.iter(), "provisioner");
        if destroy {
            self.check_destroy_references(body);
        }
    }

    fn one_connection<'a>(&mut self, blocks: impl Iterator<Item = &'a Block>, of: &str) {
        let mut connections = blocks.filter(|block| block.kind.text == "connection");
        let Some(first) = connections.next() else { return };
        for block in connections {
            let place = self.place(first.header);
            let detail = format!("This {of} already has a connection block at {place}.");
            self.error("Duplicate connection block", detail, block.header);
        }
    }

    fn check_destroy_references(&mut self, body: &Body) {
        for attribute in &body.attributes {
            if attribute.name.text == "when" || attribute.name.text == "on_failure" {
                continue;
            }
            for reference in names::references(&attribute.expr) {
                let allowed = match names::subject(reference) {
                    Some((Subject::Own | Subject::Path(_) | Subject::Terraform(_), _)) => true,
                    Some((Subject::Count(name), _)) => name.text == "index",
                    Some((Subject::Each(name), _)) => name.text == "key",
                    _ => false,
                };
                if !allowed {
                    let detail = "Destroy-time provisioners and their connection configurations may only \
                                  reference attributes of the related resource, via 'self', 'count.index', \
                                  or 'each.key'.\n\nReferences to other resources during the destroy phase \
                                  can cause dependency cycles and interact poorly with \
                                  create_before_destroy.";
                    let summary = "Invalid reference from destroy provisioner";
                    self.error(summary, detail, attribute.expr.span);
                }
            }
        }
        for inner in &body.blocks {
            self.check_destroy_references(&inner.body);
        }
    }

    /// Reads `provider = google.alias`.
    pub(super) fn provider_reference(&mut self, expr: &Expr) -> Option<(Ident, Option<Ident>)> {
        self.provider_reference_of(expr, "provider")
    }

    /// Reads the name of a provider's configuration; messages name the argument that it stands in.
    pub(super) fn provider_reference_of(
        &mut self,
        expr: &Expr,
        argument: &str,
    ) -> Option<(Ident, Option<Ident>)> {
        let expr = self.unquoted(expr);
        let summary = "Invalid provider configuration reference";
        let wrong = || {
            format!(
                "The {argument} argument requires a provider type name, optionally followed by a period and then a \
                 configuration alias."
            )
        };
        let chain = names::chain(&expr);
        let name = match &chain[0].kind {
            ExprKind::Name(name) if names::is_static(&expr) => name.clone(),
            // Keywords are names here.
            ExprKind::Null if chain.len() == 1 => "null".to_string(),
            ExprKind::Bool(value) if chain.len() == 1 => value.to_string(),
            _ => {
                self.error(summary, wrong(), expr.span);
                return None;
            }
        };
        let local = Ident { text: name, span: chain[0].span };
        match chain.get(1).map(|step| &step.kind) {
            None => Some((local, None)),
            Some(ExprKind::Attribute(_, alias)) if chain.len() == 2 => {
                Some((local, Some(alias.clone())))
            }
            Some(ExprKind::Attribute(..)) => {
                self.error(summary, wrong(), expr.span);
                None
            }
            Some(_) => {
                let detail = "Provider name must either stand alone or be followed by a period and then a \
                              configuration alias.";
                let step = Span { start: chain[0].span.end, ..chain[1].span };
                self.error(summary, detail, step);
                None
            }
        }
    }
}
