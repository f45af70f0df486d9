//! `agentforum up`: the whole system in the foreground until it is told to stop.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use shared::config::{Config, LogFormat, Source, TransportKind};
use shared::ctx::Sources;
use tokio::signal::unix::{SignalKind, signal};

use crate::container::{self, Container};
use crate::{Harness, Pace, probes};

/// Exit code of a shutdown that a second signal cut short.
const INTERRUPTED: u8 = 130;

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// When the system cannot start.
pub async fn run(config: Config, json: bool) -> anyhow::Result<ExitCode> {
    run_with(config, json, |_| std::future::pending()).await
}

/// Runs until SIGINT or SIGTERM, with `company` from the ready line on; it ends with the server, and ends it when it fails.
///
/// # Errors
/// When the system cannot start, or the company failed.
pub(crate) async fn run_with<F>(
    config: Config,
    json: bool,
    company: impl FnOnce(&Harness) -> F,
) -> anyhow::Result<ExitCode>
where
    F: Future<Output = anyhow::Error>,
{
    let derived = if std::io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json };
    shared::telemetry::start_logging(config.log.format.unwrap_or(derived), &config.log.level)
        .context("log.level is no filter such as info or info,shared=debug")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let (config, container) = with_container(config).await?;
    let sources = Sources { runtimes: probes::RUNTIMES, ..Sources::system() };
    let started = Harness::start(config, sources, Pace::Running).await;
    let mut harness = match started {
        Ok(harness) => harness,
        Err(error) => {
            remove(container).await;
            return Err(error.into());
        }
    };
    announce(&harness, json).context("cannot write the ready line")?;
    let company = company(&harness);
    let failure = tokio::select! {
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        ended = harness.a_worker_ended() => Some(anyhow::anyhow!("stopped: {ended}")),
        error = company => Some(error),
    };
    tracing::info!("stopping");
    tokio::select! {
        () = async {
            harness.stop().await;
            remove(container).await;
        } => {}
        _ = interrupt.recv() => return Ok(ExitCode::from(INTERRUPTED)),
        _ = terminate.recv() => return Ok(ExitCode::from(INTERRUPTED)),
    }
    failure.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// Starts a Redis container if the settings ask for one, which is to say that it is the transport unless another was named.
async fn with_container(mut config: Config) -> anyhow::Result<(Config, Option<Container>)> {
    if config.redis.url != container::WORD {
        return Ok((config, None));
    }
    let named = config.settings().iter().any(|it| it.key == "transport" && it.source != Source::Default);
    if !named {
        config.transport = TransportKind::Redis;
    }
    if config.transport != TransportKind::Redis {
        return Ok((config, None));
    }
    let (url, container) = container::start().await?;
    config.redis.url = url;
    Ok((config, Some(container)))
}

async fn remove(container: Option<Container>) {
    if let Some(container) = container {
        container.remove().await;
    }
}

/// The ready line on standard output; the login link, which is for people, on standard error.
fn announce(harness: &Harness, json: bool) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let (url, pid) = (&harness.url, std::process::id());
    let config = &harness.ctx.config;
    if json {
        let ready = json!({ "url": url, "port": harness.addr.port(), "pid": pid, "login_url": harness.login_url });
        writeln!(stdout, "{ready}")?;
        return stdout.flush();
    }
    writeln!(stdout, "{}", ready_line(url, pid, config.transport.as_str(), &config.db.to_string()))?;
    stdout.flush()?;
    if let Some(login) = &harness.login_url {
        writeln!(std::io::stderr(), "log in with {login}")?;
    }
    Ok(())
}

/// What people and scripts wait for.
pub(crate) fn ready_line(url: &str, pid: u32, transport: &str, db: &str) -> String {
    format!("agentforum ready {url} pid={pid} transport={transport} db={db}")
}
