//! What the other services always do.

use serde_json::{Value as Json, json};

use crate::http::{Method, Request};
use crate::sandbox::Service;

use super::{Asker, CLUSTERS, PROJECT, open};

#[test]
fn a_service_that_is_not_enabled_says_so() {
    let asker = Asker::of(open(None).unwrap());
    let (status, answer) = asker.get(CLUSTERS);
    assert_eq!(status, 403);
    assert_eq!(answer["error"]["details"][0]["reason"], "SERVICE_DISABLED");
    assert_eq!(asker.bucket("some-bucket").0, 403);
    let list = format!("/v1/projects/{PROJECT}/services?filter=state:ENABLED&pageSize=200");
    assert_eq!(asker.get(&list).1["services"].as_array().unwrap().len(), 2);

    let (_, operation) = asker.ask(
        "POST",
        &format!("/serviceusage/v1/projects/{PROJECT}/services/storage.googleapis.com:enable"),
        &json!({}),
    );
    let url = format!("/v1/{}", operation["name"].as_str().unwrap());
    assert_ne!(asker.get(&url).1["done"], true);
    asker.pass(30);
    assert_eq!(asker.get(&url).1["response"]["service"]["state"], "ENABLED");
    assert_eq!(asker.bucket("some-bucket").0, 200);
}

#[test]
fn an_unknown_field_is_refused_by_every_service() {
    let asker = Asker::ready();
    for (method, url) in [
        ("POST", format!("/storage/v1/b?project={PROJECT}")),
        ("POST", CLUSTERS.to_owned()),
        ("POST", format!("/iam/v1/projects/{PROJECT}/serviceAccounts")),
        (
            "POST",
            format!("/v1/projects/{PROJECT}/locations/asia-south1/repositories?repositoryId=r"),
        ),
        ("POST", format!("/compute/v1/projects/{PROJECT}/global/networks")),
    ] {
        let (status, answer) = asker.ask(method, &url, &json!({"bogus": 1}));
        assert_eq!(status, 400, "{url}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("Unknown name \"bogus\": Cannot find field."), "{message}");
    }
    assert_eq!(asker.get(&format!("{CLUSTERS}?bogus=1")).0, 400);
}

#[test]
fn a_bucket_is_global_upper_case_and_not_deleted_while_it_holds_something() {
    let asker = Asker::ready();
    let (status, bucket) = asker.bucket("pollsapi-storage");
    assert_eq!((status, bucket["location"].as_str()), (200, Some("ASIA-SOUTH1")));
    assert_eq!(bucket["softDeletePolicy"]["retentionDurationSeconds"], "604800");
    assert_eq!(asker.bucket("pollsapi-storage").0, 409);
    assert_eq!(asker.bucket("Bad_Name!").0, 400);

    let upload =
        "/storage/upload/storage/v1/b/pollsapi-storage/o?uploadType=media&name=css%2Fa.css";
    assert_eq!(asker.ask("POST", upload, &json!({"any": "bytes"})).0, 200);
    let object = "/storage/storage/v1/b/pollsapi-storage/o/css%2Fa.css";
    assert_eq!(asker.get(object).1["name"], "css/a.css");
    assert_eq!(asker.get(&format!("{object}?alt=media")).1, json!({"any": "bytes"}));
    assert_eq!(asker.ask("DELETE", "/storage/v1/b/pollsapi-storage", &Json::Null).0, 409);
    let (_, list) = asker.get("/storage/v1/b/pollsapi-storage/o?delimiter=/&versions=true");
    assert_eq!(list["prefixes"], json!(["css/"]));
    assert_eq!(asker.ask("DELETE", object, &Json::Null).0, 204);
    assert_eq!(asker.ask("DELETE", "/storage/v1/b/pollsapi-storage", &Json::Null).0, 204);
    assert_eq!(asker.get("/storage/v1/b/pollsapi-storage").0, 404);
}

#[test]
fn a_bucket_patch_merges_and_null_removes() {
    let asker = Asker::ready();
    asker.bucket("labelled");
    let url = "/storage/v1/b/labelled";
    asker.ask(
        "PATCH",
        url,
        &json!({"labels": {"a": "1", "b": "2"}, "cors": [{"maxAgeSeconds": 5}]}),
    );
    let (_, bucket) = asker.ask(
        "PATCH",
        url,
        &json!({"labels": {"a": null}, "cors": null, "lifecycle": {"rule": []}}),
    );
    assert_eq!(
        (&bucket["labels"], &bucket["cors"], &bucket["lifecycle"]),
        (&json!({"b": "2"}), &Json::Null, &Json::Null)
    );
    assert_eq!(bucket["metageneration"], "3");
    assert_eq!(
        asker.ask("PATCH", &format!("{url}?ifMetagenerationMatch=1"), &json!({"labels": {}})).0,
        412
    );
    assert_eq!(asker.ask("PATCH", url, &json!({"labels": {"a": 1}})).0, 400);
    assert_eq!(asker.ask("PATCH", url, &json!({"storageClass": "FAST"})).0, 400);
}

