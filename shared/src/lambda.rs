//! The same functions behind the Lambda runtime interface: SQS batches, schedules, and HTTP through a Function URL.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::config::Config;
use crate::ctx::{Ctx, Sources};
use crate::function::batch::{self, Deadline, Record, Verdict};
use crate::function::{Function, Trigger, subscription};

/// Serves a function woken by a queue or a schedule until the platform ends the process.
#[must_use]
pub fn serve<F: Function>() -> ExitCode {
    end(start(F::NAME, F::TRIGGER, |ctx| async move {
        let handler = service_fn(|event: LambdaEvent<Value>| {
            let ctx = Arc::clone(&ctx);
            async move { invoke::<F>(&ctx, event).await }
        });
        lambda_runtime::run(handler).await
    }))
}

/// Serves an HTTP function until the platform ends the process.
#[must_use]
pub fn serve_http(name: &'static str, router: fn(&Ctx) -> axum::Router) -> ExitCode {
    end(start(name, Trigger::Http, |ctx| async move {
        let router = router(ctx.get().await?);
        lambda_http::run(router).await
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

/// The context, built when the first invocation needs it.
struct Lazy {
    name: &'static str,
    trigger: Trigger,
    ctx: OnceCell<Ctx>,
}

impl Lazy {
    async fn get(&self) -> Result<&Ctx, Error> {
        self.ctx
            .get_or_try_init(|| async {
                let resolved = Config::from_environment(&std::collections::BTreeMap::new(), None)?;
                let subscriptions = subscription(self.name, self.trigger).into_iter().collect();
                Ok(Ctx::build(resolved.config, Sources::system(), subscriptions).await?)
            })
            .await
    }
}

fn start<R>(name: &'static str, trigger: Trigger, run: impl FnOnce(Arc<Lazy>) -> R) -> Result<(), Error>
where
    R: Future<Output = Result<(), Error>>,
{
    // The runtime would panic on the missing variables; whoever starts the binary by hand deserves a sentence.
    if !crate::config::on_lambda() {
        return Err(format!(
            "{name} is one function of agentforum and runs inside AWS Lambda; to run everything here, use `agentforum up`"
        )
        .into());
    }
    crate::telemetry::start_logging(crate::config::LogFormat::Json, "info")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(Arc::new(Lazy { name, trigger, ctx: OnceCell::new() })))
}

async fn invoke<F: Function>(lazy: &Lazy, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let ctx = lazy.get().await?;
    let millis = u64::try_from(ctx.clock.now().0).unwrap_or(0);
    let deadline = Deadline::after(Duration::from_millis(event.context.deadline.saturating_sub(millis)));
    match F::TRIGGER {
        Trigger::Command(_) | Trigger::Events(_) | Trigger::Projection(_) => {
            let batch: SqsEvent = serde_json::from_value(event.payload)?;
            let answer = queue_batch::<F>(ctx, batch, deadline).await;
            Ok(serde_json::to_value(answer)?)
        }
        Trigger::Commit | Trigger::Schedule(_) | Trigger::Http => {
            let record =
                Record { message_id: String::new(), topic: String::new(), body: Arc::from("{}"), receive_count: 1 };
            match batch::run::<F>(ctx, &[record], Some(deadline)).await.as_slice() {
                [Verdict::Done] => Ok(Value::Null),
                _ => Err(format!("{} failed; the next schedule tries again", F::NAME).into()),
            }
        }
    }
}

async fn queue_batch<F: Function>(ctx: &Ctx, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
    let ids: Vec<String> = event.records.iter().map(|message| message.message_id.clone().unwrap_or_default()).collect();
    let records: Vec<Record> = event
        .records
        .into_iter()
        .map(|message| Record {
            message_id: message.message_id.unwrap_or_default(),
            topic: message.event_source_arn.unwrap_or_default(),
            receive_count: message
                .attributes
                .get("ApproximateReceiveCount")
                .and_then(|count| count.parse().ok())
                .unwrap_or(1),
            body: Arc::from(message.body.unwrap_or_default()),
        })
        .collect();
    let verdicts = batch::run::<F>(ctx, &records, Some(deadline)).await;
    let mut answer = SqsBatchResponse::default();
    for (id, verdict) in ids.into_iter().zip(verdicts) {
        if verdict != Verdict::Done {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            answer.batch_item_failures.push(failure);
        }
    }
    answer
}
