//! All commands that look at a state or change it, on each backend, in clear and encrypted.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use crate::ends::{TERRANE, Variables, done, refused, write};
use crate::http_server::HttpServer;
use crate::postgres::postgres;
use crate::processes::block;
use crate::sandbox::{BUCKET, Sandbox};
use crate::terraform::terraform;

const RESOURCES: &str = r#"
resource "terraform_data" "a" {
  input = "secret of the house"
}
resource "terraform_data" "b" {
  count = 2
  input = count.index
}
output "told" {
  value = terraform_data.a.output
}
"#;

/// A cheap key: what is tried here is where the bytes go, not how hard they are to guess.
const ENCRYPTION: &str = r#"
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
  }
}
"#;

/// A backend that the commands are tried on.
struct Tried<'a> {
    folder: &'a Path,
    block: String,
    /// Its states have workspaces.
    workspaces: bool,
    /// It keeps former versions.
    keeps: bool,
    /// Gives all that the service has of the state, and its journal.
    raw: &'a dyn Fn() -> Vec<u8>,
}

impl Tried<'_> {
    fn done(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        done(TERRANE, self.folder, &words, &Variables::new())
    }

    fn refused(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = refused(TERRANE, self.folder, &words, &Variables::new());
        told.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn list(&self) -> Vec<String> {
        self.done("state list").lines().map(String::from).collect()
    }

    fn pulled(&self) -> Json {
        serde_json::from_str(&self.done("state pull")).unwrap()
    }

    /// Counts the former versions that were put beside the configuration.
    fn backups(&self) -> usize {
        let files = fs::read_dir(self.folder).unwrap().map(|file| file.unwrap().file_name());
        files.filter(|name| name.to_string_lossy().ends_with(".backup")).count()
    }

    fn all(&self, sealed: bool) {
        let encryption = if sealed { ENCRYPTION } else { "" };
        write(self.folder, &self.block, &format!("{RESOURCES}{encryption}"));
        self.done("init");
        self.done("apply -auto-approve");
        assert_eq!(self.done("output -raw told"), "secret of the house");
        let all = ["terraform_data.a", "terraform_data.b[0]", "terraform_data.b[1]"];
        assert_eq!(self.list(), all);
        assert!(self.done("state show terraform_data.a").contains("secret of the house"));
        let raw = String::from_utf8_lossy(&(self.raw)()).into_owned();
        assert_eq!(raw.contains("secret of the house"), !sealed, "{raw}");
        assert_eq!(raw.contains("encrypted_data"), sealed, "{raw}");

        self.is_read_by_others(sealed);
        self.rewrites();
        self.marks();
        self.pulls_and_pushes();
        if self.keeps {
            self.rolls_back();
        }
        if self.workspaces {
            self.has_workspaces();
        }
        self.migrates();
        self.done("refresh");
        self.done("plan");
        self.done("drift");
        assert!(self.refused("force-unlock -force 4711").contains("No lock"));
        self.done("apply -auto-approve");
        assert_eq!(self.list(), all);
    }

    /// Another configuration reads the outputs, by the same settings.
    fn is_read_by_others(&self, sealed: bool) {
        let folder = tempfile::tempdir().unwrap();
        let (kind, settings) = self.block.split_once(" {").unwrap();
        let settings = match kind {
            "\"local\"" => format!("path = \"{}/terraform.tfstate\"\n}}", self.folder.display()),
            _ => settings.to_string(),
        };
        let encryption = match sealed {
            false => String::new(),
            true => ENCRYPTION.replace(
                "state {\n      method   = method.aes_gcm.main\n      enforced = true\n    }",
                "remote_state_data_sources {\n      default {\n        method = method.aes_gcm.main\n      }\n    }",
            ),
        };
        let reader = format!(
            "data \"terraform_remote_state\" \"s\" {{\n  backend = {kind}\n  config = {{\n{settings}\n  defaults = {{ none = \"of them\" }}\n}}\n\
             output \"told\" {{\n  value = \"${{data.terraform_remote_state.s.outputs.told}}, ${{data.terraform_remote_state.s.outputs.none}}\"\n}}\n"
        );
        write(folder.path(), "\"local\" {}", &format!("{reader}{encryption}"));
        done(TERRANE, folder.path(), &["apply", "-auto-approve"], &Variables::new());
        let told = done(TERRANE, folder.path(), &["output", "-raw", "told"], &Variables::new());
        assert_eq!(told, "secret of the house, of them");

        // Of a workspace that has no state nothing is read, nor without the key.
        let absent = reader.replacen("config =", "workspace = \"none\"\n  config =", 1);
        write(folder.path(), "\"local\" {}", &format!("{absent}{encryption}"));
        refused(TERRANE, folder.path(), &["plan"], &Variables::new());
        if sealed {
            write(folder.path(), "\"local\" {}", &reader);
            let told = refused(TERRANE, folder.path(), &["plan"], &Variables::new());
            assert!(told.contains("ncrypted"), "{told}");
        }
    }

    /// `state mv`, `rm`, `replace-provider`, and what becomes of the former version.
    fn rewrites(&self) {
        let local = self.block.starts_with("\"local\"");
        let before = self.backups();
        self.done("state mv terraform_data.a terraform_data.c");
        self.done("state rm terraform_data.b[1]");
        assert_eq!(self.list(), ["terraform_data.b[0]", "terraform_data.c"]);
        assert_eq!(self.backups() - before, if local { 2 } else { 0 });
        let replaced =
            self.done("state replace-provider -auto-approve hashicorp/null hashicorp/google");
        assert!(replaced.contains("No matching resources"), "{replaced}");
        if !local {
            let told = self.refused("state mv -backup=x terraform_data.c terraform_data.a");
            assert!(told.contains("Invalid command line options: -backup"), "{told}");
            // As with Terraform, that does not count.
            self.done("plan -state=x");
            self.done("apply -refresh-only -auto-approve -state=x -state-out=y -backup=z");
            assert!(!["x", "y", "z"].iter().any(|name| self.folder.join(name).exists()));
            assert_eq!(self.list(), ["terraform_data.b[0]", "terraform_data.c"]);
        }

        // Out into a file, and back from it.
        self.done("state mv -state-out=out.tfstate terraform_data.c terraform_data.x");
        assert_eq!(self.list(), ["terraform_data.b[0]"]);
        assert_eq!(self.done("state list -state=out.tfstate").trim(), "terraform_data.x");
        self.done("state mv -state=out.tfstate terraform_data.x terraform_data.y");
        self.done("state rm -state=out.tfstate -backup=kept terraform_data.y");
        assert!(self.folder.join("kept").is_file());
        fs::remove_file(self.folder.join("out.tfstate")).unwrap();
    }

    /// `import`, `taint`, `untaint`.
    fn marks(&self) {
        let status = || self.pulled()["resources"][0]["instances"][0]["status"].clone();
        self.done("import terraform_data.a an-id");
        assert_eq!(self.list(), ["terraform_data.a", "terraform_data.b[0]"]);
        self.done("taint terraform_data.a");
        assert_eq!(status(), "tainted");
        self.done("untaint terraform_data.a");
        assert_eq!(status(), Json::Null);
        self.done("apply -auto-approve");
    }

    fn pulls_and_pushes(&self) {
        let former = self.done("state pull");
        fs::write(self.folder.join("former.json"), &former).unwrap();
        self.done("state rm terraform_data.b");
        let told = self.refused("state push former.json");
        assert!(told.contains("with serial") && told.contains("over newer state"), "{told}");
        self.done("state push -force former.json");
        let (was, is): (Json, Json) = (serde_json::from_str(&former).unwrap(), self.pulled());
        assert_eq!((&is["resources"], &is["lineage"]), (&was["resources"], &was["lineage"]));
    }

    fn rolls_back(&self) {
        let (serial, count) = (self.pulled()["serial"].clone(), self.list().len());
        self.done("state rm terraform_data.b");
        let versions: Json = serde_json::from_str(&self.done("state history -json")).unwrap();
        let of_then =
            versions["versions"].as_array().unwrap().iter().find(|it| it["serial"] == serial);
        let id = of_then.unwrap_or_else(|| panic!("{versions:#}"))["version"].clone();
        self.done(&format!("state rollback -auto-approve {}", id.as_str().unwrap()));
        assert_eq!(self.list().len(), count);
    }

    /// The state goes to a file and comes back, whole; who does not say so is asked, and what is there is not overwritten unasked.
    fn migrates(&self) {
        let main = self.folder.join("main.tf");
        let here = fs::read_to_string(&main).unwrap();
        let away = "\"local\" {\n    path = \"away/moved.tfstate\"\n  }";
        let before = self.pulled();
        let moved = here.replacen(&self.block, away, 1);
        assert_ne!(here, moved);
        fs::write(&main, moved).unwrap();
        for line in ["plan", "state list", "apply -auto-approve"] {
            let told = self.refused(line);
            assert!(told.contains("Backend") && told.contains("init"), "{told}");
        }
        let told = self.refused("init -input=false");
        assert!(told.contains("-migrate-state"), "{told}");
        self.done("init -migrate-state -force-copy");
        assert!(self.folder.join("away/moved.tfstate").is_file());
        let is = self.pulled();
        assert_eq!((&is["resources"], &is["outputs"]), (&before["resources"], &before["outputs"]));
        self.done("state rm terraform_data.b[0]");

        // Back: the former state is still there, and is replaced by what is now so.
        fs::write(&main, here).unwrap();
        self.done("init -migrate-state -force-copy");
        let back = self.pulled();
        assert_eq!(back["resources"], is_without(&is["resources"]), "{back:#}");
        self.done("apply -auto-approve");
    }

    fn has_workspaces(&self) {
        self.done("workspace new stage");
        assert!(self.done("workspace list").contains("* stage"));
        self.done("apply -auto-approve");
        self.done("workspace select default");
        assert!(self.refused("workspace delete stage").contains("not empty"));
        self.done("workspace delete -force stage");
        assert!(!self.done("workspace list").contains("stage"));
        assert_eq!(self.done("workspace show").trim(), "default");
    }
}

