//! `POST /runs/{id}/operator`: one interval of an operator. What it decides comes from the snapshot and from what
//! earlier intervals saw.

mod execution;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::run::operator::{Counters, Decision, Draft, Intent, Limits, Observed, Unhealthy, decide};
use shared::store::views::run_snapshots::{AgentSnapshot, Snapshot};
use shared::store::{Commit, Context, Durability, notifications, operator};
use shared::value::{Actor, AgentStatus, KeyScope, NotificationKind, Scope};
use utoipa::ToSchema;

use super::runs;
use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};
use execution::{Order, Outcome};

/// What the caller wants of the interval.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Interval {
    /// Do what is decided; otherwise the decision is only told.
    execute: bool,
    /// The caller starts the agent again when that is decided: a restart of the run's budget is used, whatever comes of it.
    restarts: bool,
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
    /// Whether it was done; of a restart, whether the caller is to do it.
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
    let Interval { execute, restarts } = body::typed(object)?;
    let run = runs::find(&ctx, &identity, run_id).await?;
    let scope = Scope { team_id: identity.caller.key.team_id.clone(), project_id: run.project_id.clone() };
    let snapshot = runs::look(&ctx, &identity, run).await?;
    let run_id = snapshot.run.run_id.clone();
    let (of, id) = (scope.clone(), run_id.clone());
    let (before, blocked) = ctx
        .store
        .read(move |reader| Ok((operator::counters(reader, &of, &id)?, operator::blocked(reader, &of, &id)?)))
        .await?;
    let observed = observed(&snapshot);
    let now = ctx.clock.now();
    let mut decision = decide(&observed, &before, limits(&ctx), now);
    let mut outcome = Outcome::default();
    if execute {
        let order =
            Order { ctx: &ctx, scope: &scope, snapshot: &snapshot, decision: &decision, blocked: &blocked, now };
        outcome = order.carry_out(restarts).await?;
        if outcome.executed && decision.intent == Intent::Restart {
            decision.counters.restarts = decision.counters.restarts.saturating_add(1);
            decision.counters.last_restart_at = Some(now);
        }
        if outcome.is_new {
            outcome.statements.push(identity.audit(action(decision.intent), &run_id).insert());
        }
        // What people were told of an agent holds until nobody has to look after it.
        let ailing = observed.to_look_after();
        let over = blocked.iter().filter(|name| !ailing.iter().any(|agent| agent.agent_name == **name));
        let subjects = over.map(|name| operator::blocked_subject(&run_id, name));
        let resolve =
            subjects.map(|subject| notifications::resolve(&scope, NotificationKind::AgentBlocked, &subject, None));
        outcome.statements.extend(resolve);
    }
    if !outcome.statements.is_empty() || decision.counters != before {
        let context = identity.context(&ctx)?;
        // An agent is reminded by the system; at whose request, the key in the audit tells.
        let actor = if is_reminder(decision.intent) { Actor::system("operator") } else { context.actor };
        let commit = Commit::new(Durability::Full, Context { actor, ..context })
            .then(operator::store(&scope, &run_id, &decision.counters))
            .then_all(outcome.statements);
        ctx.store.try_commit(commit).await?;
    }
    let Decision { intent, reason, agent_name, counters, .. } = decision;
    let reason = outcome.refusal.map_or(reason.clone(), |refusal| format!("{reason}; {refusal}"));
    Ok(Json(OperatorDecision { intent, reason, agent_name, counters, executed: outcome.executed }))
}

fn limits(ctx: &Ctx) -> Limits {
    let settings = &ctx.config.operator;
    Limits {
        confirmations: settings.confirmations,
        restarts: settings.restarts,
        cooldown: settings.cooldown,
        stale: settings.stale,
    }
}

/// What the rules look at. Whoever has delivered owes nothing, and may be silent or gone.
fn observed(snapshot: &Snapshot) -> Observed {
    let agents = &snapshot.agents;
    let owing = agents.iter().filter(|agent| agent.health.is_unhealthy() && !agent.has_delivered());
    let unhealthy = owing.map(|agent| Unhealthy {
        agent_name: agent.name.clone(),
        probe: agent.probe.map(|probe| (probe.runtime, probe.process)),
        last_activity_at: agent.last_activity_at,
    });
    let is_uncommitted = |agent: &AgentSnapshot| {
        let is_reminded = agent.session_id.as_ref().is_some_and(|id| agent.reminded_of.contains(id));
        agent.workspace_dirty == Some(true) && !is_reminded
    };
    let draft = |agent: &AgentSnapshot| agent.draft_prs.iter().find(|url| !agent.reminded_of.contains(url)).cloned();
    Observed {
        state: snapshot.run.state,
        touched_at: snapshot.run.updated_at,
        waiting: snapshot.unresolved_guidance.first().map(|open| open.agent_name.clone()),
        unhealthy: unhealthy.collect(),
        uncommitted: first(agents, is_uncommitted).map(|agent| agent.name.clone()),
        draft: first(agents, |agent| draft(agent).is_some())
            .and_then(|agent| Some(Draft { agent_name: agent.name.clone(), url: draft(agent)? })),
        comments: first(agents, |agent| agent.undelivered_comments).map(|agent| agent.name.clone()),
    }
}

/// The first agent that fits; one at work before the others, because it can heed what it is told.
fn first(agents: &[AgentSnapshot], fits: impl Fn(&AgentSnapshot) -> bool) -> Option<&AgentSnapshot> {
    let at_work = agents.iter().find(|agent| agent.status == AgentStatus::Running && fits(agent));
    at_work.or_else(|| agents.iter().find(|agent| fits(agent)))
}

/// What the audit trail calls it.
fn action(intent: Intent) -> &'static str {
    match intent {
        Intent::EscalateGuidance => "operator.escalate_guidance",
        Intent::StopStale => "operator.stop_stale",
        Intent::Restart => "operator.restart",
        Intent::EscalateBlocked => "operator.escalate_blocked",
        Intent::CommitReady => "operator.commit_ready",
        Intent::PrReady => "operator.pr_ready",
        Intent::ReviewDispatch => "operator.review_dispatch",
        Intent::Noop => "operator.noop",
    }
}

fn is_reminder(intent: Intent) -> bool {
    matches!(intent, Intent::CommitReady | Intent::PrReady | Intent::ReviewDispatch)
}
