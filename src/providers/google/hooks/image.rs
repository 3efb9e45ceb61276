//! Images of disks: the many ways to name one, and the one link that the service takes.

use crate::providers::ApiError;
use crate::providers::rest::api::Ask;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::template::escape;

/// The projects of public images, by how the names of their images begin.
const PUBLIC: [(&str, &str); 11] = [
    ("centos", "centos-cloud"),
    ("cos", "cos-cloud"),
    ("debian", "debian-cloud"),
    ("fedora-coreos", "fedora-coreos-cloud"),
    ("opensuse", "opensuse-cloud"),
    ("rhel", "rhel-cloud"),
    ("rocky-linux", "rocky-linux-cloud"),
    ("sles", "suse-cloud"),
    ("ubuntu", "ubuntu-os-cloud"),
    ("windows-sql", "windows-sql-cloud"),
    ("windows", "windows-cloud"),
];

/// Gives the project that publishes images whose names begin so.
fn public(name: &str) -> Option<&'static str> {
    PUBLIC.iter().find(|(start, _)| name.starts_with(start)).map(|(_, project)| *project)
}

/// Gives what a name may mean, in the order that is tried; a path that says all is the only one.
fn candidates(project: &str, text: &str) -> Vec<String> {
    let image = |project: &str, name: &str| format!("projects/{project}/global/images/{name}");
    let family = |project: &str, name: &str| image(project, &format!("family/{name}"));
    if let Some(at) = text.find("projects/") {
        return vec![text[at..].to_string()];
    }
    let below = text.trim_start_matches("global/images/");
    match below.split_once('/') {
        Some(("family", name)) => {
            let mut all = vec![family(project, name)];
            all.extend(public(name).map(|of| family(of, name)));
            all
        }
        Some((other, name)) => vec![image(other, name), family(other, name)],
        None if below != text => vec![image(project, below)],
        None => {
            let mut all = vec![image(project, text), family(project, text)];
            all.extend(public(text).into_iter().flat_map(|of| [image(of, text), family(of, text)]));
            all
        }
    }
}

/// Gives the path of the image or the family that a name means.
///
/// # Errors
/// There is none of that name, or what the service answered instead.
pub async fn resolve(
    session: &RestSession,
    project: &str,
    text: &str,
    what: &str,
) -> Result<String, ApiError> {
    let all = candidates(project, text);
    if let [one] = all.as_slice() {
        return Ok(one.clone());
    }
    let mut last = None;
    for path in all {
        let ask = Ask::get("compute", escape(&path, false), what);
        match session.api.send(&ask, &*session.api.clock).await {
            Ok(_) => return Ok(path),
            Err(refused) if refused.is_not_found() || refused.status() == 403 => {
                last = Some(refused)
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    let error = last.map(ApiError::from);
    Err(error.map_or_else(
        || unknown(text),
        |error| error.help(format!("There is no image and no family \"{text}\".")),
    ))
}

fn unknown(text: &str) -> ApiError {
    let detail = format!("There is no image and no family \"{text}\".");
    ApiError::new(crate::providers::ApiErrorKind::NotFound, "Unknown image", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_looked_for_at_home_and_then_where_its_kind_is_published() {
        assert_eq!(candidates("p", "family/web"), ["projects/p/global/images/family/web"]);
        assert_eq!(
            candidates("p", "family/debian-12"),
            [
                "projects/p/global/images/family/debian-12",
                "projects/debian-cloud/global/images/family/debian-12"
            ]
        );
        assert_eq!(
            candidates("p", "debian-cloud/debian-12"),
            [
                "projects/debian-cloud/global/images/debian-12",
                "projects/debian-cloud/global/images/family/debian-12"
            ]
        );
        assert_eq!(candidates("p", "debian-12").len(), 4);
        assert_eq!(candidates("p", "global/images/web"), ["projects/p/global/images/web"]);
        let link = "https://www.googleapis.com/compute/v1/projects/q/global/images/web";
        assert_eq!(candidates("p", link), ["projects/q/global/images/web"]);
    }
}
