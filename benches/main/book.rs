//! Rulebooks of ten thousand rules, of every kind that a real one has, and the leads that nearly
//! match many of them and match none but the last.
//!
//! Guarantees: the same text each time; no rule but the last holds for any of the leads, so that
//! none is found early. Does not know: what is measured with them.

use std::fmt::Write as _;

use handoff::{
    decide::prepare,
    intake::form,
    model::{id::EventId, id::event_uuid, plan::Input, plan::Step, plan::StepEvent, time::Time},
    rulebook::{ChannelKind, FactSource, Files, Rulebook, Setup, SourceShape, condition::Facts},
};

/// Thursday 2026-01-01 12:00 UTC.
pub const NOON: Time = Time(1_767_268_800_000);
/// How many rules a rulebook may have.
pub const RULES: usize = 10_000;

/// Who there is: two reps, a pool, a ladder.
const PEOPLE: &str = r#"
default_sla = "hot"
alarm = ["channel: alerts"]

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"
crm.hubspot = "1"
manager = "mary"
tell_by = ["email"]

[[rep]]
id = "bob"
name = "Bob Noyce"
email = "bob@acme.example"
crm.hubspot = "2"
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
intent = "demo"

[[mapping]]
source = "website"
custom.budget = { path = "$.data.budget", type = "number" }
custom.seats = { path = "$.data.seats", type = "number" }
custom.product = "$.data.product"

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
]
"#;

