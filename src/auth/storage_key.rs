//! The key that a customer has objects of Cloud Storage encrypted with, as headers of a request.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::http::{HeaderName, HeaderValue, Request};

/// A key of 32 bytes; it has no `Debug`, since it is a secret.
#[derive(Clone)]
pub struct StorageKey([u8; 32]);

impl StorageKey {
    /// Reads a key: its bytes in base 64, or the path of a file of them, from a folder.
    ///
    /// # Errors
    /// It is neither.
    pub fn read(text: &str, folder: &Path) -> Result<StorageKey, String> {
        let text = std::fs::read_to_string(folder.join(text)).unwrap_or_else(|_| text.to_string());
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(StorageKey).ok_or_else(|| {
            "the encryption key is not 32 bytes in base 64, nor a file of them".to_string()
        })
    }

    /// Adds the key to a request that writes or reads bytes.
    pub fn add(&self, request: &mut Request) {
        let headers = [
            ("x-goog-encryption-algorithm", "AES256".to_string()),
            ("x-goog-encryption-key", STANDARD.encode(self.0)),
            ("x-goog-encryption-key-sha256", STANDARD.encode(Sha256::digest(self.0))),
        ];
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(&value).expect("base 64 is a header's text");
            value.set_sensitive(true);
            request.headers.insert(HeaderName::from_static(name), value);
        }
    }
}
