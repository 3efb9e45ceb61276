//! Pub/Sub: topics and subscriptions.
//!
//! Both are made by a PUT on their final name. A deleted topic's subscriptions stay, and say `_deleted-topic_`.

use serde_json::{Value as Json, json};

use crate::sandbox::store::merge_fields;

use super::described::camel;
use super::policy;
use super::refusal::{Refusal, Style};
use super::storage;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("pubsub.projects.topics.create", create_topic),
    ("pubsub.projects.topics.get", get),
    ("pubsub.projects.topics.list", list),
    ("pubsub.projects.topics.patch", patch),
    ("pubsub.projects.topics.delete", delete_topic),
    ("pubsub.projects.topics.getIamPolicy", get_policy),
    ("pubsub.projects.topics.setIamPolicy", set_policy),
    ("pubsub.projects.topics.testIamPermissions", test_permissions),
    ("pubsub.projects.topics.subscriptions.list", list_of_topic),
    ("pubsub.projects.subscriptions.create", create_subscription),
    ("pubsub.projects.subscriptions.get", get),
    ("pubsub.projects.subscriptions.list", list),
    ("pubsub.projects.subscriptions.patch", patch),
    ("pubsub.projects.subscriptions.delete", delete),
    ("pubsub.projects.subscriptions.detach", detach),
    ("pubsub.projects.subscriptions.getIamPolicy", get_policy),
    ("pubsub.projects.subscriptions.setIamPolicy", set_policy),
    ("pubsub.projects.subscriptions.testIamPermissions", test_permissions),
];

/// What a subscription says of a topic that is gone.
const DELETED: &str = "_deleted-topic_";

/// Gives `topics` or `subscriptions`: which collection the method is of.
fn collection(turn: &Turn<'_>) -> &'static str {
    if turn.id.starts_with("pubsub.projects.topics.") { "topics" } else { "subscriptions" }
}

fn name(turn: &Turn<'_>) -> String {
    format!("projects/{}/{}/{}", turn.path[0], collection(turn), turn.path[1])
}

fn key(name: &str) -> String {
    format!("pubsub/{name}")
}

fn missing(name: &str) -> Refusal {
    let last = name.rsplit('/').next().unwrap_or(name);
    Refusal::not_found(format!("Resource not found (resource={last})."))
}

fn invalid(what: &str) -> Refusal {
    Refusal::invalid(format!(
        "You have passed an invalid argument to the service (argument={what})."
    ))
}

fn find(turn: &Turn<'_>) -> Result<(String, Json), Refusal> {
    let name = name(turn);
    let found = turn.store.find(&key(&name)).cloned();
    found.map(|object| (key(&name), object)).ok_or_else(|| missing(&name))
}

/// Gives the name of what is to be made.
fn new_name(turn: &Turn<'_>) -> Result<String, Refusal> {
    let id = &turn.path[1];
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~+%".contains(c);
    let good = (3..=255).contains(&id.len())
        && id.chars().all(fits)
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && !id.starts_with("goog");
    if !good {
        return Err(Refusal::invalid(format!(
            "Invalid [{}] name: (name={})",
            collection(turn),
            name(turn)
        )));
    }
    let name = name(turn);
    match turn.store.find(&key(&name)) {
        Some(_) => {
            Err(Refusal::exists(format!("Resource already exists in the project (resource={id}).")))
        }
        None => Ok(name),
    }
}

/// Gives whole seconds of a duration in its JSON form.
fn seconds(json: &Json) -> Option<f64> {
    json.as_str()?.strip_suffix('s')?.parse().ok()
}

/// Refuses a duration that is none, or out of bounds.
fn within(object: &Json, field: &str, low: f64, high: f64) -> Result<(), Refusal> {
    let value = object.pointer(field).cloned().unwrap_or_default();
    if value.is_null() || seconds(&value).is_some_and(|it| (low..=high).contains(&it)) {
        return Ok(());
    }
    Err(invalid(&format!("{}={value}", field.trim_start_matches('/').replace('/', "."))))
}

fn check_topic(topic: &Json) -> Result<(), Refusal> {
    within(topic, "/messageRetentionDuration", 600.0, 2_678_400.0)?;
    let sources = topic["ingestionDataSourceSettings"].as_object();
    let of = sources
        .map_or(0, |fields| fields.keys().filter(|name| *name != "platformLogsSettings").count());
    if of > 1 {
        return Err(Refusal::invalid("A topic can be filled from one source only."));
    }
    let regions = &topic["messageStoragePolicy"]["allowedPersistenceRegions"];
    if topic["messageStoragePolicy"].is_object() && regions.as_array().is_none_or(Vec::is_empty) {
        return Err(Refusal::invalid("The message storage policy has no allowed regions."));
    }
    Ok(())
}

fn create_topic(turn: &mut Turn<'_>) -> Answer {
    let name = new_name(turn)?;
    let mut topic = turn.body.clone();
    check_topic(&topic)?;
    topic["name"] = json!(name);
    forget_tags(&mut topic);
    turn.store.put(key(&name), topic.clone());
    turn::ok(&topic)
}

/// Tags are bound elsewhere, and never shown.
fn forget_tags(object: &mut Json) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("tags");
    }
}

