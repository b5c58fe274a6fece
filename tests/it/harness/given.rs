//! What most scenarios are given: a rulebook, and the schemes of those who post at us.
//!
//! Guarantees: the same secrets in every test. Does not know: the daemon.

use handoff::intake::{Kind, Scheme, Secret, SourceSettings};

/// The secret of the source `website`.
pub const SECRET: &str = "whsec_bGVhZGhvb2stZGVtby1zaWduaW5nLWtleS0wMDAwMDE=";

/// The rulebook of most scenarios: two reps, a short ladder.
pub const RULEBOOK: &str = r#"
default_sla = "hot"
ask_within = "2s"
alarm = ["channel: alerts"]

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"
crm.hubspot = "OWNER_ADA"
manager = "mary"
tell_by = ["email"]

[[rep]]
id = "bob"
name = "Bob Noyce"
email = "bob@acme.example"
crm.hubspot = "OWNER_BOB"
manager = "mary"
tell_by = ["email"]

[[rep]]
id = "mary"
name = "Mary Somerville"
email = "mary@acme.example"
tell_by = ["email"]

[[pool]]
id = "inbound"
members = ["ada", "bob"]
if_nobody = "assign anyway"

[[form]]
source = "website"
form = "ebook"
intent = "content"

[[form]]
source = "website"
form = "demo"
intent = "demo"

[[rule]]
id = "students"
if.persona = "student"
set_aside = "nurture"

[[rule]]
id = "everyone"
assign_to = "pool: inbound"

[[sla]]
id = "hot"
respond_within = "5m"
clock = "always"
escalation = "chain"

[[escalation]]
id = "chain"
step = [
  { at = "60%", tell = ["owner"] },
  { at = "100%", tell = ["owner", "channel: alerts"] },
  { late_by = "5m", reassign = true, tell = ["manager"] },
  { late_by = "15m", page = "oncall", repeat = "10m", times = 2 },
]
"#;

/// The scheme of the source `website`.
pub fn website() -> Scheme {
    let settings = SourceSettings::new(Kind::StandardWebhooks);
    Scheme::compile(&settings, &[Secret::new(SECRET)]).expect("the secret is good")
}

/// The scheme of the source `website` while its secret is exchanged: the new one stands first.
pub fn rotated(new: Option<&str>) -> Scheme {
    let settings = SourceSettings::new(Kind::StandardWebhooks);
    let secrets: Vec<Secret> = new.into_iter().chain([SECRET]).map(Secret::new).collect();
    Scheme::compile(&settings, &secrets).expect("the secrets are good")
}

/// The scheme of the source `survey`.
pub fn survey() -> Scheme {
    let settings = SourceSettings::new(Kind::Typeform);
    Scheme::compile(&settings, &[Secret::new("survey-secret")]).expect("the secret is good")
}

/// What proves HubSpot's callbacks.
pub fn callback() -> Scheme {
    let settings = SourceSettings::new(Kind::HubspotV3);
    Scheme::compile(&settings, &[Secret::new("app-secret")]).expect("the secret is good")
}
