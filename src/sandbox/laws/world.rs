//! What the world, its tokens, its file and its server always do.

use std::io;

use serde_json::{Value as Json, json};

use crate::http::{HeaderValue, Method, Request};
use crate::sandbox::Service;

use super::{Asker, CLUSTERS, PROJECT, open};

#[test]
fn without_a_good_token_nothing_is_told() {
    let asker = Asker::ready();
    for url in
        ["/storage/v1/b/x", "/v1/projects/p/serviceAccounts", "/storage/storage/v1/b/x", "/nowhere"]
    {
        let answer = asker.world.answer(&Request::new(Method::GET, url));
        assert_eq!(answer.status, 401, "{url}");
        let body: Json = serde_json::from_slice(answer.bytes()).unwrap();
        assert_eq!(body["error"]["status"], "UNAUTHENTICATED");
    }
    assert_eq!(
        Asker { token: "ya29.made-up".into(), world: asker.world.clone() }.get("/storage/v1/b/x").0,
        401
    );
    assert_eq!(asker.get("/storage/v1/b/x").0, 404);
    asker.pass(90_000);
    assert_eq!(asker.get("/storage/v1/b/x").0, 401);
}

#[test]
fn tokens_come_from_the_three_doors() {
    let world = open(None).unwrap();
    let mut metadata =
        Request::new(Method::GET, "/computeMetadata/v1/instance/service-accounts/default/token");
    assert_eq!(world.answer(&metadata).status, 403);
    metadata.headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
    let mut oauth = Request::new(Method::POST, "/token");
    oauth.body = "grant_type=refresh_token&refresh_token=r&client_id=c".into();
    for request in [metadata, oauth, Request::new(Method::POST, "/sandbox/token")] {
        let answer = world.answer(&request);
        let body: Json = serde_json::from_slice(answer.bytes()).unwrap();
        let token = body["access_token"].as_str().unwrap().to_owned();
        assert_eq!(
            Asker { world: world.clone(), token }.get(&format!("/v1/projects/{PROJECT}")).0,
            200
        );
    }
}

#[test]
fn a_program_that_is_being_started_does_not_hold_a_world() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let world = open(Some(&path)).unwrap();
    // What a forked process has of the file until it runs its program.
    let inherited = world.lock.lock().unwrap().as_ref().unwrap().0.try_clone().unwrap();

    drop(world);
    let again = open(Some(&path));

    assert!(again.is_ok(), "{:?}", again.err());
    drop(inherited);
}

#[test]
fn a_world_goes_on_in_the_next_process_with_the_same_ports() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let world = open(Some(&path)).unwrap();
    assert_eq!(open(Some(&path)).err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
    world.announce("127.0.0.1:4".parse().unwrap()).unwrap();
    let holder = crate::sandbox::world::holder(&path).unwrap();
    assert!(holder.contains(&std::process::id().to_string()) && holder.contains("127.0.0.1:4"));
    let asker = Asker::of(world);
    let services = json!({"serviceIds": ["container.googleapis.com", "storage.googleapis.com"]});
    asker.ask("POST", &format!("/v1/projects/{PROJECT}/services:batchEnable"), &services);
    asker.pass(30);
    asker.bucket("kept-bucket");
    asker.cluster();
    asker.pass(100);
    asker.world.save().unwrap();
    let token = asker.token.clone();
    drop(asker);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let asker = Asker { world: open(Some(&path)).unwrap(), token };
    let url = format!("{CLUSTERS}/pollsapi");
    assert_eq!(asker.get(&url).1["status"], "PROVISIONING");
    assert_eq!(asker.get("/storage/v1/b/kept-bucket").0, 200);
    asker.pass(200);
    let (_, before) = asker.get(&url);
    assert_eq!(before["status"], "RUNNING");
    asker.world.save().unwrap();
    let token = asker.token.clone();
    drop(asker);

    let asker = Asker { world: open(Some(&path)).unwrap(), token };
    assert_eq!(asker.get(&url).1, before);
    let server = format!("https://{}/api/v1/namespaces", before["endpoint"].as_str().unwrap());
    assert_eq!(asker.get(&server).0, 200);
}

#[test]
fn the_sandbox_tells_its_time_its_requests_and_makes_faults() {
    let asker = Asker::ready();
    let fault = json!({"method": "GET", "path": "/b/flaky$", "status": 503, "times": 1});
    assert_eq!(asker.ask("POST", "/sandbox/fault", &fault).0, 200);
    assert_eq!(
        (asker.get("/storage/v1/b/flaky").0, asker.get("/storage/v1/b/flaky").0),
        (503, 404)
    );
    let (_, journal) = asker.get("/sandbox/requests");
    assert_eq!(
        journal["requests"].as_array().unwrap().last().unwrap()["path"],
        "/storage/v1/b/flaky"
    );
    let before = asker.get("/sandbox/clock").1;
    let after = asker.ask("POST", "/sandbox/clock", &json!({"advance": "10m"})).1;
    assert_ne!(before, after);
    assert_eq!(asker.get("/sandbox/health").1["status"], "ok");
    asker.bucket("gone-after-reset");
    asker.ask("POST", "/sandbox/reset", &json!({}));
    assert!(asker.inventory().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_serves_the_services_and_a_clusters_port_with_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let world = open(Some(&path)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = crate::sandbox::serve(world.clone(), listener).await.unwrap();
    let attached = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || crate::sandbox::attach(&path)).await.unwrap()
    };
    assert_eq!(attached, Some(server.url()));
    let asker = Asker::of(world.clone());
    asker.ask(
        "POST",
        &format!("/v1/projects/{PROJECT}/services:batchEnable"),
        &json!({"serviceIds": ["container.googleapis.com"]}),
    );
    asker.pass(30);
    asker.cluster();
    asker.pass(300);
    let (_, cluster) = asker.get(&format!("{CLUSTERS}/pollsapi"));

    // Another test or the program may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = cluster["masterAuth"]["clusterCaCertificate"].as_str().unwrap();
    let authority =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, authority).unwrap();
    let authority = reqwest::Certificate::from_pem(&authority).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let url = format!("https://{}/api/v1/namespaces", cluster["endpoint"].as_str().unwrap());
    assert_eq!(client.get(&url).bearer_auth(&asker.token).send().await.unwrap().status(), 200);
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let plain = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let health = plain.get(format!("{}/sandbox/health", server.url())).send().await.unwrap();
    assert_eq!(health.status(), 200);
    server.stop().await.unwrap();
    assert!(plain.get(&url).send().await.is_err());
    assert_eq!(crate::sandbox::attach(&path), None);
}

#[test]
fn several_who_wait_for_one_hour_move_time_once() {
    let asker = Asker::ready();
    let (_, before) = asker.get("/sandbox/clock");
    let until = json!({"until": "2026-01-01T01:00:00Z"});
    let (_, first) = asker.ask("POST", "/sandbox/clock", &until);
    let (_, second) = asker.ask("POST", "/sandbox/clock", &until);
    assert_eq!((first["now"].as_str(), &second), (Some("2026-01-01T01:00:00Z"), &first));
    assert_ne!(before, first);
}
