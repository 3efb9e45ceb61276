//! A plan as JSON: the document of `show -json`, format 1.2.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::state::{check_document, check_instance};
use super::{Reveal, modules, named, path, secrets, state, unknowns, value};
use crate::addr::{Address, Mode, module_text};
use crate::diag::Sources;
use crate::eval::{CheckResult, CheckStatus};
use crate::plan::{Change, Drift, OutputChange, Plan, PlanMode, Reason, Verb};
use crate::plan::{digest, objects};
use crate::render::object;
use crate::render::plan::SchemaOf;
use crate::render::review;
use crate::review::Review;
use crate::schema::Schema;
use crate::state::file::COMPATIBLE;
use crate::state::{KeptOutput, Snapshot, provider};
use crate::value::json::type_to_json;
use crate::value::{Path, Type, Value};

/// What a plan's document is made with.
pub struct PlanDocument<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The schemas of changes.
    pub schemas: &'a SchemaOf<'a>,
    /// The schemas of kept objects, for the prior state.
    pub kept_schemas: &'a object::SchemaOf<'a>,
    /// The loaded files.
    pub sources: &'a Sources,
    /// The configuration's own document, where there is one.
    pub configuration: Option<Json>,
    /// Whether secrets are written.
    pub reveal: Reveal,
    /// What reviewers want to know beside.
    pub review: &'a Review,
}

/// Gives the document of a plan.
pub fn plan(document: &PlanDocument<'_>) -> Json {
    let PlanDocument { plan, reveal, .. } = *document;
    let mut out = Map::new();
    out.insert("format_version".into(), "1.2".into());
    out.insert("terraform_version".into(), COMPATIBLE.into());
    if !plan.variables.is_empty() {
        let one = |(name, given): (&String, &Value)| {
            (name.clone(), json!({ "value": value(given, reveal) }))
        };
        out.insert("variables".into(), Json::Object(plan.variables.iter().map(one).collect()));
    }
    out.insert("planned_values".into(), planned_values(document));
    let drift = plan.drift.iter().map(|(address, drift)| drifted(document, address, drift));
    let drift: Vec<Json> = drift.chain(renamed(document)).collect();
    if !drift.is_empty() {
        out.insert("resource_drift".into(), drift.into());
    }
    let changes: Vec<Json> = sorted(plan)
        .into_iter()
        .filter(|(address, _, change)| {
            let told = address.mode == Mode::Managed && plan.base.mode != PlanMode::RefreshOnly;
            told || !change.verb.is_keep()
        })
        .map(|(address, deposed, change)| resource_change(document, address, deposed, change))
        .collect();
    if !changes.is_empty() {
        out.insert("resource_changes".into(), changes.into());
    }
    if !plan.outputs.is_empty() {
        let one = |(name, change): (&String, &OutputChange)| {
            (name.clone(), output_change(change, reveal))
        };
        out.insert("output_changes".into(), Json::Object(plan.outputs.iter().map(one).collect()));
    }
    let prior = prior(document);
    if !prior.is_empty() {
        out.insert("prior_state".into(), state::state(&prior, document.kept_schemas, reveal));
    }
    let configuration = document.configuration.clone();
    out.insert(
        "configuration".into(),
        configuration.unwrap_or_else(|| json!({ "root_module": {} })),
    );
    if !plan.relevant.is_empty() {
        let one = |(address, part): &(Address, Path)| json!({ "resource": address.to_string(), "attribute": path(part) });
        out.insert("relevant_attributes".into(), plan.relevant.iter().map(one).collect());
    }
    if !plan.checks.is_empty() {
        out.insert("checks".into(), checks(&plan.checks));
    }
    if !document.review.findings.is_empty() {
        let results = document.review.findings.iter().map(review::finding);
        out.insert("policy_results".into(), results.collect());
    }
    if let Some(made) = plan.base.made {
        out.insert("timestamp".into(), format!("{made:.0}").into());
    }
    out.insert("applyable".into(), (!plan.is_empty()).into());
    out.insert("complete".into(), (plan.targets.is_empty() && plan.excluded.is_empty()).into());
    out.insert("errored".into(), false.into());
    out.insert("digest".into(), digest::digest(plan).into());
    Json::Object(out)
}

