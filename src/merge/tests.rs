//! The laws of apply and update.

use serde_json::{Value as Json, json};

use super::fields::FieldSet;
use super::managers::{self, Operation, Writer};
use super::schema::Schema;
use super::{ApplyError, apply, extract, fields_of, update};

fn deployment() -> Schema<'static> {
    Schema::of("apps/v1", "Deployment")
}

fn writer(name: &str) -> Writer {
    let mut writer = Writer::new(name, "apps/v1");
    writer.time = Some("2026-01-01T00:00:00Z".into());
    writer
}

fn intent(spec: Json) -> Json {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

fn applied(live: Option<&Json>, spec: Json, by: &str) -> Json {
    apply(live, &intent(spec), &writer(by), false, deployment(), &json!({})).unwrap()
}

fn owned(object: &Json, by: &str, operation: Operation) -> FieldSet {
    managers::find(object, &writer(by), operation).map(|entry| entry.fields).unwrap_or_default()
}

fn containers(items: Json) -> Json {
    json!({"template": {"spec": {"containers": items}}})
}

#[test]
fn an_apply_said_twice_changes_nothing() {
    let spec = json!({"replicas": 2, "template": {"spec": {"containers": [
        {"name": "a", "image": "x", "ports": [{"containerPort": 80}]}]}}});
    let once = applied(None, spec.clone(), "a");

    let mut later = writer("a");
    later.time = Some("2026-01-02T00:00:00Z".into());
    let twice = apply(Some(&once), &intent(spec), &later, false, deployment(), &json!({})).unwrap();

    assert_eq!(once, twice);
}

#[test]
fn an_apply_owns_what_it_states_in_the_servers_form() {
    let object = applied(
        None,
        containers(json!([{"name": "a", "image": "x", "ports": [{"containerPort": 80}],
            "args": ["1"], "resources": {"limits": {"cpu": "1"}}}])),
        "a",
    );

    let set = owned(&object, "a", Operation::Apply).to_json();

    let expected = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
        "k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {},
            "f:resources": {"f:limits": {"f:cpu": {}}},
            "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
                {".": {}, "f:containerPort": {}}}}}}}}});
    assert_eq!(set, expected);
}

#[test]
fn disjoint_managers_join_in_any_order() {
    let (one, other) = (json!({"replicas": 2}), json!({"minReadySeconds": 5}));

    let first = applied(Some(&applied(None, one.clone(), "a")), other.clone(), "b");
    let second = applied(Some(&applied(None, other, "b")), one, "a");

    assert_eq!(first["spec"], json!({"replicas": 2, "minReadySeconds": 5}));
    assert_eq!(first["spec"].as_object().unwrap().len(), second["spec"].as_object().unwrap().len());
    assert_eq!(owned(&first, "a", Operation::Apply), owned(&second, "a", Operation::Apply));
}

#[test]
fn another_value_of_an_owned_field_is_a_conflict() {
    let live = applied(None, json!({"replicas": 2}), "a");

    let refused = apply(
        Some(&live),
        &intent(json!({"replicas": 3})),
        &writer("b"),
        false,
        deployment(),
        &json!({}),
    );

    let Err(ApplyError::Conflicts(conflicts)) = refused else { panic!("no conflict") };
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].path, ".spec.replicas");
    assert_eq!(conflicts[0].with(), "conflict with \"a\"");
    assert_eq!(conflicts[0].live, Some(json!(2)));
    assert_eq!(
        ApplyError::Conflicts(conflicts).to_string(),
        "Apply failed with 1 conflict: conflict with \"a\": .spec.replicas"
    );
}

#[test]
fn force_moves_a_field_to_the_new_manager() {
    let live = applied(None, json!({"replicas": 2, "paused": true}), "a");

    let forced = apply(
        Some(&live),
        &intent(json!({"replicas": 3})),
        &writer("b"),
        true,
        deployment(),
        &json!({}),
    )
    .unwrap();

    assert_eq!(forced["spec"]["replicas"], 3);
    assert!(!owned(&forced, "a", Operation::Apply).has(&["f:spec", "f:replicas"]));
    assert!(owned(&forced, "a", Operation::Apply).has(&["f:spec", "f:paused"]));
    assert!(owned(&forced, "b", Operation::Apply).has(&["f:spec", "f:replicas"]));
}

#[test]
fn an_equal_value_is_owned_by_both_and_stays_until_both_leave_it_out() {
    let live = applied(None, json!({"replicas": 2}), "a");
    let both = applied(Some(&live), json!({"replicas": 2}), "b");

    let one = applied(Some(&both), json!({}), "a");
    let none = applied(Some(&one), json!({}), "b");

    assert_eq!(one["spec"]["replicas"], 2);
    assert!(none["spec"].get("replicas").is_none());
}

