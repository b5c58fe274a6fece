//! The daemon and the stand-ins around it, in one process, over real sockets.
//!
//! Guarantees: everything listens on this machine only and is gone when the house is dropped, the
//! store in its temporary folder included; secrets are random and new in every run.
//! Does not know: the story that is told in it.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::web;
use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _, civil::Weekday, tz::TimeZone};
use tempfile::TempDir;
use url::Url;

use super::{
    channels::{posts::Sink, smtp::MailSink},
    crm::{self, StandIn},
    forms::Tool,
};
use crate::{
    app::{self, ChannelPart, CrmPart, Parts, Running},
    clock::{Clock, ScaledClock, SystemClock},
    crm::{Hubspot, HubspotSettings},
    http::{Front, auth, pages::DemoButtons},
    intake::{Kind, Scheme, Secret as SourceSecret, SourceSettings},
    model::{
        alert,
        time::{Span, Time},
    },
    notify::{
        Channel,
        email::{Email, EmailSettings, SmtpTls},
        link::LinkKey,
        pagerduty::{PagerDuty, PagerDutySettings},
        slack::{Slack, SlackSettings},
    },
    outbound::{Secret, gate::Limits},
    rulebook::Files,
    store::{Store, TokenOrder, TokenRow, sqlite::SqliteStore},
    telemetry::Metrics,
};

/// The CRM connection's name.
pub const CRM: &str = "hubspot";
/// The chat channel.
pub const CHAT: &str = "inbound-alerts";
/// The pager.
pub const PAGER: &str = "revops-oncall";
/// Those who can own records in the CRM, beside the stand-in's own `ada`; in this order the
/// stand-in gives them the ids that the rulebook names.
const OWNERS: [&str; 8] =
    ["mary", "charles", "grace", "konrad", "emmy", "katherine", "dorothy", "chien"];
/// A customer's company and its owner there.
const CUSTOMERS: [(&str, &str, &str); 3] = [
    ("Hawthorn Foods", "hawthorn.example", "ada"),
    ("Redwood Health", "redwood.example", "dorothy"),
    ("Kiefer Chemie", "kiefer.example", "grace"),
];

/// Everything that runs.
pub struct House {
    /// The demo's clock.
    pub clock: Arc<ScaledClock>,
    /// Its factor.
    pub speed: u32,
    /// When the story began, by that clock.
    pub began: Time,
    /// The stand-in for the CRM.
    pub crm: StandIn,
    /// The stand-in for a mail server.
    pub mail: MailSink,
    /// The stand-in for the chat and the pager.
    pub chat: Sink,
    /// What the daemon's handlers stand on.
    pub front: web::Data<Front>,
    /// Its store.
    pub store: Arc<dyn Store>,
    /// Where it listens.
    pub base: Url,
    /// API tokens by their names: the dialler's and Mary's.
    pub tokens: BTreeMap<&'static str, Secret>,
    /// What the CRM's callbacks are signed with.
    pub callback_key: String,
    /// What the form tools sign with.
    pub form_key: [u8; 32],
    folder: TempDir,
}

/// The rulebook of the demo.
#[must_use]
pub fn rulebook() -> Files {
    Files::new(include_str!("../../config/demo/rulebook.toml"))
        .with("tables/territory.csv", include_str!("../../config/demo/tables/territory.csv"))
        .with("tables/mailbox.csv", include_str!("../../config/demo/tables/mailbox.csv"))
}

