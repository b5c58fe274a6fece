//! PagerDuty, by the Events API v2.
//!
//! Guarantees: a page is opened and closed by the message's key, so a repeat makes no second
//! incident and the answer closes the right one; an event keeps the API's limits (summary 1,024
//! characters, key 255, 512 KB in all); the routing key is in no error.
//! Does not know: who is on call. A resolve that finds no open page is dropped by PagerDuty; a
//! trigger after a resolve opens a new one.
//!
//! Sources: PagerDuty, "Send a trigger event", "Send an acknowledge or resolve event", "Events
//! API v2 overview" (202 accepted, 400 final, 429 and 5xx to be sent again).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Boxed, Channel, Message, Purpose, lines};
use crate::{
    model::{failure::Failure, text::Untrusted, time::Time},
    outbound::{Answer, Call, Outbound, Reach, Secret},
};

/// Where accounts outside the EU send their events.
const BASE_URL: &str = "https://events.pagerduty.com";
/// The longest summary, in characters.
const SUMMARY_MAX: usize = 1_024;
/// The most leads with their details in one event: far below 512 KB.
const LEADS_MAX: usize = 20;

/// How grave a page is, in PagerDuty's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are PagerDuty's")]
pub enum Severity {
    #[default]
    Critical,
    Error,
    Warning,
    Info,
}

impl Severity {
    const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A PagerDuty service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerDutySettings {
    /// The integration key of an Events API v2 integration, resolved.
    pub routing_key: Secret,
    /// `https://events.pagerduty.com` if it is left out; `https://events.eu.pagerduty.com` for an
    /// account in the EU.
    #[serde(default)]
    pub base_url: Option<Url>,
    /// How grave its pages are.
    #[serde(default)]
    pub severity: Severity,
    /// Allow a private address and plain http, for a relay in the own network.
    #[serde(default)]
    pub allow_private: bool,
}

/// A PagerDuty service, ready to be paged.
#[derive(Debug)]
pub struct PagerDuty {
    routing_key: Secret,
    url: Url,
    severity: Severity,
    outbound: Outbound,
}

impl PagerDuty {
    /// Opens it; nothing is sent yet.
    ///
    /// # Errors
    /// A sentence that does not show the key.
    pub fn new(settings: &PagerDutySettings) -> Result<Self, String> {
        let reach = if settings.allow_private { Reach::Private } else { Reach::Public };
        let outbound = Outbound::new(reach)?;
        let base = settings.base_url.as_ref().map_or(BASE_URL, Url::as_str);
        let url = Url::parse(base)
            .and_then(|base| base.join("/v2/enqueue"))
            .map_err(|_| "base_url: write https:// and a host".to_owned())?;
        outbound.check(&url).map_err(|why| format!("base_url: {why}"))?;
        let (routing_key, severity) = (settings.routing_key.clone(), settings.severity);
        Ok(Self { routing_key, url, severity, outbound })
    }

    async fn enqueue(&self, message: &Message) -> Result<(), Failure> {
        let mut event = event(message, self.severity);
        event.insert("routing_key".into(), self.routing_key.expose().into());
        // The key makes a repeat harmless.
        let call = Call::post(self.url.clone()).harmless().json(&event);
        let answer = self.outbound.send(call).await?;
        failure(&answer, message.at).map_or(Ok(()), Err)
    }
}

impl Channel for PagerDuty {
    fn send(&self, message: Message) -> Boxed<'_, Result<(), Failure>> {
        Box::pin(async move { self.enqueue(&message).await })
    }

    fn has_addresses(&self) -> bool {
        false
    }

    fn is_pager(&self) -> bool {
        true
    }
}

/// What an answer means. Nothing of its body is repeated.
fn failure(answer: &Answer, now: Time) -> Option<Failure> {
    if answer.status != 400 {
        return answer.failure(now);
    }
    let said = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    Some(if said.contains("routing key") || said.contains("routing_key") {
        Failure::AuthLost { why: "the routing key is not valid".to_owned() }
    } else {
        Failure::Refused { why: "status 400: invalid event".to_owned() }
    })
}

/// The event, without the routing key. A pager that is only told something is paged all the same:
/// better a page too many than none.
fn event(message: &Message, severity: Severity) -> Map<String, Value> {
    let action = if message.purpose == Purpose::PageClose { "resolve" } else { "trigger" };
    let mut event = Map::new();
    event.insert("event_action".into(), action.into());
    event.insert("dedup_key".into(), message.id().into());
    if message.purpose == Purpose::PageClose {
        return event;
    }
    let links: Vec<Value> = message
        .more
        .iter()
        .chain(message.items.iter().take(LEADS_MAX).filter_map(|item| item.links.first()))
        .map(|link| json!({"href": link.url, "text": link.label}))
        .collect();
    event.insert("client".into(), "handoff".into());
    if let Some(first) = links.first() {
        event.insert("client_url".into(), first["href"].clone());
    }
    event.insert("links".into(), links.into());
    event.insert(
        "payload".into(),
        json!({
            "summary": summary(message),
            "source": "handoff",
            "severity": severity.word(),
            "timestamp": message.at.rfc3339(),
            "custom_details": details(message),
        }),
    );
    event
}

