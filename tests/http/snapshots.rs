//! The one typed document of a run, and the operator that decides from it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::runs::{RUNS, proved, run_of, signalled, started, state_of};
use tests::system::{KeyOf, Setup, System, question};
use tests::world::World;

const SESSIONS: &str = "/api/v1/sessions";

async fn snapshot(system: &System, run: &str) -> Value {
    system.settle().await;
    let answer = system.owner.get(&format!("{RUNS}/{run}/snapshot")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// A session of an agent in a run that has reported that it works; its id.
async fn at_work(system: &System, run: &str, agent: &str) -> String {
    let session =
        system.apply(SESSIONS, &json!({ "run_id": run, "agent_name": agent })).await.text("/session/session_id");
    let report = json!({ "activity": "active" });
    assert_eq!(system.apply(&format!("{SESSIONS}/{session}/activity"), &report).await.status, 200);
    session
}

async fn interval(system: &System, run: &str, execute: bool) -> Value {
    let answer = system.owner.post(&format!("{RUNS}/{run}/operator"), &json!({ "execute": execute })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    system.settle().await;
    answer.body
}

// RUN-15, RUN-16, RUN-17
#[tokio::test]
async fn a_snapshot_says_what_is_waited_for_what_that_costs_and_what_comes_next() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada", "bob"], "bootstrap")).await;
    let mut asked = question("Slow?");
    asked["run_id"] = json!(run);
    asked["actor_type"] = json!("agent");
    asked["actor_name"] = json!("bob");
    let calm = system.opened(&asked).await;
    asked["title"] = json!("Fire?");
    asked["priority"] = json!("urgent");
    let urgent = system.opened(&asked).await;
    let request = json!({ "question": "Which?", "options": ["a", "b"], "default": "a" });
    let control = signalled(&system, &run, "ada", "guidance_request", request).await.text("/thread/thread_id");
    system.advance(Duration::from_secs(90));
    signalled(&system, &run, "eve", "guidance_request", json!({ "question": "May I?" })).await;
    system.advance(Duration::from_secs(30));

    let seen = snapshot(&system, &run).await;
    let mut members: Vec<_> = seen.as_object().expect("a document").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members.join(" "),
        "agents as_of_pos blockers counters escalation_candidates gates hints run unhealthy_agents \
         unresolved_guidance waiting"
    );
    assert_eq!(seen["as_of_pos"], system.settled().await.head);
    assert_eq!(seen["run"]["state"], "awaiting_guidance");
    assert_eq!(seen["waiting"], json!({ "blocked_agents": 2, "blocked_agent_seconds": 150, "longest_seconds": 120 }));
    let open: Vec<_> = seen["unresolved_guidance"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|open| (open["agent_name"].clone(), open["question"].clone(), open["waiting_seconds"].clone()))
        .collect();
    assert_eq!(json!(open), json!([["ada", "Which?", 120], ["eve", "May I?", 30]]));
    assert_eq!(
        (&seen["unresolved_guidance"][0]["thread_id"], &seen["unresolved_guidance"][0]["default"]),
        (&json!(control), &json!("a"))
    );
    let candidates: Vec<_> =
        seen["escalation_candidates"].as_array().expect("a list").iter().map(|it| it["thread_id"].clone()).collect();
    assert_eq!(json!(candidates), json!([urgent]));
    assert_eq!(
        seen["counters"],
        json!({ "open": 4, "unseen": 4, "unanswered": 4, "waiting_operator": 0, "waiting_human": 2 })
    );
    let ada = &seen["agents"][0];
    assert_eq!(
        (&ada["name"], &ada["guidance"], &ada["completion"], &ada["validation"]),
        (&json!("ada"), &json!("pending"), &json!(false), &Value::Null)
    );
    assert_eq!(
        (&ada["status"], &ada["health"], &ada["session_id"]),
        (&json!("pending"), &json!("unknown"), &Value::Null)
    );
    assert!(ada["last_activity_at"].is_string());
    assert!(seen["agents"][1]["last_activity_at"].is_string(), "bob spoke in threads that are not his control thread");
    assert_eq!(seen["blockers"].as_array().map(Vec::len), Some(2));
    let shut = seen["gates"].as_array().expect("gates").iter().filter(|gate| gate["ok"] == false).count();
    assert_eq!(shut, 8, "two questions, three proofs each of two agents");
    assert!(seen["hints"][0].as_str().is_some_and(|hint| hint.contains(&control)), "{}", seen["hints"]);
    // Half an hour without a touch makes the calm one a candidate too.
    system.advance(Duration::from_secs(30 * 60));
    let later = snapshot(&system, &run).await;
    assert_eq!(later["escalation_candidates"][1]["thread_id"], json!(calm));
    // A viewer that has seen one thread has three left.
    system
        .owner
        .post(&format!("/api/v1/forum/threads/{calm}/seen"), &json!({ "viewer_type": "human", "viewer_id": "maria" }))
        .await;
    let hers = system.owner.get(&format!("{RUNS}/{run}/snapshot?viewer_type=human&viewer_id=maria")).await;
    assert_eq!(hers.body["counters"]["unseen"], 3);
}

// RUN-15
#[tokio::test]
async fn a_completed_run_has_open_gates_and_says_how_to_close_it() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "bootstrap")).await;
    signalled(&system, &run, "ada", "validation", json!({ "status": "failed", "done_criteria": "all tests pass" }))
        .await;
    assert_eq!(snapshot(&system, &run).await["blockers"][0]["kind"], "validation_failed");
    proved(&system, &run, "ada").await;
    let seen = snapshot(&system, &run).await;
    assert!(seen["gates"].as_array().expect("gates").iter().all(|gate| gate["ok"] == true), "{}", seen["gates"]);
    assert_eq!(seen["blockers"], json!([]));
    assert!(seen["hints"][0].as_str().is_some_and(|hint| hint.contains("run close")));
    assert_eq!(seen["waiting"], json!({ "blocked_agents": 0, "blocked_agent_seconds": 0, "longest_seconds": 0 }));
}

