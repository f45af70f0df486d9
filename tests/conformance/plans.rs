//! How the statements behind runs and sessions find their rows: by the run, the session, the thread or the deadline, never
//! by reading a project. A database without statistics believes every index to be short, so this is looked at and not left
//! to hope.

use tests::fixture::Fixture;

/// The statements, and what each must reach its tables by.
const STATEMENTS: [(&str, &str, &[&str]); 9] = [
    (
        "read_run",
        include_str!("../../shared/src/store/sql/read_run.sql"),
        &["runs USING PRIMARY KEY (team_id=? AND project_id=? AND run_id=?)"],
    ),
    (
        "read_controls",
        include_str!("../../shared/src/store/sql/read_controls.sql"),
        &["control_threads USING PRIMARY KEY (team_id=? AND project_id=? AND run_id=?)"],
    ),
    (
        "read_control_threads_of_run",
        include_str!("../../shared/src/store/sql/read_control_threads_of_run.sql"),
        &[
            "c USING PRIMARY KEY (team_id=? AND project_id=? AND run_id=?)",
            "t USING PRIMARY KEY (team_id=? AND project_id=? AND thread_id=?)",
        ],
    ),
    (
        "find_guidance_request",
        include_str!("../../shared/src/store/sql/find_guidance_request.sql"),
        &["guidance_requests USING PRIMARY KEY (team_id=? AND project_id=? AND thread_id=? AND request_id=?)"],
    ),
    (
        "update_guidance_superseded",
        include_str!("../../shared/src/store/sql/update_guidance_superseded.sql"),
        &["guidance_requests USING PRIMARY KEY (team_id=? AND project_id=? AND thread_id=? AND request_id=?)"],
    ),
    (
        "count_threads_of_run",
        include_str!("../../shared/src/store/sql/count_threads_of_run.sql"),
        &["view USING INDEX thread_views_of_run (generation=? AND team_id=? AND project_id=? AND run_id=?)"],
    ),
    (
        "list_escalation_candidates",
        include_str!("../../shared/src/store/sql/list_escalation_candidates.sql"),
        &["view USING INDEX thread_views_of_run (generation=? AND team_id=? AND project_id=? AND run_id=?)"],
    ),
    (
        "list_run_snapshots_of_state",
        include_str!("../../shared/src/store/sql/list_run_snapshots_of_state.sql"),
        &[
            "view USING INDEX run_snapshots_by_state (generation=? AND team_id=? AND project_id=? AND state=? AND started_pos<?)",
        ],
    ),
    (
        "list_due_questions",
        include_str!("../../shared/src/store/sql/list_due_questions.sql"),
        &[
            "threads USING INDEX threads_with_deadline (deadline<?)",
            "threads USING INDEX threads_urgent",
            "threads USING INDEX threads_waiting (updated_at<?)",
        ],
    ),
];

