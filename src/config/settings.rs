//! `terraform` and `provider` blocks.

use crate::diag::Diagnostic;
use crate::syntax::tree::{Attribute, Block, Expr, ExprKind};

use super::body::{Shape, remain};
use super::read::Reader;
use super::{ProviderBlock, version};

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

pub(super) const BAD_VERSION: &str = "This string does not use correct version constraint syntax.";

impl Reader<'_> {
    pub(super) fn terraform(&mut self, block: &Block) {
        let content = self.content(&block.body, &TERRAFORM);
        if let Some(attribute) = content.attribute("required_version") {
            self.required_version(attribute);
        }
        if let Some(attribute) = content.attribute("language") {
            self.language(&attribute.expr);
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
        self.provider_meta(content.of("provider_meta"));
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
                let problem = Diagnostic::error("Cloud block is not supported", detail);
                self.late.push(problem.at(inner.header, ""));
            }
        }
    }

    /// Compares a `required_version` with the language's; what differs is told before all that follows from it.
    fn required_version(&mut self, attribute: &Attribute) {
        let expr = &attribute.expr;
        let Some(text) = self.version_text(expr) else { return };
        let Some(constraint) = version::Constraint::parse(&text) else {
            self.error("Invalid version constraint", BAD_VERSION, expr.span);
            return;
        };
        if text.contains('-') {
            let detail = format!(
                "Prerelease version constraints are not supported: {text}. Remove the prerelease information from the \
                 constraint. Prerelease versions of terraform will match constraints using their version core only."
            );
            let problem = Diagnostic::error("Invalid required_version constraint", detail);
            self.versions.push(problem.at(attribute.span, ""));
            return;
        }
        self.module.settings.required_version.push((text, expr.span));
        if constraint.allows(&version::language()) {
            return;
        }
        let what = match (&self.module.path[..], &self.source) {
            ([], _) => "This configuration".to_string(),
            (path, source) => format!("Module {} (from {source})", super::module_path(path)),
        };
        let detail = format!(
            "{what} does not support Terraform version {}. To proceed, either choose another supported Terraform version \
             or update this version constraint. Version constraints are normally set for good reason, so updating the \
             constraint may lead to other errors or unexpected behavior.",
            version::LANGUAGE
        );
        let problem = Diagnostic::error("Unsupported Terraform Core version", detail);
        self.versions.push(problem.at(attribute.span, ""));
    }

    fn language(&mut self, expr: &Expr) {
        const EDITION: &str = "TF2021";
        let edition = match &expr.kind {
            ExprKind::Name(name) => name.as_str(),
            _ if self.is_json(expr.span) && expr.literal().as_deref() == Some(EDITION) => EDITION,
            _ => {
                let detail = format!(
                    "The language argument expects a bare language edition keyword. Terraform {} supports only \
                     language edition {EDITION}, which is the default.",
                    version::LANGUAGE
                );
                self.error("Invalid language edition", detail, expr.span);
                return;
            }
        };
        if edition != EDITION {
            let other = if edition > EDITION { "newer" } else { "different" };
            let detail = format!(
                "Terraform v{} only supports language edition {EDITION}. This module requires a {other} version of \
                 Terraform CLI.",
                version::LANGUAGE
            );
            self.error("Unsupported language edition", detail, expr.span);
        }
    }

    pub(super) fn version_text(&mut self, expr: &Expr) -> Option<String> {
        // Null is no constraint, and of what could not be read it is told where it is.
        if matches!(expr.kind, ExprKind::Null | ExprKind::Unknown) {
            return None;
        }
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

    pub(super) fn provider(&mut self, block: &Block) {
        let content = self.partial(&block.body, &PROVIDER);
        let name = block.labels[0].clone();
        self.check_local_name(&name.text, block.header);
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
            let text = self.constant_text(&attribute.expr);
            if !text.as_deref().is_some_and(crate::syntax::is_name) {
                let detail = format!("An alias must be a valid name. {}", super::read::BAD_NAME);
                self.error("Invalid provider configuration alias", detail, attribute.expr.span);
            }
            let text = text?;
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
        let versioned = content.attribute("version").is_some();
        let version = content.attribute("version").and_then(|own| own.expr.literal());
        let span = block.header;
        let provider = ProviderBlock { name, alias, versioned, version, body, span };
        self.module.providers.insert(key, provider);
    }
}
