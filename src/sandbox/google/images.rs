//! Public images of Compute Engine: a small shelf of families, each with its newest image.

use serde_json::{Value as Json, json};

use crate::sandbox::store::{Store, hash};

use super::compute::{Place, key, link, missing};
use super::reference;
use super::refusal::Refusal;
use super::turn::{self, Answer, Turn};

/// Project, family, image, and the size of its disk.
const IMAGES: &[(&str, &str, &str, u32)] = &[
    ("debian-cloud", "debian-11", "debian-11-bullseye-v20251111", 10),
    ("debian-cloud", "debian-12", "debian-12-bookworm-v20251111", 10),
    ("debian-cloud", "debian-13", "debian-13-trixie-v20251111", 10),
    ("ubuntu-os-cloud", "ubuntu-2004-lts", "ubuntu-2004-focal-v20250531", 10),
    ("ubuntu-os-cloud", "ubuntu-2204-lts", "ubuntu-2204-jammy-v20251111", 10),
    ("ubuntu-os-cloud", "ubuntu-2404-lts-amd64", "ubuntu-2404-noble-amd64-v20251111", 10),
    ("cos-cloud", "cos-stable", "cos-stable-125-19216-0-94", 10),
    ("centos-cloud", "centos-stream-9", "centos-stream-9-v20251111", 20),
    ("rocky-linux-cloud", "rocky-linux-9", "rocky-linux-9-v20251111", 20),
    ("rhel-cloud", "rhel-9", "rhel-9-v20251111", 20),
    ("windows-cloud", "windows-2022", "windows-server-2022-dc-v20251111", 50),
];

fn image((project, family, name, size): &(&str, &str, &str, u32)) -> Json {
    json!({
        "kind": "compute#image", "name": name, "family": family, "status": "READY", "architecture": "X86_64",
        "id": (1_000_000_000_000_000_000 + hash(name) % 8_000_000_000_000_000_000).to_string(),
        "diskSizeGb": size.to_string(), "sourceType": "RAW",
        "licenses": [link(project, &format!("global/licenses/{family}"))],
        "guestOsFeatures": [{"type": "UEFI_COMPATIBLE"}, {"type": "VIRTIO_SCSI_MULTIQUEUE"}, {"type": "GVNIC"}],
        "selfLink": link(project, &format!("global/images/{name}")),
    })
}

/// Says whether a project is one of those that only publish.
pub(super) fn publishes(project: &str) -> bool {
    IMAGES.iter().any(|(of, ..)| *of == project)
}

/// Gives the image that a reference means.
///
/// # Errors
/// It is no reference to an image, or there is none.
pub(super) fn existing(store: &Store, project: &str, text: &str) -> Result<Json, Refusal> {
    let malformed = || {
        Refusal::invalid(format!(
            "Invalid value for field 'resource.sourceImage': '{text}'. The URL is malformed."
        ))
    };
    // A publisher's newest image may be named by its family alone.
    let whole = match text.split_once('/') {
        Some((of, family)) if publishes(of) && !family.contains('/') => {
            format!("projects/{of}/global/images/family/{family}")
        }
        _ => text.to_owned(),
    };
    let (of, below) = reference::parts(project, &whole).ok_or_else(malformed)?;
    let name = below.strip_prefix("global/images/").ok_or_else(malformed)?;
    let row = IMAGES.iter().find(|(at, family, image, _)| {
        *at == of && (name == *image || name.strip_prefix("family/") == Some(family))
    });
    let own = || store.find(&key(of, below)).cloned();
    row.map(image).or_else(own).ok_or_else(|| missing(of, below))
}

/// Answers for the images of a project.
///
/// # Errors
/// There is none of that name.
pub(super) fn answer(turn: &mut Turn<'_>, project: &str, place: &Place, verb: &str) -> Answer {
    if verb == "list" {
        let items = IMAGES.iter().filter(|(of, ..)| *of == project).map(image).collect();
        let frame = json!({ "kind": "compute#imageList", "id": format!("projects/{project}/global/images") });
        return turn::list(frame, "items", turn.page(items, "maxResults"));
    }
    let last = turn.path.last().cloned().unwrap_or_default();
    let below = match verb {
        "getFromFamily" => format!("global/images/family/{last}"),
        _ => format!("global/images/{}", place.name),
    };
    turn::ok(&existing(turn.store, project, &below)?)
}
