//! Terraform and this program on one state: each goes on where the other stopped, and they exclude each other.

use std::fs;
use std::path::Path;

use crate::ends::{TERRANE, Variables, WAITS, begun, done, id_in, refused, write};
use crate::http_server::HttpServer;
use crate::postgres::postgres;
use crate::processes::block;
use crate::terraform::{terraform, told};

const TERRAFORM: &str = "terraform";

/// How often the state goes from one program to the other, over the three places.
const TRIPS: usize = 40;

/// Objects of all shapes; one after the other is what is wanted, so that each trip makes, changes and removes.
const SHAPES: &[&str] = &[
    "resource \"terraform_data\" \"text\" {\n  input = \"a \\\"b\\\" \\\\ <&> \u{e9} \u{1f600} \\n\\t $${x} %%{y}\"\n}\n",
    "resource \"terraform_data\" \"number\" {\n  input = [0, -1, 1.5, 1e30, 12345678901234567890, 0.1]\n}\n",
    "resource \"terraform_data\" \"nothing\" {\n  input = null\n}\nresource \"terraform_data\" \"bare\" {}\n",
    "resource \"terraform_data\" \"object\" {\n  input = { a = null, b = [], c = {}, d = [1, \"x\", true, null, { e = [[]] }] }\n}\n",
    "resource \"terraform_data\" \"typed\" {\n  input = { l = tolist([\"a\"]), s = toset([\"b\", \"a\"]), m = tomap({ k = 1 }), n = tolist([]) }\n}\n",
    "resource \"terraform_data\" \"each\" {\n  for_each = { \"a.b\" = 1, \"c\\\"d\" = 2, \"\u{fc}\" = 3 }\n  input = each.value\n}\n",
    "resource \"terraform_data\" \"count\" {\n  count = 3\n  input = count.index\n  triggers_replace = [count.index]\n}\n",
    "variable \"secret\" {\n  default   = \"hunter2\"\n  sensitive = true\n}\nresource \"terraform_data\" \"secret\" {\n  input = { open = 1, shut = var.secret, inner = [var.secret] }\n}\noutput \"secret\" {\n  value     = terraform_data.secret.output.shut\n  sensitive = true\n}\n",
    "resource \"terraform_data\" \"base\" {\n  input = \"b\"\n  lifecycle {\n    create_before_destroy = true\n  }\n}\nresource \"terraform_data\" \"above\" {\n  input = terraform_data.base.id\n  triggers_replace = terraform_data.base.output\n}\noutput \"above\" {\n  value = { id = terraform_data.above.output, list = tolist([1]), none = null }\n}\n",
    "module \"inner\" {\n  source   = \"./inner\"\n  for_each = toset([\"x\", \"y\"])\n  text     = each.key\n}\noutput \"inner\" {\n  value = module.inner[\"x\"].out\n}\n",
    "check \"always\" {\n  assert {\n    condition     = terraform_data.trip.output >= 0\n    error_message = \"never\"\n  }\n}\nresource \"terraform_data\" \"checked\" {\n  input = 1\n  lifecycle {\n    postcondition {\n      condition     = self.output == 1\n      error_message = \"never\"\n    }\n  }\n}\n",
];

const INNER: &str = "variable \"text\" {}\nresource \"terraform_data\" \"in\" {\n  count = 2\n  input = [var.text, count.index]\n}\noutput \"out\" {\n  value = terraform_data.in[*].output\n}\n";

/// What is wanted at a trip: three shapes.
fn wanted(trip: usize) -> String {
    let marks = format!("resource \"terraform_data\" \"trip\" {{\n  input = {trip}\n}}\n");
    let shapes = (0..3).map(|more| SHAPES[(trip + more) % SHAPES.len()]);
    std::iter::once(marks.as_str()).chain(shapes).collect()
}

