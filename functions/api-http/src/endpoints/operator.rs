//! `POST /runs/{id}/operator`: one interval of an operator. What it decides comes from the snapshot and from what earlier
//! intervals saw.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::run::operator::{Counters, Decision, Intent, Limits, Observed, decide};
use shared::message::command::{EscalateThread, EscalationReason, Subject};
use shared::store::commands::{Caused, cause};
use shared::store::views::run_snapshots::{OpenGuidance, Snapshot};
use shared::store::{Commit, Durability, Statement, operator};
use shared::value::{KeyScope, Scope};
use utoipa::ToSchema;

use super::runs;
use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};

/// What the caller wants of the interval.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Interval {
    /// Do what is decided; otherwise the decision is only told.
    execute: bool,
}

/// What an interval came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorDecision {
    /// What to do.
    pub intent: Intent,
    /// Why: which rule, or what keeps it from acting; and why it was not executed, if it was to be.
    pub reason: String,
    /// About which agent.
    pub agent_name: Option<String>,
    /// What the run's intervals saw and did so far.
    pub counters: Counters,
    /// Whether it was done.
    pub executed: bool,
}

/// Runs one interval: decides by the operator's rules, and does it if that is wanted and possible.
#[utoipa::path(
    post, path = "/runs/{run_id}/operator", tag = "runs", params(("run_id" = String, Path)), request_body = Interval,
    responses((status = 200, body = OperatorDecision), (status = 404, body = ProblemDocument))
)]
pub async fn interval(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(run_id): Path<String>,
    body: Body,
) -> Answer<Json<OperatorDecision>> {
    identity.require(KeyScope::ForumWrite)?;
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let Interval { execute } = body::typed(object)?;
    let run = runs::find(&ctx, &identity, run_id).await?;
    let scope = Scope { team_id: identity.caller.key.team_id.clone(), project_id: run.project_id.clone() };
    let snapshot = runs::look(&ctx, &identity, run).await?;
    let run_id = snapshot.run.run_id.clone();
    let (of, id) = (scope.clone(), run_id.clone());
    let before = ctx.store.read(move |reader| operator::counters(reader, &of, &id)).await?;
    let settings = &ctx.config.operator;
    let limits =
        Limits { confirmations: settings.confirmations, restarts: settings.restarts, cooldown: settings.cooldown };
    let decision = decide(&observed(&snapshot), &before, limits, ctx.clock.now());
    let (statements, refusal) =
        if execute { execution(&ctx, &identity, &scope, &decision, &snapshot) } else { (vec![], None) };
    let executed = !statements.is_empty();
    if executed || decision.counters != before {
        let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
            .then(operator::store(&scope, &run_id, &decision.counters))
            .then_all(statements);
        ctx.store.try_commit(commit).await?;
    }
    let Decision { intent, reason, agent_name, counters } = decision;
    let reason = refusal.map_or(reason.clone(), |refusal| format!("{reason}; {refusal}"));
    Ok(Json(OperatorDecision { intent, reason, agent_name, counters, executed }))
}

fn observed(snapshot: &Snapshot) -> Observed {
    let waiting = snapshot.unresolved_guidance.first().map(|open| open.agent_name.clone());
    Observed { waiting, unhealthy: snapshot.unhealthy_agents.clone() }
}

/// What carries a decision out, or why nothing can.
fn execution(
    ctx: &Ctx,
    identity: &Identity,
    scope: &Scope,
    decision: &Decision,
    snapshot: &Snapshot,
) -> (Vec<Statement>, Option<&'static str>) {
    match decision.intent {
        Intent::Noop => (Vec::new(), None),
        Intent::EscalateGuidance => {
            let escalate = |open: &OpenGuidance| {
                let (thread_id, at) = (open.thread_id.clone(), open.asked.asked_at);
                let subject = Subject::Thread(thread_id.clone());
                let key = format!("operator:{thread_id}:{}", open.asked.request_id);
                let command = EscalateThread { thread_id, why: EscalationReason::Operator, at };
                cause(Caused::new(scope, &subject, &command, key), &ctx.ids)
            };
            let mut statements: Vec<_> = snapshot.unresolved_guidance.iter().map(escalate).collect();
            statements.push(identity.audit("operator.escalate_guidance", &snapshot.run.run_id).insert());
            (statements, None)
        }
        Intent::Restart | Intent::EscalateBlocked => (Vec::new(), Some("nothing that could do it is configured")),
    }
}
