//! Keys and certificates as other programs read them: `openssl` and `ssh-keygen`, where they are on the machine.

use std::path::Path;
use std::process::{Command, Output};

use super::{Folder, PROGRAMS, Step, one};

fn ran(folder: &Path, program: &str, words: &str) -> Option<Output> {
    let output = Command::new(program).args(words.split_whitespace()).current_dir(folder).output();
    output.ok()
}

#[expect(clippy::print_stderr, reason = "who runs the tests must see what was left out")]
fn must(folder: &Path, program: &str, words: &str) -> Option<String> {
    let Some(output) = ran(folder, program, words) else {
        eprintln!(
            "LEFT OUT: there is no {program} on this machine, so its reading of keys is not tried"
        );
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {words}: {}", text(&output.stderr));
    Some(text(&output.stdout))
}

const CONFIG: &str = r#"
locals {
  keys = {
    rsa  = ["RSA", "P256"]
    p224 = ["ECDSA", "P224"]
    p256 = ["ECDSA", "P256"]
    p384 = ["ECDSA", "P384"]
    p521 = ["ECDSA", "P521"]
    ed   = ["ED25519", "P256"]
  }
}
resource "tls_private_key" "k" {
  for_each    = local.keys
  algorithm   = each.value[0]
  ecdsa_curve = each.value[1]
}
resource "tls_self_signed_cert" "ca" {
  for_each              = local.keys
  private_key_pem       = tls_private_key.k[each.key].private_key_pem
  is_ca_certificate     = true
  validity_period_hours = 48
  allowed_uses          = ["cert_signing", "key_agreement", "encipher_only", "decipher_only"]
  subject { common_name = each.key }
}
resource "tls_cert_request" "r" {
  for_each        = local.keys
  private_key_pem = tls_private_key.k[each.key].private_key_pem_pkcs8
  dns_names       = ["a.example"]
  ip_addresses    = ["10.0.0.1"]
}
resource "tls_locally_signed_cert" "c" {
  for_each              = local.keys
  cert_request_pem      = tls_cert_request.r[each.key].cert_request_pem
  ca_private_key_pem    = tls_private_key.k[each.key].private_key_pem
  ca_cert_pem           = tls_self_signed_cert.ca[each.key].cert_pem
  validity_period_hours = 1
  allowed_uses          = ["server_auth"]
}
resource "local_sensitive_file" "key" {
  for_each        = local.keys
  filename        = "${each.key}.key"
  content         = tls_private_key.k[each.key].private_key_pem
  file_permission = "0600"
}
resource "local_sensitive_file" "pkcs8" {
  for_each        = local.keys
  filename        = "${each.key}.p8"
  content         = tls_private_key.k[each.key].private_key_pem_pkcs8
  file_permission = "0600"
}
resource "local_sensitive_file" "ssh" {
  for_each        = local.keys
  filename        = "${each.key}.ssh"
  content         = tls_private_key.k[each.key].private_key_openssh
  file_permission = "0600"
}
resource "local_file" "pub" {
  for_each = local.keys
  filename = "${each.key}.pub"
  content  = tls_private_key.k[each.key].public_key_pem
}
resource "local_file" "line" {
  for_each = local.keys
  filename = "${each.key}.line"
  content  = tls_private_key.k[each.key].public_key_openssh
}
resource "local_file" "print" {
  for_each = local.keys
  filename = "${each.key}.print"
  content  = tls_private_key.k[each.key].public_key_fingerprint_sha256
}
resource "local_file" "ca" {
  for_each = local.keys
  filename = "${each.key}.ca"
  content  = tls_self_signed_cert.ca[each.key].cert_pem
}
resource "local_file" "req" {
  for_each = local.keys
  filename = "${each.key}.req"
  content  = tls_cert_request.r[each.key].cert_request_pem
}
resource "local_file" "crt" {
  for_each = local.keys
  filename = "${each.key}.crt"
  content  = tls_locally_signed_cert.c[each.key].cert_pem
}
"#;

#[test]
fn openssl_reads_what_is_made() {
    let _held = PROGRAMS.write().unwrap_or_else(|held| held.into_inner());
    let folder = Folder(tempfile::tempdir().unwrap());
    let step = serde_json::json!({"config": [CONFIG], "run": "apply -auto-approve -input=false"});
    let step: Step = serde_json::from_value(step).unwrap();
    one(&folder, &step).unwrap();
    let place = folder.0.path();
    for name in ["rsa", "p224", "p256", "p384", "p521", "ed"] {
        let file =
            |ending: &str| std::fs::read_to_string(place.join(format!("{name}.{ending}"))).unwrap();
        let Some(public) = must(place, "openssl", &format!("pkey -in {name}.key -pubout")) else {
            return;
        };
        assert_eq!(public, file("pub"), "{name}");
        let same = must(place, "openssl", &format!("pkey -in {name}.p8 -pubout")).unwrap();
        assert_eq!(same, public, "{name}");
        must(place, "openssl", &format!("pkey -in {name}.key -check -noout"));
        must(place, "openssl", &format!("req -in {name}.req -verify -noout"));
        must(place, "openssl", &format!("verify -CAfile {name}.ca {name}.crt"));
        let shown = must(place, "openssl", &format!("x509 -in {name}.crt -noout -text")).unwrap();
        for part in
            ["DNS:a.example, IP Address:10.0.0.1", "TLS Web Server Authentication", "CA:FALSE"]
        {
            assert!(shown.contains(part), "{name}: {shown}");
        }
        let shown = must(place, "openssl", &format!("x509 -in {name}.ca -noout -text")).unwrap();
        for part in ["Key Agreement, Certificate Sign, Encipher Only, Decipher Only", "CA:TRUE"] {
            assert!(shown.contains(part), "{name}: {shown}");
        }
        if name == "p224" {
            continue;
        }
        let Some(line) = must(place, "ssh-keygen", &format!("-y -f {name}.ssh")) else { continue };
        assert_eq!(line.trim(), file("line").trim(), "{name}");
        let print = must(place, "ssh-keygen", &format!("-l -f {name}.line")).unwrap();
        assert!(print.contains(&file("print")), "{name}: {print}");
    }
}
