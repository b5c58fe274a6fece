//! The one signature engine: reads a signature header, computes over the raw parts, compares.
//!
//! Guarantees: comparison is over decoded bytes of fixed length in constant time; every active
//! secret is tried, also after one matched; missing, malformed and repeated are refused; nothing
//! is trimmed.
//! Does not know: which vendor a layout stands for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::layout::{Digest, HeaderSet, Layout, Prefix, TimestampFrom};
use super::settings::{Encoding, Secret, SecretForm};
use super::template::{Part, Values};
use super::{Refused, Request};
use crate::model::time::{Span, Time};

/// A secret made ready: the hash state after the key, cloned for each delivery.
enum Key {
    HmacSha256(Hmac<Sha256>),
    HmacSha1(Hmac<Sha1>),
    KeyedSha256(Sha256),
}

impl Key {
    fn new(digest: Digest, secret: &[u8]) -> Option<Self> {
        Some(match digest {
            Digest::HmacSha256 => Self::HmacSha256(Hmac::new_from_slice(secret).ok()?),
            Digest::HmacSha1 => Self::HmacSha1(Hmac::new_from_slice(secret).ok()?),
            Digest::KeyedSha256 => Self::KeyedSha256(Sha256::new_with_prefix(secret)),
        })
    }

    fn tag(&self, parts: &[Part], values: &Values<'_>) -> Vec<u8> {
        let each = parts.iter().map(|part| part.bytes(values));
        match self {
            Self::HmacSha256(state) => {
                let state = each.fold(state.clone(), Mac::chain_update);
                state.finalize().into_bytes().to_vec()
            }
            Self::HmacSha1(state) => {
                let state = each.fold(state.clone(), Mac::chain_update);
                state.finalize().into_bytes().to_vec()
            }
            Self::KeyedSha256(state) => {
                each.fold(state.clone(), sha2::Digest::chain_update).finalize().to_vec()
            }
        }
    }
}

/// What verification learnt about a delivery.
pub(super) struct Proof<'a> {
    /// The value of the id header, if the scheme has one and it was there.
    pub id: Option<&'a str>,
    /// Which secret matched, counted from 0.
    pub secret: usize,
}

/// A layout with its secrets.
pub(super) struct Signer {
    layout: Layout,
    keys: Vec<Key>,
    tolerance: Span,
}

impl Signer {
    pub(super) fn new(
        layout: Layout,
        secrets: &[Secret],
        tolerance: Span,
    ) -> Result<Self, Vec<String>> {
        let (mut keys, mut wrong) = (Vec::new(), Vec::new());
        for (index, secret) in secrets.iter().enumerate() {
            match key_bytes(layout.secret_form, secret.expose()) {
                Ok(bytes) => keys.extend(Key::new(layout.digest, &bytes)),
                Err(why) => wrong.push(format!("secret {}: {why}", index + 1)),
            }
        }
        if wrong.is_empty() { Ok(Self { layout, keys, tolerance }) } else { Err(wrong) }
    }

