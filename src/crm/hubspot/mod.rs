//! HubSpot: a lead is a contact with a unique property of ours.
//!
//! Guarantees: everything the port asks ([`crate::crm`]), up to 100 leads a call. What the account
//! needs: a single-line text property on contacts with "require unique values" (by default
//! `handoff_id`), and a token with the scopes `crm.objects.contacts.read` and `.write`,
//! `crm.objects.companies.read`, `crm.objects.owners.read`.
//! Does not know: HubSpot's lead object, deals, lists.

mod callback;
mod failure;
mod find;
mod owners;
mod put;
mod wire;

use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::sync::Mutex;
use url::Url;

use self::wire::{Api, Wanted};
use super::{
    Answers, Boxed, Caps, Crm, Find, Found, Owner, OwnerSet, Put, PutDone, Seen, SetOwner,
    fields::{FieldMap, map_of},
};
use crate::{
    model::{failure::Failure, news::ResponseKind, time::Time},
    outbound::{Outbound, Reach, Secret},
};

/// A connection to one HubSpot account, its secrets resolved.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubspotSettings {
    /// Where the API is.
    #[serde(default = "base_url")]
    pub base_url: Url,
    /// A service key or the static token of an app.
    pub token: Secret,
    /// The dated version in the paths.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// The unique contact property that holds our key.
    #[serde(default = "key_property")]
    pub key_property: String,
    /// A contact property for the name of the source; not written if missing.
    #[serde(default)]
    pub source_property: Option<String>,
    /// Owners whose records count as nobody's, such as the integration's user.
    #[serde(default)]
    pub default_owners: Vec<String>,
    /// Our field to their property. `employees` is missing on purpose: `numemployees` is a list of
    /// ranges, so an account names its own property for the number.
    #[serde(default = "properties")]
    pub properties: FieldMap,
    /// Properties that move when a person answers, and what they prove: a date that moves past the
    /// assignment, or any other value that a person sets by hand. Which properties an account
    /// really keeps up was not verified; choose those your sales people use.
    #[serde(default = "response_properties")]
    pub response_properties: BTreeMap<String, ResponseKind>,
    /// Allow private addresses and http.
    #[serde(default)]
    pub allow_private: bool,
}

fn base_url() -> Url {
    #[expect(clippy::expect_used, reason = "a constant that the tests parse")]
    Url::parse("https://api.hubapi.com/").expect("a URL")
}

fn api_version() -> String {
    "2026-09".to_owned()
}

fn key_property() -> String {
    "handoff_id".to_owned()
}

fn properties() -> FieldMap {
    map_of(&[
        ("email", "email"),
        ("phone", "phone"),
        ("first_name", "firstname"),
        ("last_name", "lastname"),
        ("company", "company"),
        ("website", "website"),
        ("title", "jobtitle"),
        ("country", "country"),
        ("region", "state"),
        ("city", "city"),
        ("postal_code", "zip"),
        ("industry", "industry"),
    ])
}

fn response_properties() -> BTreeMap<String, ResponseKind> {
    BTreeMap::from([
        ("hs_lead_status".to_owned(), ResponseKind::StatusChange),
        ("notes_last_contacted".to_owned(), ResponseKind::Call),
    ])
}

/// The adapter.
pub struct Hubspot {
    settings: HubspotSettings,
    api: Api,
}

impl Hubspot {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// A sentence, if the URL may not be called or there is no TLS.
    pub fn new(settings: HubspotSettings) -> Result<Self, String> {
        let reach = if settings.allow_private { Reach::Private } else { Reach::Public };
        Self::over(settings, Outbound::new(reach)?)
    }

    /// The same over a client that is there.
    ///
    /// # Errors
    /// A sentence, if the URL may not be called.
    pub fn over(settings: HubspotSettings, outbound: Outbound) -> Result<Self, String> {
        outbound.check(&settings.base_url).map_err(|why| format!("base_url: {why}"))?;
        let api = Api {
            outbound,
            base: settings.base_url.clone(),
            token: settings.token.clone(),
            version: settings.api_version.clone(),
            search_turn: Mutex::new(None),
        };
        Ok(Self { settings, api })
    }
}

impl Crm for Hubspot {
    fn caps(&self) -> Caps {
        Caps { put_max: wire::BATCH_MAX, find_max: wire::HISTORY_MAX, has_unique_key: true }
    }

    fn put(&self, leads: Vec<Put>, now: Time) -> Boxed<'_, Answers<PutDone>> {
        Box::pin(async move { self.put_all(&leads, now).await })
    }

    fn set_owner(&self, owners: Vec<SetOwner>, now: Time) -> Boxed<'_, Answers<OwnerSet>> {
        Box::pin(async move { self.set_owners(&owners, now).await })
    }

    fn find(&self, people: Vec<Find>, now: Time) -> Boxed<'_, Answers<Found>> {
        Box::pin(async move { self.find_all(&people, now).await })
    }

    fn owners(&self, now: Time) -> Boxed<'_, Result<Vec<Owner>, Failure>> {
        Box::pin(self.list_owners(now))
    }

    fn is_nobody(&self, owner: &str) -> bool {
        self.settings.default_owners.iter().any(|one| one == owner)
    }

    fn calls(&self) -> u64 {
        self.api.outbound.calls()
    }

    fn whoami(&self, now: Time) -> Boxed<'_, Result<String, Failure>> {
        Box::pin(async move {
            self.api.owners(false, 1, None, now).await?;
            // No contact has this key; the read proves that the token may read contacts and that
            // the key property exists and is unique.
            let (key, nobody) =
                (self.settings.key_property.as_str(), uuid::Uuid::nil().to_string());
            let wanted = Wanted { properties: &[key], history: &[] };
            self.api.read_chunk(Some(key), &[&nobody], wanted, now).await?;
            let host = self.settings.base_url.host_str().unwrap_or_default();
            Ok(format!("HubSpot at {host}: the token reads owners and contacts"))
        })
    }

    fn read_callback(&self, body: &[u8]) -> Vec<Seen> {
        callback::read(body, &self.settings.response_properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_need_only_a_token_and_hide_it() {
        let settings: HubspotSettings = toml::from_str("token = 'hunter2'").unwrap();
        assert_eq!(settings.base_url.host_str(), Some("api.hubapi.com"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(toml::from_str::<HubspotSettings>("token = 'x'\ntokens = 'y'").is_err());
        assert!(Hubspot::new(settings).is_ok());
        let home = "token = 'x'\nbase_url = 'https://127.0.0.1/'";
        assert!(Hubspot::new(toml::from_str(home).unwrap()).is_err());
    }
}
