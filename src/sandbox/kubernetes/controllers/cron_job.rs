//! CronJobs: a Job at each hour that the schedule names.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::hand::{self, MANAGER};
use super::job;
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit;
use crate::sandbox::kubernetes::store::{
    Store, is_deleting, moment, name, namespace, number, stamp, text, uid,
};

/// So many minutes ahead a schedule is looked up: two months.
const AHEAD: u64 = 60 * 24 * 62;

/// Takes the next step of every CronJob.
pub fn run(store: &mut Store, _: &ClusterName) {
    for cron_job in store.all("CronJob") {
        if !is_deleting(&cron_job) {
            step(store, &cron_job);
        }
    }
}

fn step(store: &mut Store, cron_job: &Json) {
    let jobs = hand::owned(store, "Job", cron_job);
    trim(store, cron_job, &jobs);
    let mut status = cron_job["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    let active: Vec<&Json> = jobs.iter().filter(|job| !job::is_finished(job)).collect();
    let base = moment(cron_job, "/status/lastScheduleTime")
        .or_else(|| moment(cron_job, "/metadata/creationTimestamp"))
        .unwrap_or(store.now);
    let due = next(text(cron_job, "/spec/schedule"), base);
    let mut references: Vec<Json> = active.iter().map(|job| reference(job)).collect();
    if cron_job["spec"]["suspend"] != true
        && let Some(due) = due
    {
        store.wake_at(due);
        if due <= store.now {
            status["lastScheduleTime"] = json!(stamp(due));
            let policy = text(cron_job, "/spec/concurrencyPolicy");
            if policy == "Replace" {
                for job in &active {
                    hand::delete(store, job);
                }
                references.clear();
            }
            if policy != "Forbid" || active.is_empty() {
                references.extend(make(store, cron_job, due).map(|job| reference(&job)));
            }
        }
    }
    admit::remove(&mut status, "active");
    if !references.is_empty() {
        status["active"] = json!(references);
    }
    hand::status(store, MANAGER, cron_job, status);
}

fn reference(job: &Json) -> Json {
    json!({"kind": "Job", "namespace": namespace(job), "name": name(job), "uid": uid(job),
        "apiVersion": "batch/v1"})
}

fn make(store: &mut Store, cron_job: &Json, due: Timestamp) -> Option<Json> {
    let template = &cron_job["spec"]["jobTemplate"];
    let called = format!("{}-{}", name(cron_job), due.as_second() / 60);
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    metadata["name"] = json!(called);
    metadata["namespace"] = json!(namespace(cron_job));
    metadata["ownerReferences"] = json!([hand::owner(cron_job)]);
    let object = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
        "spec": template["spec"]});
    let made = hand::create(store, MANAGER, object)?;
    let text = format!("Created job {called}");
    hand::event(store, cron_job, "cronjob-controller", false, "SuccessfulCreate", &text);
    Some(made)
}

fn trim(store: &mut Store, cron_job: &Json, jobs: &[Json]) {
    for (kind, field) in [
        ("Complete", "/spec/successfulJobsHistoryLimit"),
        ("Failed", "/spec/failedJobsHistoryLimit"),
    ] {
        let keep = number(cron_job, field).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        let mut done: Vec<&Json> = jobs.iter().filter(|one| job::has(one, kind)).collect();
        done.sort_by_key(|job| job::made_at(job));
        let surplus = done.len().saturating_sub(keep);
        for job in done.into_iter().take(surplus).filter(|job| !is_deleting(job)) {
            hand::delete(store, job);
        }
    }
}

/// Gives the first minute after a moment that a schedule names, in UTC.
pub fn next(schedule: &str, after: Timestamp) -> Option<Timestamp> {
    let schedule = match schedule {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        other => other,
    };
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
    let start = after.as_second() / 60 * 60 + 60;
    for step in 0..AHEAD {
        let seconds = start + i64::try_from(step * 60).unwrap_or(i64::MAX);
        let moment = Timestamp::from_second(seconds).ok()?;
        let time = moment.to_zoned(TimeZone::UTC);
        let weekday = i64::from(time.weekday().to_sunday_zero_offset());
        let on_day = matches(days, i64::from(time.day()));
        let on_weekday = matches(weekdays, weekday) || (weekday == 0 && matches(weekdays, 7));
        let day = match (*days, *weekdays) {
            ("*", _) => on_weekday,
            (_, "*") => on_day,
            _ => on_day || on_weekday,
        };
        if matches(minutes, i64::from(time.minute()))
            && matches(hours, i64::from(time.hour()))
            && matches(months, i64::from(time.month()))
            && day
        {
            return Some(moment);
        }
    }
    None
}

fn matches(field: &str, value: i64) -> bool {
    field.split(',').any(|part| {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().unwrap_or(1).max(1)),
            None => (part, 1),
        };
        let (low, high): (i64, i64) = match range.split_once('-') {
            Some((low, high)) => (low.parse().unwrap_or(0), high.parse().unwrap_or(i64::MAX)),
            None if range == "*" => (0, i64::MAX),
            None => {
                let low = range.parse().unwrap_or(-1);
                (low, if part.contains('/') { i64::MAX } else { low })
            }
        };
        low >= 0 && value >= low && value <= high && (value - low) % step == 0
    })
}
