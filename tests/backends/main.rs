//! Backends held against services: the same laws for each, and what is special to one.

#![allow(clippy::print_stderr, reason = "what is not held against a missing program must be seen")]

mod both;
mod commands;
mod ends;
mod fake;
mod gcs;
mod http;
#[allow(dead_code, reason = "the tests of faults use the rest")]
mod http_server;
mod init;
mod kubernetes;
mod laws;
mod pg;
mod postgres;
mod processes;
mod sandbox;
mod sealed;
mod terraform;
mod tls;
#[path = "../support/program.rs"]
mod program;
