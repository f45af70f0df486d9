//! The HTTP server: one listener, bounded connections and headers, and an end in two steps: first requests, then
//! streams.

mod connected;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::resource::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use connected::Connected;

/// A request's head must be complete within this time.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest request head, in bytes; smaller than this hyper does not allow.
const HEAD_BYTES: usize = 16 * 1024;
/// The most connections that are served at once, streams too.
const CONNECTIONS: usize = 10_000;
/// How long connections may take to end once their streams have ended.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// A server that accepts until it is told to stop.
pub(crate) struct Server {
    stop: CancellationToken,
    busy: Arc<Busy>,
    accepting: JoinHandle<()>,
    connections: TaskTracker,
}

/// Requests whose handlers have not answered yet. A stream counts only until it begins.
#[derive(Default)]
struct Busy {
    requests: AtomicUsize,
    idle: Notify,
}

struct InFlight(Arc<Busy>);

impl InFlight {
    fn begin(busy: &Arc<Busy>) -> Self {
        busy.requests.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(busy))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Server {
    /// Serves `router` on `listener`.
    pub(crate) fn start(listener: TcpListener, router: Router) -> Self {
        Self::bounded(listener, router, most_connections())
    }

    /// Serves `router` on `listener`, at most so many connections at once; further ones wait to be accepted.
    fn bounded(listener: TcpListener, router: Router, most: usize) -> Self {
        let (stop, busy) = (CancellationToken::new(), Arc::<Busy>::default());
        let connections = TaskTracker::new();
        let acceptor = Acceptor {
            router,
            stop: stop.clone(),
            busy: Arc::clone(&busy),
            connections: connections.clone(),
            room: Arc::new(Semaphore::new(most)),
        };
        let accepting = tokio::spawn(acceptor.accept(listener));
        Self { stop, busy, accepting, connections }
    }

    /// Stops accepting and waits for open requests, at most `limit`. Streams go on.
    pub(crate) async fn finish_requests(self, limit: Duration) -> Streams {
        self.stop.cancel();
        let busy = Arc::clone(&self.busy);
        let idle = async {
            loop {
                let notified = busy.idle.notified();
                if busy.requests.load(Ordering::SeqCst) == 0 {
                    return;
                }
                notified.await;
            }
        };
        if tokio::time::timeout(limit, idle).await.is_err() {
            tracing::warn!("requests were still open at the end of the shutdown time");
        }
        if let Err(error) = self.accepting.await {
            tracing::warn!(%error, "the acceptor did not end by itself");
        }
        self.connections.close();
        Streams { connections: self.connections }
    }
}

/// How many connections are served at once. Half of the files that may be open are left for the database, and for what
/// is asked elsewhere.
fn most_connections() -> usize {
    let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    usize::try_from(files / 2).unwrap_or(usize::MAX).clamp(1, CONNECTIONS)
}

/// Connections that are left when requests have ended.
pub(crate) struct Streams {
    connections: TaskTracker,
}

impl Streams {
    /// Waits until the connections have ended; their streams must have been ended before.
    pub(crate) async fn finish(self) {
        // A client that never reads its last bytes does not hold up the shutdown.
        let _ = tokio::time::timeout(LAST_BYTES, self.connections.wait()).await;
    }
}

/// Takes connections and serves each in a task of its own.
struct Acceptor {
    router: Router,
    stop: CancellationToken,
    busy: Arc<Busy>,
    connections: TaskTracker,
    room: Arc<Semaphore>,
}

impl Acceptor {
    async fn accept(self, listener: TcpListener) {
        loop {
            // Room first: who is not accepted waits outside, and costs nothing here.
            let room = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                room = Arc::clone(&self.room).acquire_owned() => room,
            };
            let Ok(room) = room else { return };
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => self.serve(socket, peer, room),
                Err(error) => {
                    // Out of file descriptors, for example: others must close first.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn serve(&self, socket: TcpStream, peer: SocketAddr, room: OwnedSemaphorePermit) {
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a connection could not be set to send at once");
        }
        let (router, busy, stop) = (self.router.clone(), Arc::clone(&self.busy), self.stop.clone());
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let (router, in_flight) = (router.clone(), InFlight::begin(&busy));
            let mut request = request.map(Body::new);
            // Who asks from this very machine may need no key.
            request.extensions_mut().insert(ConnectInfo(peer));
            async move {
                let answer = router.oneshot(request).await;
                drop(in_flight);
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(Connected::new(socket, room)), service)
            .with_upgrades();
        self.connections.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    // What is being answered, a stream too, goes on to its end; an idle connection ends now.
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

#[cfg(test)]
mod tests;
