//! The backend `pg` against a real PostgreSQL.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use terrane::backends::kinds::{self, Settings};
use terrane::backends::{Backend, BackendError};
use terrane::state::file;

use crate::ends;
use crate::http::world;
use crate::laws::{self, Open, address, asked, holder, names, object, with};
use crate::postgres::{Postgres, postgres};
use crate::processes::{self, block};

/// A database of its own on the tests' server.
struct Place {
    server: &'static Postgres,
    database: String,
    folder: tempfile::TempDir,
}

fn place() -> Option<Place> {
    let server = postgres()?;
    Some(Place { server, database: server.database(), folder: tempfile::tempdir().unwrap() })
}

impl Place {
    fn settings(&self) -> Json {
        json!({ "conn_str": self.server.conn_str(&self.database, "postgres") })
    }

    fn open(&self) -> Open {
        let (settings, folder) = (self.settings(), self.folder.path().to_path_buf());
        Arc::new(move |workspace| opened(&settings, workspace, &folder, &[]).unwrap())
    }

    fn sql(&self, text: &str) -> String {
        self.server.sql(&self.database, text)
    }

    /// Ends all other sessions of the database, as a server does that restarts.
    fn end_sessions(&self) {
        let others = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.sql(others);
    }
}

fn opened(
    settings: &Json,
    workspace: &str,
    folder: &Path,
    variables: &[(&str, &str)],
) -> Result<Box<dyn Backend>, String> {
    let Json::Object(settings) = settings.clone() else { panic!("no object") };
    kinds::open(Some("pg"), &settings, workspace, &world(folder, variables))
        .map_err(|problem| problem.detail)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_laws_hold() {
    let Some(place) = place() else { return };
    laws::all(place.open()).await;
    // Other tests hold locks in other databases of the same server meanwhile.
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(place.sql(locks), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_lose_nothing() {
    let Some(place) = place() else { return };
    let block = block("pg", &place.settings());
    processes::all_objects_are_there(place.folder.path(), &block, &place.open()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_is_known_to_the_next_and_one_whose_lock_was_ended_saves_nothing() {
    let Some(place) = place() else { return };
    let block = block("pg", &place.settings());
    ends::a_killed_run_is_known(&place.folder.path().join("killed"), &block, &BTreeMap::new());
    let Some(place) = self::place() else { return };
    let block = self::block("pg", &place.settings());
    ends::an_ended_lock_saves_nothing(&place.folder.path().join("ended"), &block, &BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_died_is_a_lock_that_was_lost_and_what_was_done_is_still_told() {
    let Some(place) = place() else { return };
    let backend = place.open()("default");
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();
    place.end_sessions();

    let told = lock.append(&[asked(1)]).await;
    let saved = lock.save(&with(&["a", "b"])).await;

    assert!(matches!(told, Err(BackendError::LockLost { .. })), "{told:?}");
    assert!(matches!(saved, Err(BackendError::LockLost { kept: Some(_), .. })), "{saved:?}");
    let left = backend.load().await.unwrap();
    assert_eq!(laws::unanswered(&left), 1);
    assert_eq!(names(&left.snapshot.unwrap()), ["a"]);
    lock.unlock().await.unwrap();
    backend.lock(&holder("x")).await.unwrap().unlock().await.unwrap();
}

#[test]
fn a_run_whose_connection_died_begins_nothing_more_and_its_versions_are_listed() {
    let Some(place) = place() else { return };
    let (folder, none) = (place.folder.path(), BTreeMap::new());
    let block = block("pg", &place.settings());
    ends::write(folder, &block, "resource \"terraform_data\" \"before\" {}\n");
    ends::done(ends::TERRANE, folder, &["apply", "-auto-approve"], &none);
    let after =
        "resource \"terraform_data\" \"after\" {\n  depends_on = [terraform_data.waits]\n}\n";
    let last = "resource \"terraform_data\" \"last\" {\n  depends_on = [terraform_data.after]\n}\n";
    ends::write(folder, &block, &[ends::WAITS, after, last].concat());
    let running = ends::begun(ends::TERRANE, folder, &["apply", "-auto-approve"], &none);
    place.end_sessions();
    std::fs::write(folder.join("go"), "").unwrap();

    let ran = running.wait_with_output().unwrap();

    let told = crate::terraform::told(&ran);
    assert!(!ran.status.success() && told.contains("Lock lost"), "{told}");
    assert!(told.contains("terraform_data.last: the run was stopped"), "{told}");
    assert!(folder.join("errored.tfstate").is_file());
    // The next run takes up what the journal tells.
    let again = ends::done(ends::TERRANE, folder, &["apply", "-auto-approve"], &none);
    assert!(again.contains("A run before this one ended early"), "{again}");

    let listed = ends::done(ends::TERRANE, folder, &["state", "history", "-json"], &none);
    let listed: Json = serde_json::from_str(&listed).unwrap();
    let versions = listed["versions"].as_array().unwrap();
    assert_eq!(versions[0]["present"], json!(true), "{listed}");
    assert_eq!(versions.last().unwrap()["resources"], json!(1), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_a_state_keeps_others_from_making_theirs_only_until_it_is_there() {
    let Some(place) = place() else { return };
    let (one, two) = (place.open()("one"), place.open()("two"));
    let mut making = one.lock(&holder("x")).await.unwrap();
    let Err(BackendError::Held(held)) = two.lock(&holder("x")).await else { panic!("not held") };
    assert!(held.beat.is_some() && held.holder.unwrap().who == "me@here");

    making.save(&with(&["a"])).await.unwrap();
    two.lock(&holder("x")).await.unwrap().unlock().await.unwrap();
    let still = place.open()("one").lock(&holder("x")).await;
    assert!(matches!(still, Err(BackendError::Held(_))));
    making.save(&with(&["b"])).await.unwrap();
    making.unlock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn former_versions_are_kept_those_of_other_programs_too_but_not_without_end() {
    let Some(place) = place() else { return };
    let mut settings = place.settings();
    settings["history_versions"] = 3.into();
    let backend = opened(&settings, "default", place.folder.path(), &[]).unwrap();
    let mut lock = backend.lock(&holder("x")).await.unwrap();
    for name in ["a", "b", "c"] {
        lock.save(&with(&[name])).await.unwrap();
    }
    lock.unlock().await.unwrap();
    let mut other = with(&["other"]);
    (other.lineage, other.serial) = ("l".into(), 9);
    let text = file::write(&other).replace('\'', "''");
    place.sql(&format!("UPDATE terraform_remote_state.states SET data = '{text}'"));

    let versions = backend.history().await.unwrap();
    assert_eq!(
        (versions.len(), versions[0].id.as_str(), versions[0].present),
        (4, "present", true)
    );
    assert_eq!(names(&backend.version("present").await.unwrap()), ["other"]);

    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lock.save(&with(&["d"])).await.unwrap();
    lock.unlock().await.unwrap();
    let mut seen = Vec::new();
    for version in backend.history().await.unwrap() {
        let name = names(&backend.version(&version.id).await.unwrap()).join("");
        seen.push((name, version.present, version.written.is_some()));
    }
    let expected =
        [("d", true, true), ("other", false, false), ("c", false, true), ("b", false, true)];
    assert_eq!(seen, expected.map(|(name, present, dated)| (name.to_string(), present, dated)));
    assert!(backend.version("99").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_end_a_session_is_told_what_to_do_and_the_lock_stays() {
    let Some(place) = place() else { return };
    place.open()("default").create().await.unwrap();
    let role = format!("small_{}", place.database);
    place.sql(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA terraform_remote_state TO {role}; \
         GRANT ALL ON ALL TABLES IN SCHEMA terraform_remote_state TO {role}; \
         GRANT ALL ON ALL SEQUENCES IN SCHEMA terraform_remote_state, public TO {role}"
    ));
    let settings = json!({ "conn_str": place.server.conn_str(&place.database, &role) });
    let small = opened(&settings, "default", place.folder.path(), &[]).unwrap();
    // All is there: nothing must be allowed but to use it.
    let mut lock = small.lock(&holder("x")).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();
    lock.unlock().await.unwrap();

    let backend = place.open()("default");
    let (mut lock, id) = laws::locked(backend.as_ref()).await;
    let refused = small.break_lock(&id).await.unwrap_err().to_diagnostic().detail;
    assert!(refused.contains("pg_terminate_backend("), "{refused}");
    assert!(refused.contains("still held"), "{refused}");
    lock.save(&with(&["b"])).await.unwrap();
    lock.unlock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_the_server_undid_is_begun_anew() {
    let Some(place) = place() else { return };
    let backend = place.open()("default");
    backend.create().await.unwrap();
    // What a sequence gives is not undone: the first two writes of each table fail as those do that meet another one.
    place.sql(
        "CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('tries_' || TG_TABLE_NAME) <= 2 THEN RAISE EXCEPTION 'clash' USING ERRCODE = '40001'; END IF; \
         RETURN NEW; END $$",
    );
    for table in ["states", "terrane_journal"] {
        place.sql(&format!(
            "CREATE SEQUENCE tries_{table}; CREATE TRIGGER clash BEFORE INSERT OR UPDATE ON terraform_remote_state.{table} \
             FOR EACH ROW EXECUTE FUNCTION clash()"
        ));
    }

    let mut lock = backend.lock(&holder("x")).await.unwrap();
    lock.append(&[asked(1)]).await.unwrap();
    lock.save(&with(&["a"])).await.unwrap();
    lock.unlock().await.unwrap();

    let tries = "SELECT (SELECT last_value FROM tries_states) || ' ' || (SELECT last_value FROM tries_terrane_journal)";
    assert_eq!(place.sql(tries), "3 3");
    let left = backend.load().await.unwrap();
    assert_eq!(names(&left.snapshot.unwrap()), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_keeps_the_tables_locked_is_not_waited_for_without_end() {
    let Some(place) = place() else { return };
    place.open()("default").create().await.unwrap();
    let patience =
        place.server.conn_str(&place.database, "postgres") + " options='-c lock_timeout=200'";
    let settings = json!({ "conn_str": patience });
    let backend = opened(&settings, "default", place.folder.path(), &[]).unwrap();
    let mut lock = backend.lock(&holder("x")).await.unwrap();

    let blocks = place.database.clone();
    let blocking = "BEGIN; LOCK TABLE terraform_remote_state.states; SELECT pg_sleep(600)";
    let blocker = tokio::task::spawn_blocking(move || postgres().unwrap().psql(&blocks, blocking));
    let blocked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
                   AND relation = 'terraform_remote_state.states'::regclass";
    while place.sql(blocked) != "1" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let refused = lock.save(&with(&["a"])).await.unwrap_err().to_diagnostic();
    assert!(refused.detail.contains("lock timeout"), "{refused:?}");
    assert!(refused.detail.contains("-c lock_timeout=5min"), "{refused:?}");

    place.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'",
    );
    assert!(blocker.await.unwrap().is_err());
    lock.save(&with(&["a"])).await.unwrap();
    lock.unlock().await.unwrap();
}

#[test]
fn who_may_only_read_plans_and_is_told_what_an_apply_needs() {
    let Some(place) = place() else { return };
    let (folder, none) = (place.folder.path(), BTreeMap::new());
    let object =
        |input: &str| format!("resource \"terraform_data\" \"a\" {{\n  input = \"{input}\"\n}}\n");
    ends::write(folder, &block("pg", &place.settings()), &object("first"));
    ends::done(ends::TERRANE, folder, &["apply", "-auto-approve"], &none);
    let role = format!("reader_{}", place.database);
    place.sql(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA terraform_remote_state TO {role}; \
         GRANT SELECT ON ALL TABLES IN SCHEMA terraform_remote_state TO {role}"
    ));
    let settings = json!({ "conn_str": place.server.conn_str(&place.database, &role) });
    ends::write(folder, &block("pg", &settings), &object("second"));
    let before = place.sql("SELECT data FROM terraform_remote_state.states");

    let planned = ends::done(ends::TERRANE, folder, &["plan"], &none);
    let drift = ends::command(ends::TERRANE, folder, &["drift"], &none).output().unwrap();
    // The edit that is not applied is told.
    assert_eq!(drift.status.code(), Some(2), "{drift:?}");
    let refused = ends::refused(ends::TERRANE, folder, &["apply", "-auto-approve"], &none);

    assert!(planned.contains("1 to change"), "{planned}");
    let refused =
        refused.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(refused.contains("permission denied"), "{refused}");
    assert!(refused.contains("who applies also INSERT, UPDATE and DELETE"), "{refused}");
    assert_eq!(place.sql("SELECT data FROM terraform_remote_state.states"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_without_a_record_names_its_session_and_is_ended_by_its_number() {
    let Some(place) = place() else { return };
    let backend = place.open()("default");
    backend.create().await.unwrap();
    let mut config = tokio_postgres::Config::new();
    config.host_path(&place.server.folder).user("postgres").dbname(&place.database);
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let take = "SELECT pg_advisory_lock(id), pg_backend_pid() FROM terraform_remote_state.states";
    let pid: i32 = client.query_one(take, &[]).await.unwrap().get(1);

    let Err(BackendError::Held(held)) = backend.lock(&holder("x")).await else {
        panic!("not held")
    };
    let shown = BackendError::Held(held.clone()).to_diagnostic().detail;
    assert_eq!(held.id, Some(pid.to_string()));
    assert!(shown.contains("postgres from the server's machine"), "{shown}");
    assert!(!shown.contains("00000000-"), "{shown}");

    backend.break_lock(&pid.to_string()).await.unwrap();
    assert!(connection.await.unwrap().is_err());
    backend.lock(&holder("x")).await.unwrap().unlock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_that_must_not_be_made_and_a_look_makes_nothing() {
    let Some(place) = place() else { return };
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'terraform_remote_state'";
    let backend = place.open()("default");
    assert!(backend.load().await.unwrap().snapshot.is_none());
    assert_eq!(backend.workspaces().await.unwrap(), ["default"]);
    assert!(backend.history().await.unwrap().is_empty());
    assert_eq!(place.sql(schemas), "0");

    for (setting, missing) in [
        ("skip_schema_creation", "schema \"terraform_remote_state\""),
        ("skip_table_creation", "public.global_states_id_seq"),
        ("skip_index_creation", "states_by_name"),
    ] {
        let mut settings = place.settings();
        settings[setting] = true.into();
        let backend = opened(&settings, "default", place.folder.path(), &[]).unwrap();
        let Err(error) = backend.lock(&holder("x")).await else { panic!("{setting}") };
        let told = error.to_diagnostic().detail;
        assert!(
            told.contains(missing) && told.contains(setting) && told.contains("CREATE"),
            "{told}"
        );
        assert_eq!(place.sql(schemas), "0", "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_lock_the_version_alone_decides() {
    let Some(place) = place() else { return };
    let backend = place.open()("default");
    let mut free = backend.unlocked(&holder("x")).await.unwrap();
    free.append(&[asked(1)]).await.unwrap();
    free.save(&with(&["a"])).await.unwrap();
    let mut holding = place.open()("default").lock(&holder("x")).await.unwrap();
    holding.save(&with(&["b"])).await.unwrap();

    let refused = free.save(&with(&["c"])).await;

    assert!(matches!(refused, Err(BackendError::Stale { .. })), "{refused:?}");
    let mut snapshot = holding.load().await.unwrap().snapshot.unwrap();
    snapshot.set_current(&address("d"), Some(object()));
    holding.save(&snapshot).await.unwrap();
    holding.unlock().await.unwrap();
}

#[test]
fn a_connection_is_said_as_libpq_has_it() {
    let folder = Path::new("/nowhere");
    let cases: [(&str, &[(&str, &str)], &str); 10] = [
        ("", &[], "postgres://localhost:5432/"),
        ("postgres://u:hunter2@h:7/d?sslmode=verify-full", &[], "postgres://h:7/d"),
        ("postgresql://u@a:1,b:2/d", &[], "postgres://a,b:1,2/d"),
        ("postgres://u:p%40@[::1]:6/d%20e", &[], "postgres://::1:6/d e"),
        ("postgres://%2Ftmp%2Fs/d", &[], "postgres:///d?host=/tmp/s"),
        ("postgres:///d?host=/tmp/s", &[], "postgres:///d?host=/tmp/s"),
        ("host=h port = 7 dbname='a b' password='hunt\\'er2'", &[], "postgres://h:7/a b"),
        ("", &[("PGHOST", "h"), ("PGPORT", "9"), ("PGDATABASE", "d")], "postgres://h:9/d"),
        ("host=mine", &[("PGHOST", "h"), ("PGPORT", "9")], "postgres://mine:9/"),
        ("host=h search_path='a b'", &[("PGSSLMODE", "disable")], "postgres://h:5432/"),
    ];
    for (conn_str, variables, expected) in cases {
        let backend = opened(&json!({ "conn_str": conn_str }), "w", folder, variables).unwrap();
        let expected = format!("{expected}, schema terraform_remote_state, state w");
        assert_eq!(backend.place(), expected, "{conn_str}");
    }
    for (conn_str, told) in [
        ("host", "without \"=\""),
        ("host='x", "quote is not closed"),
        ("port=x", "\"x\" is no port"),
        ("sslmode=maybe", "\"maybe\" is no sslmode"),
        ("hostaddr=x", "hostaddr"),
        ("service=x", "service file"),
        ("connect_timeout=x", "connect_timeout"),
        ("channel_binding=require", "channel_binding"),
        ("sslrootcert=/nowhere/x sslmode=verify-ca", "/nowhere/x"),
        ("target_session_attrs=read-only", "only reads"),
        ("postgres://h/d?x", "without \"=\""),
    ] {
        let Err(problem) = opened(&json!({ "conn_str": conn_str }), "w", folder, &[]) else {
            panic!("{conn_str}")
        };
        assert!(problem.contains(told), "{conn_str}: {problem}");
    }
    let variables = [("PG_CONN_STR", "host=h"), ("PG_SCHEMA_NAME", "s")];
    let backend = opened(&Json::Object(Settings::new()), "w", folder, &variables).unwrap();
    assert_eq!(backend.place(), "postgres://h:5432/, schema s, state w");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_in_the_connection_in_a_variable_or_in_a_file_and_never_told() {
    let Some(place) = place() else { return };
    // The server asks this role alone for a password; all tests share the server.
    place.sql(
        "DO $$ BEGIN CREATE ROLE keeper LOGIN SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         ALTER ROLE keeper PASSWORD 'hunt:er2'",
    );
    let conn_str = place.server.conn_str(&place.database, "keeper");
    let file = place.folder.path().join("passwords");
    std::fs::write(
        &file,
        format!("# none\nelse:*:*:*:x\n*:*:{}:keeper:hunt\\:er2\n", place.database),
    )
    .unwrap();
    let file = file.display().to_string();
    let ways: [(&str, &[(&str, &str)]); 3] = [
        ("password=hunt:er2", &[]),
        ("", &[("PGPASSWORD", "hunt:er2")]),
        ("", &[("PGPASSFILE", &file)]),
    ];
    for (more, variables) in ways {
        let settings = json!({ "conn_str": format!("{conn_str} {more}") });
        let backend = opened(&settings, "default", place.folder.path(), variables).unwrap();
        assert!(backend.load().await.unwrap().snapshot.is_none());
    }
    let wrong = json!({ "conn_str": format!("{conn_str} password=hunter3") });
    let backend = opened(&wrong, "default", place.folder.path(), &[]).unwrap();
    let told = backend.load().await.unwrap_err().to_diagnostic();
    assert!(told.detail.contains("password authentication failed"), "{told:?}");
    assert!(!format!("{told:?}").contains("hunter3"));
}
