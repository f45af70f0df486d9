//! `GET /commands/{id}`: what became of a command.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::clock::Time;
use shared::ctx::Ctx;
use shared::error::{Code, Rejection};
use shared::store::commands::{self, AppliedTo, CommandStatus, Outcome};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// A command and its outcome.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandDetail {
    /// Identity.
    pub command_id: String,
    /// Name.
    pub name: String,
    /// Where it stands.
    pub status: CommandStatus,
    /// When it was accepted, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub accepted_at: Time,
    /// When it was finished, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Time>,
    /// Position of its last event; absent when it appended nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pos: Option<i64>,
    /// What it was applied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<AppliedTo>,
    /// The rule it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<CommandError>,
    /// Its dead letter, when it is dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_id: Option<String>,
}

/// The rule a command broke.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandError {
    /// HTTP status of the code.
    pub status: u16,
    /// Stable code.
    pub code: Code,
    /// What happened.
    pub detail: String,
    /// What else the problem document says, such as `from` and `to`, `answer`, `gates`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

/// Shows what became of a command.
#[utoipa::path(
    get, path = "/commands/{command_id}", tag = "commands",
    params(("command_id" = String, Path)),
    responses((status = 200, body = CommandDetail), (status = 404, body = ProblemDocument))
)]
pub async fn show(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(command_id): Path<String>,
) -> Answer<Json<CommandDetail>> {
    identity.require_either([KeyScope::ForumRead, KeyScope::MemoriesRead])?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let row = ctx.store.read(move |reader| commands::find(reader, &team, project.as_deref(), &command_id)).await?;
    let row = row.ok_or_else(|| Problem::new(Code::NotFound, "no such command"))?;
    let (result, error) = match row.outcome {
        None => (None, None),
        Some(Outcome::Result(applied)) => (Some(applied), None),
        Some(Outcome::Rejection(rejection)) => {
            let status = rejection.code.status();
            let Rejection { code, detail, extra } = rejection;
            (None, Some(CommandError { status, code, detail, extra }))
        }
    };
    Ok(Json(CommandDetail {
        command_id: row.command_id,
        name: row.name,
        status: row.status,
        accepted_at: row.accepted_at,
        finished_at: row.finished_at,
        pos: row.pos,
        result,
        error,
        dead_letter_id: row.dead_letter_id,
    }))
}
