//! Laws of states in several Secrets, on small ones: against the sandbox's cluster, with writes that end at any request.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::auth::kubernetes::{Access, Direct};
use crate::http::{HeaderValue, Method, Request};
use crate::sandbox::{Server, Service, World, serve};

/// A cluster, and a place in it whose Secrets take few bytes.
struct Bench {
    world: Arc<World>,
    _server: Server,
    token: String,
    host: String,
    store: Kubernetes,
}

impl Bench {
    async fn new() -> Bench {
        let world = World::open(None, 0.0, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let token = world.mint_token(Duration::from_secs(86_400 * 365));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = serve(world.clone(), listener).await.unwrap();
        let services =
            json!({"serviceIds": ["container.googleapis.com", "compute.googleapis.com"]});
        ask(&world, &token, "POST", "/v1/projects/p-demo/services:batchEnable", &services);
        world.clock().advance(Duration::from_secs(60));
        let clusters = "/v1/projects/p-demo/locations/asia-south1-a/clusters";
        let cluster = json!({"cluster": {"name": "c", "initialNodeCount": 1}});
        ask(&world, &token, "POST", clusters, &cluster);
        world.clock().advance(Duration::from_secs(3600));
        let made = ask(&world, &token, "GET", &format!("{clusters}/c"), &Json::Null);
        let authority = made["masterAuth"]["clusterCaCertificate"].as_str().unwrap();
        let host = format!("https://{}", made["endpoint"].as_str().unwrap());
        let direct = Direct {
            host: host.clone(),
            authority: Some(String::from_utf8(STANDARD.decode(authority).unwrap()).unwrap()),
            user: json!({"token": token}),
            ..Direct::default()
        };
        let api = Api::new(Access::Direct(Box::new(direct)), "default".into(), world.clock());
        let labels = [("tfstate", "true"), ("tfstateSecretSuffix", "s"), ("tfstateWorkspace", "w")];
        let store = Kubernetes {
            api,
            secret: "tfstate-w-s".into(),
            lease: "lock-tfstate-w-s".into(),
            labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).into(),
            limit: 1000,
            several: Mutex::default(),
        };
        Bench { world, _server: server, token, host, store }
    }

    fn secrets(&self, selector: &str) -> Vec<Json> {
        let url =
            format!("{}/api/v1/namespaces/default/secrets?labelSelector={selector}", self.host);
        let listed = ask(&self.world, &self.token, "GET", &url, &Json::Null);
        listed["items"].as_array().cloned().unwrap_or_default()
    }

    /// Reads as Terraform does: all Secrets with the label, in the order of the numbers that their names end in.
    fn as_terraform_reads(&self) -> Vec<u8> {
        let number = |secret: &Json| name(secret).rsplit('-').next().unwrap().parse().unwrap_or(0);
        let mut found: Vec<(usize, Json)> =
            self.secrets("tfstate%3Dtrue").into_iter().map(|it| (number(&it), it)).collect();
        found.sort_by_key(|(number, _)| *number);
        let packed: Vec<u8> = found
            .iter()
            .flat_map(|(_, it)| STANDARD.decode(it["data"]["tfstate"].as_str().unwrap()).unwrap())
            .collect();
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        bytes
    }

    async fn save(&self, bytes: &[u8], lock: &str) -> Result<String, StoreError> {
        let replaces = self.store.read().await?.map(|written| written.version);
        self.store.write(bytes, replaces.as_deref(), lock).await
    }

    async fn lock(&self) -> String {
        self.store.take(&Holder::new("x", "me")).await.unwrap()
    }
}

fn ask(world: &World, token: &str, method: &str, url: &str, body: &Json) -> Json {
    let mut request = Request::new(method.parse::<Method>().unwrap(), url);
    if !body.is_null() {
        request = request.json(body);
    }
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    request.headers.insert("authorization", bearer);
    serde_json::from_slice(world.answer(&request).bytes()).unwrap_or_default()
}

/// Bytes that cannot be packed, for so many Secrets; those of two seeds differ.
fn large(secrets: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    noise.flatten().take(secrets * 1000 - 500).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_state_is_in_pieces_and_goes_back_to_one() {
    let bench = Bench::new().await;
    let lock = bench.lock().await;

    for (seed, secrets) in [3, 2, 12, 1, 2, 1].into_iter().enumerate() {
        let state = large(secrets, seed as u64 + 1);
        bench.save(&state, &lock).await.unwrap();

        assert_eq!(bench.secrets("tfstateSecretSuffix%3Ds").len(), secrets);
        assert_eq!(bench.as_terraform_reads(), state);
        assert_eq!(bench.store.read().await.unwrap().unwrap().bytes, state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_ends_at_any_request_leaves_the_former_state_or_the_new_one() {
    for (from, to) in [(2, 3), (3, 2), (1, 2), (2, 1)] {
        let bench = Bench::new().await;
        let (former, new) = (large(from, 1), large(to, 2));
        let (mut stayed, mut came) = (0, 0);
        for after in 0.. {
            let lock = bench.lock().await;
            bench.save(&former, &lock).await.unwrap();
            // From one request on the network is away, for cleaning up too.
            let fault = json!({"path": "/secrets", "after": after, "status": 503, "times": 10_000});
            bench.world.faults.lock().unwrap().add(&fault).unwrap();
            let saved = bench.save(&new, &lock).await;
            bench.world.faults.lock().unwrap().clear();

            // Who only looks sees the one or the other.
            let seen = bench.store.read().await.unwrap().unwrap().bytes;
            assert!(seen == former || seen == new, "{from} to {to}, {after}");
            // Who takes the lock next ends what is open: then Terraform sees it too.
            bench.store.break_lock(&lock).await.unwrap();
            let next = bench.lock().await;
            assert_eq!(bench.as_terraform_reads(), seen, "{from} to {to}, {after}");
            assert!(bench.secrets("terrane%3Dstaged").is_empty());
            bench.store.free(&next).await.unwrap();
            *if seen == new { &mut came } else { &mut stayed } += 1;
            if saved.is_ok() {
                break;
            }
        }
        assert!(stayed > 2 && came > 2, "{from} to {to}: {stayed} and {came}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_terraform_wrote_over_a_marked_one_is_read() {
    let bench = Bench::new().await;
    let lock = bench.lock().await;
    bench.save(&large(1, 1), &lock).await.unwrap();

    // Terraform changes the content and leaves the annotations.
    let mut first = bench.store.api.get(Of::Secrets, "tfstate-w-s").await.unwrap().unwrap();
    secrets::put(&mut first, "tfstate", &secrets::pack(b"theirs"));
    bench.store.api.replace(Of::Secrets, &first).await.unwrap();

    assert_eq!(bench.store.read().await.unwrap().unwrap().bytes, b"theirs");
}

#[test]
fn a_text_is_cut_at_line_ends() {
    let parts = cut(b"aa\nbb\ncc\ndddddd\n", 6);

    assert_eq!(parts, [&b"aa\nbb\n"[..], b"cc\n", b"dddddd\n"]);
    assert_eq!(cut(b"", 6), [b""]);
}

#[test]
fn names_are_those_that_a_cluster_takes() {
    for (name, good) in
        [("tfstate-default-a", true), ("a.b-c", true), ("A", false), ("a_b", false), ("a-", false)]
    {
        assert_eq!(is_subdomain(name), good, "{name}");
    }
    assert!(
        is_label_value("Prod_1.a") && !is_label_value("-a") && !is_label_value(&"a".repeat(64))
    );
}