/// Completes a subscription with what the service adds.
fn complete(subscription: &mut Json) {
    let mut set = |field: &str, value: Json| {
        let empty = subscription[field].is_null() || subscription[field] == json!(0);
        if empty {
            subscription[field] = value;
        }
    };
    set("ackDeadlineSeconds", json!(10));
    set("messageRetentionDuration", json!("604800s"));
    set("expirationPolicy", json!({"ttl": "2678400s"}));
    set("pushConfig", json!({}));
    subscription["state"] = json!("ACTIVE");
    let retry = &mut subscription["retryPolicy"];
    if retry.is_object() {
        for (field, usual) in [("minimumBackoff", "10s"), ("maximumBackoff", "600s")] {
            if retry[field].is_null() {
                retry[field] = json!(usual);
            }
        }
    }
    let dead = &mut subscription["deadLetterPolicy"];
    if dead.is_object() && dead["maxDeliveryAttempts"].as_u64().unwrap_or(0) == 0 {
        dead["maxDeliveryAttempts"] = json!(5);
    }
    let store = &mut subscription["cloudStorageConfig"];
    if store.is_object() {
        store["state"] = json!("ACTIVE");
        if store["maxDuration"].is_null() {
            store["maxDuration"] = json!("300s");
        }
        if store["avroConfig"].is_null() && store["textConfig"].is_null() {
            store["textConfig"] = json!({});
        }
    }
    if subscription["bigqueryConfig"].is_object() {
        subscription["bigqueryConfig"]["state"] = json!("ACTIVE");
    }
    if let Some(fields) = subscription.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

fn check_subscription(turn: &Turn<'_>, subscription: &Json) -> Result<(), Refusal> {
    let deadline = subscription["ackDeadlineSeconds"].as_u64().unwrap_or(0);
    if deadline != 0 && !(10..=600).contains(&deadline) {
        return Err(Refusal::invalid(format!(
            "Invalid ack deadline given: (ack_deadline={deadline}); must be between 10 and 600 seconds."
        )));
    }
    within(subscription, "/messageRetentionDuration", 600.0, 2_678_400.0)?;
    within(subscription, "/expirationPolicy/ttl", 86_400.0, f64::MAX)?;
    within(subscription, "/retryPolicy/minimumBackoff", 0.0, 600.0)?;
    within(subscription, "/retryPolicy/maximumBackoff", 0.0, 600.0)?;
    within(subscription, "/cloudStorageConfig/maxDuration", 60.0, 600.0)?;
    let dead = &subscription["deadLetterPolicy"];
    let attempts = dead["maxDeliveryAttempts"].as_u64().unwrap_or(0);
    if dead.is_object() && attempts != 0 && !(5..=100).contains(&attempts) {
        return Err(invalid(&format!("max_delivery_attempts={attempts}")));
    }
    if let Some(topic) = dead["deadLetterTopic"].as_str()
        && turn.store.find(&key(topic)).is_none()
    {
        return Err(missing(topic));
    }
    let bucket = subscription["cloudStorageConfig"]["bucket"].as_str();
    // A bucket may be named by its whole way.
    let bare = bucket.map(|bucket| bucket.rsplit('/').next().unwrap_or(bucket));
    if let Some(bucket) = bare.filter(|bucket| turn.store.find(&storage::key(bucket)).is_none()) {
        return Err(Refusal::not_found(format!("Bucket {bucket} does not exist.")));
    }
    let forms = &subscription["cloudStorageConfig"];
    if forms["avroConfig"].is_object() && forms["textConfig"].is_object() {
        return Err(Refusal::invalid(
            "Only one of text_config and avro_config can be set: they are members of oneof output_format.",
        ));
    }
    let ways = [
        subscription["pushConfig"]["pushEndpoint"].is_string(),
        subscription["bigqueryConfig"].is_object(),
        bucket.is_some(),
    ];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(Refusal::invalid("A subscription can have one way of delivery only."));
    }
    Ok(())
}

