//! The channel port: how people and systems hear of leads.
//!
//! Guarantees asked of every channel: text of strangers is escaped for where it is shown, no
//! mention or link comes out of it; the message's key is passed on as the channel's own
//! deduplication key where it has one; errors carry no address and no secret.
//! Does not know: rules or SLAs. What to say is in the [`Message`]; how it looks is the channel's.
//!
//! [`compose`] says it of leads, [`notice`] of the daemon itself, [`link`] signs what can be clicked, [`lines`] is how a lead reads on any
//! channel; the other modules are one channel each.

pub mod compose;
pub mod email;
pub mod lines;
pub mod link;
pub mod notice;
pub mod pagerduty;
pub mod slack;
pub mod webhook;

use std::{borrow::Cow, future::Future, pin::Pin};

use url::Url;
use uuid::Uuid;

use crate::{
    model::{failure::Failure, id::digest, job::Why, text::Untrusted, time::Time},
    outbound::Secret,
};

/// A boxed future, so that the trait is object-safe.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A link on which a person can act; GET shows a page, POST acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is called, in our own words.
    pub label: String,
    /// The address: ours, without personal data.
    pub url: String,
}

/// One lead in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The lead's public id.
    pub lead: Uuid,
    /// Why it is in the message.
    pub why: Why,
    /// Who it is, as the stranger wrote it.
    pub who: Untrusted,
    /// The company, country, size … as label and text; labels are ours.
    pub facts: Vec<(&'static str, Untrusted)>,
    /// Why it came to this person, in our own words ("dach-enterprise; Konrad is away").
    pub because: String,
    /// Who has it, by our own name for the person.
    pub owner: Option<String>,
    /// When it must be answered, as the recipient reads a clock ("10:07").
    pub due: Option<String>,
    /// The deadline itself.
    pub due_at: Option<Time>,
    /// What can be done about it.
    pub links: Vec<Link>,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Tell somebody.
    Tell,
    /// Open a page, or keep it open.
    PageOpen,
    /// Close it.
    PageClose,
}

/// A message to one recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it is for.
    pub purpose: Purpose,
    /// The recipient's address where the channel has addresses (mail); channels that are the
    /// address pay no heed to it.
    pub to: Option<String>,
    /// The same on every attempt and different for every other message: the dedup key.
    pub key: String,
    /// One line in our own words, without a stranger's text.
    pub headline: String,
    /// What is said beside leads, a line each, in our own words: names of the settings, numbers.
    pub said: Vec<String>,
    /// The leads: one, a few, or the first of many.
    pub items: Vec<Item>,
    /// How many leads there are in all; above `items.len()` the rest is only counted.
    pub total: usize,
    /// Where to see all of them.
    pub more: Option<Link>,
    /// What can be done that is about no single lead ("I'm out today").
    pub links: Vec<Link>,
    /// The instant of this attempt: what a channel signs, and what it counts a wait from.
    pub at: Time,
}

/// The longest key that every channel takes as it is (PagerDuty: 255).
const ID_MAX: usize = 255;

impl Message {
    /// The key in a form that is safe in headers, signatures and addresses: the key itself if it
    /// is of letters, digits, `-`, `_` and `:` and not too long, else a digest of it.
    #[must_use]
    pub fn id(&self) -> Cow<'_, str> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
        if (1..=ID_MAX).contains(&self.key.len()) && self.key.bytes().all(is_safe) {
            return Cow::Borrowed(&self.key);
        }
        Cow::Owned(hex::encode(digest(&[b"message", self.key.as_bytes()])))
    }
}

/// A notification channel. The call bears its own deadline.
pub trait Channel: Send + Sync {
    /// Sends it; `Ok` when the channel took it.
    fn send(&self, message: Message) -> Boxed<'_, Result<(), Failure>>;
    /// Whether each recipient has an address of its own (mail), rather than the channel being one.
    fn has_addresses(&self) -> bool;
    /// Whether it is a pager: opened and closed by key.
    fn is_pager(&self) -> bool {
        false
    }
}

/// The address of a webhook, which is a secret: the error does not repeat it.
fn hook_url(url: &Secret) -> Result<Url, String> {
    Url::parse(url.expose()).map_err(|_| "the webhook's URL is not a URL".to_owned())
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_passed_on_as_it_is_while_it_fits_everywhere() {
        for (key, is_kept) in [
            ("page:0199-ab_c", true),
            (&*"k".repeat(255), true),
            (&*"k".repeat(256), false),
            ("", false),
            ("ada.byron", false),
            ("a b", false),
            ("a\r\nBcc: x", false),
            ("kä", false),
        ] {
            let message = Message { key: key.to_owned(), ..samples::message() };
            let id = message.id();
            assert_eq!(id == key, is_kept, "{key:?}");
            assert!(id.len() <= ID_MAX && !id.is_empty());
            assert_eq!(id, message.clone().id(), "the same on every attempt");
        }
    }
}
