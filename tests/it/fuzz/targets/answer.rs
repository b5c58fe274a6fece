//! What a destination's status and headers mean: `Retry-After` above all.
//!
//! States: waits lie between a second and an hour, digits mean seconds; a failure exactly when the
//! status is not 2xx; no word of the answer gets into a failure.
//! Input: whether the call is harmless, then an answer.

use handoff::{
    model::time::Span,
    outbound::{ANSWER_MAX, Call},
};
use serde_json::Value;

use super::{
    Cut, NOON,
    script::{answers, client, is_sound, wait},
};

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let is_harmless = cut.byte() % 2 == 0;
    let said = answers(cut.0);
    let first = said.first().cloned().unwrap_or_default();
    let url = "https://crm.example/".parse().expect("a URL");
    let call = if is_harmless { Call::get(url) } else { Call::post(url) };
    let answer = match wait(client(said).send(call)) {
        Ok(answer) => answer,
        Err(failure) => {
            assert!(first.body.len() > ANSWER_MAX);
            return is_sound(&failure);
        }
    };
    assert_eq!((answer.status, &answer.body[..]), (first.status, &first.body[..]));
    let bounds = Span::seconds(1)..=Span::hours(1);
    if let Some(wait) = answer.wait(NOON) {
        assert!(bounds.contains(&wait), "{wait}");
    }
    assert!(bounds.contains(&answer.until(NOON).since(NOON)));
    let asked = first.headers.iter().filter(|(name, _)| name == "retry-after");
    if let [(_, text)] = asked.collect::<Vec<_>>()[..]
        && let Ok(text) = std::str::from_utf8(text)
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
    {
        let seconds = text.parse().unwrap_or(u64::MAX).clamp(1, 3_600);
        assert_eq!(answer.wait(NOON), Some(Span::seconds(seconds.cast_signed())), "{text}");
    }
    let failure = answer.failure(NOON);
    assert_eq!(failure.is_none(), answer.is_success());
    if let Some(failure) = &failure {
        is_sound(failure);
    }
    match (answer.json::<Value>(), answer.lenient::<Value>()) {
        (Ok(value), again) => assert_eq!(Some(value), again),
        (Err(failure), again) => {
            assert_eq!(again, None);
            is_sound(&failure);
            let word = failure.word();
            assert_eq!(word, if is_harmless { "busy" } else { "maybe_done" });
        }
    }
}