#[test]
fn everybody_reads_an_object_only_where_the_policy_says_so() {
    let asker = Asker::ready();
    asker.bucket("public-files");
    asker.ask("POST", "/upload/storage/v1/b/public-files/o?uploadType=media&name=a", &json!(1));
    let read = || asker.world.answer(&Request::new(Method::GET, "/public-files/a")).status.as_u16();
    assert_eq!(read(), 401);
    let (_, mut policy) =
        asker.get("/storage/v1/b/public-files/iam?optionsRequestedPolicyVersion=3");
    let stale = policy.clone();
    policy["bindings"]
        .as_array_mut()
        .unwrap()
        .push(json!({"role": "roles/storage.objectViewer", "members": ["allUsers"]}));
    assert_eq!(asker.ask("PUT", "/storage/v1/b/public-files/iam", &policy).0, 200);
    assert_eq!(asker.ask("PUT", "/storage/v1/b/public-files/iam", &stale).0, 412);
    assert_eq!(read(), 200);
}

#[test]
fn an_hmac_key_lives_as_the_service_has_it() {
    let asker = Asker::ready();
    let keys = format!("/storage/v1/projects/{PROJECT}/hmacKeys");
    let unknown = format!("{keys}?serviceAccountEmail=nobody@{PROJECT}.iam.gserviceaccount.com");
    assert_eq!(asker.ask("POST", &unknown, &Json::Null).0, 404);
    assert_eq!(asker.ask("POST", &keys, &Json::Null).0, 400);
    let email = asker.account("storage-user");
    let (status, made) =
        asker.ask("POST", &format!("{keys}?serviceAccountEmail={email}"), &Json::Null);
    assert_eq!((status, made["secret"].as_str().unwrap().len()), (200, 40));
    let id = made["metadata"]["accessId"].as_str().unwrap();
    assert!(id.starts_with("GOOG1E"));
    let url = format!("{keys}/{id}");
    assert_eq!(asker.get(&url).1["state"], "ACTIVE");
    assert!(!asker.get(&keys).1.to_string().contains(made["secret"].as_str().unwrap()));

    assert_eq!(asker.ask("DELETE", &url, &Json::Null).0, 400);
    assert_eq!(asker.ask("PUT", &url, &json!({"state": "INACTIVE", "etag": "stale"})).0, 412);
    let etag = &made["metadata"]["etag"];
    assert_eq!(asker.ask("PUT", &url, &json!({"state": "INACTIVE", "etag": etag})).0, 200);
    assert_eq!(asker.ask("DELETE", &url, &Json::Null).0, 204);
    assert_eq!(asker.get(&url).1["state"], "DELETED");
    assert!(asker.get(&keys).1["items"].is_null());
    assert_eq!(
        asker.get(&format!("{keys}?showDeletedKeys=true")).1["items"].as_array().unwrap().len(),
        1
    );
    for _ in 0..10 {
        assert_eq!(
            asker.ask("POST", &format!("{keys}?serviceAccountEmail={email}"), &Json::Null).0,
            200
        );
    }
    assert_eq!(
        asker.ask("POST", &format!("{keys}?serviceAccountEmail={email}"), &Json::Null).0,
        400
    );
}

