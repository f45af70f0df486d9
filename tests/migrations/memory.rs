//! Migration 6 over a fleet with a past: sessions, pull requests and dead letters stay as they are, and what is known of pull
//! requests is found by its words.

use std::path::Path;

use serde_json::json;
use shared::store::migrations::MIGRATIONS;
use tests::fixture::database_in;
use tests::system::rows_of;

use crate::{HISTORY, by_hand, open, recorded};

/// The version before memory.
const BEFORE: usize = 5;

/// A session with a pull request, a decided and an open dead letter, a key.
const ROWS: &[&str] = &[
    "INSERT INTO meta VALUES ('database_id', '0123456789abcdef0123456789abcdef')",
    "INSERT INTO teams VALUES ('red', 1)",
    "INSERT INTO projects VALUES ('fire', 'red', 'Fire', 1, NULL)",
    "UPDATE commit_context SET id_seed = '01900000-0000-7000-8000-000000000001', now = 3",
    "INSERT INTO sessions (team_id, project_id, session_id, kind, started_by, started_by_type, state, state_since, is_alive,
         progress_at, launched_at, created_at, updated_at, version)
     VALUES ('red', 'fire', 'fire-1', 'worker', 'ada', 'human', 'working', 1, 1, 1, 1, 1, 1, 1)",
    "INSERT INTO pull_requests (team_id, project_id, url, session_id, title, branch, author, state, state_since, review,
         review_since, reviews, ci, ci_since, mergeability, mergeability_since, blockers, observed_at, created_at, updated_at,
         version)
     VALUES ('red', 'fire', 'https://forge/1', 'fire-1', 'Cache the rates', 'cache', 'bob', 'open', 1, 'none', 1, '[]',
         'passing', 1, 'mergeable', 1, '[]', 1, 1, 2, 1),
         ('red', 'fire', 'https://forge/2', 'fire-1', NULL, NULL, NULL, 'merged', 1, 'approved', 1, '[]', 'unknown', 1,
         'unknown', 1, '[]', 1, 1, 1, 1)",
    "INSERT INTO dead_letters VALUES
         ('dl_1', 'red', 'fire', 'outbox', 'f', 't', 'msg_0', 'k', '{}', 'refused', 'no', 10, 1, 2, 'dead', NULL, NULL, NULL),
         ('dl_2', '', '', 'delivery', 'f', 't', 'msg_1', '', 'x', 'undecodable', 'no', 1, 1, 2, 'dropped', 3, 'human:ada', 'x')",
    "INSERT INTO api_keys VALUES ('key_1', 'red', 'fire', 'ci', 'hash', '[\"admin\"]', NULL, NULL, 'api', 1, NULL, NULL)",
];

/// What must stay as it is.
const KEPT: &[&str] = &[
    "SELECT * FROM dead_letters ORDER BY id",
    "SELECT * FROM sessions",
    "SELECT * FROM pull_requests ORDER BY id",
    "SELECT * FROM events ORDER BY pos",
    "SELECT * FROM outbox ORDER BY id",
    "SELECT key_id, name, secret_hash FROM api_keys",
];

async fn execute(database: &Path, sql: &str) -> Result<u64, libsql::Error> {
    let opened = libsql::Builder::new_local(database).build().await?;
    opened.connect()?.execute(sql, ()).await
}

// STORE-2, DEAD-1, MEMORY-24
#[tokio::test]
async fn a_fleet_of_version_five_keeps_its_rows_and_its_pull_requests_are_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = database_in(&directory);
    let steps: Vec<_> = MIGRATIONS[..BEFORE].iter().map(|step| format!("{}{}", step.sql, recorded(step))).collect();
    let steps = steps.concat();
    by_hand(&database, &format!("{HISTORY}; {steps} {};", ROWS.join(";\n"))).await;
    let mut before = Vec::new();
    for sql in KEPT {
        before.push(rows_of(&database, sql).await);
    }
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 2, 3, 3, 1]);

    let ctx = open(&directory).await.expect("it opens");
    ctx.store.close().await;
    for (sql, expected) in KEPT.iter().zip(before) {
        assert_eq!(rows_of(&database, sql).await, expected, "{sql}");
    }
    let found = "SELECT d.url, d.title FROM pull_request_text AS t JOIN pull_request_documents AS d ON d.id = t.rowid
        WHERE pull_request_text MATCH 'caching OR merged' ORDER BY d.id";
    let documents = json!([["https://forge/2", "https://forge/2"], ["https://forge/1", "Cache the rates"]]);
    assert_eq!(json!(rows_of(&database, found).await), documents, "the newest last");

    // What changes from now on is found, and still told.
    let renamed = "UPDATE pull_requests SET title = 'Keep the rates', ci = 'failing' WHERE url = 'https://forge/1'";
    assert_eq!(execute(&database, renamed).await.expect("it changes"), 1);
    let found = "SELECT count(*) FROM pull_request_text WHERE pull_request_text MATCH 'failing'";
    assert_eq!(json!(rows_of(&database, found).await), json!([[1]]));
    let newest = "SELECT type, session_id FROM events ORDER BY pos DESC LIMIT 1";
    assert_eq!(json!(rows_of(&database, newest).await), json!([["pr_updated", "fire-1"]]));
    for source in ["job", "odd"] {
        let letter = format!(
            "INSERT INTO dead_letters (id, team_id, project_id, source, function, topic, message_id, key, payload, error_class,
                error, attempts, first_failed_at, died_at)
            VALUES ('dl_{source}', 'red', 'fire', '{source}', 'f', 't', 'm', 'k', '{{}}', 'c', 'e', 1, 1, 1)"
        );
        assert_eq!(execute(&database, &letter).await.is_ok(), source == "job", "{source}");
    }
    assert_eq!(json!(rows_of(&database, "PRAGMA integrity_check").await), json!([["ok"]]));
}
