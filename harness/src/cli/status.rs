//! `status`: whether the system of a database runs, where, how it is doing, and what waits in which lane (LIFECYCLE-5).

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock::{Clock, Time};

use super::globals::Globals;
use super::output::Output;
use super::place::Place;
use super::{duration, table, text};
use crate::functions::TABLE;
use crate::runtime_files::{Found, Whereabouts, look};
use shared::function::Trigger;
use shared::value::{JobKind, Word};

/// Arguments of `status`.
#[derive(Args)]
pub(super) struct Status {
    /// Also make a new login link, which works once
    #[arg(long)]
    login: bool,
    #[command(flatten)]
    place: Place,
}

/// What `POST /login-links` answers.
#[derive(Deserialize)]
struct LoginLink {
    path: String,
}

impl Status {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let config = self.place.settings(globals)?;
        let output = globals.output();
        let running = match look(&config.db.place())? {
            Found::Running(running) => running,
            found => {
                absent(&output, &found, &config.db.to_string())?;
                return Ok(ExitCode::FAILURE);
            }
        };
        let (client, _) = globals.client_of(&running.url, &config.db.place())?;
        let health = match client.look(&["health"]).await {
            Ok(document) => document.read().unwrap_or(Value::Null),
            Err(error) => json!({ "status": "unreachable", "error": error.to_string() }),
        };
        let login = if self.login {
            let link: LoginLink = client.create(&["login-links"], &json!({})).await?.read()?;
            Some(format!("{}{}", running.url, link.path))
        } else {
            None
        };
        let report = report(&running, &health, login.as_deref(), Clock::System.now());
        if output.json {
            output.json(&report.to_string())?;
        } else {
            Output::text(&describe(&output, &report))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn absent(output: &Output, found: &Found, db: &str) -> anyhow::Result<()> {
    let pid = if let Found::Busy(pid) = found { Some(*pid) } else { None };
    if output.json {
        output.json(&json!({ "running": false, "db": db, "busy_pid": pid }).to_string())?;
        return Ok(());
    }
    let line = match (pid, found) {
        (Some(pid), _) => format!("not running; process {pid} is at work on {db}: starting, ending, or restoring"),
        (None, Found::Absent(Some(left))) => {
            format!("not running on {db}; pid {} ended without removing its files", left.pid)
        }
        _ => format!("not running on {db}"),
    };
    Ok(Output::text(&line)?)
}

/// Everything about a running system in one document.
fn report(running: &Whereabouts, health: &Value, login: Option<&str>, now: Time) -> Value {
    let details = &health["boundaries"]["queue_manager"]["details"];
    let uptime = Time::parse(&running.started_at).map(|started_at| now.since(started_at).as_secs()).ok();
    let mut report = json!({
        "running": true,
        "runtime": running.runtime,
        "pid": running.pid,
        "url": running.url,
        "version": running.version,
        "started_at": running.started_at,
        "uptime_seconds": uptime,
        "db": running.db,
        "transport": running.transport,
        "auth_mode": running.auth_mode,
        "health": { "status": health["status"].as_str().unwrap_or("unknown"), "reasons": reasons(health) },
        "queue_manager": health["boundaries"]["queue_manager"],
        "lanes": { "outbox": details["waiting"]["outbox"], "functions": lanes(details) },
    });
    if let Some(login) = login {
        report["login_url"] = login.into();
    }
    report
}

/// Why health is not `ok`.
fn reasons(health: &Value) -> Vec<String> {
    let mut reasons: Vec<String> = [
        ("server", &health["error"]),
        ("transport", &health["forum_bus"]["error"]),
        ("outbox", &health["outbox"]["error"]),
    ]
    .into_iter()
    .filter_map(|(what, error)| Some(format!("{what}: {}", error.as_str()?)))
    .collect();
    let worker = &health["worker"];
    if worker["consecutive_errors"].as_u64().unwrap_or(0) > 0 {
        reasons.push(format!("drainer: {}", worker["last_error"].as_str().unwrap_or("its last step failed")));
    }
    reasons
}

/// What waits for each function: commands not finished, jobs queued, events not projected.
fn lanes(details: &Value) -> Vec<Value> {
    let waiting = &details["waiting"];
    let known = waiting.is_object();
    let lane =
        |name: &str, count: &Value| json!({ "function": name, "waiting": known.then(|| count.as_i64().unwrap_or(0)) });
    TABLE
        .iter()
        .filter_map(|entry| match entry.trigger {
            Trigger::Command(command) => Some(lane(entry.name, &waiting["commands"][command])),
            Trigger::Job(kind) => Some(jobs(entry.name, kind, &details["lanes"])),
            Trigger::Projection(projection) => Some(lane(entry.name, &waiting["projections"][projection])),
            _ => None,
        })
        .collect()
}

/// A lane with its jobs as the server counts them.
fn jobs(function: &str, kind: JobKind, lanes: &Value) -> Value {
    let counted = lanes.as_array().into_iter().flatten().find(|lane| lane["kind"] == kind.as_str());
    let mut lane = counted.cloned().unwrap_or_else(|| json!({ "kind": kind }));
    lane["function"] = function.into();
    lane["waiting"] = lane["queued"].clone();
    lane
}

/// For people: the facts, then the lanes.
fn describe(output: &Output, report: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), text::line);
    let mut facts = vec![output.strong(&format!("{} running", word(&report["runtime"])))];
    let mut fact = |name: &str, value: String| facts.push(format!("  {name:<10} {value}"));
    for name in ["url", "pid", "version"] {
        fact(name, word(&report[name]));
    }
    let reasons = report["health"]["reasons"].as_array().into_iter().flatten().map(word).collect::<Vec<_>>();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    fact("health", word(&report["health"]["status"]) + &reasons);
    fact("uptime", report["uptime_seconds"].as_u64().map_or_else(|| "unknown".to_owned(), duration::lasting));
    for name in ["transport", "auth_mode", "db"] {
        fact(name, word(&report[name]));
    }
    if let Some(login) = report["login_url"].as_str() {
        fact("login", text::line(login));
    }
    format!("{}\n\n{}", facts.join("\n"), table::render(output, &["LANE", "WAITING"], &rows(&report["lanes"])))
}

