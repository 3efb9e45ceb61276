//! Telling: any of the program's results as text, JSON and more. Needs no network and prints nothing.
//!
//! Secrets are never told: a sensitive value is `(sensitive value)` in text and JSON alike.

mod change;
pub mod configuration;
pub mod diagnostic;
mod pairs;
mod diff;
mod document;
mod loose;
pub mod drift;
pub mod metrics;
pub mod drift_sarif;
pub mod drift_stacks;
pub mod graph;
pub mod json;
pub mod literal;
pub mod object;
pub mod plan;
pub mod plan_diff;
pub mod report;
mod gutter;
pub mod markdown;
pub mod html;
pub mod sarif;
pub mod annotations;
pub mod progress;
pub mod review;
pub mod state;
mod snippet;
pub mod style;

pub use self::style::Style;
