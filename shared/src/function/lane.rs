//! How every lane works: one invocation at a time holds it, claims jobs in groups, works on them, stores what each comes to
//! in a commit of its own, and goes on until nothing is left. Doorbells only wake it: what there is to do is in the rows.

mod work;

pub use work::letter;

use std::time::Duration;

use super::{Function, publish};
use crate::clock::{Clock, Stopwatch, Time};
use crate::config::Config;
use crate::ctx::Ctx;
use crate::domain::job::shares;
use crate::error::HandlerError;
use crate::generation::{Draft, Generated, GenerationError, Provider, SOURCES_MAX, SourceEvent, Usage};
use crate::id::Kind;
use crate::message::envelope::CloudEvent;
use crate::store::jobs::{self, JobRow, Source};
use crate::store::lanes::{self, Lease};
use crate::store::{Statement, StoreError};
use crate::transport::{Outgoing, Transport, TransportError};
use crate::value::privacy::without_private;
use crate::value::{ErrorClass, JobKind, Word};

/// How long a lane is held without a sign of life.
const HOLD: Duration = Duration::from_secs(60);
/// How long one invocation works where it is deployed; then it rings for the next one.
const STRETCH: Duration = Duration::from_secs(180);

/// A function that works a lane.
pub trait Lane: Function {
    /// Which.
    const LANE: JobKind;

    /// Works on one claimed job.
    fn work(ctx: &Ctx, job: &JobRow, source: Source) -> impl Future<Output = Result<Made, GenerationError>> + Send;
}

/// What a job made.
#[derive(Debug, Default)]
pub struct Made {
    /// Observations.
    pub drafts: Vec<Draft>,
    /// When what they are about happened, by agent event.
    pub times: Vec<(String, Time)>,
    /// Anything else to be stored with them.
    pub statements: Vec<Statement>,
    /// What it took.
    pub usage: Usage,
}

/// Whether anybody works on jobs of this kind.
#[must_use]
pub fn is_enabled(ctx: &Ctx, kind: JobKind) -> bool {
    !kind.generates() || !matches!(ctx.provider, Provider::None)
}

/// The lanes that somebody works on.
#[must_use]
pub fn enabled(ctx: &Ctx) -> Vec<JobKind> {
    JobKind::EVERY.into_iter().filter(|kind| is_enabled(ctx, *kind)).collect()
}

/// The topic on which a lane is rung.
#[must_use]
pub fn topic_of(kind: JobKind) -> String {
    format!("forum.jobs.{}", kind.as_str())
}

/// Works the lane unless somebody else does. Whoever has it looks once more after letting go, so a doorbell that came too
/// early for itself is not lost.
///
/// # Errors
/// [`HandlerError::Later`] when something waits for its time; asks for a retry when the store fails.
pub async fn handle<L: Lane>(ctx: &Ctx) -> Result<(), HandlerError> {
    if !is_enabled(ctx, L::LANE) {
        return Ok(());
    }
    let stopwatch = Clock::stopwatch();
    loop {
        let now = ctx.clock.now();
        if let Some(until) = ctx.slots.quiet_until(L::LANE, now) {
            return Err(HandlerError::Later(until.since(now).max(Duration::from_millis(1))));
        }
        let Some(slot) = ctx.slots.take(L::LANE) else { return Ok(()) };
        if !is_due::<L>(ctx).await? {
            drop(slot);
            // Whoever came while we looked found the lane taken.
            if is_due::<L>(ctx).await? {
                continue;
            }
            break;
        }
        let holder = ctx.ids.uuid().hyphenated().to_string();
        let context = ctx.housekeeping(L::NAME);
        let Some(lease) = lanes::take(&ctx.store, context, L::LANE.as_str(), holder, HOLD).await? else {
            return Ok(());
        };
        let ended = hold::<L>(ctx, &lease, stopwatch).await;
        lease.release(&ctx.store, ctx.housekeeping(L::NAME)).await?;
        drop(slot);
        match ended? {
            Ended::Drained => {}
            Ended::Lost => return Ok(()),
            Ended::OutOfTime => {
                ring(ctx, L::LANE).await.map_err(|error| HandlerError::Retry(error.to_string()))?;
                return Ok(());
            }
        }
    }
    let next = ctx.store.read(|reader| jobs::next_due(reader, L::LANE)).await?;
    next.map_or(Ok(()), |at| Err(HandlerError::Later(at.since(ctx.clock.now()).max(Duration::from_millis(1)))))
}

/// Asks the provider for observations of a job's material.
///
/// # Errors
/// Why there are none, with a class that decides whether it is tried again.
pub async fn generate(ctx: &Ctx, source: Source) -> Result<Made, GenerationError> {
    let material = match source {
        Source::Material(material) => material,
        Source::Refused(error) => return Err(error),
        Source::Index(_) => {
            return Err(GenerationError::new(ErrorClass::Unrecoverable, "the job carries what another lane needs"));
        }
    };
    let Generated { drafts, usage } = ctx.provider.generate(&material).await?;
    let drafts = drafts.into_iter().filter_map(|draft| kept(draft, &material.events)).collect();
    let times = material.events.into_iter().map(|event| (event.agent_event_id, event.occurred_at)).collect();
    Ok(Made { drafts, times, statements: Vec::new(), usage })
}

/// The draft as it is stored: private text is removed once more, whoever put it there. `None` when nothing is left.
fn kept(draft: Draft, events: &[SourceEvent]) -> Option<Draft> {
    let Draft { kind, title, body, mut sources } = draft;
    let title = without_private(&title).trim().to_owned();
    if title.is_empty() {
        return None;
    }
    if sources.is_empty() {
        sources = events.iter().take(SOURCES_MAX).map(|event| event.agent_event_id.clone()).collect();
    }
    Some(Draft { kind, title, body: without_private(&body), sources })
}

