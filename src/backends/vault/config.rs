//! The `encryption` block: which key providers there are, and what is sealed with which. The words are OpenTofu's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::keys::{Kms, Source, Stretch};
use super::{KeyProvider, Vault};
use crate::auth::google::{GoogleTokens, Wish};
use crate::backends::kinds::Surroundings;
use crate::diag::{Diagnostic, nearest};
use crate::http::client::Client;

/// The least that a passphrase has.
const SHORTEST: usize = 16;

/// What is sealed with what.
#[derive(Clone, Default)]
pub struct Encryption {
    /// The state and its journal; nothing where the block says nothing of it.
    pub state: Option<Arc<Vault>>,
    /// Saved plans.
    pub plan: Option<Arc<Vault>>,
    /// States of other configurations, which are only read: all that the block says of them opens them, or else what opens
    /// this one's own.
    pub others: Option<Arc<Vault>>,
}

/// Makes it from the block's arguments: blocks are objects, by their labels; references are texts (`method.aes_gcm.main`).
///
/// # Errors
/// What is wrong with the block.
pub fn encryption(
    block: &Map<String, Json>,
    world: &Surroundings,
) -> Result<Encryption, Box<Diagnostic>> {
    known(block, &["key_provider", "method", "state", "plan", OTHERS], "encryption")?;
    let mut providers = BTreeMap::new();
    for (kind, name, body) in labelled(block, "key_provider")? {
        let provider = provider(&kind, &name, &body, world)?;
        providers.insert(provider.name().to_string(), Arc::new(provider));
    }
    let mut methods: BTreeMap<String, Option<Arc<KeyProvider>>> = BTreeMap::new();
    for (kind, name, body) in labelled(block, "method")? {
        let keys = match kind.as_str() {
            "unencrypted" => None,
            "aes_gcm" => {
                known(&body, &["keys"], "method")?;
                let wanted = reference(&body, "keys").ok_or_else(|| {
                    wrong(format!("The method \"{name}\" needs \"keys\", a key provider."))
                })?;
                Some(Arc::clone(providers.get(&wanted).ok_or_else(|| {
                    wrong(format!("The method \"{name}\" names {wanted}, which there is not."))
                })?))
            }
            other => {
                let detail = format!("There is no method of type \"{other}\".");
                return Err(wrong(detail).help("There are: aes_gcm, unencrypted.").into());
            }
        };
        methods.insert(format!("method.{kind}.{name}"), keys);
    }
    let target = |name: &str| target(block, name, &methods).map(|vault| vault.map(Arc::new));
    let state = target("state")?;
    let others = others(block, &methods)?.map(Arc::new);
    Ok(Encryption { state, plan: target("plan")?, others })
}

/// The block of the states of other configurations.
const OTHERS: &str = "remote_state_data_sources";

/// Gives what opens states of other configurations: the default's method and those of single data sources, with all their
/// fallbacks.
fn others(
    block: &Map<String, Json>,
    methods: &BTreeMap<String, Option<Arc<KeyProvider>>>,
) -> Result<Option<Vault>, Box<Diagnostic>> {
    let Some(Json::Object(written)) = block.get(OTHERS) else {
        // Whoever shares a state often shares its key.
        let Some(Json::Object(own)) = block.get("state") else { return Ok(None) };
        let (main, fallbacks) = keys_of(own, "state", methods)?;
        return Ok(Some(Vault::new(None, main.into_iter().chain(fallbacks).collect(), false)));
    };
    known(written, &["default", "remote_state_data_source"], OTHERS)?;
    let single = written.get("remote_state_data_source").and_then(Json::as_object);
    let single = single.into_iter().flatten().map(|(_, target)| target);
    let mut keys = Vec::new();
    for target in written.get("default").into_iter().chain(single) {
        let Json::Object(target) = target else { continue };
        known(target, &["method", "fallback"], OTHERS)?;
        let (main, fallbacks) = keys_of(target, OTHERS, methods)?;
        keys.extend(main.into_iter().chain(fallbacks));
    }
    Ok(Some(Vault::new(None, keys, false)))
}

