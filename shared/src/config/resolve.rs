//! One value per setting: flag before environment before file before default, every one of them checked, even where a
//! stronger source wins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::error::ConfigError;
use super::keys::Key;
use super::layers::{FILE_VARIABLE, Layers, PREFIX, find_variable};
use super::{Config, Database, file};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A command-line flag.
    Flag,
    /// An environment variable.
    Environment,
    /// This configuration file.
    File(PathBuf),
    /// The table, or derived from other settings.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Environment => formatter.write_str("environment"),
            Self::File(file) => write!(formatter, "file {}", file.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One line of `agentforum config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Name of the setting.
    pub key: &'static str,
    /// The value in force; a secret shows as `***`, and what only the caller can derive is empty.
    pub value: String,
    /// Where the value came from.
    pub source: Source,
}

/// Checked settings, and what deserves a warning.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The settings.
    pub config: Config,
    /// One line each, for stderr; none shows a value.
    pub warnings: Vec<String>,
}

impl Config {
    /// Settings from `flags` (names of settings, such as `outbox.lease`), `environment` and the file: `config_file`, else the
    /// one `AGENTFORUM_CONFIG` names, else `agentforum.toml` beside the database that the other sources name. A `db` inside
    /// that last file moves the database, not the file.
    ///
    /// # Errors
    /// When a value is not allowed, a named file is missing, a file is unreadable, or a flag or key of the file is unknown.
    pub fn resolve(
        flags: &BTreeMap<String, String>,
        environment: impl IntoIterator<Item = (String, String)>,
        config_file: Option<&Path>,
    ) -> Result<Resolved, ConfigError> {
        let mut layers = Layers::default();
        for (name, text) in flags {
            layers.add_flag(name, text)?;
        }
        let named_file = layers.add_environment(environment);
        let database = Key::find("db").ok_or(ConfigError::TakeValue { key: "db" })?;
        let database = layers.entry(database)?.take::<Database>()?;
        let choice = match (config_file, named_file) {
            (Some(file), _) => file::Choice::Named { file: file.to_owned(), by: "--config" },
            (None, Some(file)) => file::Choice::Named { file, by: FILE_VARIABLE },
            (None, None) => file::Choice::Beside(&database.place()),
        };
        layers.file = file::read(choice)?;
        Ok(Resolved { config: layers.config()?, warnings: layers.warnings })
    }

    /// [`Config::resolve`] with the environment of this process.
    ///
    /// # Errors
    /// As [`Config::resolve`], and when a variable that names a setting is not UTF-8.
    pub fn from_environment(
        flags: &BTreeMap<String, String>,
        config_file: Option<&Path>,
    ) -> Result<Resolved, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let variables = std::env::vars_os();
        Self::resolve(flags, decode(variables)?, config_file)
    }

    /// Defaults changed by `pairs`, which count as flags; without environment and file, for tests and tools.
    ///
    /// # Errors
    /// When a name is unknown or a value is not allowed.
    pub fn with(pairs: &[(&str, &str)]) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        for (name, text) in pairs {
            layers.add_flag(name, text)?;
        }
        layers.config()
    }
}

/// The variables with our prefix, as text.
pub(super) fn decode(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut environment = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let setting = if name == FILE_VARIABLE { Some("config") } else { find_variable(name).map(|key| key.name) };
        match (value.into_string(), setting) {
            (Ok(value), _) => environment.push((name.to_owned(), value)),
            (Err(_), Some(key)) => return Err(ConfigError::DecodeVariable { key, variable: name.to_owned() }),
            // No setting, so its value is nobody's business here; its name may still earn a warning.
            (Err(_), None) => environment.push((name.to_owned(), String::new())),
        }
    }
    Ok(environment)
}
