//! Terrane: plans, applies and watches Google Cloud and Kubernetes as one graph, from Terraform's language.
//!
//! The modules are listed in the way of the data; `ARCHITECTURE.md` has the table of who may
//! import whom, and `tests/floors.rs` holds it.

pub mod diag;
pub mod value;
pub mod addr;
pub mod graph;
pub mod http;
pub mod schema;
pub mod auth;
pub mod merge;
pub mod syntax;
pub mod functions;
pub mod config;
pub mod eval;
pub mod state;
pub mod backends;
pub mod providers;
pub mod plan;
pub mod apply;
pub mod review;
pub mod drift;
pub mod policy;
pub mod render;
pub mod sandbox;
pub mod cli;
