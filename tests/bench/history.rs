//! A past of many threads, written straight into the database with the statements that the functions write.

use std::path::Path;

use shared::clock::Clock;
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::domain::thread::{Opened, Place, Thread, ThreadEvent};
use shared::id::Kind;
use shared::store::threads::change;
use shared::store::{Commit, Context, Durability, tenants};
use shared::value::{Actor, ActorType, Scope};

use crate::groups::now;
use crate::life::events_of;

/// Threads one commit brings.
const TOGETHER: usize = 200;
/// Threads about a unicorn.
const UNICORNS: usize = 20;
/// Words of titles, so that a search finds some threads and not all of them.
const WORDS: [&str; 10] =
    ["migration", "cache", "deadline", "schema", "retry", "token", "index", "branch", "review", "rollout"];

/// Fills an empty database with `threads` threads that each took the first `steps` steps of their life, published, and not
/// projected. How many events that were.
pub(crate) async fn fill(directory: &Path, threads: usize, steps: usize) -> i64 {
    let database = directory.join("agentforum.db");
    let config = Config::with(&[("db", database.to_str().expect("a path of UTF-8"))]).expect("settings");
    let ctx = Ctx::build(config, Sources::system(), Vec::new()).await.expect("a database");
    let scope = Scope { team_id: "local".to_owned(), project_id: "default".to_owned() };
    let commit = Commit::new(Durability::Full, ctx.housekeeping("bench")).then_all(tenants::ensure(&scope));
    ctx.store.commit(commit).await.expect("a tenant");
    for first in (0..threads).step_by(TOGETHER) {
        let mut commit = Commit::new(Durability::Normal, context(&ctx));
        for number in first..threads.min(first + TOGETHER) {
            commit = commit.then_all(life(&ctx, &scope, &title(number, threads), number, steps));
        }
        ctx.store.commit(commit).await.expect("threads");
    }
    let events = ctx.store.read(shared::store::events::head).await.expect("the log's head");
    ctx.store.close().await;
    let connection = now(libsql::Builder::new_local(&database).build()).connect().expect("a connection");
    now(connection.execute_batch("DELETE FROM outbox WHERE id < (SELECT max(id) FROM outbox); UPDATE outbox SET status = 'sent', sent_at = created_at"));
    events
}

fn context(ctx: &Ctx) -> Context {
    Context {
        actor: Actor { actor_type: ActorType::Agent, actor_name: "ada".to_owned() },
        correlation_id: ctx.ids.next(Kind::Event),
        causation_id: None,
        traceparent: None,
        now: ctx.clock.now(),
        id_seed: String::new(),
    }
}

/// The statements of one thread's life.
fn life(ctx: &Ctx, scope: &Scope, title: &str, number: usize, steps: usize) -> Vec<shared::store::Statement> {
    let actor = Actor { actor_type: ActorType::Agent, actor_name: "ada".to_owned() };
    let author = tests::fixture::author(scope, &actor, Clock::System.now(), &ctx.ids);
    let id = ctx.ids.next(Kind::Thread);
    let place = Place { ticket: format!("BENCH-{}", number % 100), ..Place::default() };
    let (mut thread, mut statements) = (None::<Thread>, Vec::new());
    for step in 0..steps {
        let mut events = events_of(step, &ctx.ids.next(Kind::Post));
        if let Some(ThreadEvent::Opened(opened)) = events.first_mut() {
            *opened = Opened { title: title.to_owned(), place: place.clone(), ..opened.clone() };
        }
        statements.extend(change(&author, thread.clone(), &id, &events).statements);
        for event in &events {
            match (&mut thread, event) {
                (None, ThreadEvent::Opened(opened)) => {
                    thread = Some(Thread::begin(id.clone(), opened, &actor, author.now));
                }
                (Some(thread), event) => thread.apply(event, &actor, author.now),
                (None, _) => unreachable!("a thread begins by being opened"),
            }
        }
    }
    statements
}

/// Every title has a word of ten, and twenty of all the threads are about a unicorn, however many there are.
fn title(number: usize, threads: usize) -> String {
    let word = WORDS[number % WORDS.len()];
    if number.is_multiple_of((threads / UNICORNS).max(1)) {
        format!("Unicorn {word} of step {number}")
    } else {
        format!("Which {word} for step {number}")
    }
}
