//! What the sandbox's Google side always does, said as requests and answers.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::http::{HeaderValue, Method, Request};
use crate::sandbox::{Service, World};

mod services;
mod objects;
mod clusters;
mod world;
mod whole;
mod plain;

const PROJECT: &str = "polls-demo";
const CLUSTERS: &str = "/v1/projects/polls-demo/locations/asia-south1-a/clusters";

/// A world and a token for it.
struct Asker {
    world: Arc<World>,
    token: String,
}

fn open(path: Option<&Path>) -> io::Result<Arc<World>> {
    World::open(path, 0.0, "2026-01-01T00:00:00Z".parse().unwrap())
}

impl Asker {
    fn of(world: Arc<World>) -> Asker {
        let token = world.mint_token(Duration::from_secs(86_400));
        Asker { world, token }
    }

    /// A new world with the services of the example enabled.
    fn ready() -> Asker {
        let asker = Asker::of(open(None).unwrap());
        let services = ["container", "compute", "storage", "iam", "artifactregistry"]
            .map(|s| format!("{s}.googleapis.com"));
        let path = format!("/v1/projects/{PROJECT}/services:batchEnable");
        assert_eq!(asker.ask("POST", &path, &json!({"serviceIds": services})).0, 200);
        asker.pass(30);
        asker
    }

    fn pass(&self, seconds: u64) {
        self.world.clock().advance(Duration::from_secs(seconds));
    }

    fn ask(&self, method: &str, url: &str, body: &Json) -> (u16, Json) {
        let method: Method = method.parse().unwrap();
        let mut request = Request::new(method, url);
        if !body.is_null() {
            request = request.json(body);
        }
        let header = HeaderValue::from_str(&format!("Bearer {}", self.token)).unwrap();
        request.headers.insert("authorization", header);
        let answer = self.world.answer(&request);
        (answer.status.as_u16(), serde_json::from_slice(answer.bytes()).unwrap_or_default())
    }

    fn get(&self, url: &str) -> (u16, Json) {
        self.ask("GET", url, &Json::Null)
    }

    fn bucket(&self, name: &str) -> (u16, Json) {
        let body = json!({"name": name, "location": "asia-south1"});
        self.ask("POST", &format!("/storage/v1/b?project={PROJECT}"), &body)
    }

    fn account(&self, id: &str) -> String {
        let path = format!("/v1/projects/{PROJECT}/serviceAccounts");
        let (status, account) =
            self.ask("POST", &path, &json!({"accountId": id, "serviceAccount": {}}));
        assert_eq!(status, 200, "{account}");
        account["email"].as_str().unwrap().to_owned()
    }

    fn cluster(&self) -> Json {
        let body = json!({"cluster": {"name": "pollsapi", "initialNodeCount": 1}});
        let (status, operation) = self.ask("POST", CLUSTERS, &body);
        assert_eq!(status, 200, "{operation}");
        operation
    }

    fn inventory(&self) -> Vec<String> {
        let (_, answer) = self.get("/sandbox/inventory");
        let items = answer["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                format!("{} {}", item["type"].as_str().unwrap(), item["name"].as_str().unwrap())
            })
            .collect()
    }
}
