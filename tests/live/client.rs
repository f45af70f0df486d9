//! A WebSocket client and an SSE client, as plain as they come.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::{Method, Response};
use serde_json::Value;
use tests::system::{Client, System, question};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Nothing that comes takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The positions of events.
pub fn positions(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["pos"].as_i64().expect("a position")).collect()
}

/// A cursor's position.
pub fn position_of(cursor: &str) -> i64 {
    cursor.split('-').next().and_then(|pos| pos.parse().ok()).unwrap_or_else(|| panic!("{cursor:?} is no cursor"))
}

/// Opens `count` threads with this ticket, and waits until their events are there.
pub async fn open_threads(system: &System, count: usize, ticket: &str) {
    let mut ask = question("Live");
    ask["ticket"] = ticket.into();
    let before = *system.harness.ctx.store.head().borrow();
    let accepted = futures::stream::iter(0..count)
        .map(|_| system.owner.post("/api/v1/forum/threads?wait=0", &ask))
        .buffer_unordered(16)
        .collect::<Vec<_>>();
    assert!(accepted.await.iter().all(|answer| answer.status == 202));
    let head = system.settled().await.head;
    assert!(head >= before + i64::try_from(count).expect("a small number"));
}

/// One live WebSocket.
pub struct Socket {
    inner: WebSocketStream<TcpStream>,
    /// The cursor of the latest frame.
    pub cursor: String,
}

impl Socket {
    /// Connects with the owner's key.
    pub async fn connect(system: &System, query: &str) -> Self {
        Self::connect_with(system, query, TcpSocket::new_v4().expect("a socket")).await
    }

    /// Connects through a socket that was prepared before.
    pub async fn connect_with(system: &System, query: &str, socket: TcpSocket) -> Self {
        let stream = socket.connect(system.harness.addr).await.expect("a connection");
        let url = format!("ws://{}/api/v1/forum/stream{query}", system.harness.addr);
        let mut request = url.into_client_request().expect("a request");
        let key = system.owner.own_header("authorization").parse().expect("a header value");
        request.headers_mut().insert("authorization", key);
        let (inner, _) = tokio_tungstenite::client_async(request, stream).await.expect("the upgrade");
        Self { inner, cursor: "0".to_owned() }
    }

    /// The next frame; the position of its cursor never falls.
    pub async fn frame(&mut self) -> Value {
        self.next().await.unwrap_or_else(|end| panic!("the socket ended: {end:?}"))
    }

    /// The next frame, or how the socket was closed; `None` without a close frame.
    pub async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.inner.next()).await.expect("a frame in time");
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => continue,
                None | Some(Err(_)) => return Err(None),
            };
            let frame: Value = serde_json::from_str(&text).expect("a frame of JSON");
            if let Some(cursor) = frame["next_cursor"].as_str() {
                assert!(position_of(cursor) >= position_of(&self.cursor), "{cursor} after {}", self.cursor);
                cursor.clone_into(&mut self.cursor);
            }
            return Ok(frame);
        }
    }

    /// The events of the next frames until there are `count`.
    pub async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(self.frame().await["events"].as_array().cloned().unwrap_or_default());
        }
        events
    }

    /// The next heartbeat; no event may come before it.
    pub async fn heartbeat(&mut self) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "heartbeat", "{frame}");
        frame
    }

    /// Says something to the server.
    pub async fn say(&mut self, message: Message) -> Result<(), Error> {
        self.inner.send(message).await
    }
}

/// One block of an event stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `id:`
    pub id: String,
    /// `event:`
    pub event: String,
    /// `data:`
    pub data: String,
    /// What stands behind a bare colon.
    pub comment: String,
}

impl Block {
    /// The event.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("no event in {self:?}"))
    }
}

/// One live event stream.
pub struct Sse {
    response: Response,
    text: String,
}

impl Sse {
    /// Connects.
    pub async fn connect(client: &Client, query: &str) -> Self {
        let request = client.request(Method::GET, &format!("/api/v1/stream{query}"));
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, text: String::new() }
    }

    /// The next block; `None` when the stream ended in order.
    pub async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let mut parsed = Block::default();
                for line in block.trim_end().lines() {
                    let (name, value) = line.split_once(':').expect("a field");
                    let value = value.trim_start().to_owned();
                    match name {
                        "" => parsed.comment = value,
                        "id" => parsed.id = value,
                        "event" => parsed.event = value,
                        "data" => parsed.data = value,
                        other => panic!("an unknown field {other}"),
                    }
                }
                return Some(parsed);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("a block in time");
            let chunk = chunk.expect("the stream does not break")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("whole characters"));
        }
    }

    /// The next events, heartbeats left out, until there are `count`.
    pub async fn events(&mut self, count: usize) -> Vec<Block> {
        let mut events = Vec::new();
        while events.len() < count {
            let block = self.block().await.expect("the stream goes on");
            if block.comment.is_empty() {
                events.push(block);
            }
        }
        events
    }

    /// The next heartbeat; no event may come before it.
    pub async fn heartbeat(&mut self) -> Block {
        let block = self.block().await.expect("the stream goes on");
        assert_eq!(block.comment, "heartbeat", "{block:?}");
        block
    }
}
