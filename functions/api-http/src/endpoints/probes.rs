//! `POST /probe-passes`: what one pass of probes found, for runtimes that this server cannot probe itself.

use std::collections::HashSet;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::function::{probing, publish};
use shared::message::command::{Command, ReportRuntime};
use shared::store::sessions;
use shared::store::{Commit, Context, Durability};
use shared::value::{KeyScope, ProbeResult};
use utoipa::ToSchema;

use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// Most reports of one pass.
const REPORTS_MAX: usize = 1000;
/// How long the answer waits for what the reports come to.
const WAIT: Duration = Duration::from_secs(5);

/// One pass over a project's sessions.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbePass {
    /// 1 to 1 000 reports, each about another session.
    reports: Vec<ProbeReport>,
}

/// What was found of one session.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeReport {
    /// The session.
    session_id: String,
    /// What runs the agent.
    runtime: ProbeResult,
    /// The agent's process.
    process: ProbeResult,
    /// What the probe saw, at most 2 000 characters.
    #[serde(default)]
    evidence: Option<String>,
    /// The launch that was probed.
    #[serde(default)]
    launch_id: Option<String>,
}

/// What a pass came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProbePassAnswer {
    /// Names the pass in its commands.
    pass_id: String,
    /// Reports that say something.
    applied: usize,
    /// Reports that say nothing, or were not believed.
    inconclusive: usize,
    /// Whether so many seemed dead at once that none of them was believed.
    implausible: bool,
}

/// Stores what one pass of probes over a project's sessions found: all of it, or nothing.
#[utoipa::path(
    post, path = "/probe-passes", tag = "sessions", request_body = ProbePass,
    responses(
        (status = 200, body = ProbePassAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 404, body = ProblemDocument, description = "One of the sessions is unknown"),
    )
)]
pub async fn pass(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Json<ProbePassAnswer>> {
    identity.require(KeyScope::ForumWrite)?;
    let mut object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let claims = body::take_claims(&mut object)?;
    let actor = identity.caller.actor(claims.actor.clone())?;
    let pass_id = ctx.ids.uuid().hyphenated().to_string();
    let reports = checked(body::typed::<ProbePass>(object)?, &pass_id, &ctx)?;
    let scope = identity.writable_scope(&ctx, &claims).await?;
    let (of, named) = (scope.clone(), reports.iter().map(|report| report.session_id.clone()).collect::<Vec<_>>());
    if let Some(unknown) = ctx.store.read(move |reader| sessions::unknown(reader, &of, &named)).await? {
        return Err(Problem::new(Code::NotFound, format!("no such session: {unknown}")));
    }
    let news = reports.into_iter().map(|report| (report, true)).collect();
    let pass = probing::pass(&ctx, &scope, &format!("probe-pass:{pass_id}"), news).await?;
    let context = Context { actor, ..identity.context(&ctx)? };
    let waiting: Vec<_> = pass.commands.iter().map(|command_id| ctx.bells.wait_for_command(command_id)).collect();
    ctx.store.try_commit(Commit::new(Durability::Full, context).then_all(pass.statements)).await?;
    publish::own(&ctx, crate::NAME).await;
    // Where functions are deployed no bell rings here, and what is accepted is applied without being waited for.
    if !ctx.is_deployed() {
        let finished = futures::future::join_all(waiting.into_iter().map(async |mut one| one.finished().await));
        let _ = tokio::time::timeout(WAIT, finished).await;
    }
    let (applied, inconclusive, implausible) = (pass.applied, pass.inconclusive, pass.implausible);
    Ok(Json(ProbePassAnswer { pass_id, applied, inconclusive, implausible }))
}

/// The reports in their normal form.
fn checked(pass: ProbePass, pass_id: &str, ctx: &Ctx) -> Answer<Vec<ReportRuntime>> {
    let mut seen = HashSet::new();
    let distinct = pass.reports.iter().all(|report| seen.insert(report.session_id.clone()));
    if !distinct || !(1..=REPORTS_MAX).contains(&pass.reports.len()) {
        let detail = format!("must have 1 to {REPORTS_MAX} entries, each about another session");
        return Err(Problem::fields(vec![FieldError::at("reports", detail)]));
    }
    let now = ctx.clock.now();
    let reports = pass.reports.into_iter().enumerate().map(|(index, report)| {
        let report = ReportRuntime {
            session_id: report.session_id,
            runtime: report.runtime,
            process: report.process,
            evidence: report.evidence,
            pass_id: Some(pass_id.to_owned()),
            launch_id: report.launch_id,
        };
        let within = |error: FieldError| FieldError { pointer: format!("/reports/{index}{}", error.pointer), ..error };
        report.normalise(now).map_err(|errors| Problem::fields(errors.into_iter().map(within).collect()))
    });
    reports.collect()
}
