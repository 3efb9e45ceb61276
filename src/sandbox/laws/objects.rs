//! What objects in buckets always do: versions, conditions, keys, addresses.

use serde_json::{Value as Json, json};

use super::{Asker, PROJECT};
use crate::http::{HeaderName, HeaderValue, Method, Request};
use crate::sandbox::Service;

const UPLOAD: &str = "/upload/storage/v1/b/states/o?uploadType=media&name=a";
const OBJECT: &str = "/storage/v1/b/states/o/a";

fn versioned() -> Asker {
    let asker = Asker::ready();
    let body =
        json!({"name": "states", "location": "asia-south1", "versioning": {"enabled": true}});
    assert_eq!(asker.ask("POST", &format!("/storage/v1/b?project={PROJECT}"), &body).0, 200);
    asker
}

fn put(asker: &Asker, content: u32, conditions: &str) -> (u16, String) {
    let (status, object) = asker.ask("POST", &format!("{UPLOAD}{conditions}"), &json!(content));
    (status, object["generation"].as_str().unwrap_or_default().to_owned())
}

/// Sends with further headers and gives status, headers and text.
fn raw(asker: &Asker, url: &str, headers: &[(&'static str, &str)]) -> (u16, Vec<String>, String) {
    let mut request = Request::new(Method::GET, url);
    let bearer = format!("Bearer {}", asker.token);
    let all = headers.iter().copied().chain([("authorization", bearer.as_str())]);
    for (name, value) in all {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers.insert(HeaderName::from_static(name), value);
    }
    let answer = asker.world.answer(&request);
    let named = ["x-goog-generation", "x-goog-metageneration"].map(|name| {
        let value = answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    });
    let text = String::from_utf8_lossy(answer.bytes()).into_owned();
    (answer.status.as_u16(), named.to_vec(), text)
}

#[test]
fn a_write_under_a_condition_is_done_only_where_it_holds() {
    let asker = versioned();

    let (status, first) = put(&asker, 1, "&ifGenerationMatch=0");
    assert_eq!(status, 200);
    assert_eq!(put(&asker, 2, "&ifGenerationMatch=0").0, 412);
    assert_eq!(put(&asker, 2, "&ifGenerationMatch=7").0, 412);
    let (status, second) = put(&asker, 2, &format!("&ifGenerationMatch={first}"));
    assert_eq!(status, 200);

    let mark = |query: &str| {
        asker.ask("PATCH", &format!("{OBJECT}{query}"), &json!({"metadata": {"a": "b"}})).0
    };
    assert_eq!(mark(&format!("?ifGenerationMatch={first}")), 412);
    assert_eq!(mark(&format!("?ifGenerationMatch={second}")), 200);
    let (_, object) = asker.get(OBJECT);
    assert_eq!(object["generation"], json!(second));
    assert_eq!(object["metageneration"], "2");
    let both = format!("&ifGenerationMatch={second}&ifMetagenerationMatch=1");
    assert_eq!(put(&asker, 3, &both).0, 412);
    assert_eq!(
        asker.ask("DELETE", &format!("{OBJECT}?ifGenerationMatch={first}"), &Json::Null).0,
        412
    );
    assert_eq!(asker.get(&format!("{OBJECT}?ifGenerationNotMatch={second}")).0, 304);
}

#[test]
fn a_bucket_with_versions_keeps_what_was_overwritten_or_deleted() {
    let asker = versioned();
    let (_, first) = put(&asker, 1, "");
    let (_, second) = put(&asker, 2, "");
    asker.ask("DELETE", OBJECT, &Json::Null);

    assert_eq!(asker.get(OBJECT).0, 404);
    assert!(asker.get("/storage/v1/b/states/o").1["items"].is_null());
    let (_, listed) = asker.get("/storage/v1/b/states/o?versions=true");
    let found: Vec<&Json> = listed["items"].as_array().unwrap().iter().collect();
    let generations: Vec<&Json> = found.iter().map(|object| &object["generation"]).collect();
    assert_eq!(generations, [&json!(first), &json!(second)]);
    assert!(found.iter().all(|object| object["timeDeleted"].is_string()));
    let media = |generation: &str| {
        raw(&asker, &format!("{OBJECT}?alt=media&generation={generation}"), &[]).2
    };
    assert_eq!((media(&first), media(&second)), ("1".into(), "2".into()));

    assert_eq!(asker.ask("DELETE", "/storage/v1/b/states", &Json::Null).0, 409);
    for generation in [first, second] {
        let url = format!("{OBJECT}?generation={generation}");
        assert_eq!(asker.ask("DELETE", &url, &Json::Null).0, 204);
    }
    assert_eq!(asker.ask("DELETE", "/storage/v1/b/states", &Json::Null).0, 204);
}

#[test]
fn an_object_is_at_its_own_address_for_who_may_read_it() {
    let asker = versioned();
    let (_, generation) = put(&asker, 1, "");

    let (status, headers, text) = raw(&asker, "/states/a", &[]);
    assert_eq!((status, text.as_str()), (200, "1"));
    assert_eq!(headers, [generation, "1".to_owned()]);
    assert_eq!(raw(&asker, "/states/b", &[]).0, 404);
    assert_eq!(asker.world.answer(&Request::new(Method::GET, "/states/a")).status, 401);
}

#[test]
fn the_bytes_of_what_is_encrypted_are_for_who_has_the_key() {
    let asker = versioned();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let sum = "Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0=";
    let headers = [
        ("x-goog-encryption-algorithm", "AES256"),
        ("x-goog-encryption-key", key),
        ("x-goog-encryption-key-sha256", sum),
    ];
    let mut request = Request::new(Method::POST, UPLOAD).json(&json!(1));
    let bearer = format!("Bearer {}", asker.token);
    for (name, value) in headers.into_iter().chain([("authorization", bearer.as_str())]) {
        request
            .headers
            .insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let written = asker.world.answer(&request);
    assert_eq!(written.status, 200, "{}", String::from_utf8_lossy(written.bytes()));

    let media = format!("{OBJECT}?alt=media");
    assert_eq!(raw(&asker, &media, &[]).0, 400);
    assert_eq!(raw(&asker, &media, &headers).2, "1");
    assert!(asker.get(OBJECT).1["md5Hash"].is_null());
}
