//! Servers that do not answer, or do not stop.

use std::time::Duration;

use shared::clock::Clock;
use shared::value::{ErrorClass, JobKind};
use tests::providers::{FLOOD, Reply, ScriptedProvider};
use tests::services::free_port;

use super::{KEY, PHRASE, REMOTE, failure, material, provider, provider_at};

// MEMORY-13
#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let server = ScriptedProvider::start().await;
    server.answer([Reply::Silence]);
    for name in REMOTE {
        let stopwatch = Clock::stopwatch();
        let provider = provider(&server, name, &[("generation.timeout", "200ms")]);
        let error = provider.generate(&material(JobKind::Event)).await.expect_err("no answer");
        assert_eq!(error.class, ErrorClass::Transient, "{name}: {error}");
        assert!(error.detail.contains("in time"), "{error}");
        assert!(stopwatch.elapsed() >= Duration::from_millis(200), "{:?}", stopwatch.elapsed());
        assert!(stopwatch.elapsed() < Duration::from_secs(20), "{:?}", stopwatch.elapsed());
    }
    assert_eq!(server.asked().len(), REMOTE.len());
}

// MEMORY-13, SEC-2
#[tokio::test]
async fn a_server_that_is_not_there_may_come_back() {
    for name in REMOTE {
        let provider = provider_at(&format!("http://127.0.0.1:{}/v1", free_port()), name, &[]);
        let error = provider.generate(&material(JobKind::Event)).await.expect_err("no server");
        assert_eq!(error.class, ErrorClass::Transient, "{name}: {error}");
        assert!(error.detail.starts_with("cannot reach http://127.0.0.1:"), "{error}");
        assert!(!error.detail.contains(KEY) && !error.detail.contains(PHRASE), "{error}");
    }
}

// MEMORY-13
#[tokio::test]
async fn half_an_answer_is_asked_for_again() {
    let server = ScriptedProvider::start().await;
    for name in REMOTE {
        let error = failure(&server, name, Reply::Broken).await;
        assert_eq!(error.class, ErrorClass::Transient, "{name}: {error}");
    }
}

// MEMORY-18
#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let server = ScriptedProvider::start().await;
    for name in REMOTE {
        for announced in [true, false] {
            let (stopwatch, before) = (Clock::stopwatch(), server.sent());
            let error = failure(&server, name, Reply::Flood { status: 200, announced }).await;
            assert_eq!(error.class, ErrorClass::InvalidOutput, "{name}: {error}");
            assert!(stopwatch.elapsed() < Duration::from_secs(20), "{:?}", stopwatch.elapsed());
            // What was sent and not read lay in the sockets' buffers.
            assert!(server.sent() - before < FLOOD, "{} bytes", server.sent() - before);
        }
    }
}

// MEMORY-13
#[tokio::test]
async fn a_refusal_without_end_is_one_by_its_status() {
    let server = ScriptedProvider::start().await;
    for name in REMOTE {
        for (status, class) in [(503, ErrorClass::Transient), (400, ErrorClass::Unrecoverable)] {
            let error = failure(&server, name, Reply::Flood { status, announced: false }).await;
            assert_eq!(error.class, class, "{name}: {error}");
        }
    }
}
