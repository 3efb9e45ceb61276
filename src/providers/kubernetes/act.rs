//! Acting on one object: made, changed, removed, and waited for.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::value::Value;
use crate::value::json::to_json;

use super::super::{ApiError, ApiErrorKind, Desk, Failure, Observed};
use super::apply::{By, MANAGER, address, apply};
use super::client::{Ask, Cluster, Refusal, Told};
use super::manifest;
use super::memory::Memory;
use super::object::{self, Name};
use super::observe::{Mode, observe};
use super::ready::rule_of;
use super::tables::{Kind, Way};
use super::wait::{Wait, duration};

/// Kinds whose pods are to be gone before they are.
const WITH_PODS: &[&str] =
    &["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"];

/// An action's surroundings.
pub(super) struct Act<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The kind.
    pub kind: &'a Kind,
    /// Where to report.
    pub desk: &'a dyn Desk,
}

impl Act<'_> {
    /// Makes the object; one of its name must not exist.
    ///
    /// # Errors
    /// What stood in the way, and the object as far as it was made.
    pub(super) async fn create(
        &self,
        planned: &Value,
        config: &Value,
    ) -> Result<Observed, Failure> {
        let written = object::written(&self.kind.nodes, config).into_iter().collect();
        let memory = Memory { written: Some(written), imported: false, ..Memory::default() };
        let live = self.put(planned, config).await?;
        self.finish(planned, live, &memory, "create").await
    }

    /// Sends a new object, under its name or one that the server chooses.
    ///
    /// # Errors
    /// What the server answered instead, or that there is one.
    pub(super) async fn put(&self, planned: &Value, config: &Value) -> Result<Json, ApiError> {
        if self.kind.way == Way::Adopted {
            let name = Name::of(self.kind, planned).ok_or_else(|| self.nameless())?;
            self.given(&name, self.patience(planned, "create", 30)).await?;
            let body = object::intent(self.kind, config, Some(&name));
            return self.apply(&name, &body, &By::us(config)).await;
        }
        match Name::of(self.kind, config) {
            Some(name) => {
                self.vacant(&name, self.patience(planned, "create", 600), &name.id()).await?;
                let body = object::intent(self.kind, config, Some(&name));
                self.apply(&name, &body, &By::us(config)).await
            }
            None => self.post(config).await,
        }
    }

    /// Waits until the cluster has made an object that is its own to make.
    async fn given(&self, name: &Name, patience: Duration) -> Result<(), ApiError> {
        let clock = self.desk.clock();
        let patience = jiff::SignedDuration::try_from(patience).unwrap_or_default();
        let deadline = clock.now().checked_add(patience).unwrap_or(jiff::Timestamp::MAX);
        loop {
            match self.cluster.get(&self.kind.path(&name.namespace, &name.name)).await {
                Err(refusal) if refusal.is_gone() && clock.now() < deadline => {
                    self.desk.note(&format!(
                        "waiting for the cluster to make {} \"{}\"",
                        self.kind.kind,
                        name.id()
                    ));
                    clock.sleep(Duration::from_secs(1)).await;
                }
                Err(refusal) => return Err(refusal.into()),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Changes the object.
    ///
    /// # Errors
    /// What stood in the way.
    pub(super) async fn update(
        &self,
        prior: &Value,
        planned: &Value,
        config: &Value,
        memory: &Memory,
    ) -> Result<Observed, Failure> {
        let name = Name::of(self.kind, prior).ok_or_else(|| self.nameless())?;
        let body = object::intent(self.kind, config, Some(&name));
        let live = self.apply(&name, &body, &By::us(config)).await?;
        let written = object::written(&self.kind.nodes, config).into_iter().collect();
        let memory =
            Memory { written: Some(written), imported: memory.imported, ..Memory::default() };
        self.finish(planned, live, &memory, "update").await
    }

    /// Removes the object and waits until it is gone; `cleared` with all that it has had made.
    ///
    /// # Errors
    /// What stood in the way.
    pub(super) async fn delete(&self, prior: &Value, cleared: bool) -> Result<(), ApiError> {
        let name = Name::of(self.kind, prior).ok_or_else(|| self.nameless())?;
        let uid =
            object::metadata(prior).and_then(|block| block.field("uid")).and_then(Value::as_str);
        let uid = uid.unwrap_or_default();
        let claims = self.claims(prior, cleared);
        self.remove(self.kind, &name, uid).await?;
        let wait = self.wait(self.kind, &name, self.patience(prior, "delete", 600));
        wait.gone(uid).await?;
        match claims {
            Some(claims) => self.remove_claims(&name, &claims, prior).await,
            None => Ok(()),
        }
    }

    /// Checks that no object of the name exists; waits for one that is just being removed. `id` is what it would be
    /// imported by.
    pub(super) async fn vacant(
        &self,
        name: &Name,
        patience: Duration,
        id: &str,
    ) -> Result<(), ApiError> {
        let live = match self.cluster.get(&self.kind.path(&name.namespace, &name.name)).await {
            Ok(live) => live,
            Err(refusal) if refusal.is_gone() => return Ok(()),
            Err(refusal) => return Err(refusal.into()),
        };
        if live["metadata"]["deletionTimestamp"].is_string() {
            let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
            self.desk.note("waiting for the former object of this name to be gone");
            return self.wait(self.kind, name, patience).gone(uid).await;
        }
        let title = format!("{} \"{}\"", self.kind.kind, name.id());
        let managers = managers(&live);
        let owner = if managers.is_empty() {
            String::new()
        } else {
            format!(" It was made by {managers}.")
        };
        let detail = format!("{title} exists already in the cluster.{owner}");
        let error = ApiError::new(ApiErrorKind::Conflict, "The object already exists", detail);
        Err(error.help(format!(
            "To take it over, import it: `terrane import ADDRESS {id}`, or an `import` block with this id."
        )))
    }

    /// Writes the object.
    pub(super) async fn apply(&self, name: &Name, body: &Json, by: &By) -> Result<Json, ApiError> {
        let request = format!("PATCH {}", address(self.kind, name, by, false));
        let call = self.desk.intent(&request, self.identity(name)).await?;
        let outcome = self.settled(name, body, by).await;
        let said = match &outcome {
            Ok(_) => "applied".to_string(),
            Err(refusal) => refusal.error.summary.clone(),
        };
        self.desk.answer(call, &said).await;
        outcome.map_err(|refusal| {
            let missing = refusal.is_gone() && self.kind.namespaced;
            let error = ApiError::from(refusal);
            match missing {
                true => error.help(format!(
                    "Does the namespace \"{}\" exist? A reference to it, like \
                     `kubernetes_namespace_v1.….metadata[0].name`, makes it first.",
                    name.namespace
                )),
                false => error,
            }
        })
    }

    /// Applies; a cluster that has just come up refuses for a moment.
    async fn settled(&self, name: &Name, body: &Json, by: &By) -> Result<Json, Refusal> {
        let mut pause = Duration::from_secs(2);
        for _ in 0..4 {
            match apply(self.cluster, self.kind, name, body, by, false, Some(self.desk)).await {
                Err(refusal) if is_early(&refusal) => {
                    self.desk.note("waiting for the API server to be ready");
                    self.desk.clock().sleep(pause).await;
                    pause *= 2;
                }
                other => return other.map(|told| self.heard(told)),
            }
        }
        let told = apply(self.cluster, self.kind, name, body, by, false, Some(self.desk)).await;
        told.map(|told| self.heard(told))
    }

    /// Shows what the server warns of, and gives the object.
    fn heard(&self, told: Told) -> Json {
        told.warnings.iter().for_each(|warning| self.desk.note(warning));
        told.live
    }

    /// Makes an object whose name the server chooses.
    async fn post(&self, config: &Value) -> Result<Json, ApiError> {
        let mut body = object::intent(self.kind, config, None);
        let namespace = match object::metadata(config).and_then(|block| block.field("namespace")) {
            Some(namespace) => namespace.as_str().unwrap_or("default").to_string(),
            None => String::new(),
        };
        if self.kind.namespaced {
            body["metadata"]["namespace"] = json!(namespace);
        }
        let path = format!(
            "{}?fieldManager={MANAGER}&fieldValidation=Strict",
            self.kind.collection(&namespace)
        );
        let identity = json!({ "kind": self.kind.kind, "namespace": namespace,
            "generateName": body["metadata"]["generateName"] });
        let call = self.desk.intent(&format!("POST {path}"), identity).await?;
        let body = Some(("application/json", body.to_string()));
        let outcome =
            self.cluster.send(Ask { method: Method::POST, path: &path, body, attempts: 1 }).await;
        self.desk.answer(call, if outcome.is_ok() { "created" } else { "refused" }).await;
        outcome.map_err(ApiError::from)
    }

    /// Keeps the object, waits for it to be ready and reads it as it is then.
    pub(super) async fn finish(
        &self,
        planned: &Value,
        live: Json,
        memory: &Memory,
        action: &str,
    ) -> Result<Observed, Failure> {
        let observed = |live: &Json| Observed {
            value: observe(self.kind, Some(planned), live, Mode::Complete),
            private: memory.bytes(),
        };
        let first = observed(&live);
        self.desk.keep(&first).await;
        let name = Name::of(self.kind, &first.value).ok_or_else(|| self.nameless())?;
        let ready = match rule_of(&self.kind.kind, planned) {
            Some(rule) if action == "create" || rule.on_update => {
                let wait =
                    self.wait(self.kind, &name, self.patience(planned, action, rule.patience));
                wait.ready(&rule.look_of(planned), live).await
            }
            _ => Ok(live),
        };
        match ready {
            Ok(live) => {
                if planned.field("wait_for_default_service_account").and_then(Value::as_bool)
                    == Some(true)
                {
                    self.default_account(&name).await;
                }
                Ok(observed(&live))
            }
            Err(error) => {
                let found = self.cluster.get(&self.kind.path(&name.namespace, &name.name)).await;
                let partial = found.map_or(first, |live| observed(&live));
                let private = Memory { unready: true, ..memory.clone() }.bytes();
                Err(Failure { error, partial: Some(Observed { private, ..partial }) })
            }
        }
    }

    async fn default_account(&self, name: &Name) {
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/default", name.name);
        for _ in 0..30 {
            if self.cluster.get(&path).await.is_ok() {
                return;
            }
            self.desk.note("waiting for the default ServiceAccount");
            self.desk.clock().sleep(Duration::from_secs(1)).await;
        }
    }

    /// Sends a removal; of another object of the name nothing is removed.
    pub(super) async fn remove(&self, kind: &Kind, name: &Name, uid: &str) -> Result<(), ApiError> {
        let path = kind.path(&name.namespace, &name.name);
        let policy =
            if WITH_PODS.contains(&kind.kind.as_str()) { "Foreground" } else { "Background" };
        let mut options =
            json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy });
        if !uid.is_empty() {
            options["preconditions"] = json!({ "uid": uid });
        }
        let call = self.desk.intent(&format!("DELETE {path}"), self.identity(name)).await?;
        let body = Some(("application/json", options.to_string()));
        let outcome =
            self.cluster.send(Ask { method: Method::DELETE, path: &path, body, attempts: 6 }).await;
        let outcome = match outcome {
            Ok(_) => Ok("deleted"),
            Err(refusal) if refusal.is_gone() => Ok("was gone"),
            // Another object has the name by now: it is not ours.
            Err(refusal) if refusal.status == Some(409) && refusal.error.detail.contains("UID") => {
                Ok("another object has its name")
            }
            Err(refusal) => Err(ApiError::from(refusal)),
        };
        self.desk.answer(call, outcome.as_ref().map_or("refused", |said| said)).await;
        outcome.map(|_| ())
    }

    /// Gives the names of the claim templates whose claims go with a StatefulSet.
    fn claims(&self, prior: &Value, cleared: bool) -> Option<Vec<String>> {
        if self.kind.kind != "StatefulSet" {
            return None;
        }
        let spec = prior.field("spec")?.elements()?.first()?;
        let policy = || {
            let block = spec.field("persistent_volume_claim_retention_policy")?;
            block.elements()?.first()?.field("when_deleted")?.as_str()
        };
        let templates = spec.field("volume_claim_template")?.elements()?.iter();
        let names: Vec<String> = templates
            .filter_map(|template| {
                object::metadata(template)?.field("name")?.as_str().map(str::to_string)
            })
            .collect();
        if names.is_empty() {
            return None;
        }
        if !cleared && policy() != Some("Delete") {
            self.desk.note(
                "its claims and their disks stay: `persistent_volume_claim_retention_policy` does not say \
                 `when_deleted = \"Delete\"`",
            );
            return None;
        }
        Some(names)
    }

    /// Removes the claims of a StatefulSet that was written as a manifest and is gone.
    ///
    /// # Errors
    /// What stood in the way.
    pub(super) async fn clear(&self, prior: &Value) -> Result<(), ApiError> {
        let written = manifest::manifest(prior).map(|it| to_json(&it.without_marks()));
        let Some(written) = written.filter(|it| it["kind"] == "StatefulSet") else { return Ok(()) };
        let text = |at: &Json| at.as_str().unwrap_or_default().to_string();
        let templates = written["spec"]["volumeClaimTemplates"].as_array();
        let templates: Vec<String> =
            templates.into_iter().flatten().map(|one| text(&one["metadata"]["name"])).collect();
        let namespace = match text(&written["metadata"]["namespace"]) {
            none if none.is_empty() => "default".to_string(),
            namespace => namespace,
        };
        let name = Name { namespace, name: text(&written["metadata"]["name"]) };
        match templates.is_empty() {
            true => Ok(()),
            false => self.remove_claims(&name, &templates, prior).await,
        }
    }

    /// Removes the claims of a StatefulSet that is gone, as far as the controller has not.
    async fn remove_claims(
        &self,
        set: &Name,
        templates: &[String],
        prior: &Value,
    ) -> Result<(), ApiError> {
        let kind = super::tables::tables()
            .kind("kubernetes_persistent_volume_claim_v1")
            .expect("the tables have the claim");
        let list = self.cluster.get(&kind.collection(&set.namespace)).await?;
        let names = list["items"].as_array().into_iter().flatten();
        let names = names.filter_map(|claim| Some((claim, claim["metadata"]["name"].as_str()?)));
        for (claim, name) in names.filter(|(_, name)| is_claim_of(name, &set.name, templates)) {
            let uid = claim["metadata"]["uid"].as_str().unwrap_or_default();
            let name = Name { namespace: set.namespace.clone(), name: name.to_string() };
            self.desk.note(&format!("removing claim {}", name.name));
            self.remove(kind, &name, uid).await?;
            self.wait(kind, &name, self.patience(prior, "delete", 600)).gone(uid).await?;
        }
        Ok(())
    }

    /// Gives what the journal knows an object by.
    pub(super) fn identity(&self, name: &Name) -> Json {
        json!({ "apiVersion": self.kind.api_version, "kind": self.kind.kind,
            "namespace": name.namespace, "name": name.name })
    }

    pub(super) fn wait<'a>(
        &'a self,
        kind: &'a Kind,
        name: &'a Name,
        patience: Duration,
    ) -> Wait<'a> {
        Wait { cluster: self.cluster, kind, name, desk: self.desk, patience }
    }

    /// Gives how long an action may take: by the block, by the type, else so many seconds.
    pub(super) fn patience(&self, value: &Value, action: &str, otherwise: u64) -> Duration {
        let given =
            value.field("timeouts").and_then(|block| block.field(action)).and_then(Value::as_str);
        let usual = self.kind.timeouts.get(action).map(String::as_str);
        given.or(usual).and_then(duration).unwrap_or(Duration::from_secs(otherwise))
    }

    /// Gives the error of an object without a name.
    pub(super) fn nameless(&self) -> ApiError {
        let detail = format!(
            "The {} has neither `name` nor `generate_name` in its metadata.",
            self.kind.kind
        );
        ApiError::new(ApiErrorKind::Invalid, "Missing name", detail)
    }
}

