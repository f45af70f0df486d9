//! `/jobs`: durable work of the generation lanes, looked at, sent back to work, or called off.

mod shown;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use shared::clock::Time;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::function::{lane, publish};
use shared::store::audit::AuditEntry;
use shared::store::jobs::{self, JobFilter, JobRow};
use shared::store::{Commit, CommitError, Durability, Guard, Statement, tenants};
use shared::value::{JobStatus, KeyScope, Word};
use utoipa::ToSchema;

use crate::call::Call;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::query;

pub use shown::JobView;

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// The newest first.
    items: Vec<JobView>,
    /// How many there are on all pages.
    total: i64,
    /// How many a page has at most.
    limit: u32,
    /// How many newer ones were left out.
    offset: u32,
}

/// Lists jobs, the newest first. Every filter given must match.
#[utoipa::path(
    get, path = "/jobs", tag = "memory",
    params(
        ("status" = Option<String>, Query), ("kind" = Option<String>, Query), ("source_type" = Option<String>, Query),
        ("since" = Option<String>, Query, description = "RFC 3339: those that came then or later"),
        ("include" = Option<String>, Query, description = "payload, for keys with the scope admin"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"), ("offset" = Option<u32>, Query, description = "0 to 100000"),
    ),
    responses(
        (status = 200, body = JobList), (status = 400, body = ProblemDocument),
        (status = 403, body = ProblemDocument, description = "scope_denied"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<JobList>> {
    identity.require(KeyScope::MemoriesRead)?;
    let project = identity.readable_project()?;
    page(&ctx, &identity, project).await
}

/// Lists the jobs of the key's team, the newest first. Every filter given must match.
#[utoipa::path(
    get, path = "/teams/{team_id}/jobs", tag = "memory",
    params(
        ("team_id" = String, Path),
        ("status" = Option<String>, Query), ("kind" = Option<String>, Query), ("source_type" = Option<String>, Query),
        ("since" = Option<String>, Query, description = "RFC 3339: those that came then or later"),
        ("include" = Option<String>, Query, description = "payload, for keys with the scope admin"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"), ("offset" = Option<u32>, Query, description = "0 to 100000"),
    ),
    responses(
        (status = 200, body = JobList), (status = 400, body = ProblemDocument),
        (status = 403, body = ProblemDocument, description = "scope_denied"), (status = 404, body = ProblemDocument),
    )
)]
pub async fn of_team(State(ctx): State<Ctx>, identity: Identity, Path(team_id): Path<String>) -> Answer<Json<JobList>> {
    identity.require(KeyScope::MemoriesRead)?;
    if team_id != identity.caller.key.team_id {
        return Err(Problem::new(Code::NotFound, "no such team"));
    }
    let project = identity.readable_project()?;
    page(&ctx, &identity, project).await
}

/// Lists the jobs of a project, the newest first. Every filter given must match.
#[utoipa::path(
    get, path = "/projects/{project_id}/jobs", tag = "memory",
    params(
        ("project_id" = String, Path),
        ("status" = Option<String>, Query), ("kind" = Option<String>, Query), ("source_type" = Option<String>, Query),
        ("since" = Option<String>, Query, description = "RFC 3339: those that came then or later"),
        ("include" = Option<String>, Query, description = "payload, for keys with the scope admin"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"), ("offset" = Option<u32>, Query, description = "0 to 100000"),
    ),
    responses(
        (status = 200, body = JobList), (status = 400, body = ProblemDocument),
        (status = 403, body = ProblemDocument, description = "scope_denied"), (status = 404, body = ProblemDocument),
    )
)]
pub async fn of_project(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(project_id): Path<String>,
) -> Answer<Json<JobList>> {
    identity.require(KeyScope::MemoriesRead)?;
    let wanted = project_id.clone();
    let owner = ctx.store.read(move |reader| tenants::team_of(reader, &wanted)).await?;
    if !identity.caller.reaches(&project_id) || owner.as_ref() != Some(&identity.caller.key.team_id) {
        return Err(Problem::new(Code::NotFound, "no such project"));
    }
    page(&ctx, &identity, Some(project_id)).await
}

async fn page(ctx: &Ctx, identity: &Identity, project: Option<String>) -> Answer<Json<JobList>> {
    let given = &identity.query;
    let with_payload = includes_payload(identity)?;
    let filter = JobFilter {
        status: query::word(given, "status")?,
        kind: query::word(given, "kind")?,
        source_type: query::text(given, "source_type"),
        since: since(identity)?,
    };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let offset = offset(identity)?;
    let team = identity.caller.key.team_id.clone();
    let (rows, total) = ctx
        .store
        .read(move |reader| {
            let place = (team.as_str(), project.as_deref());
            Ok((jobs::list(reader, place, &filter, (limit, offset))?, jobs::total(reader, place, &filter)?))
        })
        .await?;
    let items = rows.into_iter().map(|row| JobView::of(ctx, row, with_payload)).collect::<Result<_, _>>()?;
    Ok(Json(JobList { items, total, limit, offset }))
}

fn since(identity: &Identity) -> Answer<Option<Time>> {
    let since = query::text(&identity.query, "since").map(|text| Time::parse(&text)).transpose();
    since.map_err(|_| Problem::parameter("since", "must be an RFC 3339 time such as 2026-01-31T12:00:00Z"))
}

/// Most jobs a page may lie behind the newest: all of them are counted off.
const OFFSET_MAX: u32 = 100_000;

fn offset(identity: &Identity) -> Answer<u32> {
    let Some(text) = identity.query.get("offset") else { return Ok(0) };
    let offset = text.parse().ok().filter(|offset| *offset <= OFFSET_MAX);
    offset.ok_or_else(|| Problem::parameter("offset", format!("must be a whole number from 0 to {OFFSET_MAX}")))
}

/// Whether payloads are wanted, which only administrators see.
fn includes_payload(identity: &Identity) -> Answer<bool> {
    match query::text(&identity.query, "include").as_deref() {
        None => Ok(false),
        Some("payload") => identity.require(KeyScope::Admin).map(|_| true),
        Some(_) => Err(Problem::parameter("include", "must be payload")),
    }
}

/// Shows a job with its lifecycle.
#[utoipa::path(
    get, path = "/jobs/{job_id}", tag = "memory",
    params(
        ("job_id" = String, Path),
        ("include" = Option<String>, Query, description = "payload, for keys with the scope admin"),
    ),
    responses(
        (status = 200, body = JobView), (status = 403, body = ProblemDocument, description = "scope_denied"),
        (status = 404, body = ProblemDocument),
    )
)]
pub async fn show(State(ctx): State<Ctx>, identity: Identity, Path(job_id): Path<String>) -> Answer<Json<JobView>> {
    identity.require(KeyScope::MemoriesRead)?;
    let with_payload = includes_payload(&identity)?;
    let row = find(&ctx, &identity, &job_id).await?;
    let scope = row.scope.clone();
    let lifecycle = ctx.store.read(move |reader| jobs::lifecycle(reader, &scope, &job_id, LIST_LIMIT_MAX)).await?;
    Ok(Json(JobView { lifecycle: Some(lifecycle), ..JobView::of(&ctx, row, with_payload)? }))
}

