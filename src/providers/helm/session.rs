//! A session with one cluster's releases. Without a cluster charts are rendered all the same.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;

use crate::http::pace;
use crate::providers::kubernetes::{NO_CLUSTER, Reach};
use crate::providers::{
    Action, ApiError, ApiErrorKind, Deed, Desk, Failure, Found, Observed, Preview, Proposed,
    Session, Wanted, World, whose,
};
use crate::state::Broken;
use crate::value::Value;

use super::claims;
use super::program::{Helm, Private, Run};
use super::record::{Record, latest, secret};
use super::release::{Memory, metadata_of, observed};
use super::secrets::Secrets;
use super::values::Values;
use super::words::{Asking, Verb, flag, namespace, text};

/// A configured Helm provider.
pub(super) struct HelmSession {
    /// The provider's block.
    pub(super) config: Value,
    /// The machine.
    pub(super) world: World,
    /// The cluster; none where it does not exist yet, or is not named.
    pub(super) reach: Option<Reach>,
    /// The cluster is known later.
    pub(super) later: bool,
    helm: OnceCell<Helm>,
}

/// Where the releases of a provider's block are.
pub(super) enum Place {
    /// In a cluster.
    Cluster(Box<Reach>),
    /// In one that is not known yet.
    Later,
    /// Nowhere: the block names no cluster.
    None,
}

impl HelmSession {
    /// Makes one; nothing is run or sent before it is needed.
    pub(super) fn new(config: &Value, world: &World, place: Place) -> HelmSession {
        let (config, world) = (config.without_marks(), world.clone());
        let later = matches!(place, Place::Later);
        let reach = match place {
            Place::Cluster(reach) => Some(*reach),
            Place::Later | Place::None => None,
        };
        HelmSession { config, world, reach, later, helm: OnceCell::new() }
    }

    /// Gives the program.
    pub(super) async fn helm(&self) -> Result<&Helm, ApiError> {
        self.helm.get_or_try_init(|| Helm::find(&self.world)).await
    }

    /// Makes the private folder of a run, with the way into the cluster in it.
    pub(super) async fn folder(&self) -> Result<Private, ApiError> {
        let folder = Private::new(&self.world)?;
        if let Some(reach) = &self.reach {
            reach.write_kubeconfig(folder.path()).await?;
        }
        Ok(folder)
    }

    /// Runs helm with a release's arguments.
    pub(super) async fn run(
        &self,
        config: &Value,
        values: &Values,
        verb: Verb,
        more: &[&str],
        tell: &(dyn Fn(Duration) + Sync),
    ) -> Result<super::program::Said, ApiError> {
        let helm = self.helm().await?;
        let mut folder = self.folder().await?;
        let asking = Asking { config, provider: &self.config, folder: &folder, major: helm.major };
        let mut words = asking.words(verb, values)?;
        let secrets = self.secrets(config, values);
        if let Some(said) = self.logged_in(config, &mut folder, &secrets).await? {
            return Ok(said);
        }
        words.extend(more.iter().map(ToString::to_string));
        self.started(helm, words, &folder, &secrets, tell).await
    }

    /// Lets helm know the logins of a release's chart, and what its repository has; gives what helm says where that fails.
    pub(super) async fn logged_in(
        &self,
        config: &Value,
        folder: &mut Private,
        secrets: &Secrets,
    ) -> Result<Option<super::program::Said>, ApiError> {
        let helm = self.helm().await?;
        let asking = Asking { config, provider: &self.config, folder, major: helm.major };
        let (logins, has_login) = (asking.logins()?, asking.has_login());
        folder.variables.extend(logins);
        if !has_login {
            return Ok(None);
        }
        let words = ["repo", "update", super::words::REPOSITORY].map(String::from).to_vec();
        let mut said = self.started(helm, words, folder, secrets, &super::render::quiet).await?;
        let index = format!("repository/{}-index.yaml", super::words::REPOSITORY);
        // Helm 3 only says that it failed, and goes on; helm 4 says the reason beside its error.
        if said.failure.is_some() || !folder.path().join(index).exists() {
            let lines = said.out.lines().map(str::trim);
            let why = lines.skip_while(|line| !line.contains("Unable"));
            let why = why.take_while(|line| !line.starts_with("Update Complete"));
            let why: Vec<&str> = why.map(|line| line.trim_matches('.')).collect();
            let told = said.failure.take().filter(|_| why.is_empty());
            let silent = || "the repository gave no index".to_string();
            let why = Some(why.join(" ")).filter(|why| !why.is_empty());
            said.failure = told.or(why).or_else(|| Some(silent()));
        }
        Ok(said.failure.is_some().then_some(said))
    }

