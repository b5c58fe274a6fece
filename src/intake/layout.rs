//! How a signature is laid out: the settings of the one engine, and the named kinds as rows of it.
//!
//! Guarantees: a layout that compiled is complete and does not contradict itself.
//! Does not know: secrets, requests, time.

use super::settings::{Algorithm, Encoding, Kind, SecretForm, SourceSettings, header_name};
use super::template::{Part, parse, separators};
use super::timestamp::TimestampFormat;

/// What is computed over the signed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    HmacSha256,
    HmacSha1,
    /// SHA-256 of the secret followed by the text: HubSpot v1 and v2. Whoever saw one delivery can
    /// lengthen it (it is no HMAC); v3 has no such weakness and should be preferred.
    KeyedSha256,
}

impl Digest {
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::HmacSha256 | Self::KeyedSha256 => 32,
            Self::HmacSha1 => 20,
        }
    }
}

/// What stands before the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    None,
    Required(String),
    Optional(String),
}

/// Where the signed time stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TimestampFrom {
    /// In the timestamp header of the header set.
    Header,
    /// In an entry of the signature header that begins with this (`t=`).
    Field(String),
}

/// The headers that belong together, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HeaderSet {
    pub signature: String,
    pub timestamp: Option<String>,
    pub id: Option<String>,
}

impl HeaderSet {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [Some(&self.signature), self.timestamp.as_ref(), self.id.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// One signature scheme, complete but for its secrets.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The first set of which any header is there is the one; sets never mix.
    pub headers: Vec<HeaderSet>,
    /// A header that must hold this value if it is there at all.
    pub version: Option<(&'static str, &'static str)>,
    pub digest: Digest,
    pub encoding: Encoding,
    pub separator: Option<char>,
    pub field: String,
    pub prefix: Prefix,
    pub template: Vec<Part>,
    pub timestamp: Option<(TimestampFrom, TimestampFormat)>,
    pub secret_form: SecretForm,
    /// Bytes that a signed id must not hold.
    pub id_excludes: Vec<u8>,
}

impl Layout {
    /// HMAC-SHA256 in hex over the body, secret as text: what most schemes are a variation of.
    fn plain(signature: &str) -> Self {
        Self {
            headers: vec![HeaderSet { signature: signature.to_owned(), ..HeaderSet::default() }],
            version: None,
            digest: Digest::HmacSha256,
            encoding: Encoding::Hex,
            separator: None,
            field: String::new(),
            prefix: Prefix::None,
            template: vec![Part::Body],
            timestamp: None,
            secret_form: SecretForm::Text,
            id_excludes: Vec::new(),
        }
    }

    /// Whether the id is part of what is signed.
    pub(super) fn signs_id(&self) -> bool {
        self.template.contains(&Part::Id)
    }

