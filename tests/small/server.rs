//! A small server for the data source `http`: what it answers depends on the path.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};

/// Starts the server; gives its address. It ends with the process.
#[expect(clippy::disallowed_methods, reason = "the server is another program's part")]
pub(super) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let calls = AtomicU32::new(0);
        for stream in listener.incoming().flatten() {
            answer(stream, &calls);
        }
    });
    address
}

fn answer(stream: TcpStream, calls: &AtomicU32) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_string());
    }
    let Some(first) = lines.first().cloned() else { return };
    let header = |name: &str| {
        let found = lines.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
        });
        found.unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let path = first.split_whitespace().nth(1).unwrap_or_default();
    let (status, body) = match path {
        "/echo" => {
            let method = first.split_whitespace().next().unwrap_or_default();
            let body = String::from_utf8_lossy(&body);
            ("200 OK", format!("{method} {} {body}", header("x-polls")))
        }
        // The object's name is one part of the path.
        "/storage/v1/b/states/o/env%2Fprod%2Fdefault.tfstate?alt=media"
            if header("authorization") == "Bearer a-token" =>
        {
            let state =
                r#"{"version": 4, "outputs": {"region": {"value": "eu", "type": "string"}}}"#;
            ("200 OK", state.to_string())
        }
        "/storage/v1/b/states/o/env%2Fprod%2Fother.tfstate?alt=media" => {
            ("403 Forbidden", r#"{"error": {"message": "who are you"}}"#.to_string())
        }
        "/storage/v1/b/states/o/none.tfstate?alt=media" => ("404 Not Found", String::new()),
        // There is no journal beside them.
        listed if listed.starts_with("/storage/v1/b/states/o?") => ("200 OK", "{}".to_string()),
        "/flaky" if calls.fetch_add(1, Ordering::Relaxed) % 3 < 2 => ("503 Busy", String::new()),
        "/flaky" => ("200 OK", "at last".into()),
        "/missing" => ("404 Not Found", "nothing here".into()),
        _ => ("500 Oh", String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nx-two: a\r\nx-two: b\r\nx-goog-generation: 1\r\nx-goog-metageneration: 1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes()).unwrap();
    if !first.starts_with("HEAD") {
        stream.write_all(body.as_bytes()).unwrap();
    }
}
