//! Objects that a `moved` block gives another type: the new type's provider says what becomes of their attributes.

use crate::addr::Target;
use crate::config::{Config, Module, Resource};
use crate::diag::Diagnostic;
use crate::eval::ProviderRef;
use crate::providers::{Registry, Retyped};
use crate::state::Snapshot;
use crate::state::provider::ProviderName;

use super::moves::Moves;
use super::objects::provider_text;

/// Brings the attributes of moved objects to their new types; gives what stands in the way.
pub(super) fn retype(
    config: &Config,
    registry: &Registry,
    snapshot: &mut Snapshot,
    moves: &Moves,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (to, from) in moves.moved.iter().filter(|(to, from)| to.type_name != from.type_name) {
        let path: Vec<String> = to.module.iter().map(|step| step.name.clone()).collect();
        let (Some(mut object), Some(block), Some(module)) =
            (snapshot.current(to).cloned(), config.resource(to), config.module(&path))
        else {
            continue;
        };
        let reference = reference(module, block);
        let Some(provider) = registry.provider(&reference.source) else { continue };
        let source = ProviderName::parse(&object.provider).map(|name| name.source);
        let asked = Retyped {
            source: source.as_deref().unwrap_or_default(),
            type_name: &from.type_name,
            attributes: &object.attributes,
            to: &to.type_name,
        };
        match provider.retype(&asked) {
            Ok(attributes) => {
                let schema = provider.resource(to.mode, &to.type_name);
                object.attributes = attributes;
                object.schema_version = schema.map_or(0, |schema| schema.version);
                object.provider = provider_text(&reference);
                object.sensitive.clear();
                object.private.clear();
                snapshot.set_current(to, Some(object));
            }
            Err(problem) => {
                let written = moves.statements.iter().find(|statement| {
                    !statement.implied
                        && matches!(&statement.to, Target::Resource(of) if of.type_name == to.type_name)
                });
                let problem = problem.about(to);
                problems.push(match written {
                    Some(statement) => problem.at(statement.span, ""),
                    None => problem,
                });
            }
        }
    }
    problems
}

/// Names the provider of a block, without what its caller may pass: objects that change their type find their
/// session by the block later.
fn reference(module: &Module, block: &Resource) -> ProviderRef {
    let implied = || block.type_name.text.split('_').next().unwrap_or_default().to_string();
    let (name, alias) = match &block.provider {
        Some((name, alias)) => (name.text.clone(), alias.as_ref().map(|alias| alias.text.clone())),
        None => (implied(), None),
    };
    let source = module.provider_source(&name);
    let name = source.rsplit('/').next().unwrap_or_default().to_string();
    ProviderRef { module: Vec::new(), name, source, alias }
}
