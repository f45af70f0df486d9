//! What an operator does with a job: sending it back to work, calling it off.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::store::{Commit, Durability, Statement};
use shared::value::KeyScope;
use tests::system::{Answer, KeyOf, Setup, System};
use tests::world::World;

use super::{JOBS, pause};
use crate::agent_events::{decided, memories};

/// A system with a job that waits behind a paused lane.
async fn with_a_waiting_job() -> (System, String) {
    let system = System::stepped().await;
    pause(&system, "event").await;
    let (_, job) = decided(&system, &system.owner, "Wait").await;
    (system, job)
}

async fn act(system: &System, job: &str, action: &str) -> Answer {
    system.owner.post(&format!("{JOBS}/{job}/{action}"), &json!({})).await
}

async fn shown(system: &System, job: &str) -> Answer {
    system.owner.get(&format!("{JOBS}/{job}")).await
}

async fn lifecycle(system: &System, job: &str) -> Vec<String> {
    let shown = shown(system, job).await;
    shown.list("/lifecycle").iter().map(|step| step["type"].as_str().expect("a type").to_owned()).collect()
}

async fn resume(system: &System) {
    assert_eq!(system.owner.post("/api/v1/lanes/event/resume", &json!({})).await.status, 200);
}

/// A lane that has begun to work on a job, and does not go on.
async fn begun(system: &System, job: &str) {
    const BEGIN: &str = "UPDATE jobs SET status = 'processing', attempts = attempts + 1, fence = fence + 1,
        moved_by = 'lane', locked_until = (SELECT now FROM commit_context) + 300000 WHERE job_id = ?1";
    let ctx = &system.harness.ctx;
    let begin = Statement::new(BEGIN, vec![job.to_owned().into()]);
    let commit = Commit::new(Durability::Full, ctx.authoring("test")).then(begin);
    ctx.store.commit(commit).await.expect("the job begins");
}

/// How a job stands: status, transport, attempts, how often it was retried.
fn standing(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    json!(["status", "transport", "attempts", "retried_count"].map(|member| &answer.body[member]))
}

/// Why not, and how the job stands.
fn refusal(answer: &Answer) -> Value {
    json!([answer.status.as_u16(), answer.body["code"], answer.body["job_status"]])
}

// MEMORY-9, MEMORY-10, MEMORY-14, MEMORY-15, AUTH-12
#[tokio::test]
async fn a_job_is_called_off_sent_back_and_done_and_says_what_is_not_possible() {
    let (system, job) = with_a_waiting_job().await;
    let queued = act(&system, &job, "retry").await;
    assert_eq!(standing(&queued), json!(["queued", "queued_only", 0, 0]));
    assert_eq!(queued.body["already_queued"], true);
    for _ in 0..2 {
        let cancelled = act(&system, &job, "cancel").await;
        assert_eq!(standing(&cancelled), json!(["cancelled", "queued_only", 0, 0]));
        assert!(cancelled.body["finished_at"].is_string(), "{}", cancelled.body);
    }
    let again = act(&system, &job, "retry").await;
    assert_eq!(standing(&again), json!(["queued", "queued_only", 0, 1]));
    assert_eq!((again.body.get("finished_at"), again.body.get("already_queued")), (None, None));

    begun(&system, &job).await;
    let refused = act(&system, &job, "retry").await;
    assert_eq!(refusal(&refused), json!([409, "job_not_retryable", "processing"]));
    let cancelled = act(&system, &job, "cancel").await;
    assert_eq!(standing(&cancelled), json!(["cancelled", "queued_only", 1, 1]));
    assert_eq!(cancelled.body.get("locked_until"), None);
    assert_eq!(standing(&act(&system, &job, "retry").await), json!(["queued", "queued_only", 1, 2]));

    resume(&system).await;
    system.settle().await;
    assert_eq!(standing(&shown(&system, &job).await), json!(["completed", "enqueued", 2, 2]));
    for (action, code) in [("retry", "job_not_retryable"), ("cancel", "job_not_cancellable")] {
        let refused = act(&system, &job, action).await;
        assert_eq!(refusal(&refused), json!([409, code, "completed"]));
    }
    let steps = lifecycle(&system, &job).await;
    let expected = "queued cancelled queued enqueued processing cancelled queued enqueued processing completed";
    assert_eq!(steps.join(" "), expected);
    let trail = format!(
        "SELECT action, actor_name, project_id FROM audit
            WHERE subject = '{job}' AND action IN ('job.retry', 'job.cancel') ORDER BY id"
    );
    let by_owner = |action: &str| vec![json!(action), json!("owner"), json!("default")];
    assert_eq!(system.rows(&trail).await, ["job.cancel", "job.retry", "job.cancel", "job.retry"].map(by_owner));
    system.assert_at_rest().await;
}

