//! Providers across modules: what calls hand to their modules, and what these declare, held against each other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Module, ModuleCall, Passed, module_path};
use crate::diag::{Diagnostic, Span};

/// Writes a provider configuration's name: `google.west`.
pub(super) fn written((local, alias): &(String, Option<String>)) -> String {
    match alias {
        Some(alias) => format!("{local}.{alias}"),
        None => local.clone(),
    }
}

/// Writes a provider's source as people see it.
fn shown(source: &str) -> String {
    match source.strip_prefix("builtin/") {
        Some(name) => format!("terraform.io/builtin/{name}"),
        None => source.to_string(),
    }
}

/// Writes a provider's source with its host.
fn full(source: &str) -> String {
    match source.strip_prefix("builtin/") {
        Some(name) => format!("terraform.io/builtin/{name}"),
        None if source.split('/').count() > 2 => source.to_string(),
        None => format!("registry.terraform.io/{source}"),
    }
}

/// The provider that a name means where nobody says otherwise.
fn assumed(local: &str) -> String {
    format!("hashicorp/{local}")
}

fn error(summary: &str, detail: String, span: Span) -> Diagnostic {
    Diagnostic::error(summary, detail).at(span, "")
}

fn warning(summary: &str, detail: String, span: Span) -> Diagnostic {
    Diagnostic::warning(summary, detail).at(span, "")
}

const UNDEFINED: &str = "Reference to undefined provider";
const MISMATCH: &str = "Provider type mismatch";
const DUPLICATE: &str = "Duplicate required provider";
const MISSING: &str = "Missing required provider configuration";

/// A module with the way to it.
#[derive(Clone, Copy)]
struct Place<'a> {
    module: &'a Module,
    /// The module that calls it, with the call.
    caller: Option<(&'a Module, &'a ModuleCall)>,
    /// Where a call on the way has `count`, `for_each` or `depends_on`.
    repeated: Option<Span>,
}

impl<'a> Place<'a> {
    fn name(self) -> String {
        match &self.module.path[..] {
            [] => "the root module".to_string(),
            path => module_path(path),
        }
    }

    fn parent_name(self) -> String {
        match self.module.path.split_last() {
            Some((_, parent)) if !parent.is_empty() => module_path(parent),
            _ => "the root module".to_string(),
        }
    }

    fn passed(self) -> &'a [Passed] {
        self.caller.map_or(&[], |(_, call)| &call.providers)
    }

    /// Gives the names of the provider blocks that say something, or of those that do not.
    fn blocks(self, empty: bool) -> BTreeMap<String, Span> {
        let blocks = self.module.providers.iter().filter(|(_, block)| {
            let says = block.versioned
                || !(block.body.attributes.is_empty() && block.body.blocks.is_empty());
            says != empty
        });
        blocks.map(|(name, block)| (written(name), block.span)).collect()
    }

    /// Gives the source of a name that `required_providers` has.
    fn declared(self, local: &str) -> Option<String> {
        let known = self.module.settings.required_providers.contains_key(local);
        known.then(|| self.module.provider_source(local))
    }

    /// Gives the source that a name stands for here, as what `required_providers` or a provider block says.
    fn known(self, local: &str) -> Option<String> {
        let block = || self.module.providers.keys().any(|(name, _)| name == local);
        self.declared(local).or_else(|| block().then(|| assumed(local)))
    }
}

/// Checks what all modules hand to each other.
pub(super) fn check(root: &Module) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    visit(Place { module: root, caller: None, repeated: None }, &mut problems);
    problems
}

