//! What the cluster's signers do: a certificate for the key and the name of a PKCS#10 request.
//!
//! Only what is signed is read of a request: its subject's names and its key. The authority is made for each signature:
//! what it signs proves nothing outside of a sandbox.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, PublicKeyData, SignatureAlgorithm,
};

const BEGIN: &str = "-----BEGIN CERTIFICATE REQUEST-----";
const END: &str = "-----END CERTIFICATE REQUEST-----";
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// What is signed of a request.
pub struct Wish {
    names: DistinguishedName,
    key: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl PublicKeyData for Wish {
    fn der_bytes(&self) -> &[u8] {
        &self.key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// Reads a request in PEM.
///
/// # Errors
/// What is wrong with it.
pub fn read(pem: &str) -> Result<Wish, &'static str> {
    const KIND: &str = "PEM block type must be CERTIFICATE REQUEST";
    let body = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).ok_or(KIND)?.0;
    let text: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let der = STANDARD.decode(text).map_err(|_| KIND)?;
    parse(&der).ok_or("asn1: structure error: no PKCS#10 request")
}

/// Signs a request.
///
/// # Errors
/// What the certificate library says.
pub fn sign(wish: &Wish, server: bool) -> Result<String, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "kubernetes");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = wish.names.clone();
    params.extended_key_usages = vec![match server {
        true => ExtendedKeyUsagePurpose::ServerAuth,
        false => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    Ok(params.signed_by(wish, &authority)?.pem())
}

fn parse(der: &[u8]) -> Option<Wish> {
    let request = element(der, 0x30)?.0;
    let wished = element(request, 0x30)?.0;
    let (_, rest) = element(wished, 0x02)?;
    let (subject, rest) = element(rest, 0x30)?;
    let (spki, _) = element(rest, 0x30)?;
    let (kind, rest) = element(spki, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    Some(Wish {
        names: names(subject)?,
        key: bits.split_first()?.1.to_vec(),
        algorithm: algorithm(kind)?,
    })
}

fn names(mut subject: &[u8]) -> Option<DistinguishedName> {
    let mut names = DistinguishedName::new();
    while !subject.is_empty() {
        let (set, rest) = element(subject, 0x31)?;
        subject = rest;
        let (pair, _) = element(set, 0x30)?;
        let (kind, value) = element(pair, 0x06)?;
        let (value, _) = any(value)?;
        let kind = match kind {
            COMMON_NAME => DnType::CommonName,
            ORGANIZATION => DnType::OrganizationName,
            _ => continue,
        };
        names.push(kind, std::str::from_utf8(value).ok()?);
    }
    Some(names)
}

fn algorithm(kind: &[u8]) -> Option<&'static SignatureAlgorithm> {
    let (name, rest) = element(kind, 0x06)?;
    match name {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01] => Some(&rcgen::PKCS_RSA_SHA256),
        [0x2b, 0x65, 0x70] => Some(&rcgen::PKCS_ED25519),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => match element(rest, 0x06)?.0 {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => {
                Some(&rcgen::PKCS_ECDSA_P256_SHA256)
            }
            [0x2b, 0x81, 0x04, 0x00, 0x22] => Some(&rcgen::PKCS_ECDSA_P384_SHA384),
            _ => None,
        },
        _ => None,
    }
}

/// Gives the content of a first element of a tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    if *der.first()? == tag { any(der) } else { None }
}

fn any(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_for_its_own_key_and_name() {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "ada");
        let request = params.serialize_request(&key).expect("a request").pem().expect("PEM");

        let wish = read(&request).expect("it is a request");
        let certificate = sign(&wish, false).expect("it is signed");

        assert_eq!(wish.key, key.der_bytes());
        assert_eq!(wish.names, params.distinguished_name);
        assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert!(read("hello").is_err());
        assert!(read(&format!("{BEGIN}\nMAA=\n{END}\n")).is_err());
    }
}
