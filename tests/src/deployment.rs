//! A deployment on this machine: built function binaries as processes of their own behind Lambda's runtime interface, fed
//! from SQS queues as Lambda's event source mapping feeds them, over a libSQL server, with their token in a secret store.
//!
//! `cargo lambda watch` offers the runtime interface too, to one invocation at a time of a binary that it builds itself; it
//! has no queues, no schedules, no limits of time, and nothing in it can be killed. So these parts are here.

#![expect(clippy::missing_panics_doc, reason = "a fixture that cannot be made ends its test")]

mod function;
mod mapping;
mod runtime;
mod url;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName;
use reqwest::Method;
use serde_json::Value;
use shared::clock::{Clock, Time};
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::function::routes::ROUTES;
use shared::store::overview::{self, Overview};
use shared::value::KeyScope;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::services::moto::{ENVIRONMENT, Moto};
use crate::services::sqld::{self, SAFE, Sqld};
use crate::system::{Client, KeyOf, answer, key_for, question};
use crate::world::World;

pub use function::{Built, Function};

/// The functions that a parity run builds and starts; the queues of the others are there, and nobody reads them.
pub const FUNCTIONS: [&str; 23] = [
    "api-http",
    "cmd-add-post",
    "cmd-answer-thread",
    "cmd-change-run-state",
    "cmd-close-run",
    "cmd-close-thread",
    "cmd-end-session",
    "cmd-ingest-agent-events",
    "cmd-observe-pull-request",
    "cmd-open-thread",
    "cmd-report-activity",
    "cmd-send-nudge",
    "cmd-send-signal",
    "cmd-start-run",
    "cmd-start-session",
    "drain-outbox",
    "job-event-batch",
    "job-summary",
    "project-run-snapshots",
    "project-thread-views",
    "react-nudges",
    "react-run-gates",
    "sweep-expired-leases",
];

const PREFIX: &str = "agentforum-test-";
const SECRET: &str = "agentforum-test-token";
/// How long the system may take to come to rest.
const SETTLE_LIMIT: Duration = Duration::from_secs(90);
/// A minute of a real deployment.
const TICK: Duration = Duration::from_secs(1);

/// What differs from deployment to deployment.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How long the queues hide a message.
    pub visibility: Duration,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Receives after which a queue gives a message up.
    pub receive_max: u32,
    /// Settings of every function.
    pub settings: Vec<(&'static str, String)>,
    /// The token in the secret store.
    pub token: String,
    /// Flags of the libSQL server.
    pub sqld: Vec<String>,
    /// Functions that are only invoked by the test itself.
    pub paused: Vec<&'static str>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(4),
            timeout: Duration::from_secs(30),
            receive_max: 50,
            settings: Vec::new(),
            token: "none is checked".to_owned(),
            sqld: SAFE.iter().map(|&flag| flag.to_owned()).collect(),
            paused: Vec::new(),
        }
    }
}

/// A running deployment.
pub struct Deployment {
    /// A client with a key that may do everything.
    pub owner: Client,
    /// The libSQL server.
    pub sqld: Sqld,
    /// SQS and the secret store.
    pub moto: Moto,
    /// The functions by name.
    pub functions: BTreeMap<&'static str, Arc<Function>>,
    ctx: Ctx,
    _running: JoinSet<()>,
    _directory: TempDir,
}

impl Deployment {
    /// Starts one; nothing, said loudly, where a service is missing.
    pub async fn start() -> Option<Self> {
        Self::planned(Plan::default()).await
    }

    /// Starts one that is not the usual one.
    pub async fn planned(plan: Plan) -> Option<Self> {
        let flags: Vec<&str> = plan.sqld.iter().map(String::as_str).collect();
        let (sqld, moto) = (Sqld::start_with(&flags)?, Moto::start()?);
        let built = Built::functions(&FUNCTIONS);
        for (function, _) in ROUTES {
            moto.create_queue(PREFIX, function, plan.visibility, plan.receive_max).await;
        }
        moto.put_secret(SECRET, &plan.token).await;
        let directory = tempfile::tempdir().expect("a directory");
        let environment = environment(&plan, &sqld, &moto);
        let functions: BTreeMap<_, _> = FUNCTIONS
            .iter()
            .map(|name| {
                let log = directory.path().join(format!("{name}.log"));
                (*name, Arc::new(Function::new(name, built.path(name), environment.clone(), log, plan.timeout)))
            })
            .collect();
        let mut running = JoinSet::new();
        for (name, function) in functions.iter().filter(|(name, _)| !plan.paused.contains(name)) {
            match *name {
                "api-http" => {}
                name if ROUTES.iter().any(|(route, _)| *route == name) => {
                    let queue = moto.queues(PREFIX) + name;
                    running.spawn(mapping::run(moto.sqs(), queue, Arc::clone(function)));
                }
                _ => {
                    running.spawn(mapping::ticks(Arc::clone(function), TICK));
                }
            }
        }
        let url = url::serve(Arc::clone(&functions["api-http"]), &mut running).await;

        let config = Config::with(&[("db", &sqld.url()), ("store.token", &plan.token)]).expect("settings");
        let ctx = Ctx::build(config, Sources::system(), Vec::new()).await.expect("a context of the test's own");
        let scopes = &[KeyScope::ForumRead, KeyScope::ForumWrite, KeyScope::Admin];
        let secret = key_for(&ctx, KeyOf { name: "owner", scopes, ..KeyOf::default() }).await;
        let owner = Client::new(&url).with_key(&secret);
        Some(Self { owner, sqld, moto, functions, ctx, _running: running, _directory: directory })
    }

