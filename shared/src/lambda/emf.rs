//! Metrics of a deployed function, in CloudWatch's embedded metric format: lines of the log that become metrics, so that no
//! function waits for a metrics service.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::ctx::Ctx;
use crate::store::outbox::OutboxStatistics;

/// What CloudWatch files the metrics under.
const NAMESPACE: &str = "agentforum";
/// The outcomes that batches count, and the metrics they become.
const OUTCOMES: [(&str, &str); 4] =
    [("done", "Handled"), ("retry", "Retried"), ("park", "Parked"), ("panic", "Panicked")];

/// Writes what was counted since the last time, if anything was.
pub(super) fn flush(ctx: &Ctx, function: &str, deployed_as: &str) {
    let invocations = &ctx.metrics.function_invocations_total;
    let counted = OUTCOMES.iter().filter_map(|(label, name)| {
        let counter = invocations.with_label_values(&[function, label]);
        let count = counter.get();
        counter.reset();
        (count > 0).then(|| (*name, "Count", json!(count)))
    });
    let counted: Vec<_> = counted.collect();
    if !counted.is_empty() {
        write(&line(&counted, deployed_as, ctx.clock.now().0));
    }
}

/// Writes how the outbox stands: an alarm watches its age.
pub(super) fn outbox(statistics: &OutboxStatistics, deployed_as: &str) {
    let waiting = statistics.pending_count + statistics.processing_count + statistics.failed_count;
    let values = [
        ("OutboxOldestAgeSeconds", "Seconds", json!(statistics.oldest_pending_age_seconds)),
        ("OutboxWaiting", "Count", json!(waiting)),
        ("OutboxDead", "Count", json!(statistics.dead_count)),
    ];
    write(&line(&values, deployed_as, crate::clock::Clock::System.now().0));
}

fn line(values: &[(&str, &str, Value)], deployed_as: &str, millis: i64) -> Value {
    let metrics: Vec<_> = values.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut line = Map::new();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": metrics });
    line.insert("_aws".to_owned(), json!({ "Timestamp": millis, "CloudWatchMetrics": [directive] }));
    line.insert("function".to_owned(), deployed_as.into());
    line.extend(values.iter().map(|(name, _, value)| ((*name).to_owned(), value.clone())));
    Value::Object(line)
}

fn write(line: &Value) {
    // CloudWatch reads what the function prints; there is nobody to tell when it does not.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    // LAMBDA-11
    #[test]
    fn a_line_names_its_metrics_and_has_their_values_beside() {
        let line = line(&[("OutboxOldestAgeSeconds", "Seconds", json!(7))], "agentforum-prod-drain-outbox", 1);
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1,
                    "CloudWatchMetrics": [{
                        "Namespace": "agentforum",
                        "Dimensions": [["function"]],
                        "Metrics": [{ "Name": "OutboxOldestAgeSeconds", "Unit": "Seconds" }],
                    }],
                },
                "function": "agentforum-prod-drain-outbox",
                "OutboxOldestAgeSeconds": 7,
            })
        );
    }
}
