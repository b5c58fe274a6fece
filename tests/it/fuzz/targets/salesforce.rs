//! Salesforce's answers, whatever they are: the session first, then an operation.
//!
//! States: what holds for HubSpot's; and the token goes nowhere but to the org or salesforce.com.
//! Input: which operation; whether the session is granted; then answers.

use std::sync::{Arc, Mutex};

use handoff::{
    crm::{Salesforce, SalesforceSettings},
    outbound::Said,
};
use serde_json::json;

use super::{
    Cut, hubspot,
    script::{answers, client_at},
};

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let which = cut.byte() % 5;
    let is_granted = cut.byte() % 4 > 0;
    let mut said = answers(cut.0);
    if is_granted {
        let granted = json!({
            "access_token": "t",
            "instance_url": "https://acme.my.salesforce.com",
            "id": "https://login.salesforce.com/id/00D000000000001AAA/005000000000009AAA",
        });
        let body = granted.to_string().into_bytes();
        said.insert(0, Said { status: 200, headers: Vec::new(), body });
    }
    let settings: SalesforceSettings = serde_json::from_value(json!({
        "base_url": "https://acme.my.salesforce.com/",
        "grant": { "client_credentials": { "client_id": "id", "client_secret": "s" } },
        "org_id": if is_granted { Some("00D000000000001") } else { None },
    }))
    .expect("settings");
    let called = Arc::new(Mutex::new(Vec::new()));
    let crm = Salesforce::over(settings, client_at(said, Arc::clone(&called))).expect("salesforce");
    hubspot::operate(&crm, which, cut.0, "00Q000000000001AAA");
    let called: Vec<String> = called.lock().expect("nobody panicked").clone();
    for host in called {
        assert!(host.ends_with(".salesforce.com"), "the token went to {host}");
    }
}