#[test]
fn a_list_item_left_out_goes_with_its_defaults() {
    let mut live = applied(None, containers(json!([{"name": "a"}, {"name": "b"}])), "a");
    live["spec"]["template"]["spec"]["containers"][1]["imagePullPolicy"] = json!("Always");

    let object = applied(Some(&live), containers(json!([{"name": "a"}])), "a");

    let left = &object["spec"]["template"]["spec"]["containers"];
    assert_eq!(left, &json!([{"name": "a"}]));
}

#[test]
fn an_injected_sidecar_stays() {
    let live = applied(None, containers(json!([{"name": "a", "image": "x"}])), "a");
    let mut new = live.clone();
    let items = new["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap();
    items.push(json!({"name": "proxy", "image": "p"}));
    update(Some(&live), &mut new, &writer("injector"), deployment(), &json!({}));

    let object = applied(Some(&new), containers(json!([{"name": "a", "image": "y"}])), "a");

    let left = &object["spec"]["template"]["spec"]["containers"];
    assert_eq!(left[0]["image"], "y");
    assert_eq!(left[1]["name"], "proxy");
}

#[test]
fn an_update_takes_the_fields_that_it_changes() {
    let live = applied(None, json!({"replicas": 2, "paused": true}), "a");
    let mut new = live.clone();
    new["spec"]["replicas"] = json!(5);

    update(Some(&live), &mut new, &writer("hand"), deployment(), &json!({}));

    assert!(!owned(&new, "a", Operation::Apply).has(&["f:spec", "f:replicas"]));
    assert!(owned(&new, "hand", Operation::Update).has(&["f:spec", "f:replicas"]));
    let refused = apply(
        Some(&new),
        &intent(json!({"replicas": 2})),
        &writer("a"),
        false,
        deployment(),
        &json!({}),
    );
    let text = refused.unwrap_err().to_string();
    assert_eq!(
        text,
        "Apply failed with 1 conflict: conflict with \"hand\" using apps/v1: .spec.replicas"
    );
}

#[test]
fn an_update_that_removes_a_field_takes_it_from_all() {
    let live = applied(None, json!({"replicas": 2, "paused": true}), "a");
    let mut new = live.clone();
    new["spec"].as_object_mut().unwrap().shift_remove("paused");

    update(Some(&live), &mut new, &writer("hand"), deployment(), &json!({}));

    assert!(!owned(&new, "a", Operation::Apply).has(&["f:spec", "f:paused"]));
    assert!(owned(&new, "hand", Operation::Update).is_empty());
}

#[test]
fn what_was_never_tracked_is_owned_by_before_first_apply() {
    let live = intent(json!({"replicas": 2}));

    let refused = apply(
        Some(&live),
        &intent(json!({"replicas": 3})),
        &writer("a"),
        false,
        deployment(),
        &json!({}),
    );

    assert!(refused.unwrap_err().to_string().contains("before-first-apply"));
}

#[test]
fn two_items_with_the_same_key_are_refused() {
    let twice = containers(json!([{"name": "a"}, {"name": "a"}]));

    let refused = apply(None, &intent(twice), &writer("a"), false, deployment(), &json!({}));

    let text = refused.unwrap_err().to_string();
    assert_eq!(text, ".spec.template.spec.containers: duplicate entries for key [name=\"a\"]");
}

#[test]
fn extract_gives_the_owned_fields_and_the_keys() {
    let live = applied(None, containers(json!([{"name": "a", "image": "x"}])), "a");
    let mut new = live.clone();
    new["spec"]["template"]["spec"]["containers"][0]["tty"] = json!(true);
    update(Some(&live), &mut new, &writer("hand"), deployment(), &json!({}));

    let part = extract(&new, &owned(&new, "hand", Operation::Update), deployment());

    assert_eq!(
        part,
        json!({"spec": {"template": {"spec": {"containers":
        [{"name": "a", "tty": true}]}}}})
    );
}

#[test]
fn a_set_is_read_as_it_was_written() {
    let set = fields_of(
        &json!({"metadata": {"name": "x", "labels": {"a": "b"}, "finalizers": ["f"]},
            "spec": {"strategy": {}}}),
        deployment(),
    );

    let text = set.to_json();

    assert_eq!(FieldSet::parse(&text), set);
    assert_eq!(
        text,
        json!({"f:metadata": {"f:labels": {"f:a": {}}, "f:finalizers": {"v:\"f\"": {}}},
        "f:spec": {"f:strategy": {}}})
    );
}

#[test]
fn a_custom_resource_goes_by_field_and_its_lists_go_whole() {
    let schema = Schema::custom();
    let object = json!({"apiVersion": "x/v1", "kind": "Y", "metadata": {"name": "n"},
        "spec": {"a": {"b": 1}, "l": [1, 2]}});

    let set = fields_of(&object, schema).to_json();

    assert_eq!(set, json!({"f:spec": {".": {}, "f:a": {".": {}, "f:b": {}}, "f:l": {}}}));
}
