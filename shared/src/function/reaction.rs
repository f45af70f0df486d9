//! How every reaction works: read the log from its checkpoint, and turn what happened into commands, which are accepted in
//! the same commit that moves the checkpoint. So nothing is reacted to twice, and nothing is missed.

use super::Function;
use super::projection::{ahead, reach};
use crate::ctx::Ctx;
use crate::error::HandlerError;
use crate::message::envelope::CloudEvent;
use crate::message::event::LogEvent;
use crate::store::commands::{Caused, cause};
use crate::store::{Statement, StoreError, projections};

/// A function that turns events into commands.
pub trait Reaction: Function {
    /// What these events cause, decided on the command side's present state. It may stand later than the events: whatever
    /// changed it since is an event that comes yet.
    fn react(ctx: &Ctx, events: &[LogEvent]) -> impl Future<Output = Result<Reacted, StoreError>> + Send;
}

/// What events cause.
#[derive(Debug, Default)]
pub struct Reacted {
    /// Commands.
    pub commands: Vec<Caused>,
    /// What people are told, and what is no longer so.
    pub statements: Vec<Statement>,
}

/// Reacts to everything at least up to the doorbell's position.
///
/// # Errors
/// Asks for a retry when the store fails.
pub async fn handle<R: Reaction>(ctx: &Ctx, message: &CloudEvent) -> Result<(), HandlerError> {
    while let Some((checkpoint, events)) = ahead(ctx, R::NAME, message).await? {
        let pos = events.last().map_or(checkpoint.pos, |event| event.pos);
        let Reacted { commands, statements } = R::react(ctx, &events).await?;
        let is_cause = !commands.is_empty() || !statements.is_empty();
        let commands = commands.into_iter().map(|caused| cause(caused, &ctx.ids)).chain(statements).collect();
        let commit = projections::advance(ctx.authoring(R::NAME), &checkpoint, commands, pos);
        // What a power cut takes back is caused again: the checkpoint goes with it.
        let commit = if is_cause { commit.ringing() } else { commit };
        reach(ctx, &checkpoint, commit, pos).await?;
    }
    Ok(())
}
