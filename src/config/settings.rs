//! `terraform` and `provider` blocks.

use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Attribute, Block, ExprKind};

use super::body::{Shape, remain};
use super::read::{Reader, is_name};
use super::{ProviderBlock, RequiredProvider, version};

const TERRAFORM: Shape = Shape {
    arguments: &[("required_version", false), ("experiments", false), ("language", false)],
    blocks: &[
        ("backend", &["type"]),
        ("encryption", &[]),
        ("cloud", &[]),
        ("required_providers", &[]),
        ("provider_meta", &["provider"]),
    ],
};

const PROVIDER: Shape = Shape {
    arguments: &[
        ("version", false),
        ("alias", false),
        ("count", false),
        ("depends_on", false),
        ("for_each", false),
        ("source", false),
    ],
    blocks: &[("locals", &[]), ("lifecycle", &[]), ("_", &[])],
};

const BAD_VERSION: &str = "This string does not use correct version constraint syntax.";

impl Reader<'_> {
    pub(super) fn terraform(&mut self, block: &Block) {
        let content = self.content(&block.body, &TERRAFORM);
        if let Some(attribute) = content.attribute("required_version") {
            let expr = &attribute.expr;
            if let Some(text) = self.version_text(expr) {
                match version::Constraint::parse(&text) {
                    Some(constraint) if !constraint.allows(&version::language()) => {
                        let what = match (&self.module.path[..], &self.source) {
                            ([], _) => "This configuration".to_string(),
                            (path, source) => {
                                let path: Vec<String> =
                                    path.iter().map(|name| format!("module.{name}")).collect();
                                format!("Module {} (from {source})", path.join("."))
                            }
                        };
                        let detail = format!(
                            "{what} does not support Terraform version {}. To proceed, either \
                             choose another supported Terraform version or update this version constraint. \
                             Version constraints are normally set for good reason, so updating the \
                             constraint may lead to other errors or unexpected behavior.",
                            version::LANGUAGE
                        );
                        self.error("Unsupported Terraform Core version", detail, attribute.span);
                    }
                    Some(_) => self.module.settings.required_version.push((text, expr.span)),
                    None => self.error("Invalid version constraint", BAD_VERSION, expr.span),
                }
            }
        }
        if let Some(attribute) = content.attribute("experiments") {
            let detail = "Experimental features are intended only for gathering early feedback on new language \
                          designs, and so are available only in alpha releases of Terraform.";
            self.error("Module uses experimental features", detail, attribute.name.span);
        }
        for inner in content.of("required_providers") {
            if let Some(former) = self.module.settings.required_providers_block {
                let detail = format!(
                    "A module may have only one required providers configuration. The required providers were \
                     previously configured at {}.",
                    self.place(former)
                );
                self.error("Duplicate required providers configuration", detail, inner.header);
                continue;
            }
            self.module.settings.required_providers_block = Some(inner.header);
            self.required_providers(inner);
        }
        for inner in content.of("backend") {
            if let Some(former) = &self.module.settings.backend {
                let detail = format!(
                    "A module may have only one backend configuration. The backend was previously \
                     configured at {}.",
                    self.place(former.header)
                );
                self.error("Duplicate backend configuration", detail, inner.header);
                continue;
            }
            self.module.settings.backend = Some(inner.clone());
        }
        for inner in content.of("encryption") {
            if self.module.settings.encryption.is_some() {
                let detail = "A module may have only one encryption block.";
                self.error("Duplicate encryption configuration", detail, inner.header);
                continue;
            }
            self.module.settings.encryption = Some(inner.clone());
        }
        let backend = self.module.settings.backend.as_ref().map(|block| block.header);
        let duplicate = content.of("backend").count() > 1;
        if let (Some(backend), Some(cloud), false) =
            (backend, content.of("cloud").next(), duplicate)
        {
            let detail = format!(
                "A module may declare either one 'cloud' block OR one 'backend' block configuring a state \
                 backend. The 'cloud' block is configured at {}; a backend is configured at {}. Remove the \
                 backend block to configure HCP Terraform or Terraform Enteprise.",
                self.place(cloud.header),
                self.place(backend)
            );
            self.error("Both a backend and cloud configuration are present", detail, backend);
        }
        if backend.is_none() {
            for inner in content.of("cloud") {
                let detail = "A cloud block keeps the state at, and runs plans in, HCP Terraform, a service \
                              that this program does not speak to. A backend block keeps the state in a \
                              bucket, a cluster, a database or a file.";
                self.error("Cloud block is not supported", detail, inner.header);
            }
        }
    }

    fn version_text(&mut self, expr: &crate::syntax::tree::Expr) -> Option<String> {
        if let Some(text) = expr.literal() {
            return Some(text);
        }
        let forbidden = super::constant::forbidden(expr);
        if forbidden.is_empty() {
            return self.constant_text(expr);
        }
        self.problems.extend(forbidden);
        None
    }

    fn required_providers(&mut self, block: &Block) {
        for attribute in &block.body.attributes {
            let Some(required) = self.required_provider(attribute) else { continue };
            let name = attribute.name.text.clone();
            self.module.settings.required_providers.insert(name, required);
        }
        for inner in &block.body.blocks {
            let detail = "Blocks are not allowed here.";
            self.error(
                &format!("Unexpected \"{}\" block", inner.kind.text),
                detail,
                inner.kind.span,
            );
        }
    }

    fn required_provider(&mut self, attribute: &Attribute) -> Option<RequiredProvider> {
        let mut required = RequiredProvider { span: attribute.span, ..RequiredProvider::default() };
        if let Some(text) = attribute.expr.literal() {
            required.version = text;
            self.check_constraint(&required.version, attribute.expr.span);
            return Some(required);
        }
        let ExprKind::Object(items) = &attribute.expr.kind else {
            required.version = self.constant_text(&attribute.expr)?;
            self.check_constraint(&required.version, attribute.expr.span);
            return Some(required);
        };
        for item in items {
            let key = item.key.literal().unwrap_or_default();
            match (key.as_str(), item.value.literal()) {
                ("source", Some(source)) => {
                    let parts: Vec<&str> = source.split('/').collect();
                    let fits =
                        (1..=3).contains(&parts.len()) && parts.iter().all(|part| !part.is_empty());
                    if !fits {
                        let detail = "The \"source\" attribute must be in the format \
                                      \"[hostname/][namespace/]name\"";
                        self.error("Invalid provider source string", detail, item.value.span);
                    }
                    required.source = short_source(&parts);
                }
                ("version", Some(text)) => {
                    required.version = text;
                    self.check_constraint(&required.version, item.value.span);
                }
                ("configuration_aliases", None) => {
                    self.check_aliases(&attribute.name.text, &item.value);
                    if let ExprKind::Tuple(entries) = &item.value.kind {
                        let pairs = entries.iter().filter_map(|entry| entry.traversal());
                        required.aliases.extend(pairs.filter_map(|names| match names.as_slice() {
                            [name, alias] => Some((name.text.clone(), alias.text.clone())),
                            _ => None,
                        }));
                    }
                }
                ("source", None) => {
                    let detail = "Source must be specified as a string.";
                    self.error("Invalid source", detail, item.value.span);
                }
                ("version", None) => {
                    let detail = "Version must be specified as a string.";
                    self.error("Invalid version constraint", detail, item.value.span);
                }
                _ => {
                    let detail = "required_providers objects can only contain \"version\", \"source\" and \
                         \"configuration_aliases\" attributes. To configure a provider, use a \"provider\" \
                         block.";
                    self.error("Invalid required_providers object", detail, item.key.span);
                }
            }
        }
        Some(required)
    }

    fn check_aliases(&mut self, provider: &str, expr: &crate::syntax::tree::Expr) {
        let whole = expr.span;
        for alias in self.list(expr) {
            let Some((local, _)) = self.provider_reference(alias) else { continue };
            if local.text != provider {
                let detail = format!(
                    "Configuration aliases must be prefixed with the provider name. Expected \"{provider}\", \
                     but found \"{}\".",
                    local.text
                );
                self.error("Invalid configuration_aliases value", detail, whole);
            }
        }
    }

    fn check_constraint(&mut self, text: &str, span: Span) {
        if version::Constraint::parse(text).is_none() {
            self.error("Invalid version constraint", BAD_VERSION, span);
        }
    }

    pub(super) fn provider(&mut self, block: &Block) {
        let content = self.partial(&block.body, &PROVIDER);
        let name = block.labels[0].clone();
        if !is_name(&name.text) {
            let reason = if name.text.contains('.') {
                "dots are not allowed"
            } else {
                "must contain only letters, digits, and dashes, and may not use leading or trailing dashes"
            };
            let detail = format!("{} is an invalid provider local name: {reason}", name.text);
            self.error("Invalid provider local name", detail, block.header);
        }
        if let Some(attribute) = content.attribute("version") {
            let detail = "Terraform 0.13 and earlier allowed provider version constraints inside the \
                          provider configuration block, but that is now deprecated and will be removed in a \
                          future version of Terraform. To silence this warning, move the provider version \
                          constraint into the required_providers block.";
            let summary = "Version constraints inside provider configuration blocks are deprecated";
            self.problems.push(Diagnostic::warning(summary, detail).at(attribute.expr.span, ""));
        }
        for inner in &content.blocks {
            let kind = &inner.kind.text;
            if kind != "_" {
                let detail = format!(
                    "The block type name \"{kind}\" is reserved for use by Terraform in a future version."
                );
                self.error("Reserved block type name in provider block", detail, inner.kind.span);
            }
        }
        for name in ["count", "depends_on", "for_each", "source"] {
            let Some(attribute) = content.attribute(name) else { continue };
            let detail = format!(
                "The provider argument name \"{name}\" is reserved for use by Terraform in a future version."
            );
            self.error("Reserved argument name in provider block", detail, attribute.name.span);
        }
        let alias = content.attribute("alias").and_then(|attribute| {
            let text = self.constant_text(&attribute.expr)?;
            if !is_name(&text) {
                let detail = format!("An alias must be a valid name. {}", super::read::BAD_NAME);
                self.error("Invalid provider configuration alias", detail, attribute.expr.span);
            }
            Some(crate::syntax::tree::Ident { text, span: attribute.expr.span })
        });
        let key = (name.text.clone(), alias.as_ref().map(|alias| alias.text.clone()));
        if let Some(former) = self.module.providers.get(&key) {
            let place = self.place(former.span);
            let detail = match &key.1 {
                None => format!(
                    "A default (non-aliased) provider configuration for \"{}\" was already given at {place}. \
                     If multiple configurations are required, set the \"alias\" argument for alternative \
                     configurations.",
                    key.0
                ),
                Some(alias) => format!(
                    "A provider configuration for \"{}\" with alias \"{alias}\" was already given at \
                     {place}. Each configuration for the same provider must have a distinct alias.",
                    key.0
                ),
            };
            self.error("Duplicate provider configuration", detail, block.header);
            return;
        }
        let mut body = remain(&block.body, &PROVIDER);
        for escaped in content.of("_") {
            body.attributes.extend(escaped.body.attributes.iter().cloned());
            body.blocks.extend(escaped.body.blocks.iter().cloned());
        }
        let provider = ProviderBlock { name, alias, body, span: block.header };
        self.module.providers.insert(key, provider);
    }
}

/// Writes a provider's source without the default registry: `hashicorp/google`.
fn short_source(parts: &[&str]) -> String {
    match parts {
        [name] => format!("hashicorp/{name}"),
        [host, namespace, name] if *host == "registry.terraform.io" => {
            format!("{namespace}/{name}")
        }
        ["terraform.io", "builtin", name] => format!("builtin/{name}"),
        _ => parts.join("/"),
    }
}
