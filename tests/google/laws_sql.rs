//! The laws for Cloud SQL: instances, databases and users; and the order of an instance's changes.

use serde_json::{Value as Json, json};
use terrane::providers::google::hooks::sql_steps::{Step, steps};
use terrane::providers::rest::api::Ask;
use terrane::providers::{Deed, Provider};
use terrane::value::Value;

use super::attributes::swept;
use super::laws::{block_on, enable, laws};
use super::support::{Bench, assert_same};

pub(crate) const INSTANCE: &str = "google_sql_database_instance";
const USER: &str = "google_sql_user";

pub(crate) fn postgres(name: &str) -> Json {
    json!({
        "name": name, "database_version": "POSTGRES_16", "region": "asia-south1", "deletion_protection": false,
        "settings": { "tier": "db-custom-1-3840" },
    })
}

pub(crate) fn mysql(name: &str) -> Json {
    json!({
        "name": name, "database_version": "MYSQL_8_0", "region": "asia-south1", "deletion_protection": false,
        "settings": { "tier": "db-custom-1-3840", "backup_configuration": { "enabled": true, "binary_log_enabled": true } },
    })
}

pub(crate) async fn told(bench: &Bench, path: &str) -> Json {
    let ask = Ask::get("sqladmin", format!("projects/polls-demo/{path}"), "asking");
    bench.session.api.send(&ask, &*bench.session.api.clock).await.unwrap()
}

pub(crate) fn calls(bench: &Bench) -> Vec<String> {
    bench.desk.sent.lock().unwrap().drain(..).collect()
}

pub(crate) async fn change(
    bench: &Bench,
    type_name: &str,
    standing: &Value,
    config: &Json,
) -> Value {
    let config = bench.config(type_name, config);
    let planned = bench.plan(type_name, Some(standing), &config);
    assert!(planned.problems.is_empty(), "{:?}", planned.problems);
    assert!(planned.replaces.is_empty(), "{:?}", planned.replaces);
    let deed = Deed::Update { prior: standing.clone(), planned: planned.after, config };
    let done = bench.act(type_name, deed).await;
    done.unwrap_or_else(|failure| panic!("{}", failure.error)).unwrap()
}

#[test]
fn instances() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        laws(&bench, INSTANCE, &postgres("least"), Some("polls-demo/least"), &[]).await;
        let settings = |more: Json| {
            let mut settings = json!({
                "tier": "db-custom-2-7680", "availability_type": "REGIONAL", "disk_type": "PD_SSD", "disk_size": 20,
                "disk_autoresize": false, "user_labels": { "app": "polls" }, "deletion_protection_enabled": false,
                "backup_configuration": {
                    "enabled": true, "point_in_time_recovery_enabled": true, "start_time": "02:00",
                    "transaction_log_retention_days": 3, "backup_retention_settings": { "retained_backups": 5 },
                },
                "ip_configuration": {
                    "ssl_mode": "ENCRYPTED_ONLY",
                    "authorized_networks": [
                        { "name": "office", "value": "192.0.2.0/24" }, { "name": "home", "value": "198.51.100.7/32" },
                    ],
                },
                "database_flags": [{ "name": "max_connections", "value": "200" }],
                "maintenance_window": { "day": 7, "hour": 3 },
                "deny_maintenance_period": { "start_date": "2025-12-20", "end_date": "2026-01-06", "time": "00:00:00" },
                "insights_config": { "query_insights_enabled": true, "query_string_length": 2048 },
                "location_preference": { "zone": "asia-south1-b" },
            });
            for (name, value) in more.as_object().unwrap() {
                settings[name] = value.clone();
            }
            json!({ "settings": settings })
        };
        let mut full = postgres("full");
        full["settings"] = settings(json!({}))["settings"].clone();
        let changes = [
            settings(json!({ "disk_size": 30 })),
            settings(json!({ "user_labels": { "tier": "db" }, "disk_size": 30 })),
            settings(json!({ "database_flags": [], "maintenance_window": [], "disk_size": 30 })),
            settings(json!({ "deny_maintenance_period": [], "disk_size": 30 })),
            settings(json!({ "activation_policy": "NEVER", "disk_size": 30 })),
            settings(json!({ "disk_size": 30 })),
        ];
        laws(&bench, INSTANCE, &full, None, &changes).await;
    });
}

