//! One verified body as the events it holds, each with what makes it the same when it comes again.
//!
//! Guarantees: an item's bytes are a slice of the body; nothing is lost: what should be a list and
//! is not becomes one item; a key that is not complete is not used, so that two leads never
//! pass for one; the fallback is the hash of the item's bytes.
//! Does not know: what the events mean.

use sha2::{Digest, Sha256};

use super::form;
use super::path::PlainPath;
use super::settings::{Kind, OneOrMany, SourceSettings, header_name};

/// More events than this in one body are kept together as one (the largest documented batch of a
/// vendor is 4,000).
const MOST_ITEMS: usize = 5_000;
/// Longer keys are hashed.
const LONGEST_KEY: usize = 200;

/// One event of a verified body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// What makes it the same delivery when it comes again, within its source: the vendor's
    /// delivery id, a JSON list of composite parts, or `sha256:` and the hash of the bytes.
    pub delivery: String,
    /// Its bytes, a slice of the request's body.
    pub body: &'a [u8],
}

/// Where the delivery id is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dedupe {
    /// In the id header of the signature scheme.
    IdHeader,
    /// In another header, which as a rule is not signed.
    Header(String),
    /// In the body: all the first, and those of the second that are there.
    Paths(Vec<PlainPath>, Vec<PlainPath>),
    /// Nowhere.
    Body,
}

/// The rules by which a source's bodies are cut and named.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub dedupe: Dedupe,
    pub items: Option<PlainPath>,
}

impl Rules {
    /// From the settings, or what is known of the kind.
    pub(super) fn new(settings: &SourceSettings) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let items = match settings.items.as_deref() {
            Some("none") => None,
            Some(text) => PlainPath::parse("items", text)
                .and_then(|path| {
                    path.is_list().then_some(path).ok_or_else(|| {
                        format!("items: {text:?} finds one value; end it with [*], or write none")
                    })
                })
                .map_err(|error| wrong.push(error))
                .ok(),
            None => known_items(settings.kind),
        };
        let dedupe =
            settings.dedupe.as_ref().map_or_else(|| Ok(known_dedupe(settings)), configured);
        match dedupe {
            Ok(dedupe) if wrong.is_empty() => Ok(Self { dedupe, items }),
            Ok(_) => Err(wrong),
            Err(error) => {
                wrong.push(error);
                Err(wrong)
            }
        }
    }

    /// Cuts a body and names the parts. `header` is the id that stood in a header, if any.
    pub(super) fn cut<'a>(
        &self,
        body: &'a [u8],
        content_type: Option<&str>,
        header: Option<&str>,
    ) -> Vec<Item<'a>> {
        let list = self.items.as_ref().and_then(|path| {
            let found = path.select(std::str::from_utf8(body).ok()?)?;
            (found.len() <= MOST_ITEMS).then_some(found)
        });
        let name = |body: &'a [u8], id: Option<String>| {
            let delivery = id
                .filter(|id| !id.is_empty())
                .or_else(|| self.key(body, content_type))
                .unwrap_or_else(|| hash(body));
            // What is long is hashed, to keep keys and their index small.
            let long = delivery.len() > LONGEST_KEY;
            let delivery = if long { hash(delivery.as_bytes()) } else { delivery };
            Item { delivery, body }
        };
        match list {
            Some(found) => found
                .into_iter()
                .enumerate()
                .map(|(n, text)| name(text.as_bytes(), header.map(|id| format!("{id}/{n}"))))
                .collect(),
            None => vec![name(body, header.map(ToOwned::to_owned))],
        }
    }

    fn key(&self, body: &[u8], content_type: Option<&str>) -> Option<String> {
        let Dedupe::Paths(all, some) = &self.dedupe else { return None };
        let text = std::str::from_utf8(body).ok()?;
        // A form has no members to walk: its document has.
        let document = form::is_form(content_type, body)
            .then(|| form::document(content_type, body).map(|value| value.to_string()).ok())
            .flatten();
        let text = document.as_deref().unwrap_or(text);
        let mut parts = all.iter().map(|path| path.scalar(text)).collect::<Option<Vec<_>>>()?;
        parts.extend(some.iter().filter_map(|path| path.scalar(text)));
        match parts.as_slice() {
            [serde_json::Value::String(one)] => Some(one.clone()),
            [one] => Some(one.to_string()),
            _ => Some(serde_json::Value::Array(parts).to_string()),
        }
    }
}

