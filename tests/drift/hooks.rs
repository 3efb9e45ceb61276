//! Who is called back in a test: takes alarms, or refuses them for a while.

use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// One who is called back.
pub(crate) struct Hook {
    pub(crate) url: String,
    /// What was taken.
    pub(crate) taken: Arc<Mutex<Vec<Json>>>,
    /// So many are refused first.
    pub(crate) refuse: Arc<Mutex<u32>>,
    /// How many were taken.
    pub(crate) count: watch::Receiver<usize>,
    _runtime: Runtime,
}

impl Hook {
    pub(crate) fn new() -> Hook {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let (taken, refuse) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (told, count) = watch::channel(0);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/secret-path", listener.local_addr().unwrap());
        let (all, none) = (taken.clone(), refuse.clone());
        let told = Arc::new(told);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, all.clone(), none.clone(), told.clone()));
            }
        });
        Hook { url, taken, refuse, count, _runtime: runtime }
    }
}

async fn serve(
    mut stream: TcpStream,
    taken: Arc<Mutex<Vec<Json>>>,
    refuse: Arc<Mutex<u32>>,
    told: Arc<watch::Sender<usize>>,
) {
    while let Some(body) = body(&mut stream).await {
        let refused = {
            let mut left = refuse.lock().unwrap();
            let refused = *left > 0;
            *left = left.saturating_sub(1);
            refused
        };
        let status = if refused { "503 Service Unavailable" } else { "204 No Content" };
        if !refused {
            let mut taken = taken.lock().unwrap();
            taken.push(serde_json::from_slice(&body).unwrap());
            told.send_replace(taken.len());
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads a request; gives its body.
async fn body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}
