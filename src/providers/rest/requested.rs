//! Which parts of an object a request was about, as the audit logs tell it.
//!
//! A request names its parts by its mask of fields where it has one, else by the members that it sends. Services leave out of the
//! logs what is large or private, and some all of it: then nothing tells the parts.

use serde_json::Value as Json;

use crate::value::Path;

use super::spec::{Part, Place, Shape};

/// Gives the parts that an entry's request names, as the state names them; none where it does not tell.
pub(super) fn parts(spec: &[Part], payload: &Json) -> Vec<Path> {
    let Some(request) = payload.get("request").filter(|request| request.is_object()) else {
        return Vec::new();
    };
    let masks = ["updateMask", "update_mask", "fieldMask"].iter().filter_map(|at| request.get(*at));
    if let Some(named) = masks.map(masked).find(|named| !named.is_empty()) {
        return found(spec, &named);
    }
    // The object is the request, or a member of it.
    let own = found(spec, &members(request));
    if !own.is_empty() {
        return own;
    }
    let inner = request.as_object().into_iter().flat_map(|of| of.values());
    found(spec, &inner.flat_map(members).collect::<Vec<_>>())
}

/// Reads a mask: a text with commas, or a list of paths.
fn masked(mask: &Json) -> Vec<Vec<String>> {
    let paths = mask.get("paths").unwrap_or(mask);
    let texts: Vec<&str> = match paths {
        Json::String(text) => text.split(',').collect(),
        Json::Array(texts) => texts.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let path = |text: &str| text.trim().split('.').map(camel).collect::<Vec<String>>();
    texts.into_iter().filter(|text| !text.trim().is_empty()).map(path).collect()
}

/// Gives a name as JSON has it: masks have that of the message as well (`display_name`).
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_string();
    words.fold(first, |whole, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|head| head.to_ascii_uppercase());
        whole + &head.map(String::from).unwrap_or_default() + letters.as_str()
    })
}

/// Gives the members of an object, as deep as objects are in it.
fn members(of: &Json) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (name, below) in of.as_object().into_iter().flatten().filter(|(name, _)| *name != "@type") {
        let deeper = members(below);
        let name = camel(name);
        if deeper.is_empty() {
            found.push(vec![name]);
            continue;
        }
        let whole = |rest: Vec<String>| [vec![name.clone()], rest].concat();
        found.extend(deeper.into_iter().map(whole));
    }
    found
}

fn found(spec: &[Part], named: &[Vec<String>]) -> Vec<Path> {
    let mut found = Vec::new();
    walk(&[], &Path::root(), spec, named, &mut found);
    found
}

/// Finds the parts whose members are named; of a block of which something is named, the parts in it.
fn walk(here: &[String], at: &Path, spec: &[Part], named: &[Vec<String>], found: &mut Vec<Path>) {
    for part in spec {
        let Some(Place { root, path }) = part.read.as_ref().or(part.write.as_ref()) else {
            continue;
        };
        let place = if *root { path.clone() } else { [here, path].concat() };
        if place.is_empty() {
            continue;
        }
        let own = at.attribute(&part.name);
        let whole = named.iter().any(|of| place.starts_with(of));
        let within = named.iter().any(|of| of.len() > place.len() && of.starts_with(&place));
        match &part.shape {
            _ if whole => found.push(own),
            Shape::Block { parts, single: true, set: false, keyed: None, .. } if within => {
                let before = found.len();
                walk(&place, &own.place(0), parts, named, found);
                if found.len() == before {
                    found.push(own);
                }
            }
            _ if within => found.push(own),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::addr::Mode;
    use crate::providers::google::Google;

    fn told(type_name: &str, request: &Json) -> Vec<String> {
        let google = Google::new();
        let entry = google.catalog().entry(Mode::Managed, type_name).unwrap();
        let found = parts(&entry.spec.parts, &json!({ "request": request }));
        found.iter().map(Path::to_string).collect()
    }

    #[test]
    fn a_request_names_its_parts_by_its_mask_or_by_what_it_sends() {
        let firewall = |request: Json| told("google_compute_firewall", &request);

        assert_eq!(firewall(json!({ "@type": "x", "disabled": true })), ["disabled"]);
        assert_eq!(firewall(json!({ "sourceRanges": ["0.0.0.0/0"] })), ["source_ranges"]);
        assert!(firewall(json!({})).is_empty());
        assert!(firewall(json!({ "strange": { "members": 1 } })).is_empty());
        let account = json!({ "serviceAccount": { "displayName": "a", "description": "b" }, "updateMask": { "paths": ["display_name"] } });
        assert_eq!(told("google_service_account", &account), ["display_name"]);
        let sql = json!({ "body": { "settings": { "tier": "x" } } });
        assert_eq!(told("google_sql_database_instance", &sql), ["settings[0].tier"]);
    }
}
