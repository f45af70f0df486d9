//! `view_search`: which posts and titles hold which words.

mod find;

use crate::domain::thread::ThreadEvent;
use crate::id::fingerprint;
use crate::message::event::LogEvent;
use crate::store::projections::{Projection, ViewTable};
use crate::store::statement::{Statement, Value};

pub use find::{Found, Hit, Place, find};

/// The projection.
pub static PROJECTION: Projection = Projection {
    name: "search",
    apply,
    tables: &[
        ViewTable {
            name: "view_search",
            key: &["pos"],
            page: include_str!("../sql/list_generation_of_search.sql"),
            delete: include_str!("../sql/delete_search.sql"),
        },
        ViewTable {
            name: "view_search_titles",
            key: &["team_id", "project_id", "thread_id"],
            page: include_str!("../sql/list_generation_of_search_titles.sql"),
            delete: include_str!("../sql/delete_search_titles.sql"),
        },
    ],
    indexes: &[include_str!("../sql/drop_search_text_0.sql"), include_str!("../sql/drop_search_text_1.sql")],
};

/// The one word that stands for a project in the index. It ends in a digit, which no stemmer takes for a suffix.
pub(in crate::store) fn scope_word(team_id: &str, project_id: &str) -> String {
    format!("s{}0", &fingerprint(&[team_id.as_bytes(), project_id.as_bytes()])[..32])
}

/// The statement for the index in which a generation has its place.
pub(in crate::store) fn of_generation(generation: i64, even: &'static str, odd: &'static str) -> &'static str {
    if generation % 2 == 0 { even } else { odd }
}

fn apply(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    let Some(change) = ThreadEvent::read(&event.event_type, event.payload.get())? else { return Ok(Vec::new()) };
    let Some(thread_id) = event.thread_id.clone() else { return Ok(Vec::new()) };
    let with = |more: Vec<Value>| -> Vec<Value> {
        let (team_id, project_id) = (event.team_id.clone(), event.project_id.clone());
        let key = [generation.into(), team_id.into(), project_id.into(), thread_id.clone().into()];
        key.into_iter().chain(more).collect()
    };
    let (title, post_id, body) = match change {
        ThreadEvent::Opened(opened) => (Some(opened.title), opened.post_id, opened.body),
        ThreadEvent::PostAdded(post) => (None, post.post_id, post.body),
        ThreadEvent::Signalled(signal) => (None, signal.post_id, signal.control.text()),
        _ => return Ok(Vec::new()),
    };
    let title =
        title.map(|title| Statement::new(include_str!("../sql/insert_search_title.sql"), with(vec![title.into()])));
    let document = with(vec![event.pos.into(), post_id.into()]);
    let text = with(vec![event.pos.into(), scope_word(&event.team_id, &event.project_id).into(), body.into()]);
    let insert_text = of_generation(
        generation,
        include_str!("../sql/insert_search_text_0.sql"),
        include_str!("../sql/insert_search_text_1.sql"),
    );
    let document = Statement::new(include_str!("../sql/insert_search_document.sql"), document);
    Ok(title.into_iter().chain([document, Statement::new(insert_text, text)]).collect())
}
