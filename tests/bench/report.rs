//! The figures, as a table for the terminal and as a report to commit.

mod memory;
mod memory_search;

use std::fmt::Write;

use shared::clock::Clock;

use crate::memory::Memory;
use crate::memory_search::MemorySearch;
use crate::redis::Redis;
use crate::replays::Replays;
use crate::runs::Measured;
use crate::scale::Scale;
use crate::sessions::Sessions;
use crate::subscribers::Subscribers;

/// Everything one run measured; a part that did not run has no figure.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) fsync_ms: (f64, f64),
    pub(crate) commands: Option<Commands>,
    /// p50 and p99.
    pub(crate) latency_ms: Option<(f64, f64)>,
    /// Percent of a core, MiB.
    pub(crate) idle: Option<(f64, f64)>,
    pub(crate) subscribers: Option<Subscribers>,
    pub(crate) redis: Option<Redis>,
    pub(crate) replays: Option<Replays>,
    pub(crate) scale: Option<Scale>,
    pub(crate) runs: Option<[Measured; 2]>,
    pub(crate) sessions: Option<Sessions>,
    pub(crate) memory: Option<Memory>,
    pub(crate) memory_search: Option<MemorySearch>,
}

/// Commands per second, and the ceiling beside them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commands {
    pub(crate) per_second: f64,
    pub(crate) batch_size: f64,
    pub(crate) ceiling_per_second: f64,
}

/// One line of the table.
struct Row {
    what: String,
    figure: String,
    target: String,
    met: bool,
}

impl Row {
    /// A figure that stands for itself.
    fn plain(what: impl Into<String>, figure: String) -> Self {
        Self { what: what.into(), figure, target: String::new(), met: true }
    }

    fn against(what: impl Into<String>, figure: String, target: impl Into<String>, met: bool) -> Self {
        Self { what: what.into(), figure, target: target.into(), met }
    }

    fn verdict(&self, missed: &'static str) -> &'static str {
        match (self.target.is_empty(), self.met) {
            (true, _) => "",
            (false, true) => "met",
            (false, false) => missed,
        }
    }
}

/// The middle of `values`.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Figures {
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        rows.extend(self.commands.into_iter().flat_map(Commands::rows));
        if let Some((p50, p99)) = self.latency_ms {
            let allowed = 3.5 * self.fsync_ms.0 + 2.0;
            rows.push(Row::against(
                "POST to projected answer at 200/s: p50 (p99)",
                format!("{p50:.2} ms ({p99:.2} ms)"),
                format!("p50 at most 3.5 x fsync p50 + 2 ms = {allowed:.2} ms"),
                p50 <= allowed,
            ));
        }
        if let Some((share, mib)) = self.idle {
            rows.push(Row::against("idle: share of one core", format!("{share:.2} %"), "under 1 %", share < 1.0));
            rows.push(Row::against("idle: resident", format!("{mib:.1} MiB"), "under 40 MiB", mib < 40.0));
        }
        rows.extend(self.subscribers.map(Subscribers::row));
        rows.extend(self.redis.into_iter().flat_map(Redis::rows));
        rows.extend(self.replays.into_iter().flat_map(Replays::rows));
        rows.extend(self.scale.into_iter().flat_map(Scale::rows));
        rows.extend(self.runs.into_iter().flat_map(|measured| of_runs(measured, self.fsync_ms.0)));
        rows.extend(self.sessions.into_iter().flat_map(Sessions::rows));
        rows.extend(self.memory.into_iter().flat_map(Memory::rows));
        rows.extend(self.memory_search.into_iter().flat_map(MemorySearch::rows));
        rows
    }

    pub(crate) fn table(&self) -> String {
        let mut text = format!("fsync p50 {:.3} ms, p99 {:.3} ms\n", self.fsync_ms.0, self.fsync_ms.1);
        for row in self.rows() {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{}\n    {}  {}  {}", row.what, row.figure, row.target, row.verdict("MISSED"));
        }
        text
    }

    pub(crate) fn report(&self) -> String {
        let mut text = include_str!("report.md").to_owned();
        let date: String = Clock::System.now().to_string().chars().take(10).collect();
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let _ = writeln!(
            text,
            "\n{date}, {cores} cores ({}), Linux {}, fsync of 4 KiB: p50 {:.3} ms, p99 {:.3} ms.\n",
            model.trim_start_matches([' ', '\t', ':']),
            kernel.trim(),
            self.fsync_ms.0,
            self.fsync_ms.1,
        );
        text.push_str("| measured | figure | target | |\n|---|---|---|---|\n");
        for row in self.rows() {
            let _ = writeln!(text, "| {} | {} | {} | {} |", row.what, row.figure, row.target, row.verdict("missed"));
        }
        text
    }
}

impl Commands {
    fn rows(self) -> [Row; 3] {
        let ratio = self.per_second / self.ceiling_per_second;
        [
            Row::plain(
                "commands/s over HTTP, 64 connections, accepted to projected",
                format!("{:.0} (writer's mean group: {:.1} commits)", self.per_second, self.batch_size),
            ),
            Row::plain("bare SQLite, same statements, same group size", format!("{:.0}", self.ceiling_per_second)),
            Row::against("share of that ceiling", format!("{:.0} %", ratio * 100.0), "at least 40 %", ratio >= 0.4),
        ]
    }
}

impl Subscribers {
    fn row(self) -> Row {
        let Self { count, events, kib_each, last_seconds } = self;
        Row::against(
            format!("{count} WebSocket subscribers, {events} events each, in order: memory each"),
            format!("{kib_each:.1} KiB (the last had all {last_seconds:.2} s after the last answer)"),
            "at most 10 kB",
            kib_each * 1.024 <= 10.0,
        )
    }
}

