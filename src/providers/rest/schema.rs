//! The schema that a resource file gives.

use std::collections::BTreeMap;

use crate::addr::Mode;
use crate::schema::{BlockKind, Field, Given, Schema, timeouts};
use crate::value::Type;

use super::spec::{Part, Shape, Spec};

/// Gives the schema of a resource file: its parts, `id`, and `timeouts`.
pub fn schema(spec: &Spec) -> Schema {
    let mut fields = fields(&spec.parts);
    let id = match spec.mode {
        Mode::Managed => Some(Given::OptionalOrService),
        Mode::Data => Some(Given::Service),
        Mode::Ephemeral => (!spec.id.is_empty()).then_some(Given::Service),
    };
    fields.extend(id.map(|given| ("id".into(), Field::attribute(Type::String, given))));
    if spec.mode == Mode::Ephemeral {
        fields.values_mut().for_each(|field| field.never_kept = true);
    }
    if !spec.timeouts.is_empty() {
        let names: Vec<&str> = spec.timeouts.keys().map(String::as_str).collect();
        fields.insert("timeouts".into(), timeouts(&names));
    }
    Schema { version: spec.schema_version, fields, risks: spec.risks.clone(), ..Schema::default() }
}

fn fields(parts: &[Part]) -> BTreeMap<String, Field> {
    parts.iter().map(|part| (part.name.clone(), field(part))).collect()
}

fn field(part: &Part) -> Field {
    let field = match &part.shape {
        Shape::Attribute { ty, .. } => Field::attribute(ty.clone(), part.given),
        // What the service alone gives is an attribute that holds objects, never a written block.
        Shape::Block { .. } if part.given == Given::Service => {
            Field::attribute(part.ty(), part.given)
        }
        Shape::Block { set, min, max, parts, .. } => {
            let kind = if *set { BlockKind::Set } else { BlockKind::List };
            Field { given: part.given, ..Field::block(kind, *min, *max, fields(parts)) }
        }
    };
    Field {
        replaces: part.replaces,
        sensitive: part.sensitive,
        write_only: part.write_only,
        never_kept: part.never_kept,
        quiet: part.quiet,
        default: part.default.clone(),
        deprecated: part.deprecated.clone(),
        ..field
    }
}
