//! Addresses of instances.
