//! `/lanes`: who works on jobs, how many wait, and pausing that. A paused lane loses nothing: its jobs stay queued.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::function::{lane, publish};
use shared::store::audit::AuditEntry;
use shared::store::jobs::{self, JobCount};
use shared::store::lanes::{self, Pause};
use shared::store::{Commit, Durability};
use shared::value::{JobKind, JobStatus, KeyScope, Word};
use utoipa::ToSchema;

use crate::call::Call;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// A lane, as far as the caller's key reaches.
#[derive(Debug, Serialize, ToSchema)]
pub struct LaneView {
    /// The kind of its jobs.
    kind: JobKind,
    /// The function that works on them.
    function: &'static str,
    /// Whether it works at all.
    enabled: bool,
    /// Whether it is paused for the project, or for the whole team.
    paused: bool,
    /// Why it does not work, or not for every project of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Jobs that wait.
    queued: i64,
    /// Jobs that are worked on.
    processing: i64,
    /// Jobs that were given up.
    failed: i64,
}

/// The lanes.
#[derive(Debug, Serialize, ToSchema)]
pub struct LaneList {
    /// One for each kind of job.
    items: Vec<LaneView>,
}

/// Lists the lanes with how many jobs they have of the key's project or team.
#[utoipa::path(
    get, path = "/lanes", tag = "memory",
    params(("project_id" = Option<String>, Query, description = "Project, for a key that spans a team")),
    responses((status = 200, body = LaneList), (status = 404, body = ProblemDocument))
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<LaneList>> {
    identity.require(KeyScope::MemoriesRead)?;
    let project = identity.readable_project()?;
    let items = views(&ctx, &identity, project).await?;
    Ok(Json(LaneList { items }))
}

/// Pauses a lane for the key's project or, by a key that spans a team and names none, for the whole team.
#[utoipa::path(
    post, path = "/lanes/{kind}/pause", tag = "memory",
    params(
        ("kind" = String, Path, description = "event, event_batch, summary or reindex"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team; or in the body"),
    ),
    responses(
        (status = 200, body = LaneView), (status = 403, body = ProblemDocument, description = "project_denied"),
        (status = 404, body = ProblemDocument),
    )
)]
pub async fn pause(call: Call) -> Answer<Json<LaneView>> {
    switch(call, Switch::Pause).await
}

/// Ends a pause: what waits behind it, and behind no other, is worked on.
#[utoipa::path(
    post, path = "/lanes/{kind}/resume", tag = "memory",
    params(
        ("kind" = String, Path, description = "event, event_batch, summary or reindex"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team; or in the body"),
    ),
    responses(
        (status = 200, body = LaneView), (status = 403, body = ProblemDocument, description = "project_denied"),
        (status = 404, body = ProblemDocument),
    )
)]
pub async fn resume(call: Call) -> Answer<Json<LaneView>> {
    switch(call, Switch::Resume).await
}

/// What is done with a lane.
#[derive(Clone, Copy, Debug)]
enum Switch {
    Pause,
    Resume,
}

async fn switch(call: Call, switch: Switch) -> Answer<Json<LaneView>> {
    let (ctx, identity, kind, named) = call.requiring(KeyScope::Admin)?.into_bare().await?;
    let kind = JobKind::parse(&kind).map_err(|_| Problem::new(Code::NotFound, "no such lane"))?;
    let project = named.map(|named| named.project_id).or_else(|| identity.caller.key.project_id.clone());
    let place = (identity.caller.key.team_id.as_str(), project.as_deref());
    let (action, statements) = match switch {
        Switch::Pause => ("lane.pause", vec![lanes::pause(place, kind)]),
        Switch::Resume => ("lane.resume", lanes::resume(place, kind, lane::is_enabled(&ctx, kind))),
    };
    let audit = AuditEntry { project_id: project.as_deref(), ..identity.audit(action, kind.as_str()) };
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?).then_all(statements).then(audit.insert());
    ctx.store.try_commit(commit).await?;
    publish::own(&ctx, crate::NAME).await;
    let view = views(&ctx, &identity, project).await?.into_iter().find(|lane| lane.kind == kind);
    view.map(Json).ok_or_else(|| Problem::new(Code::NotFound, "no such lane"))
}

async fn views(ctx: &Ctx, identity: &Identity, project: Option<String>) -> Answer<Vec<LaneView>> {
    let team = identity.caller.key.team_id.clone();
    let whole_team = project.is_none();
    let (counts, pauses) = ctx
        .store
        .read(move |reader| {
            let place = (team.as_str(), project.as_deref());
            Ok((jobs::counts(reader, place)?, lanes::pauses(reader, place)?))
        })
        .await?;
    Ok(JobKind::EVERY.into_iter().map(|kind| view(ctx, kind, &counts, &pauses, whole_team)).collect())
}

fn view(ctx: &Ctx, kind: JobKind, counts: &[JobCount], pauses: &[Pause], whole_team: bool) -> LaneView {
    let count = |status: JobStatus| -> i64 {
        let counted = counts.iter().filter(|counted| counted.kind == kind && counted.status == status);
        counted.map(|counted| counted.count).sum()
    };
    let enabled = lane::is_enabled(ctx, kind);
    let pauses: Vec<&Pause> = pauses.iter().filter(|pause| pause.kind == kind).collect();
    let mut reasons = Vec::new();
    if !enabled {
        reasons.push("no provider makes observations (generation.provider)".to_owned());
    }
    reasons.extend(pauses.iter().map(|Pause { project_id, paused_by, paused_at, .. }| match project_id {
        None => format!("paused by {paused_by} at {paused_at}"),
        Some(project_id) => format!("paused for {project_id} by {paused_by} at {paused_at}"),
    }));
    LaneView {
        kind,
        function: kind.function(),
        enabled,
        // For a whole team it is paused only if it is so for every project.
        paused: pauses.iter().any(|pause| !whole_team || pause.project_id.is_none()),
        reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
        queued: count(JobStatus::Queued),
        processing: count(JobStatus::Processing),
        failed: count(JobStatus::Failed),
    }
}
