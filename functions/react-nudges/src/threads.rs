//! Threads that ask for attention: a person is told once, until the thread no longer does.

use std::collections::BTreeMap;

use shared::ctx::Ctx;
use shared::domain::reaction::Notice;
use shared::message::event::{LogEvent, types};
use shared::store::notifications::{self, About};
use shared::store::threads::waiting;
use shared::store::{Statement, StoreError};
use shared::value::{NotificationKind, Scope};

/// What the threads of these events ask people, or no longer do.
pub async fn settle(ctx: &Ctx, events: &[LogEvent]) -> Result<Vec<Statement>, StoreError> {
    let mut touched: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let of_threads = events.iter().filter(|event| event.event_type.starts_with("forum."));
    for event in of_threads.filter(|event| event.event_type != types::DOCS_SYNC_REQUESTED) {
        if let Some(thread_id) = &event.thread_id {
            let threads = touched.entry((event.team_id.clone(), event.project_id.clone())).or_default();
            threads.push(thread_id.clone());
        }
    }
    let mut statements = Vec::new();
    for ((team_id, project_id), threads) in touched {
        let scope = Scope { team_id, project_id };
        let of = scope.clone();
        let standing = ctx.store.read(move |reader| waiting::attention(reader, &of, &threads)).await?;
        for thread in standing {
            if !thread.escalated {
                statements.push(notifications::resolve(
                    &scope,
                    NotificationKind::ThreadEscalated,
                    &thread.thread_id,
                    None,
                ));
                continue;
            }
            let notice = Notice {
                kind: NotificationKind::ThreadEscalated,
                subject: thread.thread_id.clone(),
                title: format!("Waits too long: {}", thread.title),
                body: format!("agentforum forum thread {}", thread.thread_id),
                url: None,
            };
            let about = About { thread_id: Some(thread.thread_id), ..thread.about };
            statements.extend(notifications::raise(&scope, &notice, &about, (&ctx.ids, ctx.notifies())));
        }
    }
    Ok(statements)
}
