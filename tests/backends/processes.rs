//! Many processes that work on one state at once: one at a time, and nothing of anybody is lost.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::laws::Open;

const MANY: usize = 50;

/// Lets so many processes of the built program each make one object of a state, all begun at once; then all are there.
pub(crate) async fn all_objects_are_there(folder: &Path, block: &str, open: &Open) {
    let configuration = format!(
        "terraform {{\n  backend {block}\n}}\n\nresource \"terraform_data\" \"n\" {{\n  for_each = toset([for n in range({MANY}) : \
         tostring(n)])\n}}\n"
    );
    let mut running = Vec::new();
    for number in 0..MANY {
        let own = folder.join(format!("process-{number}"));
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("main.tf"), &configuration).unwrap();
        let target = format!("-target=terraform_data.n[\"{number}\"]");
        let process = Command::new(env!("CARGO_BIN_EXE_terrane"))
            .args(["apply", "-auto-approve", "-no-color", "-lock-timeout=20m", &target])
            .current_dir(&own)
            .env_clear()
            .env("HOME", &own)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        running.push(process);
    }
    for process in running {
        let ran =
            tokio::task::spawn_blocking(|| process.wait_with_output().unwrap()).await.unwrap();
        let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        assert!(ran.status.success(), "{told}");
    }

    let snapshot = open("default").load().await.unwrap().snapshot.unwrap();
    assert_eq!(snapshot.objects.len(), MANY);
    assert!(snapshot.serial >= MANY as u64);
}

/// Gives settings as the text of a block with a label.
pub(crate) fn block(kind: &str, settings: &Json) -> String {
    let lines = settings.as_object().unwrap().iter();
    let lines: String = lines.map(|(name, value)| format!("    {name} = {value}\n")).collect();
    format!("\"{kind}\" {{\n{lines}  }}")
}
