//! A source's scheme: compiled from settings, it verifies and signs.
//!
//! Guarantees: a scheme that compiled has one to three usable secrets and no field that means
//! nothing; a [`Verified`] exists only because its delivery was verified.
//! Does not know: secret references, answers, storage.

use std::fmt;

use super::engine::Signer;
use super::items::{Dedupe, Item, Rules};
use super::layout::Layout;
use super::settings::{Kind, Secret, SourceSettings};
use super::template::Values;
use super::token::Tokens;
use super::{Refused, Request};
use crate::model::time::{Span, Time};

const MOST_SECRETS: usize = 3;
const USUAL_TOLERANCE: Span = Span::minutes(5);
const TOLERANCES: std::ops::RangeInclusive<Span> = Span::seconds(60)..=Span::minutes(15);

enum Check {
    Signature(Box<Signer>),
    Token(Tokens),
}

/// How one source's deliveries are verified, cut and named.
pub struct Scheme {
    kind: Kind,
    check: Check,
    rules: Rules,
    tolerance: Option<Span>,
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheme").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Scheme {
    /// Compiles settings with their resolved secrets, the current one first.
    ///
    /// # Errors
    /// Every problem as a sentence that says how to mend it.
    pub fn compile(settings: &SourceSettings, secrets: &[Secret]) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        usable(secrets, &mut wrong);
        out_of_place(settings, &mut wrong);
        let rules = Rules::new(settings).map_err(|errors| wrong.extend(errors)).ok();
        let layout = Layout::of(settings).map_err(|errors| wrong.extend(errors)).ok();
        let timed = layout
            .as_ref()
            .map(|layout| layout.as_ref().is_some_and(|layout| layout.timestamp.is_some()));
        let tolerance = settings.tolerance.unwrap_or(USUAL_TOLERANCE);
        if !TOLERANCES.contains(&tolerance) {
            wrong.push(format!("tolerance: {tolerance} must lie between 60s and 15m"));
        }
        if settings.tolerance.is_some() && timed == Some(false) {
            wrong.push(
                "tolerance: this scheme carries no signed time, so there is nothing to tolerate; \
                 leave it out"
                    .to_owned(),
            );
        }
        let check = layout.and_then(|layout| {
            let check = match layout {
                Some(layout) => Signer::new(layout, secrets, tolerance)
                    .map(|signer| Check::Signature(Box::new(signer))),
                None => Tokens::new(settings, secrets).map(Check::Token),
            };
            check.map_err(|errors| wrong.extend(errors)).ok()
        });
        match (check, rules) {
            (Some(check), Some(rules)) if wrong.is_empty() => {
                let tolerance = (timed == Some(true)).then_some(tolerance);
                Ok(Self { kind: settings.kind, check, rules, tolerance })
            }
            _ => Err(wrong),
        }
    }

    /// The kind it was compiled from.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How far the signed time may be from now; `None` when the scheme carries none, so that only
    /// the record of delivery ids guards against replay.
    #[must_use]
    pub const fn tolerance(&self) -> Option<Span> {
        self.tolerance
    }

    /// Believes a delivery or says why not.
    ///
    /// # Errors
    /// The reason, without any content.
    pub fn verify<'a>(&'a self, request: &Request<'a>, now: Time) -> Result<Verified<'a>, Refused> {
        let encoded = |(name, value): &(String, Vec<u8>)| {
            name.eq_ignore_ascii_case("content-encoding")
                && !value.eq_ignore_ascii_case(b"identity")
        };
        if request.headers.iter().any(encoded) {
            return Err(Refused::Encoded);
        }
        let (signed_id, secret) = match &self.check {
            Check::Signature(signer) => {
                let proof = signer.verify(request, now)?;
                (proof.id, proof.secret)
            }
            Check::Token(tokens) => (None, tokens.verify(request)?),
        };
        let id = match &self.rules.dedupe {
            Dedupe::IdHeader => signed_id,
            Dedupe::Header(name) => {
                request.header(name)?.and_then(|value| std::str::from_utf8(value).ok())
            }
            Dedupe::Paths(..) | Dedupe::Body => None,
        };
        let content_type = request.headers.iter().find_map(|(name, value)| {
            let this = name.eq_ignore_ascii_case("content-type");
            this.then(|| std::str::from_utf8(value).ok()).flatten()
        });
        Ok(Verified { rules: &self.rules, body: request.body, id, content_type, secret })
    }

    /// The headers, names in lower case, that make this delivery verify under the first secret.
    /// `delivery` stands where the scheme has an id in a header. For senders of our own: the
    /// command line, demo, tests, benches.
    #[must_use]
    pub fn sign(
        &self,
        method: &str,
        uri: &str,
        body: &[u8],
        now: Time,
        delivery: &str,
    ) -> Vec<(String, String)> {
        let mut headers = match &self.check {
            Check::Signature(signer) => {
                let values = Values { method, uri, body, ..Values::default() };
                signer.sign(values, now, delivery)
            }
            Check::Token(tokens) => tokens.sign(),
        };
        if let Dedupe::Header(name) = &self.rules.dedupe
            && !headers.iter().any(|(other, _)| other == name)
        {
            headers.push((name.clone(), delivery.to_owned()));
        }
        headers
    }
}

