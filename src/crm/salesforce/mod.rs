//! Salesforce: a lead is a Lead with a unique external id of ours.
//!
//! Guarantees: everything the port asks ([`crate::crm`]), up to 200 leads a call. What the org
//! needs: a text field on Lead, external id and unique (by default `Handoff_Id__c`), and an
//! external client app whose user may read User, Contact, Account, Task, Event and write Lead.
//! Does not know: campaigns, queues, person accounts, change data capture. There is no callback:
//! answers and owners are polled.

mod failure;
mod find;
mod owners;
mod put;
mod session;
mod soql;
mod wire;

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

pub use self::session::Grant;
use self::{session::Sessions, wire::Api};
use super::{
    Answers, Boxed, Caps, Crm, Find, Found, Owner, OwnerSet, Put, PutDone, Seen, SetOwner,
    fields::{FieldMap, map_of},
};
use crate::{
    model::{failure::Failure, time::Time},
    outbound::{Outbound, Reach, TokenShelf},
};

/// A connection to one Salesforce org, its secrets resolved.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SalesforceSettings {
    /// The org's My Domain, `https://acme.my.salesforce.com/`.
    pub base_url: Url,
    /// How we prove who we are.
    pub grant: Grant,
    /// The org that the token must belong to; not checked if missing.
    #[serde(default)]
    pub org_id: Option<String>,
    /// The API version in the paths.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// The external id field on Lead that holds our key.
    #[serde(default = "key_field")]
    pub key_field: String,
    /// A field for the name of the source; an empty setting writes none.
    #[serde(default = "source_field")]
    pub source_field: Option<String>,
    /// Owners whose leads count as nobody's; our own user always does.
    #[serde(default)]
    pub default_owners: Vec<String>,
    /// Our field to theirs.
    #[serde(default = "fields")]
    pub fields: FieldMap,
    /// Allow private addresses and http.
    #[serde(default)]
    pub allow_private: bool,
}

fn api_version() -> String {
    "v67.0".to_owned()
}

fn key_field() -> String {
    "Handoff_Id__c".to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional setting")]
fn source_field() -> Option<String> {
    Some("LeadSource".to_owned())
}

fn fields() -> FieldMap {
    map_of(&[
        ("email", "Email"),
        ("phone", "Phone"),
        ("first_name", "FirstName"),
        ("last_name", "LastName"),
        ("company", "Company"),
        ("website", "Website"),
        ("title", "Title"),
        ("country", "Country"),
        ("region", "State"),
        ("city", "City"),
        ("postal_code", "PostalCode"),
        ("industry", "Industry"),
        ("employees", "NumberOfEmployees"),
        ("message", "Description"),
    ])
}

/// The adapter.
pub struct Salesforce {
    settings: SalesforceSettings,
    api: Api,
}

impl Salesforce {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// A sentence, if the URL may not be called, a field's name is none, or there is no TLS.
    pub fn new(settings: SalesforceSettings) -> Result<Self, String> {
        let reach = if settings.allow_private { Reach::Private } else { Reach::Public };
        Self::over(settings, Outbound::new(reach)?)
    }

    /// The same over a client that is there.
    ///
    /// # Errors
    /// A sentence, if the URL may not be called or a field's name is none.
    pub fn over(mut settings: SalesforceSettings, outbound: Outbound) -> Result<Self, String> {
        settings.source_field = settings.source_field.filter(|field| !field.is_empty());
        let names = settings.fields.values().chain([&settings.key_field]);
        if let Some(bad) = names.chain(&settings.source_field).find(|name| !soql::is_name(name)) {
            return Err(format!("{bad:?} is not the API name of a field, such as Handoff_Id__c"));
        }
        outbound.check(&settings.base_url).map_err(|why| format!("base_url: {why}"))?;
        let sessions = Sessions::new(
            settings.base_url.clone(),
            settings.grant.clone(),
            settings.org_id.clone(),
        );
        let version = settings.api_version.clone();
        Ok(Self { settings, api: Api { outbound, sessions, version } })
    }
}

impl Crm for Salesforce {
    fn caps(&self) -> Caps {
        Caps { put_max: wire::RECORDS_MAX, find_max: 50, has_unique_key: true }
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

    fn share_session(&self, tokens: Arc<dyn TokenShelf>) {
        self.api.sessions.share(tokens);
    }

    fn is_nobody(&self, owner: &str) -> bool {
        self.settings.default_owners.iter().any(|one| soql::is_same_id(one, owner))
    }

    fn calls(&self) -> u64 {
        self.api.outbound.calls()
    }

    fn whoami(&self, now: Time) -> Boxed<'_, Result<String, Failure>> {
        Box::pin(async move {
            // No lead has this key; the query proves that we may read leads and that the key exists.
            let (key, nobody) = (&self.settings.key_field, uuid::Uuid::nil().to_string());
            let soql =
                format!("SELECT Id FROM Lead WHERE {key} = {} LIMIT 1", soql::literal(&nobody));
            self.api.query_all(&soql, now).await?;
            let session = self.api.sessions.get(&self.api.outbound, now).await?;
            let host = session.instance.host_str().unwrap_or_default();
            Ok(format!("Salesforce at {host}: user {}", session.user.as_deref().unwrap_or("?")))
        })
    }

    fn read_callback(&self, _body: &[u8]) -> Vec<Seen> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &str) -> Result<SalesforceSettings, toml::de::Error> {
        toml::from_str(&format!(
            "base_url = 'https://acme.my.salesforce.com/'\n{more}\n\
             [grant.client_credentials]\nclient_id = 'id'\nclient_secret = 'hunter2'"
        ))
    }

    #[test]
    fn settings_need_an_org_and_a_grant_and_hide_the_secret() {
        let settings = settings("").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(Salesforce::new(settings).is_ok());
        assert!(toml::from_str::<SalesforceSettings>("base_url = 'https://a.example/'").is_err());
    }

    #[test]
    fn what_is_not_a_name_never_gets_into_a_query() {
        for more in ["key_field = 'a b'", "source_field = 'x;y'", "fields = { email = \"E'\" }"] {
            let why = Salesforce::new(settings(more).unwrap()).err().unwrap();
            assert!(why.contains("API name"), "{more}: {why}");
        }
        assert!(Salesforce::new(settings("source_field = ''").unwrap()).is_ok());
        assert!(settings("colour = 1").is_err());
    }
}