    pub(super) async fn started(
        &self,
        helm: &Helm,
        words: Vec<String>,
        folder: &Private,
        secrets: &Secrets,
        tell: &(dyn Fn(Duration) + Sync),
    ) -> Result<super::program::Said, ApiError> {
        let run = Run { words, folder, reach: self.reach.as_ref(), secrets, tell };
        helm.run(run, &self.world).await
    }

    /// Gives what must not be shown of what helm says.
    pub(super) fn secrets(&self, config: &Value, values: &Values) -> Secrets {
        let mut secrets = values.secrets.clone();
        if let Some(password) = text(config, "repository_password") {
            secrets.add(password);
        }
        secrets
    }

    /// Gives the last revision of a release, where there is one.
    pub(super) async fn record(&self, config: &Value) -> Result<Option<Record>, ApiError> {
        let Some(reach) = &self.reach else { return Err(no_cluster()) };
        let name = text(config, "name").unwrap_or_default();
        let mut found = latest(reach, &namespace(config), &[name]).await?;
        Ok(found.remove(name))
    }

    /// Looks at a release and its objects.
    async fn look(&self, wanted: &Wanted, record: &Record) -> Result<Observed, ApiError> {
        let memory = Memory::read(&wanted.private);
        let values = Values::of(&wanted.value).unwrap_or_default().and_unkept(&memory.unkept);
        let there = match &self.reach {
            Some(reach) => reach.as_there(&record.manifests, &record.namespace).await?,
            None => record.manifests.iter().cloned().map(Some).collect(),
        };
        let imported = memory.imported || wanted.value.field("chart").is_none_or(Value::is_null);
        Ok(observed(&wanted.value, record, &there, &values, imported))
    }

