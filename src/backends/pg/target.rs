//! Which PostgreSQL server, as whom and how: `conn_str`, below it the `PG…` variables, below them what is usual.
//!
//! Forms, words and files are libpq's. What is usual where nothing is said is Terraform's: `localhost`, and TLS without a
//! look at the certificate (`sslmode=require`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};

use super::super::http_service::decoded;
use super::tls::{Belief, Files, Tls};

/// The variables of the environment, and the words that they stand for.
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGSERVICE", "service"),
];

/// Words that are read and change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "client_encoding",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "sslcompression",
    "sslcrl",
    "sslsni",
    "binary_parameters",
    "disable_prepared_binary_result",
];

/// A server, a database and a role.
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// The server and the database, as people may see them.
    pub(super) shown: String,
}

type Words = BTreeMap<String, String>;

/// Finds out where to go.
///
/// # Errors
/// Why it cannot be known; no secret is in it.
pub(super) fn target(
    conn_str: &str,
    environment: &BTreeMap<String, String>,
    home: Option<&Path>,
) -> Result<Target, String> {
    let mut words = Words::new();
    for (variable, word) in VARIABLES {
        if let Some(text) = environment.get(*variable).filter(|text| !text.is_empty()) {
            words.insert((*word).to_string(), text.clone());
        }
    }
    words.extend(written(conn_str)?);
    if words.contains_key("service") {
        return Err("a service file is not read: say what it says in conn_str".to_string());
    }
    let mut config = Config::new();
    let shown = place(&mut config, &words)?;
    identity(&mut config, &words, environment, home)?;
    manner(&mut config, &words)?;
    let tls = encryption(&mut config, &words, home)?;
    Ok(Target { config, tls, shown })
}

/// Reads `conn_str` in either form.
fn written(text: &str) -> Result<Words, String> {
    let url = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match url {
        Some(rest) => from_url(rest),
        None => from_words(text),
    }
}

/// Reads what follows the scheme of a URL; there may be many hosts, and a host may be a folder.
fn from_url(rest: &str) -> Result<Words, String> {
    let mut words = Words::new();
    let mut set = |word: &str, text: &str| {
        if !text.is_empty() {
            words.insert(word.to_string(), decoded(text));
        }
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    set("dbname", database);
    let (who, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    set("user", user);
    set("password", password);
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port),
            _ => (host, ""),
        };
        names.push(name.trim_start_matches('[').trim_end_matches(']'));
        ports.push(port);
    }
    set("host", &names.join(","));
    if ports.iter().any(|port| !port.is_empty()) {
        set("port", &ports.join(","));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (word, text) = pair
            .split_once('=')
            .ok_or("in conn_str, what follows the \"?\" has a part without \"=\"")?;
        set(&decoded(word), text);
    }
    Ok(words)
}

/// Reads `word=text` pairs; a text may be in single quotes, and `\` takes the next sign as it is.
fn from_words(text: &str) -> Result<Words, String> {
    let mut words = Words::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) =
            rest.split_once('=').ok_or("in conn_str, a word is without \"=\" after it")?;
        let mut signs = after.trim_start().chars();
        let (mut value, mut quoted) = (String::new(), false);
        if let Some(unquoted) = signs.as_str().strip_prefix('\'') {
            (signs, quoted) = (unquoted.chars(), true);
        }
        loop {
            match signs.next() {
                Some('\\') => value.extend(signs.next()),
                Some('\'') if quoted => break,
                Some(sign) if !quoted && sign.is_whitespace() => break,
                Some(sign) => value.push(sign),
                None if quoted => return Err("in conn_str, a quote is not closed".to_string()),
                None => break,
            }
        }
        words.insert(word.trim().to_string(), value);
        rest = signs.as_str().trim_start();
    }
    Ok(words)
}

fn get<'a>(words: &'a Words, word: &str) -> Option<&'a str> {
    words.get(word).map(String::as_str).filter(|text| !text.is_empty())
}

