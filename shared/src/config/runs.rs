//! Settings of what runs and their questions wait for.

use std::time::Duration;

/// Settings `guidance.*`.
#[derive(Clone, Debug)]
pub struct Guidance {
    /// Time between two looks for deadlines that have passed.
    pub sweep: Duration,
}

/// Settings `escalation.*`.
#[derive(Clone, Debug)]
pub struct Escalation {
    /// Time between two looks for threads that wait too long.
    pub tick: Duration,
    /// How long a waiting thread may go untouched.
    pub sla: Duration,
}

/// Settings `operator.*`.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Intervals in a row that must agree before something is done.
    pub confirmations: u32,
    /// Restarts per run.
    pub restarts: u32,
    /// Pause between two restarts.
    pub cooldown: Duration,
    /// How long a run with unhealthy agents may go untouched.
    pub stale: Duration,
}

/// Settings `health.*`.
#[derive(Clone, Debug)]
pub struct Health {
    /// Silence after which an agent counts as idle.
    pub idle: Duration,
    /// Silence after which it counts as stalled; not shorter than `idle`.
    pub stalled: Duration,
    /// Time without progress after which it counts as stalled.
    pub progress: Duration,
}
