//! Messages for the tests of channels: an ordinary one, and one whose author means harm.

use uuid::Uuid;

use super::{Item, Link, Message, Purpose};
use crate::model::{job::Why, text::Untrusted, time::Time};

/// What strangers try; each must come out as text or not at all.
pub(crate) const HOSTILE: [&str; 9] = [
    "<!channel> <@U1> @here",
    "<http://evil.example|bank>",
    "Eva\r\nBcc: all@victim.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example>",
    "[x](javascript:alert(1))",
    "</td><script>alert(1)</script><img src=x onerror=\"alert(1)\">",
    "\u{202e}gpj.exe\u{2066}",
    "&lt;script&gt; && *bold* _it_ ~no~ `code`",
    "--boundary\r\nContent-Type: text/html",
    "\"}, \"routing_key\": \"stolen\", {\"",
];

pub(crate) fn item() -> Item {
    Item {
        lead: Uuid::from_u128(7),
        why: Why::Assigned,
        who: Untrusted::from("Eva Linden"),
        facts: vec![("Company", Untrusted::from("Linden & Söhne AG"))],
        because: "dach-enterprise".into(),
        owner: None,
        due: Some("10:07".into()),
        due_at: Some(Time(1_767_261_600_000)),
        links: vec![Link {
            label: "Open".into(),
            url: "https://handoff.example/leads/7?a=1&b=2".into(),
        }],
    }
}

pub(crate) fn item_with(label: &'static str, text: &str) -> Item {
    Item { facts: vec![(label, Untrusted::from(text))], ..item() }
}

pub(crate) fn message() -> Message {
    Message {
        purpose: Purpose::Tell,
        to: Some("ada@acme.example".into()),
        key: "tell:7:ada".into(),
        headline: "New lead, answer by 10:07".into(),
        said: Vec::new(),
        items: vec![item()],
        total: 1,
        more: None,
        links: vec![Link {
            label: "I'm out today".into(),
            url: "https://handoff.example/act/token".into(),
        }],
        at: Time(1_767_261_000_000),
    }
}

/// Every text of a stranger in it is `text`.
pub(crate) fn message_by(text: &str) -> Message {
    let mut item = item_with("Message", text);
    item.who = Untrusted::from(text);
    item.facts.push(("Company", Untrusted::from(text)));
    Message { items: vec![item], ..message() }
}

/// `shown` leads of `total`.
pub(crate) fn message_of(shown: usize, total: usize) -> Message {
    Message { items: vec![item(); shown], total, ..message() }
}
