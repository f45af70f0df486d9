//! What the process says of itself.

mod memory;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use shared::auth::{LOCAL_PROJECT, LOCAL_TEAM};
use shared::clock::Clock;
use shared::store::Aggregate;
use shared::store::threads::Threads;
use shared::store::{commands, outbox};
use shared::transport::Transport;
use shared::value::Scope;
use tests::system::{Client, Setup, System, execute_on, question, rows_of};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

// HEALTH-1, HEALTH-3, HEALTH-4
#[tokio::test]
async fn health_has_its_shape_and_needs_no_key() {
    let system = System::stepped().await;
    system.opened(&question("Alive")).await;
    let anonymous = Client::new(&system.harness.url);
    assert_eq!(anonymous.get("/healthz").await.body, json!({ "status": "ok", "runtime": "agentforum" }));
    let health = anonymous.get("/api/v1/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(
        members(&health.body),
        ["boundaries", "forum_bus", "now", "outbox", "runtime", "started_at", "status", "worker"]
    );
    assert_eq!(health.body["forum_bus"], json!({ "healthy": true }));
    assert_eq!(health.number("/worker/processed_total"), 2);
    insta::assert_json_snapshot!(health.body);
}

// HEALTH-2, HEALTH-4
#[tokio::test]
async fn an_unreachable_transport_degrades_health_and_nothing_else() {
    let system = System::stepped().await;
    system.harness.ctx.transport.close().await;
    let health = system.owner.get("/api/v1/health").await;
    assert_eq!((health.status.as_u16(), health.text("/status")), (503, "degraded".to_owned()));
    assert_eq!(health.body["forum_bus"]["healthy"], false);
    assert!(!health.text("/forum_bus/error").is_empty());
    assert_eq!(health.text("/boundaries/queue_manager/status"), "errored");
    assert_eq!(system.owner.get("/healthz").await.status, 200);
    assert_eq!(system.owner.post(&format!("{THREADS}?wait=0"), &question("Kept")).await.status, 202);
}

