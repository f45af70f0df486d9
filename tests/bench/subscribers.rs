//! Thousands of WebSocket subscribers: what each costs, and whether each sees everything in order.

use std::time::Duration;

use shared::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::measure::resident_kib;
use crate::server::Server;

/// What the subscribers came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subscribers {
    pub(crate) count: usize,
    pub(crate) events: i64,
    /// KiB of the server's resident memory per subscriber.
    pub(crate) kib_each: f64,
    /// Seconds from the last event's answer until everybody had everything.
    pub(crate) last_seconds: f64,
}

/// Connects `count` subscribers, publishes `events` events at 50 a second, and waits until everybody has seen all of them.
pub(crate) async fn run(server: &Server, count: usize, events: i64) -> Subscribers {
    let mut publisher = Connection::open(server).await;
    // The first request of a process makes what all later ones use.
    publish(&mut publisher).await;
    let before = resident_kib(server.pid);
    let mut readers = JoinSet::new();
    for _ in 0..count {
        let mut socket = subscribe(server, "").await;
        readers.spawn(async move { positions(&mut socket, 1 + events).await.map(|()| socket) });
    }
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..events {
        pace.tick().await;
        publish(&mut publisher).await;
    }
    let stopwatch = Clock::stopwatch();
    // Sockets stay open until the memory was read.
    let outcomes =
        tokio::time::timeout(Duration::from_secs(60), readers.join_all()).await.expect("everybody in a minute");
    let last_seconds = stopwatch.elapsed().as_secs_f64();
    let sockets: Vec<TcpStream> = outcomes.into_iter().collect::<Result<_, String>>().expect("everything in order");
    let after = resident_kib(server.pid);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let kib_each = (after - before) / sockets.len() as f64;
    Subscribers { count, events, kib_each, last_seconds }
}

async fn publish(connection: &mut Connection) {
    let body = r#"{"title":"Seen by everybody","body":"Once, in order.","ticket":"BENCH-2"}"#;
    let (status, _) = connection.post("/api/v1/forum/threads", body).await;
    assert_eq!(status, 201);
}

/// A WebSocket whose query is `query`, with its question mark.
pub(crate) async fn subscribe(server: &Server, query: &str) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", server.port)).await.expect("the server accepts");
    let request = format!(
        "GET /api/v1/forum/stream{query} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\nconnection: Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.key
    );
    socket.write_all(request.as_bytes()).await.expect("a handshake");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.expect("an answer to the handshake"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// Reads frames until position `last`; every position from 1 on must come once, in order.
async fn positions(socket: &mut TcpStream, last: i64) -> Result<(), String> {
    let mut expected = 1;
    let mut payload = Vec::new();
    while expected <= last {
        frame(socket, &mut payload).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&payload);
        for found in text.split("{\"pos\":").skip(1) {
            let pos: i64 = found.split(',').next().and_then(|pos| pos.parse().ok()).unwrap_or(-1);
            if pos != expected {
                return Err(format!("expected position {expected}, saw {pos}"));
            }
            expected += 1;
        }
    }
    Ok(())
}

/// Reads one frame.
pub(crate) async fn frame(socket: &mut TcpStream, payload: &mut Vec<u8>) -> std::io::Result<()> {
    let (_, length) = (socket.read_u8().await?, socket.read_u8().await?);
    let length = match length {
        126 => u64::from(socket.read_u16().await?),
        127 => socket.read_u64().await?,
        short => u64::from(short),
    };
    payload.resize(usize::try_from(length).map_err(std::io::Error::other)?, 0);
    socket.read_exact(payload).await.map(drop)
}
