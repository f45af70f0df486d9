//! Carrying out what an operator decided: commands, notifications, or the reason why nothing can be done.

use shared::clock::Time;
use shared::ctx::Ctx;
use shared::domain::reaction::{Notice, Situation, keys};
use shared::domain::run::operator::{Decision, Intent};
use shared::domain::session::Session;
use shared::message::command::{ChangeRunState, Command, EscalateThread, EscalationReason, SendNudge, Subject};
use shared::store::commands::{Caused, cause};
use shared::store::notifications::{self, About};
use shared::store::views::run_snapshots::{AgentSnapshot, Snapshot};
use shared::store::{Statement, operator, reactions};
use shared::value::{NotificationKind, RunState, Scope, Word};

use crate::problem::Answer;

const COMMIT: &str =
    "The run is completed, and your workspace holds what is not committed.\n\nCommit it and push, or undo it.";

/// A decision that is to be carried out.
pub(super) struct Order<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) scope: &'a Scope,
    pub(super) snapshot: &'a Snapshot,
    pub(super) decision: &'a Decision,
    /// Agents that people are told of already.
    pub(super) blocked: &'a [String],
    pub(super) now: Time,
}

/// What carrying it out takes.
#[derive(Default)]
pub(super) struct Outcome {
    /// What the server does.
    pub(super) statements: Vec<Statement>,
    /// Whether that, or what the caller does now, carries the decision out.
    pub(super) executed: bool,
    /// Whether it was not done by an earlier interval.
    pub(super) is_new: bool,
    /// Why nothing can be done.
    pub(super) refusal: Option<String>,
}

impl Outcome {
    fn done(statements: Vec<Statement>) -> Self {
        Self { statements, executed: true, is_new: true, refusal: None }
    }

    fn refused(why: impl Into<String>) -> Self {
        Self { refusal: Some(why.into()), ..Self::default() }
    }
}

