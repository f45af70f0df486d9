//! The settings as command-line flags, generated from the table.

use std::collections::BTreeMap;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::keys::{KEYS, Key, Kind};

/// Settings given as flags, by name of the setting; for `#[command(flatten)]`. Values are checked by `Config::resolve`, so that
/// an error reads the same whatever its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFlags(pub BTreeMap<String, String>);

impl Args for ConfigFlags {
    fn augment_args(command: Command) -> Command {
        command.next_help_heading("Settings").args(flagged().map(arg)).next_help_heading(None::<&str>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConfigFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for key in flagged() {
            let text = matches.try_get_one::<String>(key.name);
            let text = text.map_err(|error| clap::Error::raw(ErrorKind::InvalidValue, format!("{error}\n")))?;
            if let Some(text) = text {
                self.0.insert(key.name.to_owned(), text.clone());
            }
        }
        Ok(())
    }
}

/// The settings that have a flag.
fn flagged() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| !matches!(key.kind, Kind::Secret))
}

fn arg(key: &'static Key) -> Arg {
    let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
    Arg::new(key.name)
        .long(key.flag())
        .value_name("VALUE")
        .help(format!("{}{default}", key.doc))
        // `-1` shall reach the check of the setting, which says what is allowed.
        .allow_negative_numbers(true)
        // `-h` shows the few settings everybody meets, `--help` all.
        .hide_short_help(key.name.contains('.'))
}
