//! What only SQS does.

use std::time::Duration;

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
