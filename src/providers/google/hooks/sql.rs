//! Cloud SQL: instances, whose changes are calls in a fixed order, and users, whose passwords are never told.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::equal::is_zero;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::json::{self, drop_nulls};
use crate::providers::rest::plan::Draft;
use crate::providers::rest::template::{escape, first_block, text, text_at, with_first_block};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiError, Deed, Failure, Problem};
use crate::value::json::to_json;
use crate::value::{Path, Type, Value};

use super::sql_steps::{Step, steps};

/// `google_sql_database_instance`.
pub struct Instance;

/// `google_sql_user`.
pub struct User;

/// What a plan knows of an instance's disk, network and version beyond the attributes.
fn settle_settings(draft: &mut Draft<'_>, prior: &Value) {
    let (Some(old), Some(new)) =
        (first_block(prior, "settings"), first_block(&draft.after, "settings"))
    else {
        return;
    };
    let mut new = new.clone();
    let here = |name: &str| Path::root().attribute("settings").place(0).attribute(name);
    let size = |value: &Value| value.field("disk_size").and_then(Value::as_i64);
    if let (Some(stands), Some(wanted)) = (size(old), size(&new))
        && wanted < stands
    {
        // A disk that grows by itself is as large as it must be; no disk shrinks.
        if new.field("disk_autoresize").and_then(Value::as_bool) == Some(true) {
            new = new.with_field("disk_size", Value::number(stands));
        } else {
            draft.replaces.push(here("disk_size"));
        }
    }
    let network = |value: &Value| {
        first_block(value, "ip_configuration")
            .map(|ip| text(ip, "private_network"))
            .unwrap_or_default()
    };
    let known = first_block(&new, "ip_configuration").is_none_or(Value::is_whole);
    if known && !network(old).is_empty() && network(&new).is_empty() {
        let at = here("ip_configuration").place(0).attribute("private_network");
        draft.replaces.push(at);
    }
    if &new != old {
        if new.field("availability_type") != old.field("availability_type") {
            let unknown = Value::unknown_not_null(Type::String);
            new = new.with_field("effective_availability_type", unknown);
        }
        new = new.with_field("version", Value::unknown_not_null(Type::Number));
    }
    draft.after = with_first_block(&draft.after, "settings", new);
}

impl Instance {
    /// Gives a name to an instance that has none: names are not free again for a week.
    fn named(job: &Job<'_>, planned: &Value) -> Value {
        if text_at(planned, "name").is_some() {
            return planned.clone();
        }
        let now = job.desk.clock().now().as_microsecond();
        let address = job.action.address.to_string();
        let sum = address
            .bytes()
            .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        planned.with_field("name", Value::string(format!("terraform-{now}-{sum:08x}")))
    }

    /// The password that only the configuration has.
    fn password(job: &Job<'_>, planned: &Value) -> Option<String> {
        let config = match &job.action.deed {
            Deed::Create { config, .. } | Deed::Update { config, .. } => Some(config),
            Deed::Delete { .. } => None,
        };
        let written =
            config.and_then(|config| text_at(&config.without_marks(), "root_password_wo"));
        text_at(planned, "root_password").or(written)
    }

    fn path(value: &Value) -> String {
        let escaped = |name: &str| escape(&text(value, name), false);
        format!("projects/{}/instances/{}", escaped("project"), escaped("name"))
    }

