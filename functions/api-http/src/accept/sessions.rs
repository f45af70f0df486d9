//! What commands on sessions and pull requests are answered with. Both are shown as the command side keeps them.

use http::StatusCode;
use serde::Serialize;
use shared::store::commands::AppliedTo;
use shared::store::pull_requests::{self, PrFilter, PullRequestView};
use shared::store::sessions::{self, SessionView};
use shared::store::{Reader, StoreError};
use shared::value::KeyScope;
use utoipa::ToSchema;

use super::answers::{Applied, CommandAnswer, CommandReceipt};

/// The answer to a command on a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The session as it shows now; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionView>,
    /// True when the report was not heeded: the session is over, was launched again, or is known to have gone on since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
    /// Whether the command created the session.
    #[serde(skip)]
    created: bool,
}

impl CommandAnswer for SessionAnswer {
    const PROJECTION: Option<&'static str> = None;
    const SCOPES: [KeyScope; 2] = [KeyScope::ForumWrite, KeyScope::MemoriesWrite];

    fn status(&self, done: StatusCode) -> StatusCode {
        if self.created { StatusCode::CREATED } else { done }
    }

    fn pending(command: CommandReceipt) -> Self {
        Self { command, session: None, ignored: false, created: false }
    }

    fn read(reader: &mut Reader<'_>, command: CommandReceipt, of: Applied<'_>) -> Result<Self, StoreError> {
        let AppliedTo::Session { session_id, created, ignored } = of.to else { return Ok(Self::pending(command)) };
        let place = (of.row.scope.team_id.as_str(), Some(of.row.scope.project_id.as_str()));
        let session = sessions::find(reader, place, session_id, of.derived)?.map(SessionView::from);
        Ok(Self { command, session, ignored: *ignored, created: *created })
    }
}

/// The answer to an observation of a pull request.
#[derive(Debug, Serialize, ToSchema)]
pub struct PullRequestAnswer {
    /// The command; absent when nothing was to be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandReceipt>,
    /// The pull request as it shows now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<PullRequestView>,
    /// True when nothing was written: it could not be fetched, or what is stored is newer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

impl PullRequestAnswer {
    /// Nothing was to be written.
    #[must_use]
    pub fn ignored() -> Self {
        Self { command: None, pull_request: None, ignored: true }
    }
}

impl CommandAnswer for PullRequestAnswer {
    const PROJECTION: Option<&'static str> = None;

    fn pending(command: CommandReceipt) -> Self {
        Self { command: Some(command), pull_request: None, ignored: false }
    }

    fn read(reader: &mut Reader<'_>, command: CommandReceipt, of: Applied<'_>) -> Result<Self, StoreError> {
        let AppliedTo::PullRequest { url, ignored } = of.to else { return Ok(Self::pending(command)) };
        let scope = &of.row.scope;
        let filter = PrFilter { url: Some(url.clone()), ..PrFilter::default() };
        let place = (scope.team_id.as_str(), Some(scope.project_id.as_str()));
        let row = pull_requests::list(reader, place, &filter, (i64::MAX, 1))?.pop();
        let pull_request = row.map(|row| pull_requests::view(reader, &scope.team_id, row)).transpose()?;
        Ok(Self { command: Some(command), pull_request, ignored: *ignored })
    }
}
