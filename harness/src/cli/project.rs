//! `agentforum project`: the projects of a team, and what belongs to one of them. A new secret and the id of a new
//! project stand alone on stdout, so that a script can take them.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::globals::{Globals, Session};
use super::output::Output;
use super::page::{self, Paging};
use super::text;

/// Commands on projects; all but `list` need the scope `admin`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a project and print its id
    Create(Create),
    /// List the projects that the key reaches
    List(List),
    /// Archive a project: it leaves the list and takes no new threads, runs and sessions
    Archive {
        /// The project's id
        id: String,
    },
    /// Make a new secret for the project's webhooks and print it with where they go; it is never shown again
    WebhookSecret {
        /// The project's id
        id: String,
    },
}

/// Arguments of `project create`.
#[derive(Args)]
pub(super) struct Create {
    /// What the project is called
    name: String,
    /// Its id: a-z, 0-9 and dashes, a letter first; it follows from the name unless given
    #[arg(long)]
    id: Option<String>,
}

/// Arguments of `project list`.
#[derive(Args)]
pub(super) struct List {
    /// Also those that are archived
    #[arg(long)]
    archived: bool,
    #[command(flatten)]
    paging: Paging,
}

/// A project, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ProjectView {
    project_id: String,
    name: String,
    created_at: String,
    archived_at: Option<String>,
}

/// A new secret, and where deliveries signed with it go.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NewSecret {
    secret: String,
    path: String,
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    match command {
        Command::Create(create) => create.run(&session).await,
        Command::List(list) => list.run(&session).await,
        Command::Archive { id } => archive(&session, &id).await,
        Command::WebhookSecret { id } => webhook_secret(&session, &id).await,
    }
}

impl Create {
    async fn run(self, session: &Session) -> anyhow::Result<ExitCode> {
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.into());
        if let Some(id) = self.id {
            body.insert("id".to_owned(), id.into());
        }
        let document = session.client.create(&["projects"], &Value::Object(body)).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
        } else {
            let project: ProjectView = document.read()?;
            Output::text(&text::line(&project.project_id))?;
            output.note("created; --project or AGENTFORUM_PROJECT names it");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self, session: &Session) -> anyhow::Result<ExitCode> {
        let archived = self.archived.then(|| "true".to_owned());
        let document = session.client.get(&["projects"], &self.paging.query([("archived", archived)])).await?;
        page::show(&session.output, &document, ("projects", &HEADING), row)?;
        Ok(ExitCode::SUCCESS)
    }
}

const HEADING: [&str; 4] = ["ID", "STATUS", "CREATED", "NAME"];

fn row(project: &ProjectView) -> Vec<String> {
    let status = match &project.archived_at {
        Some(archived_at) => format!("archived {}", text::line(archived_at)),
        None => "open".to_owned(),
    };
    vec![text::line(&project.project_id), status, text::line(&project.created_at), text::line(&project.name)]
}

async fn archive(session: &Session, id: &str) -> anyhow::Result<ExitCode> {
    let document = session.client.create(&["projects", id, "archive"], &json!({})).await?;
    if session.output.json {
        session.output.json(&document.text)?;
    } else {
        Output::text(&format!("{}  archived", text::line(id)))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn webhook_secret(session: &Session, id: &str) -> anyhow::Result<ExitCode> {
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

#[cfg(test)]
mod tests {
    use super::*;

    // STORE-8, SEC-6
    #[test]
    fn a_row_says_whether_a_project_takes_anything_new() {
        let text = r#"{"project_id":"web","name":"The\u001b[2J web","created_at":"t0","archived_at":"t1"}"#;
        let project: ProjectView = serde_json::from_str(text).expect("a project");
        assert_eq!(row(&project), ["web", "archived t1", "t0", "The[2J web"]);
        assert_eq!(row(&ProjectView::default())[1], "open");
    }
}
