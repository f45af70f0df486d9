//! `agentforum project`: what belongs to one project. A secret is shown once, alone on stdout, so that a script can take
//! it.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;

use super::globals::Globals;
use super::output::Output;
use super::text;

/// Commands on projects; all need the scope `admin`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a new secret for the project's webhooks and print it with where they go; it is never shown again
    WebhookSecret {
        /// The project's id
        id: String,
    },
}

/// A new secret, and where deliveries signed with it go.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NewSecret {
    secret: String,
    path: String,
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::WebhookSecret { id } => webhook_secret(globals, &id).await,
    }
}

async fn webhook_secret(globals: &Globals, id: &str) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = session.client.create(&["projects", id, "webhook-secret"], &json!({})).await?;
    let output = &session.output;
    if output.json {
        output.json(&document.text)?;
    } else {
        let new: NewSecret = document.read()?;
        Output::text(&text::line(&new.secret))?;
        let (address, path) = (session.client.address(), text::line(&new.path));
        output.note(&format!("deliveries go to {address}{path}; the secret is shown this once"));
    }
    Ok(ExitCode::SUCCESS)
}
