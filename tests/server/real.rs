//! The real API server, behind the door of `tests/oracle`: recording.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::suite::{self, Answer, Area, Sender, Sent};

struct Real {
    base: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// Records areas, or one case of them, anew.
pub(crate) fn record(oracle: &str, areas: &[Area], folder: &Path, only: Option<&str>) {
    terrane::http::client::install_provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = reqwest::Client::builder().user_agent("oracle/1").build().unwrap();
    let mut real = Real { base: oracle.trim_end_matches('/').to_owned(), client, runtime };
    prepare(&mut real);
    for area in areas {
        let mut recorded = suite::recorded(folder, &area.name);
        recorded.retain(|name, _| area.cases.iter().any(|case| case.name == *name));
        for case in area.cases.iter().filter(|case| only.is_none_or(|name| name == case.name)) {
            let space = suite::space(area, case);
            open(&mut real, &space);
            recorded.insert(case.name.clone(), suite::run(area, case, &mut real));
            close(&mut real, &space);
        }
        suite::keep(folder, &area.name, &recorded);
    }
}

/// Gives the server what a cluster of GKE has from the start.
fn prepare(real: &mut Real) {
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "standard-rwo", "annotations":
            {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "pd.csi.storage.gke.io", "allowVolumeExpansion": true,
        "parameters": {"type": "pd-balanced"}, "volumeBindingMode": "WaitForFirstConsumer"});
    real.call("POST", "/apis/storage.k8s.io/v1/storageclasses", Some(&class));
}

/// Deletes a case's namespace; nobody waits for it.
fn close(real: &mut Real, name: &str) {
    let path = format!("/api/v1/namespaces/{name}");
    for plural in ["persistentvolumeclaims", "configmaps"] {
        let list = real.call("GET", &format!("{path}/{plural}"), None).body;
        for object in list["items"].as_array().into_iter().flatten() {
            if object["metadata"]["finalizers"].is_array() {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let mut free = object.clone();
                free["metadata"]["finalizers"] = json!([]);
                real.call("PUT", &format!("{path}/{plural}/{name}"), Some(&free));
            }
        }
    }
    real.call("DELETE", &path, None);
}

/// Makes a case's namespace, and waits until it has its account.
fn open(real: &mut Real, name: &str) {
    let path = format!("/api/v1/namespaces/{name}");
    if real.call("GET", &path, None).status != 404 {
        close(real, name);
    }
    for _ in 0..300 {
        if real.call("GET", &path, None).status == 404 {
            break;
        }
        real.pause();
    }
    let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let made = real.call("POST", "/api/v1/namespaces", Some(&space));
    assert_eq!(made.status, 201, "{name}: {}", made.body);
    for below in ["serviceaccounts/default", "configmaps/kube-root-ca.crt"] {
        let below = format!("{path}/{below}");
        for _ in 0..300 {
            if real.call("GET", &below, None).status == 200 {
                break;
            }
            real.pause();
        }
    }
}

impl Real {
    fn call(&mut self, method: &str, path: &str, body: Option<&Json>) -> Answer {
        self.send(&Sent {
            method: method.into(),
            path: path.into(),
            media: "application/json",
            accept: "application/json".into(),
            body: body.map(Json::to_string),
        })
    }
}

impl Sender for Real {
    fn send(&mut self, sent: &Sent) -> Answer {
        let method = reqwest::Method::from_bytes(sent.method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{}", self.base, sent.path));
        request = request.header("accept", &sent.accept);
        if let Some(body) = &sent.body {
            request = request.header("content-type", sent.media).body(body.clone());
        }
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let warnings = response.headers().get_all("warning").iter();
            let warnings = warnings.map(|value| value.to_str().unwrap().to_owned()).collect();
            let bytes = response.bytes().await.unwrap();
            Answer { status, warnings, body: body(&bytes) }
        })
    }

    fn pause(&mut self) {
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Reads an answer's body: JSON, the lines of a watch, or text.
pub(crate) fn body(bytes: &[u8]) -> Json {
    let lines: Result<Vec<Json>, _> =
        serde_json::Deserializer::from_slice(bytes).into_iter::<Json>().collect();
    match lines {
        Ok(lines) if lines.iter().all(is_event) => Json::Array(lines),
        Ok(mut lines) if lines.len() == 1 => lines.remove(0),
        _ => json!(String::from_utf8_lossy(bytes)),
    }
}

fn is_event(line: &Json) -> bool {
    line.as_object().is_some_and(|line| {
        line.len() == 2 && line.contains_key("type") && line.contains_key("object")
    })
}
