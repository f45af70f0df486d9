//! Migration 5 over a forum with a past: what was said and what happened stays as it is, and nudges find their place.

use std::path::Path;

use serde_json::json;
use shared::store::migrations::MIGRATIONS;
use tests::fixture::database_in;
use tests::system::rows_of;

use crate::{HISTORY, by_hand, open, recorded};

/// The version before sessions.
const BEFORE: usize = 4;

/// A run with a control thread, and posts of every kind there was.
const ROWS: &[&str] = &[
    "INSERT INTO meta VALUES ('database_id', '0123456789abcdef0123456789abcdef')",
    "INSERT INTO teams VALUES ('red', 1)",
    "INSERT INTO projects VALUES ('fire', 'red', 'Fire', 1, NULL)",
    "INSERT INTO runs VALUES ('red', 'fire', 'run_1', 'Ship', '[\"T-1\"]', 'standard', 'running', NULL, 'ada', 'human', 1, 1, 1)",
    "INSERT INTO events (event_id, stream, version, type, team_id, project_id, run_id, actor_type, actor_name,
         correlation_id, occurred_at, recorded_at, payload)
     VALUES ('ev_1', 'run/run_1', 1, 'run.state.changed', 'red', 'fire', 'run_1', 'human', 'ada', 'ev_1', 1, 1, '{\"to\":\"created\"}'),
            ('ev_2', 'thread/ctl_1', 1, 'forum.thread.opened', 'red', 'fire', 'run_1', 'agent', 'bob', 'ev_2', 2, 2, '{}'),
            ('ev_3', 'thread/ctl_1', 2, 'forum.control.signal', 'red', 'fire', 'run_1', 'agent', 'bob', 'ev_3', 3, 4, '{\"a\":1}')",
    "INSERT INTO threads (team_id, project_id, thread_id, kind, ticket, run_id, agent_name, title, state, priority,
         opened_by, opened_by_type, options, on_timeout, opened_at, updated_at, version)
     VALUES ('red', 'fire', 'ctl_1', 'control', 'T-1', 'run_1', 'bob', 'Control', 'triaged', 'normal', 'bob', 'agent', '[]',
         'wait', 2, 4, 2)",
    "INSERT INTO control_threads (team_id, project_id, run_id, agent_name, thread_id, completion_pos)
     VALUES ('red', 'fire', 'run_1', 'bob', 'ctl_1', 3)",
    "INSERT INTO posts (id, post_id, team_id, project_id, thread_id, kind, actor_type, actor_name, body, option, created_at)
     VALUES (1, 'pst_1', 'red', 'fire', 'ctl_1', 'message', 'agent', 'bob', 'Signals', NULL, 2),
            (2, 'pst_2', 'red', 'fire', 'ctl_1', 'guidance_request', 'agent', 'bob', 'Which?', NULL, 3),
            (5, 'pst_3', 'red', 'fire', 'ctl_1', 'guidance_answer', 'human', 'ada', 'This', 'this', 3),
            (6, 'pst_4', 'red', 'fire', 'ctl_1', 'completion', 'agent', 'bob', 'Done', NULL, 3),
            (7, 'pst_5', 'red', 'fire', 'ctl_1', 'validation', 'human', 'ada', 'Good', NULL, 4)",
    "UPDATE outbox SET status = 'sent', sent_at = 9 WHERE id = 1",
    "UPDATE projection_checkpoints SET pos = 2, updated_at = 7 WHERE projection = 'react-run-gates'",
];

/// What must stay as it is, column by column where columns move.
const KEPT: &[&str] = &[
    "SELECT id, post_id, thread_id, kind, actor_type, actor_name, body, option, created_at FROM posts ORDER BY id",
    "SELECT * FROM events ORDER BY pos",
    "SELECT * FROM outbox ORDER BY id",
    "SELECT * FROM threads",
    "SELECT * FROM control_threads",
    "SELECT * FROM runs",
    "SELECT * FROM projection_checkpoints WHERE projection <> 'react-nudges' ORDER BY projection",
];

/// Adds a post of a kind; how many rows that made.
async fn post(database: &Path, kind: &str) -> Result<u64, libsql::Error> {
    let opened = libsql::Builder::new_local(database).build().await?;
    let sql = format!(
        "INSERT INTO posts (post_id, team_id, project_id, thread_id, kind, actor_type, actor_name, body, created_at)
        VALUES ('pst_{kind}', 'red', 'fire', 'ctl_1', '{kind}', 'system', 'react-nudges', 'CI failed', 9)"
    );
    opened.connect()?.execute(&sql, ()).await
}

// STORE-2, LOG-3, REACT-1
#[tokio::test]
async fn a_forum_of_version_four_keeps_its_posts_and_events_and_takes_nudges() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = database_in(&directory);
    let steps: Vec<_> = MIGRATIONS[..BEFORE].iter().map(|step| format!("{}{}", step.sql, recorded(step))).collect();
    let steps = steps.concat();
    by_hand(&database, &format!("{HISTORY}; {steps} {};", ROWS.join(";\n"))).await;
    assert!(post(&database, "nudge").await.is_err(), "there was no such kind");
    let mut before = Vec::new();
    for sql in KEPT {
        before.push(rows_of(&database, sql).await);
    }
    assert_eq!(before[0].len(), 5);

    let ctx = open(&directory).await.expect("it opens");
    assert_eq!(*ctx.store.head().borrow(), 3);
    ctx.store.close().await;
    for (sql, expected) in KEPT.iter().zip(before) {
        assert_eq!(rows_of(&database, sql).await, expected, "{sql}");
    }
    // What happened before the reaction came is none of its business.
    let reaction = "SELECT generation, pos, state, error FROM projection_checkpoints WHERE projection = 'react-nudges'";
    assert_eq!(json!(rows_of(&database, reaction).await), json!([[1, 3, "live", null]]));
    for table in ["sessions", "pull_requests", "reactions", "notifications", "dead_letters"] {
        let count = rows_of(&database, &format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(count, [[json!(0)]], "{table}");
    }
    assert_eq!(post(&database, "nudge").await.expect("a nudge is a post"), 1);
    for wrong in ["odd", "", "Nudge"] {
        let error = post(&database, wrong).await.expect_err("no such kind").to_string();
        assert!(error.contains("CHECK constraint failed"), "{wrong}: {error}");
    }
    let newest = "SELECT id, kind FROM posts WHERE thread_id = 'ctl_1' ORDER BY id DESC LIMIT 1";
    assert_eq!(json!(rows_of(&database, newest).await), json!([[8, "nudge"]]));
    let whole = rows_of(&database, "PRAGMA integrity_check").await;
    assert_eq!(json!(whole), json!([["ok"]]));
}
