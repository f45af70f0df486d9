//! The endpoints that change something. By whoever is at home they are called in this order.

use serde_json::{Value, json};

use super::{Row, Way};

const SIGNED: &str = "a signature stands for the key: a test beside this table signs for another project";

/// All of them; what takes no more things comes last.
pub(super) fn rows() -> Vec<Row> {
    [own(), things(), threads(), runs(), sessions(), memory(), operations(), keys(), projects()]
        .into_iter()
        .flatten()
        .collect()
}

/// What an agent did.
fn event(mut with: Value) -> Value {
    with["event_type"] = json!("note");
    with["occurred_at"] = json!("2026-01-31T11:58:00Z");
    with["payload"] = json!({ "text": "Something happened." });
    with
}

/// What strangers may make, though they call it as others call theirs.
fn own() -> Vec<Row> {
    let place = json!({ "title": "Mine", "body": "Mine?", "ticket": "RUN-1", "run_id": "{run_id}",
        "session_id": "{session_id}", "agent_name": "ada" });
    let run = json!({ "tickets": ["RUN-1"], "title": "Mine", "agents": ["ada"] });
    let named = event(json!({ "source_event_id": "e-1" }));
    vec![
        Row::own("POST /api/v1/forum/threads").claiming(place),
        Row::own("POST /api/v1/runs").claiming(run),
        Row::own("POST /api/v1/sessions").claiming(json!({ "external_session_id": "ext-1" })),
        Row::own("POST /api/v1/agent-events").claiming(named),
        Row::own("POST /api/v1/agent-events/batch").claiming(json!({ "events": [event(json!({}))] })),
    ]
}

/// Beginnings that are about a foreign thing.
fn things() -> Vec<Row> {
    let in_session = || event(json!({ "session_id": "{session_id}" }));
    let of_project = event(json!({ "project_id": "{project_id}" }));
    let seen = json!({ "url": "{url}", "session_id": "{session_id}", "fetched": true, "state": "merged" });
    let probed = json!({ "session_id": "{session_id}", "runtime": "alive", "process": "alive" });
    vec![
        Row::thing("POST /api/v1/sessions").claiming(json!({ "run_id": "{run_id}", "agent_name": "eve" })),
        Row::thing("POST /api/v1/sessions").claiming(json!({ "restore_session_id": "{session_id}" })),
        Row::thing("POST /api/v1/agent-events").claiming(in_session()),
        Row::thing("POST /api/v1/agent-events/batch").claiming(json!({ "events": [in_session()] })),
        Row::thing("POST /api/v1/agent-events/batch").body(json!({ "events": [of_project] })),
        Row::thing("POST /api/v1/pull-requests/observations").claiming(seen),
        Row::thing("POST /api/v1/probe-passes").claiming(json!({ "reports": [probed] })),
    ]
}

fn threads() -> Vec<Row> {
    let viewer = json!({ "viewer_type": "human", "viewer_id": "eve" });
    vec![
        Row::thing("POST /api/v1/forum/threads/{thread_id}/seen").claiming(viewer),
        Row::thing("POST /api/v1/forum/threads/{thread_id}/posts").claiming(json!({ "body": "mine" })),
        Row::thing("POST /api/v1/forum/threads/{thread_id}/assign").claiming(json!({ "assignee": "eve" })),
        Row::thing("POST /api/v1/forum/threads/{thread_id}/priority").claiming(json!({ "priority": "urgent" })),
        Row::thing("POST /api/v1/forum/threads/{thread_id}/state").claiming(json!({ "state": "triaged" })),
        Row::thing("POST /api/v1/forum/threads/{thread_id}/answer").claiming(json!({ "body": "mine" })),
        Row::thing("POST /api/v1/forum/threads/{thread_id}/close").claiming(json!({})),
    ]
}

