//! Senders that post at two replicas as marketing tools do behind a load balancer: whoever is not
//! answered 2xx tries the other one.
//!
//! Guarantees: what counts as acknowledged was answered 200; how long each request took is known.
//! Does not know: what is done to the replicas meanwhile.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use handoff::clock::{Clock as _, SystemClock};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::harness::website;

/// What was sent and what was answered.
#[derive(Default)]
pub struct Sent {
    /// Public ids of acknowledged events, by delivery.
    pub acknowledged: Mutex<BTreeMap<u64, uuid::Uuid>>,
    /// Acknowledged twice with two ids.
    pub twice: AtomicU64,
    /// Requests that were not answered 2xx, by status; 0 is none at all.
    pub refused: Mutex<BTreeMap<u16, u64>>,
    /// Deliveries that neither replica took at the first try.
    pub unserved: AtomicU64,
    /// The longest request to a replica that ran all the while, in milliseconds.
    pub longest_ms: AtomicU64,
    /// The longest one to a replica that was frozen meanwhile: it cannot answer.
    pub frozen_ms: AtomicU64,
    /// By port, how often it was frozen or let go on: odd while it is frozen.
    frozen: Mutex<BTreeMap<u16, u64>>,
    next: AtomicU64,
    is_over: AtomicBool,
}

/// Senders at work.
pub struct Senders {
    pub sent: Arc<Sent>,
    tasks: JoinSet<()>,
}

impl Senders {
    /// Starts so many, which post until they are stopped or have posted `count`; of each hundred
    /// deliveries `doubled` go to both replicas at once. A pause in between keeps the load even.
    pub fn start(
        ports: [u16; 2],
        senders: usize,
        count: u64,
        doubled: u64,
        pause: Duration,
    ) -> Self {
        let sent = Arc::new(Sent::default());
        let mut tasks = JoinSet::new();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
        let http = client.expect("a client");
        for _ in 0..senders {
            let (sent, http) = (Arc::clone(&sent), http.clone());
            tasks.spawn(async move {
                while !sent.is_over.load(Ordering::Relaxed) {
                    let number = sent.next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let first = usize::try_from(number % 2).expect("0 or 1");
                    if number % 100 < doubled {
                        let (near, far) = (ports[first], ports[1 - first]);
                        tokio::join!(sent.post(&http, near, number), sent.post(&http, far, number));
                    }
                    sent.deliver(&http, [ports[first], ports[1 - first]], number).await;
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            });
        }
        Self { sent, tasks }
    }

    /// Waits until all have posted what they were to.
    pub async fn done(mut self) -> Arc<Sent> {
        while self.tasks.join_next().await.is_some() {}
        self.sent
    }

    /// Tells them to stop, and waits.
    pub async fn stop(self) -> Arc<Sent> {
        self.sent.is_over.store(true, Ordering::Relaxed);
        self.done().await
    }
}

impl Sent {
    /// Posts a delivery until somebody takes it, at one replica and then at the other.
    async fn deliver(&self, http: &reqwest::Client, ports: [u16; 2], number: u64) {
        if self.acknowledged.lock().unwrap().contains_key(&number) {
            return;
        }
        for round in 0.. {
            for port in ports {
                if self.post(http, port, number).await {
                    return;
                }
            }
            if round == 0 {
                self.unserved.fetch_add(1, Ordering::Relaxed);
            }
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The replica at this port is frozen from now on, or goes on.
    pub fn turn(&self, port: u16) {
        *self.frozen.lock().unwrap().entry(port).or_default() += 1;
    }

    fn turns(&self, port: u16) -> u64 {
        self.frozen.lock().unwrap().get(&port).copied().unwrap_or(0)
    }

    /// Posts once; whether it was acknowledged.
    async fn post(&self, http: &reqwest::Client, port: u16, number: u64) -> bool {
        let uri = format!("http://127.0.0.1:{port}/in/website");
        let body = format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#);
        let delivery = format!("msg_{number}");
        let mut request = http.post(&uri).header("content-type", "application/json");
        let now = SystemClock::new().now();
        for (name, value) in website().sign("POST", &uri, body.as_bytes(), now, &delivery) {
            request = request.header(name, value);
        }
        let (turns, began) = (self.turns(port), Instant::now());
        let answer = request.body(body).send().await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let has_run = turns % 2 == 0 && turns == self.turns(port);
        let longest = if has_run { &self.longest_ms } else { &self.frozen_ms };
        longest.fetch_max(took, Ordering::Relaxed);
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let text = match answer {
            Ok(answer) if status == 200 => answer.text().await.ok(),
            _ => None,
        };
        let said: Option<serde_json::Value> =
            text.and_then(|text| serde_json::from_str(&text).ok());
        let Some(said) = said else {
            *self.refused.lock().unwrap().entry(status).or_default() += 1;
            return false;
        };
        let id = serde_json::from_value(said["events"][0].clone()).expect("an id");
        let before = self.acknowledged.lock().unwrap().insert(number, id);
        if before.is_some_and(|before| before != id) {
            self.twice.fetch_add(1, Ordering::Relaxed);
        }
        true
    }

    /// How many were acknowledged.
    pub fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// How many of them are not among these public ids of events.
    pub fn lost_in(&self, stored: &std::collections::BTreeSet<uuid::Uuid>) -> usize {
        self.acknowledged.lock().unwrap().values().filter(|id| !stored.contains(id)).count()
    }
}
