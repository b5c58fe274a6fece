//! Stored bodies: JSON and forms of every shape, through preparing to a first decision.
//!
//! States: what is read is within the limits and reads back; facts are canonical; the last rule
//! takes every lead, its owner is a rep, and the same fill is decided the same way to the byte.
//! Input: source, content type, the body.

use handoff::{
    decide::{Reach, decide, explain, prepare::prepare},
    intake::form::{DEEPEST, LONGEST_TEXT, MOST_MEMBERS, document},
    model::{
        country,
        event::Fate,
        field::{Field, Fields},
        id::{EventId, Seq, event_uuid},
        lead::{Identity, State},
        normalize,
        plan::{Decided, Draft, Input, Plan, Snapshot, Step, StepEvent},
        team::Team,
    },
};
use serde_json::Value;

use super::{BOOK, Cut, NOON, SETUP};

const KINDS: [Option<&str>; 6] = [
    None,
    Some("application/json"),
    Some("application/x-www-form-urlencoded"),
    Some("application/cloudevents+json; charset=utf-8"),
    Some("multipart/form-data; boundary=x"),
    Some("text/plain"),
];

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let sources: Vec<&String> = SETUP.sources.keys().collect();
    let source = cut.pick(&sources).as_str();
    let kind = *cut.pick(&KINDS);
    let read = document(kind, cut.0);
    match &read {
        Ok(value) => {
            let mut members = 0;
            is_within_limits(value, 1, &mut members);
            let again = serde_json::to_vec(value).expect("a value is JSON");
            assert_eq!(document(Some("application/json"), &again).as_ref(), Ok(value));
        }
        Err(why) => assert!((20..300).contains(&why.len()), "{why}"),
    }
    let input = prepare(&BOOK, source, read.clone());
    assert_eq!(input, prepare(&BOOK, source, read), "the same body is the same draft");
    match &input {
        Input::Fill(draft) => is_canonical(draft),
        Input::Unreadable(unread) => assert!((10..400).contains(&unread.reason.len())),
        other => panic!("{other:?}"),
    }
    decided(source, input);
}

fn is_within_limits(value: &Value, depth: usize, members: &mut usize) {
    match value {
        Value::String(text) => assert!(text.len() <= LONGEST_TEXT),
        Value::Array(list) => {
            *members += list.len();
            for value in list {
                is_within_limits(value, depth + 1, members);
            }
        }
        Value::Object(object) => {
            *members += object.len();
            for (name, value) in object {
                assert!(name.len() <= LONGEST_TEXT);
                is_within_limits(value, depth + 1, members);
            }
        }
        _ => return,
    }
    let is_list = value.is_array() || value.is_object();
    assert!(!is_list || (depth <= DEEPEST && *members <= MOST_MEMBERS));
}

fn is_canonical(draft: &Draft) {
    assert!(!draft.identities.is_empty());
    for identity in &draft.identities {
        match identity {
            Identity::Email(email) => {
                let again = normalize::email(email).expect("an address is an address");
                assert_eq!(again.address(), email);
            }
            Identity::Phone(phone) => {
                assert_eq!(normalize::phone(phone, None).as_ref(), Some(phone));
            }
            Identity::Company(domain) => assert!(!domain.is_empty() && !domain.contains('@')),
        }
    }
    for (name, field) in &draft.fields.0 {
        match field {
            Field::Number(number) => assert!(number.is_finite(), "{name}"),
            Field::Text(text) => {
                let text = text.as_str_for_logic();
                assert!(!text.contains('\0') && text.chars().count() <= 2_000, "{name}");
            }
            Field::Bool(_) => {}
        }
    }
    if let Some(country) = draft.fields.text("country")
        && let Some(code) = country::parse(country)
    {
        assert_eq!(code, country, "a country that is known is its code");
    }
    let domain = draft.fields.text("domain");
    assert_eq!(domain.map(str::to_owned), domain.and_then(normalize::registrable_domain));
    let json = serde_json::to_string(&draft.fields).expect("fields are JSON");
    assert_eq!(serde_json::from_str::<Fields>(&json).expect("they read back"), draft.fields);
}

fn decided(source: &str, input: Input) {
    let event = StepEvent {
        id: EventId(1),
        uuid: event_uuid(NOON, source, "1"),
        source: source.to_owned(),
        received_at: NOON,
        actor: None,
    };
    let is_fill = matches!(input, Input::Fill(_));
    let step = Step { event: Some(event), input };
    let team = Team::default();
    let plan = || {
        let snapshot = Snapshot { lead: None, company: None, team: &team };
        decide(&BOOK, &Reach::default(), &snapshot, &step, NOON)
    };
    let first = plan();
    assert_eq!(first, plan(), "the same fill is the same plan");
    assert_eq!(first.fate, Some(if is_fill { Fate::Opened } else { Fate::Rejected }));
    assert_eq!(first.lead.is_some(), is_fill);
    said(&first);
    let Some(lead) = &first.lead else { return };
    if let Some(owner) = &lead.owner {
        assert!(BOOK.reps.get(owner).is_some_and(|rep| !rep.has_left), "{owner} is no rep");
    }
    assert_eq!(lead.state == State::Assigned, lead.owner.is_some());
    assert_eq!(lead.state == State::Waiting, lead.waiting.is_some());
}

/// The decision reads back, and can be said.
fn said(plan: &Plan) {
    let decision = plan.decision.clone().expect("a fill is decided");
    let json = serde_json::to_string(&decision).expect("a decision is JSON");
    assert_eq!(
        serde_json::from_str::<handoff::model::plan::Decision>(&json).ok(),
        Some(decision.clone())
    );
    let decided = [Decided { seq: Seq(1), lead: None, event: Some(EventId(1)), decision }];
    assert!(!explain::sentence(&BOOK, &decided[0].decision).is_empty());
    assert_eq!(explain::timeline(&BOOK, &decided).len(), 1);
    let why = explain::lead(&BOOK, &decided);
    assert!(serde_json::to_string(&why).is_ok());
}
