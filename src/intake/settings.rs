//! What an operator writes about a source, as TOML reads it.
//!
//! Guarantees: unknown keys are refused; a secret never shows in a debug print.
//! Does not know: how secret references are resolved, nor whether the fields fit together
//! (`Scheme::compile` says that).

use std::fmt;

use serde::Deserialize;

use super::timestamp::TimestampFormat;
use crate::model::time::Span;

/// A shared secret. It compares with nothing and prints as `Secret(..)`.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How a source proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The Standard Webhooks specification, symmetric (`v1`).
    StandardWebhooks,
    /// Svix: the same under `svix-*` headers, or wholly under `webhook-*`.
    Svix,
    /// `X-Hub-Signature-256: sha256=<hex>` over the body.
    Github,
    /// `t=<seconds>,v1=<hex>` over `{t}.{body}`.
    Stripe,
    /// `v0=<hex>` over `v0:{ts}:{body}`.
    Slack,
    /// HubSpot subscriptions, first version: plain SHA-256 of secret and body.
    #[serde(rename = "hubspot-v1")]
    HubspotV1,
    /// HubSpot workflows: plain SHA-256 of secret, method, URI and body.
    #[serde(rename = "hubspot-v2")]
    HubspotV2,
    /// HubSpot's HMAC over method, URI, body and time.
    #[serde(rename = "hubspot-v3")]
    HubspotV3,
    /// `Typeform-Signature: sha256=<base64>` over the body.
    Typeform,
    /// Any HMAC, described by the fields below.
    Hmac,
    /// A fixed token in a header, as a bearer, or as the last part of the path.
    Token,
    /// HTTP Basic; the secret is `user:password`.
    Basic,
}

impl Kind {
    /// Every kind, for tables and help texts.
    pub const ALL: [Self; 12] = [
        Self::StandardWebhooks,
        Self::Svix,
        Self::Github,
        Self::Stripe,
        Self::Slack,
        Self::HubspotV1,
        Self::HubspotV2,
        Self::HubspotV3,
        Self::Typeform,
        Self::Hmac,
        Self::Token,
        Self::Basic,
    ];

    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::StandardWebhooks => "standard-webhooks",
            Self::Svix => "svix",
            Self::Github => "github",
            Self::Stripe => "stripe",
            Self::Slack => "slack",
            Self::HubspotV1 => "hubspot-v1",
            Self::HubspotV2 => "hubspot-v2",
            Self::HubspotV3 => "hubspot-v3",
            Self::Typeform => "typeform",
            Self::Hmac => "hmac",
            Self::Token => "token",
            Self::Basic => "basic",
        }
    }
}

/// The hash inside the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// 32 bytes.
    Sha256,
    /// 20 bytes; for senders that still use it.
    Sha1,
}

/// How signature bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Either case.
    Hex,
    /// The standard alphabet, padded.
    Base64,
}

/// How the secret's text becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretForm {
    /// Its bytes as they are, any `whsec_` included.
    Text,
    /// Decoded from base64 after an optional `whsec_`.
    Base64,
}

/// One word or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// `"…"`
    One(String),
    /// `["…", "…"]`
    Many(Vec<String>),
}

/// One source. `kind` decides which of the other fields may be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// How the source proves who it is.
    pub kind: Kind,
    /// The secrets as written, as a rule references (`env:NAME`). Whoever resolves them passes the
    /// values to `Scheme::compile`, which does not look here.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// How far the signed time may be from now, both ways: `60s` to `15m`, default `5m`.
    pub tolerance: Option<Span>,
    /// What makes a delivery the same delivery: `"header: x-request-id"`, or JSON paths
    /// (`["$.type", "$.data.id"]`) that must all be there. Default: by kind, else the body's hash.
    pub dedupe: Option<OneOrMany>,
    /// Where a body holds several events: `"$[*]"`, `"$.data[*]"`; `"none"` for never.
    pub items: Option<String>,
    /// `hmac`: the header with the signature. `github`, `stripe`: another name for it.
    pub signature_header: Option<String>,
    /// `hmac`: default `sha256`.
    pub algorithm: Option<Algorithm>,
    /// `hmac`: default `hex`.
    pub encoding: Option<Encoding>,
    /// `hmac`: one character between several entries of the header.
    pub item_separator: Option<String>,
    /// `hmac`: what an entry with a signature begins with: `v1=`, `v1,`. Other entries are skipped.
    pub item_field: Option<String>,
    /// `hmac`: what the signature must begin with: `sha256=`.
    pub prefix: Option<String>,
    /// `hmac`: what the signature may begin with.
    pub optional_prefix: Option<String>,
    /// `hmac`: the signed text over `{body}`, `{ts}` and `{id}`; default `{body}`.
    pub template: Option<String>,
    /// `hmac`: `"header: x-timestamp"` or `"field: t"` (of the signature header).
    pub timestamp_from: Option<String>,
    /// `hmac`: default `s`.
    pub timestamp_format: Option<TimestampFormat>,
    /// `hmac`: the header with the delivery id.
    pub id_header: Option<String>,
    /// `hmac`: default `text`.
    pub secret_form: Option<SecretForm>,
    /// `token`: `"bearer"` (default), `"header: x-token"`, or `"path"`.
    pub token_from: Option<String>,
}

impl SourceSettings {
    /// A source of this kind with everything else left out.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            secrets: Vec::new(),
            tolerance: None,
            dedupe: None,
            items: None,
            signature_header: None,
            algorithm: None,
            encoding: None,
            item_separator: None,
            item_field: None,
            prefix: None,
            optional_prefix: None,
            template: None,
            timestamp_from: None,
            timestamp_format: None,
            id_header: None,
            secret_form: None,
            token_from: None,
        }
    }
}

/// Reads a header name, in lower case.
pub(super) fn header_name(key: &str, text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(format!(
            "{key}: {text:?} is not a header name; write it as in \"x-signature\""
        ));
    }
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_from_toml_and_unknown_keys_are_refused() {
        let text = "kind = 'hubspot-v3'\nsecrets = ['env:HUBSPOT']\ntolerance = '2m'\n\
                    dedupe = ['$.a', '$.b']\nitems = '$[*]'";
        let settings: SourceSettings = toml::from_str(text).unwrap();
        assert_eq!(settings.kind, Kind::HubspotV3);
        assert_eq!(settings.tolerance, Some(Span::minutes(2)));
        assert_eq!(format!("{:?}", settings.secrets), "[Secret(..)]");
        let error = toml::from_str::<SourceSettings>("kind = 'stripe'\nsecret = 'x'").unwrap_err();
        assert!(error.to_string().contains("unknown field `secret`"), "{error}");
    }

    #[test]
    fn every_kind_is_read_by_its_word() {
        for kind in Kind::ALL {
            let text = format!("kind = '{}'", kind.word());
            assert_eq!(toml::from_str::<SourceSettings>(&text).unwrap().kind, kind);
        }
    }
}