fn target(
    block: &Map<String, Json>,
    name: &str,
    methods: &BTreeMap<String, Option<Arc<KeyProvider>>>,
) -> Result<Option<Vault>, Box<Diagnostic>> {
    let Some(Json::Object(target)) = block.get(name) else { return Ok(None) };
    known(target, &["method", "fallback", "enforced"], name)?;
    let (main, fallbacks) = keys_of(target, name, methods)?;
    let enforced = target.get("enforced").and_then(Json::as_bool).unwrap_or(false);
    if enforced && main.is_none() {
        let detail = format!(
            "The block \"{name}\" enforces encryption with a method that does not encrypt."
        );
        return Err(wrong(detail).into());
    }
    Ok(Some(Vault::new(main, fallbacks, enforced)))
}

/// Gives the keys that a block names: the method's, and those of its fallbacks.
fn keys_of(
    target: &Map<String, Json>,
    name: &str,
    methods: &BTreeMap<String, Option<Arc<KeyProvider>>>,
) -> Result<(Option<Arc<KeyProvider>>, Vec<Arc<KeyProvider>>), Box<Diagnostic>> {
    let method = |of: &Map<String, Json>| -> Result<Option<Arc<KeyProvider>>, Box<Diagnostic>> {
        let wanted = reference(of, "method")
            .ok_or_else(|| wrong(format!("The block \"{name}\" needs a \"method\".")))?;
        let found = methods.get(&wanted).cloned();
        Ok(found.ok_or_else(|| {
            wrong(format!("The block \"{name}\" names {wanted}, which there is not."))
        })?)
    };
    let main = method(target)?;
    let mut fallbacks = Vec::new();
    let mut inner = target.get("fallback");
    while let Some(Json::Object(fallback)) = inner {
        fallbacks.extend(method(fallback)?);
        inner = fallback.get("fallback");
    }
    Ok((main, fallbacks))
}

fn provider(
    kind: &str,
    name: &str,
    body: &Map<String, Json>,
    world: &Surroundings,
) -> Result<KeyProvider, Box<Diagnostic>> {
    let number = |field: &str, default: u32| -> Result<u32, Box<Diagnostic>> {
        match body.get(field) {
            None | Some(Json::Null) => Ok(default),
            Some(value) => value.as_u64().and_then(|it| u32::try_from(it).ok()).ok_or_else(|| {
                wrong(format!("\"{field}\" of the key provider \"{name}\" is no whole number."))
                    .into()
            }),
        }
    };
    let source = match kind {
        "argon2id" => {
            known(body, &["passphrase", "memory", "passes", "lanes"], "key_provider")?;
            let stretch = Stretch::Argon2id {
                memory: number("memory", 64 * 1024)?,
                passes: number("passes", 3)?,
                lanes: number("lanes", 4)?,
            };
            Source::Passphrase { passphrase: passphrase(name, body)?, stretch }
        }
        "pbkdf2" => {
            let fields = ["passphrase", "iterations", "hash_function", "key_length", "salt_length"];
            known(body, &fields, "key_provider")?;
            let iterations = number("iterations", 600_000)?;
            if iterations < 200_000 {
                let detail =
                    format!("The key provider \"{name}\" needs at least 200000 iterations.");
                return Err(wrong(detail).into());
            }
            let hash = body.get("hash_function").and_then(Json::as_str).unwrap_or("sha512");
            let stretch = Stretch::Pbkdf2 {
                iterations,
                hash_function: hash.to_string(),
                key_length: number("key_length", 32)? as usize,
            };
            Source::Passphrase { passphrase: passphrase(name, body)?, stretch }
        }
        "gcp_kms" => Source::Kms(Box::new(kms(name, body, world, number("key_length", 32)?)?)),
        other => {
            let detail = format!("There is no key provider of type \"{other}\".");
            return Err(wrong(detail).help("There are: argon2id, pbkdf2, gcp_kms.").into());
        }
    };
    Ok(KeyProvider::new(format!("key_provider.{kind}.{name}"), source))
}

