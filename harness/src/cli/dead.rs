//! `agentforum dead`: what was given up, looked at, sent back to work, or left.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::config::LIST_LIMIT_MAX;
use shared::store::dead_letters::{LetterGroup, LetterStatus, StoredLetter};
use shared::value::Word;

use super::documents::Page;
use super::failure::UsageError;
use super::forum::words;
use super::globals::{Globals, Session};
use super::output::Output;
use super::{table, text};

/// Commands on dead letters; all need the scope `admin`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List dead letters, newest first, or count them by what they died of
    List {
        #[command(flatten)]
        filter: Filter,
        /// Only those of which this was decided; `dead` are those that wait
        #[arg(long, value_parser = words::<LetterStatus>(), ignore_case = true)]
        status: Option<String>,
        /// Count by source, function and error
        #[arg(long)]
        group: bool,
        /// Letters per page
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_LIMIT_MAX)))]
        limit: Option<u32>,
        /// Go on after an earlier page
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one with its payload
    Show {
        /// The dead letter's id, `dl_...`
        id: String,
    },
    /// Send what died back to work, under the same message id and with all attempts before it
    Redrive {
        #[command(flatten)]
        chosen: Chosen,
        /// Why; stored and audited
        #[arg(long, default_value = "redriven from the command line")]
        reason: String,
        /// Only say which would be redriven
        #[arg(long)]
        dry_run: bool,
    },
    /// Leave what died as it is; nothing is deleted
    Drop {
        #[command(flatten)]
        chosen: Chosen,
        /// Why; stored and audited
        #[arg(long)]
        reason: String,
        /// Only say which would be dropped
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which dead letters. All filters given must match.
#[derive(Args, Clone)]
pub(super) struct Filter {
    /// Only from this source
    #[arg(long, value_parser = ["outbox", "command", "delivery", "projection", "job"], ignore_case = true)]
    source: Option<String>,
    /// Only of this function
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Only of this class of errors
    #[arg(long, value_name = "CLASS")]
    error_class: Option<String>,
}

/// Dead letters by name, or all that wait and match.
#[derive(Args)]
pub(super) struct Chosen {
    /// Ids of dead letters, `dl_...`
    #[arg(conflicts_with = "all")]
    ids: Vec<String>,
    /// All that wait for a decision and match the filters
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

impl Filter {
    fn query(&self, status: Option<String>) -> Vec<(&'static str, String)> {
        let given = [
            ("source", self.source.clone()),
            ("function", self.function.clone()),
            ("error_class", self.error_class.clone()),
            ("status", status),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    match command {
        Command::List { filter, status, group, limit, cursor } => {
            let mut query = filter.query(status);
            query.extend(limit.map(|limit| ("limit", limit.to_string())));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            if group { groups(&session, query).await } else { list(&session, &query).await }
        }
        Command::Show { id } => show(&session, &id).await,
        Command::Redrive { chosen, reason, dry_run } => decide(&session, chosen, "redrive", &reason, dry_run).await,
        Command::Drop { chosen, reason, dry_run } => decide(&session, chosen, "drop", &reason, dry_run).await,
    }
}

async fn list(session: &Session, query: &[(&str, String)]) -> anyhow::Result<ExitCode> {
    let (document, output) = (session.client.get(&["dead-letters"], query).await?, &session.output);
    if output.json {
        output.json(&document.text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let page: Page<StoredLetter> = document.read()?;
    if page.items.is_empty() {
        output.note("no dead letters match");
    } else {
        Output::text(&table::render(output, &HEADING, &page.items.iter().map(row).collect::<Vec<_>>()))?;
    }
    if let Some(cursor) = page.next_cursor {
        output.note(&format!("there are more: --cursor {}", text::line(&cursor)));
    }
    Ok(ExitCode::SUCCESS)
}

const HEADING: [&str; 7] = ["ID", "STATUS", "SOURCE", "FUNCTION", "CLASS", "DIED", "ERROR"];
/// Errors are cut here in tables; `show` has them whole.
const ERROR_WIDTH: usize = 60;

fn row(letter: &StoredLetter) -> Vec<String> {
    vec![
        text::line(&letter.id),
        letter.status.as_str().to_owned(),
        text::line(&letter.source),
        text::line(&letter.function),
        text::line(&letter.error_class),
        letter.died_at.to_string(),
        text::short(&letter.error, ERROR_WIDTH),
    ]
}

async fn groups(session: &Session, mut query: Vec<(&'static str, String)>) -> anyhow::Result<ExitCode> {
    #[derive(serde::Deserialize)]
    struct Groups {
        groups: Vec<LetterGroup>,
    }
    query.push(("group", "error".to_owned()));
    let (document, output) = (session.client.get(&["dead-letters"], &query).await?, &session.output);
    if output.json {
        output.json(&document.text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Groups { groups } = document.read()?;
    if groups.is_empty() {
        output.note("no dead letters match");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |group: &LetterGroup| {
        vec![
            group.count.to_string(),
            text::line(&group.source),
            text::line(&group.function),
            text::line(&group.error_class),
            group.newest_at.to_string(),
            text::line(&group.example_id),
            text::short(&group.error, ERROR_WIDTH),
        ]
    };
    let heading = ["COUNT", "SOURCE", "FUNCTION", "CLASS", "NEWEST", "EXAMPLE", "ERROR"];
    Output::text(&table::render(output, &heading, &groups.iter().map(row).collect::<Vec<_>>()))?;
    Ok(ExitCode::SUCCESS)
}

async fn show(session: &Session, id: &str) -> anyhow::Result<ExitCode> {
    let (document, output) = (session.client.get(&["dead-letters", id], &[]).await?, &session.output);
    if output.json {
        output.json(&document.text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let letter: StoredLetter = document.read()?;
    let decided = match (letter.decided_at, &letter.decided_by, &letter.reason) {
        (Some(at), Some(by), reason) => format!(" by {} at {at}: {}", by, reason.as_deref().unwrap_or("-")),
        _ => String::new(),
    };
    let attempts = letter.attempts;
    Output::text(&format!(
        "{}  {}{}\n{} of {}, project {}\nmessage {} on {}\nfirst failed {}, died {} after {attempts} attempts\n\n{}: {}\n\n{}",
        text::line(&letter.id),
        letter.status.as_str(),
        text::line(&decided),
        text::line(&letter.source),
        text::line(&letter.function),
        if letter.project_id.is_empty() { "unknown".to_owned() } else { text::line(&letter.project_id) },
        text::line(&letter.message_id),
        text::line(&letter.topic),
        letter.first_failed_at,
        letter.died_at,
        text::line(&letter.error_class),
        text::lines(&letter.error),
        text::lines(&letter.payload),
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn decide(
    session: &Session,
    chosen: Chosen,
    action: &str,
    reason: &str,
    dry_run: bool,
) -> anyhow::Result<ExitCode> {
    let output = &session.output;
    let ids = if chosen.all { waiting(session, &chosen.filter).await? } else { chosen.ids };
    if ids.is_empty() && !chosen.all {
        return Err(UsageError("name dead letters, or give --all".to_owned()).into());
    }
    let mut done: Vec<Value> = Vec::new();
    for id in &ids {
        if dry_run {
            done.push(json!(id));
            continue;
        }
        let decided = session.client.create(&["dead-letters", id, action], &json!({ "reason": reason })).await;
        // Others were decided before this one failed: they are named all the same.
        let document = match decided {
            Ok(document) => document,
            Err(error) => {
                output.note(&format!("{} of {} done before {}", done.len(), ids.len(), text::line(id)));
                return Err(error.into());
            }
        };
        let letter: StoredLetter = document.read()?;
        if !output.json {
            Output::text(&format!("{}  {}", text::line(&letter.id), letter.status.as_str()))?;
        }
        done.push(json!(letter.id));
    }
    if output.json {
        output.json(&json!({ "action": action, "dry_run": dry_run, "ids": done }).to_string())?;
    } else if dry_run {
        Output::text(&ids.iter().map(|id| text::line(id) + "\n").collect::<String>())?;
        output.note(&format!("{} would be affected; nothing was changed", ids.len()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Every dead letter that waits for a decision and matches.
async fn waiting(session: &Session, filter: &Filter) -> anyhow::Result<Vec<String>> {
    let mut query = filter.query(Some(LetterStatus::Dead.as_str().to_owned()));
    query.push(("limit", LIST_LIMIT_MAX.to_string()));
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = query.iter().cloned().chain(cursor.map(|cursor| ("cursor", cursor))).collect::<Vec<_>>();
        let page: Page<StoredLetter> = session.client.get(&["dead-letters"], &page).await?.read()?;
        ids.extend(page.items.into_iter().map(|letter| letter.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(ids);
        }
    }
}
