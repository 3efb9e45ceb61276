//! How machines change: call by call, those that want it while the machine is stopped.

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::job::Job;
use crate::providers::rest::json::{drop_nulls, is_zero};
use crate::providers::rest::template::{escape, first_block, text_at};
use crate::providers::{ApiError, ApiErrorKind, Failure};
use crate::value::Value;

use super::compute::set_labels;
use super::instance::initial_size;

/// What changes only while the machine is stopped.
const STILL: [&str; 6] = [
    "machine_type",
    "min_cpu_platform",
    "service_account",
    "enable_display",
    "shielded_instance_config",
    "advanced_machine_features",
];

/// Names the changed attributes that want the machine to be stopped.
pub(super) fn wants_a_stop(prior: &Value, planned: &Value) -> Vec<&'static str> {
    let changed = |name: &&str| {
        let (old, new) = (prior.field(name), planned.field(name));
        let zero = |value: Option<&Value>| value.is_none_or(crate::providers::rest::equal::is_zero);
        old != new && !(zero(old) && zero(new))
    };
    let mut names: Vec<&str> = STILL.iter().filter(|name| changed(name)).copied().collect();
    let affinities = |value: &Value| {
        first_block(value, "scheduling").and_then(|one| one.field("node_affinities").cloned())
    };
    if affinities(prior) != affinities(planned) {
        names.push("scheduling");
    }
    let nets = |value: &Value| {
        value.field("network_interface").and_then(Value::elements).map(<[Value]>::to_vec)
    };
    let (old, new) = (nets(prior).unwrap_or_default(), nets(planned).unwrap_or_default());
    if old.len() != new.len() || old.iter().zip(&new).any(|(old, new)| moves(old, new)) {
        names.push("network_interface");
    }
    names
}

/// Says whether an interface comes into another network or subnetwork.
pub(super) fn moves(old: &Value, new: &Value) -> bool {
    let of = |value: &Value, name: &str| {
        value.field(name).filter(|field| field.is_known() && !field.is_null()).cloned()
    };
    let names = ["subnetwork", "subnetwork_project", "network"];
    names.iter().any(|name| of(old, name) != of(new, name))
}

/// Says whether the machine may be stopped for a change.
pub(super) fn may_stop(planned: &Value) -> bool {
    planned.field("allow_stopping_for_update").and_then(Value::as_bool) == Some(true)
        || text_at(planned, "desired_status").is_some_and(|status| status != "RUNNING")
}

/// A machine on its way from one value to another: the path of its calls, and the bodies that would make it.
struct Way<'a, 'j> {
    job: &'a Job<'j>,
    path: String,
    planned: &'a Value,
    before: Json,
    after: Json,
}

/// Brings a machine from one value to another.
///
/// # Errors
/// What stood in the way.
pub(super) async fn change(
    job: &Job<'_>,
    prior: &Value,
    planned: &Value,
) -> Result<Value, Failure> {
    let located = job.session.located(job.spec, planned);
    let path =
        job.spec.read.as_ref().and_then(|call| call.path.url(&located).ok()).unwrap_or_default();
    let (before, after) = (job.body(prior), job.body(&located));
    let way = Way { job, path, planned: &located, before, after };
    if prior.field("effective_labels") != planned.field("effective_labels") {
        set_labels(job, &located).await?;
    }
    way.marked("metadata", "setMetadata").await?;
    way.marked("tags", "setTags").await?;
    way.disks().await?;
    way.boot(prior).await?;
    way.policies().await?;
    way.accesses().await?;
    let mut status = text_at(prior, "current_status").unwrap_or_default();
    let wanted = text_at(planned, "desired_status");
    let still = wants_a_stop(prior, planned);
    if !still.is_empty() {
        let was = status.clone();
        if status == "RUNNING" {
            if !may_stop(planned) {
                return Err(stands(job, &still).into());
            }
            way.call("stop", None).await?;
            status = "TERMINATED".into();
        }
        way.still().await?;
        if was == "RUNNING" && wanted.as_deref().is_none_or(|wanted| wanted == "RUNNING") {
            way.start().await?;
            status = "RUNNING".into();
        }
    } else {
        way.scheduling().await?;
        way.whole().await?;
    }
    if let Some(wanted) = wanted {
        way.brought(&status, &wanted).await?;
    }
    if way.differs("deletionProtection") {
        let on = way.after["deletionProtection"] == json!(true);
        way.call(&format!("setDeletionProtection?deletionProtection={on}"), None).await?;
    }
    job.settle(&located, job.until("update", planned)).await
}

