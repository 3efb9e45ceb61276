//! The laws of reading and planning, held for kinds of all sorts without a server.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::value::{Number, Type, Value};

use super::check::check;
use super::memory::Memory;
use super::object::{self, Name, intent};
use super::observe::{Mode, observe, settle};
use super::planning::plan;
use super::schema;
use super::tables::{Kind, Node, Nodes, Shape, Way, tables};

fn kind(name: &str) -> &'static Kind {
    tables().kind(name).expect("the type is in the tables")
}

/// Makes a configuration of a type from JSON: what is not there is null, and no block.
pub(super) fn config(kind: &Kind, json: &Json) -> Value {
    let value = block(&kind.nodes, json).with_field("id", Value::null(Type::String));
    match kind.timeouts.is_empty() {
        true => value,
        false => {
            let names = kind.timeouts.keys().map(|name| (name.as_str(), Type::String));
            value.with_field("timeouts", Value::null(Type::object(names)))
        }
    }
}

fn block(nodes: &Nodes, json: &Json) -> Value {
    for name in json.as_object().expect("a block is an object").keys() {
        assert!(nodes.contains_key(name), "{name} is no attribute");
    }
    Value::object(nodes.iter().map(|(name, node)| (name.as_str(), part(node, json.get(name)))))
}

fn part(node: &Node, json: Option<&Json>) -> Value {
    if let Some(inner) = &node.block {
        let elements = match json {
            Some(Json::Array(parts)) => parts.iter().map(|part| block(inner, part)).collect(),
            Some(one) => vec![block(inner, one)],
            None => Vec::new(),
        };
        let ty = schema::object_type(inner);
        return if node.shape == Shape::Set {
            Value::set(ty, elements)
        } else {
            Value::list(ty, elements)
        };
    }
    let ty = schema::attribute_type(node);
    match (json, &ty) {
        (None, _) => Value::null(ty),
        (Some(json), Type::Map(element)) => {
            let fields = json.as_object().expect("a map").iter();
            let fields = fields.map(|(key, value)| (key.as_str(), scalar(value)));
            Value::map((**element).clone(), fields)
        }
        (Some(json), Type::List(element)) => Value::list(
            (**element).clone(),
            json.as_array().expect("a list").iter().map(scalar).collect(),
        ),
        (Some(json), Type::Set(element)) => Value::set(
            (**element).clone(),
            json.as_array().expect("a set").iter().map(scalar).collect(),
        ),
        (Some(json), _) => scalar(json),
    }
}

fn scalar(json: &Json) -> Value {
    match json {
        Json::Bool(flag) => Value::bool(*flag),
        Json::Number(number) => {
            Value::number(Number::parse(&number.to_string()).expect("a number"))
        }
        Json::String(text) => Value::string(text),
        other => panic!("{other} is no scalar"),
    }
}

pub(super) fn web() -> Json {
    json!({
        "metadata": { "name": "web", "labels": { "app": "web" } },
        "spec": {
            "replicas": "2",
            "selector": { "match_labels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "container": [{
                    "name": "web", "image": "nginx:1",
                    "port": [{ "container_port": 8000 }],
                    "env": [{ "name": "A", "value": "1" }, { "name": "B", "value_from": {
                        "secret_key_ref": { "name": "s", "key": "k" } } }],
                    "resources": { "requests": { "cpu": "50m", "memory": "128Mi" } },
                    "readiness_probe": { "http_get": { "path": "/", "port": "8000" } },
                }] },
            },
        },
    })
}

