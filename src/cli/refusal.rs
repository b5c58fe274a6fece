//! What the daemon's refusals mean to whoever typed the command.
//!
//! Guarantees: every status becomes a sentence that says how to mend it, and the exit code that
//! fits; nothing in it steers a terminal or shows the token.
//! Does not know: how answers travel.

use serde_json::Value;

use super::{
    exit::{Exit, Stop},
    row::Row,
    screen::clean,
    token_text,
};

/// What the daemon answered, whatever its status.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The JSON; null if it was none.
    pub body: Value,
}

/// The sentence for an answer that is not a good one. `base` is the daemon's address, `token` the
/// one that was sent.
#[must_use]
pub fn refusal(base: &str, token: Option<&str>, answer: &Answer) -> Stop {
    let problem = Row(&answer.body);
    let mut said = clean(&problem.text("detail"), 500);
    if said.is_empty() {
        said = clean(&problem.text("title"), 200);
    }
    if said.is_empty() {
        let status = answer.status;
        let not_ours = format!(
            "{base} answers with status {status} and no JSON, as handoff would not; is \
             HANDOFF_URL (or --url) right?"
        );
        return Stop::new(Exit::Unreachable, not_ours);
    }
    match answer.status {
        401 | 403 => Stop::new(Exit::Refused, unauthorized(token, &said)),
        400 | 413 | 415 => Stop::usage(said),
        404 | 409 | 422 => Stop::no(said),
        status => {
            let reference = clean(&problem.text("reference"), 60);
            let failed = format!(
                "the daemon failed with status {status}: {said} (reference {reference} in its log)"
            );
            Stop::new(Exit::Failed, failed)
        }
    }
}

fn unauthorized(token: Option<&str>, said: &str) -> String {
    match token.map(token_text::check) {
        None => "the daemon wants a token: set HANDOFF_TOKEN to one (the first is made with \
                 `handoff token create NAME` on the daemon's machine while the daemon is stopped)"
            .to_owned(),
        // A slip of the finger needs no search for a revocation.
        Some(Err(slip)) => slip,
        Some(Ok(())) => format!("the daemon refused the token in HANDOFF_TOKEN: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: &str = "hnd_o0123456789ABCDEFGHIJKLMNOPQRSTUVP8PoTk";

    #[test]
    fn every_refusal_is_a_sentence_with_its_code() {
        let problem = |detail: &str| json!({ "title": "t", "detail": detail });
        for (status, body, token, exit, part) in [
            (401, problem("send it"), None, Exit::Refused, "set HANDOFF_TOKEN"),
            (401, problem("expired"), Some(GOOD), Exit::Refused, "HANDOFF_TOKEN: expired"),
            (401, problem("expired"), Some("hnd_t"), Exit::Refused, "another length"),
            (400, problem("bad"), Some(GOOD), Exit::Usage, "bad"),
            (404, problem("no lead"), Some(GOOD), Exit::No, "no lead"),
            (409, problem("older"), Some(GOOD), Exit::No, "older"),
            (503, problem(""), Some(GOOD), Exit::Failed, "status 503: t"),
            (404, Value::Null, Some(GOOD), Exit::Unreachable, "is HANDOFF_URL"),
            (200, Value::Null, Some(GOOD), Exit::Unreachable, "is HANDOFF_URL"),
        ] {
            let stop = refusal("http://x.example", token, &Answer { status, body });
            let said = stop.error.to_string();
            assert_eq!(stop.exit, exit, "{status} {said}");
            assert!(said.contains(part) && !said.contains("hnd_o0"), "{status}: {said}");
        }
    }
}
