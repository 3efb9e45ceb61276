//! The Kubernetes provider against the sandbox's API server, over TLS.

mod bench;
mod plain;
mod workloads;
