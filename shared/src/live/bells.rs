//! In-process bells. A bell that never rings costs its waiter a poll, nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Bells of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Bells {
    commands: Arc<Mutex<HashMap<String, watch::Sender<Option<Finished>>>>>,
    projections: Arc<Mutex<HashMap<String, watch::Sender<i64>>>>,
}

/// What a bell says of a finished command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Position of its last event, if it appended one.
    pub pos: Option<i64>,
}

/// A wait for one command; dropping it takes the bell down.
#[derive(Debug)]
pub struct Waiting {
    bells: Bells,
    command_id: String,
    receiver: watch::Receiver<Option<Finished>>,
}

impl Waiting {
    /// Returns once the command was finished in this process.
    pub async fn finished(&mut self) -> Finished {
        let finished = self.receiver.wait_for(Option::is_some).await.ok().and_then(|finished| *finished);
        match finished {
            Some(finished) => finished,
            // The sender is only dropped together with its last waiter.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut commands = lock(&self.bells.commands);
        if commands.get(&self.command_id).is_some_and(|sender| sender.receiver_count() <= 1) {
            commands.remove(&self.command_id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bells {
    /// Hangs up a bell for a command, before it is accepted.
    #[must_use]
    pub fn wait_for_command(&self, command_id: &str) -> Waiting {
        let mut commands = lock(&self.commands);
        let sender = commands.entry(command_id.to_owned()).or_insert_with(|| watch::Sender::new(None));
        Waiting { bells: self.clone(), command_id: command_id.to_owned(), receiver: sender.subscribe() }
    }

    /// Rings for a finished command.
    pub fn command_finished(&self, command_id: &str, finished: Finished) {
        if let Some(sender) = lock(&self.commands).get(command_id) {
            sender.send_replace(Some(finished));
        }
    }

    /// Hangs up a bell for a job.
    #[must_use]
    pub fn wait_for_job(&self, job_id: &str) -> Waiting {
        self.wait_for_command(job_id)
    }

    /// Rings for a job that ended.
    pub fn job_finished(&self, job_id: &str) {
        self.command_finished(job_id, Finished::default());
    }

    /// How far a projection is known to be: at least as far as this, after it was committed.
    #[must_use]
    pub fn projection(&self, name: &str) -> watch::Receiver<i64> {
        lock(&self.projections).entry(name.to_owned()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Rings for a projection whose checkpoint was committed at `pos`.
    pub fn projection_reached(&self, name: &str, pos: i64) {
        let mut projections = lock(&self.projections);
        let sender = projections.entry(name.to_owned()).or_insert_with(|| watch::Sender::new(0));
        sender.send_if_modified(|known| pos > *known && std::mem::replace(known, pos) < pos);
    }
}
