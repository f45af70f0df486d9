//! Jobs: what they are called, what they carry, in which order lanes take them, and what becomes of one that failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::id::fingerprint;
use crate::value::{ErrorClass, JobKind, Scope, Word};

/// The id of a job: equal for equal parts, whoever asks and whenever.
#[must_use]
pub fn job_id(kind: JobKind, scope: &Scope, source_type: &str, source_id: &str) -> String {
    let parts = [kind.as_str(), &scope.team_id, &scope.project_id, source_type, source_id];
    format!("{}{}", kind.prefix(), fingerprint(&parts.map(str::as_bytes)))
}

/// Whether a text has the form of a job's id.
#[must_use]
pub fn is_job_id(text: &str) -> bool {
    JobKind::EVERY.iter().any(|kind| {
        text.strip_prefix(kind.prefix()).is_some_and(|hash| {
            hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        })
    })
}

/// What a job carries (SPEC MEMORY-7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobPayload {
    /// The job itself.
    pub generation_job_id: String,
    /// Tenant.
    pub team_id: String,
    /// Tenant.
    pub project_id: String,
    /// What its source is.
    pub source_type: String,
    /// Its source.
    pub source_id: String,
    /// The event that observations are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_event_id: Option<String>,
    /// The events that observations are made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agent_event_ids: Vec<String>,
    /// The session that is summed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The observation whose index entry is built again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation_id: Option<String>,
    /// The session or project whose index entries are built again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_id: Option<String>,
}

/// How many jobs each project gives to one claim of at most `max`: as many each as fit, what one leaves goes to the others.
/// `waiting` has how many each could give; who comes first gets what does not divide.
#[must_use]
pub fn shares(waiting: &[u32], max: u32) -> Vec<u32> {
    let mut shares = vec![0; waiting.len()];
    let mut left = max;
    loop {
        let open: Vec<usize> = (0..waiting.len()).filter(|index| shares[*index] < waiting[*index]).collect();
        let Ok(count) = u32::try_from(open.len()) else { return shares };
        if count == 0 || left == 0 {
            return shares;
        }
        let each = (left / count).max(1);
        for index in open {
            let given = each.min(waiting[index] - shares[index]).min(left);
            shares[index] += given;
            left -= given;
        }
    }
}

/// What a lane's failures are measured by.
#[derive(Clone, Copy, Debug)]
pub struct RetryLimits {
    /// Attempts after which a job is given up.
    pub max_attempts: u32,
    /// Wait after the first one.
    pub backoff: Duration,
    /// Longest wait.
    pub backoff_max: Duration,
}

/// What becomes of a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again at this time.
    Again(Time),
    /// It is given up.
    Failed,
}

impl RetryLimits {
    /// What becomes of a job whose attempt number `attempt` failed like this. `fraction` in 0.0..1.0 spreads the waits.
    #[must_use]
    pub fn fate(
        &self,
        class: ErrorClass,
        attempt: u32,
        retry_after: Option<Duration>,
        now: Time,
        fraction: f64,
    ) -> Fate {
        if !class.is_retried() || attempt >= self.max_attempts {
            return Fate::Failed;
        }
        if let Some(wait) = retry_after {
            return Fate::Again(now.plus(wait.min(self.backoff_max)));
        }
        let wait = self.backoff.saturating_mul(5_u32.saturating_pow(attempt.saturating_sub(1).min(12)));
        let spread = 0.9 + 0.2 * fraction.clamp(0.0, 1.0);
        Fate::Again(now.plus(wait.min(self.backoff_max).mul_f64(spread)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(team: &str, project: &str) -> Scope {
        Scope { team_id: team.to_owned(), project_id: project.to_owned() }
    }

    // MEMORY-8
    #[test]
    fn a_job_id_follows_from_its_parts_and_differs_when_any_differs() {
        let id = job_id(JobKind::Event, &scope("t", "p"), "agent_event", "aev_1");
        assert_eq!(id, job_id(JobKind::Event, &scope("t", "p"), "agent_event", "aev_1"));
        assert!(is_job_id(&id) && !id.contains(':'), "{id}");
        for other in [
            job_id(JobKind::EventBatch, &scope("t", "p"), "agent_event", "aev_1"),
            job_id(JobKind::Event, &scope("u", "p"), "agent_event", "aev_1"),
            job_id(JobKind::Event, &scope("t", "q"), "agent_event", "aev_1"),
            job_id(JobKind::Event, &scope("t", "p"), "agent_event_batch", "aev_1"),
            job_id(JobKind::Event, &scope("t", "p"), "agent_event", "aev_2"),
        ] {
            assert_ne!(id[4..], other[other.len() - 64..]);
        }
        for text in ["", "evt_", "evt:ab", "abc_", &id.to_uppercase(), &format!("{id}0"), &id.replacen("evt", "ext", 1)]
        {
            assert!(!is_job_id(text), "{text}");
        }
    }

    // MEMORY-22
    #[test]
    fn every_project_gets_its_share_of_a_claim() {
        assert_eq!(shares(&[], 100), Vec::<u32>::new());
        assert_eq!(shares(&[1000], 100), [100]);
        assert_eq!(shares(&[1000, 1000], 100), [50, 50]);
        assert_eq!(shares(&[1000, 3, 1000], 100), [49, 3, 48]);
        assert_eq!(shares(&[2, 3], 100), [2, 3]);
        let many = shares(&[5; 150], 100);
        assert_eq!((many.iter().sum::<u32>(), many.iter().max()), (100, Some(&1)));
    }

    // MEMORY-13
    #[test]
    fn what_may_work_is_tried_again_five_times_as_late_and_the_rest_is_not() {
        let limits =
            RetryLimits { max_attempts: 3, backoff: Duration::from_secs(5), backoff_max: Duration::from_secs(600) };
        let wait = |attempt, fraction| match limits.fate(ErrorClass::Transient, attempt, None, Time(0), fraction) {
            Fate::Again(at) => at.0,
            Fate::Failed => -1,
        };
        assert_eq!((wait(1, 0.5), wait(2, 0.5), wait(3, 0.5)), (5_000, 25_000, -1));
        assert_eq!((wait(1, 0.0), wait(1, 1.0)), (4_500, 5_500));
        let many = RetryLimits { max_attempts: 9, ..limits };
        assert_eq!(many.fate(ErrorClass::Transient, 8, None, Time(0), 0.5), Fate::Again(Time(600_000)));
        let told = limits.fate(ErrorClass::RateLimited, 1, Some(Duration::from_secs(17)), Time(0), 0.9);
        assert_eq!(told, Fate::Again(Time(17_000)));
        for class in [
            ErrorClass::Auth,
            ErrorClass::Quota,
            ErrorClass::InvalidOutput,
            ErrorClass::Unrecoverable,
            ErrorClass::Scope,
            ErrorClass::Revoked,
        ] {
            assert_eq!(limits.fate(class, 1, None, Time(0), 0.5), Fate::Failed, "{class:?}");
        }
    }
}
