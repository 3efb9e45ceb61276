//! The engine that interprets resource files: one file for each resource type, no code.
//!
//! `spec` is what a file says, `words` and `read` read it, `schema` gives the schema of it. `plan` decides offline
//! what an object will be, `validate` checks what the schema cannot say, `equal` holds the rules by which
//! different texts mean the same. `encode` and `decode` go between values and the service's JSON, `change`
//! makes the bodies of updates. `session` sends. What the words cannot say is a hook.

pub mod spec;
mod words;
pub mod read;
pub mod risks;
pub mod habits;
pub mod own;
pub mod schema;
pub mod shared;
pub mod template;
pub mod codec;
pub mod equal;
pub mod validate;
mod labels;
pub mod mask;
pub mod together;
mod stays;
pub mod plan;
pub mod encode;
pub mod decode;
pub mod change;
pub mod json;
pub mod hook;
pub mod error;
pub mod api;
mod granted;
mod discover;
mod requested;
mod history;
pub mod minimal;
pub mod catalog;
pub mod claims;
pub mod job;
pub mod lost;
pub mod session;
mod since;
