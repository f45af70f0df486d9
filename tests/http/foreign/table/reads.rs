//! The endpoints that change nothing.

use serde_json::json;

use super::{Row, Way};

const STREAM: &str = "it does not end: a test beside this table listens to it";
const SOCKET: &str = "tests/live speaks its protocol: a_foreign_tenants_events_show_in_no_stream";
const PROBES: &str = "whoever runs the machine asks without a key; it knows counts of the whole system alone";
const INTERFACE: &str = "it describes the interface, which is the same for everybody";
const PROCESS: &str = "it tells of the process and of what it is configured with";

/// All of them.
pub(super) fn rows() -> Vec<Row> {
    [forum(), sessions(), memory(), administration(), nobodys()].into_iter().flatten().collect()
}

fn forum() -> Vec<Row> {
    vec![
        Row::list("GET /api/v1/forum/threads"),
        Row::list("GET /api/v1/forum/threads").query("run_id={run_id}"),
        Row::list("GET /api/v1/forum/threads").query("session_id={session_id}"),
        Row::list("GET /api/v1/forum/threads").query("ticket=RUN-1"),
        Row::list("GET /api/v1/forum/queues").query("type=unanswered"),
        Row::list("GET /api/v1/forum/queues").query("type=unseen&viewer_type=human&viewer_id=ivy"),
        Row::list("GET /api/v1/forum/search").query("query=zebrafish"),
        Row::list("GET /api/v1/forum/stats"),
        Row::list("GET /api/v1/forum/stats").query("run_id={run_id}"),
        Row::list("GET /api/v1/forum/events"),
        Row::list("GET /api/v1/forum/events").query("types=*"),
        Row::list("GET /api/v1/forum/events").query("types=*&thread_id={thread_id}"),
        Row::list("GET /api/v1/forum/events").query("types=*&run_id={run_id}"),
        Row::thing("GET /api/v1/forum/threads/{thread_id}"),
        Row::new("GET /api/v1/stream", Way::Elsewhere(STREAM)),
        Row::new("GET /api/v1/forum/stream", Way::Elsewhere(SOCKET)),
        Row::thing("GET /api/v1/commands/{command_id}"),
    ]
}

fn sessions() -> Vec<Row> {
    vec![
        Row::list("GET /api/v1/runs"),
        Row::list("GET /api/v1/runs").query("ticket=RUN-1"),
        Row::thing("GET /api/v1/runs/{run_id}"),
        Row::thing("GET /api/v1/runs/{run_id}/snapshot"),
        Row::list("GET /api/v1/sessions"),
        Row::list("GET /api/v1/sessions").query("run_id={run_id}"),
        Row::thing("GET /api/v1/sessions/{session_id}"),
        Row::thing("GET /api/v1/sessions/{session_id}/prs"),
        Row::thing("GET /api/v1/sessions/{session_id}/inbox"),
        Row::list("GET /api/v1/pull-requests"),
        Row::list("GET /api/v1/pull-requests").query("session_id={session_id}"),
        Row::list("GET /api/v1/pull-requests").query("url={url}"),
        Row::list("GET /api/v1/notifications"),
        Row::list("GET /api/v1/notifications").query("session_id={session_id}"),
    ]
}

fn memory() -> Vec<Row> {
    vec![
        Row::list("POST /api/v1/search").body(json!({ "query": "zebrafish" })),
        Row::list("POST /api/v1/search").body(json!({ "query": "zebrafish", "session_id": "{session_id}" })),
        Row::list("POST /api/v1/context").body(json!({ "query": "zebrafish" })),
        Row::list("POST /api/v1/context").body(json!({ "query": "zebrafish", "session_id": "{session_id}" })),
        Row::thing("GET /api/v1/agent-events/{agent_event_id}"),
        Row::thing("GET /api/v1/agent-events/{agent_event_id}/observations"),
        Row::thing("GET /api/v1/observations/{observation_id}"),
        Row::list("GET /api/v1/jobs"),
        Row::list("GET /api/v1/jobs").query("include=payload"),
        Row::thing("GET /api/v1/jobs/{job_id}"),
        Row::thing("GET /api/v1/jobs/{job_id}").query("include=payload"),
        Row::thing("GET /api/v1/teams/{team_id}/jobs"),
        Row::list("GET /api/v1/teams/{team_id}/jobs").at("/api/v1/teams/{own_team_id}/jobs"),
        Row::thing("GET /api/v1/projects/{project_id}/jobs"),
        Row::list("GET /api/v1/lanes"),
    ]
}

fn administration() -> Vec<Row> {
    vec![
        Row::list("GET /api/v1/projects"),
        Row::list("GET /api/v1/projects").query("archived=true"),
        Row::list("GET /api/v1/keys"),
        Row::list("GET /api/v1/audit"),
        Row::list("GET /api/v1/audit").query("actor=zebrafish"),
        Row::list("GET /api/v1/dead-letters"),
        Row::list("GET /api/v1/dead-letters").query("group=error"),
        Row::thing("GET /api/v1/dead-letters/{id}"),
        Row::list("GET /api/v1/forum/debug"),
    ]
}

fn nobodys() -> Vec<Row> {
    vec![
        Row::nobodys("GET /healthz", PROBES),
        Row::nobodys("GET /readyz", PROBES),
        Row::nobodys("GET /metrics", PROBES),
        Row::nobodys("GET /api/v1/health", PROBES),
        Row::nobodys("GET /api/v1/info", PROCESS),
        Row::nobodys("GET /api/v1/projections", "each read model is one for all tenants"),
        Row::nobodys("GET /openapi.json", INTERFACE),
        Row::nobodys("GET /docs", INTERFACE),
        Row::nobodys("GET /login", "the token in its query says whose login it is").query("token=none"),
    ]
}
