//! One pass over all sessions that run in something this process can probe.

use std::collections::BTreeMap;

use futures::StreamExt;
use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, probing};
use shared::message::command::ReportRuntime;
use shared::store::sessions::silent::{self, Probeable};
use shared::store::{Commit, Durability};
use shared::value::Scope;

use super::{LIMIT, SweepSilentSessions};

/// Probes at work at once.
const AT_ONCE: usize = 32;

/// Probes every live session with a runtime handle, and stores what is new.
pub async fn probe_all(ctx: &Ctx) -> Result<(), HandlerError> {
    if ctx.probes.is_empty() {
        return Ok(());
    }
    let mut projects: BTreeMap<(String, String), Vec<(ReportRuntime, bool)>> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = ctx.store.read(move |reader| silent::probeable(reader, after, LIMIT)).await?;
        let (last, full) = (page.last().map(|session| session.id), page.len() == LIMIT as usize);
        let found = futures::stream::iter(page).map(|session| probe(ctx, session)).buffer_unordered(AT_ONCE);
        let found: Vec<_> = found.filter_map(std::future::ready).collect().await;
        for (scope, report, is_news) in found {
            projects.entry((scope.team_id, scope.project_id)).or_default().push((report, is_news));
        }
        match last.filter(|_| full) {
            Some(last) => after = last,
            None => break,
        }
    }
    let now = ctx.clock.now().0;
    for ((team_id, project_id), reports) in projects {
        let scope = Scope { team_id, project_id };
        let key = format!("{}:{now}", SweepSilentSessions::NAME);
        let pass = probing::pass(ctx, &scope, &key, reports).await?;
        if pass.statements.is_empty() {
            continue;
        }
        // Lost in a power cut, it is probed again.
        let context = ctx.authoring(SweepSilentSessions::NAME);
        ctx.store.commit(Commit::new(Durability::Normal, context).then_all(pass.statements).ringing()).await?;
    }
    Ok(())
}

/// What one session's runtime says, and whether that is news; nothing for a runtime nobody knows.
async fn probe(ctx: &Ctx, session: Probeable) -> Option<(Scope, ReportRuntime, bool)> {
    let name = session.runtime_name.as_deref().unwrap_or_default();
    let Some(runtime) = ctx.probes.find(name) else {
        if ctx.probes.is_first_miss(name) {
            tracing::warn!(runtime_name = name, session_id = session.session_id, "no such runtime here: not probed");
        }
        return None;
    };
    let finding = (runtime.probe)(&session.handle).await;
    let is_news = session.is_news(finding.runtime, finding.process);
    let report = ReportRuntime {
        session_id: session.session_id,
        runtime: finding.runtime,
        process: finding.process,
        evidence: Some(finding.evidence),
        pass_id: None,
        launch_id: session.launch_id,
    };
    Some((session.scope, report, is_news))
}
