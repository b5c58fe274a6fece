//! I27: no bytes from the network panic, hang or overflow the process.

use std::time::Duration;

use handoff::{clock::Clock as _, intake::form, model::event::Fate, store::EventFilter};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::Instant};

use super::{metric, post, raw, read, serves, statuses};
use crate::harness::{Config, Plant};

/// A generator that repeats itself from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap_or(0)
    }
}

/// It serves, and nothing fell.
async fn unharmed(plant: &Plant) {
    assert!(serves(plant).await);
    assert_eq!(
        metric(plant, "handoff_panics_total").await.as_deref(),
        Some("handoff_panics_total 0")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn i27_random_bytes_and_broken_requests_are_refused() {
    let plant = Plant::start(Config::default()).await;
    let address = plant.running().address;
    let good = "POST /in/website HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n\
                content-length: 2\r\n\r\n{}";
    let rounds = if std::env::var_os("HANDOFF_TEST_LONG").is_some() { 5_000 } else { 150 };
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..rounds {
        let mut random = Random(0x9e37_79b9 + round * 7_919);
        let bytes: Vec<u8> = if round % 3 == 0 {
            let length = random.below(4_096);
            (0..length).map(|_| random.next() as u8).collect()
        } else {
            // A good request with a few bytes changed, left out or said twice.
            let mut bytes = good.as_bytes().to_vec();
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.next() as u8,
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, bytes[at]),
                }
            }
            bytes
        };
        tasks.spawn(async move {
            let text = raw(address, &bytes).await;
            assert!(!text.contains("HTTP/1.1 200") && !text.contains("HTTP/1.1 500"), "{text}");
        });
        if tasks.len() >= 16 {
            tasks.join_next().await.expect("one").expect("no answer that should not be");
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no answer that should not be");
    }
    unharmed(&plant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i27_a_flood_of_headers_is_431() {
    let plant = Plant::start(Config::default()).await;
    let address = plant.running().address;
    let many = (0..200).map(|n| format!("x-h{n}: v\r\n")).collect::<Vec<_>>().concat();
    let long = format!("x-long: {}\r\n", "v".repeat(140 * 1024));
    let path = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "p".repeat(140 * 1024));
    for (name, bytes) in [
        ("many", format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n")),
        ("long", format!("GET / HTTP/1.1\r\nhost: x\r\n{long}\r\n")),
        ("a long path", path),
    ] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let _ = socket.write_all(bytes.as_bytes()).await;
        let text = read(&mut socket, Duration::from_secs(3)).await;
        let found = statuses(&text);
        // The rest of what was sent may lose us the answer; the connection is closed in any case.
        assert!(found.is_empty() || found == [431] || found == [414], "{name}: {found:?}");
    }
    // Without an end: the headers never close.
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let line = format!("x-a: {}\r\n", "v".repeat(1_000));
    let mut sent = 0;
    while sent < 16 << 20 && socket.write_all(line.as_bytes()).await.is_ok() {
        sent += line.len();
    }
    assert!(sent < 8 << 20, "it went on reading headers: {sent} bytes");
    unharmed(&plant).await;
}

/// Bodies that are odd, and whether they become a lead or are kept as rejected.
fn odd() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let with = |text: &str| {
        format!("{{\"data\":{{\"email\":\"odd@linden.example\",\"message\":\"{text}\"}}}}")
            .into_bytes()
    };
    let nested = |depth: usize| {
        let inner = format!("{}1{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        format!("{{\"data\":{inner}}}").into_bytes()
    };
    let keys = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("\"{n}\":1")).collect();
        format!("{{{}}}", all.join(",")).into_bytes()
    };
    vec![
        ("nothing", vec![], Fate::Rejected),
        ("depth 64", nested(64), Fate::Rejected),
        ("depth 127", nested(127), Fate::Rejected),
        ("depth 128", nested(128), Fate::Rejected),
        ("depth 5,000", nested(5_000), Fate::Rejected),
        ("only openings", vec![b'['; 1_000_000], Fate::Rejected),
        ("objects without end", "{\"a\":".repeat(100_000).into_bytes(), Fate::Rejected),
        ("100,000 keys", keys(100_000), Fate::Rejected),
        ("a NUL byte", vec![0], Fate::Rejected),
        ("an escaped NUL", with("a\\u0000b"), Fate::Opened),
        ("a lone surrogate", with("\\ud800"), Fate::Rejected),
        ("bidi marks", with("\u{202e}\u{2066}\u{200f}"), Fate::Opened),
        ("no UTF-8", b"{\"data\":{\"email\":\"\xff\xfe\"}}".to_vec(), Fate::Rejected),
        ("half a character", b"{\"data\":{\"email\":\"\xc3\"}}".to_vec(), Fate::Rejected),
        (
            "a huge number",
            br#"{"data":{"email":"odd@linden.example","employees":1e999}}"#.to_vec(),
            Fate::Rejected,
        ),
        (
            "a long number",
            format!(
                "{{\"data\":{{\"email\":\"odd@linden.example\",\"employees\":{}}}}}",
                "9".repeat(10_000)
            )
            .into_bytes(),
            Fate::Rejected,
        ),
        ("a text of 70 KiB", with(&"x".repeat(70_000)), Fate::Rejected),
        ("a form without end", "a[b]".repeat(20_000).into_bytes(), Fate::Rejected),
        ("10,001 pairs", "a=1&".repeat(10_001).into_bytes(), Fate::Rejected),
        ("deep brackets", format!("a{}=1", "[b]".repeat(5_000)).into_bytes(), Fate::Rejected),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn i27_odd_bodies_are_stored_answered_and_decided() {
    let plant = super::tuned(|parts| parts.body_max = 2 << 20).await;
    let mut taken = 0;
    for (number, (name, body, _)) in odd().into_iter().enumerate() {
        let uri = plant.url("/in/website");
        let id = format!("odd_{number}");
        let headers = crate::harness::website().sign("POST", &uri, &body, plant.clock.now(), &id);
        let mut request = plant.http.post(&uri).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let status = request.send().await.unwrap().status();
        assert_eq!(status, 200, "{name}: refused for what is in it");
        taken += 1;
    }
    plant.decided().await;
    let filter = EventFilter { max: 500, ..EventFilter::default() };
    let events = plant.store.events(filter).await.unwrap().rows;
    for (number, (name, _, fate)) in odd().into_iter().enumerate() {
        let id = format!("odd_{number}");
        let event = events.iter().find(|event| event.arrived.delivery == id).expect(name);
        let is_so = event.fate == fate || (fate == Fate::Opened && event.fate == Fate::Joined);
        assert!(is_so, "{name}: {:?} {:?}", event.fate, event.reason);
        if event.fate == Fate::Rejected {
            assert!(event.reason.as_deref().is_some_and(|why| !why.is_empty()), "{name}");
        }
    }
    assert_eq!(events.len(), taken);
    plant.books_balance().await;
    unharmed(&plant).await;
    // The pages show them too.
    let cookie = crate::pages::sign_in(&plant).await;
    crate::pages::text(&plant, "/", &cookie).await;
    for lead in plant.leads().await {
        let page = crate::pages::text(&plant, &format!("/leads/{}", lead.uuid), &cookie).await;
        assert!(!page.contains('\u{202e}') && !page.contains('\0'));
    }
}

#[test]
fn i27_a_hundred_thousand_keys_cost_a_bounded_time() {
    let keys = |count: usize, same: bool| {
        let name = |n: usize| if same { "k".to_owned() } else { format!("{n:x}") };
        let all: Vec<String> = (0..count).map(|n| format!("\"{}\":1", name(n))).collect();
        format!("{{{}}}", all.join(","))
    };
    for body in
        [keys(100_000, false), keys(100_000, true), "[".repeat(1 << 20), "{\"a\":".repeat(200_000)]
    {
        let began = Instant::now();
        let _ = form::document(Some("application/json"), body.as_bytes());
        let took = began.elapsed();
        // Fifty milliseconds optimised; this may be a build that is not, on a busy machine.
        assert!(took < Duration::from_secs(2), "{took:?} for {} bytes", body.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i27_a_connection_cut_at_any_byte_leaves_nothing() {
    let plant = Plant::start(Config::default()).await;
    let address = plant.running().address;
    let body = super::BODY;
    let mut head =
        format!("POST /in/website HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in plant.signed(body, "msg_1") {
        head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
    }
    let whole = format!("{head}\r\n{body}");
    for cut in 0..whole.len() {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(&whole.as_bytes()[..cut]).await.unwrap();
        drop(socket);
    }
    assert_eq!(post(&plant, "/in/website", &plant.signed("{}", "other"), "{}").await, 200);
    plant.decided().await;
    let filter = EventFilter { max: 500, ..EventFilter::default() };
    let events = plant.store.events(filter).await.unwrap().rows;
    assert_eq!(events.len(), 1, "half of a delivery is none");
    assert_eq!(statuses(&raw(address, whole.as_bytes()).await), [200], "the whole is one");
    unharmed(&plant).await;
}
