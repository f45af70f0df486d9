//! What can be wrong with settings. Each text names the key, where the value came from and what is allowed; none shows a secret.

use std::io;
use std::path::PathBuf;

/// Why the settings could not be resolved. The command line exits 2 on all of them.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that is not allowed, alone or beside another setting.
    #[error("{key}: {given} from {origin} is refused; allowed: {allowed}")]
    CheckValue {
        /// The setting.
        key: &'static str,
        /// The value in quotes, or a placeholder for a secret.
        given: String,
        /// The flag, variable or file it came from.
        origin: String,
        /// What would be accepted.
        allowed: String,
    },
    /// An environment variable that is not UTF-8.
    #[error("{key}: the environment variable {variable} is not UTF-8 text")]
    DecodeVariable {
        /// The setting, or `config` for the path of the file.
        key: &'static str,
        /// The variable.
        variable: String,
    },
    /// A flag map naming a setting that does not exist.
    #[error("{key}: unknown setting{}", suggestion(*.nearest))]
    FindSetting {
        /// The unknown name.
        key: String,
        /// The setting that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A named configuration file that does not exist.
    #[error("the configuration file {} named by {named_by} does not exist", .file.display())]
    FindFile {
        /// The file.
        file: PathBuf,
        /// `--config` or `AGENTFORUM_CONFIG`.
        named_by: &'static str,
    },
    /// A configuration file that cannot be read.
    #[error("cannot read the configuration file {}", .file.display())]
    ReadFile {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A configuration file that is not TOML. The parser's excerpt is left out: the line may hold a secret.
    #[error("the configuration file {} is not valid TOML, line {line}: {message}", .file.display())]
    ParseFile {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// A configuration file with a key that does not exist.
    #[error("{key}: unknown key in the configuration file {}{}", .file.display(), suggestion(*.nearest))]
    FindKey {
        /// The unknown key.
        key: String,
        /// The file.
        file: PathBuf,
        /// The key that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The table and the struct disagree about a key; a test keeps this from happening.
    #[error("{key}: the table of settings has no such key of this type")]
    TakeValue {
        /// The key.
        key: &'static str,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(|| "; `agentforum config` lists all".to_owned(), |name| format!("; did you mean {name}?"))
}
