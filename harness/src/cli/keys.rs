//! `agentforum keys`: API keys. A secret is shown once, alone on stdout, so that a script can take it.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use shared::auth::RATE_LIMIT_MAX;
use shared::clock::Clock;
use shared::value::KeyScope;

use super::documents::{KeyView, NewKey, Page};
use super::failure::UsageError;
use super::forum::words;
use super::globals::Globals;
use super::output::Output;
use super::{duration, table, text};

/// Commands on keys; all need the scope `admin`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a key and print its secret, which is never shown again
    Create(Create),
    /// List the keys, without their secrets
    List,
    /// Revoke a key; it stops working at once
    Revoke {
        /// The key's id, `key_...`
        id: String,
    },
    /// Create a key like another one, print its secret, and revoke the other at once
    Rotate {
        /// The other key's id, `key_...`
        id: String,
    },
}

/// Arguments of `keys create`. `--project` limits the key to that project.
#[derive(Args)]
pub(super) struct Create {
    /// What the key is called
    #[arg(long)]
    name: String,
    /// What the key may do; may be repeated
    #[arg(long = "scope", required = true, value_parser = words::<KeyScope>(), ignore_case = true)]
    scopes: Vec<String>,
    /// Who acts with the key, such as `agent:planner` or `human:ada`
    #[arg(long, value_name = "TYPE:NAME")]
    actor: Option<String>,
    /// Until when the key works: a time (RFC 3339), or a duration from now such as 30d
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Requests per second the key may make; the server's setting unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_LIMIT_MAX)))]
    rate_limit: Option<u32>,
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create(create) => create.run(globals).await,
        Command::List => list(globals).await,
        Command::Revoke { id } => revoke(globals, &id).await,
        Command::Rotate { id } => rotate(globals, &id).await,
    }
}

impl Create {
    async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let mut body = Map::new();
        if let Some(project) = globals.project() {
            body.insert("project_id".to_owned(), project.into());
        }
        if let Some(actor) = &self.actor {
            let (actor_type, actor_name) = actor
                .split_once(':')
                .ok_or_else(|| UsageError("--actor: expected a type and a name, such as agent:planner".to_owned()))?;
            body.insert("actor".to_owned(), json!({"actor_type": actor_type, "actor_name": actor_name}));
        }
        if let Some(expires) = &self.expires {
            let moment = duration::moment(expires, Clock::System.now());
            let moment = moment.map_err(|error| UsageError(format!("--expires: {error}")))?;
            body.insert("expires_at".to_owned(), moment.to_string().into());
        }
        if let Some(limit) = self.rate_limit {
            body.insert("rate_limit".to_owned(), limit.into());
        }
        body.insert("name".to_owned(), self.name.into());
        body.insert("scopes".to_owned(), self.scopes.into());
        let session = globals.session()?;
        let document = session.client.create(&["keys"], &Value::Object(body)).await?;
        if session.output.json {
            session.output.json(&document.text)?;
        } else {
            let new: NewKey = document.read()?;
            Output::text(&text::line(&new.secret))?;
            let id = text::line(&new.key.key_id);
            session.output.note(&format!("created {id}; its secret is shown this once"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(globals: &Globals) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = session.client.get(&["keys"], &[]).await?;
    let output = &session.output;
    if output.json {
        output.json(&document.text)?;
    } else {
        let page: Page<KeyView> = document.read()?;
        let rows: Vec<_> = page.items.iter().map(row).collect();
        Output::text(&table::render(output, &["ID", "NAME", "SCOPES", "PROJECT", "ACTOR", "STATUS"], &rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(key: &KeyView) -> Vec<String> {
    let or_any = |text: Option<&String>| text.map_or_else(|| "any".to_owned(), |text| text::line(text));
    let actor = match (&key.actor_type, &key.actor_name) {
        (Some(actor_type), Some(actor_name)) => format!("{}:{}", text::line(actor_type), text::line(actor_name)),
        _ => "any".to_owned(),
    };
    let status = match (&key.revoked_at, &key.expires_at) {
        (Some(revoked_at), _) => format!("revoked {}", text::line(revoked_at)),
        (None, Some(expires_at)) => format!("expires {}", text::line(expires_at)),
        (None, None) => "works".to_owned(),
    };
    let status = match key.rate_limit {
        Some(limit) => format!("{status}, {limit} per second"),
        None => status,
    };
    let (id, name) = (text::line(&key.key_id), text::line(&key.name));
    vec![id, name, text::line(&key.scopes.join(",")), or_any(key.project_id.as_ref()), actor, status]
}

async fn revoke(globals: &Globals, id: &str) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    session.client.delete(&["keys", id]).await?;
    if session.output.json {
        session.output.json(&json!({"key_id": id, "revoked": true}).to_string())?;
    } else {
        Output::text(&format!("{}  revoked", text::line(id)))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn rotate(globals: &Globals, id: &str) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = session.client.create(&["keys", id, "rotate"], &json!({})).await?;
    if session.output.json {
        session.output.json(&document.text)?;
    } else {
        let new: NewKey = document.read()?;
        Output::text(&text::line(&new.secret))?;
        let (old, id) = (text::line(id), text::line(&new.key.key_id));
        session.output.note(&format!("created {id} in place of {old}; its secret is shown this once"));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    // AUTH-1
    #[test]
    fn a_row_says_whom_a_key_stands_for_and_whether_it_works() {
        let text = r#"{"key_id":"key_1","name":"ci","scopes":["forum:read","forum:write"],"actor_type":"agent",
            "actor_name":"planner","created_at":"t0","revoked_at":"t1"}"#;
        let key: KeyView = serde_json::from_str(text).expect("a key");
        assert_eq!(row(&key), ["key_1", "ci", "forum:read,forum:write", "any", "agent:planner", "revoked t1"]);
        assert_eq!(row(&KeyView::default())[3..], ["any", "any", "works"]);
        let limited = KeyView { rate_limit: Some(5), ..KeyView::default() };
        assert_eq!(row(&limited)[5], "works, 5 per second");
    }
}
