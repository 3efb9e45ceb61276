//! Prior and observed to findings.
