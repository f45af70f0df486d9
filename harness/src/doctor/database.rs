//! What the database says of itself, read from outside.

use std::path::Path;
use std::time::Duration;

use shared::clock::Time;
use shared::store::StoreError;
use shared::store::inspection::Inspection;
use shared::store::overview::Overview;

use super::Finding;

/// A projection of a running system is behind for milliseconds; this long means that something is wrong.
const LAG_MOST: Duration = Duration::from_secs(10);
/// An outbox row of a running system waits for milliseconds; one that waits this long is stuck.
const STUCK_SECONDS: i64 = 60;

/// The file is whole.
pub(super) fn integrity(inspected: &Result<Inspection, String>, path: &Path) -> Finding {
    const CHECK: &str = "database";
    let restore = "stop, move the file away, and `agentforum restore` the latest backup";
    match inspected {
        Err(error) => Finding::failed(CHECK, format!("{} cannot be read: {error}", path.display()), restore),
        Ok(inspection) if inspection.integrity != "ok" => {
            Finding::failed(CHECK, format!("{} is damaged: {}", path.display(), inspection.integrity), restore)
        }
        Ok(_) => Finding::ok(CHECK, format!("{} is whole", path.display())),
    }
}

/// This program and the file belong together.
pub(super) fn schema(inspection: &Inspection, newest: i64) -> Finding {
    const CHECK: &str = "schema";
    match &inspection.schema {
        Err(error) => Finding::failed(CHECK, error, "use the agentforum that the message names, or another --db"),
        Ok(version) if *version < newest => {
            Finding::ok(CHECK, format!("version {version}; the next start brings it to {newest}"))
        }
        Ok(version) => Finding::ok(CHECK, format!("version {version}")),
    }
}

/// Search needs the database's full-text index.
pub(super) fn full_text(works: &Result<(), StoreError>) -> Finding {
    const CHECK: &str = "full-text search";
    match works {
        Ok(()) => Finding::ok(CHECK, "FTS5 works"),
        Err(error) => Finding::failed(CHECK, error.to_string(), "use a build of agentforum whose SQLite has FTS5"),
    }
}

/// Events are recorded in the order of their positions, so the clock should not stand before the newest.
pub(super) fn clock(now: Time, newest: Option<Time>, servers: Option<Time>) -> Finding {
    const CHECK: &str = "clock";
    let fix = "set this machine's clock, and keep it set with a time service such as chrony";
    if let Some(newest) = newest.filter(|newest| *newest > now) {
        let detail = format!("stands at {now}, before the newest event of {newest}; new ones get that time");
        return Finding::warning(CHECK, detail, fix);
    }
    match servers {
        Some(theirs) if theirs.since(now).max(now.since(theirs)) > Duration::from_secs(5) => {
            Finding::warning(CHECK, format!("stands at {now}, the server's at {theirs}"), fix)
        }
        _ => Finding::ok(CHECK, now.to_string()),
    }
}

/// Every projection follows the log.
pub(super) fn projections(overview: &Overview, oldest_unprojected: Option<Time>, running: bool, now: Time) -> Finding {
    const CHECK: &str = "projections";
    if let Some((stopped, error)) = overview.checkpoints.iter().find_map(|it| Some((it, it.error.as_ref()?))) {
        let detail = format!("{} stopped at position {}: {error}", stopped.projection, stopped.pos);
        let fix =
            format!("`agentforum dead list` shows the event; after the fix `agentforum replay {}`", stopped.projection);
        return Finding::failed(CHECK, detail, fix);
    }
    let behind = overview.checkpoints.iter().map(|it| overview.head - it.pos).max().unwrap_or(0);
    let age = oldest_unprojected.map_or(Duration::ZERO, |since| now.since(since));
    if behind > 0 && running && age > LAG_MOST {
        let detail = format!("{behind} events behind, the oldest for {} s", age.as_secs());
        return Finding::warning(CHECK, detail, "look for errors in the server's log, then `agentforum restart`");
    }
    match behind {
        0 => Finding::ok(CHECK, format!("at position {}", overview.head)),
        behind if running => Finding::ok(CHECK, format!("{behind} events behind, and catching up")),
        behind => Finding::ok(CHECK, format!("{behind} events behind; the next start catches up")),
    }
}

/// Nothing waits for a person's decision.
pub(super) fn dead_letters(overview: &Overview) -> Finding {
    const CHECK: &str = "dead letters";
    let count: i64 = overview.dead_letters.iter().map(|(_, count)| count).sum();
    if count == 0 {
        return Finding::ok(CHECK, "none");
    }
    let sources: Vec<_> = overview.dead_letters.iter().map(|(source, count)| format!("{count} of {source}")).collect();
    let fix = "`agentforum dead list` shows them; `agentforum dead redrive ID` or `agentforum dead drop ID` decides";
    Finding::warning(CHECK, sources.join(", "), fix)
}

