//! Where keys come from: a passphrase, or a key of Cloud KMS that wraps one made here.

use std::num::NonZeroU32;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::pbkdf2;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{DataKey, SealError};
use crate::auth::google::GoogleTokens;
use crate::http::client::Transport;
use crate::http::{HeaderValue, Method, Request};

/// How many bytes a salt has.
const SALT: usize = 32;

/// Makes keys, and finds them again by what it left beside what was sealed.
pub struct KeyProvider {
    name: String,
    source: Source,
}

/// What a key is made of.
pub enum Source {
    /// A passphrase, stretched.
    Passphrase {
        /// The passphrase.
        passphrase: String,
        /// How a new key is stretched.
        stretch: Stretch,
    },
    /// A key of Cloud KMS: it wraps a data key that is made here.
    Kms(Box<Kms>),
}

/// How a passphrase is stretched; it stands beside what was sealed, so that it can be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Stretch {
    /// Argon2id (RFC 9106).
    Argon2id {
        /// Memory in KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// PBKDF2 with HMAC, as OpenTofu has it.
    Pbkdf2 {
        /// Rounds.
        iterations: u32,
        /// `sha256` or `sha512`.
        hash_function: String,
        /// The key's length in bytes.
        key_length: usize,
    },
}

/// What stands beside bytes that were sealed with a passphrase.
#[derive(Serialize, Deserialize)]
struct Salted {
    salt: String,
    #[serde(flatten)]
    stretch: Stretch,
}

/// What stands beside bytes that were sealed with a key that Cloud KMS has wrapped.
#[derive(Serialize, Deserialize)]
struct Wrapped {
    ciphertext: String,
}

/// A key of Cloud KMS.
pub struct Kms {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
    pub key: String,
    /// The data key's length in bytes: 16 or 32.
    pub key_length: usize,
    /// The service's address.
    pub endpoint: String,
    /// Sends.
    pub transport: Arc<dyn Transport>,
    /// Who asks.
    pub tokens: Arc<GoogleTokens>,
}

impl KeyProvider {
    /// Makes it; `name` is `key_provider.TYPE.NAME`.
    pub fn new(name: String, source: Source) -> KeyProvider {
        KeyProvider { name, source }
    }

    /// Gives its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn refused(&self, why: impl Into<String>) -> SealError {
        SealError::Key { name: self.name.clone(), why: why.into() }
    }

    /// Makes a new key, with what finds it again.
    ///
    /// # Errors
    /// The service refuses, or there are no random bytes.
    pub async fn fresh(&self) -> Result<(Vec<u8>, DataKey), SealError> {
        match &self.source {
            Source::Passphrase { passphrase, stretch } => {
                let salt = random(SALT).map_err(|why| self.refused(why))?;
                let key = stretched(passphrase, &salt, stretch).map_err(|why| self.refused(why))?;
                let salted = Salted { salt: BASE64.encode(salt), stretch: stretch.clone() };
                Ok((json!(salted).to_string().into_bytes(), key))
            }
            Source::Kms(kms) => {
                let key = random(kms.key_length).map_err(|why| self.refused(why))?;
                let body = json!({ "plaintext": BASE64.encode(&key) });
                let answer = kms.ask("encrypt", &body).await.map_err(|why| self.refused(why))?;
                let ciphertext = answer["ciphertext"].as_str().unwrap_or_default().to_string();
                Ok((json!(Wrapped { ciphertext }).to_string().into_bytes(), DataKey::new(key)))
            }
        }
    }

    /// Finds a key again.
    ///
    /// # Errors
    /// The service refuses, or what stands beside the sealed bytes is broken.
    pub async fn find(&self, meta: &[u8]) -> Result<DataKey, SealError> {
        let broken = |error: serde_json::Error| SealError::Broken(error.to_string());
        match &self.source {
            Source::Passphrase { passphrase, .. } => {
                let salted: Salted = serde_json::from_slice(meta).map_err(broken)?;
                let salt = BASE64
                    .decode(&salted.salt)
                    .map_err(|error| SealError::Broken(error.to_string()))?;
                stretched(passphrase, &salt, &salted.stretch).map_err(|why| self.refused(why))
            }
            Source::Kms(kms) => {
                let wrapped: Wrapped = serde_json::from_slice(meta).map_err(broken)?;
                let body = json!({ "ciphertext": wrapped.ciphertext });
                let answer = kms.ask("decrypt", &body).await.map_err(|why| self.refused(why))?;
                let plaintext = answer["plaintext"].as_str().unwrap_or_default();
                let key =
                    BASE64.decode(plaintext).map_err(|error| self.refused(error.to_string()))?;
                Ok(DataKey::new(key))
            }
        }
    }
}

fn random(length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random bytes: {error}"))?;
    Ok(bytes)
}

fn stretched(passphrase: &str, salt: &[u8], stretch: &Stretch) -> Result<DataKey, String> {
    match stretch {
        Stretch::Argon2id { memory, passes, lanes } => {
            // A state that somebody sent must not take all memory.
            if *memory > 4 << 20 || *passes > 1000 {
                return Err("it asks for more memory or passes than is ever useful".into());
            }
            let params = Params::new(*memory, *passes, *lanes, Some(32));
            let params = params.map_err(|error| error.to_string())?;
            let mut key = vec![0; 32];
            Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params)
                .hash_password_into(passphrase.as_bytes(), salt, &mut key)
                .map_err(|error| error.to_string())?;
            Ok(DataKey::new(key))
        }
        Stretch::Pbkdf2 { iterations, hash_function, key_length } => {
            let algorithm = match hash_function.as_str() {
                "sha256" => pbkdf2::PBKDF2_HMAC_SHA256,
                "sha512" => pbkdf2::PBKDF2_HMAC_SHA512,
                other => return Err(format!("the hash function \"{other}\" is not known")),
            };
            let rounds = NonZeroU32::new(*iterations).ok_or("it has no iterations")?;
            if !matches!(key_length, 16 | 32) {
                return Err(format!("a key of {key_length} bytes is not known here"));
            }
            let mut key = vec![0; *key_length];
            pbkdf2::derive(algorithm, rounds, salt, passphrase.as_bytes(), &mut key);
            Ok(DataKey::new(key))
        }
    }
}

