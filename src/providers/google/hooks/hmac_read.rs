//! How keys are read: those of a project by one list, which also says what stands beside each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::http::pace;
use crate::providers::rest::api::Ask;
use crate::providers::rest::error::Refused;
use crate::providers::rest::job::settled;
use crate::providers::rest::mask;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::{text_at, texts};
use crate::providers::{ApiError, Wanted};
use crate::value::Value;

use super::hmac::{listed, path};
use super::turning;

/// What is known of the keys beside one.
#[derive(Default)]
pub(super) struct Beside {
    /// The project's keys, where they were listed.
    keys: Option<Vec<Json>>,
    /// The access ids that are tracked.
    tracked: BTreeSet<String>,
}

impl Beside {
    /// Says whether an object that is read at the same time has a key.
    pub(super) fn tracks(&self, access_id: &str) -> bool {
        self.tracked.contains(access_id)
    }

    fn listed(&self, access_id: &str) -> Option<&Json> {
        self.keys.as_ref()?.iter().find(|key| key["accessId"] == access_id)
    }

    /// Gives a key of an object's project.
    pub(super) async fn key(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: &Value,
        access_id: &str,
    ) -> Result<Json, Refused> {
        if let Some(key) = self.listed(access_id) {
            return Ok(key.clone());
        }
        let ask = Ask::get(&spec.service, path(value, access_id), "reading the previous key");
        session.api.send(&ask, &*session.api.clock).await
    }

    /// Gives the keys of an account; nothing where they cannot be listed.
    pub(super) async fn keys(
        &self,
        session: &RestSession,
        spec: &Spec,
        value: &Value,
        email: &str,
    ) -> Option<Vec<Json>> {
        let of = |key: &&Json| key["serviceAccountEmail"] == email;
        match &self.keys {
            Some(keys) => Some(keys.iter().filter(of).cloned().collect()),
            None => {
                let what = format!("looking for keys of {email}");
                listed(session, spec, value, email, what).await.ok()
            }
        }
    }
}

/// Reads keys: each project's by one list, where more than one request would be needed.
pub(super) async fn read(
    session: &RestSession,
    spec: &Spec,
    wanted: &[&Wanted],
) -> Vec<Result<Option<Value>, ApiError>> {
    let located: Vec<Value> =
        wanted.iter().map(|wanted| session.located(spec, &wanted.value)).collect();
    let mut projects: BTreeMap<String, (usize, Beside)> = BTreeMap::new();
    let mut tracked = BTreeSet::new();
    for value in &located {
        let project = text_at(value, "project").unwrap_or_default();
        let previous = text_at(value, "previous_access_id");
        let marked = !texts(value, "rotation_mark").is_empty();
        projects.entry(project).or_default().0 +=
            1 + usize::from(previous.is_some()) + usize::from(marked);
        tracked.extend(text_at(value, "access_id").into_iter().chain(previous));
    }
    for (project, (needed, beside)) in &mut projects {
        beside.tracked.clone_from(&tracked);
        let of_it = |value: &&Value| text_at(value, "project").as_ref() == Some(project);
        let value = located.iter().find(of_it).filter(|_| *needed > 1);
        if let (Some(list), Some(value)) = (&spec.list, value)
            && let Ok(path) = list.call.path.url(value)
        {
            let ask = Ask::get(&spec.service, path, format!("listing {}", spec.type_name));
            let ask = mask::masked(ask, spec, &list.items, false);
            // A refused LIST may be a matter of permission: the single reads will tell.
            beside.keys = session.api.list(&ask, &list.items).await.ok();
        }
    }
    let projects = &projects;
    let reads: Vec<_> = wanted
        .iter()
        .zip(&located)
        .map(|(wanted, value)| async move {
            let none = Beside::default();
            let project = text_at(value, "project").unwrap_or_default();
            let beside = projects.get(&project).map_or(&none, |(_, beside)| beside);
            // Of a key that was only planned nobody knows the id.
            let Some(id) = text_at(value, "access_id") else { return Ok(None) };
            let json = match beside.listed(&id) {
                Some(json) => Some(json.clone()),
                None => session.get(spec, value, &format!("reading {}", wanted.address)).await?,
            };
            let Some(json) = json else { return Ok(None) };
            let value = session.decoded(spec, &json, Some(&wanted.value));
            Ok(Some(settled(&turning::looked_at(session, spec, value, beside).await)))
        })
        .collect();
    pace::all(&session.api.pace, reads).await
}