/// The job, if the caller's key reaches it.
pub(super) async fn find(ctx: &Ctx, identity: &Identity, job_id: &str) -> Answer<JobRow> {
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let id = job_id.to_owned();
    let found = ctx.store.read(move |reader| jobs::find(reader, (team.as_str(), project.as_deref()), &id)).await?;
    found.ok_or_else(|| Problem::new(Code::NotFound, "no such job"))
}

/// What an operator does with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Retry,
    Cancel,
}

impl Operation {
    fn action(self) -> &'static str {
        match self {
            Self::Retry => "job.retry",
            Self::Cancel => "job.cancel",
        }
    }

    /// Whether it moves a job that stands so.
    fn moves(self, status: JobStatus) -> bool {
        match self {
            Self::Retry => matches!(status, JobStatus::Failed | JobStatus::Cancelled),
            Self::Cancel => !status.is_terminal(),
        }
    }

    /// Whether a job that stands so is where it leads to.
    fn is_done(self, status: JobStatus) -> bool {
        match self {
            Self::Retry => status == JobStatus::Queued,
            Self::Cancel => status == JobStatus::Cancelled,
        }
    }

    fn statements(self, ctx: &Ctx, job: &JobRow) -> [Statement; 2] {
        match self {
            Self::Retry => jobs::retry(job, ctx.config.jobs.max_attempts, lane::is_enabled(ctx, job.kind)),
            Self::Cancel => jobs::cancel(job),
        }
    }

    fn refusal(self, status: JobStatus) -> Problem {
        let (code, verb) = match self {
            Self::Retry => (Code::JobNotRetryable, "retried"),
            Self::Cancel => (Code::JobNotCancellable, "cancelled"),
        };
        let status = status.as_str();
        Problem::new(code, format!("the job is {status} and cannot be {verb}")).with("job_status", status)
    }
}