/// Gives the state before the changes as Terraform has it: with the outputs that are known already, and no checks.
fn prior(document: &PlanDocument<'_>) -> Snapshot {
    let plan = document.plan;
    let mut outputs = plan.prior.outputs.clone();
    for (name, change) in &plan.outputs {
        let Some(after) = change.after.as_ref().filter(|after| after.is_whole()) else { continue };
        if after.is_null() {
            outputs.remove(name);
            continue;
        }
        let (value, ty) = (after.without_marks(), after.ty());
        let kept = KeptOutput { value, ty, sensitive: change.sensitive };
        outputs.insert(name.clone(), kept);
    }
    let mut prior = Snapshot { outputs, checks: None, ..plan.prior.clone() };
    for ((address, _), change) in &plan.changes {
        let Verb::Read { after } = &change.verb else { continue };
        // What a check reads is there as far as it is known; what the apply reads is not there yet.
        let scoped = change.reason == Some(Reason::CheckNested);
        let schema = (document.schemas)(address, change).filter(|_| scoped);
        let here = prior.current(address).is_some();
        match schema {
            Some(schema) if !here => {
                let object = objects::encode(&schema, after, &[], &change.provider, Vec::new());
                prior.set_current(address, Some(object));
            }
            None => prior.set_current(address, None),
            Some(_) => {}
        }
    }
    prior
}

/// A change with its address and deposed key.
type Placed<'p> = (&'p Address, Option<&'p str>, &'p Change);

/// Gives the changes: modules after their parents, data sources first.
pub(super) fn sorted(plan: &Plan) -> Vec<Placed<'_>> {
    let mut changes: Vec<Placed<'_>> = plan
        .changes
        .iter()
        .filter(|((address, _), _)| address.mode != Mode::Ephemeral)
        .map(|((address, deposed), change)| (address, deposed.as_deref(), change))
        .collect();
    changes.sort_by_key(|(address, deposed, _)| {
        let address = *address;
        (
            address.module.len(),
            &address.module,
            address.mode != Mode::Data,
            &address.type_name,
            &address.name,
            &address.key,
            *deposed,
        )
    });
    changes
}

/// Gives a side with what its schema calls sensitive marked.
fn sealed(side: &Value, schema: Option<&Schema>) -> Value {
    schema.map_or_else(|| side.clone(), |schema| schema.sealed(side))
}

fn planned_values(document: &PlanDocument<'_>) -> Json {
    let PlanDocument { plan, reveal, .. } = *document;
    let mut resources = Vec::new();
    for (address, deposed, change) in sorted(plan) {
        if plan.base.mode == PlanMode::RefreshOnly {
            continue;
        }
        let gone = matches!(change.verb, Verb::Delete { .. });
        if gone || deposed.is_some() {
            continue;
        }
        let schema = (document.schemas)(address, change);
        let after = change.verb.after().map(|after| sealed(after, schema.as_deref()));
        let mut out = named(address);
        out.insert("provider_name".into(), provider::full(&change.provider.source).into());
        let version = schema.as_ref().map_or(0, |schema| schema.version);
        out.insert("schema_version".into(), version.into());
        let told = |json: Json| match &schema {
            Some(schema) => schema.told(json),
            None => json,
        };
        if let Some(after) = &after {
            let known = told(value(after, reveal));
            if known.as_object().is_none_or(|known| !known.is_empty()) {
                out.insert("values".into(), known);
            }
        }
        // What is let go is named, and has no values.
        let masked = after.as_ref().map_or(Json::Bool(false), secrets);
        out.insert("sensitive_values".into(), told(masked));
        resources.push((address.module.clone(), Json::Object(out)));
    }
    let mut outputs = Map::new();
    for (name, change) in &plan.outputs {
        let Some(after) = &change.after else { continue };
        let mut out = Map::new();
        out.insert("sensitive".into(), (change.sensitive || change.was_sensitive).into());
        if after.is_whole() {
            let after = if change.sensitive { after.clone().sensitive() } else { after.clone() };
            // A plan keeps no type with a null.
            let ty = if after.is_null() { Type::Any } else { after.ty() };
            out.insert("type".into(), type_to_json(&ty));
            out.insert("value".into(), value(&after, reveal));
        }
        outputs.insert(name.clone(), Json::Object(out));
    }
    let address = |of: &Json| of["address"].as_str().map(String::from);
    resources.sort_by_cached_key(|(_, resource)| address(resource));
    let mut planned = Map::new();
    if !outputs.is_empty() {
        planned.insert("outputs".into(), Json::Object(outputs));
    }
    planned.insert("root_module".into(), modules(resources));
    Json::Object(planned)
}

