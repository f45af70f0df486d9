//! Request ids and bounds of query parameters.

use shared::clock::Clock;
use tests::system::{System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

// HTTP-6
#[tokio::test]
async fn a_fitting_request_id_is_kept_and_any_other_replaced() {
    let system = System::stepped().await;
    let longest = "x".repeat(64);
    for id in ["a", "Trace_1-b", longest.as_str()] {
        let client = system.owner.clone().with_header("x-request-id", id);
        assert_eq!(client.get(THREADS).await.header("x-request-id"), id);
        let refused = client.get("/nothing").await;
        assert_eq!((refused.header("x-request-id"), refused.text("/request_id").as_str()), (id, id));
    }
    let too_long = "x".repeat(65);
    for id in ["a b", "a/b", "é", too_long.as_str()] {
        let given = system.owner.clone().with_header("x-request-id", id).get(THREADS).await;
        let made = given.header("x-request-id");
        assert!(made.starts_with("req_") && made.len() == 40, "{id} gave {made}");
    }
}

// HTTP-6
#[tokio::test]
async fn the_request_id_stays_with_the_command() {
    let system = System::stepped().await;
    let client = system.owner.clone().with_header("x-request-id", "ask-7");
    assert_eq!(client.post(&format!("{THREADS}?wait=0"), &question("Q")).await.status, 202);
    assert_eq!(system.rows("SELECT request_id FROM commands").await, [["ask-7"]]);
}

// LOG-2
#[tokio::test]
async fn a_trace_context_reaches_the_event_and_a_malformed_one_does_not() {
    let system = System::stepped().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for value in [trace, "00-short-b7ad6b7169203331-01"] {
        let client = system.owner.clone().with_header("traceparent", value);
        assert_eq!(client.post(&format!("{THREADS}?wait=0"), &question("Q")).await.status, 202);
        system.settle().await;
    }
    let page = system.owner.get("/api/v1/forum/events").await;
    assert_eq!(page.body["events"][0]["traceparent"], trace);
    assert_eq!(page.body["events"][1].get("traceparent"), None);
}

// LOG-5, FORUM-12
#[tokio::test]
async fn limits_are_whole_numbers_within_their_bounds() {
    let system = System::stepped().await;
    for (path, max) in [(THREADS, 200), ("/api/v1/forum/events", 500), ("/api/v1/keys", 200)] {
        assert_eq!(system.owner.get(&format!("{path}?limit={max}")).await.status, 200, "{path}");
        for limit in ["0".to_owned(), "-1".to_owned(), "many".to_owned(), (max + 1).to_string()] {
            let refused = system.owner.get(&format!("{path}?limit={limit}")).await;
            assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{path} {limit}");
            assert_eq!(refused.body["errors"][0]["pointer"], "limit");
        }
    }
}

// HTTP-3
#[tokio::test]
async fn times_are_rfc_3339_in_utc() {
    let system = System::stepped().await;
    system.opened(&question("When")).await;
    let event = system.owner.get("/api/v1/forum/events").await.body["events"][0].clone();
    assert_eq!(event["recorded_at"], Clock::fixed_at(tests::system::NOON).now().to_string());
    assert_eq!(event["recorded_at"], "2026-01-31T12:00:00.000Z");
}
