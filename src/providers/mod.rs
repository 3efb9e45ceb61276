//! Providers, sessions and their registry.