#[test]
fn a_write_with_a_key_needs_the_secret_and_the_permission() {
    use crate::sandbox::Cloud;
    let asker = Asker::ready();
    let email = asker.account("storage-user");
    asker.bucket("static-files");
    let url = format!("/storage/v1/projects/{PROJECT}/hmacKeys?serviceAccountEmail={email}");
    let (_, key) = asker.ask("POST", &url, &Json::Null);
    let (id, secret) =
        (key["metadata"]["accessId"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let write = |secret: &str, bucket: &str| {
        asker.world.google.write_object(id, secret, bucket, "a", "text/css", b"x")
    };
    assert!(write("wrong", "static-files").unwrap_err().starts_with("SignatureDoesNotMatch"));
    assert!(write(secret, "nowhere").unwrap_err().starts_with("NoSuchBucket"));
    assert!(write(secret, "static-files").unwrap_err().starts_with("AccessDenied"));
    let (_, mut policy) = asker.get("/storage/v1/b/static-files/iam");
    let member = json!({"role": "roles/storage.objectAdmin", "members": [format!("serviceAccount:{email}")]});
    policy["bindings"].as_array_mut().unwrap().push(member);
    asker.ask("PUT", "/storage/v1/b/static-files/iam", &policy);
    assert_eq!(write(secret, "static-files"), Ok(()));
    assert!(asker.inventory().contains(&"object a".to_owned()));
}

#[test]
fn a_policy_written_by_two_is_refused_to_the_second_and_names_deleted_accounts() {
    let asker = Asker::ready();
    let email = asker.account("node-pool");
    let read = || asker.ask("POST", &format!("/v1/projects/{PROJECT}:getIamPolicy"), &json!({})).1;
    let write = |policy: &Json| {
        asker.ask(
            "POST",
            &format!("/v1/projects/{PROJECT}:setIamPolicy"),
            &json!({"policy": policy}),
        )
    };
    let mut policy = read();
    let stale = policy.clone();
    let member = format!("serviceAccount:{email}");
    policy["bindings"]
        .as_array_mut()
        .unwrap()
        .push(json!({"role": "roles/artifactregistry.reader", "members": [member]}));
    assert_eq!(write(&policy).0, 200);
    let (status, answer) = write(&stale);
    assert_eq!((status, answer["error"]["status"].as_str()), (409, Some("ABORTED")));
    assert!(asker.inventory().contains(&format!("binding roles/artifactregistry.reader {member}")));

    let mut unknown = read();
    unknown["bindings"][0]["members"]
        .as_array_mut()
        .unwrap()
        .push(json!("serviceAccount:no@polls-demo.iam.gserviceaccount.com"));
    assert_eq!(write(&unknown).0, 400);
    asker.ask("DELETE", &format!("/v1/projects/-/serviceAccounts/{email}"), &Json::Null);
    assert!(read().to_string().contains(&format!("deleted:{member}?uid=")));
}

#[test]
fn a_repository_is_made_by_an_operation() {
    let asker = Asker::ready();
    let parent = format!("/v1/projects/{PROJECT}/locations/asia-south1/repositories");
    let (_, operation) =
        asker.ask("POST", &format!("{parent}?repositoryId=polls"), &json!({"format": "DOCKER"}));
    asker.pass(10);
    let url = format!("/v1/{}", operation["name"].as_str().unwrap());
    assert_eq!(asker.get(&url).1["done"], true);
    let (_, repository) = asker.get(&format!("{parent}/polls"));
    assert_eq!(repository["registryUri"], "asia-south1-docker.pkg.dev/polls-demo/polls");
    let (_, patched) = asker.ask(
        "PATCH",
        &format!("{parent}/polls?updateMask=description"),
        &json!({"description": "d", "labels": {"a": "b"}}),
    );
    assert_eq!((patched["description"].as_str(), patched["labels"].is_null()), (Some("d"), true));
}

#[test]
fn an_upload_in_pieces_makes_one_object() {
    let asker = Asker::ready();
    asker.bucket("pieces");
    let send = |method: Method, url: &str, range: &str, body: &[u8]| {
        let mut request = Request::new(method, url);
        request.body = body.to_vec().into();
        let header = format!("Bearer {}", asker.token);
        request.headers.insert("authorization", header.parse().unwrap());
        request.headers.insert("content-range", range.parse().unwrap());
        request.headers.insert("host", "127.0.0.1:1".parse().unwrap());
        asker.world.answer(&request)
    };
    let begin = "/upload/storage/v1/b/pieces/o?uploadType=resumable&name=big";
    let answer = send(Method::POST, begin, "", b"{}");
    let address = answer.headers["location"].to_str().unwrap().to_owned();
    let piece = vec![b'a'; 256 * 1024];
    let put = |range: &str, body: &[u8]| {
        let answer = send(Method::PUT, &address, range, body);
        let range = answer.headers.get("range").map(|range| range.to_str().unwrap().to_owned());
        (answer.status.as_u16(), range, String::from_utf8_lossy(answer.bytes()).into_owned())
    };
    assert_eq!(put("bytes */262146", b""), (308, None, String::new()));
    let (status, _, said) = put("bytes 0-2/*", b"abc");
    assert!(status == 400 && said.contains("equal or greater than 262144"), "{said}");
    let (status, _, said) = put("bytes 262144-262145/262146", b"de");
    assert!(status == 503 && said.contains("exceeds already uploaded size of 0"), "{said}");
    let (status, _, said) = put("bytes 0-5/6", b"abc");
    assert!(status == 400 && said.contains("There were 3 byte(s)"), "{said}");
    let all = Some("bytes=0-262143".to_owned());
    for _ in 0..2 {
        assert_eq!(put("bytes 0-262143/*", &piece), (308, all.clone(), String::new()));
    }
    assert_eq!(put("bytes */*", b"").1, all);
    for _ in 0..2 {
        assert_eq!(put("bytes 262144-262145/262146", b"de").0, 200);
    }
    assert_eq!(asker.get("/storage/v1/b/pieces/o/big").1["size"], "262146");
}