fn stands(job: &Job<'_>, names: &[&str]) -> ApiError {
    let detail = format!(
        "{}: a change of {} needs the machine to be stopped, which \"allow_stopping_for_update\" does not allow.",
        job.what("changing"),
        names.join(", ")
    );
    ApiError::new(ApiErrorKind::Invalid, "The machine would have to be stopped", detail)
}

/// Says whether an interface is asked into another network or subnetwork.
fn elsewhere(old: &Json, new: &Json) -> bool {
    ["subnetwork", "network"].iter().any(|member| old[member] != new[member])
}

/// Gives those members of an interface that change in their place.
fn changed_members(old: &Json, new: &Json) -> Json {
    let mut body = json!({});
    for (member, none) in [
        ("aliasIpRanges", json!([])),
        ("stackType", Json::Null),
        ("igmpQuery", Json::Null),
        ("ipv6AccessConfigs", json!([])),
    ] {
        if old[member] != new[member] {
            body[member] = if new[member].is_null() { none } else { new[member].clone() };
        }
    }
    body
}

impl Way<'_, '_> {
    fn differs(&self, member: &str) -> bool {
        let (old, new) = (&self.before[member], &self.after[member]);
        old != new && !(is_zero(old) && is_zero(new))
    }

    async fn call(&self, verb: &str, body: Option<Json>) -> Result<(), Failure> {
        let path = format!("{}/{verb}", self.path);
        self.job.perform(Method::POST, path, body, ("changing", self.planned)).await?;
        Ok(())
    }

    async fn send(&self, method: Method, verb: &str, body: Json) -> Result<(), Failure> {
        let path = if verb.starts_with('?') {
            format!("{}{verb}", self.path)
        } else {
            format!("{}/{verb}", self.path)
        };
        self.job.perform(method, path, Some(body), ("changing", self.planned)).await?;
        Ok(())
    }

    async fn found(&self) -> Result<Json, Failure> {
        let what = self.job.what("reading");
        let found = self.job.session.get(self.job.spec, self.planned, &what).await?;
        Ok(found.unwrap_or_default())
    }

    /// Sets a member that has a mark of its own. Metadata that others have set stays.
    async fn marked(&self, member: &str, verb: &str) -> Result<(), Failure> {
        if !self.differs(member) {
            return Ok(());
        }
        let list = |json: &Json| json[member]["items"].as_array().cloned().unwrap_or_default();
        for tries in 0..10 {
            let found = self.found().await?;
            let mut items = list(&self.after);
            if member == "metadata" {
                let held =
                    |items: &[Json], key: &Json| items.iter().any(|item| item["key"] == *key);
                let (old, new) = (list(&self.before), items.clone());
                let others = list(&found).into_iter();
                items.extend(
                    others.filter(|item| !held(&old, &item["key"]) && !held(&new, &item["key"])),
                );
            }
            let body = json!({ "items": items, "fingerprint": found[member]["fingerprint"] });
            match self.call(verb, Some(body)).await {
                Err(failure) if tries < 9 && failure.error.kind == ApiErrorKind::Conflict => {}
                done => return done,
            }
        }
        Ok(())
    }

    /// Takes away the disks that are not wanted any more, then attaches the new ones.
    async fn disks(&self) -> Result<(), Failure> {
        let list = |json: &Json| -> Vec<Json> {
            let disks = json["disks"].as_array().into_iter().flatten();
            let attached =
                |disk: &&Json| disk["boot"] != json!(true) && disk["type"] != json!("SCRATCH");
            disks.filter(attached).cloned().collect()
        };
        let last =
            |json: &Json| json.as_str().unwrap_or_default().rsplit('/').next().map(str::to_string);
        let key = |disk: &Json, member: &str| disk["diskEncryptionKey"][member].clone();
        let keyed = |a: &Json, b: &Json| {
            let own = ["rawKey", "rsaEncryptedKey", "kmsKeyServiceAccount"];
            let named = key(b, "kmsKeyName");
            own.iter().all(|member| key(a, member) == key(b, member))
                && (named.is_null() || named == key(a, "kmsKeyName"))
        };
        let same = |a: &Json, b: &Json| {
            last(&a["source"]) == last(&b["source"])
                && a["mode"] == b["mode"]
                && keyed(a, b)
                && (b["deviceName"].is_null() || a["deviceName"] == b["deviceName"])
        };
        let (old, new) = (list(&self.before), list(&self.after));
        let gone: Vec<&Json> =
            old.iter().filter(|disk| !new.iter().any(|other| same(disk, other))).collect();
        if !gone.is_empty() {
            let found = self.found().await?;
            for disk in gone {
                let mut held = found["disks"].as_array().into_iter().flatten();
                let Some(held) = held.find(|held| last(&held["source"]) == last(&disk["source"]))
                else {
                    continue;
                };
                let name = escape(held["deviceName"].as_str().unwrap_or_default(), true);
                self.call(&format!("detachDisk?deviceName={name}"), None).await?;
            }
        }
        for disk in new.iter().filter(|disk| !old.iter().any(|other| same(other, disk))) {
            self.call("attachDisk", Some(disk.clone())).await?;
        }
        Ok(())
    }