/// A kind of rulebook: its name, and the condition of its rule with this number.
pub type Kind = (&'static str, fn(usize) -> String);

/// Every rule asks for values that few leads have: what an index by equality is for.
pub const EQUALITY: Kind = ("equality", |n| {
    format!(
        "if.country = {:?}\nif.industry = \"industry {}\"\nif.employees = \"{} or more\"",
        ["US", "FR", "GB", "IT", "ES"][n % 5],
        n % 200,
        n % 3_000
    )
});

/// Kinds without an equality to look up, each nearly met by the leads; the last is all of them.
pub const KINDS: &[Kind] = &[
    ("comparisons", |n| {
        let (least, most) = (100 + n % 2_003, 90 - (n % 83) as i64);
        when(&format!(
            "lead.employees >= {least} && lead.custom.budget > {n} && lead.custom.seats <= {most}"
        ))
    }),
    ("lists", |n| {
        let titles: Vec<String> = (0..12).map(|at| format!("\"Title {}\"", n * 7 + at)).collect();
        when(&format!(
            "!(lead.country in [\"US\", \"FR\"]) && lead.title in [{}]",
            titles.join(", ")
        ))
    }),
    ("parts of texts", |n| {
        when(&format!(
            "lead.country == \"DE\" && lead.title.startsWith(\"Vice\") && (lead.title.contains(\"of {n}\") \
             || lead.email.endsWith(\"@firm{n}.example\"))"
        ))
    }),
    ("in lower case", |n| {
        when(&format!(
            "lead.company.lowerAscii().contains(\"linden\") && lead.title.lowerAscii().contains(\"head of {n}\")"
        ))
    }),
    ("either of two fields", |n| {
        when(&format!(
            "(lead.employees > {} || lead.industry == \"industry {n}\") && (lead.country == \"DE\" || lead.custom.seats > {n})",
            5_000 + n
        ))
    }),
    ("none of these", |n| {
        when(&format!(
            "!(lead.country == \"US\" || lead.title.contains(\"of {n}\")) && lead.email != \"p{n}@linden.example\" \
             && !(lead.employees < {})",
            5_000 + n
        ))
    }),
    ("field with field", |n| {
        when(&format!(
            "lead.custom.budget > lead.employees && lead.email.endsWith(lead.domain) && lead.custom.seats > {}",
            40 + n % 400
        ))
    }),
    ("expressions", |n| {
        when(&format!(
            "lead.country == \"DE\" && lead.title.matches(\"(?i)head of (north|south) {}\")",
            n % 100
        ))
    }),
    ("a fact is missing", |n| {
        when(&format!("lead.region == \"region {}\" && lead.employees >= {}", n % 400, n % 150))
    }),
    ("deep", |n| {
        when(&format!(
            "(lead.country == \"DE\" && (lead.employees > {} || (lead.industry == \"software\" && \
             lead.title.contains(\"of {n}\")))) || (lead.custom.budget > {} && !(lead.country == \"FR\"))",
            5_000 + n,
            90_000 + n
        ))
    }),
    ("mixed", |n| {
        let of = n % (KINDS.len() - 1);
        KINDS[of].1(n)
    }),
];

fn when(condition: &str) -> String {
    format!("when = '{condition}'")
}

/// The settings that the rulebooks stand on.
pub fn setup() -> Setup {
    let fields = [
        "email",
        "first_name",
        "last_name",
        "company",
        "title",
        "country",
        "phone",
        "employees",
        "industry",
        "region",
        "message",
        "utm_source",
        "utm_campaign",
        "form",
    ];
    let mapping = fields.map(|name| (name.to_owned(), vec![format!("$.data.{name}")])).to_vec();
    Setup {
        sources: [("website".to_owned(), SourceShape { mapping })].into(),
        channels: [
            ("email".to_owned(), ChannelKind::Addressed),
            ("alerts".to_owned(), ChannelKind::Plain),
        ]
        .into(),
        crms: vec!["hubspot".to_owned()],
        ..Setup::default()
    }
}

/// The text of a rulebook of so many rules of this kind, the one for everybody included.
pub fn text((_, rule): Kind, rules: usize) -> String {
    let mut text = PEOPLE.to_owned();
    for n in 1..rules {
        let _ = write!(text, "\n[[rule]]\nid = \"r{n}\"\n{}\nassign_to = \"rep: bob\"\n", rule(n));
    }
    text + "\n[[rule]]\nid = \"everyone\"\nassign_to = \"pool: inbound\"\n"
}

/// A compiled rulebook of so many rules of this kind.
pub fn compiled(kind: Kind, rules: usize) -> Rulebook {
    Rulebook::compile(&Files::new(text(kind, rules)), &setup(), 1)
        .unwrap_or_else(|findings| panic!("{}: {}", kind.0, findings[0]))
}

/// The body of one fill: a form of fifteen fields, a kilobyte.
pub fn body(n: usize) -> String {
    let message = "We would like to see how it works for a team like ours. ".repeat(8);
    format!(
        r#"{{"type":"form.submitted","id":"sub_{n}","data":{{"email":"Eva.{n}@Linden.example",
        "first_name":"eva","last_name":"LINDEN","company":"Linden Maschinenbau GmbH",
        "title":"Vice President of {}","country":"Germany","phone":"+49 30 1{:07}",
        "employees":"{}","industry":"software","budget":"{}","seats":{},"product":"suite",
        "utm_source":"newsletter","utm_campaign":"spring-{}","form":"demo request",
        "message":"{message}"}}}}"#,
        ["Sales", "Marketing", "Engineering", "Operations"][n % 4],
        n % 10_000_000,
        1_200 + n % 800,
        n % 10,
        95 + n % 5,
        n % 7,
    )
}

/// The step that decides fill `n`, prepared as the daemon does it.
pub fn step(book: &Rulebook, n: usize, at: Time) -> Step {
    let document = form::document(Some("application/json"), body(n).as_bytes());
    let input = prepare::prepare(book, "website", document);
    assert!(matches!(input, Input::Fill(_)), "it can be read");
    Step { event: Some(event(n, at)), input }
}

/// The event of fill `n`.
pub fn event(n: usize, at: Time) -> StepEvent {
    StepEvent {
        id: EventId(n as i64 + 1),
        uuid: event_uuid(at, "website", &n.to_string()),
        source: "website".to_owned(),
        received_at: at,
        actor: None,
    }
}

/// The facts of a prepared fill.
pub fn facts(book: &Rulebook, step: &Step) -> Facts {
    let Input::Fill(draft) = &step.input else { panic!("a fill") };
    book.facts(&FactSource {
        fields: &draft.fields,
        source: "website",
        intent: draft.intent.as_deref(),
        known: &std::collections::BTreeMap::new(),
        account: None,
    })
}
