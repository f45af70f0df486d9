//! The same functions behind the Lambda runtime interface: SQS batches, schedules, and HTTP through a Function URL.

mod emf;
mod http;
mod queue;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::config::{AuthMode, Config, Database, TransportKind, lambda_name};
use crate::ctx::{Ctx, CtxError, Sources};
use crate::function::batch::{self, Deadline, Record, Verdict};
use crate::function::{Function, Trigger, publish, routes};
use crate::store::{Publishing, outbox};

pub use http::serve_http;

/// Serves a function woken by a queue or a schedule until the platform ends the process.
#[must_use]
pub fn serve<F: Function>() -> ExitCode {
    end(start(F::NAME, |ctx| async move {
        let handler = service_fn(|event: LambdaEvent<Value>| {
            let ctx = Arc::clone(&ctx);
            async move { invoke::<F>(&ctx, event).await }
        });
        lambda_runtime::run(handler).await
    }))
}

/// Says why the process ends, if it ends badly: started by hand, or the runtime interface failed.
fn end(outcome: Result<(), Error>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start<R>(name: &'static str, run: impl FnOnce(Arc<Lazy>) -> R) -> Result<(), Error>
where
    R: Future<Output = Result<(), Error>>,
{
    // The runtime would panic on the missing variables; whoever starts the binary by hand deserves a sentence.
    let Some(deployed_as) = lambda_name() else {
        return Err(format!(
            "{name} is one function of agentforum and runs inside AWS Lambda; to run everything here, use `agentforum up`"
        )
        .into());
    };
    crate::telemetry::start_logging(crate::config::LogFormat::Json, "info")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(Arc::new(Lazy { deployed_as, ctx: OnceCell::new() })))
}

/// The context, built when the first invocation needs it.
struct Lazy {
    /// The name of the deployed function.
    deployed_as: String,
    ctx: OnceCell<Ctx>,
}

/// Why there is no context.
#[derive(Debug, thiserror::Error)]
enum NoCtx {
    /// The settings do not fit a deployment.
    #[error("{0}")]
    Settings(String),
    /// A part did not open.
    #[error(transparent)]
    Build(#[from] CtxError),
}

impl Lazy {
    async fn get(&self) -> Result<&Ctx, NoCtx> {
        self.ctx
            .get_or_try_init(|| async {
                let sources = Sources { publishing: Publishing::ByItself, ..Sources::system() };
                Ok(Box::pin(Ctx::build(settings()?, sources, routes::subscriptions())).await?)
            })
            .await
    }
}

/// The settings of the environment, if they fit a deployment: each wrong one is named, and nothing takes its place.
fn settings() -> Result<Config, NoCtx> {
    let resolved = Config::from_environment(&std::collections::BTreeMap::new(), None);
    let config = resolved.map_err(|error| NoCtx::Settings(error.to_string()))?.config;
    match unfit(&config) {
        Some(complaint) => Err(NoCtx::Settings(format!("a deployed function cannot run so: {complaint}"))),
        None => Ok(config),
    }
}

/// What a deployed function cannot run with.
fn unfit(config: &Config) -> Option<&'static str> {
    if matches!(config.db, Database::File(_)) {
        return Some("AGENTFORUM_DB must be the URL of a libSQL server; a file would be gone with the function");
    }
    if config.store.token.secret.is_none() {
        return Some("AGENTFORUM_STORE_TOKEN_SECRET must name the secret that holds the database's token");
    }
    if config.transport != TransportKind::Sqs {
        return Some("AGENTFORUM_TRANSPORT must be sqs: the other functions are other processes");
    }
    if config.auth.mode != AuthMode::Keys {
        return Some("AGENTFORUM_AUTH_MODE must be keys");
    }
    None
}

async fn invoke<F: Function>(lazy: &Lazy, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let deadline = |ctx: &Ctx| {
        let now = u64::try_from(ctx.clock.now().0).unwrap_or(0);
        Deadline::after(Duration::from_millis(event.context.deadline.saturating_sub(now)))
    };
    match F::TRIGGER {
        Trigger::Command(_) | Trigger::Job(_) | Trigger::Reaction(_) | Trigger::Projection(_) => {
            let batch = serde_json::from_value(event.payload)?;
            let ctx = match lazy.get().await {
                Ok(ctx) => ctx,
                Err(NoCtx::Build(error)) => {
                    return Ok(serde_json::to_value(queue::wait_for(F::NAME, batch, &error).await)?);
                }
                Err(error) => return Err(error.into()),
            };
            let answer = queue::batch::<F>(ctx, batch, deadline(ctx)).await;
            publish::own(ctx, F::NAME).await;
            emf::flush(ctx, F::NAME, &lazy.deployed_as);
            Ok(serde_json::to_value(answer)?)
        }
        Trigger::Commit | Trigger::Schedule(_) | Trigger::Http => {
            let ctx = lazy.get().await?;
            let record =
                Record { message_id: String::new(), topic: String::new(), body: Arc::from("{}"), receive_count: 1 };
            let verdicts = batch::run::<F>(ctx, &[record], Some(deadline(ctx))).await;
            publish::own(ctx, F::NAME).await;
            if F::TRIGGER == Trigger::Commit {
                let now = ctx.clock.now();
                match ctx.store.read(move |reader| outbox::statistics(reader, now)).await {
                    Ok(statistics) => emf::outbox(&statistics, &lazy.deployed_as),
                    Err(error) => tracing::error!(%error, "the outbox could not be read"),
                }
            }
            emf::flush(ctx, F::NAME, &lazy.deployed_as);
            match verdicts.as_slice() {
                [Verdict::Done] => Ok(Value::Null),
                _ => Err(format!("{} failed; the next schedule tries again", F::NAME).into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // LAMBDA-9, AUTH-10
    #[test]
    fn each_setting_that_does_not_fit_a_deployment_is_named() {
        let fit = [
            ("db", "libsql://host"),
            ("store.token_secret", "arn:aws:secretsmanager:eu-west-1:1:secret:token"),
            ("transport", "sqs"),
            ("sqs.url", "https://sqs.eu-west-1.amazonaws.com/1/agentforum-prod-"),
            ("auth.mode", "keys"),
        ];
        let complaint =
            |settings: &[(&str, &str)]| unfit(&Config::with(settings).expect("settings")).unwrap_or_default();
        assert_eq!(complaint(&fit), "");
        for (index, other, named) in [
            (0, ("db", "a.db"), "AGENTFORUM_DB"),
            (1, ("store.token", "text"), "AGENTFORUM_STORE_TOKEN_SECRET"),
            (2, ("transport", "memory"), "AGENTFORUM_TRANSPORT"),
            (4, ("auth.mode", "local"), "AGENTFORUM_AUTH_MODE"),
        ] {
            let mut settings = fit;
            settings[index] = other;
            assert!(complaint(&settings).starts_with(named), "{}", complaint(&settings));
        }
    }
}
