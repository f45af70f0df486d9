//! The one stream of writes to the server: what arrives while a request is on its way shares the next one.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libsql_hrana::proto::{StreamResponse, StreamResult};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::batch::{Claims, Outcome, Refusal, plan};
use super::{Remote, Trouble};
use crate::clock::Clock;
use crate::store::error::{CommitError, StoreError};
use crate::store::outbox::own::Claimed;
use crate::store::writer::{Mail, Reply, Request, Signals};
use crate::telemetry::Metrics;

/// How long a write may take. The server gives up a waiting writer after 5 s, so what takes longer has most often been
/// carried out, and its answer was lost.
const WRITE_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a group that the server had no room for, or did not hear of, is sent again.
const PATIENCE: Duration = Duration::from_secs(12);
/// Wait before the second try; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// What comes within this time of the first commit goes with it: far less than a way to the server and back takes.
const GATHER: Duration = Duration::from_millis(1);

/// What the writer is told.
pub(in crate::store) struct Settings {
    /// Commits that may wait.
    pub(in crate::store) queue: usize,
    /// Commits per request.
    pub(in crate::store) batch_max: usize,
    /// Whether commits claim what they leave in the outbox.
    pub(in crate::store) claims: Option<Claims>,
}

/// Starts the writer; it ends when told to, or when every sender is gone. What its commits claimed is put into `claimed`.
pub(in crate::store) fn spawn(
    remote: Remote,
    settings: &Settings,
    signals: Arc<Signals>,
    metrics: Metrics,
    claimed: Arc<Mutex<Vec<Claimed>>>,
) -> (mpsc::Sender<Mail>, JoinHandle<()>) {
    let (sender, mailbox) = mpsc::channel(settings.queue);
    let writer = Writer { remote, batch_max: settings.batch_max, claims: settings.claims, signals, metrics, claimed };
    (sender, tokio::spawn(writer.serve(mailbox)))
}

struct Writer {
    remote: Remote,
    batch_max: usize,
    claims: Option<Claims>,
    signals: Arc<Signals>,
    metrics: Metrics,
    claimed: Arc<Mutex<Vec<Claimed>>>,
}

impl Writer {
    async fn serve(self, mut mailbox: mpsc::Receiver<Mail>) {
        let mut open = true;
        while open {
            let Some(Mail::Request(first)) = mailbox.recv().await else { break };
            let mut group = vec![first];
            let gathered = tokio::time::sleep(GATHER);
            tokio::pin!(gathered);
            while group.len() < self.batch_max {
                let mail = tokio::select! {
                    biased;
                    mail = mailbox.recv() => mail,
                    () = &mut gathered => break,
                };
                match mail {
                    Some(Mail::Request(next)) => group.push(next),
                    Some(Mail::Close) | None => {
                        open = false;
                        break;
                    }
                }
            }
            self.run(group).await;
        }
    }

    async fn run(&self, group: Vec<Request>) {
        let stopwatch = Clock::stopwatch();
        self.metrics.writer_batch_size.observe(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        let (commits, replies): (Vec<_>, Vec<Reply>) =
            group.into_iter().map(|request| (request.commit, request.reply)).unzip();
        let (plan, unsendable) = plan(commits, self.claims);
        let outcome = self.apply(&plan).await;
        self.metrics.writer_commit_seconds.observe(stopwatch.elapsed().as_secs_f64());
        self.signals.failing.store(outcome.is_err(), Ordering::SeqCst);
        let mut results = match outcome {
            Ok(Outcome { results, claimed, head }) => {
                self.claimed.lock().unwrap_or_else(PoisonError::into_inner).extend(claimed);
                if let Some(head) = head {
                    self.signals.announce(head);
                }
                results
            }
            Err(error) => replies.iter().map(|_| Err(CommitError::Store(error.again()))).collect(),
        }
        .into_iter();
        for (reply, unsendable) in replies.into_iter().zip(unsendable) {
            let result = match unsendable {
                Some(error) => Err(error.into()),
                None => results.next().unwrap_or_else(|| Err(StoreError::Closed.into())),
            };
            // A caller that stopped waiting finds its outcome in the command's row.
            let _ = reply.send(result);
        }
    }

    /// Sends a group until the server takes it, or the patience ends. A group whose answer was lost is never sent again: it
    /// has often been carried out.
    async fn apply(&self, plan: &super::batch::Plan) -> Result<Outcome, StoreError> {
        let stopwatch = Clock::stopwatch();
        let mut wait = FIRST_WAIT;
        loop {
            let refused = match self.remote.batch(plan.batch.clone(), WRITE_TIMEOUT).await {
                Ok(StreamResult::Ok { response: StreamResponse::Batch(answer) }) => match plan.read(answer.result) {
                    Ok(outcome) => return Ok(outcome),
                    Err(Refusal::Busy) => StoreError::Busy,
                    Err(Refusal::Failed(error)) => return Err(error),
                },
                Ok(StreamResult::Error { error }) => return Err(StoreError::UnknownOutcome(error.message)),
                Ok(_) => return Err(StoreError::UnknownOutcome("no result of a batch".to_owned())),
                Err(Trouble::Lost(why)) => return Err(StoreError::UnknownOutcome(why)),
                Err(trouble @ (Trouble::Denied | Trouble::Odd(_))) => return Err(self.remote.failed(trouble)),
                Err(trouble @ Trouble::Unsent(_)) => self.remote.failed(trouble),
            };
            if stopwatch.elapsed() + wait >= PATIENCE {
                return Err(refused);
            }
            tracing::debug!(%refused, "the database did not take a group; sending it again");
            tokio::time::sleep(self.remote.jittered(wait)).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}
