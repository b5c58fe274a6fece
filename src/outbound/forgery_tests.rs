//! Attempts to make the client call where it must not: every spelling of an inner address, names
//! that lead there, names that change their mind, answers that send it on.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

use super::{Call, Outbound, Reach, address};

/// Loopback, private, link-local, shared, metadata, unspecified, multicast and documentation
/// addresses as people who try it write them.
const SPELLINGS: [&str; 48] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "0x0",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "10.0.0.1",
    "10.1",
    "0xa.0.0.1",
    "167772161",
    "[::ffff:10.0.0.1]",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1",
    "3232235521",
    "100.64.0.1",
    "[fd00::1]",
    "[fc00::1]",
    "[fe80::1]",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "224.0.0.1",
];

/// A client whose names lead to these addresses in turn, the last one for ever, and how often it
/// asked.
fn led(reach: Reach, turns: &[&[&str]]) -> (Outbound, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let turns: Vec<Vec<SocketAddr>> = turns
        .iter()
        .map(|turn| turn.iter().map(|one| (one.parse::<IpAddr>().unwrap(), 0).into()).collect())
        .collect();
    let count = Arc::clone(&asked);
    let lookup: address::Lookup = Arc::new(move |_| {
        let turn = count.fetch_add(1, Ordering::SeqCst).min(turns.len() - 1);
        let found = turns[turn].clone();
        Box::pin(async move { Ok(found) })
    });
    (Outbound::by(reach, lookup).unwrap(), asked)
}

/// Answers every connection, and counts them.
async fn listener(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let met = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&met);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 2048];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (port, met)
}

const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn s15_no_spelling_of_an_inner_address_is_called() {
    let client = Outbound::new(Reach::Public).unwrap();
    let mut refused = 0;
    for host in SPELLINGS {
        // What the URL parser refuses never becomes a call.
        let Ok(url) = Url::parse(&format!("https://{host}/")) else { continue };
        assert!(client.check(&url).is_err(), "{host}");
        let failure = client.send(Call::get(url)).await.unwrap_err();
        assert_eq!(failure.word(), "refused", "{host}: {failure}");
        refused += 1;
    }
    assert!(refused >= 40, "{refused} spellings were tried");
}

#[tokio::test]
async fn s15_a_name_that_leads_to_any_inner_address_is_not_reached() {
    let (port, met) = listener(OK).await;
    for inner in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"]
    {
        let (client, asked) = led(Reach::Public, &[&[inner]]);
        let url = Url::parse(&format!("https://crm.example:{port}/")).unwrap();
        let failure = client.send(Call::get(url)).await.unwrap_err();
        assert_eq!(failure.word(), "busy", "{inner}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{inner}");
    }
    let (own, _) = led(Reach::Private, &[&["169.254.169.254", "fd00:ec2::254"]]);
    let url = Url::parse(&format!("http://crm.example:{port}/")).unwrap();
    assert!(own.send(Call::get(url)).await.is_err(), "metadata not even with permission");
    assert_eq!(met.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn s15_a_name_is_resolved_once_and_that_address_is_the_one_connected_to() {
    let (port, met) = listener(OK).await;
    // Its first answer is harmless, its second leads to the metadata service: the connection is
    // made to the first, and nothing asks again.
    let (client, asked) = led(Reach::Private, &[&["127.0.0.1"], &["169.254.169.254"]]);
    let url = Url::parse(&format!("http://crm.example:{port}/")).unwrap();
    assert_eq!(client.send(Call::get(url.clone())).await.unwrap().status, 200);
    assert_eq!((asked.load(Ordering::SeqCst), met.load(Ordering::SeqCst)), (1, 1));
    // The next connection asks anew, and is judged anew.
    assert!(client.send(Call::get(url)).await.is_err());
    assert_eq!((asked.load(Ordering::SeqCst), met.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn s15_of_a_mixed_answer_only_the_allowed_part_is_tried() {
    let (port, met) = listener(OK).await;
    let mixed = ["169.254.169.254", "127.0.0.1", "fd00:ec2::254"];
    let (client, _) = led(Reach::Private, &[&mixed]);
    let url = Url::parse(&format!("http://crm.example:{port}/")).unwrap();
    assert_eq!(client.send(Call::get(url)).await.unwrap().status, 200);
    assert_eq!(met.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn s15_no_redirect_is_followed() {
    let (target, met) = listener(OK).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:{target}/\r\nconnection: close\r\n\
             content-length: 0\r\n\r\n"
        );
        let (port, _) = listener(answer.leak()).await;
        let client = Outbound::new(Reach::Private).unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let answer = client.send(Call::post(url)).await.unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
    }
    assert_eq!(met.load(Ordering::SeqCst), 0);
}

#[test]
fn s15_the_bounds_of_a_call_are_these() {
    assert_eq!(super::DEADLINE, Duration::from_secs(15));
    assert_eq!(super::ANSWER_MAX, 1024 * 1024);
}
