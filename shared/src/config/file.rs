//! The configuration file: which one is meant, and its keys and values as text.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::ConfigError;
use super::keys::{KEYS, Key};
use super::nearest::nearest;
use super::resolve::Source;

/// Name of the file that is read from beside the database when none is named.
const FILE_NAME: &str = "agentforum.toml";

/// Which file to read.
pub(super) enum Choice<'a> {
    /// Named by a person, so it must exist.
    Named {
        file: PathBuf,
        /// `--config` or `AGENTFORUM_CONFIG`.
        by: &'static str,
    },
    /// The one beside this database, if there is one.
    Beside(&'a Path),
}

/// What a file says.
pub(super) struct Contents {
    pub(super) file: PathBuf,
    /// Texts by key.
    pub(super) texts: BTreeMap<&'static str, String>,
}

/// The settings of the chosen file; none when it is optional and missing.
///
/// # Errors
/// When a named file is missing, or the file cannot be read, is not TOML, or has an unknown key or a value of no usable type.
pub(super) fn read(choice: Choice<'_>) -> Result<Option<Contents>, ConfigError> {
    let (file, named_by) = match choice {
        Choice::Named { file, by } => (file, Some(by)),
        Choice::Beside(database) => (database.with_file_name(FILE_NAME), None),
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return named_by.map_or(Ok(None), |named_by| Err(ConfigError::FindFile { file, named_by }));
        }
        Err(source) => return Err(ConfigError::ReadFile { file, source }),
    };
    let table = text.parse::<Table>().map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        ConfigError::ParseFile { file: file.clone(), line, message: error.message().to_owned() }
    })?;
    let texts = flatten(&table, &file)?;
    Ok(Some(Contents { file, texts }))
}

/// `[a] b_c = 1` as `a.b_c`. A key that no release knows is refused, so that a slip never passes for a setting.
fn flatten(table: &Table, file: &Path) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let mut settings = BTreeMap::new();
    for (name, value) in table {
        if let (true, Value::Table(section)) = (is_section(name), value) {
            for (rest, value) in section {
                insert(&mut settings, &format!("{name}.{rest}"), value, file)?;
            }
        } else {
            insert(&mut settings, name, value, file)?;
        }
    }
    Ok(settings)
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(section, _)| section == name))
}

fn insert(
    settings: &mut BTreeMap<&'static str, String>,
    name: &str,
    value: &Value,
    file: &Path,
) -> Result<(), ConfigError> {
    let Some(key) = Key::find(name) else {
        let candidates = KEYS.iter().map(|key| key.name);
        let (key, file) = (name.to_owned(), file.to_owned());
        return Err(ConfigError::FindKey { nearest: nearest(&key, candidates), key, file });
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            return Err(key.refuse(value.type_str(), &Source::File(file.to_owned())));
        }
    };
    settings.insert(key.name, text);
    Ok(())
}