impl Kms {
    /// Asks the service to wrap or unwrap a key.
    async fn ask(&self, verb: &str, body: &Json) -> Result<Json, String> {
        let url = format!("{}/v1/{}:{verb}", self.endpoint.trim_end_matches('/'), self.key);
        let token = self.tokens.token().await.map_err(|error| error.to_string())?;
        let mut request = Request::new(Method::POST, url).json(body);
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| "the access token has strange signs".to_string())?;
        value.set_sensitive(true);
        request.headers.insert("authorization", value);
        let answer = self.transport.send(request).await.map_err(|error| error.to_string())?;
        let json: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
        if !answer.status.is_success() {
            let message = crate::http::retry::message(&json);
            return Err(format!(
                "{verb} with {} was answered with {}: {message}",
                self.key, answer.status
            ));
        }
        Ok(json)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::auth::google::Wish;
    use crate::http::client::SendError;
    use crate::http::{Response, StatusCode, SystemClock};

    /// Makes a provider whose keys cost little.
    pub(in super::super) fn passphrase(kind: &str, name: &str, passphrase: &str) -> KeyProvider {
        let stretch = match kind {
            "argon2id" => Stretch::Argon2id { memory: 64, passes: 1, lanes: 1 },
            _ => Stretch::Pbkdf2 { iterations: 10, hash_function: "sha512".into(), key_length: 32 },
        };
        let source = Source::Passphrase { passphrase: passphrase.into(), stretch };
        KeyProvider::new(format!("key_provider.{kind}.{name}"), source)
    }

    #[tokio::test]
    async fn a_key_is_found_by_what_stands_beside_it_however_it_is_stretched_today() {
        let (meta, key) =
            passphrase("argon2id", "a", "correct horse battery").fresh().await.unwrap();
        let source = Source::Passphrase {
            passphrase: "correct horse battery".into(),
            stretch: Stretch::Argon2id { memory: 128, passes: 2, lanes: 1 },
        };
        let later = KeyProvider::new("key_provider.argon2id.a".into(), source);

        let found = later.find(&meta).await.unwrap();

        let sealed = key.seal(b"x").unwrap();
        assert_eq!(found.open(&sealed).unwrap(), b"x");
    }

    /// A key of Cloud KMS that wraps by turning bytes around.
    struct Service;

    #[async_trait::async_trait]
    impl Transport for Service {
        async fn send(&self, request: Request) -> Result<Response, SendError> {
            assert_eq!(request.header("authorization"), Some("Bearer t"));
            let body: Json = serde_json::from_slice(&request.body).unwrap();
            let turned = |name: &str| {
                let mut bytes = BASE64.decode(body[name].as_str().unwrap()).unwrap();
                bytes.reverse();
                BASE64.encode(bytes)
            };
            let answer = match request.path().rsplit(':').next() {
                Some("encrypt") => json!({ "ciphertext": turned("plaintext") }),
                Some("decrypt") => json!({ "plaintext": turned("ciphertext") }),
                other => panic!("{other:?}"),
            };
            let refused = request.path().contains("/other:");
            let status = if refused { StatusCode::FORBIDDEN } else { StatusCode::OK };
            let error = json!({ "error": { "code": 403, "message": "not permitted" } });
            Ok(Response::json(status, if refused { &error } else { &answer }))
        }
    }

    fn kms(key: &str) -> KeyProvider {
        let transport: Arc<dyn Transport> = Arc::new(Service);
        let wish = Wish { access_token: Some("t".into()), ..Wish::default() };
        let tokens = GoogleTokens::new(wish, Arc::clone(&transport), Arc::new(SystemClock));
        let key = format!("projects/p/locations/l/keyRings/r/cryptoKeys/{key}");
        let endpoint = "https://kms.example".to_string();
        let kms = Kms { key, key_length: 32, endpoint, transport, tokens: Arc::new(tokens) };
        KeyProvider::new("key_provider.gcp_kms.main".into(), Source::Kms(Box::new(kms)))
    }

    #[tokio::test]
    async fn a_key_that_the_service_wrapped_is_found_again_by_the_service() {
        let (meta, key) = kms("one").fresh().await.unwrap();

        let found = kms("one").find(&meta).await.unwrap();

        let sealed = key.seal(b"x").unwrap();
        assert_eq!(found.open(&sealed).unwrap(), b"x");
        assert!(!String::from_utf8(meta).unwrap().contains(&BASE64.encode(&key.0)));
    }

    #[tokio::test]
    async fn a_refusal_of_the_service_is_told_in_its_words() {
        let Err(refused) = kms("other").fresh().await else { panic!("not refused") };

        assert!(refused.to_string().contains("not permitted"), "{refused}");
    }

    #[tokio::test]
    async fn a_stretch_that_takes_all_memory_is_refused() {
        let meta = br#"{"salt":"AAAAAAAAAAA=","memory":4294967295,"passes":1,"lanes":1}"#;

        let found = passphrase("argon2id", "a", "correct horse battery").find(meta).await;

        assert!(matches!(found, Err(SealError::Key { .. })));
    }
}
