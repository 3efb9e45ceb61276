//! A plan to a new snapshot.