fn read<T: FromStr>(words: &Words, word: &str) -> Result<Option<T>, String> {
    let wrong = |text: &str| format!("\"{text}\" cannot be the connection's {word}");
    get(words, word).map(|text| text.trim().parse().map_err(|_| wrong(text))).transpose()
}

/// Sets hosts, ports and the database; gives them for people.
fn place(config: &mut Config, words: &Words) -> Result<String, String> {
    let hosts = get(words, "host").or_else(|| get(words, "hostaddr")).unwrap_or("localhost");
    for host in hosts.split(',') {
        config.host(if host.is_empty() { "localhost" } else { host });
    }
    if let Some(addresses) = get(words, "hostaddr") {
        for address in addresses.split(',') {
            let wrong = |_| format!("\"{address}\" cannot be the connection's hostaddr");
            config.hostaddr(address.trim().parse().map_err(wrong)?);
        }
    }
    let ports = get(words, "port").unwrap_or("5432");
    for port in ports.split(',') {
        let port = if port.trim().is_empty() { "5432" } else { port.trim() };
        config.port(port.parse().map_err(|_| format!("\"{port}\" is no port"))?);
    }
    let database = get(words, "dbname");
    if let Some(database) = database {
        config.dbname(database);
    }
    let database = database.unwrap_or_default();
    Ok(match hosts.starts_with(['/', '@']) {
        true => format!("postgres:///{database}?host={hosts}"),
        false => format!("postgres://{hosts}:{ports}/{database}"),
    })
}

/// Sets the role and its password.
fn identity(
    config: &mut Config,
    words: &Words,
    environment: &BTreeMap<String, String>,
    home: Option<&Path>,
) -> Result<(), String> {
    let user = get(words, "user").or_else(|| environment.get("USER").map(String::as_str));
    if let Some(user) = user {
        config.user(user);
    }
    if let Some(password) = get(words, "password") {
        config.password(password);
        return Ok(());
    }
    let file = get(words, "passfile").map(PathBuf::from).or_else(|| Some(home?.join(".pgpass")));
    let Some(text) = file.and_then(|file| fs::read_to_string(file).ok()) else { return Ok(()) };
    let first = |word: &str, usual: &str| {
        get(words, word).unwrap_or(usual).split(',').next().unwrap_or(usual).to_string()
    };
    let host = first("host", "localhost");
    let host = if host.starts_with(['/', '@']) { "localhost".to_string() } else { host };
    let user = user.unwrap_or_default();
    let wanted = [&host, &first("port", "5432"), &first("dbname", user), user];
    if let Some(password) = text.lines().find_map(|line| password_of(line, &wanted)) {
        config.password(password);
    }
    Ok(())
}

/// Gives the password of a line of a password file, where it is for this place.
fn password_of(line: &str, wanted: &[&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ':' if fields.len() <= wanted.len() => fields.push(String::new()),
            '\\' => fields.last_mut()?.extend(signs.next()),
            sign => fields.last_mut()?.push(sign),
        }
    }
    let password = fields.pop()?;
    let fits = |(field, wanted): (&String, &&str)| field == "*" || field == wanted;
    (fields.len() == wanted.len() && fields.iter().zip(wanted).all(fits)).then_some(password)
}

