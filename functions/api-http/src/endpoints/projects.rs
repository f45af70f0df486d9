//! `/projects`: the projects of a team. One that is archived leaves the list and takes nothing new; what it holds stays.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::store::audit::AuditEntry;
use shared::store::tenants::{self, Project};
use shared::store::{Commit, CommitError, Durability, Guard, StoreError};
use shared::value::{KeyScope, Scope};
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// Longest id.
const ID_MAX: usize = 40;
/// Longest id that follows from a name: a number may come behind it.
const DERIVED_MAX: usize = 36;
/// How often another request may take the id that was free a moment ago.
const RACES: usize = 20;

/// What a new project is to be.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewProject {
    /// What it is called, 1 to 128 characters.
    #[schema(required = true, min_length = 1, max_length = 128)]
    name: String,
    /// Its id, unique among all teams: 1 to 40 of a-z, 0-9 and dashes, a letter first. Unless given it follows from the
    /// name.
    id: Option<String>,
}

/// A page of projects.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectList {
    /// By their ids.
    items: Vec<Project>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists the projects that the key reaches. One that is named is shown whether or not it is archived.
#[utoipa::path(
    get, path = "/projects", tag = "administration",
    params(
        ("archived" = Option<bool>, Query, description = "true: those that are archived too"),
        ("project_id" = Option<String>, Query, description = "This one alone"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = ProjectList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<ProjectList>> {
    identity.require_either([KeyScope::ForumRead, KeyScope::MemoriesRead])?;
    let given = &identity.query;
    let archived = query::flag(given, "archived")?.unwrap_or_default() || given.contains_key("project_id");
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let name = shared::id::fingerprint(&[format!("projects {team} {project:?} {archived}").as_bytes()]);
    let after: String =
        given.get("cursor").map_or(Ok(String::new()), |text| cursor::read_list(&ctx.store, &name, text))?;
    let mut items = ctx
        .store
        .read(move |reader| tenants::list(reader, (&team, project.as_deref()), archived, (&after, limit + 1)))
        .await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| cursor::list(&ctx.store, &name, &last.project_id));
    Ok(Json(ProjectList { items, next_cursor }))
}

/// Makes a project.
#[utoipa::path(
    post, path = "/projects", tag = "administration", request_body = NewProject,
    responses(
        (status = 201, body = Project), (status = 400, body = ProblemDocument),
        (status = 403, body = ProblemDocument, description = "scope_denied, project_denied"),
        (status = 409, body = ProblemDocument, description = "already_exists"),
    )
)]
pub async fn create(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    identity.require(KeyScope::Admin)?;
    if identity.caller.key.project_id.is_some() {
        return Err(Problem::new(Code::ProjectDenied, "a key of one project makes no other"));
    }
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let new: NewProject = body::typed(object)?;
    let (name, given) = check(&new)?;
    for _ in 0..RACES {
        let project_id = match &given {
            Some(id) => id.clone(),
            None => free(&ctx, derived(&name)).await?,
        };
        let scope = Scope { team_id: identity.caller.key.team_id.clone(), project_id };
        let audit = identity.audit("projects.create", &scope.project_id);
        let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
            .then(tenants::insert(&scope, &name))
            .then(AuditEntry { project_id: Some(&scope.project_id), ..audit }.insert());
        match ctx.store.try_commit(commit).await {
            Ok(_) => return Ok((StatusCode::CREATED, Json(find(&ctx, scope).await?)).into_response()),
            Err(CommitError::Guard(Guard::DecidedOn)) if given.is_some() => return Err(taken(&scope.project_id)),
            // Somebody else has made it meanwhile: the next one is free.
            Err(CommitError::Guard(Guard::DecidedOn)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Busy.into())
}

/// Archives a project: it leaves the list and takes no new threads, runs and sessions. Again it changes nothing.
#[utoipa::path(
    post, path = "/projects/{project_id}/archive", tag = "administration", params(("project_id" = String, Path)),
    responses(
        (status = 200, body = Project), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
    )
)]
pub async fn archive(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(project_id): Path<String>,
) -> Answer<Json<Project>> {
    identity.require(KeyScope::Admin)?;
    if !identity.caller.reaches(&project_id) {
        return Err(unknown());
    }
    let scope = Scope { team_id: identity.caller.key.team_id.clone(), project_id };
    let project = find(&ctx, scope.clone()).await?;
    if project.archived_at.is_some() {
        return Ok(Json(project));
    }
    let audit = identity.audit("projects.archive", &scope.project_id);
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then_all(tenants::archive(&scope))
        .then(AuditEntry { project_id: Some(&scope.project_id), ..audit }.insert());
    match ctx.store.try_commit(commit).await {
        // Whoever was faster has archived it.
        Ok(_) | Err(CommitError::Guard(Guard::RowUnchanged)) => find(&ctx, scope).await.map(Json),
        Err(error) => Err(error.into()),
    }
}

