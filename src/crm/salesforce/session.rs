//! A session with Salesforce: OAuth without a person.
//!
//! Guarantees: at most one token is fetched at a time and per expiry, whoever asks; the token is
//! sent only to our own domain or one of salesforce.com; a refused grant is asked again no sooner
//! than a minute later. Where several processes share a shelf, all that holds for them together;
//! what stands on it is sealed under our own credential. Otherwise tokens are kept in memory only.
//! Does not know: what the session is used for.
//! Source: OAuth 2.0 client credentials and JWT bearer flows, help.salesforce.com.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::soql::is_same_id;
use crate::{
    crm::fields::code,
    model::{
        failure::Failure,
        time::{Span, Time},
    },
    outbound::{Brought, Call, Outbound, Seal, Secret, Shelved, TokenShelf, lease::Lease},
};

/// How we prove who we are.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Grant {
    /// An external client app that runs as a configured user.
    #[serde(rename_all = "snake_case")]
    ClientCredentials {
        /// The consumer key.
        client_id: String,
        /// The consumer secret.
        client_secret: Secret,
    },
    /// An external client app that trusts our certificate.
    #[serde(rename_all = "snake_case")]
    JwtBearer {
        /// The consumer key.
        client_id: String,
        /// The user name that we act as.
        user: String,
        /// The RSA private key, PEM.
        private_key: Secret,
        /// `https://login.salesforce.com`, or `https://test.salesforce.com` for a sandbox.
        #[serde(default = "audience")]
        audience: String,
    },
}

fn audience() -> String {
    "https://login.salesforce.com".to_owned()
}

/// How long an assertion holds; Salesforce refuses more than some minutes.
const ASSERTION: Span = Span::minutes(3);
const REFUSED_PAUSE: Span = Span::minutes(1);

/// An open session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub token: Secret,
    /// Where this org's API is.
    pub instance: Url,
    /// The id of the user that we are.
    pub user: Option<String>,
    /// We fetched it ourselves: it may not be refused at once.
    pub is_own: bool,
    /// Which token this is, to tell an expired one from its successor.
    number: u64,
}

/// A session as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    token: String,
    instance: Url,
    user: Option<String>,
}

/// Between two looks at the shelf while another fetches.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Looks for one session: more than the longest fetch needs.
const LOOKS_MAX: usize = 300;

#[derive(Default)]
struct State {
    session: Option<Session>,
    number: u64,
    refused: Option<(Time, Failure)>,
}

