//! What a shell exports so that `gcloud`, `kubectl` and client libraries talk to the sandbox.

use std::fmt::Write;

/// The services that `gcloud` is sent here for, each with the path that `gcloud` expects in its base address.
const SERVICES: &[(&str, &str)] = &[
    ("APPENGINE", "appengine/"),
    ("ARTIFACTREGISTRY", "artifactregistry/"),
    ("BIGTABLEADMIN", "bigtableadmin/"),
    ("CLOUDKMS", "cloudkms/"),
    ("CLOUDRESOURCEMANAGER", "cloudresourcemanager/"),
    ("COMPUTE", "compute/v1/"),
    ("CONTAINER", "container/"),
    ("DNS", "dns/dns/v1/"),
    ("FIRESTORE", "firestore/"),
    ("IAM", "iam/"),
    ("IAMCREDENTIALS", "iamcredentials/"),
    ("LOGGING", "logging/"),
    ("PUBSUB", "pubsub/"),
    ("REDIS", "redis/"),
    ("SECRETMANAGER", "secretmanager/"),
    ("SERVICEUSAGE", "serviceusage/"),
    ("SQL", "sqladmin/"),
    ("STORAGE", "storage/v1/"),
];

/// Gives the lines that a shell evaluates; `base` is the server's URL without a slash at its end.
///
/// `gcloud` keeps nothing in the user's own folder: its settings and the token go to a folder of their own. The
/// token is good for a virtual year, since virtual hours are short.
pub fn exports(base: &str) -> String {
    let mut text = String::from(
        "export CLOUDSDK_CONFIG=\"$(mktemp -d)\"\n\
         export CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=\"$CLOUDSDK_CONFIG/token\"\n",
    );
    let token = "sed 's/.*\"access_token\": *\"\\([^\"]*\\)\".*/\\1/' >\"$CLOUDSDK_AUTH_ACCESS_TOKEN_FILE\"";
    // Writing to a text does not fail.
    let _ = writeln!(text, "curl -s -X POST '{base}/sandbox/token?lifetime=31536000s' | {token}");
    text.push_str("export TOKEN=\"$(cat \"$CLOUDSDK_AUTH_ACCESS_TOKEN_FILE\")\"\n");
    for (service, path) in SERVICES {
        let _ = writeln!(text, "export CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}={base}/{path}");
    }
    let _ = writeln!(text, "export STORAGE_EMULATOR_HOST={base}");
    text.push_str(
        "export CLOUDSDK_CORE_PROJECT=polls-demo CLOUDSDK_CORE_DISABLE_PROMPTS=1 CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1\n",
    );
    text
}