fn passphrase(name: &str, body: &Map<String, Json>) -> Result<String, Box<Diagnostic>> {
    let text = body.get("passphrase").and_then(Json::as_str).unwrap_or_default();
    if text.chars().count() < SHORTEST {
        let detail = format!(
            "The key provider \"{name}\" needs a \"passphrase\" of at least {SHORTEST} characters."
        );
        let problem = wrong(detail);
        return Err(problem
            .help("Give it by a variable of the environment: passphrase = var.passphrase, with TF_VAR_passphrase.")
            .into());
    }
    Ok(text.to_string())
}

fn kms(
    name: &str,
    body: &Map<String, Json>,
    world: &Surroundings,
    key_length: u32,
) -> Result<Kms, Box<Diagnostic>> {
    let fields = [
        "kms_encryption_key",
        "key_length",
        "credentials",
        "access_token",
        "impersonate_service_account",
        "impersonate_service_account_delegates",
        "kms_custom_endpoint",
    ];
    known(body, &fields, "key_provider")?;
    let text = |field: &str| body.get(field).and_then(Json::as_str).map(String::from);
    let key = text("kms_encryption_key").filter(|key| !key.is_empty()).ok_or_else(|| {
        let detail = format!("The key provider \"{name}\" needs \"kms_encryption_key\".");
        wrong(detail)
            .help("It is projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY.")
    })?;
    if !matches!(key_length, 16 | 32) {
        let detail = format!("The key provider \"{name}\" has keys of 16 or 32 bytes.");
        return Err(wrong(detail).into());
    }
    let delegates = body.get("impersonate_service_account_delegates").and_then(Json::as_array);
    let transport = Arc::new(Client::new(concat!("terrane/", env!("CARGO_PKG_VERSION"))));
    let wish = Wish {
        access_token: text("access_token"),
        credentials: text("credentials"),
        impersonate: text("impersonate_service_account"),
        delegates: delegates
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(String::from))
            .collect(),
        scopes: vec!["https://www.googleapis.com/auth/cloudkms".into()],
        environment: Arc::clone(&world.environment),
        home: world.home.clone(),
        root: world.folder.clone(),
        sandbox: world.sandbox.clone(),
        ..Wish::default()
    };
    let endpoint = text("kms_custom_endpoint").unwrap_or_else(|| match &world.sandbox {
        Some(base) => format!("{base}/cloudkms"),
        None => "https://cloudkms.googleapis.com".to_string(),
    });
    let tokens = GoogleTokens::new(wish, transport.clone(), Arc::clone(&world.clock));
    Ok(Kms { key, key_length: key_length as usize, endpoint, transport, tokens: Arc::new(tokens) })
}

/// Gives the blocks of a kind: their two labels, and their arguments.
fn labelled(
    block: &Map<String, Json>,
    kind: &str,
) -> Result<Vec<(String, String, Map<String, Json>)>, Box<Diagnostic>> {
    let mut found = Vec::new();
    let Some(all) = block.get(kind) else { return Ok(found) };
    let by_type = all.as_object().ok_or_else(|| wrong(format!("\"{kind}\" is a block.")))?;
    for (of, by_name) in by_type {
        for (name, body) in by_name.as_object().into_iter().flatten() {
            let body = body.as_object().cloned().unwrap_or_default();
            found.push((of.clone(), name.clone(), body));
        }
    }
    Ok(found)
}

/// Gives a reference: as a text, or as JSON has it, `${…}`.
fn reference(body: &Map<String, Json>, name: &str) -> Option<String> {
    let text = body.get(name)?.as_str()?.trim();
    let inner = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
    Some(inner.unwrap_or(text).trim().to_string())
}

fn known(body: &Map<String, Json>, names: &[&str], block: &str) -> Result<(), Box<Diagnostic>> {
    let Some(strange) = body.keys().find(|name| !names.contains(&name.as_str())) else {
        return Ok(());
    };
    let detail = format!("A block \"{block}\" of encryption has no \"{strange}\".");
    let problem = Diagnostic::error("Unsupported argument", detail);
    Err(Box::new(match nearest(strange, names.iter().copied()) {
        Some(near) => problem.help(format!("Did you mean \"{near}\"?")),
        None => problem.help(format!("It has: {}.", names.join(", "))),
    }))
}

fn wrong(detail: String) -> Diagnostic {
    Diagnostic::error("Invalid encryption block", detail)
}
