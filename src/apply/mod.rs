//! A plan to a new snapshot: carries out the plan's calls in its order, and decides nothing.
//!
//! The owner ([`applier`]) holds the state, the journal and the evaluator; workers only wait on the
//! network and report over a desk.

pub mod agree;
mod before;
mod checks;
pub mod applier;
mod deposed;
mod desk;
mod diary;
pub mod late;
pub mod makespan;
mod oracle;
mod program;
pub mod recover;
pub mod resume;
mod provision;
mod settle;
mod walking;

pub use self::applier::{Applied, Given, apply};
