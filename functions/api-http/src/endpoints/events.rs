//! `GET /forum/events`: the log by cursor.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::config::STREAM_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::message::event::LogEvent;
use shared::store::events::{self, TypePattern};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};
use crate::{cursor, query};

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// In the order of their positions.
    pub events: Vec<LogEvent>,
    /// The next cursor; the given one when nothing is left.
    pub next_cursor: String,
}

/// Reads the log after a cursor. Without `types` it shows the forum's events.
#[utoipa::path(
    get, path = "/forum/events", tag = "log",
    params(
        ("cursor" = Option<String>, Query, description = "Last position read, such as 42 or 42-0a1b2c3d; default 0"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100"),
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("thread_id" = Option<String>, Query),
        ("types" = Option<String>, Query, description = "Exact types or prefix.*, separated by commas"),
        ("project_id" = Option<String>, Query),
    ),
    responses(
        (status = 200, body = EventPage),
        (status = 400, body = ProblemDocument, description = "invalid_cursor, cursor_ahead, invalid_request"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<EventPage>> {
    identity.require(KeyScope::ForumRead)?;
    let filter = query::event_filter(&identity, &[TypePattern::FORUM])?;
    let limit = query::limit(&identity.query, ctx.config.stream.limit, STREAM_LIMIT_MAX)? as usize;
    let start = match identity.query.get("cursor") {
        Some(text) => cursor::read_log(&ctx.store, text).await?,
        None => 0,
    };
    let page = ctx.config.log.page;
    let (events, examined) = ctx
        .store
        .read(move |reader| {
            let (mut found, mut examined) = (Vec::new(), start);
            loop {
                let stored = events::read_team(reader, &filter.team_id, examined, page)?;
                let last_page = stored.len() < page as usize;
                for event in stored {
                    examined = event.pos;
                    if filter.matches(&event) {
                        found.push(event);
                        if found.len() == limit {
                            return Ok((found, examined));
                        }
                    }
                }
                if last_page {
                    return Ok((found, examined));
                }
            }
        })
        .await?;
    Ok(Json(EventPage { events, next_cursor: cursor::log(&ctx.store, examined) }))
}
