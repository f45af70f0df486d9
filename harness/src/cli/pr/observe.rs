//! `pr observe`: sends what was seen of a pull request, as somebody else has written it down.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::PullRequestView;
use crate::cli::documents::Outcome;
use crate::cli::forum::body;
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::reply::{self, Payload, Write, send};
use crate::cli::text;

/// What an observation that changed nothing was.
const NOT_HEEDED: &str =
    "note: nothing was changed: the pull request was not fetched, or a later observation of it is stored";

/// Arguments of `pr observe`.
#[derive(Args)]
pub(in crate::cli) struct Observe {
    /// File with the observation as JSON, which is sent as it is; `-` reads it from stdin
    file: String,
    #[command(flatten)]
    write: Write,
}

/// The pull request in an observation's outcome, once it is applied.
#[derive(Deserialize)]
struct Applied {
    pull_request: Option<PullRequestView>,
}

impl Observe {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let seen = seen(&self.file)?;
        let session = globals.session()?;
        let document = send(&session, &["pull-requests", "observations"], Payload::from(seen), &self.write).await?;
        let output = &session.output;
        let (outcome, applied): (Outcome, Applied) = (document.read()?, document.read()?);
        if outcome.ignored() {
            output.note(NOT_HEEDED);
        }
        match applied.pull_request {
            Some(pr) if !output.json => {
                Output::text(&format!("{}  {}", text::line(&pr.facts.url), text::line(&pr.facts.state)))?;
            }
            // What was not even recorded has neither a pull request nor a command to name.
            None if !output.json && outcome.command_id().is_empty() => {}
            _ => reply::show(&session, &document)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The observation in a file.
fn seen(file: &str) -> anyhow::Result<Map<String, Value>> {
    let text = match file {
        "-" => body(file.to_owned())?,
        _ => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
    };
    serde_json::from_str(&text).with_context(|| format!("{file} does not hold a JSON object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_a_json_object() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("pr.json");
        let name = file.to_str().expect("a path of UTF-8");
        assert!(seen(name).is_err_and(|error| error.to_string().starts_with("cannot read ")));
        for (text, fits) in [("{\"url\": \"u\"}", true), ("[]", false), ("url: u", false)] {
            std::fs::write(&file, text).expect("the file");
            assert_eq!(seen(name).is_ok(), fits, "{text}");
        }
    }
}
