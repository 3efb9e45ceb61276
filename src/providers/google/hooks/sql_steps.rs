//! The calls that change an instance of Cloud SQL, in the order in which the service wants them.

use serde_json::{Value as Json, json};

use crate::providers::rest::encode::{Empty, encode_part};
use crate::providers::rest::equal::is_zero;
use crate::providers::rest::json;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{first_block, text};
use crate::value::{Type, Value};

/// A call of an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A patch of what is in it.
    Patch(Json),
    /// The administrator's password.
    Password,
    /// A replica becomes an instance of its own.
    Promote,
    /// A replica and its primary change places.
    Switchover,
    /// All settings, with their version.
    Put,
    /// What stands in a backup comes back.
    Restore,
}

/// Attributes that calls of their own change, or none.
const APART: [&str; 6] = [
    "database_version",
    "include_replicas_for_major_version_upgrade",
    "maintenance_version",
    "root_password",
    "instance_type",
    "master_instance_name",
];

/// Gives the calls that lead from one state to another, in the order in which the service wants them.
pub fn steps(spec: &Spec, prior: &Value, planned: &Value) -> Vec<Step> {
    let mut steps = Vec::new();
    let changed = |name: &str| differs(prior, planned, name);
    let none = Value::object(std::iter::empty::<(&str, Value)>());
    let (old, new) = (
        first_block(prior, "settings").unwrap_or(&none),
        first_block(planned, "settings").unwrap_or(&none),
    );
    let set = |names: &[&str]| names.iter().any(|name| differs(old, new, name));
    let settings = |names: &[&str]| settings_of(spec, new, names);
    if text(new, "activation_policy") == "ALWAYS" && set(&["activation_policy"]) {
        steps.push(settings(&["activation_policy"]));
    }
    if changed("enforce_new_sql_network_architecture") {
        steps.push(Step::Patch(json!({ "sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE" })));
    }
    if changed("database_version") {
        let mut body = json!({ "databaseVersion": text(planned, "database_version") });
        let name = "include_replicas_for_major_version_upgrade";
        if planned.field(name).and_then(Value::as_bool) == Some(true) {
            body["includeReplicasForMajorVersionUpgrade"] = true.into();
        }
        steps.push(Step::Patch(body));
    }
    // One that is taken out of the configuration stays: there is no account without a password.
    let given = |name: &str| !text(planned, name).is_empty();
    if ["root_password", "root_password_wo_version"]
        .into_iter()
        .any(|name| changed(name) && given(name))
    {
        steps.push(Step::Password);
    }
    if changed("maintenance_version") {
        let version = text(planned, "maintenance_version");
        steps.push(Step::Patch(json!({ "maintenanceVersion": version })));
    }
    if let Some(step) = promotion(prior, planned) {
        steps.push(step);
    }
    const EDITION: [&str; 3] = ["edition", "tier", "data_cache_config"];
    if set(&["edition"]) {
        steps.push(settings(&EDITION));
    }
    if set(&["entraid_config"]) {
        steps.push(settings(&["entraid_config"]));
    }
    let mut done = vec!["version", "effective_availability_type", "entraid_config", "time_zone"];
    if steps.iter().any(|step| *step == settings(&EDITION)) {
        done.extend(EDITION);
    }
    if text(new, "activation_policy") == "ALWAYS" {
        done.push("activation_policy");
    }
    let rest = new
        .fields()
        .into_iter()
        .flatten()
        .any(|(name, _)| !done.contains(&&**name) && differs(old, new, name));
    let beside = spec.parts.iter().any(|part| {
        let own = part.write.is_some() && part.name != "settings";
        own && !APART.contains(&part.name.as_str()) && changed(&part.name)
    });
    if rest || beside {
        steps.push(Step::Put);
    }
    // Taking out what an instance was restored from restores nothing.
    let wanted = |name: &str| planned.field(name).is_some_and(|value| !is_zero(value));
    if ["restore_backup_context", "backupdr_backup"]
        .into_iter()
        .any(|name| changed(name) && wanted(name))
    {
        steps.push(Step::Restore);
    }
    if set(&["time_zone"]) {
        steps.push(settings(&["time_zone"]));
    }
    steps
}

/// Gives the patch of some of the settings.
fn settings_of(spec: &Spec, settings: &Value, names: &[&str]) -> Step {
    let mut body = json!({});
    for part in spec.part("settings").and_then(|part| part.inside()).into_iter().flatten() {
        let (Some(place), true) = (&part.write, names.contains(&part.name.as_str())) else {
            continue;
        };
        let value = settings.field(&part.name).cloned().unwrap_or_else(|| part.absent());
        let value = encode_part(part, &value, settings, Empty::Sent).unwrap_or_default();
        json::set(&mut body, &place.path, value);
    }
    Step::Patch(json!({ "settings": body }))
}

/// Says whether an attribute changes; one without content stays one, and what is not known yet is no wish.
fn differs(old: &Value, new: &Value, name: &str) -> bool {
    let at = |value: &Value| value.field(name).cloned().unwrap_or(Value::null(Type::Any));
    let (old, new) = (at(old), at(new));
    let new = wished(&old, &new);
    old != new && !(is_zero(&old) && is_zero(&new))
}

/// Gives a wish with what stands in the place of what is not known yet.
fn wished(old: &Value, new: &Value) -> Value {
    if new.is_whole() {
        return new.clone();
    }
    if !new.is_known() {
        return old.clone();
    }
    if let Some(fields) = new.fields() {
        return Value::object(fields.iter().map(|(name, field)| {
            let stands = old.field(name).cloned();
            let stands = stands.unwrap_or_else(|| Value::null(field.ty()));
            (&**name, wished(&stands, field))
        }));
    }
    let mut place = 0;
    new.map_parts(&mut |part| {
        let stands = old.elements().and_then(|elements| elements.get(place)).cloned();
        place += 1;
        wished(&stands.unwrap_or_else(|| Value::null(part.ty())), part)
    })
}

/// Gives the call by which a replica becomes a primary: alone, or in the place of its own.
fn promotion(prior: &Value, planned: &Value) -> Option<Step> {
    let kind = |value: &Value| text(value, "instance_type");
    if kind(prior) != "READ_REPLICA_INSTANCE" || kind(planned) != "CLOUD_SQL_INSTANCE" {
        return None;
    }
    let former = text(prior, "master_instance_name");
    let replicas = planned.field("replica_names").and_then(Value::elements).unwrap_or_default();
    let mut replicas = replicas.iter().filter_map(Value::as_str);
    let stays = !former.is_empty() && replicas.any(|name| name == former);
    Some(if stays { Step::Switchover } else { Step::Promote })
}
