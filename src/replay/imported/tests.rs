//! Back-tests on imported leads: owners who are known or not, and what the draft would have done.

use super::*;
use crate::{
    model::{
        field::Fields,
        imported::Imported,
        news::Absence,
        team::{Away, Team},
        time::Span,
    },
    rulebook::{Files, Setup},
};

/// Monday 2026-03-02 11:00 UTC, noon in Berlin.
const NOON: Time = Time(1_772_449_200_000);

const BOOK: &str = r#"
default_sla = "hot"

[[hours]]
id = "office"
zone = "Europe/Berlin"
open = { mon-fri = ["09:00-17:00"] }

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"

[[rep]]
id = "bob"
name = "Bob Gray"
email = "bob@acme.example"

[[rep]]
id = "cyd"
name = "Cyd Hall"
email = "cyd@acme.example"
hours = "office"

[[rep]]
id = "dora"
name = "Dora Finch"
email = "dora@acme.example"

[[pool]]
id = "inbound"
members = ["ada", "bob"]
rotation = "round-robin"
if_nobody = "assign anyway"

[[pool]]
id = "office"
members = ["cyd"]
if_nobody = "wait"
max_wait = "3d"

[[rule]]
id = "students"
if.persona = "student"
set_aside = "nurture"

[[rule]]
id = "austria"
if.country = "AT"
assign_to = "pool: office"

[[rule]]
id = "all"
assign_to = "pool: inbound"

[[sla]]
id = "hot"
respond_within = "1h"
clock = "owner"
escalation = "chain"

[[escalation]]
id = "chain"
step = [{ at = "100%", tell = ["rep: ada"] }]
"#;

fn book(text: &str) -> Arc<Rulebook> {
    let book = Rulebook::compile(&Files::new(text), &Setup::default(), 0);
    Arc::new(book.unwrap_or_else(|findings| panic!("{findings:#?}")))
}

/// A lead of so many minutes after noon.
fn lead(minutes: i64, who: &str, owner: &str) -> Imported {
    let mut fields = Fields::default();
    fields.put_text("email", format!("{who}@linden.example"));
    let at = NOON.plus(Span::minutes(minutes));
    let owner = (!owner.is_empty()).then(|| owner.to_owned());
    Imported { at, source: "webform".into(), fields, owner, answered_at: None }
}

fn with(mut lead: Imported, field: &str, text: &str) -> Imported {
    lead.fields.put_text(field, text);
    lead
}

fn answered(lead: Imported, minutes: i64) -> Imported {
    Imported { answered_at: Some(lead.at.plus(Span::minutes(minutes))), ..lead }
}

fn tried(text: &str, leads: &[Imported]) -> (Tried, Vec<Compared>) {
    tried_by(text, Team::default(), leads)
}

fn tried_by(text: &str, team: Team, leads: &[Imported]) -> (Tried, Vec<Compared>) {
    let book = book(text);
    let owners = Owners::of(&book);
    let mut past = Past::new(book, Arc::new(Builder::default().finish(0)), team);
    let (mut tried, mut all) = (Tried::default(), Vec::new());
    for row in leads {
        past.take(row.clone(), &mut |past, one| all.push(tried.compare((past, &owners), one)));
    }
    past.end(&mut |past, one| all.push(tried.compare((past, &owners), one)));
    all.sort_by_key(|one| one.at);
    (tried, all)
}

fn owners(all: &[Compared]) -> Vec<&str> {
    all.iter().map(|one| one.to.owner.as_deref().unwrap_or("-")).collect()
}

#[test]
fn a_rotation_agrees_with_itself_and_another_turn_is_told_from_another_pool() {
    let leads = [
        lead(0, "a", "ada"),
        lead(1, "b", "Bob Gray"),
        lead(2, "c", "ADA@acme.example"),
        lead(3, "d", "ada"),  // bob's turn
        lead(4, "e", "dora"), // of no pool of the draft
        lead(5, "f", "Eve"),
        lead(6, "g", ""),
    ];
    let (tried, all) = tried(BOOK, &leads);
    assert_eq!(owners(&all), ["ada", "bob", "ada", "bob", "ada", "bob", "ada"]);
    assert_eq!((tried.compared, tried.same_owner, tried.same_pool), (5, 3, 1));
    assert_eq!((tried.elsewhere, tried.unknown_leads, tried.unowned), (1, 1, 1));
    assert_eq!(tried.unknown, BTreeMap::from([("Eve".to_owned(), 1)]));
    let of_rule = OfRule { leads: 5, same_owner: 3, same_pool: 1, elsewhere: 1 };
    assert_eq!(tried.by_rule, BTreeMap::from([("all".to_owned(), of_rule)]));
    assert_eq!(tried.reps["ada"], Load { before: 3, after: 4 });
    assert_eq!(tried.reps["dora"], Load { before: 1, after: 0 });
    assert_eq!(tried.first.len(), 1);
    assert_eq!(
        all.iter().map(|one| one.agrees.word()).collect::<Vec<_>>(),
        ["owner", "owner", "owner", "pool", "elsewhere", "unknown", "unowned"]
    );
}

