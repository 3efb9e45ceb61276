//! Credentials: environment to tokens.