/// The state goes to and fro: what one has applied, the other has nothing to do for.
fn goes_to_and_fro(folder: &Path, block: &str, trips: std::ops::Range<usize>) {
    let none = Variables::new();
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::write(folder.join("inner/main.tf"), INNER).unwrap();
    for trip in trips {
        write(folder, block, &wanted(trip));
        // Modules come and go.
        done(TERRAFORM, folder, &["init", "-input=false"], &none);
        let (one, other) = if trip % 2 == 0 { (TERRANE, TERRAFORM) } else { (TERRAFORM, TERRANE) };
        done(one, folder, &["apply", "-auto-approve", "-input=false"], &none);
        let planned = done(other, folder, &["plan", "-input=false"], &none);
        assert!(planned.contains("No changes."), "trip {trip}, {one} to {other}\n{planned}");
    }
}

/// Who works keeps the other out.
fn exclude_each_other(folder: &Path, block: &str) {
    let none = Variables::new();
    let apply = ["apply", "-auto-approve", "-input=false"];
    for (one, other, told) in [
        (TERRAFORM, TERRANE, "Error: State is locked"),
        (TERRANE, TERRAFORM, "Error acquiring the state lock"),
    ] {
        write(folder, block, WAITS);
        done(TERRAFORM, folder, &["init", "-input=false", "-reconfigure"], &none);
        for name in ["go", "started"] {
            let _ = fs::remove_file(folder.join(name));
        }
        let running = begun(one, folder, &apply, &none);
        let kept_out = refused(other, folder, &apply, &none);
        assert!(kept_out.contains(told), "{one} works: {kept_out}");
        fs::write(folder.join("go"), "").unwrap();
        let ran = running.wait_with_output().unwrap();
        assert!(ran.status.success(), "{}", self::told(&ran));
        done(other, folder, &["destroy", "-auto-approve", "-input=false"], &none);
    }
}

#[test]
fn a_local_state_is_shared_with_terraform() {
    if terraform().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    goes_to_and_fro(folder.path(), "\"local\" {}", 0..14);
    exclude_each_other(folder.path(), "\"local\" {}");
}

#[test]
fn a_state_behind_http_is_shared_with_terraform() {
    if terraform().is_none() {
        return;
    }
    let server = HttpServer::new();
    server.kept().etags = true;
    server.kept().strict = true;
    let folder = tempfile::tempdir().unwrap();
    let block = block("http", &server.settings("default"));
    goes_to_and_fro(folder.path(), &block, 14..27);
    exclude_each_other(folder.path(), &block);
    assert!(server.kept().locks.is_empty());

    // Terraform shows who of ours holds the lock, and the other way round each ends the other's by its id.
    let none = Variables::new();
    write(folder.path(), &block, WAITS);
    let _ = fs::remove_file(folder.path().join("started"));
    let _ = fs::remove_file(folder.path().join("go"));
    let mut running = begun(TERRAFORM, folder.path(), &["apply", "-auto-approve"], &none);
    running.kill().unwrap();
    running.wait().unwrap();
    fs::write(folder.path().join("go"), "").unwrap();
    let held = refused(TERRANE, folder.path(), &["apply", "-auto-approve"], &none);
    done(TERRANE, folder.path(), &["force-unlock", "-force", &id_in(&held)], &none);
    done(TERRANE, folder.path(), &["apply", "-auto-approve"], &none);
}

#[test]
fn a_state_in_postgres_is_shared_with_terraform() {
    let Some(server) = postgres().filter(|_| terraform().is_some()) else { return };
    let database = server.database();
    let folder = tempfile::tempdir().unwrap();
    let settings = serde_json::json!({ "conn_str": server.conn_str(&database, "postgres") });
    let block = block("pg", &settings);
    goes_to_and_fro(folder.path(), &block, 27..TRIPS);
    exclude_each_other(folder.path(), &block);

    // A workspace of one is a workspace of the other.
    let none = Variables::new();
    done(TERRAFORM, folder.path(), &["workspace", "new", "stage"], &none);
    done(TERRANE, folder.path(), &["workspace", "select", "default"], &none);
    done(TERRANE, folder.path(), &["workspace", "new", "test"], &none);
    for program in [TERRANE, TERRAFORM] {
        let listed = done(program, folder.path(), &["workspace", "list"], &none);
        assert!(listed.contains("stage") && listed.contains("test"), "{listed}");
    }
}
