//! One pass of probes over a project's sessions: what its reports come to, whoever made them.

use crate::ctx::Ctx;
use crate::domain::reaction::Notice;
use crate::message::command::{Command, ReportRuntime, Subject};
use crate::store::commands::{Caused, named_cause};
use crate::store::notifications::{self, About};
use crate::store::{Reader, Statement, StoreError};
use crate::value::{NotificationKind, ProbeResult, Scope};

/// What a pass comes to.
#[derive(Debug, Default)]
pub struct Pass {
    /// What stores it: a command for each report, and what people are told.
    pub statements: Vec<Statement>,
    /// The commands in it.
    pub commands: Vec<String>,
    /// Reports that say something.
    pub applied: usize,
    /// Reports that say nothing, or were not believed.
    pub inconclusive: usize,
    /// Whether the dead were too many to be believed.
    pub implausible: bool,
}

/// Turns the reports of one pass over a project into commands, under keys that begin with `key`; those that are no news
/// count, and are not stored again. Too many dead at once are taken for a fault of the probe, and a person is told (SPEC
/// SESSION-20).
///
/// # Errors
/// When the store fails.
pub async fn pass(
    ctx: &Ctx,
    scope: &Scope,
    key: &str,
    reports: Vec<(ReportRuntime, bool)>,
) -> Result<Pass, StoreError> {
    let dead = reports.iter().filter(|(report, _)| report.is_death()).count();
    let implausible = ctx.config.probe.death().is_implausible(dead, reports.len());
    let all = reports.len();
    let mut pass = Pass { implausible, ..Pass::default() };
    for (mut report, is_news) in reports {
        if implausible && report.is_death() {
            (report.runtime, report.process) = (ProbeResult::Unknown, ProbeResult::Unknown);
        }
        let tells = |result| matches!(result, ProbeResult::Alive | ProbeResult::Dead);
        if tells(report.runtime) && report.runtime == report.process {
            pass.applied += 1;
        } else {
            pass.inconclusive += 1;
        }
        if !is_news {
            continue;
        }
        let subject = Subject::Session(report.session_id.clone());
        let key = format!("{key}:{}", report.session_id);
        let caused = Caused::new(scope, &subject, &report, key);
        ctx.metrics.commands_total.with_label_values(&[ReportRuntime::NAME, "accepted"]).inc();
        let (command_id, statement) = named_cause(caused, &ctx.ids);
        pass.commands.push(command_id);
        pass.statements.push(statement);
    }
    let (of, subject) = (scope.clone(), scope.project_id.clone());
    let raised =
        move |reader: &mut Reader<'_>| notifications::is_raised(reader, &of, NotificationKind::MassDeath, &subject);
    match (implausible, ctx.store.read(raised).await?) {
        (true, false) => {
            tracing::warn!(project_id = %scope.project_id, dead, all, "too many sessions seem dead at once: not believed");
            let notice = Notice {
                kind: NotificationKind::MassDeath,
                subject: scope.project_id.clone(),
                title: format!("{dead} of {all} sessions seemed dead at once"),
                body:
                    "That is more likely a fault of the probe or of what runs the agents, so none was ended. If they \
                       are gone, end them by hand."
                        .to_owned(),
                url: None,
            };
            let raise = notifications::raise(scope, &notice, &About::default(), (&ctx.ids, ctx.notifies()));
            pass.statements.extend(raise);
        }
        (false, true) if dead == 0 => {
            pass.statements.push(notifications::resolve(scope, NotificationKind::MassDeath, &scope.project_id, None));
        }
        _ => {}
    }
    Ok(pass)
}
