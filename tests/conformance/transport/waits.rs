//! Cases about waiting for a message, and about the end.

use std::time::Duration;

use shared::clock::Clock;
use shared::transport::{Transport, TransportError};

use super::{A_WHILE, Backend, COMMAND, VISIBILITY, ids, message, publish, receive, started};

pub(crate) async fn a_wait_ends_as_soon_as_something_arrives<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let stopwatch = Clock::stopwatch();
    let (received, ()) = tokio::join!(transport.receive("cmd-open-thread", 10, A_WHILE), async {
        tokio::task::yield_now().await;
        publish(&transport, COMMAND, 0..1).await;
    });
    assert_eq!(ids(&received.expect("a queue")), ["msg_0"]);
    assert!(stopwatch.elapsed() < A_WHILE / 4, "took {:?}", stopwatch.elapsed());
}

pub(crate) async fn a_wait_without_messages_ends_in_time<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let stopwatch = Clock::stopwatch();
    let received = transport.receive("cmd-open-thread", 10, Duration::from_millis(20)).await.expect("a queue");
    assert_eq!(received.len(), 0);
    assert!(stopwatch.elapsed() >= Duration::from_millis(20), "took {:?}", stopwatch.elapsed());
}

// OUTBOX-8, LIFECYCLE-12
pub(crate) async fn after_a_close_everything_says_unreachable<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    publish(&transport, COMMAND, 0..1).await;
    let held = receive(&transport, "cmd-open-thread", 1).await;
    transport.check().await.expect("it answers");
    transport.close().await;
    let published = transport.publish(vec![message(COMMAND, 1)]).await;
    let answers = [
        transport.check().await.err(),
        published.into_iter().next().and_then(Result::err),
        transport.receive("cmd-open-thread", 1, Duration::ZERO).await.err(),
        transport.ack("cmd-open-thread", &held).await.err(),
        transport.retry_after("cmd-open-thread", &held[0], Duration::ZERO).await.err(),
        transport.extend("cmd-open-thread", &held[0], B::scaled(VISIBILITY)).await.err(),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        assert!(matches!(answer, Some(TransportError::Unreachable(_))), "{index}: {answer:?}");
    }
}

// LIFECYCLE-12
pub(crate) async fn closing_twice_is_harmless<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    transport.close().await;
    transport.clone().close().await;
    assert!(matches!(transport.check().await, Err(TransportError::Unreachable(_))));
}

// LIFECYCLE-7
pub(crate) async fn a_close_ends_a_wait<B: Backend>() {
    let (_backend, transport) = started::<B>().await;
    let stopwatch = Clock::stopwatch();
    let (received, ()) = tokio::join!(transport.receive("cmd-open-thread", 1, A_WHILE), async {
        tokio::task::yield_now().await;
        transport.close().await;
    });
    assert!(matches!(received, Err(TransportError::Unreachable(_))), "{received:?}");
    assert!(stopwatch.elapsed() < A_WHILE / 4, "took {:?}", stopwatch.elapsed());
}
