//! What a command costs where every way to the database is long: counted over a libSQL server.

use cmd_open_thread::CmdOpenThread;
use shared::function::batch::{self, Record, Verdict};
use shared::function::publish;
use shared::store::Publishing;
use shared::transport::Transport;
use tests::fixture::{Fixture, question, record};

/// A fixture whose commits claim what they leave in the outbox, as those of deployed functions do.
async fn deployed() -> Option<Fixture> {
    Fixture::published_by(Publishing::ByItself, &[]).await
}

fn round_trips(fixture: &Fixture) -> u64 {
    let total = &fixture.ctx.metrics.remote_round_trips_total;
    ["read", "write"].map(|kind| total.with_label_values(&[kind]).get()).iter().sum()
}

/// Opens so many threads in one batch; the requests that this took.
async fn requests_of_batch(fixture: &Fixture, count: usize) -> u64 {
    for number in 0..count {
        fixture.accept(question(&format!("Question {number}"))).await;
    }
    publish::own(&fixture.ctx, "api-http").await;
    let queue = "cmd-open-thread";
    let received = fixture.ctx.transport.receive(queue, count, std::time::Duration::ZERO).await.expect("a queue");
    assert_eq!(received.len(), count, "what was accepted was published by whoever accepted it");
    let records: Vec<Record> = received.iter().map(record).collect();
    let before = round_trips(fixture);
    let verdicts = batch::run::<CmdOpenThread>(&fixture.ctx, &records, None).await;
    publish::own(&fixture.ctx, queue).await;
    let requests = round_trips(fixture) - before;
    assert_eq!(verdicts, vec![Verdict::Done; count]);
    fixture.ctx.transport.ack(queue, &received).await.expect("acknowledged");
    requests
}

// LAMBDA-8
#[tokio::test(flavor = "multi_thread")]
async fn a_command_needs_three_requests_and_ten_of_different_streams_need_four_at_most() {
    let Some(fixture) = deployed().await else { return };
    let one = requests_of_batch(&fixture, 1).await;
    assert!(one <= 3, "one command took {one} requests to the database");
    let ten = requests_of_batch(&fixture, 10).await;
    assert!(ten <= 4, "ten commands took {ten} requests to the database");
    assert_eq!(fixture.number("SELECT count(*) FROM threads").await, 11);
    assert_eq!(fixture.number("SELECT count(*) FROM outbox WHERE status <> 'sent'").await, 0);
}

// LAMBDA-8, CMD-14
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finishes_a_command_rings_and_publishes_the_next_of_its_stream() {
    let Some(fixture) = deployed().await else { return };
    let opening = fixture.accept(question("First")).await;
    let thread = format!("thr_{}", opening.trim_start_matches("cmd_"));
    for number in 0..3 {
        fixture.post(&thread, &format!("post {number}")).await;
    }
    publish::own(&fixture.ctx, "api-http").await;
    let mut applied = 0;
    // Nothing drains: every step is published by the function that made it possible.
    while applied < 4 {
        let before = applied;
        for queue in ["cmd-open-thread", "cmd-add-post"] {
            let received = fixture.ctx.transport.receive(queue, 10, std::time::Duration::ZERO).await.expect("a queue");
            let records: Vec<Record> = received.iter().map(record).collect();
            match queue {
                "cmd-open-thread" => drop(batch::run::<CmdOpenThread>(&fixture.ctx, &records, None).await),
                _ => drop(batch::run::<cmd_add_post::CmdAddPost>(&fixture.ctx, &records, None).await),
            }
            publish::own(&fixture.ctx, queue).await;
            fixture.ctx.transport.ack(queue, &received).await.expect("acknowledged");
        }
        applied = fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await;
        assert!(applied > before, "nobody rang for the next command");
    }
}

// OUTBOX-5, LAMBDA-8
#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_could_not_publish_is_left_to_the_drainer() {
    let Some(fixture) = deployed().await else { return };
    fixture.accept(question("First")).await;
    fixture.ctx.transport.close().await;
    publish::own(&fixture.ctx, "api-http").await;
    assert_eq!(fixture.texts("SELECT status FROM outbox").await, ["failed"]);
    let errors = fixture.texts("SELECT last_error FROM outbox").await;
    assert!(errors[0].contains("does not answer"), "{errors:?}");
    assert_eq!(fixture.texts("SELECT status FROM commands").await, ["accepted"]);
}
