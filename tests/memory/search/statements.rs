//! How the statements of a search find their rows: by words, by row or by session, never by reading a table.

use tests::fixture::Fixture;

/// The statements, and what each must reach its tables by.
const STATEMENTS: [(&str, &str, &[&str]); 15] = [
    (
        "find_observation_documents",
        include_str!("../../../shared/src/store/sql/find_observation_documents.sql"),
        &["observation_text VIRTUAL TABLE INDEX 192:M3><"],
    ),
    (
        "find_pull_request_documents",
        include_str!("../../../shared/src/store/sql/find_pull_request_documents.sql"),
        &["pull_request_text VIRTUAL TABLE INDEX 192:M3><"],
    ),
    (
        "list_observation_documents_among",
        include_str!("../../../shared/src/store/sql/list_observation_documents_among.sql"),
        &["document USING INTEGER PRIMARY KEY (rowid=?)", "observation_text VIRTUAL TABLE INDEX 0:=M3"],
    ),
    (
        "list_pull_request_documents_among",
        include_str!("../../../shared/src/store/sql/list_pull_request_documents_among.sql"),
        &["document USING INTEGER PRIMARY KEY (rowid=?)", "pull_request_text VIRTUAL TABLE INDEX 0:=M3"],
    ),
    (
        "list_search_documents_among_0",
        include_str!("../../../shared/src/store/sql/list_search_documents_among_0.sql"),
        &["document USING PRIMARY KEY (generation=? AND pos=?)", "view_search_text_0 VIRTUAL TABLE INDEX 0:=M3"],
    ),
    (
        "list_search_documents_among_1",
        include_str!("../../../shared/src/store/sql/list_search_documents_among_1.sql"),
        &["document USING PRIMARY KEY (generation=? AND pos=?)", "view_search_text_1 VIRTUAL TABLE INDEX 0:=M3"],
    ),
    (
        "read_matching_observations",
        include_str!("../../../shared/src/store/sql/read_matching_observations.sql"),
        &["document USING INTEGER PRIMARY KEY (rowid=?)"],
    ),
    (
        "read_matching_pull_requests",
        include_str!("../../../shared/src/store/sql/read_matching_pull_requests.sql"),
        &["document USING INTEGER PRIMARY KEY (rowid=?)"],
    ),
    (
        "read_matching_posts",
        include_str!("../../../shared/src/store/sql/read_matching_posts.sql"),
        &["document USING PRIMARY KEY (generation=? AND pos=?)"],
    ),
    (
        "list_observation_rows_of_session",
        include_str!("../../../shared/src/store/sql/list_observation_rows_of_session.sql"),
        &["INDEX observations_of_session (team_id=? AND project_id=? AND session_id=? AND id<?)"],
    ),
    (
        "list_pull_request_rows_of_session",
        include_str!("../../../shared/src/store/sql/list_pull_request_rows_of_session.sql"),
        &["pr USING INDEX pull_requests_of_session (team_id=? AND project_id=? AND session_id=?)"],
    ),
    (
        "list_post_rows_of_session",
        include_str!("../../../shared/src/store/sql/list_post_rows_of_session.sql"),
        &[
            "INDEX threads_of_session (team_id=? AND project_id=? AND session_id=?)",
            "INDEX sqlite_autoindex_events_2 (team_id=? AND project_id=? AND stream=?)",
        ],
    ),
    (
        "read_found_observations",
        include_str!("../../../shared/src/store/sql/read_found_observations.sql"),
        &["document USING INTEGER PRIMARY KEY (rowid=?)", "observation_text VIRTUAL TABLE INDEX 0:=M3"],
    ),
    (
        "read_found_pull_requests",
        include_str!("../../../shared/src/store/sql/read_found_pull_requests.sql"),
        &["document USING INTEGER PRIMARY KEY (rowid=?)", "pull_request_text VIRTUAL TABLE INDEX 0:=M3"],
    ),
    (
        "read_found_posts",
        include_str!("../../../shared/src/store/sql/read_found_posts.sql"),
        &[
            "document USING PRIMARY KEY (generation=? AND pos=?)",
            "post USING INDEX sqlite_autoindex_posts_1 (team_id=? AND project_id=? AND thread_id=? AND post_id=?)",
        ],
    ),
];

// MEMORY-24
#[tokio::test]
async fn a_search_reads_what_matches_and_not_the_project() {
    let fixture = Fixture::new().await;
    for (name, sql, reaches) in STATEMENTS {
        let rows = fixture.rows(&format!("EXPLAIN QUERY PLAN {sql}")).await;
        let plan: Vec<_> = rows.iter().filter_map(|row| row[3].as_str()).collect();
        for reach in reaches {
            assert!(plan.iter().any(|step| step.ends_with(reach)), "{name}: no {reach} in {plan:#?}");
        }
        // No table from end to end: only indexes of words, and lists that were handed in.
        let whole = plan.iter().find(|step| step.starts_with("SCAN ") && !step.contains(" VIRTUAL TABLE "));
        assert_eq!(whole, None, "{name}");
    }
}
