//! What a function is, and how a batch of messages reaches it. The harness and Lambda both go through [`batch::run`], so
//! what is tested in one process is what is deployed.

pub mod batch;
pub mod command;
pub mod lane;
pub mod nudging;
pub mod probing;
pub mod projection;
pub mod publish;
pub mod reaction;
pub mod replay;
pub mod routes;

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::ctx::Ctx;
use crate::error::HandlerError;
use crate::transport::Subscription;
use crate::value::JobKind;

/// What wakes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Requests.
    Http,
    /// Doorbells of the command of this name.
    Command(&'static str),
    /// Jobs of this kind.
    Job(JobKind),
    /// Every event, for the reaction whose checkpoint has this name.
    Reaction(&'static str),
    /// Every event, for the projection of this name; and its own rings while it builds that again.
    Projection(&'static str),
    /// A commit that left rows in the outbox; this often even if no commit says so.
    Commit,
    /// The clock.
    Schedule(Period),
}

impl Trigger {
    /// Whether one doorbell stands for all of a batch: it says how far the log goes, or that a lane has something to do.
    #[must_use]
    pub fn one_rings_for_all(self) -> bool {
        matches!(self, Self::Job(_) | Self::Reaction(_) | Self::Projection(_))
    }

    /// How long one invocation may take where it is deployed; `infra/template.yaml` says the same.
    #[must_use]
    pub fn timeout(self) -> Duration {
        Duration::from_secs(match self {
            Self::Command(_) | Self::Reaction(_) => 30,
            // A lane works for a stretch, and the last provider it asked may take its time.
            Self::Job(_) => 300,
            // The next tick comes after a minute.
            Self::Commit => 55,
            Self::Projection(_) | Self::Schedule(_) => 60,
            // A live stream is held open for most of it.
            Self::Http => 900,
        })
    }
}

/// How often the clock wakes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Every `reconcile.interval`.
    Reconcile,
    /// Every `probe.interval`.
    Probe,
    /// Every `guidance.sweep` or `escalation.tick`, whichever is shorter.
    Escalation,
    /// Every so often.
    Every(Duration),
}

impl Period {
    /// The time between two wakes.
    #[must_use]
    pub fn length(self, config: &crate::config::Config) -> Duration {
        match self {
            Self::Reconcile => config.reconcile.interval,
            Self::Probe => config.probe.interval,
            Self::Escalation => config.guidance.sweep.min(config.escalation.tick),
            Self::Every(length) => length,
        }
    }
}

/// One deployable unit.
pub trait Function: 'static {
    /// The folder's name.
    const NAME: &'static str;
    /// What wakes it.
    const TRIGGER: Trigger;
    /// What it is woken with.
    type Message: DeserializeOwned + Send;

    /// Handles one message. Safe to do twice.
    fn handle(ctx: &Ctx, message: Self::Message) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// The topics a function of this trigger subscribes to; none for those the clock or a request wakes.
#[must_use]
pub fn subscription(name: &'static str, trigger: Trigger) -> Option<Subscription> {
    let topics = match trigger {
        Trigger::Command(command) => vec![crate::message::command::topic_of(command)],
        Trigger::Job(kind) => vec![lane::topic_of(kind)],
        // Whatever is appended rings: projections and reactions read the whole log.
        Trigger::Reaction(_) => vec!["forum.events.*".to_owned(), "forum.integration.*".to_owned()],
        Trigger::Projection(projection) => {
            vec!["forum.events.*".to_owned(), "forum.integration.*".to_owned(), replay::topic_of(projection)]
        }
        Trigger::Http | Trigger::Commit | Trigger::Schedule(_) => return None,
    };
    Some(Subscription { function: name, topics })
}

/// The wait before attempt `attempt + 1`: `base` doubled per attempt, at most `max`, with full jitter.
#[must_use]
pub fn backoff(base: Duration, max: Duration, attempt: u32, fraction: f64) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(31)));
    doubled.min(max).mul_f64(fraction.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    // TRANSPORT-10, OUTBOX-4
    #[test]
    fn waits_double_up_to_their_limit() {
        let wait = |attempt| backoff(Duration::from_secs(1), Duration::from_secs(60), attempt, 1.0).as_secs();
        assert_eq!([1, 2, 3, 6, 7, 40].map(wait), [1, 2, 4, 32, 60, 60]);
    }
}
