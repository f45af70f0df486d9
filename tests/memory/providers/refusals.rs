//! What a provider refuses, and what is done about it.

use std::time::Duration;

use serde_json::json;
use shared::value::ErrorClass::{Auth, Quota, RateLimited, Transient, Unrecoverable};
use shared::value::JobKind;
use tests::providers::{Reply, ScriptedProvider};

use super::{KEY, PHRASE, REMOTE, failure, material, provider};

// MEMORY-13
#[tokio::test]
async fn every_status_has_its_class() {
    let server = ScriptedProvider::start().await;
    let table = [
        (408, Transient),
        (409, Transient),
        (500, Transient),
        (502, Transient),
        (503, Transient),
        (504, Transient),
        (529, Transient),
        (429, RateLimited),
        (402, Quota),
        (401, Auth),
        (403, Auth),
        (400, Unrecoverable),
        (404, Unrecoverable),
        (413, Unrecoverable),
        (422, Unrecoverable),
        (418, Unrecoverable),
    ];
    for name in REMOTE {
        for (status, class) in table {
            let error = failure(&server, name, Reply::refusal(status, "some_error", "No.", &[])).await;
            assert_eq!((error.class, error.retry_after), (class, None), "{name}: {status}");
            assert!(error.detail.contains(&format!("{status} (some_error)")), "{}", error.detail);
            let plain = Reply::Plain { status, headers: vec![], body: "<html>\u{7}".to_owned() };
            let error = failure(&server, name, plain).await;
            assert_eq!(error.class, class, "{name}: {status} without a document");
            assert!(!error.detail.contains("html"), "{}", error.detail);
        }
    }
}

// MEMORY-13
#[tokio::test]
async fn what_is_used_up_is_not_waited_for() {
    let server = ScriptedProvider::start().await;
    let table = [(429, "insufficient_quota"), (400, "billing_hard_limit_reached"), (403, "billing_error")];
    for name in REMOTE {
        for (status, kind) in table {
            let error = failure(&server, name, Reply::refusal(status, kind, "Pay.", &[("retry-after", "7")])).await;
            assert_eq!((error.class, error.retry_after), (Quota, None), "{name}: {kind}");
        }
        let body = json!({ "error": { "type": "requests", "code": "insufficient_quota", "message": "Pay." } });
        assert_eq!(failure(&server, name, Reply::json(429, &body)).await.class, Quota, "{name}");
    }
}

// MEMORY-13
#[tokio::test]
async fn a_wait_that_the_provider_asks_for_is_passed_on() {
    type Headers = [(&'static str, &'static str)];
    const NOW: (&str, &str) = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
    let server = ScriptedProvider::start().await;
    let table: [(&Headers, Option<Duration>); 4] = [
        (&[("retry-after", "7")], Some(Duration::from_secs(7))),
        (&[("retry-after-ms", "1500"), ("retry-after", "2")], Some(Duration::from_millis(1500))),
        (&[NOW, ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")], Some(Duration::from_secs(30))),
        (&[("retry-after", "soon")], None),
    ];
    for name in REMOTE {
        for (status, class) in [(429, RateLimited), (503, Transient)] {
            for (headers, wait) in table {
                let error = failure(&server, name, Reply::refusal(status, "busy", "Later.", headers)).await;
                assert_eq!((error.class, error.retry_after), (class, wait), "{name}: {status} {headers:?}");
            }
        }
    }
}

// SEC-2, MEMORY-21
#[tokio::test]
async fn neither_key_nor_material_is_in_what_is_said_of_a_failure() {
    let server = ScriptedProvider::start().await;
    let quoting = [
        format!("Incorrect API key provided: {KEY}"),
        "Incorrect API key provided: sk-test-********cdef".to_owned(),
        format!("Cannot read \"{PHRASE}\""),
        format!("near: {}", &PHRASE[10..30]),
        format!("{}{KEY}{PHRASE}", "long ".repeat(100)),
    ];
    for name in REMOTE {
        for status in [400, 401, 403, 429, 500] {
            for message in &quoting[..] {
                let error = failure(&server, name, Reply::refusal(status, KEY, message, &[])).await;
                let said = format!("{error} {error:?}");
                for hidden in [KEY, "sk-test", "0123456789ab", &PHRASE[10..30]] {
                    assert!(!said.contains(hidden), "{name}: {status}: {said}");
                }
                assert!(error.detail.chars().count() <= 300, "{said}");
            }
        }
    }
}

// MEMORY-19
#[tokio::test]
async fn what_a_provider_says_of_a_failure_is_shown_in_one_short_line() {
    let server = ScriptedProvider::start().await;
    for name in REMOTE {
        let error = failure(&server, name, Reply::refusal(404, "not_found_error", "model: no such one", &[])).await;
        assert_eq!(error.detail, "the provider answered 404 (not_found_error): model: no such one");
        let long = format!("first\r\n\u{7}{}", "and so on ".repeat(500));
        let error = failure(&server, name, Reply::refusal(400, "two words", &long, &[])).await;
        assert!(error.detail.starts_with("the provider answered 400: first and so on"), "{}", error.detail);
        assert!(error.detail.chars().count() <= 300 && !error.detail.chars().any(char::is_control), "{error:?}");
    }
}

// SEC-5
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, other) = (ScriptedProvider::start().await, ScriptedProvider::start().await);
    other.answer([Reply::Observations(json!([]))]);
    for name in REMOTE {
        for status in [301, 302, 303, 307, 308] {
            let path = if name == "anthropic" { "/v1/messages" } else { "/chat/completions" };
            let headers = vec![("location", format!("{}{path}", other.url(name)))];
            let error = failure(&server, name, Reply::Plain { status, headers, body: String::new() }).await;
            assert_eq!(error.class, Unrecoverable, "{name}: {status}");
            assert!(error.detail.contains("generation.url"), "{}", error.detail);
        }
    }
    assert_eq!(other.asked().len(), 0);
}

// MEMORY-20
#[tokio::test]
async fn a_provider_is_asked_once_per_attempt() {
    let server = ScriptedProvider::start().await;
    for name in REMOTE {
        let before = server.asked().len();
        server.answer([Reply::refusal(401, "authentication_error", "No.", &[]), Reply::Observations(json!([]))]);
        let provider = provider(&server, name, &[]);
        let refused = provider.generate(&material(JobKind::Event)).await.expect_err("a refusal");
        assert_eq!((refused.class, server.asked().len() - before), (Auth, 1), "{name}");
        provider.generate(&material(JobKind::Event)).await.expect("an answer");
    }
}
