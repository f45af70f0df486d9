//! `agentforum notifications`: what people are told about, and marking it as read.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use shared::value::NotificationKind;

use super::forum::words;
use super::globals::{Globals, Session};
use super::list::Whole;
use super::output::Output;
use super::page::{self, Paging};
use super::text;

/// Commands on notifications.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List notifications, the newest first; those that nobody has read, unless asked for all
    List(List),
    /// Mark notifications as read
    Read {
        /// Ids of notifications, `ntf_...`
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// Arguments of `notifications list`. All filters given must match.
#[derive(Args)]
pub(super) struct List {
    /// Only what nobody has read; so it is unless `--all` is given
    #[arg(long, conflicts_with = "all")]
    unread: bool,
    /// Also what was read
    #[arg(long)]
    all: bool,
    /// Only what still holds
    #[arg(long)]
    open: bool,
    /// Only notifications of this kind
    #[arg(long, value_parser = words::<NotificationKind>(), ignore_case = true)]
    kind: Option<String>,
    /// Only notifications about this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Only notifications about this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    match command {
        Command::List(list) => list.run(&session).await,
        Command::Read { ids } => read(&session, &ids).await,
    }
}

impl List {
    async fn run(self, session: &Session) -> anyhow::Result<ExitCode> {
        let document = session.client.get(&["notifications"], &self.query()).await?;
        page::show(&session.output, &document, ("notifications", &HEADING), row)?;
        Ok(ExitCode::SUCCESS)
    }

    fn query(self) -> Vec<(&'static str, String)> {
        let no = |wanted: bool| wanted.then(|| "false".to_owned());
        self.paging.query([
            ("read", no(self.unread || !self.all)),
            ("resolved", no(self.open)),
            ("kind", self.kind),
            ("run_id", self.run),
            ("session_id", self.session),
        ])
    }
}

/// A notification, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NotificationView {
    notification_id: String,
    kind: String,
    subject: String,
    priority: String,
    title: String,
    run_id: Option<String>,
    session_id: Option<String>,
    created_at: String,
    read_at: Option<String>,
    resolved_at: Option<String>,
}

const HEADING: [&str; 7] = ["ID", "PRIORITY", "KIND", "STATUS", "ABOUT", "CREATED", "TITLE"];
/// Titles are cut here, so that a row has a chance to stay on one line.
const TITLE_WIDTH: usize = 100;

fn row(of: &NotificationView) -> Vec<String> {
    let read = if of.read_at.is_some() { "read" } else { "unread" };
    let holds = if of.resolved_at.is_some() { "resolved" } else { "open" };
    let about = of.session_id.as_ref().or(of.run_id.as_ref()).unwrap_or(&of.subject);
    vec![
        text::line(&of.notification_id),
        text::line(&of.priority),
        text::line(&of.kind),
        format!("{read}, {holds}"),
        text::line(about),
        text::line(&of.created_at),
        text::short(&of.title, TITLE_WIDTH),
    ]
}

async fn read(session: &Session, ids: &[String]) -> anyhow::Result<ExitCode> {
    let output = &session.output;
    let mut items = Vec::<Box<RawValue>>::new();
    for (done, id) in ids.iter().enumerate() {
        let document = match session.client.create(&["notifications", id, "read"], &json!({})).await {
            Ok(document) => document,
            // Others were marked before this one failed.
            Err(error) => {
                output.note(&format!("{done} of {} done before {}", ids.len(), text::line(id)));
                return Err(error.into());
            }
        };
        if output.json {
            items.push(document.read()?);
        } else {
            Output::text(&format!("{}  read", text::line(id)))?;
        }
    }
    if output.json {
        output.json(&serde_json::to_string(&Whole { items })?)?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The command line around the arguments.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: List,
    }

    fn query(arguments: &[&str]) -> Vec<(&'static str, String)> {
        let line = Line::try_parse_from([&["list"], arguments].concat());
        line.unwrap_or_else(|error| panic!("{error}")).list.query()
    }

    // REACT-10
    #[test]
    fn what_nobody_has_read_is_listed_unless_everything_is_asked_for() {
        let unread = [("read", "false".to_owned())];
        assert_eq!(query(&[]), unread);
        assert_eq!(query(&["--unread"]), unread);
        assert!(query(&["--all"]).is_empty());
        let open = [("resolved", "false".to_owned()), ("kind", "stuck".to_owned()), ("limit", "2".to_owned())];
        assert_eq!(query(&["--all", "--open", "--kind", "stuck", "--limit", "2"]), open);
        assert!(Line::try_parse_from(["list", "--all", "--unread"]).is_err());
    }

    // REACT-10, SEC-6
    #[test]
    fn a_notification_is_one_row_and_read_and_resolved_are_separate() {
        let text = r#"{"notification_id":"ntf_1","kind":"needs_input","priority":"high","title":"a\nb\u001b[2J",
            "subject":"s","run_id":"run_1","created_at":"t1","resolved_at":"t2"}"#;
        let of: NotificationView = serde_json::from_str(text).expect("a notification");
        assert_eq!(row(&of), ["ntf_1", "high", "needs_input", "unread, resolved", "run_1", "t1", "a b[2J"]);
    }
}