/// Says whether a claim was made from a StatefulSet's template: `TEMPLATE-SET-ORDINAL`.
pub(in crate::providers) fn is_claim_of(claim: &str, set: &str, templates: &[String]) -> bool {
    templates.iter().any(|template| {
        let ordinal = claim.strip_prefix(&format!("{template}-{set}-"));
        ordinal.is_some_and(|ordinal| {
            !ordinal.is_empty() && ordinal.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

/// Says whether a refusal is one that a cluster gives while it comes up or while a namespace goes.
fn is_early(refusal: &Refusal) -> bool {
    let detail = &refusal.error.detail;
    match refusal.status {
        None => refusal.error.kind == ApiErrorKind::Unreachable,
        Some(403) => {
            detail.contains("being terminated") || detail.contains("looking up service account")
        }
        _ => false,
    }
}

fn managers(live: &Json) -> String {
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    let mut names: Vec<&str> =
        entries.into_iter().flatten().filter_map(|entry| entry["manager"].as_str()).collect();
    names.dedup();
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_belongs_to_the_set_whose_template_made_it() {
        let templates = ["data".to_string()];

        assert!(is_claim_of("data-db-0", "db", &templates));
        assert!(!is_claim_of("data-db-two-0", "db", &templates));
        assert!(!is_claim_of("logs-db-0", "db", &templates));
    }
}
