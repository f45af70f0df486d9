//! The metrics table, line by line: what a system does moves what it should, under the labels it should.

use std::time::Duration;

use drain_outbox::DrainOutbox;
use reqwest::Method;
use serde_json::json;
use shared::function::Function;
use shared::message::envelope::Tick;
use shared::transport::{Outgoing, Transport};
use tests::runs::{RUNS, run_of, signalled, started};
use tests::system::{Client, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

/// The value of a sample, named with its labels and without `agentforum_`; none when there is no such sample.
async fn sample(system: &System, name: &str) -> Option<f64> {
    let text = Client::new(&system.harness.url).get("/metrics").await.body;
    let line =
        text.as_str().expect("Prometheus text").lines().find_map(|line| {
            line.strip_prefix("agentforum_")?.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned)
        });
    line.map(|value| value.parse().expect("a number"))
}

async fn assert_samples(system: &System, expected: &[(&str, f64)]) {
    for (name, value) in expected {
        let found = sample(system, name).await;
        assert!(found.is_some_and(|found| (found - value).abs() < 1e-9), "{name} is {found:?}, not {value}");
    }
}

// HEALTH: commands_pending, command_lag_seconds, outbox_rows, outbox_oldest_pending_age_seconds, projection_lag_*, events_total,
// log_head_position
#[tokio::test]
async fn what_waits_shows_as_backlog_and_goes_when_it_is_done() {
    let system = System::stepped().await;
    system.owner.post(&format!("{THREADS}?wait=0"), &question("Waits")).await;
    system.advance(Duration::from_secs(7));
    let open = r#"outbox_rows{status="pending"}"#;
    assert_samples(
        &system,
        &[
            ("commands_pending", 1.0),
            ("command_lag_seconds", 7.0),
            (open, 1.0),
            ("outbox_oldest_pending_age_seconds", 7.0),
            ("log_head_position", 0.0),
        ],
    )
    .await;
    // The command is applied, its event is published, and the projector has not come yet.
    let ctx = &system.harness.ctx;
    let step = async || DrainOutbox::handle(ctx, Tick {}).await;
    step().await.expect("a step of the drainer");
    system.harness.step_function("cmd-open-thread").await.expect("a step");
    step().await.expect("a step of the drainer");
    system.advance(Duration::from_secs(5));
    let lag = r#"projection_lag_events{projection="thread-views"}"#;
    let lag_seconds = r#"projection_lag_seconds{projection="thread-views"}"#;
    assert_samples(
        &system,
        &[
            ("commands_pending", 0.0),
            ("command_lag_seconds", 0.0),
            (open, 0.0),
            ("log_head_position", 1.0),
            (r#"events_total{type="forum.thread.opened"}"#, 1.0),
            (r#"commands_total{name="open_thread",status="applied"}"#, 1.0),
            (r#"command_processing_seconds_count{name="open_thread"}"#, 1.0),
            (lag, 1.0),
            (lag_seconds, 5.0),
        ],
    )
    .await;
    system.settle().await;
    assert_samples(&system, &[(lag, 0.0), (lag_seconds, 0.0)]).await;
}

// HEALTH: dead_letters, dead_letters_total, function_invocations_total, function_duration_seconds
#[tokio::test]
async fn a_message_that_is_given_up_is_counted_where_it_died() {
    let system = System::stepped().await;
    let message = Outgoing {
        topic: "forum.commands.open_thread".to_owned(),
        key: "k".to_owned(),
        message_id: "msg_x".to_owned(),
        body: "not an envelope".into(),
    };
    system.harness.ctx.transport.publish(vec![message]).await.pop().expect("an answer").expect("it is taken");
    assert!(system.harness.step_function("cmd-open-thread").await.expect("a step"));
    assert_samples(
        &system,
        &[
            (r#"dead_letters_total{function="cmd-open-thread",source="delivery"}"#, 1.0),
            (r#"dead_letters{source="delivery"}"#, 1.0),
            (r#"function_invocations_total{function="cmd-open-thread",outcome="park"}"#, 1.0),
            (r#"function_duration_seconds_count{function="cmd-open-thread"}"#, 1.0),
        ],
    )
    .await;
}

// HEALTH: transport_up, publish_total, publish_duration_seconds
#[tokio::test]
async fn a_transport_that_is_away_shows_in_an_idle_system_too() {
    let system = System::stepped().await;
    let up = r#"transport_up{transport="memory"}"#;
    assert_samples(&system, &[(up, 1.0)]).await;
    system.opened(&question("Published")).await;
    assert_samples(&system, &[(r#"publish_total{result="ok",transport="memory"}"#, 2.0)]).await;
    assert!(sample(&system, r#"publish_duration_seconds_count{transport="memory"}"#).await >= Some(2.0));
    system.harness.ctx.transport.close().await;
    assert_samples(&system, &[(up, 0.0)]).await;
}

// HEALTH: live_subscribers, live_events_sent_total; LIFECYCLE-7
#[tokio::test]
async fn live_readers_are_counted_while_they_read() {
    let system = System::running().await;
    let kind = r#"live_subscribers{kind="sse"}"#;
    let stream = system.owner.request(Method::GET, "/api/v1/stream?after=0").send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    assert_samples(&system, &[(kind, 1.0)]).await;
    let before = system.harness.ctx.metrics.live_events_sent_total.with_label_values(&["sse"]).get();
    system.owner.post(THREADS, &question("Seen")).await;
    let sent = || system.harness.ctx.metrics.live_events_sent_total.with_label_values(&["sse"]).get();
    let stopwatch = shared::clock::Clock::stopwatch();
    while sent() == before {
        assert!(stopwatch.elapsed() < Duration::from_secs(10), "the event is never sent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_samples(&system, &[(r#"live_events_sent_total{kind="sse"}"#, 1.0)]).await;
    drop(stream);
    while sample(&system, kind).await != Some(0.0) {
        assert!(stopwatch.elapsed() < Duration::from_secs(10), "the reader never leaves");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    system.stop().await;
}

// HEALTH: http_*, writer_*, db_*, build_info
#[tokio::test]
async fn requests_commits_and_files_are_measured() {
    let system = System::stepped().await;
    let count = "writer_commit_seconds_count";
    let before = sample(&system, count).await.expect("commits");
    let size = "writer_batch_size_count";
    assert!(sample(&system, size).await >= Some(before));
    system.owner.post(&format!("{THREADS}?wait=0"), &question("Measured")).await;
    assert!(sample(&system, count).await > Some(before));
    system.owner.post(THREADS, &json!({ "title": "no body" })).await;
    assert_samples(
        &system,
        &[
            (r#"http_requests_total{method="POST",route="/api/v1/forum/threads",status="400"}"#, 1.0),
            (r#"http_requests_total{method="POST",route="/api/v1/forum/threads",status="202"}"#, 1.0),
            (r#"http_request_duration_seconds_count{route="/api/v1/forum/threads"}"#, 2.0),
            ("writer_queue_depth", 0.0),
        ],
    )
    .await;
    assert!(sample(&system, "db_size_bytes").await > Some(0.0) && sample(&system, "db_wal_bytes").await > Some(0.0));
    let (version, sha) = (shared::telemetry::VERSION, shared::telemetry::GIT_SHA);
    let build = format!(r#"build_info{{git_sha="{sha}",version="{version}"}}"#);
    assert_samples(&system, &[(&build, 1.0)]).await;
    for later in ["nudges_total", "webhooks_total"] {
        let text = Client::new(&system.harness.url).get("/metrics").await.body.to_string();
        assert!(!text.contains(&format!("agentforum_{later}")), "{later} counts what is not there");
    }
}

// HEALTH: guidance_pending, guidance_wait_seconds, escalations_total
#[tokio::test]
async fn questions_of_agents_are_counted_while_they_wait_and_timed_when_they_are_answered() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada", "bob"], "standard")).await;
    for agent in ["ada", "bob"] {
        signalled(&system, &run, agent, "guidance_request", json!({ "question": "Which?" })).await;
    }
    system.advance(Duration::from_secs(7));
    assert_samples(&system, &[("guidance_pending", 2.0)]).await;
    signalled(&system, &run, "ada", "guidance_answer", json!({ "answer": "this" })).await;
    let told = system.owner.post(&format!("{RUNS}/{run}/operator"), &json!({ "execute": true })).await;
    assert_eq!(told.body["executed"], true);
    system.settle().await;
    assert_samples(
        &system,
        &[
            ("guidance_pending", 1.0),
            (r#"guidance_wait_seconds_count{result="answered"}"#, 1.0),
            (r#"guidance_wait_seconds_sum{result="answered"}"#, 7.0),
            (r#"escalations_total{kind="operator"}"#, 1.0),
            (r#"events_total{type="forum.control.signal"}"#, 3.0),
        ],
    )
    .await;
}
