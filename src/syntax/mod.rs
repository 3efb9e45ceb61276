//! Text to a tree with spans.
