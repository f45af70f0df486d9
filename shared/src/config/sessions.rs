//! Settings of sessions, probes, reactions and what people are told.

use std::time::Duration;

use super::error::ConfigError;
use super::layers::Entries;
use crate::domain::reaction::ReactionLimits;
use crate::domain::session::{Death, ProbeLimits, StatusLimits};

/// Settings `activity.*`.
#[derive(Clone, Debug)]
pub struct Activity {
    /// How long a report of unchanged activity is not recorded again.
    pub coalesce: Duration,
}

/// Settings `session.*`.
#[derive(Clone, Debug)]
pub struct Session {
    /// Silence after its launch after which a session has no signal.
    pub no_signal: Duration,
}

impl Session {
    /// What a status is derived with.
    #[must_use]
    pub fn limits(&self) -> StatusLimits {
        StatusLimits { no_signal: self.no_signal }
    }
}

/// Settings `probe.*`.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Time between two passes.
    pub interval: Duration,
    /// An agent that was heard of since is not dead.
    pub recent_activity: Duration,
    /// Dead sessions of one pass that may not be believed.
    pub mass_death_min: usize,
    /// Their share of the pass, in percent, above which they are not.
    pub mass_death_share: u32,
}

impl Probe {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            interval: entries.get("probe.interval")?,
            recent_activity: entries.get("probe.recent_activity")?,
            mass_death_min: entries.get("probe.mass_death_min")?,
            mass_death_share: entries.get("probe.mass_death_share")?,
        })
    }

    /// When the dead of a pass are not believed.
    #[must_use]
    pub fn death(&self) -> Death {
        Death { min: self.mass_death_min, share: self.mass_death_share }
    }
}

/// Settings `detecting.*`.
#[derive(Clone, Debug)]
pub struct Detecting {
    /// Reports with the same evidence after which a session is stuck.
    pub reports: u32,
    /// How long it may take to find out.
    pub after: Duration,
}

impl Detecting {
    /// What probes are judged by.
    #[must_use]
    pub fn limits(&self, probe: &Probe) -> ProbeLimits {
        ProbeLimits { recent: probe.recent_activity, reports: self.reports, after: self.after }
    }
}

/// Settings `ci.*`, `review.*` and `reactions.*`.
#[derive(Clone, Debug)]
pub struct Reactions {
    /// Commits in a row that fail a check before a person is told.
    pub brake: usize,
    /// Nudges about a review before a person is told.
    pub max_nudges: u32,
    /// How long a nudge may take to help before a person is told.
    pub escalate_after: Duration,
    /// Whether review comments by programs are left out.
    pub ignore_bots: bool,
}

impl Reactions {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            brake: entries.get("ci.brake")?,
            max_nudges: entries.get("review.max_nudges")?,
            escalate_after: entries.get("reactions.escalate_after")?,
            ignore_bots: entries.get("reactions.ignore_bots")?,
        })
    }

    /// What reactions are limited by.
    #[must_use]
    pub fn limits(&self) -> ReactionLimits {
        ReactionLimits {
            brake: self.brake,
            max_nudges: self.max_nudges,
            escalate_after: self.escalate_after,
            ignore_bots: self.ignore_bots,
        }
    }
}

/// Settings `notify.*`.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Command that is run for each notification, through the shell.
    pub command: Option<String>,
}

/// Settings `webhooks.*`.
#[derive(Clone)]
pub struct Webhooks {
    /// Secret of GitHub webhooks for projects without one of their own.
    pub github_secret: Option<String>,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.github_secret.as_ref().map(|_| "***");
        formatter.debug_struct("Webhooks").field("github_secret", &secret).finish()
    }
}
