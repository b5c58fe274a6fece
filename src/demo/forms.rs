//! Stand-ins for four kinds of form tool: each with its own shape of body and its own signature.
//!
//! Guarantees: a delivery is really signed and really posted; a repeat is the same bytes under the
//! same delivery id; a forgery is well-formed and signed with another secret.
//! Does not know: what handoff makes of it, beyond the answer.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::Url;

use super::cast::Person;
use crate::{
    clock::{Clock, SystemClock},
    intake::{Kind, OneOrMany, Scheme, Secret, SourceSettings},
    model::{
        id::digest,
        time::{Span, Time},
    },
    outbound::{Call, Outbound, Reach},
};

/// A form tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    Typeform,
    Website,
    Hubspot,
    Partner,
}

/// What a form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Newsletter,
    Ebook,
    Contact,
    Demo,
}

/// One delivery: who says what through which tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub tool: Tool,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// What the tool calls this delivery.
    pub id: String,
}

impl Tool {
    pub const ALL: [Self; 4] = [Self::Typeform, Self::Website, Self::Hubspot, Self::Partner];

    /// The source's name in the settings.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Typeform => "typeform-demo",
            Self::Website => "website",
            Self::Hubspot => "hubspot-forms",
            Self::Partner => "partner-portal",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Typeform => "Typeform",
            Self::Website => "website",
            Self::Hubspot => "HubSpot form",
            Self::Partner => "partner",
        }
    }

    /// The tool of a source.
    #[must_use]
    pub fn of(source: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.source() == source)
    }

    /// The tool that the cast's file names.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "typeform" => Self::Typeform,
            "hubspot" => Self::Hubspot,
            "partner" => Self::Partner,
            _ => Self::Website,
        }
    }

    /// What its main form asks for.
    #[must_use]
    pub const fn asks(self) -> Asks {
        match self {
            Self::Typeform => Asks::Demo,
            Self::Website | Self::Partner => Asks::Contact,
            Self::Hubspot => Asks::Ebook,
        }
    }

    /// How the source is verified.
    fn settings(self) -> SourceSettings {
        match self {
            Self::Typeform => SourceSettings::new(Kind::Typeform),
            Self::Website => SourceSettings::new(Kind::StandardWebhooks),
            Self::Hubspot => SourceSettings {
                dedupe: Some(OneOrMany::One("$.submission".to_owned())),
                ..SourceSettings::new(Kind::HubspotV3)
            },
            Self::Partner => SourceSettings {
                signature_header: Some("x-partner-signature".to_owned()),
                prefix: Some("sha256=".to_owned()),
                template: Some("{ts}.{body}".to_owned()),
                timestamp_from: Some("header: x-partner-timestamp".to_owned()),
                dedupe: Some(OneOrMany::One("$.ref".to_owned())),
                ..SourceSettings::new(Kind::Hmac)
            },
        }
    }

    /// The scheme under this run's key.
    ///
    /// # Errors
    /// A sentence for each thing that is wrong, which the tests keep from happening.
    pub fn scheme(self, key: &[u8]) -> anyhow::Result<Scheme> {
        let secret = digest(&[b"form tool", self.source().as_bytes(), key]);
        let secret = match self {
            Self::Website => format!("whsec_{}", STANDARD.encode(secret)),
            _ => hex::encode(secret),
        };
        Scheme::compile(&self.settings(), &[Secret::new(secret)]).map_err(|wrong| {
            anyhow::anyhow!("the demo's source {}: {}", self.source(), wrong.join("; "))
        })
    }

    /// What this person sends through this tool; `number` makes the delivery a new one.
    #[must_use]
    pub fn fill(self, person: &Person, asks: Asks, number: usize) -> Delivery {
        let id = format!("{}-{number:05}", self.source());
        let body = match self {
            Self::Typeform => typeform(person, &id),
            Self::Website => website(person, asks),
            Self::Hubspot => hubspot(person, &id),
            Self::Partner => partner(person, &id),
        };
        let body = body.to_string().into_bytes();
        Delivery { tool: self, content_type: "application/json", body, id }
    }
}

fn typeform(person: &Person, id: &str) -> Value {
    let text = |name: &str, value: &str| json!({ "type": "text", "text": value, "field": { "ref": name, "type": "short_text" } });
    let choice = |name: &str, label: &str| json!({ "type": "choice", "choice": { "label": label }, "field": { "ref": name } });
    let mut answers = vec![
        text("first_name", &person.first),
        text("last_name", &person.last),
        json!({ "type": "email", "email": person.email, "field": { "ref": "email" } }),
        text("company", &person.company),
        text("country", &person.country),
        choice("role", &person.job),
    ];
    if !person.people.is_empty() {
        answers.push(choice("company_size", &person.people));
    }
    json!({
        "event_id": id,
        "event_type": "form_response",
        "form_response": {
            "form_id": "lT4Z3j",
            "token": id,
            "definition": { "title": "Book a demo" },
            "hidden": { "utm_source": "search" },
            "answers": answers,
        },
    })
}

fn website(person: &Person, asks: Asks) -> Value {
    let form = match asks {
        Asks::Newsletter => "newsletter",
        Asks::Ebook => "ebook",
        Asks::Contact | Asks::Demo => "contact",
    };
    json!({
        "type": "form.submitted",
        "data": {
            "form": form,
            "email": person.email,
            "full_name": format!("{} {}", person.first, person.last),
            "company": person.company,
            "country": person.country,
            "employees": person.people,
            "role": person.job,
        },
    })
}