#[test]
fn databases_and_users() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create(INSTANCE, &postgres("db")).await;
        bench.create(INSTANCE, &mysql("my")).await;
        let database = json!({ "name": "polls", "instance": "db" });
        laws(&bench, "google_sql_database", &database, Some("db/polls"), &[]).await;
        let database = json!({ "name": "polls", "instance": "my", "charset": "utf8mb4" });
        let changes = [json!({ "collation": "utf8mb4_bin" })];
        laws(&bench, "google_sql_database", &database, None, &changes).await;

        let user = json!({ "name": "django", "instance": "db", "password": "n0body" });
        let changes = [json!({ "password": "0ther" })];
        laws_of_user(&bench, &user, "polls-demo/db/django", "django//db", &changes).await;
        let user =
            json!({ "name": "django", "instance": "my", "host": "10.0.0.9", "password": "n0body" });
        let changes = [
            json!({ "password_policy": { "enable_failed_attempts_check": true, "allowed_failed_attempts": 5 } }),
            json!({ "database_roles": ["reader"] }),
        ];
        let import = "polls-demo/my/10.0.0.9/django";
        laws_of_user(&bench, &user, import, "django/10.0.0.9/my", &changes).await;
        let user = json!({ "name": "web@polls-demo.iam", "instance": "my", "type": "CLOUD_IAM_SERVICE_ACCOUNT" });
        let made = bench.create(USER, &user).await;
        let read = bench.read(USER, &made).await.unwrap();
        let again = bench.plan(USER, Some(&read), &bench.config(USER, &user));
        assert!(again.replaces.is_empty(), "{:?}", again.replaces);
    });
}

/// A password is never told: after an import it is set again.
async fn laws_of_user(bench: &Bench, user: &Json, import: &str, id: &str, changes: &[Json]) {
    let made = bench.create(USER, user).await;
    assert_eq!(made.field("id").and_then(Value::as_str), Some(id));
    let mut standing = bench.read(USER, &made).await.unwrap();
    let found = bench.provider.import(USER, import, &bench.block).unwrap();
    let imported = bench.read(USER, &found).await.unwrap();
    let host = |user: &Value| user.field("host").and_then(Value::as_str).unwrap_or("").to_string();
    assert_eq!(host(&imported), host(&standing));
    let mut config = user.clone();
    for more in [&json!({})].into_iter().chain(changes) {
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        let wanted = bench.config(USER, &config);
        if more.as_object().is_some_and(|more| !more.is_empty()) {
            let done = change(bench, USER, &standing, &config).await;
            standing = bench.read(USER, &done).await.unwrap();
        }
        let planned = bench.plan(USER, Some(&standing), &wanted);
        assert_eq!(planned.after, standing, "{more}");
    }
    bench.act(USER, Deed::Delete { prior: standing.clone() }).await.unwrap();
    assert!(bench.read(USER, &standing).await.is_none());
}

#[test]
fn what_is_write_only_reaches_the_service_and_no_state() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create(INSTANCE, &postgres("db")).await;
        let config = json!({ "name": "django", "instance": "db", "password_wo": "n0body", "password_wo_version": 1 });
        let made = bench.create(USER, &config).await;
        assert!(!format!("{made:?}").contains("n0body"));
        bench.bodies.lock().unwrap().clear();
        let next = json!({ "name": "django", "instance": "db", "password_wo": "0ther", "password_wo_version": 2 });
        let done = change(&bench, USER, &made, &next).await;

        let bodies = bench.bodies.lock().unwrap();
        let put = bodies.iter().find(|(line, _)| line.starts_with("PUT ")).unwrap();
        assert_eq!(put.1["password"], "0ther");
        assert!(!format!("{done:?}").contains("0ther"));
    });
}

#[test]
fn a_new_mysql_has_no_administrator_from_anywhere() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create(INSTANCE, &mysql("my")).await;
        bench.create(INSTANCE, &postgres("db")).await;

        let users = told(&bench, "instances/my/users").await;
        assert!(users.get("items").is_none(), "{users}");
        let users = told(&bench, "instances/db/users").await;
        assert_eq!(users["items"][0]["name"], "postgres");
    });
}

