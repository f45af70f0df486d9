//! The log: numbered without gaps, append-only, one outbox row per event, each in its own tenant.

use shared::clock::Time;
use shared::message::event::LogEvent;
use shared::store::{Commit, CommitError, Durability, Guard, Statement, events, tenants};
use shared::value::Scope;
use tests::fixture::{Fixture, over_every_store, tenant};
use tests::system::NOON;

async fn log_of(fixture: &Fixture) -> Vec<LogEvent> {
    fixture.ctx.store.read(|reader| events::read_all(reader, 0, 10_000)).await.expect("the log")
}

/// SQL that inserts an event by hand; `columns` overrides nothing, it says position, id and version.
fn insert(verb: &str, pos: &str, event_id: &str, version: i64) -> String {
    insert_of(verb, pos, event_id, version, ("local", "default"))
}

fn insert_of(verb: &str, pos: &str, event_id: &str, version: i64, (team, project): (&str, &str)) -> String {
    format!(
        "{verb} INTO events (pos, event_id, stream, version, type, team_id, project_id, actor_type, actor_name,
             correlation_id, occurred_at, recorded_at, payload)
         VALUES ({pos}, '{event_id}', 'thread/a', {version}, 'forum.post.added', '{team}', '{project}', 'agent', 'ada',
             'ev_a', 1, 1, '{{}}')"
    )
}

