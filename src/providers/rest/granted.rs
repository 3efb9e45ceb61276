//! Asks services which permissions the account has.

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::ApiError;
use crate::providers::permission::Tested;

use super::api::{Api, Ask};
use super::template::escape;

/// How many permissions one question may name.
const AT_ONCE: usize = 100;

/// Gives those of the permissions that the account has in the project, or on the bucket. A name that the service does not know
/// counts as had: it is in the way of nothing.
///
/// # Errors
/// What the service answered instead.
pub(super) async fn granted(api: &Api, tested: &Tested) -> Result<Vec<String>, ApiError> {
    let mut found = Vec::new();
    let mut open: Vec<&[String]> = tested.names.chunks(AT_ONCE).collect();
    while let Some(names) = open.pop() {
        let ask = match &tested.bucket {
            None => in_project(&tested.project, names),
            Some(bucket) => on_bucket(bucket, names),
        };
        let answer = match api.send(&ask, &*api.clock).await {
            Ok(answer) => answer,
            // A bucket that is not there yet grants nothing.
            Err(refused) if tested.bucket.is_some() && refused.is_not_found() => continue,
            // One name that the service does not know spoils the question: it is looked for by halves.
            Err(refused) if refused.status() == 400 && names.len() > 1 => {
                let (one, other) = names.split_at(names.len() / 2);
                open.extend([other, one]);
                continue;
            }
            Err(refused) if refused.status() == 400 => {
                tracing::warn!(
                    permission = names[0],
                    "there is no such permission: it is not asked for"
                );
                found.extend_from_slice(names);
                continue;
            }
            Err(refused) => return Err(refused.into()),
        };
        let granted = answer.get("permissions").and_then(Json::as_array).into_iter().flatten();
        found.extend(granted.filter_map(Json::as_str).map(str::to_string));
    }
    Ok(found)
}

fn in_project(project: &str, names: &[String]) -> Ask<'static> {
    let path = format!("projects/{}:testIamPermissions", escape(project, false));
    let what = format!("asking for the account's permissions in the project \"{project}\"");
    let ask = Ask::get("cloudresourcemanager", path, what);
    Ask { method: Method::POST, body: Some(json!({ "permissions": names })), ..ask }
}

fn on_bucket(bucket: &str, names: &[String]) -> Ask<'static> {
    let names: Vec<String> =
        names.iter().map(|name| format!("permissions={}", escape(name, true))).collect();
    let path = format!("b/{}/iam/testPermissions?{}", escape(bucket, false), names.join("&"));
    let what = format!("asking for the account's permissions on the bucket \"{bucket}\"");
    Ask::get("storage", path, what)
}
