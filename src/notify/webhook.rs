//! Any other system, by a signed webhook (the Standard Webhooks convention).
//!
//! Guarantees: `webhook-id` is the same on every attempt, so the receiver can tell a repeat;
//! `webhook-signature` holds one `v1,` HMAC-SHA256 in base64 per secret, over
//! `{id}.{timestamp}.{body}`, so a receiver can rotate without a gap and refuse old recordings.
//! Does not know: what the receiver does with it.
//!
//! The body is JSON:
//!
//! ```json
//! {
//!   "type": "handoff.tell",
//!   "timestamp": "2026-01-01T09:50:00.000Z",
//!   "data": {
//!     "headline": "New lead, answer by 10:07",
//!     "said": [],
//!     "total": 1,
//!     "leads": [{
//!       "lead": "00000000-0000-0000-0000-000000000007",
//!       "why": "assigned",
//!       "who": "Eva Linden",
//!       "facts": [{"label": "Company", "text": "Linden AG"}],
//!       "because": "dach-enterprise",
//!       "owner": null,
//!       "due_at": "2026-01-01T10:00:00.000Z",
//!       "links": [{"label": "Open", "url": "https://handoff.acme.example/leads/…"}]
//!     }],
//!     "more": null,
//!     "links": [{"label": "I'm out today", "url": "https://handoff.acme.example/act/…"}]
//!   }
//! }
//! ```
//!
//! `type` is `handoff.tell`, `handoff.page_open` or `handoff.page_close`; `why` is `assigned`,
//! `filled_again`, `reminder`, `late`, `reassigned`, `page`, `page_over` or `stuck`. `who` and
//! the facts' texts were written by strangers: one line each, cut, and not escaped for anything.
//! `said` holds the lines of an alert about handoff itself; it has no leads then. `leads` may hold
//! fewer than `total`. New fields may be added; none changes its meaning.
//!
//! Source: Standard Webhooks specification, version 1.0.0.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Boxed, Channel, Item, Link, Message, Purpose, hook_url, lines};
use crate::{
    model::{failure::Failure, time::Time},
    outbound::{Answer, Call, Outbound, Reach, Secret},
};

/// The most leads in one body.
const LEADS_MAX: usize = 50;
/// The length of a secret in bytes, by the specification.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A receiver of signed webhooks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where to post, resolved: addresses of hooks are often secrets.
    pub url: Secret,
    /// `whsec_` and 24 to 64 random bytes in base64, resolved. All of them sign, so that the
    /// receiver may be given a new one before the old one goes.
    pub secrets: Vec<Secret>,
    /// Allow a private address and plain http, for a receiver in the own network.
    #[serde(default)]
    pub allow_private: bool,
}

/// A receiver, ready to be posted to.
#[derive(Debug)]
pub struct Webhook {
    url: Secret,
    signer: Signer,
    outbound: Outbound,
}

impl Webhook {
    /// Opens it; nothing is sent yet.
    ///
    /// # Errors
    /// A sentence that shows neither the URL nor a secret.
    pub fn new(settings: &WebhookSettings) -> Result<Self, String> {
        let reach = if settings.allow_private { Reach::Private } else { Reach::Public };
        let outbound = Outbound::new(reach)?;
        outbound.check(&hook_url(&settings.url)?).map_err(|why| format!("url: {why}"))?;
        let signer = Signer::new(&settings.secrets)?;
        Ok(Self { url: settings.url.clone(), signer, outbound })
    }

    async fn post(&self, message: &Message) -> Result<(), Failure> {
        let url = hook_url(&self.url).map_err(|why| Failure::AuthLost { why })?;
        let (id, timestamp) = (message.id(), message.at.seconds().to_string());
        let body = body(message).to_string().into_bytes();
        let signature = self.signer.sign(&id, &timestamp, &body);
        let call = Call::post(url)
            // The id makes a repeat harmless.
            .harmless()
            .header("webhook-id", &id)
            .header("webhook-timestamp", &timestamp)
            .header("webhook-signature", &signature)
            .body("application/json", body);
        let answer = self.outbound.send(call).await?;
        failure(&answer, message.at).map_or(Ok(()), Err)
    }
}

impl Channel for Webhook {
    fn send(&self, message: Message) -> Boxed<'_, Result<(), Failure>> {
        Box::pin(async move { self.post(&message).await })
    }

    fn has_addresses(&self) -> bool {
        false
    }
}

/// What an answer means. There is no credential that could be refreshed, and by the specification
/// 410 says to stop.
fn failure(answer: &Answer, now: Time) -> Option<Failure> {
    match answer.status {
        401 | 403 | 410 => Some(Failure::AuthLost { why: format!("status {}", answer.status) }),
        _ => answer.failure(now),
    }
}

/// Signs with every secret.
struct Signer(Vec<Hmac<Sha256>>);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} secrets)", self.0.len())
    }
}

