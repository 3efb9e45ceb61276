//! Cloud SQL: the databases and users of instances.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Store, merge_fields};

use super::operation;
use super::refusal::Refusal;
use super::sql::{find, free, refuse};
use super::sql_copies::note;
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("sql.databases.insert", insert_database),
    ("sql.databases.get", get_database),
    ("sql.databases.list", list_databases),
    ("sql.databases.update", update_database),
    ("sql.databases.patch", update_database),
    ("sql.databases.delete", delete_database),
    ("sql.users.insert", insert_user),
    ("sql.users.get", get_user),
    ("sql.users.list", list_users),
    ("sql.users.update", update_user),
    ("sql.users.delete", delete_user),
];

/// Gives what makes the databases and users that a new instance has.
pub fn first(store: &mut Store, place: &str, instance: &Json) -> Vec<Effect> {
    let version = instance["databaseVersion"].as_str().unwrap_or_default();
    let (user, host, names): (_, _, &[&str]) = match version.split('_').next() {
        Some("POSTGRES") => ("postgres", "", &["postgres"]),
        Some("SQLSERVER") => ("sqlserver", "", &["master", "model", "msdb", "tempdb"]),
        _ => ("root", "%", &["information_schema", "mysql", "performance_schema", "sys"]),
    };
    let mut effects = Vec::new();
    for name in names {
        let place = format!("{place}/databases/{name}");
        store.hidden.insert(place.clone(), json!({"default": true}));
        effects.push(Effect::Put(place, database(store, instance, &json!({"name": name}))));
    }
    let place = format!("{place}/users/{user}@{host}");
    store.hidden.insert(place.clone(), json!({"default": true}));
    let body = json!({"name": user, "host": host});
    effects.push(Effect::Put(place, self::user(store, instance, &body)));
    effects
}

/// Finds the instance, which must run and be free.
fn running(turn: &Turn<'_>, changes: bool) -> Result<(String, Json), Refusal> {
    let (place, instance) = find(turn)?;
    if changes {
        free(turn, &place)?;
    }
    if instance["settings"]["activationPolicy"] != "ALWAYS" || instance["state"] != "RUNNABLE" {
        return Err(refuse(
            400,
            "invalid",
            "Invalid request: Invalid request since instance is not running.",
        ));
    }
    Ok((place, instance))
}

fn done(turn: &mut Turn<'_>, kind: &str, link: &str, takes: Duration, effect: Effect) -> Answer {
    let (project, name) = (turn.path[0].clone(), turn.path[1].clone());
    let work = (takes, vec![effect]);
    let answer = operation::sql(turn.store, turn.now, (&project, &name, link), kind, work);
    turn::ok(&answer)
}

fn database(store: &mut Store, instance: &Json, body: &Json) -> Json {
    let version = instance["databaseVersion"].as_str().unwrap_or_default();
    let (charset, collation) = match version.split('_').next() {
        Some("POSTGRES") => ("UTF8", "en_US.UTF8"),
        Some("SQLSERVER") => ("", "SQL_Latin1_General_CP1_CI_AS"),
        _ if version == "MYSQL_5_7" => ("utf8", "utf8_general_ci"),
        _ => ("utf8mb4", "utf8mb4_0900_ai_ci"),
    };
    let given = |field: &str, otherwise: &str| {
        let given = body[field].as_str().filter(|it| !it.is_empty());
        given.unwrap_or(otherwise).to_owned()
    };
    let name = body["name"].as_str().unwrap_or_default();
    json!({
        "kind": "sql#database", "etag": store.etag(), "name": name, "instance": instance["name"], "project": instance["project"],
        "charset": given("charset", charset), "collation": given("collation", collation),
        "selfLink": format!("{}/databases/{name}", instance["selfLink"].as_str().unwrap_or_default()),
    })
}

fn database_key(place: &str, name: &str) -> String {
    format!("{place}/databases/{name}")
}

