//! Queues, marks and counts.

use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::system::{Answer, Client, KeyOf, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const QUEUES: &str = "/api/v1/forum/queues";

fn titles(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.list("/items").iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

fn by(actor_type: &str, mut body: Value) -> Value {
    body["actor_type"] = json!(actor_type);
    body["actor_name"] = json!(format!("an {actor_type}"));
    body
}

async fn unanswered(system: &System) -> Vec<String> {
    titles(&system.owner.get(&format!("{QUEUES}?type=unanswered")).await)
}

async fn unseen(system: &System, viewer: &str) -> Vec<String> {
    titles(&system.owner.get(&format!("{QUEUES}?type=unseen&viewer_type=human&viewer_id={viewer}")).await)
}

// FORUM-15, FORUM-16
#[tokio::test]
async fn a_thread_is_unanswered_while_an_agent_had_the_last_word_in_a_state_that_waits() {
    let system = System::stepped().await;
    let thread = system.opened(&by("agent", question("Which way"))).await;
    let path = |action: &str| format!("{THREADS}/{thread}/{action}");
    assert_eq!(unanswered(&system).await, ["Which way"]);
    system.apply(&path("state"), &by("agent", json!({ "state": "waiting_operator" }))).await;
    assert_eq!(unanswered(&system).await, ["Which way"]);
    for actor in ["human", "operator"] {
        system.apply(&path("posts"), &by(actor, json!({ "body": "looking" }))).await;
        assert_eq!(unanswered(&system).await, [""; 0], "after a post by an {actor}");
        system.apply(&path("posts"), &by("agent", json!({ "body": "and?" }))).await;
        assert_eq!(unanswered(&system).await, ["Which way"], "after the agent's next post");
    }
    system.apply(&path("state"), &by("agent", json!({ "state": "triaged" }))).await;
    assert_eq!(unanswered(&system).await, [""; 0], "never a triaged one");
    system.opened(&by("human", question("A person asks"))).await;
    assert_eq!(unanswered(&system).await, [""; 0]);
    let plan = system
        .rows(
            "EXPLAIN QUERY PLAN SELECT thread_id FROM view_thread_views AS view WHERE view.generation = 1
                 AND view.team_id = 'a' AND view.project_id = 'b' AND last_voice = 'agent'
                 AND state IN ('new', 'waiting_human', 'waiting_operator')
             ORDER BY view.priority_rank DESC, view.last_event_pos DESC LIMIT 5",
        )
        .await;
    assert!(format!("{plan:?}").contains("thread_views_unanswered"), "{plan:?}");
}

// FORUM-14, FORUM-17, AUTH-12
#[tokio::test]
async fn what_a_viewer_has_seen_leaves_their_queue_until_something_happens() {
    let system = System::stepped().await;
    let first = system.opened(&question("First")).await;
    let second = system.opened(&question("Second")).await;
    assert_eq!(unseen(&system, "ada").await, ["Second", "First"]);
    let see = async |thread: &str, pos: Value| {
        let mut body = json!({ "viewer_type": "human", "viewer_id": "ada" });
        if !pos.is_null() {
            body["pos"] = pos;
        }
        let seen = system.owner.post(&format!("{THREADS}/{thread}/seen"), &body).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
        seen.number("/last_seen_pos")
    };
    let head = system.number("SELECT max(pos) FROM events").await;
    assert_eq!(see(&first, Value::Null).await, 1, "the thread's newest");
    assert_eq!(unseen(&system, "ada").await, ["Second"]);
    assert_eq!(unseen(&system, "bob").await, ["Second", "First"], "another viewer");
    system.apply(&format!("{THREADS}/{first}/posts"), &json!({ "body": "more" })).await;
    assert_eq!(unseen(&system, "ada").await, ["First", "Second"]);
    assert_eq!(see(&first, json!(1)).await, 1, "still the old one");
    assert_eq!(see(&first, json!(999)).await, 3, "never beyond what is there");
    assert_eq!(see(&first, json!(1)).await, 3, "a lower one is ignored");
    assert_eq!(see(&second, json!(0)).await, 2, "0 means the newest");
    assert_eq!(unseen(&system, "ada").await, [""; 0]);
    assert_eq!(system.number("SELECT max(pos) FROM events").await, head + 1, "no event but the post's");
    assert_eq!(system.number("SELECT count(*) FROM audit WHERE action = 'threads.seen'").await, 5);
    let query = "viewer_type=human&viewer_id=ada";
    let list = system.owner.get(&format!("{THREADS}?{query}")).await;
    assert!(list.list("/items").iter().all(|item| item["is_unseen"] == false), "{}", list.body);
    assert_eq!(system.owner.get(&format!("{THREADS}/{first}?{query}")).await.body["thread"]["is_unseen"], false);
    assert_eq!(system.owner.get(&format!("{THREADS}/{first}")).await.body["thread"]["is_unseen"], true, "nobody looks");
}

// FORUM-14, FORUM-15
#[tokio::test]
async fn a_queue_names_what_is_missing_or_unknown() {
    let system = System::stepped().await;
    for (query, pointer) in [
        ("", "type"),
        ("type=loud", "type"),
        ("type=unseen", "viewer_type"),
        ("type=unseen&viewer_type=human", "viewer_id"),
        ("type=unseen&viewer_id=ada", "viewer_type"),
        ("type=unseen&viewer_type=robot&viewer_id=r", "viewer_type"),
        ("type=unanswered&state=asleep", "state"),
    ] {
        let refused = system.owner.get(&format!("{QUEUES}?{query}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}");
    }
    let thread = system.opened(&question("Which way")).await;
    for body in [
        json!({}),
        json!({ "viewer_type": "human", "viewer_id": " " }),
        json!({ "viewer_type": "x", "viewer_id": "y" }),
    ] {
        let refused = system.owner.post(&format!("{THREADS}/{thread}/seen"), &body).await;
        assert_eq!(refused.refusal().0, 400, "{body}");
    }
    let nobody = json!({ "viewer_type": "human", "viewer_id": "ada" });
    let unknown = system.owner.post(&format!("{THREADS}/thr_x/seen"), &nobody).await;
    assert_eq!(unknown.refusal(), (404, "not_found".to_owned()));
}

// HTTP-5, FORUM-12
#[tokio::test]
async fn a_queue_is_paged_in_the_order_of_the_list_with_its_filters() {
    let system = System::stepped().await;
    for n in 0..7 {
        let priority = if n % 3 == 0 { "urgent" } else { "normal" };
        let ticket = if n < 5 { "T-1" } else { "T-2" };
        let body = json!({ "title": n.to_string(), "body": "b", "ticket": ticket, "priority": priority });
        system.opened(&by("agent", body)).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = system.owner.get(&format!("{QUEUES}?type=unanswered&limit=2{cursor}")).await;
        seen.extend(titles(&page));
        match page.body.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["6", "3", "0", "5", "4", "2", "1"]);
    assert_eq!(titles(&system.owner.get(&format!("{QUEUES}?type=unanswered&ticket=T-2")).await), ["6", "5"]);
}

// FORUM-22, PROJ-2
#[tokio::test]
async fn counts_equal_the_list_after_a_history_of_moves() {
    let system = System::stepped().await;
    let mut random = 7_u64;
    let mut pick = |among: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).expect("a number") % among
    };
    let mut threads = Vec::new();
    for n in 0..12 {
        let run = if n % 2 == 0 { json!("run-1") } else { Value::Null };
        let body = json!({ "title": "t", "body": "b", "ticket": format!("T-{}", n % 3), "run_id": run });
        threads.push(system.opened(&body).await);
    }
    for _ in 0..80 {
        let thread = &threads[pick(12)];
        let (action, body) = match pick(4) {
            0 => ("state", json!({ "state": (["triaged", "waiting_human", "answered", "closed"][pick(4)]) })),
            1 => ("priority", json!({ "priority": (["low", "normal", "high", "urgent"][pick(4)]) })),
            2 => ("answer", json!({ "body": "so", "amend": true })),
            _ => ("assign", json!({ "assignee": (["ada", ""][pick(2)]) })),
        };
        system.owner.post(&format!("{THREADS}/{thread}/{action}?wait=0"), &body).await;
        system.settle().await;
    }
    let counted = system.owner.get("/api/v1/forum/stats").await;
    let expected = system
        .rows("SELECT ticket, run_id, state, priority, count(*) FROM threads GROUP BY 1, 2, 3, 4 ORDER BY 1, coalesce(run_id, ''), 3, 4")
        .await;
    let found: Vec<_> = counted
        .list("/items")
        .iter()
        .map(|row| json!([row["ticket"], row["run_id"], row["state"], row["priority"], row["count"]]))
        .collect();
    assert_eq!(json!(found), json!(expected));
    let one = system.owner.get("/api/v1/forum/stats?ticket=T-1&run_id=run-1").await;
    assert!(one.list("/items").iter().all(|row| row["ticket"] == "T-1" && row["run_id"] == "run-1"), "{}", one.body);
    // Built again from the log, they are the same: compared row by row before the switch.
    for name in ["thread-stats", "search", "thread-views"] {
        let path = format!("/api/v1/projections/{name}/replay");
        assert_eq!(system.owner.post(&path, &json!({ "verify": true })).await.status, 202);
        let live = format!(
            "SELECT count(*) FROM projection_checkpoints WHERE projection = '{name}' AND generation = 2 AND state = 'live'"
        );
        for _ in 0..200 {
            system.harness.step().await.expect("a step");
        }
        assert_eq!(system.number(&live).await, 1, "{name} was verified and switched");
    }
    assert_eq!(system.owner.get("/api/v1/forum/stats").await.body, counted.body);
}

// AUTH-4, AUTH-5
#[tokio::test]
async fn others_see_and_mark_nothing() {
    let system = System::stepped().await;
    let thread = system.opened(&by("agent", question("Secret"))).await;
    let scopes = &[KeyScope::ForumRead, KeyScope::ForumWrite];
    let other_team = system.client(KeyOf { team: "red", project: Some("fire"), scopes, ..KeyOf::default() }).await;
    let other_project = system.client(KeyOf { project: Some("elsewhere"), scopes, ..KeyOf::default() }).await;
    let look = async |client: &Client| {
        for path in [
            format!("{QUEUES}?type=unanswered"),
            format!("{QUEUES}?type=unseen&viewer_type=human&viewer_id=ada"),
            "/api/v1/forum/stats".to_owned(),
            "/api/v1/forum/search?query=secret".to_owned(),
        ] {
            let answer = client.get(&path).await;
            assert_eq!((answer.status.as_u16(), answer.list("/items").len()), (200, 0), "{path}");
        }
        let body = json!({ "viewer_type": "human", "viewer_id": "ada" });
        let marked = client.post(&format!("{THREADS}/{thread}/seen"), &body).await;
        assert_eq!(marked.refusal(), (404, "not_found".to_owned()));
    };
    look(&other_team).await;
    look(&other_project).await;
    assert_eq!(system.number("SELECT count(*) FROM read_marks").await, 0);
    assert_eq!(system.owner.get("/api/v1/forum/search?query=secret").await.list("/items").len(), 1);
}