    /// What a function wrote to its log.
    #[must_use]
    pub fn log(&self, function: &str) -> String {
        self.functions[function].log()
    }

    /// Takes up to ten messages of a function's queue, as the event that Lambda would make of them. It tries until there
    /// are `count`; a doorbell that was rung twice counts once.
    pub async fn batch_of(&self, function: &str, count: usize) -> Value {
        let (client, queue) = (self.moto.sqs(), self.queue(function));
        let (mut messages, mut bodies) = (Vec::new(), HashSet::new());
        while messages.len() < count {
            let left = i32::try_from(count - messages.len()).expect("a few");
            let request = client.receive_message().queue_url(&queue).max_number_of_messages(left.min(10));
            let request = request.message_system_attribute_names(MessageSystemAttributeName::All).wait_time_seconds(1);
            let answer = request.message_attribute_names("All").send().await.expect("an answer");
            let new = answer.messages.unwrap_or_default().into_iter();
            messages.extend(new.filter(|message| bodies.insert(message.body.clone())));
        }
        mapping::event(&messages)
    }

    /// The URL of a function's queue.
    #[must_use]
    pub fn queue(&self, function: &str) -> String {
        self.moto.queues(PREFIX) + function
    }

    /// Puts another token into the secret store.
    pub async fn replace_token(&self, token: &str) {
        self.moto.put_secret(SECRET, token).await;
    }

    /// Accepts openings without waiting for them; the ids of the commands.
    pub async fn accept_openings(&self, titles: std::ops::Range<usize>) -> Vec<String> {
        let mut accepted = Vec::new();
        for number in titles {
            let request = self.owner.request(Method::POST, "/api/v1/forum/threads").header("prefer", "respond-async");
            let answer = answer(request.json(&question(&format!("Question {number}")))).await;
            assert_eq!(answer.status, 202, "{}", answer.body);
            accepted.push(answer.text("/command/command_id"));
        }
        accepted
    }

    async fn overview(&self) -> Option<Overview> {
        let now = self.ctx.clock.now();
        self.ctx.store.read(move |reader| overview::read(reader, now, &shared::value::JobKind::EVERY)).await.ok()
    }
}

fn environment(plan: &Plan, sqld: &Sqld, moto: &Moto) -> Vec<(String, String)> {
    let mut environment: Vec<(String, String)> =
        ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut set = |name: &str, value: String| environment.push((name.to_owned(), value));
    set("AWS_ENDPOINT_URL", moto.endpoint());
    set("AGENTFORUM_DB", sqld.url());
    set("AGENTFORUM_STORE_TOKEN_SECRET", SECRET.to_owned());
    set("AGENTFORUM_TRANSPORT", "sqs".to_owned());
    set("AGENTFORUM_SQS_URL", moto.queues(PREFIX));
    set("AGENTFORUM_AUTH_MODE", "keys".to_owned());
    // Leases and pauses of seconds instead of minutes.
    set("AGENTFORUM_DELIVERY_VISIBILITY", "3s".to_owned());
    set("AGENTFORUM_DELIVERY_BACKOFF_MAX", "2s".to_owned());
    set("AGENTFORUM_OUTBOX_LEASE", "3s".to_owned());
    set("AGENTFORUM_OUTBOX_BACKOFF_MAX", "2s".to_owned());
    set("AGENTFORUM_RECONCILE_INTERVAL", "2s".to_owned());
    for (name, value) in &plan.settings {
        set(name, value.clone());
    }
    environment
}

impl World for Deployment {
    fn owner(&self) -> &Client {
        &self.owner
    }

    fn now(&self) -> Time {
        Clock::System.now()
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        sqld::query(&self.sqld.url(), sql).await.expect("the query runs").0
    }

    async fn settle(&self) -> i64 {
        let stopwatch = Clock::stopwatch();
        loop {
            let overview = self.overview().await;
            let at_rest = overview.as_ref().filter(|overview| {
                let outbox = &overview.outbox;
                let views = overview.checkpoints.iter().find(|checkpoint| checkpoint.projection == "thread-views");
                outbox.pending_count + outbox.processing_count + outbox.failed_count == 0
                    && overview.commands_by_name.is_empty()
                    && views.is_some_and(|views| views.pos == overview.head)
            });
            if let Some(overview) = at_rest {
                return overview.head;
            }
            let logs = || FUNCTIONS.map(|name| format!("--- {name}\n{}", self.log(name))).join("\n");
            assert!(stopwatch.elapsed() < SETTLE_LIMIT, "not at rest in time: {overview:?}\n{}", logs());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}