async fn is_due<L: Lane>(ctx: &Ctx) -> Result<bool, StoreError> {
    let now = ctx.clock.now();
    ctx.store.read(move |reader| jobs::due(reader, L::LANE, now)).await
}

/// How holding a lane ended.
enum Ended {
    /// Nothing is left to begin, or the provider wants to be left alone.
    Drained,
    /// Somebody else has it.
    Lost,
    /// There is more, and no time.
    OutOfTime,
}

/// Works while showing signs of life.
async fn hold<L: Lane>(ctx: &Ctx, lease: &Lease, stopwatch: Stopwatch) -> Result<Ended, StoreError> {
    let mut work = std::pin::pin!(drain::<L>(ctx, lease, stopwatch));
    loop {
        tokio::select! {
            biased;
            ended = &mut work => return ended,
            () = tokio::time::sleep(HOLD / 3) => {
                if !lease.renewed(&ctx.store, ctx.housekeeping(L::NAME), HOLD).await? {
                    return Ok(Ended::Lost);
                }
            }
        }
    }
}

/// What there is to do next.
enum Next {
    /// These jobs, which are claimed.
    Jobs(Vec<JobRow>),
    /// Nothing.
    Nothing,
    /// The lane is somebody else's.
    Lost,
}

async fn drain<L: Lane>(ctx: &Ctx, lease: &Lease, stopwatch: Stopwatch) -> Result<Ended, StoreError> {
    let mut next = claim::<L>(ctx, lease).await?;
    loop {
        let jobs = match next {
            Next::Jobs(jobs) => jobs,
            Next::Nothing => return Ok(Ended::Drained),
            Next::Lost => return Ok(Ended::Lost),
        };
        if ctx.provider.remote().is_none() && !is_over(ctx, stopwatch) {
            // What is made here and now takes less time than to store it: the next ones are claimed meanwhile.
            let ((), following) = tokio::join!(work::group::<L>(ctx, jobs, stopwatch), claim::<L>(ctx, lease));
            next = following?;
        } else {
            work::group::<L>(ctx, jobs, stopwatch).await;
            if is_over(ctx, stopwatch) {
                return Ok(Ended::OutOfTime);
            }
            if ctx.slots.quiet_until(L::LANE, ctx.clock.now()).is_some() {
                return Ok(Ended::Drained);
            }
            next = claim::<L>(ctx, lease).await?;
        }
        // Where no drainer runs beside: others are not to wait for the lane's end.
        publish::own(ctx, L::NAME).await;
    }
}

/// Claims what the lane's projects have to do, each its share.
async fn claim<L: Lane>(ctx: &Ctx, lease: &Lease) -> Result<Next, StoreError> {
    let (now, max) = (ctx.clock.now(), claim_max(ctx));
    let mut projects = ctx.store.read(move |reader| jobs::projects_in_need(reader, L::LANE, now, max)).await?;
    if projects.is_empty() {
        return Ok(Next::Nothing);
    }
    // Whoever comes first gets what does not divide: another one every time.
    let first = ctx.ids.index(projects.len());
    projects.rotate_left(first);
    let counts: Vec<u32> = projects.iter().map(|(_, count)| *count).collect();
    let shared = shares(&counts, max);
    let claims = projects.into_iter().map(|(scope, _)| scope).zip(shared).filter(|(_, share)| *share > 0);
    let (context, lock) = (ctx.authoring(L::NAME), ctx.config.jobs.lease);
    let claimed = jobs::claim(&ctx.store, context, L::LANE, claims.collect(), (lease, HOLD), lock).await?;
    Ok(claimed.map_or(Next::Lost, Next::Jobs))
}

/// Jobs claimed at once: of a provider that takes its time no more than it can answer for before they are taken away.
fn claim_max(ctx: &Ctx) -> u32 {
    let Config { jobs, generation, .. } = &ctx.config;
    if ctx.provider.remote().is_none() {
        return jobs.claim_max;
    }
    let rounds = jobs.lease.as_secs() / (generation.timeout.as_secs() + 10);
    let rounds = usize::try_from(rounds).unwrap_or(usize::MAX).max(1);
    let most = u32::try_from(rounds.saturating_mul(generation.concurrency)).unwrap_or(u32::MAX);
    jobs.claim_max.min(most)
}

/// Whether an invocation has worked long enough where it is deployed.
fn is_over(ctx: &Ctx, stopwatch: Stopwatch) -> bool {
    ctx.is_deployed() && stopwatch.elapsed() > STRETCH
}

/// Rings a lane that has more to do than its invocation has time for.
///
/// # Errors
/// When the transport does not take the message; the reconciliation rings later.
pub async fn ring(ctx: &Ctx, kind: JobKind) -> Result<(), TransportError> {
    let message_id = ctx.ids.next(Kind::Message);
    let envelope = CloudEvent {
        specversion: "1.0".to_owned(),
        id: message_id.clone(),
        source: "/lanes".to_owned(),
        message_type: topic_of(kind),
        subject: kind.as_str().to_owned(),
        time: ctx.clock.now().to_string(),
        sequence: 0,
        correlationid: message_id.clone(),
        causationid: None,
        traceparent: None,
        dataref: None,
        data: None,
    };
    let body = serde_json::to_string(&envelope).unwrap_or_default().into();
    let message = Outgoing { topic: topic_of(kind), key: format!("lane/{}", kind.as_str()), message_id, body };
    ctx.transport.publish(vec![message]).await.into_iter().collect()
}