fn visit(place: Place<'_>, problems: &mut Vec<Diagnostic>) {
    for call in place.module.calls.values() {
        if call.module.folder.as_os_str().is_empty() {
            continue;
        }
        let depends = call.depends_on.first().map(|entry| entry.span);
        let repeated = call.count.as_ref().or(call.for_each.as_ref()).map(|expr| expr.span);
        let repeated = repeated.or(depends).or(place.repeated);
        let caller = Some((place.module, call));
        visit(Place { module: &call.module, caller, repeated }, problems);
    }
    required_twice(place, problems);
    handed_on(place, problems);
    if let Some((parent, call)) = place.caller {
        own_blocks(place, call, problems);
        for passed in &call.providers {
            handed_in(place, parent, passed, problems);
        }
        empty_blocks(place, problems);
    }
}

/// Tells of providers that a module requires under two names.
fn required_twice(place: Place<'_>, problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let required = &place.module.settings.required_providers;
    for (name, entry) in required {
        let source = place.module.provider_source(name);
        if let Some(former) = seen.get(&source) {
            let detail = format!(
                "Provider {} with the local name \"{name}\" was previously required as \"{former}\". A provider can only be \
                 required once within required_providers.",
                shown(&source)
            );
            problems.push(warning(DUPLICATE, detail, entry.span));
        } else if let Some(implied) = source.strip_prefix("hashicorp/")
            && implied != name
            && place.module.providers.keys().any(|(local, _)| local == implied)
        {
            let detail = format!(
                "Provider {source} with the local name \"{name}\" was implicitly required via a configuration block as \
                 \"{implied}\". The provider configuration block name must match the name used in required_providers."
            );
            problems.push(warning(DUPLICATE, detail, entry.span));
        }
        seen.insert(source, name);
    }
    for resource in place.module.resources.values().filter(|of| of.provider.is_none()) {
        let implied = resource.type_name.text.split('_').next().unwrap_or_default();
        if required.contains_key(implied) {
            continue;
        }
        let source = place.module.provider_source(implied);
        for name in required.keys().filter(|name| place.module.provider_source(name) == source) {
            let block = match resource.mode {
                crate::addr::Mode::Managed => "",
                crate::addr::Mode::Data => "data.",
                crate::addr::Mode::Ephemeral => "ephemeral.",
            };
            let detail = format!(
                "Provider \"{}\" was implicitly required via resource \"{block}{}.{}\", but listed in required_providers as \
                 \"{name}\". Either the local name in required_providers must match the resource name, or the \"{name}\" \
                 provider must be assigned within the resource block.",
                full(&source),
                resource.type_name.text,
                resource.name.text
            );
            problems.push(warning(DUPLICATE, detail, resource.span));
        }
    }
}

/// Checks what a module's calls hand on: each name must be declared, and have a configuration.
fn handed_on(place: Place<'_>, problems: &mut Vec<Diagnostic>) {
    let configured = place.blocks(false);
    let passed_in: BTreeSet<String> =
        place.passed().iter().map(|passed| written(&passed.inside)).collect();
    for passed in place.module.calls.values().flat_map(|call| &call.providers) {
        let (name, None) = &passed.here else { continue };
        let (module, parent) = (place.name(), place.parent_name());
        let is_configured = configured.contains_key(name);
        if !is_configured && place.declared(name).is_none() {
            let source = assumed(name);
            let detail = format!(
                "There is no explicit declaration for local provider name \"{name}\" in {module}, so Terraform is assuming \
                 you mean to pass a configuration for provider \"{source}\".\n\nTo clarify your intent and silence this \
                 warning, add to {parent} a required_providers entry named \"{name}\" with source = \"{source}\", or a \
                 different source address if appropriate."
            );
            problems.push(warning(UNDEFINED, detail, passed.here_span));
            continue;
        }
        let Some((_, call)) = place.caller else { continue };
        if !is_configured && !passed_in.contains(name) {
            let detail = format!(
                "The configuration for {module} expects to inherit a configuration for provider {} with local name \
                 \"{name}\", but {parent} doesn't pass a configuration under that name.\n\nTo satisfy this requirement, add \
                 an entry for \"{name}\" to the \"providers\" argument in the module \"{}\" block.",
                assumed(name),
                call.name.text
            );
            problems.push(warning(MISSING, detail, call.span));
        }
    }
}

