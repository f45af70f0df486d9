//! The `agentforum` command line.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    harness::cli::run(std::env::args_os()).await
}
