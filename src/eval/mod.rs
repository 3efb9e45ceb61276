//! The evaluator: configuration to the desired world.
