//! The `helm` program: where it is, which it is, and how it is run: with files of its own, and nobody's kubeconfig.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use crate::http::Clock;
use crate::providers::kubernetes::Reach;
use crate::providers::{ApiError, ApiErrorKind, World};

use super::secrets::Secrets;

/// The variable that names the program where it is not on the path.
pub(super) const VARIABLE: &str = "TERRANE_HELM";

/// Variables that would lead helm to another cluster, namespace or account than the block's.
const LEADING: &[&str] = &[
    "HELM_DEBUG",
    "HELM_DRIVER",
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBECONTEXT",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "HELM_KUBETLS_SERVER_NAME",
    "HELM_KUBETOKEN",
    "HELM_NAMESPACE",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
];

/// Most of what helm is asked is answered within so long.
const SOON: Duration = Duration::from_secs(1);

/// Between two looks so much time passes of the machine's, and so much of the run's: virtual time does not run away from a program
/// that lives in the machine's.
const A_WHILE: Duration = Duration::from_millis(30);
const STEP: Duration = Duration::from_millis(500);

/// A token is written anew so often while helm runs.
const FRESH: Duration = Duration::from_secs(240);

/// The program.
#[derive(Clone, Debug)]
pub(super) struct Helm {
    path: PathBuf,
    /// 3 or 4.
    pub major: u32,
}

/// What a run of helm is given.
pub(super) struct Run<'a> {
    /// The words after the program's name.
    pub words: Vec<String>,
    /// Its private folder.
    pub folder: &'a Private,
    /// The cluster, where it needs one.
    pub reach: Option<&'a Reach>,
    /// What must not be shown of what it says.
    pub secrets: &'a Secrets,
    /// Told how long it has been running.
    pub tell: &'a (dyn Fn(Duration) + Sync),
}

/// What helm has said.
pub(super) struct Said {
    /// On its standard output.
    pub out: String,
    /// How it failed, where it did: without its first word.
    pub failure: Option<String>,
}