/// Leaves out the first instance of the counted block.
fn is_without(resources: &Json) -> Json {
    let mut resources = resources.clone();
    for resource in resources.as_array_mut().unwrap() {
        let instances = resource["instances"].as_array_mut().unwrap();
        instances.retain(|instance| instance["index_key"] != 0);
    }
    resources
}

/// Tries all, in clear and encrypted, each with a folder of its own.
fn tried(
    settings: &dyn Fn(&str) -> (String, Box<dyn Fn() -> Vec<u8>>),
    (workspaces, keeps): (bool, bool),
) {
    for (name, sealed) in [("clear", false), ("sealed", true)] {
        let folder = tempfile::tempdir().unwrap();
        let (block, raw) = settings(name);
        let block = block.replace("FOLDER", &folder.path().display().to_string());
        let here = folder.path().to_path_buf();
        let local = move || fs::read(here.join("terraform.tfstate")).unwrap();
        let raw: &dyn Fn() -> Vec<u8> = if block.starts_with("\"local\"") { &local } else { &*raw };
        Tried { folder: folder.path(), block, workspaces, keeps, raw }.all(sealed);
    }
}

#[test]
fn of_a_local_state() {
    tried(&|_| ("\"local\" {}".to_string(), Box::new(Vec::new)), (true, true));
}