impl Replays {
    fn rows(self) -> [Row; 5] {
        let Self { events, caught_up, alone, under_load, p99_ms, bytes_per_event } = self;
        let (before, during) = p99_ms;
        [
            Row::plain(
                format!("{events} events met by all projections at once, from an empty start"),
                format!("{caught_up:.0} events/s"),
            ),
            Row::against(
                "replay of thread-views, nothing else going on",
                format!("{alone:.0} events/s"),
                "at least 50 000 events/s",
                alone >= 50_000.0,
            ),
            Row::plain("the same while 100 commands/s arrive", format!("{under_load:.0} events/s")),
            Row::against(
                "p99 of those commands, without and with the replay",
                format!("{before:.2} ms, {during:.2} ms"),
                "at most doubled",
                during <= 2.0 * before,
            ),
            Row::plain("database per 1 000 000 events", format!("{bytes_per_event:.0} MB")),
        ]
    }
}

impl Scale {
    fn rows(self) -> impl Iterator<Item = Row> {
        let Self { few, many, times } = self;
        times.into_iter().map(move |(what, with_few, with_many)| {
            Row::against(
                format!("{what}: {many} threads, and {few}"),
                format!("{with_many:.2} ms, {with_few:.2} ms ({:.2} x)", with_many / with_few),
                "at most 1.5 x",
                with_many <= 1.5 * with_few,
            )
        })
    }
}

/// What runs cost, beside few closed ones and beside many.
fn of_runs([few, many]: [Measured; 2], fsync_p50: f64) -> [Row; 4] {
    let allowed = 15.0 * fsync_p50 + 5.0;
    let ratio = |few: f64, many: f64| format!("{many:.2} ms, {few:.2} ms ({:.2} x)", many / few);
    let (moved, snapshots) = ((few.moved_ms.1, many.moved_ms.1), (few.snapshot_ms, many.snapshot_ms));
    [
        Row::against(
            format!("500 signals/s in 50 runs, {} closed ones: signal to run state change, p50 (p99)", few.closed),
            format!("{:.2} ms ({:.2} ms)", few.moved_ms.0, few.moved_ms.1),
            format!("p99 at most 15 x fsync p50 + 5 ms = {allowed:.2} ms"),
            few.moved_ms.1 <= allowed,
        ),
        Row::against(
            format!("its p99 beside {} closed runs, and beside {}", many.closed, few.closed),
            ratio(moved.0, moved.1),
            "at most 1.3 x",
            moved.1 <= 1.3 * moved.0,
        ),
        Row::against(
            format!("snapshot of a run with 10 000 posts, {} closed runs", many.closed),
            format!("{:.2} ms", many.snapshot_ms),
            "under 5 ms",
            many.snapshot_ms < 5.0,
        ),
        Row::against(
            format!("the same beside {} closed runs, and beside {}", many.closed, few.closed),
            ratio(snapshots.0, snapshots.1),
            "at most 1.3 x",
            snapshots.1 <= 1.3 * snapshots.0,
        ),
    ]
}

impl Sessions {
    fn rows(self) -> impl Iterator<Item = Row> {
        let Self { reported, listed } = self;
        let p50_p99 = |(p50, p99): (f64, f64)| format!("{p50:.2} ms ({p99:.2} ms)");
        let ((reports, of_reports), (observations, of_observations)) = (reported.reports, reported.observations);
        let (sent, (changes, seen)) = (reports + observations, reported.changes);
        let seen_within = |what: &str, ms: (f64, f64)| {
            let what = format!("1 000 sessions, each reports every 5 s, 2 000 observations/min: {what}, p50 (p99)");
            Row::against(what, p50_p99(ms), "p99 under 250 ms", ms.1 < 250.0)
        };
        let fleet = [
            seen_within("report of other activity to its event", reported.session_ms),
            seen_within("observation of something new to its event", reported.pr_ms),
            Row::against(
                "cores that the server keeps busy meanwhile",
                format!("{:.2}", reported.cores_busy),
                "at most 0.5",
                reported.cores_busy <= 0.5,
            ),
            Row::against(
                "of those requests answered 2xx, and of their changes seen",
                format!("{} of {sent}, {seen} of {changes}", reported.answered),
                "all",
                (reported.answered, seen) == (sent, changes),
            ),
            Row::plain(
                "commands that they became",
                format!("{of_reports:.0} of {reports} reports, {of_observations:.0} of {observations} observations"),
            ),
        ];
        let lists = listed.into_iter().map(move |list| {
            let what = format!("10 000 sessions, 3 000 open pull requests: {}, p50 (p99)", list.what);
            Row::against(what, p50_p99(list.ms), "p99 under 20 ms", list.ms.1 < 20.0)
        });
        fleet.into_iter().chain(lists)
    }
}

impl Redis {
    fn rows(self) -> [Row; 2] {
        let Self { per_second, memory_per_second, backlog, gone_in_seconds } = self;
        let ratio = per_second / memory_per_second;
        [
            Row::against(
                "commands/s with Redis as the transport, and with the embedded one",
                format!("{per_second:.0}, {memory_per_second:.0} ({:.0} %)", ratio * 100.0),
                "at least 70 %",
                ratio >= 0.7,
            ),
            Row::against(
                format!(
                    "{backlog} commands accepted while Redis was away: applied, published and projected after its return"
                ),
                format!("in {gone_in_seconds:.1} s"),
                "under 10 s",
                gone_in_seconds < 10.0,
            ),
        ]
    }
}
