//! Kubernetes' structured merge over JSON.
