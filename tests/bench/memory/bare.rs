//! The ceiling of ingest: the statements that a batch costs, from its acceptance to its publication, through one bare
//! connection, in transactions of the same mean size. No HTTP, no functions, no lanes, no projections: what is left is
//! SQLite and the disk.

use std::path::Path;
use std::time::Duration;

use shared::clock::{Clock, Time};
use shared::id::{Ids, Kind};
use shared::message::command::{Command, IngestAgentEvents, Subject};
use shared::store::agent_events::{BatchState, Batches};
use shared::store::commands::{AppliedTo, CommandRow, CommandStatus, NewCommand, Outcome};
use shared::store::{Aggregate, Author, Commit, Context, Durability, Statement};
use shared::value::{Actor, ActorType, Scope};
use uuid::Uuid;

use super::{BATCH, CONNECTIONS};
use crate::groups::{Groups, now};

const BEGIN: &str = include_str!("../../../shared/src/store/sql/begin_command.sql");
const BEGUN: &str = include_str!("../../../shared/src/store/sql/read_begun_command.sql");
const CLAIM: &str = include_str!("../../../shared/src/store/sql/claim_outbox.sql");
const SENT: &str = include_str!("../../../shared/src/store/sql/mark_outbox_sent.sql");
/// Rows that the drainer claims at once.
const CLAIMED: i64 = 100;

/// Events per second of the bare connection, on a database that a server left.
pub(super) fn events_per_second(directory: &Path, batches: &[String], group: f64, seconds: u64) -> f64 {
    let batches: Vec<IngestAgentEvents> = batches.iter().map(|body| batch(body)).collect();
    let mut bare = Bare::over(directory, group);
    let (mut stored, mut waves) = (0_u32, batches.chunks(CONNECTIONS).cycle());
    let (stopwatch, limit) = (Clock::stopwatch(), Duration::from_secs(seconds));
    while stopwatch.elapsed() < limit {
        let wave = waves.next().expect("batches");
        bare.wave(wave);
        stored += u32::try_from(wave.len() * BATCH).expect("a small number");
    }
    bare.groups.end_group();
    let rate = f64::from(stored) / stopwatch.elapsed().as_secs_f64();
    let there = bare.groups.number("SELECT count(*) FROM agent_events");
    let jobs = bare.groups.number("SELECT count(*) FROM jobs WHERE enqueued");
    let waiting = bare.groups.number("SELECT count(*) FROM outbox WHERE status <> 'sent'");
    let batches = there / i64::try_from(BATCH).expect("a small number");
    assert_eq!((there, jobs, waiting), (i64::from(stored), batches, 0), "all of it is stored and published");
    rate
}

/// What a request's body comes to.
fn batch(body: &str) -> IngestAgentEvents {
    let batch: IngestAgentEvents = serde_json::from_str(body).expect("a batch");
    batch.normalise(Clock::System.now()).expect("a batch that is taken")
}

struct Bare {
    ids: Ids,
    scope: Scope,
    actor: Actor,
    groups: Groups,
    /// Rows of the outbox so far, and those of them that are published.
    rows: i64,
    published: i64,
    /// Rows that ring for jobs, and that are not published.
    doorbells: Vec<i64>,
    round: u32,
}

impl Bare {
    fn over(directory: &Path, group: f64) -> Self {
        let database = directory.join("agentforum.db");
        let connection = now(libsql::Builder::new_local(database).build()).connect().expect("a connection");
        for setting in [
            "PRAGMA foreign_keys = ON",
            "PRAGMA wal_autocheckpoint = 2000",
            "PRAGMA synchronous = FULL",
            // Whatever the server was about to publish.
            "UPDATE outbox SET status = 'sent', locked_until = NULL, sent_at = created_at WHERE status <> 'sent'",
        ] {
            now(connection.execute_batch(setting));
        }
        let groups = Groups::new(connection, group);
        let rows = groups.number("SELECT coalesce(max(id), 0) FROM outbox");
        Self {
            ids: Ids::from_system(Clock::System).expect("randomness"),
            scope: Scope { team_id: "local".to_owned(), project_id: "default".to_owned() },
            actor: Actor { actor_type: ActorType::Human, actor_name: "owner".to_owned() },
            groups,
            rows,
            published: rows,
            doorbells: Vec::new(),
            round: 0,
        }
    }

    /// The context of a commit that no request stands behind.
    fn context(&self) -> Context {
        Context {
            actor: self.actor.clone(),
            correlation_id: String::new(),
            causation_id: None,
            traceparent: None,
            now: Clock::System.now(),
            // The events of jobs are written by triggers: their ids come from the seed.
            id_seed: self.ids.uuid().hyphenated().to_string(),
        }
    }

    /// One batch of each connection, with the commits that the server makes for it.
    fn wave(&mut self, batches: &[IngestAgentEvents]) {
        self.round += 1;
        let accepted: Vec<_> = batches.iter().map(|batch| self.accept(batch)).collect();
        self.drain();
        for (command, _) in &accepted {
            self.begin(*command);
        }
        for (command, batch) in accepted {
            self.finish(command, batch);
        }
        self.drain();
    }

