//! The security rules, each with a test that bears its number: S1 to S26 of the house, and the
//! promise that nothing from the network can panic, hang or overflow the process.
//!
//! Guarantees: whole daemons over real sockets, with bytes that no HTTP client would send.
//! Does not know: rules that are proved beside the code (S15 is in `src/outbound`).

mod body;
mod bounds;
mod errors;
mod flood;
mod input;
mod links;
mod log;
mod markup;
mod process;
mod rotation;
mod slow;
mod smuggling;
mod supply;
mod timing;
mod verify;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use handoff::{
    app::Parts,
    intake::{Kind, Scheme, Secret, SourceSettings},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Config, Plant, Tune};

/// A fill.
pub const BODY: &str = r#"{"data":{"email":"eva@linden.example"}}"#;
/// The secret of every source that [`scheme`] makes.
pub const SECRET: &str = "user:s3cret-of-some-length";

/// A source of this kind with this secret.
pub fn scheme(kind: Kind, secrets: &[&str]) -> Scheme {
    let mut settings = SourceSettings::new(kind);
    if kind == Kind::Hmac {
        settings.signature_header = Some("x-signature".into());
    }
    let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
    Scheme::compile(&settings, &secrets).expect("the secrets are good")
}

/// The secret that a source of this kind takes.
pub fn secret_of(kind: Kind) -> &'static str {
    match kind {
        Kind::StandardWebhooks | Kind::Svix => crate::harness::SECRET,
        _ => SECRET,
    }
}

/// A plant whose parts were changed.
pub async fn tuned(change: impl Fn(&mut Parts) + Send + Sync + 'static) -> Plant {
    let tune: Tune = Arc::new(change);
    Plant::start(Config { tune: Some(tune), ..Config::default() }).await
}

/// A plant with a source of every kind, named by it.
pub async fn of_every_kind() -> Plant {
    tuned(|parts| {
        for kind in Kind::ALL {
            parts.sources.insert(kind.word().to_owned(), scheme(kind, &[secret_of(kind)]));
        }
    })
    .await
}

/// Posts these headers and this body; the status.
pub async fn post(plant: &Plant, path: &str, headers: &[(String, String)], body: &str) -> u16 {
    let mut request = plant.http.post(plant.url(path)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

/// Writes bytes to a fresh connection, says that there are no more, and reads what comes back
/// until the other side closes or three seconds pass.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    // It may close before it has read all.
    let _ = socket.write_all(bytes).await;
    let _ = socket.shutdown().await;
    read(&mut socket, Duration::from_secs(3)).await
}

/// Reads until the other side closes or falls silent for so long.
pub async fn read(socket: &mut TcpStream, silence: Duration) -> String {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    while let Ok(Ok(length)) = tokio::time::timeout(silence, socket.read(&mut buffer)).await {
        if length == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// The statuses of the answers in what was read.
pub fn statuses(text: &str) -> Vec<u16> {
    let found = text.split("HTTP/1.1 ").skip(1);
    found.filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

/// Whether the daemon still serves.
pub async fn serves(plant: &Plant) -> bool {
    let answer = plant.http.get(plant.url("/health/live")).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// A line of the metrics page that begins so, if there is one.
pub async fn metric(plant: &Plant, beginning: &str) -> Option<String> {
    let page = plant.http.get(plant.url("/metrics")).send().await.expect("an answer");
    let page = page.text().await.expect("text");
    page.lines().find(|line| line.starts_with(beginning)).map(str::to_owned)
}
