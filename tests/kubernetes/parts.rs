//! Kinds that own fields of an object that something else makes.

use serde_json::{Value as Json, json};
use terrane::addr::{Address, Mode};
use terrane::providers::{ApiErrorKind, Preview, Proposed};

use super::bench::{Bench, Kept};

const MERGE: &str = "application/merge-patch+json";
const MAP: &str = "/api/v1/namespaces/default/configmaps/app";
const SECRET: &str = "/api/v1/namespaces/default/secrets/app";
const WEB: &str = "/apis/apps/v1/namespaces/default/deployments/web";
const CRON: &str = "/apis/batch/v1/namespaces/default/cronjobs/nightly";

/// A kind's case: its object, a first and a second configuration, and where its fields are in the object.
struct Case {
    type_name: &'static str,
    path: &'static str,
    place: &'static str,
    first: Json,
    second: Json,
    /// What the first is written as.
    written: Json,
    id: &'static str,
}

fn told(kind: &str, name: &str, more: &Json) -> Json {
    let api_version = match kind {
        "Deployment" => "apps/v1",
        "CronJob" => "batch/v1",
        _ => "v1",
    };
    let mut config =
        json!({ "api_version": api_version, "kind": kind, "metadata": { "name": name } });
    let members = config.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    config
}

fn cases() -> Vec<Case> {
    let data = |value: &str| json!({ "metadata": { "name": "app" }, "data": { "ours": value } });
    let labels = |value: &str| told("ConfigMap", "app", &json!({ "labels": { "ours": value } }));
    let notes = |value: &str| {
        told("Deployment", "web", &json!({ "template_annotations": { "ours": value } }))
    };
    let nightly = |value: &str| {
        told("CronJob", "nightly", &json!({ "template_annotations": { "ours": value } }))
    };
    let env = |value: &str, more: Json| {
        let mut env = vec![json!({ "name": "OURS", "value": value })];
        env.extend(more.as_array().cloned().unwrap_or_default());
        told("Deployment", "web", &json!({ "container": "web", "env": env }))
    };
    let from = json!([{ "name": "KEY", "value_from": { "config_map_key_ref": { "name": "app", "key": "k" } } }]);
    let case = |type_name, path, place, first, second, written, id| Case {
        type_name,
        path,
        place,
        first,
        second,
        written,
        id,
    };
    let template = "/spec/template/metadata/annotations/ours";
    let job = "/spec/jobTemplate/spec/template/metadata/annotations/ours";
    let variables = "/spec/template/spec/containers/0/env";
    vec![
        case(
            "kubernetes_config_map_v1_data",
            MAP,
            "/data/ours",
            data("1"),
            data("2"),
            json!("1"),
            "default/app",
        ),
        case(
            "kubernetes_secret_v1_data",
            SECRET,
            "/data/ours",
            data("1"),
            data("2"),
            json!("MQ=="),
            "default/app",
        ),
        case(
            "kubernetes_labels",
            MAP,
            "/metadata/labels/ours",
            labels("1"),
            labels("2"),
            json!("1"),
            "apiVersion=v1,kind=ConfigMap,name=app",
        ),
        case(
            "kubernetes_annotations",
            WEB,
            template,
            notes("1"),
            notes("2"),
            json!("1"),
            "apiVersion=apps/v1,kind=Deployment,name=web",
        ),
        case(
            "kubernetes_annotations",
            CRON,
            job,
            nightly("1"),
            nightly("2"),
            json!("1"),
            "apiVersion=batch/v1,kind=CronJob,name=nightly",
        ),
        case(
            "kubernetes_env",
            WEB,
            variables,
            env("1", json!([])),
            env("2", from),
            json!("1"),
            "apiVersion=apps/v1,kind=Deployment,name=web",
        ),
    ]
}

/// Makes what the fields are fields of, as somebody else would.
fn furnish(bench: &Bench) {
    let pod = json!({ "restartPolicy": "Always", "containers": [{ "name": "web", "image": "nginx:1",
        "env": [{ "name": "THEIRS", "value": "x" }] }] });
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": pod });
    let metadata = |name: &str| json!({ "name": name, "labels": { "theirs": "x" } });
    let mut once = template.clone();
    once["spec"]["restartPolicy"] = json!("Never");
    let objects = [
        (
            MAP,
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("app"), "data": { "theirs": "x", "k": "v" } }),
        ),
        (
            SECRET,
            json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata("app"), "data": { "theirs": "eA==" } }),
        ),
        (
            WEB,
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("web"),
            "spec": { "selector": { "matchLabels": { "app": "web" } }, "template": template } }),
        ),
        (
            CRON,
            json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata("nightly"),
            "spec": { "schedule": "0 3 * * *", "jobTemplate": { "spec": { "template": once } } } }),
        ),
    ];
    for (path, object) in objects {
        let collection = path.rsplit_once('/').expect("a path").0;
        bench.behind("POST", collection, "application/json", &object);
    }
}