/// A row for whatever can wait: what is counted by status in full, of the rest how much it is.
fn rows(lanes: &Value) -> Vec<Vec<String>> {
    const OUTBOX: [&str; 4] = ["pending", "processing", "failed", "dead"];
    const JOBS: [&str; 4] = ["queued", "processing", "failed", "completed"];
    let count = |value: &Value| value.as_i64().map_or_else(|| "?".to_owned(), |count| count.to_string());
    let counts = |of: &Value, names: [&str; 4]| names.map(|name| format!("{} {name}", count(&of[name]))).join(", ");
    let row = |lane: &Value| {
        let is_lane_of_jobs = lane.get("kind").is_some();
        let waiting = if is_lane_of_jobs { counts(lane, JOBS) } else { count(&lane["waiting"]) };
        vec![lane["function"].as_str().unwrap_or_default().to_owned(), waiting]
    };
    let outbox = vec!["outbox".to_owned(), counts(&lanes["outbox"], OUTBOX)];
    std::iter::once(outbox).chain(lanes["functions"].as_array().into_iter().flatten().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    fn running() -> Whereabouts {
        Whereabouts {
            runtime: "agentforum".to_owned(),
            pid: 7,
            url: "http://127.0.0.1:3001".to_owned(),
            version: "1.2.3".to_owned(),
            started_at: "2026-01-31T12:00:00.000Z".to_owned(),
            transport: "memory".to_owned(),
            auth_mode: "local".to_owned(),
            db: "a.db".into(),
            ..Whereabouts::default()
        }
    }

    // LIFECYCLE-5, HEALTH-6
    #[test]
    fn a_degraded_system_says_why_and_what_waits() {
        let health = json!({
            "status": "degraded",
            "forum_bus": { "healthy": false, "error": "closed" },
            "worker": { "consecutive_errors": 2, "last_error": "the disk is full" },
            "boundaries": { "queue_manager": { "details": { "waiting": {
                "outbox": { "pending": 3, "processing": 0, "failed": 1, "dead": 0 },
                "commands": { "open_thread": 2 }, "projections": { "thread-views": 5 } },
                "lanes": [{ "kind": "event", "queued": 3, "processing": 1, "failed": 2, "completed": 40 }] } } },
        });
        let now = Time::parse("2026-01-31T14:05:09Z").expect("a time");
        let report = report(&running(), &health, None, now);
        let text = describe(&Output::new(false, true, ColorChoice::Never, false), &report);
        assert!(text.contains("health     degraded (transport: closed; drainer: the disk is full)\n"), "{text}");
        assert!(text.contains("uptime     2h 5m\n") && text.contains("pid        7\n"), "{text}");
        for row in [
            "outbox                    3 pending, 0 processing, 1 failed, 0 dead",
            "cmd-open-thread           2",
            "job-event                 3 queued, 1 processing, 2 failed, 40 completed",
            "job-summary               ? queued, ? processing, ? failed, ? completed",
            "project-thread-views      5",
            "cmd-close-thread          0",
        ] {
            assert!(text.lines().any(|line| line == row), "{row} is missing in\n{text}");
        }
        assert_eq!(report["lanes"]["outbox"]["pending"], 3);
        let lane = report["lanes"]["functions"]
            .as_array()
            .and_then(|lanes| lanes.iter().find(|lane| lane["function"] == "job-event"));
        assert_eq!(lane.map(|lane| (&lane["waiting"], &lane["kind"])), Some((&json!(3), &json!("event"))));
    }

    #[test]
    fn counts_that_nobody_knows_are_not_shown_as_none() {
        let report = report(&running(), &json!({ "status": "unreachable", "error": "gone" }), None, Time(0));
        assert_eq!(report["lanes"]["functions"][0]["waiting"], Value::Null);
        assert_eq!(report["health"], json!({ "status": "unreachable", "reasons": ["server: gone"] }));
    }

    #[test]
    fn a_duration_has_two_units_at_most() {
        for (seconds, text) in [(9, "9s"), (69, "1m 9s"), (3 * 3600 + 61, "3h 1m"), (2 * 86_400 + 3600, "2d 1h")] {
            assert_eq!(duration::lasting(seconds), text);
        }
    }
}
