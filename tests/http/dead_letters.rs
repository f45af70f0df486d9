//! Dead letters over HTTP: found, grouped, redriven once, dropped with a reason, and nobody else's.

use serde_json::{Value, json};
use shared::transport::{Outgoing, Transport};
use shared::value::KeyScope;
use tests::system::{KeyOf, System, question};
use tests::world::World;

const LETTERS: &str = "/api/v1/dead-letters";

/// A system with a thread, one post of which died for a payload that does not fit.
async fn with_a_dead_post() -> (System, String) {
    let system = System::stepped().await;
    let thread = system.opened(&question("Which way")).await;
    let post = format!("/api/v1/forum/threads/{thread}/posts?wait=0");
    assert_eq!(system.owner.post(&post, &json!({ "body": "lost" })).await.status, 202);
    system.execute("UPDATE commands SET payload = '{\"body\":7}' WHERE seq = 2").await;
    system.settle().await;
    (system, thread)
}

async fn only_letter(system: &System) -> Value {
    let list = system.owner.get(LETTERS).await;
    assert_eq!(list.status, 200, "{}", list.body);
    assert_eq!(list.list("/items").len(), 1, "{}", list.body);
    list.body["items"][0].clone()
}

// DEAD-1, DEAD-2
#[tokio::test]
async fn a_dead_command_is_listed_shown_and_grouped() {
    let (system, _) = with_a_dead_post().await;
    let letter = only_letter(&system).await;
    for (member, expected) in [
        ("source", "command"),
        ("function", "cmd-add-post"),
        ("topic", "forum.commands.add_post"),
        ("error_class", "undecodable"),
        ("status", "dead"),
        ("payload", "{\"body\":7}"),
        ("project_id", "default"),
    ] {
        assert_eq!(letter[member], expected, "{member}");
    }
    let shown = system.owner.get(&format!("{LETTERS}/{}", letter["id"].as_str().expect("an id"))).await;
    assert_eq!(shown.body, letter);
    let groups = system.owner.get(&format!("{LETTERS}?group=error&status=dead")).await;
    assert_eq!(groups.list("/groups").len(), 1);
    assert_eq!(groups.number("/groups/0/count"), 1);
    assert_eq!(groups.text("/groups/0/example_id"), letter["id"].as_str().expect("an id"));
    for (filter, count) in [
        ("source=command", 1),
        ("source=outbox", 0),
        ("function=cmd-add-post&error_class=undecodable", 1),
        ("function=cmd-close-thread", 0),
        ("status=dropped", 0),
    ] {
        let found = system.owner.get(&format!("{LETTERS}?{filter}")).await;
        assert_eq!(found.list("/items").len(), count, "{filter}");
    }
    let health = system.owner.get("/metrics").await;
    let metrics = health.body.as_str().expect("text");
    assert!(metrics.contains("agentforum_dead_letters{source=\"command\"} 1"), "{metrics}");
    assert_eq!(system.owner.get(&format!("{LETTERS}?group=colour")).await.refusal().0, 400);
}

// DEAD-3, drill 7: redrive after the fix applies once
#[tokio::test]
async fn a_redriven_command_is_applied_once_under_its_message_id_and_audited() {
    let (system, thread) = with_a_dead_post().await;
    let letter = only_letter(&system).await;
    let id = letter["id"].as_str().expect("an id");
    // The fix.
    let payload = json!({ "thread_id": thread, "body": "found" }).to_string().replace('\'', "''");
    system.execute(&format!("UPDATE commands SET payload = '{payload}' WHERE seq = 2")).await;
    // Its doorbell was forgotten long ago.
    system.execute("DELETE FROM outbox WHERE payload = '{\"seq\":2}'").await;
    let path = format!("{LETTERS}/{id}/redrive");
    assert_eq!(system.owner.post(&path, &json!({})).await.refusal().0, 400, "a reason is asked for");
    let redriven = system.owner.post(&path, &json!({ "reason": "payload repaired" })).await;
    assert_eq!(redriven.status, 200, "{}", redriven.body);
    assert_eq!(redriven.text("/status"), "redriven");
    assert_eq!(redriven.text("/reason"), "payload repaired");
    assert_eq!(redriven.text("/decided_by"), "human:owner");
    let again = system.owner.post(&path, &json!({ "reason": "once more" })).await;
    assert_eq!(again.refusal(), (409, "already_redriven".to_owned()));
    let rung = system.rows("SELECT message_id, status FROM outbox WHERE payload = '{\"seq\":2}'").await;
    assert_eq!(json!(rung), json!([[letter["message_id"], "pending"]]));
    system.settle().await;
    let posts = system.rows("SELECT body FROM posts ORDER BY id").await;
    assert_eq!(json!(posts), json!([["Which way?"], ["found"]]));
    let commands = system.rows("SELECT status, attempts, dead_letter_id FROM commands WHERE seq = 2").await;
    assert_eq!(json!(commands), json!([["applied", 1, null]]));
    let audit = system.rows("SELECT action, subject, reason, outcome, actor_name FROM audit").await;
    assert_eq!(json!(audit), json!([["dead_letters.redrive", id, "payload repaired", "ok", "owner"]]));
    system.assert_at_rest().await;
}

