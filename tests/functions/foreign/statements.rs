//! The statements of operators and readers, with the right id under the wrong tenant.

use serde_json::json;
use shared::message::command::{AddPost, IngestAgentEvents};
use shared::store::dead_letters::{self, Reach, StoredLetter};
use shared::store::jobs::{self, JobRow};
use shared::store::sessions::inbox;
use shared::store::{Commit, CommitError, Durability, Statement, keys, notifications, tenants};
use shared::value::{KeyScope, Scope};
use tests::fixture::Fixture;
use tests::system::{KeyOf, key_for};

use super::{Kept, Things, accept, assert_unchanged, furnished, kept, one, scope, strangers};

/// What operators and readers decide about.
struct Decided {
    job: JobRow,
    letter: StoredLetter,
    key: String,
    notification: String,
}

/// A job that waits, a post that was given up, a key, and something that people are told.
async fn decided(fixture: &Fixture, things: &Things) -> Decided {
    let event = json!({ "event_type": "note", "occurred_at": "2026-01-31T11:59:00Z", "payload": 1 });
    accept::<IngestAgentEvents>(fixture, &one(), json!({ "events": [event], "alone": true })).await;
    fixture.settle_commands().await;
    accept::<AddPost>(fixture, &one(), json!({ "thread_id": things.thread, "body": "lost" })).await;
    fixture.execute("UPDATE commands SET payload = '{\"body\":7}' WHERE status = 'accepted'").await;
    fixture.settle_commands().await;
    let scopes = &[KeyScope::ForumRead];
    key_for(&fixture.ctx, KeyOf { team: "crew", project: Some("one"), scopes, ..KeyOf::default() }).await;
    let id = async |sql: &str| fixture.texts(sql).await.remove(0);
    let (job, letter) = (id("SELECT job_id FROM jobs").await, id("SELECT id FROM dead_letters").await);
    let reach = Reach { team_id: "crew".to_owned(), project_id: Some("one".to_owned()), nobodys: false };
    let (job, letter) = fixture
        .ctx
        .store
        .read(move |reader| {
            let job = jobs::find(reader, ("crew", Some("one")), &job)?;
            Ok((job, dead_letters::find(reader, &reach, &letter)?))
        })
        .await
        .expect("a read");
    Decided {
        job: job.expect("a job"),
        letter: letter.expect("a dead letter"),
        key: id("SELECT key_id FROM api_keys").await,
        notification: id("SELECT notification_id FROM notifications WHERE read_at IS NULL").await,
    }
}

/// Everything that can be decided about these, as if they were this tenant's.
fn decisions(of: &Decided, session: &str, scope: &Scope) -> Vec<Vec<Statement>> {
    let Scope { team_id, project_id } = scope.clone();
    let job = JobRow { scope: scope.clone(), ..of.job.clone() };
    let letter = StoredLetter { team_id, project_id, ..of.letter.clone() };
    vec![
        letter.redrive(Some("mine")),
        letter.drop_for("mine"),
        jobs::cancel(&job).to_vec(),
        jobs::retry(&job, 3, true).to_vec(),
        keys::revoke(&scope.team_id, Some(&scope.project_id), &of.key).to_vec(),
        vec![notifications::mark_read(scope, &of.notification)],
        vec![inbox::acknowledge(scope, session, 1)],
        tenants::archive(scope).to_vec(),
    ]
}

/// Commits what is decided, each by itself; what each of it changed of the project `one`.
async fn commit(fixture: &Fixture, decisions: Vec<Vec<Statement>>) -> Vec<(Kept, Kept)> {
    let mut changes = Vec::new();
    for statements in decisions {
        let before = kept(fixture).await;
        let commit = Commit::new(Durability::Full, fixture.ctx.authoring("test")).then_all(statements);
        let committed = fixture.ctx.store.commit(commit).await;
        assert!(!matches!(committed, Err(CommitError::Store(_))), "{committed:?}");
        changes.push((before, kept(fixture).await));
    }
    changes
}

// AUTH-5
#[tokio::test]
async fn the_right_id_under_the_wrong_tenant_changes_nothing() {
    let (fixture, things) = furnished().await;
    let decided = decided(&fixture, &things).await;
    for stranger in strangers().into_iter().chain([scope("rivals", "one")]) {
        for (before, after) in commit(&fixture, decisions(&decided, &things.session, &stranger)).await {
            assert_unchanged(&before, &after);
        }
    }
    let own = commit(&fixture, decisions(&decided, &things.session, &one())).await;
    let changed: Vec<_> = own.iter().map(|(before, after)| before != after).collect();
    // What was redriven is not dropped.
    assert_eq!(changed, [true, false, true, true, true, true, true, true]);
}