    /// Takes away the administrator that everybody can be: a new MySQL has `root` from any host, without a password.
    async fn without_root(job: &Job<'_>, value: &Value) -> Result<(), ApiError> {
        let primary = text_at(value, "master_instance_name").is_none();
        let policy = first_block(value, "settings").map(|it| text(it, "activation_policy"));
        // While it does not run, nobody can come in, and its users cannot be looked at.
        let runs = policy.is_none_or(|policy| policy.is_empty() || policy == "ALWAYS");
        if !primary || !runs || !text(value, "database_version").starts_with("MYSQL") {
            return Ok(());
        }
        let path = format!("{}/users", Instance::path(value));
        let ask = Ask::get(&job.spec.service, path.clone(), job.what("listing the users of"));
        let users = job.session.api.list(&ask, "items").await?;
        if !users.iter().any(|user| user["name"] == "root" && user["host"] == "%") {
            return Ok(());
        }
        let path = format!("{path}?host=%25&name=root");
        let ask = Ask::get(&job.spec.service, path, job.what("removing the user root@% of"));
        let ask = Ask { method: Method::DELETE, ..ask };
        let until = job.until("create", value);
        match job.send(&ask, value, until).await {
            Ok(answer) => job.wait(answer, value, until).await.map(drop),
            Err(refused) if refused.is_not_found() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Makes a copy of another instance, or what it was at a time.
    async fn copied(
        job: &Job<'_>,
        planned: &Value,
        until: jiff::Timestamp,
    ) -> Result<Json, Failure> {
        let project = escape(&text(planned, "project"), false);
        let member = |from: &Value, name: &str| from.field(name).map(to_json).unwrap_or_default();
        let (path, body) = if let Some(from) = first_block(planned, "clone") {
            let of = text_at(from, "source_project").map_or(project, |it| escape(&it, false));
            let mut context = json!({ "destinationInstanceName": text(planned, "name") });
            for (to, name) in [
                ("allocatedIpRange", "allocated_ip_range"),
                ("databaseNames", "database_names"),
                ("pointInTime", "point_in_time"),
                ("preferredZone", "preferred_zone"),
                ("sourceInstanceDeletionTime", "source_instance_deletion_time"),
            ] {
                context[to] = member(from, name);
            }
            if of != escape(&text(planned, "project"), false) {
                context["destinationProject"] = text(planned, "project").into();
            }
            let source = escape(&text(from, "source_instance_name"), false);
            let body = json!({ "cloneContext": without_nulls(context) });
            (format!("projects/{of}/instances/{source}/clone"), body)
        } else {
            let none = Value::object(std::iter::empty::<(&str, Value)>());
            let from = first_block(planned, "point_in_time_restore_context").unwrap_or(&none);
            let target = text_at(from, "target_instance").unwrap_or_else(|| text(planned, "name"));
            let mut context = json!({ "targetInstance": target });
            for (to, name) in [
                ("datasource", "datasource"),
                ("allocatedIpRange", "allocated_ip_range"),
                ("pointInTime", "point_in_time"),
                ("preferredZone", "preferred_zone"),
                ("region", "region"),
            ] {
                context[to] = member(from, name);
            }
            (format!("projects/{project}:pointInTimeRestore"), without_nulls(context))
        };
        let ask = Ask::get(&job.spec.service, path, job.what("creating"));
        let ask = Ask { method: Method::POST, body: Some(body), ..ask };
        job.made(&ask, planned, until).await
    }

    async fn step(job: &Job<'_>, step: &Step, planned: &Value) -> Result<(), ApiError> {
        let path = Instance::path(planned);
        match step {
            Step::Patch(body) => job
                .perform(Method::PATCH, path, Some(body.clone()), ("updating", planned))
                .await
                .map(drop),
            Step::Promote => {
                let path = format!("{path}/promoteReplica");
                job.perform(Method::POST, path, Some(json!({})), ("updating", planned))
                    .await
                    .map(drop)
            }
            Step::Switchover => {
                let path = format!("{path}/switchover");
                job.perform(Method::POST, path, Some(json!({})), ("updating", planned))
                    .await
                    .map(drop)
            }
            Step::Restore => {
                let body = match first_block(planned, "restore_backup_context") {
                    Some(from) => json!({ "restoreBackupContext": without_nulls(json!({
                        "backupRunId": text_at(from, "backup_run_id"),
                        "instanceId": text_at(from, "instance_id"), "project": text_at(from, "project"),
                    })) }),
                    None => json!({ "backupdrBackup": text_at(planned, "backupdr_backup") }),
                };
                let path = format!("{path}/restoreBackup");
                job.perform(Method::POST, path, Some(body), ("updating", planned)).await.map(drop)
            }
            Step::Password => {
                let kind = text(planned, "database_version");
                let (name, host) = match kind.split('_').next() {
                    Some("POSTGRES") => ("postgres", ""),
                    Some("SQLSERVER") => ("sqlserver", ""),
                    _ => ("root", "%25"),
                };
                let path = format!("{path}/users?host={host}&name={name}");
                let body = json!({
                    "name": name, "instance": text(planned, "name"),
                    "password": Instance::password(job, planned).unwrap_or_default(),
                });
                let all = format!("{}/users", Instance::path(planned));
                match job
                    .perform(Method::PUT, path, Some(body.clone()), ("updating", planned))
                    .await
                {
                    // A new MySQL's `root` from any host was taken away: who gives it a password wants it back.
                    Err(error) if error.status == Some(404) => {
                        let mut body = body;
                        body["host"] = json!(host.replace("%25", "%"));
                        let asked =
                            job.perform(Method::POST, all, Some(body), ("updating", planned));
                        asked.await.map(drop)
                    }
                    set => set.map(drop),
                }
            }
            Step::Put => {
                let found = job.session.get(job.spec, planned, &job.what("reading")).await?;
                let version = found.and_then(|it| it.pointer("/settings/settingsVersion").cloned());
                let mut body = job.body(planned);
                json::remove(&mut body, "rootPassword");
                if let Some(version) = version {
                    json::set_dotted(&mut body, "settings.settingsVersion", version);
                }
                job.perform(Method::PUT, path, Some(body), ("updating", planned)).await.map(drop)
            }
        }
    }
}

fn without_nulls(mut object: Json) -> Json {
    drop_nulls(&mut object);
    object
}

#[async_trait]
impl Hook for Instance {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let version = text(config, "database_version");
        let backup =
            first_block(config, "settings").and_then(|it| first_block(it, "backup_configuration"));
        let on = |name: &str| {
            let flag = backup.and_then(|backup| backup.field(name));
            flag.and_then(Value::as_bool) == Some(true)
        };
        let path = |name: &str| {
            let settings = Path::root().attribute("settings").place(0);
            settings.attribute("backup_configuration").place(0).attribute(name)
        };
        let mut found = Vec::new();
        if on("binary_log_enabled") && !version.is_empty() && !version.starts_with("MYSQL") {
            let detail = format!("Only MySQL has a binary log, not {version}.");
            found.push(problem(&path("binary_log_enabled"), "Invalid value", detail));
        }
        if on("point_in_time_recovery_enabled") && version.starts_with("MYSQL") {
            let detail =
                "MySQL recovers to a point in time by its binary log: set \"binary_log_enabled\".";
            found.push(problem(
                &path("point_in_time_recovery_enabled"),
                "Invalid value",
                detail.into(),
            ));
        }
        found
    }

    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(prior) = draft.prior else { return };
        settle_settings(draft, prior);
        let (old, new) =
            (text(prior, "master_instance_name"), text(&draft.after, "master_instance_name"));
        if !old.is_empty() && !new.is_empty() && old.rsplit(':').next() != new.rsplit(':').next() {
            draft.replaces.push(Path::root().attribute("master_instance_name"));
        }
        let upgraded = prior.field("database_version") != draft.after.field("database_version");
        let open = draft.config.field("maintenance_version").is_none_or(Value::is_null);
        if upgraded && open {
            let unknown = Value::unknown_not_null(Type::String);
            draft.after = draft.after.with_field("maintenance_version", unknown);
        }
    }