// LOG-1
#[tokio::test]
async fn positions_have_no_gap_over_rollbacks_and_conflicts() {
    over_every_store(async |fixture| {
        for version in 1..=5 {
            fixture.append("thread/a", version).await.expect("the next version");
            let conflict = fixture.append("thread/a", version).await;
            assert!(matches!(conflict, Err(CommitError::Guard(Guard::StreamVersion))), "{conflict:?}");
            // The event is inserted, then the whole commit is taken back.
            let rolled_back = fixture.appending("thread/b", 1).then(Statement::changed_one_row(Guard::Unguarded));
            let rolled_back = rolled_back.then(Statement::new("INSERT INTO guard (holds) VALUES (0)", Vec::new()));
            assert!(fixture.ctx.store.commit(rolled_back).await.is_err());
        }
        let seen: Vec<_> = log_of(&fixture).await.iter().map(|event| (event.pos, event.version)).collect();
        assert_eq!(seen, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
        assert_eq!(*fixture.ctx.store.head().borrow(), 5);
    })
    .await;
}

// LOG-4
#[tokio::test]
async fn a_commit_taken_back_leaves_no_event_and_no_outbox_row() {
    over_every_store(async |fixture| {
        let taken_back = fixture.appending("thread/a", 1).then(fixture.event("thread/a", 1).append());
        let refused = fixture.ctx.store.commit(taken_back).await;
        assert!(matches!(refused, Err(CommitError::Guard(Guard::StreamVersion))), "{refused:?}");
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
        assert_eq!(fixture.number("SELECT count(*) FROM outbox").await, 0);
    })
    .await;
}

// LOG-3
#[tokio::test]
async fn the_database_refuses_to_change_or_replace_an_event() {
    over_every_store(async |fixture| {
        fixture.append("thread/a", 1).await.expect("an event");
        fixture.append("thread/a", 2).await.expect("an event");
        let before = fixture.rows("SELECT * FROM events ORDER BY pos").await;
        let first = fixture.texts("SELECT event_id FROM events ORDER BY pos").await.swap_remove(0);
        for (statement, why) in [
            ("UPDATE events SET payload = '{}' WHERE pos = 1".to_owned(), "append-only"),
            ("UPDATE events SET pos = 9 WHERE pos = 2".to_owned(), "append-only"),
            ("DELETE FROM events WHERE pos = 2".to_owned(), "append-only"),
            ("DELETE FROM events".to_owned(), "append-only"),
            (insert("INSERT OR REPLACE", "1", "ev_new", 3), "without gaps"),
            (insert("INSERT OR REPLACE", "NULL", &first, 3), "append-only"),
            (insert("INSERT OR REPLACE", "NULL", "ev_new", 2), "append-only"),
            (insert("INSERT", "2", "ev_new", 3), "without gaps"),
            (insert("INSERT", "NULL", &first, 3), "append-only"),
            (insert("INSERT OR IGNORE", "NULL", &first, 3), "append-only"),
            (insert("INSERT", "NULL", "ev_new", 2), "append-only"),
            (insert("INSERT", "4", "ev_new", 3), "without gaps"),
            (insert("INSERT", "0", "ev_new", 3), "without gaps"),
            (insert("INSERT", "-7", "ev_new", 3), "without gaps"),
        ] {
            let refusal = fixture.refusal(&statement).await;
            assert!(refusal.contains(why), "{statement}: {refusal}");
        }
        assert_eq!(fixture.rows("SELECT * FROM events ORDER BY pos").await, before);
        fixture.append("thread/a", 3).await.expect("the log goes on");
        assert_eq!(fixture.number("SELECT max(pos) FROM events").await, 3);
    })
    .await;
}

// OUTBOX-1, OUTBOX-2
#[tokio::test]
async fn an_event_inserted_by_hand_makes_exactly_one_outbox_row() {
    over_every_store(async |fixture| {
        fixture.execute(&insert("INSERT", "NULL", "ev_by-hand", 1)).await;
        let rows = fixture.rows("SELECT message_id, topic, key, payload, status, attempts FROM outbox").await;
        let expected = serde_json::json!([[
            "msg_by-hand",
            "forum.events.post.added",
            "local/default/thread/a",
            "{\"pos\":1}",
            "pending",
            0
        ]]);
        assert_eq!(serde_json::json!(rows), expected);
    })
    .await;
}

// OUTBOX-2
#[tokio::test]
async fn an_outbox_row_needs_its_message_id_topic_and_payload() {
    let fixture = Fixture::new().await;
    let row = |message_id: &str, topic: &str, payload: &str| {
        format!(
            "INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
             VALUES ({message_id}, 'local', 'default', {topic}, 'k', {payload}, 0, 0)"
        )
    };
    for (message_id, topic, payload, column) in [
        ("NULL", "'t'", "'{}'", "message_id"),
        ("''", "'t'", "'{}'", "message_id"),
        ("'m'", "NULL", "'{}'", "topic"),
        ("'m'", "''", "'{}'", "topic"),
        ("'m'", "'t'", "NULL", "payload"),
        ("'m'", "'t'", "''", "payload"),
        ("'m'", "'t'", "'no json'", "payload"),
    ] {
        let refusal = fixture.refusal(&row(message_id, topic, payload)).await;
        assert!(refusal.contains(column), "{message_id} {topic} {payload}: {refusal}");
    }
    fixture.execute(&row("'m'", "'t'", "'{}'")).await;
    let again = fixture.refusal(&row("'m'", "'t'", "'{}'")).await;
    assert!(again.contains("UNIQUE"), "{again}");
    assert_eq!(fixture.number("SELECT count(*) FROM outbox").await, 1);
}

// STORE-6
#[tokio::test]
async fn the_database_refuses_a_project_of_another_team() {
    over_every_store(async |fixture| {
        let other = Scope { team_id: "other".to_owned(), project_id: "elsewhere".to_owned() };
        let commit = Commit::new(Durability::Full, fixture.context()).then_all(tenants::ensure(&other));
        fixture.ctx.store.commit(commit).await.expect("another tenant");
        for scope in [("other", "default"), ("local", "elsewhere"), ("nobody", "default"), ("local", "nothing")] {
            let refusal = fixture.refusal(&insert_of("INSERT", "NULL", "ev_x", 1, scope)).await;
            assert!(refusal.contains("FOREIGN KEY"), "{scope:?}: {refusal}");
        }
        // The store says so too, and a project cannot be claimed a second time.
        let mut event = fixture.event("thread/a", 1);
        event.scope = Scope { team_id: other.team_id.clone(), ..tenant() };
        let commit = Commit::new(Durability::Full, fixture.context()).then(event.append());
        assert!(fixture.ctx.store.commit(commit).await.is_err());
        let stolen = Scope { team_id: other.team_id, ..tenant() };
        let commit = Commit::new(Durability::Full, fixture.context()).then_all(tenants::ensure(&stolen));
        fixture.ctx.store.commit(commit).await.expect("nothing happens");
        let owner = fixture.ctx.store.read(|reader| tenants::team_of(reader, "default")).await.expect("a team");
        assert_eq!(owner.as_deref(), Some("local"));
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
    })
    .await;
}

// STORE-7
#[tokio::test]
async fn streams_of_the_same_name_in_two_tenants_do_not_meet() {
    over_every_store(async |fixture| {
        let other = Scope { team_id: "other".to_owned(), project_id: "elsewhere".to_owned() };
        let mut event = fixture.event("thread/a", 1);
        event.scope = other.clone();
        let commit =
            Commit::new(Durability::Full, fixture.context()).then_all(tenants::ensure(&other)).then(event.append());
        fixture.ctx.store.commit(commit).await.expect("an event of another tenant");
        fixture.append("thread/a", 1).await.expect("the same stream and version here");
        assert_eq!(fixture.number("SELECT count(*) FROM events WHERE stream = 'thread/a' AND version = 1").await, 2);
    })
    .await;
}

// STORE-11
#[tokio::test]
async fn recorded_at_never_decreases_when_the_clock_goes_back() {
    over_every_store(async |fixture| {
        for (version, time) in [(1, NOON), (2, NOON - 3_600_000), (3, NOON - 1), (4, NOON + 5)] {
            fixture.set_clock(Time(time));
            fixture.append("thread/a", version).await.expect("an event");
        }
        let times: Vec<_> = log_of(&fixture).await.iter().map(|event| event.recorded_at.0 - NOON).collect();
        assert_eq!(times, [0, 0, 0, 5]);
    })
    .await;
}
