//! The end of a server, as its streams see it.

use tests::system::{Setup, System, question};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::{Socket, Sse, open_threads};

// LOG-20, LIFECYCLE-7
#[tokio::test]
async fn a_shutdown_closes_sockets_with_1001_and_ends_event_streams() {
    let system = System::running().await;
    open_threads(&system, 1, "T-1").await;
    let mut socket = Socket::connect(&system, "").await;
    let mut stream = Sse::connect(&system.owner, "?after=0").await;
    socket.events(1).await;
    stream.events(1).await;
    let (closed, ended, setup) = tokio::join!(socket.next(), stream.block(), system.stop());
    let frame = closed.expect_err("the socket ends").expect("with a close frame");
    assert_eq!(frame.code, CloseCode::Away);
    assert_eq!(ended, None, "the event stream ends in order");
    let left: Vec<_> = std::fs::read_dir(setup.database().parent().expect("a directory"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.starts_with("server."))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

// LOG-20: no second log on disk
#[tokio::test]
async fn the_database_is_the_only_log_on_disk() {
    let system = Setup::running().start().await;
    let mut socket = Socket::connect(&system, "").await;
    assert_eq!(system.owner.post("/api/v1/forum/threads", &question("Once")).await.status, 201);
    socket.events(1).await;
    let mut names: Vec<_> = std::fs::read_dir(system.state())
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            ".gitignore",
            "agentforum.db",
            "agentforum.db-shm",
            "agentforum.db-wal",
            "agentforum.db.lock",
            "local.key",
            "server.pid",
            "server.port",
            "server.runtime.json",
        ]
    );
    system.stop().await;
}
