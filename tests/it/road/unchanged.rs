//! The rulebook in force held against everything that it decided: it differs from itself in nothing.
//!
//! Guarantees: small random histories by one rulebook that has all of it: caps of members and of
//! pools, pools within pools, offers, whoever had them before, backups, hours, waits, overflow;
//! with absences, answers, refusals, moves by hand and in the CRM, and the same people again. From
//! any instant on, and decided again to the byte. Does not know: drafts that differ.

use std::{collections::BTreeSet, sync::Arc};

use handoff::{
    model::{
        lead::Lead,
        news::{Absence, Act, Known, KnownRecord, News, Outcome, Response, ResponseKind},
        time::{Span, Time},
    },
    replay::{Replay, Which},
    rulebook::{Files, Rulebook},
    store::{
        LeadFilter, NewRulebook, RecordFilter, Store,
        postgres::{Leases, Options, PostgresStore},
        sqlite::SqliteStore,
    },
};

use crate::harness::{Dice, NOON, RULEBOOK, desk, postgres};

/// Above the pools of the harness.
const ABOVE: &str = r#"
[[hours]]
id = "desk"
zone = "Europe/Berlin"
open = { mon-fri = ["08:00-12:30", "13:15-18:00"], sat = ["10:00-12:00"] }

[[pool]]
id = "hot"
members = ["ada", "bob"]
rotation = "claim"
claim_within = "3m"
if_nobody = "pool: inbound"

[[pool]]
id = "dach"
members = ["bob", { rep = "mary", weight = 0.5, cap = ["3 per day", "5 open"] }]
if_nobody = "wait"
max_wait = "30m"

[[pool]]
id = "last"
members = ["mary", "ada"]
rotation = "least-open"
cap = "6 per hour"
if_nobody = "assign anyway"

"#;

/// Above its rules.
const RULES: &str = r#"
[[rule]]
id = "germany"
if.country = "Germany"
assign_to = "pool: hot"

[[rule]]
id = "big"
if.employees = "500 or more"
if_unknown = { wait = "60s", then = "skip" }
assign_to = "rep: bob"
if_unavailable = "pool: dach"

"#;

fn text() -> String {
    let pool = "members = [\"ada\", \"bob\"]\nif_nobody = \"assign anyway\"\n";
    let rich = "members = [{ rep = \"ada\", cap = \"4 per hour\" }, { pool = \"dach\", weight = 2 }]\n\
                sticky = \"10d\"\nif_nobody = \"pool: last\"\n";
    let bob = "id = \"bob\"\n";
    assert!(RULEBOOK.contains(pool) && RULEBOOK.contains(bob), "the harness has changed");
    let everyone = "[[rule]]\nid = \"everyone\"";
    RULEBOOK
        .replacen("default_sla", "same_lead_within = \"6h\"\ndefault_sla", 1)
        .replacen(pool, rich, 1)
        .replacen(bob, "id = \"bob\"\nhours = \"desk\"\nbackup = \"mary\"\n", 1)
        .replacen("[[pool]]", &format!("{ABOVE}[[pool]]"), 1)
        .replacen(everyone, &format!("{RULES}{everyone}"), 1)
}

/// A life of so many rounds; answers when it ends.
async fn lived(store: &dyn Store, book: &Arc<Rulebook>, dice: &mut Dice, rounds: usize) -> Time {
    let document = Files::new(text()).to_json().unwrap();
    let new = NewRulebook { document, author: "test".into(), message: String::new(), at: NOON };
    assert_eq!(store.publish(new).await.unwrap(), 1);
    let (mut now, mut number) = (NOON, 0);
    for _ in 0..rounds {
        let filter = LeadFilter { max: 40, ..LeadFilter::default() };
        let rows = store.leads(filter).await.unwrap().rows;
        let known: Vec<Lead> = rows.into_iter().map(|row| row.lead).collect();
        let mut events = Vec::new();
        for _ in 0..=dice.below(4) {
            number += 1;
            events.push(if known.is_empty() || dice.percent(40) {
                desk::fill(number, now, body(dice))
            } else {
                let lead = dice.of(&known).clone();
                desk::news(number, now, &news(dice, &lead, now))
            });
        }
        store.accept(events).await.unwrap();
        desk::turn(store, book, now).await;
        let pause = if dice.percent(10) { 600 } else { 8 };
        now = now.plus(Span::seconds(1 + dice.below(pause * 60).cast_signed()));
        desk::turn(store, book, now).await;
    }
    now
}

fn body(dice: &mut Dice) -> String {
    let (person, company) = (dice.below(30), dice.below(8));
    let country = dice.of(&["Germany", "France", "Spain"]);
    let form = dice.of(&["ebook", "demo"]);
    let employees = match dice.below(3) {
        0 => String::new(),
        1 => ",\"employees\":\"20\"".to_owned(),
        _ => ",\"employees\":\"900\"".to_owned(),
    };
    let persona = if dice.percent(5) { "student" } else { "buyer" };
    format!(
        r#"{{"data":{{"email":"p{person}@linden{company}.example","form":"{form}",
            "country":"{country}","persona":"{persona}"{employees}}}}}"#
    )
}