    /// What of the boot disk changes: whether it goes with the machine, its size, its labels.
    async fn boot(&self, prior: &Value) -> Result<(), Failure> {
        let of = |json: &Json| {
            let mut disks = json["disks"].as_array().into_iter().flatten();
            disks.find(|disk| disk["boot"] == json!(true)).cloned().unwrap_or_default()
        };
        let (old, new) = (of(&self.before), of(&self.after));
        let labels = |disk: &Json| disk["initializeParams"]["labels"].clone();
        let grown = initial_size(prior) != initial_size(self.planned);
        if old["autoDelete"] == new["autoDelete"] && labels(&old) == labels(&new) && !grown {
            return Ok(());
        }
        let held = of(&self.found().await?);
        if old["autoDelete"] != new["autoDelete"] {
            let name = escape(held["deviceName"].as_str().unwrap_or_default(), true);
            let on = new["autoDelete"] == json!(true);
            self.call(&format!("setDiskAutoDelete?autoDelete={on}&deviceName={name}"), None)
                .await?;
        }
        let source = held["source"].as_str().unwrap_or_default();
        let disk =
            source.find("projects/").map(|at| escape(&source[at..], false)).unwrap_or_default();
        if let Some(size) = initial_size(self.planned).filter(|_| grown) {
            let body = json!({ "sizeGb": size.to_string() });
            let path = format!("{disk}/resize");
            self.job.perform(Method::POST, path, Some(body), ("changing", self.planned)).await?;
        }
        if labels(&old) != labels(&new) {
            let ask = Ask::get(
                &self.job.spec.service,
                disk.clone(),
                self.job.what("reading the disk of"),
            );
            let found = self
                .job
                .session
                .api
                .send(&ask, &*self.job.desk.clock())
                .await
                .map_err(ApiError::from)?;
            let body =
                json!({ "labels": labels(&new), "labelFingerprint": found["labelFingerprint"] });
            let path = format!("{disk}/setLabels");
            self.job.perform(Method::POST, path, Some(body), ("changing", self.planned)).await?;
        }
        Ok(())
    }

    async fn policies(&self) -> Result<(), Failure> {
        if !self.differs("resourcePolicies") {
            return Ok(());
        }
        for (verb, list) in
            [("removeResourcePolicies", &self.before), ("addResourcePolicies", &self.after)]
        {
            let policies = &list["resourcePolicies"];
            if policies.as_array().is_some_and(|list| !list.is_empty()) {
                self.call(verb, Some(json!({ "resourcePolicies": policies }))).await?;
            }
        }
        Ok(())
    }

    /// The ways out of each interface, and what of it changes while the machine runs.
    /// Its own address does not: it is another machine's.
    async fn accesses(&self) -> Result<(), Failure> {
        let list = |json: &Json| json["networkInterfaces"].as_array().cloned().unwrap_or_default();
        let (old, new) = (list(&self.before), list(&self.after));
        for (at, (old, new)) in old.iter().zip(&new).enumerate() {
            if old["accessConfigs"] != new["accessConfigs"] {
                let found = self.found().await?;
                let interface = &found["networkInterfaces"][at];
                let nic = interface["name"].as_str().unwrap_or("nic0").to_string();
                for access in interface["accessConfigs"].as_array().into_iter().flatten() {
                    let name = escape(access["name"].as_str().unwrap_or_default(), true);
                    let verb =
                        format!("deleteAccessConfig?accessConfig={name}&networkInterface={nic}");
                    self.call(&verb, None).await?;
                }
                for access in new["accessConfigs"].as_array().into_iter().flatten() {
                    self.call(
                        &format!("addAccessConfig?networkInterface={nic}"),
                        Some(access.clone()),
                    )
                    .await?;
                }
            }
            if !elsewhere(old, new) {
                self.interface(at, changed_members(old, new)).await?;
            }
        }
        Ok(())
    }

