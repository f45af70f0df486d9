//! `jobs show`: one job, how it stands, what it took, and how it came there.

use std::process::ExitCode;

use super::next_step;
use super::views::{JobView, StepView, UsageView, or_none};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::table;
use crate::cli::text::{block, line};

pub(super) async fn run(globals: &Globals, id: &str) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = session.client.get(&["jobs", id], &[]).await?;
    let output = &session.output;
    if output.json {
        output.json(&document.text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let job: JobView = document.read()?;
    Output::text(&render(output, &job))?;
    if let Some(next) = next_step(&job.job_id, &job.status, &job.transport) {
        output.note(&next);
    }
    Ok(ExitCode::SUCCESS)
}

fn render(output: &Output, job: &JobView) -> String {
    let mut blocks = vec![format!("{}\n{}", output.strong(&line(&job.job_id)), facts(job))];
    if let Some(class) = &job.error_class {
        let error = job.error.as_deref().map_or_else(String::new, |error| format!("\n{}", block(error)));
        blocks.push(format!("{}{error}", output.strong(&format!("error {}", line(class)))));
    }
    if !job.lifecycle.is_empty() {
        let rows: Vec<_> = job.lifecycle.iter().map(step).collect();
        blocks.push(table::render(output, &HEADING, &rows).trim_end().to_owned());
    }
    blocks.join("\n\n")
}

/// Everything below its id that fits on lines of its own.
fn facts(job: &JobView) -> String {
    let of = format!("of {} {}", line(&job.source_type), line(&job.source_id));
    let within = [("session", job.session_id.as_ref()), ("project", Some(&job.project_id))];
    let mut facts = vec![
        [&job.status, &job.kind, &job.transport].map(|it| line(it)).join("  "),
        std::iter::once(of).chain(known(&within)).collect::<Vec<_>>().join("  "),
        format!("attempts {} of {}  retried {}", job.attempts, job.max_attempts, job.retried_count),
        format!("observations {}", job.observations),
    ];
    facts.extend(job.usage.as_ref().map(usage));
    let ahead = [("next attempt", job.next_attempt_at.as_ref()), ("held until", job.locked_until.as_ref())];
    let times = [
        ("created", Some(&job.created_at)),
        ("started", job.started_at.as_ref()),
        ("finished", job.finished_at.as_ref()),
        ("updated", Some(&job.updated_at)),
    ];
    let causes =
        [("key", job.key_id.as_ref()), ("request", Some(&job.request_id)), ("correlation", Some(&job.correlation_id))];
    facts.extend([known(&ahead), known(&times), known(&causes)].into_iter().flatten());
    facts.join("\n")
}

/// What is known of these, on one line; none when nothing is.
fn known(parts: &[(&str, Option<&String>)]) -> Option<String> {
    let parts: Vec<_> = parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", line((*value)?)))).collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

fn usage(usage: &UsageView) -> String {
    let UsageView { input_tokens, output_tokens, cost_microdollars: cost, .. } = usage;
    let who = known(&[("provider", Some(&usage.provider)), ("model", usage.model.as_ref())]).unwrap_or_default();
    let (dollars, millionths) = (cost / 1_000_000, cost % 1_000_000);
    format!("{who}  tokens read {input_tokens}  written {output_tokens}  cost ${dollars}.{millionths:06}")
}

const HEADING: [&str; 7] = ["POS", "LIFECYCLE", "AT", "ATTEMPTS", "NEXT ATTEMPT", "ERROR", "SOURCE"];

fn step(step: &StepView) -> Vec<String> {
    vec![
        step.pos.to_string(),
        line(&step.step),
        line(&step.at),
        step.attempts.to_string(),
        or_none(step.next_attempt_at.as_ref()),
        or_none(step.error_class.as_ref()),
        or_none(step.source.as_ref()),
    ]
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    fn text(document: &str) -> String {
        let job = serde_json::from_str(document).expect("a job");
        render(&Output::new(false, true, ColorChoice::Never, false), &job)
    }

    // MEMORY-10, MEMORY-23, SEC-6
    #[test]
    fn a_job_reads_from_its_status_to_its_lifecycle_and_no_error_passes_for_a_fact() {
        let document = r#"{"job_id":"evt_1","kind":"event","team_id":"t","project_id":"web",
            "source_type":"agent_event","source_id":"aev_1","session_id":"mer-1",
            "status":"queued","transport":"enqueued","attempts":1,
            "max_attempts":3,"retried_count":1,"next_attempt_at":"t4","error_class":"transient",
            "error":"no answer\u001b[2J\ncreated t9","observations":0,"key_id":"key_1","request_id":"req_1",
            "usage":{"provider":"anthropic","model":"m","input_tokens":1200,"output_tokens":34,
            "cost_microdollars":1000120},
            "correlation_id":"ev_1","created_at":"t1","updated_at":"t3","started_at":"t2",
            "lifecycle":[{"pos":7,"type":"queued","at":"t1","attempts":0,"source":"request"},
            {"pos":9,"type":"retry_scheduled","at":"t3","attempts":1,"next_attempt_at":"t4",
            "error_class":"transient"}]}"#;
        let expected = "\
evt_1
queued  event  enqueued
of agent_event aev_1  session mer-1  project web
attempts 1 of 3  retried 1
observations 0
provider anthropic  model m  tokens read 1200  written 34  cost $1.000120
next attempt t4
created t1  started t2  updated t3
key key_1  request req_1  correlation ev_1

error transient
    no answer[2J
    created t9

POS  LIFECYCLE        AT  ATTEMPTS  NEXT ATTEMPT  ERROR      SOURCE
7    queued           t1  0         -             -          request
9    retry_scheduled  t3  1         t4            transient  -";
        assert_eq!(text(document), expected);
    }

    // MEMORY-23
    #[test]
    fn what_is_not_known_of_a_job_is_left_out() {
        let shown = text(
            r#"{"job_id":"rdx_1","kind":"reindex","project_id":"web","source_type":"project","source_id":"web",
            "status":"completed","transport":"enqueued","attempts":1,"max_attempts":3,"request_id":"req_1",
            "correlation_id":"ev_1","created_at":"t1","updated_at":"t3","started_at":"t2","finished_at":"t3"}"#,
        );
        let expected = "\
rdx_1
completed  reindex  enqueued
of project web  project web
attempts 1 of 3  retried 0
observations 0
created t1  started t2  finished t3  updated t3
request req_1  correlation ev_1";
        assert_eq!(shown, expected);
    }
}
