//! Turning where sessions stand into words to their agents and to people: after events, when a clock runs out, and at every
//! reconciliation. All plan alike, so none says what another has said.

use std::collections::BTreeMap;

use crate::ctx::Ctx;
use crate::message::command::{SendNudge, Subject};
use crate::message::event::LogEvent;
use crate::store::commands::{Caused, cause};
use crate::store::{Commit, Durability, Statement, StoreError, reactions};
use crate::value::Scope;

use super::reaction::Reacted;

/// A session to look at, and what the commands that follow are called by.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    /// Tenant.
    pub scope: Scope,
    /// The session.
    pub session_id: String,
    /// What their idempotency keys begin with; of several the further ones are numbered.
    pub key: String,
    /// The event that drew attention to it; none for the clock.
    pub event: Option<&'a LogEvent>,
}

/// What these sessions ask for now.
///
/// # Errors
/// When the store fails.
pub async fn react(ctx: &Ctx, looks: Vec<Look<'_>>) -> Result<Reacted, StoreError> {
    let mut reacted = Reacted::default();
    if looks.is_empty() {
        return Ok(reacted);
    }
    let wanted: Vec<_> = looks.iter().map(|look| (look.scope.clone(), look.session_id.clone())).collect();
    let situations = ctx
        .store
        .read(move |reader| {
            let each = wanted.iter().map(|(scope, session_id)| reactions::situation(reader, scope, session_id));
            each.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let (limits, now) = (ctx.config.reactions.limits(), ctx.clock.now());
    let mut over = Vec::new();
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (look, situation) in looks.into_iter().zip(situations) {
        let Some(situation) = situation else { continue };
        let plan = situation.plan(limits, now);
        let thread_id = situation.session.control_thread(&look.scope);
        for nudge in &plan.nudges {
            let command = SendNudge {
                session_id: look.session_id.clone(),
                thread_id: thread_id.clone(),
                key: nudge.key.to_owned(),
                subject: nudge.subject.clone(),
                covers: nudge.covers.clone(),
                body: nudge.body.clone(),
                escalate_at: nudge.escalate_at,
            };
            let n = named.entry(look.key.clone()).and_modify(|n| *n += 1).or_insert(0);
            let key = if *n == 0 { look.key.clone() } else { format!("{}:{n}", look.key) };
            let caused = Caused::new(&look.scope, &Subject::Thread(thread_id.clone()), &command, key);
            reacted.commands.push(match look.event {
                Some(event) => caused.by(event),
                None => caused,
            });
        }
        let made = (&ctx.ids, now, ctx.notifies());
        let (raised, ended) = reactions::settle(&look.scope, &situation, &plan, made);
        reacted.statements.extend(raised);
        over.extend(ended);
    }
    reacted.statements.extend(over);
    Ok(reacted)
}

/// Looks at sessions without an event, and does what they ask for.
///
/// # Errors
/// When the store fails.
pub async fn look_again(ctx: &Ctx, function: &'static str, sessions: Vec<(Scope, String)>) -> Result<(), StoreError> {
    let now = ctx.clock.now().0;
    let looks = sessions.into_iter().map(|(scope, session_id)| {
        let key = format!("{function}:{session_id}:{now}");
        Look { scope, session_id, key, event: None }
    });
    let Reacted { commands, statements } = react(ctx, looks.collect()).await?;
    let commands = commands.into_iter().map(|caused| cause(caused, &ctx.ids));
    let statements: Vec<Statement> = commands.chain(statements).collect();
    if statements.is_empty() {
        return Ok(());
    }
    // Lost in a power cut, it is asked for again.
    let commit = Commit::new(Durability::Normal, ctx.authoring(function)).then_all(statements).ringing();
    ctx.store.commit(commit).await.map_err(crate::store::CommitError::unexpected)?;
    Ok(())
}