fn configured(setting: &OneOrMany) -> Result<Dedupe, String> {
    let paths = match setting {
        OneOrMany::One(text) => {
            if let Some(("header", name)) = text.split_once(':') {
                return header_name("dedupe", name.trim()).map(Dedupe::Header);
            }
            std::slice::from_ref(text)
        }
        OneOrMany::Many(paths) => paths.as_slice(),
    };
    if paths.is_empty() {
        return Err("dedupe is empty: name a header or JSON paths, or leave it out".to_owned());
    }
    let all = paths.iter().map(|path| PlainPath::parse("dedupe", path)).collect::<Result<_, _>>();
    all.map(|all| Dedupe::Paths(all, Vec::new()))
}

fn plain(paths: &[&str]) -> Vec<PlainPath> {
    paths.iter().filter_map(|path| PlainPath::parse("dedupe", path).ok()).collect()
}

fn known_items(kind: Kind) -> Option<PlainPath> {
    match kind {
        // Subscriptions post lists; a workflow's single object stays one item.
        Kind::HubspotV1 | Kind::HubspotV2 | Kind::HubspotV3 => plain(&["$[*]"]).pop(),
        _ => None,
    }
}

fn known_dedupe(settings: &SourceSettings) -> Dedupe {
    match settings.kind {
        Kind::StandardWebhooks | Kind::Svix => Dedupe::IdHeader,
        Kind::Hmac if settings.id_header.is_some() => Dedupe::IdHeader,
        Kind::Github => Dedupe::Header("x-github-delivery".to_owned()),
        Kind::Stripe => Dedupe::Paths(plain(&["$.id"]), Vec::new()),
        // A partial response and the final one share the token; both must be kept.
        Kind::Typeform => {
            Dedupe::Paths(plain(&["$.form_response.token"]), plain(&["$.event_type"]))
        }
        // `eventId` alone is not unique, and `attemptNumber` changes with every attempt.
        Kind::HubspotV1 | Kind::HubspotV2 | Kind::HubspotV3 => Dedupe::Paths(
            plain(&["$.portalId", "$.subscriptionType", "$.objectId", "$.eventId", "$.occurredAt"]),
            plain(&["$.propertyName"]),
        ),
        Kind::Slack | Kind::Hmac | Kind::Token | Kind::Basic => Dedupe::Body,
    }
}

