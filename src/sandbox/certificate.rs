//! A cluster's own certificate authority and its server's certificate.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use crate::sandbox::store::random;

/// What a cluster's API server proves itself with, in PEM.
pub struct Identity {
    /// The authority's certificate.
    pub authority: String,
    /// The server's certificate, signed by the authority.
    pub certificate: String,
    /// The server's private key.
    pub key: String,
}

/// Makes a new authority and a server certificate for the local addresses.
///
/// # Errors
/// What the certificate library says.
pub fn make(cluster: &str) -> Result<Identity, String> {
    build(cluster).map_err(|error| error.to_string())
}

fn build(cluster: &str) -> Result<Identity, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.distinguished_name.push(DnType::CommonName, hex::encode(random::<16>()));
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let names =
        ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    let mut params = CertificateParams::new(names.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, cluster);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    Ok(Identity {
        authority: authority.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}
