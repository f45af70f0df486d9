//! What only a server can do: restart, forget everything, halt, be shared. Each case has a server of its own.

use std::time::Duration;

use redis::from_redis_value_ref;
use shared::clock::Clock;
use shared::transport::{Delivery, Outgoing, Redis, Subscription, Transport, TransportError};
use tests::services::redis::Process;

use super::{own_prefix, settings};

/// How long a message is hidden.
const HIDDEN: Duration = Duration::from_millis(400);
const COMMAND: &str = "forum.commands.open_thread";
const EVENT: &str = "forum.events.post.added";
const QUEUE: &str = "cmd-open-thread";
const PATIENCE: Duration = Duration::from_secs(20);

fn subscriptions() -> Vec<Subscription> {
    let to = |function, topics: &[&str]| Subscription {
        function,
        topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
    };
    vec![to(QUEUE, &[COMMAND]), to("project-a", &["forum.events.*"]), to("project-b", &[EVENT])]
}

async fn connect(server: &Process, prefix: &str, consumer: &str) -> Redis {
    let connected = Redis::connect(settings(&server.url(), prefix, consumer, HIDDEN), subscriptions()).await;
    connected.expect("it answers")
}

async fn publish(transport: &Redis, topic: &str, numbers: std::ops::Range<usize>) -> Vec<Result<(), TransportError>> {
    let message = |n: usize| Outgoing {
        topic: topic.to_owned(),
        key: "local/default/thread/a".to_owned(),
        message_id: format!("msg_{n}"),
        body: "{}".into(),
    };
    transport.publish(numbers.map(message).collect()).await
}

/// Receives until there are `count`; they are not acknowledged.
async fn receive(transport: &Redis, function: &str, count: usize) -> Vec<Delivery> {
    let (stopwatch, mut received) = (Clock::stopwatch(), Vec::new());
    while received.len() < count {
        assert!(stopwatch.elapsed() < PATIENCE, "only {} of {count} came", received.len());
        // While the server is away, or has forgotten everything, a receive may fail.
        received.extend(transport.receive(function, 100, Duration::from_millis(100)).await.unwrap_or_default());
    }
    received
}

async fn nothing(transport: &Redis, function: &str) {
    let received = transport.receive(function, 100, Duration::ZERO).await.expect("a queue");
    assert_eq!(received.len(), 0, "{received:?}");
}

fn numbers(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| delivery.message_id.clone()).collect()
}

fn all(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("msg_{n}")).collect()
}

/// Waits until `check` says yes.
async fn eventually(what: &str, check: impl AsyncFn() -> bool) {
    let stopwatch = Clock::stopwatch();
    while !check().await {
        assert!(stopwatch.elapsed() < PATIENCE, "{what} never happened");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn length(server: &Process, prefix: &str, topic: &str) -> i64 {
    let value = server.command(&["XLEN", &format!("{prefix}:{topic}")]).await;
    from_redis_value_ref(&value).expect("a number")
}

/// Whether `name` stands in the answer to a question about consumers.
async fn consumer_is_known(server: &Process, prefix: &str, name: &str) -> bool {
    let stream = format!("{prefix}:{COMMAND}");
    let value = server.command(&["XINFO", "CONSUMERS", &stream, &format!("test:{QUEUE}")]).await;
    format!("{value:?}").contains(&format!("'\"{name}\"'"))
}

// TRANSPORT-2
#[tokio::test]
async fn competing_consumers_share_a_queue_and_no_message() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let (one, two) = (connect(&server, &prefix, "one").await, connect(&server, &prefix, "two").await);
    publish(&one, COMMAND, 0..200).await;
    let consume = async |transport: &Redis| {
        let mut seen = Vec::new();
        loop {
            let received = transport.receive(QUEUE, 5, Duration::from_millis(50)).await.expect("a queue");
            if received.is_empty() {
                return seen;
            }
            transport.ack(QUEUE, &received).await.expect("an ack");
            seen.extend(numbers(&received));
        }
    };
    let (first, second) = tokio::join!(consume(&one), consume(&two));
    assert!(!first.is_empty() && !second.is_empty(), "{} and {}", first.len(), second.len());
    let mut seen: Vec<_> = first.into_iter().chain(second).collect();
    seen.sort_by_key(|id| id[4..].parse::<usize>().expect("a number"));
    assert_eq!(seen, all(0..200));
}

// TRANSPORT-6, drill 4
#[tokio::test]
async fn what_a_dead_consumer_held_is_taken_over_and_its_name_goes() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let (dead, alive) = (connect(&server, &prefix, "dead").await, connect(&server, &prefix, "alive").await);
    publish(&dead, COMMAND, 0..5).await;
    assert_eq!(receive(&dead, QUEUE, 5).await.len(), 5);
    // It never comes back, and says no farewell.
    std::mem::forget(dead.clone());
    nothing(&alive, QUEUE).await;
    let rescued = receive(&alive, QUEUE, 5).await;
    assert_eq!(numbers(&rescued), all(0..5));
    assert!(rescued.iter().all(|delivery| delivery.receive_count == 2), "{rescued:?}");
    assert!(consumer_is_known(&server, &prefix, "dead").await);
    alive.ack(QUEUE, &rescued).await.expect("an ack");
    eventually("that the dead consumer's name goes", async || !consumer_is_known(&server, &prefix, "dead").await).await;
    assert!(consumer_is_known(&server, &prefix, "alive").await);
}

