//! Waiting for an accepted command: until it is finished and its view shows it, or the caller's patience ends.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use shared::clock::Clock;
use shared::config::COMMAND_WAIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::live::Waiting;
use shared::store::commands::{self, CommandRow, CommandStatus, Outcome};
use shared::store::{jobs, projections};
use shared::value::Scope;

use super::answers::{Applied, CommandAnswer, CommandReceipt};
use crate::identity::Identity;
use crate::problem::{Answer, Problem};
use crate::query;

/// Waits between looks at the rows when no bell rings: those of a deployed function, whose command another process runs.
const POLLS: [u64; 4] = [50, 100, 200, 400];
const POLL_MAX: Duration = Duration::from_millis(500);

/// How long the caller wants to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// For the command.
    command: Duration,
    /// For the jobs that it causes, from the same moment on; none if they are not waited for.
    jobs: Option<Duration>,
}

impl Wait {
    pub(super) fn of<A: CommandAnswer>(ctx: &Ctx, identity: &Identity) -> Answer<Self> {
        let for_command = |command| Self { command, jobs: None };
        let preferences = identity.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        if preferences.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("respond-async")) {
            return Ok(for_command(Duration::ZERO));
        }
        if A::CAUSES_JOBS {
            let wanted = query::flag(&identity.query, "wait")?.unwrap_or(false);
            let jobs = wanted.then_some(ctx.config.ingest.wait);
            return Ok(Self { command: ctx.config.command.wait.max(jobs.unwrap_or_default()), jobs });
        }
        let Some(text) = identity.query.get("wait") else { return Ok(for_command(ctx.config.command.wait)) };
        let seconds = text.parse().ok().map(Duration::from_secs).filter(|wait| *wait <= COMMAND_WAIT_MAX);
        let refused = || Problem::parameter("wait", "must be a whole number of seconds from 0 to 30");
        seconds.map(for_command).ok_or_else(refused)
    }
}

/// A command that is committed, now or earlier under the same key.
pub(super) struct Accepted {
    pub(super) scope: Scope,
    pub(super) command_id: String,
    pub(super) waiting: Waiting,
    /// Accepted by an earlier request: it may be finished by now.
    pub(super) earlier: bool,
    /// Under the same idempotency key.
    pub(super) replayed: bool,
    pub(super) done: StatusCode,
}

impl Accepted {
    pub(super) async fn answer<A: CommandAnswer>(mut self, ctx: &Ctx, wait: Wait) -> Answer<Response> {
        let stopwatch = Clock::stopwatch();
        let mut seen = self.wait::<A>(ctx, wait.command).await?;
        let unfinished = match &seen {
            Some((_, Some(answer))) if wait.jobs.is_some() => answer.unfinished_jobs(),
            _ => Vec::new(),
        };
        if !unfinished.is_empty() {
            let left = wait.jobs.unwrap_or_default().saturating_sub(stopwatch.elapsed());
            until_over(ctx, &self.scope, &unfinished, left).await?;
            // One look for all, so that what is said of them fits together.
            seen = self.look::<A>(ctx).await?;
            if let Some((_, Some(answer))) = &mut seen
                && !answer.unfinished_jobs().is_empty()
            {
                answer.time_out();
            }
        }
        let mut response = match seen {
            Some((row, answer)) => {
                let done = answer.as_ref().map_or(self.done, |answer| answer.status(self.done));
                finished(row, answer, done).unwrap_or_else(IntoResponse::into_response)
            }
            None => self.pending::<A>(),
        };
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        Ok(response)
    }

