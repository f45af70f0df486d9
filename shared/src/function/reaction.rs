//! How every reaction works: read the log from its checkpoint, and turn what happened into commands, which are accepted in
//! the same commit that moves the checkpoint. So nothing is reacted to twice, and nothing is missed.

use super::Function;
use crate::ctx::Ctx;
use crate::error::HandlerError;
use crate::message::envelope::CloudEvent;
use crate::message::event::LogEvent;
use crate::store::commands::{Caused, cause};
use crate::store::{CommitError, Guard, StoreError, events, projections};

/// A function that turns events into commands.
pub trait Reaction: Function {
    /// The commands that these events cause, decided on the command side's present state. It may stand later than the
    /// events: whatever changed it since is an event that comes yet.
    fn react(ctx: &Ctx, events: &[LogEvent]) -> impl Future<Output = Result<Vec<Caused>, StoreError>> + Send;
}

/// Reacts to everything at least up to the doorbell's position.
///
/// # Errors
/// Asks for a retry when the store fails.
pub async fn handle<R: Reaction>(ctx: &Ctx, message: &CloudEvent) -> Result<(), HandlerError> {
    let reached = ctx.bells.projection(R::NAME);
    loop {
        // Known to be committed at least that far: the cheap way out for most doorbells of a burst.
        if *reached.borrow() >= message.sequence {
            return Ok(());
        }
        let page = ctx.config.log.page;
        let (checkpoint, events) = ctx
            .store
            .read(move |reader| {
                let checkpoint = projections::live(reader, R::NAME)?;
                let events = events::read_all(reader, checkpoint.pos, page)?;
                Ok((checkpoint, events))
            })
            .await?;
        let Some(last) = events.last().filter(|_| checkpoint.pos < message.sequence) else {
            if checkpoint.pos < message.sequence {
                let reason = format!("the log ends at {}, before the doorbell's position", checkpoint.pos);
                return Err(HandlerError::Retry(reason));
            }
            ctx.bells.projection_reached(R::NAME, checkpoint.pos);
            return Ok(());
        };
        let caused = R::react(ctx, &events).await?;
        let is_cause = !caused.is_empty();
        let commands = caused.into_iter().map(|caused| cause(caused, &ctx.ids)).collect();
        let commit = projections::advance(ctx.housekeeping(R::NAME), &checkpoint, commands, last.pos);
        // What a power cut takes back is caused again: the checkpoint goes with it.
        let commit = if is_cause { commit.ringing() } else { commit };
        match ctx.store.commit(commit).await {
            Ok(_) => ctx.bells.projection_reached(R::NAME, last.pos),
            // Another invocation was faster; look again from where it got.
            Err(CommitError::Guard(Guard::Checkpoint)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
