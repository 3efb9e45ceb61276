//! What is kept: the state file and the journal.