#[test]
fn a_disk_that_grew_by_itself_is_no_change_and_one_that_shall_shrink_is_made_anew() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let with = |grows: bool, size: u32| {
            let mut config = postgres("db");
            config["settings"] =
                json!({ "tier": "db-custom-1-3840", "disk_autoresize": grows, "disk_size": size });
            config
        };
        let made = bench.create(INSTANCE, &with(true, 10)).await;
        let grown = change(&bench, INSTANCE, &made, &with(true, 50)).await;

        let same = bench.plan(INSTANCE, Some(&grown), &bench.config(INSTANCE, &with(true, 10)));
        assert_eq!(same.after, grown);
        let less = bench.plan(INSTANCE, Some(&grown), &bench.config(INSTANCE, &with(false, 10)));
        assert!(!less.replaces.is_empty());
    });
}

#[test]
fn a_password_of_root_is_set_where_the_service_had_a_root_that_everybody_could_be() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let with = |password: &str, size: u32| {
            let mut config = mysql("my");
            config["root_password"] = json!(password);
            config["settings"]["disk_size"] = json!(size);
            config
        };
        let made = bench.create(INSTANCE, &with("f1rst", 10)).await;

        let changed = change(&bench, INSTANCE, &made, &with("sec0nd", 20)).await;
        let again = change(&bench, INSTANCE, &changed, &with("th1rd", 20)).await;

        let planned =
            bench.plan(INSTANCE, Some(&again), &bench.config(INSTANCE, &with("th1rd", 20)));
        assert_same("the plan after", &again, &planned.after);
        assert_eq!(again.field("root_password"), Some(&Value::string("th1rd")));
    });
}

#[test]
fn the_calls_of_an_update_have_their_order() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut config = mysql("my");
        config["settings"]["activation_policy"] = json!("NEVER");
        let made = bench.create(INSTANCE, &config).await;
        let mut next = mysql("my");
        next["database_version"] = json!("MYSQL_8_4");
        next["root_password"] = json!("n0body");
        next["maintenance_version"] = json!("MYSQL_8_4_7.R20260101.00_00");
        next["settings"]["edition"] = json!("ENTERPRISE_PLUS");
        next["settings"]["tier"] = json!("db-perf-optimized-N-2");
        next["settings"]["time_zone"] = json!("Asia/Kolkata");
        next["settings"]["user_labels"] = json!({ "app": "polls" });
        let planned = bench.plan(INSTANCE, Some(&made), &bench.config(INSTANCE, &next)).after;

        let steps = steps(&bench.spec(INSTANCE), &made, &planned);

        let shape: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Patch(body) => {
                    let settings = body["settings"].as_object();
                    let names = settings.or(body.as_object()).unwrap().keys();
                    names.cloned().collect::<Vec<_>>().join("+")
                }
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            shape,
            [
                "activationPolicy",
                "databaseVersion",
                "Password",
                "maintenanceVersion",
                "tier+edition+dataCacheConfig",
                "Put",
                "timeZone",
            ]
        );
    });
}

#[test]
fn a_put_names_the_version_of_the_settings_that_it_changes() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = bench.create(INSTANCE, &postgres("db")).await;
        let mut next = postgres("db");
        next["settings"]["user_labels"] = json!({ "app": "polls" });
        bench.bodies.lock().unwrap().clear();
        change(&bench, INSTANCE, &made, &next).await;

        let body = {
            let bodies = bench.bodies.lock().unwrap();
            bodies.iter().find(|(line, _)| line.starts_with("PUT ")).unwrap().1.clone()
        };
        assert_eq!(body["settings"]["settingsVersion"], "1");
        let found = told(&bench, "instances/db").await;
        assert_eq!(found["settings"]["settingsVersion"], "2");
    });
}