// DEAD-3: of something applied meanwhile it has no second effect
#[tokio::test]
async fn a_letter_of_something_applied_meanwhile_has_no_second_effect() {
    let (system, _) = with_a_dead_post().await;
    let letter = only_letter(&system).await;
    // Somebody repaired it by hand: it was applied.
    system.execute("UPDATE commands SET status = 'applied' WHERE seq = 2").await;
    let path = format!("{LETTERS}/{}/redrive", letter["id"].as_str().expect("an id"));
    assert_eq!(system.owner.post(&path, &json!({ "reason": "try" })).await.status, 200);
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM posts").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM dead_letters").await, 1);
}

// DEAD-4
#[tokio::test]
async fn a_dropped_letter_stays_with_its_reason_and_cannot_be_redriven() {
    let (system, _) = with_a_dead_post().await;
    let letter = only_letter(&system).await;
    let path = format!("{LETTERS}/{}", letter["id"].as_str().expect("an id"));
    assert_eq!(system.owner.post(&format!("{path}/drop"), &json!({ "reason": " " })).await.refusal().0, 400);
    let dropped = system.owner.post(&format!("{path}/drop"), &json!({ "reason": "a test" })).await;
    assert_eq!((dropped.text("/status"), dropped.text("/reason")), ("dropped".to_owned(), "a test".to_owned()));
    let redriven = system.owner.post(&format!("{path}/redrive"), &json!({ "reason": "no" })).await;
    assert_eq!(redriven.refusal(), (409, "already_redriven".to_owned()));
    assert_eq!(redriven.text("/letter_status"), "dropped");
    assert_eq!(system.number("SELECT count(*) FROM dead_letters WHERE status = 'dropped'").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM audit WHERE action = 'dead_letters.drop'").await, 1);
    let metrics = system.owner.get("/metrics").await;
    let text = metrics.body.as_str().expect("text");
    assert!(text.contains("agentforum_dead_letters{source=\"command\"} 0"), "only those that wait count");
}

// DEAD-3, TRANSPORT-11: a message about no row of ours goes out again as it came
#[tokio::test]
async fn a_foreign_message_that_cannot_be_read_is_the_owners_to_redrive() {
    let system = System::stepped().await;
    let message = Outgoing {
        topic: "forum.commands.add_post".to_owned(),
        key: "k".to_owned(),
        message_id: "msg_poison".to_owned(),
        body: "not json".into(),
    };
    let publish = || system.harness.ctx.transport.publish(vec![message.clone()]);
    publish().await.remove(0).expect("published");
    system.settle().await;
    let letter = only_letter(&system).await;
    assert_eq!(letter["error_class"], "undecodable");
    assert_eq!(letter["payload"], "not json");
    let admin = system.client(KeyOf { scopes: &[KeyScope::Admin], ..KeyOf::default() }).await;
    assert_eq!(admin.get(LETTERS).await.list("/items").len(), 0, "it is nobody's");
    let path = format!("{LETTERS}/{}/redrive", letter["id"].as_str().expect("an id"));
    assert_eq!(admin.post(&path, &json!({ "reason": "mine?" })).await.refusal(), (404, "not_found".to_owned()));
    system.advance(std::time::Duration::from_secs(1));
    assert_eq!(system.owner.post(&path, &json!({ "reason": "again" })).await.status, 200);
    system.settle().await;
    let list = system.owner.get(&format!("{LETTERS}?status=dead")).await;
    assert_eq!(list.text("/items/0/message_id"), "msg_poison", "it came again, and died again");
    assert_eq!(list.list("/items").len(), 1);
}

// AUTH-4, AUTH-6
#[tokio::test]
async fn letters_of_others_are_neither_seen_nor_decided() {
    let (system, _) = with_a_dead_post().await;
    let letter = only_letter(&system).await;
    let path = format!("{LETTERS}/{}", letter["id"].as_str().expect("an id"));
    let stranger = system
        .client(KeyOf { team: "red", project: Some("fire"), scopes: &[KeyScope::Admin], ..KeyOf::default() })
        .await;
    assert_eq!(stranger.get(LETTERS).await.list("/items").len(), 0);
    assert_eq!(stranger.get(&format!("{LETTERS}?group=error")).await.list("/groups").len(), 0);
    assert_eq!(stranger.get(&path).await.refusal(), (404, "not_found".to_owned()));
    for action in ["redrive", "drop"] {
        let refused = stranger.post(&format!("{path}/{action}"), &json!({ "reason": "no" })).await;
        assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
    }
    let writer = system.client(KeyOf::default()).await;
    assert_eq!(writer.get(LETTERS).await.refusal(), (403, "scope_denied".to_owned()));
    assert_eq!(only_letter(&system).await["status"], "dead");
}

// HTTP-5
#[tokio::test]
async fn letters_are_paged_newest_first() {
    let system = System::stepped().await;
    for n in 0..7 {
        system
            .execute(&format!(
                "INSERT INTO dead_letters (id, team_id, project_id, source, function, topic, message_id, key, payload,
                     error_class, error, attempts, first_failed_at, died_at)
                 VALUES ('dl_{n}', 'local', 'default', 'outbox', 'f', 't', 'msg_{n}', 'k', '{{}}', 'refused', 'no', 1, 1, {})",
                n / 2
            ))
            .await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = system.owner.get(&format!("{LETTERS}?limit=3{cursor}")).await;
        seen.extend(page.list("/items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        match page.body.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["dl_6", "dl_5", "dl_4", "dl_3", "dl_2", "dl_1", "dl_0"]);
}
