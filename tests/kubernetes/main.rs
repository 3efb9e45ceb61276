//! The Kubernetes provider against the sandbox's API server, over TLS.

mod bench;
mod beyond;
mod facts;
mod kinds;
mod laws;
mod manifests;
mod parts;
mod plain;
mod workloads;
