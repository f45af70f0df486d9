//! The ceiling: the same statements per command through one bare connection, in transactions of the same mean size. No
//! HTTP, no functions, no reads, no queues: what is left is SQLite and the disk.

use std::path::Path;
use std::time::Duration;

use shared::clock::{Clock, Time};
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::domain::thread::{Thread, ThreadEvent};
use shared::id::{Ids, Kind};
use shared::message::command::thread_stream;
use shared::message::event::LogEvent;
use shared::store::commands::{AppliedTo, CommandRow, CommandStatus, NewCommand, Outcome};
use shared::store::projections::{Checkpoint, advance};
use shared::store::threads::change;
use shared::store::views::thread_views;
use shared::store::{Commit, Context, Durability, Statement, tenants};
use shared::value::{Actor, ActorType, Scope};
use uuid::Uuid;

use crate::groups::{Groups, now};
use crate::life::{Client, PAYLOADS, events_of};

/// Commands that are in the air at once, as with 64 connections.
const WAVE: usize = 64;
const BEGIN: &str = include_str!("../../shared/src/store/sql/begin_command.sql");
const BEGUN: &str = include_str!("../../shared/src/store/sql/read_begun_command.sql");
const CLAIM: &str = include_str!("../../shared/src/store/sql/claim_outbox.sql");
const SENT: &str = include_str!("../../shared/src/store/sql/mark_outbox_sent.sql");

/// Commands per second of the bare connection.
pub(crate) fn commands_per_second(directory: &Path, batch_size: f64, seconds: u64) -> f64 {
    let mut bare = Bare::open(directory, batch_size);
    let (stopwatch, limit) = (Clock::stopwatch(), Duration::from_secs(seconds));
    let mut finished = 0_u32;
    while stopwatch.elapsed() < limit {
        bare.wave();
        finished += u32::try_from(WAVE).expect("a small number");
    }
    bare.groups.end_group();
    f64::from(finished) / stopwatch.elapsed().as_secs_f64()
}

struct Bare {
    ids: Ids,
    scope: Scope,
    actor: Actor,
    clients: Vec<Client>,
    pos: i64,
    groups: Groups,
}

impl Bare {
    fn open(directory: &Path, batch_size: f64) -> Self {
        let database = directory.join("agentforum.db");
        let config = Config::with(&[("db", database.to_str().expect("a path of UTF-8"))]).expect("settings");
        let built = Ctx::build(config, Sources::system(), Vec::new());
        let ctx = futures::executor::block_on(built).expect("a database");
        let scope = Scope { team_id: "local".to_owned(), project_id: "default".to_owned() };
        let commit = Commit::new(Durability::Full, ctx.housekeeping("bench")).then_all(tenants::ensure(&scope));
        let store = ctx.store.clone();
        futures::executor::block_on(async {
            store.commit(commit).await.expect("a tenant");
            // From here on the bare connection has the file to itself.
            store.close().await;
        });
        let connection = now(libsql::Builder::new_local(&database).build()).connect().expect("a connection");
        for setting in ["PRAGMA foreign_keys = ON", "PRAGMA wal_autocheckpoint = 2000", "PRAGMA synchronous = FULL"] {
            now(connection.execute_batch(setting));
        }
        let actor = Actor { actor_type: ActorType::Human, actor_name: "owner".to_owned() };
        let ids = ctx.ids.clone();
        let clients = (0..WAVE).map(|_| Client::default()).collect();
        Self { ids, scope, actor, clients, pos: 0, groups: Groups::new(connection, batch_size) }
    }

    fn context(&self) -> Context {
        Context {
            actor: self.actor.clone(),
            correlation_id: self.ids.next(Kind::Event),
            causation_id: None,
            traceparent: None,
            now: Clock::System.now(),
            id_seed: String::new(),
        }
    }

    /// 64 commands from acceptance to projection, with the commits the server makes for them: one of each client, which like
    /// the load opens, posts twice, answers and closes, again and again.
    fn wave(&mut self) {
        let commands: Vec<Uuid> = (0..WAVE).map(|client| self.accept(client)).collect();
        self.drain(WAVE);
        for command in &commands {
            let params = vec![
                Kind::Command.with(*command).into(),
                self.scope.team_id.clone().into(),
                self.scope.project_id.clone().into(),
                Clock::System.now().0.into(),
                60_000_i64.into(),
            ];
            let read = Statement::new(
                BEGUN,
                vec![
                    Kind::Command.with(*command).into(),
                    self.scope.team_id.clone().into(),
                    self.scope.project_id.clone().into(),
                ],
            );
            let begin = Commit::new(Durability::Normal, self.context()).then(Statement::new(BEGIN, params)).then(read);
            self.groups.commit(begin);
        }
        let checkpoint = Checkpoint {
            projection: thread_views::PROJECTION.name.to_owned(),
            generation: 1,
            pos: self.pos,
            error: None,
        };
        let mut events = Vec::new();
        for (client, command) in commands.into_iter().enumerate() {
            events.extend(self.finish(client, command));
        }
        self.drain(events.len());
        let views =
            events.iter().flat_map(|event| (thread_views::PROJECTION.apply)(1, event).expect("an event")).collect();
        self.groups.commit(advance(self.context(), &checkpoint, views, self.pos));
    }