    /// The layout of a kind; `None` for the kinds that sign nothing.
    pub(super) fn of(settings: &SourceSettings) -> Result<Option<Self>, Vec<String>> {
        let named = |default: &str| {
            let name = settings.signature_header.as_deref().unwrap_or(default);
            header_name("signature_header", name).map_err(|error| vec![error])
        };
        Ok(Some(match settings.kind {
            Kind::StandardWebhooks => standard(&["webhook"]),
            Kind::Svix => standard(&["svix", "webhook"]),
            Kind::Github => Self {
                prefix: Prefix::Required("sha256=".to_owned()),
                ..Self::plain(&named("x-hub-signature-256")?)
            },
            Kind::Typeform => Self {
                encoding: Encoding::Base64,
                prefix: Prefix::Required("sha256=".to_owned()),
                ..Self::plain("typeform-signature")
            },
            Kind::Stripe => Self {
                separator: Some(','),
                field: "v1=".to_owned(),
                template: vec![Part::Timestamp, Part::Text(".".into()), Part::Body],
                timestamp: Some((TimestampFrom::Field("t=".to_owned()), TimestampFormat::Seconds)),
                ..Self::plain(&named("stripe-signature")?)
            },
            Kind::Slack => Self {
                headers: vec![HeaderSet {
                    signature: "x-slack-signature".to_owned(),
                    timestamp: Some("x-slack-request-timestamp".to_owned()),
                    id: None,
                }],
                prefix: Prefix::Required("v0=".to_owned()),
                template: vec![
                    Part::Text("v0:".into()),
                    Part::Timestamp,
                    Part::Text(":".into()),
                    Part::Body,
                ],
                timestamp: Some((TimestampFrom::Header, TimestampFormat::Seconds)),
                ..Self::plain("")
            },
            Kind::HubspotV1 => Self {
                digest: Digest::KeyedSha256,
                version: Some(("x-hubspot-signature-version", "v1")),
                ..Self::plain("x-hubspot-signature")
            },
            Kind::HubspotV2 => Self {
                digest: Digest::KeyedSha256,
                version: Some(("x-hubspot-signature-version", "v2")),
                template: vec![Part::Method, Part::Uri, Part::Body],
                ..Self::plain("x-hubspot-signature")
            },
            Kind::HubspotV3 => Self {
                headers: vec![HeaderSet {
                    signature: "x-hubspot-signature-v3".to_owned(),
                    timestamp: Some("x-hubspot-request-timestamp".to_owned()),
                    id: None,
                }],
                encoding: Encoding::Base64,
                template: vec![Part::Method, Part::HubspotUri, Part::Body, Part::Timestamp],
                timestamp: Some((TimestampFrom::Header, TimestampFormat::Milliseconds)),
                ..Self::plain("")
            },
            Kind::Hmac => free(settings)?,
            Kind::Token | Kind::Basic => return Ok(None),
        }))
    }
}

/// Standard Webhooks (spec/standard-webhooks.md) under one or more header families.
fn standard(families: &[&str]) -> Layout {
    let set = |family: &&str| HeaderSet {
        signature: format!("{family}-signature"),
        timestamp: Some(format!("{family}-timestamp")),
        id: Some(format!("{family}-id")),
    };
    let dot = || Part::Text(".".into());
    Layout {
        headers: families.iter().map(set).collect(),
        encoding: Encoding::Base64,
        separator: Some(' '),
        field: "v1,".to_owned(),
        template: vec![Part::Id, dot(), Part::Timestamp, dot(), Part::Body],
        timestamp: Some((TimestampFrom::Header, TimestampFormat::Seconds)),
        secret_form: SecretForm::Base64,
        id_excludes: vec![b'.'],
        ..Layout::plain("")
    }
}

/// The layout that an operator described field by field. All problems are reported at once.
fn free(settings: &SourceSettings) -> Result<Layout, Vec<String>> {
    let mut wrong = Vec::new();
    let mut layout = Layout::plain("");
    let mut names = HeaderSet::default();

    match &settings.signature_header {
        Some(name) => match header_name("signature_header", name) {
            Ok(name) => names.signature = name,
            Err(error) => wrong.push(error),
        },
        None => wrong.push(
            "kind \"hmac\" needs signature_header: the header in which the sender puts the \
             signature"
                .to_owned(),
        ),
    }
    match settings.id_header.as_deref().map(|name| header_name("id_header", name)).transpose() {
        Ok(id) => names.id = id,
        Err(error) => wrong.push(error),
    }
    if settings.algorithm == Some(Algorithm::Sha1) {
        layout.digest = Digest::HmacSha1;
    }
    layout.encoding = settings.encoding.unwrap_or(Encoding::Hex);
    layout.secret_form = settings.secret_form.unwrap_or(SecretForm::Text);
    entries(settings, &mut layout, &mut wrong);
    match parse(settings.template.as_deref().unwrap_or("{body}")) {
        Ok(parts) => {
            layout.id_excludes = separators(&parts).unwrap_or_default();
            layout.template = parts;
            if layout.signs_id() && settings.id_header.is_none() {
                wrong.push("template holds {id}: say in id_header where the id stands".to_owned());
            }
            timestamp(settings, &mut layout, &mut names, &mut wrong);
        }
        Err(error) => wrong.push(error),
    }
    layout.headers = vec![names];
    if wrong.is_empty() { Ok(layout) } else { Err(wrong) }
}

/// Separator, field and prefixes.
fn entries(settings: &SourceSettings, layout: &mut Layout, wrong: &mut Vec<String>) {
    if let Some(text) = &settings.item_separator {
        let mut characters = text.chars();
        layout.separator = characters.next();
        if layout.separator.is_none() || characters.next().is_some() {
            wrong.push(format!(
                "item_separator: {text:?} must be one character, as in \",\" or \" \""
            ));
        }
    }
    if let Some(field) = &settings.item_field {
        layout.field.clone_from(field);
        if settings.item_separator.is_none() {
            wrong.push(
                "item_field is for headers with several entries: set item_separator too, or use \
                 prefix"
                    .to_owned(),
            );
        }
    }
    layout.prefix = match (&settings.prefix, &settings.optional_prefix) {
        (Some(_), Some(_)) => {
            wrong.push("prefix and optional_prefix contradict each other: keep one".to_owned());
            Prefix::None
        }
        (Some(text), None) => Prefix::Required(text.clone()),
        (None, Some(text)) => Prefix::Optional(text.clone()),
        (None, None) => Prefix::None,
    };
    for (key, value) in [
        ("item_field", &settings.item_field),
        ("prefix", &settings.prefix),
        ("optional_prefix", &settings.optional_prefix),
    ] {
        if value.as_deref() == Some("") {
            wrong.push(format!("{key} is empty: leave it out"));
        }
    }
}

/// Where the time stands and how it is written; it must be signed to be worth anything.
fn timestamp(
    settings: &SourceSettings,
    layout: &mut Layout,
    names: &mut HeaderSet,
    wrong: &mut Vec<String>,
) {
    let signed = layout.template.contains(&Part::Timestamp);
    let Some(from) = settings.timestamp_from.as_deref() else {
        if signed {
            wrong.push("template holds {ts}: say in timestamp_from where the time stands".into());
        }
        if settings.timestamp_format.is_some() {
            wrong
                .push("timestamp_format without timestamp_from: add that or leave both out".into());
        }
        return;
    };
    if !signed {
        wrong.push(
            "timestamp_from is set but template does not hold {ts}: a time that is not signed \
             protects nothing; add {ts} to template or leave timestamp_from out"
                .to_owned(),
        );
    }
    let format = settings.timestamp_format.unwrap_or(TimestampFormat::Seconds);
    let from = match from.split_once(':').map(|(kind, name)| (kind.trim(), name.trim())) {
        Some(("header", name)) => match header_name("timestamp_from", name) {
            Ok(name) => {
                names.timestamp = Some(name);
                TimestampFrom::Header
            }
            Err(error) => return wrong.push(error),
        },
        Some(("field", name)) if !name.is_empty() => {
            if settings.item_separator.is_none() {
                wrong.push("timestamp_from names a field: set item_separator too".to_owned());
            }
            let bare = name.ends_with(|last: char| last.is_ascii_alphanumeric());
            TimestampFrom::Field(format!("{name}{}", if bare { "=" } else { "" }))
        }
        _ => {
            return wrong.push(format!(
                "timestamp_from: {from:?} must be \"header: NAME\" or \"field: NAME\""
            ));
        }
    };
    layout.timestamp = Some((from, format));
}