/// What was committed leaves the outbox.
pub(super) fn outbox(overview: &Overview, running: bool) -> Finding {
    const CHECK: &str = "outbox";
    let outbox = &overview.outbox;
    let waiting = outbox.pending_count + outbox.processing_count + outbox.failed_count;
    let detail = format!("{waiting} rows wait, the oldest pending for {} s", outbox.oldest_pending_age_seconds);
    let stuck = outbox.oldest_pending_age_seconds > STUCK_SECONDS || outbox.failed_count > 0;
    if running && stuck {
        let detail = format!("{detail}; {} failed", outbox.failed_count);
        return Finding::warning(CHECK, detail, "see the transport's check above; `agentforum restart` if it is ok");
    }
    match waiting {
        0 => Finding::ok(CHECK, "empty"),
        _ if running => Finding::ok(CHECK, detail),
        _ => Finding::ok(CHECK, format!("{waiting} rows wait; the next start publishes them")),
    }
}

#[cfg(test)]
mod tests {
    use shared::store::outbox::OutboxStatistics;
    use shared::store::projections::Checkpoint;

    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tests::verdict;

    fn overview() -> Overview {
        let checkpoint = Checkpoint { projection: "thread-views".to_owned(), generation: 1, pos: 10, error: None };
        Overview {
            commands_pending: 0,
            commands_by_name: Vec::new(),
            oldest_command_at: None,
            head: 10,
            checkpoints: vec![checkpoint],
            outbox: OutboxStatistics::default(),
            jobs: Vec::new(),
            lanes_in_need: Vec::new(),
            dead_letters: Vec::new(),
        }
    }

    fn inspection() -> Inspection {
        Inspection {
            integrity: "ok".to_owned(),
            schema: Ok(1),
            newest_recorded_at: None,
            overview: Ok(overview()),
            oldest_unprojected_at: None,
        }
    }

    // CLI-10, STORE-1, STORE-10
    #[test]
    fn a_damaged_or_foreign_file_fails() {
        let path = Path::new("a.db");
        assert_eq!(verdict(&integrity(&Ok(inspection()), path)), Verdict::Ok);
        let damaged = Inspection { integrity: "row 1 missing".to_owned(), ..inspection() };
        assert_eq!(verdict(&integrity(&Ok(damaged), path)), Verdict::Failed);
        assert_eq!(verdict(&integrity(&Err("not a database".to_owned()), path)), Verdict::Failed);
        assert_eq!(verdict(&schema(&inspection(), 1)), Verdict::Ok);
        assert_eq!(verdict(&schema(&inspection(), 2)), Verdict::Ok);
        let newer = Inspection { schema: Err("version 9".to_owned()), ..inspection() };
        assert_eq!(verdict(&schema(&newer, 1)), Verdict::Failed);
    }

    // CLI-10
    #[test]
    fn full_text_search_is_tried_for_real() {
        assert_eq!(verdict(&full_text(&shared::store::inspection::full_text_works())), Verdict::Ok);
        assert_eq!(verdict(&full_text(&Err(StoreError::Read("no such module".to_owned())))), Verdict::Failed);
    }

    // CLI-10, STORE-11
    #[test]
    fn a_clock_that_went_back_or_differs_warns() {
        assert_eq!(verdict(&clock(Time(10_000), Some(Time(9_000)), Some(Time(12_000)))), Verdict::Ok);
        assert_eq!(verdict(&clock(Time(10_000), Some(Time(11_000)), None)), Verdict::Warning);
        assert_eq!(verdict(&clock(Time(10_000), None, Some(Time(16_000)))), Verdict::Warning);
        assert_eq!(verdict(&clock(Time(10_000), None, Some(Time(4_000)))), Verdict::Warning);
    }

    // CLI-10
    #[test]
    fn a_stopped_projection_fails_and_one_that_lags_warns() {
        let now = Time(60_000);
        assert_eq!(verdict(&projections(&overview(), None, true, now)), Verdict::Ok);
        let behind = Overview { head: 50, ..overview() };
        assert_eq!(verdict(&projections(&behind, Some(Time(59_000)), true, now)), Verdict::Ok);
        assert_eq!(verdict(&projections(&behind, Some(Time(1_000)), true, now)), Verdict::Warning);
        assert_eq!(verdict(&projections(&behind, Some(Time(1_000)), false, now)), Verdict::Ok);
        let mut stopped = overview();
        stopped.checkpoints[0].error = Some("unknown event".to_owned());
        let finding = projections(&stopped, None, true, now);
        assert_eq!(verdict(&finding), Verdict::Failed);
        assert!(finding.fix.is_some_and(|fix| fix.contains("replay thread-views")));
    }

    // CLI-10
    #[test]
    fn dead_letters_and_stuck_rows_warn() {
        assert_eq!(verdict(&dead_letters(&overview())), Verdict::Ok);
        let buried = Overview { dead_letters: vec![("command".to_owned(), 2)], ..overview() };
        assert_eq!(verdict(&dead_letters(&buried)), Verdict::Warning);
        assert_eq!(verdict(&outbox(&overview(), true)), Verdict::Ok);
        let statistics =
            OutboxStatistics { pending_count: 3, oldest_pending_age_seconds: 61, ..OutboxStatistics::default() };
        let stuck = Overview { outbox: statistics, ..overview() };
        assert_eq!(verdict(&outbox(&stuck, true)), Verdict::Warning);
        assert_eq!(verdict(&outbox(&stuck, false)), Verdict::Ok);
    }
}