/// Sets how the session is to be.
fn manner(config: &mut Config, words: &Words) -> Result<(), String> {
    let name = get(words, "application_name").or_else(|| get(words, "fallback_application_name"));
    config.application_name(name.unwrap_or("terrane"));
    let patience = read(words, "connect_timeout")?.filter(|seconds| *seconds > 0).unwrap_or(30);
    config.connect_timeout(Duration::from_secs(patience));
    config.target_session_attrs(match get(words, "target_session_attrs") {
        Some("read-only" | "standby") => return Err("a state cannot be written there: target_session_attrs asks for a server that only reads".to_string()),
        Some("read-write" | "primary") => TargetSessionAttrs::ReadWrite,
        _ => TargetSessionAttrs::Any,
    });
    config.channel_binding(match get(words, "channel_binding") {
        Some("require") => return Err("channel_binding=require is not available".to_string()),
        _ => ChannelBinding::Disable,
    });
    network(config, words)?;
    let mut options = get(words, "options").unwrap_or_default().to_string();
    let own = ["host", "hostaddr", "port", "dbname", "user", "password", "passfile", "options"];
    let others =
        ["sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "application_name"];
    let more = [
        "fallback_application_name",
        "target_session_attrs",
        "channel_binding",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
    ];
    let known = [&own[..], &others, &more, WITHOUT_EFFECT].concat();
    for (word, text) in words.iter().filter(|(word, _)| !known.contains(&word.as_str())) {
        // Any other word is a setting of the session.
        let text = text.replace('\\', "\\\\").replace(' ', "\\ ");
        options += &format!(" -c {word}={text}");
    }
    if !options.is_empty() {
        config.options(options.trim());
    }
    Ok(())
}

/// Sets when a connection whose other end is silent counts as dead: after a minute, where nothing else is said (libpq's words; its
/// own values are the system's, two hours).
fn network(config: &mut Config, words: &Words) -> Result<(), String> {
    let seconds = |word: &str, otherwise: u64| {
        let given = read(words, word)?.filter(|seconds| *seconds > 0).unwrap_or(otherwise);
        Ok::<_, String>(Duration::from_secs(given))
    };
    config.keepalives(read::<u8>(words, "keepalives")? != Some(0));
    config.keepalives_idle(seconds("keepalives_idle", 30)?);
    config.keepalives_interval(seconds("keepalives_interval", 10)?);
    config.keepalives_retries(read(words, "keepalives_count")?.filter(|n| *n > 0).unwrap_or(3));
    let silent = read(words, "tcp_user_timeout")?.filter(|it| *it > 0).unwrap_or(60_000);
    config.tcp_user_timeout(Duration::from_millis(silent));
    Ok(())
}

/// Sets whether the connection is encrypted, and makes what encrypts it.
fn encryption(config: &mut Config, words: &Words, home: Option<&Path>) -> Result<Tls, String> {
    let beside = |name: &str| {
        let path = home?.join(".postgresql").join(name);
        path.is_file().then_some(path)
    };
    let named =
        |word: &str, name: &str| get(words, word).map(PathBuf::from).or_else(|| beside(name));
    let authorities = match get(words, "sslrootcert") {
        Some("system") => None,
        _ => named("sslrootcert", "root.crt"),
    };
    let identity = named("sslcert", "postgresql.crt").zip(named("sslkey", "postgresql.key"));
    let local = config.get_hosts().iter().all(|host| match host {
        tokio_postgres::config::Host::Tcp(_) => false,
        tokio_postgres::config::Host::Unix(_) => true,
    });
    let (mode, belief) = match get(words, "sslmode").unwrap_or("require") {
        // Nobody listens between a process and its own machine's socket.
        _ if local => (SslMode::Disable, Belief::Anyone),
        "disable" => (SslMode::Disable, Belief::Anyone),
        "allow" | "prefer" => (SslMode::Prefer, Belief::Anyone),
        "require" if get(words, "sslrootcert").is_some() => (SslMode::Require, Belief::Authority),
        "require" => (SslMode::Require, Belief::Anyone),
        "verify-ca" => (SslMode::Require, Belief::Authority),
        "verify-full" => (SslMode::Require, Belief::Name),
        other => return Err(format!("\"{other}\" is no sslmode")),
    };
    config.ssl_mode(mode);
    match mode {
        SslMode::Disable => Tls::new(Belief::Anyone, &Files::default()),
        _ => Tls::new(belief, &Files { authorities, identity }),
    }
}