fn resource_change(
    document: &PlanDocument<'_>,
    address: &Address,
    deposed: Option<&str>,
    change: &Change,
) -> Json {
    let plan = document.plan;
    let mut out = Map::new();
    out.insert("address".into(), address.to_string().into());
    if let Some(from) = plan.moves.get(address) {
        out.insert("previous_address".into(), from.to_string().into());
    }
    place(&mut out, address);
    out.insert("provider_name".into(), provider::full(&change.provider.source).into());
    if let Some(key) = deposed {
        out.insert("deposed".into(), key.into());
    }
    let schema = (document.schemas)(address, change);
    out.insert("change".into(), Json::Object(sides(document, address, change, schema.as_ref())));
    if let Some(reason) = change.reason.as_ref() {
        out.insert("action_reason".into(), action_reason(reason).into());
    }
    if let Some(span) = change.span.filter(|span| !document.sources.name(span.file).is_empty()) {
        let start = document.sources.start(span);
        let place = json!({ "filename": document.sources.name(span.file), "line": start.line });
        out.insert("source".into(), place);
    }
    if let Some(item) = document.review.item(address, deposed) {
        review::members(item, document.sources, document.reveal, &mut out);
    }
    Json::Object(out)
}

fn place(out: &mut Map<String, Json>, address: &Address) {
    if !address.module.is_empty() {
        out.insert("module_address".into(), module_text(&address.module).into());
    }
    for (name, part) in named(address).into_iter().skip(1) {
        out.insert(name, part);
    }
}

fn sides(
    document: &PlanDocument<'_>,
    address: &Address,
    change: &Change,
    schema: Option<&Arc<Schema>>,
) -> Map<String, Json> {
    let seal = |side: Option<&Value>| side.map(|side| sealed(side, schema.map(|schema| &**schema)));
    let (before, after) = (seal(change.verb.before()), seal(change.verb.after()));
    let mut out = Map::new();
    out.insert("actions".into(), actions(&change.verb));
    two_sides(&mut out, before.as_ref(), after.as_ref(), document.reveal);
    if let Some(schema) = schema.filter(|schema| schema.beyond) {
        out.values_mut().for_each(|side| *side = schema.told(side.take()));
    }
    if !change.replaces.is_empty() && matches!(change.verb, Verb::Replace { .. }) {
        out.insert("replace_paths".into(), change.replaces.iter().map(path).collect());
    }
    if let Some(id) = &change.importing {
        out.insert("importing".into(), json!({ "id": id }));
    }
    if let Some(text) = document.plan.generated.get(address) {
        out.insert("generated_config".into(), text.as_str().into());
    }
    out
}

fn two_sides(
    out: &mut Map<String, Json>,
    before: Option<&Value>,
    after: Option<&Value>,
    reveal: Reveal,
) {
    let told = |side: Option<&Value>| side.map_or(Json::Null, |side| value(side, reveal));
    let masked = |side: Option<&Value>| side.map_or(Json::Bool(false), secrets);
    out.insert("before".into(), told(before));
    out.insert("after".into(), told(after));
    out.insert(
        "after_unknown".into(),
        after.filter(|after| !after.is_whole()).map_or_else(|| json!({}), unknowns),
    );
    out.insert("before_sensitive".into(), masked(before));
    out.insert("after_sensitive".into(), masked(after));
}

fn actions(verb: &Verb) -> Json {
    match verb {
        Verb::Keep { .. } => json!(["no-op"]),
        Verb::Read { .. } => json!(["read"]),
        Verb::Create { .. } => json!(["create"]),
        Verb::Update { .. } => json!(["update"]),
        Verb::Replace { create_first: false, .. } => json!(["delete", "create"]),
        Verb::Replace { create_first: true, .. } => json!(["create", "delete"]),
        Verb::Delete { .. } => json!(["delete"]),
        Verb::Forget { .. } => json!(["forget"]),
    }
}