/// Sends a failed or cancelled job back to work.
#[utoipa::path(
    post, path = "/jobs/{job_id}/retry", tag = "memory", params(("job_id" = String, Path)),
    responses(
        (status = 200, body = JobView), (status = 403, body = ProblemDocument, description = "project_denied"),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "job_not_retryable"),
    )
)]
pub async fn retry(call: Call) -> Answer<Json<JobView>> {
    operate(call, Operation::Retry).await
}

/// Calls off a job that waits or is worked on. Doing so twice is harmless.
#[utoipa::path(
    post, path = "/jobs/{job_id}/cancel", tag = "memory", params(("job_id" = String, Path)),
    responses(
        (status = 200, body = JobView), (status = 403, body = ProblemDocument, description = "project_denied"),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "job_not_cancellable"),
    )
)]
pub async fn cancel(call: Call) -> Answer<Json<JobView>> {
    operate(call, Operation::Cancel).await
}

async fn operate(call: Call, operation: Operation) -> Answer<Json<JobView>> {
    let (ctx, identity, job_id, named) = call.requiring(KeyScope::MemoriesWrite)?.into_bare().await?;
    let (ctx, identity, job_id) = (&ctx, &identity, job_id.as_str());
    let mut row = find(ctx, identity, job_id).await?;
    if named.is_some_and(|named| named != row.scope) {
        return Err(Problem::new(Code::ProjectDenied, "the job is of another project than the request names"));
    }
    let mut moved = false;
    if operation.moves(row.status) {
        let project_id = Some(row.scope.project_id.as_str());
        let audit = AuditEntry { project_id, ..identity.audit(operation.action(), job_id) };
        let commit = Commit::new(Durability::Full, identity.context(ctx)?)
            .then_all(operation.statements(ctx, &row))
            .then(audit.insert());
        moved = match ctx.store.try_commit(commit).await {
            Ok(_) => true,
            // Somebody else moved it meanwhile: what is true now decides.
            Err(CommitError::Guard(Guard::RowUnchanged)) => false,
            Err(error) => return Err(error.into()),
        };
        if moved {
            publish::own(ctx, crate::NAME).await;
            if operation == Operation::Cancel {
                ctx.bells.job_finished(job_id);
            }
        }
        row = find(ctx, identity, job_id).await?;
    }
    let status = row.status;
    if moved || operation.is_done(status) {
        let already_queued = !moved && operation == Operation::Retry;
        return Ok(Json(JobView { already_queued, ..JobView::of(ctx, row, false)? }));
    }
    if operation.moves(status) {
        return Err(Problem::new(Code::StoreBusy, "the job moves too fast; try again").retry_after(1));
    }
    Err(operation.refusal(status))
}
