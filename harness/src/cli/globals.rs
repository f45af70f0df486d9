//! The options every command takes, and what follows from them: the settings, the key, the client, the output.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ColorChoice};
use shared::client::{self, Client};
use shared::clock::Clock;
use shared::config::{Config, ConfigFlags};
use shared::id::Ids;

use super::duration;
use super::output::Output;

/// The file beside the database that holds the owner key of a local server.
pub(super) const LOCAL_KEY: &str = "local.key";

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// Server to talk to
    #[arg(long, global = true, env = "AGENTFORUM_SERVER", value_name = "URL", default_value = "http://127.0.0.1:3001")]
    pub(super) server: String,
    /// API key; unset, a server on this machine is met with the key in `local.key` beside the database. Others can see the
    /// arguments of a process: prefer the variable
    #[arg(long, global = true, env = "AGENTFORUM_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    /// Project, for a key that spans a team
    #[arg(long, global = true, env = "AGENTFORUM_PROJECT", value_name = "ID")]
    project: Option<String>,
    /// Print JSON, as the server sends it: one document, or one line per event
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Longest time for one request, its repeats included
    #[arg(
        long,
        global = true,
        env = "AGENTFORUM_TIMEOUT",
        value_name = "DURATION",
        default_value = "15s",
        value_parser = duration::parse
    )]
    pub(super) timeout: Duration,
    /// Print no notes on stderr, only errors
    #[arg(long, global = true)]
    quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Configuration file; unset, `AGENTFORUM_CONFIG` or `agentforum.toml` beside the database
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The variable `NO_COLOR`, which asks for no colour by being there and not empty
    #[arg(long, global = true, env = "NO_COLOR", hide = true)]
    no_color: Option<String>,
}

/// A command's means: the server and the place for what it says.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) output: Output,
}

impl Globals {
    pub(super) fn output(&self) -> Output {
        Output::new(self.json, self.quiet, self.color, given(self.no_color.as_ref()).is_some())
    }

    /// The settings in force; doubts about them go to stderr.
    pub(super) fn settings(&self, flags: &ConfigFlags) -> anyhow::Result<Config> {
        let resolved = Config::from_environment(&flags.0, self.config.as_deref())?;
        let output = self.output();
        for warning in &resolved.warnings {
            output.note(&format!("warning: {warning}"));
        }
        Ok(resolved.config)
    }

    pub(super) fn session(&self) -> anyhow::Result<Session> {
        let settings = client::Settings {
            server: self.server.clone(),
            key: self.key()?,
            project: self.project(),
            timeout: self.timeout,
        };
        let ids = Ids::from_system(Clock::System).context("the operating system has no randomness to give")?;
        Ok(Session { client: Client::new(settings, ids)?, output: self.output() })
    }

    /// A client of the server of this very database, wherever it listens, and whether it has a key.
    pub(super) fn client_of(&self, server: &str, database: &Path) -> anyhow::Result<(Client, bool)> {
        let key = match given(self.key.as_ref()) {
            Some(key) => Some(key),
            None => read_key(&database.with_file_name(LOCAL_KEY))?,
        };
        let has_key = key.is_some();
        let settings =
            client::Settings { server: server.to_owned(), key, project: self.project(), timeout: self.timeout };
        let ids = Ids::from_system(Clock::System).context("the operating system has no randomness to give")?;
        Ok((Client::new(settings, ids)?, has_key))
    }

    pub(super) fn config_file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The same options with another configuration file.
    pub(super) fn with_config_file(self, file: PathBuf) -> Self {
        Self { config: Some(file), ..self }
    }

    pub(super) fn project(&self) -> Option<String> {
        given(self.project.as_ref())
    }

    /// The given key, else the local owner's. That one never leaves this machine, whatever `--server` says.
    fn key(&self) -> anyhow::Result<Option<String>> {
        if let Some(key) = given(self.key.as_ref()) {
            return Ok(Some(key));
        }
        if !client::is_local(&self.server) {
            return Ok(None);
        }
        read_key(&self.settings(&ConfigFlags(BTreeMap::new()))?.db.place().with_file_name(LOCAL_KEY))
    }
}

/// The key in a file; none without the file.
fn read_key(file: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(key) => Ok(given(Some(&key))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read the key in {}", file.display())),
    }
}

/// A value that says something; an empty variable counts as none.
fn given(text: Option<&String>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
