//! Encrypted states, journals and plans: the envelope, who seals it, and who opens it.
//!
//! The envelope is OpenTofu's: an object of JSON with `encrypted_data` (12 bytes of nonce, the ciphertext, 16 bytes of tag: AES-GCM) and
//! `meta`, which has for the key provider that was used what finds its key again (a salt; a data key that a service has wrapped). A
//! state's envelope tells lineage and serial in clear; inside they must be the same.
//!
//! A key is made or found once a run ([`Vault::ready`], [`Vault::unlock`]: they may ask a service or take a while); sealing and opening
//! then need nothing else, also where the network is gone.

mod config;
mod keys;
mod seal;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

pub use self::config::{Encryption, encryption};
pub use self::keys::KeyProvider;
pub(super) use self::seal::Seal;

/// The only version of the envelope.
const VERSION: &str = "v0";

/// Within how many bytes an envelope tells that it is one.
const HEAD: usize = 16 * 1024;

/// What a nonce takes of the sealed bytes.
const NONCE: usize = 12;

/// Why something could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is encrypted, and nothing here says with which key.
    #[error("it is encrypted, and there is no encryption block that says with which key")]
    NoKey,
    /// None of the keys opens it.
    #[error("none of the keys of the encryption block opens it")]
    WrongKey,
    /// It is in clear, and must not be.
    #[error("it is not encrypted, and the encryption block enforces that it is")]
    Clear,
    /// The envelope is broken.
    #[error("its envelope is broken: {0}")]
    Broken(String),
    /// A key cannot be had.
    #[error("the key of {name} cannot be had: {why}")]
    Key {
        /// The key provider, like `key_provider.gcp_kms.main`.
        name: String,
        /// Why.
        why: String,
    },
}

/// Seals and opens, for one target: the state with its journal, or plans.
pub struct Vault {
    /// Who makes the key that is sealed with; nothing where what is written stays in clear.
    main: Option<Arc<KeyProvider>>,
    /// Who else may have made the key of what is read.
    fallbacks: Vec<Arc<KeyProvider>>,
    /// What is in clear is refused.
    enforced: bool,
    keys: Mutex<Keys>,
}

/// The keys of this run.
#[derive(Default)]
struct Keys {
    /// The key to seal with, and what finds it again.
    main: Option<(Meta, Arc<DataKey>)>,
    /// The keys of what was read, by what finds them.
    found: BTreeMap<Meta, Arc<DataKey>>,
}

/// What finds a key again: by the provider's name, base64 of a JSON of its own.
type Meta = BTreeMap<String, String>;

/// A key's bytes. They are never shown.
pub struct DataKey(Vec<u8>);

impl DataKey {
    /// Takes the bytes: 16 or 32.
    pub fn new(bytes: Vec<u8>) -> DataKey {
        DataKey(bytes)
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        let algorithm = if self.0.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
        let key = UnboundKey::new(algorithm, &self.0)
            .map_err(|_| SealError::Broken("its key is neither 16 nor 32 bytes long".into()))?;
        Ok(LessSafeKey::new(key))
    }

    fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|error| SealError::Broken(format!("no random bytes: {error}")))?;
        let mut bytes = clear.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
            .map_err(|_| SealError::Broken("it is too long".into()))?;
        Ok([&nonce[..], &bytes].concat())
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let Some((nonce, rest)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(SealError::Broken("it is too short".into()));
        };
        let mut bytes = rest.to_vec();
        let clear = self
            .cipher()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut bytes)
            .map_err(|_| SealError::WrongKey)?;
        Ok(clear.to_vec())
    }
}

/// The envelope as written.
#[derive(Serialize, Deserialize)]
struct Envelope {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lineage: Option<String>,
    meta: Meta,
    encrypted_data: String,
    encryption_version: String,
}

/// Says whether bytes are an envelope.
pub fn is_sealed(bytes: &[u8]) -> bool {
    envelope(bytes).is_some()
}

