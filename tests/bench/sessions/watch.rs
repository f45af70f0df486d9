//! Changes on their way: when each was sent, and how long it took until its event was seen on the live stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use shared::clock::{Clock, Stopwatch};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::server::Server;

/// How long the last changes may take.
const PATIENCE: Duration = Duration::from_secs(30);
const TYPES: &str = "session_updated,pr_updated,pr_check_recorded";

/// What was sent and seen. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Changes>>);

#[derive(Default)]
struct Changes {
    /// Not seen yet, by its mark: when it was sent, and how much later than it was due.
    waiting: HashMap<String, (Stopwatch, Duration)>,
    sent: u32,
    taken: Taken,
}

/// Milliseconds from sending changes to their events.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) sessions: Vec<f64>,
    pub(super) prs: Vec<f64>,
}

/// What a change of a session or a pull request is recognised by: which one, and what it says now.
pub(super) fn mark(which: &str, says: &str) -> String {
    format!("{which} {says}")
}

impl Watch {
    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change goes out now, later than it was due by `late`.
    pub(super) fn sent(&self, mark: String, late: Duration) {
        let mut changes = self.changes();
        changes.waiting.insert(mark, (Clock::stopwatch(), late));
        changes.sent += 1;
    }

    /// An event came. Of several events of one change the first counts: they come together.
    fn seen(&self, event: &Value) {
        let payload = &event["payload"];
        let of_session = event["type"] == "session_updated";
        let (which, says) = match event["type"].as_str() {
            Some("session_updated") => (&event["session_id"], &payload["activity"]),
            Some("pr_updated") => (&payload["url"], &payload["head_sha"]),
            _ => (&payload["url"], &payload["commit"]),
        };
        let mark = mark(which.as_str().unwrap_or_default(), says.as_str().unwrap_or_default());
        let mut changes = self.changes();
        let Some((since, late)) = changes.waiting.remove(&mark) else { return };
        let taken = (since.elapsed() + late).as_secs_f64() * 1e3;
        let of_kind = if of_session { &mut changes.taken.sessions } else { &mut changes.taken.prs };
        of_kind.push(taken);
    }

    /// Waits until every change was seen, if that comes to pass. How many were sent and how many of them were seen, and
    /// how long those took.
    pub(super) async fn finish(&self) -> ((u32, u32), Taken) {
        let stopwatch = Clock::stopwatch();
        while !self.changes().waiting.is_empty() && stopwatch.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut changes = self.changes();
        let unseen = u32::try_from(changes.waiting.len()).expect("a small number");
        ((changes.sent, changes.sent - unseen), std::mem::take(&mut changes.taken))
    }

    /// Takes note of all that comes, until it is dropped.
    pub(super) async fn follow(self, mut stream: BufReader<TcpStream>) {
        let mut line = String::new();
        loop {
            line.clear();
            let read = stream.read_line(&mut line).await.expect("the stream goes on");
            assert!(read > 0, "the server ended the stream");
            // An event is one chunk of the answer, and its data one line; chunk lengths and other fields are passed over.
            if let Some(event) = line.strip_prefix("data: ") {
                self.seen(&serde_json::from_str(event).expect("JSON"));
            }
        }
    }
}

/// The live stream as server-sent events, from the head of the log on.
pub(super) async fn subscribe(server: &Server) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(("127.0.0.1", server.port)).await.expect("the server accepts");
    let request = format!(
        "GET /api/v1/stream?types={TYPES} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\r\n",
        server.key
    );
    socket.write_all(request.as_bytes()).await.expect("the request goes out");
    let mut stream = BufReader::new(socket);
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("an answer");
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    stream
}
