//! Destinations that answer what the fuzzer says: a client without a network, and what holds of
//! every failure.
//!
//! Guarantees: the answers are given in order, empty ones after the last; calls are counted.
//! Does not know: any vendor.

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use handoff::{
    model::{failure::Failure, failure::verdict, job::Verdict, time::Span},
    outbound::{Outbound, Reach, Said},
};

use super::{Cut, NOON};

/// More calls than any operation on two records can need.
const CALLS_MAX: usize = 400;

/// Answers parted by lines `---`: a status, header lines, an empty line, the body.
pub fn answers(bytes: &[u8]) -> Vec<Said> {
    let mut answers = Vec::new();
    let mut part: Vec<u8> = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line == b"---\n" {
            answers.push(answer(&std::mem::take(&mut part)));
        } else {
            part.extend_from_slice(line);
        }
    }
    answers.push(answer(&part));
    answers
}

fn answer(bytes: &[u8]) -> Said {
    let mut cut = Cut(bytes);
    let status = std::str::from_utf8(cut.line()).ok().and_then(|text| text.parse().ok());
    let headers = cut.headers();
    let status = status.filter(|status| (100..600).contains(status)).unwrap_or(200);
    Said { status, headers, body: cut.0.to_vec() }
}

thread_local! {
    static CLIENT: Outbound = Outbound::new(Reach::Public).expect("TLS roots are there");
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// A client that is answered so.
pub fn client(answers: Vec<Said>) -> Outbound {
    client_at(answers, Arc::default())
}

/// The same; it notes the hosts that it calls.
pub fn client_at(answers: Vec<Said>, hosts: Arc<Mutex<Vec<String>>>) -> Outbound {
    let calls = AtomicUsize::new(0);
    CLIENT.with(Clone::clone).with_stand_in(move |url, _| {
        let host = url.host_str().unwrap_or_default().to_owned();
        hosts.lock().expect("nobody panicked").push(host);
        let at = calls.fetch_add(1, Ordering::Relaxed);
        assert!(at < CALLS_MAX, "calls without an end");
        answers.get(at).cloned().unwrap_or_else(|| Said { status: 200, ..Said::default() })
    })
}

/// Runs to the end.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// What holds of every failure: short, without a stranger's text, and with one bounded treatment.
pub fn is_sound(failure: &Failure) {
    let said = failure.to_string();
    assert!(said.len() < 1_000, "{} bytes", said.len());
    assert!(!said.contains(['@', '<', '>', '"']) && !said.chars().any(char::is_control), "{said}");
    if let Failure::Throttled { until, .. } = failure {
        assert!((Span::seconds(1)..=Span::hours(1)).contains(&until.since(NOON)), "{failure:?}");
    }
    for attempt in [1, 7, 30] {
        match verdict(failure, attempt, NOON, b"job") {
            Verdict::Retry { at, .. } | Verdict::Snooze { at, .. } => {
                let wait = at.since(NOON);
                assert!(wait > Span::ZERO && wait <= Span::hours(3), "{wait} after {failure:?}");
            }
            _ => {}
        }
    }
}