    async fn read_namespace(&self, namespace: &str, wanted: &[&Wanted]) -> Vec<Answer> {
        let Some(reach) = &self.reach else {
            return wanted.iter().map(|_| Err(no_cluster())).collect();
        };
        let names: Vec<&str> =
            wanted.iter().filter_map(|wanted| text(&wanted.value, "name")).collect();
        let records = match latest(reach, namespace, &names).await {
            Ok(records) => records,
            Err(error) => return wanted.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut answers = Vec::with_capacity(wanted.len());
        for one in wanted {
            let record = text(&one.value, "name").and_then(|name| records.get(name));
            answers.push(match record.filter(|record| record.status != "uninstalled") {
                Some(record) => self.look(one, record).await.map(Some),
                None => Ok(None),
            });
        }
        answers
    }

    /// Does what an action says.
    async fn deed(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        match &action.deed {
            Deed::Create { planned, config } => self.create(planned, config, desk).await.map(Some),
            Deed::Update { planned, config, .. } => {
                self.update(planned, config, &action.private, desk).await.map(Some)
            }
            Deed::Delete { prior } => {
                self.remove(prior, desk).await?;
                if let Some(reach) = self.reach.as_ref().filter(|_| action.cleared) {
                    claims::cleared(reach, prior, desk).await?;
                }
                Ok(None)
            }
        }
    }

    /// Says with a release that it is of this cluster: one that is made or taken in, and one that said so before.
    fn whose(&self, found: Observed, before: &[u8]) -> Observed {
        match before.is_empty() || whose::mark(before).is_some() {
            true => {
                let private = whose::marked(found.private, self.identity().as_ref());
                Observed { private, ..found }
            }
            false => found,
        }
    }

    /// Gives the values of a release.
    pub(super) fn values(&self, config: &Value) -> Result<Values, ApiError> {
        Values::of(config).map_err(|problem| {
            let mut error = ApiError::new(ApiErrorKind::Invalid, problem.summary, problem.detail);
            error.path = Some(problem.path);
            error.help = problem.help;
            error
        })
    }

    /// Gives the values of a release that is there: what it was given before and keeps stays as secret as it was.
    pub(super) fn values_over(&self, config: &Value, private: &[u8]) -> Result<Values, ApiError> {
        let values = self.values(config)?;
        Ok(match flag(config, "reuse_values") {
            true => values.and_unkept(&Memory::read(private).unkept),
            false => values,
        })
    }

    /// Installs or upgrades, and gives the release as it is then.
    async fn make(
        &self,
        config: &Value,
        planned: &Value,
        (verb, back): (Verb, bool),
        private: &[u8],
        desk: &dyn Desk,
    ) -> Result<Observed, Failure> {
        let values = self.values_over(config, private)?;
        let (name, place) = (text(config, "name").unwrap_or_default(), namespace(config));
        // Helm is looked for before anything is said to be begun.
        let helm = self.helm().await?;
        let word = if verb == Verb::Install { "install" } else { "upgrade" };
        let identity = json!({ "namespace": place, "name": name });
        let call =
            desk.intent(&format!("helm {word} {name} --namespace {place}"), identity).await?;
        let note = |so_far: Duration| {
            if so_far.as_millis().is_multiple_of(10_000) {
                desk.note(&format!("helm {word}"));
            }
        };
        let mut more = vec!["--output", "json"];
        // What somebody else has set is set back where the plan has shown that.
        if back && helm.major >= 4 {
            more.push("--force-conflicts");
        }
        let said = self.run(config, &values, verb, &more, &note).await;
        let outcome = match &said {
            Ok(said) if said.failure.is_none() => "done",
            Ok(_) => "failed",
            Err(error) => &error.summary,
        };
        desk.answer(call, outcome).await;
        let record = self.record(config).await;
        let failure = match said {
            Ok(said) => said.failure,
            Err(error) => return Err(error.into()),
        };
        if let Some(why) = failure {
            let record = record.ok().flatten();
            return Err(self.failed(config, planned, verb, &why, record.as_ref(), &values).await);
        }
        let record = record?.ok_or_else(|| vanished(name, &place))?;
        Ok(self.found(planned, &record, &values))
    }

    /// Gives a release as it was just made.
    fn found(&self, planned: &Value, record: &Record, values: &Values) -> Observed {
        let there: Vec<Option<Json>> = record.manifests.iter().cloned().map(Some).collect();
        observed(&settled(planned, record), record, &there, values, false)
    }

    async fn failed(
        &self,
        config: &Value,
        planned: &Value,
        verb: Verb,
        why: &str,
        record: Option<&Record>,
        values: &Values,
    ) -> Failure {
        let name = text(config, "name").unwrap_or_default();
        let action = if verb == Verb::Install { "installed" } else { "upgraded" };
        let late = ["timed out", "deadline exceeded", "context deadline", "not ready"];
        let late = late.iter().any(|words| why.contains(words));
        let kind = match why {
            _ if why.contains("cannot re-use a name") => ApiErrorKind::Conflict,
            _ if late => ApiErrorKind::Timeout,
            _ => ApiErrorKind::Failed,
        };
        let mut detail = format!("Release \"{name}\" could not be {action}. Helm says: {why}");
        let mut help = Vec::new();
        if let (Some(reach), Some(record), true) = (&self.reach, record, late) {
            let all: Vec<Json> = record.manifests.iter().chain(&record.hooks).cloned().collect();
            let (findings, remedies) = reach.unready(&all, &record.namespace).await;
            for finding in findings {
                detail += &format!("\n- {}", values.secrets.hide(&finding));
            }
            help.extend(remedies);
        }
        let mut error = ApiError::new(kind, "Helm release failed", detail);
        error.help = help;
        if why.contains("conflict") && why.contains("Apply failed") {
            error = error.help(
                "Somebody else has set these fields. Where the plan shows that they differ, the next apply sets them back; \
                 else leave them out of the chart, or take them over with `kubectl apply --server-side --force-conflicts`.",
            );
        }
        if let Some(record) = record.filter(|it| verb == Verb::Upgrade && it.status == "failed") {
            error = error.help(format!(
                "Revision {} of the release is \"failed\": the next plan shows that, and the next apply upgrades it again.",
                record.revision
            ));
        }
        let partial = record.filter(|_| verb != Verb::Upgrade && kind != ApiErrorKind::Conflict);
        match partial {
            Some(record) => {
                error = error.help(
                    "What was made of it is in the state as tainted: the next apply removes it and installs it anew.",
                );
                let partial = Some(self.found(planned, record, values));
                Failure { error, partial }
            }
            None => Failure { error, partial: None },
        }
    }

    async fn create(
        &self,
        planned: &Value,
        config: &Value,
        desk: &dyn Desk,
    ) -> Result<Observed, Failure> {
        let takes = flag(config, "upgrade_install");
        let there = self.record(config).await?;
        let verb = match there {
            None => Verb::Install,
            Some(_) if takes => Verb::UpgradeOrInstall,
            Some(record) if record.status == "uninstalled" && flag(config, "replace") => {
                Verb::Install
            }
            Some(record) => return Err(in_the_way(&record).into()),
        };
        self.make(&with_defaults(config), planned, (verb, false), &[], desk).await
    }

    async fn update(
        &self,
        planned: &Value,
        config: &Value,
        private: &[u8],
        desk: &dyn Desk,
    ) -> Result<Observed, Failure> {
        if let (Some(record), Some(reach)) = (self.record(config).await?, &self.reach)
            && record.is_pending()
        {
            self.free(&record, config, reach, desk).await?;
        }
        let back = !Memory::read(private).meant.is_empty();
        self.make(&with_defaults(config), planned, (Verb::Upgrade, back), private, desk).await
    }

    /// Takes away the mark of a run of helm that was broken off: helm itself would refuse for ever.
    async fn free(
        &self,
        record: &Record,
        config: &Value,
        reach: &Reach,
        desk: &dyn Desk,
    ) -> Result<(), ApiError> {
        let seconds = config.field("timeout").and_then(Value::as_i64).unwrap_or(300);
        let age = record.made.map(|made| self.world.clock.now().duration_since(made).as_secs());
        if age.is_some_and(|age| age < seconds) {
            let detail = format!(
                "Revision {} of release \"{}\" is {}: helm is at work on it, or was broken off, since {}.",
                record.revision,
                record.name,
                record.status,
                record.made.map(|made| made.to_string()).unwrap_or_default()
            );
            return Err(ApiError::new(ApiErrorKind::Conflict, "Release is being changed", detail).help(
                format!("Wait until it is done; after {seconds} seconds (`timeout`) it counts as broken off."),
            ));
        }
        let identity = json!({ "namespace": record.namespace, "name": record.name });
        let call = desk.intent(&format!("DELETE {}", record.path()), identity).await?;
        let outcome = reach.delete(&record.path()).await;
        desk.answer(call, if outcome.is_ok() { "deleted" } else { "refused" }).await;
        outcome
    }

    async fn remove(&self, prior: &Value, desk: &dyn Desk) -> Result<(), ApiError> {
        let Some(record) = self.record(prior).await? else { return Ok(()) };
        let helm = self.helm().await?;
        let folder = self.folder().await?;
        let Record { name, namespace, .. } = &record;
        let identity = json!({ "namespace": namespace, "name": name });
        let request = format!("helm uninstall {name} --namespace {namespace}");
        let seconds = prior.field("timeout").and_then(Value::as_i64).unwrap_or(300);
        let mut words: Vec<String> =
            ["uninstall", name, "--namespace", namespace, "--timeout"].map(String::from).to_vec();
        words.push(format!("{seconds}s"));
        if prior.field("wait").and_then(Value::as_bool).unwrap_or(true) {
            words.push("--wait".into());
        }
        if flag(prior, "disable_webhooks") {
            words.push("--no-hooks".into());
        }
        let values = Values::of(prior).unwrap_or_default();
        let call = desk.intent(&request, identity).await?;
        let note = |_: Duration| {};
        let said = self.started(helm, words, &folder, &values.secrets, &note).await;
        let failure = said.as_ref().map(|said| said.failure.clone());
        let outcome = match &failure {
            Ok(None) => "uninstalled",
            Ok(Some(_)) => "failed",
            Err(error) => &error.summary,
        };
        desk.answer(call, outcome).await;
        match failure.map_err(Clone::clone)? {
            None => Ok(()),
            Some(why) if why.contains("not found") => Ok(()),
            Some(why) => {
                let detail =
                    format!("Release \"{name}\" could not be uninstalled. Helm says: {why}");
                Err(ApiError::new(ApiErrorKind::Failed, "Helm release failed", detail))
            }
        }
    }

    /// Waits while helm, which outlives a run that is killed, is at work on a release.
    async fn rested(
        &self,
        wanted: &Wanted,
        since: Timestamp,
        desk: &dyn Desk,
    ) -> Result<Option<Record>, ApiError> {
        let seconds = wanted.value.field("timeout").and_then(Value::as_i64).unwrap_or(300);
        loop {
            let record = self.record(&wanted.value).await?;
            let waited = desk.clock().now().duration_since(since).as_secs();
            if waited > seconds || record.as_ref().is_none_or(|record| !record.is_pending()) {
                return Ok(record);
            }
            desk.note("waiting for helm, which the run before this one started");
            desk.clock().sleep(Duration::from_secs(5)).await;
        }
    }
}

type Answer = Result<Option<Observed>, ApiError>;

/// Gives what a chart is asked for by where nothing is said: as the schema has it.
pub(super) fn with_defaults(config: &Value) -> Value {
    let schema = super::schema::release();
    schema.fields.iter().fold(config.clone(), |config, (name, field)| match &field.default {
        Some(default) if config.field(name).is_none_or(Value::is_null) => {
            config.with_field(name, default.clone())
        }
        _ => config,
    })
}

/// Gives a planned release with what only its making tells.
fn settled(planned: &Value, record: &Record) -> Value {
    let version = planned.field("version").is_some_and(|version| !version.is_known());
    let planned = match version {
        true => planned.with_field("version", Value::string(&record.version)),
        false => planned.clone(),
    };
    match planned.field("manifest").is_some_and(|manifest| !manifest.is_known()) {
        true => planned.with_field("manifest", Value::string("")),
        false => planned,
    }
}

pub(super) fn no_cluster() -> ApiError {
    let detail = "The block `kubernetes` of provider \"helm\" has neither `host` nor `config_path`, so there is no cluster \
                  to install anything in. A default like localhost is never assumed.";
    ApiError::new(ApiErrorKind::Invalid, NO_CLUSTER, detail).help(
        "Set `host`, `cluster_ca_certificate` and `token` in it from a `google_container_cluster`, or `config_path` \
         (or KUBE_CONFIG_PATH) to a kubeconfig file.",
    )
}

fn vanished(name: &str, namespace: &str) -> ApiError {
    let detail = format!(
        "Helm says that release \"{name}\" is made, and namespace \"{namespace}\" has no Secret of it."
    );
    ApiError::new(ApiErrorKind::Internal, "Release not found", detail)
}

/// Says that a release of the name is there that is not ours.
fn in_the_way(record: &Record) -> ApiError {
    let Record { name, namespace, revision, status, .. } = record;
    let detail = format!(
        "Release \"{name}\" exists already in namespace \"{namespace}\": revision {revision} is {status} (Secret \"{}\").",
        secret(name, *revision)
    );
    let error = ApiError::new(ApiErrorKind::Conflict, "The release exists already", detail);
    match status.as_str() {
        "uninstalled" => error.help("`replace = true` uses the name again."),
        _ => error.help(format!(
            "To take it over, import it: `terrane import ADDRESS {namespace}/{name}`, or set `upgrade_install = true`."
        )),
    }
}

#[async_trait]
impl Session for HelmSession {
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>> {
        if let Some(reach) = &self.reach {
            reach.recognise().await;
        }
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut answers: Vec<Option<Answer>> = wanted.iter().map(|_| None).collect();
        let here = self.identity();
        for (place, one) in wanted.iter().enumerate() {
            match whose::elsewhere(&one.private, here.as_ref()) {
                Ok(()) => groups.entry(namespace(&one.value)).or_default().push(place),
                Err(error) => answers[place] = Some(Err(error)),
            }
        }
        let mut reads: Vec<futures::future::BoxFuture<'_, (Vec<usize>, Vec<Answer>)>> = Vec::new();
        for (namespace, places) in groups {
            reads.push(Box::pin(async move {
                let group: Vec<&Wanted> = places.iter().map(|place| &wanted[*place]).collect();
                let answers = self.read_namespace(&namespace, &group).await;
                (places, answers)
            }));
        }
        for (places, found) in pace::all(&self.world.pace, reads).await {
            for (place, answer) in places.into_iter().zip(found) {
                answers[place] = Some(answer);
            }
        }
        let all = answers.into_iter().zip(wanted);
        all.map(|(answer, wanted)| {
            let answer = answer.expect("each wanted release is in one namespace");
            answer.map(|found| found.map(|found| self.whose(found, &wanted.private)))
        })
        .collect()
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        match type_name {
            super::TEMPLATE => self.template(config).await,
            _ => {
                let detail = format!("The Helm provider has no data source \"{type_name}\".");
                Err(ApiError::new(ApiErrorKind::Invalid, "Unknown data source", detail))
            }
        }
    }

