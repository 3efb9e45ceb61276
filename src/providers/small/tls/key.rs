//! Private keys: made, read, written, and signed with.

use std::convert::Infallible;

use ring::signature::{Ed25519KeyPair, KeyPair};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::{Pkcs1v15Sign, PrivateKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::der::{self, BYTES, INTEGER, OID, SEQUENCE, element, integer, oid, sequence};

const RSA_OID: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];
const EC_OID: &[u64] = &[1, 2, 840, 10_045, 2, 1];
const ED25519_OID: &[u64] = &[1, 3, 101, 112];
const NULL: &[u8] = &[5, 0];

/// A private key.
pub(super) enum Key {
    /// RSA, as PKCS #1.
    Rsa(Vec<u8>),
    /// On a curve: the secret number, and the point without compression.
    Ec(Curve, Vec<u8>, Vec<u8>),
    /// Ed25519: the seed and the public key.
    Ed25519([u8; 32], [u8; 32]),
}

/// A curve of NIST.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

pub(super) const CURVES: [(&str, Curve); 4] =
    [("P224", Curve::P224), ("P256", Curve::P256), ("P384", Curve::P384), ("P521", Curve::P521)];

impl Curve {
    fn oid(self) -> &'static [u64] {
        match self {
            Curve::P224 => &[1, 3, 132, 0, 33],
            Curve::P256 => &[1, 2, 840, 10_045, 3, 1, 7],
            Curve::P384 => &[1, 3, 132, 0, 34],
            Curve::P521 => &[1, 3, 132, 0, 35],
        }
    }

    /// Gives the length of a coordinate in bytes.
    fn size(self) -> usize {
        match self {
            Curve::P224 => 28,
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// Gives the name in OpenSSH, which has none for P-224.
    pub(super) fn ssh(self) -> Option<&'static str> {
        match self {
            Curve::P224 => None,
            Curve::P256 => Some("nistp256"),
            Curve::P384 => Some("nistp384"),
            Curve::P521 => Some("nistp521"),
        }
    }

    /// Gives the point that belongs to a secret number; nothing where that is out of range.
    fn point(self, secret: &[u8]) -> Option<Vec<u8>> {
        match self {
            Curve::P224 => {
                let key = p224::ecdsa::SigningKey::from_slice(secret).ok()?;
                Some(key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret).ok()?;
                Some(key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(secret).ok()?;
                Some(key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Curve::P521 => {
                let key = p521::ecdsa::SigningKey::from_slice(secret).ok()?;
                Some(key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
        }
    }

    /// Signs with the hash that fits the curve; gives the signature in DER.
    fn sign(self, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        use p256::ecdsa::signature::hazmat::PrehashSigner;
        match self {
            Curve::P224 => {
                let key = p224::ecdsa::SigningKey::from_slice(secret).ok()?;
                let signature: p224::ecdsa::Signature =
                    key.sign_prehash(&Sha256::digest(message)).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret).ok()?;
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&Sha256::digest(message)).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(secret).ok()?;
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&Sha384::digest(message)).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            Curve::P521 => {
                let key = p521::ecdsa::SigningKey::from_slice(secret).ok()?;
                let signature: p521::ecdsa::Signature =
                    key.sign_prehash(&Sha512::digest(message)).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
        }
    }

    /// Writes the algorithm of keys on this curve.
    fn algorithm(self) -> Vec<u8> {
        sequence(&[oid(EC_OID), oid(self.oid())])
    }
}

/// The system's randomness, as the RSA library asks for it.
struct System;

impl TryRng for System {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        getrandom::fill(bytes).expect("the system gave random bytes when the key was begun");
        Ok(())
    }
}

impl TryCryptoRng for System {}

fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(bytes)
}

impl Key {
    /// Makes a key of RSA with so many bits.
    pub(super) fn rsa(bits: i64) -> Result<Key, String> {
        random::<1>()?;
        let size = usize::try_from(bits).ok().filter(|bits| (1024..=16_384).contains(bits));
        let size = size.ok_or_else(|| {
            format!("crypto/rsa: {bits}-bit keys are insecure or too large: 1024 to 16384 bits can be had")
        })?;
        let key = PrivateKey::new(&mut System, size).map_err(|error| error.to_string())?;
        let der = key.to_pkcs1_der().map_err(|error| error.to_string())?;
        Ok(Key::Rsa(der.as_bytes().to_vec()))
    }

    /// Makes a key on a curve.
    pub(super) fn ec(curve: Curve) -> Result<Key, String> {
        loop {
            let mut secret = random::<66>()?[..curve.size()].to_vec();
            if curve == Curve::P521 {
                secret[0] &= 1;
            }
            if let Some(point) = curve.point(&secret) {
                return Ok(Key::Ec(curve, secret, point));
            }
        }
    }

    /// Makes a key of Ed25519.
    pub(super) fn ed25519() -> Result<Key, String> {
        Key::of_seed(random()?).ok_or_else(|| "the seed gives no key".to_string())
    }

    pub(super) fn of_seed(seed: [u8; 32]) -> Option<Key> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        Some(Key::Ed25519(seed, pair.public_key().as_ref().try_into().ok()?))
    }

    pub(super) fn of_secret(curve: Curve, secret: &[u8]) -> Option<Key> {
        let mut padded = vec![0; curve.size().checked_sub(secret.len())?];
        padded.extend(secret);
        let point = curve.point(&padded)?;
        Some(Key::Ec(curve, padded, point))
    }

    /// Puts a key of RSA together.
    pub(super) fn of_numbers(n: &[u8], e: &[u8], d: &[u8], p: &[u8], q: &[u8]) -> Option<Key> {
        use rsa::BoxedUint;
        let number = BoxedUint::from_be_slice_vartime;
        let primes = vec![number(p), number(q)];
        let key = PrivateKey::from_components(number(n), number(e), number(d), primes).ok()?;
        Some(Key::Rsa(key.to_pkcs1_der().ok()?.as_bytes().to_vec()))
    }

    /// Reads a key in PEM: PKCS #1, SEC 1 or PKCS #8.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(pem: &str) -> Result<Key, String> {
        let (label, bytes) = der::unpem(pem).ok_or_else(|| {
            format!("failed to decode PEM block: decoded bytes {}, undecoded {}", pem.len(), 0)
        })?;
        let key = match label.as_str() {
            "RSA PRIVATE KEY" => Key::read_rsa(&bytes),
            "EC PRIVATE KEY" => Key::read_sec1(&bytes, None),
            "PRIVATE KEY" => Key::read_pkcs8(&bytes),
            _ => return Err(format!("unsupported PEM preamble/type: {label}")),
        };
        key.ok_or_else(|| {
            format!(
                "failed to parse private key given PEM preamble '{label}': it is not well formed"
            )
        })
    }

    fn read_rsa(bytes: &[u8]) -> Option<Key> {
        let key = PrivateKey::from_pkcs1_der(bytes).ok()?;
        Some(Key::Rsa(key.to_pkcs1_der().ok()?.as_bytes().to_vec()))
    }

    fn read_sec1(bytes: &[u8], curve: Option<Curve>) -> Option<Key> {
        let parts = der::one(bytes)?.0.inside()?;
        let secret = parts.get(1)?.of(BYTES)?;
        let named = || {
            let name = parts.iter().find(|part| part.tag == 0xa0)?.content;
            CURVES.iter().find(|(_, curve)| oid(curve.oid()) == name).map(|(_, curve)| *curve)
        };
        Key::of_secret(curve.or_else(named)?, secret)
    }

    fn read_pkcs8(bytes: &[u8]) -> Option<Key> {
        let parts = der::one(bytes)?.0.inside()?;
        let algorithm = parts.get(1)?.inside()?;
        let inner = parts.get(2)?.of(BYTES)?;
        let name = algorithm.first()?.whole;
        if name == oid(RSA_OID) {
            Key::read_rsa(inner)
        } else if name == oid(EC_OID) {
            let curve = algorithm.get(1)?.whole;
            let curve = CURVES.iter().find(|(_, known)| oid(known.oid()) == curve)?;
            Key::read_sec1(inner, Some(curve.1))
        } else if name == oid(ED25519_OID) {
            Key::of_seed(der::one(inner)?.0.of(BYTES)?.try_into().ok()?)
        } else {
            None
        }
    }

    /// Gives the name that the configuration has for the algorithm.
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa(_) => "RSA",
            Key::Ec(..) => "ECDSA",
            Key::Ed25519(..) => "ED25519",
        }
    }

    /// Gives the numbers of an RSA key: version, n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p.
    pub(super) fn numbers(der: &[u8]) -> Vec<&[u8]> {
        let parts = der::one(der).and_then(|(whole, _)| whole.inside()).unwrap_or_default();
        parts.iter().filter_map(|part| part.of(INTEGER)).collect()
    }

    /// Writes the key in PEM in its algorithm's own form.
    pub(super) fn pem(&self) -> String {
        match self {
            Key::Rsa(der) => der::pem("RSA PRIVATE KEY", der),
            Key::Ec(curve, secret, point) => {
                let name = element(0xa0, &oid(curve.oid()));
                der::pem("EC PRIVATE KEY", &sec1(secret, point, Some(name)))
            }
            Key::Ed25519(..) => self.pkcs8(),
        }
    }

    /// Writes the key as PKCS #8 in PEM.
    pub(super) fn pkcs8(&self) -> String {
        let (algorithm, key) = match self {
            Key::Rsa(der) => (sequence(&[oid(RSA_OID), NULL.to_vec()]), der.clone()),
            Key::Ec(curve, secret, point) => (curve.algorithm(), sec1(secret, point, None)),
            Key::Ed25519(seed, _) => (sequence(&[oid(ED25519_OID)]), element(BYTES, seed)),
        };
        let whole = sequence(&[integer(&[]), algorithm, element(BYTES, &key)]);
        der::pem("PRIVATE KEY", &whole)
    }

    /// Writes the public key: what it is of, and its bits.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            Key::Rsa(der) => {
                let numbers = Key::numbers(der);
                let number = |place: usize| {
                    element(INTEGER, numbers.get(place).copied().unwrap_or_default())
                };
                let key = sequence(&[number(1), number(2)]);
                sequence(&[sequence(&[oid(RSA_OID), NULL.to_vec()]), der::bits(&key)])
            }
            Key::Ec(curve, _, point) => sequence(&[curve.algorithm(), der::bits(point)]),
            Key::Ed25519(_, public) => {
                sequence(&[sequence(&[oid(ED25519_OID)]), der::bits(public)])
            }
        }
    }

    /// Writes the name of the algorithm that [`Key::sign`] signs with.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        let name: &[u64] = match self {
            Key::Rsa(_) => {
                return sequence(&[oid(&[1, 2, 840, 113_549, 1, 1, 11]), NULL.to_vec()]);
            }
            Key::Ec(Curve::P224 | Curve::P256, ..) => &[1, 2, 840, 10_045, 4, 3, 2],
            Key::Ec(Curve::P384, ..) => &[1, 2, 840, 10_045, 4, 3, 3],
            Key::Ec(Curve::P521, ..) => &[1, 2, 840, 10_045, 4, 3, 4],
            Key::Ed25519(..) => ED25519_OID,
        };
        sequence(&[oid(name)])
    }

    /// Signs a message.
    ///
    /// # Errors
    /// That the key cannot sign (an RSA key that is too short).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Key::Rsa(der) => {
                let key = PrivateKey::from_pkcs1_der(der).map_err(|error| error.to_string())?;
                let digest = Sha256::digest(message);
                key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).map_err(|error| error.to_string())
            }
            Key::Ec(curve, secret, _) => {
                curve.sign(secret, message).ok_or_else(|| "the key cannot sign".to_string())
            }
            Key::Ed25519(seed, _) => {
                let pair =
                    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| error.to_string())?;
                Ok(pair.sign(message).as_ref().to_vec())
            }
        }
    }
}

/// Writes a key of a curve as SEC 1 has it; inside PKCS #8 the curve's name stands elsewhere.
fn sec1(secret: &[u8], point: &[u8], name: Option<Vec<u8>>) -> Vec<u8> {
    let mut parts = vec![integer(&[1]), element(BYTES, secret)];
    parts.extend(name);
    parts.push(element(0xa1, &der::bits(point)));
    sequence(&parts)
}

/// Gives the bytes of a public key whose hash is its identifier in certificates, from the whole public key.
pub(super) fn key_id(public: &[u8]) -> Option<[u8; 20]> {
    let parts = der::one(public)?.0.inside()?;
    let name = parts.first()?.inside()?.first()?.whole;
    let key = parts.get(1)?.bits()?;
    let hashed = if name == oid(ED25519_OID) { element(BYTES, key) } else { key.to_vec() };
    (parts.first()?.tag == SEQUENCE && !name.is_empty() && name[0] == OID)
        .then(|| sha1::Sha1::digest(hashed).into())
}
