//! What containers do: the sandbox's stand-ins for the programs that people run.
//!
//! A container is known by its image and by the words of its command. What it does is settled when
//! it starts, by its environment and by what stands in the cluster at that moment.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value as Json;

use super::environment::expand;
use super::hand;
use crate::sandbox::kubernetes::select::labels_match;
use crate::sandbox::kubernetes::store::{Effect, Store, items, namespace, text, uid};

/// What a collect-static Job writes into a bucket: name, content type, content.
pub const STATIC_FILES: &[(&str, &str, &str)] = &[
    ("static/admin/css/base.css", "text/css", "body { margin: 0; }\n"),
    ("static/admin/js/core.js", "text/javascript", "'use strict';\n"),
    ("static/rest_framework/css/default.css", "text/css", "h1 { font-weight: 500; }\n"),
    ("static/rest_framework/js/default.js", "text/javascript", "'use strict';\n"),
    ("static/polls/style.css", "text/css", "li a { color: green; }\n"),
];

/// What a container will do: lines with their seconds, how it ends, when it is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// What it writes.
    pub lines: Vec<(u64, String)>,
    /// After so many seconds it ends with this code; it runs on where there is nothing.
    pub end: Option<(u64, i64)>,
    /// It answers after so many seconds.
    pub ready: u64,
}

/// How an attempt to settle what a container will do ended.
pub enum Settled {
    /// It will do this.
    Runs(Program),
    /// The cloud has to be asked first.
    Asks(Effect),
}

/// Settles what a container that starts now will do.
pub fn settle(
    store: &mut Store,
    pod: &Json,
    container: &Json,
    environment: &BTreeMap<String, String>,
    finite: bool,
) -> Settled {
    let words = words(container, environment);
    let image = text(container, "/image");
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.ends_with(":fail") {
        return Settled::Runs(fails(&["starting", "error: this image fails on purpose"], 1));
    }
    if last.starts_with("postgres") && !words.contains("psql") {
        return Settled::Runs(postgres(store, pod, environment));
    }
    let mut program = Program { ready: 3, ..Program::default() };
    let migrates = words.contains("migrate");
    let collects = words.contains("collectstatic");
    let database = if collects && !migrates { None } else { Database::of(environment, pod) };
    if let Some(fault) = database.and_then(|database| database.refusal(store)) {
        let mut lines = vec!["Traceback (most recent call last):".to_owned()];
        lines.extend(fault);
        return Settled::Runs(Program {
            lines: lines.into_iter().map(|line| (2, line)).collect(),
            end: Some((3, 1)),
            ready: 0,
        });
    }
    if migrates {
        migrate(&mut program);
    }
    if collects {
        match collect(store, pod, environment, &mut program) {
            Some(effect) => return Settled::Asks(effect),
            None => return Settled::Runs(program),
        }
    }
    if program.end.is_none() {
        ordinary(&mut program, &words, finite);
    }
    Settled::Runs(program)
}

fn words(container: &Json, environment: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = items(container, "/command")
        .iter()
        .chain(items(container, "/args"))
        .filter_map(Json::as_str)
        .map(|word| expand(word, environment))
        .collect();
    all.join(" ")
}

fn fails(lines: &[&str], code: i64) -> Program {
    Program {
        lines: lines.iter().map(|line| (1, (*line).to_owned())).collect(),
        end: Some((3, code)),
        ready: 0,
    }
}

/// A program of which nothing is known: it serves, or comes to its end.
fn ordinary(program: &mut Program, words: &str, finite: bool) {
    if words.contains("gunicorn") || words.contains("runserver") {
        program.lines.push((1, "[INFO] Starting gunicorn 23.0.0".to_owned()));
        program.lines.push((1, "[INFO] Listening at: http://0.0.0.0:8000 (1)".to_owned()));
        return;
    }
    let code = words
        .split_once("exit ")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok());
    let sleep = words
        .split_once("sleep ")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok());
    // Each `echo` of a shell's line is a line of its own.
    for command in words.split(['&', ';']) {
        if let Some((_, said)) = command.split_once("echo ") {
            let said = said.trim().trim_matches(['"', '\'']);
            program.lines.push((1, said.to_owned()));
        }
    }
    match code {
        Some(code) => program.end = Some((sleep.unwrap_or(0) + 2, code)),
        None if finite => program.end = Some((sleep.unwrap_or(5).max(1), 0)),
        None => program.lines.push((1, "started".to_owned())),
    }
}