    fn previews(&self) -> bool {
        true
    }

    async fn preview(&self, proposed: &[Proposed]) -> Vec<Preview> {
        // Helm takes a processor for itself: one after the other.
        let mut previews = Vec::with_capacity(proposed.len());
        for one in proposed {
            previews.push(self.preview_one(one).await);
        }
        previews
    }

    async fn find(
        &self,
        wanted: &Wanted,
        broken: &Broken,
        desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        let since = broken.since;
        let Some(record) = self.rested(wanted, since, desk).await? else {
            return Ok(Found::default());
        };
        let object = self.whose(self.look(wanted, &record).await?, &[]);
        let values = self.values(&wanted.value)?;
        let told = metadata_of(&record, &values)
            .field("values")
            .and_then(|it| it.as_str().map(String::from));
        let complete =
            record.status == "deployed" && told.as_deref() == Some(&values.shown(&values.whole));
        let ours = record.made.is_some_and(|made| made.as_second() >= since.as_second());
        Ok(Found { object: Some(object), complete, ours, strays: Vec::new() })
    }

    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure> {
        if let Some(reach) = &self.reach {
            reach.recognise().await;
        }
        whose::elsewhere(&action.private, self.identity().as_ref())?;
        whose::moved(&action.met, self.identity().as_ref())?;
        match self.deed(action, desk).await {
            Ok(made) => Ok(made.map(|made| self.whose(made, &[]))),
            Err(failure) => {
                let partial = failure.partial.map(|made| self.whose(made, &[]));
                Err(Failure { partial, ..failure })
            }
        }
    }

    fn identity(&self) -> Option<Json> {
        self.reach.as_ref().and_then(Reach::identity)
    }
}
