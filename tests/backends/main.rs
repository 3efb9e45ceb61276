//! Backends held against services: the same laws for each, and what is special to one.

#![allow(clippy::print_stderr, reason = "what is not held against a missing program must be seen")]

mod gcs;
mod laws;
mod processes;
mod sandbox;
mod terraform;
