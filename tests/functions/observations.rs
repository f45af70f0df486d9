//! Observations of pull requests: one transaction each, events for what changed, and a session that ends with the last one.

use std::time::Duration;

use cmd_observe_pull_request::CmdObservePullRequest;
use serde_json::{Value, json};
use shared::message::command::{ObservePullRequest, ObservedCheck, ObservedComment, StartSession};
use shared::store::Guard;
use shared::store::pull_requests::PullRequests;
use shared::value::{Activity, CheckStatus, Mergeability, PrCi, PrReview, PrState};
use tests::fixture::{Fixture, over_every_store};
use tests::system::NOON;

use crate::gates::{commit, facts, state};
use crate::sessions::{begun, head, report, restore, working};

/// The pull request of these tests.
pub(crate) const PR: &str = "https://github.com/acme/shop/pull/1";
const OTHER: &str = "https://github.com/acme/shop/pull/2";

/// The pull request as it is seen open, and nothing more known of it.
pub(crate) fn seen(session: &str) -> ObservePullRequest {
    let (url, session_id) = (PR.to_owned(), session.to_owned());
    ObservePullRequest { url, session_id, fetched: true, state: Some(PrState::Open), ..ObservePullRequest::default() }
}

/// A check of a commit.
pub(crate) fn check(name: &str, commit: &str, status: CheckStatus) -> ObservedCheck {
    ObservedCheck { name: name.to_owned(), commit: commit.to_owned(), status, url: None, log_tail: None }
}

/// The pull request with one check of its newest commit.
pub(crate) fn built(session: &str, commit: &str, status: CheckStatus) -> ObservePullRequest {
    let head_sha = Some(commit.to_owned());
    ObservePullRequest { head_sha, checks: vec![check("build", commit, status)], ..seen(session) }
}

/// A comment that is not resolved.
pub(crate) fn comment(id: &str, body: &str) -> ObservedComment {
    let comment = json!({ "id": id, "author": "eve", "body": body });
    serde_json::from_value(comment).expect("a comment")
}

/// Stores an observation, and lets everything come to rest; answers with its command.
pub(crate) async fn observe(fixture: &Fixture, seen: ObservePullRequest) -> String {
    let command = fixture.accept(seen).await;
    fixture.settle().await;
    command
}

async fn types_of(fixture: &Fixture, command: &str) -> Vec<String> {
    fixture.texts(&format!("SELECT type FROM events WHERE causation_id = '{command}' ORDER BY pos")).await
}

async fn sessions(fixture: &Fixture) -> Value {
    json!(fixture.rows("SELECT state, termination_reason FROM sessions").await)
}

// PR-2, LOG-1, LOG-4
#[tokio::test]
async fn an_observation_whose_last_comment_fails_leaves_nothing() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let before = head(&fixture).await;
        let broken = "CREATE TRIGGER broken BEFORE INSERT ON pr_comments WHEN NEW.comment_id = '3'
            BEGIN SELECT RAISE(ABORT, 'broken'); END";
        fixture.execute(broken).await;
        let comments = Some(["1", "2", "3"].map(|id| comment(id, "no")).to_vec());
        let state = Some(PrState::Merged);
        let all = ObservePullRequest { state, comments, ..built(&session, "c1", CheckStatus::Passed) };
        observe(&fixture, all.clone()).await;
        for table in ["pull_requests", "pr_checks", "pr_comments", "notifications", "reactions"] {
            assert_eq!(fixture.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
        }
        assert_eq!(head(&fixture).await, before);
        assert_eq!(fixture.number("SELECT max(payload ->> 'pos') FROM outbox").await, before);
        assert_eq!(sessions(&fixture).await, json!([["working", null]]));
        assert_eq!(fixture.texts("SELECT error_class FROM dead_letters").await, ["database"]);
        fixture.execute("DROP TRIGGER broken").await;
        let command = observe(&fixture, all).await;
        let told = ["pr_created", "pr_check_recorded", "pr_comments_changed", "session_updated"];
        assert_eq!(types_of(&fixture, &command).await, told);
        assert_eq!(fixture.number("SELECT count(*) = max(pos) FROM events").await, 1);
    })
    .await;
}

