//! Credentials: environment to tokens.

pub mod google;
pub mod kubernetes;
