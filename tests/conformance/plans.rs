//! How the statements behind runs find their rows: by the run, the thread or the deadline, never by reading a project. A
//! database without statistics believes every index to be short, so this is looked at and not left to hope.

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

#[tokio::test]
async fn statements_about_runs_read_the_run_and_not_the_project() {
    let fixture = Fixture::new().await;
    for (name, sql, reaches) in STATEMENTS {
        let plan = fixture.rows(&format!("EXPLAIN QUERY PLAN {sql}")).await;
        let plan: Vec<_> = plan.iter().filter_map(|row| row[3].as_str()).collect();
        for reach in reaches {
            assert!(plan.iter().any(|step| step.ends_with(reach)), "{name}: no {reach} in {plan:#?}");
        }
    }
}