// RUN-6, RUN-7, RUN-8, RUN-15
#[tokio::test]
async fn a_snapshot_says_what_agents_do_whether_they_live_and_what_came_of_their_work() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada", "cyd"], "standard")).await;
    let ada = at_work(&system, &run, "ada").await;
    let bob = at_work(&system, &run, "bob").await;
    for (number, state) in [(1, "closed"), (2, "draft")] {
        let url = format!("https://github.com/acme/shop/pull/{number}");
        let seen = json!({ "url": url, "session_id": ada, "fetched": true, "state": state });
        assert_eq!(system.apply("/api/v1/pull-requests/observations", &seen).await.status, 200);
    }
    let shown = async || {
        let seen = snapshot(&system, &run).await;
        let agents = seen["agents"].as_array().expect("agents").iter();
        let agents: Vec<_> =
            agents.map(|it| json!([it["name"], it["session_id"], it["status"], it["health"]])).collect();
        (json!(agents), seen)
    };
    let (agents, seen) = shown().await;
    assert_eq!(
        agents,
        json!([
            ["ada", ada, "running", "healthy"],
            ["bob", bob, "running", "healthy"],
            ["cyd", null, "pending", "unknown"]
        ]),
        "bob joined by starting a session"
    );
    assert_eq!(seen["run"]["agents"], json!(["ada", "bob", "cyd"]));
    let first = &seen["agents"][0];
    let [closed, draft] = [1, 2].map(|number| format!("https://github.com/acme/shop/pull/{number}"));
    assert_eq!((&first["prs"], &first["draft_prs"]), (&json!([draft, closed]), &json!([draft])));
    assert!(first["last_activity_at"].is_string(), "what a session reports is activity");
    assert_eq!((&first["workspace_dirty"], &first["probe"]), (&Value::Null, &Value::Null));
    assert_eq!(first["undelivered_comments"], false);
    // Silence, and an end.
    system.advance(Duration::from_secs(300));
    let (agents, seen) = shown().await;
    assert_eq!((&agents[0][3], &seen["unhealthy_agents"]), (&json!("idle"), &json!([])));
    let end = json!({ "outcome": "launch_failed", "reason": "gone" });
    assert_eq!(system.apply(&format!("{SESSIONS}/{bob}/end"), &end).await.status, 200);
    system.advance(Duration::from_secs(600));
    let (agents, seen) = shown().await;
    assert_eq!(
        agents,
        json!([
            ["ada", ada, "running", "stalled"],
            ["bob", bob, "failed", "dead"],
            ["cyd", null, "pending", "unknown"]
        ])
    );
    assert_eq!(seen["unhealthy_agents"], json!(["ada", "bob"]));
    assert_eq!(
        (&seen["run"]["state"], &seen["run"]["reason"]),
        (&json!("failed"), &json!("the session of bob failed"))
    );
    let detail = format!("{bob} ended as error_in_process: gone");
    let blocker = json!({ "kind": "agent_failed", "agent_name": "bob", "session_id": bob, "detail": detail });
    assert_eq!(seen["blockers"], json!([blocker]));
    assert!(seen["hints"][0].as_str().is_some_and(|hint| hint.ends_with(&format!("session restore {bob}"))));
}

