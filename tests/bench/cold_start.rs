//! Cold starts of function binaries: from the start of the process to its first question for an invocation, beside a function
//! that does nothing, turn by turn in one run. Arguments: the binary that does nothing, then those to be measured.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use shared::clock::Clock;

/// Starts of each binary that count; the first ones bring it into memory.
const ROUNDS: usize = 60;
const WARM_UP: usize = 5;
/// What a function may take, beside the one that does nothing.
const RATIO_MOST: f64 = 1.5;

fn main() {
    let binaries: Vec<_> = std::env::args_os().skip(1).collect();
    assert!(binaries.len() > 1, "usage: cold-start NOTHING FUNCTION..");
    let mut times = vec![Vec::new(); binaries.len()];
    for round in 0..WARM_UP + ROUNDS {
        for (binary, times) in binaries.iter().zip(&mut times) {
            let took = cold_start(Path::new(binary));
            if round >= WARM_UP {
                times.push(took);
            }
        }
    }
    let medians: Vec<Duration> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2]
        })
        .collect();
    println!("spawn to first `next`, median of {ROUNDS}, binaries in memory:");
    for (binary, median) in binaries.iter().zip(&medians) {
        let name = Path::new(binary).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        let verdict = if ratio <= RATIO_MOST { "met" } else { "missed" };
        println!(
            "{name:<28} {:>7.2} ms  {ratio:.2} x  (at most {RATIO_MOST} x: {verdict})",
            median.as_secs_f64() * 1e3
        );
    }
}

fn cold_start(binary: &Path) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let mut command = Command::new(binary);
    command.env_clear().env("AWS_LAMBDA_RUNTIME_API", address).env("AWS_LAMBDA_FUNCTION_NAME", "bench");
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256").env("AWS_LAMBDA_FUNCTION_VERSION", "1");
    command.env("AWS_LAMBDA_LOG_GROUP_NAME", "group").env("AWS_LAMBDA_LOG_STREAM_NAME", "stream");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let stopwatch = Clock::stopwatch();
    let mut child = command.spawn().expect("the function starts");
    let (stream, _) = listener.accept().expect("a connection");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a request");
    let took = stopwatch.elapsed();
    assert!(line.contains("/invocation/next"), "{line}");
    let _ = child.kill();
    let _ = child.wait();
    took
}