fn action_reason(reason: &Reason) -> &'static str {
    match reason {
        Reason::CannotUpdate => "replace_because_cannot_update",
        Reason::Tainted => "replace_because_tainted",
        Reason::Requested => "replace_by_request",
        Reason::Triggered => "replace_by_triggers",
        Reason::ParentReplaced(_) => "replace_because_parent_replaced",
        Reason::NoBlock => "delete_because_no_resource_config",
        Reason::NoModule => "delete_because_no_module",
        Reason::CountIndex => "delete_because_count_index",
        Reason::EachKey => "delete_because_each_key",
        Reason::WrongRepetition => "delete_because_wrong_repetition",
        Reason::NoMoveTarget => "delete_because_no_move_target",
        Reason::ConfigUnknown => "read_because_config_unknown",
        Reason::DependencyPending => "read_because_dependency_pending",
        Reason::CheckNested => "read_because_check_nested",
    }
}

fn drifted(document: &PlanDocument<'_>, address: &Address, drift: &Drift) -> Json {
    let change = document.plan.changes.get(&(address.clone(), None));
    let schema = change.and_then(|change| (document.schemas)(address, change));
    let seal = |side: &Value| sealed(side, schema.as_deref());
    let (before, after) = (seal(&drift.saved), drift.found.as_ref().map(seal));
    let mut out = Map::new();
    out.insert("address".into(), address.to_string().into());
    place(&mut out, address);
    out.insert("provider_name".into(), provider::full(&drift.provider.source).into());
    let action = if after.is_some() { "update" } else { "delete" };
    let mut change = Map::new();
    change.insert("actions".into(), json!([action]));
    two_sides(&mut change, Some(&before), after.as_ref(), document.reveal);
    out.insert("change".into(), Json::Object(change));
    Json::Object(out)
}

/// Gives what a run that only refreshes finds under another address.
fn renamed(document: &PlanDocument<'_>) -> Vec<Json> {
    let plan = document.plan;
    let refreshing = plan.base.mode == PlanMode::RefreshOnly;
    let moved = plan.moves.keys().filter(|to| refreshing && !plan.drift.contains_key(*to));
    let change = |to: &Address| {
        let change = plan.changes.get(&(to.clone(), None))?;
        let mut told = resource_change(document, to, None, change);
        told.as_object_mut()?.remove("source");
        Some(told)
    };
    moved.filter_map(change).collect()
}

fn output_change(change: &OutputChange, reveal: Reveal) -> Json {
    let OutputChange { before, after, sensitive, was_sensitive } = change;
    let sensitive = &(*sensitive || *was_sensitive);
    let action = match (before, after) {
        _ if change.is_keep() => "no-op",
        (None, Some(_)) => "create",
        (Some(_), None) => "delete",
        _ => "update",
    };
    let seal = |side: &Value| if *sensitive { side.clone().sensitive() } else { side.clone() };
    let told =
        |side: &Option<Value>| side.as_ref().map_or(Json::Null, |side| value(&seal(side), reveal));
    let mut out = Map::new();
    out.insert("actions".into(), json!([action]));
    out.insert("before".into(), told(before));
    if after.as_ref().is_none_or(Value::is_known) {
        out.insert("after".into(), told(after));
    }
    let unknown = after.as_ref().filter(|after| !after.is_whole());
    out.insert("after_unknown".into(), unknown.map_or(Json::Bool(false), unknowns));
    out.insert("before_sensitive".into(), (*sensitive).into());
    out.insert("after_sensitive".into(), (*sensitive).into());
    Json::Object(out)
}

fn status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

