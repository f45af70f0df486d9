//! Commands that follow something go on until they are interrupted, which is no failure (CLI-11).

use std::process::ExitCode;

use anyhow::Context;

/// Runs `work`, which ends by itself only when it fails, until SIGINT.
pub(super) async fn until_interrupted(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    tokio::select! {
        biased;
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("cannot listen for SIGINT")?;
            Ok(ExitCode::SUCCESS)
        }
        never = work => never.map(|()| ExitCode::SUCCESS),
    }
}