fn migrate(program: &mut Program) {
    let head = [
        "Operations to perform:",
        "  Apply all migrations: admin, auth, contenttypes, polls, sessions",
        "Running migrations:",
    ];
    let steps = [
        "contenttypes.0001_initial",
        "auth.0001_initial",
        "admin.0001_initial",
        "auth.0002_alter_permission_name_max_length",
        "polls.0001_initial",
        "sessions.0001_initial",
    ];
    program.lines.extend(head.iter().map(|line| (2, (*line).to_owned())));
    for (at, step) in (3_u64..).zip(steps) {
        program.lines.push((at, format!("  Applying {step}... OK")));
    }
    program.end = Some((10, 0));
}

/// Collects static files; gives what is to be asked of the cloud, until it has answered.
fn collect(
    store: &mut Store,
    pod: &Json,
    environment: &BTreeMap<String, String>,
    program: &mut Program,
) -> Option<Effect> {
    let find = |part: &str, not: &str| {
        environment
            .iter()
            .find(|(key, _)| key.contains(part) && (not.is_empty() || !key.contains(not)))
            .map(|(_, value)| value.clone())
    };
    let (access, bucket) = (find("ACCESS_KEY", "SECRET"), find("BUCKET", ""));
    let secret = environment
        .iter()
        .find(|(key, _)| key.contains("SECRET") && key.contains("KEY") && key.contains("ACCESS"))
        .map(|(_, value)| value.clone())
        .or_else(|| storage_secret(environment));
    let start = program.end.map_or(1, |(seconds, _)| seconds);
    let (Some(access_id), Some(secret), Some(bucket)) = (access, secret, bucket) else {
        program.lines.push((
            start,
            "django.core.exceptions.ImproperlyConfigured: the environment names no access key, \
             secret or bucket"
                .to_owned(),
        ));
        program.end = Some((start + 1, 1));
        return None;
    };
    let Some(outcome) = store.uploads.remove(uid(pod)) else {
        let pod = uid(pod).to_owned();
        return Some(Effect::Upload { pod, access_id, secret, bucket });
    };
    if outcome.is_empty() {
        for (file, ..) in STATIC_FILES {
            program.lines.push((start + 1, format!("Copying '{file}'")));
        }
        let count = STATIC_FILES.len();
        program.lines.push((start + 3, format!("{count} static files copied to 's3://{bucket}'.")));
        program.end = Some((start + 5, 0));
    } else {
        program.lines.push((start, "Traceback (most recent call last):".to_owned()));
        program.lines.push((
            start,
            format!("botocore.exceptions.ClientError: An error occurred when calling the PutObject operation: {outcome}"),
        ));
        program.end = Some((start + 1, 1));
    }
    None
}

/// The other names under which people give a storage secret; Django's own key is none of them.
fn storage_secret(environment: &BTreeMap<String, String>) -> Option<String> {
    let is_own = |key: &str| matches!(key, "SECRET_KEY" | "DJANGO_SECRET_KEY");
    environment
        .iter()
        .filter(|(key, _)| key.contains("SECRET") && !is_own(key))
        .find(|(key, _)| {
            ["STORAGE", "AWS", "GS_", "S3", "GCS", "HMAC"].iter().any(|w| key.contains(w))
        })
        .or_else(|| environment.iter().find(|(key, _)| key.contains("SECRET") && !is_own(key)))
        .map(|(_, value)| value.clone())
}

fn postgres(store: &mut Store, pod: &Json, environment: &BTreeMap<String, String>) -> Program {
    let password = environment.get("POSTGRES_PASSWORD").filter(|password| !password.is_empty());
    let trusted = environment.get("POSTGRES_HOST_AUTH_METHOD").is_some_and(|how| how == "trust");
    let place = data_place(store, pod);
    if let Entry::Vacant(entry) = store.passwords.entry(place) {
        if password.is_none() && !trusted {
            return fails(
                &[
                    "Error: Database is uninitialized and superuser password is not specified.",
                    "       You must specify POSTGRES_PASSWORD to a non-empty value for the",
                    "       superuser. For example, \"-e POSTGRES_PASSWORD=password\" on \"docker run\".",
                ],
                1,
            );
        }
        // The data directory keeps the password that it was made with.
        entry.insert(password.cloned().unwrap_or_default());
    }
    let lines = [
        (1, "PostgreSQL init process complete; ready for start up."),
        (20, "LOG:  starting PostgreSQL 17 on x86_64-pc-linux-gnu"),
        (20, "LOG:  listening on IPv4 address \"0.0.0.0\", port 5432"),
        (28, "LOG:  database system is ready to accept connections"),
    ];
    Program {
        lines: lines.iter().map(|(at, line)| (*at, (*line).to_owned())).collect(),
        end: None,
        ready: 30,
    }
}

