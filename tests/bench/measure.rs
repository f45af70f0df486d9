//! What the machine says: the disk's sync, a process's memory and time.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use shared::clock::Clock;

/// p50 and p99 in milliseconds of writing 4 KiB and syncing it.
pub(crate) fn fsync(directory: &Path) -> (f64, f64) {
    let mut file = File::create(directory.join("fsync")).expect("a file");
    let mut taken: Vec<f64> = (0..500)
        .map(|_| {
            let stopwatch = Clock::stopwatch();
            file.write_all(&[7; 4096]).expect("4 KiB");
            file.sync_data().expect("a sync");
            stopwatch.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    (taken[taken.len() / 2], taken[taken.len() * 99 / 100])
}

/// Resident memory in KiB.
pub(crate) fn resident_kib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Ticks of user and system time that a process has had; 100 are a second on Linux.
pub(crate) fn ticks(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let after = stat.rsplit(')').next().expect("its figures");
    after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
}

/// Share of one core in percent, and resident memory in MiB, over `seconds` without a request.
pub(crate) async fn idle(pid: u32, seconds: u64) -> (f64, f64) {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, stopwatch) = (ticks(pid), Clock::stopwatch());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    ((ticks(pid) - before) / stopwatch.elapsed().as_secs_f64(), resident_kib(pid) / 1024.0)
}

/// Lets this process and its children open many sockets.
pub(crate) fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit of open files");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the limit can be raised to its maximum");
}
