//! S9: nobody holds the server by being slow, or a source's share by being fast.

use std::{net::SocketAddr, time::Duration};

use handoff::{
    http::bounds::{Bucket, SourceBounds},
    model::time::Span,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::Instant};

use super::{BODY, post, read, serves, tuned};
use crate::harness::{Config, Plant};

const SLOW: usize = 60;

/// Sends the bytes one by one, as slowly, until the other side closes; how long that took.
async fn drip(address: SocketAddr, first: &str, rest: &str, pause: Duration) -> Duration {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    let began = Instant::now();
    socket.write_all(first.as_bytes()).await.expect("it reads");
    for byte in rest.bytes().cycle() {
        let mut end = [0; 512];
        let ended = tokio::time::timeout(pause, async {
            use tokio::io::AsyncReadExt as _;
            loop {
                match socket.read(&mut end).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
        });
        if ended.await.is_ok()
            || socket.write_all(&[byte]).await.is_err()
            || began.elapsed() > Duration::from_mins(1)
        {
            break;
        }
    }
    began.elapsed()
}

/// The longest of many slow clients at once.
async fn slowest(address: SocketAddr, first: &'static str, rest: &'static str) -> Duration {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..SLOW {
        all.spawn(drip(address, first, rest, Duration::from_millis(400)));
    }
    let mut longest = Duration::ZERO;
    while let Some(took) = all.join_next().await {
        longest = longest.max(took.expect("it ends"));
    }
    longest
}

/// How long a connection may lie idle after an answer.
async fn idle(address: SocketAddr) -> Duration {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    let ask = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    socket.write_all(ask).await.expect("it reads");
    let began = Instant::now();
    let text = read(&mut socket, Duration::from_secs(45)).await;
    assert!(text.contains("live\n"), "{text}");
    began.elapsed()
}

/// How long a connection may stay without a word.
async fn silent(address: SocketAddr) -> Duration {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    let began = Instant::now();
    read(&mut socket, Duration::from_secs(45)).await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_slow_clients_are_let_go_and_disturb_nobody() {
    let within = Duration::from_secs(3);
    let plant = Plant::start(Config { body_within: within, ..Config::default() }).await;
    let address = plant.running().address;
    let head = "POST /in/website HTTP/1.1\r\nhost: x\r\n";
    let body = "POST /in/website HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n";
    let chunks = "POST /in/website HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let unread = "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let others = async {
        // All the while others are served.
        for number in 0..20 {
            let asked = tokio::time::timeout(Duration::from_secs(5), async {
                plant.post(BODY, &format!("msg_{number}")).await.0
            });
            assert_eq!(asked.await.expect("in time"), 200);
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };
    let ((), silent, headers, bodies, chunked, unread, idle) = tokio::join!(
        others,
        silent(address),
        slowest(address, head, "x-a: b\r\n"),
        slowest(address, body, "x"),
        slowest(address, chunks, "1\r\nx\r\n"),
        slowest(address, unread, "1\r\nx\r\n"),
        idle(address),
    );
    println!(
        "slow clients: {SLOW} of each kind; headers let go after {headers:.1?}, bodies after \
         {bodies:.1?}, in chunks {chunked:.1?}, answered before they ended {unread:.1?}, \
         a silent one after {silent:.1?}, an idle one after {idle:.1?}"
    );
    for (what, took) in [
        ("headers", headers),
        ("bodies", bodies),
        ("chunks", chunked),
        ("chunks that nobody reads", unread),
        ("silence", silent),
    ] {
        assert!(took < Duration::from_secs(20), "{what}: {took:?}");
    }
    assert!((25..45).contains(&idle.as_secs()), "an idle connection: {idle:?}");
    assert!(serves(&plant).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_beyond_the_most_connections_others_wait_until_one_ends() {
    let plant = tuned(|parts| parts.bounds.connections = 4).await;
    let address = plant.running().address;
    let mut held = Vec::new();
    let ask = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut waiting = 0;
    for _ in 0..12 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(ask).await.unwrap();
        let text = read(&mut socket, Duration::from_millis(300)).await;
        if text.is_empty() {
            waiting += 1;
        } else {
            assert!(text.contains("live\n"), "{text}");
        }
        held.push(socket);
    }
    assert!(waiting >= 6, "{waiting} of 12 had to wait");
    assert!(waiting < 12, "some were served");
    held.clear();
    crate::harness::until("it serves again", || serves(&plant)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_a_source_beyond_its_pace_is_told_to_come_again_and_loses_nothing() {
    let plant = tuned(|parts| {
        let bounds = SourceBounds { body_max: None, pace: Some(Bucket::new(2, 5)) };
        parts.bounds.sources.insert("website".to_owned(), bounds);
    })
    .await;
    // Strangers use up nothing of what belongs to the source.
    for _ in 0..50 {
        assert_eq!(post(&plant, "/in/website", &[], BODY).await, 401);
    }
    let body = |number: usize| BODY.replace("eva", &format!("p{number}"));
    let send = async |number: usize| {
        let (body, id) = (body(number), format!("msg_{number}"));
        let mut request = plant.http.post(plant.url("/in/website")).body(body.clone());
        for (name, value) in plant.signed(&body, &id) {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let again = answer.headers().get("retry-after").is_some();
        (answer.status().as_u16(), again)
    };
    for number in 0..5 {
        assert_eq!(send(number).await, (200, false), "{number}");
    }
    assert_eq!(send(5).await, (429, true));
    // Another source goes on.
    plant.clock.advance(Span::seconds(1));
    assert_eq!(send(5).await, (200, false));
    assert_eq!(send(6).await, (200, false));
    assert_eq!(send(7).await, (429, true));
    plant.clock.advance(Span::seconds(1));
    assert_eq!(send(7).await, (200, false));
    plant.decided().await;
    assert_eq!(plant.leads().await.len(), 8, "each came in in the end, once");
    plant.books_balance().await;
}
