//! The Kubernetes side: one API server a cluster.