fn hash(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(kind: Kind) -> Rules {
        Rules::new(&SourceSettings::new(kind)).unwrap()
    }

    fn keys(rules: &Rules, body: &str, header: Option<&str>) -> Vec<String> {
        let items = rules.cut(body.as_bytes(), None, header);
        items.into_iter().map(|item| item.delivery).collect()
    }

    #[test]
    fn every_built_in_path_reads() {
        for kind in Kind::ALL {
            if let Dedupe::Paths(all, _) = rules(kind).dedupe {
                assert!(!all.is_empty(), "{kind:?}");
            }
        }
        let Dedupe::Paths(all, some) = rules(Kind::HubspotV3).dedupe else { panic!("no paths") };
        assert_eq!((all.len(), some.len()), (5, 1));
    }

    #[test]
    fn hubspots_list_becomes_an_item_for_each_event_with_its_bytes() {
        let one = r#"{"eventId":1,"portalId":2,"occurredAt":3, "subscriptionType":"contact.creation","attemptNumber":0,"objectId":4}"#;
        let two = one.replace("\"objectId\":4", "\"objectId\":4,\"propertyName\":\"email\"");
        let body = format!("[ {one} ,{two}]");
        let items = rules(Kind::HubspotV3).cut(body.as_bytes(), None, None);
        assert_eq!(items[0].body, one.as_bytes());
        assert_eq!(items[0].delivery, r#"[2,"contact.creation",4,1,3]"#);
        assert_eq!(items[1].body, two.as_bytes());
        assert_eq!(items[1].delivery, r#"[2,"contact.creation",4,1,3,"email"]"#);
        let again = body.replace("\"attemptNumber\":0", "\"attemptNumber\":7");
        assert_eq!(
            keys(&rules(Kind::HubspotV3), &again, None),
            items.into_iter().map(|item| item.delivery).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_should_be_a_list_and_is_not_stays_whole() {
        for body in ["", "{", "{\"vid\":501}", "[1,", "\u{feff}[1]", "nonsense"] {
            let rules = rules(Kind::HubspotV3);
            let items = rules.cut(body.as_bytes(), None, None);
            assert_eq!(items.len(), 1, "{body}");
            assert_eq!(items[0].body, body.as_bytes());
            assert_eq!(items[0].delivery, hash(body.as_bytes()));
        }
        let items = rules(Kind::HubspotV3).cut(b"[\"\xff\"]", None, None).len();
        assert_eq!(items, 1);
        let many = |n: usize| format!("[{}1]", "1,".repeat(n - 1));
        assert_eq!(keys(&rules(Kind::HubspotV3), &many(5_000), None).len(), 5_000);
        assert_eq!(keys(&rules(Kind::HubspotV3), &many(5_001), None).len(), 1);
        assert_eq!(keys(&rules(Kind::HubspotV3), "[]", None).len(), 0);
    }

    #[test]
    fn a_key_that_is_not_complete_is_not_used() {
        let mut settings = SourceSettings::new(Kind::Token);
        settings.dedupe = Some(OneOrMany::Many(vec!["$.type".into(), "$.data.id".into()]));
        let rules = Rules::new(&settings).unwrap();
        assert_eq!(keys(&rules, r#"{"type":"a","data":{"id":7}}"#, None), [r#"["a",7]"#]);
        let partial = r#"{"type":"a","data":{}}"#;
        assert_eq!(keys(&rules, partial, None), [hash(partial.as_bytes())]);
    }

    #[test]
    fn a_form_is_named_by_its_decoded_members() {
        let mut settings = SourceSettings::new(Kind::Hmac);
        settings.dedupe =
            Some(OneOrMany::Many(vec!["$.type".into(), "$.data.id".into(), "$.fired_at".into()]));
        let body = b"type=subscribe&fired_at=2026-01-01+00%3A00%3A00&data%5Bid%5D=8a";
        let kind = Some("application/x-www-form-urlencoded");
        let items = Rules::new(&settings).unwrap().cut(body, kind, None);
        assert_eq!(items[0].delivery, r#"["subscribe","8a","2026-01-01 00:00:00"]"#);
    }

    #[test]
    fn typeform_is_named_by_its_token_and_kind_of_response() {
        let body = r#"{"event_type":"form_response","form_response":{"token":"a3"}}"#;
        assert_eq!(keys(&rules(Kind::Typeform), body, None), [r#"["a3","form_response"]"#]);
        let body = r#"{"form_response":{"token":"a3"}}"#;
        assert_eq!(keys(&rules(Kind::Typeform), body, None), ["a3"]);
    }

    #[test]
    fn a_header_id_is_numbered_in_a_list_and_hashed_when_long() {
        let mut settings = SourceSettings::new(Kind::Github);
        assert_eq!(keys(&Rules::new(&settings).unwrap(), "[1,2]", Some("d")), ["d"]);
        settings.items = Some("$[*]".into());
        let rules = Rules::new(&settings).unwrap();
        assert_eq!(keys(&rules, "[1,2]", Some("d")), ["d/0", "d/1"]);
        assert_eq!(keys(&rules, "1", Some(&"x".repeat(200))), ["x".repeat(200)]);
        assert!(keys(&rules, "1", Some(&"x".repeat(201)))[0].starts_with("sha256:"));
        assert_eq!(keys(&rules, "1", Some("")), [hash(b"1")]);
    }

    #[test]
    fn settings_that_cannot_be_are_refused_with_advice() {
        let check = |dedupe: Option<OneOrMany>, items: Option<&str>, word: &str| {
            let mut settings = SourceSettings::new(Kind::Token);
            settings.dedupe = dedupe;
            settings.items = items.map(ToOwned::to_owned);
            let errors = Rules::new(&settings).unwrap_err();
            assert!(errors[0].contains(word), "{errors:?}");
        };
        check(Some(OneOrMany::Many(vec![])), None, "dedupe is empty");
        check(Some(OneOrMany::One("x-id".into())), None, "plain JSON path");
        check(Some(OneOrMany::One("header: x id".into())), None, "header name");
        check(None, Some("$.data"), "[*]");
        check(None, Some("yes"), "plain JSON path");
    }
}
