//! The channels on the wire: what leaves, byte by byte, and what an answer means.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends there"
)]

mod http;
mod mail;

use handoff::{
    model::{job::Why, text::Untrusted, time::Time},
    notify::{Item, Link, Message, Purpose},
};
use uuid::Uuid;

/// What strangers try. None of it may become a mention, a link, a header, markup or a command.
pub const HOSTILE: [&str; 8] = [
    "<!channel> <@U1> @here",
    "<http://evil.example|bank>",
    "Eva\r\nBcc: all@victim.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example>",
    "[x](javascript:alert(1))",
    "<script>alert(1)</script>\" onerror=\"alert(1)",
    "\u{202e}gpj.exe\u{2066}",
    "\"},\"routing_key\":\"stolen\",{\"",
    "\0\u{1b}[2J\u{7f}",
];

/// A message about one lead whose author wrote `text` everywhere.
pub fn message(text: &str) -> Message {
    Message {
        purpose: Purpose::Tell,
        to: Some("ada@acme.example".into()),
        key: "tell:7:ada".into(),
        headline: "New lead, answer by 10:07".into(),
        said: Vec::new(),
        items: vec![Item {
            lead: Uuid::from_u128(7),
            why: Why::Assigned,
            who: Untrusted::from(text),
            facts: vec![("Company", Untrusted::from(text)), ("Message", Untrusted::from(text))],
            because: "rule dach".into(),
            owner: None,
            due: Some("10:07".into()),
            due_at: Some(Time(1_767_261_600_000)),
            links: vec![Link {
                label: "Open".into(),
                url: "https://handoff.example/leads/7".into(),
            }],
        }],
        total: 1,
        more: None,
        links: vec![],
        at: Time(1_767_261_000_000),
    }
}
