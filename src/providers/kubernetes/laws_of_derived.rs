//! The laws of what the API has and the provider's schema lacks, held for each such field of each definition.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::schema::{Nesting, Schema};

use super::check::check;
use super::definitions::{Part, bundled};
use super::laws::{applied, config, refreshed};
use super::object::intent;
use super::planning::plan;
use super::schema;
use super::tables::{Convert, Kind, Node, Nodes, Shape, tables};

/// A field of the API's alone: the kind, the blocks that lead to it, its name and node.
struct Place {
    kind: &'static Kind,
    above: Vec<(&'static str, &'static Node)>,
    name: &'static str,
    node: &'static Node,
}

/// Gives each such field once, of all kinds that share its block.
fn places() -> Vec<Place> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for kind in tables().kinds.values() {
        walk(kind, &kind.nodes, &[], &mut seen, &mut found);
    }
    assert!(found.len() > 120, "{}", found.len());
    found
}

fn walk(
    kind: &'static Kind,
    nodes: &'static Arc<Nodes>,
    above: &[(&'static str, &'static Node)],
    seen: &mut BTreeSet<*const Nodes>,
    found: &mut Vec<Place>,
) {
    if !seen.insert(Arc::as_ptr(nodes)) {
        return;
    }
    for (name, node) in nodes.iter() {
        if node.beyond {
            found.push(Place { kind, above: above.to_vec(), name, node });
        } else if let Some(block) = &node.block {
            let above = [above, &[(name.as_str(), node)]].concat();
            walk(kind, block, &above, seen, found);
        }
    }
}

/// Makes something to write there; `turn` makes it another thing.
fn sample(node: &Node, turn: usize) -> Json {
    if let Some(block) = &node.block {
        let fields = block.iter().map(|(name, node)| (name.clone(), sample(node, turn)));
        return json!([Json::Object(fields.collect())]);
    }
    let one = |shape: Shape| match (shape, node.convert) {
        (_, Convert::Quantity) => json!(format!("{}Mi", turn + 1)),
        (Shape::Bool, _) => json!(turn == 0),
        (Shape::Number, _) => json!(turn + 1),
        _ => json!(format!("a{turn}")),
    };
    match node.shape {
        Shape::List | Shape::Set => json!([one(node.element)]),
        Shape::Map => json!({ "key": one(node.element) }),
        shape => one(shape),
    }
}

impl Place {
    fn title(&self) -> String {
        let above: String = self.above.iter().map(|(name, _)| format!("{name}.")).collect();
        format!("{} {above}{}", self.kind.kind, self.name)
    }

    /// Makes a configuration that gives this field and nothing beside it.
    fn written(&self, turn: usize) -> Json {
        let inner = json!({ self.name: sample(self.node, turn) });
        let mut whole = self.above.iter().rev().fold(inner, |inner, (name, node)| {
            let mut inner = inner;
            // What a list is keyed by is written too.
            let block = node.block.as_ref().expect("it leads on");
            for key in [("name", "n"), ("container_port", "1")] {
                if block.contains_key(key.0) && *name != "metadata" {
                    inner[key.0] = json!(key.1);
                }
            }
            json!({ *name: [inner] })
        });
        if whole["metadata"].is_null() {
            whole["metadata"] = json!([{}]);
        }
        whole["metadata"][0]["name"] = json!("n");
        whole
    }
}