impl Order<'_> {
    /// What carries the decision out. `restarts`: the caller starts agents again.
    ///
    /// # Errors
    /// When a read fails.
    pub(super) async fn carry_out(&self, restarts: bool) -> Answer<Outcome> {
        Ok(match self.decision.intent {
            Intent::Noop => Outcome::default(),
            Intent::EscalateGuidance => Outcome::done(self.escalate_guidance()),
            Intent::StopStale => Outcome::done(vec![self.stop()]),
            Intent::Restart if restarts => Outcome::done(Vec::new()),
            Intent::Restart => Outcome::refused("the caller cannot start agents"),
            Intent::EscalateBlocked => self.escalate_blocked(),
            Intent::CommitReady | Intent::PrReady | Intent::ReviewDispatch => self.remind().await?,
        })
    }

    fn cause<C: Command>(&self, subject: &Subject, command: &C, key: String) -> Statement {
        cause(Caused::new(self.scope, subject, command, key), &self.ctx.ids)
    }

    fn escalate_guidance(&self) -> Vec<Statement> {
        let escalate = self.snapshot.unresolved_guidance.iter().map(|open| {
            let (thread_id, at) = (open.thread_id.clone(), open.asked.asked_at);
            let subject = Subject::Thread(thread_id.clone());
            let key = format!("operator:{thread_id}:{}", open.asked.request_id);
            self.cause(&subject, &EscalateThread { thread_id, why: EscalationReason::Operator, at }, key)
        });
        escalate.collect()
    }

    fn stop(&self) -> Statement {
        let run = &self.snapshot.run;
        let stop = ChangeRunState {
            run_id: run.run_id.clone(),
            state: Some(RunState::Stopping),
            reason: Some(self.decision.reason.clone()),
            brief: None,
        };
        // Until something happens in the run it is one and the same stop.
        let key = format!("operator:{}:stop_stale:{}", run.run_id, run.last_event_pos);
        self.cause(&Subject::Run(run.run_id.clone()), &stop, key)
    }

    /// The agent that the decision is about.
    fn agent(&self) -> Option<&AgentSnapshot> {
        let name = self.decision.agent_name.as_ref()?;
        self.snapshot.agents.iter().find(|agent| agent.name == *name)
    }

    fn escalate_blocked(&self) -> Outcome {
        let Some(agent) = self.agent() else { return Outcome::refused("the run has no such agent") };
        if self.blocked.contains(&agent.name) {
            return Outcome { executed: true, ..Outcome::default() };
        }
        let run = &self.snapshot.run;
        let notice = Notice {
            kind: NotificationKind::AgentBlocked,
            subject: operator::blocked_subject(&run.run_id, &agent.name),
            title: format!("{} is blocked", agent.name),
            body: format!("{}.\nagentforum run snapshot {}", self.decision.reason, run.run_id),
            url: None,
        };
        let about = About {
            ticket: run.tickets.first().cloned(),
            run_id: Some(run.run_id.clone()),
            session_id: agent.session_id.clone(),
            agent_name: Some(agent.name.clone()),
            thread_id: None,
        };
        Outcome::done(notifications::raise(self.scope, &notice, &about, (&self.ctx.ids, self.ctx.notifies())).into())
    }

    /// Says it to the agent, if it could heed that now.
    async fn remind(&self) -> Answer<Outcome> {
        let Some(session_id) = self.agent().and_then(|agent| agent.session_id.clone()) else {
            return Ok(Outcome::refused("the agent has no session"));
        };
        let scope = self.scope.clone();
        let situation = self.ctx.store.read(move |reader| reactions::situation(reader, &scope, &session_id)).await?;
        let Some(situation) = situation else { return Ok(Outcome::refused("the agent has no session")) };
        if !situation.session.is_workable() {
            return Ok(Outcome::refused(why_not(&situation.session)));
        }
        let nudges = self.nudges(&situation);
        if nudges.is_empty() {
            return Ok(Outcome::refused("it was told often enough; a person decides"));
        }
        Ok(Outcome::done(nudges.into_iter().map(|nudge| self.send(&nudge)).collect()))
    }

    /// What is said to the agent. Of review comments it is what a reaction would say, so that both count as one.
    fn nudges(&self, situation: &Situation) -> Vec<SendNudge> {
        let session = &situation.session;
        let nudge = |key: &str, subject: &str, covers: Vec<String>, body: String| SendNudge {
            session_id: session.session_id.clone(),
            thread_id: session.control_thread(self.scope),
            key: key.to_owned(),
            subject: subject.to_owned(),
            covers,
            body,
            escalate_at: None,
        };
        match (self.decision.intent, &self.decision.url) {
            (Intent::ReviewDispatch, _) => {
                let plan = situation.plan(self.ctx.config.reactions.limits(), self.now);
                let review = plan.nudges.into_iter().filter(|planned| planned.key == keys::REVIEW);
                review.map(|planned| nudge(planned.key, &planned.subject, planned.covers, planned.body)).collect()
            }
            (Intent::PrReady, Some(url)) => {
                let body = format!("The run is completed, and your pull request is still a draft: {url}");
                vec![nudge(keys::PR_READY, url, Vec::new(), format!("{body}\n\nMark it as ready for review."))]
            }
            _ => vec![nudge(keys::COMMIT_READY, &session.session_id, Vec::new(), COMMIT.to_owned())],
        }
    }

    /// The command that says it. One that is held back does not count: a later interval sends another, which has a key of
    /// its own. What was said is not said again.
    fn send(&self, nudge: &SendNudge) -> Statement {
        let key = format!("operator:{}:{}:{}:{}", nudge.session_id, nudge.key, nudge.subject, self.now.0);
        self.cause(&Subject::Thread(nudge.thread_id.clone()), nudge, key)
    }
}

/// Why an agent could not heed anything now.
fn why_not(session: &Session) -> String {
    if session.is_blocked() {
        return format!("{} waits for a permission", session.session_id);
    }
    format!("{} is {} and could not heed it", session.session_id, session.state.as_str())
}