async fn find(ctx: &Ctx, scope: Scope) -> Answer<Project> {
    ctx.store.read(move |reader| tenants::find(reader, &scope)).await?.ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound, "no such project")
}

fn taken(project_id: &str) -> Problem {
    Problem::new(Code::AlreadyExists, format!("there is a project {project_id} already"))
}

async fn free(ctx: &Ctx, wanted: String) -> Answer<String> {
    let id = wanted.clone();
    let free = ctx.store.read(move |reader| tenants::free_id(reader, &id)).await?;
    free.ok_or_else(|| taken(&wanted))
}

/// The name, and the id if one is given.
fn check(new: &NewProject) -> Answer<(String, Option<String>)> {
    let mut errors = Vec::new();
    let name = new.name.trim();
    if !(1..=128).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        errors.push(FieldError::at("name", "must have 1 to 128 characters and no control characters"));
    }
    if new.id.as_deref().is_some_and(|id| !is_id(id)) {
        let detail = format!("must have 1 to {ID_MAX} of a-z, 0-9 and dashes, and begin with a letter");
        errors.push(FieldError::at("id", detail));
    }
    if errors.is_empty() { Ok((name.to_owned(), new.id.clone())) } else { Err(Problem::fields(errors)) }
}

fn is_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ID_MAX).contains(&id.len()) && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.bytes().all(fits)
}

/// The id that follows from a name: its letters and digits, with a dash for whatever stands between them.
fn derived(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let id = match words.chars().next() {
        None => "project".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("p-{words}"),
        Some(_) => words,
    };
    id.chars().take(DERIVED_MAX).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // STORE-8
    #[test]
    fn an_id_follows_from_whatever_a_project_is_called() {
        for (name, id) in [
            ("Web", "web"),
            ("  The Web -- Shop! ", "the-web-shop"),
            ("2nd try", "p-2nd-try"),
            ("Größe", "gr-e"),
            ("日本語", "project"),
            ("---", "project"),
            ("a_b.c/d", "a-b-c-d"),
        ] {
            assert_eq!(derived(name), id, "{name}");
        }
        let long = derived(&"ab ".repeat(60));
        assert_eq!(long, "ab-".repeat(12).trim_end_matches('-'));
        for name in ["9".repeat(128), "x".repeat(128), "é".repeat(128), "a é ".repeat(32)] {
            let id = derived(&name);
            assert!(is_id(&id) && is_id(&format!("{id}-999")), "{name} gave {id}");
        }
    }

    // STORE-8
    #[test]
    fn an_id_is_a_slug_that_begins_with_a_letter() {
        let (longest, too_long) = ("x".repeat(40), "x".repeat(41));
        for id in ["a", "web-2", "a-", longest.as_str()] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "-a", "2a", "Web", "a b", "a_b", "ä", "a/b", too_long.as_str()] {
            assert!(!is_id(id), "{id}");
        }
    }
}