// MEMORY-15
#[tokio::test]
async fn a_doorbell_that_comes_after_the_cancellation_does_nothing() {
    let (system, job) = with_a_waiting_job().await;
    assert_eq!(act(&system, &job, "cancel").await.status, 200);
    resume(&system).await;
    let again = act(&system, &job, "retry").await;
    assert_eq!(standing(&again), json!(["queued", "enqueued", 0, 1]), "a doorbell is on its way");
    assert_eq!(act(&system, &job, "cancel").await.status, 200);
    system.settle().await;
    assert_eq!(standing(&shown(&system, &job).await), json!(["cancelled", "enqueued", 0, 1]));
    assert_eq!(lifecycle(&system, &job).await, ["queued", "cancelled", "queued", "cancelled"]);
    assert_eq!(system.number("SELECT count(*) FROM observations").await, 0);
    system.assert_at_rest().await;
}

// MEMORY-14
#[tokio::test]
async fn of_many_retries_at_once_one_counts() {
    let (system, job) = with_a_waiting_job().await;
    assert_eq!(act(&system, &job, "cancel").await.status, 200);
    let answers = join_all((0..5).map(|_| act(&system, &job, "retry"))).await;
    for answer in &answers {
        assert_eq!(standing(answer), json!(["queued", "queued_only", 0, 1]));
    }
    assert_eq!(answers.iter().filter(|answer| answer.body["already_queued"] == true).count(), 4);
    assert_eq!(lifecycle(&system, &job).await, ["queued", "cancelled", "queued"]);
    assert_eq!(system.number("SELECT count(*) FROM audit WHERE action = 'job.retry'").await, 1);
}

// MEMORY-14, MEMORY-16
#[tokio::test]
async fn a_job_that_used_up_its_attempts_gets_one_more_and_its_error_is_gone() {
    let system = Setup::stepped().set("jobs.max_attempts", "1").start().await;
    pause(&system, "event").await;
    let doomed = system.client(KeyOf { name: "doomed", ..memories() }).await;
    let (_, job) = decided(&system, &doomed, "Doomed").await;
    let keys = system.owner.get("/api/v1/keys").await;
    let key = keys.list("/items").iter().find(|key| key["name"] == "doomed").expect("the key")["key_id"].clone();
    let key = key.as_str().expect("an id");
    assert_eq!(system.owner.delete(&format!("/api/v1/keys/{key}")).await.status, 204);
    resume(&system).await;
    system.settle().await;
    let failed = shown(&system, &job).await;
    assert_eq!(standing(&failed), json!(["failed", "enqueued", 1, 0]));
    let why = ["error_class", "max_attempts", "key_id"].map(|member| &failed.body[member]);
    assert_eq!(json!(why), json!(["revoked", 1, key]));
    assert!(failed.body["error"].is_string() && failed.body["finished_at"].is_string(), "{}", failed.body);
    let refused = act(&system, &job, "cancel").await;
    assert_eq!(refusal(&refused), json!([409, "job_not_cancellable", "failed"]));

    pause(&system, "event").await;
    let again = act(&system, &job, "retry").await;
    assert_eq!(standing(&again), json!(["queued", "queued_only", 0, 1]));
    for gone in ["error", "error_class", "finished_at", "locked_until", "next_attempt_at"] {
        assert_eq!(again.body.get(gone), None, "{gone}");
    }
    let writer = system.client(KeyOf { scopes: &[KeyScope::MemoriesWrite], ..memories() }).await;
    assert_eq!(writer.post(&format!("{JOBS}/{job}/cancel"), &json!({})).await.status, 200, "whose job it is, is open");
}