    fn accept(&mut self, client: usize) -> Uuid {
        let uuid = self.ids.uuid();
        let command_id = Kind::Command.with(uuid);
        let (name, payload) = PAYLOADS[self.clients[client].step];
        let thread_id = self.clients[client].thread_id(uuid);
        let command = NewCommand {
            command_id: command_id.clone(),
            scope: self.scope.clone(),
            name,
            stream: thread_stream(&thread_id),
            payload: payload.to_owned(),
            key_id: Some(self.ids.next(Kind::Key)),
            idempotency_key: command_id,
            request_hash: "0".repeat(64),
            request_id: self.ids.next(Kind::Request),
        };
        let commit = command.accept(self.context());
        self.groups.commit(commit);
        uuid
    }

    /// What the drainer writes for `rows` rows: a claim and a mark for each hundred.
    fn drain(&mut self, rows: usize) {
        for _ in 0..rows.div_ceil(100) {
            let now = Clock::System.now().0;
            let claim = Statement::new(CLAIM, vec![now.into(), 60_000_i64.into(), 100_i64.into()]);
            let commit = Commit::new(Durability::Normal, self.context()).then(claim);
            self.groups.commit(commit);
            self.groups.end_group();
            let last = self.groups.number("SELECT coalesce(max(id), 0) FROM outbox");
            let (team, project) = (self.scope.team_id.as_str(), self.scope.project_id.as_str());
            let marks: Vec<_> = (last - i64::try_from(rows).expect("a small number") + 1..=last)
                .map(|id| (id, 1, team, project))
                .collect();
            let marks = serde_json::to_string(&marks).expect("JSON");
            let sent = Statement::new(SENT, vec![marks.into(), now.into()]);
            let commit = Commit::new(Durability::Normal, self.context()).then(sent);
            self.groups.commit(commit);
        }
    }

    /// State, events and outcome of one command; the events as the projector reads them.
    fn finish(&mut self, client: usize, command: Uuid) -> Vec<LogEvent> {
        let time = Clock::System.now();
        let Client { thread, step } = std::mem::take(&mut self.clients[client]);
        let thread_id = Client { thread: thread.clone(), step }.thread_id(command);
        let events = events_of(step, &Kind::Post.with(command));
        let row = self.row(command, &thread_id, time);
        let outcome = Outcome::Result(AppliedTo::Thread { thread_id: thread_id.clone() });
        let author = tests::fixture::author(&self.scope, &self.actor, time, &self.ids);
        let changed = change(&author, thread.clone(), &thread_id, &events);
        let commit = Commit::new(Durability::Full, row.context(time))
            .then_all(changed.statements)
            .then_all(row.finish(&outcome, true));
        self.groups.commit(commit);
        let mut after = thread;
        let mut logged = Vec::new();
        for event in &events {
            match (&mut after, event) {
                (None, ThreadEvent::Opened(opened)) => {
                    after = Some(Thread::begin(thread_id.clone(), opened, &self.actor, time));
                }
                (Some(thread), event) => thread.apply(event, &self.actor, time),
                (None, _) => unreachable!("a thread begins by being opened"),
            }
            self.pos += 1;
            logged.push(self.log_event(event, &thread_id, time));
        }
        // The requests for documentation come behind them.
        self.pos += i64::try_from(changed.appended.len() - events.len()).expect("a small number");
        let step = (step + 1) % PAYLOADS.len();
        self.clients[client] = Client { thread: after.filter(|_| step > 0), step };
        logged
    }

    fn log_event(&self, event: &ThreadEvent, thread_id: &str, time: Time) -> LogEvent {
        LogEvent {
            pos: self.pos,
            event_id: self.ids.next(Kind::Event),
            event_type: event.event_type().to_owned(),
            schema_version: 1,
            stream: thread_stream(thread_id),
            version: 1,
            team_id: self.scope.team_id.clone(),
            project_id: self.scope.project_id.clone(),
            ticket: Some("BENCH-1".to_owned()),
            run_id: None,
            thread_id: Some(thread_id.to_owned()),
            session_id: None,
            agent_name: None,
            actor_type: self.actor.actor_type,
            actor_name: self.actor.actor_name.clone(),
            correlation_id: String::new(),
            causation_id: None,
            traceparent: None,
            occurred_at: time,
            recorded_at: time,
            payload: serde_json::value::to_raw_value(event).expect("JSON"),
        }
    }

    fn row(&self, command: Uuid, thread_id: &str, time: Time) -> CommandRow {
        CommandRow {
            command_id: Kind::Command.with(command),
            seq: 0,
            scope: self.scope.clone(),
            name: "open_thread".to_owned(),
            stream: thread_stream(thread_id),
            payload: String::new(),
            actor: self.actor.clone(),
            request_hash: String::new(),
            request_id: String::new(),
            key_id: None,
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
