//! `watch`: tells when a run needs somebody or has ended, once per change. The log only says which run to look at again,
//! and the clock that silence may have become too long; what is told comes from the run's snapshot alone (RUN-17, RUN-22).

mod changes;
mod notify;

use std::collections::BTreeMap;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use shared::client::{ClientError, Follow, Live};
use shared::message::event::types;
use tokio::time::{Interval, MissedTickBehavior};

use super::globals::{Globals, Session};
use super::interrupt::until_interrupted;
use super::output::Output;
use super::run::{Snapshot, open_runs};
use changes::{Alert, Seen, alerts};
use notify::Notifier;

/// Pause before a snapshot that the server could not give is asked for again.
const PAUSE: Duration = Duration::from_secs(2);
/// Time between two looks at runs of which nothing is heard: an agent that falls silent leaves no event.
const LOOK: Duration = Duration::from_secs(10);

/// Arguments of `watch`.
#[derive(Args)]
pub(super) struct Watch {
    /// Only alerts of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Run this with `sh -c` once per alert, at most 30 s long; `AGENTFORUM_ALERT`, `AGENTFORUM_RUN_ID`, `AGENTFORUM_AGENT`,
    /// `AGENTFORUM_THREAD_ID` and `AGENTFORUM_HINT` say what it is about
    #[arg(long, value_name = "COMMAND")]
    notify_command: Option<String>,
}

impl Watch {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        until_interrupted(self.follow(&session)).await
    }

    async fn follow(self, session: &Session) -> anyhow::Result<()> {
        let output = &session.output;
        // What happens while the first looks are taken comes after this place, and is looked at again.
        let head = session.client.head().await?;
        let runs = match &self.run {
            Some(run) => vec![run.clone()],
            None => open_runs(session, head.as_deref()).await?,
        };
        let mut watched = Watched::new(session, self.notify_command.map(Notifier));
        let reached = head.as_ref().and_then(|head| head.parse().ok()).unwrap_or(0);
        for run in runs {
            watched.look(&run, reached).await?;
        }
        let mut filter = vec![("types", TYPES.join(","))];
        filter.extend(self.run.map(|run| ("run_id", run)));
        let mut follow = session.client.follow(filter, head);
        loop {
            match watched.next(&mut follow).await? {
                Live::Connected { again: false } => {
                    output.note(&format!("watching {}; stop with Ctrl-C", session.client.address()));
                }
                Live::Connected { again: true } => output.note("connected again; nothing was missed"),
                Live::Lost(error) => output.note(&format!("connection lost ({error}); trying again")),
                Live::Event(event) => {
                    let happened = serde_json::from_str::<Happened>(&event.data).unwrap_or_default();
                    if let Some(run) = happened.run_id {
                        watched.look_if_there(&run, event.pos).await?;
                    }
                }
            }
        }
    }
}

/// Events after which a run may say something new.
const TYPES: [&str; 5] = [
    types::RUN_STATE_CHANGED,
    types::CONTROL_SIGNAL,
    types::ESCALATION_REQUESTED,
    types::SESSION_CREATED,
    types::SESSION_UPDATED,
];

/// What an event says about where to look.
#[derive(Default, Deserialize)]
struct Happened {
    run_id: Option<String>,
}

/// The runs that were looked at, and what was told of each.
struct Watched<'a> {
    session: &'a Session,
    notifier: Option<Notifier>,
    seen: BTreeMap<String, Seen>,
    looks: Interval,
}

impl<'a> Watched<'a> {
    fn new(session: &'a Session, notifier: Option<Notifier>) -> Self {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.reset();
        Self { session, notifier, seen: BTreeMap::new(), looks }
    }

    /// What happens next on the stream. Until then the runs are looked at now and then.
    async fn next(&mut self, follow: &mut Follow) -> anyhow::Result<Live> {
        // One future for all looks: what it has begun, such as to connect, is not begun anew after each.
        let mut next = pin!(follow.next());
        loop {
            tokio::select! {
                biased;
                live = &mut next => return Ok(live?),
                _ = self.looks.tick() => self.look_again().await?,
            }
        }
    }

    /// Looks once more at every run that may still say something new.
    async fn look_again(&mut self) -> anyhow::Result<()> {
        let open = self.seen.iter().filter(|(_, seen)| !seen.is_closed());
        let open: Vec<_> = open.map(|(run_id, seen)| (run_id.clone(), seen.as_of_pos)).collect();
        for (run_id, pos) in open {
            let query = [("min_pos", pos.to_string())];
            match self.session.client.get(&["runs", &run_id, "snapshot"], &query).await {
                // The stream tells that the server is away, and the next look comes by itself.
                Err(error) if error.passes() => return Ok(()),
                answered => self.compare(&run_id, &answered?.read()?).await?,
            }
        }
        Ok(())
    }

    /// As [`Watched::look`]; threads may name a run that nobody ever started.
    async fn look_if_there(&mut self, run_id: &str, pos: i64) -> anyhow::Result<()> {
        match self.look(run_id, pos).await {
            Err(error) if is_not_found(&error) => Ok(()),
            looked => looked,
        }
    }

    /// Looks at a run as it stood at `pos` or later, and tells what is new.
    async fn look(&mut self, run_id: &str, pos: i64) -> anyhow::Result<()> {
        if self.seen.get(run_id).is_some_and(|seen| seen.as_of_pos >= pos) {
            return Ok(());
        }
        let snapshot = self.snapshot(run_id, pos).await?;
        self.compare(run_id, &snapshot).await
    }

    /// Tells what a snapshot says that was not told before.
    async fn compare(&mut self, run_id: &str, snapshot: &Snapshot) -> anyhow::Result<()> {
        for alert in alerts(self.seen.get(run_id), snapshot) {
            self.tell(&alert).await?;
        }
        self.seen.entry(run_id.to_owned()).or_default().note(snapshot);
        Ok(())
    }

    /// The snapshot, once the server can give it: as long as it cannot, there is nothing else to tell either.
    async fn snapshot(&self, run_id: &str, pos: i64) -> Result<Snapshot, ClientError> {
        let Session { client, output } = self.session;
        let mut said = false;
        loop {
            match client.get(&["runs", run_id, "snapshot"], &[("min_pos", pos.to_string())]).await {
                Err(error) if error.passes() => {
                    if !said {
                        output.note(&format!("warning: {error}; trying again"));
                    }
                    said = true;
                    tokio::time::sleep(PAUSE).await;
                }
                answered => return answered?.read(),
            }
        }
    }

    async fn tell(&self, alert: &Alert) -> anyhow::Result<()> {
        let output = &self.session.output;
        if output.json {
            output.json(&serde_json::to_string(alert)?)?;
        } else {
            Output::text(&alert.describe())?;
        }
        if let Some(notifier) = &self.notifier
            && let Err(error) = notifier.run(alert).await
        {
            output.note(&format!("warning: --notify-command: {error:#}"));
        }
        Ok(())
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ClientError::Problem { problem, .. }) if problem.status == 404)
}