fn runs() -> Vec<Row> {
    let completion = json!({ "schema_version": 1, "type": "completion", "run_id": "{run_id}", "agent_name": "ada" });
    let signal = json!({ "run_id": "{run_id}", "agent_name": "ada", "payload": completion });
    vec![
        Row::thing("POST /api/v1/forum/control/signal").claiming(signal),
        Row::thing("POST /api/v1/runs/{run_id}/operator").body(json!({ "execute": true })),
        Row::thing("POST /api/v1/runs/{run_id}/state").claiming(json!({ "state": "paused" })),
        Row::thing("POST /api/v1/runs/{run_id}/close").claiming(json!({})),
    ]
}

fn sessions() -> Vec<Row> {
    let probed = json!({ "runtime": "alive", "process": "alive" });
    vec![
        Row::thing("POST /api/v1/sessions/{session_id}/activity").claiming(json!({ "activity": "active" })),
        Row::thing("POST /api/v1/sessions/{session_id}/runtime").claiming(probed),
        Row::thing("POST /api/v1/sessions/{session_id}/messages").claiming(json!({ "body": "mine" })),
        Row::thing("POST /api/v1/sessions/{session_id}/inbox/ack").body(json!({ "pos": 0 })),
        Row::thing("POST /api/v1/sessions/{session_id}/end").claiming(json!({})),
        Row::thing("POST /api/v1/sessions/{session_id}/restore").claiming(json!({})),
        Row::thing("POST /api/v1/sessions/{session_id}/kill").claiming(json!({})),
        Row::thing("POST /api/v1/notifications/{notification_id}/read"),
    ]
}

fn memory() -> Vec<Row> {
    vec![
        Row::thing("POST /api/v1/jobs/{job_id}/cancel").claiming(json!({})),
        Row::thing("POST /api/v1/jobs/{job_id}/retry").claiming(json!({})),
        Row::thing("POST /api/v1/reindex").claiming(json!({ "observation_id": "{observation_id}" })),
        Row::thing("POST /api/v1/reindex").claiming(json!({ "session_id": "{session_id}" })),
        Row::thing("POST /api/v1/lanes/{kind}/resume").query("project_id={project_id}"),
        Row::thing("POST /api/v1/lanes/{kind}/resume").body(json!({ "project_id": "{project_id}" })),
        Row::thing("POST /api/v1/lanes/{kind}/pause").body(json!({ "project_id": "{project_id}" })),
        Row::thing("POST /api/v1/lanes/{kind}/pause").query("project_id={project_id}"),
    ]
}

fn operations() -> Vec<Row> {
    vec![
        Row::thing("POST /api/v1/dead-letters/{id}/drop").body(json!({ "reason": "mine" })),
        Row::thing("POST /api/v1/dead-letters/{id}/redrive").body(json!({ "reason": "mine" })),
        Row::nobodys("POST /api/v1/projections/{name}/replay", "each read model is one for all tenants")
            .body(json!({ "stop": true })),
        Row::new("POST /api/v1/webhooks/github/{project_id}", Way::Elsewhere(SIGNED)),
    ]
}

fn keys() -> Vec<Row> {
    let key = json!({ "name": "mine", "scopes": ["admin"], "project_id": "{project_id}" });
    vec![
        Row::thing("POST /api/v1/keys").body(key),
        Row::thing("POST /api/v1/keys/{key_id}/rotate").at("/api/v1/keys/{spare_key_id}/rotate"),
        Row::thing("DELETE /api/v1/keys/{key_id}"),
        Row::new("POST /api/v1/login-links", Way::Refused(&["scope_denied"])),
        Row::nobodys("POST /logout", "it ends the login that it is sent with, and a key is none"),
    ]
}

fn projects() -> Vec<Row> {
    let taken = json!({ "name": "Mine", "id": "{project_id}" });
    vec![
        // An id is one project's in the whole database, so that it is taken is no secret.
        Row::new("POST /api/v1/projects", Way::Refused(&["already_exists", "project_denied"])).body(taken),
        Row::thing("POST /api/v1/projects/{project_id}/webhook-secret"),
        Row::thing("POST /api/v1/projects/{project_id}/archive"),
    ]
}