fn insert_database(turn: &mut Turn<'_>) -> Answer {
    let (place, instance) = running(turn, true)?;
    let name = turn.body["name"].as_str().unwrap_or_default().to_owned();
    let fits = !name.is_empty() && name.len() <= 128 && !name.contains('/');
    if !fits {
        return Err(refuse(
            400,
            "invalid",
            format!("Invalid request: Invalid database name ({name})."),
        ));
    }
    let key = database_key(&place, &name);
    if turn.store.find(&key).is_some() {
        let message = format!(
            "Invalid request: failed to create database {name}. Detail: pq: database \"{name}\" already exists"
        );
        return Err(refuse(400, "invalid", message));
    }
    let database = database(turn.store, &instance, &turn.body);
    let link = format!("/databases/{name}");
    note(turn.store, turn.now, &place, &name, Some(&database));
    done(turn, "CREATE_DATABASE", &link, Duration::ZERO, Effect::Put(key, database))
}

fn find_database(turn: &Turn<'_>, place: &str) -> Result<Json, Refusal> {
    let found = turn.store.find(&database_key(place, &turn.path[2])).cloned();
    found.ok_or_else(|| refuse(404, "notFound", "Not Found"))
}

fn get_database(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, false)?;
    turn::ok(&find_database(turn, &place)?)
}

fn children(turn: &Turn<'_>, prefix: &str) -> Vec<Json> {
    turn.store.children(prefix).map(|(_, object)| object.clone()).collect()
}

fn list_databases(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, false)?;
    let items = children(turn, &format!("{place}/databases/"));
    turn::list(json!({"kind": "sql#databasesList"}), "items", (items, None))
}

fn update_database(turn: &mut Turn<'_>) -> Answer {
    let (place, instance) = running(turn, true)?;
    let mut database = find_database(turn, &place)?;
    let version = instance["databaseVersion"].as_str().unwrap_or_default();
    for field in ["charset", "collation"] {
        let given = turn.body[field].clone();
        if given.is_null() || given == database[field] {
            continue;
        }
        if version.starts_with("POSTGRES") {
            return Err(refuse(
                400,
                "invalid",
                "Invalid request: PostgreSQL databases cannot change their character set.",
            ));
        }
        database[field] = given;
    }
    let (key, link) = (database_key(&place, &turn.path[2]), format!("/databases/{}", turn.path[2]));
    note(turn.store, turn.now, &place, &turn.path[2].clone(), Some(&database));
    done(turn, "UPDATE_DATABASE", &link, Duration::from_secs(2), Effect::Put(key, database))
}

fn delete_database(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, true)?;
    find_database(turn, &place)?;
    let (key, link) = (database_key(&place, &turn.path[2]), format!("/databases/{}", turn.path[2]));
    note(turn.store, turn.now, &place, &turn.path[2].clone(), None);
    done(turn, "DELETE_DATABASE", &link, Duration::from_secs(2), Effect::Remove(key))
}

fn is_mysql(instance: &Json) -> bool {
    instance["databaseVersion"].as_str().is_some_and(|version| version.starts_with("MYSQL"))
}