impl House {
    /// Starts the stand-ins and the daemon.
    ///
    /// # Errors
    /// When a port, the folder or randomness cannot be had.
    pub async fn open(
        port: u16,
        speed: u32,
        buttons: Arc<dyn DemoButtons>,
    ) -> anyhow::Result<(Self, Running)> {
        let folder = tempfile::Builder::new()
            .prefix("handoff-demo-")
            .tempdir()
            .context("no temporary folder for the store")?;
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("handoff.sqlite"))?);
        let began = start_of_story(SystemClock::new().now())?;
        let clock = Arc::new(ScaledClock::new(began, speed));
        let crm = stand_in_crm().context("no port for the stand-in CRM")?;
        let mail = MailSink::start().await.context("no port for the stand-in mail server")?;
        let chat = Sink::start().context("no port for the stand-in chat")?;
        let form_key = random()?;
        let tokens = tokens(store.as_ref(), began).await?;
        let callback_key = hex::encode(random()?);
        let parts = Parts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            metrics: Arc::new(Metrics::new("sqlite")),
            sources: sources(&form_key)?,
            crms: BTreeMap::from([(CRM.to_owned(), crm_part(&crm, &callback_key)?)]),
            channels: channels(&mail, &chat)?,
            read_rulebook: Box::new(|| Ok(rulebook())),
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            public_url: None,
            body_max: 256 * 1024,
            body_within: Duration::from_secs(10),
            bounds: crate::http::bounds::Bounds::default(),
            link_key: Arc::new(LinkKey::new(&[random()?]).map_err(anyhow::Error::msg)?),
            keep: Span::days(30),
            // Twenty seconds of this machine at the usual pace: above the longest call.
            lease: Span::seconds(20 * i64::from(speed)),
            // Questions that wait for the search's pace then travel together.
            workers_per_lane: 1,
            link_life: Span::days(7),
            // In a minute that takes a second nothing is late by the clock of people.
            calendars: Vec::new(),
            alerts: alert::Limits { tell: false, ..alert::Limits::default() },
            free: Box::new(|| None),
            drain: Span::ZERO,
            observe: None,
            demo: Some(buttons),
        };
        let running = app::start(parts).await?;
        let base = Url::parse(&format!("http://{}/", running.address))?;
        let front = running.front.clone();
        let house = Self {
            clock,
            speed,
            began,
            crm,
            mail,
            chat,
            front,
            store,
            base,
            tokens,
            callback_key,
            form_key,
            folder,
        };
        house.owners_agree()?;
        Ok((house, running))
    }

    /// The rulebook's owner ids are those of the stand-in.
    fn owners_agree(&self) -> anyhow::Result<()> {
        let book = (self.front.book)();
        for rep in book.reps.values() {
            let there = self.crm.owner(&rep.id);
            let ours = rep.crm.get(CRM).cloned().unwrap_or_default();
            anyhow::ensure!(
                there == ours,
                "{} is {ours} in the rulebook and {there} there",
                rep.id
            );
        }
        Ok(())
    }

    /// The folder that holds the store.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A span of the demo's clock as this machine's time.
    #[must_use]
    pub fn real(&self, span: Span) -> Span {
        Span(span.0 / i64::from(self.speed.max(1)))
    }
}

/// 32 random bytes.
///
/// # Errors
/// When the machine has no randomness.
pub fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}

/// The Tuesday of this week at 13:00 UTC: London, Berlin and New York work, Singapore sleeps.
fn start_of_story(today: Time) -> anyhow::Result<Time> {
    let date = Timestamp::from_millisecond(today.0)?.to_zoned(TimeZone::UTC).date();
    let since_tuesday = date.weekday().since(Weekday::Tuesday);
    let tuesday = date.checked_sub(i64::from(since_tuesday).days())?;
    Ok(Time(tuesday.at(13, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp().as_millisecond()))
}

async fn tokens(store: &dyn Store, now: Time) -> anyhow::Result<BTreeMap<&'static str, Secret>> {
    let mut tokens = BTreeMap::new();
    for name in ["dialler", "mary"] {
        let token = format!("{}{}", auth::TOKEN_PREFIX, hex::encode(random()?));
        let row = TokenRow {
            name: name.to_owned(),
            hash: auth::hash(&token),
            created_at: now,
            expires_at: now.plus(Span::days(365)),
            revoked_at: None,
        };
        store.tokens(TokenOrder::Create(row)).await?;
        tokens.insert(name, Secret::new(token));
    }
    Ok(tokens)
}