/// Names where a database's files are: its claim, or the pod itself.
fn data_place(store: &Store, pod: &Json) -> String {
    items(pod, "/spec/volumes")
        .iter()
        .find_map(|volume| {
            let claim = text(volume, "/persistentVolumeClaim/claimName");
            store.find("PersistentVolumeClaim", namespace(pod), claim)
        })
        .map_or_else(|| uid(pod).to_owned(), |claim| uid(claim).to_owned())
}

/// A database as a client's environment names it.
struct Database {
    host: String,
    place: String,
    user: String,
    password: Option<String>,
}

impl Database {
    fn of(environment: &BTreeMap<String, String>, pod: &Json) -> Option<Database> {
        let first = |names: &[&str]| names.iter().find_map(|name| environment.get(*name)).cloned();
        let mut user = first(&["DATABASE_USER", "DB_USER", "POSTGRES_USER", "PGUSER"]);
        let mut password =
            first(&["DATABASE_PASSWORD", "DB_PASSWORD", "POSTGRES_PASSWORD", "PGPASSWORD"]);
        let mut host = first(&["DATABASE_HOST", "DB_HOST", "POSTGRES_HOST", "PGHOST"]);
        if let Some(url) = environment.get("DATABASE_URL").and_then(|url| url::Url::parse(url).ok())
        {
            host = host.or_else(|| url.host_str().map(str::to_owned));
            user = user.or_else(|| Some(url.username().to_owned()));
            password = password.or_else(|| url.password().map(str::to_owned));
        }
        let host = host.filter(|host| !host.is_empty() && !host.starts_with("127."))?;
        let host = host.split(':').next().unwrap_or_default().to_owned();
        let user = user.unwrap_or_else(|| "postgres".to_owned());
        Some(Database { host, place: namespace(pod).to_owned(), user, password })
    }

    /// Gives what a client reads that is refused.
    fn refusal(&self, store: &Store) -> Option<Vec<String>> {
        let mut parts = self.host.split('.');
        let service = parts.next().unwrap_or_default();
        let place = parts.next().unwrap_or(&self.place);
        let error = |text: String| {
            Some(vec![
                "django.db.utils.OperationalError: could not connect to server".to_owned(),
                text,
            ])
        };
        let Some(found) = store.find("Service", place, service) else {
            return error(format!(
                "could not translate host name \"{}\" to address: Name or service not known",
                self.host
            ));
        };
        let pods: Vec<&Json> = store
            .within("Pod", place)
            .filter(|pod| labels_match(&found["spec"]["selector"], pod))
            .filter(|pod| hand::is_ready(pod) && is_postgres(pod))
            .collect();
        let Some(pod) = pods.first() else {
            return error(format!(
                "connection to server at \"{}\", port 5432 failed: Connection refused. Is the \
                 server running on that host and accepting TCP/IP connections?",
                self.host
            ));
        };
        let kept = store.passwords.get(&data_place(store, pod));
        if kept.is_some() && kept != self.password.as_ref() {
            return Some(vec![format!(
                "django.db.utils.OperationalError: connection to server at \"{}\", port 5432 \
                 failed: FATAL:  password authentication failed for user \"{}\"",
                self.host, self.user
            )]);
        }
        None
    }
}

fn is_postgres(pod: &Json) -> bool {
    items(pod, "/spec/containers").iter().any(|container| {
        let image = text(container, "/image");
        image.rsplit('/').next().unwrap_or(image).starts_with("postgres")
    })
}

/// Gives the place of a container's log and run.
pub fn place_of(pod: &Json, container: &str) -> String {
    format!("{}/{container}", uid(pod))
}