fn envelope(bytes: &[u8]) -> Option<Envelope> {
    // A state begins so too: only what has the member is parsed whole.
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let head = &bytes[..bytes.len().min(HEAD)];
    if bytes[start] != b'{' || !contains(head, b"\"encrypted_data\"") {
        return None;
    }
    serde_json::from_slice(bytes).ok()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

impl Vault {
    /// Makes it: `main` seals, and opens as `fallbacks` do.
    pub fn new(
        main: Option<Arc<KeyProvider>>,
        fallbacks: Vec<Arc<KeyProvider>>,
        enforced: bool,
    ) -> Vault {
        Vault { main, fallbacks, enforced, keys: Mutex::default() }
    }

    /// Says whether what is written is sealed.
    pub fn seals(&self) -> bool {
        self.main.is_some()
    }

    /// Says whether one of its key providers made the key that bytes were sealed with, by its name.
    pub fn opens(&self, bytes: &[u8]) -> bool {
        let Some(envelope) = envelope(bytes) else { return !self.enforced };
        let mut providers = self.main.iter().chain(&self.fallbacks);
        providers.any(|provider| envelope.meta.contains_key(provider.name()))
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the key to seal with, once.
    ///
    /// # Errors
    /// The key cannot be had.
    pub async fn ready(&self) -> Result<(), SealError> {
        let Some(main) = &self.main else { return Ok(()) };
        if self.keys().main.is_some() {
            return Ok(());
        }
        let (meta, key) = main.fresh().await?;
        let meta = Meta::from([(main.name().to_string(), BASE64.encode(meta))]);
        let mut keys = self.keys();
        let key = Arc::new(key);
        keys.found.insert(meta.clone(), Arc::clone(&key));
        keys.main = Some((meta, key));
        Ok(())
    }

    /// Finds the key of what was read; what is in clear needs none.
    ///
    /// # Errors
    /// It cannot be had, or nobody knows it, or what is in clear must not be.
    pub async fn unlock(&self, bytes: &[u8]) -> Result<(), SealError> {
        let Some(envelope) = envelope(bytes) else { return self.clear(bytes) };
        if self.keys().found.contains_key(&envelope.meta) {
            return Ok(());
        }
        let providers = self.main.iter().chain(&self.fallbacks);
        let mut last = SealError::NoKey;
        for provider in providers {
            let Some(meta) = envelope.meta.get(provider.name()) else {
                last = SealError::WrongKey;
                continue;
            };
            let meta = BASE64.decode(meta).map_err(|error| SealError::Broken(error.to_string()))?;
            let sealed = BASE64
                .decode(&envelope.encrypted_data)
                .map_err(|error| SealError::Broken(error.to_string()))?;
            match provider.find(&meta).await {
                // Of two providers of one name, the one whose key opens it is meant.
                Ok(key) if key.open(&sealed).is_ok() => {
                    let is_main =
                        self.main.as_ref().is_some_and(|main| Arc::ptr_eq(main, provider));
                    let key = Arc::new(key);
                    let mut keys = self.keys();
                    if is_main && keys.main.is_none() {
                        keys.main = Some((envelope.meta.clone(), Arc::clone(&key)));
                    }
                    keys.found.insert(envelope.meta, key);
                    return Ok(());
                }
                Ok(_) => last = SealError::WrongKey,
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn clear(&self, bytes: &[u8]) -> Result<(), SealError> {
        let empty = bytes.iter().all(u8::is_ascii_whitespace);
        if self.enforced && !empty { Err(SealError::Clear) } else { Ok(()) }
    }

    /// Opens what [`Vault::unlock`] has found the key of; what is in clear stays as it is.
    ///
    /// # Errors
    /// There is no key, or the envelope is broken.
    pub fn open(&self, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        let Some(envelope) = envelope(bytes) else {
            return self.clear(bytes).map(|()| bytes.to_vec());
        };
        let key = self.keys().found.get(&envelope.meta).cloned().ok_or(SealError::NoKey)?;
        let sealed = BASE64
            .decode(&envelope.encrypted_data)
            .map_err(|error| SealError::Broken(error.to_string()))?;
        let clear = key.open(&sealed)?;
        if let (Some(serial), Some(lineage)) = (envelope.serial, &envelope.lineage) {
            let inner: Head = serde_json::from_slice(&clear)
                .map_err(|error| SealError::Broken(error.to_string()))?;
            if inner.serial != serial || inner.lineage != *lineage {
                let why = "lineage and serial outside and inside are not the same";
                return Err(SealError::Broken(why.into()));
            }
        }
        Ok(clear)
    }

    /// Seals a state: lineage and serial are told in clear. Stays in clear where nothing is to be sealed.
    ///
    /// # Errors
    /// [`Vault::ready`] was not asked for, or there are no random bytes.
    pub fn seal_state(
        &self,
        clear: &[u8],
        lineage: &str,
        serial: u64,
    ) -> Result<Vec<u8>, SealError> {
        let sealed = self.envelope_of(clear)?.map(|envelope| Envelope {
            serial: Some(serial),
            lineage: Some(lineage.to_string()),
            ..envelope
        });
        Ok(sealed.map_or_else(|| clear.to_vec(), |envelope| (text(&envelope) + "\n").into_bytes()))
    }

    /// Seals anything else, in one line.
    ///
    /// # Errors
    /// As [`Vault::seal_state`].
    pub fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let sealed = self.envelope_of(clear)?;
        Ok(sealed.map_or_else(|| clear.to_vec(), |envelope| (text(&envelope) + "\n").into_bytes()))
    }

    fn envelope_of(&self, clear: &[u8]) -> Result<Option<Envelope>, SealError> {
        if self.main.is_none() {
            return Ok(None);
        }
        let (meta, key) = self.keys().main.clone().ok_or(SealError::NoKey)?;
        Ok(Some(Envelope {
            serial: None,
            lineage: None,
            meta,
            encrypted_data: BASE64.encode(key.seal(clear)?),
            encryption_version: VERSION.to_string(),
        }))
    }
}

/// What a state tells in clear.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    serial: u64,
    #[serde(default)]
    lineage: String,
}

fn text(envelope: &Envelope) -> String {
    serde_json::to_string(envelope).expect("an envelope has only string keys")
}

#[cfg(test)]
mod tests {
    use super::keys::tests::passphrase;
    use super::*;

    const STATE: &[u8] =
        br#"{"version":4,"serial":7,"lineage":"l","outputs":{"p":{"value":"hunter2"}}}"#;

    fn vault(main: Option<KeyProvider>, fallbacks: Vec<KeyProvider>, enforced: bool) -> Vault {
        Vault::new(main.map(Arc::new), fallbacks.into_iter().map(Arc::new).collect(), enforced)
    }

    async fn sealed(provider: KeyProvider) -> Vec<u8> {
        let vault = vault(Some(provider), Vec::new(), false);
        vault.ready().await.unwrap();
        vault.seal_state(STATE, "l", 7).unwrap()
    }

    async fn opened(vault: &Vault, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        vault.unlock(bytes).await?;
        vault.open(bytes)
    }

    #[tokio::test]
    async fn what_is_sealed_tells_nothing_and_opens_with_its_passphrase_only() {
        for kind in ["argon2id", "pbkdf2"] {
            let bytes = sealed(passphrase(kind, "main", "correct horse battery")).await;
            let other = vault(Some(passphrase(kind, "main", "another passphrase")), vec![], false);
            let same =
                vault(Some(passphrase(kind, "main", "correct horse battery")), vec![], false);

            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("hunter2") && text.contains("\"serial\":7"), "{text}");
            assert!(is_sealed(&bytes));
            assert_eq!(opened(&same, &bytes).await.unwrap(), STATE);
            assert_eq!(opened(&other, &bytes).await, Err(SealError::WrongKey));
            assert_eq!(opened(&vault(None, vec![], false), &bytes).await, Err(SealError::NoKey));
        }
    }

    #[tokio::test]
    async fn a_former_key_opens_and_the_present_one_seals() {
        let former = || passphrase("argon2id", "former", "the former passphrase");
        let bytes = sealed(former()).await;
        let main = passphrase("argon2id", "main", "the present passphrase");
        let vault = vault(Some(main), vec![former()], false);

        vault.ready().await.unwrap();
        assert_eq!(opened(&vault, &bytes).await.unwrap(), STATE);
        let again = vault.seal_state(STATE, "l", 8).unwrap();

        assert!(String::from_utf8_lossy(&again).contains("key_provider.argon2id.main"));
        assert!(!String::from_utf8_lossy(&again).contains("former"));
    }

    #[tokio::test]
    async fn what_is_in_clear_is_read_unless_encryption_is_enforced() {
        let provider = || Some(passphrase("argon2id", "main", "correct horse battery"));

        assert_eq!(opened(&vault(provider(), vec![], false), STATE).await.unwrap(), STATE);
        assert_eq!(opened(&vault(provider(), vec![], true), STATE).await, Err(SealError::Clear));
        assert_eq!(opened(&vault(provider(), vec![], true), b"").await.unwrap(), b"");
    }

    #[tokio::test]
    async fn an_envelope_that_was_changed_is_refused() {
        let provider = || passphrase("argon2id", "main", "correct horse battery");
        let bytes = sealed(provider()).await;
        let text = String::from_utf8(bytes.clone()).unwrap();
        let later = text.replace("\"serial\":7", "\"serial\":8");
        let vault = vault(Some(provider()), vec![], false);

        assert!(matches!(opened(&vault, later.as_bytes()).await, Err(SealError::Broken(_))));
        let at = text.find("encrypted_data\":\"").unwrap() + 40;
        let mut bent = bytes;
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(opened(&vault, &bent).await, Err(SealError::WrongKey));
    }
}
