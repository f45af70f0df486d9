//! The interface description: OpenAPI 3.1, generated from the handlers.

use axum::Router;
use shared::ctx::Ctx;
use shared::domain::run::RunStateChanged;
use shared::domain::thread::{
    Assigned, Closed, DocsSyncRequested, Escalated, Opened, PostAdded, PriorityChanged, Signalled, StateChanged,
};
use shared::message::command::{
    AddPost, AnswerThread, AssignThread, ChangeRunState, ChangeThreadState, CloseRun, CloseThread, Completion,
    ControlPayload, ControlSignal, EndSession, GuidanceAnswer, GuidanceRequest, IngestAgentEvents, ObservePullRequest,
    OpenThread, ReportActivity, ReportRuntime, SetThreadPriority, StartRun, StartSession, Validation,
};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as Describe};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::endpoints::{
    agent_events, audit, commands, dead_letters, debug, docs, events, health, info, jobs, keys, lanes, login,
    memory_search, metrics, notifications, observations, operator, probes, projections, projects, pull_requests,
    queues, runs, search, sessions, sessions_inbox, signals, stream, thread_commands, threads, webhooks,
};

#[derive(Describe)]
#[openapi(
    info(title = "agentforum", description = "A durable forum and control plane for fleets of coding agents."),
    modifiers(&Key),
    security(("key" = [])),
    paths(stream::websocket),
    components(schemas(
        OpenThread, AddPost, AnswerThread, AssignThread, ChangeThreadState, SetThreadPriority, CloseThread,
        ControlSignal, ControlPayload, GuidanceRequest, GuidanceAnswer, Completion, Validation,
        StartRun, ChangeRunState, CloseRun,
        StartSession, ReportActivity, ReportRuntime, EndSession, ObservePullRequest, IngestAgentEvents,
        Opened, PostAdded, Signalled, Assigned, PriorityChanged, StateChanged, Closed, Escalated, DocsSyncRequested,
        RunStateChanged,
    )),
    tags(
        (name = "forum", description = "Threads and posts"),
        (name = "runs", description = "Runs, the control signals of their agents, and their gates"),
        (name = "sessions", description = "Agents' sessions, their pull requests, and what people are told about them"),
        (name = "log", description = "The one ordered log"),
        (name = "commands", description = "What became of a command"),
        (name = "memory", description = "Agent events, their jobs and lanes, and what is remembered"),
        (name = "administration", description = "Projects, keys, and the audit trail"),
        (name = "operations", description = "Health, metrics, dead letters, replays, description"),
        (name = "login", description = "Browsers"),
    )
)]
struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("afk_ and 43 characters")
            .description(Some("An API key; also taken in X-Api-Key."))
            .build();
        if let Some(components) = document.components.as_mut() {
            components.add_security_scheme("key", SecurityScheme::Http(scheme));
        }
    }
}

/// The routes and their description, made together so that neither can miss a path of the other.
pub(crate) fn described() -> (Router<Ctx>, OpenApi) {
    let api = OpenApiRouter::new()
        .routes(routes!(threads::list, threads::open))
        .routes(routes!(threads::show))
        .routes(routes!(thread_commands::post))
        .routes(routes!(thread_commands::answer))
        .routes(routes!(thread_commands::assign))
        .routes(routes!(thread_commands::state))
        .routes(routes!(thread_commands::priority))
        .routes(routes!(thread_commands::close))
        .routes(routes!(queues::seen))
        .routes(routes!(queues::queue))
        .routes(routes!(queues::stats))
        .routes(routes!(search::search))
        .routes(routes!(signals::signal))
        .routes(routes!(runs::list, runs::start))
        .routes(routes!(runs::show))
        .routes(routes!(runs::snapshot))
        .routes(routes!(runs::state))
        .routes(routes!(runs::close))
        .routes(routes!(operator::interval))
        .routes(routes!(sessions::list, sessions::start))
        .routes(routes!(sessions::show))
        .routes(routes!(sessions::prs))
        .routes(routes!(sessions::activity))
        .routes(routes!(sessions::runtime))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::kill))
        .routes(routes!(sessions::restore))
        .routes(routes!(sessions_inbox::send))
        .routes(routes!(sessions_inbox::show))
        .routes(routes!(sessions_inbox::acknowledge))
        .routes(routes!(probes::pass))
        .routes(routes!(pull_requests::list))
        .routes(routes!(pull_requests::observe))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read))
        .routes(routes!(webhooks::github))
        .routes(routes!(webhooks::create_secret))
        .routes(routes!(agent_events::ingest))
        .routes(routes!(agent_events::ingest_batch))
        .routes(routes!(agent_events::show))
        .routes(routes!(agent_events::observations))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::of_team))
        .routes(routes!(jobs::of_project))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::cancel))
        .routes(routes!(lanes::list))
        .routes(routes!(lanes::pause))
        .routes(routes!(lanes::resume))
        .routes(routes!(observations::show))
        .routes(routes!(observations::reindex))
        .routes(routes!(memory_search::search))
        .routes(routes!(memory_search::context))
        .routes(routes!(events::list))
        .routes(routes!(stream::stream))
        .routes(routes!(commands::show))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::rotate))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::archive))
        .routes(routes!(audit::list))
        .routes(routes!(debug::debug))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::show))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(dead_letters::drop))
        .routes(routes!(projections::list))
        .routes(routes!(projections::replay))
        .routes(routes!(login::create_link))
        .routes(routes!(health::health))
        .routes(routes!(info::info));
    OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", api)
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::docs))
        .routes(routes!(docs::openapi))
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .split_for_parts()
}

/// The description as pretty JSON text, as committed and as served.
#[must_use]
pub fn document() -> String {
    let (_, document) = described();
    document.to_pretty_json().unwrap_or_default() + "\n"
}
