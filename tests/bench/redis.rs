//! Redis as the transport: commands per second beside those of the embedded one, and how fast a backlog goes after an
//! outage.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::report::median;
use crate::server::Server;
use crate::{Effort, load};

/// What Redis costs, and how fast an outage is forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redis {
    pub(crate) per_second: f64,
    pub(crate) memory_per_second: f64,
    /// Commands accepted while Redis was away.
    pub(crate) backlog: usize,
    /// From Redis answering again to everything at rest.
    pub(crate) gone_in_seconds: f64,
}

/// A Redis server of our own.
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn start(port: u16) -> Option<Self> {
        let port_text = port.to_string();
        let arguments = ["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let child = Command::new("redis-server").args(arguments).stdout(Stdio::null()).spawn().ok()?;
        let stopwatch = Clock::stopwatch();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(stopwatch.elapsed() < Duration::from_secs(10), "redis-server does not answer");
        }
        Some(Self { child, port })
    }

    fn on_a_free_port() -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        Self::start(port)
    }

    fn kill(mut self) -> u16 {
        self.child.kill().expect("redis-server can be ended");
        self.child.wait().expect("redis-server ended");
        self.port
    }
}

/// Measures; nothing where no `redis-server` is installed.
pub(crate) async fn run(directory: &Path, effort: Effort) -> Option<Redis> {
    let Some(redis) = Process::on_a_free_port() else {
        eprintln!("SKIPPED: the Redis figures because redis-server is not installed");
        return None;
    };
    let url = format!("redis://127.0.0.1:{}/0", redis.port);
    let flags = ["--transport", "redis", "--redis-url", &url];
    // Turn by turn, so that both meet the same moods of the machine.
    let over_redis = Server::start(&directory.join("redis"), &flags);
    let over_memory = Server::start(&directory.join("memory"), &[]);
    let (mut redis_rates, mut memory_rates) = (Vec::new(), Vec::new());
    for _ in 0..effort.repetitions {
        redis_rates.push(load::commands(&over_redis, 64, effort.seconds).await);
        memory_rates.push(load::commands(&over_memory, 64, effort.seconds).await);
    }
    load::verify(&over_redis).await;
    over_memory.stop();
    over_redis.stop();

    let server = Server::start(&directory.join("outage"), &flags);
    let port = redis.kill();
    let backlog = accept(&server, 10_000).await;
    let redis = Process::start(port).expect("redis-server starts again");
    let stopwatch = Clock::stopwatch();
    wait_for_rest(&server).await;
    let gone_in_seconds = stopwatch.elapsed().as_secs_f64();
    server.stop();
    redis.kill();
    let (per_second, memory_per_second) = (median(&mut redis_rates), median(&mut memory_rates));
    Some(Redis { per_second, memory_per_second, backlog, gone_in_seconds })
}

/// Opens `count` threads without waiting for any; how many were accepted.
async fn accept(server: &Server, count: usize) -> usize {
    const CONNECTIONS: usize = 64;
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(server).await;
        clients.spawn(async move {
            for _ in 0..count.div_ceil(CONNECTIONS) {
                let (status, _) = connection.post("/api/v1/forum/threads?wait=0", load::OPEN).await;
                assert_eq!(status, 202, "accepted while the transport is away");
            }
        });
    }
    clients.join_all().await;
    count.div_ceil(CONNECTIONS) * CONNECTIONS
}

async fn wait_for_rest(server: &Server) {
    let mut connection = Connection::open(server).await;
    loop {
        let (_, body) = connection.get("/api/v1/health").await;
        let health: Value = serde_json::from_slice(&body).expect("JSON");
        let waiting: i64 = ["pending_count", "processing_count", "failed_count"]
            .iter()
            .filter_map(|name| health["outbox"][name].as_i64())
            .sum();
        if waiting == 0 && server.metric("agentforum_commands_pending").await == 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    crate::replays::wait_for_lag_zero(server).await;
}
