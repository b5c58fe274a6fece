//! Senders that cannot sign: a fixed token in a header, as a bearer, in the path, or HTTP Basic.
//!
//! Guarantees: what was presented and what is right are compared as SHA-256 digests in constant
//! time, so not even a length shows; every active token is tried.
//! Does not know: that such a token protects neither body nor freshness; the operator chose it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::settings::{Kind, Secret, SourceSettings, header_name};
use super::{Refused, Request};

/// 128 bits in base64 without padding.
const SHORTEST_PATH_TOKEN: usize = 22;

#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    Header(String),
    Bearer,
    Path,
    Basic,
}

/// A token scheme with its tokens.
pub(super) struct Tokens {
    from: From,
    first: Option<Secret>,
    digests: Vec<[u8; 32]>,
}

impl Tokens {
    pub(super) fn new(settings: &SourceSettings, secrets: &[Secret]) -> Result<Self, Vec<String>> {
        let from = match (settings.kind, settings.token_from.as_deref()) {
            (Kind::Basic, _) => From::Basic,
            (_, None | Some("bearer")) => From::Bearer,
            (_, Some("path")) => From::Path,
            (_, Some(text)) => match text.split_once(':') {
                Some(("header", name)) => {
                    From::Header(header_name("token_from", name.trim()).map_err(|e| vec![e])?)
                }
                _ => {
                    return Err(vec![format!(
                        "token_from: {text:?} must be \"bearer\", \"header: NAME\" or \"path\""
                    )]);
                }
            },
        };
        let mut wrong = Vec::new();
        for (index, secret) in secrets.iter().enumerate() {
            let text = secret.expose();
            let number = index + 1;
            if from == From::Basic && !text.contains(':') {
                wrong.push(format!("secret {number}: write it as user:password"));
            }
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            if from == From::Path && (text.len() < SHORTEST_PATH_TOKEN || !text.bytes().all(fits)) {
                wrong.push(format!(
                    "secret {number}: a token in the path needs at least {SHORTEST_PATH_TOKEN} \
                     letters, digits, - or _; make a random one"
                ));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let digests = secrets.iter().map(|secret| digest(secret.expose().as_bytes())).collect();
        Ok(Self { from, first: secrets.first().cloned(), digests })
    }

    /// Which token was presented, counted from 0.
    pub(super) fn verify(&self, request: &Request<'_>) -> Result<usize, Refused> {
        let presented = match &self.from {
            From::Header(name) => digest(request.header(name)?.ok_or(Refused::MissingSignature)?),
            From::Bearer => digest(credentials(request, b"bearer ")?),
            From::Basic => {
                let pair = STANDARD.decode(credentials(request, b"basic ")?);
                digest(&pair.map_err(|_| Refused::Malformed)?)
            }
            From::Path => digest(last_segment(request.uri).as_bytes()),
        };
        let mut found = None;
        for (index, right) in self.digests.iter().enumerate() {
            if bool::from(right.ct_eq(&presented)) && found.is_none() {
                found = Some(index);
            }
        }
        found.ok_or(Refused::BadSignature)
    }

    /// The headers that present the first token; none for a token in the path.
    pub(super) fn sign(&self) -> Vec<(String, String)> {
        let token = self.first.as_ref().map(Secret::expose).unwrap_or_default();
        let authorization = |value| vec![("authorization".to_owned(), value)];
        match &self.from {
            From::Header(name) => vec![(name.clone(), token.to_owned())],
            From::Bearer => authorization(format!("Bearer {token}")),
            From::Basic => authorization(format!("Basic {}", STANDARD.encode(token))),
            From::Path => Vec::new(),
        }
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What follows the scheme name, whose case does not matter (RFC 9110, 11.1).
fn credentials<'a>(request: &Request<'a>, scheme: &[u8]) -> Result<&'a [u8], Refused> {
    let value = request.header("authorization")?.ok_or(Refused::MissingSignature)?;
    let (name, rest) = value.split_at_checked(scheme.len()).ok_or(Refused::Malformed)?;
    if name.eq_ignore_ascii_case(scheme) { Ok(rest) } else { Err(Refused::Malformed) }
}

fn last_segment(uri: &str) -> &str {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
