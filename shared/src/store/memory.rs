//! Searching what is remembered: observations, posts and the facts of pull requests, in one list.
//!
//! Each index gives the newest `matches_max` documents that have every word of the search. Where that makes less than a
//! page, it gives as many that have some of them; what has a word that no more than `matches_max` have is then not
//! pushed out by what has only words that more have. Of a session with few documents all are looked at, wherever they
//! lie. What was left out is said: the answer is truncated. Kinds, and a session with many documents, pick from what
//! the index gave.

mod excerpt;
mod found;
mod index;
mod rank;
mod reindex;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::projections::{self, GENERATIONS};
use super::tenants::projects_of;
use super::views::search as forum;
use super::words::Words;
use super::{Reader, StoreError};
use index::Index;
use rank::{Place, Ranking, merged};

pub use found::{Found, FoundKind, Item, Source};
pub use reindex::{Reindexed, observations_of, reindex};

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Whose.
    pub team_id: String,
    /// The project; `None` for all of the team's.
    pub project_id: Option<String>,
    /// The words.
    pub words: Words,
    /// What may be found.
    pub kinds: Vec<FoundKind>,
    /// The session that it must be about, if any.
    pub session_id: Option<String>,
    /// Documents of one index that are ranked.
    pub matches_max: u32,
    /// Characters that are wanted of each text.
    pub body_max: u32,
}

/// A page of what was found.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The best first.
    pub items: Vec<Item>,
    /// Whether there were more matches than were ranked.
    pub truncated: bool,
    /// Where the next page begins, if there is one.
    pub next: Option<Continuation>,
}

/// Where a page begins, and what makes it a page of the same list: nothing newer than the first page looked at is
/// looked at, and every word weighs what it weighed there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Continuation {
    #[serde(rename = "h")]
    heads: [i64; Source::COUNT],
    /// Whether documents with some of the words are in the list.
    #[serde(rename = "s")]
    some: bool,
    #[serde(rename = "w")]
    weights: Vec<i64>,
    /// Of each source the last that was shown.
    #[serde(rename = "p")]
    places: [Option<Place>; Source::COUNT],
}

/// The best `limit` of what was found, or the next ones. A pull request whose facts change meanwhile may move in the
/// list.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    search: &Search,
    after: Option<&Continuation>,
    limit: usize,
) -> Result<Page, StoreError> {
    // The forum's generation and its index are read from one snapshot: a replay may switch at any moment.
    reader.snapshot(GENERATIONS, |reader| {
        let projects = match &search.project_id {
            Some(project_id) => vec![project_id.clone()],
            None => projects_of(reader, &search.team_id)?,
        };
        // A team without a project has nothing, and no word of a scope that would keep others' apart.
        if projects.is_empty() {
            return Ok(Page::default());
        }
        let generation = projections::live(reader, forum::PROJECTION.name)?.generation;
        let heads = after.map_or([i64::MAX; Source::COUNT], |after| after.heads);
        let wanted = |source: &Source| search.kinds.iter().any(|kind| kind.source() == *source);
        let indexes: Vec<_> = Source::ALL
            .into_iter()
            .filter(wanted)
            .map(|source| Index { source, search, projects: &projects, generation, head: heads[source.number()] })
            .collect();
        let mut ranking = Ranking::of(search.words.count());
        for index in &indexes {
            ranking.add(index.source, index.matching(reader, true)?);
        }
        let some = after.map_or_else(|| search.words.count() > 1 && ranking.count() < limit, |after| after.some);
        if some {
            for index in &indexes {
                ranking.add(index.source, index.matching(reader, false)?);
            }
        }
        let begin = after.cloned().unwrap_or_else(|| Continuation {
            heads: ranking.newest,
            some,
            weights: ranking.weights(),
            places: [None; Source::COUNT],
        });
        page(reader, &indexes, &ranking, begin, limit)
    })
}

/// The page that begins behind these places.
fn page(
    reader: &mut Reader<'_>,
    indexes: &[Index<'_>],
    ranking: &Ranking,
    mut at: Continuation,
    limit: usize,
) -> Result<Page, StoreError> {
    let (mut lists, mut more) = (Vec::new(), false);
    for index in indexes {
        let mut places = ranking.places(index.source, &at.weights);
        if let Some(last) = at.places[index.source.number()] {
            places.drain(..places.partition_point(|place| *place >= last));
        }
        more |= places.len() > limit;
        places.truncate(limit);
        let rows: Vec<_> = places.iter().map(|place| place.row).collect();
        let mut items = found::items(index, reader, &rows)?;
        let list = places.into_iter().filter_map(|place| {
            let mut item = items.remove(&place.row)?;
            item.found.score = place.score;
            Some((place, item.found.created_at, item))
        });
        lists.push(list.collect::<VecDeque<_>>());
    }
    let mut items = Vec::new();
    for (list, place, item) in merged(&mut lists, limit) {
        at.places[indexes[list].source.number()] = Some(place);
        items.push(item);
    }
    more |= lists.iter().any(|list| !list.is_empty());
    let next = (more && !items.is_empty()).then_some(at);
    Ok(Page { items, truncated: ranking.truncated, next })
}