/// What is read out on the phone: our headline, and who it is.
fn summary(message: &Message) -> String {
    let summary = match message.items.as_slice() {
        [only] if message.total == 1 => {
            format!("{}: {}", message.headline, lines::title(only, false).escape_mail_line())
        }
        _ => match message.said.first() {
            Some(first) => format!("{}: {first}", message.headline),
            None => message.headline.clone(),
        },
    };
    Untrusted::from(summary).one_line(SUMMARY_MAX).escape_mail_line()
}

/// The lines of one lead, or those of the first of many under their numbers.
fn details(message: &Message) -> Value {
    let about = |item| {
        lines::lines(item)
            .into_iter()
            .map(|line| (line.label.to_owned(), line.text.escape_mail_line().into()))
            .collect::<Map<String, Value>>()
    };
    if let ([only], 1) = (message.items.as_slice(), message.total) {
        return about(only).into();
    }
    if message.total == 0 {
        let said: Vec<Value> =
            lines::said(message).map(|line| line.escape_mail_line().into()).collect();
        return json!({ "Alert": said });
    }
    let mut details = Map::from_iter([("Leads".to_owned(), message.total.into())]);
    for (index, item) in message.items.iter().take(LEADS_MAX).enumerate() {
        let mut one = about(item);
        one.insert("Who".into(), lines::title(item, true).escape_mail_line().into());
        details.insert((index + 1).to_string(), one.into());
    }
    details.into()
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    fn page() -> Message {
        Message { purpose: Purpose::PageOpen, ..samples::message() }
    }

    #[test]
    fn a_page_says_who_and_how_grave() {
        let event = Value::from(event(&page(), Severity::Warning));
        assert_eq!(event["event_action"], "trigger");
        assert_eq!(event["dedup_key"], "tell:7:ada");
        assert_eq!(event["payload"]["summary"], "New lead, answer by 10:07: Eva Linden");
        assert_eq!(event["payload"]["severity"], "warning");
        assert_eq!(event["payload"]["timestamp"], "2026-01-01T09:50:00.000Z");
        assert_eq!(event["payload"]["custom_details"]["Company"], "Linden & Söhne AG");
        assert_eq!(event["links"][0]["text"], "Open");
        assert_eq!(event["client_url"], event["links"][0]["href"]);
    }

    #[test]
    fn the_answer_closes_it_by_the_same_key_and_tells_no_more() {
        let close = Message { purpose: Purpose::PageClose, ..samples::message() };
        let (open, close) = (event(&page(), Severity::Critical), event(&close, Severity::Critical));
        assert_eq!(open["dedup_key"], close["dedup_key"]);
        assert_eq!(
            Value::from(close),
            json!({"event_action": "resolve", "dedup_key": "tell:7:ada"})
        );
    }

    #[test]
    fn a_summary_is_cut_at_its_limit_and_not_before() {
        for (length, want) in
            [(SUMMARY_MAX, SUMMARY_MAX), (SUMMARY_MAX + 1, SUMMARY_MAX), (100_000, SUMMARY_MAX)]
        {
            let message =
                Message { headline: "x".repeat(length), items: vec![], total: 3, ..page() };
            assert_eq!(summary(&message).chars().count(), want, "{length}");
        }
    }

    #[test]
    fn the_largest_event_stays_far_below_512_kb() {
        let mut message =
            Message { items: samples::message_of(500, 500).items, total: 500, ..page() };
        for item in &mut message.items {
            item.facts = vec![("Fact", Untrusted::from("𝄞".repeat(400))); 30];
        }
        let bytes = serde_json::to_vec(&event(&message, Severity::Critical)).unwrap();
        assert!(bytes.len() < 512_000 - 1_000, "{}", bytes.len());
    }

    #[test]
    fn a_strangers_text_stays_inside_its_value() {
        for hostile in samples::HOSTILE {
            let message = Message { purpose: Purpose::PageOpen, ..samples::message_by(hostile) };
            let event = Value::from(event(&message, Severity::Critical));
            assert!(event.get("routing_key").is_none());
            let shown = event["payload"].to_string();
            assert!(
                !shown.contains("\\r") && !shown.contains("\\n") && !shown.contains('\u{202e}')
            );
        }
    }

    #[test]
    fn settings_need_a_key_and_no_more() {
        let settings: PagerDutySettings =
            serde_json::from_value(json!({"routing_key": "hunter2"})).unwrap();
        assert_eq!(
            PagerDuty::new(&settings).unwrap().url.as_str(),
            "https://events.pagerduty.com/v2/enqueue"
        );
        assert!(!format!("{settings:?}").contains("hunter2"));
        let unknown = json!({"routing_key": "x", "sevirity": "info"});
        assert!(serde_json::from_value::<PagerDutySettings>(unknown).is_err());
    }
}