// HEALTH-2
#[tokio::test]
async fn an_outbox_that_cannot_be_read_degrades_health_until_it_can() {
    let system = Setup::running().set("worker.interval", "50ms").start().await;
    execute_on(&system.database(), "ALTER TABLE outbox RENAME TO outbox_away").await;
    let health = system.owner.get("/api/v1/health").await;
    assert_eq!((health.status.as_u16(), health.text("/status")), (503, "degraded".to_owned()));
    assert!(health.text("/outbox/error").contains("outbox"), "{}", health.body);
    assert_eq!(health.body["forum_bus"]["healthy"], true);
    assert_eq!(system.owner.get("/healthz").await.status, 200);
    let errors = async || system.owner.get("/api/v1/health").await.number("/worker/consecutive_errors");
    let stopwatch = Clock::stopwatch();
    while errors().await < 2 {
        assert!(stopwatch.elapsed() < Duration::from_secs(10), "a failed step is not counted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    execute_on(&system.database(), "ALTER TABLE outbox_away RENAME TO outbox").await;
    assert_eq!(system.owner.get("/api/v1/health").await.status, 200, "at once");
    while errors().await > 0 {
        assert!(stopwatch.elapsed() < Duration::from_secs(10), "a good step does not end the count");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let health = system.owner.get("/api/v1/health").await;
    assert!(!health.text("/worker/last_error").is_empty() && !health.text("/worker/last_error_at").is_empty());
    system.assert_at_rest().await;
    system.stop().await;
}

// LIFECYCLE-11
#[tokio::test]
async fn the_drainers_first_step_is_taken_at_once() {
    let system = Setup::running().set("worker.interval", "1h").start().await;
    let stopwatch = Clock::stopwatch();
    while system.owner.get("/api/v1/health").await.body["worker"]["last_tick_at"].is_null() {
        assert!(stopwatch.elapsed() < Duration::from_secs(5), "no step was taken");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let worker = system.harness.ctx.worker.state();
    assert!(worker.running && worker.bus_healthy, "{worker:?}");
    system.stop().await;
}

// LIFECYCLE-7, LIFECYCLE-8, LIFECYCLE-12
#[tokio::test]
async fn an_orderly_end_gives_back_what_is_held_at_no_attempt() {
    let system = System::stepped().await;
    let command = system.owner.post(&format!("{THREADS}?wait=0"), &question("Held")).await.text("/command/command_id");
    let ctx = &system.harness.ctx;
    let lease = Duration::from_secs(60);
    let claimed = outbox::claim(&ctx.store, ctx.housekeeping("test"), lease, 10).await.expect("rows");
    assert_eq!(claimed.len(), 1);
    let scope = Scope { team_id: LOCAL_TEAM.to_owned(), project_id: LOCAL_PROJECT.to_owned() };
    let state = <Threads as Aggregate>::reads(&scope, "", "");
    let begun = commands::begin(&ctx.store, &scope, &command, lease, ctx.housekeeping("test"), state);
    begun.await.expect("the command");
    let held = "SELECT attempts, locked_until IS NOT NULL FROM commands UNION ALL
        SELECT attempts, locked_until IS NOT NULL FROM outbox";
    assert_eq!(system.rows(held).await, [[json!(1), json!(1)], [json!(1), json!(1)]]);
    ctx.transport.close().await;
    let database = system.database();
    let setup = system.stop().await;
    assert_eq!(rows_of(&database, held).await, [[json!(0), json!(0)], [json!(0), json!(0)]]);
    let system = setup.start().await;
    system.assert_at_rest().await;
    assert_eq!(system.number("SELECT attempts FROM commands").await, 1);
    system.stop().await;
}

// HEALTH-4, RECONCILE-6
#[tokio::test]
async fn readiness_comes_with_the_first_moment_at_rest_and_stays() {
    let system = System::stepped().await;
    system.owner.post(&format!("{THREADS}?wait=0"), &question("Waits")).await;
    let before = system.owner.get("/readyz").await;
    assert_eq!((before.status.as_u16(), &before.body["ready"]), (503, &json!(false)));
    let failing: Vec<_> = before.list("/checks").iter().filter(|check| check["ok"] == false).collect();
    assert_eq!(failing, [&json!({ "name": "caught_up", "ok": false, "detail": "1 commands, 1 outbox rows" })]);
    system.settle().await;
    assert_eq!(system.owner.get("/readyz").await.status, 200);
    system.owner.post(&format!("{THREADS}?wait=0"), &question("Later")).await;
    let after = system.owner.get("/readyz").await;
    assert_eq!(after.status, 200);
    let names: Vec<_> = after.list("/checks").iter().map(|check| check["name"].clone()).collect();
    assert_eq!(
        names,
        [
            "reconciliation",
            "caught_up",
            "projection react-nudges",
            "projection react-run-gates",
            "projection run-snapshots",
            "projection search",
            "projection thread-stats",
            "projection thread-views"
        ]
    );
    let nothing = json!({ "outbox": 0, "commands": 0, "events": 0, "replays": 0, "jobs": 0, "jobs_failed": 0 });
    assert_eq!(after.body["reconciled"], nothing);
}

// HEALTH-5
#[tokio::test]
async fn info_says_what_runs_and_what_is_not_configured_with_the_reason() {
    let system = System::stepped().await;
    assert_eq!(Client::new(&system.harness.url).get("/api/v1/info").await.status, 401);
    let info = system.owner.get("/api/v1/info").await;
    assert_eq!(info.text("/storage/database_id"), system.harness.ctx.store.database_id());
    for (name, boundary) in info.body["boundaries"].as_object().expect("boundaries") {
        let disabled = boundary["status"] == "disabled";
        assert_eq!(boundary.get("reason").is_some(), disabled, "{name} gives a reason if it is disabled");
    }
    let mut body = info.body.clone();
    body["storage"]["database_id"] = json!("[id]");
    body["storage"]["schema_version"] = json!("[version]");
    body["git_sha"] = json!("[sha]");
    body["version"] = json!("[version]");
    insta::assert_json_snapshot!(body);
}

/// `name{labels}` and value of each sample.
fn samples(text: &Value) -> Vec<(String, f64)> {
    let lines = text.as_str().expect("Prometheus text").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
        .collect()
}

// HEALTH: metrics table, HEALTH-9
#[tokio::test]
async fn metrics_count_what_happened_under_bounded_labels() {
    let system = System::running().await;
    let opened = system.owner.post(THREADS, &question("Counted")).await;
    let thread = opened.text("/thread/thread_id");
    system.owner.post(&format!("{THREADS}/{thread}/close"), &json!({})).await;
    system.owner.post(&format!("{THREADS}/{thread}/posts"), &json!({ "body": "late" })).await;
    system.owner.get("/no/such/path-4711").await;
    system.settle().await;
    let text = Client::new(&system.harness.url).get("/metrics").await;
    assert_eq!((text.status.as_u16(), text.header("content-type")), (200, "text/plain; version=0.0.4"));
    let samples = samples(&text.body);
    let value = |name: &str| {
        let full = format!("agentforum_{name}");
        let found = samples.iter().find(|(sample, _)| *sample == full);
        found.unwrap_or_else(|| panic!("{full} is missing")).1
    };
    for (name, expected) in [
        (r#"commands_total{name="open_thread",status="accepted"}"#, 1.0),
        (r#"commands_total{name="open_thread",status="applied"}"#, 1.0),
        (r#"commands_total{name="add_post",status="rejected"}"#, 1.0),
        (r#"events_total{type="forum.thread.opened"}"#, 1.0),
        (r#"events_total{type="forum.thread.closed"}"#, 1.0),
        (r#"events_total{type="forum.integration.docs_sync.requested"}"#, 1.0),
        (r#"http_requests_total{method="GET",route="unmatched",status="404"}"#, 1.0),
        (r#"http_requests_total{method="POST",route="/api/v1/forum/threads",status="201"}"#, 1.0),
        (r#"function_invocations_total{function="cmd-open-thread",outcome="done"}"#, 1.0),
        (r#"publish_total{result="ok",transport="memory"}"#, 6.0),
        (r#"transport_up{transport="memory"}"#, 1.0),
        (r#"projection_lag_events{projection="thread-views"}"#, 0.0),
        (r#"dead_letters{source="command"}"#, 0.0),
        (r#"outbox_rows{status="pending"}"#, 0.0),
        ("log_head_position", 3.0),
        ("commands_pending", 0.0),
        ("writer_refused_total", 0.0),
    ] {
        assert!((value(name) - expected).abs() < f64::EPSILON, "{name} is {}", value(name));
    }
    let named: BTreeSet<_> = samples.iter().filter_map(|(name, _)| name.split('{').next()).collect();
    for name in [
        "build_info",
        "http_request_duration_seconds_count",
        "command_processing_seconds_count",
        "command_lag_seconds",
        "outbox_oldest_pending_age_seconds",
        "publish_duration_seconds_count",
        "projection_lag_seconds",
        "function_duration_seconds_count",
        "leases_expired_total",
        "reconciled_total",
        "writer_batch_size_count",
        "writer_commit_seconds_count",
        "writer_queue_depth",
        "live_log_reads_total",
        "db_size_bytes",
        "db_wal_bytes",
    ] {
        assert!(named.contains(format!("agentforum_{name}").as_str()), "{name} is missing");
    }
    for (name, _) in &samples {
        for free in [thread.as_str(), "thr_", "cmd_", "T-1", "4711", "owner"] {
            assert!(!name.contains(free), "{name} carries {free}");
        }
    }
    system.stop().await;
}
