//! What a list and a search cost when there are many threads, beside what they cost when there are few.

use std::path::Path;

use shared::clock::Clock;

use crate::client::Connection;
use crate::history;
use crate::replays::wait_for_lag_zero;
use crate::report::median;
use crate::server::Server;

/// The requests, each of which every size answers with full pages.
const REQUESTS: [(&str, &str); 5] = [
    ("first page of the list", "/api/v1/forum/threads?limit=50"),
    ("one ticket's threads", "/api/v1/forum/threads?limit=50&ticket=BENCH-7"),
    ("queue of the unanswered", "/api/v1/forum/queues?type=unanswered&limit=50"),
    ("search for a word of twenty threads", "/api/v1/forum/search?query=unicorns&limit=20"),
    ("search for a word of every thread", "/api/v1/forum/search?query=steps&limit=20"),
];

/// Median milliseconds of each request, with few threads and with many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) few: usize,
    pub(crate) many: usize,
    pub(crate) times: [(&'static str, f64, f64); REQUESTS.len()],
}

/// Measures every request over `few` and over `many` threads.
pub(crate) async fn run(directory: &Path, few: usize, many: usize) -> Scale {
    let with_few = times(&directory.join("few"), few).await;
    let with_many = times(&directory.join("many"), many).await;
    let mut times = REQUESTS.map(|(what, _)| (what, 0.0, 0.0));
    for (index, slot) in times.iter_mut().enumerate() {
        (slot.1, slot.2) = (with_few[index], with_many[index]);
    }
    Scale { few, many, times }
}

async fn times(directory: &Path, threads: usize) -> [f64; REQUESTS.len()] {
    history::fill(directory, threads, 1).await;
    let server = Server::start(directory, &[]);
    wait_for_lag_zero(&server).await;
    let mut connection = Connection::open(&server).await;
    let mut medians = [0.0; REQUESTS.len()];
    for (median_of_request, (_, path)) in medians.iter_mut().zip(REQUESTS) {
        let mut taken = Vec::new();
        for round in 0..220 {
            let stopwatch = Clock::stopwatch();
            let (status, _) = connection.get(path).await;
            assert_eq!(status, 200, "{path}");
            // The first ones fill caches.
            if round >= 20 {
                taken.push(stopwatch.elapsed().as_secs_f64() * 1e3);
            }
        }
        *median_of_request = median(&mut taken);
    }
    server.stop();
    medians
}
