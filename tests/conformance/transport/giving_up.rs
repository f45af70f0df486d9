//! Cases about messages that never end, and about what a transport says of itself.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::transport::Transport;

use super::{Backend, COMMAND, RECEIVE_MAX, TOPIC, VISIBILITY, ids, publish, receive, started};

/// Receives and hands back the first message until it does not come any more.
async fn wear_out<T: Transport>(transport: &T, function: &str) {
    for count in 1..=RECEIVE_MAX {
        let deliveries = receive(transport, function, 1).await;
        assert_eq!((ids(&deliveries), deliveries[0].receive_count), (vec!["msg_0"], count));
        transport.retry_after(function, &deliveries[0], Duration::ZERO).await.expect("given back");
    }
}

// TRANSPORT-10, DEAD-5
pub(crate) async fn a_message_received_too_often_is_given_up_and_those_behind_it_go_on<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    wear_out(&transport, "cmd-open-thread").await;
    publish(&transport, COMMAND, 1..2).await;
    let mut next = receive(&transport, "cmd-open-thread", 10).await;
    next.extend(receive(&transport, "cmd-open-thread", 10).await);
    assert_eq!(ids(&next), ["msg_1"]);
    let dead = transport.receive_dead(10).await.expect("the dead");
    assert_eq!(dead.len(), 1, "{dead:?}");
    let worn = &dead[0];
    assert_eq!(
        (worn.message_id.as_str(), worn.function.as_str(), worn.topic.as_str()),
        ("msg_0", "cmd-open-thread", COMMAND)
    );
    assert_eq!((&*worn.body, worn.receive_count, worn.readable), ("{\"n\":0}", RECEIVE_MAX, true));
}

// DEAD-5
pub(crate) async fn what_was_given_up_stays_until_it_is_acknowledged<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    wear_out(&transport, "cmd-open-thread").await;
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0);
    backend.pass(VISIBILITY).await;
    for _ in 0..2 {
        assert_eq!(transport.receive_dead(10).await.expect("the dead").len(), 1);
    }
    let dead = transport.receive_dead(10).await.expect("the dead");
    transport.ack_dead(&dead).await.expect("stored elsewhere");
    transport.ack_dead(&dead).await.expect("twice is harmless");
    assert_eq!(transport.receive_dead(10).await.expect("the dead").len(), 0);
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0);
}

// DEAD-5
pub(crate) async fn each_function_gives_up_for_itself<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, TOPIC, 0..1).await;
    wear_out(&transport, "project-a").await;
    assert_eq!(receive(&transport, "project-a", 1).await.len(), 0);
    assert_eq!(ids(&receive(&transport, "project-b", 1).await), ["msg_0"]);
    let dead = transport.receive_dead(10).await.expect("the dead");
    assert_eq!(dead.iter().map(|dead| dead.function.as_str()).collect::<Vec<_>>(), ["project-a"]);
}

pub(crate) async fn a_retry_of_what_is_done_brings_nothing_back<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    let done = receive(&transport, "cmd-open-thread", 1).await;
    transport.ack("cmd-open-thread", &done).await.expect("an ack");
    transport.retry_after("cmd-open-thread", &done[0], Duration::ZERO).await.expect("harmless");
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0);
}

pub(crate) async fn extending_what_is_done_is_harmless<B: Backend>() {
    let (backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    let done = receive(&transport, "cmd-open-thread", 1).await;
    transport.ack("cmd-open-thread", &done).await.expect("an ack");
    transport.extend("cmd-open-thread", &done[0], B::scaled(VISIBILITY)).await.expect("harmless");
    backend.pass(VISIBILITY).await;
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0);
}

pub(crate) async fn queues_say_what_waits_and_what_is_held<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    // Whoever reads is known from the first read on.
    assert_eq!(receive(&transport, "cmd-open-thread", 1).await.len(), 0);
    publish(&transport, COMMAND, 0..3).await;
    receive(&transport, "cmd-open-thread", 1).await;
    let queues = transport.queues().await.expect("the queues");
    let own: Vec<_> = queues.iter().filter(|queue| queue.function.as_deref() == Some("cmd-open-thread")).collect();
    let total = |pick: fn(&shared::transport::QueueState) -> u64| own.iter().map(|queue| pick(queue)).sum::<u64>();
    assert_eq!((total(|queue| queue.length), total(|queue| queue.pending)), (3, 1), "{queues:?}");
    assert_eq!(total(|queue| queue.lag.unwrap_or(0)), 2, "{queues:?}");
}

pub(crate) async fn many_messages_arrive_once_each<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let many = B::many();
    for first in (0..many).step_by(100) {
        publish(&transport, TOPIC, first..first + 100).await;
    }
    let mut seen = Vec::new();
    while seen.len() < many {
        let deliveries = receive(&transport, "project-b", 64).await;
        assert!(!deliveries.is_empty(), "after {}", seen.len());
        transport.ack("project-b", &deliveries).await.expect("an ack");
        seen.extend(deliveries.into_iter().map(|delivery| delivery.message_id));
    }
    assert_eq!(receive(&transport, "project-b", 64).await.len(), 0);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), many);
}

pub(crate) async fn a_topic_that_nobody_knew_is_heard<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    assert_eq!(receive(&transport, "project-b", 1).await.len(), 0);
    publish(&transport, "forum.events.never.heard.before", 0..1).await;
    let received = transport.receive("project-b", 1, Duration::from_secs(10)).await.expect("a queue");
    assert_eq!(ids(&received), ["msg_0"]);
}

pub(crate) async fn nothing_is_lost_while_nothing_happens<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..5).await;
    receive(&transport, "cmd-open-thread", 10).await;
    assert_eq!(*transport.lost().borrow(), 0);
}

// HEALTH-6
pub(crate) async fn it_says_what_it_is<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let description = transport.describe();
    assert!(["embedded", "external"].contains(&description.mode), "{description:?}");
    assert_eq!(description.mode == "external", description.host.is_some(), "{description:?}");
    assert_eq!(description.mode == "external", description.prefix.is_some(), "{description:?}");
}
