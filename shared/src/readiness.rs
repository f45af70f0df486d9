//! Whether the process has caught up with what an earlier one left: reconciliation ran, and every lag was 0 once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::overview::Overview;
use crate::store::reconcile::Reconciled;

/// The process's readiness. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    reconciled: Option<Reconciled>,
    caught_up: bool,
}

impl Readiness {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reconciliation pass ended.
    pub fn reconciled(&self, counts: Reconciled) {
        self.lock().reconciled = Some(counts);
    }

    /// What the latest pass rang again; `None` before the first.
    #[must_use]
    pub fn latest_pass(&self) -> Option<Reconciled> {
        self.lock().reconciled
    }

    /// Looks at the lags; once they were all 0 the process stays caught up.
    #[must_use]
    pub fn caught_up(&self, overview: &Overview) -> bool {
        let mut state = self.lock();
        state.caught_up |= overview.at_rest();
        state.caught_up
    }
}