// TRANSPORT-6, LIFECYCLE-7
#[tokio::test]
async fn a_consumer_that_closes_takes_its_name_along() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let transport = connect(&server, &prefix, "one").await;
    publish(&transport, COMMAND, 0..1).await;
    let received = receive(&transport, QUEUE, 1).await;
    transport.ack(QUEUE, &received).await.expect("an ack");
    assert!(consumer_is_known(&server, &prefix, "one").await);
    transport.close().await;
    assert!(!consumer_is_known(&server, &prefix, "one").await);
}

// TRANSPORT-9, OUTBOX-8
#[tokio::test]
async fn a_server_that_went_and_came_back_is_used_again_and_the_loss_is_told() {
    let Some(mut server) = Process::start() else { return };
    let transport = connect(&server, &own_prefix(), "one").await;
    publish(&transport, COMMAND, 0..3).await;
    assert_eq!(receive(&transport, QUEUE, 3).await.len(), 3);
    server.process.kill();
    assert!(matches!(transport.check().await, Err(TransportError::Unreachable(_))));
    let refused = publish(&transport, COMMAND, 3..5).await;
    assert!(refused.iter().all(|answer| matches!(answer, Err(TransportError::Unreachable(_)))), "{refused:?}");
    assert!(transport.receive(QUEUE, 1, Duration::ZERO).await.is_err());
    assert!(server.start_again());
    eventually("that the server is used again", async || transport.check().await.is_ok()).await;
    let mut lost = transport.lost();
    assert_eq!(*lost.borrow_and_update(), 0, "nobody has looked yet");
    assert!(publish(&transport, COMMAND, 5..7).await.iter().all(Result::is_ok));
    assert_eq!(numbers(&receive(&transport, QUEUE, 2).await), all(5..7));
    assert!(*lost.borrow_and_update() > 0, "what was in it is gone, and that is told");
}

// TRANSPORT-8, drill 3
#[tokio::test]
async fn after_a_flush_the_groups_are_made_again_and_the_loss_is_told() {
    let Some(server) = Process::start() else { return };
    let transport = connect(&server, &own_prefix(), "one").await;
    publish(&transport, COMMAND, 0..3).await;
    let held = receive(&transport, QUEUE, 3).await;
    server.command(&["FLUSHALL"]).await;
    transport.ack(QUEUE, &held).await.expect("harmless");
    transport.retry_after(QUEUE, &held[0], Duration::ZERO).await.expect("harmless");
    publish(&transport, COMMAND, 3..6).await;
    assert_eq!(numbers(&receive(&transport, QUEUE, 3).await), all(3..6));
    assert!(*transport.lost().borrow() > 0);
}

#[tokio::test]
async fn a_flush_in_the_middle_of_a_wait_ends_nothing() {
    let Some(server) = Process::start() else { return };
    let transport = connect(&server, &own_prefix(), "one").await;
    nothing(&transport, QUEUE).await;
    let (received, ()) = tokio::join!(receive(&transport, QUEUE, 2), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        server.command(&["FLUSHALL"]).await;
        publish(&transport, COMMAND, 0..2).await;
    });
    assert_eq!(numbers(&received), all(0..2));
}

// TRANSPORT-9, HEALTH-2
#[tokio::test]
async fn a_halted_server_is_noticed_in_time_and_goes_on_where_it_was() {
    let Some(server) = Process::start() else { return };
    let transport = connect(&server, &own_prefix(), "one").await;
    publish(&transport, COMMAND, 0..2).await;
    server.process.halt();
    let stopwatch = Clock::stopwatch();
    assert!(matches!(transport.check().await, Err(TransportError::Unreachable(_))));
    assert!(stopwatch.elapsed() < Duration::from_secs(4), "noticed after {:?}", stopwatch.elapsed());
    server.process.go_on();
    eventually("that it answers again", async || transport.check().await.is_ok()).await;
    assert_eq!(numbers(&receive(&transport, QUEUE, 2).await), all(0..2));
    assert_eq!(*transport.lost().borrow(), 0, "it forgot nothing");
}