    /// Waits until the command is finished and its view shows it, or the wait is over.
    async fn wait<A: CommandAnswer>(&mut self, ctx: &Ctx, limit: Duration) -> Answer<Option<(CommandRow, Option<A>)>> {
        let stopwatch = Clock::stopwatch();
        let mut reached = A::PROJECTION.map(|projection| ctx.bells.projection(projection));
        // A replay may have finished long ago: look before listening.
        let mut look = self.earlier || limit.is_zero();
        let mut polls = POLLS.into_iter().map(Duration::from_millis);
        loop {
            if look {
                let seen = self.look::<A>(ctx).await?;
                if seen.is_some() || limit.is_zero() {
                    return Ok(seen.filter(|_| !limit.is_zero() || self.earlier));
                }
            }
            let left = limit.saturating_sub(stopwatch.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            let shown = async {
                let finished = self.waiting.finished().await;
                if let (Some(pos), Some(reached)) = (finished.pos, &mut reached) {
                    // The sender lives as long as the process.
                    let _ = reached.wait_for(|reached| *reached >= pos).await;
                }
            };
            // Whoever wakes us, the rows decide.
            let _ = tokio::time::timeout(polls.next().unwrap_or(POLL_MAX).min(left), shown).await;
            look = true;
        }
    }

    /// The command and what it shows, if the command is finished and the view has caught up with it.
    async fn look<A: CommandAnswer>(&self, ctx: &Ctx) -> Answer<Option<(CommandRow, Option<A>)>> {
        let (scope, id) = (self.scope.clone(), self.command_id.clone());
        let derived = (ctx.config.session.limits(), ctx.clock.now());
        let seen = ctx
            .store
            .read(move |reader| {
                let row = commands::find(reader, &scope.team_id, Some(&scope.project_id), &id)?;
                let Some(row) = row.filter(|row| row.status != CommandStatus::Accepted) else { return Ok(None) };
                let Some(Outcome::Result(applied)) = &row.outcome else { return Ok(Some((row, None))) };
                if let Some(projection) = A::PROJECTION
                    && let Some(pos) = row.pos
                    && projections::live(reader, projection)?.pos < pos
                {
                    return Ok(None);
                }
                let receipt = CommandReceipt { command_id: row.command_id.clone(), status: row.status, pos: row.pos };
                let answer = A::read(reader, receipt, Applied { row: &row, to: applied, derived })?;
                Ok(Some((row, Some(answer))))
            })
            .await?;
        Ok(seen)
    }

    /// 202: it is safe, and there is where to look.
    fn pending<A: CommandAnswer>(&self) -> Response {
        let command =
            CommandReceipt { command_id: self.command_id.clone(), status: CommandStatus::Accepted, pos: None };
        let mut response = (StatusCode::ACCEPTED, Json(A::pending(command))).into_response();
        if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/commands/{}", self.command_id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// Waits until these jobs are over, for one time for all of them.
async fn until_over(ctx: &Ctx, scope: &Scope, job_ids: &[String], limit: Duration) -> Answer<()> {
    let stopwatch = Clock::stopwatch();
    let mut bells: Vec<_> = job_ids.iter().map(|job_id| ctx.bells.wait_for_job(job_id)).collect();
    let mut polls = POLLS.into_iter().map(Duration::from_millis);
    loop {
        let (of, wanted) = (scope.clone(), job_ids.to_vec());
        let over = ctx.store.read(move |reader| jobs::are_over(reader, &of, &wanted)).await?;
        let left = limit.saturating_sub(stopwatch.elapsed());
        if over || left.is_zero() {
            return Ok(());
        }
        let rung = async {
            // Each bell counts once: a job that was sent back to work since is looked for in its row.
            if bells.is_empty() {
                std::future::pending::<()>().await;
            }
            while let Some(bell) = bells.last_mut() {
                bell.finished().await;
                bells.pop();
            }
        };
        // Whoever wakes us, the rows decide.
        let _ = tokio::time::timeout(polls.next().unwrap_or(POLL_MAX).min(left), rung).await;
    }
}

fn finished<A: CommandAnswer>(row: CommandRow, answer: Option<A>, done: StatusCode) -> Answer<Response> {
    match (row.outcome, answer) {
        (Some(Outcome::Rejection(rejection)), _) => Err(rejection.into()),
        (Some(Outcome::Result(_)), Some(answer)) => Ok((done, Json(answer)).into_response()),
        _ => {
            let detail = "the command could not be handled and was parked as a dead letter";
            Err(Problem::new(Code::InternalError, detail)
                .with("command_id", row.command_id)
                .with("dead_letter_id", row.dead_letter_id))
        }
    }
}
