//! The Kubernetes side: one API server a cluster.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::http::{Request, Response, StatusCode};
use crate::sandbox::clock::VirtualClock;
use crate::sandbox::{Cloud, ClusterName, Service};

/// One cluster's API server.
pub struct Cluster {
    version: String,
    cloud: Arc<dyn Cloud>,
}

impl Cluster {
    /// Makes a cluster.
    pub fn new(
        _name: ClusterName,
        version: String,
        _clock: Arc<VirtualClock>,
        cloud: Arc<dyn Cloud>,
    ) -> Cluster {
        Cluster { version, cloud }
    }

    /// Gives the cluster as the world file has it.
    pub fn to_json(&self) -> Json {
        json!({"version": self.version})
    }

    /// Reads a cluster from the world file's form.
    ///
    /// # Errors
    /// What is not as it was written.
    pub fn from_json(
        json: Json,
        _clock: Arc<VirtualClock>,
        cloud: Arc<dyn Cloud>,
    ) -> Result<Cluster, String> {
        Ok(Cluster { version: json["version"].as_str().ok_or("no version")?.to_owned(), cloud })
    }

    /// Runs the controllers.
    pub fn settle(&self) {}

    /// Gives all that it has.
    pub fn inventory(&self) -> Vec<Json> {
        Vec::new()
    }
}

impl Service for Cluster {
    fn answer(&self, request: &Request) -> Response {
        let token =
            request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        if token.is_some_and(|token| self.cloud.token_is_good(token)) {
            return Response::json(
                StatusCode::OK,
                &json!({"gitVersion": format!("v{}", self.version)}),
            );
        }
        Response::empty(StatusCode::UNAUTHORIZED)
    }
}
