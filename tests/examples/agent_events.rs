//! Prints made-up agent events, one JSON object per line:
//! `cargo run -q -p tests --example agent_events -- --seed 1 --sessions 20`.

use std::io::{self, BufWriter, Write};

use clap::Parser;
use serde_json::json;
use tests::agent_events::Generator;

/// What to print.
#[derive(Parser)]
struct Arguments {
    /// The same seed gives the same events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sessions to print.
    #[arg(long, default_value_t = 1)]
    sessions: usize,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let generator = Generator::new(arguments.seed);
    let mut out = BufWriter::new(io::stdout().lock());
    for session in 1..=arguments.sessions {
        for event in generator.session(session) {
            writeln!(out, "{}", json!({ "session": session, "event": event }))?;
        }
    }
    out.flush()
}
