//! `required_providers` and `provider_meta`: which providers a module speaks of, under which names.

use std::collections::BTreeSet;

use super::read::Reader;
use super::{RequiredProvider, constant, version};
use crate::diag::Span;
use crate::syntax::tree::{Attribute, Block, Expr, ExprKind};
use crate::value::{Kind, Value};

const OBJECTS: &str = "required_providers entries must be strings or objects.";

const ALIASES: &str = "Configuration aliases can only contain references to local provider configuration names in the \
                       format of provider.alias";

const INVALID_NAME: &str = "Invalid provider local name";

impl Reader<'_> {
    /// Reads a `required_providers` block.
    pub(super) fn required_providers(&mut self, block: &Block) {
        if let Some(inner) = block.body.blocks.first() {
            let detail = "Blocks are not allowed here.";
            let summary = format!("Unexpected \"{}\" block", inner.kind.text);
            self.error(&summary, detail, inner.kind.span);
            return;
        }
        for attribute in &block.body.attributes {
            let Some(required) = self.required_provider(attribute) else { continue };
            let name = attribute.name.text.clone();
            self.module.settings.required_providers.insert(name, required);
        }
    }

    fn required_provider(&mut self, attribute: &Attribute) -> Option<RequiredProvider> {
        let value = &attribute.expr;
        let mut required = RequiredProvider { span: value.span, ..RequiredProvider::default() };
        let ExprKind::Object(items) = &value.kind else {
            let Some(text) = constant::fold(value).and_then(|value| primitive(&value)) else {
                self.error("Invalid required_providers object", OBJECTS, value.span);
                return None;
            };
            required.version = text;
            self.check_constraint(&required.version, value.span);
            if let Err(why) = part(&attribute.name.text) {
                self.error("Invalid provider name", why, value.span);
                return None;
            }
            return Some(required);
        };
        if !self.check_local_name(&attribute.name.text, value.span) {
            return None;
        }
        for item in items {
            let key = match item.key.literal() {
                Some(key) => key,
                None => {
                    self.problems.extend(constant::forbidden(&item.key));
                    continue;
                }
            };
            match (key.as_str(), item.value.literal()) {
                ("source", Some(source)) => match source_parts(&source) {
                    Ok(source) => required.source = source,
                    Err((summary, detail)) => self.error(summary, detail, item.value.span),
                },
                ("version", Some(text)) => {
                    required.version = text;
                    self.check_constraint(&required.version, item.value.span);
                }
                ("configuration_aliases", None) => {
                    required.aliases = self.aliases(&attribute.name.text, &item.value);
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

    /// Reads the names under which callers must pass configurations.
    fn aliases(&mut self, provider: &str, expr: &Expr) -> Vec<(String, String)> {
        const SUMMARY: &str = "Invalid configuration_aliases value";
        let (whole, mut found) = (expr.span, Vec::new());
        let mut told = BTreeSet::new();
        for entry in self.list(expr) {
            let json = self.is_json(entry.span);
            let entry = if json { self.unquoted(entry) } else { entry.clone() };
            if !super::names::is_static(&entry) {
                self.error("Invalid expression", super::names::NOT_STATIC, entry.span);
                continue;
            }
            let named = match entry.kind {
                ExprKind::Index(..) => None,
                _ => entry.traversal(),
            };
            let detail = match named.as_deref() {
                Some([name]) if name.text == provider => continue,
                Some([name, alias]) if name.text == provider => {
                    found.push((name.text.clone(), alias.text.clone()));
                    continue;
                }
                Some([name] | [name, _]) => format!(
                    "Configuration aliases must be prefixed with the provider name. Expected \"{provider}\", \
                     but found \"{}\".",
                    name.text
                ),
                _ => ALIASES.to_string(),
            };
            if told.insert(detail.clone()) {
                self.error(SUMMARY, detail, whole);
            }
        }
        found
    }

    fn check_constraint(&mut self, text: &str, span: Span) {
        if version::Constraint::parse(text).is_none() {
            self.error("Invalid version constraint", super::settings::BAD_VERSION, span);
        }
    }

    /// Checks a provider's name in a module; says whether it is one.
    pub(super) fn check_local_name(&mut self, name: &str, span: Span) -> bool {
        let normal = name.to_lowercase();
        let detail = match part(name) {
            Err(why) => format!("{name} is an invalid provider local name: {why}"),
            Ok(()) if normal != name => {
                format!(
                    "Provider names must be normalized. Replace \"{name}\" with \"{normal}\" to fix this error."
                )
            }
            Ok(()) => return true,
        };
        self.error(INVALID_NAME, detail, span);
        false
    }

    /// Checks the `provider_meta` blocks of a `terraform` block: what modules tell their providers.
    pub(super) fn provider_meta<'b>(&mut self, blocks: impl Iterator<Item = &'b Block>) {
        for block in blocks {
            let Some(label) = block.labels.first() else { continue };
            // In JSON what is written is taken as it stands.
            let attributes = block.body.attributes.iter().filter(|own| !self.is_json(own.span));
            let problems: Vec<_> =
                attributes.flat_map(|attribute| constant::forbidden(&attribute.expr)).collect();
            self.problems.extend(problems);
            if !self.check_local_name(&label.text, block.header) {
                continue;
            }
            if let Some(former) = self.module.settings.provider_meta.get(&label.text) {
                let detail = format!(
                    "A provider_meta block for provider \"{}\" was already declared at {}. Providers may only have one \
                     provider_meta block per module.",
                    label.text,
                    self.place(*former)
                );
                self.error("Duplicate provider_meta block", detail, block.header);
                continue;
            }
            self.module.settings.provider_meta.insert(label.text.clone(), block.header);
        }
    }
}

/// Gives a text, or a number or bool as one.
fn primitive(value: &Value) -> Option<String> {
    match value.kind() {
        Kind::String(text) => Some(text.to_string()),
        Kind::Number(number) => Some(number.to_string()),
        Kind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Checks a part of a provider's address.
fn part(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("must have at least one character");
    }
    if text.contains("--") {
        return Err("cannot use multiple consecutive dashes");
    }
    if text.contains('.') {
        return Err("dots are not allowed");
    }
    let fits = text.chars().all(|c| c.is_alphanumeric() || c == '-');
    if !fits || text.starts_with('-') || text.ends_with('-') {
        return Err(
            "must contain only letters, digits, and dashes, and may not use leading or trailing dashes",
        );
    }
    Ok(())
}

/// Reads a provider's source; gives it without the default registry: `hashicorp/google`.
fn source_parts(source: &str) -> Result<String, (&'static str, String)> {
    let lower = source.to_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
        let detail =
            "The \"source\" attribute must be in the format \"[hostname/][namespace/]name\"";
        return Err(("Invalid provider source string", detail.to_string()));
    }
    let name = parts.last().copied().unwrap_or_default();
    if let Err(why) = part(name) {
        let written = source.rsplit('/').next().unwrap_or_default();
        let detail = format!("Invalid provider type \"{written}\" in source \"{source}\": {why}\"");
        return Err(("Invalid provider type", detail));
    }
    let (host, namespace) = match parts.as_slice() {
        [_] => return Ok(format!("hashicorp/{name}")),
        [namespace, _] => (DEFAULT_HOST, *namespace),
        [host, namespace, ..] => (*host, *namespace),
        [] => (DEFAULT_HOST, ""),
    };
    if let Err(why) = host_name(host) {
        let detail = format!(
            "Invalid provider source hostname namespace \"\" in source \"{source}\": {why}\""
        );
        return Err(("Invalid provider source hostname", detail));
    }
    if namespace == "-" && host != DEFAULT_HOST {
        let detail = format!(
            "The legacy provider namespace \"-\" can be used only with hostname {DEFAULT_HOST}."
        );
        return Err(("Invalid provider namespace", detail));
    }
    if let Err(why) = part(namespace)
        && namespace != "-"
    {
        let detail = format!("Invalid provider namespace \"\" in source \"{source}\": {why}\"");
        return Err(("Invalid provider namespace", detail));
    }
    let full = if parts.len() == 3 { lower.clone() } else { format!("{DEFAULT_HOST}/{lower}") };
    check_prefix(name, namespace, host, source, &full)?;
    Ok(match (host, namespace) {
        (DEFAULT_HOST, _) => format!("{namespace}/{name}"),
        ("terraform.io", "builtin") => format!("builtin/{name}"),
        _ => lower,
    })
}

const DEFAULT_HOST: &str = "registry.terraform.io";

/// Refuses the prefix that repositories of providers have.
fn check_prefix(
    name: &str,
    namespace: &str,
    host: &str,
    source: &str,
    full: &str,
) -> Result<(), (&'static str, String)> {
    let Some(rest) = name.strip_prefix("terraform-") else { return Ok(()) };
    if let Some(meant) = rest.strip_prefix("provider-").filter(|meant| part(meant).is_ok()) {
        let meant = if host == DEFAULT_HOST {
            format!("{namespace}/{meant}")
        } else {
            format!("{host}/{namespace}/{meant}")
        };
        let detail = format!(
            "Provider source \"{source}\" has a type with the prefix \"terraform-provider-\", which isn't valid. Although \
             that prefix is often used in the names of version control repositories for Terraform providers, provider \
             source strings should not include it.\n\nDid you mean \"{meant}\"?"
        );
        return Err(("Invalid provider type", detail));
    }
    let detail = format!(
        "Provider source \"{full}\" has a type with the prefix \"terraform-\", which isn't allowed because it would be \
         redundant to name a Terraform provider with that prefix. If you are the author of this provider, rename it to \
         not include the prefix."
    );
    Err(("Invalid provider type", detail))
}

/// Checks the name of the host that a provider comes from.
fn host_name(host: &str) -> Result<(), String> {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    if let Some(port) = port {
        match port.parse::<u32>() {
            Ok(number) if number <= 65535 => {}
            Ok(_) => return Err("port number is greater than 65535".into()),
            Err(_) => return Err("port portion contains non-digit characters".into()),
        }
    }
    if name.contains("..") {
        return Err("hostname contains empty label (two consecutive periods)".into());
    }
    match name.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '.'))) {
        Some(wrong) => Err(format!("idna: disallowed rune U+{:04X}", u32::from(wrong))),
        None => Ok(()),
    }
}
