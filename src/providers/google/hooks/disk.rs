//! Disks: from images, larger by a call, and taken from their machines before they go.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::rest::api::Ask;
use crate::providers::rest::change::concerns;
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::json::drop_nulls;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::template::{escape, first_block, text_at};
use crate::providers::{ApiError, Failure};
use crate::value::{Path, Value};

use super::compute::set_labels;
use super::image;

/// `google_compute_disk`.
pub struct Disk;

/// Gives the path of an object of a zone: that of a bare name, or that which is written.
pub(super) fn in_zone(planned: &Value, collection: &str, name: &str) -> String {
    if name.contains('/') {
        return name.to_string();
    }
    let text = |field: &str| text_at(planned, field).unwrap_or_default();
    format!(
        "projects/{}/zones/{}/{collection}/{name}",
        text("project"),
        last_segment(&text("zone"))
    )
}

impl Disk {
    /// Takes the disk from the machines that it is attached to.
    async fn detach(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let Some(found) = job.session.get(job.spec, prior, &job.what("reading")).await? else {
            return Ok(());
        };
        let own = found["selfLink"].as_str().unwrap_or_default();
        for user in found["users"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            let Some(at) = user.find("projects/") else { continue };
            let machine = escape(&user[at..], false);
            let ask = Ask::get(&job.spec.service, machine.clone(), job.what("detaching"));
            let clock = job.desk.clock();
            let instance = match job.session.api.send(&ask, &*clock).await {
                Ok(instance) => instance,
                Err(refused) if refused.is_not_found() => continue,
                Err(refused) => return Err(ApiError::from(refused).into()),
            };
            for disk in instance["disks"].as_array().into_iter().flatten() {
                let name = disk["deviceName"].as_str().unwrap_or_default();
                if disk["source"] == own {
                    let name = escape(name, true);
                    let path = format!("{machine}/detachDisk?deviceName={name}");
                    job.perform(Method::POST, path, None, ("changing", prior)).await?;
                }
            }
        }
        Ok(())
    }

    /// Keeps what is on the disk, where that is wanted.
    async fn snapshot(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let wanted = prior.field("create_snapshot_before_destroy").and_then(Value::as_bool);
        if wanted != Some(true) {
            return Ok(());
        }
        let name = text_at(prior, "name").unwrap_or_default();
        let stem = text_at(prior, "create_snapshot_before_destroy_prefix").unwrap_or(name);
        let now = job.desk.clock().now().strftime("%Y%m%d-%H%M%S").to_string();
        let stem: String = stem.chars().take(47).collect();
        let mut body = json!({ "name": format!("{stem}-{now}") });
        if let Some(key) = first_block(prior, "disk_encryption_key")
            && let Some(raw) = text_at(key, "raw_key")
        {
            body["sourceDiskEncryptionKey"] = json!({ "rawKey": raw });
        }
        let path = in_zone(prior, "disks", &text_at(prior, "name").unwrap_or_default());
        let path = format!("{}/createSnapshot", escape(&path, false));
        job.perform(Method::POST, path, Some(body), ("changing", prior)).await?;
        Ok(())
    }
}

#[async_trait]
impl Hook for Disk {
    fn plan(&self, draft: &mut Draft<'_>) {
        let size = |value: &Value| value.field("size").and_then(Value::as_i64);
        if let (Some(old), Some(new)) = (draft.prior.and_then(size), size(&draft.after))
            && new < old
        {
            draft.replaces.push(Path::root().attribute("size"));
        }
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        for (member, collection) in [("type", "diskTypes"), ("storagePool", "storagePools")] {
            if let Some(name) = object[member].as_str().map(str::to_string) {
                object[member] = json!(in_zone(planned, collection, &name));
            }
        }
        drop_nulls(object);
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let Some(image) = text_at(planned, "image") else { return job.create(planned).await };
        let planned = job.session.located(job.spec, planned);
        let project = text_at(&planned, "project").unwrap_or_default();
        let found =
            image::resolve(job.session, &project, &image, &job.what("finding the image of"))
                .await?;
        let made = job.create(&planned.with_field("image", Value::string(found))).await?;
        Ok(made.with_field("image", Value::string(image)))
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        if prior.field("effective_labels") != planned.field("effective_labels") {
            set_labels(job, planned).await?;
        }
        let until = job.until("update", planned);
        for concern in concerns(&job.spec.parts, prior, planned) {
            job.concern(&concern, planned, until).await?;
        }
        job.settle(planned, until).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let prior = job.session.located(job.spec, prior);
        self.snapshot(job, &prior).await?;
        self.detach(job, &prior).await?;
        job.delete(&prior).await
    }
}