#[test]
fn a_replica_follows_its_primary_and_becomes_one() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        bench.create(INSTANCE, &mysql("one")).await;
        let mut replica = mysql("two");
        replica["master_instance_name"] = json!("one");
        replica["instance_type"] = json!("READ_REPLICA_INSTANCE");
        let made = bench.create(INSTANCE, &replica).await;
        let again = bench.plan(INSTANCE, Some(&made), &bench.config(INSTANCE, &replica));
        assert_eq!(again.after, made);
        assert_eq!(told(&bench, "instances/one").await["replicaNames"], json!(["two"]));

        calls(&bench);
        let mut alone = mysql("two");
        alone["instance_type"] = json!("CLOUD_SQL_INSTANCE");
        change(&bench, INSTANCE, &made, &alone).await;

        let sent = calls(&bench);
        assert!(sent.iter().any(|call| call.ends_with("/two/promoteReplica")), "{sent:?}");
        assert!(told(&bench, "instances/two").await.get("masterInstanceName").is_none());
    });
}

#[test]
fn the_services_own_protection_and_a_name_that_is_not_free_are_told() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut config = postgres("db");
        config["settings"]["deletion_protection_enabled"] = json!(true);
        let made = bench.create(INSTANCE, &config).await;
        let refused = bench.act(INSTANCE, Deed::Delete { prior: made.clone() }).await.unwrap_err();
        assert!(refused.error.to_string().contains("is protected"), "{}", refused.error);
        let open = change(&bench, INSTANCE, &made, &postgres("db")).await;
        bench.act(INSTANCE, Deed::Delete { prior: open }).await.unwrap();

        let wanted = bench.config(INSTANCE, &postgres("db"));
        let planned = bench.plan(INSTANCE, None, &wanted).after;
        let deed = || Deed::Create { planned: planned.clone(), config: wanted.clone() };
        let refused = bench.act(INSTANCE, deed()).await.unwrap_err();
        assert!(refused.error.to_string().contains("until one week"), "{}", refused.error);
        bench.pass(8).await;
        bench.act(INSTANCE, deed()).await.unwrap_or_else(|failure| panic!("{}", failure.error));
    });
}

#[test]
fn what_is_in_an_instance_that_sleeps_stays_as_it_stands() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let made = bench.create(INSTANCE, &postgres("db")).await;
        let user = bench.create(USER, &json!({ "name": "django", "instance": "db" })).await;
        let database = json!({ "name": "polls", "instance": "db" });
        let database = bench.create("google_sql_database", &database).await;
        let mut asleep = postgres("db");
        asleep["settings"]["activation_policy"] = json!("NEVER");
        change(&bench, INSTANCE, &made, &asleep).await;

        assert_eq!(bench.read(USER, &user).await.unwrap(), user);
        assert_eq!(bench.read("google_sql_database", &database).await.unwrap(), database);
    });
}

#[test]
fn an_instance_without_a_name_gets_one() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut config = postgres("x");
        config.as_object_mut().unwrap().remove("name");

        let made = bench.create(INSTANCE, &config).await;

        let name = made.field("name").and_then(Value::as_str).unwrap();
        assert!(name.starts_with("terraform-"), "{name}");
        let again = bench.plan(INSTANCE, Some(&made), &bench.config(INSTANCE, &config));
        assert_eq!(again.after, made);
    });
}

#[test]
fn a_clone_has_what_its_source_has() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut source = postgres("one");
        source["settings"]["user_labels"] = json!({ "app": "polls" });
        bench.create(INSTANCE, &source).await;
        let config = json!({
            "name": "two", "database_version": "POSTGRES_16", "region": "asia-south1", "deletion_protection": false,
            "clone": { "source_instance_name": "one" },
        });

        let made = bench.create(INSTANCE, &config).await;

        assert_eq!(
            told(&bench, "instances/two").await["settings"]["userLabels"],
            json!({ "app": "polls" })
        );
        let again = bench.plan(INSTANCE, Some(&made), &bench.config(INSTANCE, &config));
        assert_eq!(again.after, made);
    });
}

#[test]
fn every_attribute_of_a_database() {
    swept("google_sql_database");
}

#[test]
fn every_attribute_of_a_user() {
    swept(USER);
}

#[test]
fn every_attribute_of_an_instance() {
    swept(INSTANCE);
}
