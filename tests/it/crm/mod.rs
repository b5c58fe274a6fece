//! The CRM adapters against stand-ins over real sockets.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod both;
mod contract;
mod control;
mod hubspot;
mod salesforce;

use handoff::{
    crm::{Crm, Hubspot, Put, PutDone, Salesforce},
    demo::crm::{Kind, StandIn, TOKEN},
    model::{failure::Failure, field::Fields, time::Time},
};
use uuid::Uuid;

/// 2026-11-23T10:00:00Z.
pub const NOW: Time = Time(1_795_428_000_000);

/// An adapter and what it talks to.
pub struct Pair {
    pub crm: Box<dyn Crm>,
    pub there: StandIn,
    pub kind: Kind,
}

/// Both kinds.
pub const KINDS: [Kind; 2] = [Kind::Hubspot, Kind::Salesforce];

/// Starts a stand-in and an adapter that talks to it.
pub fn pair(kind: Kind) -> Pair {
    let there = StandIn::start(kind).unwrap();
    let base = format!("base_url = '{}'\nallow_private = true\n", there.url);
    let crm: Box<dyn Crm> = match kind {
        Kind::Hubspot => {
            let more = format!("token = '{TOKEN}'\ndefault_owners = ['robot']");
            Box::new(Hubspot::new(toml::from_str(&format!("{base}{more}")).unwrap()).unwrap())
        }
        Kind::Salesforce => {
            let grant = "[grant.client_credentials]\nclient_id = 'id'\nclient_secret = 's'";
            Box::new(Salesforce::new(toml::from_str(&format!("{base}{grant}")).unwrap()).unwrap())
        }
    };
    Pair { crm, there, kind }
}

impl Pair {
    /// Puts one lead.
    pub async fn put(&self, lead: Put) -> Result<PutDone, Failure> {
        let mut answers = self.crm.put(vec![lead], NOW).await;
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    /// This CRM's word of two.
    pub fn word<'a>(&self, hubspot: &'a str, salesforce: &'a str) -> &'a str {
        match self.kind {
            Kind::Hubspot => hubspot,
            Kind::Salesforce => salesforce,
        }
    }

    /// Adds a person as a human would.
    pub fn add_person(&self, fields: &[(&'static str, &'static str, &str)]) -> String {
        let kind = match self.kind {
            Kind::Hubspot => "contact",
            Kind::Salesforce => "Lead",
        };
        let mut fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(hubspot, salesforce, value)| (self.word(hubspot, salesforce), *value))
            .collect();
        if self.kind == Kind::Salesforce {
            fields.push(("LastName", "Linden"));
        }
        let id = self.there.add(kind, &fields);
        if self.kind == Kind::Salesforce {
            self.there.set_by_hand(&id, "IsConverted", false.into(), "2026-01-01T00:00:00Z");
        }
        id
    }
}

/// A lead with this number and address.
pub fn lead(number: u128, email: &str) -> Put {
    let mut fields = Fields::default();
    fields.put_text("email", email);
    fields.put_text("first_name", "Eva");
    fields.put_text("last_name", "Linden");
    fields.put_text("company", "Linden GmbH");
    fields.put_text("city", "Köln");
    Put {
        key: Uuid::from_u128(number),
        record: None,
        fields,
        source: "typeform-demo".into(),
        is_uncertain: false,
    }
}
