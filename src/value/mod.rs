//! Values, types and paths.
