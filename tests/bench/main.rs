//! The benchmark: one release build, one run, ratios against what the same disk and the same SQLite do bare.
//!
//! `make bench` runs everything; `--quick` one short repetition of each; `--only PART,..` some parts; `--report FILE` writes
//! the report.

mod ceiling;
mod client;
mod groups;
mod history;
mod life;
mod load;
mod measure;
mod memory;
mod memory_search;
mod redis;
mod replays;
mod report;
mod runs;
mod scale;
mod server;
mod sessions;
mod subscribers;

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

use crate::report::{Figures, median};

/// What to run.
#[derive(Parser)]
struct Arguments {
    /// One short repetition of each part.
    #[arg(long)]
    quick: bool,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Writes the report to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    report: Option<PathBuf>,
    /// WebSocket subscribers.
    #[arg(long, default_value_t = 5000)]
    subscribers: usize,
}

/// One part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Commands per second, and the ceiling beside it.
    Commands,
    /// Latency at a steady pace.
    Latency,
    /// An idle server.
    Idle,
    /// Live subscribers.
    Subscribers,
    /// Redis as the transport.
    Redis,
    /// Replays.
    Replays,
    /// Lists and searches over few and over many threads.
    Scale,
    /// Signals that move runs, and snapshots, beside few closed runs and beside many.
    Runs,
    /// A fleet of sessions that reports, and lists of sessions with their status.
    Sessions,
    /// Agent events taken in beside the ceiling, and jobs worked off.
    Memory,
    /// Searches over a million observations.
    MemorySearch,
}

/// How long and how often each part runs.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    quick: bool,
    repetitions: usize,
    seconds: u64,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let directory = directory();
    let effort = if arguments.quick {
        Effort { quick: true, repetitions: 1, seconds: 2 }
    } else {
        Effort { quick: false, repetitions: 5, seconds: 5 }
    };
    let mut figures = Figures { fsync_ms: measure::fsync(&directory), ..Figures::default() };
    let parts = if arguments.only.is_empty() { Part::value_variants() } else { &arguments.only };
    for part in parts {
        match part {
            Part::Commands => commands(&directory, effort, &mut figures).await,
            Part::Latency => latency(&directory, effort, &mut figures).await,
            Part::Idle => {
                let server = server::Server::start(&directory.join("idle"), &[]);
                figures.idle = Some(measure::idle(server.pid, 2 * effort.seconds).await);
                server.stop();
            }
            Part::Subscribers => {
                measure::raise_file_limit();
                let server = server::Server::start(&directory.join("subscribers"), &[]);
                let events = if effort.quick { 50 } else { 200 };
                figures.subscribers = Some(subscribers::run(&server, arguments.subscribers, events).await);
                server.stop();
            }
            Part::Redis => figures.redis = redis::run(&directory, effort).await,
            Part::Replays => {
                let events = if effort.quick { 100_000 } else { 1_000_000 };
                figures.replays = Some(replays::run(&directory.join("replays"), events, effort.seconds).await);
            }
            Part::Scale => {
                let many = if effort.quick { 100_000 } else { 1_000_000 };
                figures.scale = Some(scale::run(&directory.join("scale"), 10_000, many).await);
            }
            Part::Runs => {
                let (many, seconds) = if effort.quick { (1000, 5) } else { (10_000, 60) };
                figures.runs = Some(runs::run(&directory.join("runs"), 100, many, seconds).await);
            }
            Part::Sessions => {
                let seconds = if effort.quick { 10 } else { 60 };
                figures.sessions = Some(sessions::run(&directory.join("sessions"), seconds).await);
            }
            Part::MemorySearch => {
                let observations = if effort.quick { 100_000 } else { 1_000_000 };
                figures.memory_search = Some(memory_search::run(&directory.join("memory-search"), observations).await);
            }
            Part::Memory => {
                let jobs = if effort.quick { 2000 } else { 20_000 };
                figures.memory = Some(memory::run(&directory.join("agent-events"), effort, jobs).await);
            }
        }
    }
    print!("{}", figures.table());
    if let Some(file) = arguments.report {
        std::fs::write(&file, figures.report()).expect("the report can be written");
    }
    std::fs::remove_dir_all(&directory).expect("the benchmark's files can be removed");
}

async fn commands(directory: &Path, effort: Effort, figures: &mut Figures) {
    let server = server::Server::start(&directory.join("commands"), &[]);
    let mut rates = Vec::new();
    for _ in 0..effort.repetitions {
        rates.push(load::commands(&server, 64, effort.seconds).await);
    }
    let batch_size = server.mean_batch_size().await;
    load::verify(&server).await;
    server.stop();
    let mut bare = Vec::new();
    for round in 0..effort.repetitions {
        let database = directory.join(format!("ceiling-{round}"));
        bare.push(ceiling::commands_per_second(&database, batch_size, effort.seconds));
    }
    figures.commands =
        Some(report::Commands { per_second: median(&mut rates), batch_size, ceiling_per_second: median(&mut bare) });
}

async fn latency(directory: &Path, effort: Effort, figures: &mut Figures) {
    let server = server::Server::start(&directory.join("latency"), &[]);
    let mut latencies = Vec::new();
    for _ in 0..effort.repetitions {
        latencies.push(load::latency(&server, 200, effort.seconds).await);
    }
    latencies.sort_by(|a, b| a.0.total_cmp(&b.0));
    figures.latency_ms = Some(latencies[latencies.len() / 2]);
    server.stop();
}

/// A directory beside the build, so that databases lie on a disk and not in memory.
fn directory() -> PathBuf {
    let executable = std::env::current_exe().expect("the benchmark knows where it is");
    let target = executable.parent().and_then(Path::parent).expect("it lies in the target directory");
    let directory = target.join("bench");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("a directory for databases");
    directory
}
