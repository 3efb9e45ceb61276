//! Desired, prior and observed to a plan.
