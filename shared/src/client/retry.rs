//! When a request is sent again, and after how long.

use std::time::Duration;

use super::error::ClientError;

/// Pause before the first repeat; it doubles from there.
const FIRST: Duration = Duration::from_millis(100);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// After which failures a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// After any that may pass: a read, or a write under an idempotency key.
    Always,
    /// Only where the server certainly did nothing.
    WhenNothingHappened,
}

impl Repeat {
    /// Whether to try again after `error`. A server that was never met is probably not running: nobody waits for it.
    pub(super) fn allows(self, error: &ClientError, met: bool) -> bool {
        match error {
            ClientError::Unreachable { .. } => met,
            ClientError::Problem { problem, .. } => problem.status == 503,
            ClientError::Interrupted { .. } => self == Self::Always,
            _ => false,
        }
    }
}

/// The pause before repeat number `attempt` (from 1): between half and all of an exponential step, so that clients which
/// failed together do not come back together. `fraction` is random, from 0 to 1.
pub(super) fn pause(attempt: u32, fraction: f64) -> Duration {
    let step = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LONGEST);
    step.mul_f64(0.5 + fraction.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ProblemDocument;

    fn problem(status: u16) -> ClientError {
        let problem = ProblemDocument { status, ..ProblemDocument::default() };
        ClientError::Problem { problem: Box::new(problem), retry_after: None }
    }

    // CLI-4
    #[test]
    fn pauses_double_up_to_two_seconds_and_spread_over_half_a_step() {
        let whole: Vec<_> = (1..=7).map(|attempt| pause(attempt, 1.0).as_millis()).collect();
        assert_eq!(whole, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(pause(1, 0.0).as_millis(), 50);
        assert_eq!(pause(u32::MAX, 1.0), LONGEST);
    }

    // CLI-1, CLI-4
    #[test]
    fn a_busy_server_and_one_that_was_met_are_tried_again_and_a_refusal_never() {
        let away = ClientError::Unreachable { address: String::new() };
        assert!(!Repeat::Always.allows(&away, false));
        assert!(Repeat::Always.allows(&away, true));
        assert!(Repeat::WhenNothingHappened.allows(&problem(503), true));
        for status in [400, 403, 409, 422, 500] {
            assert!(!Repeat::Always.allows(&problem(status), true), "{status}");
        }
    }
}
