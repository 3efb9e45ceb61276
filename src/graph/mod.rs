//! Graphs, their order and the parallel walk.
