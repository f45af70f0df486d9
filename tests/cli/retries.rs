//! A command line between a server and a network that fails: one effect, however often it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tests::system::System;
use tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::command::Shell;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// The server is never asked: 503 with `Retry-After`.
    Busy,
    /// The server answers, and the answer is lost with the connection.
    Dropped,
    /// All is well.
    Whole,
}

/// A network in front of `server` that treats its connections as `fates` say, and those after them well. Its address, and
/// how many connections there were.
async fn network(server: &str, fates: &'static [Fate]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    let server = server.strip_prefix("http://").expect("an address").to_owned();
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let fate = fates.get(counted.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(Fate::Whole);
            tokio::spawn(carry(client, server.clone(), fate));
        }
    });
    (address, count)
}

async fn carry(mut client: TcpStream, server: String, fate: Fate) {
    if fate == Fate::Busy {
        let mut request = [0; 4096];
        let _ = client.read(&mut request).await;
        let body = r#"{"type":"about:blank","title":"busy","status":503,"code":"store_busy"}"#;
        let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 0\r\nconnection: close";
        let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let _ = client.write_all(answer.as_bytes()).await;
        return;
    }
    let mut server = TcpStream::connect(server).await.expect("the server");
    if fate == Fate::Dropped {
        let (mut from_client, _to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let mut answer = [0; 1];
        tokio::select! {
            _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            // The first byte of the answer says that the server has done it.
            _ = from_server.read(&mut answer) => {}
        }
        return;
    }
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

async fn asked_through(fates: &'static [Fate]) {
    let system = System::running().await;
    let (address, connections) = network(&system.harness.url, fates).await;
    let shell = Shell::at(&address, &system.database());
    let asked = shell.run(&["forum", "ask", "--title", "Once", "--ticket", "T-1", "Only once?"]).await;
    assert_eq!(asked.code, Some(0), "{fates:?}: {}", asked.stderr);
    assert!(asked.stdout.starts_with("thr_"), "{}", asked.stdout);
    assert_eq!(connections.load(Ordering::SeqCst), fates.len() + 1, "{fates:?}");
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1, "{fates:?}");
    assert_eq!(system.number("SELECT count(*) FROM threads").await, 1, "{fates:?}");
    let key = "SELECT length(idempotency_key) FROM commands";
    assert_eq!(system.number(key).await, 32, "it was sent under a key of the client's");
    system.stop().await;
}

// CLI-4
#[tokio::test]
async fn a_lost_answer_and_a_busy_server_lead_to_one_effect() {
    asked_through(&[Fate::Busy]).await;
    asked_through(&[Fate::Dropped]).await;
    asked_through(&[Fate::Busy, Fate::Dropped, Fate::Dropped, Fate::Busy]).await;
}

// CLI-4
#[tokio::test]
async fn a_given_idempotency_key_is_the_one_that_is_sent() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let ask = ["forum", "ask", "--title", "Mine", "--ticket", "T-1", "--idempotency-key", "my-key", "Once?"];
    let first = shell.say(&ask).await;
    assert_eq!(shell.say(&ask).await, first, "the second one finds the first");
    assert_eq!(system.rows("SELECT idempotency_key FROM commands").await, [["my-key"]]);
    system.stop().await;
}
