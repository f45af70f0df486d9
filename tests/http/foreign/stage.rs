//! Two teams: `crew` with the projects `one` and `two`, `rivals` with the project `far`. In `one` there is something of
//! everything.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::id::Kind;
use shared::value::KeyScope;
use tests::runs::{RUNS, SIGNAL, run_of, signal_of};
use tests::sessions::{OBSERVATIONS, PR, SESSIONS, check, seen};
use tests::system::{Answer, Client, KeyOf, Setup, System, answer};
use tests::tenants::{Kept, kept};
use tests::world::World;

use super::ids::Ids;

/// A word that only the project `one` has.
pub(super) const MARK: &str = "zebrafish";
const EVENTS: &str = "/api/v1/agent-events";
const KEYS: &str = "/api/v1/keys";
const THREADS: &str = "/api/v1/forum/threads";
const SCOPES: &[KeyScope] =
    &[KeyScope::ForumRead, KeyScope::ForumWrite, KeyScope::MemoriesRead, KeyScope::MemoriesWrite, KeyScope::Admin];

/// Somebody with a key of every scope.
pub(super) struct Caller {
    /// Who asks with it.
    pub(super) client: Client,
    /// Its team.
    pub(super) team: &'static str,
    /// The project that they work in.
    pub(super) home: &'static str,
    /// The team that they ask for.
    pub(super) asks_for: &'static str,
    /// Tenants out of reach, as bodies name them.
    pub(super) claims: &'static [(&'static str, &'static str)],
}

/// The system, who asks, and what for.
pub(super) struct Stage {
    /// The system, which moves only when it is told to.
    pub(super) system: System,
    /// The project `one` itself.
    pub(super) one: Caller,
    /// The whole team `rivals`, and the project `two` of the same team.
    pub(super) strangers: [Caller; 2],
    /// The things of `one`.
    pub(super) theirs: Ids,
    /// Ids of the same forms that nothing has.
    pub(super) unknown: Ids,
}

/// Sends a request; of a command it answers what became of that.
pub(super) async fn send(system: &System, client: &Client, call: (&Method, &str), body: &Value) -> Answer {
    let key = system.harness.ctx.ids.next(Kind::Request);
    let request = || {
        let request = client.request(call.0.clone(), call.1).header("idempotency-key", &key);
        let request = request.header("prefer", "respond-async");
        if body.is_null() { request } else { request.json(body) }
    };
    let accepted = answered(system, request()).await;
    if accepted.status != 202 {
        return accepted;
    }
    system.settle().await;
    answered(system, request()).await
}

/// The answer to a request; what it waits for happens meanwhile.
async fn answered(system: &System, request: RequestBuilder) -> Answer {
    let mut sent = std::pin::pin!(answer(request));
    loop {
        let mut bell = system.harness.ctx.store.outbox_bell();
        tokio::select! {
            answer = &mut sent => return answer,
            _ = bell.changed() => { system.settle().await; }
        }
    }
}

impl Stage {
    /// Sets it.
    pub(super) async fn set() -> Self {
        let system = Setup::stepped().set("live.heartbeat", "100ms").start().await;
        let client = async |name: &'static str, team: &'static str, project: Option<&'static str>| {
            system.client(KeyOf { name, team, project, scopes: SCOPES, ..KeyOf::default() }).await
        };
        let one = Caller {
            client: client(MARK, "crew", Some("one")).await,
            team: "crew",
            home: "one",
            asks_for: "crew",
            claims: &[("project_id", "two"), ("project_id", "far"), ("team_id", "rivals")],
        };
        let two = Caller {
            client: client("two", "crew", Some("two")).await,
            team: "crew",
            home: "two",
            asks_for: "rivals",
            claims: &[("project_id", "one"), ("project_id", "far"), ("team_id", "rivals")],
        };
        // Makes the project.
        client("far", "rivals", Some("far")).await;
        let rivals = Caller {
            client: client("rivals", "rivals", None).await,
            team: "rivals",
            home: "far",
            asks_for: "crew",
            claims: &[("project_id", "one"), ("project_id", "two"), ("team_id", "crew")],
        };
        let theirs = furnished(&system, &one.client).await;
        Self { system, one, strangers: [rivals, two], theirs, unknown: unknown() }
    }

    /// The strangers, and who is at home.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &Caller> {
        self.strangers.iter().chain([&self.one])
    }

    /// All rows of the project `one`, and those of its team as a whole. The trail says who asked, and may grow.
    pub(super) async fn kept(&self) -> Kept {
        kept(async |sql| self.system.rows(&sql).await).await
    }
}

