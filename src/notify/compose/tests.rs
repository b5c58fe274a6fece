//! What busy readers are told.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::{
    model::lead::{Ladder, State, Waiting},
    notify::link::Claim,
    rulebook::Clock,
};

/// Monday 2026-01-05, 10:02 in Berlin.
const NOW: Time = Time(1_767_603_720_000);
const MINUTE: i64 = 60_000;

fn rep(id: &str, name: &str) -> Rep {
    Rep {
        id: id.into(),
        name: name.into(),
        email: format!("{id}@acme.example"),
        crm: BTreeMap::new(),
        hours: None,
        manager: None,
        tell_by: vec!["email".into()],
        backup: None,
        has_left: false,
    }
}

/// A lead that Ada must answer in five minutes.
fn lead(number: u128) -> Lead {
    let mut fields = Fields::default();
    for (name, text) in [
        ("first_name", "Eva"),
        ("last_name", "Linden"),
        ("company", "Linden AG"),
        ("country", "DE"),
        ("email", "eva@linden.example"),
        ("message", "We need a\ndemo."),
    ] {
        fields.put_text(name, text);
    }
    fields.0.insert("employees".into(), Field::Number(800.0));
    let json = serde_json::json!({
        "uuid": Uuid::from_u128(number), "revision": 1, "event": 1, "state": "assigned",
        "source": "typeform-demo", "intent": "demo", "fields": fields, "rule": "dach-enterprise",
        "pool": "dach", "owner": "ada", "opened_at": NOW, "filled_at": NOW, "fills": 1,
    });
    let mut lead: Lead = serde_json::from_value(json).unwrap();
    lead.ladder = Some(Ladder {
        sla: "hot".into(),
        started_at: NOW,
        deadline: Time(NOW.0 + 5 * MINUTE),
        first_deadline: Time(NOW.0 + 5 * MINUTE),
        steps_done: 0,
        pages_done: 0,
        on_its: 0,
        on_it_until: None,
        asking_until: None,
        is_late: false,
        seeks_since: None,
    });
    lead
}

/// Konrad had it and let the deadline pass; Ada has it now.
fn moved() -> Lead {
    let mut lead = lead(1);
    lead.had = vec!["konrad".into()];
    if let Some(ladder) = &mut lead.ladder {
        ladder.first_deadline = Time(NOW.0 - MINUTE);
    }
    lead
}

struct Office {
    reps: BTreeMap<String, Rep>,
    slas: BTreeMap<String, Sla>,
    base: Url,
    key: LinkKey,
}

fn office() -> Office {
    let reps = [("ada", "Ada Byron"), ("konrad", "Konrad"), ("mary", "Mary\r\nBcc: x")]
        .map(|(id, name)| (id.to_owned(), rep(id, name)));
    let hot = Sla {
        id: "hot".into(),
        respond_within: Span::minutes(5),
        clock: Clock::Always,
        escalation: "hot".into(),
        on_it: Span::minutes(30),
        rank: 0,
    };
    Office {
        reps: BTreeMap::from(reps),
        slas: BTreeMap::from([("hot".to_owned(), hot)]),
        base: Url::parse("https://handoff.example/app").unwrap(),
        key: LinkKey::new(&[[1_u8; 32]]).unwrap(),
    }
}

/// The message about `leads` for a rep, or for a channel.
fn message(leads: &[(Lead, Why)], to: Option<&str>) -> Message {
    let office = office();
    let house = House {
        reps: &office.reps,
        slas: &office.slas,
        base: &office.base,
        key: &office.key,
        life: Span::days(3),
    };
    let told: Vec<Told<'_>> = leads.iter().map(|(lead, why)| Told { lead, why: *why }).collect();
    let rep = to.map(|id| &office.reps[id]);
    let recipient = Recipient { rep, zone: rep.map(|_| "Europe/Berlin") };
    compose(&told, &recipient, &house, "key".into(), NOW)
}

fn grant(link: &Link) -> Claim {
    let token = link.url.strip_prefix("https://handoff.example/app/act/").unwrap();
    office().key.verify(token, NOW).unwrap()
}

