//! The wire in the debug log: a line for each request and answer, their bodies at `trace`, without secrets.
//!
//! What a secret is called by (`password`, `access_token`, `secret`, …) is taken out, as are the contents of Kubernetes
//! Secrets and the values of containers' environments. What is not JSON is told by its length alone.

use serde_json::Value as Json;

/// Ends of the names of members whose text is a secret; letters and digits only, in lower case.
const SECRET_ENDS: [&str; 14] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "privatekey",
    "privatekeydata",
    "clientkey",
    "assertion",
    "authorization",
    "authstring",
    "signedjwt",
    "rawkey",
    "encryptedkey",
    "secretsha256",
];

/// Parameters of a URL that are secrets.
const SECRET_PARAMETERS: [&str; 6] =
    ["access_token", "token", "key", "upload_id", "X-Goog-Signature", "signature"];

/// What stands in a secret's place.
const HIDDEN: &str = "(sensitive)";

/// Logs a request that is about to be sent; `discreet` tells its body by the length alone.
pub fn asked(method: &str, url: &str, body: &[u8], discreet: bool) {
    let url = url_without_secrets(url);
    tracing::debug!("{method} {url}");
    if !body.is_empty() && !discreet {
        tracing::trace!(body = without_secrets(&url, body), "{method} {url}");
    }
}

/// Logs an answer; `discreet` tells its body by the length alone.
pub fn answered(method: &str, url: &str, status: u16, body: &[u8], discreet: bool) {
    let url = url_without_secrets(url);
    tracing::debug!("{status} to {method} {url}, {} bytes", body.len());
    if !body.is_empty() && !discreet {
        tracing::trace!(body = without_secrets(&url, body), "{status} to {method} {url}");
    }
}

/// Logs that no answer came.
pub fn failed(method: &str, url: &str, why: &str) {
    tracing::debug!("no answer to {method} {}: {why}", url_without_secrets(url));
}

/// Gives a URL whose secret parameters are hidden.
fn url_without_secrets(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_string() };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if SECRET_PARAMETERS.contains(&name) => format!("{name}={HIDDEN}"),
            _ => parameter.to_string(),
        })
        .collect();
    format!("{path}?{}", parameters.join("&"))
}

/// Gives a body for the log.
fn without_secrets(url: &str, body: &[u8]) -> String {
    let Ok(mut json) = serde_json::from_slice::<Json>(body) else {
        return format!("({} bytes)", body.len());
    };
    let secrets = url.split('?').next().unwrap_or(url).contains("/secrets");
    hide(&mut json, secrets);
    json.to_string()
}

/// Hides the secrets of a value; `secrets` says that it is about Kubernetes Secrets.
fn hide(json: &mut Json, secrets: bool) {
    match json {
        Json::Array(parts) => parts.iter_mut().for_each(|part| hide(part, secrets)),
        Json::Object(members) => {
            let kind = members.get("kind").and_then(Json::as_str).unwrap_or_default();
            let secrets = secrets || kind == "Secret" || kind == "SecretList";
            for (name, member) in members.iter_mut() {
                match name.as_str() {
                    "data" | "stringData" | "binaryData" if secrets => hide_all(member),
                    "env" => hide_values(member),
                    "kubectl.kubernetes.io/last-applied-configuration" => hide_all(member),
                    name if is_secret(name) && !member.is_object() && !member.is_array() => {
                        hide_all(member);
                    }
                    _ => hide(member, secrets),
                }
            }
        }
        _ => {}
    }
}

/// Says whether what a member of this name holds is a secret.
pub fn is_secret(name: &str) -> bool {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    !letters.ends_with("pagetoken") && SECRET_ENDS.iter().any(|end| letters.ends_with(end))
}

/// Hides every text, keeps the names.
fn hide_all(json: &mut Json) {
    match json {
        Json::Object(members) => members.values_mut().for_each(hide_all),
        Json::Array(parts) => parts.iter_mut().for_each(hide_all),
        Json::Null => {}
        other => *other = HIDDEN.into(),
    }
}

/// Hides the values of a container's variables.
fn hide_values(json: &mut Json) {
    let Json::Array(variables) = json else { return hide_all(json) };
    for variable in variables {
        match variable.get_mut("value") {
            Some(value) => hide_all(value),
            None => hide(variable, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str, body: &str) -> String {
        without_secrets(url, body.as_bytes())
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        for (url, body) in [
            ("https://h/hmacKeys", r#"{"metadata": {"accessId": "x"}, "secret": "hunter2"}"#),
            ("https://h/v1/projects/p/secrets/s:addVersion", r#"{"payload": {"data": "hunter2"}}"#),
            ("https://h/token", r#"{"access_token": "hunter2", "expires_in": 3600}"#),
            ("https://h/api/v1/namespaces/a/secrets/b", r#"{"data": {"PASSWORD": "hunter2"}}"#),
            ("https://h/api", r#"{"kind": "Secret", "stringData": {"a": "hunter2"}}"#),
            ("https://h/api", r#"{"kind": "SecretList", "items": [{"data": {"a": "hunter2"}}]}"#),
            (
                "https://h/jobs",
                r#"{"spec": {"containers": [{"env": [{"name": "A", "value": "hunter2"}]}]}}"#,
            ),
            (
                "https://h/clusters",
                r#"{"masterAuth": {"clientKey": "hunter2", "password": "hunter2"}}"#,
            ),
            ("https://h/token", "grant_type=x&assertion=hunter2"),
        ] {
            let shown = shown(url, body);

            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        let body = r#"{"kind":"ConfigMap","data":{"a":"b"},"nextPageToken":"n","volumes":[{"secret":{"secretName":"s"}}]}"#;

        assert_eq!(shown("https://h/configmaps", body), body);
        assert_eq!(
            url_without_secrets("https://h/b?a=1&access_token=x"),
            "https://h/b?a=1&access_token=(sensitive)"
        );
    }
}
