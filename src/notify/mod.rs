//! The channel port: how people and systems hear of leads.
//!
//! Guarantees asked of every channel: text of strangers is escaped for where it is shown, no
//! mention or link comes out of it; the message's key is passed on as the channel's own
//! deduplication key where it has one; errors carry no address and no secret.
//! Does not know: rules or SLAs. What to say is in the [`Message`]; how it looks is the channel's.

pub mod link;

use std::{future::Future, pin::Pin};

use uuid::Uuid;

use crate::model::{failure::Failure, job::Why, text::Untrusted, time::Time};

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
    /// The recipient's address where the channel has addresses (mail); `None` where the channel
    /// is the address.
    pub to: Option<String>,
    /// The same on every attempt and different for every other message: the dedup key.
    pub key: String,
    /// One line in our own words, without a stranger's text.
    pub headline: String,
    /// The leads: one, a few, or the first of many.
    pub items: Vec<Item>,
    /// How many leads there are in all; above `items.len()` the rest is only counted.
    pub total: usize,
    /// Where to see all of them.
    pub more: Option<Link>,
    /// The instant of the message.
    pub at: Time,
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
