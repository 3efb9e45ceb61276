//! Arguments to one run.
