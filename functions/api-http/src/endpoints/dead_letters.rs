//! `/dead-letters`: what was given up, looked at, sent back to work, or left.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use shared::clock::Time;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::store::audit::AuditEntry;
use shared::store::dead_letters::{self, LetterFilter, LetterGroup, Reach, StoredLetter};
use shared::store::{Commit, CommitError, Durability, Guard, Statement};
use shared::value::{KeyScope, Word};
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// A page of dead letters, or what they died of.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterList {
    /// Newest first; empty when groups were asked for.
    items: Vec<StoredLetter>,
    /// By what they died of, the most frequent first; only with `group=error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<LetterGroup>>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Why something is done about a dead letter.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decision {
    /// 1 to 500 characters; stored and audited.
    #[schema(required = true, min_length = 1, max_length = 500)]
    reason: String,
}

fn reach(identity: &Identity) -> Answer<Reach> {
    Ok(Reach {
        team_id: identity.caller.key.team_id.clone(),
        project_id: identity.readable_project()?,
        nobodys: identity.caller.runs_the_system() && !identity.query.contains_key("project_id"),
    })
}

/// Lists dead letters, newest first, or groups them by error. Every filter given must match.
#[utoipa::path(
    get, path = "/dead-letters", tag = "operations",
    params(
        ("source" = Option<String>, Query, description = "outbox, command, delivery or projection"),
        ("function" = Option<String>, Query), ("error_class" = Option<String>, Query),
        ("status" = Option<String>, Query, description = "dead, redriven or dropped"),
        ("group" = Option<String>, Query, description = "error: counts by source, function, class and error"),
        ("project_id" = Option<String>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses(
        (status = 200, body = DeadLetterList), (status = 400, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<DeadLetterList>> {
    identity.require(KeyScope::Admin)?;
    let given = &identity.query;
    let filter = LetterFilter {
        source: query::text(given, "source"),
        function: query::text(given, "function"),
        error_class: query::text(given, "error_class"),
        status: query::word(given, "status")?,
    };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let reach = reach(&identity)?;
    match query::text(given, "group").as_deref() {
        None => {}
        Some("error") => {
            let groups = ctx.store.read(move |reader| dead_letters::groups(reader, &reach, &filter, limit)).await?;
            return Ok(Json(DeadLetterList { items: Vec::new(), groups: Some(groups), next_cursor: None }));
        }
        Some(_) => return Err(Problem::parameter("group", "must be error")),
    }
    let name = shared::id::fingerprint(&[format!("dead letters {reach:?} {filter:?}").as_bytes()]);
    let (died_at, id): (i64, String) = match given.get("cursor") {
        None => (i64::MAX, String::new()),
        Some(text) => cursor::read_list(&ctx.store, &name, text)?,
    };
    let page = ctx
        .store
        .read(move |reader| dead_letters::list(reader, &reach, &filter, (Time(died_at), &id), limit + 1))
        .await?;
    let more = page.len() > limit as usize;
    let items: Vec<_> = page.into_iter().take(limit as usize).collect();
    let next_cursor =
        items.last().filter(|_| more).map(|letter| cursor::list(&ctx.store, &name, (letter.died_at.0, &letter.id)));
    Ok(Json(DeadLetterList { items, groups: None, next_cursor }))
}

async fn find(ctx: &Ctx, identity: &Identity, id: String) -> Answer<StoredLetter> {
    identity.require(KeyScope::Admin)?;
    let reach = reach(identity)?;
    let letter = ctx.store.read(move |reader| dead_letters::find(reader, &reach, &id)).await?;
    letter.ok_or_else(|| Problem::new(Code::NotFound, "no such dead letter"))
}

/// Shows a dead letter with its payload.
#[utoipa::path(
    get, path = "/dead-letters/{id}", tag = "operations", params(("id" = String, Path)),
    responses((status = 200, body = StoredLetter), (status = 404, body = ProblemDocument))
)]
pub async fn show(State(ctx): State<Ctx>, identity: Identity, Path(id): Path<String>) -> Answer<Json<StoredLetter>> {
    find(&ctx, &identity, id).await.map(Json)
}

/// Sends what died back to work: the same message id, all attempts before it.
#[utoipa::path(
    post, path = "/dead-letters/{id}/redrive", tag = "operations", params(("id" = String, Path)),
    request_body = Decision,
    responses(
        (status = 200, body = StoredLetter), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "already_redriven"),
    )
)]
pub async fn redrive(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(id): Path<String>,
    body: Body,
) -> Answer<Json<StoredLetter>> {
    let letter = find(&ctx, &identity, id).await?;
    let reason = reason(&ctx, &identity, body).await?;
    let statements = letter.redrive(Some(&reason));
    decide(&ctx, &identity, letter, "dead_letters.redrive", &reason, statements).await
}

/// Leaves what died as it is. Nothing is deleted.
#[utoipa::path(
    post, path = "/dead-letters/{id}/drop", tag = "operations", params(("id" = String, Path)),
    request_body = Decision,
    responses(
        (status = 200, body = StoredLetter), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "already_redriven"),
    )
)]
pub async fn drop(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(id): Path<String>,
    body: Body,
) -> Answer<Json<StoredLetter>> {
    let letter = find(&ctx, &identity, id).await?;
    let reason = reason(&ctx, &identity, body).await?;
    let statements = letter.drop_for(&reason);
    decide(&ctx, &identity, letter, "dead_letters.drop", &reason, statements).await
}

async fn reason(ctx: &Ctx, identity: &Identity, body: Body) -> Answer<String> {
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let decision: Decision = body::typed(object)?;
    let reason = decision.reason.trim().to_owned();
    if !(1..=500).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        let error = FieldError::at("reason", "must have 1 to 500 characters and no control characters");
        return Err(Problem::fields(vec![error]));
    }
    Ok(reason)
}

async fn decide(
    ctx: &Ctx,
    identity: &Identity,
    letter: StoredLetter,
    action: &'static str,
    reason: &str,
    statements: Vec<Statement>,
) -> Answer<Json<StoredLetter>> {
    let audit = AuditEntry { reason: Some(reason), ..identity.audit(action, &letter.id) };
    let commit = Commit::new(Durability::Full, identity.context(ctx)?).then_all(statements).then(audit.insert());
    let decided = ctx.store.try_commit(commit).await;
    let letter = find(ctx, identity, letter.id).await?;
    match decided {
        Ok(_) => Ok(Json(letter)),
        Err(CommitError::Guard(Guard::RowUnchanged)) => {
            let status = letter.status.as_str();
            Err(Problem::new(Code::AlreadyRedriven, format!("the dead letter is {status} already"))
                .with("letter_status", status))
        }
        Err(error) => Err(error.into()),
    }
}