/// Checks a module's own provider blocks against how it is called.
fn own_blocks(place: Place<'_>, call: &ModuleCall, problems: &mut Vec<Diagnostic>) {
    let (configured, module) = (place.blocks(false), place.name());
    if let Some(span) = place.repeated.filter(|_| !configured.is_empty()) {
        let detail = format!(
            "The module at {module} is a legacy module which contains its own local provider configurations, and so calls \
             to it may not use the count, for_each, or depends_on arguments.\n\nIf you also control the module \"{}\", \
             consider updating this module to instead expect provider configurations to be passed by its caller.",
            call.source.text
        );
        let summary = "Module is incompatible with count, for_each, and depends_on";
        problems.push(error(summary, detail, span));
    }
    for passed in &call.providers {
        let name = written(&passed.inside);
        if configured.contains_key(&name) {
            let detail = format!(
                "The configuration of {module} has its own local configuration for {name}, and so it cannot accept an \
                 overridden configuration provided by {}.",
                place.parent_name()
            );
            let summary = "Cannot override provider configuration";
            problems.push(error(summary, detail, passed.inside_span));
        }
    }
    for (local, required) in &place.module.settings.required_providers {
        for alias in &required.aliases {
            let name = format!("{}.{}", alias.0, alias.1);
            let given = call.providers.iter().any(|passed| written(&passed.inside) == name);
            if given || configured.contains_key(&name) {
                continue;
            }
            let detail = format!(
                "The child module requires an additional configuration for provider {}, with the local name \
                 \"{name}\".\n\nRefer to the module's documentation to understand the intended purpose of this additional \
                 provider configuration, and then add an entry for {name} in the \"providers\" meta-argument in the module \
                 block to choose which provider configuration the module should use for that purpose.",
                shown(&place.module.provider_source(local))
            );
            problems.push(error(MISSING, detail, call.span));
        }
    }
}

/// Checks one configuration that a module is handed: its name there, and of which provider it is.
fn handed_in(place: Place<'_>, parent: &Module, passed: &Passed, problems: &mut Vec<Diagnostic>) {
    let (local, alias) = &passed.inside;
    let name = written(&passed.inside);
    let is_alias = alias.as_ref().is_some_and(|alias| {
        let required = place.module.settings.required_providers.values();
        required.flat_map(|of| &of.aliases).any(|known| (&known.0, &known.1) == (local, alias))
    });
    let declared = if alias.is_none() { place.declared(local) } else { None };
    let source = declared.clone().or_else(|| place.known(local)).unwrap_or_else(|| assumed(local));
    let (module, above) = (place.name(), place.parent_name());
    if declared.is_none() && !is_alias && !place.blocks(true).contains_key(&name) {
        let what = shown(&source);
        if source.starts_with("hashicorp/") {
            let detail = format!(
                "There is no explicit declaration for local provider name \"{name}\" in {module}, so Terraform is assuming \
                 you mean to pass a configuration for \"{what}\".\n\nIf you also control the child module, add a \
                 required_providers entry named \"{name}\" with the source address \"{what}\"."
            );
            problems.push(warning(UNDEFINED, detail, passed.inside_span));
        } else {
            let detail = format!(
                "The child module does not declare any provider requirement with the local name \"{name}\".\n\nIf you also \
                 control the child module, you can add a required_providers entry named \"{name}\" with the source address \
                 \"{what}\" to accept this provider configuration."
            );
            problems.push(error(UNDEFINED, detail, passed.inside_span));
        }
    }
    let outer = Place { module: parent, caller: None, repeated: None };
    let given = outer.known(&passed.here.0).unwrap_or_else(|| assumed(&passed.here.0));
    if given == source {
        return;
    }
    let required = place.module.settings.required_providers.keys();
    let other = required.into_iter().find(|name| place.module.provider_source(name) == given);
    let (given, source) = (shown(&given), shown(&source));
    if let Some(other) = other {
        let detail = format!(
            "The assigned configuration is for provider \"{given}\", but local name \"{local}\" in {above} represents \
             \"{source}\".\n\nTo pass this configuration to the child module, use the local name \"{other}\" instead."
        );
        problems.push(error(MISMATCH, detail, passed.inside_span));
        return;
    }
    let detail = format!(
        "The local name \"{}\" in {above} represents provider \"{given}\", but \"{name}\" in {module} represents \
         \"{source}\".\n\nEach provider has its own distinct configuration schema and provider types, so this module's \
         \"{name}\" can be assigned only a configuration for {source}, which is not required by {module}.",
        written(&passed.here)
    );
    problems.push(error(MISMATCH, detail, passed.here_span));
}