#[test]
fn of_a_state_behind_http() {
    let server: &'static HttpServer = Box::leak(Box::new(HttpServer::new()));
    server.kept().etags = true;
    let settings = |name: &str| {
        let raw = move || server.kept().states.values().flatten().copied().collect();
        (block("http", &server.settings(name)), Box::new(raw) as Box<dyn Fn() -> Vec<u8>>)
    };
    let clear = |name: &str| {
        server.kept().states.clear();
        settings(name)
    };
    tried(&clear, (false, false));
}

#[test]
fn of_a_state_in_postgres() {
    let Some(server) = postgres() else { return };
    let settings = |_: &str| {
        let database = server.database();
        let settings = json!({ "conn_str": server.conn_str(&database, "postgres") });
        let raw = move || server.sql(&database, "SELECT data FROM terraform_remote_state.states");
        let raw: Box<dyn Fn() -> Vec<u8>> = Box::new(move || raw().into_bytes());
        (block("pg", &settings), raw)
    };
    tried(&settings, (true, true));
}

#[test]
fn of_a_state_in_a_bucket() {
    let runtime = Runtime::new().unwrap();
    let settings = |_: &str| {
        let sandbox = runtime.block_on(Sandbox::new());
        let block = block("gcs", &sandbox.gcs());
        let url = format!("/storage/v1/b/{BUCKET}/o/env%2Fprod%2Fdefault.tfstate?alt=media");
        let raw = move || sandbox.text("GET", &url, &Json::Null).into_bytes();
        (block, Box::new(raw) as Box<dyn Fn() -> Vec<u8>>)
    };
    tried(&settings, (true, true));
}