    fn answered(&self, object: &mut Json, base: Option<&Value>) {
        let addresses = object["ipAddresses"].as_array().cloned().unwrap_or_default();
        let of = |kind: Option<&str>| {
            let mut fitting = addresses.iter();
            let found = fitting.find(|it| kind.is_none_or(|kind| it["type"] == kind));
            found.map(|it| it["ipAddress"].clone()).unwrap_or_else(|| "".into())
        };
        object["firstIpAddress"] = of(None);
        object["publicIpAddress"] = of(Some("PRIMARY"));
        object["privateIpAddress"] = of(Some("PRIVATE"));
        // The service names the primary with its project; the configuration may do without.
        let stands = base.map(|base| text(base, "master_instance_name")).unwrap_or_default();
        let told = object["masterInstanceName"].as_str().unwrap_or_default();
        if !stands.contains(':') && told.rsplit(':').next() == Some(stands.as_str()) {
            object["masterInstanceName"] = stands.into();
        }
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        if let Some(periods) = object.pointer_mut("/settings/denyMaintenancePeriods")
            && periods.is_object()
        {
            *periods = Json::Array(vec![periods.take()]);
        }
        let new = planned.field("enforce_new_sql_network_architecture").and_then(Value::as_bool);
        if new == Some(true) {
            object["sqlNetworkArchitecture"] = "NEW_NETWORK_ARCHITECTURE".into();
        }
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(create) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, &Instance::named(job, planned));
        let planned = planned.with_field("id", job.spec.id.value(&planned));
        let until = job.until("create", &planned);
        let copy = ["clone", "point_in_time_restore_context"]
            .iter()
            .any(|name| first_block(&planned, name).is_some());
        let mut logged = false;
        let answer = if copy {
            Instance::copied(job, &planned, until).await?
        } else {
            let mut body = job.body(&planned);
            if let Some(password) = Instance::password(job, &planned) {
                body["rootPassword"] = password.into();
            }
            let replica = text_at(&planned, "master_instance_name").is_some();
            let place = "/settings/backupConfiguration/binaryLogEnabled";
            if replica && body.pointer(place) == Some(&Json::Bool(true)) {
                // A replica gets its binary log only once it stands.
                json::remove(&mut body, "settings.backupConfiguration.binaryLogEnabled");
                logged = true;
            }
            let ask = job.ask(create, &planned, Some(body), "creating")?;
            job.made(&ask, &planned, until).await?
        };
        job.keep(&planned).await;
        let mut after = job.wait(answer, &planned, until).await.map(drop);
        if after.is_ok() {
            after = Instance::without_root(job, &planned).await;
        }
        let mut further = Vec::new();
        if logged {
            let body =
                json!({ "settings": { "backupConfiguration": { "binaryLogEnabled": true } } });
            further.push(Step::Patch(body));
        }
        if copy && first_block(&planned, "settings").is_some() {
            further.push(Step::Put);
        }
        let wanted = |name: &str| planned.field(name).is_some_and(|it| !is_zero(it));
        if wanted("restore_backup_context") || wanted("backupdr_backup") {
            further.push(Step::Restore);
        }
        for step in further {
            if after.is_ok() {
                after = Instance::step(job, &step, &planned).await;
            }
        }
        match after {
            Ok(()) => job.settle(&planned, until).await,
            Err(error) => Err(job.failed(error, &planned).await),
        }
    }

    async fn resume(
        &self,
        job: &Job<'_>,
        _planned: &Value,
        found: &Value,
    ) -> Result<Value, Failure> {
        Instance::without_root(job, found).await?;
        Ok(found.clone())
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        for step in steps(job.spec, prior, planned) {
            Instance::step(job, &step, planned).await?;
        }
        job.settle(planned, job.until("update", planned)).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let Some(call) = &job.spec.delete else { return Ok(()) };
        let until = job.until("delete", prior);
        let mut ask = job.ask(call, prior, None, "deleting")?;
        let last =
            first_block(prior, "settings").and_then(|it| first_block(it, "final_backup_config"));
        let kept = last.and_then(|it| it.field("enabled")).and_then(Value::as_bool) == Some(true);
        let said = text_at(prior, "final_backup_description");
        if kept || said.is_some() {
            ask.path.push_str("?enableFinalBackup=true");
        }
        if let Some(said) = said {
            ask.path.push_str(&format!("&finalBackupDescription={}", escape(&said, true)));
        }
        if let Some(days) = last.filter(|_| kept).and_then(|it| text_at(it, "retention_days")) {
            ask.path.push_str(&format!("&finalBackupTtlDays={days}"));
        }
        match job.send(&ask, prior, until).await {
            Ok(answer) => {
                job.wait(answer, prior, until).await?;
                Ok(())
            }
            Err(refused) if refused.is_not_found() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

impl User {
    /// Adds the password that only the configuration has.
    fn with_password(job: &Job<'_>, body: &mut Json) {
        let config = match &job.action.deed {
            Deed::Create { config, .. } | Deed::Update { config, .. } => config.without_marks(),
            Deed::Delete { .. } => return,
        };
        if let Some(password) = text_at(&config, "password_wo") {
            body["password"] = password.into();
        }
    }
}

#[async_trait]
impl Hook for User {
    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(create) = &job.spec.create else { return Ok(planned.clone()) };
        let planned = job.session.located(job.spec, planned);
        let until = job.until("create", &planned);
        let mut body = job.body(&planned);
        User::with_password(job, &mut body);
        let ask = job.ask(create, &planned, Some(body), "creating")?;
        let answer = job.made(&ask, &planned, until).await?;
        job.keep(&planned).await;
        match job.wait(answer, &planned, until).await {
            Ok(_) => job.settle(&planned, until).await,
            Err(error) => Err(job.failed(error, &planned).await),
        }
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let until = job.until("update", planned);
        const SENT: [&str; 4] =
            ["password", "password_wo_version", "password_policy", "database_roles"];
        if let Some(call) = job.spec.update.call.as_ref()
            && SENT.iter().any(|name| prior.field(name) != planned.field(name))
        {
            let mut body = job.body(planned);
            User::with_password(job, &mut body);
            json::remove(&mut body, "databaseRoles");
            if first_block(prior, "password_policy").is_some()
                && first_block(planned, "password_policy").is_none()
            {
                body["passwordPolicy"] = json!({});
            }
            let mut ask = job.ask(call, planned, Some(body), "updating")?;
            if prior.field("database_roles") != planned.field("database_roles") {
                let roles = planned.field("database_roles").and_then(Value::elements);
                for role in roles.unwrap_or_default().iter().filter_map(Value::as_str) {
                    ask.path.push_str(&format!("&databaseRoles={}", escape(role, true)));
                }
                ask.path.push_str("&revokeExistingRoles=true");
            }
            let answer = job.send(&ask, planned, until).await?;
            job.wait(answer, planned, until).await?;
        }
        job.settle(planned, until).await
    }
}