/// The keeper of the one session.
pub(super) struct Sessions {
    base: Url,
    grant: Grant,
    org: Option<String>,
    state: Mutex<State>,
    shelf: OnceLock<(Arc<dyn TokenShelf>, Seal)>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    instance_url: Url,
    id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Denied {
    error: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

impl Sessions {
    pub fn new(base: Url, grant: Grant, org: Option<String>) -> Self {
        Self { base, grant, org, state: Mutex::default(), shelf: OnceLock::new() }
    }

    /// From here on sessions are shared through this shelf.
    pub fn share(&self, tokens: Arc<dyn TokenShelf>) {
        let (who, secret) = match &self.grant {
            Grant::ClientCredentials { client_id, client_secret } => (client_id, client_secret),
            Grant::JwtBearer { client_id, private_key, .. } => (client_id, private_key),
        };
        if let Some(seal) = Seal::new(secret, &format!("session {} {who}", self.base)) {
            let _ = self.shelf.set((tokens, seal)); // a second one changes nothing
        }
    }

    /// The session, fetched if there is none. Whoever comes meanwhile waits for the same one.
    pub async fn get(&self, outbound: &Outbound, now: Time) -> Result<Session, Failure> {
        let mut state = self.state.lock().await;
        if let Some(session) = &state.session {
            return Ok(session.clone());
        }
        if let Some((at, failure)) = &state.refused
            && (Span::ZERO..REFUSED_PAUSE).contains(&now.since(*at))
        {
            return Err(failure.clone());
        }
        let fetched = match self.shelf.get() {
            Some((tokens, seal)) => {
                self.shared(outbound, state.number, tokens.as_ref(), seal, now).await
            }
            None => self.fetch(outbound, state.number + 1, now).await,
        };
        match fetched {
            Ok(session) => {
                state.number = session.number;
                state.refused = None;
                state.session = Some(session.clone());
                Ok(session)
            }
            Err(failure) => {
                if matches!(failure, Failure::AuthLost { .. }) {
                    state.refused = Some((now, failure.clone()));
                }
                Err(failure)
            }
        }
    }

    /// A session later than this number: what another process fetched, or one that we fetch for all.
    async fn shared(
        &self,
        outbound: &Outbound,
        mut expired: u64,
        tokens: &dyn TokenShelf,
        seal: &Seal,
        now: Time,
    ) -> Result<Session, Failure> {
        for _ in 0..LOOKS_MAX {
            match tokens.look(expired).await {
                Ok(Shelved::Token { number, sealed }) => {
                    if let Some(session) = self.opened(outbound, seal, &sealed, number) {
                        return Ok(session);
                    }
                    // Sealed under another credential: of no use here.
                    expired = number;
                }
                Ok(Shelved::Fetch { number }) => {
                    let fetched = self.fetch(outbound, number, now).await;
                    let brought = match &fetched {
                        Ok(session) => {
                            closed(seal, session).map_or(Brought::Nothing, Brought::Token)
                        }
                        Err(Failure::AuthLost { why }) => Brought::Refused(why.clone()),
                        Err(_) => Brought::Nothing,
                    };
                    // What could not be brought, the others fetch when our time is over.
                    let _ = tokens.bring(number, brought).await;
                    return fetched;
                }
                Ok(Shelved::Wait) => tokio::time::sleep(LOOK_AGAIN).await,
                Ok(Shelved::Refused { why }) => return Err(Failure::AuthLost { why }),
                Err(_) => break,
            }
            if Lease::held().is_some_and(|lease| lease.is_over()) {
                return Err(Failure::TooLate);
            }
        }
        self.fetch(outbound, expired + 1, now).await
    }

    /// The session in what stood on the shelf, if it is ours and leads where it may.
    fn opened(
        &self,
        outbound: &Outbound,
        seal: &Seal,
        sealed: &str,
        number: u64,
    ) -> Option<Session> {
        let open: Sealed = serde_json::from_slice(&seal.open(sealed)?).ok()?;
        self.leads_home(outbound, &open.instance).ok()?;
        let token = Secret::new(open.token);
        Some(Session { token, instance: open.instance, user: open.user, is_own: false, number })
    }

    /// Forgets this session, unless it has a successor already.
    pub async fn expired(&self, session: &Session) {
        let mut state = self.state.lock().await;
        if state.session.as_ref().is_some_and(|kept| kept.number == session.number) {
            state.session = None;
        }
    }

    async fn fetch(&self, outbound: &Outbound, number: u64, now: Time) -> Result<Session, Failure> {
        let lost = |why: &str| Failure::AuthLost { why: why.to_owned() };
        let url = self
            .base
            .join("services/oauth2/token")
            .map_err(|_| lost("base_url makes no token URL"))?;
        let call = match &self.grant {
            Grant::ClientCredentials { client_id, client_secret } => Call::post(url).form(&[
                ("grant_type", "client_credentials"),
                ("client_id", client_id),
                ("client_secret", client_secret.expose()),
            ]),
            Grant::JwtBearer { client_id, user, private_key, audience } => {
                let exp = now.plus(ASSERTION).seconds();
                let claims = Claims { iss: client_id, sub: user, aud: audience, exp };
                let assertion = signed(&claims, private_key).map_err(lost)?;
                Call::post(url).form(&[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", &assertion),
                ])
            }
        };
        let answer = outbound.send(call.harmless()).await?;
        if matches!(answer.status, 400 | 401 | 403) {
            let denied: Denied = answer.lenient().unwrap_or_default();
            return Err(lost(&code(&denied.error)));
        }
        if let Some(failure) = answer.failure(now) {
            return Err(failure);
        }
        let granted: Granted = answer.json()?;
        self.check(outbound, &granted).map_err(|why| lost(&why))?;
        let user = granted.id.as_deref().and_then(|id| id.rsplit('/').next()).map(str::to_owned);
        let (token, instance) = (granted.access_token, granted.instance_url);
        Ok(Session { token, instance, user, is_own: true, number })
    }

    fn leads_home(&self, outbound: &Outbound, instance: &Url) -> Result<(), String> {
        outbound.check(instance)?;
        let is_own = instance.origin() == self.base.origin();
        let is_theirs = instance.host_str().is_some_and(|host| host.ends_with(".salesforce.com"));
        if is_own || is_theirs {
            return Ok(());
        }
        Err("instance_url leads outside of salesforce.com and base_url".to_owned())
    }

    /// The token must not leave for a host that we did not mean, nor belong to another org.
    fn check(&self, outbound: &Outbound, granted: &Granted) -> Result<(), String> {
        self.leads_home(outbound, &granted.instance_url)?;
        let Some(org) = &self.org else { return Ok(()) };
        let mut parts = granted.id.as_deref().unwrap_or_default().rsplit('/').skip(1);
        match parts.next() {
            Some(granted) if is_same_id(granted, org) => Ok(()),
            _ => Err("the token belongs to another org than org_id".to_owned()),
        }
    }
}

fn closed(seal: &Seal, session: &Session) -> Option<String> {
    let open = Sealed {
        token: session.token.expose().to_owned(),
        instance: session.instance.clone(),
        user: session.user.clone(),
    };
    seal.close(&serde_json::to_vec(&open).ok()?)
}

/// The assertion as a JWT, signed with RS256.
fn signed(claims: &Claims<'_>, key: &Secret) -> Result<String, &'static str> {
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(key.expose().as_bytes())
        .map_err(|_| "private_key is not an RSA key in PEM")?;
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    jsonwebtoken::encode(&header, claims, &key).map_err(|_| "private_key cannot sign")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::Reach;

    fn check(instance: &str, id: &str, org: Option<&str>, is_good: bool) {
        let base = Url::parse("https://acme.my.salesforce.com/").unwrap();
        let grant = Grant::ClientCredentials {
            client_id: "id".into(),
            client_secret: Secret::new("hunter2"),
        };
        let sessions = Sessions::new(base, grant, org.map(str::to_owned));
        let granted = Granted {
            access_token: Secret::new("t"),
            instance_url: Url::parse(instance).unwrap(),
            id: Some(id.to_owned()),
        };
        let outbound = Outbound::new(Reach::Public).unwrap();
        assert_eq!(sessions.check(&outbound, &granted).is_ok(), is_good, "{instance} {id}");
    }

    #[test]
    fn a_token_goes_only_where_it_belongs() {
        let id = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA";
        check("https://acme.my.salesforce.com", id, None, true);
        check("https://na1.salesforce.com", id, None, true);
        check("https://salesforce.com.evil.example", id, None, false);
        check("https://evilsalesforce.com", id, None, false);
        check("http://acme.my.salesforce.com", id, None, false);
        check("https://127.0.0.1", id, None, false);
        check("https://acme.my.salesforce.com", id, Some("00D000000000001"), true);
        check("https://acme.my.salesforce.com", id, Some("00D000000000002"), false);
        check("https://acme.my.salesforce.com", "", Some("00D000000000001"), false);
    }

    #[test]
    fn a_bad_key_is_said_without_showing_it() {
        let claims = Claims { iss: "a", sub: "b", aud: "c", exp: 1 };
        let why = signed(&claims, &Secret::new("hunter2")).unwrap_err();
        assert!(why.contains("PEM") && !why.contains("hunter2"));
    }
}