/// The same for sessions, their pull requests, and what is said about them.
const OF_SESSIONS: [(&str, &str, &[&str]); 11] = [
    (
        "read_sessions",
        include_str!("../../shared/src/store/sql/read_sessions.sql"),
        &[
            "sessions USING INDEX sqlite_autoindex_sessions_1 (team_id=? AND project_id=? AND session_id=?)",
            "commands USING INDEX sqlite_autoindex_commands_1 (command_id=?)",
            "known USING INDEX sessions_by_external_id (team_id=? AND project_id=? AND external_session_id=?)",
        ],
    ),
    (
        "list_sessions",
        include_str!("../../shared/src/store/sql/list_sessions.sql"),
        &[
            "sessions USING INDEX sessions_newest (team_id=? AND project_id=? AND id<?)",
            "p USING INDEX pull_requests_of_session (team_id=? AND project_id=? AND session_id=?)",
        ],
    ),
    (
        "list_inbox_events",
        include_str!("../../shared/src/store/sql/list_inbox_events.sql"),
        &[
            "events USING INDEX sqlite_autoindex_events_2 (team_id=? AND project_id=? AND stream=?)",
            "threads USING COVERING INDEX threads_of_session (team_id=? AND project_id=? AND session_id=?)",
        ],
    ),
    (
        "read_observed_checks",
        include_str!("../../shared/src/store/sql/read_observed_checks.sql"),
        &[
            "pr_checks USING INDEX pr_checks_by_commit (team_id=? AND project_id=? AND url=? AND commit=?)",
            "c USING INDEX sqlite_autoindex_commands_1 (command_id=?)",
        ],
    ),
    (
        "list_pr_checks",
        include_str!("../../shared/src/store/sql/list_pr_checks.sql"),
        &["pr_checks USING INDEX pr_checks_of_pr (team_id=? AND project_id=? AND url=?)"],
    ),
    (
        "read_pull_requests",
        include_str!("../../shared/src/store/sql/read_pull_requests.sql"),
        &[
            "pull_requests USING INTEGER PRIMARY KEY (rowid=?)",
            "sqlite_autoindex_pull_requests_1 (team_id=? AND project_id=? AND url=?)",
            "pull_requests_of_session (team_id=? AND project_id=? AND session_id=?)",
        ],
    ),
    (
        "list_notifications",
        include_str!("../../shared/src/store/sql/list_notifications.sql"),
        &["notifications USING INDEX notifications_newest (team_id=? AND project_id=? AND id<?)"],
    ),
    (
        "list_overdue_reactions",
        include_str!("../../shared/src/store/sql/list_overdue_reactions.sql"),
        &[
            "INDEX reactions_with_clock (escalate_at<?)",
            "n USING INDEX notifications_unresolved (team_id=? AND project_id=? AND kind=? AND subject=?)",
        ],
    ),
    (
        "write_guard_of_news",
        include_str!("../../shared/src/store/sql/write_guard_of_news.sql"),
        &[
            "commands USING INDEX commands_waiting (team_id=? AND project_id=? AND stream=?)",
            "sessions USING INDEX sqlite_autoindex_sessions_1 (team_id=? AND project_id=? AND session_id=?)",
        ],
    ),
    (
        "list_threads_of_attention",
        include_str!("../../shared/src/store/sql/list_threads_of_attention.sql"),
        &[
            "threads USING PRIMARY KEY (team_id=? AND project_id=? AND thread_id=?)",
            "n USING INDEX notifications_unresolved (team_id=? AND project_id=? AND kind=? AND subject=?)",
        ],
    ),
    (
        "read_told_subjects",
        include_str!("../../shared/src/store/sql/read_told_subjects.sql"),
        &["told USING PRIMARY KEY (team_id=? AND project_id=? AND session_id=? AND key=? AND subject=?)"],
    ),
];

/// A short statement from the middle of its module.
fn literal(module: &'static str, start: &str) -> &'static str {
    module.split('"').find(|text| text.starts_with(start)).expect("the statement")
}

/// The plan of a statement, which must have all of these steps.
async fn plan(fixture: &Fixture, (name, sql, reaches): (&str, &str, &[&str])) -> Vec<String> {
    let plan = fixture.rows(&format!("EXPLAIN QUERY PLAN {sql}")).await;
    let plan: Vec<_> = plan.iter().filter_map(|row| row[3].as_str().map(str::to_owned)).collect();
    for reach in reaches {
        assert!(plan.iter().any(|step| step.ends_with(reach)), "{name}: no {reach} in {plan:#?}");
    }
    plan
}

#[tokio::test]
async fn statements_about_runs_read_the_run_and_not_the_project() {
    let fixture = Fixture::new().await;
    for statement in STATEMENTS {
        plan(&fixture, statement).await;
    }
}

#[tokio::test]
async fn statements_about_sessions_read_the_session_and_not_the_project() {
    let fixture = Fixture::new().await;
    let notifications = include_str!("../../shared/src/store/notifications/read.rs");
    let unresolved_of = literal(notifications, "SELECT kind, subject FROM notifications");
    let of_session: &[&str] =
        &["notifications USING INDEX notifications_of_session (team_id=? AND project_id=? AND session_id=?)"];
    for statement in OF_SESSIONS.into_iter().chain([("unresolved_of", unresolved_of, of_session)]) {
        // No table from end to end: only lists that were handed in, and values that come from no table.
        let allowed = |step: &str| step.contains(" VIRTUAL TABLE ") || step == "SCAN CONSTANT ROW";
        for step in plan(&fixture, statement).await {
            assert!(!step.starts_with("SCAN ") || allowed(&step), "{}: {step}", statement.0);
        }
    }
}
