//! The command line. It talks to a running server through the HTTP API, never to the database (CLI-1); `up` is the server.
//! Data goes to stdout, all else to stderr (CLI-2).

mod alerts;
mod ask;
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
mod keys;
mod list;
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
    /// List what people are told about, and mark it as read
    #[command(subcommand)]
    Notifications(notifications::Command),
    /// Tell when a run needs somebody or has ended, until interrupted
    Watch(alerts::Watch),
    /// Decide every interval what to do next about each run, until interrupted
    Operator(operator::Operator),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Make the secret of a project's webhooks
    #[command(subcommand)]
    Project(project::Command),
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
    match dispatch(cli).await {
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
        Command::Notifications(command) => notifications::run(&globals, command).await,
        Command::Watch(watch) => watch.run(&globals).await,
        Command::Operator(operator) => operator.run(&globals).await,
        Command::Keys(command) => keys::run(&globals, command).await,
        Command::Project(command) => project::run(&globals, command).await,
        Command::Dead(command) => dead::run(&globals, command).await,
        Command::Replay(replay) => replay.run(&globals).await,
        Command::Functions => functions::run(&globals.output()),
        Command::Config { flags } => config::run(&globals.output(), &globals.settings(&flags)?),
        Command::Completions { shell } => completions::run(shell, &mut Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    // CLI-3
    #[test]
    fn commands_of_later_releases_are_absent_and_not_stubbed() {
        for line in ["agentforum memory search x", "agentforum jobs list", "agentforum mcp"] {
            assert_eq!(parse(line).err().map(|error| error.exit_code()), Some(2), "{line}");
        }
    }

    #[test]
    fn global_options_stand_before_and_behind_the_command() {
        for line in [
            "agentforum --json --timeout 3s --server http://h:1 forum list --state new",
            "agentforum forum list --state NEW --json --timeout 3s --server http://h:1",
        ] {
            let cli = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(cli.globals.json);
            assert_eq!(cli.globals.timeout.as_secs(), 3);
            assert_eq!(cli.globals.server, "http://h:1");
        }
    }

    // LIFECYCLE-1, CONFIG-1
    #[test]
    fn serve_is_up_and_takes_settings_as_flags() {
        let cli = parse("agentforum serve --addr :0 --outbox-lease 5s").unwrap_or_else(|error| panic!("{error}"));
        let Command::Up { flags, .. } = cli.command else { panic!("not up") };
        assert_eq!(flags.0.get("addr").map(String::as_str), Some(":0"));
        assert_eq!(flags.0.get("outbox.lease").map(String::as_str), Some("5s"));
    }

    #[test]
    fn a_body_is_given_once_and_words_are_checked_before_anything_is_sent() {
        assert!(parse("agentforum forum ask --title T --ticket K").is_err());
        assert!(parse("agentforum forum ask --title T --ticket K body --body again").is_err());
        assert!(parse("agentforum forum ask --title T --ticket K --priority asap body").is_err());
        assert!(parse("agentforum forum ask --title T --ticket K --wait soon body").is_err());
        assert!(parse("agentforum forum ask --title T --ticket K --wait 10m --option a --option b -").is_ok());
        assert!(parse("agentforum forum answer thr_1").is_err());
        assert!(parse("agentforum forum answer thr_1 --option yes").is_ok());
    }

    #[test]
    fn runs_their_states_and_intervals_are_checked_before_anything_is_sent() {
        assert!(parse("agentforum run start --title T").is_err(), "a run needs a ticket");
        assert!(parse("agentforum run start --ticket T-1 --until closed").is_err());
        assert!(parse("agentforum run start --ticket T-1 --ticket T-2 --agent ada --mode Bootstrap").is_ok());
        assert!(parse("agentforum run list --state running,PAUSED --limit 5").is_ok());
        assert!(parse("agentforum run list --state running,away").is_err());
        assert!(parse("agentforum run state run_1 running --goal G").is_ok());
        assert!(parse("agentforum forum signal --run run_1 --agent ada --type guess").is_err());
        assert!(parse("agentforum operator --interval 0s").is_err());
        assert!(parse("agentforum operator --run run_1 --interval 1s --execute").is_ok());
        assert!(parse("agentforum operator --execute --restart-command true").is_ok());
        assert!(parse("agentforum watch --run run_1 --notify-command true").is_ok());
    }

    #[test]
    fn reports_on_sessions_are_checked_before_anything_is_sent() {
        assert!(parse("agentforum session start --run run_1").is_err(), "a run has agents");
        assert!(parse("agentforum session start --run run_1 --agent ada --kind Worker").is_ok());
        assert!(parse("agentforum session list --status working,away").is_err());
        assert!(parse("agentforum session activity mer-1 dreaming").is_err());
        assert!(parse("agentforum session activity mer-1").is_err());
        assert!(parse("agentforum session activity mer-1 --agent-session a-1").is_ok());
        assert!(parse("agentforum session activity mer-1 IDLE --dirty true --invalid").is_ok());
        assert!(parse("agentforum session activity mer-1 idle --dirty perhaps").is_err());
        assert!(parse("agentforum session runtime mer-1 --runtime dead").is_err());
        assert!(parse("agentforum session end mer-1 --outcome killed").is_err(), "that is session kill");
        assert!(parse("agentforum session send mer-1").is_err());
        assert!(parse("agentforum session send mer-1 go on --idempotency-key k").is_ok());
        assert!(parse("agentforum pr list --state gone").is_err());
        assert!(parse("agentforum notifications read").is_err());
    }
}