/// Ids that nothing has.
fn unknown() -> Ids {
    let job = format!("evt_{}", "0".repeat(64));
    let ids = Ids::of([
        ("thread_id", "thr_0199a0a0-0000-7000-8000-000000000001"),
        ("run_id", "run_0199a0a0-0000-7000-8000-000000000002"),
        ("session_id", "one-99"),
        ("url", "https://github.com/acme/storefront/pull/99"),
        ("command_id", "cmd_0199a0a0-0000-7000-8000-000000000003"),
        ("notification_id", "ntf_0199a0a0-0000-7000-8000-000000000004"),
        ("agent_event_id", "aev_0199a0a0-0000-7000-8000-000000000005"),
        ("observation_id", "obs_0199a0a0-0000-7000-8000-000000000006"),
        ("key_id", "key_0199a0a0-0000-7000-8000-000000000007"),
        ("spare_key_id", "key_0199a0a0-0000-7000-8000-000000000008"),
        ("id", "dl_0199a0a0-0000-7000-8000-000000000009"),
        ("project_id", "nowhere"),
        ("team_id", "nobody"),
        ("kind", "event"),
        ("name", "thread-views"),
    ]);
    ids.with("job_id", &job)
}

/// Puts something of everything into the project `one`; answers with what it is called.
async fn furnished(system: &System, one: &Client) -> Ids {
    let made = async |path: &str, body: Value| {
        let answer = send(system, one, (&Method::POST, path), &body).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
        system.settle().await;
        answer
    };
    let mut run = run_of(&["ada"], "standard");
    run["title"] = json!(format!("Run of the {MARK}"));
    let run = made(RUNS, run).await.text("/run/run_id");
    let session = json!({
        "run_id": run, "agent_name": "ada", "external_session_id": "ext-1", "prompt": format!("Feed the {MARK}"),
        "repository": "acme/storefront", "branch": "checkout-retries",
    });
    let session = made(SESSIONS, session).await.text("/session/session_id");
    let question = json!({ "question": format!("Which {MARK}?") });
    made(SIGNAL, signal_of(&run, "ada", "guidance_request", question, "agent")).await;
    let asked = json!({
        "title": format!("A {MARK}"), "body": format!("Where is the {MARK}?"), "ticket": "RUN-1", "session_id": session,
        "actor_type": "agent", "actor_name": "ada",
    });
    let thread = made(THREADS, asked).await.text("/thread/thread_id");
    made(&format!("{SESSIONS}/{session}/activity"), json!({ "activity": "waiting_input" })).await;
    let mut pull_request = seen(&session, check("c1", "failed"));
    pull_request["title"] = json!(format!("Food for the {MARK}"));
    pull_request["comments"] = json!([{ "id": "1", "author": "eve", "body": format!("No {MARK} here") }]);
    made(OBSERVATIONS, pull_request).await;
    made(&format!("{SESSIONS}/{session}/messages"), json!({ "body": format!("Look at the {MARK}") })).await;
    let decision = |what: &str| {
        let text = format!("We decided to use {MARK} {what} because it is simple.");
        json!({ "event_type": "decision", "occurred_at": "2026-01-31T11:59:00Z", "session_id": session,
            "source_event_id": what, "payload": { "text": text } })
    };
    let event = made(EVENTS, decision("e-1")).await;
    // From here on jobs wait.
    made("/api/v1/lanes/event/pause", json!({})).await;
    made(EVENTS, decision("e-2")).await;
    let viewer = json!({ "viewer_type": "human", "viewer_id": "eve" });
    made(&format!("{THREADS}/{thread}/seen"), viewer).await;
    let key = json!({ "name": format!("Key of the {MARK}"), "scopes": ["forum:read"] });
    let (key, spare) = (made(KEYS, key.clone()).await, made(KEYS, key).await);
    made("/api/v1/projects/one/webhook-secret", json!({})).await;
    give_up_a_post(system, one, &thread).await;
    let first = async |sql: &str| system.rows(sql).await[0][0].as_str().expect("an id").to_owned();
    Ids::of([
        ("thread_id", thread),
        ("run_id", run),
        ("session_id", session.clone()),
        ("url", PR.to_owned()),
        ("command_id", first("SELECT command_id FROM commands WHERE project_id = 'one' ORDER BY seq").await),
        ("notification_id", first("SELECT notification_id FROM notifications ORDER BY id").await),
        ("agent_event_id", event.text("/event/agent_event_id")),
        ("observation_id", first("SELECT observation_id FROM observations ORDER BY id").await),
        ("job_id", event.text("/generation_job/id")),
        ("key_id", key.text("/key/key_id")),
        ("spare_key_id", spare.text("/key/key_id")),
        ("id", first("SELECT id FROM dead_letters").await),
        ("project_id", "one".to_owned()),
        ("kind", "event".to_owned()),
        ("name", "thread-views".to_owned()),
    ])
}

/// A post whose command dies.
async fn give_up_a_post(system: &System, one: &Client, thread: &str) {
    let post = one.request(Method::POST, &format!("{THREADS}/{thread}/posts")).header("prefer", "respond-async");
    assert_eq!(answer(post.json(&json!({ "body": "lost" }))).await.status, 202);
    system.execute("UPDATE commands SET payload = '{\"body\":7}' WHERE status = 'accepted'").await;
    system.settle().await;
}
