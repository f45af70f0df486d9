//! `/forum/search`: threads by the words of their titles and posts.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::config::SEARCH_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::store::tenants::projects_of;
use shared::store::views::search::{self, Found, Hit, Place};
use shared::store::views::thread_views::{self, ThreadFilter, ThreadView, Viewer};
use shared::store::words::Words;
use shared::store::{Reader, StoreError};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{cursor, query};

/// Longest search text, in characters.
pub(super) const QUERY_MAX: usize = 1000;
/// Found threads that are looked up at once.
const TOGETHER: usize = 100;

/// A page of what a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchPage {
    /// Best first: words in the title count twice; then the newest post.
    items: Vec<FoundThread>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Whether there were more matches than are ranked: the newest 5 000 are.
    truncated: bool,
}

/// A thread that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundThread {
    /// The thread.
    #[serde(flatten)]
    thread: ThreadView,
    /// Its newest post that matches.
    post_id: String,
    /// 2 for each word in the title, 1 for each that only the post has.
    score: i64,
}

/// What a page is taken from.
struct Search {
    team_id: String,
    project_id: Option<String>,
    words: Words,
    filter: ThreadFilter,
    viewer: Option<Viewer>,
    matches_max: u32,
}

/// Finds threads whose title and one post together have all the words, in any form of the same stem. The text is data: nothing
/// in it is syntax.
#[utoipa::path(
    get, path = "/forum/search", tag = "forum",
    params(
        ("query" = String, Query, description = "Words; the first 12 count"),
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("session_id" = Option<String>, Query),
        ("agent_name" = Option<String>, Query), ("state" = Option<String>, Query), ("priority" = Option<String>, Query),
        ("assignee" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("viewer_type" = Option<String>, Query), ("viewer_id" = Option<String>, Query),
        ("project_id" = Option<String>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100, default 20"),
        ("cursor" = Option<String>, Query), ("min_pos" = Option<i64>, Query),
    ),
    responses(
        (status = 200, body = SearchPage),
        (status = 400, body = ProblemDocument, description = "empty_query, invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
        (status = 503, body = ProblemDocument, description = "projection_behind"),
    )
)]
pub async fn search(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<SearchPage>> {
    identity.require(KeyScope::ForumRead)?;
    let given = &identity.query;
    let text = given.get("query").map(String::as_str).unwrap_or_default();
    if text.chars().count() > QUERY_MAX {
        return Err(Problem::parameter("query", format!("must have at most {QUERY_MAX} characters")));
    }
    let words = Words::of(text).ok_or_else(|| Problem::new(Code::EmptyQuery, "the query has no word"))?;
    let search = Search {
        team_id: identity.caller.key.team_id.clone(),
        project_id: identity.readable_project()?,
        words,
        filter: query::thread_filter(given)?,
        viewer: query::viewer(given)?,
        matches_max: ctx.config.search.matches_max,
    };
    let limit = query::limit(given, ctx.config.search.limit, SEARCH_LIMIT_MAX)? as usize;
    let name = format!("search {:?} {} {:?} {:?}", search.words, search.team_id, search.project_id, search.filter);
    let name = shared::id::fingerprint(&[name.as_bytes()]);
    let after: Option<(i64, i64, i64)> =
        given.get("cursor").map(|text| cursor::read_list(&ctx.store, &name, text)).transpose()?;
    query::min_pos(&ctx, &identity, search::PROJECTION.name).await?;
    let (mut found, head, truncated) = ctx
        .store
        .read(move |reader| {
            // Later pages look at nothing newer than the first did: so none repeats or skips.
            let ranked = search.ranked(reader, after.map(|(_, _, head)| head))?;
            let after = after.map(|(score, pos, _)| Place { score, pos });
            let items = search.page(reader, &ranked.hits, after, limit + 1)?;
            Ok((items, ranked.head, ranked.truncated))
        })
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|(_, Place { score, pos })| cursor::list(&ctx.store, &name, (score, pos, head)));
    let items = found.into_iter().map(|(thread, _)| thread).collect();
    Ok(Json(SearchPage { items, next_cursor, truncated }))
}

impl Search {
    /// The ranking over the project, or over every project of the team.
    fn ranked(&self, reader: &mut Reader<'_>, head: Option<i64>) -> Result<Found, StoreError> {
        let projects = match &self.project_id {
            Some(project_id) => vec![project_id.clone()],
            None => projects_of(reader, &self.team_id)?,
        };
        let mut all = Found::default();
        for project_id in projects {
            let found = search::find(reader, (&self.team_id, &project_id), &self.words, head, self.matches_max)?;
            all.truncated |= found.truncated;
            all.head = all.head.max(found.head);
            all.hits.extend(found.hits);
        }
        all.hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.place));
        Ok(all)
    }

    /// Up to `limit` of the hits behind `after` whose threads match the filters.
    fn page(
        &self,
        reader: &mut Reader<'_>,
        hits: &[Hit],
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<(FoundThread, Place)>, StoreError> {
        let begin = after.map_or(0, |after| hits.partition_point(|hit| hit.place >= after));
        let mut found = Vec::new();
        for hits in hits[begin..].chunks(TOGETHER) {
            let mut views = self.views(reader, hits)?;
            for hit in hits {
                if let Some(index) = views.iter().position(|view| view.thread_id == hit.thread_id) {
                    let (thread, post_id) = (views.swap_remove(index), hit.post_id.clone());
                    found.push((FoundThread { thread, post_id, score: hit.place.score }, hit.place));
                }
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// Those of the hits' threads that match the filters.
    fn views(&self, reader: &mut Reader<'_>, hits: &[Hit]) -> Result<Vec<ThreadView>, StoreError> {
        let wanted: Vec<_> = hits.iter().map(|hit| hit.thread_id.as_str()).collect();
        let projects = match &self.project_id {
            Some(project_id) => vec![project_id.clone()],
            None => projects_of(reader, &self.team_id)?,
        };
        let mut views = Vec::new();
        for project_id in projects {
            let tenant = (self.team_id.as_str(), project_id.as_str());
            views.extend(thread_views::by_id(reader, tenant, &self.filter, self.viewer.as_ref(), &wanted)?);
        }
        Ok(views)
    }
}
