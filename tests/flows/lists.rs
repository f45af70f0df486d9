//! Lists and details: order, filters, and what is left out.

use serde_json::{Value, json};
use tests::system::{Setup, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

async fn titles(system: &System, query: &str) -> Vec<String> {
    let list = system.owner.get(&format!("{THREADS}{query}")).await;
    assert_eq!(list.status, 200, "{}", list.body);
    list.list("/items").iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

fn with(mut body: Value, fields: &[(&str, &str)]) -> Value {
    for (field, value) in fields {
        body[*field] = json!(value);
    }
    body
}

// FORUM-12
#[tokio::test]
async fn a_list_shows_urgent_threads_first_and_then_the_newest_event() {
    let system = System::stepped().await;
    let mut ids = Vec::new();
    for (title, priority) in
        [("a", "low"), ("b", "urgent"), ("c", "normal"), ("d", "high"), ("e", "normal"), ("f", "urgent")]
    {
        ids.push(system.opened(&with(question(title), &[("priority", priority)])).await);
    }
    assert_eq!(titles(&system, "").await, ["f", "b", "d", "e", "c", "a"]);
    system.apply(&format!("{THREADS}/{}/posts", ids[1]), &json!({ "body": "bump" })).await;
    system.apply(&format!("{THREADS}/{}/posts", ids[2]), &json!({ "body": "bump" })).await;
    assert_eq!(titles(&system, "").await, ["b", "f", "d", "c", "e", "a"]);
}

// FORUM-12
#[tokio::test]
async fn every_filter_must_match() {
    let system = System::stepped().await;
    let place =
        [("ticket", "T-9"), ("run_id", "r1"), ("session_id", "default-1"), ("agent_name", "ann"), ("assignee", "max")];
    system.opened(&with(question("all"), &place)).await;
    system.opened(&with(question("urgent"), &[("ticket", "T-9"), ("priority", "urgent"), ("run_id", "r2")])).await;
    let closed = system.opened(&question("closed")).await;
    system.apply(&format!("{THREADS}/{closed}/close"), &json!({})).await;
    for (query, expected) in [
        ("?ticket=T-9", vec!["urgent", "all"]),
        ("?run_id=r1", vec!["all"]),
        ("?session_id=default-1", vec!["all"]),
        ("?agent_name=ann", vec!["all"]),
        ("?assignee=max", vec!["all"]),
        ("?state=closed", vec!["closed"]),
        ("?state=%20NEW%20", vec!["urgent", "all"]),
        ("?priority=urgent", vec!["urgent"]),
        ("?kind=question", vec!["urgent", "closed", "all"]),
        ("?kind=control", vec![]),
        ("?ticket=T-9&run_id=r2&state=new", vec!["urgent"]),
        ("?ticket=T-9&run_id=r2&state=closed", vec![]),
        ("?ticket=", vec!["urgent", "closed", "all"]),
    ] {
        assert_eq!(titles(&system, query).await, expected, "{query}");
    }
    for (query, name) in [
        ("?state=open", "state"),
        ("?priority=asap", "priority"),
        ("?kind=note", "kind"),
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
    ] {
        let refused = system.owner.get(&format!("{THREADS}{query}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(refused.body["errors"][0]["pointer"], name);
    }
}

// FORUM-20 subset
#[tokio::test]
async fn a_tickets_list_has_the_threads_of_all_its_runs() {
    let system = System::stepped().await;
    for run in ["r1", "r2", "r3"] {
        system.opened(&with(question(run), &[("run_id", run)])).await;
    }
    assert_eq!(titles(&system, "?ticket=T-1").await, ["r3", "r2", "r1"]);
}

// FORUM-13
#[tokio::test]
async fn a_detail_ends_with_the_newest_and_says_when_it_is_cut() {
    let system = Setup::stepped().set("thread.posts", "3").set("thread.events", "4").start().await;
    let thread = system.opened(&question("Long")).await;
    let bodies = |detail: &tests::system::Answer| -> Vec<String> {
        detail.list("/posts").iter().map(|post| post["body"].as_str().expect("a body").to_owned()).collect()
    };
    let path = format!("{THREADS}/{thread}");
    for n in 1..=2 {
        system.apply(&format!("{path}/posts"), &json!({ "body": format!("post {n}") })).await;
    }
    let whole = system.owner.get(&path).await;
    assert_eq!(bodies(&whole), ["Long?", "post 1", "post 2"]);
    assert_eq!(whole.body["truncated"], false);
    for n in 3..=4 {
        system.apply(&format!("{path}/posts"), &json!({ "body": format!("post {n}") })).await;
    }
    let cut = system.owner.get(&path).await;
    assert_eq!(bodies(&cut), ["post 2", "post 3", "post 4"]);
    let versions: Vec<_> = cut.list("/events").iter().map(|event| event["version"].as_i64()).collect();
    assert_eq!(versions, [Some(2), Some(3), Some(4), Some(5)]);
    assert_eq!(cut.body["truncated"], true);
    assert_eq!(cut.number("/thread/posts_count"), 5);
}

// PROJ-9
#[tokio::test]
async fn a_read_waits_for_the_position_it_names() {
    let system = System::running().await;
    let opened = system.owner.post(&format!("{THREADS}?wait=0"), &question("Fresh")).await;
    assert_eq!(opened.status, 202);
    let list = system.owner.get(&format!("{THREADS}?min_pos=1")).await;
    assert_eq!(list.list("/items").len(), 1);
    let refused = system.owner.get(&format!("{THREADS}?min_pos=one")).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "min_pos");
    system.assert_at_rest().await;
    system.stop().await;
}

// PROJ-9
#[tokio::test]
async fn a_position_that_is_not_reached_within_five_seconds_is_503() {
    let system = System::stepped().await;
    let behind = system.owner.get(&format!("{THREADS}?min_pos=1")).await;
    assert_eq!(behind.refusal(), (503, "projection_behind".to_owned()));
    assert_eq!(behind.header("retry-after"), "1");
}
