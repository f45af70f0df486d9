//! Probing what agents run in. The harness knows some runtimes; a deployed function knows none, and is told by others.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use crate::value::ProbeResult;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What runs the agent.
    pub runtime: ProbeResult,
    /// The agent's process.
    pub process: ProbeResult,
    /// What was seen.
    pub evidence: String,
}

/// Probes the agent that a runtime knows by this handle.
pub type ProbeFn = for<'a> fn(handle: &'a str) -> Pin<Box<dyn Future<Output = Finding> + Send + 'a>>;

/// A kind of runtime.
#[derive(Clone, Copy, Debug)]
pub struct Runtime {
    /// Its name, as sessions give it.
    pub name: &'static str,
    /// How it is probed.
    pub probe: ProbeFn,
}

/// The runtimes that a process can probe.
#[derive(Debug, Default)]
pub struct Probes {
    runtimes: &'static [Runtime],
    missed: Mutex<BTreeSet<String>>,
}

impl Probes {
    /// These.
    #[must_use]
    pub fn of(runtimes: &'static [Runtime]) -> Self {
        Self { runtimes, missed: Mutex::default() }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runtimes.is_empty()
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.runtimes.iter().map(|runtime| runtime.name).collect()
    }

    /// The runtime of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Runtime> {
        self.runtimes.iter().find(|runtime| runtime.name == name)
    }

    /// Whether a name is missed for the first time: once is enough to be told of it.
    #[must_use]
    pub fn is_first_miss(&self, name: &str) -> bool {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
    }
}
