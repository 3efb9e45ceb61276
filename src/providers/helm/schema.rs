//! The schemas: of the provider's block, of a release and of a rendered chart, in the words of both generations of Terraform's
//! provider.

use std::collections::BTreeMap;

use crate::providers::kubernetes;
use crate::schema::{BlockKind, Field, Given, Schema, timeouts};
use crate::value::{Number, Type, Value};

fn text(given: Given) -> Field {
    Field::attribute(Type::String, given)
}

fn flag(default: bool) -> Field {
    Field::attribute(Type::Bool, Given::Optional).default(Value::bool(default))
}

fn whole(default: i64) -> Field {
    Field::attribute(Type::Number, Given::Optional).default(Value::number(Number::from(default)))
}

fn texts() -> Field {
    Field::attribute(Type::list(Type::String), Given::Optional)
}

fn named<const N: usize>(fields: [(&str, Field); N]) -> BTreeMap<String, Field> {
    fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect()
}

fn blocks<const N: usize>(fields: [(&str, Field); N]) -> Field {
    Field::block(BlockKind::List, 0, None, named(fields)).as_argument()
}

/// Gives the schema of the provider's block.
pub(super) fn provider() -> Schema {
    let registry = [
        ("url", text(Given::Required)),
        ("username", text(Given::Required)),
        ("password", text(Given::Required).sensitive()),
    ];
    let experiments = [("manifest", Field::attribute(Type::Bool, Given::Optional))];
    let fields = named([
        ("debug", Field::attribute(Type::Bool, Given::Optional)),
        ("plugins_path", text(Given::Optional)),
        ("registry_config_path", text(Given::Optional)),
        ("repository_config_path", text(Given::Optional)),
        ("repository_cache", text(Given::Optional)),
        ("helm_driver", text(Given::Optional)),
        ("burst_limit", Field::attribute(Type::Number, Given::Optional)),
        ("qps", Field::attribute(Type::Number, Given::Optional)),
        ("kubernetes", kubernetes::block()),
        ("registry", blocks(registry.clone())),
        ("registries", blocks(registry)),
        (
            "experiments",
            Field::block(BlockKind::Single, 0, Some(1), named(experiments)).as_argument(),
        ),
    ]);
    Schema { fields, ..Schema::default() }
}

/// Values that are given to helm and kept nowhere.
fn unkept() -> Field {
    let mut value = text(Given::Required).sensitive();
    value.write_only = true;
    let fields =
        [("name", text(Given::Required)), ("value", value), ("type", text(Given::Optional))];
    Field { write_only: true, ..blocks(fields) }
}

/// What names a chart, says where it is and what it is given: a release and a rendered chart have it alike.
fn chart() -> BTreeMap<String, Field> {
    let set = || {
        [
            ("name", text(Given::Required)),
            ("value", text(Given::Optional)),
            ("type", text(Given::Optional)),
        ]
    };
    let mut secret = set();
    secret[1].1 = text(Given::Required).sensitive();
    let list = [("name", text(Given::Required)), ("value", texts())];
    let postrender = [("binary_path", text(Given::Required)), ("args", texts())];
    named([
        ("chart", text(Given::Required)),
        ("repository", text(Given::Optional)),
        ("repository_key_file", text(Given::Optional)),
        ("repository_cert_file", text(Given::Optional)),
        ("repository_ca_file", text(Given::Optional)),
        ("repository_username", text(Given::Optional)),
        ("repository_password", text(Given::Optional).sensitive()),
        ("pass_credentials", flag(false)),
        ("devel", Field::attribute(Type::Bool, Given::Optional)),
        ("verify", flag(false)),
        ("keyring", text(Given::Optional)),
        ("dependency_update", flag(false)),
        ("values", texts()),
        ("set", blocks(set())),
        ("set_sensitive", blocks(secret)),
        ("set_list", blocks(list)),
        (
            "postrender",
            Field::block(BlockKind::Single, 0, Some(1), named(postrender)).as_argument(),
        ),
        ("description", text(Given::Optional)),
        ("disable_openapi_validation", flag(false)),
        ("disable_webhooks", flag(false)),
        ("render_subchart_notes", flag(true)),
        ("skip_crds", flag(false)),
        ("replace", flag(false)),
        ("reset_values", flag(false)),
        ("reuse_values", flag(false)),
        ("create_namespace", flag(false)),
        ("wait", flag(true)),
        ("atomic", flag(false)),
        ("timeout", whole(300)),
        ("id", text(Given::Service)),
    ])
}

/// The parts of `metadata`, and their types.
pub(super) const METADATA: &[(&str, Type)] = &[
    ("name", Type::String),
    ("namespace", Type::String),
    ("revision", Type::Number),
    ("version", Type::String),
    ("chart", Type::String),
    ("app_version", Type::String),
    ("values", Type::String),
    ("first_deployed", Type::Number),
    ("last_deployed", Type::Number),
    ("notes", Type::String),
];

/// Gives the type of `metadata`.
pub(super) fn metadata() -> Type {
    Type::object(METADATA.iter().map(|(name, ty)| (*name, ty.clone())))
}

/// Gives the schema of a release.
pub(super) fn release() -> Schema {
    let mut fields = chart();
    fields.extend(named([
        ("name", text(Given::Required).replaces()),
        ("namespace", text(Given::Optional).default(Value::string("default")).replaces()),
        ("version", text(Given::OptionalOrService)),
        ("wait_for_jobs", flag(false)),
        ("max_history", whole(0)),
        ("cleanup_on_fail", flag(false)),
        ("force_update", flag(false)),
        ("recreate_pods", flag(false)),
        ("take_ownership", flag(false)),
        ("upgrade_install", flag(false)),
        ("disable_crd_hooks", flag(false)),
        ("lint", flag(false)),
        ("set_wo", unkept()),
        ("set_wo_revision", Field::attribute(Type::Number, Given::Optional)),
        ("timeouts", timeouts(&["create", "read", "update", "delete"])),
        ("status", text(Given::Service)),
        ("manifest", text(Given::Service)),
        ("metadata", Field::attribute(metadata(), Given::Service)),
        ("resources", Field::attribute(Type::map(Type::String), Given::Service)),
    ]));
    Schema { version: 2, fields, ..Schema::default() }
}

/// Gives the schema of a rendered chart.
pub(super) fn template() -> Schema {
    let mut fields = chart();
    let computed = |ty| Field::attribute(ty, Given::Service);
    fields.extend(named([
        ("name", text(Given::Required)),
        ("namespace", text(Given::Optional)),
        ("version", text(Given::OptionalOrService)),
        ("api_versions", texts()),
        ("kube_version", text(Given::Optional)),
        ("include_crds", Field::attribute(Type::Bool, Given::Optional)),
        ("is_upgrade", Field::attribute(Type::Bool, Given::Optional)),
        ("show_only", texts()),
        ("skip_tests", Field::attribute(Type::Bool, Given::Optional)),
        ("validate", Field::attribute(Type::Bool, Given::Optional)),
        ("manifest", computed(Type::String)),
        ("manifests", computed(Type::map(Type::String))),
        ("crds", computed(Type::list(Type::String))),
        ("notes", computed(Type::String)),
        ("timeouts", timeouts(&["read"])),
    ]));
    Schema { fields, ..Schema::default() }
}
