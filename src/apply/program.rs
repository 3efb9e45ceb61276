//! One program that `local-exec` runs: how it is started, and what it prints.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::process::Command;

use crate::providers::World;
use crate::value::quote::quote;
use crate::value::{Kind, Value};

/// How many bytes of what a failed program has printed stand in the message.
const SHOWN: usize = 8 * 1024;

/// A program that is ready to run.
pub(super) struct Program {
    /// The command as written.
    pub(super) command: String,
    /// Why nothing of it must be shown, in words, where that is so.
    pub(super) secret: Option<&'static str>,
    /// The words that are started.
    words: Vec<String>,
    /// The folder as written, and where it is.
    folder: (String, PathBuf),
    environment: BTreeMap<String, String>,
    quiet: bool,
}

/// What came of it.
pub(super) type Run = Result<(), Failed>;

/// A program that failed.
pub(super) struct Failed {
    /// How.
    pub(super) why: String,
    /// The end of what it printed.
    pub(super) output: String,
}

impl Program {
    /// Makes it from a block's arguments.
    ///
    /// # Errors
    /// Summary and detail of what stands in the way.
    pub(super) fn new(value: &Value, world: &World) -> Result<Program, (&'static str, String)> {
        let marks = value.all_marks();
        let secret = match (marks.sensitive, marks.ephemeral) {
            (false, false) => None,
            (true, false) => Some("sensitive"),
            (false, true) => Some("ephemeral"),
            (true, true) => Some("sensitive, ephemeral"),
        };
        let value = value.without_marks();
        if !value.is_whole() {
            let detail = "A part of the provisioner's arguments is not known even now.".to_string();
            return Err(("Invalid local-exec provisioner command", detail));
        }
        let text = |name: &str| value.field(name).and_then(Value::as_str).map(str::to_string);
        let command = text("command").unwrap_or_default();
        if command.is_empty() {
            let detail = "The command must be a non-empty string.".to_string();
            return Err(("Invalid local-exec provisioner command", detail));
        }
        let mut words: Vec<String> = match value.field("interpreter").map(Value::kind) {
            Some(Kind::List(_, words)) => {
                words.iter().filter_map(Value::as_str).map(str::to_string).collect()
            }
            _ => Vec::new(),
        };
        if words.is_empty() {
            words = vec!["/bin/sh".to_string(), "-c".to_string()];
        }
        words.push(command.clone());
        let mut environment = (*world.environment).clone();
        if let Some(Kind::Map(_, more)) = value.field("environment").map(Value::kind) {
            let more = more
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), value.as_str()?.to_string())));
            environment.extend(more);
        }
        let written = text("working_dir").unwrap_or_default();
        let folder = (written.clone(), world.root.join(written));
        let quiet = value.field("quiet").and_then(Value::as_bool).unwrap_or(false);
        Ok(Program { command, secret, words, folder, environment, quiet })
    }

    /// Runs it to its end; tells each line that it prints.
    pub(super) async fn run(self, tell: &impl Fn(String)) -> Run {
        if self.quiet {
            tell("local-exec: Executing: Suppressed by quiet=true".to_string());
        } else {
            let words: Vec<String> = self.words.iter().map(|word| quote(word)).collect();
            tell(format!("Executing: [{}]", words.join(" ")));
        }
        let mut output = String::new();
        let ended = self.started(&mut output, tell).await;
        let why = match ended {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => told(status),
            Err(why) => why,
        };
        let mut cut = output.len().saturating_sub(SHOWN);
        while !output.is_char_boundary(cut) {
            cut += 1;
        }
        Err(Failed { why, output: output.split_off(cut) })
    }

    async fn started(
        &self,
        output: &mut String,
        tell: &impl Fn(String),
    ) -> Result<std::process::ExitStatus, String> {
        let (written, folder) = &self.folder;
        if !folder.is_dir() {
            return Err(format!("chdir {written}: no such file or directory"));
        }
        let system = |error: io::Error| error.to_string();
        // One pipe for both, so that lines come in the order in which they were printed.
        let (reader, writer) = io::pipe().map_err(system)?;
        let mut program = Command::new(&self.words[0]);
        program
            .args(&self.words[1..])
            .env_clear()
            .envs(&self.environment)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(system)?)
            .stderr(writer)
            .kill_on_drop(true);
        let started = program.spawn();
        // The program holds ends of the pipe: it must be gone before the pipe can end.
        drop(program);
        let mut child = started.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if self.words[0].contains('/') => {
                format!("fork/exec {}: no such file or directory", self.words[0])
            }
            io::ErrorKind::NotFound => {
                format!("exec: {}: executable file not found in $PATH", quote(&self.words[0]))
            }
            _ => format!("fork/exec {}: {error}", self.words[0]),
        })?;
        let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(system)?;
        let mut lines = BufReader::new(reader);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).await.map_err(system)? > 0 {
            let text = String::from_utf8_lossy(&line).into_owned();
            output.push_str(&text);
            tell(text.trim_end_matches(['\n', '\r']).to_string());
            line.clear();
        }
        child.wait().await.map_err(system)
    }
}

fn told(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(2)) => "signal: interrupt".to_string(),
        (None, Some(9)) => "signal: killed".to_string(),
        (None, Some(15)) => "signal: terminated".to_string(),
        (None, Some(signal)) => format!("signal: {signal}"),
        (None, None) => "it ended without a status".to_string(),
    }
}
