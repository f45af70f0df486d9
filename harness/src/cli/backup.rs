//! `backup` and `restore`: a database file that opens alone, and the way back (STORE-13, STORE-15).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;
use shared::clock::Clock;
use shared::config::Database;
use shared::id::Ids;
use shared::store::backup::{Copied, CopyError, Source};

use super::globals::Globals;
use super::output::Output;
use super::place::Place;

/// Arguments of `backup`.
#[derive(Args)]
pub(super) struct Backup {
    /// The new file; nothing is ever overwritten
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Arguments of `restore`.
#[derive(Args)]
pub(super) struct Restore {
    /// The backup; it stays as it is
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let database = file_of(self.place.settings(globals)?.db)?;
        let target = self.file.clone();
        let copied = copy(&database, move |source, ids| source.back_up(&target, ids)).await?;
        show(globals, "backed up", &self.file, &copied)
    }
}

impl Restore {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let database = file_of(self.place.settings(globals)?.db)?;
        let target = database.clone();
        let copied = copy(&self.file, move |source, ids| source.restore(&target, ids)).await?;
        show(globals, "restored", &database, &copied)
    }
}

fn file_of(database: Database) -> anyhow::Result<PathBuf> {
    match database {
        Database::File(path) => Ok(path),
        Database::Server(_) => bail!("{database} is a server's database; copy it with the means of that server"),
    }
}

/// Copies on a thread of its own, since it takes as long as the disk does. Ctrl-C ends it, and leaves nothing of it.
async fn copy(
    from: &Path,
    work: impl FnOnce(Source, &Ids) -> Result<Copied, CopyError> + Send + 'static,
) -> anyhow::Result<Copied> {
    let ids = Ids::from_system(Clock::System).context("the operating system has no randomness to give")?;
    let source = Source::open(from)?;
    let interrupter = source.interrupter();
    let mut task = tokio::task::spawn_blocking(move || work(source, &ids));
    let finished = tokio::select! {
        finished = &mut task => finished,
        pressed = tokio::signal::ctrl_c() => {
            pressed.context("cannot listen for SIGINT")?;
            interrupter.interrupt();
            task.await
        }
    };
    Ok(finished.context("the copy was not finished")??)
}

fn show(globals: &Globals, done: &str, file: &Path, copied: &Copied) -> anyhow::Result<ExitCode> {
    let output = globals.output();
    let Copied { pos, bytes, database_id } = copied;
    if output.json {
        output.json(&json!({ "file": file, "pos": pos, "bytes": bytes, "database_id": database_id }).to_string())?;
    } else {
        Output::text(&format!("{done} {} pos={pos} bytes={bytes} database_id={database_id}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
