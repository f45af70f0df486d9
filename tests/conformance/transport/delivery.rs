//! Cases about one queue: order, acknowledgement, visibility, retries, several consumers.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::transport::Transport;

use super::{A_WHILE, Backend, COMMAND, MOST_OF_IT, VISIBILITY, ids, publish, receive, started};

pub(crate) async fn what_is_published_is_received_once_and_gone_after_its_ack<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    let deliveries = receive(&transport, "cmd-open-thread", 10).await;
    assert_eq!(
        (ids(&deliveries), deliveries[0].topic.as_str(), deliveries[0].receive_count),
        (vec!["msg_0"], COMMAND, 1)
    );
    assert_eq!(receive(&transport, "cmd-open-thread", 10).await.len(), 0);
    transport.ack("cmd-open-thread", &deliveries).await.expect("an ack");
    backend.pass(VISIBILITY * 2).await;
    assert_eq!(receive(&transport, "cmd-open-thread", 10).await.len(), 0);
}

pub(crate) async fn messages_of_one_key_are_received_in_order<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..20).await;
    publish(&transport, COMMAND, 20..40).await;
    let mut seen = Vec::new();
    while seen.len() < 40 {
        let deliveries = receive(&transport, "cmd-open-thread", 7).await;
        assert!(!deliveries.is_empty(), "after {seen:?}");
        transport.ack("cmd-open-thread", &deliveries).await.expect("an ack");
        seen.extend(deliveries.into_iter().map(|delivery| delivery.message_id));
    }
    assert_eq!(seen, (0..40).map(|n| format!("msg_{n}")).collect::<Vec<_>>());
}

pub(crate) async fn a_message_not_acknowledged_comes_again_after_its_visibility<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    for count in 1..=4 {
        let deliveries = receive(&transport, "cmd-open-thread", 10).await;
        assert_eq!((ids(&deliveries), deliveries[0].receive_count), (vec!["msg_0"], count));
        backend.pass(MOST_OF_IT).await;
        assert_eq!(receive(&transport, "cmd-open-thread", 10).await.len(), 0, "still hidden");
        backend.pass(A_WHILE).await;
    }
}

pub(crate) async fn a_consumer_that_dies_loses_nothing<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..10).await;
    {
        let consumer = transport.clone();
        let held = receive(&consumer, "cmd-open-thread", 10).await;
        consumer.ack("cmd-open-thread", &held[..4]).await.expect("an ack");
    }
    backend.pass(VISIBILITY).await;
    let rescued = receive(&transport, "cmd-open-thread", 10).await;
    assert_eq!(ids(&rescued), ["msg_4", "msg_5", "msg_6", "msg_7", "msg_8", "msg_9"]);
}

pub(crate) async fn retry_after_brings_a_message_back_after_its_delay_only<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..2).await;
    let deliveries = receive(&transport, "cmd-open-thread", 2).await;
    transport.retry_after("cmd-open-thread", &deliveries[0], B::scaled(A_WHILE)).await.expect("given back");
    backend.pass(A_WHILE / 2).await;
    assert_eq!(receive(&transport, "cmd-open-thread", 10).await.len(), 0);
    backend.pass(A_WHILE / 2).await;
    let again = receive(&transport, "cmd-open-thread", 10).await;
    assert_eq!((ids(&again), again[0].receive_count), (vec!["msg_0"], 2));
}

pub(crate) async fn retry_after_nothing_brings_it_back_at_once<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    let deliveries = receive(&transport, "cmd-open-thread", 1).await;
    transport.retry_after("cmd-open-thread", &deliveries[0], Duration::ZERO).await.expect("given back");
    assert_eq!(ids(&receive(&transport, "cmd-open-thread", 1).await), ["msg_0"]);
}

pub(crate) async fn extending_hides_a_message_longer<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..2).await;
    let deliveries = receive(&transport, "cmd-open-thread", 2).await;
    backend.pass(MOST_OF_IT).await;
    transport.extend("cmd-open-thread", &deliveries[0], B::scaled(VISIBILITY)).await.expect("extended");
    backend.pass(A_WHILE).await;
    assert_eq!(ids(&receive(&transport, "cmd-open-thread", 10).await), ["msg_1"]);
    backend.pass(MOST_OF_IT).await;
    assert_eq!(ids(&receive(&transport, "cmd-open-thread", 10).await), ["msg_0"]);
}

pub(crate) async fn acknowledging_what_came_again_meanwhile_is_harmless<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    let stale = receive(&transport, "cmd-open-thread", 1).await;
    backend.pass(VISIBILITY).await;
    let fresh = receive(&transport, "cmd-open-thread", 1).await;
    assert_eq!(ids(&fresh), ["msg_0"]);
    // It may end the message or not; it must not fail, and the holder's own ack still ends it.
    transport.ack("cmd-open-thread", &stale).await.expect("harmless");
    transport.retry_after("cmd-open-thread", &stale[0], Duration::ZERO).await.expect("harmless");
    transport.extend("cmd-open-thread", &stale[0], B::scaled(VISIBILITY)).await.expect("harmless");
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0, "the new holder keeps it");
    transport.ack("cmd-open-thread", &fresh).await.expect("an ack");
    backend.pass(VISIBILITY * 3).await;
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0);
}

pub(crate) async fn acknowledging_twice_is_harmless<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..2).await;
    let first = receive(&transport, "cmd-open-thread", 1).await;
    for _ in 0..2 {
        transport.ack("cmd-open-thread", &first).await.expect("an ack");
    }
    assert_eq!(ids(&receive(&transport, "cmd-open-thread", 10).await), ["msg_1"]);
}

pub(crate) async fn two_consumers_never_share_a_message<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..100).await;
    let consume = async |consumer: B::Transport| {
        let mut seen = Vec::new();
        loop {
            let deliveries = receive(&consumer, "cmd-open-thread", 3).await;
            if deliveries.is_empty() {
                return seen;
            }
            consumer.ack("cmd-open-thread", &deliveries).await.expect("an ack");
            seen.extend(deliveries.into_iter().map(|delivery| delivery.message_id));
            tokio::task::yield_now().await;
        }
    };
    let (one, two) = tokio::join!(consume(transport.clone()), consume(transport.clone()));
    assert!(!one.is_empty() && !two.is_empty());
    assert_eq!(one.len() + two.len(), 100);
    assert_eq!(one.into_iter().chain(two).collect::<BTreeSet<_>>().len(), 100);
}

pub(crate) async fn a_receive_takes_no_more_than_it_asks_for<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..5).await;
    assert_eq!(receive(&transport, "cmd-open-thread", 3).await.len(), 3);
    assert_eq!(receive(&transport, "cmd-open-thread", 3).await.len(), 2);
    assert_eq!(receive(&transport, "cmd-open-thread", 3).await.len(), 0);
}
