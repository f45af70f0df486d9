//! Cases about where a message goes.

use std::time::Duration;

use shared::transport::{Outgoing, Transport, TransportError};

use super::{Backend, COMMAND, TOPIC, VISIBILITY, ids, message, publish, receive, started};

pub(crate) async fn a_command_nobody_handles_is_refused_and_its_neighbours_are_not<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let batch = vec![message(COMMAND, 0), message("forum.commands.unknown", 1), message(COMMAND, 2)];
    let answers = transport.publish(batch).await;
    assert!(matches!(answers.as_slice(), [Ok(()), Err(TransportError::Refused(_)), Ok(())]), "{answers:?}");
    assert_eq!(ids(&receive(&transport, "cmd-open-thread", 10).await), ["msg_0", "msg_2"]);
}

pub(crate) async fn an_event_nobody_subscribes_to_is_accepted<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, "forum.integration.docs_sync.requested", 0..1).await;
    for function in ["cmd-open-thread", "project-a", "project-b"] {
        assert_eq!(receive(&transport, function, 10).await.len(), 0, "{function}");
    }
}

pub(crate) async fn an_event_reaches_each_of_its_subscribers<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, TOPIC, 0..3).await;
    for function in ["project-a", "project-b"] {
        assert_eq!(ids(&receive(&transport, function, 10).await), ["msg_0", "msg_1", "msg_2"], "{function}");
    }
    assert_eq!(receive(&transport, "cmd-open-thread", 10).await.len(), 0);
}

pub(crate) async fn a_wildcard_takes_every_topic_below_it<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    for (n, topic) in ["forum.events.thread.opened", "forum.events.run.state.changed", "forum.event"].iter().enumerate()
    {
        publish(&transport, topic, n..n + 1).await;
    }
    let both = receive(&transport, "project-b", 10).await;
    // Between topics no order is promised.
    let mut both = ids(&both);
    both.sort_unstable();
    assert_eq!(both, ["msg_0", "msg_1"]);
    assert_eq!(ids(&receive(&transport, "project-a", 10).await), ["msg_0"]);
}

pub(crate) async fn acknowledging_in_one_queue_leaves_the_other<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, TOPIC, 0..1).await;
    let held = receive(&transport, "project-a", 10).await;
    receive(&transport, "project-b", 10).await;
    transport.ack("project-a", &held).await.expect("an ack");
    backend.pass(VISIBILITY).await;
    assert_eq!(receive(&transport, "project-a", 10).await.len(), 0);
    assert_eq!(ids(&receive(&transport, "project-b", 10).await), ["msg_0"]);
}

pub(crate) async fn an_equal_message_id_published_twice_is_delivered_twice_at_most<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    publish(&transport, COMMAND, 0..1).await;
    let deliveries = receive(&transport, "cmd-open-thread", 10).await;
    assert!((1..=2).contains(&deliveries.len()), "{deliveries:?}");
    assert!(deliveries.iter().all(|delivery| delivery.message_id == "msg_0"), "{deliveries:?}");
}

pub(crate) async fn the_body_arrives_as_it_was_sent<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let body = format!("{{\"text\":\"{}\"}}", "ünï 🦀 \\n \\\"".repeat(5_000));
    let sent = Outgoing { body: body.as_str().into(), ..message(COMMAND, 0) };
    assert!(transport.publish(vec![sent]).await.iter().all(Result::is_ok));
    assert_eq!(*receive(&transport, "cmd-open-thread", 1).await[0].body, *body);
}

pub(crate) async fn a_queue_nobody_made_is_refused<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let answer = transport.receive("no-such-function", 1, Duration::ZERO).await;
    assert!(matches!(answer, Err(TransportError::Refused(_))), "{answer:?}");
}
