//! `agentforum forum`: its commands, and what they have in common.

use std::io::Read;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use shared::value::Word;

use super::globals::Globals;
use super::{ask, debug, list, reply, signal, thread, watch};

/// Commands of the forum.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Open a thread with a question, and wait for the answer if asked to
    Ask(ask::Ask),
    /// Send a control signal: what an agent of a run asks, is answered, has completed, or was found good
    Signal(signal::Signal),
    /// Add a post to a thread
    Post(reply::Post),
    /// Answer a thread's question
    Answer(reply::Answer),
    /// Say who should answer a thread
    Assign(reply::Assign),
    /// Move a thread to another state
    State(reply::State),
    /// Say how urgent a thread is
    Priority(reply::SetPriority),
    /// Close a thread for good
    Close(reply::Close),
    /// Mark a thread as seen by somebody
    Seen(reply::Seen),
    /// List threads, the most urgent first
    List(list::List),
    /// Find threads by words of their titles and posts, the best first
    Search(list::Search),
    /// List the threads that want somebody
    Queue(list::Queue),
    /// Show one thread with its posts
    Thread(thread::Thread),
    /// Follow the forum's events until interrupted
    Watch(watch::Watch),
    /// Show what waits in the outbox and in the transport
    Debug(debug::Debug),
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Ask(ask) => ask.run(globals).await,
        Command::Signal(signal) => signal.run(globals).await,
        Command::Post(post) => post.run(globals).await,
        Command::Answer(answer) => answer.run(globals).await,
        Command::Assign(assign) => assign.run(globals).await,
        Command::State(state) => state.run(globals).await,
        Command::Priority(priority) => priority.run(globals).await,
        Command::Close(close) => close.run(globals).await,
        Command::Seen(seen) => seen.run(globals).await,
        Command::Search(search) => search.run(globals).await,
        Command::Queue(queue) => queue.run(globals).await,
        Command::Debug(debug) => debug.run(globals).await,
        Command::List(list) => list.run(globals).await,
        Command::Thread(thread) => thread.run(globals).await,
        Command::Watch(watch) => watch.run(globals).await,
    }
}

/// Checks an argument against a list of the vocabulary and completes it.
pub(super) fn words<W: Word>() -> PossibleValuesParser {
    PossibleValuesParser::new(W::ALL.iter().map(|(word, _)| *word))
}

/// A body as given; `-` is what stdin holds.
pub(super) fn body(text: String) -> anyhow::Result<String> {
    if text != "-" {
        return Ok(text);
    }
    let mut body = String::new();
    std::io::stdin().lock().read_to_string(&mut body).context("cannot read the body from stdin")?;
    Ok(body)
}
