//! `agentforum memory`: telling what agents did, and finding what is remembered.

mod add;
mod batch;
mod events;
mod search;
mod views;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::globals::{Globals, Session};

/// How long a request that waits for its job may take: the server waits 30 s, and there is a way there and back.
const PATIENCE: Duration = Duration::from_secs(45);

/// Commands on what is remembered.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Tell one thing that an agent did
    Add(add::Add),
    /// Tell many things that agents did, from a file
    Batch(batch::Batch),
    /// Find observations, posts and pull requests by their words, the best first
    Search(search::Search),
    /// Print what is found as one text for an agent to read
    Context(search::Context),
}

/// What becomes of what is told.
#[derive(Args)]
struct Generation {
    /// Only store it: no observations are made of it
    #[arg(long)]
    no_generate: bool,
    /// Wait until its job is over, at most 30 s; exit 1 when it is not by then, or did not succeed
    #[arg(long)]
    wait: bool,
}

impl Generation {
    /// The parameters: only what was given.
    fn query(&self) -> Vec<(&'static str, String)> {
        let given = [("generate", self.no_generate.then_some("false")), ("wait", self.wait.then_some("true"))];
        given.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
    }

    /// A command's means, with the patience that waiting takes.
    fn session(&self, mut globals: Globals) -> anyhow::Result<Session> {
        if self.wait {
            globals.timeout = globals.timeout.max(PATIENCE);
        }
        globals.session()
    }

    /// The exit code; `done` says that nothing is left to wait for.
    fn code(&self, done: bool) -> ExitCode {
        if done || !self.wait { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

pub(super) async fn run(globals: Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Add(add) => add.run(globals).await,
        Command::Batch(batch) => batch.run(globals).await,
        Command::Search(search) => search.run(&globals).await,
        Command::Context(context) => context.run(&globals).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // MEMORY-1, MEMORY-6
    #[test]
    fn the_server_is_asked_only_for_what_differs_from_what_it_does_by_itself() {
        assert!(Generation { no_generate: false, wait: false }.query().is_empty());
        let both = Generation { no_generate: true, wait: true }.query();
        assert_eq!(both, [("generate", "false".to_owned()), ("wait", "true".to_owned())]);
    }
}
