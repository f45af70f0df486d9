//! Pages: of lists, and of the log.

use serde_json::{Value, json};
use tests::system::{System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const EVENTS: &str = "/api/v1/forum/events";

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

fn positions(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["pos"].as_i64().expect("a position")).collect()
}

// HTTP-5
#[tokio::test]
async fn paging_a_list_meets_every_thread_once_even_while_others_arrive() {
    let system = System::stepped().await;
    for n in 0..7 {
        system.opened(&question(&n.to_string())).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{THREADS}?limit=3");
    loop {
        let page = system.owner.get(&path).await;
        seen.extend(titles(page.list("/items")).into_iter().map(str::to_owned));
        let Some(cursor) = page.body.get("next_cursor").and_then(Value::as_str) else { break };
        assert_eq!(page.list("/items").len(), 3);
        path = format!("{THREADS}?limit=3&cursor={cursor}");
        system.opened(&question("new")).await;
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
}

// HTTP-5
#[tokio::test]
async fn a_page_that_ends_exactly_at_the_end_has_no_cursor() {
    let system = System::stepped().await;
    for n in 0..2 {
        system.opened(&question(&n.to_string())).await;
    }
    assert_eq!(system.owner.get(&format!("{THREADS}?limit=2")).await.body.get("next_cursor"), None);
    assert!(system.owner.get(&format!("{THREADS}?limit=1")).await.body["next_cursor"].is_string());
}

// HTTP-5, LOG-15
#[tokio::test]
async fn a_cursor_that_is_damaged_or_another_lists_is_400_and_another_databases_410() {
    let (system, other) = tokio::join!(System::stepped(), System::running());
    for n in 0..2 {
        system.opened(&question(&n.to_string())).await;
        assert_eq!(other.owner.post(THREADS, &question(&n.to_string())).await.status, 201);
    }
    let cursor = system.owner.get(&format!("{THREADS}?limit=1")).await.text("/next_cursor");
    for damaged in [&cursor[1..], "e30", "%2F", ""] {
        let refused = system.owner.get(&format!("{THREADS}?cursor={damaged}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_cursor".to_owned()), "{damaged}");
    }
    let of_another_list = system.owner.get(&format!("{THREADS}?state=new&cursor={cursor}")).await;
    assert_eq!(of_another_list.refusal(), (400, "invalid_cursor".to_owned()));
    let of_keys = system.owner.get(&format!("/api/v1/keys?cursor={cursor}")).await;
    assert_eq!(of_keys.refusal(), (400, "invalid_cursor".to_owned()));
    let foreign = other.owner.get(&format!("{THREADS}?cursor={cursor}")).await;
    assert_eq!(foreign.refusal(), (410, "cursor_epoch".to_owned()));
    assert!(foreign.text("/hint").contains("without a cursor"));
    assert_eq!(system.owner.get(&format!("{THREADS}?cursor={cursor}")).await.list("/items").len(), 1);
    other.stop().await;
}

// LOG-5
#[tokio::test]
async fn the_log_is_read_page_by_page_from_cursors_with_or_without_the_epoch() {
    let system = System::stepped().await;
    for n in 0..5 {
        system.opened(&question(&n.to_string())).await;
    }
    let epoch = system.harness.ctx.store.epoch().to_owned();
    let first = system.owner.get(&format!("{EVENTS}?limit=2")).await;
    assert_eq!((positions(first.list("/events")), first.text("/next_cursor")), (vec![1, 2], format!("2-{epoch}")));
    for cursor in ["2".to_owned(), format!("2-{epoch}")] {
        let page = system.owner.get(&format!("{EVENTS}?limit=2&cursor={cursor}")).await;
        assert_eq!((positions(page.list("/events")), page.text("/next_cursor")), (vec![3, 4], format!("4-{epoch}")));
    }
    let end = system.owner.get(&format!("{EVENTS}?cursor=5")).await;
    assert_eq!((end.list("/events").len(), end.text("/next_cursor")), (0, format!("5-{epoch}")));
}

// LOG-15
#[tokio::test]
async fn a_log_cursor_beyond_the_head_or_of_another_database_says_so() {
    let system = System::stepped().await;
    system.opened(&question("One")).await;
    let ahead = system.owner.get(&format!("{EVENTS}?cursor=2")).await;
    assert_eq!((ahead.refusal(), ahead.number("/head")), ((400, "cursor_ahead".to_owned()), 1));
    let foreign = system.owner.get(&format!("{EVENTS}?cursor=1-00000000")).await;
    assert_eq!(foreign.refusal(), (410, "cursor_epoch".to_owned()));
    for damaged in ["-1", "1-", "1-zzzzzzzz", "1-0a1b2c3d4", "one", "", "99999999999999999999"] {
        let refused = system.owner.get(&format!("{EVENTS}?cursor={damaged}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_cursor".to_owned()), "{damaged}");
    }
}

// LOG-6, LOG-7
#[tokio::test]
async fn every_filter_of_the_log_must_match() {
    let system = System::stepped().await;
    for (title, ticket, run) in [("a", "T-1", "Run-A"), ("b", "T-1", "run-b"), ("c", "T-2", "run-a")] {
        system.opened(&json!({ "title": title, "body": "b", "ticket": ticket, "run_id": run })).await;
    }
    let thread = system.opened(&question("d")).await;
    system.apply(&format!("{THREADS}/{thread}/close"), &json!({})).await;
    for (query, expected) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("types=forum.thread.opened", vec![1, 2, 3, 4]),
        ("types=forum.thread.closed,%20forum.state.changed", vec![5]),
        ("types=forum.thread.*", vec![1, 2, 3, 4, 5]),
        ("types=forum.post.*", vec![]),
        ("types=*", vec![1, 2, 3, 4, 5, 6]),
        ("ticket=T-2", vec![3]),
        ("run_id=%20RUN-A%20", vec![1, 3]),
        ("run_id=run-a&ticket=T-1", vec![1]),
        (&format!("thread_id={thread}"), vec![4, 5]),
        ("project_id=default", vec![1, 2, 3, 4, 5]),
    ] {
        let page = system.owner.get(&format!("{EVENTS}?{query}")).await;
        assert_eq!(positions(page.list("/events")), expected, "{query}");
        assert!(page.text("/next_cursor").starts_with("6-"), "a quiet filter moves on: {query}");
    }
    for types in ["Forum.Thread", "forum.*.x", "forum.", "a%20b", "**"] {
        let refused = system.owner.get(&format!("{EVENTS}?types={types}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{types}");
        assert_eq!(refused.body["errors"][0]["pointer"], "types");
    }
}
