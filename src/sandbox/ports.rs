//! The local ports that clusters listen on.
//!
//! A port is bound when its cluster is made, so that the `endpoint` which the service answers is true before
//! anybody serves on it; the server takes the bound listener from here.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The bound ports, by cluster key.
#[derive(Debug, Default)]
pub struct Ports {
    bound: Mutex<BTreeMap<String, TcpListener>>,
}

impl Ports {
    /// Binds a port for a cluster: the one wished for where it is free, else any.
    ///
    /// # Errors
    /// No port could be bound at all.
    pub fn bind(&self, key: &str, wished: Option<u16>) -> std::io::Result<u16> {
        let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let listener = match wished.map(at) {
            Some(Ok(listener)) => listener,
            _ => at(0)?,
        };
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        self.locked().insert(key.to_owned(), listener);
        Ok(port)
    }

    /// Takes the listener of a cluster's port, for who serves on it.
    pub fn take(&self, key: &str) -> Option<TcpListener> {
        self.locked().remove(key)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, TcpListener>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
