//! The sandbox: Google Cloud and Kubernetes as functions of requests.
//!
//! It is built from Google's published API descriptions, from tables of its own with their sources,
//! and from recorded real answers; never from the client's code or resource files. It imports
//! nothing of the program but `http` and `merge`: a test whose two sides share the code under test
//! proves nothing.

pub mod clock;
pub mod store;
pub mod faults;
pub mod certificate;
pub mod ports;
pub mod google;
pub mod kubernetes;
pub mod world;
pub mod control;
pub mod exports;
pub mod server;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod recorded;

use serde_json::Value as Json;

use crate::http::{Request, Response};

pub use self::server::{Server, serve};
pub use self::world::{World, attach};

/// Answers requests.
pub trait Service: Send + Sync {
    /// Gives the answer; what it changes is kept in the service's own store.
    fn answer(&self, request: &Request) -> Response;
}

/// A GKE cluster as its Kubernetes side knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterName {
    /// The project's id.
    pub project: String,
    /// The zone or region.
    pub location: String,
    /// The cluster's name.
    pub cluster: String,
}

/// A node that a node pool gives to its cluster.
#[derive(Clone, Debug)]
pub struct Node {
    /// The name, `gke-CLUSTER-POOL-HASH-SUFFIX`.
    pub name: String,
    /// Its node pool.
    pub pool: String,
    /// Its zone.
    pub zone: String,
    /// The machine type, like `g1-small`.
    pub machine_type: String,
    /// Labels of the node, `cloud.google.com/gke-nodepool` included.
    pub labels: Vec<(String, String)>,
    /// Whether it is preemptible.
    pub preemptible: bool,
    /// The kubelet's version, like `v1.33.5-gke.100`.
    pub version: String,
    /// How many nodes its pool may have in its zone, where that is scaled.
    pub most: Option<u64>,
}

/// What the Kubernetes side asks of the Google side that it runs in.
pub trait Cloud: Send + Sync {
    /// Says whether a bearer token was minted here and has not expired.
    fn token_is_good(&self, token: &str) -> bool;

    /// Gives the nodes that are ready in a cluster.
    fn nodes(&self, cluster: &ClusterName) -> Vec<Node>;

    /// Gives a pool one node more in a zone, where it has so many.
    fn grow(&self, cluster: &ClusterName, pool: &str, zone: &str, from: u64);

    /// Makes or replaces a thing of the cloud that a controller owns (a disk, a forwarding rule, a
    /// network endpoint group, a firewall rule, …). `collection` is the REST path below the project,
    /// like `zones/asia-south1-a/disks` or `global/forwardingRules`; `body` has `name`. It appears
    /// in the compute service's answers and in the inventory.
    fn put(&self, project: &str, collection: &str, body: Json);

    /// Removes such a thing; nothing where it is not there.
    fn remove(&self, project: &str, collection: &str, name: &str);

    /// Writes an object into a bucket with an interoperability key, as an S3-style client does.
    ///
    /// # Errors
    /// The text of what stood in the way: an unknown or inactive key, a wrong secret, no such
    /// bucket, no permission of the key's service account on the bucket.
    fn write_object(
        &self,
        access_id: &str,
        secret: &str,
        bucket: &str,
        name: &str,
        content_type: &str,
        content: &[u8],
    ) -> Result<(), String>;
}
