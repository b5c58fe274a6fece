//! HTTP/1.1 over one connection, as plain as it gets, so that thousands of senders cost little.
//!
//! Guarantees: what is read is one whole answer. Does not know: chunks; the daemon sends lengths.

use std::io;

use handoff::{clock::Clock as _, clock::SystemClock};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::harness::website;

/// A signed fill, ready to be sent.
pub struct Post(Vec<u8>);

impl Post {
    /// Signs this body of the source `website` now.
    pub fn new(port: u16, body: &str, delivery: &str) -> Self {
        let uri = format!("http://127.0.0.1:{port}/in/website");
        let now = SystemClock::new().now();
        let mut text = format!(
            "POST /in/website HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in website().sign("POST", &uri, body.as_bytes(), now, delivery) {
            for part in [name.as_str(), ": ", value.as_str(), "\r\n"] {
                text.push_str(part);
            }
        }
        text.push_str("\r\n");
        text.push_str(body);
        Self(text.into_bytes())
    }
}

/// One connection.
pub struct Wire(BufReader<TcpStream>);

impl Wire {
    /// Connects to a daemon on this machine.
    pub async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a post and reads the answer: the status and the body.
    pub async fn send(&mut self, post: &Post) -> io::Result<(u16, Vec<u8>)> {
        self.0.write_all(&post.0).await?;
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut length = 0;
        loop {
            line.clear();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok((status, body))
    }
}

/// The public id of the first event in an answer.
pub fn event_of(body: &[u8]) -> uuid::Uuid {
    let answer: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    serde_json::from_value(answer["events"][0].clone()).expect("an id")
}
