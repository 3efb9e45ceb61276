//! The sandbox's own addresses, below `/sandbox/`: health, time, inventory, faults, permissions, journal.

use std::sync::PoisonError;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Clock, Method, Request, Response, StatusCode};
use crate::sandbox::exports::exports;
use crate::sandbox::faults::duration;
use crate::sandbox::google::{self, policy};
use crate::sandbox::world::World;

/// An address below `/sandbox/`: the method, the rest of the path, what answers, and what it does, as `docs/sandbox.md` says it.
type Row = (Method, &'static str, fn(&World, &Request, &Json) -> Response, &'static str);

const ROWS: &[Row] = &[
    (Method::GET, "inventory", inventory, "lists all that exists, what controllers made included"),
    (Method::GET, "requests", requests, "the last requests: time, method, path, status"),
    (Method::GET, "clock", clock, "tells the time"),
    (
        Method::POST,
        "clock",
        |world, _, body| advance(world, body),
        "moves it on: `{\"advance\": \"10m\"}` or `{\"until\": \"…\"}`",
    ),
    (Method::POST, "fault", add_fault, "lets requests fail; [below](#faults)"),
    (
        Method::GET,
        "fault",
        faults,
        "how many requests there were, how many met a fault, how many of these were never answered",
    ),
    (Method::DELETE, "fault", forget_faults, "forgets the faults"),
    (
        Method::POST,
        "permissions",
        deny,
        "says which permissions `testIamPermissions` denies: `{\"denied\": [\"storage.hmacKeys.create\", \"container.*\"]}`",
    ),
    (Method::POST, "reset", reset, "begins the world anew"),
    (
        Method::GET,
        "environment",
        |_, request, _| environment(request),
        "the exports, for a shell to evaluate",
    ),
    (Method::GET, "health", health, "says that it runs"),
];

/// Answers a request below `/sandbox/`.
pub fn answer(world: &World, request: &Request) -> Response {
    let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let what = request.path().trim_start_matches("/sandbox/").trim_end_matches('/');
    match ROWS.iter().find(|(method, path, ..)| *method == request.method && *path == what) {
        Some((_, _, answer, _)) => answer(world, request, &body),
        None => Response::json(
            StatusCode::NOT_FOUND,
            &json!({"error": {"code": 404, "message": "No such address."}}),
        ),
    }
}

fn health(_: &World, _: &Request, _: &Json) -> Response {
    ok(&json!({"status": "ok", "pid": std::process::id()}))
}

fn clock(world: &World, _: &Request, _: &Json) -> Response {
    ok(&json!({"now": world.clock().now().to_string()}))
}

fn inventory(world: &World, _: &Request, _: &Json) -> Response {
    ok(&json!({"items": items(world)}))
}

fn requests(world: &World, _: &Request, _: &Json) -> Response {
    ok(&json!({"requests": world.requests()}))
}

fn add_fault(world: &World, _: &Request, body: &Json) -> Response {
    match world.faults.lock().unwrap_or_else(PoisonError::into_inner).add(body) {
        Ok(()) => ok(&json!({})),
        Err(text) => refused(&text),
    }
}

fn faults(world: &World, _: &Request, _: &Json) -> Response {
    let faults = world.faults.lock().unwrap_or_else(PoisonError::into_inner);
    ok(&json!({"seen": faults.seen(), "done": faults.done(), "held": faults.held()}))
}

fn forget_faults(world: &World, _: &Request, _: &Json) -> Response {
    world.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    ok(&json!({}))
}

fn deny(world: &World, _: &Request, body: &Json) -> Response {
    let Some(denied) = body["denied"].as_array() else {
        return refused("\"denied\" is a list of permissions.");
    };
    policy::deny(&mut world.google.locked(), json!(denied));
    ok(&json!({}))
}

fn reset(world: &World, _: &Request, _: &Json) -> Response {
    world.reset();
    ok(&json!({}))
}

/// Gives the shell's lines, for the address that the request came to.
fn environment(request: &Request) -> Response {
    let host = request.header("host").unwrap_or("127.0.0.1:8085");
    Response::text(StatusCode::OK, exports(&format!("http://{host}")))
}

/// Gives all that exists, what controllers made included.
pub fn items(world: &World) -> Vec<Json> {
    world.settle_all();
    let clusters = world.clusters();
    let mut items = google::inventory::items(&world.google.locked());
    for (key, cluster) in clusters {
        for mut item in cluster.inventory() {
            if item["parent"].is_null() {
                item["parent"] = json!(key);
            }
            items.push(item);
        }
    }
    items
}

fn advance(world: &World, body: &Json) -> Response {
    let clock = world.clock();
    if let Some(until) = body["until"].as_str() {
        let Ok(until) = until.parse::<Timestamp>() else {
            return refused("\"until\" is an hour like \"2026-01-01T00:10:00Z\".");
        };
        // Several who wait for one hour move time there once.
        let left = until.duration_since(clock.now());
        if left.is_positive() {
            clock.advance(left.unsigned_abs());
        }
    } else {
        let Some(duration) = body["advance"].as_str().and_then(duration) else {
            return refused("\"advance\" is a duration like \"600s\", \"10m\" or \"1h\".");
        };
        clock.advance(duration);
    }
    world.settle_all();
    ok(&json!({"now": world.clock().now().to_string()}))
}

fn ok(body: &Json) -> Response {
    Response::json(StatusCode::OK, body)
}

fn refused(text: &str) -> Response {
    Response::json(StatusCode::BAD_REQUEST, &json!({"error": {"code": 400, "message": text}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is answered with the services' own tokens.
    const TOKEN: &str = "| `POST /sandbox/token` | gives an access token; with `?principal=ana@example.com` one of that account, which audit logs then name |\n";

    #[test]
    fn the_documentation_has_each_address_and_no_other() {
        let row =
            |(method, path, _, does): &Row| format!("| `{method} /sandbox/{path}` | {does} |\n");
        let rows: String = ROWS.iter().map(row).collect();
        let wanted = format!("| address | does |\n|---|---|\n{rows}{TOKEN}");
        let documentation = include_str!("../../docs/sandbox.md");

        assert!(documentation.contains(&wanted), "docs/sandbox.md has not this table:\n{wanted}");
        assert_eq!(documentation.matches("| address | does |").count(), 1);
    }
}
