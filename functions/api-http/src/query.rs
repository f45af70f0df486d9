//! Query parameters that several endpoints share.

use std::collections::HashMap;
use std::time::Duration;

use shared::clock::Clock;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::store::events::{EventFilter, TypePattern};
use shared::store::projections;
use shared::store::views::thread_views::{ThreadFilter, Viewer};
use shared::value::Word;

use crate::identity::Identity;
use crate::problem::{Answer, Problem};

/// Longest wait of a read for its projection.
const MIN_POS_WAIT: Duration = Duration::from_secs(5);

/// A page size: `limit` from 1 to `max`.
///
/// # Errors
/// 400 for anything else.
pub fn limit(query: &HashMap<String, String>, default: u32, max: u32) -> Answer<u32> {
    let Some(text) = query.get("limit") else { return Ok(default.min(max)) };
    let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
    limit.ok_or_else(|| Problem::parameter("limit", format!("must be a whole number from 1 to {max}")))
}

/// A text parameter, trimmed; blank counts as absent.
#[must_use]
pub fn text(query: &HashMap<String, String>, name: &str) -> Option<String> {
    query.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A parameter from a closed list of words.
///
/// # Errors
/// 400 with the allowed words.
pub fn word<W: Word>(query: &HashMap<String, String>, name: &str) -> Answer<Option<W>> {
    let word = text(query, name).map(|text| W::parse(&text)).transpose();
    word.map_err(|error| Problem::parameter(name, error.to_string()))
}

/// A parameter of several words from a closed list, with commas between them; none when it is absent.
///
/// # Errors
/// 400 with the allowed words.
pub fn words<W: Word>(query: &HashMap<String, String>, name: &str) -> Answer<Vec<W>> {
    let words = text(query, name).unwrap_or_default();
    let words = words.split(',').filter(|word| !word.trim().is_empty()).map(W::parse).collect::<Result<_, _>>();
    words.map_err(|error| Problem::parameter(name, error.to_string()))
}

/// A parameter that is `true` or `false`.
///
/// # Errors
/// 400 for anything else.
pub fn flag(query: &HashMap<String, String>, name: &str) -> Answer<Option<bool>> {
    let flag = text(query, name).map(|text| text.parse::<bool>()).transpose();
    flag.map_err(|_| Problem::parameter(name, "must be true or false"))
}

/// The filters of thread lists; all that is given must match.
///
/// # Errors
/// 400 for a word that is none of a closed list.
pub fn thread_filter(query: &HashMap<String, String>) -> Answer<ThreadFilter> {
    Ok(ThreadFilter {
        ticket: text(query, "ticket"),
        run_id: text(query, "run_id"),
        session_id: text(query, "session_id"),
        agent_name: text(query, "agent_name"),
        state: word(query, "state")?,
        priority: word(query, "priority")?,
        assignee: text(query, "assignee"),
        kind: word(query, "kind")?,
    })
}

/// Who looks, if the query says so.
///
/// # Errors
/// 400 naming what is missing when only half of it is given.
pub fn viewer(query: &HashMap<String, String>) -> Answer<Option<Viewer>> {
    match (word(query, "viewer_type")?, text(query, "viewer_id")) {
        (None, None) => Ok(None),
        (Some(viewer_type), Some(viewer_id)) => Ok(Some(Viewer { viewer_type, viewer_id })),
        (None, Some(_)) => Err(Problem::parameter("viewer_type", "belongs to viewer_id: human or agent")),
        (Some(_), None) => Err(Problem::parameter("viewer_id", "belongs to viewer_type: who looks")),
    }
}

/// Which events a reader of the log wants; `default` holds without a `types` parameter.
///
/// # Errors
/// 400 for a malformed `types`, 404 for a project out of reach.
pub fn event_filter(identity: &Identity, default: &[TypePattern]) -> Answer<EventFilter> {
    let types = match text(&identity.query, "types") {
        None => default.to_vec(),
        Some(list) => {
            list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(pattern).collect::<Answer<_>>()?
        }
    };
    Ok(EventFilter {
        team_id: identity.caller.key.team_id.clone(),
        project_id: identity.readable_project()?,
        ticket: text(&identity.query, "ticket"),
        run_id: text(&identity.query, "run_id"),
        thread_id: text(&identity.query, "thread_id"),
        types,
    })
}

/// `a.b.c`, `a.b.*` or `*`.
fn pattern(text: &str) -> Answer<TypePattern> {
    let (stem, wildcard) = text.strip_suffix('*').map_or((text, false), |stem| (stem, true));
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte));
    let fits = name(stem) && (if wildcard { stem.is_empty() || stem.ends_with('.') } else { !stem.ends_with('.') });
    match (fits, wildcard) {
        (true, true) => Ok(TypePattern::Prefix(stem.to_owned())),
        (true, false) => Ok(TypePattern::Exactly(stem.to_owned())),
        _ => {
            Err(Problem::parameter("types", format!("{text:?} is neither an event type nor a prefix such as forum.*")))
        }
    }
}

/// Waits until `projection` has reached the `min_pos` parameter.
///
/// # Errors
/// 503 `projection_behind` when it does not within 5 s.
pub async fn min_pos(ctx: &Ctx, identity: &Identity, projection: &'static str) -> Answer<()> {
    let Some(text) = identity.query.get("min_pos") else { return Ok(()) };
    let wanted: i64 = text.parse().map_err(|_| Problem::parameter("min_pos", "must be a log position"))?;
    let mut reached = ctx.bells.projection(projection);
    let stopwatch = Clock::stopwatch();
    loop {
        let checkpoint = ctx.store.read(move |reader| projections::live(reader, projection)).await?;
        if checkpoint.pos >= wanted {
            return Ok(());
        }
        let left = MIN_POS_WAIT.saturating_sub(stopwatch.elapsed());
        if left.is_zero() {
            let detail = format!("{projection} stands at {}, wanted {wanted}", checkpoint.pos);
            return Err(Problem::new(Code::ProjectionBehind, detail).retry_after(1));
        }
        // The bell, or the next look at the row.
        let _ =
            tokio::time::timeout(left.min(Duration::from_millis(500)), reached.wait_for(|pos| *pos >= wanted)).await;
    }
}