impl Signer {
    fn new(secrets: &[Secret]) -> Result<Self, String> {
        let key = |(index, secret): (usize, &Secret)| {
            secret
                .expose()
                .strip_prefix("whsec_")
                .and_then(|secret| STANDARD.decode(secret).ok())
                .filter(|bytes| SECRET_BYTES.contains(&bytes.len()))
                .and_then(|bytes| Hmac::new_from_slice(&bytes).ok())
                .ok_or_else(|| {
                    format!("secret {}: write whsec_ and 24 to 64 bytes in base64", index + 1)
                })
        };
        let keys = secrets.iter().enumerate().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err("secrets: name at least one; unsigned webhooks are not sent".to_owned());
        }
        Ok(Self(keys))
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let one = |key: &Hmac<Sha256>| {
            let signed = key.clone().chain_update(format!("{id}.{timestamp}.")).chain_update(body);
            format!("v1,{}", STANDARD.encode(signed.finalize().into_bytes()))
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

fn body(message: &Message) -> Value {
    let kind = match message.purpose {
        Purpose::Tell => "handoff.tell",
        Purpose::PageOpen => "handoff.page_open",
        Purpose::PageClose => "handoff.page_close",
    };
    let link = |link: &Link| json!({"label": link.label, "url": link.url});
    json!({
        "type": kind,
        "timestamp": message.at.rfc3339(),
        "data": {
            "headline": message.headline,
            "said": message.said,
            "total": message.total,
            "leads": message.items.iter().take(LEADS_MAX).map(about).collect::<Vec<_>>(),
            "more": message.more.as_ref().map(link),
            "links": message.links.iter().map(link).collect::<Vec<_>>(),
        },
    })
}

fn about(item: &Item) -> Value {
    let facts: Vec<Value> = item
        .facts
        .iter()
        .take(lines::LINES_MAX)
        .map(|(label, text)| json!({"label": label, "text": text.one_line(lines::TEXT_MAX)}))
        .collect();
    json!({
        "lead": item.lead,
        "why": item.why,
        "who": lines::title(item, false),
        "facts": facts,
        "because": item.because,
        "owner": item.owner,
        "due_at": item.due_at.map(Time::rfc3339),
        "links": item.links.iter().map(|link| json!({"label": link.label, "url": link.url})).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    fn secret(byte: u8, length: usize) -> Secret {
        Secret::new(format!("whsec_{}", STANDARD.encode(vec![byte; length])))
    }

    /// The example of the specification's reference libraries.
    #[test]
    fn the_specifications_own_example_signs_as_it_says() {
        let signer = Signer::new(&[Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]).unwrap();
        let signature =
            signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs() {
        let both = Signer::new(&[secret(1, 24), secret(2, 64)]).unwrap().sign("a", "1", b"{}");
        let old = Signer::new(&[secret(1, 24)]).unwrap().sign("a", "1", b"{}");
        assert_eq!(both.split(' ').next(), Some(&*old));
        assert_eq!(both.split(' ').count(), 2);
    }

    #[test]
    fn a_secret_is_wanted_and_its_length_is_checked() {
        for (secrets, is_good) in [
            (vec![], false),
            (vec![secret(7, 23)], false),
            (vec![secret(7, 24)], true),
            (vec![secret(7, 64)], true),
            (vec![secret(7, 65)], false),
            (vec![Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH")], false),
        ] {
            let signer = Signer::new(&secrets);
            assert_eq!(signer.is_ok(), is_good, "{secrets:?}");
            assert!(!format!("{signer:?}").contains("BwcH"));
        }
    }

    /// Addresses are examples, everything else is compared.
    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), shape(value))).collect()
            }
            Value::Array(items) => items.iter().map(shape).collect(),
            Value::String(text) if text.starts_with("https://") => "url".into(),
            other => other.clone(),
        }
    }

    #[test]
    fn the_body_is_what_the_documentation_shows() {
        let documented: String = include_str!("webhook.rs")
            .lines()
            .skip_while(|line| *line != "//! ```json")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| line.trim_start_matches("//!"))
            .collect();
        let documented: Value = serde_json::from_str(&documented).unwrap();
        let mut message = samples::message();
        message.items[0].facts[0].1 = "Linden AG".into();
        assert_eq!(shape(&body(&message)), shape(&documented));
    }

    #[test]
    fn a_strangers_text_is_one_cut_line_of_json() {
        for hostile in samples::HOSTILE.map(|text| text.repeat(10_000)) {
            let body = body(&samples::message_by(&hostile));
            let text = body["data"]["leads"][0]["facts"][0]["text"].as_str().unwrap();
            assert!(text.chars().count() <= lines::TEXT_MAX && !text.contains(char::is_control));
            assert!(!text.contains('\u{202e}'));
        }
    }

    #[test]
    fn a_body_stays_small() {
        let mut message = samples::message_of(1_000, 1_000);
        for item in &mut message.items {
            item.facts = vec![("Fact", "𝄞".repeat(400).into()); 30];
        }
        assert!(body(&message).to_string().len() < 2_000_000);
        assert_eq!(body(&message)["data"]["total"], 1_000);
    }
}
