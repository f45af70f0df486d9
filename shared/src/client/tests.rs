//! The client against a server of the test's own making, which refuses, breaks off and comes back as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;

/// Answers in order; the last is given again. Remembers what each request said.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Said>>>,
}

#[derive(Clone)]
struct Answer(u16, &'static str, &'static str);

#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    path: String,
    key: Option<String>,
    last_event_id: Option<String>,
}

async fn answer(State(script): State<Script>, uri: Uri, headers: HeaderMap) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    script.requests.lock().expect("no panic holds it").push(Said {
        path: uri.to_string(),
        key: header("idempotency-key"),
        last_event_id: header("last-event-id"),
    });
    let mut answers = script.answers.lock().expect("no panic holds it");
    let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
    let Answer(status, kind, body) = next.expect("a script has an answer");
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("retry-after", "0")
        .body(body.into())
        .expect("a response")
}

async fn serve(answers: &[Answer]) -> (Client, Script) {
    let script = Script { answers: Arc::new(Mutex::new(answers.iter().cloned().collect())), ..Script::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(answer).with_state(script.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (client_of(&format!("http://{address}")), script)
}

fn client_of(server: &str) -> Client {
    let settings = Settings {
        server: server.to_owned(),
        key: Some("afk_x".to_owned()),
        project: Some("web".to_owned()),
        timeout: Duration::from_secs(5),
    };
    Client::new(settings, Ids::seeded(Clock::fixed_at(0), 1)).expect("a client")
}

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream";
const BUSY: Answer = Answer(503, JSON, r#"{"title":"busy","code":"store_busy"}"#);

// CLI-4
#[tokio::test]
async fn a_write_is_repeated_under_the_same_key_until_the_busy_server_takes_it() {
    let (client, script) = serve(&[BUSY, BUSY, Answer(201, JSON, r#"{"command":{"status":"applied"}}"#)]).await;
    let key = client.new_idempotency_key();
    let document = client.command(&["forum", "threads"], &[], &json!({}), &key).await.expect("taken in the end");
    assert_eq!(document.text, r#"{"command":{"status":"applied"}}"#);
    let requests = script.requests.lock().expect("no panic holds it").clone();
    assert_eq!(requests.len(), 3);
    assert_eq!(key.len(), 32);
    assert!(requests.iter().all(|said| said.key.as_deref() == Some(&*key)), "{requests:?}");
    assert_eq!(requests[0].path, "/api/v1/forum/threads?project_id=web");
}

// CLI-1
#[tokio::test]
async fn a_server_that_is_not_there_is_named_within_a_second() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let stopwatch = Clock::stopwatch();
    let error = client_of(&address).get(&["keys"], &[]).await.expect_err("nobody listens");
    assert!(stopwatch.elapsed() < Duration::from_secs(1));
    let expected = format!("no agentforum server answers at {address}; start one with `agentforum up`");
    assert_eq!(error.to_string(), expected);
}

// CMD-2
#[tokio::test]
async fn a_command_accepted_but_unfinished_is_looked_up_until_it_is_finished() {
    let accepted = Answer(202, JSON, r#"{"command":{"command_id":"cmd_1","status":"accepted"}}"#);
    let waiting = Answer(200, JSON, r#"{"command_id":"cmd_1","status":"accepted"}"#);
    let rejected = r#"{"command_id":"cmd_1","status":"rejected","error":{"status":409,"code":"thread_closed"}}"#;
    let (client, script) = serve(&[accepted, waiting, Answer(200, JSON, rejected)]).await;
    let error = client.command(&["forum", "threads", "a/b", "posts"], &[], &json!({}), "k").await.expect_err("refused");
    assert!(matches!(error, ClientError::Problem { problem, .. } if problem.code == "thread_closed"));
    let requests = script.requests.lock().expect("no panic holds it").clone();
    assert_eq!(requests[0].path, "/api/v1/forum/threads/a%2Fb/posts?project_id=web");
    assert_eq!(requests[2].path, "/api/v1/commands/cmd_1?project_id=web");
}

// LOG-14, LOG-16
#[tokio::test]
async fn a_broken_stream_resumes_after_what_it_showed_and_shows_nothing_twice() {
    let first = Answer(200, SSE, "id: 4-00c0ffee\ndata: {\"n\":4}\n\nid: 5-00c0ffee\ndata: {\"n\":5}\n\n");
    let second = Answer(
        200,
        SSE,
        "id: 5-00c0ffee\ndata: {\"n\":5}\n\nid: 9-00c0ffee\ndata: {\"n\":9}\n\n: heartbeat\nid: 12-00c0ffee\n\nid: 13-00c0ffee\ndata: {",
    );
    let gone = Answer(410, JSON, r#"{"title":"gone","code":"cursor_epoch"}"#);
    let (client, script) = serve(&[first, BUSY, second, gone]).await;
    let mut follow = client.follow(vec![("types", "forum.*".to_owned())], Some("3".to_owned()));
    let mut seen = Vec::new();
    let error = loop {
        match follow.next().await {
            Ok(Live::Event(event)) => seen.push(event.pos.to_string()),
            Ok(Live::Connected { again }) => seen.push(if again { "again" } else { "connected" }.to_owned()),
            Ok(Live::Lost(_)) => seen.push("lost".to_owned()),
            Err(error) => break error,
        }
    };
    assert_eq!(seen, ["connected", "4", "5", "lost", "again", "9", "lost"]);
    assert!(matches!(error, ClientError::Problem { problem, .. } if problem.code == "cursor_epoch"));
    let requests = script.requests.lock().expect("no panic holds it").clone();
    assert_eq!(requests[0].path, "/api/v1/stream?types=forum.*&after=3&project_id=web");
    let resumed: Vec<_> = requests.iter().map(|said| said.last_event_id.as_deref()).collect();
    assert_eq!(resumed, [None, Some("5-00c0ffee"), Some("5-00c0ffee"), Some("12-00c0ffee")]);
}

// LOG-15
#[tokio::test]
async fn the_head_of_the_log_is_what_the_server_says_to_a_cursor_beyond_it() {
    let ahead = Answer(400, JSON, r#"{"title":"ahead","code":"cursor_ahead","head":41}"#);
    let (client, _) = serve(&[ahead]).await;
    assert_eq!(client.head().await.expect("a head").as_deref(), Some("41"));
}

// AUTH-7
#[test]
fn only_addresses_of_this_machine_are_local() {
    for server in ["http://127.0.0.1:3001", "http://localhost:1", "http://[::1]:3001/", "http://127.9.9.9"] {
        assert!(is_local(server), "{server}");
    }
    for server in
        ["http://10.0.0.1", "https://localhost.example.org", "http://127.0.0.1.example.org", "ftp://localhost", ""]
    {
        assert!(!is_local(server), "{server}");
    }
}