#[test]
fn of_a_state_in_a_cluster() {
    let runtime = Runtime::new().unwrap();
    let settings = |_: &str| {
        let sandbox = runtime.block_on(Sandbox::new());
        let cluster = sandbox.cluster();
        let block = block("kubernetes", &crate::kubernetes::settings(&sandbox, &cluster));
        let url = crate::kubernetes::path(&cluster, "/tfstate-default-polls");
        let raw = move || {
            let secret = sandbox.ask("GET", &url, &Json::Null);
            let packed = STANDARD.decode(secret["data"]["tfstate"].as_str().unwrap()).unwrap();
            let mut bytes = Vec::new();
            let mut reader = flate2::read::GzDecoder::new(packed.as_slice());
            std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
            bytes
        };
        (block, Box::new(raw) as Box<dyn Fn() -> Vec<u8>>)
    };
    tried(&settings, (true, false));
}

/// Who may only read plans and looks for drift: nothing is asked but for reading, and nothing is missing afterwards.
#[test]
fn who_may_only_read_plans() {
    let runtime = Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::new());
    let cluster = sandbox.cluster();
    let in_cluster = block("kubernetes", &crate::kubernetes::settings(&sandbox, &cluster));
    for (name, block) in [("bucket", block("gcs", &sandbox.gcs())), ("cluster", in_cluster)] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &block, RESOURCES);
        let run = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            done(TERRANE, folder.path(), &words, &Variables::new())
        };
        let looks = || {
            let before = sandbox.requests().len();
            let told = ["init", "plan", "drift", "output", "workspace list"].map(run);
            let asked = sandbox.requests().split_off(before);
            let writes: Vec<&String> =
                asked.iter().filter(|line| !line.starts_with("GET ")).collect();
            assert!(!asked.is_empty() && writes.is_empty(), "{name}: {writes:?}\n{told:?}");
        };
        // Before there is a state, and when there is one.
        looks();
        run("apply -auto-approve");
        looks();

        // Whoever is refused each write plans all the same, and is told what an apply needs.
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let body = json!({"code": 403, "message": "may not write", "error": {"code": 403, "message": "may not write"}});
            sandbox.fault(&json!({
                "method": method, "path": "polls-states|/(secrets|leases)(/|$)", "status": 403, "times": 1000, "body": body,
            }));
        }
        let changed = RESOURCES.replace("count = 2", "count = 3");
        write(folder.path(), &block, &changed);
        assert!(run("plan").contains("1 to add"), "{name}");
        run("drift");
        let told = refused(TERRANE, folder.path(), &["apply", "-auto-approve"], &Variables::new());
        let told = told.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        sandbox.world.faults.lock().unwrap().clear();
        assert!(told.contains("may not write"), "{told}");
        assert!(
            told.contains("who writes needs") || told.contains("roles/storage.objectUser"),
            "{told}"
        );
        assert!(!run("state list").contains("b[2]"), "{name}");
    }
}

