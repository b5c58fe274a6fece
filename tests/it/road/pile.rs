//! The pile of the night before: sixty leads wait, four people come at nine. It is spread evenly,
//! and not handed round afterwards because everybody is late with most of it.

use std::{collections::BTreeMap, fmt::Write as _};

use handoff::{
    clock::Clock as _,
    model::{
        lead::{Lead, State},
        news::{News, Response, ResponseKind},
        plan::What,
        time::Span,
    },
};

use crate::harness::{Config, Plant, desk};

const REPS: [&str; 4] = ["ada", "bob", "dora", "emmy"];

/// Four people who begin at nine, an hour and a quarter after the tests' noon in their zone.
fn rulebook() -> String {
    let mut text = String::from(
        "default_sla = \"hot\"\nalarm = [\"channel: alerts\"]\n\
         [[hours]]\nid = \"desk\"\nzone = \"UTC\"\nopen = { mon-sun = [\"13:15-23:00\"] }\n",
    );
    for rep in REPS {
        let _ = write!(
            text,
            "[[rep]]\nid = \"{rep}\"\nname = \"{rep}\"\nemail = \"{rep}@acme.example\"\n\
             hours = \"desk\"\ntell_by = [\"email\"]\n"
        );
    }
    text.push_str(
        r#"
[[pool]]
id = "inbound"
members = ["ada", "bob", "dora", "emmy"]
if_nobody = "wait"
max_wait = "14h"

[[rule]]
id = "everyone"
assign_to = "pool: inbound"

[[sla]]
id = "hot"
respond_within = "5m"
clock = "owner"
escalation = "chain"

[[escalation]]
id = "chain"
step = [
  { late_by = "5m", reassign = true },
  { late_by = "15m", tell = ["channel: alerts"] },
]
"#,
    );
    text
}

fn by_owner(leads: &[Lead]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for lead in leads.iter().filter(|lead| lead.state == State::Assigned) {
        *counts.entry(lead.owner.clone().unwrap_or_default()).or_default() += 1;
    }
    counts
}

async fn answer(plant: &Plant, lead: &Lead, number: usize) {
    let at = plant.clock.now();
    let response =
        Response { kind: ResponseKind::Call, at, by: lead.owner.clone(), evidence: None };
    let news = News::Responded { lead: lead.uuid, response };
    plant.store.accept(vec![desk::news(number, at, &news)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pile_of_the_night_is_spread_once_and_taken_away_only_for_somebody_who_is_free() {
    let plant = Plant::start(Config { rulebook: rulebook(), ..Config::default() }).await;
    for number in 0..60 {
        let body = format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#);
        assert_eq!(plant.post(&body, &format!("msg_{number}")).await.0, 200);
    }
    plant.idle().await;
    assert_eq!(plant.leads().await.iter().filter(|one| one.state == State::Waiting).count(), 60);
    plant.after(Span::minutes(75)).await;
    let leads = plant.leads().await;
    let counts = by_owner(&leads);
    assert_eq!(counts, REPS.map(|rep| (rep.to_owned(), 15)).into(), "evenly, at nine");
    // Dora is not there and has told nobody. The others answer a lead every four minutes.
    let (mut answers, mut moved_at) = (0, Vec::new());
    for minute in 1..=180 {
        plant.after(Span::minutes(1)).await;
        let leads = plant.leads().await;
        let moved = leads.iter().filter(|lead| !lead.had.is_empty()).count();
        if moved_at.last().is_none_or(|(_, before)| *before != moved) {
            moved_at.push((minute, moved));
        }
        if minute % 4 == 0 {
            for rep in ["ada", "bob", "emmy"] {
                let own = leads.iter().filter(|lead| {
                    lead.state == State::Assigned && lead.owner.as_deref() == Some(rep)
                });
                if let Some(lead) = own.min_by_key(|lead| lead.assigned_at) {
                    answers += 1;
                    answer(&plant, lead, answers).await;
                }
            }
            plant.running().worker.wakes.decide();
            plant.decided().await;
        }
        if leads.iter().all(|lead| lead.state == State::Answered) {
            break;
        }
    }
    let leads = plant.leads().await;
    let open = leads.iter().filter(|lead| lead.state != State::Answered).count();
    let mut moves = 0;
    for lead in &leads {
        let story = plant.store.lead(lead.uuid).await.unwrap().unwrap();
        let of_lead = story.decisions.iter().filter(|one| one.decision.what == What::Reassigned);
        for decided in of_lead {
            moves += 1;
            assert_eq!(decided.decision.why["from"], "dora", "of those who work none loses a lead");
        }
    }
    println!(
        "the pile: 60 leads, 4 reps, {answers} answers, {moves} hand-overs (the first after {} \
         minutes), {open} open",
        moved_at.get(1).map_or(0, |(minute, _)| *minute)
    );
    assert_eq!(moves, 15, "each lead of hers was handed over, once");
    assert!(moved_at.get(1).is_some_and(|(minute, _)| *minute > 40), "{moved_at:?}");
    assert_eq!(open, 0);
    plant.books_balance().await;
}