fn news(dice: &mut Dice, lead: &Lead, at: Time) -> News {
    let id = lead.uuid;
    let rep = (*dice.of(&["ada", "bob", "mary"])).to_owned();
    let who = lead.owner.clone().unwrap_or_else(|| rep.clone());
    let acted = |act| News::Acted { lead: id, rep: who.clone(), act };
    let destination = "hubspot".to_owned();
    let owner = format!("OWNER_{}", rep.to_uppercase());
    match dice.below(13) {
        0 => acted(Act::OnIt),
        1 => acted(Act::Answered { outcome: Outcome::Nurture }),
        2 => acted(Act::Refused { why: "a friend".into() }),
        3 => acted(Act::OutToday),
        4 => News::Acted { lead: id, rep: "mary".into(), act: Act::OwnerOut },
        5 => {
            let (absence, from) = (Absence::Out, at.plus(Span::minutes(dice.below(90) as i64)));
            News::Away { rep, absence, from, until: Some(from.plus(Span::hours(3))) }
        }
        6 => News::Back { rep },
        7 => News::Reassign { lead: id, to: rep, why: None },
        8 => News::OwnerMet { lead: id, destination, owner, is_move: dice.percent(50) },
        9 => News::OwnerInvalid { lead: id, destination, rep },
        10 => {
            let response = Response { kind: ResponseKind::Call, at, by: None, evidence: None };
            News::Responded { lead: id, response }
        }
        _ => {
            let owner = dice.percent(20).then_some(owner);
            let person = Some(KnownRecord { record: "7".into(), name: None, owner });
            News::Facts { lead: id, destination, known: Known { person, ..Known::default() } }
        }
    }
}

/// What these decisions say in their own words: rules, standings, ways.
async fn words(store: &dyn Store, seen: &mut BTreeSet<&'static str>) {
    const WORDS: [&str; 15] = [
        "\"through\"",
        "\"sticky\"",
        "\"is_company\"",
        "\"offer\"",
        "\"capped\"",
        "\"pool_capped\"",
        "\"off_hours\"",
        "\"had_it\"",
        "\"deactivated\"",
        "\"refused\"",
        "\"away_until\"",
        "\"refused_by\"",
        "\"crm_owner\"",
        "\"somebody\"",
        "\"fact\"",
    ];
    let mut after = None;
    loop {
        let page = store.records(RecordFilter { after, lead: None, max: 500 }).await.unwrap();
        for row in &page.rows {
            seen.extend(WORDS.iter().filter(|word| row.doc.contains(**word)));
        }
        match page.next {
            Some(next) => after = Some(handoff::model::id::Seq(next)),
            None => return,
        }
    }
}

/// It differs from itself in nothing, from the first instant on and from any other.
async fn differs_in_nothing(store: &dyn Store, end: Time, dice: &mut Dice) -> u64 {
    let book = Arc::new(desk::book(&text(), 1));
    let report = Replay::of(store).verify(&Which::default(), |_, _| {}).await.unwrap();
    assert_eq!((report.differing, report.all()), (0, report.same), "{:#?}", report.first);
    let middle = NOON.plus(Span(dice.below(end.since(NOON).0.unsigned_abs()).cast_signed()));
    for since in [NOON, middle] {
        let both = (Arc::clone(&book), Arc::new(desk::book(&text(), 0)));
        let tested = Replay::of(store).backtest(both, since, |_| {}, |_| {}).await.unwrap();
        let Ok(tested) = tested else { continue }; // nothing was decided after that instant
        assert_eq!(tested.diff.moves, [], "since {since:?}");
        assert_eq!(tested.late_before, tested.late_after);
        assert_eq!((tested.left_out, tested.mapped_as_then), (0, 0));
        let is_even = tested.diff.reps.values().all(|load| load.before == load.after);
        assert!(is_even, "{:?}", tested.diff.reps);
    }
    report.same
}

#[tokio::test]
async fn a_rulebook_with_everything_differs_from_itself_in_nothing_whatever_happened() {
    let (mut all, mut seen) = (0, BTreeSet::new());
    for run in 0..20 {
        let mut dice = Dice::of_run(900 + run);
        let store = SqliteStore::open_in_memory().unwrap();
        let book = Arc::new(desk::book(&text(), 1));
        let end = lived(&store, &book, &mut dice, 60).await;
        words(&store, &mut seen).await;
        all += differs_in_nothing(&store, end, &mut dice).await;
    }
    println!(
        "back-test of a rulebook by itself: 20 histories, {all} decisions, 0 differences; {seen:?}"
    );
    assert!(all > 3_000 && seen.len() == 15, "{all} decisions, {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rulebook_with_everything_differs_from_itself_in_nothing_on_postgresql_too() {
    if !postgres::is_there("a_rulebook_differs_from_itself_in_nothing_on_postgresql_too") {
        return;
    }
    let server = postgres::shared();
    for run in 0..2 {
        let mut dice = Dice::of_run(900 + run);
        let options =
            Options { leases: Leases::Caller, ..Options::new(server.url(&server.create())) };
        let store =
            tokio::task::block_in_place(|| PostgresStore::open(&options)).expect("it opens");
        let book = Arc::new(desk::book(&text(), 1));
        let end = lived(&store, &book, &mut dice, 60).await;
        assert!(differs_in_nothing(&store, end, &mut dice).await > 100);
    }
}