/// What a server makes of [`web`]: defaults, and the noise of controllers and injectors.
pub(super) fn live_web(intent: &Json) -> Json {
    let mut live = intent.clone();
    live["metadata"]["uid"] = json!("u-1");
    live["metadata"]["resourceVersion"] = json!("17");
    live["metadata"]["generation"] = json!(1);
    live["metadata"]["annotations"] = json!({ "deployment.kubernetes.io/revision": "1" });
    live["spec"]["strategy"] =
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%" } });
    live["spec"]["progressDeadlineSeconds"] = json!(600);
    let pod = &mut live["spec"]["template"]["spec"];
    pod["restartPolicy"] = json!("Always");
    pod["containers"][0]["imagePullPolicy"] = json!("IfNotPresent");
    pod["containers"][0]["terminationMessagePath"] = json!("/dev/termination-log");
    pod["containers"][0]["readinessProbe"]["periodSeconds"] = json!(10);
    live
}

/// Applies a configuration: gives the state, and the memory of it.
pub(super) fn applied(
    kind: &Kind,
    config: &Value,
    live: impl Fn(&Json) -> Json,
) -> (Value, Memory, Json) {
    let (planned, _) = plan(kind, None, &Memory::default(), config);
    let live = live(&intent(kind, config, Name::of(kind, config).as_ref()));
    let state = observe(kind, Some(&planned), &live, Mode::Complete);
    let written: BTreeSet<String> = object::written(&kind.nodes, config).into_iter().collect();
    (state, Memory { written: Some(written), imported: false, ..Memory::default() }, live)
}

pub(super) fn refreshed(kind: &Kind, state: &Value, memory: &Memory, live: &Json) -> Value {
    settle(state, observe(kind, Some(state), live, Mode::Refresh(memory.written.as_ref())))
}

#[test]
fn only_what_is_written_is_sent() {
    let kind = kind("kubernetes_deployment_v1");

    let sent = intent(kind, &config(kind, &web()), None);

    assert_eq!(
        sent,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "web", "labels": { "app": "web" } },
            "spec": {
                "replicas": 2,
                "selector": { "matchLabels": { "app": "web" } },
                "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [{
                        "name": "web", "image": "nginx:1",
                        "ports": [{ "containerPort": 8000, "protocol": "TCP" }],
                        "env": [{ "name": "A", "value": "1" }, { "name": "B", "valueFrom": {
                            "secretKeyRef": { "name": "s", "key": "k" } } }],
                        "resources": { "requests": { "cpu": "50m", "memory": "128Mi" } },
                        "readinessProbe": { "httpGet": { "path": "/", "port": 8000 } },
                    }] },
                },
            },
        })
    );
}

#[test]
fn after_an_apply_the_plan_is_empty_whatever_controllers_write() {
    let kind = kind("kubernetes_deployment_v1");
    let config = config(kind, &web());
    let (state, memory, mut live) = applied(kind, &config, live_web);
    assert!(state.is_whole());

    live["metadata"]["resourceVersion"] = json!("99");
    live["metadata"]["generation"] = json!(4);
    live["metadata"]["annotations"]["cloud.google.com/neg-status"] = json!("{}");
    live["metadata"]["labels"]["injected"] = json!("yes");
    live["spec"]["minReadySeconds"] = json!(5);
    let pod = &mut live["spec"]["template"]["spec"];
    pod["containers"][0]["resources"]["requests"]["cpu"] = json!("0.05");
    pod["containers"][0]["resources"]["limits"] = json!({ "cpu": "1" });
    pod["containers"]
        .as_array_mut()
        .expect("a list")
        .insert(0, json!({ "name": "sidecar", "image": "proxy" }));
    pod["tolerations"] = json!([{ "key": "a", "operator": "Exists" }]);
    live["status"] = json!({ "replicas": 2 });
    let observed = refreshed(kind, &state, &memory, &live);
    let (after, replaces) = plan(kind, Some(&observed), &memory, &config);

    assert_eq!(observed, state);
    assert_eq!(after, state);
    assert!(replaces.is_empty());
}

