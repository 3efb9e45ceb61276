//! Keys as OpenSSH has them: public lines, fingerprints, private keys.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use md5::Md5;
use sha2::{Digest, Sha256};

use super::der::{pem, signed, unpem};
use super::key::{CURVES, Curve, Key};

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Writes bytes with their length before them.
fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// Writes the public key; nothing for a curve that OpenSSH does not know.
fn blob(key: &Key) -> Option<Vec<u8>> {
    Some(match key {
        Key::Rsa(der) => {
            let numbers = Key::numbers(der);
            let (n, e) = (numbers.get(1)?, numbers.get(2)?);
            [string(b"ssh-rsa"), string(e), string(n)].concat()
        }
        Key::Ec(curve, _, point) => {
            let name = curve.ssh()?;
            let kind = format!("ecdsa-sha2-{name}");
            [string(kind.as_bytes()), string(name.as_bytes()), string(point)].concat()
        }
        Key::Ed25519(_, public) => [string(b"ssh-ed25519"), string(public)].concat(),
    })
}

fn kind(key: &Key) -> Option<String> {
    Some(match key {
        Key::Rsa(_) => "ssh-rsa".into(),
        Key::Ec(curve, ..) => format!("ecdsa-sha2-{}", curve.ssh()?),
        Key::Ed25519(..) => "ssh-ed25519".into(),
    })
}

/// The public key of a key, and its fingerprints; all empty for a curve that OpenSSH does not know.
#[derive(Default)]
pub(super) struct Public {
    pub(super) line: String,
    pub(super) md5: String,
    pub(super) sha256: String,
}

/// Gives the public key of a key.
pub(super) fn public(key: &Key) -> Public {
    let (Some(blob), Some(kind)) = (blob(key), kind(key)) else { return Public::default() };
    let md5 = Md5::digest(&blob).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    Public {
        line: format!("{kind} {}\n", STANDARD.encode(&blob)),
        md5: md5.join(":"),
        sha256: format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&blob))),
    }
}

/// Writes the private key, not encrypted; empty for a curve that OpenSSH does not know.
pub(super) fn private(key: &Key, check: [u8; 4]) -> String {
    let (Some(blob), Some(kind)) = (blob(key), kind(key)) else { return String::new() };
    let mut secret = [check, check].concat();
    secret.extend(string(kind.as_bytes()));
    match key {
        Key::Rsa(der) => {
            // n, e, d, 1/q mod p, p, q
            let numbers = Key::numbers(der);
            for place in [1, 2, 3, 8, 4, 5] {
                secret.extend(string(numbers.get(place).copied().unwrap_or_default()));
            }
        }
        Key::Ec(curve, number, point) => {
            secret.extend(string(curve.ssh().unwrap_or_default().as_bytes()));
            secret.extend(string(point));
            secret.extend(string(&signed(number)));
        }
        Key::Ed25519(seed, public) => {
            secret.extend(string(public));
            secret.extend(string(&[*seed, *public].concat()));
        }
    }
    secret.extend(string(b""));
    let padding = (8 - secret.len() % 8) % 8;
    secret.extend((1..=8_u8).take(padding));
    let whole = [
        MAGIC.to_vec(),
        string(b"none"),
        string(b"none"),
        string(b""),
        1_u32.to_be_bytes().to_vec(),
        string(&blob),
        string(&secret),
    ];
    pem("OPENSSH PRIVATE KEY", &whole.concat())
}

/// Reads a private key that is not encrypted, of this form or any other in PEM.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str) -> Result<Key, String> {
    let Some((label, bytes)) = unpem(text) else {
        return Err("failed to parse openssh private key: ssh: no key found".into());
    };
    if label != "OPENSSH PRIVATE KEY" {
        return Key::read(text);
    }
    read_blob(&bytes).map_err(|why| format!("failed to parse openssh private key: {why}"))
}

fn read_blob(bytes: &[u8]) -> Result<Key, &'static str> {
    let mut reader =
        Reader(bytes.strip_prefix(MAGIC).ok_or("ssh: invalid openssh private key format")?);
    let whole = "ssh: malformed OpenSSH key";
    let cipher = reader.string().ok_or(whole)?;
    let _kdf = reader.string().ok_or(whole)?;
    let _options = reader.string().ok_or(whole)?;
    if cipher != b"none" {
        return Err("ssh: this private key is passphrase protected");
    }
    if reader.number() != Some(1) {
        return Err("ssh: multi-key files are not supported");
    }
    let _public = reader.string().ok_or(whole)?;
    let mut secret = Reader(reader.string().ok_or(whole)?);
    if secret.number().ok_or(whole)? != secret.number().ok_or(whole)? {
        return Err(whole);
    }
    read_secret(&mut secret).ok_or(whole)
}

fn read_secret(secret: &mut Reader<'_>) -> Option<Key> {
    match secret.string()? {
        b"ssh-rsa" => {
            let parts: Vec<&[u8]> = (0..6).map_while(|_| secret.string()).collect();
            let [n, e, d, _inverse, p, q] = parts.as_slice() else { return None };
            Key::of_numbers(n, e, d, p, q)
        }
        b"ssh-ed25519" => {
            let _public = secret.string()?;
            Key::of_seed(secret.string()?.get(..32)?.try_into().ok()?)
        }
        kind => {
            let named = |curve: &Curve| curve.ssh().map(|name| format!("ecdsa-sha2-{name}"));
            let mut curves = CURVES.iter().map(|(_, curve)| *curve);
            let curve =
                curves.find(|curve| named(curve).is_some_and(|name| name.as_bytes() == kind))?;
            let (_name, _point) = (secret.string()?, secret.string()?);
            let number = secret.string()?;
            Key::of_secret(curve, number.strip_prefix(&[0]).unwrap_or(number))
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(4)?;
        self.0 = rest;
        Some(u32::from_be_bytes(number.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}
