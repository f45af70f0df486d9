//! A plain HTTP/1.1 client on one connection: cheap enough not to be what is measured.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

/// A kept-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    key: String,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).await.expect("the server accepts");
        stream.set_nodelay(true).expect("small requests go out at once");
        Self { stream, key: server.key.clone(), buffer: Vec::with_capacity(4096) }
    }

    pub(crate) async fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let head = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\r\n", self.key);
        self.exchange(head.as_bytes()).await
    }

    /// Posts JSON text and reads the answer.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> (u16, Vec<u8>) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        self.exchange(head.as_bytes()).await
    }

    async fn exchange(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.expect("the request goes out");
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer");
            assert!(read > 0, "the server hung up");
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
        let length = length.expect("answers say their length");
        while self.buffer.len() < head + length {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("a body");
            assert!(read > 0, "the server hung up");
        }
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, self.buffer[head..head + length].to_vec())
    }
}

/// The thread that an answer shows.
pub(crate) fn thread_id(body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).expect("JSON");
    answer["thread"]["thread_id"].as_str().expect("a thread").to_owned()
}
