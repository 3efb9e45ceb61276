//! What a policy says of a plan.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The plan must not be applied.
    Deny,
    /// Somebody should look at it.
    Warn,
}

impl Severity {
    /// Gives its name.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Deny => "deny",
            Severity::Warn => "warn",
        }
    }
}

/// One result of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The policy that says it.
    pub policy: String,
    /// The instance that it speaks of, where it speaks of one.
    pub address: Option<String>,
}