#[test]
fn a_draft_that_moves_one_rule_moves_these_leads_and_no_others() {
    // The students' rule gives no turns, so that nobody else's turn changes.
    let draft = BOOK.replace("set_aside = \"nurture\"", "assign_to = \"rep: dora\"");
    let leads: Vec<Imported> = (0..40)
        .map(|n| match n % 4 {
            0 => with(lead(n, &format!("p{n}"), ""), "persona", "student"),
            _ => lead(n, &format!("p{n}"), if (n - n / 4 - 1) % 2 == 0 { "ada" } else { "bob" }),
        })
        .collect();
    let (tried_same, all) = tried(BOOK, &leads);
    assert_eq!((tried_same.compared, tried_same.same_owner), (30, 30), "{all:#?}");
    // Now the history has owners for the students too.
    let leads: Vec<Imported> = leads
        .into_iter()
        .map(|lead| Imported { owner: lead.owner.or(Some("bob".to_owned())), ..lead })
        .collect();
    let (moved, all) = tried(&draft, &leads);
    assert_eq!((moved.same_owner, moved.elsewhere), (30, 10));
    assert_eq!(moved.by_rule["students"].elsewhere, 10);
    let elsewhere = all.iter().filter(|one| one.agrees == Agrees::Elsewhere);
    assert!(elsewhere.clone().all(|one| one.to.rule.as_deref() == Some("students")));
    assert_eq!(elsewhere.count(), 10);
}

#[test]
fn who_comes_by_night_waits_for_the_morning_and_a_clock_of_working_time_begins_then() {
    let night = 10 * 60;
    let leads = [
        answered(with(lead(night, "a", "cyd"), "country", "AT"), 11 * 60 + 30), // at 9:30
        answered(with(lead(night + 1, "b", "ada"), "country", "AT"), 12 * 60),  // at 10:01
        with(lead(night + 2, "c", "ada"), "persona", "student"),
    ];
    let (tried, all) = tried(BOOK, &leads);
    assert_eq!(owners(&all), ["cyd", "cyd", "-"]);
    assert_eq!((tried.waited, tried.same_owner, tried.elsewhere), (2, 1, 1));
    assert_eq!(tried.newly, BTreeMap::from([("set_aside", 1)]));
    assert_eq!(all[0].to.deadline.map(Time::rfc3339).as_deref(), Some("2026-03-03T09:00:00.000Z"));
    // Ada has no hours: her hour was over at night. Cyd's ends at ten.
    assert_eq!((tried.projected, tried.late_before, tried.late_after), (2, 1, 1));
}

#[test]
fn a_lead_is_open_until_it_was_really_answered() {
    let least = BOOK.replace("\"round-robin\"", "\"least-open\"");
    let leads = [
        answered(lead(0, "a", ""), 60),
        answered(lead(1, "b", ""), 3),
        answered(lead(5, "c", ""), 60), // ada still has one, bob has none
        answered(lead(6, "d", ""), 1),
        answered(lead(70, "e", ""), 5), // both are through
    ];
    let (_, all) = tried(&least, &leads);
    let mut got = owners(&all);
    assert_eq!(got[0], got[3], "one each: the longest wait decides");
    assert_eq!(got[1], got[2], "who answered gets the next");
    assert_ne!(got[0], got[1]);
    got.sort_unstable();
    assert!(got.contains(&"ada") && got.contains(&"bob"));
}

#[test]
fn whoever_had_the_person_before_gets_the_next_where_a_pool_remembers() {
    let sticky = BOOK.replace("\"round-robin\"", "\"round-robin\"\nsticky = \"30d\"");
    let leads = [
        lead(0, "eva", "ada"),
        lead(1, "max", "bob"),
        lead(2, "eva", "ada"),
        lead(3, "eva", "ada"),
        lead(60 * 24 * 40, "max", "ada"), // forgotten by then
    ];
    let (_, all) = tried(&sticky, &leads);
    // By the company, too: both are of Linden.
    assert_eq!(owners(&all)[..4], ["ada"; 4]);
    let (_, all) = tried(BOOK, &leads);
    assert_eq!(owners(&all)[..4], ["ada", "bob", "ada", "bob"]);
}

#[test]
fn a_lead_that_nobody_could_ever_take_is_counted_as_waiting() {
    let held = BOOK.replace("\"wait\"\nmax_wait = \"3d\"", "\"escalate\"");
    let gone = Away {
        absence: Absence::Paused,
        from: NOON.minus(Span::days(9)),
        until: None,
        is_from_calendar: false,
    };
    let team = Team { away: [("cyd".to_owned(), vec![gone])].into(), ..Team::default() };
    let leads = [with(lead(0, "a", "ada"), "country", "AT"), lead(1, "b", "ada")];
    let (tried, all) = tried_by(&held, team, &leads);
    assert_eq!(owners(&all), ["-", "ada"]);
    assert_eq!(tried.newly, BTreeMap::from([("waiting", 1)]));
}

#[test]
fn who_comes_back_in_the_middle_of_a_day_gets_what_waits_at_once() {
    let back = NOON.plus(Span::minutes(90));
    let away =
        Away { absence: Absence::Out, from: NOON, until: Some(back), is_from_calendar: true };
    let team = Team { away: [("cyd".to_owned(), vec![away])].into(), ..Team::default() };
    let leads = [with(lead(5, "a", "cyd"), "country", "AT"), lead(200, "b", "ada")];
    let (tried, all) = tried_by(BOOK, team, &leads);
    assert_eq!((tried.waited, tried.same_owner), (1, 2), "{all:#?}");
    assert_eq!(all[0].to.deadline, Some(back.plus(Span::hours(1))));
}

#[test]
fn a_cap_that_comes_to_an_end_lets_the_next_lead_through() {
    let capped = "members = [{ rep = \"cyd\", cap = \"1 per day\" }]";
    let capped = BOOK.replace("members = [\"cyd\"]", capped);
    let austrian = |minutes, who| with(lead(minutes, who, "cyd"), "country", "AT");
    let (tried, all) = tried(&capped, &[austrian(0, "a"), austrian(1, "b")]);
    assert_eq!((tried.waited, tried.same_owner), (1, 2));
    // Not before tomorrow's hours, and an hour of work after that.
    assert_eq!(all[1].to.deadline.map(Time::rfc3339).as_deref(), Some("2026-03-03T09:00:00.000Z"));
}