#[test]
fn headlines_say_what_to_do_and_by_when() {
    let stuck = {
        let mut lead = lead(1);
        (lead.state, lead.owner, lead.ladder) = (State::Waiting, None, None);
        lead.waiting = Some(Waiting::Somebody { pool: "dach".into(), until: NOW });
        lead
    };
    let late = {
        let mut lead = lead(1);
        lead.ladder.as_mut().unwrap().deadline = Time(NOW.0 - 16 * 60 * MINUTE);
        lead
    };
    for (lead, why, to, want) in vec![
        (lead(1), Why::Assigned, Some("ada"), "New lead, answer by 10:07"),
        (lead(1), Why::Assigned, None, "New lead for Ada Byron, answer by 09:07 UTC"),
        (lead(1), Why::FilledAgain, Some("ada"), "Asked again, answer by 10:07"),
        (lead(1), Why::Reminder, Some("ada"), "Reminder: answer by 10:07"),
        (lead(1), Why::Reminder, Some("mary"), "Reminder for Ada Byron: answer by 10:07"),
        (late.clone(), Why::Late, Some("ada"), "Late: was due yesterday 18:02"),
        (late, Why::Late, Some("mary"), "Late for Ada Byron: was due yesterday 18:02"),
        (moved(), Why::Assigned, Some("ada"), "Taken over from Konrad, answer by 10:07"),
        (moved(), Why::Reassigned, Some("ada"), "Taken over from Konrad, answer by 10:07"),
        (moved(), Why::Reassigned, Some("konrad"), "Given to Ada Byron"),
        (moved(), Why::Reassigned, None, "Moved from Konrad to Ada Byron, answer by 09:07 UTC"),
        (moved(), Why::Page, None, "Nobody has answered: was due 09:01 UTC"),
        (lead(1), Why::PageOver, None, "Answered"),
        (stuck, Why::Stuck, None, "Nobody can take this lead"),
    ] {
        assert_eq!(message(&[(lead, why)], to).headline, want);
    }
}

#[test]
fn a_reason_blames_nobody_without_proof() {
    let handed_over_in_time = {
        let mut lead = moved();
        lead.ladder.as_mut().unwrap().first_deadline = Time(NOW.0 + MINUTE);
        lead
    };
    for (lead, to, want) in [
        (lead(1), "ada", "rule dach-enterprise, pool dach"),
        (moved(), "ada", "Konrad did not answer in time; rule dach-enterprise, pool dach"),
        (moved(), "konrad", "was given to Ada Byron because nobody answered in 5m"),
        (handed_over_in_time.clone(), "ada", "rule dach-enterprise, pool dach"),
        (handed_over_in_time, "konrad", "was given to Ada Byron"),
    ] {
        assert_eq!(message(&[(lead, Why::Reassigned)], Some(to)).items[0].because, want, "{to}");
    }
}

#[test]
fn the_facts_are_what_a_rep_needs_for_the_call() {
    let message = message(&[(lead(1), Why::Assigned)], Some("ada"));
    let item = &message.items[0];
    assert_eq!(item.who.as_str_for_logic(), "Eva Linden");
    let facts: Vec<_> =
        item.facts.iter().map(|(label, text)| (*label, text.as_str_for_logic())).collect();
    assert_eq!(
        facts,
        [
            ("Company", "Linden AG"),
            ("Country", "Germany"),
            ("Employees", "800"),
            ("Email", "eva@linden.example"),
            ("Source", "typeform-demo"),
            ("Intent", "demo"),
            ("Message", "We need a demo."),
        ]
    );
    assert_eq!(message.to.as_deref(), Some("ada@acme.example"));
    assert_eq!(item.owner, None, "nobody needs to read their own name");
}

#[test]
fn a_long_message_is_cut_at_two_hundred_characters() {
    for (length, want) in [(200, 200), (201, 200), (100_000, 200)] {
        let mut lead = lead(1);
        lead.fields.put_text("message", "ä".repeat(length));
        let message = message(&[(lead, Why::Assigned)], Some("ada"));
        let (_, text) = message.items[0].facts.last().unwrap();
        assert_eq!(text.as_str_for_logic().chars().count(), want, "{length}");
    }
}