    /// Accepts a batch, whose events get ids that none had before.
    fn accept(&mut self, batch: &IngestAgentEvents) -> (Uuid, IngestAgentEvents) {
        let mut batch = batch.clone();
        for event in &mut batch.events {
            let id = event.source_event_id.as_deref().unwrap_or_default();
            event.source_event_id = Some(format!("{}{id}", self.round));
        }
        let uuid = self.ids.uuid();
        let command_id = Kind::Command.with(uuid);
        let command = NewCommand {
            command_id: command_id.clone(),
            scope: self.scope.clone(),
            name: IngestAgentEvents::NAME,
            stream: Subject::Batch(Kind::Batch.with(uuid)).stream(),
            payload: serde_json::to_string(&batch).expect("JSON"),
            key_id: Some(self.ids.next(Kind::Key)),
            idempotency_key: command_id,
            request_hash: "0".repeat(64),
            request_id: self.ids.next(Kind::Request),
        };
        let context = Context { correlation_id: self.ids.next(Kind::Event), ..self.context() };
        self.groups.commit(command.accept(context));
        self.rows += 1;
        (uuid, batch)
    }

    fn begin(&mut self, command: Uuid) {
        let command_id = Kind::Command.with(command);
        let Scope { team_id, project_id } = self.scope.clone();
        let named: Vec<libsql::Value> = vec![command_id.clone().into(), team_id.into(), project_id.into()];
        let mut begin = named.clone();
        begin.push(Clock::System.now().0.into());
        begin.push(60_000_i64.into());
        let commit = Commit::new(Durability::Normal, self.context())
            .then(Statement::new(BEGIN, begin))
            .then(Statement::new(BEGUN, named))
            .then_all(Batches::reads(&self.scope, "", &command_id));
        self.groups.commit(commit);
    }

    /// The events, their job and the outcome.
    fn finish(&mut self, command: Uuid, batch: IngestAgentEvents) {
        let time = Clock::System.now();
        let (row, batch_id) = (self.row(command, time), Kind::Batch.with(command));
        let author = Author {
            scope: &self.scope,
            actor: &self.actor,
            now: time,
            ids: &self.ids,
            first_event_id: Some(&row.correlation_id),
            docs_sync: true,
            generates: true,
            origin: row.origin(),
        };
        let change = Batches::change(&author, &batch_id, BatchState::default(), &[batch]);
        let outcome = Outcome::Result(AppliedTo::Batch { batch_id });
        let commit = Commit::new(Durability::Full, row.context(time))
            .then_all(change.statements)
            .then_all(row.finish(&outcome, false));
        self.groups.commit(commit);
        // One of each event, one of the job's, and behind them its doorbell.
        self.rows += i64::try_from(BATCH).expect("a small number") + 2;
        self.doorbells.push(self.rows);
    }

    /// What the drainer writes until nothing waits: a claim and a mark for each hundred rows.
    fn drain(&mut self) {
        while self.published < self.rows {
            let now = Clock::System.now().0;
            let claim = Statement::new(CLAIM, vec![now.into(), 60_000_i64.into(), CLAIMED.into()]);
            self.groups.commit(Commit::new(Durability::Normal, self.context()).then(claim));
            let last = self.rows.min(self.published + CLAIMED);
            let Scope { team_id, project_id } = &self.scope;
            let marks: Vec<_> = (self.published + 1..=last).map(|id| (id, 1, team_id, project_id)).collect();
            let marks = serde_json::to_string(&marks).expect("JSON");
            let waiting = self.doorbells.len();
            self.doorbells.retain(|id| *id > last);
            // That a doorbell was sent is an event of its job, with a row of its own.
            let rung = waiting - self.doorbells.len();
            self.rows += i64::try_from(rung).expect("a small number");
            let durability = if rung > 0 { Durability::Full } else { Durability::Normal };
            let sent = Statement::new(SENT, vec![marks.into(), now.into()]);
            self.groups.commit(Commit::new(durability, self.context()).then(sent));
            self.published = last;
        }
    }

    fn row(&self, command: Uuid, time: Time) -> CommandRow {
        CommandRow {
            command_id: Kind::Command.with(command),
            seq: 0,
            scope: self.scope.clone(),
            name: IngestAgentEvents::NAME.to_owned(),
            stream: Subject::Batch(Kind::Batch.with(command)).stream(),
            payload: String::new(),
            actor: self.actor.clone(),
            request_hash: String::new(),
            request_id: self.ids.next(Kind::Request),
            key_id: Some(self.ids.next(Kind::Key)),
            correlation_id: self.ids.next(Kind::Event),
            causation_id: None,
            traceparent: None,
            status: CommandStatus::Accepted,
            attempts: 1,
            outcome: None,
            pos: None,
            dead_letter_id: None,
            accepted_at: time,
            finished_at: None,
            locked_until: None,
        }
    }
}