/// Advises on provider blocks in modules that only say that there is such a provider.
fn empty_blocks(place: Place<'_>, problems: &mut Vec<Diagnostic>) {
    let mut by_name: BTreeMap<&str, (Span, Vec<String>)> = BTreeMap::new();
    let empty = place.blocks(true);
    for (name, span) in &empty {
        let local = name.split('.').next().unwrap_or_default();
        by_name.entry(local).or_insert((*span, Vec::new())).1.push(name.clone());
    }
    for (local, (span, names)) in by_name {
        let source = match names.first() {
            Some(first) if first == local => place.declared(local),
            _ => None,
        };
        let mut entry = format!(
            "    {local} = {{\n      source = \"{}\"\n",
            shown(&source.unwrap_or_else(|| assumed(local)))
        );
        if names.iter().any(|name| name != local) {
            let lines: String = names.iter().map(|name| format!("        {name},\n")).collect();
            entry.push_str(&format!("      configuration_aliases = [\n{lines}      ]\n"));
        }
        let detail = format!(
            "Earlier versions of Terraform used empty provider blocks (\"proxy provider configurations\") for child modules \
             to declare their need to be passed a provider configuration by their callers. That approach was ambiguous and \
             is now deprecated.\n\nIf you control this module, you can migrate to the new declaration syntax by removing all \
             of the empty provider \"{local}\" blocks and then adding or updating an entry like the following to the \
             required_providers block of {}:\n{entry}    }}",
            place.name()
        );
        problems.push(warning("Redundant empty provider block", detail, span));
    }
}

/// Gives the first configuration that is handed on and that there is not.
pub(super) fn missing(root: &Module) -> Option<Diagnostic> {
    let mut there: BTreeSet<String> = BTreeSet::new();
    let required = root.settings.required_providers.keys();
    there.extend(required.map(|name| address(&[], &root.provider_source(name), None)));
    not_there(root, None, &mut there)
}

fn not_there(
    module: &Module,
    call: Option<&ModuleCall>,
    there: &mut BTreeSet<String>,
) -> Option<Diagnostic> {
    let blocks = module.providers.keys();
    there.extend(blocks.map(|(name, alias)| {
        address(&module.path, &module.provider_source(name), alias.as_deref())
    }));
    for passed in call.iter().flat_map(|call| &call.providers) {
        let source = module.provider_source(&passed.inside.0);
        let parent = module.path.split_last().map_or(&[][..], |(_, parent)| parent);
        let wanted = address(parent, &source, passed.here.1.as_deref());
        if !there.contains(&wanted) {
            return Some(Diagnostic::error(format!("missing provider {wanted}"), ""));
        }
        there.insert(address(&module.path, &source, passed.inside.1.as_deref()));
    }
    let calls = module.calls.values();
    calls.into_iter().find_map(|call| not_there(&call.module, Some(call), there))
}

/// Writes a provider configuration's address: `module.a.provider["registry.terraform.io/hashicorp/google"].west`.
fn address(path: &[String], source: &str, alias: Option<&str>) -> String {
    let alias = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
    let module = if path.is_empty() { String::new() } else { format!("{}.", module_path(path)) };
    format!("{module}provider[\"{}\"]{alias}", full(source))
}