/// A delivery that was verified. Only [`Scheme::verify`] makes one.
#[derive(Clone, Debug)]
pub struct Verified<'a> {
    rules: &'a Rules,
    body: &'a [u8],
    id: Option<&'a str>,
    content_type: Option<&'a str>,
    secret: usize,
}

impl<'a> Verified<'a> {
    /// The events that it holds, in order. An empty list of events holds none.
    #[must_use]
    pub fn items(&self) -> Vec<Item<'a>> {
        self.rules.cut(self.body, self.content_type, self.id)
    }

    /// The raw body.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The content type as it was sent.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'a str> {
        self.content_type
    }

    /// Which secret matched, counted from 0: above 0 the sender still uses an old one.
    #[must_use]
    pub const fn secret(&self) -> usize {
        self.secret
    }
}

fn usable(secrets: &[Secret], wrong: &mut Vec<String>) {
    if secrets.is_empty() {
        wrong.push("secrets: at least one is needed, as in secrets = [\"env:NAME\"]".to_owned());
    }
    if secrets.len() > MOST_SECRETS {
        wrong.push(format!(
            "secrets: {} are given, at most {MOST_SECRETS} may be active; drop the oldest",
            secrets.len()
        ));
    }
    for (index, secret) in secrets.iter().enumerate() {
        let (text, number) = (secret.expose(), index + 1);
        if text.trim().is_empty() {
            wrong.push(format!(
                "secret {number} is empty: anybody could sign with it; set the variable or file \
                 it refers to"
            ));
        } else if text.trim() != text {
            wrong.push(format!(
                "secret {number} begins or ends with white space, which is seldom meant: remove it"
            ));
        }
    }
}

/// Fields that mean nothing for this kind.
fn out_of_place(settings: &SourceSettings, wrong: &mut Vec<String>) {
    let kind = settings.kind;
    let hmac = kind == Kind::Hmac;
    let renames = hmac || matches!(kind, Kind::Github | Kind::Stripe);
    let fields = [
        ("signature_header", settings.signature_header.is_some(), renames),
        ("algorithm", settings.algorithm.is_some(), hmac),
        ("encoding", settings.encoding.is_some(), hmac),
        ("item_separator", settings.item_separator.is_some(), hmac),
        ("item_field", settings.item_field.is_some(), hmac),
        ("prefix", settings.prefix.is_some(), hmac),
        ("optional_prefix", settings.optional_prefix.is_some(), hmac),
        ("template", settings.template.is_some(), hmac),
        ("timestamp_from", settings.timestamp_from.is_some(), hmac),
        ("timestamp_format", settings.timestamp_format.is_some(), hmac),
        ("id_header", settings.id_header.is_some(), hmac),
        ("secret_form", settings.secret_form.is_some(), hmac),
        ("token_from", settings.token_from.is_some(), kind == Kind::Token),
    ];
    for (name, _, _) in fields.into_iter().filter(|(_, set, fits)| *set && !fits) {
        let home = if name == "token_from" { Kind::Token } else { Kind::Hmac };
        wrong.push(format!(
            "{name} does not go with kind {:?}, which settles it: leave it out, or use kind {:?}",
            kind.word(),
            home.word()
        ));
    }
    let signed_id = settings.template.as_deref().is_some_and(|text| text.contains("{id}"));
    if hmac && settings.id_header.is_some() && settings.dedupe.is_some() && !signed_id {
        wrong.push(
            "id_header and dedupe both say what makes a delivery the same: keep one".to_owned(),
        );
    }
}