impl Helm {
    /// Finds the program and asks which it is.
    ///
    /// # Errors
    /// There is none, or one that is not known here.
    pub(super) async fn find(world: &World) -> Result<Helm, ApiError> {
        let Some(path) = found(&world.environment) else { return Err(missing(&world.environment)) };
        let mut program = Command::new(&path);
        program.args(["version", "--template", "{{.Version}}"]);
        program.env_clear().envs(&*world.environment).env_remove("KUBECONFIG");
        let output = program.stdin(Stdio::null()).kill_on_drop(true).output().await;
        let output = output.map_err(|error| unusable(&path, &error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
        let major = text.strip_prefix('v').and_then(|text| text.split('.').next());
        match major.and_then(|major| major.parse().ok()) {
            Some(major @ (3 | 4)) => Ok(Helm { path, major }),
            Some(2) => {
                Err(unusable(&path, &format!("it is {text}, which needs a Tiller in the cluster")))
            }
            _ => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = if text.is_empty() { said.trim().to_string() } else { text };
                Err(unusable(&path, &format!("asked for its version it says \"{said}\"")))
            }
        }
    }

    /// Runs it to its end. Virtual time goes on meanwhile, as what helm waits for happens in it.
    ///
    /// # Errors
    /// It cannot be run.
    pub(super) async fn run(&self, run: Run<'_>, world: &World) -> Result<Said, ApiError> {
        let mut program = Command::new(&self.path);
        program.args(&run.words).current_dir(&world.root).env_clear().envs(&*world.environment);
        LEADING.iter().for_each(|name| {
            program.env_remove(name);
        });
        program.envs(&run.folder.variables);
        // What stops this program by the terminal is not to stop helm half way.
        program.process_group(0).stdin(Stdio::null()).kill_on_drop(true);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.awaited(program, &run, world.clock.as_ref()).await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let failure = (!output.status.success()).then(|| {
            let said = text(&output.stderr);
            run.secrets.hide(&told(&said))
        });
        Ok(Said { out: text(&output.stdout), failure })
    }

    /// Waits for its end; keeps the token fresh, and tells how long it takes.
    async fn awaited(
        &self,
        mut program: Command,
        run: &Run<'_>,
        clock: &dyn Clock,
    ) -> Result<std::process::Output, ApiError> {
        let mut ended = Box::pin(async move { program.spawn()?.wait_with_output().await });
        let start = clock.now();
        let (mut renewed, mut patience) = (start, SOON);
        loop {
            // A sleep is never broken off: the clock counts who is at work.
            if let Ok(output) = tokio::time::timeout(patience, ended.as_mut()).await {
                return output.map_err(|error| unusable(&self.path, &error.to_string()));
            }
            patience = A_WHILE;
            clock.sleep(STEP).await;
            let now = clock.now();
            (run.tell)(now.duration_since(start).unsigned_abs());
            let old = now.duration_since(renewed).unsigned_abs() > FRESH;
            if let Some(reach) = run.reach.filter(|_| old) {
                reach.write_token(&run.folder.path().join("token")).await?;
                renewed = now;
            }
        }
    }
}

/// Gives what helm says of a failure: warnings and the first word are left out.
fn told(stderr: &str) -> String {
    let lines = stderr.lines().filter(|line| {
        let line = line.trim_start();
        !(line.is_empty()
            || line.starts_with("WARNING")
            || line.starts_with("level=WARN")
            || line.starts_with("I0"))
    });
    let text: Vec<&str> = lines.collect();
    let start = text.iter().position(|line| line.starts_with("Error: ")).unwrap_or_default();
    let text = text[start.min(text.len())..].join("\n");
    text.strip_prefix("Error: ").unwrap_or(&text).trim().to_string()
}

/// Looks for the program: where the variable says, else on the path.
fn found(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    if let Some(named) = environment.get(VARIABLE).filter(|named| !named.is_empty()) {
        let path = PathBuf::from(named);
        return path.is_file().then_some(path);
    }
    let folders = environment.get("PATH")?;
    std::env::split_paths(folders).map(|folder| folder.join("helm")).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn missing(environment: &BTreeMap<String, String>) -> ApiError {
    let detail = match environment.get(VARIABLE).filter(|named| !named.is_empty()) {
        Some(named) => format!("{VARIABLE} names \"{named}\", and there is no such file."),
        None => "Charts are rendered and installed by the `helm` program, and there is none on the PATH.".into(),
    };
    ApiError::new(ApiErrorKind::Invalid, "No helm program", detail)
        .help(format!(
            "Install Helm 3 or 4 (https://helm.sh/docs/intro/install), or name its file by {VARIABLE}."
        ))
        .root("helm")
}

fn unusable(path: &Path, why: &str) -> ApiError {
    let detail = format!("`{}` cannot be used: {why}.", path.display());
    ApiError::new(ApiErrorKind::Invalid, "Helm cannot be used", detail)
        .help(format!("Helm 3 or 4 is needed; {VARIABLE} can name another program."))
        .root("helm")
}

/// A folder of one run that is its owner's alone, and what helm is told of it. It goes when the run ends.
pub(super) struct Private {
    folder: TempDir,
    /// The variables that helm is given.
    pub(super) variables: BTreeMap<String, String>,
}

impl Private {
    /// Makes one.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn new(world: &World) -> Result<Private, ApiError> {
        let folder =
            tempfile::Builder::new().prefix("terrane-helm-").tempdir().map_err(unwritten)?;
        let variable = |name: &str| world.environment.get(name).cloned();
        let home = |rest: &str| world.home.as_ref().map(|home| home.join(rest));
        let inside = |name: &str| folder.path().join(name);
        let cache = variable("HELM_CACHE_HOME").map(PathBuf::from);
        let cache =
            cache.or_else(|| variable("XDG_CACHE_HOME").map(|it| Path::new(&it).join("helm")));
        let cache = cache.or_else(|| home(".cache/helm")).unwrap_or_else(|| inside("cache"));
        let usual = |name: &str, base: &str, place: &str| {
            let below = variable(base).map(|it| Path::new(&it).join("helm").join(place));
            let own = variable(name).map(PathBuf::from).or(below);
            own.or_else(|| {
                home(&format!(
                    ".{}/helm/{place}",
                    if base == "XDG_DATA_HOME" { "local/share" } else { "config" }
                ))
            })
        };
        let mut variables = BTreeMap::new();
        let mut put = |name: &str, path: Option<PathBuf>| {
            if let Some(path) = path {
                variables.insert(name.to_string(), path.display().to_string());
            }
        };
        put("HELM_CACHE_HOME", Some(cache));
        put("HELM_CONFIG_HOME", Some(inside("config")));
        put("HELM_DATA_HOME", Some(inside("data")));
        put("HELM_PLUGINS", usual("HELM_PLUGINS", "XDG_DATA_HOME", "plugins"));
        put(
            "HELM_REPOSITORY_CONFIG",
            usual("HELM_REPOSITORY_CONFIG", "XDG_CONFIG_HOME", "repositories.yaml"),
        );
        put(
            "HELM_REGISTRY_CONFIG",
            usual("HELM_REGISTRY_CONFIG", "XDG_CONFIG_HOME", "registry/config.json"),
        );
        put("KUBECONFIG", Some(inside("kubeconfig")));
        Ok(Private { folder, variables })
    }

    /// Gives the folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into it and gives its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<String, ApiError> {
        let path = self.path().join(name);
        crate::providers::kubernetes::private(&path, text).map_err(unwritten)?;
        Ok(path.display().to_string())
    }
}

fn unwritten(error: std::io::Error) -> ApiError {
    let detail = format!("The files that helm is given cannot be written: {error}.");
    ApiError::new(ApiErrorKind::Internal, "Cannot write a private file", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_helm_says_the_failure_is_told() {
        let said = "WARNING: Kubernetes configuration file is group-readable\nError: INSTALLATION FAILED: x\n  y\n";

        assert_eq!(told(said), "INSTALLATION FAILED: x\n  y");
    }

    #[test]
    fn a_variable_names_the_program_and_else_the_path_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("helm");
        fs::write(&path, "").expect("it is written");
        let text = |path: &Path| path.display().to_string();
        let environment = |name: &str, value: String| BTreeMap::from([(name.to_string(), value)]);

        let by_variable = found(&environment(VARIABLE, text(&path)));
        let not_to_be_run = found(&environment("PATH", text(folder.path())));

        assert_eq!(by_variable, Some(path));
        assert_eq!(not_to_be_run, None);
    }
}
