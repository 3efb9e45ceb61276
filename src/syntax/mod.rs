//! Text to a tree with spans.
//!
//! hcl-edit parses; its tree is lowered into ours (`tree`), so that the rest of the program does not
//! know it. Never fails: gives what could be read *and* the problems.

pub mod tree;
