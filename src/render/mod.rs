//! Telling: any of the program's results as text, JSON and more. Needs no network and prints nothing.
//!
//! Secrets are never told: a sensitive value is `(sensitive value)` in text and JSON alike.

pub mod diagnostic;
mod diff;
mod document;
pub mod plan;
pub mod style;

pub use self::style::Style;