/// Gives the checks by their blocks, in the order of these.
fn checks(results: &[CheckResult]) -> Json {
    let mut blocks: BTreeMap<&str, Vec<&CheckResult>> = BTreeMap::new();
    for result in results {
        blocks.entry(&result.config_address).or_default().push(result);
    }
    let block = |(address, results): (&&str, &Vec<&CheckResult>)| {
        let worst = [CheckStatus::Error, CheckStatus::Fail, CheckStatus::Unknown];
        let worst =
            worst.into_iter().find(|worst| results.iter().any(|result| result.status == *worst));
        let instances = results
            .iter()
            .filter(|result| !result.address.is_empty())
            .map(|result| check_instance(&result.address, status(result.status), &result.failures))
            .collect();
        let kind = results.first().map_or("", |result| result.kind);
        check_document(kind, address, status(worst.unwrap_or(CheckStatus::Pass)), instances)
    };
    blocks.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::super::SECRET;
    use super::*;
    use crate::render::plan::tests::{change, plan_of, value};

    fn document(plan: &Plan) -> Json {
        super::plan(&PlanDocument {
            plan,
            schemas: &|_, _| None,
            kept_schemas: &|_, _| None,
            sources: &Sources::default(),
            configuration: None,
            reveal: Reveal::No,
            review: &Review::default(),
        })
    }

    #[test]
    fn a_change_has_its_two_sides_and_their_masks() {
        let before = value(json!({ "id": "i", "input": { "x": 1, "y": "!s" }, "list": [1, "!t"] }));
        let after =
            value(json!({ "id": "i", "input": { "x": "?", "y": "!s" }, "list": [2, "?", {}] }));
        let plan = plan_of(vec![("module.m.a.b[\"k\"]", change(Verb::Update { before, after }))]);

        let json = document(&plan);

        let expected = json!({
            "address": "module.m.a.b[\"k\"]", "module_address": "module.m", "mode": "managed",
            "type": "a", "name": "b", "index": "k",
            "provider_name": "registry.terraform.io/hashicorp/x",
            "change": {
                "actions": ["update"],
                "before": { "id": "i", "input": { "x": 1, "y": SECRET }, "list": [1, SECRET] },
                "after": { "id": "i", "input": { "y": SECRET }, "list": [2, null, {}] },
                "after_unknown": { "input": { "x": true }, "list": [false, true, {}] },
                "before_sensitive": { "input": { "y": true }, "list": [false, true] },
                "after_sensitive": { "input": { "y": true }, "list": [false, false, {}] },
            },
        });
        assert_eq!(json["resource_changes"][0], expected);
        let planned = &json["planned_values"]["root_module"]["child_modules"][0]["resources"][0];
        assert_eq!(planned["values"]["input"], json!({ "y": SECRET }));
    }

    #[test]
    fn a_removed_object_has_no_after() {
        let mut gone = change(Verb::Delete { before: value(json!({ "id": "i" })) });
        gone.reason = Some(Reason::NoBlock);

        let json = document(&plan_of(vec![("a.b", gone)]));

        let change = &json["resource_changes"][0];
        assert_eq!(change["action_reason"], "delete_because_no_resource_config");
        let change = &change["change"];
        assert_eq!((&change["after"], &change["after_sensitive"]), (&Json::Null, &json!(false)));
        assert_eq!(change["after_unknown"], json!({}));
        assert_eq!(json["planned_values"]["root_module"], json!({}));
    }

    #[test]
    fn outputs_say_what_is_unknown_and_secret() {
        let output = |after: Json, sensitive| OutputChange {
            before: None,
            after: Some(value(after)),
            sensitive,
            was_sensitive: sensitive,
        };
        let outputs = [
            ("known".to_string(), output(json!([1]), false)),
            ("part".to_string(), output(json!({ "a": "?", "b": 1 }), false)),
            ("secret".to_string(), output(json!("s"), true)),
            ("unknown".to_string(), output(json!("?"), false)),
        ];
        let plan = Plan { outputs: outputs.into(), ..Plan::default() };

        let json = document(&plan);

        let changes = &json["output_changes"];
        assert_eq!(changes["known"]["after_unknown"], false);
        assert_eq!(changes["part"]["after_unknown"], json!({ "a": true }));
        assert_eq!(changes["secret"]["after"], SECRET);
        assert_eq!(changes["unknown"].get("after"), None);
        assert_eq!(changes["unknown"]["after_unknown"], true);
        assert_eq!(json["planned_values"]["outputs"]["unknown"], json!({ "sensitive": false }));
    }

    #[test]
    fn a_check_is_as_bad_as_its_worst_instance() {
        let result = |address: &str, status| CheckResult {
            kind: "resource",
            config_address: "a.b".into(),
            address: address.into(),
            status,
            failures: Vec::new(),
        };
        let checks =
            vec![result("a.b[0]", CheckStatus::Pass), result("a.b[1]", CheckStatus::Unknown)];

        let json = document(&Plan { checks, ..Plan::default() });

        assert_eq!(json["checks"][0]["status"], "unknown");
        assert_eq!(json["checks"][0]["instances"][1]["address"]["instance_key"], 1);
    }
}
