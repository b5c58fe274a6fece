//! A stand-in for a mail server: it takes any mail and keeps it.
//!
//! Guarantees: it listens on this machine only, and reads no more than 1 MiB of a mail.
//! Does not know: TLS, sign-in, delivery. The tests of our mail talk to a real server instead.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::Arrivals;

/// The longest line that is read, and the longest mail.
const LINE_MAX: u64 = 4_096;
const MAIL_MAX: usize = 1 << 20;

/// A mail as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// Its recipients.
    pub to: Vec<String>,
    /// Headers and body.
    pub content: String,
}

/// The stand-in. It stops when it is dropped.
#[derive(Debug)]
pub struct MailSink {
    address: SocketAddr,
    mails: Arc<Arrivals<Received>>,
    server: JoinHandle<()>,
}

impl MailSink {
    /// Starts it on a free port of this machine. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mails = Arc::new(Arrivals::default());
        let shared = Arc::clone(&mails);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mails = Arc::clone(&shared);
                // A guest who leaves in the middle has sent no mail.
                tokio::spawn(async move { drop(converse(stream, &mails).await) });
            }
        });
        Ok(Self { address, mails, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has arrived.
    #[must_use]
    pub fn mails(&self) -> &Arrivals<Received> {
        &self.mails
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn converse(stream: TcpStream, mails: &Arrivals<Received>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut mail = Received { from: String::new(), to: Vec::new(), content: String::new() };
    write.write_all(b"220 localhost a stand-in for a mail server\r\n").await?;
    loop {
        let line = line(&mut read).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-localhost\r\n250 8BITMIME\r\n",
            "MAIL" => {
                mail = Received { from: path(&line), to: Vec::new(), content: String::new() };
                "250 2.1.0 ok\r\n"
            }
            "RCPT" => {
                mail.to.push(path(&line));
                "250 2.1.5 ok\r\n"
            }
            "DATA" if mail.to.is_empty() => "503 5.5.1 first a recipient\r\n",
            "DATA" => {
                write.write_all(b"354 end with a dot\r\n").await?;
                mail.content = content(&mut read).await?;
                mails.push(mail.clone());
                "250 2.0.0 kept\r\n"
            }
            "HELO" | "RSET" | "NOOP" => "250 2.0.0 ok\r\n",
            "QUIT" => {
                return write.write_all(b"221 2.0.0 bye\r\n").await;
            }
            _ => "502 5.5.1 not by a stand-in\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
}

/// One line without its end.
async fn line(read: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<String> {
    let mut bytes = Vec::new();
    read.take(LINE_MAX).read_until(b'\n', &mut bytes).await?;
    if !bytes.ends_with(b"\n") {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

/// All lines up to the one with a single dot; a doubled dot in front is one dot (RFC 5321, 4.5.2).
async fn content(read: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<String> {
    let mut content = String::new();
    loop {
        let line = line(read).await?;
        if line == "." {
            return Ok(content);
        }
        if content.len() + line.len() > MAIL_MAX {
            return Err(io::Error::other("a mail of more than 1 MiB"));
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
        content.push_str("\r\n");
    }
}

/// What stands between `<` and `>`.
fn path(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(String::new(), |(path, _)| path.to_owned())
}
