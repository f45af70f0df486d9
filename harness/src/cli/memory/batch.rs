//! `memory batch`: many things that agents did, in as many batches as they take.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use serde_json::value::RawValue;
use shared::client::{ClientError, Document};

use super::views::{GenerationJob, Item, ToldBatch};
use super::{Generation, events};
use crate::cli::documents::Outcome;
use crate::cli::globals::Globals;
use crate::cli::list::Whole;
use crate::cli::output::Output;
use crate::cli::reply::Write;
use crate::cli::text::line;

/// Arguments of `memory batch`.
#[derive(Args)]
pub(in crate::cli) struct Batch {
    /// File with events, one JSON object per line or all in one JSON array; `-` reads them from stdin
    file: String,
    /// The session of the events that name none
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    generation: Generation,
    #[command(flatten)]
    write: Write,
}

impl Batch {
    pub(super) async fn run(self, globals: Globals) -> anyhow::Result<ExitCode> {
        let batches = events::batches(events::read(&self.file, self.session.as_deref())?)?;
        let session = self.generation.session(globals)?;
        let (output, count) = (&session.output, batches.len());
        let (key, query) = (self.write.key(&session.client), self.generation.query());
        let (mut documents, mut sum) = (Vec::<Box<RawValue>>::new(), Tally::default());
        for (index, events) in batches.into_iter().enumerate() {
            let (number, size) = (index + 1, events.len());
            // The same file under the same key makes the same requests: what was taken is not taken twice.
            let (body, own_key) = (json!({ "events": events }), format!("{key}-{number}"));
            let sent = session.client.command(&["agent-events", "batch"], &query, &body, &own_key).await;
            let document = match sent {
                Ok(document) => document,
                Err(error) => {
                    explain(output, &error, (index, count), &key);
                    return Err(error.into());
                }
            };
            let (tally, outcome) = judge(output, &document, size)?;
            if output.json {
                documents.push(document.read()?);
            } else {
                Output::text(&format!("batch {number} of {count}  {outcome}"))?;
            }
            sum.add(&tally);
        }
        if output.json {
            output.json(&serde_json::to_string(&Whole { items: documents })?)?;
        } else {
            Output::text(&format!("total  {}", sum.describe()))?;
        }
        Ok(self.generation.code(!sum.unfinished))
    }
}

/// What became of events.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    events: usize,
    new: usize,
    known: usize,
    /// Whether a job is not over, or did not succeed, or that is not known.
    unfinished: bool,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.new += other.new;
        self.known += other.known;
        self.unfinished |= other.unfinished;
    }

    fn describe(&self) -> String {
        format!("events {}  new {}  known {}", self.events, self.new, self.known)
    }
}

/// Says what was done before a batch that failed, and how to go on without doing it twice (CLI-4).
fn explain(output: &Output, error: &ClientError, (done, count): (usize, usize), key: &str) {
    output.note(&format!("{done} of {count} batches done before this one"));
    if error.leaves_the_outcome_open() {
        let how = format!("repeat it with `--idempotency-key {key}`: it has one effect");
        output.note(&format!("note: whether the server did it is not known; {how}"));
    }
}

/// What became of one batch, and how that is said.
fn judge(output: &Output, document: &Document, size: usize) -> anyhow::Result<(Tally, String)> {
    let (outcome, told): (Outcome, ToldBatch) = (document.read()?, document.read()?);
    let Some(items) = told.items else {
        if outcome.status() == "accepted" {
            output.note("note: accepted and stored; not finished yet");
        }
        let outcome = format!("events {size}  {}  {}", line(outcome.command_id()), line(outcome.status()));
        return Ok((Tally { events: size, unfinished: true, ..Tally::default() }, outcome));
    };
    let (tally, job) = tally(&items, outcome.command_id());
    if let Some(job) = items.iter().map(|item| &item.generation_job).find(|job| !job.is_done()) {
        job.remark(output, told.wait_timed_out);
    }
    let parts = [Some(tally.describe()), job.map(GenerationJob::describe)].into_iter().flatten();
    Ok((tally, parts.collect::<Vec<_>>().join("  ")))
}

/// How many events are new, and the job that those share. An event that a batch has twice is new once.
fn tally<'a>(items: &'a [Item], command_id: &str) -> (Tally, Option<&'a GenerationJob>) {
    let new: Vec<_> = items.iter().filter(|item| item.event.came_with(command_id)).collect();
    let ids: BTreeSet<_> = new.iter().map(|item| item.event.agent_event_id.as_str()).collect();
    let job = new.first().map(|item| &item.generation_job);
    let tally = Tally {
        events: items.len(),
        new: ids.len(),
        known: items.len() - ids.len(),
        unfinished: items.iter().any(|item| !item.generation_job.is_done()),
    };
    (tally, job)
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    const COMMAND: &str = "cmd_019a0000-0000-7000-8000-000000000000";

    fn document(items: &[(&str, &str, &str)]) -> Document {
        let items = items.iter().map(|(id, batch, transport)| {
            let job = if *transport == "skipped" { json!({ "transport": "skipped" }) } else { running(transport) };
            json!({ "event": { "agent_event_id": id, "batch_id": batch }, "generation_job": job })
        });
        let items: Vec<_> = items.collect();
        let body = json!({ "command": { "command_id": COMMAND, "status": "applied" }, "items": items });
        Document { status: 201, location: None, text: body.to_string() }
    }

    fn running(transport: &str) -> serde_json::Value {
        json!({ "id": "evtb_1", "status": "queued", "transport": transport })
    }

    fn judged(document: &Document) -> (Tally, String) {
        judge(&Output::new(false, true, ColorChoice::Never, false), document, 3).expect("an outcome")
    }

    // MEMORY-2, MEMORY-5
    #[test]
    fn events_are_counted_as_new_or_known_and_one_that_came_twice_is_new_once() {
        let own = "bat_019a0000-0000-7000-8000-000000000000";
        let other = "bat_01990000-0000-7000-8000-000000000000";
        let items = [("1", other, "skipped"), ("2", own, "enqueued"), ("2", own, "enqueued")];
        let (tally, said) = judged(&document(&items));
        assert_eq!(said, "events 3  new 1  known 2  evtb_1  queued  enqueued");
        assert_eq!(tally, Tally { events: 3, new: 1, known: 2, unfinished: true });
        let (tally, said) = judged(&document(&[("1", other, "skipped")]));
        assert_eq!((said.as_str(), tally.unfinished), ("events 1  new 0  known 1", false));
        let (tally, said) = judged(&document(&[("1", own, "skipped")]));
        assert_eq!((said.as_str(), tally.unfinished), ("events 1  new 1  known 0  skipped", false));
    }

    // CMD-2
    #[test]
    fn a_batch_that_is_not_finished_is_named_by_its_command() {
        let text = json!({ "command": { "command_id": COMMAND, "status": "accepted" } }).to_string();
        let (tally, said) = judged(&Document { status: 202, location: None, text });
        assert_eq!(said, format!("events 3  {COMMAND}  accepted"));
        assert_eq!(tally, Tally { events: 3, unfinished: true, ..Tally::default() });
    }
}
