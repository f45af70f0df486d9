//! What only SQS does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use shared::transport::{Outgoing, Sqs, SqsSettings, Subscription, Transport, TransportError};
use tests::services::moto::Moto;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const VISIBILITY: Duration = Duration::from_secs(30);

async fn started(functions: &[&'static str]) -> Option<(Moto, Sqs)> {
    let server = Moto::start()?;
    let mut subscriptions = Vec::new();
    for function in functions {
        server.create_queue("own-", function, VISIBILITY, 50).await;
        subscriptions.push(Subscription { function, topics: vec!["forum.events.*".to_owned()] });
    }
    let settings = SqsSettings { url: server.queues("own-"), visibility: VISIBILITY, receive_max: 50 };
    let transport = Sqs::over(server.sqs(), settings, subscriptions);
    Some((server, transport))
}

fn event(n: usize, bytes: usize) -> Outgoing {
    Outgoing {
        topic: "forum.events.post.added".to_owned(),
        key: "local/default/thread/a".to_owned(),
        message_id: format!("msg_{n}"),
        body: format!("{{\"traceparent\":\"{TRACE}\",\"pad\":\"{}\"}}", "x".repeat(bytes)).into(),
    }
}

// TRANSPORT-12
#[tokio::test]
async fn the_trace_context_is_an_attribute_too() {
    let Some((server, transport)) = started(&["project-a"]).await else { return };
    transport.publish(vec![event(0, 0)]).await.remove(0).expect("published");
    let client = server.sqs();
    let request =
        client.receive_message().queue_url(server.queues("own-") + "project-a").message_attribute_names("All");
    let message = request.send().await.expect("an answer").messages.expect("a message").remove(0);
    let attribute = |name: &str| message.message_attributes.as_ref()?.get(name)?.string_value.clone();
    assert_eq!(attribute("traceparent").as_deref(), Some(TRACE));
    assert_eq!(attribute("topic").as_deref(), Some("forum.events.post.added"));
    assert_eq!(attribute("message_id").as_deref(), Some("msg_0"));
}

// TRANSPORT-7, OUTBOX-7
#[tokio::test]
async fn a_message_that_is_too_large_is_refused_alone() {
    let Some((_server, transport)) = started(&["project-a"]).await else { return };
    let answers = transport.publish(vec![event(0, 0), event(1, 300 * 1024), event(2, 0)]).await;
    let [Ok(()), Err(TransportError::Refused(why)), Ok(())] = answers.as_slice() else { panic!("{answers:?}") };
    assert!(why.contains("more than the 261120 that SQS takes"), "{why}");
    assert_eq!(transport.receive("project-a", 10, Duration::ZERO).await.expect("a queue").len(), 2);
}

// OUTBOX-8
#[tokio::test]
async fn a_queue_that_is_missing_is_an_outage_and_no_refusal() {
    let Some((server, transport)) = started(&["project-a"]).await else { return };
    let client = server.sqs();
    client.delete_queue().queue_url(server.queues("own-") + "project-a").send().await.expect("deleted");
    let answer = transport.publish(vec![event(0, 0)]).await.remove(0);
    assert!(
        matches!(&answer, Err(TransportError::Unreachable(why)) if why.contains("infra/template.yaml")),
        "{answer:?}"
    );
    assert!(matches!(transport.check_queues().await, Err(TransportError::Unreachable(_))));
}

// LAMBDA-6
#[tokio::test]
async fn the_settings_of_a_queue_are_read_as_they_are() {
    let Some((_server, transport)) = started(&["project-a"]).await else { return };
    let settings = transport.settings_of("project-a").await.expect("the settings");
    assert_eq!(settings.visibility, VISIBILITY);
    assert_eq!(settings.retention, Duration::from_secs(345_600));
    assert_eq!(settings.receive_max, Some(50));
    assert_eq!(settings.dead_retention, Some(Duration::from_secs(1_209_600)));
}

/// The way to a server that is too busy for the first requests, and lets the rest through.
#[derive(Clone)]
struct Throttled {
    refusals: usize,
    seen: Arc<AtomicUsize>,
    server: String,
}

async fn pass_on(State(way): State<Throttled>, mut headers: HeaderMap, body: Bytes) -> Response<Body> {
    if way.seen.fetch_add(1, Ordering::SeqCst) < way.refusals {
        let refusal = r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"Rate exceeded"}"#;
        let response = Response::builder().status(400).header("x-amzn-query-error", "RequestThrottled;Sender");
        return response.header("content-type", "application/x-amz-json-1.0").body(Body::from(refusal)).expect("built");
    }
    headers.remove("host");
    let sent = reqwest::Client::new().post(&way.server).headers(headers).body(body).send().await.expect("an answer");
    Response::builder().status(sent.status()).body(Body::from(sent.bytes().await.expect("a body"))).expect("built")
}

// TRANSPORT-9
#[tokio::test]
async fn a_throttled_request_is_sent_again_and_endless_throttling_is_an_outage() {
    let Some((server, _)) = started(&["project-a"]).await else { return };
    for (refusals, arrives) in [(3, true), (1000, false)] {
        let seen = Arc::new(AtomicUsize::new(0));
        let way = Throttled { refusals, seen: Arc::clone(&seen), server: server.endpoint() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving =
            tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass_on).with_state(way)).await });
        let url = format!("http://{address}/123456789012/own-");
        let subscriptions = vec![Subscription { function: "project-a", topics: vec!["forum.events.*".to_owned()] }];
        let settings = SqsSettings { url: url.clone(), visibility: VISIBILITY, receive_max: 50 };
        let transport = Sqs::over(server.sqs_at(&url), settings, subscriptions);
        let answer = transport.publish(vec![event(0, 0)]).await.remove(0);
        assert_eq!(answer.is_ok(), arrives, "{answer:?}");
        let tries = seen.load(Ordering::SeqCst);
        assert_eq!(tries, if arrives { 4 } else { 5 }, "it is sent five times at most");
        if let Err(error) = answer {
            assert!(matches!(error, TransportError::Unreachable(_)), "throttling never makes a row dead: {error:?}");
        }
        serving.abort();
    }
}
