//! What stands at a place under encryption, while a run is under way, when it was killed and when it is done: state, journal,
//! former versions, the lock's record, saved plans and what is left in the folder. The secret is nowhere in clear.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use crate::ends::{self, TERRANE, Variables, begun, command, done, id_in, write};
use crate::http_server::HttpServer;
use crate::postgres::postgres;
use crate::processes::block;
use crate::sandbox::{BUCKET, Sandbox};
use crate::terraform::told;

const SECRET: &str = "hunter2-of-the-house";

const CONFIG: &str = r#"
variable "secret" {
  type      = string
  sensitive = true
}
resource "terraform_data" "first" {
  input = var.secret
}
resource "terraform_data" "waits" {
  input      = "${var.secret} too"
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "touch started; until [ -f go ]; do sleep 0.1; done"
  }
}
output "told" {
  value     = terraform_data.first.output
  sensitive = true
}
terraform {
  encryption {
    key_provider "argon2id" "main" {
      passphrase = "correct horse battery staple"
      memory     = 64
      passes     = 1
      lanes      = 1
    }
    method "aes_gcm" "main" {
      keys = key_provider.argon2id.main
    }
    state {
      method   = method.aes_gcm.main
      enforced = true
    }
    plan {
      method   = method.aes_gcm.main
      enforced = true
    }
  }
}
"#;

/// Says whether bytes have the secret, as text or as text in base 64 or hexadecimal digits.
fn tells(bytes: &[u8]) -> bool {
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|found| found == wanted);
    let coded = STANDARD.encode(SECRET);
    // Of a text in base 64 the first letters depend on nothing before, where it begins a third byte.
    has(SECRET.as_bytes()) || has(&coded.as_bytes()[..20]) || has(hex(SECRET).as_bytes())
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives all files of a folder with what they hold, but for what the user wrote.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (file.path(), file.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            found.extend(files(&path));
        } else if !name.ends_with(".tf") {
            // A run may take a file away meanwhile.
            found.extend(fs::read(&path).ok().map(|bytes| (name, bytes)));
        }
    }
    found
}

/// Runs a plan, an apply that is killed and the one after it, and looks at everything each time.
fn nothing_is_told(block: &str, there: &dyn Fn() -> Vec<(String, Vec<u8>)>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, block, CONFIG);
    let more = Variables::from([("TF_VAR_secret".to_string(), SECRET.to_string())]);
    let look = |moment: &str| {
        let all: Vec<(String, Vec<u8>)> = there().into_iter().chain(files(folder)).collect();
        let telling: Vec<&String> =
            all.iter().filter(|(_, bytes)| tells(bytes)).map(|(name, _)| name).collect();
        assert!(telling.is_empty(), "{block}\n{moment}: {telling:?}");
        let sealed = |(_, bytes): &&(String, Vec<u8>)| {
            String::from_utf8_lossy(bytes).contains("encrypted_data")
        };
        all.iter().filter(sealed).count()
    };

    done(TERRANE, folder, &["plan", "-out=saved"], &more);
    assert!(look("planned") >= 1, "the plan is not sealed");
    let mut running = begun(TERRANE, folder, &["apply", "-auto-approve"], &more);
    let journal = look("under way");
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(journal >= 2 && look("killed") >= 2, "the journal is not there, or not sealed");
    fs::write(folder.join("go"), "").unwrap();
    let apply = ["apply", "-auto-approve"];
    let mut ran = command(TERRANE, folder, &apply, &more).output().unwrap();
    if !ran.status.success() {
        done(TERRANE, folder, &["force-unlock", "-force", &id_in(&told(&ran))], &more);
        ran = command(TERRANE, folder, &apply, &more).output().unwrap();
    }
    assert!(ran.status.success(), "{}", told(&ran));
    assert!(look("done") >= 2, "the state is not sealed");
    done(TERRANE, folder, &["state", "mv", "terraform_data.first", "terraform_data.moved"], &more);
    look("moved");
    assert_eq!(ends::done(TERRANE, folder, &["output", "-raw", "told"], &more), SECRET);
}

#[test]
fn of_a_local_state() {
    nothing_is_told("\"local\" {}", &Vec::new);
}

#[test]
fn of_a_state_behind_http() {
    let server = HttpServer::new();
    let there = || {
        let kept = server.kept();
        let all = kept.states.iter().chain(&kept.locks);
        all.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    };
    nothing_is_told(&block("http", &server.settings("default")), &there);
}

#[test]
fn of_a_state_in_postgres() {
    let Some(server) = postgres() else { return };
    let database = server.database();
    let settings = json!({ "conn_str": server.conn_str(&database, "postgres") });
    let there = || {
        let made = "SELECT count(*) FROM pg_namespace WHERE nspname = 'terraform_remote_state'";
        if server.sql(&database, made) == "0" {
            return Vec::new();
        }
        let schema = "terraform_remote_state";
        let table = |name: &str, columns: &str| {
            let rows = server.sql(&database, &format!("SELECT {columns} FROM {schema}.{name}"));
            (name.to_string(), rows.into_bytes())
        };
        vec![
            table("states", "*"),
            table("terrane_history", "*"),
            table("terrane_locks", "*"),
            table("terrane_journal", "name, piece, convert_from(data, 'UTF8')"),
        ]
    };
    nothing_is_told(&block("pg", &settings), &there);
}

#[test]
fn of_a_state_in_a_bucket() {
    let runtime = Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::new());
    let there = || {
        let listed =
            sandbox.ask("GET", &format!("/storage/v1/b/{BUCKET}/o?versions=true"), &Json::Null);
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        let object = |item: &Json| {
            let name = item["name"].as_str().unwrap().to_string();
            let generation = item["generation"].as_str().unwrap();
            let escaped = name.replace('/', "%2F");
            let url =
                format!("/storage/v1/b/{BUCKET}/o/{escaped}?alt=media&generation={generation}");
            (name, sandbox.text("GET", &url, &Json::Null).into_bytes())
        };
        items.iter().map(object).collect()
    };
    nothing_is_told(&block("gcs", &sandbox.gcs()), &there);
}

#[test]
fn of_a_state_in_a_cluster() {
    let runtime = Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::new());
    let cluster = sandbox.cluster();
    let there = || {
        let mut found = Vec::new();
        for collection in [
            "api/v1/namespaces/default/secrets",
            "apis/coordination.k8s.io/v1/namespaces/default/leases",
        ] {
            let listed = sandbox.ask("GET", &format!("{}/{collection}", cluster.host), &Json::Null);
            for item in listed["items"].as_array().unwrap() {
                let name = item["metadata"]["name"].as_str().unwrap().to_string();
                for value in item["data"].as_object().into_iter().flat_map(|data| data.values()) {
                    let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
                    let mut plain = Vec::new();
                    let mut reader = flate2::read::GzDecoder::new(bytes.as_slice());
                    let packed = std::io::Read::read_to_end(&mut reader, &mut plain).is_ok();
                    found.push((name.clone(), if packed { plain } else { bytes }));
                }
                found.push((name, item.to_string().into_bytes()));
            }
        }
        found
    };
    let settings = crate::kubernetes::settings(&sandbox, &cluster);
    nothing_is_told(&block("kubernetes", &settings), &there);
}
