//! Rulebooks of a simulation: a few that differ in what matters, each compiled once a process.
//!
//! Guarantees: rotations of every kind, caps, weights, people who left, overflow and waiting,
//! ladders that remind, take away and page, on both clocks. Does not know: what happens by them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use handoff::rulebook::{Files, Rulebook};

use crate::harness::desk;

/// How many there are.
pub const COUNT: u8 = 12;
/// Those who can own leads.
pub const REPS: [&str; 4] = ["ada", "bob", "cyd", "dan"];

/// A rep's id in the CRM.
pub fn owner_of(rep: &str) -> String {
    format!("o-{rep}")
}

/// A rulebook compiled as this version.
pub fn compiled(variant: u8, version: u32) -> Arc<Rulebook> {
    static MADE: Mutex<Option<HashMap<(u8, u32), Arc<Rulebook>>>> = Mutex::new(None);
    let mut made = MADE.lock().expect("no panic in here");
    let made = made.get_or_insert_default().entry((variant % COUNT, version));
    Arc::clone(made.or_insert_with(|| Arc::new(desk::book(&text(variant), version))))
}

/// The document as the store keeps it.
pub fn document(variant: u8) -> String {
    Files::new(text(variant)).to_json().expect("text")
}

fn text(variant: u8) -> String {
    let variant = variant % COUNT;
    let pick = |of: &[&'static str], by: u8| of[usize::from(variant / by) % of.len()];
    let rotation = pick(&["balanced", "round-robin", "least-open"], 1);
    let if_nobody =
        pick(&["\"assign anyway\"", "\"wait\"\nmax_wait = \"10m\"", "\"pool: overflow\""], 2);
    let cap = pick(&["2 per hour", "1 open", "3 per day", "2 per week"], 1);
    let clock = pick(&["always", "always", "always", "owner"], 1);
    let dan = pick(&["", "", "left = true"], 4);
    let ladder = pick(&[LONG, SHORT, MILD], 1);
    let asks = pick(&["2s", "10s"], 3);
    format!(
        r#"
default_sla = "calm"
ask_within = "{asks}"
alarm = ["channel: alerts", "rep: mary"]
intents = ["content", "demo"]

[[hours]]
id = "most"
zone = "Europe/London"
open = {{ mon-sun = ["00:00-12:10", "12:40-24:00"] }}

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"
crm.hubspot = "o-ada"
manager = "mary"
backup = "cyd"
tell_by = ["email"]

[[rep]]
id = "bob"
name = "Bob Noyce"
email = "bob@acme.example"
crm.hubspot = "o-bob"
hours = "most"
manager = "mary"
tell_by = ["email"]

[[rep]]
id = "cyd"
name = "Cyd Cerf"
email = "cyd@acme.example"
crm.hubspot = "o-cyd"
manager = "mary"
tell_by = ["email"]

[[rep]]
id = "dan"
name = "Dan Bricklin"
email = "dan@acme.example"
crm.hubspot = "o-dan"
tell_by = ["email"]
{dan}

[[rep]]
id = "mary"
name = "Mary Somerville"
email = "mary@acme.example"
tell_by = ["email"]

[[pool]]
id = "inbound"
members = ["ada", {{ rep = "bob", weight = 2, cap = "{cap}" }}, "cyd"]
rotation = "{rotation}"
if_nobody = {if_nobody}

[[pool]]
id = "big"
members = ["cyd", {{ rep = "dan", cap = "{cap}" }}]
rotation = "balanced"
if_nobody = "pool: inbound"

[[pool]]
id = "overflow"
members = ["dan", "ada", "bob"]
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
id = "known"
if.account = "known"
assign_to = "account.owner"
if_unavailable = "pool: big"
sla = "hot"

[[rule]]
id = "big"
if.employees = "500 or more"
if_unknown = {{ wait = "40s", then = "skip" }}
assign_to = "pool: big"
sla = "hot"

[[rule]]
id = "everyone"
assign_to = "pool: inbound"

[[sla]]
id = "hot"
respond_within = "5m"
clock = "{clock}"
escalation = "chain"
on_it = "4m"

[[sla]]
id = "calm"
respond_within = "20m"
clock = "always"
escalation = "{}"

[[escalation]]
id = "chain"
{ladder}
{}
"#,
        if variant.is_multiple_of(2) { "chain" } else { "slow" },
        if variant.is_multiple_of(2) {
            String::new()
        } else {
            format!("[[escalation]]\nid = \"slow\"\n{MILD}")
        },
    )
}

const LONG: &str = r#"step = [
  { at = "60%", tell = ["owner"] },
  { at = "100%", tell = ["owner", "channel: alerts"] },
  { late_by = "5m", reassign = true, tell = ["manager"] },
  { late_by = "15m", page = "oncall", repeat = "10m", times = 2 },
]"#;

const SHORT: &str = r#"reassign_max = 3
step = [
  { at = "100%", reassign = true, tell = ["owner"] },
  { late_by = "2m", page = "oncall" },
]"#;

const MILD: &str = r#"step = [
  { at = "50%", tell = ["owner"] },
  { at = "75%", tell = ["owner", "manager"] },
  { at = "100%", tell = ["channel: alerts"] },
]"#;

#[test]
fn every_rulebook_of_the_simulation_compiles() {
    let all: std::collections::BTreeSet<String> = (0..COUNT).map(text).collect();
    assert_eq!(all.len(), usize::from(COUNT), "and no two are alike");
    (0..COUNT).for_each(|variant| assert_eq!(compiled(variant, 1).version, 1));
}
