//! The sandbox's own addresses, below `/sandbox/`: health, time, inventory, faults, permissions, journal.

use std::sync::PoisonError;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Clock, Method, Request, Response, StatusCode};
use crate::sandbox::exports::exports;
use crate::sandbox::faults::duration;
use crate::sandbox::google::{inventory, policy};
use crate::sandbox::world::World;

/// Answers a request below `/sandbox/`.
pub fn answer(world: &World, request: &Request) -> Response {
    let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let what = request.path().trim_start_matches("/sandbox/").trim_end_matches('/');
    match (&request.method, what) {
        (&Method::GET, "health") => ok(&json!({"status": "ok", "pid": std::process::id()})),
        (&Method::GET, "environment") => environment(request),
        (&Method::GET, "clock") => ok(&json!({"now": world.clock().now().to_string()})),
        (&Method::POST, "clock") => advance(world, &body),
        (&Method::GET, "inventory") => ok(&json!({"items": items(world)})),
        (&Method::GET, "requests") => ok(&json!({"requests": world.requests()})),
        (&Method::POST, "fault") => {
            let added = world.faults.lock().unwrap_or_else(PoisonError::into_inner).add(&body);
            match added {
                Ok(()) => ok(&json!({})),
                Err(text) => refused(&text),
            }
        }
        (&Method::GET, "fault") => {
            let faults = world.faults.lock().unwrap_or_else(PoisonError::into_inner);
            ok(&json!({"seen": faults.seen(), "done": faults.done(), "held": faults.held()}))
        }
        (&Method::DELETE, "fault") => {
            world.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
            ok(&json!({}))
        }
        (&Method::POST, "permissions") => {
            let Some(denied) = body["denied"].as_array() else {
                return refused("\"denied\" is a list of permissions.");
            };
            policy::deny(&mut world.google.locked(), json!(denied));
            ok(&json!({}))
        }
        (&Method::POST, "reset") => {
            world.reset();
            ok(&json!({}))
        }
        _ => Response::json(
            StatusCode::NOT_FOUND,
            &json!({"error": {"code": 404, "message": "No such address."}}),
        ),
    }
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
    let mut items = inventory::items(&world.google.locked());
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
