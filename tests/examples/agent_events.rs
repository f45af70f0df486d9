//! Prints what an agent did in a made-up session, one event per line, as `agentforum memory batch` takes it:
//! `cargo run -q -p tests --example agent_events -- --seed 1 --session 3 > events.jsonl`.

use std::io::{self, BufWriter, Write};

use clap::Parser;
use tests::agent_events::Generator;

/// What to print.
#[derive(Parser)]
struct Arguments {
    /// The same seed gives the same events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Session of that seed, counted from 1.
    #[arg(long, default_value_t = 1)]
    session: usize,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    for event in Generator::new(arguments.seed).session(arguments.session) {
        writeln!(out, "{event}")?;
    }
    out.flush()
}
