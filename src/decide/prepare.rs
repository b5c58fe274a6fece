//! A stored fill becomes a draft: mapped by the rulebook, normalised, or unreadable with a reason.
//!
//! Guarantees: a draft has at least one identity; a value that cannot be normalised is left out
//! rather than failing the fill, unless nothing to recognise the person by is left.
//! Does not know: the store; it runs outside any transaction, with panics caught by its caller.

use serde_json::Value;

use crate::{
    model::{
        country,
        field::{Field, Fields},
        lead::Identity,
        normalize,
        plan::{Draft, Input, Unread},
        text::Untrusted,
    },
    rulebook::{Rulebook, facts},
};

/// The longest text kept of one field, in characters. The raw body keeps everything.
const TEXT_MAX: usize = 2_000;

/// Prepares one fill of `source`. `document` is its body as JSON, or why it is none.
#[must_use]
pub fn prepare(book: &Rulebook, source: &str, document: Result<Value, String>) -> Input {
    let document = match document {
        Ok(document) => document,
        Err(reason) => return Input::Unreadable(Unread::because(reason)),
    };
    let mapped = book.map(source, &document);
    let filled = mapped.values.keys().cloned().collect();
    let (fields, bad_email) = normalised(&mapped.values);
    let identities = identities(book, &fields);
    if identities.is_empty() {
        let reason = match bad_email {
            Some(why) => format!("no usable email or phone; of the email: {why}"),
            None => format!(
                "no email and no phone: no path of the mapping for {source:?} found one; \
                 mend the mapping and redo the event"
            ),
        };
        return Input::Unreadable(Unread { reason, filled, unfilled: mapped.unfilled });
    }
    let intent = book.intent_of(source, fields.text("form")).map(str::to_owned);
    let unfilled = mapped.unfilled;
    Input::Fill(Box::new(Draft { fields, identities, intent, account: None, filled, unfilled }))
}

/// Values by field, normalised, with the facts that follow from others; and why an address that is
/// none was left out.
#[must_use]
pub fn normalised<'v>(
    values: impl IntoIterator<Item = (&'v String, &'v Value)>,
) -> (Fields, Option<String>) {
    let mut fields = Fields::default();
    for (name, value) in values {
        if let Some(field) = field(name, value) {
            fields.0.insert(name.clone(), field);
        }
    }
    let bad_email = normal_email(&mut fields);
    derive(&mut fields);
    (fields, bad_email)
}

/// One mapped value as a typed field; empty text is no field.
fn field(name: &str, value: &Value) -> Option<Field> {
    match value {
        Value::Bool(flag) => Some(Field::Bool(*flag)),
        Value::Number(number) if name == "phone" || name == "postal_code" => {
            text(&number.to_string())
        }
        // People come in whole ones, which lint counts on.
        Value::Number(number) if name == "employees" => {
            number.as_f64().map(|number| Field::Number(number.trunc()))
        }
        Value::Number(number) => number.as_f64().map(Field::Number),
        Value::String(raw) if name == "employees" => {
            normalize::number(raw).map(|n| Field::Number(n as f64)).or_else(|| text(raw))
        }
        Value::String(raw) => text(raw),
        Value::Array(items) => {
            let joined: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            text(&joined.join(", "))
        }
        Value::Null | Value::Object(_) => None,
    }
}

fn text(raw: &str) -> Option<Field> {
    let trimmed = raw.trim();
    if trimmed.len() <= TEXT_MAX && !trimmed.contains('\0') {
        return (!trimmed.is_empty()).then(|| Field::Text(Untrusted::from(trimmed)));
    }
    let kept: String = trimmed.chars().filter(|c| *c != '\0').take(TEXT_MAX).collect();
    (!kept.is_empty()).then(|| Field::Text(Untrusted::new(kept)))
}

/// Normalises the address in place; takes it out and says why when it is none.
fn normal_email(fields: &mut Fields) -> Option<String> {
    let raw = fields.text("email")?.to_owned();
    match normalize::email(&raw) {
        Ok(email) => {
            fields.put_text("email", email.address());
            None
        }
        Err(why) => {
            fields.0.remove("email");
            Some(why.to_string())
        }
    }
}

/// The facts that follow from others: names, country, phone, domains.
fn derive(fields: &mut Fields) {
    for name in ["first_name", "last_name", "name", "company", "title", "city", "region"] {
        if let Some(raw) = fields.text(name) {
            match normalize::name(raw) {
                Some(tidy) => fields.put_text(name, tidy),
                None => {
                    fields.0.remove(name);
                }
            }
        }
    }
    match (fields.text("name"), fields.text("first_name"), fields.text("last_name")) {
        (Some(full), None, None) => {
            let (first, last) = normalize::split_name(full);
            for (name, part) in [("first_name", first), ("last_name", last)] {
                if !part.is_empty() {
                    fields.put_text(name, part);
                }
            }
        }
        (None, first, last) if first.is_some() || last.is_some() => {
            let full = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
            fields.put_text("name", full);
        }
        _ => {}
    }
    if let Some(code) = fields.text("country").and_then(country::parse) {
        fields.put_text("country", code);
    }
    if let Some(raw) = fields.text("phone").map(str::to_owned) {
        if let Some(e164) = normalize::phone(&raw, fields.text("country")) {
            fields.put_text("phone", e164);
        } else {
            // Kept for the rep to read, under a name that identifies nobody.
            fields.0.remove("phone");
            fields.put_text("phone_as_typed", raw);
        }
    }
    if let Some(domain) = fields.text("website").and_then(normalize::website) {
        fields.put_text("website", domain);
    }
    let host = fields.text("email").and_then(|email| email.rsplit('@').next());
    let is_free = host.map(normalize::is_free_mail);
    // The company's registrable domain: of the address unless that is a free-mail one, else of
    // the website.
    let domain = host
        .filter(|_| is_free == Some(false))
        .and_then(normalize::registrable_domain)
        .or_else(|| fields.text("website").and_then(normalize::registrable_domain));
    if let Some(domain) = domain {
        fields.put_text("domain", domain);
    }
    if let Some(is_free) = is_free {
        fields.0.insert("free_mail".to_owned(), Field::Bool(is_free));
    }
}

/// Who these normalised fields are; the company too, where a pool gives by it. Nobody, when there
/// is nothing to recognise a person by.
#[must_use]
pub fn identities(book: &Rulebook, fields: &Fields) -> Vec<Identity> {
    let email = fields.text("email").map(|email| Identity::Email(email.to_owned()));
    let phone = fields.text("phone").map(|phone| Identity::Phone(phone.to_owned()));
    let mut all: Vec<Identity> = email.into_iter().chain(phone).collect();
    if !all.is_empty() && book.is_sticky() {
        let (domain, _) = facts::company_domain(fields);
        all.extend(domain.map(Identity::Company));
    }
    all
}