#[test]
fn a_change_of_what_is_written_is_drift_and_the_plan_mends_it() {
    let kind = kind("kubernetes_deployment_v1");
    let config = config(kind, &web());
    let (state, memory, mut live) = applied(kind, &config, live_web);

    live["spec"]["replicas"] = json!(5);
    let observed = refreshed(kind, &state, &memory, &live);
    let (after, replaces) = plan(kind, Some(&observed), &memory, &config);

    let replicas = |value: &Value| {
        value
            .field("spec")
            .and_then(|spec| spec.elements()?[0].field("replicas")?.as_str().map(str::to_string))
    };
    assert_eq!(replicas(&observed).as_deref(), Some("5"));
    assert_eq!(replicas(&after).as_deref(), Some("2"));
    assert!(replaces.is_empty());
    assert!(!after.is_whole(), "the server's counters are unknown");
}

#[test]
fn what_the_server_gives_is_unknown_until_then_and_the_id_is_not() {
    let kind = kind("kubernetes_service_v1");
    let config = config(
        kind,
        &json!({ "metadata": { "name": "web" }, "spec": {
            "selector": { "app": "web" }, "port": [{ "port": 80, "target_port": "8000" }] } }),
    );

    let (after, _) = plan(kind, None, &Memory::default(), &config);

    assert_eq!(after.field("id").and_then(Value::as_str), Some("default/web"));
    let spec = &after.field("spec").and_then(Value::elements).expect("a spec")[0];
    assert!(!spec.field("cluster_ip").expect("it is there").is_known());
    assert!(!after.field("status").expect("it is there").is_known());
    assert_eq!(spec.field("type").and_then(Value::as_str), Some("ClusterIP"));
}

#[test]
fn a_secret_is_base64_in_the_api_and_text_in_the_state() {
    let kind = kind("kubernetes_secret_v1");
    let config = config(
        kind,
        &json!({ "metadata": { "name": "s" }, "data": { "password": "p4ss" }, "binary_data": { "b": "AAE=" } }),
    );

    let sent = intent(kind, &config, None);
    let (state, memory, live) = applied(kind, &config, |sent| {
        let mut live = sent.clone();
        live["metadata"]["uid"] = json!("u");
        live["metadata"]["resourceVersion"] = json!("1");
        live["type"] = json!("Opaque");
        live
    });

    assert_eq!(sent["data"], json!({ "b": "AAE=", "password": "cDRzcw==" }));
    assert!(!format!("{state:?}").contains("p4ss"));
    assert_eq!(refreshed(kind, &state, &memory, &live), state);
    let mut gone = live;
    gone["data"] = json!({ "b": "AAE=" });
    assert_ne!(refreshed(kind, &state, &memory, &gone), state);
}

#[test]
fn a_jobs_template_and_a_sets_claims_replace() {
    let job = kind("kubernetes_job_v1");
    let with = |image: &str| {
        config(
            job,
            &json!({ "metadata": { "name": "j" }, "spec": { "template": {
                "metadata": {}, "spec": { "container": [{ "name": "c", "image": image }] } } } }),
        )
    };
    let (state, memory, _) = applied(job, &with("a"), |sent| {
        let mut live = sent.clone();
        live["metadata"]["uid"] = json!("u");
        live["metadata"]["resourceVersion"] = json!("1");
        live
    });

    let (after, replaces) = plan(job, Some(&state), &memory, &with("b"));

    assert_eq!(replaces[0].to_string(), "spec[0].template[0].spec[0].container[0].image");
    assert!(
        !after.field("metadata").and_then(Value::elements).expect("it")[0]
            .field("uid")
            .expect("it")
            .is_known()
    );
    let pod = intent(job, &with("a"), None);
    assert_eq!(pod["spec"]["template"]["spec"]["restartPolicy"], "Never");
}

#[test]
fn what_is_one_object_in_the_api_is_one_block() {
    let volume = kind("kubernetes_persistent_volume_v1");
    let spec = |path: &str| {
        json!({ "capacity": { "storage": "1Gi" }, "access_modes": ["ReadWriteOnce"],
            "persistent_volume_source": { "nfs": { "server": "10.0.0.1", "path": path } } })
    };
    let told = |specs: Json| {
        let config = config(volume, &json!({ "metadata": { "name": "v" }, "spec": specs }));
        let problems = check(volume, &config, None);
        problems.iter().map(|one| format!("{}: {}", one.path, one.summary)).collect::<Vec<_>>()
    };

    assert!(told(json!([spec("/a")])).is_empty());
    assert_eq!(told(json!([spec("/a"), spec("/b")])), ["spec[1]: Too many blocks"]);
}

