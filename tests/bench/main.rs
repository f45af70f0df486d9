//! The benchmark: one release build, one run, ratios against what the same disk and the same SQLite do bare.
//!
//! `make bench` runs everything; `--quick` one short repetition of each; `--report FILE` writes the report.

mod ceiling;
mod client;
mod groups;
mod history;
mod life;
mod load;
mod measure;
mod replays;
mod report;
mod server;
mod subscribers;

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::report::{Figures, median};

/// What to run.
#[derive(Parser)]
struct Arguments {
    /// One short repetition of each part.
    #[arg(long)]
    quick: bool,
    /// Writes the report to this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// WebSocket subscribers.
    #[arg(long, default_value_t = 5000)]
    subscribers: usize,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let directory = directory();
    let (repetitions, seconds) = if arguments.quick { (1, 2) } else { (5, 5) };
    let mut figures = Figures { fsync_ms: measure::fsync(&directory), ..Figures::default() };

    let server = server::Server::start(&directory.join("commands"), &[]);
    let mut rates = Vec::new();
    for _ in 0..repetitions {
        rates.push(load::commands(&server, 64, seconds).await);
    }
    figures.commands_per_second = median(&mut rates);
    figures.batch_size = server.mean_batch_size().await;
    load::verify(&server).await;
    server.stop();

    let mut rates: Vec<f64> = (0..repetitions)
        .map(|round| {
            ceiling::commands_per_second(&directory.join(format!("ceiling-{round}")), figures.batch_size, seconds)
        })
        .collect();
    figures.ceiling_per_second = median(&mut rates);

    let server = server::Server::start(&directory.join("latency"), &[]);
    let mut latencies = Vec::new();
    for _ in 0..repetitions {
        latencies.push(load::latency(&server, 200, seconds).await);
    }
    latencies.sort_by(|a, b| a.0.total_cmp(&b.0));
    figures.latency_ms = latencies[latencies.len() / 2];
    server.stop();

    let server = server::Server::start(&directory.join("idle"), &[]);
    figures.idle = measure::idle(server.pid, 2 * seconds).await;
    server.stop();

    measure::raise_file_limit();
    let server = server::Server::start(&directory.join("subscribers"), &[]);
    figures.subscribers =
        subscribers::run(&server, arguments.subscribers, if arguments.quick { 50 } else { 200 }).await;
    server.stop();

    let events = if arguments.quick { 100_000 } else { 1_000_000 };
    figures.replays = replays::run(&directory.join("replays"), events, seconds).await;

    print!("{}", figures.table());
    if let Some(file) = arguments.report {
        std::fs::write(&file, figures.report()).expect("the report can be written");
    }
    std::fs::remove_dir_all(&directory).expect("the benchmark's files can be removed");
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
