//! Stores one observation of a pull request, wholly or not at all; a merge may end its session.
//!
//! Wakes on: forum.commands.observe_pull_request
//! Reads: commands, sessions, pull_requests, pr_checks, pr_comments
//! Writes: commands, pull_requests, pr_checks, pr_comments, sessions, events
//! Emits: pr_created, pr_updated, pr_check_recorded, pr_comments_changed, pr_session_changed, session_updated

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, ObservePullRequest};
use shared::message::envelope::CloudEvent;
use shared::store::pull_requests::PullRequests;

pub use decide::decide;

/// The function.
pub struct CmdObservePullRequest;

impl Function for CmdObservePullRequest {
    const NAME: &'static str = "cmd-observe-pull-request";
    const TRIGGER: Trigger = Trigger::Command(ObservePullRequest::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<PullRequests, _>(ctx, Self::NAME, &message, decide).await
    }
}
