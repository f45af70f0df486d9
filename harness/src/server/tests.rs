//! How many connections are served at once.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::*;

/// Counts the requests that have begun, and holds each until its turn is over.
#[derive(Clone)]
struct Held {
    begun: watch::Sender<usize>,
    over: watch::Sender<usize>,
}

impl Held {
    fn new() -> Self {
        Self { begun: watch::Sender::new(0), over: watch::Sender::new(0) }
    }

    /// Takes the next number, and waits until that is over.
    async fn begin(&self) {
        let mut turn = 0;
        self.begun.send_modify(|begun| {
            *begun += 1;
            turn = *begun;
        });
        self.over.subscribe().wait_for(|over| *over >= turn).await.expect("the test goes on");
    }

    /// Waits until so many have begun, and gives a further one every chance to.
    async fn has_begun(&self, expected: usize) {
        self.begun.subscribe().wait_for(|begun| *begun >= expected).await.expect("the test goes on");
        for _ in 0..2000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*self.begun.borrow(), expected);
    }
}

async fn answered(State(held): State<Held>) -> &'static str {
    held.begin().await;
    "over"
}

/// Becomes a stream, as a WebSocket does.
async fn upgraded(State(held): State<Held>, request: Request) -> Response {
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let stream = upgrade.await;
        held.begin().await;
        drop(stream);
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "held")]).into_response()
}

async fn serve(held: &Held) -> (Server, SocketAddr) {
    let router = Router::new().route("/", get(answered)).route("/stream", get(upgraded));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    (Server::bounded(listener, router.with_state(held.clone()), 2), addr)
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
const STREAM: &str = "GET /stream HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: held\r\n\r\n";

async fn ask(addr: SocketAddr, head: &str) -> TcpStream {
    let mut client = TcpStream::connect(addr).await.expect("a connection");
    client.write_all(head.as_bytes()).await.expect("a request");
    client
}

/// Reads the answer to a [`REQUEST`], and lets the connection go.
async fn answer_of(mut client: TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"over") {
        assert_ne!(client.read_buf(&mut answer).await.expect("an answer"), 0, "an answer to its end");
    }
    String::from_utf8(answer).expect("text")
}

// SEC-7
#[tokio::test]
async fn a_connection_beyond_the_most_waits_until_another_has_ended() {
    let held = Held::new();
    let (server, addr) = serve(&held).await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(ask(addr, REQUEST).await);
    }
    held.has_begun(2).await;
    held.over.send_replace(1);
    // An answer ends no connection.
    held.has_begun(2).await;
    held.over.send_replace(4);
    // Each client that goes makes room for the next.
    for client in clients {
        let answer = answer_of(client).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    held.has_begun(4).await;
    server.finish_requests(Duration::from_secs(5)).await.finish().await;
}

// SEC-7
#[tokio::test]
async fn a_stream_takes_up_room_as_long_as_it_lasts() {
    let held = Held::new();
    let (server, addr) = serve(&held).await;
    let _streams = [ask(addr, STREAM).await, ask(addr, STREAM).await];
    held.has_begun(2).await;
    let _waiting = ask(addr, REQUEST).await;
    held.has_begun(2).await;
    held.over.send_replace(1);
    held.has_begun(3).await;
    held.over.send_replace(3);
    server.finish_requests(Duration::from_secs(5)).await.finish().await;
}

#[test]
fn room_is_bounded_and_there_is_some() {
    assert!((1..=CONNECTIONS).contains(&most_connections()));
}