// PR-4
#[tokio::test]
async fn only_a_change_of_state_ci_review_or_mergeability_updates_a_pull_request() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        observe(&fixture, seen(&session)).await;
        let before = head(&fixture).await;
        let (title, head_sha) = (Some("Retry".to_owned()), Some("c1".to_owned()));
        let (author, blockers) = (Some("ada".to_owned()), Some(vec!["a review".to_owned()]));
        let mut pr = ObservePullRequest { title, head_sha, author, blockers, additions: Some(1), ..seen(&session) };
        for version in [2, 2] {
            observe(&fixture, pr.clone()).await;
            let row = fixture.rows("SELECT version, title, head_sha, additions FROM pull_requests").await;
            assert_eq!((head(&fixture).await, json!(row)), (before, json!([[version, "Retry", "c1", 1]])));
        }
        let row = "SELECT state, ci, review, mergeability, head_sha, session_id FROM pull_requests";
        let mut expected = Vec::new();
        for changed in 0..4 {
            match changed {
                0 => pr.state = Some(PrState::Draft),
                1 => pr.ci = Some(PrCi::Pending),
                2 => pr.review = Some(PrReview::ReviewRequired),
                _ => pr.mergeability = Some(Mergeability::Blocked),
            }
            let command = observe(&fixture, pr.clone()).await;
            assert_eq!(types_of(&fixture, &command).await, ["pr_updated"], "{changed}");
            expected.extend(fixture.rows(row).await);
        }
        let told = "SELECT payload ->> 'state', payload ->> 'ci', payload ->> 'review', payload ->> 'mergeability',
            payload ->> 'head_sha', payload ->> 'session_id' FROM events WHERE type = 'pr_updated' ORDER BY pos";
        assert_eq!(fixture.rows(told).await, expected);
        assert_eq!(json!(expected[3]), json!(["draft", "pending", "review_required", "blocked", "c1", session]));
        let same = observe(&fixture, pr).await;
        assert_eq!(types_of(&fixture, &same).await, [""; 0]);
    })
    .await;
}

// PR-5, CMD-7
#[tokio::test]
async fn each_status_of_a_check_is_told_once_at_its_time() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        observe(&fixture, built(&session, "c1", CheckStatus::InProgress)).await;
        fixture.advance(Duration::from_secs(60));
        fixture.accept(built(&session, "c1", CheckStatus::Failed)).await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdObservePullRequest>().await;
        for _ in 0..2 {
            fixture.handle::<CmdObservePullRequest>(&deliveries).await;
        }
        observe(&fixture, built(&session, "c1", CheckStatus::Failed)).await;
        let mut logged = built(&session, "c1", CheckStatus::Failed);
        logged.checks[0].log_tail = Some("boom".to_owned());
        observe(&fixture, logged).await;
        observe(&fixture, built(&session, "c2", CheckStatus::Queued)).await;
        let told = format!(
            "SELECT payload ->> 'commit', payload ->> 'status', occurred_at - {NOON} FROM events
            WHERE type = 'pr_check_recorded' ORDER BY pos"
        );
        let expected = json!([["c1", "in_progress", 0], ["c1", "failed", 60_000], ["c2", "queued", 60_000]]);
        assert_eq!(json!(fixture.rows(&told).await), expected);
        let rows = fixture.rows("SELECT name, \"commit\", status, log_tail FROM pr_checks ORDER BY id").await;
        assert_eq!(json!(rows), json!([["build", "c1", "failed", "boom"], ["build", "c2", "queued", null]]));
    })
    .await;
}

/// How many comments are not resolved, as it is kept and as it is counted.
async fn unresolved(fixture: &Fixture) -> (i64, i64) {
    let kept = fixture.number("SELECT unresolved FROM pull_requests").await;
    (kept, fixture.number("SELECT count(*) FROM pr_comments WHERE resolved = 0").await)
}

// PR-6, PR-14
#[tokio::test]
async fn a_changed_set_of_comments_is_one_event_that_counts_what_changed() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let done = ObservedComment { resolved: true, ..comment("2", "how") };
        for (partial, comments, left) in [
            (false, Some(vec![comment("1", "why"), comment("2", "who")]), 2),
            (false, Some(vec![comment("2", "how"), comment("3", "what")]), 2),
            (false, Some(vec![done.clone(), comment("3", "what")]), 1),
            (false, Some(vec![comment("3", "what"), done]), 1),
            (false, None, 1),
            (true, Some(vec![comment("4", "when")]), 2),
            (false, Some(Vec::new()), 0),
        ] {
            observe(&fixture, ObservePullRequest { partial, comments, ..seen(&session) }).await;
            assert_eq!(unresolved(&fixture).await, (left, left));
        }
        let told = "SELECT payload ->> 'added', payload ->> 'removed', payload ->> 'edited', payload ->> 'unresolved'
            FROM events WHERE type = 'pr_comments_changed' ORDER BY pos";
        let expected = json!([[2, 0, 0, 2], [1, 1, 1, 2], [0, 0, 1, 1], [1, 0, 0, 2], [0, 3, 0, 0]]);
        assert_eq!(json!(fixture.rows(told).await), expected);
    })
    .await;
}

