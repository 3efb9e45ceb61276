//! Credentials: environment to tokens.

pub mod kubernetes;
