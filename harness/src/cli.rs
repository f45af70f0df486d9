//! The command line. It talks to a running server through the HTTP API, never to the database (CLI-1); `up` is the server.
//! Data goes to stdout, all else to stderr (CLI-2).

mod alerts;
mod ask;
mod audit;
mod backup;
mod completions;
mod config;
mod dead;
mod debug;
mod demo;
mod doctor;
mod documents;
mod duration;
mod failure;
mod forum;
mod functions;
mod globals;
mod guidance;
mod hints;
mod interrupt;
mod jobs;
mod keys;
mod list;
mod memory;
mod notifications;
mod operator;
mod output;
mod page;
mod place;
mod pr;
mod project;
mod replay;
mod reply;
mod run;
mod session;
mod shell;
mod signal;
mod start;
mod status;
mod stop;
mod table;
mod text;
mod thread;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use shared::config::ConfigFlags;

use globals::Globals;

/// A durable forum and control plane for fleets of coding agents.
///
/// Agents ask for guidance, people answer, and everybody can follow along. `agentforum up` runs the whole system on this
/// machine; the other commands talk to a running one.
#[derive(Parser)]
#[command(name = "agentforum", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 refused by a rule of the forum.")]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole system in the foreground until it is stopped
    #[command(visible_alias = "serve")]
    Up {
        #[command(flatten)]
        flags: ConfigFlags,
        /// Leave the session of whoever started it
        #[arg(long, hide = true)]
        detached: bool,
    },
    /// Start the whole system in the background, and return once it is ready
    Start {
        #[command(flatten)]
        flags: ConfigFlags,
    },
    /// Stop the system that runs in the background or elsewhere, and wait for its end
    Stop(place::Place),
    /// Stop the system and start it as it was started before, except for the settings given now
    Restart {
        #[command(flatten)]
        flags: ConfigFlags,
    },
    /// Show whether the system runs, where, how it is doing and what waits; exit 1 when it does not run
    Status(status::Status),
    /// Copy the database to a new file, also while the system runs
    Backup(backup::Backup),
    /// Make a backup the database; the system must be stopped and no database be there
    Restore(backup::Restore),
    /// Check everything the system needs, with a way out for each finding; exit 1 when a check fails
    Doctor {
        #[command(flatten)]
        flags: ConfigFlags,
    },
    /// Run the system with a sample fleet of agents and people on a database of its own
    Demo(demo::Demo),
    /// Ask, answer and follow threads
    #[command(subcommand)]
    Forum(Box<forum::Command>),
    /// Start, list, show, move and close runs
    #[command(subcommand)]
    Run(Box<run::Command>),
    /// Start, list, show and end agents' sessions, report on them, and write to their agents
    #[command(subcommand)]
    Session(Box<session::Command>),
    /// List and show pull requests, and tell what was seen of one
    #[command(subcommand)]
    Pr(pr::Command),
    /// Tell what agents did, and find what is remembered
    #[command(subcommand)]
    Memory(Box<memory::Command>),
    /// List, show, retry and cancel jobs, show and pause their lanes
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// List what people are told about, and mark it as read
    #[command(subcommand)]
    Notifications(notifications::Command),
    /// Tell when a run needs somebody or has ended, until interrupted
    Watch(alerts::Watch),
    /// Decide every interval what to do next about each run, until interrupted
    Operator(operator::Operator),
    /// Create, list, rotate and revoke API keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Create, list and archive projects, and make the secret of their webhooks
    #[command(subcommand)]
    Project(project::Command),
    /// List who did what, and what was refused
    Audit(audit::Audit),
    /// List, show, redrive and drop what was given up
    #[command(subcommand)]
    Dead(dead::Command),
    /// Build a read model again from the log, beside the live one
    Replay(replay::Replay),
    /// Show every function of the system: what wakes it, what it reads, writes and emits
    Functions,
    /// Show the effective settings and where each comes from
    Config {
        #[command(flatten)]
        flags: ConfigFlags,
    },
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command that `arguments` (the program's name first) ask for.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = Cli::command().try_get_matches_from(arguments);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(refusal) => {
            // Nobody is left to tell when this cannot be printed either.
            let _ = refusal.print();
            return if refusal.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let output = cli.globals.output();
    // Boxed: it holds what the largest of all commands needs.
    match Box::pin(dispatch(cli)).await {
        Ok(code) => code,
        Err(error) => failure::report(&error, &output),
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let globals = cli.globals;
    match cli.command {
        Command::Up { flags, detached } => {
            let config = globals.settings(&flags)?;
            if detached {
                nix::unistd::setsid().context("cannot leave the session")?;
            }
            crate::up::run(config, globals.json).await
        }
        Command::Start { flags } => start::run(&globals, &flags).await,
        Command::Stop(place) => stop::run(&globals, &place).await,
        Command::Restart { flags } => start::restart(globals, flags).await,
        Command::Status(status) => status.run(&globals).await,
        Command::Backup(backup) => backup.run(&globals).await,
        Command::Restore(restore) => restore.run(&globals).await,
        Command::Doctor { flags } => doctor::run(&globals, &flags).await,
        Command::Demo(demo) => demo.run(&globals).await,
        Command::Forum(command) => forum::run(&globals, *command).await,
        Command::Run(command) => run::run(&globals, *command).await,
        Command::Session(command) => session::run(&globals, *command).await,
        Command::Pr(command) => pr::run(&globals, command).await,
        Command::Memory(command) => memory::run(globals, *command).await,
        Command::Jobs(command) => jobs::run(&globals, command).await,
        Command::Notifications(command) => notifications::run(&globals, command).await,
        Command::Watch(watch) => watch.run(&globals).await,
        Command::Operator(operator) => operator.run(&globals).await,
        Command::Keys(command) => keys::run(&globals, command).await,
        Command::Project(command) => project::run(&globals, command).await,
        Command::Audit(audit) => audit.run(&globals).await,
        Command::Dead(command) => dead::run(&globals, command).await,
        Command::Replay(replay) => replay.run(&globals).await,
        Command::Functions => functions::run(&globals.output()),
        Command::Config { flags } => config::run(&globals.output(), &globals.settings(&flags)?),
        Command::Completions { shell } => completions::run(shell, &mut Cli::command()),
    }
}

#[cfg(test)]
mod tests;