// PR-6
#[tokio::test]
async fn the_number_of_unresolved_comments_is_right_whatever_happens_to_them() {
    let fixture = Fixture::new().await;
    let session = working(&fixture).await;
    let stored = async || fixture.rows("SELECT comment_id, body, resolved FROM pr_comments ORDER BY comment_id").await;
    for round in 0..50 {
        let mut random = [0; 12];
        fixture.ctx.ids.fill(&mut random);
        let given = random.iter().enumerate().filter(|(_, byte)| **byte % 3 > 0);
        let comments = given.map(|(id, byte)| {
            let body = if byte & 32 > 0 { "left" } else { "right" };
            ObservedComment { resolved: byte & 16 > 0, ..comment(&id.to_string(), body) }
        });
        let (partial, comments) = (random[0] % 4 == 0, Some(comments.collect()));
        let before = stored().await;
        let command = fixture.accept(ObservePullRequest { partial, comments, ..seen(&session) }).await;
        fixture.settle_commands().await;
        let told = types_of(&fixture, &command).await;
        let told = told.iter().filter(|event_type| *event_type == "pr_comments_changed").count();
        assert_eq!(told, usize::from(stored().await != before), "round {round}");
        let (kept, counted) = unresolved(&fixture).await;
        assert_eq!(kept, counted, "round {round}");
    }
}

// PR-9, SESSION-12, SESSION-17
#[tokio::test]
async fn a_session_ends_with_the_last_of_its_pull_requests_if_one_is_merged_and_not_again() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let this = |state| ObservePullRequest { state: Some(state), ..seen(&session) };
        let other = |state| ObservePullRequest { url: OTHER.to_owned(), ..this(state) };
        observe(&fixture, other(PrState::Open)).await;
        observe(&fixture, this(PrState::Open)).await;
        let merged = observe(&fixture, this(PrState::Merged)).await;
        assert_eq!(types_of(&fixture, &merged).await, ["pr_updated"]);
        let closed = observe(&fixture, other(PrState::Closed)).await;
        assert_eq!(types_of(&fixture, &closed).await, ["pr_updated", "session_updated"]);
        assert_eq!(sessions(&fixture).await, json!([["terminated", "pr_merged"]]));
        restore(&fixture, &session).await;
        observe(&fixture, this(PrState::Merged)).await;
        observe(&fixture, ObservePullRequest { title: Some("Done".to_owned()), ..this(PrState::Merged) }).await;
        observe(&fixture, other(PrState::Closed)).await;
        assert_eq!(sessions(&fixture).await, json!([["not_started", null]]));
        assert_eq!(fixture.number("SELECT count(*) FROM notifications WHERE kind = 'pr_merged'").await, 1);
    })
    .await;
}

// PR-9
#[tokio::test]
async fn a_merge_that_was_decided_before_another_one_does_not_hold_after_it() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let this = |state| ObservePullRequest { state: Some(state), ..seen(&session) };
        let other = |state| ObservePullRequest { url: OTHER.to_owned(), ..this(state) };
        observe(&fixture, other(PrState::Open)).await;
        observe(&fixture, this(PrState::Open)).await;
        let command = fixture.accept(this(PrState::Merged)).await;
        let before = state::<PullRequests>(&fixture, OTHER, &command).await;
        let merged = other(PrState::Merged);
        let decided = cmd_observe_pull_request::decide(&before, &merged, &facts(&fixture)).expect("a known session");
        fixture.settle().await;
        assert_eq!(sessions(&fixture).await, json!([["working", null]]));
        assert_eq!(commit::<PullRequests>(&fixture, OTHER, before, &decided).await, Guard::DecidedOn);
        observe(&fixture, merged).await;
        assert_eq!(sessions(&fixture).await, json!([["terminated", "pr_merged"]]));
    })
    .await;
}

// PR-7, PR-8
#[tokio::test]
async fn a_pull_request_that_is_observed_under_another_session_moves_there_once() {
    over_every_store(async |fixture| {
        for ticket in ["T-1", "T-2"] {
            begun(&fixture, StartSession { ticket: Some(ticket.to_owned()), ..StartSession::default() }).await;
        }
        observe(&fixture, seen("default-1")).await;
        for _ in 0..2 {
            observe(&fixture, seen("default-2")).await;
        }
        observe(&fixture, built("default-2", "c1", CheckStatus::Skipped)).await;
        let told = "SELECT type, session_id, ticket, payload ->> 'from', payload ->> 'to' FROM events
            WHERE type GLOB 'pr_*' ORDER BY pos";
        let expected = json!([
            ["pr_created", "default-1", "T-1", null, null],
            ["pr_session_changed", "default-2", "T-2", "default-1", "default-2"],
            ["pr_check_recorded", "default-2", "T-2", null, null]
        ]);
        assert_eq!(json!(fixture.rows(told).await), expected);
    })
    .await;
}

// PR-1
#[tokio::test]
async fn the_database_refuses_what_no_pull_request_can_be() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        observe(&fixture, built(&session, "c1", CheckStatus::Queued)).await;
        report(&fixture, &session, Activity::WaitingInput).await;
        let words = "pull_requests.state pull_requests.review pull_requests.ci pull_requests.mergeability \
            pr_checks.status notifications.kind notifications.priority notifications.delivery";
        for (table, column) in words.split(' ').filter_map(|word| word.split_once('.')) {
            let refusal = fixture.refusal(&format!("UPDATE {table} SET {column} = 'odd'")).await;
            assert!(refusal.contains("CHECK constraint failed"), "{table}.{column}: {refusal}");
        }
    })
    .await;
}
