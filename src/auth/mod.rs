//! Credentials: environment to tokens.

pub mod google;
mod exchange;
pub mod kubernetes;
pub mod storage_key;