    async fn interface(&self, at: usize, mut body: Json) -> Result<(), Failure> {
        if body.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(());
        }
        let found = self.found().await?;
        let interface = &found["networkInterfaces"][at];
        body["fingerprint"] = interface["fingerprint"].clone();
        let nic = interface["name"].as_str().unwrap_or("nic0");
        self.send(Method::PATCH, &format!("updateNetworkInterface?networkInterface={nic}"), body)
            .await
    }

    async fn scheduling(&self) -> Result<(), Failure> {
        if self.differs("scheduling") {
            self.call("setScheduling", Some(self.after["scheduling"].clone())).await?;
        }
        Ok(())
    }

    /// What changes while the machine is stopped.
    async fn still(&self) -> Result<(), Failure> {
        self.scheduling().await?;
        for (member, verb) in
            [("machineType", "setMachineType"), ("minCpuPlatform", "setMinCpuPlatform")]
        {
            if self.differs(member) {
                self.call(verb, Some(json!({ member: self.after[member] }))).await?;
            }
        }
        if self.differs("serviceAccounts") {
            let account = self.after["serviceAccounts"][0].clone();
            let none = json!({ "email": "", "scopes": [] });
            let body = if account.is_null() { none } else { account };
            self.call("setServiceAccount", Some(body)).await?;
        }
        if self.differs("displayDevice") {
            let on = self.after["displayDevice"]["enableDisplay"] == json!(true);
            self.send(Method::PATCH, "updateDisplayDevice", json!({ "enableDisplay": on })).await?;
        }
        if self.differs("shieldedInstanceConfig") {
            let body = self.after["shieldedInstanceConfig"].clone();
            self.send(Method::PATCH, "updateShieldedInstanceConfig", body).await?;
        }
        let list = |json: &Json| json["networkInterfaces"].as_array().cloned().unwrap_or_default();
        for (at, (old, new)) in list(&self.before).iter().zip(&list(&self.after)).enumerate() {
            if elsewhere(old, new) {
                let mut body = changed_members(old, new);
                for member in ["network", "subnetwork"] {
                    if new[member].is_string() {
                        body[member] = new[member].clone();
                    }
                }
                for member in ["networkIP", "ipv6Address"] {
                    if new[member].is_string() && new[member] != old[member] {
                        body[member] = new[member].clone();
                    }
                }
                self.interface(at, body).await?;
            }
        }
        self.whole().await
    }

    /// What changes by writing the whole object anew.
    async fn whole(&self) -> Result<(), Failure> {
        let members = ["description", "canIpForward", "advancedMachineFeatures", "params"];
        if !members.iter().any(|member| self.differs(member)) {
            return Ok(());
        }
        let mut found = self.found().await?;
        for member in members {
            found[member] = self.after[member].clone();
        }
        drop_nulls(&mut found);
        self.send(Method::PUT, "?mostDisruptiveAllowedAction=REFRESH", found).await
    }

    /// Starts the machine, with the keys of its disks where they are its owner's.
    async fn start(&self) -> Result<(), Failure> {
        let disks = self.after["disks"].as_array().cloned().unwrap_or_default();
        let keyed = disks.iter().filter(|disk| {
            disk["diskEncryptionKey"]["rawKey"].is_string()
                || disk["diskEncryptionKey"]["rsaEncryptedKey"].is_string()
        });
        let keys: Vec<Json> = keyed
            .map(|disk| json!({ "source": disk["source"], "diskEncryptionKey": disk["diskEncryptionKey"] }))
            .collect();
        if keys.is_empty() {
            return self.call("start", None).await;
        }
        self.call("startWithEncryptionKey", Some(json!({ "disks": keys }))).await
    }

    /// Brings the machine to the wanted status.
    async fn brought(&self, status: &str, wanted: &str) -> Result<(), Failure> {
        match (status, wanted) {
            ("RUNNING", "TERMINATED") => self.call("stop", None).await,
            ("RUNNING", "SUSPENDED") => self.call("suspend", None).await,
            ("TERMINATED" | "STOPPED", "RUNNING") => self.start().await,
            ("SUSPENDED", "RUNNING") => self.call("resume", None).await,
            ("SUSPENDED", "TERMINATED") => {
                self.call("resume", None).await?;
                self.call("stop", None).await
            }
            ("TERMINATED" | "STOPPED", "SUSPENDED") => {
                self.start().await?;
                self.call("suspend", None).await
            }
            _ => Ok(()),
        }
    }
}
