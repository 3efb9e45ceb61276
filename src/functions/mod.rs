//! The language's functions, a table of rows.