/// Gives what stands at a place; in a list of variables what our own has.
fn standing(object: &Json, place: &str) -> Option<Json> {
    let found = object.pointer(place)?;
    match found.as_array() {
        Some(list) => Some(list.iter().find(|one| one["name"] == "OURS")?["value"].clone()),
        None => Some(found.clone()),
    }
}

fn live(bench: &Bench, path: &str) -> Json {
    bench.behind("GET", path, "", &Json::Null)
}

/// Gives an object without what the server counts and who owns what.
fn content(object: &Json) -> Json {
    let mut object = object.clone();
    if let Some(Json::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.retain(|name, _| !name.starts_with("deployment.kubernetes.io"));
    }
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|name, _| matches!(name.as_str(), "name" | "labels" | "annotations"));
    metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    object.as_object_mut().expect("an object").remove("status");
    object
}

fn patch(place: &str, value: &Json) -> Json {
    place.rsplit('/').filter(|step| !step.is_empty()).fold(value.clone(), |below, step| {
        let mut object = json!({});
        object[step] = below;
        object
    })
}

async fn read(bench: &Bench, kept: &Kept) -> Kept {
    bench.refresh(std::slice::from_ref(kept)).await.remove(0).expect("it is there")
}

#[tokio::test]
async fn fields_are_written_kept_and_given_back() {
    let bench = Bench::start(1).await;
    furnish(&bench);
    for Case { type_name, path, place, first, second, written, id } in cases() {
        let before = live(&bench, path);

        let made = bench.create(type_name, &first).await;
        let made = made.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error));
        assert_eq!(standing(&live(&bench, path), place).as_ref(), Some(&written), "{type_name}");
        assert_eq!(made.observed.value.field("id").and_then(|id| id.as_str()), Some(id));
        assert!(bench.is_settled(&made).await, "{type_name}");

        let changed = bench.update(&made, Some(&second)).await;
        let changed = changed.unwrap_or_else(|failure| panic!("{type_name}: {}", failure.error));
        assert_ne!(standing(&live(&bench, path), place).as_ref(), Some(&written), "{type_name}");
        bench.pass(120);
        assert!(bench.is_settled(&changed).await, "{type_name}");
        let found = bench.recovered(&changed).await;
        assert!(bench.is_settled(&found).await, "{type_name} after lost answers");

        bench.delete(&changed).await.expect("they are given back");
        assert_eq!(content(&live(&bench, path)), content(&before), "{type_name}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn only_a_change_of_the_own_fields_is_drift() {
    let bench = Bench::start(1).await;
    furnish(&bench);
    let maps = cases().into_iter().filter(|case| case.type_name != "kubernetes_env");
    for Case { type_name, path, place, first, written, .. } in maps {
        let made = bench.create(type_name, &first).await.expect("it is made");
        let other = place.replace("ours", "others");
        let strange = if path == SECRET { json!("eQ==") } else { json!("y") };

        bench.behind("PATCH", path, MERGE, &patch(&other, &strange));
        assert!(bench.is_settled(&made).await, "{type_name}: what others write is theirs");

        bench.behind("PATCH", path, MERGE, &patch(place, &Json::Null));
        let drifted = read(&bench, &made).await;
        assert_ne!(drifted.observed.value, made.observed.value, "{type_name}");
        let mended = bench.update(&drifted, None).await.expect("it is mended");
        assert_eq!(live(&bench, path).pointer(place), Some(&written), "{type_name}");
        assert!(bench.is_settled(&mended).await, "{type_name}");
        bench.delete(&mended).await.expect("they are given back");
        assert_eq!(live(&bench, path).pointer(&other), Some(&strange), "{type_name}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_another_manager_owns_is_taken_only_by_force() {
    let bench = Bench::start(1).await;
    furnish(&bench);
    for Case { type_name, path, place, mut first, written, .. } in cases() {
        let taken = match type_name {
            "kubernetes_env" => continue,
            "kubernetes_secret_v1_data" => json!("Wg=="),
            _ => json!("Z"),
        };
        bench.behind("PATCH", path, MERGE, &patch(place, &taken));

        let failure = bench.create(type_name, &first).await.expect_err("it is another's");
        assert_eq!(failure.error.kind, ApiErrorKind::Conflict);
        let said = format!("{}", failure.error);
        assert!(said.contains("kubectl"), "{type_name}: {said}");
        let both = "In the cluster it is \"Z\", written by \"kubectl\" at 2026-";
        let detail = &failure.error.detail;
        assert_eq!(detail.contains(both), type_name != "kubernetes_secret_v1_data", "{detail}");
        assert!(!detail.contains("Wg=="), "{detail}");
        assert!(failure.error.help.iter().any(|help| help.contains("force = true")));
        assert_eq!(live(&bench, path).pointer(place), Some(&taken));

        first["force"] = json!(true);
        let made = bench.create(type_name, &first).await.expect("it is taken");
        assert_eq!(live(&bench, path).pointer(place), Some(&written), "{type_name}");
        assert!(bench.is_settled(&made).await, "{type_name}");
        bench.delete(&made).await.expect("it is given back");
    }
    bench.stop().await;
}

#[tokio::test]
async fn fields_of_one_object_by_many_resources_do_not_take_each_other_away() {
    let bench = Bench::start(1).await;
    let map = json!({ "metadata": { "name": "app", "labels": { "whole": "1" } }, "data": { "whole": "1" } });
    let whole = bench.create("kubernetes_config_map_v1", &map).await.expect("it is made");
    let of = |more: Json| told("ConfigMap", "app", &more);
    let labels = of(json!({ "labels": { "a": "1" } }));
    let labels = bench.create("kubernetes_labels", &labels).await.expect("it is made");
    let more = of(json!({ "labels": { "b": "1" }, "field_manager": "more" }));
    let more = bench.create("kubernetes_labels", &more).await.expect("it is made");
    let notes = of(json!({ "annotations": { "c": "1" } }));
    let notes = bench.create("kubernetes_annotations", &notes).await.expect("it is made");
    let data = json!({ "metadata": { "name": "app" }, "data": { "d": "1" } });
    let data = bench.create("kubernetes_config_map_v1_data", &data).await.expect("it is made");

    for kept in [&whole, &labels, &more, &notes, &data] {
        assert!(bench.is_settled(kept).await, "{}", kept.type_name);
    }
    let other = json!({ "metadata": { "name": "app", "labels": { "whole": "2" } }, "data": { "whole": "2" } });
    let whole = bench.update(&whole, Some(&other)).await.expect("it is changed");
    let object = live(&bench, MAP);
    assert_eq!(object["metadata"]["labels"], json!({ "whole": "2", "a": "1", "b": "1" }));
    assert_eq!(object["data"], json!({ "whole": "2", "d": "1" }));

    let renamed =
        told("ConfigMap", "app", &json!({ "labels": { "b": "1" }, "field_manager": "again" }));
    let more = bench.update(&more, Some(&renamed)).await.expect("the manager is another");
    bench.delete(&more).await.expect("it is given back");
    assert_eq!(live(&bench, MAP)["metadata"]["labels"], json!({ "whole": "2", "a": "1" }));

    bench.delete(&whole).await.expect("it is removed");
    assert!(bench.refresh(&[labels.clone(), data]).await.iter().all(Option::is_none));
    bench.delete(&labels).await.expect("there is nothing to give back");
    bench.stop().await;
}

#[tokio::test]
async fn taints_stand_among_those_of_others() {
    let bench = Bench::start(1).await;
    let nodes = live(&bench, "/api/v1/nodes");
    let node = nodes["items"][0]["metadata"]["name"].as_str().expect("a node").to_string();
    let path = format!("/api/v1/nodes/{node}");
    let theirs = json!({ "key": "theirs", "value": "x", "effect": "PreferNoSchedule" });
    bench.behind("PATCH", &path, MERGE, &json!({ "spec": { "taints": [theirs] } }));
    let taint = |value: &str| json!({ "key": "ours", "value": value, "effect": "NoSchedule" });
    let config = |taints: &[Json]| json!({ "metadata": { "name": node }, "taint": taints });
    let there = || live(&bench, &path)["spec"]["taints"].clone();

    let made = bench.create("kubernetes_node_taint", &config(&[taint("1")])).await.expect("made");
    assert_eq!(there(), json!([theirs, taint("1")]));
    let id = made.observed.value.field("id").and_then(|id| id.as_str()).map(str::to_string);
    assert_eq!(id, Some(format!("{node},ours=1:NoSchedule")));
    assert!(bench.is_settled(&made).await);

    let more = json!({ "key": "more", "value": "y", "effect": "NoExecute" });
    let two = config(&[taint("2"), more.clone()]);
    let changed = bench.update(&made, Some(&two)).await.expect("changed");
    assert_eq!(there(), json!([theirs, taint("2"), more]));
    assert!(bench.is_settled(&changed).await);

    bench.behind("PATCH", &path, MERGE, &json!({ "spec": { "taints": [theirs, more] } }));
    let drifted = read(&bench, &changed).await;
    assert_ne!(drifted.observed.value, changed.observed.value);
    let mended = bench.update(&drifted, None).await.expect("mended");
    bench.delete(&mended).await.expect("given back");
    assert_eq!(there(), json!([theirs]));

    let clash = json!({ "key": "theirs", "value": "z", "effect": "PreferNoSchedule" });
    let mut clash = config(&[clash]);
    let failure = bench.create("kubernetes_node_taint", &clash).await.expect_err("it is another's");
    assert!(
        format!("{}", failure.error).contains("theirs=x:PreferNoSchedule"),
        "{}",
        failure.error
    );
    clash["force"] = json!(true);
    bench.create("kubernetes_node_taint", &clash).await.expect("it is taken");
    bench.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_at_the_plan() {
    let bench = Bench::start(1).await;
    let propose = |type_name: &str, json: &Json| {
        let config = bench.config(Mode::Managed, type_name, json);
        let kept = bench.provider.resource(Mode::Managed, type_name).expect("it");
        let address = Address::root(Mode::Managed, type_name, "this");
        let planned = bench.provider.plan(&terrane::providers::PlanRequest {
            address: &address,
            type_name,
            prior: None,
            replaced: None,
            private: &[],
            config: &config,
            proposed: &config,
            provider: &kept.empty(),
            offered: &std::collections::BTreeMap::new(),
            minor: None,
        });
        Proposed {
            address,
            type_name: type_name.into(),
            prior: None,
            private: Vec::new(),
            config,
            planned: planned.after,
            defined: false,
            minor: None,
        }
    };
    let data = json!({ "metadata": { "name": "app" }, "data": { "theirs": "1" } });
    let absent = propose("kubernetes_config_map_v1_data", &data);
    let found = bench.session.preview(std::slice::from_ref(&absent)).await;
    assert!(
        matches!(&found[0], Preview::Unverified(Some(why)) if why.contains("does not exist yet")),
        "{:?}",
        found[0]
    );
    let failure = bench.create("kubernetes_config_map_v1_data", &data).await.expect_err("nothing");
    assert_eq!(failure.error.kind, ApiErrorKind::NotFound);

    furnish(&bench);
    let found = bench.session.preview(&[absent]).await;
    assert!(
        matches!(&found[0], Preview::Refused(error) if error.detail.contains("kubectl")),
        "{:?}",
        found[0]
    );
    let env = json!({ "container": "none", "env": [{ "name": "A", "value": "1" }] });
    let env = told("Deployment", "web", &env);
    let failure = bench.create("kubernetes_env", &env).await.expect_err("no such container");
    assert!(format!("{}", failure.error).contains("no container \"none\""), "{}", failure.error);
    let labels = told("Nothing", "web", &json!({ "labels": { "a": "b" } }));
    let failure = bench.create("kubernetes_labels", &labels).await.expect_err("no such kind");
    assert!(format!("{}", failure.error).contains("no kind \"Nothing\""), "{}", failure.error);
    bench.stop().await;
}

#[tokio::test]
async fn variables_are_imported_and_other_fields_are_not() {
    let bench = Bench::start(1).await;
    furnish(&bench);
    let theirs = json!({ "container": "web", "env": [{ "name": "THEIRS", "value": "x" }] });
    let config = told("Deployment", "web", &theirs);
    for id in [
        "kind=Deployment,apiVersion=apps/v1,name=web",
        "apiVersion=apps/v1,kind=Deployment,namespace=default,name=web,container=web",
    ] {
        let taken = bench.import("kubernetes_env", id, &config).await.expect("it is there");
        let env = taken.observed.value.field("env").and_then(|env| env.elements()).expect("env");
        assert_eq!(env[0].field("name").and_then(|name| name.as_str()), Some("THEIRS"));
        assert_eq!(taken.observed.value.field("container").and_then(|it| it.as_str()), Some("web"));
    }

    let block = bench.provider.schema().empty();
    let import = |type_name: &str, id: &str| bench.provider.import(type_name, id, &block);
    assert!(import("kubernetes_env", "web").is_err());
    assert!(import("kubernetes_labels", "apiVersion=v1,kind=ConfigMap,name=app").is_err());
    bench.stop().await;
}
