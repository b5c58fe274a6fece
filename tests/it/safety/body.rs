//! S6, S7: how much of a body is taken, and that nothing is ever inflated.

use std::{net::SocketAddr, time::Duration};

use handoff::http::bounds::SourceBounds;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{BODY, post, raw, read, serves, statuses, tuned};
use crate::{
    faults::daemon::{Daemon, resident_mib},
    harness::{Config, Plant},
};

const MIB: usize = 1 << 20;

/// A good fill of this many bytes.
fn filled(length: usize) -> String {
    let frame = r#"{"data":{"email":"eva@linden.example","message":""}}"#;
    let fill = "x".repeat(length - frame.len());
    frame.replace(r#""message":"""#, &format!(r#""message":"{fill}""#))
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_each_source_has_its_cap_to_the_byte() {
    let plant = tuned(|parts| {
        parts.body_max = 64 * 1024;
        parts.sources.insert("wide".to_owned(), crate::harness::website());
        let wide = SourceBounds { body_max: Some(5 * MIB), pace: None };
        parts.bounds.sources.insert("wide".to_owned(), wide);
    })
    .await;
    for (source, cap) in [("website", 64 * 1024), ("wide", 5 * MIB)] {
        for (length, status) in [(cap - 1, 200), (cap, 200), (cap + 1, 413)] {
            let body = filled(length);
            let headers = plant.signed(&body, &format!("{source}{length}"));
            let path = format!("/in/{source}");
            assert_eq!(post(&plant, &path, &headers, &body).await, status, "{source} {length}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_whatever_the_headers_claim_no_more_than_the_cap_is_taken() {
    let plant = Plant::start(Config::default()).await;
    let address = plant.running().address;
    let head = "POST /in/website HTTP/1.1\r\nhost: x\r\n";
    // It is refused by its claim, before a byte of the body was sent.
    for claim in ["65537", "1048577", "4294967296", "18446744073709551615"] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let claim = format!("{head}content-length: {claim}\r\n\r\n");
        socket.write_all(claim.as_bytes()).await.unwrap();
        let text = read(&mut socket, Duration::from_secs(3)).await;
        assert_eq!(statuses(&text), [413], "{claim}: {text}");
    }
    // Chunks without an end, none of which says how many will come.
    let mut socket = TcpStream::connect(address).await.unwrap();
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    socket.write_all(chunked.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let (mut sent, began) = (0_usize, tokio::time::Instant::now());
    while began.elapsed() < Duration::from_secs(20)
        && socket.write_all(chunk.as_bytes()).await.is_ok()
    {
        sent += 0x1000;
    }
    // It is let go within a second or so; until then what comes is thrown away.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "it went on reading: {sent} bytes in {took:?}");
    // What follows a body that is longer than its claim is no part of it, and no request.
    let lie = format!("{head}content-length: 4\r\n\r\n{{\"a\":1}} {BODY}");
    let text = raw(address, lie.as_bytes()).await;
    assert_eq!(statuses(&text), [401, 400], "{text}");
    assert!(serves(&plant).await);
    assert!(plant.leads().await.is_empty());
}

/// Sends a body of nearly the cap without its last byte, and keeps the connection.
async fn nearly(port: u16, length: usize) -> TcpStream {
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    let head = "POST /in/website HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.expect("it reads");
    let chunk = vec![b'x'; 16 * 1024];
    for _ in 0..length / chunk.len() {
        socket.write_all(b"4000\r\n").await.expect("it reads");
        socket.write_all(&chunk).await.expect("it reads");
        socket.write_all(b"\r\n").await.expect("it reads");
    }
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_unfinished_bodies_cost_less_than_twice_their_cap_each() {
    let mut daemon = Daemon::new();
    daemon.start().await;
    let (_, before) = resident_mib(daemon.pid());
    let connections = 32_u64;
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(nearly(daemon.port, MIB - 16 * 1024).await);
    }
    // All that was sent has been read when nothing is left in the sockets; a second is plenty.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (_, after) = resident_mib(daemon.pid());
    let grown = after.saturating_sub(before);
    println!("memory: {connections} unfinished bodies of 1 MiB cost {grown} MiB");
    assert!(grown > 4, "the bodies were held: {grown} MiB");
    assert!(grown < 2 * connections, "{grown} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_an_encoded_body_is_415_unread_wherever_it_is_sent() {
    let plant = Plant::start(Config::default()).await;
    let signed = plant.signed(BODY, "msg_1");
    let post_encoded = async |path: &str, encoding: &str| -> u16 {
        let mut headers = signed.clone();
        headers.push(("content-encoding".to_owned(), encoding.to_owned()));
        post(&plant, path, &headers, BODY).await
    };
    for encoding in ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x", "gzip, gzip"] {
        for path in ["/in/website", "/in/nobody", "/crm/hubspot", "/crm/nobody"] {
            assert_eq!(post_encoded(path, encoding).await, 415, "{path} {encoding}");
        }
    }
    assert_eq!(post_encoded("/in/website", "identity").await, 200);
    let ops = crate::api::caller(&plant, "ops").await;
    let url = plant.url("/api/v1/jobs/retry");
    let request = plant.http.post(url).bearer_auth(&ops.token).body("{\"jobs\":[]}");
    let answer = request.header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.status(), 415);
}

#[test]
fn s7_the_server_is_built_without_anything_that_inflates() {
    let lock = include_str!("../../../Cargo.lock");
    let actix =
        lock.split("[[package]]").find(|one| one.contains("name = \"actix-http\"")).unwrap();
    for inflater in ["brotli", "flate2", "zstd"] {
        assert!(!actix.contains(&format!("\"{inflater}\"")), "actix-http depends on {inflater}");
    }
}
