//! The figures, as a table for the terminal and as a report to commit.

use std::fmt::Write;

use shared::clock::Clock;

use crate::replays::Replays;
use crate::subscribers::Subscribers;

/// Everything one run measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) fsync_ms: (f64, f64),
    pub(crate) commands_per_second: f64,
    pub(crate) batch_size: f64,
    pub(crate) ceiling_per_second: f64,
    pub(crate) latency_ms: (f64, f64),
    /// Percent of a core, MiB.
    pub(crate) idle: (f64, f64),
    pub(crate) subscribers: Subscribers,
    pub(crate) replays: Replays,
}

/// The middle of `values`.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Figures {
    /// What was measured, the figure, the target, and whether it is met.
    fn rows(&self) -> Vec<(String, String, String, bool)> {
        let ratio = self.commands_per_second / self.ceiling_per_second;
        let allowed = 3.5 * self.fsync_ms.0 + 2.0;
        let Subscribers { count, events, kib_each, last_seconds } = self.subscribers;
        let row = |what: &str, figure: String, target: String, met| (what.to_owned(), figure, target, met);
        vec![
            row(
                "commands/s over HTTP, 64 connections, accepted to projected",
                format!("{:.0} (writer's mean group: {:.1} commits)", self.commands_per_second, self.batch_size),
                String::new(),
                true,
            ),
            row(
                "bare SQLite, same statements, same group size",
                format!("{:.0}", self.ceiling_per_second),
                String::new(),
                true,
            ),
            row("share of that ceiling", format!("{:.0} %", ratio * 100.0), "at least 40 %".to_owned(), ratio >= 0.4),
            row(
                "POST to projected answer at 200/s: p50 (p99)",
                format!("{:.2} ms ({:.2} ms)", self.latency_ms.0, self.latency_ms.1),
                format!("p50 at most 3.5 x fsync p50 + 2 ms = {allowed:.2} ms"),
                self.latency_ms.0 <= allowed,
            ),
            row("idle: share of one core", format!("{:.2} %", self.idle.0), "under 1 %".to_owned(), self.idle.0 < 1.0),
            row("idle: resident", format!("{:.1} MiB", self.idle.1), "under 40 MiB".to_owned(), self.idle.1 < 40.0),
            row(
                &format!("{count} WebSocket subscribers, {events} events each, in order: memory each"),
                format!("{kib_each:.1} KiB (the last had all {last_seconds:.2} s after the last answer)"),
                "at most 10 kB".to_owned(),
                kib_each * 1.024 <= 10.0,
            ),
            row("FILL", format!("{:?}", self.replays), String::new(), true),
        ]
    }

    pub(crate) fn table(&self) -> String {
        let mut text = format!("fsync p50 {:.3} ms, p99 {:.3} ms\n", self.fsync_ms.0, self.fsync_ms.1);
        for (what, figure, target, met) in self.rows() {
            let verdict = if target.is_empty() {
                ""
            } else if met {
                "met"
            } else {
                "MISSED"
            };
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{what}\n    {figure}  {target}  {verdict}");
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
        for (what, figure, target, met) in self.rows() {
            let verdict = if target.is_empty() {
                ""
            } else if met {
                "met"
            } else {
                "missed"
            };
            let _ = writeln!(text, "| {what} | {figure} | {target} | {verdict} |");
        }
        text
    }
}
