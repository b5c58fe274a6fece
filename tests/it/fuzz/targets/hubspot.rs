//! HubSpot's answers and callbacks, whatever they are.
//!
//! States: one answer for each item asked, in order; calls end; no stranger's text in a failure;
//! a callback is a list of what was seen, none of it empty.
//! Input: which operation, then answers; for a callback, its body.

use handoff::crm::{
    Crm, Expect, Find, Hubspot, HubspotSettings, OwnerSet, Put, SeenWhat, SetOwner,
};
use handoff::model::{failure::Failure, field::Fields, time::Span};
use serde_json::json;
use uuid::Uuid;

use super::{
    Cut, NOON,
    script::{answers, client, is_sound, wait},
};

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let which = cut.byte() % 6;
    let settings: HubspotSettings =
        serde_json::from_value(json!({ "token": "t" })).expect("settings");
    let crm = Hubspot::over(settings, client(answers(cut.0))).expect("hubspot");
    operate(&crm, which, cut.0, "512");
}

/// One operation on two records, under whatever the CRM answers.
pub fn operate(crm: &dyn Crm, which: u8, bytes: &[u8], record: &str) {
    match which {
        0 => every(&wait(crm.put(leads(record), NOON)), 2, |done| !done.record.is_empty()),
        1 => every(
            &wait(crm.set_owner(owners(record), NOON)),
            2,
            |done| !matches!(done, OwnerSet::Changed { now: Some(now) } if now.is_empty()),
        ),
        2 => every(&wait(crm.find(people(record), NOON)), 2, |found| {
            found.response.as_ref().is_none_or(|response| response.at >= since())
        }),
        3 => match wait(crm.owners(NOON)) {
            Ok(_) => {}
            Err(failure) => is_sound(&failure),
        },
        4 => match wait(crm.whoami(NOON)) {
            Ok(said) => assert!(!said.is_empty()),
            Err(failure) => is_sound(&failure),
        },
        _ => {
            for seen in crm.read_callback(bytes) {
                assert!(!seen.record.is_empty());
                assert!(!matches!(seen.what, SeenWhat::Owner(owner) if owner.is_empty()));
            }
        }
    }
}

fn every<T>(answers: &[Result<T, Failure>], count: usize, holds: impl Fn(&T) -> bool) {
    assert_eq!(answers.len(), count);
    for answer in answers {
        match answer {
            Ok(done) => assert!(holds(done)),
            Err(failure) => is_sound(failure),
        }
    }
}

fn since() -> handoff::model::time::Time {
    NOON.minus(Span::hours(1))
}

fn leads(record: &str) -> Vec<Put> {
    let mut fields = Fields::default();
    fields.put_text("email", "eva@linden.example");
    fields.put_text("name", "Eva Linden");
    fields.put_text("company", "Linden");
    let first = Put {
        key: Uuid::from_u128(1),
        record: None,
        fields: fields.clone(),
        source: "website".to_owned(),
        is_uncertain: true,
    };
    fields.put_text("email", "max@linden.example");
    let second = Put {
        key: Uuid::from_u128(2),
        record: Some(record.to_owned()),
        fields,
        is_uncertain: false,
        ..first.clone()
    };
    vec![first, second]
}

fn owners(record: &str) -> Vec<SetOwner> {
    let one = |record: &str, expect| SetOwner {
        record: record.to_owned(),
        owner: "005000000000001AAA".to_owned(),
        expect,
    };
    vec![
        one(record, Expect::Unowned),
        one(&record.replace('1', "2"), Expect::Ours(vec!["7".to_owned()])),
    ]
}

fn people(record: &str) -> Vec<Find> {
    vec![
        Find {
            email: Some("eva@linden.example".to_owned()),
            domain: Some("linden.example".to_owned()),
            record: Some(record.to_owned()),
            since: Some(since()),
        },
        Find {
            email: Some("max@linden.example".to_owned()),
            domain: None,
            record: None,
            since: None,
        },
    ]
}
