//! Problems are data.