#[test]
fn an_import_makes_an_empty_plan_and_takes_in_no_noise() {
    let kind = kind("kubernetes_deployment_v1");
    let config = config(kind, &web());
    let (_, _, live) = applied(kind, &config, live_web);

    let imported = observe(kind, None, &live, Mode::Whole);
    let memory = Memory { written: None, imported: true, ..Memory::default() };
    let (after, replaces) = plan(kind, Some(&imported), &memory, &config);

    assert!(imported.is_whole());
    assert_eq!(after, imported);
    assert!(replaces.is_empty());
}

#[test]
fn quantities_and_free_orders_make_no_change() {
    let kind = kind("kubernetes_service_v1");
    let with = |ports: Json| {
        config(
            kind,
            &json!({ "metadata": { "name": "w" }, "spec": { "selector": { "a": "b" }, "port": ports } }),
        )
    };
    let (one, two) = (json!({ "name": "a", "port": 80 }), json!({ "name": "b", "port": 81 }));
    let first = with(json!([one, two]));
    let (state, memory, _) = applied(kind, &first, |sent| {
        let mut live = sent.clone();
        live["metadata"]["uid"] = json!("u");
        live["metadata"]["resourceVersion"] = json!("1");
        live["spec"]["clusterIP"] = json!("10.0.0.1");
        live
    });

    let (after, _) = plan(kind, Some(&state), &memory, &with(json!([two, one])));

    assert_eq!(after, state);
}

#[test]
fn a_broken_object_is_found_before_there_is_a_cluster() {
    let kind = kind("kubernetes_deployment_v1");
    let mut broken = web();
    broken["spec"]["template"]["metadata"]["labels"] = json!({ "app": "other" });
    broken["spec"]["template"]["spec"]["dns_policy"] = json!("Nonsense");
    let container = &mut broken["spec"]["template"]["spec"]["container"][0];
    container["volume_mount"] = json!([{ "name": "none", "mount_path": "/x" }]);
    container["resources"]["limits"] = json!({ "cpu": "10m" });

    let problems: Vec<String> = check(kind, &config(kind, &broken), None)
        .into_iter()
        .map(|problem| problem.summary)
        .collect();

    for expected in [
        "Selector does not match the template",
        "Unknown volume",
        "Request exceeds limit",
        "Invalid value",
    ] {
        assert!(problems.iter().any(|problem| problem == expected), "{expected}: {problems:?}");
    }
    assert!(check(kind, &config(kind, &web()), None).is_empty());
}

#[test]
fn every_type_has_a_definition_and_a_schema() {
    for (name, kind) in &tables().kinds {
        let definition = super::definitions::bundled().root(&kind.api_version, &kind.kind);
        assert!(definition.is_some() || kind.way == Way::Part, "{name}");
        assert!(schema::resource(kind).fields.contains_key("metadata"), "{name}");
    }
    assert!(tables().kinds.len() + tables().aliases.len() > 60);
}

#[test]
fn what_is_given_write_only_is_sent_and_not_kept() {
    let kind = kind("kubernetes_secret_v1");
    let config = config(
        kind,
        &json!({ "metadata": { "name": "s" }, "data_wo": { "password": "p4ss" }, "data_wo_revision": 1 }),
    );

    let (state, ..) = applied(kind, &config, |sent| {
        let mut live = sent.clone();
        live["metadata"]["uid"] = json!("u");
        live
    });

    assert_eq!(intent(kind, &config, None)["data"], json!({ "password": "cDRzcw==" }));
    assert!(!crate::value::json::to_json(&state).to_string().contains("p4ss"));
}
