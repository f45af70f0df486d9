//! A database of version 1 with rows in every table, opened by the present program, keeps them.

use std::path::Path;

use serde_json::{Value, json};
use shared::store::migrations::MIGRATIONS;
use tests::fixture::database_in;
use tests::system::rows_of;

use crate::{HISTORY, by_hand, open, recorded};

/// One row and more for every table of version 1, in the order in which they refer to each other.
const ROWS: &[&str] = &[
    "INSERT INTO meta VALUES ('database_id', '0123456789abcdef0123456789abcdef')",
    "INSERT INTO teams VALUES ('red', 1), ('blue', 2)",
    "INSERT INTO projects VALUES ('fire', 'red', 'Fire', 1, NULL), ('sea', 'blue', 'Sea', 2, 3)",
    "UPDATE commit_context SET actor_name = 'kept', now = 99",
    "INSERT INTO events (event_id, stream, version, type, team_id, project_id, actor_type, actor_name, correlation_id,
         occurred_at, recorded_at, payload)
     VALUES ('ev_1', 'thread/thr_1', 1, 'forum.thread.opened', 'red', 'fire', 'human', 'ada', 'ev_1', 1, 1, '{\"a\":1}'),
            ('ev_2', 'thread/thr_1', 2, 'forum.post.added', 'red', 'fire', 'agent', 'bob', 'ev_2', 2, 2, '{}')",
    "INSERT INTO commands (command_id, team_id, project_id, name, stream, payload, actor, actor_type, actor_name,
         idempotency_key, request_hash, request_id, correlation_id, accepted_at)
     VALUES ('cmd_9', 'red', 'fire', 'add_post', 'thread/thr_1', '{}', 'human:ada', 'human', 'ada', 'k', 'h', 'r', 'ev_2', 5)",
    "INSERT INTO threads VALUES ('red', 'fire', 'thr_1', 'question', 'T-1', NULL, NULL, NULL, 'Title', 'new', 'normal',
         NULL, 'ada', 'human', '[]', NULL, NULL, 'wait', 'pending', NULL, 1, 2, NULL, 2)",
    "INSERT INTO posts VALUES (1, 'pst_1', 'red', 'fire', 'thr_1', 'message', 'human', 'ada', 'Body', NULL, 1)",
    "UPDATE projection_checkpoints SET pos = 2, updated_at = 7 WHERE projection = 'thread-views'",
    "INSERT INTO view_thread_views (generation, team_id, project_id, thread_id, kind, ticket, title, state, priority,
         priority_rank, opened_by, opened_by_type, posts_count, last_post_at, last_post_by, last_event_pos,
         last_actor_type, options, opened_at, updated_at)
     VALUES (1, 'red', 'fire', 'thr_1', 'question', 'T-1', 'Title', 'new', 'normal', 1, 'ada', 'human', 2, 2, 'bob', 2,
         'agent', '[]', 1, 2)",
    "INSERT INTO dead_letters VALUES ('dl_1', 'red', 'fire', 'outbox', 'f', 't', 'msg_0', 'k', '{}', 'refused', 'no', 10,
         1, 2, 'dead')",
    "INSERT INTO api_keys VALUES ('key_1', 'red', 'fire', 'ci', 'hash', '[\"admin\"]', NULL, NULL, 'api', 1, NULL, NULL)",
    "INSERT INTO login_tokens VALUES ('token', 'red', 9, NULL)",
    "INSERT INTO audit VALUES (1, 'red', 'fire', 1, 'human', 'ada', NULL, 'key.create', 'key_1', 'req_1', 'ok')",
];

/// Every table and its columns.
async fn tables(database: &Path) -> Vec<(String, String)> {
    let listed = "SELECT t.name, group_concat('\"' || c.name || '\"') FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND t.name NOT GLOB 'sqlite_*' AND t.name <> 'migrations' GROUP BY t.name ORDER BY t.name";
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    rows_of(database, listed).await.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

/// All rows of a table, as far as these columns go.
async fn rows(database: &Path, (table, columns): &(String, String)) -> Vec<Vec<Value>> {
    rows_of(database, &format!("SELECT {columns} FROM {table} ORDER BY 1, 2")).await
}

// STORE-2
#[tokio::test]
async fn a_database_of_version_one_keeps_every_row_of_every_table() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = database_in(&directory);
    let data = ROWS.join(";\n");
    by_hand(&database, &format!("{HISTORY}; {} {} {data};", MIGRATIONS[0].sql, recorded(&MIGRATIONS[0]))).await;
    let mut before = Vec::new();
    for table in tables(&database).await {
        let rows = rows(&database, &table).await;
        assert!(!rows.is_empty(), "{} has no row in the data of this test", table.0);
        before.push((table, rows));
    }
    let ctx = open(&directory).await.expect("it opens");
    assert_eq!(*ctx.store.head().borrow(), 2);
    assert_eq!(ctx.store.epoch(), "01234567");
    ctx.store.close().await;
    for (table, expected) in before {
        let mut found = rows(&database, &table).await;
        // Later versions add further projections.
        found.retain(|row| table.0 != "projection_checkpoints" || expected.contains(row));
        assert_eq!(found, expected, "{}", table.0);
    }
    // A question asks with its first post; what happened before the reaction came is none of its business.
    let asked = rows_of(&database, "SELECT request_id, asked_at, guidance_status FROM threads").await;
    assert_eq!(json!(asked), json!([["pst_1", 1, "pending"]]));
    let reaction = "SELECT pos FROM projection_checkpoints WHERE projection = 'react-run-gates'";
    assert_eq!(rows_of(&database, reaction).await, [[json!(2)]]);
    let outbox = rows_of(&database, "SELECT message_id, status FROM outbox ORDER BY id").await;
    assert_eq!(json!(outbox), json!([["msg_1", "pending"], ["msg_2", "pending"], ["msg_9", "pending"]]));
}