// TRANSPORT-6
#[tokio::test]
async fn trimming_drops_what_everybody_has_done_with_and_nothing_else() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let transport = connect(&server, &prefix, "one").await;
    nothing(&transport, "project-a").await;
    nothing(&transport, "project-b").await;
    publish(&transport, EVENT, 0..10).await;
    let of_a = receive(&transport, "project-a", 10).await;
    transport.ack("project-a", &of_a).await.expect("an ack");
    tokio::time::sleep(HIDDEN * 2).await;
    assert_eq!(length(&server, &prefix, EVENT).await, 10, "project-b has read none of it");
    let of_b = receive(&transport, "project-b", 10).await;
    transport.ack("project-b", &of_b[..4]).await.expect("an ack");
    eventually("that the first four go", async || length(&server, &prefix, EVENT).await == 6).await;
    let rest = receive(&transport, "project-b", 6).await;
    assert_eq!(numbers(&rest), all(4..10), "what it held and let go comes again");
    transport.ack("project-b", &rest).await.expect("an ack");
    eventually("that nothing is left", async || length(&server, &prefix, EVENT).await == 0).await;
}

// TRANSPORT-5
#[tokio::test]
async fn two_databases_on_one_server_never_meet() {
    let Some(server) = Process::start() else { return };
    let (one, two) = (connect(&server, &own_prefix(), "same").await, connect(&server, &own_prefix(), "same").await);
    publish(&one, COMMAND, 0..3).await;
    publish(&two, COMMAND, 10..12).await;
    assert_eq!(numbers(&receive(&one, QUEUE, 3).await), all(0..3));
    assert_eq!(numbers(&receive(&two, QUEUE, 2).await), all(10..12));
    nothing(&one, QUEUE).await;
    nothing(&two, QUEUE).await;
}

// TRANSPORT-11, DEAD-5
#[tokio::test]
async fn an_entry_that_is_no_message_goes_to_the_dead_and_blocks_nobody() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let transport = connect(&server, &prefix, "one").await;
    server.command(&["XADD", &format!("{prefix}:{COMMAND}"), "*", "colour", "red"]).await;
    publish(&transport, COMMAND, 0..1).await;
    assert_eq!(numbers(&receive(&transport, QUEUE, 1).await), all(0..1));
    let dead = transport.receive_dead(10).await.expect("the dead");
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].readable, &*dead[0].body, dead[0].topic.as_str()), (false, "[[\"colour\",\"red\"]]", COMMAND));
}

// TRANSPORT-10: what waits for its time outlives who gave it back
#[tokio::test]
async fn a_delayed_message_is_delivered_although_its_giver_is_gone() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let (one, two) = (connect(&server, &prefix, "one").await, connect(&server, &prefix, "two").await);
    publish(&one, COMMAND, 0..1).await;
    let received = receive(&one, QUEUE, 1).await;
    one.retry_after(QUEUE, &received[0], Duration::from_millis(200)).await.expect("given back");
    one.close().await;
    nothing(&two, QUEUE).await;
    let again = receive(&two, QUEUE, 1).await;
    assert_eq!((numbers(&again), again[0].receive_count), (all(0..1), 2));
}

// OUTBOX-10
#[tokio::test]
async fn the_messages_of_one_key_lie_in_the_stream_as_they_were_published() {
    let Some(server) = Process::start() else { return };
    let prefix = own_prefix();
    let transport = connect(&server, &prefix, "one").await;
    for first in (0..300).step_by(50) {
        publish(&transport, COMMAND, first..first + 50).await;
    }
    let entries = server.command(&["XRANGE", &format!("{prefix}:{COMMAND}"), "-", "+"]).await;
    let entries: Vec<(String, std::collections::HashMap<String, String>)> =
        from_redis_value_ref(&entries).expect("entries");
    let ids: Vec<_> = entries.into_iter().map(|(_, fields)| fields["id"].clone()).collect();
    assert_eq!(ids, all(0..300));
}

// TRANSPORT-3
#[tokio::test]
async fn nobody_at_the_address_is_said_within_seconds() {
    let Some(mut server) = Process::start() else { return };
    server.process.kill();
    let stopwatch = Clock::stopwatch();
    let refused = Redis::connect(settings(&server.url(), &own_prefix(), "one", HIDDEN), subscriptions()).await;
    assert!(matches!(refused.err(), Some(TransportError::Unreachable(_))));
    assert!(stopwatch.elapsed() < Duration::from_secs(5), "{:?}", stopwatch.elapsed());
}
