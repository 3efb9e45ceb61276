//! A real PostgreSQL for the tests: in a temporary folder, on a socket, with no port.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server that is stopped when this process ends, however it ends.
pub(crate) struct Postgres {
    bin: PathBuf,
    /// The folder of the socket.
    pub(crate) folder: PathBuf,
    /// A shell that stops the server and removes the folder when its input ends: this process holds the other end.
    _keeper: Child,
    databases: AtomicUsize,
}

/// Gives the server that all tests of this process share; says loudly where there is none to start.
pub(crate) fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref()
}

fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    found.extend(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    found.into_iter().find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

fn start() -> Option<Postgres> {
    let Some(bin) = programs() else {
        eprintln!(
            "SKIPPED: there is no PostgreSQL on this machine, so the backend pg was held against nothing"
        );
        return None;
    };
    let folder = tempfile::Builder::new().prefix("terrane-pg-").tempdir().unwrap().keep();
    let mut user = Vec::new();
    if fs::metadata(&folder).unwrap().uid() == 0 {
        // The server refuses to be root.
        chown(&folder, Some(65534), Some(65534)).unwrap();
        user = vec!["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    }
    let data = folder.join("data");
    let mut make = user.clone();
    let initdb = bin.join("initdb").display().to_string();
    let place = data.display().to_string();
    make.extend([
        &*initdb,
        "-D",
        &*place,
        "-U",
        "postgres",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    ]);
    let made = Command::new(make[0]).args(&make[1..]).current_dir(&folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let rules = "local all keeper scram-sha-256\nlocal all all trust\n";
    fs::write(data.join("pg_hba.conf"), rules).unwrap();

    let keeper = format!(
        "{user} {bin}/postgres -D {data} -k {folder} -c listen_addresses= -c max_connections=200 -c fsync=off \
         >{folder}/log 2>&1 & server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf {folder}",
        user = user.join(" "),
        bin = bin.display(),
        data = data.display(),
        folder = folder.display()
    );
    let keeper = Command::new("sh")
        .args(["-c", &keeper])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Postgres { bin, folder, _keeper: keeper, databases: AtomicUsize::new(0) };
    for _ in 0..600 {
        if server.psql("postgres", "SELECT 1").is_ok() {
            return Some(server);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{}", fs::read_to_string(server.folder.join("log")).unwrap_or_default());
}

impl Postgres {
    /// Runs SQL and gives what it tells, or why not.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let ran = Command::new(self.bin.join("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
                "-d",
                database,
            ])
            .args(["-h", &self.folder.display().to_string(), "-c", sql])
            .current_dir("/")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_string();
        if ran.status.success() { Ok(text(ran.stdout)) } else { Err(text(ran.stderr)) }
    }

    /// Runs SQL that must succeed.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.psql(database, sql).unwrap()
    }

    /// Makes a database: locks of one do not meet those of another.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Says how to reach a database, as a role.
    pub(crate) fn conn_str(&self, database: &str, role: &str) -> String {
        format!("host={} dbname={database} user={role} sslmode=disable", self.folder.display())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        Path::new(&self.folder).join(".s.PGSQL.5432")
    }
}
