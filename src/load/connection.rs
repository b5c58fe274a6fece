//! One keep-alive connection: a request's bytes out, an answer in.
//!
//! Guarantees: the whole answer is read before the next request; an answer has a deadline.
//! Does not know: what is asked. It understands the answers of a daemon (a content length), no
//! more: a client that did more would take the processor from the server under test.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const ANSWER_MAX: usize = 64 * 1024;

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4096) })
    }

    /// Sends a request; answers the status, and whether the connection is still good.
    pub async fn ask(&mut self, wire: &[u8]) -> io::Result<(u16, bool)> {
        self.stream.write_all(wire).await?;
        self.read.clear();
        timeout(PATIENCE, self.answer()).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    async fn answer(&mut self) -> io::Result<(u16, bool)> {
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = head(&self.read)? {
                while self.read.len() < head.whole {
                    if self.stream.read_buf(&mut self.read).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                return Ok((head.status, head.keeps));
            }
            if self.read.len() > ANSWER_MAX {
                return Err(io::Error::other("the answer's head is too long"));
            }
        }
    }
}

struct Head {
    status: u16,
    whole: usize,
    keeps: bool,
}

/// The head of an answer, when it is whole.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut answer = httparse::Response::new(&mut headers);
    let length = match answer.parse(bytes).map_err(io::Error::other)? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    let status = answer.code.unwrap_or(0);
    let named = |name: &str| {
        answer
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let body: usize = match named("content-length").map(str::parse) {
        Some(Ok(body)) if body <= ANSWER_MAX => body,
        None => 0,
        Some(_) => return Err(io::Error::other("an answer of an unreadable length")),
    };
    let keeps = !named("connection").is_some_and(|word| word.eq_ignore_ascii_case("close"));
    Ok(Some(Head { status, whole: length + body, keeps }))
}
