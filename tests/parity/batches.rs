//! Batches as the platform hands them over, and its worst habits.

use std::time::Duration;

use serde_json::{Value, json};
use tests::deployment::{Deployment, Plan};
use tests::world::World;

const OPEN: &str = "cmd-open-thread";

async fn with_paused(function: &'static str) -> Option<Deployment> {
    Deployment::planned(Plan { paused: vec![function], ..Plan::default() }).await
}

fn failures(answer: &Value) -> usize {
    answer["batchItemFailures"].as_array().map_or(0, Vec::len)
}

// LAMBDA-3, TRANSPORT-11, DEAD-1
#[tokio::test]
async fn of_ten_records_with_one_poison_nine_are_applied_and_one_is_a_dead_letter() {
    let Some(deployment) = with_paused(OPEN).await else { return };
    deployment.accept_openings(0..9).await;
    let client = deployment.moto.sqs();
    client.send_message().queue_url(deployment.queue(OPEN)).message_body("no envelope").send().await.expect("sent");
    let batch = deployment.batch_of(OPEN, 10).await;
    let answer = deployment.functions[OPEN].invoke(&batch).await.expect("an answer");
    assert_eq!(failures(&answer), 0, "what cannot be decoded is parked, not failed: {answer}");
    deployment.assert_whole().await;
    assert_eq!(deployment.number("SELECT count(*) FROM threads").await, 9);
    let letters = deployment.rows("SELECT function, error_class, payload FROM dead_letters").await;
    assert_eq!(letters, [[json!(OPEN), json!("undecodable"), json!("no envelope")]]);
}

// CMD-7, LAMBDA-4
#[tokio::test]
async fn a_batch_that_comes_twice_takes_effect_once() {
    let Some(deployment) = with_paused(OPEN).await else { return };
    deployment.accept_openings(0..5).await;
    let batch = deployment.batch_of(OPEN, 5).await;
    let function = &deployment.functions[OPEN];
    let (one, two) = tokio::join!(function.invoke(&batch), function.invoke(&batch));
    // Of two at once, one may find a command in the other's hands.
    assert!(failures(&one.expect("an answer")) + failures(&two.expect("an answer")) <= 5);
    assert_eq!(failures(&function.invoke(&batch).await.expect("an answer")), 0);
    deployment.assert_whole().await;
    assert_eq!(deployment.number("SELECT count(*) FROM threads").await, 5);
    assert_eq!(deployment.number("SELECT count(*) FROM events").await, 5);
}

// LAMBDA-3
#[tokio::test]
async fn an_empty_batch_is_answered_empty() {
    let Some(deployment) = with_paused(OPEN).await else { return };
    let answer = deployment.functions[OPEN].invoke(&json!({ "Records": [] })).await.expect("an answer");
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

// LAMBDA-5
#[tokio::test]
async fn records_that_cannot_be_begun_in_time_are_handed_back_and_cost_no_attempt() {
    let plan = Plan { paused: vec![OPEN], timeout: Duration::from_millis(1900), ..Plan::default() };
    let Some(deployment) = Deployment::planned(plan).await else { return };
    deployment.accept_openings(0..3).await;
    let batch = deployment.batch_of(OPEN, 3).await;
    let answer = deployment.functions[OPEN].invoke(&batch).await.expect("an answer");
    assert_eq!(failures(&answer), 3, "{answer}");
    assert_eq!(deployment.number("SELECT coalesce(sum(attempts), 0) FROM commands").await, 0);
}

// LAMBDA-8, OUTBOX-6
#[tokio::test]
async fn commands_of_a_function_that_is_killed_again_and_again_are_applied_once() {
    let Some(deployment) = Deployment::start().await else { return };
    let function = &deployment.functions[OPEN];
    let kills = async {
        let mut killed = 0;
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            killed += function.kill();
        }
        killed
    };
    let (accepted, killed) = tokio::join!(deployment.accept_openings(0..40), kills);
    deployment.assert_whole().await;
    assert!(killed > 0 && function.broken() > 0, "{killed} killed, {} invocations broken", function.broken());
    assert_eq!(accepted.len(), 40);
    assert_eq!(deployment.number("SELECT count(*) FROM threads").await, 40);
    assert_eq!(deployment.number("SELECT count(*) FROM events").await, 40);
    assert_eq!(deployment.number("SELECT count(*) FROM view_thread_views").await, 40);
}

// LAMBDA-5
#[tokio::test]
async fn a_timeout_in_the_middle_of_a_batch_loses_and_doubles_nothing() {
    let plan = Plan { timeout: Duration::from_secs(4), ..Plan::default() };
    let Some(deployment) = Deployment::planned(plan).await else { return };
    deployment.accept_openings(0..10).await;
    // Whatever is in the middle of something waits for the database until the platform ends it.
    deployment.sqld.process.halt();
    tokio::time::sleep(Duration::from_secs(5)).await;
    deployment.sqld.process.go_on();
    deployment.assert_whole().await;
    assert_eq!(deployment.number("SELECT count(*) FROM threads").await, 10);
    assert_eq!(deployment.number("SELECT count(*) FROM events").await, 10);
}