#[test]
fn what_the_provider_lacks_is_sent_under_names_of_the_api_and_plans_nothing_more() {
    for place in places() {
        let (kind, title) = (place.kind, place.title());
        let config = config(kind, &place.written(0));
        let sent = intent(kind, &config, None);
        let root = bundled().root(&kind.api_version, &kind.kind).expect("it is bundled");
        let mut strange = Vec::new();
        unknown(&sent, root, "", &mut strange);
        assert_eq!(strange, Vec::<String>::new(), "{title}");
        let api = place.node.api.as_deref().expect("it is of the API");
        assert!(sent.to_string().contains(&format!("\"{api}\":")), "{title}: {sent}");

        let (state, memory, mut live) = applied(kind, &config, |sent| {
            let mut live = sent.clone();
            live["metadata"]["uid"] = json!("u");
            live["metadata"]["resourceVersion"] = json!("1");
            live
        });
        live["metadata"]["resourceVersion"] = json!("2");
        let observed = refreshed(kind, &state, &memory, &live);
        let (after, replaces) = plan(kind, Some(&observed), &memory, &config);

        assert!(after.without_marks() == observed.without_marks(), "{title}");
        assert!(replaces.is_empty(), "{title}: {replaces:?}");
    }
}

#[test]
fn a_change_of_what_the_provider_lacks_is_drift_or_is_sent() {
    for place in places() {
        let (kind, title) = (place.kind, place.title());
        let [one, other] = [0, 1].map(|turn| super::laws::config(kind, &place.written(turn)));
        let (state, memory, live) = applied(kind, &one, |sent| {
            let mut live = sent.clone();
            live["metadata"]["uid"] = json!("u");
            live
        });

        let (after, replaces) = plan(kind, Some(&state), &memory, &other);
        assert_ne!(intent(kind, &one, None), intent(kind, &other, None), "{title}");
        assert!(after.without_marks() != state.without_marks(), "{title}");
        let above = place.above.iter().any(|(_, node)| node.replaces);
        assert_eq!(!replaces.is_empty(), place.node.replaces || above, "{title}");

        let theirs = intent(kind, &other, None);
        let mut drifted = live.clone();
        for (name, part) in theirs.as_object().expect("an object") {
            if name != "metadata" {
                drifted[name] = part.clone();
            }
        }
        for name in ["finalizers", "ownerReferences"] {
            if !theirs["metadata"][name].is_null() {
                drifted["metadata"][name] = theirs["metadata"][name].clone();
            }
        }
        let observed = refreshed(kind, &state, &memory, &drifted);
        assert!(observed.without_marks() != state.without_marks(), "{title}");
    }
}

#[test]
fn what_came_later_is_refused_for_an_older_cluster() {
    let mut later = 0;
    for place in places() {
        let config = config(place.kind, &place.written(0));
        let told = |minor: Option<u32>| {
            let problems = check(place.kind, &config, minor);
            let mut names = problems
                .iter()
                .filter(|one| one.summary == "Field not in this Kubernetes version")
                .map(|one| one.path.to_string());
            names.any(|path| path.rsplit('.').next() == Some(place.name))
        };

        assert!(!told(None), "{}", place.title());
        later += usize::from(told(Some(29)));
        let gone = told(Some(37));
        assert!(!gone || place.name == "workload_ref", "{}", place.title());
    }
    assert!(later > 20, "{later}");
}

#[test]
fn no_field_of_a_definition_lacks_an_argument() {
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for kind in tables().kinds.values().filter(|kind| kind.way == super::tables::Way::Whole) {
        let root = bundled().root(&kind.api_version, &kind.kind).expect("it is bundled");
        lacking(&kind.nodes, root, &kind.kind, &mut seen, &mut missing);
    }

    let known = [
        // Each object has them by its type, or the server alone gives them.
        "apiVersion",
        "kind",
        "metadata",
        "status",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
        "generation",
        "resourceVersion",
        "uid",
        "generateName",
        "namespace",
        "name",
        // Told in the table of what is left out.
        "ephemeralContainers",
        "serviceAccount",
        "stringData",
        "deprecatedTopology",
        "spec",
        "pathType",
    ];
    let rest: Vec<&String> = missing
        .iter()
        .filter(|place| !known.iter().any(|name| place.ends_with(&format!(".{name}"))))
        .collect();
    assert!(rest.is_empty(), "{rest:?}");
}