fn hubspot(person: &Person, id: &str) -> Value {
    let property = |value: &str| json!({ "value": value });
    json!({
        "submission": id,
        "vid": 200_000,
        "properties": {
            "email": property(&person.email),
            "firstname": property(&person.first),
            "lastname": property(&person.last),
            "company": property(&person.company),
            "country": property(&person.country),
            "numemployees": property(&person.people),
            "jobtitle": property(&person.job),
            "recent_conversion_event_name": property("Ebook: the first five minutes"),
        },
    })
}

fn partner(person: &Person, id: &str) -> Value {
    json!({
        "ref": id,
        "contact": {
            "mail": format!(" {} ", person.email),
            "full": format!("{} {}", person.first, person.last),
            "job": person.job,
        },
        "org": person.company,
        "org_country": person.country,
        "org_size": person.people,
    })
}

/// What came of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status; 0 if there was no answer.
    pub status: u16,
    /// How many of its items had been delivered before.
    pub duplicates: u64,
    /// How long the answer took, by this machine's clock.
    pub took: Span,
}

/// Signs and posts.
#[derive(Debug)]
pub struct Postman {
    outbound: Outbound,
    schemes: BTreeMap<Tool, Scheme>,
    forger: Scheme,
    base: Url,
    watch: SystemClock,
}

/// The headers that the four schemes use.
const HEADERS: [&str; 8] = [
    "typeform-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "x-partner-signature",
    "x-partner-timestamp",
];

impl Postman {
    /// Posts to the daemon at `base` under this run's key.
    ///
    /// # Errors
    /// When a scheme or the client cannot be made.
    pub fn new(base: Url, key: &[u8]) -> anyhow::Result<Self> {
        let schemes: anyhow::Result<_> =
            Tool::ALL.into_iter().map(|tool| Ok((tool, tool.scheme(key)?))).collect();
        Ok(Self {
            outbound: Outbound::new(Reach::Private).map_err(anyhow::Error::msg)?,
            schemes: schemes?,
            forger: Tool::Website.scheme(b"a secret that the forger made up")?,
            base,
            watch: SystemClock::new(),
        })
    }

    /// Signs a delivery as its tool does, and posts it.
    pub async fn post(&self, delivery: &Delivery, now: Time) -> Posted {
        match self.schemes.get(&delivery.tool) {
            Some(scheme) => self.send(scheme, delivery, now).await,
            None => Posted { status: 0, duplicates: 0, took: Span::ZERO },
        }
    }

    /// Posts what looks like a website's form, signed by somebody who does not know the secret.
    pub async fn forge(&self, delivery: &Delivery, now: Time) -> Posted {
        self.send(&self.forger, delivery, now).await
    }

    async fn send(&self, scheme: &Scheme, delivery: &Delivery, now: Time) -> Posted {
        let mut url = self.base.clone();
        url.set_path(&format!("/in/{}", delivery.tool.source()));
        let began = self.watch.monotonic();
        let signed = scheme.sign("POST", url.as_str(), &delivery.body, now, &delivery.id);
        let call = Call::post(url).body(delivery.content_type, delivery.body.clone());
        let call = signed.iter().fold(call, |call, (name, value)| {
            match HEADERS.iter().find(|known| *known == name) {
                Some(name) => call.header(name, value),
                None => call,
            }
        });
        let answer = self.outbound.send(call).await;
        let took = Span(self.watch.monotonic().0 - began.0);
        let Ok(answer) = answer else { return Posted { status: 0, duplicates: 0, took } };
        let said: Value = answer.lenient().unwrap_or_default();
        let duplicates = said.get("duplicates").and_then(Value::as_u64).unwrap_or(0);
        Posted { status: answer.status, duplicates, took }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::cast::Cast, *};
    use crate::intake::Request;

    #[test]
    fn every_tool_signs_what_its_source_verifies_and_a_repeat_is_the_same_delivery() {
        let (cast, now) = (Cast::read(), Time(1_767_268_800_000));
        let uri = "http://127.0.0.1:1/in/x";
        for tool in Tool::ALL {
            let (scheme, forger) = (tool.scheme(b"k").unwrap(), tool.scheme(b"other").unwrap());
            let deliveries: Vec<String> = [1, 1, 2]
                .into_iter()
                .map(|number| {
                    let delivery = tool.fill(&cast.person(0), tool.asks(), number);
                    let headers = |scheme: &Scheme| -> Vec<(String, Vec<u8>)> {
                        let signed = scheme.sign("POST", uri, &delivery.body, now, &delivery.id);
                        signed.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
                    };
                    let (good, bad) = (headers(&scheme), headers(&forger));
                    assert!(good.iter().all(|(name, _)| HEADERS.contains(&name.as_str())));
                    let request =
                        |headers| Request { method: "POST", uri, headers, body: &delivery.body };
                    assert!(scheme.verify(&request(&bad), now).is_err(), "{tool:?} forged");
                    let verified = scheme.verify(&request(&good), now);
                    verified.unwrap().items().into_iter().map(|item| item.delivery).collect()
                })
                .collect();
            assert_eq!(deliveries[0], deliveries[1], "{tool:?}");
            assert_ne!(deliveries[0], deliveries[2], "{tool:?}");
        }
    }
}