fn sources(key: &[u8]) -> anyhow::Result<BTreeMap<String, Scheme>> {
    Tool::ALL.into_iter().map(|tool| Ok((tool.source().to_owned(), tool.scheme(key)?))).collect()
}

fn stand_in_crm() -> std::io::Result<StandIn> {
    let crm = StandIn::start(crm::Kind::Hubspot)?;
    for name in OWNERS {
        let email = format!("{name}@acme.example");
        let user = crm.add("User", &[("Name", name), ("Email", &email), ("UserType", "Standard")]);
        crm.set_by_hand(&user, "IsActive", true.into(), "2026-01-01T00:00:00.000Z");
    }
    for (name, domain, owner) in CUSTOMERS {
        let owner = crm.owner(owner);
        crm.add("company", &[("name", name), ("domain", domain), ("hubspot_owner_id", &owner)]);
    }
    Ok(crm)
}

/// How the CRM's callbacks are verified.
///
/// # Errors
/// Never with a key of ours.
pub fn callback_scheme(key: &str) -> anyhow::Result<Scheme> {
    Scheme::compile(&SourceSettings::new(Kind::HubspotV3), &[SourceSecret::new(key)])
        .map_err(|wrong| anyhow::anyhow!("the demo's callbacks: {}", wrong.join("; ")))
}

fn crm_part(crm: &StandIn, callback_key: &str) -> anyhow::Result<CrmPart> {
    let settings: HubspotSettings = toml::from_str(&format!(
        "token = '{}'\nbase_url = '{}'\nallow_private = true\n",
        crm::TOKEN,
        crm.url
    ))?;
    Ok(CrmPart {
        crm: Arc::new(Hubspot::new(settings).map_err(anyhow::Error::msg)?),
        limits: Limits::default(),
        is_asked: true,
        callback: Some(Arc::new(callback_scheme(callback_key)?)),
    })
}

fn channels(mail: &MailSink, chat: &Sink) -> anyhow::Result<BTreeMap<String, ChannelPart>> {
    let email = EmailSettings {
        host: mail.address().ip().to_string(),
        port: Some(mail.address().port()),
        tls: SmtpTls::Plain,
        allow_plaintext: false,
        user: None,
        password: None,
        from: "handoff <handoff@acme.example>".to_owned(),
        to: None,
        ca_file: None,
        timeout: None,
    };
    let slack = SlackSettings { url: Secret::new(chat.url("/slack/inbound")), allow_private: true };
    let pager = PagerDutySettings {
        routing_key: Secret::new(hex::encode(random()?).split_off(32)),
        base_url: Some(Url::parse(&chat.url("/"))?),
        severity: crate::notify::pagerduty::Severity::default(),
        allow_private: true,
    };
    let part = |channel: Arc<dyn Channel>| ChannelPart { channel, limits: Limits::default() };
    let wrong = anyhow::Error::msg;
    Ok(BTreeMap::from([
        ("email".to_owned(), part(Arc::new(Email::new(&email, None).map_err(wrong)?))),
        (CHAT.to_owned(), part(Arc::new(Slack::new(&slack).map_err(wrong)?))),
        (PAGER.to_owned(), part(Arc::new(PagerDuty::new(&pager).map_err(wrong)?))),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_begins_on_a_tuesday_whatever_day_it_is() {
        // Monday 2026-01-05 to Sunday 2026-01-11.
        for day in 5..12 {
            let today: Timestamp = format!("2026-01-{day:02}T23:30:00Z").parse().unwrap();
            let start = start_of_story(Time(today.as_millisecond())).unwrap();
            let start = start.rfc3339();
            assert!(start.ends_with("T13:00:00.000Z"), "{start}");
            assert!(["2025-12-30", "2026-01-06"].contains(&&start[..10]), "{day}: {start}");
        }
    }
}
