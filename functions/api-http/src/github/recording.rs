//! Storing what a delivery says, as commands of the sessions whose pull requests it is about.

use shared::ctx::Ctx;
use shared::domain::session::repository_key;
use shared::function::publish;
use shared::message::command::{Command, ObservePullRequest, Subject};
use shared::store::commands::{self, Caused, cause};
use shared::store::{Commit, CommitError, Durability, Guard, Reader, Statement, StoreError, pull_requests, sessions};
use shared::value::{Actor, Scope};

use super::{Branch, Clue, Sighting};
use crate::problem::{Answer, Problem};

/// Who acts on what GitHub delivers: `system:github`.
const ACTOR: &str = "github";

/// What was recorded of a delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded {
    /// Commands stored, one for each pull request.
    pub commands: usize,
    /// Sightings of pull requests that no session of the project owns.
    pub unmatched: u64,
}

/// Stores a command for each pull request that a session owns, all in one commit; nothing for a delivery that was recorded
/// before.
///
/// # Errors
/// 400 for what cannot be stored as it is, 503 when the store does not take it.
pub async fn record(ctx: &Ctx, scope: &Scope, delivery: &str, sightings: Vec<Sighting>) -> Answer<Option<Recorded>> {
    if sightings.is_empty() {
        return Ok(Some(Recorded::default()));
    }
    let key = format!("github:{}:{delivery}", scope.project_id);
    let (of, first) = (scope.clone(), key.clone());
    let found = ctx.store.read(move |reader| look(reader, &of, &first, sightings)).await?;
    let Some((seen, unmatched)) = found else { return Ok(None) };
    let recorded = Recorded { commands: seen.len(), unmatched };
    if seen.is_empty() {
        return Ok(Some(recorded));
    }
    let now = ctx.clock.now();
    let mut statements = Vec::new();
    for (index, seen) in seen.into_iter().enumerate() {
        let seen = seen.normalise(now).map_err(Problem::fields)?;
        let key = if index == 0 { key.clone() } else { format!("{key}:{index}") };
        let subject = Subject::PullRequest(seen.url.clone());
        statements.push(cause(Caused::new(scope, &subject, &seen, key), &ctx.ids));
        if index == 0 {
            // When a delivery comes twice at once, both have looked before either was stored.
            statements.push(Statement::changed_one_row(Guard::IdempotencyKey));
        }
    }
    let commit = Commit::new(Durability::Full, ctx.housekeeping(ACTOR)).then_all(statements);
    match ctx.store.try_commit(commit).await {
        Ok(_) => {}
        Err(CommitError::Guard(Guard::IdempotencyKey)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let accepted = ctx.metrics.commands_total.with_label_values(&[ObservePullRequest::NAME, "accepted"]);
    accepted.inc_by(u64::try_from(recorded.commands).unwrap_or(u64::MAX));
    // A deployed function has no drainer beside it.
    publish::own(ctx, crate::NAME).await;
    tracing::debug!(delivery, commands = recorded.commands, unmatched, "delivered by GitHub");
    Ok(Some(recorded))
}

/// What is seen of pull requests that sessions of the project own, and how many sightings are of none; nothing when a command
/// with `key` is stored, and so the delivery was recorded before.
fn look(
    reader: &mut Reader<'_>,
    scope: &Scope,
    key: &str,
    sightings: Vec<Sighting>,
) -> Result<Option<(Vec<ObservePullRequest>, u64)>, StoreError> {
    if commands::find_by_key(reader, &scope.team_id, &Actor::system(ACTOR), key)?.is_some() {
        return Ok(None);
    }
    let (mut seen, mut unmatched) = (Vec::new(), 0);
    for sighting in sightings {
        let owned = of_sessions(reader, scope, sighting)?;
        unmatched += u64::from(owned.is_empty());
        seen.extend(owned);
    }
    Ok(Some((seen, unmatched)))
}

/// The sighting once for each pull request that it means and that a session of the project owns, or owns from now on.
fn of_sessions(
    reader: &mut Reader<'_>,
    scope: &Scope,
    sighting: Sighting,
) -> Result<Vec<ObservePullRequest>, StoreError> {
    let Sighting { clue, seen } = sighting;
    match clue {
        Clue::Head(head_sha) => {
            let found = pull_requests::by_head(reader, scope, &head_sha)?.into_iter();
            Ok(found.map(|(url, session_id)| ObservePullRequest { url, session_id, ..seen.clone() }).collect())
        }
        Clue::Address(branch) => {
            let session_id = match (pull_requests::owner(reader, scope, &seen.url)?, branch) {
                (Some(owner), _) => Some(owner),
                (None, Some(branch)) => working_on(reader, scope, &branch)?,
                (None, None) => None,
            };
            Ok(session_id.map(|session_id| ObservePullRequest { session_id, ..seen }).into_iter().collect())
        }
    }
}

/// The project's newest session that works on a branch.
fn working_on(reader: &mut Reader<'_>, scope: &Scope, branch: &Branch) -> Result<Option<String>, StoreError> {
    let Some(repository) = repository_key(&branch.repository) else { return Ok(None) };
    sessions::of_branch(reader, scope, &repository, &branch.name)
}