/// Gives a user as it is shown: never with its password.
fn user(store: &mut Store, instance: &Json, body: &Json) -> Json {
    let mut user = body.clone();
    let kind = body["type"].as_str().unwrap_or("BUILT_IN").to_owned();
    let full = body["name"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = user.as_object_mut() {
        fields.retain(|name, value| {
            !["password", "etag"].contains(&name.as_str()) && !value.is_null()
        });
        if kind == "BUILT_IN" {
            fields.remove("type");
        }
    }
    if kind != "BUILT_IN" {
        user["iamEmail"] = json!(full);
        let bare = is_mysql(instance).then(|| full.split('@').next().unwrap_or_default());
        user["name"] = json!(bare.unwrap_or(&full).to_lowercase());
    }
    if user["host"].is_null() {
        user["host"] = json!(if is_mysql(instance) { "%" } else { "" });
    }
    let fixed = json!({
        "kind": "sql#user", "instance": instance["name"], "project": instance["project"], "etag": store.etag(),
    });
    merge_fields(&mut user, &fixed);
    if !user["passwordPolicy"].is_object() {
        user["passwordPolicy"] = json!({});
    }
    user["passwordPolicy"]["status"] = json!({});
    user["iamStatus"] = json!("IAM_STATUS_UNSPECIFIED");
    if instance["databaseVersion"].as_str().is_some_and(|it| it.starts_with("SQLSERVER")) {
        user["sqlserverUserDetails"] =
            json!({"serverRoles": ["CustomerDbRootRole"], "disabled": false});
    }
    user
}

fn user_key(place: &str, user: &Json) -> String {
    let text = |name: &str| user[name].as_str().unwrap_or_default();
    format!("{place}/users/{}@{}", text("name"), text("host"))
}

fn insert_user(turn: &mut Turn<'_>) -> Answer {
    let (place, instance) = running(turn, true)?;
    let body = turn.body.clone();
    let wrong = |message: &str| refuse(400, "invalid", format!("Invalid request: {message}"));
    if body["name"].as_str().unwrap_or_default().is_empty() {
        return Err(wrong("Missing parameter: user name."));
    }
    let built_in = body["type"].as_str().is_none_or(|kind| kind == "BUILT_IN");
    if !built_in && body["password"].is_string() {
        return Err(wrong("A user of IAM has no password."));
    }
    if !is_mysql(&instance) && body["host"].as_str().is_some_and(|host| !host.is_empty()) {
        return Err(wrong("Only users of MySQL have a host."));
    }
    let user = user(turn.store, &instance, &body);
    let key = user_key(&place, &user);
    if turn.store.find(&key).is_some() {
        return Err(wrong("A user of this name exists already."));
    }
    turn.store.hidden.insert(format!("sql:password:{key}"), body["password"].clone());
    done(turn, "CREATE_USER", "", Duration::ZERO, Effect::Put(key, user))
}

/// Finds the user of a query.
fn find_user(turn: &Turn<'_>, place: &str) -> Result<(String, Json), Refusal> {
    let name = turn.parameter("name").unwrap_or_default();
    let host = turn.parameter("host").filter(|host| !host.is_empty());
    let prefix = format!("{place}/users/");
    let mut users = turn.store.children(&prefix);
    let found = users
        .find(|(_, user)| user["name"] == name && host.is_none_or(|host| user["host"] == host));
    found
        .map(|(key, user)| (key.to_owned(), user.clone()))
        .ok_or_else(|| refuse(404, "notFound", "The user does not exist."))
}

fn get_user(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, false)?;
    let name = turn.path[2].clone();
    turn.query.push(("name".into(), name));
    turn::ok(&find_user(turn, &place)?.1)
}

fn list_users(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, false)?;
    let items = children(turn, &format!("{place}/users/"));
    turn::list(json!({"kind": "sql#usersList"}), "items", (items, None))
}

fn update_user(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, true)?;
    let (key, mut user) = find_user(turn, &place)?;
    let body = turn.body.clone();
    if body["password"].is_string() {
        turn.store.hidden.insert(format!("sql:password:{key}"), body["password"].clone());
    }
    if body["passwordPolicy"].is_object() {
        user["passwordPolicy"] = body["passwordPolicy"].clone();
        user["passwordPolicy"]["status"] = json!({});
    }
    let given = turn.query.iter().filter(|(name, _)| name == "databaseRoles");
    let roles: Vec<Json> = given.map(|(_, role)| json!(role)).collect();
    if turn.parameter("revokeExistingRoles") == Some("true") {
        user["databaseRoles"] = json!(roles);
    } else if !roles.is_empty() {
        let old = user["databaseRoles"].as_array().cloned().unwrap_or_default();
        user["databaseRoles"] = json!([old, roles].concat());
    }
    done(turn, "UPDATE_USER", "", Duration::ZERO, Effect::Put(key, user))
}

fn delete_user(turn: &mut Turn<'_>) -> Answer {
    let (place, _) = running(turn, true)?;
    let (key, _) = find_user(turn, &place)?;
    turn.store.hidden.remove(&format!("sql:password:{key}"));
    done(turn, "DELETE_USER", "", Duration::ZERO, Effect::Remove(key))
}
