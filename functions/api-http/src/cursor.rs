//! Cursors: places in the log, and places in a list. Both belong to one database.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::error::Code;
use shared::store::Store;

use crate::problem::{Answer, Problem};

/// The log cursor that stands for having read up to `pos`.
#[must_use]
pub fn log(store: &Store, pos: i64) -> String {
    format!("{pos}-{}", store.epoch())
}

/// Reads a log cursor: a position, bare or with the database's epoch.
///
/// # Errors
/// 400 `invalid_cursor`, 400 `cursor_ahead` with the head, 410 `cursor_epoch`.
pub async fn read_log(store: &Store, text: &str) -> Answer<i64> {
    let damaged = || Problem::new(Code::InvalidCursor, "a log cursor is a position, such as 42 or 42-0a1b2c3d");
    let (pos, epoch) = text.trim().split_once('-').map_or((text.trim(), None), |(pos, epoch)| (pos, Some(epoch)));
    if epoch.is_some_and(|epoch| epoch.len() != 8 || !epoch.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(damaged());
    }
    let pos: i64 = pos.parse().ok().filter(|pos| *pos >= 0).ok_or_else(damaged)?;
    if epoch.is_some_and(|epoch| epoch != store.epoch()) {
        return Err(another_database());
    }
    let head = store.newest().await?;
    if pos > head {
        return Err(Problem::new(Code::CursorAhead, format!("the log ends at {head}")).with("head", head));
    }
    Ok(pos)
}

fn another_database() -> Problem {
    Problem::new(Code::CursorEpoch, "the cursor belongs to another database")
        .with("hint", "start again without a cursor, or with cursor 0 to read everything")
}

#[derive(Serialize, Deserialize)]
struct ListCursor<P> {
    /// The database's epoch.
    e: String,
    /// Which list, with its filters.
    l: String,
    /// The place.
    p: P,
}

/// The opaque cursor of a place in `list`, which names the list and its filters.
pub fn list<P: Serialize>(store: &Store, list: &str, place: P) -> String {
    let cursor = ListCursor { e: store.epoch().to_owned(), l: list.to_owned(), p: place };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// Reads a list's cursor.
///
/// # Errors
/// 400 `invalid_cursor` for a damaged one or another list's, 410 `cursor_epoch` for another database's.
pub fn read_list<P: DeserializeOwned>(store: &Store, list: &str, text: &str) -> Answer<P> {
    let damaged = || Problem::new(Code::InvalidCursor, "the cursor is damaged or belongs to another list");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged())?;
    let cursor: ListCursor<P> = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    if cursor.e != store.epoch() {
        return Err(another_database());
    }
    if cursor.l == list { Ok(cursor.p) } else { Err(damaged()) }
}
