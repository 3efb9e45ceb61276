//! The Kubernetes provider against the sandbox's API server, over TLS.

mod bench;
mod manifests;
mod plain;
mod workloads;
