//! What strace saw: system calls in order, and whether any answer came before its sync.
//!
//! Guarantees: the order is that of the tracer, which every thread stops for at the beginning and
//! at the end of a call: what caused what is never the other way round in it.
//! Does not know: why a call was made.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The calls that read from, write to and sync anything.
const CALLS: &str =
    "trace=fsync,fdatasync,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64";

/// The command that traces into this file, and changes calls as `inject` says.
pub fn strace(file: &Path, inject: Option<&str>) -> Vec<String> {
    let file = file.to_str().expect("a name");
    // Only the calls above stop the process, not all the others.
    let mut line = vec!["strace", "-f", "--seccomp-bpf", "-ttt", "-y", "-s", "1500", "-o", file];
    line.extend(["-e", CALLS, "-e", "signal=none"]);
    line.extend(inject.into_iter().flat_map(|inject| ["-e", inject]));
    line.into_iter().map(str::to_owned).collect()
}

/// One system call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its arguments and result, as printed.
    pub text: String,
    /// Its place in the order: where it began, and where it ended.
    pub began: usize,
    pub ended: usize,
    /// When it was last seen, in seconds.
    pub at: f64,
}

impl Call {
    /// What it answered.
    pub fn result(&self) -> i64 {
        let result = self.text.rsplit_once(" = ").map_or("", |(_, result)| result);
        result.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(-1)
    }

    /// Whether strace made it fail.
    pub fn is_injected(&self) -> bool {
        self.text.ends_with("(INJECTED)")
    }

    /// Whether it syncs a file.
    pub fn is_sync(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync")
    }

    /// Whether it succeeded in syncing the store's log.
    pub fn is_synced_log(&self) -> bool {
        self.is_sync() && self.text.contains(".db-wal>") && self.result() == 0
    }

    /// The file or connection.
    fn on(&self) -> &str {
        self.text.split([',', ')']).next().unwrap_or_default()
    }
}

/// What is in a trace.
#[derive(Debug, Default)]
pub struct Trace {
    /// Calls in the order of their ends.
    pub calls: Vec<Call>,
    /// When the last thread ended, if the process ended.
    pub ended_at: Option<f64>,
}

impl Trace {
    /// Reads a trace's text.
    pub fn parse(text: &str) -> Self {
        let mut trace = Self::default();
        let mut open: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for (place, line) in text.lines().enumerate() {
            let Some((pid, rest)) = line.split_once(' ') else { continue };
            let Some((at, said)) = rest.trim_start().split_once(' ') else { continue };
            let Ok(at) = at.parse::<f64>() else { continue };
            if said.starts_with("+++") {
                trace.ended_at = Some(at);
            } else if let Some(resumed) = said.strip_prefix("<... ") {
                let Some((name, end)) = resumed.split_once(" resumed>") else { continue };
                let Some((began, start)) = open.remove(pid) else { continue };
                let (name, text) = (name.to_owned(), format!("{start}{end}"));
                trace.calls.push(Call { name, text, began, ended: place, at });
            } else if let Some((name, text)) = said.split_once('(') {
                match text.strip_suffix("<unfinished ...>") {
                    Some(start) => drop(open.insert(pid, (place, start))),
                    None => trace.calls.push(Call {
                        name: name.to_owned(),
                        text: text.to_owned(),
                        began: place,
                        ended: place,
                        at,
                    }),
                }
            }
        }
        trace
    }

    /// Holds every 2xx to a webhook against the syncs before it.
    pub fn judge(&self) -> Verdict {
        let mut verdict = Verdict::default();
        // A call counts where it matters: an answer where it begins, all others where they end.
        let is_send =
            |call: &Call| matches!(call.name.as_str(), "write" | "writev" | "sendto" | "sendmsg");
        let is_read =
            |call: &Call| matches!(call.name.as_str(), "read" | "readv" | "recvfrom" | "recvmsg");
        let mut calls: Vec<&Call> = self.calls.iter().collect();
        calls.sort_by_key(|call| if is_send(call) { call.began } else { call.ended });
        let mut arrived: BTreeMap<&str, usize> = BTreeMap::new();
        let mut covered = None; // where the newest sync began that has ended well
        for call in calls {
            if call.is_synced_log() {
                verdict.syncs += 1;
                covered = covered.max(Some(call.began));
            } else if is_read(call) && call.result() > 0 {
                if call.text.contains("\"POST /in/") {
                    arrived.insert(call.on(), call.ended);
                } else if let Some(last) = arrived.get_mut(call.on()) {
                    *last = call.ended; // the rest of a request
                }
            } else if is_send(call)
                && call.text.contains("\"HTTP/1.1 ")
                && let Some(asked) = arrived.remove(call.on())
            {
                if !call.text.contains("\"HTTP/1.1 200 ") {
                    verdict.refused += 1;
                    continue;
                }
                verdict.answered.extend(event_of(&call.text));
                if covered.is_none_or(|began| began <= asked) {
                    verdict.early.push(call.text.chars().take(300).collect());
                }
            }
        }
        verdict
    }
}

/// The public id in an answer.
fn event_of(text: &str) -> Option<uuid::Uuid> {
    let (_, id) = text.split_once(r#"\"events\":[\""#)?;
    id.get(..36)?.parse().ok()
}

/// What a trace shows.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Events whose delivery was answered 200.
    pub answered: BTreeSet<uuid::Uuid>,
    /// Deliveries that were answered otherwise.
    pub refused: usize,
    /// 200s before a sync that began after the request had arrived.
    pub early: Vec<String>,
    /// Syncs of the store's log that ended well.
    pub syncs: usize,
}

#[test]
fn an_answer_before_its_sync_is_seen() {
    const ID: &str = "0190b3c0-0000-7000-8000-000000000001";
    let read = r#"7 1.0 recvfrom(9<socket:[5]>, "POST /in/website HTTP/1.1\r\n", 8192, 0, NULL, NULL) = 40"#;
    let begins = "8 1.1 fdatasync(4</data/handoff.db-wal> <unfinished ...>";
    let ends = "8 1.2 <... fdatasync resumed>) = 0";
    let fails = "8 1.2 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)";
    let answer = format!(
        r#"7 1.3 sendto(9<socket:[5]>, "HTTP/1.1 200 OK\r\n\r\n{{\"events\":[\"{ID}\"]}}", 90, 0, NULL, 0) = 90"#
    );
    for (lines, is_early) in [
        ([read, begins, ends, &answer], false),
        ([read, begins, &answer, ends], true),
        ([begins, read, ends, &answer], true),
        ([begins, ends, read, &answer], true),
        ([read, begins, fails, &answer], true),
    ] {
        let verdict = Trace::parse(&lines.join("\n")).judge();
        assert_eq!(verdict.answered.len(), 1, "{lines:?}");
        assert_eq!(verdict.early.len(), usize::from(is_early), "{lines:?}");
    }
}