fn create_subscription(turn: &mut Turn<'_>) -> Answer {
    let name = new_name(turn)?;
    let mut subscription = turn.body.clone();
    let topic = subscription["topic"].as_str().unwrap_or_default();
    if !topic.starts_with("projects/") || topic.split('/').count() != 4 {
        return Err(invalid(&format!("topic={topic}")));
    }
    if turn.store.find(&key(topic)).is_none() {
        return Err(missing(topic));
    }
    check_subscription(turn, &subscription)?;
    complete(&mut subscription);
    subscription["name"] = json!(name);
    forget_tags(&mut subscription);
    turn.store.put(key(&name), subscription.clone());
    turn::ok(&subscription)
}

fn get(turn: &mut Turn<'_>) -> Answer {
    turn::ok(&find(turn)?.1)
}

fn list(turn: &mut Turn<'_>) -> Answer {
    let of = collection(turn);
    let prefix = key(&format!("projects/{}/{of}/", turn.path[0]));
    let items: Vec<Json> = turn.store.children(&prefix).map(|(_, object)| object.clone()).collect();
    turn::list(json!({}), of, turn.page(items, "pageSize"))
}

/// Gives the names of the subscriptions of a topic.
fn of_topic(turn: &Turn<'_>, topic: &str) -> Vec<String> {
    let below = turn.store.below("pubsub/projects/");
    let found = below.filter(|(_, object)| object["topic"] == *topic);
    found.filter_map(|(_, object)| object["name"].as_str().map(str::to_owned)).collect()
}

fn list_of_topic(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    let names = of_topic(turn, &name(turn)).into_iter().map(Json::from).collect();
    turn::list(json!({}), "subscriptions", turn.page(names, "pageSize"))
}

fn patch(turn: &mut Turn<'_>) -> Answer {
    let (place, mut object) = find(turn)?;
    let topic = collection(turn) == "topics";
    let given = turn.body[if topic { "topic" } else { "subscription" }].clone();
    let mask = turn.body["updateMask"].as_str().unwrap_or_default().to_owned();
    if mask.is_empty() {
        return Err(Refusal::invalid(
            "The update_mask in the request must be set, and must contain a valid field.",
        ));
    }
    const FIXED: [&str; 6] = ["name", "topic", "filter", "enableMessageOrdering", "state", "tags"];
    for field in mask.split(',').map(camel) {
        if FIXED.contains(&field.as_str()) {
            return Err(Refusal::invalid(format!(
                "Invalid update_mask provided in the request: \"{field}\" is not a mutable field."
            )));
        }
        merge_fields(&mut object, &json!({ field.as_str(): given[&field] }));
    }
    if topic {
        check_topic(&object)?;
    } else {
        check_subscription(turn, &object)?;
        complete(&mut object);
    }
    turn.store.put(place, object.clone());
    turn::ok(&object)
}

fn delete(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    policy::remove(turn.store, &place);
    turn.store.remove(&place);
    turn::ok(&json!({}))
}

fn delete_topic(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    for subscription in of_topic(turn, &name(turn)) {
        let place = key(&subscription);
        if let Some(mut object) = turn.store.find(&place).cloned() {
            object["topic"] = json!(DELETED);
            turn.store.put(place, object);
        }
    }
    delete(turn)
}

fn detach(turn: &mut Turn<'_>) -> Answer {
    let (place, mut object) = find(turn)?;
    object["detached"] = json!(true);
    turn.store.put(place, object);
    turn::ok(&json!({}))
}

fn get_policy(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let version = turn.number("options.requestedPolicyVersion").unwrap_or(1);
    turn::ok(&policy::read(turn.store, &place, version))
}

fn set_policy(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = find(turn)?;
    let given = turn.body["policy"].clone();
    turn::ok(&policy::write(turn.store, &place, &given, Style::Status)?)
}

fn test_permissions(turn: &mut Turn<'_>) -> Answer {
    find(turn)?;
    turn::ok(&policy::tested(turn.store, &turn.body["permissions"]))
}