// RUN-18, RUN-20, RUN-21
#[tokio::test]
async fn an_operator_decides_from_the_snapshot_and_acts_only_when_told_to() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let calm = interval(&system, &run, true).await;
    assert_eq!(
        (&calm["intent"], &calm["reason"], &calm["executed"]),
        (&json!("noop"), &json!("healthy"), &json!(false))
    );
    signalled(&system, &run, "ada", "guidance_request", json!({ "question": "Which?" })).await;
    let head = system.settle().await;
    for _ in 0..2 {
        let told = interval(&system, &run, false).await;
        assert_eq!(
            (&told["intent"], &told["agent_name"], &told["executed"]),
            (&json!("escalate_guidance"), &json!("ada"), &json!(false))
        );
    }
    assert_eq!(system.settle().await, head, "deciding changes nothing");
    for _ in 0..2 {
        assert_eq!(interval(&system, &run, true).await["executed"], true);
    }
    let asked = "SELECT payload ->> 'why' FROM events WHERE type = 'forum.sla.escalation_requested'";
    assert_eq!(system.rows(asked).await, [[json!("operator")]], "and acting twice asks for attention once");
    let foreign = system.client(KeyOf { team: "other", project: Some("elsewhere"), ..KeyOf::default() }).await;
    let refused = foreign.post(&format!("{RUNS}/{run}/operator"), &json!({})).await;
    assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
}

// RUN-20
#[tokio::test]
async fn what_intervals_counted_survives_a_restart() {
    let setup = Setup::stepped();
    let system = setup.start().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    system
        .execute(&format!(
            "INSERT INTO operator_states SELECT team_id, project_id, run_id, 1, 2, {}, 0 FROM runs",
            system.now().0
        ))
        .await;
    let system = system.stop().await.start().await;
    signalled(&system, &run, "ada", "guidance_request", json!({ "question": "Which?" })).await;
    let told = interval(&system, &run, true).await;
    // Nobody is unhealthy in this interval: the confirmations start over, what was used stays used.
    assert_eq!((told["counters"]["confirmations"].clone(), told["counters"]["restarts"].clone()), (json!(0), json!(2)));
    assert!(told["counters"]["last_restart_at"].is_string());
}

// HTTP-5, HTTP-7, RUN-6
#[tokio::test]
async fn runs_are_listed_newest_first_by_state_and_ticket_in_pages() {
    let system = System::stepped().await;
    let mut runs = Vec::new();
    for number in 0..5 {
        let body = json!({ "tickets": [format!("T-{}", number % 2), "T-9"], "until": if number == 3 { "created" } else { "running" } });
        runs.push(started(&system, &body).await);
    }
    let ids = |body: &Value| {
        body["items"].as_array().expect("items").iter().map(|run| run["run_id"].clone()).collect::<Vec<_>>()
    };
    let all = system.owner.get(RUNS).await;
    assert_eq!(json!(ids(&all.body)), json!(runs.iter().rev().collect::<Vec<_>>()));
    let some = system.owner.get(&format!("{RUNS}?ticket=T-1")).await;
    assert_eq!(json!(ids(&some.body)), json!([runs[3], runs[1]]));
    let two = system.owner.get(&format!("{RUNS}?state=created,running&limit=2")).await;
    assert_eq!(json!(ids(&two.body)), json!([runs[4], runs[3]]));
    let next = two.text("/next_cursor");
    let next = system.owner.get(&format!("{RUNS}?state=created,running&limit=2&cursor={next}")).await;
    assert_eq!(json!(ids(&next.body)), json!([runs[2], runs[1]]));
    let refused = system.owner.get(&format!("{RUNS}?state=dreaming")).await;
    assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
    let foreign = system.client(KeyOf { team: "other", project: Some("elsewhere"), ..KeyOf::default() }).await;
    assert_eq!(foreign.get(RUNS).await.list("/items").len(), 0);
    assert_eq!(state_of(&system, &runs[3]).await, "created");
}
