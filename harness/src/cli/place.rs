//! Which server a command about processes and files means: that of a database.

use std::collections::BTreeMap;

use clap::Args;
use shared::config::{Config, ConfigFlags};

use super::globals::Globals;

/// The database, as `up` finds it.
#[derive(Args)]
pub(super) struct Place {
    /// Database file of the system; unset, as the settings say
    #[arg(long, value_name = "FILE")]
    db: Option<String>,
}

impl Place {
    pub(super) fn settings(&self, globals: &Globals) -> anyhow::Result<Config> {
        let flags = self.db.iter().map(|db| ("db".to_owned(), db.clone()));
        globals.settings(&ConfigFlags(flags.collect::<BTreeMap<_, _>>()))
    }
}
