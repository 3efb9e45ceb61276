//! What an account must be allowed to do.

/// What a command will do with the objects of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// They are read.
    Read,
    /// They are made, changed and removed as well.
    Change,
}

/// One permission that an account needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// Its name, `storage.buckets.create`.
    pub name: String,
    /// The project in which it is needed, where that is known.
    pub project: Option<String>,
    /// What has permissions of its own in the project: a bucket's name.
    pub bucket: Option<String>,
    /// What is done by it: `create`, `read`, `update`, `delete`.
    pub deed: String,
    /// The attribute that makes it needed, where it is not the resource as such.
    pub attribute: Option<String>,
    /// A predefined role that has it.
    pub role: Option<String>,
}

/// A question to a service: which of these permissions has the account here?
#[derive(Clone, Debug)]
pub struct Tested {
    /// The project.
    pub project: String,
    /// The bucket, where a bucket is asked rather than the project.
    pub bucket: Option<String>,
    /// The permissions.
    pub names: Vec<String>,
}
