//! What the audit trail keeps of requests that were refused to a key: who asked for what, and why not.

use std::sync::{Arc, OnceLock};

use shared::ctx::Ctx;
use shared::error::Code;
use shared::store::audit::AuditEntry;
use shared::store::keys::ApiKey;
use shared::store::{Commit, Context, Durability};

/// Longest path that the trail keeps, in characters.
const PATH_MAX: usize = 200;

/// Whose request it is, told to the outermost layer once it is known. It goes through a request's extensions.
#[derive(Clone, Debug, Default)]
pub struct KnownKey(Arc<OnceLock<ApiKey>>);

impl KnownKey {
    /// Says whose request it is.
    pub fn set(&self, key: &ApiKey) {
        // Who said it first has said it.
        let _ = self.0.set(key.clone());
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// A method that is known, or `other`.
    pub(super) method: &'a str,
    /// The route.
    pub(super) route: &'a str,
    /// The path.
    pub(super) path: &'a str,
    /// The request's id.
    pub(super) request_id: &'a str,
}

/// Writes down that a key was refused what it asked for, unless it asks in a loop. Nobody fails because this does.
pub(super) async fn record(ctx: &Ctx, known: &KnownKey, code: Code, asked: Asked<'_>) {
    let Some(key) = known.0.get().filter(|_| is_refusal(code)) else { return };
    let action = format!("{} {}", asked.method, asked.route);
    if !ctx.refusals.is_news(&key.key_id, &action, code, ctx.clock.now()) {
        return;
    }
    let subject: String = asked.path.chars().take(PATH_MAX).collect();
    let entry = AuditEntry {
        team_id: &key.team_id,
        project_id: key.project_id.as_deref(),
        key_id: Some(&key.key_id),
        action: &action,
        subject: &subject,
        request_id: asked.request_id,
        outcome: code.as_str(),
        reason: None,
    };
    let context = Context { actor: key.own_actor(), ..ctx.housekeeping(crate::NAME) };
    let commit = Commit::new(Durability::Normal, context).then(entry.insert());
    // Not waiting for room: the answer to a refusal is not held up by a writer that is behind.
    if let Err(error) = ctx.store.try_commit(commit).await {
        tracing::warn!(%error, key_id = %key.key_id, code = code.as_str(), "a refusal is missing in the audit trail");
    }
}

/// Whether it was the key, or what it may do, that was refused.
fn is_refusal(code: Code) -> bool {
    code.status() == 403 || code == Code::RateLimited
}
