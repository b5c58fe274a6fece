//! S22, S23: the log is one object a line whatever it is given, holds nothing of a lead, and no
//! flood of refusals fills the disk with it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use handoff::{
    model::text::Untrusted,
    telemetry::{LogFormat, log::subscriber},
};
use serde_json::Value;

use super::{BODY, raw};
use crate::faults::daemon::Daemon;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn s22_one_record_is_one_object_on_one_line_with_nothing_that_steers_a_terminal() {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = subscriber("trace", LogFormat::Json, move || writer.clone()).unwrap();
    // Every character that ends a line somewhere, moves a cursor or turns the direction.
    let mut nasty: String = (0_u32..0xa0).filter_map(char::from_u32).collect();
    nasty.push_str("\u{2028}\u{2029}\u{202e}\u{2066}\u{200e}\"}\n{\"level\":\"ERROR\"}");
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(source = nasty, other = ?nasty, "{nasty}");
        let lead = Untrusted::new("Federkleid");
        tracing::info!(lead = ?lead, "a lead's text does not come out by accident");
    });
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("an object");
        assert!(record.is_object());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.contains(['\u{2028}', '\u{202e}', '\u{2066}']), "{line:?}");
    }
    assert!(!text.contains("Federkleid"), "{text}");
}

/// What holds a stranger's text, a person's address or a body shows none of it by `Debug`, which is
/// how most things get into a log by accident.
#[test]
fn s22_no_debug_print_shows_a_person() {
    use handoff::{
        crm::Find,
        model::{
            event::{EventKind, NewEvent},
            field::Fields,
            lead::Identity,
        },
    };
    let mut fields = Fields::default();
    fields.put_text("email", "eva@linden.example");
    let event = NewEvent {
        kind: EventKind::Fill,
        source: "website".to_owned(),
        delivery: "msg_1".to_owned(),
        received_at: crate::harness::NOON,
        content_type: None,
        actor: None,
        body: b"eva@linden.example".to_vec(),
    };
    let find = Find {
        email: Some("eva@linden.example".to_owned()),
        domain: Some("linden.example".to_owned()),
        record: None,
        since: None,
    };
    let printed = [
        format!("{event:?} {event:#?}"),
        format!("{find:?} {fields:?} {fields:#?}"),
        format!("{:?}", Identity::Email("eva@linden.example".to_owned())),
        format!("{:?}", Identity::Phone("+49173555010".to_owned())),
        format!("{:?}", Untrusted::new("eva@linden.example")),
    ]
    .concat();
    for word in ["linden", "eva", "173555010", "101, 118, 97"] {
        assert!(!printed.contains(word), "{word} is in {printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_flood_of_refusals_is_counted_and_not_written() {
    let mut daemon = Daemon::new();
    daemon.environment = vec![("HANDOFF_LOG_FORMAT".into(), "json".into())];
    daemon.start().await;
    let address = ([127, 0, 0, 1], daemon.port).into();
    let request = format!(
        "POST /in/website HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let many = request.repeat(200);
    let (mut refused, began) = (0, tokio::time::Instant::now());
    for _ in 0..10 {
        refused += super::statuses(&raw(address, many.as_bytes()).await).len();
    }
    let seconds = began.elapsed().as_secs() as usize + 2;
    assert_eq!(refused, 2_000);
    // The next span tells how many were left out.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    raw(address, request.as_bytes()).await;
    let url = format!("http://127.0.0.1:{}/metrics", daemon.port);
    let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(daemon.stop().1, "{}", daemon.log());
    let log = daemon.log();
    let records: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("one object a line"))
        .filter(|record: &Value| record["reason"] == "missing-signature")
        .collect();
    println!("log volume: {refused} refusals in {seconds} s made {} lines", records.len());
    assert!(!records.is_empty() && records.len() <= 5 * (seconds + 2), "{} lines", records.len());
    let suppressed: u64 =
        records.iter().map(|record| record["suppressed"].as_u64().expect("a count")).sum();
    assert_eq!(suppressed as usize + records.len(), refused + 1, "none is forgotten");
    let counted = "answer=\"refused\",reason=\"missing-signature\"} 2001";
    assert!(metrics.contains(counted), "{metrics}");
}
