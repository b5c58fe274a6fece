//! What people and their tools do to handoff, by HTTP as they really would: press a button behind
//! a link, call the API, change a record in the CRM, which calls back.
//!
//! Guarantees: nothing here reaches into the daemon; what fails is told as "not done".
//! Does not know: who decides to do it, or when.

use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::house::{CRM, House, callback_scheme};
use crate::{
    clock::Clock as _,
    intake::Scheme,
    model::{lead::Lead, news::ResponseKind},
    outbound::{Answer, Call, Outbound, Reach},
};

/// A client of the daemon.
pub struct Hands {
    house: Arc<House>,
    outbound: Outbound,
    callback: Scheme,
}

impl Hands {
    /// Ready to act.
    ///
    /// # Errors
    /// When there is no HTTP client.
    pub fn new(house: Arc<House>) -> anyhow::Result<Self> {
        let outbound = Outbound::new(Reach::Private).map_err(anyhow::Error::msg)?;
        let callback = callback_scheme(&house.callback_key)?;
        Ok(Self { house, outbound, callback })
    }

    /// The lead as the API shows it.
    pub async fn lead(&self, lead: Uuid) -> Option<Lead> {
        let answer =
            self.api("mary", Call::get(self.url(&format!("/api/v1/leads/{lead}")))).await?;
        let mut shown: Value = answer.lenient()?;
        serde_json::from_value(shown.get_mut("lead")?.take()).ok()
    }

    /// The dialler, or Mary's tool, says that somebody answered.
    pub async fn respond(&self, lead: Uuid, kind: ResponseKind, by: &str) -> bool {
        let body = json!({ "kind": kind, "at": self.house.clock.now(), "by": by });
        let name = if kind == ResponseKind::Call { "dialler" } else { "mary" };
        let url = self.url(&format!("/api/v1/leads/{lead}/responses"));
        self.api(name, Call::post(url).json(&body)).await.is_some()
    }

    /// Mary says that somebody is out today.
    pub async fn away(&self, rep: &str) -> bool {
        let url = self.url(&format!("/api/v1/reps/{rep}/away"));
        self.api("mary", Call::post(url).json(&json!({}))).await.is_some()
    }

    /// Mary says that somebody is back.
    pub async fn back(&self, rep: &str) -> bool {
        let url = self.url(&format!("/api/v1/reps/{rep}/back"));
        self.api("mary", Call::post(url).json(&json!({}))).await.is_some()
    }

    /// Opens the link of a message, and presses a button on its page.
    pub async fn press(&self, link: &str, act: &str, reason: &str) -> bool {
        let Ok(url) = Url::parse(link) else { return false };
        let Ok(page) = self.outbound.send(Call::get(url.clone())).await else { return false };
        let html = String::from_utf8_lossy(&page.body);
        // Only what the page offers can be pressed.
        if !html.contains(&format!("value=\"{act}\"")) {
            return false;
        }
        let seen = html
            .split_once("name=\"seen\" value=\"")
            .map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default());
        let form = [("act", act), ("seen", seen), ("reason", reason)];
        let pressed = self.outbound.send(Call::post(url).form(&form)).await;
        pressed.is_ok_and(|answer| answer.is_success())
    }

    /// A person changes a property of this lead's record in the CRM, which calls back. Not done
    /// while the CRM has no record of the lead.
    pub async fn change_in_crm(&self, lead: Uuid, property: &str, value: &str) -> bool {
        let key = lead.to_string();
        let records = self.house.crm.records();
        let Some(record) = records.iter().find(|record| record.text("handoff_id") == key) else {
            return false;
        };
        let now = self.house.clock.now();
        self.house.crm.set_by_hand(&record.id, property, value.into(), &now.rfc3339());
        let body = json!([{
            "eventId": now.0,
            "subscriptionType": "object.propertyChange",
            "objectTypeId": "0-1",
            "objectId": record.id,
            "propertyName": property,
            "propertyValue": value,
            "occurredAt": now.0,
            "changeSource": "CRM_UI",
        }]);
        self.call_back(body.to_string().into_bytes()).await
    }

    async fn call_back(&self, body: Vec<u8>) -> bool {
        let url = self.url(&format!("/crm/{CRM}"));
        let signed = self.callback.sign("POST", url.as_str(), &body, self.house.clock.now(), "");
        let mut call = Call::post(url).body("application/json", body);
        for (name, value) in &signed {
            call = match name.as_str() {
                "x-hubspot-signature-v3" => call.header("x-hubspot-signature-v3", value),
                "x-hubspot-request-timestamp" => call.header("x-hubspot-request-timestamp", value),
                _ => call,
            };
        }
        self.outbound.send(call).await.is_ok_and(|answer| answer.is_success())
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.house.base.clone();
        url.set_path(path);
        url
    }

    async fn api(&self, token: &str, call: Call) -> Option<Answer> {
        let call = call.bearer(self.house.tokens.get(token)?);
        self.outbound.send(call).await.ok().filter(Answer::is_success)
    }
}