#[test]
fn five_leads_are_shown_and_the_sixth_is_counted() {
    for (count, headline, more) in [
        (3, "3 new leads", None),
        (5, "5 new leads", None),
        (6, "6 leads are waiting for you", Some("See all 6")),
        (300, "300 leads are waiting for you", Some("See all 300")),
    ] {
        let leads: Vec<_> = (0..count).map(|number| (lead(number), Why::Assigned)).collect();
        let message = message(&leads, Some("ada"));
        assert_eq!(message.headline, headline);
        assert_eq!((message.items.len(), message.total), (leads.len().min(5), leads.len()));
        assert_eq!(message.more.as_ref().map(|link| &*link.label), more);
        if let Some(link) = &message.more {
            assert_eq!(grant(link).grant, Grant::Board { rep: "ada".into() });
        }
    }
}

#[test]
fn the_oldest_due_comes_first() {
    let leads = [9, 2, 7, 1, 8, 3].map(|minutes: u128| {
        let mut lead = lead(minutes);
        let due = NOW.0 + i64::try_from(minutes).unwrap() * MINUTE;
        lead.ladder.as_mut().unwrap().deadline = Time(due);
        (lead, Why::Reminder)
    });
    let message = message(&leads, None);
    let order: Vec<u128> = message.items.iter().map(|item| item.lead.as_u128()).collect();
    assert_eq!(order, [1, 2, 3, 7, 8]);
    assert_eq!(message.headline, "6 leads are due soon");
    assert_eq!(message.more.unwrap().url, "https://handoff.example/app/leads");
}

#[test]
fn mixed_reasons_are_one_pile() {
    let leads = [(lead(1), Why::Assigned), (lead(2), Why::Late)];
    assert_eq!(message(&leads, Some("ada")).headline, "2 leads are waiting for you");
    assert_eq!(message(&leads, None).headline, "2 leads are waiting");
}

#[test]
fn only_a_rep_who_may_act_gets_a_link_that_acts() {
    let links = |lead, why, to| {
        let message = message(&[(lead, why)], to);
        (message.items[0].links.len(), message.links.len())
    };
    assert_eq!(links(lead(1), Why::Assigned, Some("ada")), (2, 1));
    assert_eq!(links(lead(1), Why::Late, Some("mary")), (2, 0), "a manager acts, and is not out");
    assert_eq!(links(lead(1), Why::Assigned, None), (1, 0), "a channel is nobody");
    assert_eq!(links(moved(), Why::Reassigned, Some("konrad")), (1, 0), "not theirs any more");
    assert_eq!(links(lead(1), Why::PageOver, Some("ada")).0, 1, "nothing left to do");
}

#[test]
fn links_are_signed_for_the_reader_and_expire_as_the_house_says() {
    let message = message(&[(lead(1), Why::Assigned)], Some("ada"));
    let [open, act] = message.items[0].links.as_slice() else { panic!("two links") };
    assert_eq!(open.url, format!("https://handoff.example/app/leads/{}", Uuid::from_u128(1)));
    let claim = grant(act);
    assert_eq!(claim.grant, Grant::Act { lead: Uuid::from_u128(1), rep: "ada".into() });
    assert_eq!(claim.expires, NOW.plus(Span::days(3)));
    assert_eq!(grant(&message.links[0]).grant, Grant::OutToday { rep: "ada".into() });
}

#[test]
fn a_page_stays_open_while_one_lead_has_no_answer() {
    for (whys, want) in [
        (vec![Why::Page, Why::PageOver], Purpose::PageOpen),
        (vec![Why::PageOver], Purpose::PageClose),
        (vec![Why::Late], Purpose::Tell),
    ] {
        let leads: Vec<_> = whys.into_iter().map(|why| (lead(1), why)).collect();
        assert_eq!(message(&leads, None).purpose, want);
    }
}

#[test]
fn no_text_of_a_stranger_and_no_line_break_is_in_a_headline() {
    let mut lead = lead(1);
    for name in ["first_name", "company", "message", "country"] {
        lead.fields.put_text(name, "EVIL\r\n<!channel>");
    }
    lead.had = vec!["mary".into()];
    for why in [
        Why::Assigned,
        Why::FilledAgain,
        Why::Reminder,
        Why::Late,
        Why::Reassigned,
        Why::Page,
        Why::PageOver,
        Why::Stuck,
    ] {
        for to in [Some("ada"), Some("mary"), Some("konrad"), None] {
            let headline = message(&[(lead.clone(), why)], to).headline;
            assert!(!headline.contains("EVIL") && !headline.contains(['\r', '\n']), "{headline}");
        }
    }
}
