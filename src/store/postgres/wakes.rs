//! Wake-ups between replicas: NOTIFY from whoever made work, LISTEN for whoever does it.
//!
//! Guarantees: nothing depends on them; at most a few a second are sent, never within the
//! transaction that made the work (a NOTIFY makes all commits queue). Behind a pooler that shares
//! connections out by transaction nothing is heard: that is noticed, and polling does.
//! Does not know: who waits.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, broadcast};
use tokio_postgres::{AsyncMessage, Config};

use super::{
    pools::Pools,
    tls::Tls,
    value::{Text, Value as _},
};
use crate::store::{StoreError, StoreResult, Wake};

/// Between two wake-ups that are sent.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two tries to listen.
const AGAIN: Duration = Duration::from_secs(2);
/// How long the own wake-up may take to come back before nothing is believed to be heard.
const ECHO_MAX: Duration = Duration::from_secs(10);
/// How long nobody listens then.
const DEAF_FOR: Duration = Duration::from_mins(10);

/// Everything that can be said, by bit.
const ALL: [(Wake, u8); 3] = [(Wake::Events, 1), (Wake::Jobs, 2), (Wake::Rulebook, 4)];

/// What is to be said and what was heard.
pub struct Wakes {
    heard: broadcast::Sender<Wake>,
    to_say: AtomicU8,
    something: Notify,
    /// The process of the server that listens for us: what comes from here is our own.
    me: AtomicI64,
    has_echo: AtomicBool,
}

impl Wakes {
    /// Nothing said, nothing heard.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            heard: broadcast::channel(64).0,
            to_say: AtomicU8::new(0),
            something: Notify::new(),
            me: AtomicI64::new(0),
            has_echo: AtomicBool::new(false),
        })
    }

    /// Tells the other replicas, soon.
    pub fn say(&self, wake: Wake) {
        let bit = ALL.iter().find(|(known, _)| *known == wake).map_or(0, |(_, bit)| *bit);
        if self.to_say.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            self.something.notify_one();
        }
    }

    /// What others say from now on.
    #[must_use]
    pub fn heard(&self) -> broadcast::Receiver<Wake> {
        self.heard.subscribe()
    }

    /// Sends what is to be said, until the runtime ends.
    pub async fn talk(self: Arc<Self>, pools: Pools) {
        loop {
            self.something.notified().await;
            let bits = self.to_say.swap(0, Ordering::Relaxed);
            let said = format!("{} {bits}", self.me.load(Ordering::Relaxed));
            // Unsaid when the server is not there: whoever waits polls.
            let _ = pools.notify(&said).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Listens, again and again, until the runtime ends.
    pub async fn listen(self: Arc<Self>, config: Config, tls: Tls) {
        loop {
            let ended = match &tls {
                Tls::Off => self.hear(config.connect(tokio_postgres::NoTls).await).await,
                Tls::On(tls) => self.hear(config.connect(tls.clone()).await).await,
            };
            let pause = match ended {
                Ok(()) => {
                    tracing::info!(
                        "no wake-ups come from other replicas (a pooler is between): polling does"
                    );
                    DEAF_FOR
                }
                Err(error) => {
                    tracing::debug!(%error, "wake-ups of other replicas are not heard; again soon");
                    AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Hears on one connection until it ends, or until it is clear that nothing comes.
    async fn hear<S, T>(
        &self,
        connected: Result<
            (tokio_postgres::Client, tokio_postgres::Connection<S, T>),
            tokio_postgres::Error,
        >,
    ) -> StoreResult<()>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
        T: tokio_postgres::tls::TlsStream + Unpin,
    {
        let (client, mut connection) = connected?;
        self.has_echo.store(false, Ordering::Relaxed);
        let hears = async {
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notification(said))) => self.note(said.payload()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return StoreError::from(error),
                    None => return StoreError::Busy("the connection ended".to_owned()),
                }
            }
        };
        let asks = async {
            client.batch_execute("LISTEN handoff").await?;
            let row = client.query_typed_one("SELECT pg_backend_pid()::bigint", &[]).await?;
            self.me.store(row.try_get(0)?, Ordering::Relaxed);
            self.to_say.fetch_or(1, Ordering::Relaxed);
            self.something.notify_one();
            tokio::time::sleep(ECHO_MAX).await;
            if self.has_echo.load(Ordering::Relaxed) {
                return std::future::pending::<StoreResult<()>>().await;
            }
            client.batch_execute("UNLISTEN *").await?;
            Ok(())
        };
        tokio::select! {
            error = hears => Err(error),
            deaf = asks => deaf,
        }
    }

    fn note(&self, payload: &str) {
        let Some((from, bits)) = payload.split_once(' ') else { return };
        if from.parse() == Ok(self.me.load(Ordering::Relaxed)) {
            self.has_echo.store(true, Ordering::Relaxed);
            return;
        }
        let bits: u8 = bits.parse().unwrap_or(u8::MAX);
        for (wake, bit) in ALL {
            if bits & bit != 0 {
                // Nobody may listen yet.
                let _ = self.heard.send(wake);
            }
        }
    }
}

impl Pools {
    /// Says something to all that listen.
    async fn notify(&self, said: &str) -> StoreResult<()> {
        let said = Text::from(said);
        self.alone("SELECT pg_notify('handoff', $1)", &[said.bound()]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_heard_and_the_own_echo_is_not() {
        let wakes = Wakes::new();
        let mut heard = wakes.heard();
        wakes.me.store(7, Ordering::Relaxed);
        wakes.note("7 7");
        assert!(heard.try_recv().is_err() && wakes.has_echo.load(Ordering::Relaxed));
        wakes.note("8 3");
        assert_eq!(heard.try_recv(), Ok(Wake::Events));
        assert_eq!(heard.try_recv(), Ok(Wake::Jobs));
        wakes.note("nonsense");
        assert!(heard.try_recv().is_err());
    }
}