/// Files that commands leave are those that Terraform leaves, whose names have the second in them.
fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let plain = names.map(|name| {
        let name = name.to_string_lossy().into_owned();
        let words = name.split('.').map(|word| match word.parse::<u64>() {
            Ok(_) => "SECOND",
            Err(_) => word,
        });
        words.collect::<Vec<_>>().join(".")
    });
    let mut plain: Vec<String> = plain.filter(|name| !name.starts_with(".terra")).collect();
    plain.sort();
    // Terraform keeps one of those that are made in one second.
    plain.dedup();
    plain
}

#[test]
fn backups_are_where_terraform_has_them() {
    let Some(terraform) = terraform() else { return };
    let terraform = terraform.display().to_string();
    let local = "\"local\" {}".to_string();
    let servers = [HttpServer::new(), HttpServer::new()];
    for http in [false, true] {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for (folder, server) in folders.iter().zip(&servers) {
            let behind = block("http", &server.settings("a"));
            write(folder.path(), if http { &behind } else { &local }, RESOURCES);
        }
        for line in [
            "init",
            "apply -auto-approve",
            "state mv terraform_data.a terraform_data.c",
            "state mv -state-out=out.tfstate terraform_data.c terraform_data.d",
            "state mv -state=out.tfstate -backup=one terraform_data.d terraform_data.e",
            "state rm -state=out.tfstate -backup=two terraform_data.e",
            "state rm -ignore-remote-version -backup=- terraform_data.b[0]",
            "taint terraform_data.b[1]",
            "taint -allow-missing -backup=three terraform_data.x",
            "untaint -backup=four terraform_data.b[1]",
            "plan",
            "apply -auto-approve",
            "apply -auto-approve -backup=five -replace=terraform_data.a",
            "apply -auto-approve -state-out=six -replace=terraform_data.a",
            "refresh -backup=seven",
            "import -backup=eight terraform_data.b[2] x",
            "destroy -auto-approve",
        ] {
            // Terraform passes over what is not for its backend; here it is refused.
            if http && line.contains("-backup=") && !line.contains("out.tfstate")
                || http && line.contains("-state-out=six")
            {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let run = |program: &str, folder: &tempfile::TempDir| {
                let ran = crate::ends::command(program, folder.path(), &words, &Variables::new());
                let ran = { ran }.output().unwrap();
                (ran.status.success(), crate::terraform::told(&ran))
            };
            let (theirs, said) = run(&terraform, &folders[0]);
            let (ours, told) = run(TERRANE, &folders[1]);

            assert_eq!(ours, theirs, "{line}\n{said}\n{told}");
            assert_eq!(files(folders[1].path()), files(folders[0].path()), "{line}\n{told}");
        }
    }
}

/// A key of Cloud KMS seals the state, the journal and a plan; it is rotated, replaced, and at last destroyed.
#[test]
fn a_key_service_seals_a_state_in_a_bucket() {
    let runtime = Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::new());
    let ring = "/v1/projects/PROJECT/locations/global/keyRings"
        .replace("PROJECT", crate::sandbox::PROJECT);
    sandbox.ask("POST", &format!("{ring}?keyRingId=states"), &json!({}));
    let key = |name: &str| {
        let url = format!("{ring}/states/cryptoKeys?cryptoKeyId={name}");
        sandbox.ask("POST", &url, &json!({"purpose": "ENCRYPT_DECRYPT"}));
        format!("{}/states/cryptoKeys/{name}", ring.trim_start_matches("/v1/"))
    };
    let (first, second) = (key("first"), key("second"));
    let folder = tempfile::tempdir().unwrap();
    // A key provider is known by its name, also where it is a former one.
    let name_of = |key: &str| -> String { key.rsplit('/').next().unwrap().to_string() };
    let configure = |main: &str, fallback: &str, rest: &str| {
        let provider = |name: String, key: &str| {
            format!(
                "key_provider \"gcp_kms\" \"{name}\" {{\n  kms_encryption_key = \"{key}\"\n  key_length = 32\n  access_token = \"{}\"\n  \
                 kms_custom_endpoint = \"{}\"\n}}\nmethod \"aes_gcm\" \"{name}\" {{\n  keys = key_provider.gcp_kms.{name}\n}}\n",
                sandbox.token,
                sandbox.server.url()
            )
        };
        let (used, under) = match fallback {
            "" => (provider(name_of(main), main), String::new()),
            former => (
                provider(name_of(main), main) + &provider(name_of(former), former),
                format!("fallback {{\n method = method.aes_gcm.{}\n }}\n", name_of(former)),
            ),
        };
        let method = format!("method = method.aes_gcm.{}\n enforced = true\n", name_of(main));
        let state = format!("state {{\n {method}{under}}}\n");
        let plan = format!("plan {{\n {method}}}\n");
        let text = format!("{rest}\nterraform {{\nencryption {{\n{used}{state}{plan}}}\n}}\n");
        write(folder.path(), &block("gcs", &sandbox.gcs()), &text);
    };
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        done(TERRANE, folder.path(), &words, &Variables::new())
    };
    let secret = |text: &[u8]| String::from_utf8_lossy(text).contains("secret of the house");

    configure(&first, "", RESOURCES);
    run("plan -out=saved");
    assert!(!secret(&fs::read(folder.path().join("saved")).unwrap()));
    run("apply saved");
    let url = format!("/storage/v1/b/{BUCKET}/o/env%2Fprod%2Fdefault.tfstate?alt=media");
    let state = || sandbox.ask("GET", &url, &Json::Null);
    assert!(state()["encrypted_data"].is_string() && !secret(state().to_string().as_bytes()));

    // The key has a new version: what the former one wrapped is still read, and the new one wraps.
    let key_url = format!("/v1/{first}");
    sandbox.ask("POST", &format!("{key_url}/cryptoKeyVersions"), &json!({}));
    sandbox.ask(
        "POST",
        &format!("{key_url}:updatePrimaryVersion"),
        &json!({"cryptoKeyVersionId": "2"}),
    );
    run("apply -auto-approve -replace=terraform_data.a");
    sandbox.ask("POST", &format!("{key_url}/cryptoKeyVersions/1:destroy"), &json!({}));
    assert!(run("output -raw told").contains("secret of the house"));

    // A run is killed: its journal tells nothing, and the next run goes on from it.
    let waits = crate::ends::WAITS.replace("input = \"done\"", "input = \"secret of the house\"");
    configure(&first, "", &format!("{RESOURCES}{waits}"));
    let mut running =
        crate::ends::begun(TERRANE, folder.path(), &["apply", "-auto-approve"], &Variables::new());
    running.kill().unwrap();
    running.wait().unwrap();
    fs::write(folder.path().join("go"), "").unwrap();
    let listed = sandbox.ask("GET", &format!("/storage/v1/b/{BUCKET}/o"), &Json::Null);
    let names =
        listed["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap());
    let journal: Vec<&str> = names.filter(|name| name.contains(".journal/")).collect();
    assert!(!journal.is_empty(), "{listed:#}");
    for name in journal {
        let url = format!("/storage/v1/b/{BUCKET}/o/{}?alt=media", name.replace('/', "%2F"));
        let text = sandbox.text("GET", &url, &Json::Null);
        assert!(!text.is_empty() && !secret(text.as_bytes()), "{name}: {text}");
    }
    assert!(run("state list").contains("terraform_data.first"));
    let held = refused(TERRANE, folder.path(), &["apply", "-auto-approve"], &Variables::new());
    run(&format!("force-unlock -force {}", crate::ends::id_in(&held)));

    // Another key takes its place; then the former one may go.
    configure(&second, &first, RESOURCES);
    run("apply -auto-approve");
    sandbox.ask("POST", &format!("{key_url}/cryptoKeyVersions/2:destroy"), &json!({}));
    configure(&second, "", RESOURCES);
    assert!(run("plan").contains("No changes"));
    configure(&first, "", RESOURCES);
    let told = refused(TERRANE, folder.path(), &["plan"], &Variables::new());
    assert!(told.contains("ncrypted"), "{told}");
}