    /// Believes a delivery or says why not. The window is looked at last, so that `stale` and
    /// `future` are said of rightly signed deliveries alone (a clock is wrong, or a replay).
    pub(super) fn verify<'a>(
        &self,
        request: &Request<'a>,
        now: Time,
    ) -> Result<Proof<'a>, Refused> {
        let names = self.header_set(request);
        if let Some((header, value)) = self.layout.version
            && request.header(header)?.is_some_and(|found| found != value.as_bytes())
        {
            return Err(Refused::Malformed);
        }
        let signature = request.header(&names.signature)?.ok_or(Refused::MissingSignature)?;
        let signature = std::str::from_utf8(signature).map_err(|_| Refused::Malformed)?;
        let timestamp = self.timestamp(request, names, signature)?;
        let id = self.id(request, names)?;
        let signed = match &self.layout.timestamp {
            Some((_, format)) => Some((*format, format.read(timestamp).ok_or(Refused::Malformed)?)),
            None => None,
        };
        let given = self.candidates(signature);
        if given.is_empty() {
            return Err(Refused::Malformed);
        }
        let values = Values {
            method: request.method,
            uri: request.uri,
            body: request.body,
            timestamp,
            id: id.unwrap_or_default().as_bytes(),
        };
        let secret = self.find(&given, &values).ok_or(Refused::BadSignature)?;
        if let Some((format, signed)) = signed {
            format.judge(signed, now, self.tolerance)?;
        }
        Ok(Proof { id, secret })
    }

    /// The headers that make a delivery believed; made with the first secret.
    pub(super) fn sign(
        &self,
        values: Values<'_>,
        now: Time,
        delivery: &str,
    ) -> Vec<(String, String)> {
        let (Some(names), Some(key)) = (self.layout.headers.first(), self.keys.first()) else {
            return Vec::new();
        };
        let mut headers = Vec::new();
        let time = self.layout.timestamp.as_ref().map(|(_, format)| format.write(now));
        let time = time.unwrap_or_default();
        let values = Values { timestamp: time.as_bytes(), id: delivery.as_bytes(), ..values };
        let tag = key.tag(&self.layout.template, &values);
        let tag = match self.layout.encoding {
            Encoding::Hex => hex::encode(tag),
            Encoding::Base64 => STANDARD.encode(tag),
        };
        let prefix = match &self.layout.prefix {
            Prefix::Required(prefix) => prefix.as_str(),
            Prefix::Optional(_) | Prefix::None => "",
        };
        let mut signature = format!("{}{prefix}{tag}", self.layout.field);
        if let Some((TimestampFrom::Field(field), _)) = &self.layout.timestamp {
            let between = self.layout.separator.unwrap_or(',');
            signature = format!("{field}{time}{between}{signature}");
        }
        headers.push((names.signature.clone(), signature));
        if let Some(name) = &names.timestamp {
            headers.push((name.clone(), time.clone()));
        }
        if let Some(name) = &names.id {
            headers.push((name.clone(), delivery.to_owned()));
        }
        if let Some((name, value)) = self.layout.version {
            headers.push((name.to_owned(), value.to_owned()));
        }
        headers
    }

    /// The first set of which any header is there, so that sets never mix.
    fn header_set(&self, request: &Request<'_>) -> &HeaderSet {
        static NONE: HeaderSet = HeaderSet { signature: String::new(), timestamp: None, id: None };
        let sets = &self.layout.headers;
        let present = |set: &&HeaderSet| set.names().any(|name| request.has(name));
        sets.iter().find(present).or(sets.first()).unwrap_or(&NONE)
    }

    /// The time as it was sent, verbatim; empty when the scheme has none.
    fn timestamp<'a>(
        &self,
        request: &Request<'a>,
        names: &HeaderSet,
        signature: &'a str,
    ) -> Result<&'a [u8], Refused> {
        match &self.layout.timestamp {
            None => Ok(b""),
            Some((TimestampFrom::Header, _)) => {
                let name = names.timestamp.as_deref().unwrap_or_default();
                request.header(name)?.ok_or(Refused::MissingTimestamp)
            }
            Some((TimestampFrom::Field(field), _)) => {
                let mut found =
                    self.entries(signature).filter_map(|entry| entry.strip_prefix(field.as_str()));
                let first = found.next().ok_or(Refused::MissingTimestamp)?;
                if found.any(|other| other != first) {
                    return Err(Refused::RepeatedHeader);
                }
                Ok(first.as_bytes())
            }
        }
    }

    fn id<'a>(&self, request: &Request<'a>, names: &HeaderSet) -> Result<Option<&'a str>, Refused> {
        let Some(name) = &names.id else { return Ok(None) };
        let Some(value) = request.header(name)? else {
            return if self.layout.signs_id() { Err(Refused::MissingId) } else { Ok(None) };
        };
        let id = std::str::from_utf8(value).map_err(|_| Refused::Malformed)?;
        let excluded = id.bytes().any(|byte| self.layout.id_excludes.contains(&byte));
        if self.layout.signs_id() && (id.is_empty() || excluded) {
            return Err(Refused::Malformed);
        }
        Ok(Some(id))
    }

    fn entries<'a>(&self, signature: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let separator = self.layout.separator;
        // Without a separator no character splits, and the whole header is the one entry.
        signature.split(move |character| Some(character) == separator)
    }

    /// The signatures in the header that have the right form, decoded, of the right length.
    fn candidates(&self, signature: &str) -> Vec<Vec<u8>> {
        let bare = |entry: &str| -> Option<Vec<u8>> {
            let value = entry.strip_prefix(self.layout.field.as_str())?;
            let value = match &self.layout.prefix {
                Prefix::None => value,
                Prefix::Required(prefix) => value.strip_prefix(prefix.as_str())?,
                Prefix::Optional(prefix) => value.strip_prefix(prefix.as_str()).unwrap_or(value),
            };
            let bytes = match self.layout.encoding {
                Encoding::Hex => hex::decode(value).ok()?,
                Encoding::Base64 => STANDARD.decode(value).ok()?,
            };
            (bytes.len() == self.layout.digest.bytes()).then_some(bytes)
        };
        self.entries(signature).filter_map(bare).collect()
    }

    /// The secret under which any of the given signatures holds. Every pair is compared.
    fn find(&self, given: &[Vec<u8>], values: &Values<'_>) -> Option<usize> {
        let mut found = None;
        for (index, key) in self.keys.iter().enumerate() {
            let tag = key.tag(&self.layout.template, values);
            let same = given
                .iter()
                .fold(Choice::from(0), |same, other| same | tag.as_slice().ct_eq(other.as_slice()));
            if bool::from(same) && found.is_none() {
                found = Some(index);
            }
        }
        found
    }
}

fn key_bytes(form: SecretForm, text: &str) -> Result<Vec<u8>, String> {
    match form {
        SecretForm::Text => Ok(text.as_bytes().to_vec()),
        SecretForm::Base64 => {
            if text.starts_with("whsk_") || text.starts_with("whpk_") {
                return Err("is an asymmetric key (v1a), which is not supported: ask the sender \
                            for a symmetric secret (whsec_…)"
                    .to_owned());
            }
            let bare = text.strip_prefix("whsec_").unwrap_or(text);
            match STANDARD.decode(bare) {
                Ok(bytes) if bytes.is_empty() => {
                    Err("is empty after whsec_: copy it again from the sender".to_owned())
                }
                Ok(bytes) => Ok(bytes),
                Err(_) => Err("is not base64 after an optional whsec_: copy it again from the \
                               sender, with its = signs"
                    .to_owned()),
            }
        }
    }
}
