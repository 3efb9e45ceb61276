//! Attributes of older states: what the provider's versions 1 and 2 kept as lists of one is one object.

use serde_json::Value as Json;

/// Brings a release's attributes to the present form.
pub(super) fn upgraded(mut attributes: Json) -> Json {
    let Some(fields) = attributes.as_object_mut() else { return attributes };
    for name in ["metadata", "postrender", "timeouts"] {
        if let Some(Json::Array(parts)) = fields.get_mut(name) {
            let one = parts.drain(..).next().unwrap_or(Json::Null);
            fields.insert(name.to_string(), one);
        }
    }
    // Texts that stood for "nothing".
    for name in [
        "repository_ca_file",
        "repository_cert_file",
        "repository_key_file",
        "repository_password",
        "repository_username",
        "keyring",
        "manifest",
    ] {
        if fields.get(name).is_some_and(|text| text == "") {
            fields.insert(name.to_string(), Json::Null);
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_one_are_objects() {
        let old = json!({"metadata": [{"revision": 2}], "postrender": [], "keyring": ""});

        let new = upgraded(old);

        assert_eq!(new, json!({"metadata": {"revision": 2}, "postrender": null, "keyring": null}));
    }
}