fn lacking(
    nodes: &Nodes,
    part: &Part,
    path: &str,
    seen: &mut BTreeSet<(*const Nodes, *const Part)>,
    missing: &mut BTreeSet<String>,
) {
    if !seen.insert((std::ptr::from_ref(nodes), std::ptr::from_ref(part))) {
        return;
    }
    let wrapped = nodes.values().filter(|node| node.wrapper).filter_map(|node| node.block.as_ref());
    let all: Vec<&Node> = nodes.values().chain(wrapped.flat_map(|block| block.values())).collect();
    for (api, below) in &part.properties {
        let first = |node: &&&Node| {
            node.api.as_deref().is_some_and(|place| place.split('/').next() == Some(api))
        };
        let Some(node) = all.iter().find(first) else {
            missing.insert(format!("{path}.{api}"));
            continue;
        };
        let below = below.item().unwrap_or_else(|| below.followed());
        if let Some(block) = node.block.as_ref().filter(|_| node.api.as_ref() == Some(api)) {
            lacking(block, below, &format!("{path}.{api}"), seen, missing);
        }
    }
}

/// Tells the fields of an object that its definition does not have.
fn unknown(json: &Json, part: &Part, path: &str, found: &mut Vec<String>) {
    match json {
        Json::Object(fields) => {
            for (name, below) in fields {
                match part.field(name) {
                    Some(part) => unknown(below, part, &format!("{path}.{name}"), found),
                    None if part.is_closed() => found.push(format!("{path}.{name}")),
                    None => {}
                }
            }
        }
        Json::Array(all) => {
            if let Some(part) = part.item() {
                all.iter().for_each(|one| unknown(one, part, path, found));
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[test]
fn what_is_not_given_stands_in_no_state_and_is_read_back_as_nothing() {
    let kind = tables().kind("kubernetes_pod_v1").expect("it is there");
    let schema = schema::resource(kind);
    let config = |more: Json| {
        let mut spec = json!({ "container": [{ "name": "a", "image": "b" }] });
        spec.as_object_mut().expect("it").extend(more.as_object().expect("it").clone());
        config(kind, &json!({ "metadata": [{ "name": "n" }], "spec": [spec] }))
    };
    let kept = |value| schema.told(crate::value::json::to_json(&value));
    let names = |schema: &Schema| {
        let mut found = Vec::new();
        beyond(&schema.fields, &mut found);
        found
    };

    let (plain, full) = (config(json!({})), config(json!({ "host_users": false })));
    let (bare, given) = (kept(plain.clone()), kept(full.clone()));

    assert!(names(&schema).contains(&"resize_policy".to_string()));
    let text = bare.to_string();
    let written = names(&schema).into_iter().find(|name| text.contains(&format!("\"{name}\":")));
    assert!(written.is_none_or(|name| is_elsewhere(&schema, &name)), "{text}");
    assert_eq!(given["spec"][0]["host_users"], false);
    for (value, mut json) in [(plain, bare), (full, given)] {
        schema.untold(&mut json);
        let read = crate::value::json::from_json_as(&json, &schema.ty()).expect("it reads");
        assert!(read.without_marks() == value.without_marks());
    }
}

fn beyond(
    fields: &std::collections::BTreeMap<String, crate::schema::Field>,
    found: &mut Vec<String>,
) {
    for (name, field) in fields {
        if field.beyond {
            found.push(name.clone());
        } else if let Nesting::Block(block) = &field.nesting {
            beyond(&block.fields, found);
        }
    }
}

/// Says whether a field of the provider's has the same name somewhere.
fn is_elsewhere(schema: &Schema, wanted: &str) -> bool {
    fn holds(
        fields: &std::collections::BTreeMap<String, crate::schema::Field>,
        wanted: &str,
    ) -> bool {
        fields.iter().any(|(name, field)| {
            (name == wanted && !field.beyond)
                || field.inside().is_some_and(|block| !field.beyond && holds(&block.fields, wanted))
        })
    }
    holds(&schema.fields, wanted)
}
